"""Random networks whose lines can be changed one at a time: each says by name what it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hypothesis import strategies as st

from cnngraph.fronts import parse
from cnngraph.network import Network

STEPS = (
    "conv 8 1x1", "conv 8 3x3 same", "conv 8 3x3 same bn relu", "conv 8 5x5 same relu", "dwconv 3x3 same",
    "maxpool 3x3 s=1 p=1", "avgpool 3x3 s=1 p=1",
)  # fmt: skip
"""Each is one unit, and keeps the volume."""
JOINS = ("add", "max", "concat")


@dataclass(frozen=True)
class Line:
    """``name: from source -> step``, or a join of the source with others."""

    name: str
    step: str
    sources: tuple[str, ...]

    @property
    def text(self) -> str:
        first, *others = self.sources
        return f"{self.name}: from {first} -> {' '.join((self.step, *others))}"


@dataclass(frozen=True)
class Written:
    """A spec as lines that can stand in any order in which what is taken comes first."""

    lines: tuple[Line, ...]
    outputs: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n".join(("input image 8x8x8", *(line.text for line in self.lines), f"output {' '.join(self.outputs)}"))

    @property
    def network(self) -> Network:
        return parse(self.text)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(line.name for line in self.lines)

    def with_lines(self, lines: Sequence[Line]) -> Written:
        return replace(self, lines=tuple(lines))

    def with_line(self, at: int, line: Line) -> Written:
        return self.with_lines([*self.lines[:at], line, *self.lines[at + 1 :]])

    def called(self, names: dict[str, str]) -> Written:
        """The same under other names."""
        lines = [
            Line(names.get(line.name, line.name), line.step, tuple(names.get(each, each) for each in line.sources))
            for line in self.lines
        ]
        return Written(tuple(lines), tuple(names.get(each, each) for each in self.outputs))


@st.composite
def specs(draw: st.DrawFn, most: int = 9, steps: Sequence[str] = STEPS) -> Written:
    """Every line leads to the last or to another output; concatenations are followed by what narrows them."""
    names, lines = ["image"], list[Line]()
    for number in range(draw(st.integers(2, most))):
        name = f"t{number}"
        source = draw(st.sampled_from([names[-1], names[-1], *names]))
        if len(names) > 2 and draw(st.integers(0, 3)) == 0:
            others = draw(st.lists(st.sampled_from(names[1:]), min_size=1, max_size=2, unique=True))
            join = draw(st.sampled_from(JOINS))
            lines.append(Line(name, join, (source, *others)))
            if join == "concat":
                lines.append(Line(f"n{number}", "conv 8 1x1", (name,)))
                name = f"n{number}"
        else:
            lines.append(Line(name, draw(st.sampled_from(list(steps))), (source,)))
        names.append(name)
    taken = {each for line in lines for each in line.sources}
    return Written(tuple(lines), tuple(line.name for line in lines if line.name not in taken))
