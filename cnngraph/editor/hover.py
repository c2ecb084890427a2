"""What the editor shows about the word under the pointer: for a step its arithmetic."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence

from lsprotocol import types as lsp

from cnngraph.editor.document import Document
from cnngraph.editor.hints import volumes
from cnngraph.editor.names import Name
from cnngraph.elaborate.outcome import Ran
from cnngraph.field import Field
from cnngraph.figure.styles.arithmetic import arithmetic, sentence
from cnngraph.layers import KINDS, Kind
from cnngraph.layers.kind import Argument
from cnngraph.look import KEYS
from cnngraph.network import Layer, total
from cnngraph.source import Span
from cnngraph.spec import syntax as s


def hover(document: Document, position: lsp.Position) -> lsp.Hover | None:
    """About the step, argument or name at *position*; None where there is nothing to say."""
    offset = document.positions.offset(position)
    for span, text in _answers(document, offset):
        if text:
            content = lsp.MarkupContent(lsp.MarkupKind.Markdown, text)
            return lsp.Hover(content, document.positions.range(span))
    return None


def about_kind(kind: type[Kind]) -> str:
    """The kind's docstring."""
    return (inspect.getdoc(kind) or "").replace("``", "`")


def about_argument(kind: type[Kind], word: str) -> str:
    """What *word* means behind the word of *kind*: an argument, one of its modes, or what follows the layer."""
    for argument in kind.arguments():
        if word == argument.keyword or word in argument.type.words:
            return f"`{argument.keyword}`: {argument.doc}{_unless_said(argument)}"
    if kind.followers and word in KINDS:
        return f"`{word}`: {about_kind(KINDS[word])}"
    if kind.followers and word == "linear":
        return "`linear`: no activation"
    return ""


def _unless_said(argument: Argument) -> str:
    match argument.default:
        case bool() as default if not argument.type.words:
            return f"; {'on' if default else 'off'} unless said"
        case int() | float() as default if not isinstance(default, bool):
            return f"; {default} unless said"
        case (int() as a, int() as b):
            return f"; {a if a == b else f'{a}x{b}'} unless said"
    return ""


def _answers(document: Document, offset: int) -> Iterator[tuple[Span, str]]:
    steps = [item.step for item in document.parsed.file.items if isinstance(item, s.Default)]
    stages = [stage for line in document.lines for stage in line.stages]
    for stage in [*stages, *steps]:
        match stage:
            case s.Step(name=word) | s.Joined(word=word) if _holds(word.span, offset):
                yield word.span, _step(document, stage)
            case s.Again() if _holds(again := _again(stage), offset):
                yield again, _step(document, stage)
            case s.Step(name=word) | s.Joined(word=word) if _holds(stage.span, offset) and (
                kind := KINDS.get(word.span.text)
            ):
                for arg in stage.arguments:
                    if _holds(arg.span, offset):
                        yield arg.span, about_argument(kind, arg.keyword or arg.span.text)
    for net in (item for item in document.parsed.file.items if isinstance(item, s.Net)):
        for annotation in net.annotations:
            for arg in annotation.arguments:
                if annotation.name == "figure" and arg.keyword in KEYS and _holds(arg.span, offset):
                    yield arg.span, f"`{arg.keyword}`: {KEYS[arg.keyword].about}; {KEYS[arg.keyword].takes}"
            if annotation.name == "figure" and _holds(annotation.span, offset):
                yield annotation.span, "What `cnngraph render` draws unless it is told otherwise."
    if (written := document.names.at(offset)) is not None:
        yield written.span, _name(document, written.name)


def _holds(span: Span, offset: int) -> bool:
    return span.start <= offset <= span.end


# Steps -----------------------------------------------------------------------------------------


def _again(stage: s.Again) -> Span:
    """The word `again`."""
    return Span(stage.span.source, stage.span.start, stage.span.start + len("again"))


def _step(document: Document, stage: s.Step | s.Joined | s.Again) -> str:
    parts = [_made(document, runs)] if (runs := document.runs_of(stage)) else []
    if isinstance(stage, s.Again):
        return "\n\n".join([*parts, f"What the line labelled `{stage.ref.span.text}` does, with its weights."])
    word = stage.name if isinstance(stage, s.Step) else stage.word
    kind = KINDS.get(word.span.text)
    if kind is not None:
        parts.append(about_kind(kind))
    elif (block := document.names.at(word.span.end)) is not None:
        parts.append(_name(document, block.name))
    return "\n\n".join(filter(None, parts))


def _made(document: Document, runs: Sequence[Ran]) -> str:
    """The arithmetic of the first run, and the volumes of the others."""
    layers = document.layers(runs[0])
    if not layers:
        return f"passes {runs[0].volume.caption} on"
    # A join stands behind its branches; a block has the name of none of its layers.
    shown = layers[-1] if layers[-1].kind.family == "join" else layers[0]
    name = f"**{shown.name}**: " if shown is layers[-1] or _is_one(layers) else ""
    before = " + ".join(volume.caption for volume in shown.input_volumes)
    head = f"{name}{before} → {runs[0].volume.caption}"
    rows = [f"| {what} | {how} |" for what, how in _rows(document, layers)]
    more = f"\n\nThe first of {len(runs)} times, which make {volumes(runs)}." if len(runs) > 1 else ""
    return "\n".join([head, "", "| | |", "|---|---|", *rows]) + more


def _rows(document: Document, layers: Sequence[Layer]) -> Iterator[tuple[str, str]]:
    lead, is_one = layers[0], _is_one(layers)
    if is_one and sentence(lead):
        yield from ((what, _escaped(how)) for what, how in arithmetic(lead) if how != "none")
        for follower in layers[1:]:
            if follower.params:
                yield f"parameters of its {follower.kind.caption().name}", f"{follower.params:,}"
    elif params := sum(layer.params for layer in layers):
        yield "parameters", f"{params:,}"
    elif any(layer.shares for layer in layers):
        yield "parameters", "none of their own"
    if not is_one:
        yield "layers", f"{len(layers):,}"
        if macs := total(layer.macs for layer in layers):
            yield "MACs", f"{macs:,}"
    yield "receptive field", _field(document.fields[layers[-1].name])


def _is_one(layers: Sequence[Layer]) -> bool:
    """Whether one step makes them all, without a block."""
    return all(layer.unit == layers[0].unit for layer in layers)


def _escaped(text: str) -> str:
    return text.replace("*", "\\*").replace("|", "\\|")


def _field(field: Field | None) -> str:
    return "all of the input" if field is None else f"{field.height}×{field.width}"


# Names -----------------------------------------------------------------------------------------


def _name(document: Document, name: Name) -> str:
    """How *name* was given, and of a tensor its volume."""
    parts = [f"```spec\n{name.statement}\n```"]
    if isinstance(name.node, s.Line) and name.span.source is document.source:
        runs = document.runs_of(name.node.stages[-1])
        parts += [volumes(runs)] if runs else []
    if isinstance(name.node, s.BlockDef) and (remark := _remark_above(name.span)):
        parts.append(remark)
    return "\n\n".join(parts)


def _remark_above(span: Span) -> str:
    """The comment right above a block."""
    lines: list[str] = []
    for number in range(span.line - 1, 0, -1):
        line = span.source.line(number).strip()
        if not line.startswith("#"):
            break
        lines.insert(0, line.lstrip("# "))
    return " ".join(lines)
