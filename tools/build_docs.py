"""Writes docs/layers.md, the layer reference, from the declarations of the layer kinds.

python tools/build_docs.py
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from cnngraph.layers import (
    KINDS,
    NORMS,
    Kind,
    activation,
    border,
    convolution,
    dense,
    join,
    normalization,
    opaque,
    pooling,
    rearrange,
    resize,
    scaling,
    window,
)
from cnngraph.layers.kind import Argument
from cnngraph.layers.values import Padding

ORDER = (convolution, pooling, dense, activation, normalization, scaling, join, resize, border, rearrange, opaque)
PAGE = Path(__file__).parent.parent / "docs" / "layers.md"

HEAD = """\
# Layer reference

Every layer kind, its arguments and its ONNX operators. This page is written by `make docs` from the declarations in
`cnngraph/layers/`; a test fails when it is out of date.

A line of a spec says the word, then arguments: those without a keyword in the order given here, the others as
`keyword=value`, flags and modes by their word alone. A size such as a window is one number for a square or `HxW`
(`3x3`, `f=3`). The language's own page is [language.md](language.md).

How a volume is written: height × width × channels; a vector is one number. *n* is an input size, *k* the window,
*s* the stride, *p* the padding on both sides together, *d* the dilation.
"""


def page() -> str:
    sections = [(module, _kinds(module)) for module in ORDER]
    assert sum(len(kinds) for _, kinds in sections) == len(KINDS), "a module of layer kinds is missing in ORDER"
    lines = [HEAD]
    for module, kinds in sections:
        lines.append(f"- {_title(module)}: {', '.join(f'[`{kind.word}`](#{kind.word})' for kind in kinds)}")
    lines.append("\n## Windows\n")
    lines.append(_markdown(window))
    for module, kinds in sections:
        lines.append(f"## {_title(module)}\n")
        lines.append(_markdown(module))
        for kind in kinds:
            lines += _kind(kind)
    return "\n".join(lines).rstrip() + "\n"


def _title(module: ModuleType) -> str:
    return _markdown(module).partition(":")[0]


def _kinds(module: ModuleType) -> list[type[Kind]]:
    return [kind for kind in KINDS.values() if kind.__module__ == module.__name__]


def _markdown(thing: object) -> str:
    """A docstring as Markdown: single backticks."""
    return (inspect.getdoc(thing) or "").replace("``", "`") + "\n"


def _kind(kind: type[Kind]) -> Iterator[str]:
    yield f"### {kind.word}\n"
    yield _markdown(kind)
    arguments = kind.arguments()
    usage = [kind.word, *(_usage(argument) for argument in arguments)]
    if kind.takes_tensors == "one":
        usage.insert(1, "[TENSOR]")
    elif kind.takes_tensors == "many":
        usage.insert(2, "[TENSOR …]")  # behind what flows in; joins are written otherwise
    if kind.followers:
        usage += [f"[{' | '.join(NORMS)}]", "[activation]"]
    if kind.family == "join":
        words = "".join(f" {_usage(argument)}" for argument in arguments)
        yield f"`{kind.word}{words} {{ | … | … }}` or `{kind.word}{words} TENSOR …`\n"
    else:
        yield f"`{' '.join(usage)}`\n"
    if arguments:
        yield "| argument | type | default | |"
        yield "|---|---|---|---|"
        for each in arguments:
            default = "required" if each.required else _default(each)
            yield f"| `{each.keyword}` | {_type(each)} | {default} | {each.doc} |"
        yield ""
    yield f"ONNX: {kind.onnx}.\n"


def _usage(argument: Argument) -> str:
    if argument.positional:
        name = {"f": "HxW", "channels": "CHANNELS"}.get(argument.keyword, argument.keyword.upper())
        return name if argument.required else f"[{name}]"
    if argument.type.is_flag and argument.default is False:
        return f"[{argument.keyword}]"
    if argument.type.words:
        words = [word for word in argument.type.words if word != _value(argument, argument.default)]
        return f"[{' | '.join(words)} | {argument.keyword}=…]" if argument.type.besides else f"[{' | '.join(words)}]"
    return f"{argument.keyword}=…" if argument.required else f"[{argument.keyword}=…]"


def _type(argument: Argument) -> str:
    words = [f"`{word}`" for word in argument.type.words]
    if not words:
        return argument.type.name
    return ", ".join([*words, argument.type.besides] if argument.type.besides else words)


def _default(argument: Argument) -> str:
    text = _value(argument, argument.default)
    return text if argument.default is None else f"`{text}`"


def _value(argument: Argument, value: object) -> str:
    match value:
        case Padding():
            return value.mode
        case bool():
            named = [word for word, meaning in argument.type.words.items() if meaning == value]
            return named[0] if named else "on" if value else "off"
        case (a, b):
            return str(a) if a == b else f"{a}x{b}"
        case float():
            return f"{value:g}"
        case None:
            return "the window's" if argument.keyword == "s" else "none"
    return str(value)


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
    print(PAGE)
