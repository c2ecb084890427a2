"""Phrases to lines of text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import count

from cnngraph.spec.writing.blocks import Definition
from cnngraph.spec.writing.phrases import Call, Hole, Joined, Line, Repeated, Stage, Step, holes

WIDTH = 88
"""Columns of a chain, as `cnngraph` writes them."""


def block(definition: Definition) -> Iterator[str]:
    """The lines of a block's definition."""
    params = [f"{name}: tensor" for name in definition.tensors]
    params += [f"{p.name}={p.default}" if p.default else p.name for p in definition.params]
    yield f"block {definition.name}({', '.join(params)}) {{"
    yield from (f"  {line}" for line in _Writer(definition.value, WIDTH - 2).lines(definition.body))
    yield "}"


def flow(lines: Sequence[Line]) -> Iterator[str]:
    """The lines at the top of a spec, a convolution on each, with claims."""
    values = [hole.value for line in lines for hole in holes(line)]
    yield from _Writer(values.__getitem__, WIDTH, at_top=True).lines(lines)


class _Writer:
    """Writes phrases in order; *value* says what stands in each hole."""

    def __init__(self, value: Callable[[int], str], width: int, at_top: bool = False) -> None:
        self.value = value
        self.width = width
        self.at_top = at_top
        self.holes = count()

    def lines(self, lines: Sequence[Line], depth: int = 0) -> Iterator[str]:
        for line in lines:
            begin = f"{line.label}: " if line.label else ""
            begin += f"{line.begin} -> " if line.begin and line.stages else line.begin
            claims = self.at_top and not depth and line.changes and line.volume
            end = f" => {line.volume}" if claims or line.annotations else ""
            written = list(self.chain(line, begin, depth))
            yield from written[:-1]
            yield f"{written[-1]}{end}{' ' if line.annotations else ''}{line.annotations}"

    def chain(self, line: Line, begin: str, depth: int) -> Iterator[str]:
        """The stages, as many on a line of text as it takes; only a plain line may be several."""
        text, is_fresh = begin, True
        for stage in line.stages:
            first, *more = self.stage(stage, depth)
            is_long = len(text) + len(" -> ") + len(first) + 2 * depth > self.width
            if not is_fresh and (is_long or more):
                yield text
                text, is_fresh = "", True
            text += first if is_fresh else f" -> {first}"
            is_fresh = False
            if more:
                yield text
                yield from more[:-1]
                text = more[-1]
                if stage is not line.stages[-1]:
                    yield text
                    text, is_fresh = "", True
        if text:
            yield text

    def stage(self, stage: Stage, depth: int) -> list[str]:
        match stage:
            case Step(parts):
                return ["".join(part if isinstance(part, str) else self.hole(part) for part in parts)]
            case Call():
                return [self.call(stage)]
            case Joined(word, branches):
                found = [f"{word} {{"]
                for branch in branches:
                    found += _barred(list(self.lines(branch, depth + 2)))
                return [*found, "}"]
            case Repeated(body):
                inner = list(self.lines(body, depth + 1))
                times = self.value(next(self.holes))
                end = f"] x{times}" if times.isdecimal() else f"] x {times}"
                if len(inner) == 1:
                    return [f"[{inner[0]}{end}"]
                return ["[", *(f"  {line}" for line in inner), end]

    def hole(self, hole: Hole) -> str:
        value = self.value(next(self.holes))
        return "" if value == hole.default else f"{hole.before}{value}"

    def call(self, call: Call) -> str:
        values = [self.value(next(self.holes)) for _ in call.holes]
        text = " ".join([call.definition.name, *call.tensors])
        for param in call.definition.params:
            value = values[param.at]
            if not param.default:
                text += f" {value}"
            elif value != param.default:
                text += f" {param.name}={value}"
        return text


def _barred(lines: Sequence[str]) -> Iterator[str]:
    """A branch behind its bar; what a bracket on the bar's own line holds is indented as if the bar were not there."""
    first, *more = lines
    yield f"  | {first}"
    opened = first.endswith(("{", "["))
    for line in more:
        yield f"  {line}" if opened else f"    {line}"
        opened = opened and line.startswith(" ")
