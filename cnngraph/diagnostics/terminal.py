"""Diagnostics for people: the line as it was written, a caret under the place, the arithmetic, what to do."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cnngraph.diagnostics.diagnostic import Diagnostic, Label, Severity

_CODES = {"error": "1;31", "warning": "1;33", "place": "1;34", "bold": "1", "help": "1;32"}
MAX_WIDTH = 120
"""Longer lines of source are cut around the caret."""


def print_diagnostics(diagnostics: Iterable[Diagnostic]) -> None:
    """To standard error, in colour when that is a terminal that has not asked for none."""
    color = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    for diagnostic in diagnostics:
        print(render(diagnostic, color=color), file=sys.stderr, end="\n\n")


def render(diagnostic: Diagnostic, *, color: bool = False) -> str:
    """The whole message, without a line end after it. Control characters in it are made visible."""
    return "\n".join(_Renderer(color).lines(diagnostic))


def _visible(text: str) -> str:
    """Without the characters that could move a terminal's cursor or change its colours; line ends stay."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() or character == "\n" else "�" for character in text)


class _Renderer:
    def __init__(self, color: bool) -> None:
        self.color = color

    def paint(self, text: str, style: str) -> str:
        return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if self.color and text else text

    def lines(self, diagnostic: Diagnostic) -> Iterator[str]:
        severity = diagnostic.severity.value
        code = self.paint(f"{severity}[{diagnostic.code}]", severity)
        yield f"{code}: {self.paint(_visible(diagnostic.message), 'bold')}"
        labels = [diagnostic.label, *diagnostic.secondary] if diagnostic.label else []
        gutter = max((len(str(label.span.line)) for label in labels), default=1)
        bar = " " * gutter + " " + self.paint("|", "place")
        if diagnostic.label:
            span = diagnostic.label.span
            yield f"{' ' * gutter}{self.paint('-->', 'place')} {_visible(span.source.name)}:{span.line}:{span.column}"
            yield bar
            yield from self.snippet(diagnostic, labels, gutter, bar)
        elif diagnostic.place or (diagnostic.file and diagnostic.file not in diagnostic.message):
            place = ": ".join(filter(None, (diagnostic.file, diagnostic.place)))
            yield f"{' ' * gutter}{self.paint('-->', 'place')} {_visible(place)}"
        remarks = [("reason", diagnostic.reason), ("help", diagnostic.help)]
        if diagnostic.fix:
            remarks.append(("fix", diagnostic.fix.about))
        remarks += [("note", note) for note in diagnostic.notes]
        for kind, text in remarks:
            for index, line in enumerate(_visible(text).split("\n") if text else ()):
                head = f"= {self.paint(kind, 'help' if kind in ('help', 'fix') else 'bold')}: "
                yield " " * (gutter + 1) + (head + line if index == 0 else " " * (len(kind) + 4) + line)

    def snippet(self, diagnostic: Diagnostic, labels: list[Label], gutter: int, bar: str) -> Iterator[str]:
        """The lines that carry labels, in order, each with its labels under it."""
        main = diagnostic.label
        assert main is not None
        shown_source = main.span.source
        by_line: dict[int, list[Label]] = {}
        elsewhere = [label for label in labels if label.span.source is not shown_source]
        for label in labels:
            if label.span.source is shown_source:
                by_line.setdefault(label.span.line, []).append(label)
        last = 0
        for number in sorted(by_line):
            if last and number > last + 1:
                yield " " * gutter + self.paint("...", "place")
            last = number
            first = main if main in by_line[number] else by_line[number][0]
            excerpt = Excerpt.around(shown_source.line(number), first.span.column - 1)
            yield f"{self.paint(f'{number:>{gutter}} |', 'place')} {excerpt.text}"
            for label in by_line[number]:
                yield f"{bar} {self.underline(label, label is main, excerpt, diagnostic)}".rstrip()
        for label in elsewhere:
            place = f"{label.span.source.name}:{label.span.line}:{label.span.column}"
            yield f"{bar} {_visible(place)}: {_visible(label.text or label.span.text)}"

    def underline(self, label: Label, primary: bool, excerpt: Excerpt, diagnostic: Diagnostic) -> str:
        start = label.span.column - 1
        lead, length = excerpt.under(start, start + label.span.end - label.span.start)
        mark = ("^" if primary else "-") * length
        style = diagnostic.severity.value if primary else "place"
        return " " * lead + self.paint(f"{mark} {_visible(label.text)}".rstrip(), style)


@dataclass(frozen=True, slots=True)
class Excerpt:
    """What is shown of a line of source: all of it, or a stretch with … for what is cut off."""

    shown: str
    start: int
    stop: int

    @classmethod
    def around(cls, line: str, at: int) -> Excerpt:
        """At most `MAX_WIDTH` columns of *line*, with character *at* among them, a third from the left."""
        shown = "".join("»" if char == "\t" else char if char.isprintable() else "�" for char in line)
        start, room = min(at, len(shown)), MAX_WIDTH // 3
        if display_width(shown) <= MAX_WIDTH:
            return cls(shown, 0, len(shown))
        while start and (room := room - display_width(shown[start - 1])) >= 0:
            start -= 1
        stop, room = start, MAX_WIDTH
        while stop < len(shown) and (room := room - display_width(shown[stop])) >= 0:
            stop += 1
        while start and (room := room - display_width(shown[start - 1])) >= 0:
            start -= 1
        return cls(shown, start, stop)

    @property
    def text(self) -> str:
        return self._before + self.shown[self.start : self.stop] + ("…" if self.stop < len(self.shown) else "")

    @property
    def _before(self) -> str:
        return "…" if self.start else ""

    def under(self, start: int, stop: int) -> tuple[int, int]:
        """The columns before characters *start* to *stop*, and those they take; what is cut off is at its …."""
        lead = len(self._before) + display_width(self.shown[self.start : min(start, self.stop)])
        if start < self.start:
            lead = 0
        inside = self.shown[max(start, self.start) : min(stop, self.stop)]
        return lead, max(1, display_width(inside))


def display_width(text: str) -> int:
    """Columns of a terminal that *text* takes: two for wide characters, none for combining ones."""
    if text.isascii():
        return len(text)
    import unicodedata

    return sum(
        0 if unicodedata.category(char) in ("Mn", "Me") else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


def summary(diagnostics: Iterable[Diagnostic]) -> str:
    """``2 errors, 1 warning``."""
    found = list(diagnostics)
    counts = [(sum(d.severity is severity for d in found), severity.value) for severity in Severity]
    return ", ".join(f"{count} {word}{'s' if count > 1 else ''}" for count, word in counts if count)
