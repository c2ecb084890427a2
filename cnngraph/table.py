"""The table of a network as data, and the forms that it is written in."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass

from cnngraph.field import Field
from cnngraph.network import Layer, Network
from cnngraph.volume import Volume

_COLUMNS = ("layer", "operation", "activation", "size", "parameters", "MACs", "field")
_TIMED = ("time", "share")
"""Columns more when the layers were timed."""
NUMBERS = range(3, 9)
"""Columns set to the right."""


@dataclass(frozen=True, slots=True)
class Row:
    """A unit, or a block with its rows."""

    name: str
    """Within its block: ``conv1``, ``residual2``."""
    operation: str
    """``conv 5×5 s=2, BN, ReLU``; empty for a block."""
    volume: Volume
    """What it makes."""
    params: int
    macs: int | None
    """None while a size is free."""
    field: Field | None
    """None: all of the input."""
    rows: tuple[Row, ...] = ()
    times: int = 1
    """How often it stands there, one after the other; *params* and *macs* are of one."""
    time: float | None = None
    """Seconds, if they were measured; of one, on the mean."""
    shares: str = ""
    """The layer whose weights it uses; empty where they are its own, or it has none."""
    key: Hashable = dataclasses.field(default=(), compare=False)
    """Equal for rows that say the same."""


@dataclass(frozen=True, slots=True)
class Table:
    """The table of a network as data; printed, it is what `cnngraph summary` prints."""

    network: Network
    rows: tuple[Row, ...]
    params: int
    statistics: int
    """Numbers that are kept and not trained: running means and variances."""
    macs: int | None
    largest: Layer | None
    """The layer with the largest activation; None while sizes are free."""
    time: float | None = None
    """Seconds for one input, if they were measured."""
    elsewhere: float = 0.0
    """Of them, those that no layer took."""
    frozen: int = 0
    """How many of the parameters `@freeze` keeps from training."""

    def __str__(self) -> str:
        """Aligned text: one line a row, two blanks between columns."""
        lines = [self.columns, *(line.cells for line in self.lines())]
        widths = [max(len(line[column]) for line in lines) for column in range(len(self.columns))]
        text = [self.heading]
        for line in lines:
            cells = [
                cell.rjust(width) if column in NUMBERS else cell.ljust(width)
                for column, (cell, width) in enumerate(zip(line, widths, strict=True))
            ]
            text.append("  ".join(cells).rstrip())
        return "\n".join((*text, "", *self.totals()))

    @property
    def heading(self) -> str:
        name, title = self.network.name, self.network.title
        return f"{name} ({title})" if title and title != name else name

    @property
    def columns(self) -> tuple[str, ...]:
        return _COLUMNS if self.time is None else (*_COLUMNS, *_TIMED)

    def lines(self) -> Iterator[Line]:
        """The rows in words; those of a block stand under it, moved in."""
        return _lines(self.rows, self.time)

    def totals(self) -> Iterator[str]:
        """What stands below the table."""
        least = "" if self.network.is_known else "at least "
        macs = "depend on the free sizes" if self.macs is None else f"{least}{self.macs:,}"
        statistics = f", and {self.statistics:,} running statistics" if self.statistics else ""
        yield f"parameters           {self.params:,}{statistics}"
        if self.frozen:
            yield f"of them              {self.params - self.frozen:,} trained, {self.frozen:,} frozen (@freeze)"
        yield f"multiply-accumulates {macs} (convolutions and fully connected layers, one input)"
        yield f"model size           {(self.params + self.statistics) * 4 / 1e6:,.2f} MB as float32"
        if not self.network.is_fixed:
            from cnngraph.sizes import conditions, said

            if asked := said(conditions(self.network)):
                yield f"free sizes           {asked}"
        if self.largest is not None:
            layer = self.largest
            yield f"largest activation   {layer.output.caption} = {_number(layer.output.size)} ({layer.name})"
        if self.time is not None:
            elsewhere = f", and {self.elsewhere * 1e3:.3f} ms between them" if self.elsewhere else ""
            yield f"time                 {(self.time - self.elsewhere) * 1e3:.3f} ms in the layers{elsewhere}"

    def to_csv(self) -> str:
        """A line a row for programs: counts without commas, empty where a size is free or the field is all.

        ``block`` is the path of the block that a row is in, ``times`` how often it stands there; counts are of one. A
        row without ``operation`` is a block, with the sums of the rows whose ``block`` it is. ``seconds`` were
        measured.
        """
        import csv
        import io

        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        timed = self.time is not None
        writer.writerow((*_CSV, *(["seconds"] if timed else [])))
        writer.writerows(_records(self.rows, "", timed))
        return text.getvalue()

    def to_markdown(self) -> str:
        """A table as GitHub reads it."""
        lines = [self.columns, *(self._marked(line) for line in self._summed())]
        rule = ("---:" if column in NUMBERS else "---" for column in range(len(self.columns)))
        rows = [f"| {' | '.join(cells)} |" for cells in lines]
        return "\n".join((rows[0], f"| {' | '.join(rule)} |", *rows[1:]))

    @staticmethod
    def _marked(line: Line) -> tuple[str, ...]:
        cells = [cell.translate(_MARKDOWN) for cell in line.cells]
        cells = [f"**{cell}**" if cell and line.bold else cell for cell in cells]
        return "&emsp;" * line.depth + cells[0], *cells[1:]

    def to_latex(self) -> str:
        """A ``tabular`` with the rules of the package booktabs. Raises `CnngraphError` (E0614) for a character that
        TeX's standard fonts lack."""
        from cnngraph.tex import escaped

        def row(line: Line) -> str:
            cells = [escaped(cell) for cell in line.cells]
            cells = [rf"\textbf{{{cell}}}" if cell and line.bold else cell for cell in cells]
            return "  " + r"\quad " * line.depth + " & ".join(cells) + r" \\"

        alignment = "".join("r" if column in NUMBERS else "l" for column in range(len(self.columns)))
        *rows, total = self._summed()
        head = row(Line(self.columns))
        body = (r"  \toprule", head, r"  \midrule", *map(row, rows), r"  \midrule", row(total), r"  \bottomrule")
        return "\n".join((rf"\begin{{tabular}}{{{alignment}}}", *body, r"\end{tabular}"))

    def _summed(self) -> Iterator[Line]:
        """The rows, their names not moved in, and the sums of all."""
        for line in self.lines():
            yield dataclasses.replace(line, cells=(line.cells[0].lstrip(" "), *line.cells[1:]))
        sums = ("total", "", "", "", f"{self.params:,}", _number(self.macs), "")
        yield Line(sums if self.time is None else (*sums, f"{self.time * 1e3:.3f} ms", ""), bold=True)

    def _repr_html_(self) -> str:
        """For notebooks."""
        from html import escape

        def row(cells: Iterable[str], kind: str, style: str = "") -> str:
            sides = ("right" if column in NUMBERS else "left" for column in range(len(self.columns)))
            written = (
                f'<{kind} style="text-align: {side}; white-space: pre{style}">{escape(cell)}</{kind}>'
                for cell, side in zip(cells, sides, strict=True)
            )
            return f"<tr>{''.join(written)}</tr>"

        rows = (row(line.cells, "td", "; font-weight: bold" if line.bold else "") for line in self.lines())
        head = f"<caption>{escape(self.heading)}</caption><thead>{row(self.columns, 'th')}</thead>"
        below = escape("\n".join(self.totals()))
        return f"<table>{head}<tbody>{''.join(rows)}</tbody></table><pre>{below}</pre>"


@dataclass(frozen=True, slots=True)
class Line:
    """A row in words."""

    cells: tuple[str, ...]
    depth: int = 0
    """How many blocks it is in; the first cell is moved in by two blanks for each."""
    bold: bool = False
    """Whether it sums up others."""


_CSV = (
    "block",
    "layer",
    "times",
    "operation",
    "activation",
    "size",
    "parameters",
    "macs",
    "field_height",
    "field_width",
)
_MARKDOWN = str.maketrans({char: f"\\{char}" for char in r"\`*_<>|[]#~&"})


def _lines(rows: tuple[Row, ...], total: float | None, repeats: int = 1, depth: int = 0) -> Iterator[Line]:
    """*rows*, of which there are *repeats*; *total* are the seconds of all."""
    for row in rows:
        times = f" ×{row.times}" if row.times > 1 else ""
        name = "  " * depth + row.name + times
        cells = [row.volume.caption, _number(row.volume.size), f"{row.params:,}", _number(row.macs), _field(row.field)]
        timed: tuple[str, ...] = ()
        if total:
            share = (row.time or 0.0) * row.times * repeats / total
            timed = (f"{row.time * 1e3:.3f} ms", f"{share:.1%}") if row.time else ("", "")
        own = cells if not row.rows else ("", "", *cells[2:4], "")
        yield Line((name, row.operation, *own, *timed), depth, bool(row.rows))
        yield from _lines(row.rows, total, repeats * row.times, depth + 1)


def _number(count: object) -> str:
    return f"{count:,}" if isinstance(count, int) else "?"


def _field(field: Field | None) -> str:
    if field is None:
        return "all"
    return str(field.height) if field.height == field.width else f"{field.height}×{field.width}"


def _records(rows: tuple[Row, ...], block: str, timed: bool) -> Iterator[tuple[object, ...]]:
    for row in rows:
        size = row.volume.size if isinstance(row.volume.size, int) else None
        sides = (None, None) if row.field is None else (str(row.field.height), str(row.field.width))
        seconds = (row.time,) if timed else ()
        yield block, row.name, row.times, row.operation, row.volume, size, row.params, row.macs, *sides, *seconds
        yield from _records(row.rows, f"{block}.{row.name}" if block else row.name, timed)
