"""Phrases to lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cnngraph.spec.writing.blocks import Definition
from cnngraph.spec.writing.defaults import Defaults
from cnngraph.spec.writing.phrases import Call, Hole, Joined, Line, Part, Repeated, Stage, Step, Word, holes

WIDTH = 88
"""Columns of a chain, as `cnngraph` writes them."""


def block(definition: Definition, defaults: Defaults) -> Iterator[str]:
    """The lines of a block's definition."""
    params = [f"{name}: tensor" for name in definition.tensors]
    params += [f"{p.name}={p.default}" if p.default else p.name for p in definition.params]
    yield f"block {definition.name}({', '.join(params)}) {{"
    writer = _Writer(definition.values, definition.conditions, defaults, WIDTH - 2)
    yield from (f"  {line}" for line in writer.lines(definition.body))
    yield "}"


def flow(lines: Sequence[Line], defaults: Defaults) -> Iterator[str]:
    """The lines at the top of a spec, a convolution on each, with claims."""
    values = [hole.value for line in lines for hole in holes(line)]
    yield from _Writer(values, (), defaults, WIDTH, at_top=True).lines(lines)


class _Writer:
    """Writes phrases in order; *values* are what stands in the holes."""

    def __init__(
        self,
        values: Sequence[str],
        conditions: Sequence[str],
        defaults: Defaults,
        width: int,
        at_top: bool = False,
    ) -> None:
        self.values = iter(values)
        self.conditions = conditions
        self.defaults = defaults
        self.width = width
        self.at_top = at_top

    def lines(self, lines: Sequence[Line], depth: int = 0) -> Iterator[str]:
        for line in lines:
            begin = f"{line.label}: " if line.label else ""
            begin += f"{line.begin} -> " if line.begin and line.stages else line.begin
            claims = self.at_top and not depth and line.changes and line.volume
            end = f" => {line.volume}" if claims or (line.annotations and line.stages) else ""
            end += f" {line.annotations}" if line.annotations else ""
            if line.condition is None:
                written = list(self.chain(line.stages, begin, depth))
                yield from written[:-1]
                yield f"{written[-1]}{end}"
            else:
                yield from self.conditional(line, begin, depth)

    def conditional(self, line: Line, begin: str, depth: int) -> Iterator[str]:
        """The stages of a line that stands under a condition: each line of text is one for itself."""
        assert line.condition is not None
        end = f" if {self.conditions[line.condition]}"
        texts = [self.stage(stage, depth) for stage in line.stages] or [[""]]
        joined = begin + " -> ".join(text for each in texts for text in each)
        if all(len(each) == 1 for each in texts) and len(joined) + len(end) + 2 * depth <= self.width:
            yield joined + end
            return
        for each in texts:
            yield from each[:-1]
            yield f"{each[-1]}{end}"

    def chain(self, stages: Sequence[Stage], begin: str, depth: int) -> Iterator[str]:
        """The stages, as many on a line of text as it takes; only a plain line may be several."""
        text, is_fresh = begin, True
        for stage in stages:
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
                if stage is not stages[-1]:
                    yield text
                    text, is_fresh = "", True
        if text:
            yield text

    def stage(self, stage: Stage, depth: int) -> list[str]:
        match stage:
            case Step(parts, word):
                default = self.defaults.get(word, {})
                return ["".join(self.part(part, default) for part in parts)]
            case Call():
                return [self.call(stage)]
            case Joined(word, branches):
                found = [f"{word} {{"]
                for branch in branches:
                    found += _barred(list(self.lines(branch, depth + 2)))
                return [*found, "}"]
            case Repeated(body):
                inner = list(self.lines(body, depth + 1))
                times = next(self.values)
                end = f"] x{times}" if times.isdecimal() else f"] x {times}"
                if len(inner) == 1:
                    return [f"[{inner[0]}{end}"]
                return ["[", *(f"  {line}" for line in inner), end]

    def part(self, part: Part, default: Mapping[str, str]) -> str:
        """What a step writes where *default* holds."""
        match part:
            case str():
                return part
            case Word(slot, value, text, over):
                said = default.get(slot)
                if said is None:
                    return text
                if said == value:
                    return ""
                return f" {said}{over}" if over.startswith("=") else over
            case Hole(keyword, _, before, usual):
                value = next(self.values)
                return "" if value == default.get(keyword, usual) else f"{before}{value}"

    def call(self, call: Call) -> str:
        text = " ".join([call.definition.name, *call.tensors])
        for param in call.definition.params:
            value = next(self.values)
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
