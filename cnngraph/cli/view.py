"""`cnngraph view`"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from cnngraph.cli.inputs import named, network_options, output_stem, read_network


@click.command("view")
@click.argument("file", metavar="FILE", callback=named)
@click.option("-o", "--output", metavar="OUT", help="The page to write, - for standard output; NAME.html unless said.")
@click.option(
    "--times", metavar="T.json", help="Seconds of layers, as `bench --layers --json` prints them: heat by time."
)
@network_options
def command(file: str, output: str | None, times: str | None, settings: dict[str, str], max_nodes: int) -> None:
    """Write an interactive page: blocks open and close, layers are found, counted and explained.

    The page is one file that needs nothing else: it opens from disk, by mail, and without a network.
    """
    network = read_network(file, settings, max_nodes)
    from cnngraph.viewer.facts import facts
    from cnngraph.viewer.page import page

    data = page(facts(network, times), network.summary()._repr_html_())
    if output == "-":
        sys.stdout.buffer.write(data)
        return
    from cnngraph.files import write

    path = Path(output or f"{output_stem(network)}.html")
    write(path, data)
    click.echo(path)
