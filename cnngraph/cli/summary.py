"""`cnngraph summary`"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from cnngraph.cli.inputs import named, network_options, read_network

if TYPE_CHECKING:
    from cnngraph.network import Network
    from cnngraph.table import Table
    from cnngraph.volume import Volume

_FORMATS = ("text", "json", "csv", "markdown", "latex")


@click.command("summary")
@click.argument("file", metavar="FILE", callback=named)
@click.option("--json", "as_json", is_flag=True, help="Every layer, as JSON: the same as --format json.")
@click.option("--format", "format_", type=click.Choice(_FORMATS), default="text", show_default=True)
@click.option(
    "--fold/--no-fold", default=True, show_default=True, help="Repeated layers and blocks once, with how often."
)
@network_options
def command(file: str, as_json: bool, format_: str, fold: bool, settings: dict[str, str], max_nodes: int) -> None:
    """Table of layers: activation, size, parameters, multiply-accumulates, receptive field.

    The LaTeX is a tabular, for the package booktabs.
    """
    if as_json and format_ not in ("text", "json"):
        raise click.UsageError(f"--json is --format json, and --format {format_} is another")
    network = read_network(file, settings, max_nodes)
    from cnngraph.verbs import summary

    if as_json or format_ == "json":
        click.echo(json.dumps(record(network), indent=2, ensure_ascii=False))
        return
    table = summary(network, fold=fold)
    match format_:
        case "csv":
            click.echo(table.to_csv(), nl=False)
        case "markdown":
            click.echo(table.to_markdown())
        case "latex":
            click.echo(table.to_latex())
        case _:
            show(table)


def show(table: Table) -> None:
    """To standard output: drawn by rich in a terminal, plain when piped."""
    if sys.stdout.isatty():
        _print_rich(table)
    else:
        click.echo(str(table))


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
            **({"shares": layer.shares} if layer.shares else {}),
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


def _print_rich(table: Table) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    from cnngraph.table import NUMBERS

    console = Console()
    drawn = RichTable(box=SIMPLE_HEAD, title=table.heading, title_justify="left", pad_edge=False)
    for number, column in enumerate(table.columns):
        drawn.add_column(column, justify="right" if number in NUMBERS else "left", no_wrap=number != 1)
    for line in table.lines():
        drawn.add_row(*(Text(cell, style="bold" if line.bold else "") for cell in line.cells))
    console.print(drawn)
    for total in table.totals():
        console.print(Text(total))
