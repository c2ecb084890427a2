"""`cnngraph summary`"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from cnngraph.cli.inputs import network_options, read_network

if TYPE_CHECKING:
    from cnngraph.field import Field
    from cnngraph.network import Network
    from cnngraph.summary import Row, Table
    from cnngraph.volume import Volume

_COLUMNS = ("layer", "operation", "activation", "size", "parameters", "MACs", "field")
_TIMED = ("time", "share")
"""Columns more when the layers were timed."""
_NUMBERS = range(3, 9)
"""Columns set to the right."""


@click.command("summary")
@click.argument("file", metavar="FILE")
@click.option("--json", "as_json", is_flag=True, help="Every layer, as JSON.")
@click.option(
    "--fold/--no-fold", default=True, show_default=True, help="Repeated layers and blocks once, with how often."
)
@network_options
def command(file: str, as_json: bool, fold: bool, settings: dict[str, str], max_nodes: int) -> None:
    """Table of layers: activation, size, parameters, multiply-accumulates, receptive field."""
    network = read_network(file, settings, max_nodes)
    from cnngraph.summary import summarize

    if as_json:
        click.echo(json.dumps(record(network), indent=2, ensure_ascii=False))
        return
    show(summarize(network, fold=fold))


def show(table: Table) -> None:
    """To standard output: drawn by rich in a terminal, plain when piped."""
    if sys.stdout.isatty():
        _print_rich(table)
    else:
        for line in plain(table):
            click.echo(line)


def record(network: Network) -> dict[str, Any]:
    """The JSON: sizes as ``[H, W, C]`` or ``[N]``, a free one as text. ``input`` and ``output`` are the
    first; ``inputs`` and ``outputs`` have all by name."""
    from cnngraph.field import receptive_fields

    fields = receptive_fields(network)
    inputs = {layer.name: _dims(layer.output) for layer in network.inputs}
    outputs = {output.name: _dims(network[output.layer].output) for output in network.outputs}
    layers = [
        {
            "name": layer.name,
            "op": layer.kind.word or "input",
            "output": _dims(layer.output),
            "params": layer.params,
            "macs": layer.macs,
            "inputs": list(layer.inputs),
            "line": layer.line,
            "receptive_field": None
            if (field := fields[layer.name]) is None
            else [float(field.height), float(field.width)],
        }
        for layer in network.layers
    ]
    return {
        "name": network.name,
        "params": network.params,
        "macs": network.macs,
        "input": next(iter(inputs.values())),
        "output": next(iter(outputs.values())),
        "inputs": inputs,
        "outputs": outputs,
        "layers": layers,
    }


def _dims(volume: Volume) -> list[int | str]:
    return [dim if isinstance(dim, int) else str(dim) for dim in volume.dims]


# Text ----------------------------------------------------------------------------------------


def _columns(table: Table) -> tuple[str, ...]:
    return _COLUMNS if table.time is None else (*_COLUMNS, *_TIMED)


def _cells(rows: tuple[Row, ...], total: float | None, repeats: int = 1, depth: int = 0) -> Iterator[tuple[str, ...]]:
    """Rows as text; the rows of a block, of which there are *repeats*, stand under it, moved in."""
    for row in rows:
        times = f" ×{row.times}" if row.times > 1 else ""
        name = "  " * depth + row.name + times
        cells = [row.volume.caption, _number(row.volume.size), f"{row.params:,}", _number(row.macs), _field(row.field)]
        timed: tuple[str, ...] = ()
        if total:
            share = (row.time or 0.0) * row.times * repeats / total
            timed = (f"{row.time * 1e3:.3f} ms", f"{share:.1%}") if row.time else ("", "")
        yield name, row.operation, *(cells if not row.rows else ("", "", *cells[2:4], "")), *timed
        yield from _cells(row.rows, total, repeats * row.times, depth + 1)


def _number(count: object) -> str:
    return f"{count:,}" if isinstance(count, int) else "?"


def _field(field: Field | None) -> str:
    if field is None:
        return "all"
    return str(field.height) if field.height == field.width else f"{field.height}×{field.width}"


def totals(table: Table) -> Iterator[str]:
    """What stands below the table."""
    macs = "depend on the free sizes" if table.macs is None else f"{table.macs:,}"
    statistics = f", and {table.statistics:,} running statistics" if table.statistics else ""
    yield f"parameters           {table.params:,}{statistics}"
    yield f"multiply-accumulates {macs} (convolutions and fully connected layers, one input)"
    yield f"model size           {(table.params + table.statistics) * 4 / 1e6:,.2f} MB as float32"
    if table.largest is not None:
        layer = table.largest
        yield f"largest activation   {layer.output.caption} = {_number(layer.output.size)} ({layer.name})"
    if table.time is not None:
        elsewhere = f", and {table.elsewhere * 1e3:.3f} ms between them" if table.elsewhere else ""
        yield f"time                 {(table.time - table.elsewhere) * 1e3:.3f} ms in the layers{elsewhere}"


def heading(network: Network) -> str:
    title = f" ({network.title})" if network.title and network.title != network.name else ""
    return f"{network.name}{title}"


def plain(table: Table) -> Iterator[str]:
    """Aligned text: one line a row, two blanks between columns."""
    columns = _columns(table)
    lines = [columns, *_cells(table.rows, table.time)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(columns))]
    yield heading(table.network)
    for line in lines:
        cells = [
            cell.rjust(width) if column in _NUMBERS else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()
    yield ""
    yield from totals(table)


def _print_rich(table: Table) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    console = Console()
    drawn = RichTable(box=SIMPLE_HEAD, title=heading(table.network), title_justify="left", pad_edge=False)
    for number, column in enumerate(_columns(table)):
        drawn.add_column(column, justify="right" if number in _NUMBERS else "left", no_wrap=number != 1)
    for cells in _cells(table.rows, table.time):
        is_block = not cells[2]
        drawn.add_row(*(Text(cell, style="bold" if is_block else "") for cell in cells))
    console.print(drawn)
    for line in totals(table):
        console.print(Text(line))
