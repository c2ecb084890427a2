"""The elaborator: runs a file's syntax tree once, top to bottom, into a network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from cnngraph.classes import classes_of
from cnngraph.diagnostics import CnngraphError, Diagnostic, Label, Severity
from cnngraph.elaborate.allowances import written
from cnngraph.elaborate.annotations import annotations_of
from cnngraph.elaborate.expand import Expander, unknown_words
from cnngraph.elaborate.include import Includes
from cnngraph.elaborate.mistake import Mistake, Silent, did_you_mean
from cnngraph.elaborate.outcome import SpecReading
from cnngraph.elaborate.prelude import prelude
from cnngraph.elaborate.record import Record, TooMuch
from cnngraph.elaborate.remarks import placed
from cnngraph.elaborate.scope import BlockScope, Scope, Tensor, Value
from cnngraph.elaborate.values import evaluate, find_tensor, known_volume, truth, written_volume
from cnngraph.elaborate.wording import filled
from cnngraph.layers import KINDS
from cnngraph.layers.kind import Fault
from cnngraph.layers.values import show
from cnngraph.network import LABEL, Annotation, Layer, Network
from cnngraph.preprocessing import preprocessing
from cnngraph.remarks import few_of_each
from cnngraph.source import Source, Span
from cnngraph.spec import syntax as s
from cnngraph.spec.names import UNNAMED, is_name, unquoted
from cnngraph.spec.parser import Parsed, parse_value


def elaborate(parsed: Parsed, settings: Mapping[str, object], max_nodes: int) -> SpecReading:
    """The network that *parsed* describes, its params set to *settings*, and what is wrong with it."""
    builder = _Builder(parsed.file.source, max_nodes)
    try:
        network = builder.build(parsed.file, settings)
    except TooMuch:
        network = None
    found = [*parsed.diagnostics, *builder.record.diagnostics]
    if network is not None:
        found += placed(network, builder.record)
        if not settings:  # with others the spec may need its allowances
            found += builder.record.allowances.idle(parsed.file.source)
        found = few_of_each(found)
    errors = any(d.severity is Severity.ERROR for d in found)
    record = builder.record
    used = tuple(builder.includes.wanted)
    return SpecReading(
        None if errors else network, tuple(found), layers=tuple(record.layers), ran=tuple(record.ran), used=used
    )


def settable(file: s.File) -> list[str]:
    """Names that ``--set`` takes: those of params, and of free sizes of inputs."""
    names = [item.name.names[0] for item in file.items if isinstance(item, s.Param)]
    return list(dict.fromkeys([*names, *(size.name for size in free_sizes(file))]))


def free_sizes(file: s.File) -> Iterator[s.FreeSize]:
    """Those of inputs that have a name."""
    for item in file.items:
        if isinstance(item, s.Input) and isinstance(item.volume, s.Group):
            yield from (size for size in item.volume.items if isinstance(size, s.FreeSize) and size.name)


class _Builder:
    def __init__(self, source: Source, max_nodes: int) -> None:
        self.source = source
        self.record = Record(max_nodes)
        self.inputs: list[str] = []
        self.expander = Expander(self.record, self.inputs)
        self.includes = Includes(source)

    def build(self, file: s.File, settings: Mapping[str, object]) -> Network | None:
        scope = Scope(None, "", None, body=file.items, settings=settings)
        for definition in prelude():
            self._define_block(definition, Scope(None, "", None), into=scope)
        for item in file.items:
            if isinstance(item, s.Net):
                self.record.allowances.add(written(item.annotations))
        self._check_settings(file, settings)
        flow: Tensor | None = None
        name = ""
        net: s.Net | None = None
        annotations: tuple[Annotation, ...] = ()
        declared: list[s.OutputDecl] = []
        for item in file.items:
            try:
                match item:
                    case s.Net():
                        if name:
                            raise Mistake("E0301", "a file has one `net`", item.span, f"it is called {name} already")
                        name, net = item.name, item
                        said = annotations_of(item.annotations, scope, on="the `net` line")
                        annotations = tuple(each for each in said if each.name == "figure")
                        if len(annotations) > 1:
                            raise Mistake("E0216", "a network has one @figure", annotations[1].span)
                    case s.Param():
                        self._param(item, scope, settings)
                    case s.Input():
                        flow = self._input(item, scope)
                    case s.OutputDecl():
                        if item.guard is None or truth(item.guard, scope):
                            declared.append(item)
                    case s.BlockDef():
                        self._define_block(item, scope, into=scope)
                    case s.Use():
                        self._use(item, scope)
                    case s.Edition():
                        pass
                    case _:
                        flow = self.expander.run([item], scope, flow).tensor
            except Mistake as mistake:
                self.record.report(mistake.diagnostic, mistake.cause)
                for other in mistake.others:
                    self.record.report(other)
                flow = self._lost(item, scope, flow)
            except Silent:
                flow = self._lost(item, scope, flow)
        self._check_unused_blocks(file, scope)
        self._outputs(declared, scope, flow)
        title = self._title(net, scope) if net else ""
        if self.record.failed:
            return None
        stem = self.source.name.replace("\\", "/").rpartition("/")[2].removesuffix(".spec")
        for layer in self.record.layers:
            self._look_at(layer)
        name = name or (stem if is_name(stem) else UNNAMED)
        made = self.record.assembly.network(name, title=title, file=self.source.name, annotations=annotations)
        params = [item.name.names[0] for item in file.items if isinstance(item, s.Param)]
        values = {name: value for name, value in scope.values.items() if name not in params}
        return replace(made, arguments={name: scope.values[name] for name in params}, values=values)

    def _look_at(self, layer: Layer) -> None:
        """Whether annotations fit the layer they stand on: what a network does is said before it is run."""
        if not layer.annotations:
            return
        try:
            classes_of(layer)
            if not layer.inputs:
                preprocessing(layer)
        except CnngraphError as error:
            for diagnostic in error.diagnostics:
                self.record.report(diagnostic)

    def _lost(self, item: s.Item, scope: Scope, flow: Tensor | None) -> Tensor | None:
        """What flows on after a statement with a mistake, so that it is reported once."""
        if isinstance(item, s.Param):
            scope.lost.add(item.name.names[0])
        scope.lacks_blocks |= isinstance(item, s.Use)
        if not isinstance(item, s.Input):
            return flow
        name = item.called
        self.inputs.append(name)
        tensor = Tensor("", None, item.span)
        scope.tensors.setdefault(name, tensor)
        return tensor

    def _check_unused_blocks(self, file: s.File, scope: Scope) -> None:
        """A block that nothing uses is not expanded; the words in it are looked at all the same."""
        for item in file.items:
            if isinstance(item, s.BlockDef) and item.span not in self.record.expanded and not scope.lacks_blocks:
                for mistake in unknown_words(item.body, scope):
                    self.record.report(mistake.diagnostic)

    def _title(self, net: s.Net, scope: Scope) -> str:
        """The display title, with ``{depth}`` replaced by the value of that name."""
        try:
            return filled(net.title, scope, net.span, "a title")
        except Mistake as mistake:
            self.record.report(mistake.diagnostic)
        except Silent:
            pass  # the value is wrong itself
        return ""

    def _check_settings(self, file: s.File, settings: Mapping[str, object]) -> None:
        params = settable(file)
        for name in settings:
            if name not in params:
                hint, _ = did_you_mean(name, params)
                has = f"it has {', '.join(params)}" if params else "it has no params at all"
                self.record.report(
                    Diagnostic(
                        "E0210",
                        f"--set {name}={settings[name]}: {self.source.name} has no param `{name}`",
                        file=self.source.name,
                        help=hint or has,
                    )
                )

    def _param(self, item: s.Param, scope: Scope, settings: Mapping[str, object]) -> None:
        name = item.name.names[0]
        self.record.give(item.name, scope)
        scope.values[name] = default = evaluate(item.default, scope)
        if name not in settings:
            return
        value = _setting(settings[name])
        if isinstance(default, float) and type(value) is int:
            value = float(value)
        if value is None or _sort(value) != _sort(default):
            self.record.report(
                Diagnostic(
                    "E0213",
                    f"--set {name}={settings[name]}: `{name}` takes {_sort(default)}",
                    Label(item.span, f"it is {show(default)} unless set"),
                )
            )
            return
        scope.values[name] = value

    def _define_block(self, item: s.BlockDef, scope: Scope, *, into: Scope) -> None:
        if item.name.names[0] in KINDS:
            raise Mistake("E0301", f"`{item.name.names[0]}` is a layer's word and cannot name a block", item.name.span)
        if into is scope:
            self.record.give(item.name, into)
        seen: set[str] = set()
        for param in item.params:
            if param.name in seen:
                raise Mistake("E0301", f"`{item.name.names[0]}` has two parameters `{param.name}`", param.span)
            seen.add(param.name)
        name = item.name.names[0]
        into.blocks[name] = BlockScope(name, item.params, item.body, scope, scope.defaults, item.span)

    def _use(self, item: s.Use, scope: Scope) -> None:
        for name, block in self.includes.blocks(item).items():
            scope.blocks[name] = block

    def _input(self, item: s.Input, scope: Scope) -> Tensor | None:
        name = item.called
        if item.name:
            self.record.give(item.name, scope)
        elif name in scope.tensors:
            raise Mistake(
                "E0301", "a second input needs a name", item.span, f"write  input mask {item.volume.span.text}"
            )
        volume = written_volume(item.volume, scope, free=name)
        annotations = annotations_of(item.annotations, scope, on="an `input`")
        with self.record.allowances.during(written(item.annotations)):
            self.record.input(name, volume, item.volume.span, item.span, annotations)
        scope.tensors[name] = tensor = Tensor(name, volume, item.span)
        self.inputs.append(name)
        return tensor if len(self.inputs) == 1 else None

    def _outputs(self, declared: Sequence[s.OutputDecl], scope: Scope, flow: Tensor | None) -> None:
        refs = [ref for item in declared for ref in item.refs]
        said = [each for item in declared for each in self._said(item, scope)]
        for ref, (origin, label) in zip(refs, said, strict=True):
            try:
                name = ".".join(ref.names)
                tensor = self._given_back(name, ref, scope)
                known_volume(tensor)
                self._output(name, tensor.layer, origin, label, ref.span)
            except Mistake as mistake:
                self.record.report(mistake.diagnostic)
            except Silent:
                pass  # the line that makes the tensor is wrong itself
        if refs or self.record.failed:
            return
        if not self.inputs:
            at = Span(self.source, 0, 0)
            where = Label(at, "nothing to check here") if not self.source.text.strip() else None
            self.record.report(
                Diagnostic(
                    "E0310",
                    "there is no network in this file",
                    where,
                    file=self.source.name,
                    help="a network begins with its input:  input 32x32x1",
                )
            )
        elif flow is None:
            last = self.record.layers[-1].span
            help = "name the tensors to give back:  output p4 p5"
            self.record.report(
                Diagnostic(
                    "E0311", "what the network gives back is not clear", Label(last) if last else None, help=help
                )
            )
        else:
            label = next((name for name, t in scope.tensors.items() if t.layer == flow.layer), flow.layer)
            self.record.assembly.output(label, flow.layer)

    def _given_back(self, name: str, ref: s.Ref, scope: Scope) -> Tensor:
        """The tensor that an `output` names: as the lines around it know it, or as tables and files do."""
        try:
            return find_tensor(ref, scope)
        except Mistake as mistake:
            found = self.record.tensors.get(name)
            if found is not None:
                known_volume(found)
                return found
            known = [each for each in self.record.tensors if "." in each or each not in scope.tensors]
            hint, _ = did_you_mean(name, known)
            if not hint or mistake.diagnostic.help:
                raise
            raise Mistake("E0201", mistake.diagnostic.message, ref.span, hint) from None

    def _said(self, item: s.OutputDecl, scope: Scope) -> list[tuple[str, str]]:
        """What the file that the network came from calls each output of *item*, and what figures do; empty where that
        is not said."""
        said = {"origin": [""] * len(item.refs), LABEL: [""] * len(item.refs)}
        try:
            for annotation in annotations_of(item.annotations, scope, on="an `output`"):
                if len(annotation.arguments) != len(item.refs):
                    remark = f"{len(annotation.arguments)} for {len(item.refs)}"
                    message = f"@{annotation.name} names each output of its line, in order"
                    raise Mistake("E0216", message, annotation.span, remark)
                texts = map(str, annotation.arguments)
                said[annotation.name] = [unquoted(text) if annotation.name == "origin" else text for text in texts]
        except Mistake as mistake:
            self.record.report(mistake.diagnostic)
        except Silent:
            pass  # a value in a label is wrong itself
        return list(zip(said["origin"], said[LABEL], strict=True))

    def _output(self, name: str, layer: str, origin: str, label: str, span: Span) -> None:
        try:
            self.record.assembly.output(name, layer, origin, label)
        except Fault as fault:
            raise Mistake(fault.code, fault.message, span) from None


def _sort(value: Value | None) -> str:
    """What sort of value a param takes, in words."""
    match value:
        case bool():
            return "true or false"
        case int():
            return "a whole number"
        case float():
            return "a number"
        case tuple():
            return "a list, as in (3, 4, 6, 3)"
    return "a text"


def _setting(value: object) -> Value | None:
    """The value of a ``--set``: text is read as the language reads it. None when it cannot be."""
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, tuple | list):
        return tuple(value)
    if not isinstance(value, str):
        return None
    if value in ("on", "off"):
        return value == "on"
    expr = parse_value(Source("--set", value))
    if expr is None:
        return value
    try:
        return evaluate(expr, Scope(None, "", None))
    except (Mistake, Silent):
        return value
