"""A network made in Python, line by line as in a spec, and checked as one.

    b = Builder("tiny")
    x = b.input("32x32x1")
    x = x.conv(6, "5x5", "relu").maxpool("2x2", s=2)
    y = x.conv(6, "3x3", "same", "relu")
    z = y.again(y)  # the layer that made y once more, with its weights
    b.output(b.add(x, z))
    network = b.build()

Each call is a line of a spec (`Builder.spec` has them), so words, arguments and mistakes are those of the language:
what stands by position or as a word there does so here, and what is written ``s=2`` there is ``s=2`` here.
"""

from __future__ import annotations

import linecache
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from cnngraph.assembly import MAX_NODES
from cnngraph.diagnostics import CnngraphError, Diagnostic
from cnngraph.fronts.spec import read_source
from cnngraph.layers import KINDS
from cnngraph.layers.values import show
from cnngraph.names import one_line
from cnngraph.network import Network
from cnngraph.reading import Reading
from cnngraph.source import Source
from cnngraph.spec.lexer import RESERVED
from cnngraph.spec.syntax import IMAGE


class Tensor:
    """What flows out of a line; its methods are the words of the layers, and each gives the next tensor."""

    def __init__(self, builder: Builder, name: str) -> None:
        self._builder = builder
        self.name = name
        """Its label in the spec."""

    def __getattr__(self, word: str) -> Callable[..., Tensor]:
        if word not in KINDS:
            raise AttributeError(f"there is no layer `{word}`; there are {', '.join(KINDS)}")

        def layer(*values: object, name: str = "", **settings: object) -> Tensor:
            return self._builder.line(word, self, *values, name=name, **settings)

        return layer

    def again(self, first: Tensor, *, name: str = "") -> Tensor:
        """What the layer that made *first* makes of this tensor, with the same weights."""
        return self._builder.line("again", self, first, name=name)

    def __repr__(self) -> str:
        return f"<tensor {self.name}>"


class Builder:
    """Collects lines; `build` reads them."""

    def __init__(self, name: str, title: str = "") -> None:
        self._lines = [f"net {name}" + (f" {_text(title)}" if title else "")]
        self._made_at = [_caller()]
        """For each line the place in Python that wrote it."""
        self._flow = ""
        self._names: set[str] = set()
        self._counts: dict[str, int] = {}
        self._words: dict[str, str] = {}
        """What the layer of each line is called where it has no name, by the line's label."""

    @property
    def spec(self) -> str:
        """The spec so far."""
        return "\n".join(self._lines) + "\n"

    def input(self, volume: str | int | tuple[int | str, ...], name: str = IMAGE) -> Tensor:
        """A tensor from outside: ``"32x32x3"``, ``(32, 32, 3)``, or free as in ``("?H", "?W", 3)``."""
        sizes = volume if isinstance(volume, tuple) else (volume,)
        text = str(sizes[0]) if len(sizes) == 1 else f"({', '.join(map(str, sizes))})"
        self._write(f"input {name} {text}")
        self._names.add(name)
        # With several inputs none of them flows on by itself.
        self._flow = name if len(self._lines) == 2 else ""
        return Tensor(self, name)

    def line(self, word: str, *values: object, name: str = "", **settings: object) -> Tensor:
        """One layer: *values* are tensors, the first of which flows in, then numbers, sizes and words."""
        tensors = [value for value in values if isinstance(value, Tensor)]
        first, *others = tensors or [Tensor(self, self._flow)]
        arguments = [each.name for each in others]
        arguments += [_value(value) for value in values if not isinstance(value, Tensor)]
        arguments += [f"{key}={_value(value, named=True)}" for key, value in settings.items()]
        # `softmax 10` is a fully connected layer with a softmax.
        short_for = KINDS[word].short_for if word in KINDS and arguments else ""
        called = self._words.get(others[0].name, word) if word == "again" and others else short_for or word
        label = name or self._automatic(called)
        self._names.add(label)
        self._words[label] = called
        start = "" if first.name == self._flow else f"from {first.name} -> "
        self._write(f"{label}: {start}{' '.join([word, *arguments])}")
        self._flow = label
        return Tensor(self, label)

    def add(self, *tensors: Tensor, name: str = "") -> Tensor:
        return self.line("add", *tensors, name=name)

    def concat(self, *tensors: Tensor, name: str = "") -> Tensor:
        return self.line("concat", *tensors, name=name)

    def mul(self, *tensors: Tensor, name: str = "") -> Tensor:
        return self.line("mul", *tensors, name=name)

    def max(self, *tensors: Tensor, name: str = "") -> Tensor:
        return self.line("max", *tensors, name=name)

    def min(self, *tensors: Tensor, name: str = "") -> Tensor:
        return self.line("min", *tensors, name=name)

    def output(self, *tensors: Tensor) -> None:
        """What the network gives back; the last line's tensor unless said."""
        self._write("output " + " ".join(tensor.name for tensor in tensors))

    def build(self, max_nodes: int = MAX_NODES) -> Network:
        """The network. Raises `CnngraphError` with what is wrong, and where in Python it was written."""
        reading = self._reading(max_nodes)
        if reading.network is None:
            raise CnngraphError([self._placed(each) for each in reading.diagnostics])
        return reading.network

    def check(self, max_nodes: int = MAX_NODES) -> tuple[Diagnostic, ...]:
        """What is wrong or doubtful about the lines so far, and where in Python they were written."""
        return tuple(self._placed(each) for each in self._reading(max_nodes).diagnostics)

    def _reading(self, max_nodes: int) -> Reading:
        return read_source(Source(f"<{self._lines[0]}>", self.spec), {}, max_nodes=max_nodes)

    def _placed(self, diagnostic: Diagnostic) -> Diagnostic:
        if diagnostic.label is None:
            return diagnostic
        file, line = self._made_at[min(diagnostic.label.span.line, len(self._made_at)) - 1]
        text = linecache.getline(file, line).strip()
        place = f"written at {Path(file).name}:{line}" + (f":  {text}" if text else "")
        return replace(diagnostic, notes=(*diagnostic.notes, place))

    def _automatic(self, word: str) -> str:
        while True:
            self._counts[word] = self._counts.get(word, 0) + 1
            name = f"{word}{self._counts[word]}"
            if name not in self._names and name not in RESERVED:
                return name

    def _write(self, line: str) -> None:
        self._lines.append(line)
        self._made_at.append(_caller())


def _value(value: object, named: bool = False) -> str:
    """A Python value in the language: ``(3, 3)`` by position is the size ``3x3``, True is ``on``."""
    match value:
        case bool():
            return "on" if value else "off"
        case tuple() if not named and all(isinstance(size, int) for size in value):
            return "x".join(map(str, value))
        case str() if value in RESERVED or value[:1].isdigit():
            return value
        case str():
            return _text(value)
    return show(value)


def _text(value: str) -> str:
    return '"' + one_line(value).replace('"', "'") + '"'


def _caller() -> tuple[str, int]:
    """The file and line outside this module that is being run."""
    frame: Any = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename == __file__:
        frame = frame.f_back
    return (frame.f_code.co_filename, frame.f_lineno) if frame else ("", 0)
