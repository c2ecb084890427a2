"""What strips and columns have in common around their boxes: arcs, the name beside a row, and how often a part of it
is repeated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from cnngraph.figure.lanes.circled import letter_radius
from cnngraph.figure.lanes.part import Measure
from cnngraph.figure.scene import Group, Line, Move, Path, Primitive, Stroke, Text, edge
from cnngraph.figure.text import ascent, wrapped
from cnngraph.figure.text import width as text_width
from cnngraph.figure.theme import Theme
from cnngraph.figure.tracks import Called, Repeated, Row, Span, Track, letters
from cnngraph.figure.typeface import Font

REPEAT = 2.0
"""Ems that the bracket below a repeated part takes, with its number."""
REPEAT_BESIDE = 2.8
"""The same of one beside it, where the way runs from top to bottom."""
_LEADING = 1.25
LEADING = 1.15
"""Ems from line to line of what is said below a bracket."""


@dataclass(frozen=True)
class Name:
    """A network's name beside a row, turned: a short one larger, a long one in lines of whole words, none cut."""

    content: str
    em: float
    room: float
    """Points that a line may take; a word takes more if it has to."""
    most: float = 1.15
    """Ems, of a name that has the room."""
    font: Font = "sans"

    @cached_property
    def lines(self) -> list[str]:
        return wrapped(self.content, self.font, self.em, self.room)

    @cached_property
    def size(self) -> float:
        return self.em * max(1.0, min(self.most, self.room / max(0.1, self._longest)))

    @cached_property
    def _longest(self) -> float:
        """Points, at a size of one em."""
        return max(text_width(line, self.font, self.em) for line in self.lines)

    @property
    def length(self) -> float:
        """Points, of the longest line as it is set."""
        return self._longest * self.size / self.em

    @property
    def width(self) -> float:
        """Points that its lines take beside each other."""
        return (1.27 + _LEADING * (len(self.lines) - 1)) * self.em

    def drawn(self, baseline: float, middle: float, theme: Theme) -> Iterator[Text]:
        """With the first line's *baseline* there, in the middle of a row."""
        for number, line in enumerate(self.lines):
            yield Text(
                baseline + number * _LEADING * self.em, middle, line, self.size, self.font, "middle", 90, theme.ink
            )


def arc(span: Span, track: Track, drawn: Sequence[Primitive]) -> Group:
    """The edge that an arc is; several from one layer to one join are numbered."""
    source, join = track.spine.units[span.arc.source], track.spine.units[span.arc.join]
    kind = " and ".join(unit.about for unit in span.arc.through) or "identity"
    ids = track.prefix + source.name, track.prefix + join.name
    made = edge(*ids, drawn, f"shortcut from {source.name} to {join.name}: {kind}", track.names(span.arc.through))
    return made._replace(id=made.id + track.spine.mark(span.arc))


def letters_width(rows: Sequence[Row], em: float, theme: Theme) -> float:
    """Points that the widest letter takes of the arcs that go on in another of *rows*."""
    measure = Measure(em, 0.0, theme)
    return max((2 * letter_radius(measure, letter) for letter in letters(rows).values()), default=0.0)


def bracket(
    whole: Repeated | Called, columns: tuple[int, int], ends: tuple[float, float], y: float, said: Sequence[str],
    em: float, font: Font, theme: Theme, *, down: bool = False,
) -> tuple[Path | Text, ...]:  # fmt: skip
    """What stands below *columns*, those of a *whole* that are in this row, from *ends* to *ends*, with the lines of
    what is *said* of it, which are turned where the figure will be turned *down*.

    It stays open where the whole goes on in another row.
    """
    (left, right), deep = ends, y + 0.5 * em
    begin = (Move((left, y)), Line((left, deep))) if columns[0] == whole.first else (Move((left, deep)),)
    end = (Line((right, deep)), Line((right, y))) if columns[1] == whole.last else (Line((right, deep)),)
    line = Path((*begin, *end), Stroke(theme.faint, 0.07 * em))
    middle, below, high = (left + right) / 2, deep + 0.25 * em, ascent(font, em)
    steps = [LEADING * em * number for number in range(len(said))]
    if down:
        first = middle + (high - sum(steps[-1:])) / 2
        return line, *(Text(first + step, below, words, em, font, "end", 90, theme.ink)
                       for words, step in zip(said, steps, strict=True))  # fmt: skip
    return line, *(Text(middle, below + high + step, words, em, font, "middle", fill=theme.ink)
                   for words, step in zip(said, steps, strict=True))  # fmt: skip


def labelled(
    row: Row, called: Called, columns: tuple[int, int], ends: tuple[float, float], y: float, said: Sequence[str],
    em: float, font: Font, theme: Theme, *, down: bool = False,
) -> Group:  # fmt: skip
    """The `bracket` of a block with a label, which is *said* in lines; of one that is in several rows it stands in that
    where the block's middle is."""
    first, until = columns
    here = said if first <= called.middle <= until else ()
    drawn = bracket(called, columns, ends, y, here, em, font, theme, down=down)
    layers = row.names_in(first, until)
    return Group(f"{row.track.prefix}called-{called.path}-{first}", "decoration", drawn, layers=layers)


def repeat(
    track: Track, repeated: Repeated, columns: tuple[int, int], ends: tuple[float, float], y: float, em: float,
    font: Font, theme: Theme, *, down: bool = False,
) -> Group:  # fmt: skip
    """The `bracket` of a repeated part, with how often it is there."""
    drawn = bracket(repeated, columns, ends, y, (f"×{repeated.times}",), em, font, theme, down=down)
    data = (("times", str(repeated.times)),)
    first = next(stop for stop in track.stops if stop.column == columns[0])
    return Group(
        f"{track.prefix}repeat-{first.unit.name}",
        "decoration",
        drawn,
        f"{repeated.times} times",
        data,
        repeated.layers,
    )
