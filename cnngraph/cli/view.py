"""`cnngraph view`"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from cnngraph.cli.inputs import named, network_options, output_stem, read_model
from cnngraph.cli.weights import Asked, weight_options


@click.command("view")
@click.argument("file", metavar="FILE", callback=named)
@click.option("-o", "--output", metavar="OUT", help="The page to write, - for standard output; NAME.html unless said.")
@click.option("--image", type=click.Path(path_type=Path), metavar="P", help="A picture to go through the network.")
@click.option(
    "--times", metavar="T.json", help="Seconds of layers, as `bench --layers --json` prints them: heat by time."
)
@weight_options
@network_options
def command(
    file: str,
    output: str | None,
    image: Path | None,
    times: str | None,
    asked: Asked,
    settings: dict[str, str],
    max_nodes: int,
) -> None:
    """Write an interactive page: blocks open and close, layers are found, counted and explained.

    The page is one file that needs nothing else: it opens from disk, by mail, and without a network. With weights it
    has their histograms, with a picture what every layer makes of it.
    """
    network, brought = read_model(file, settings, max_nodes)
    from cnngraph.viewer.facts import facts
    from cnngraph.viewer.page import page

    data = facts(network, times)
    if asked.anything or image is not None:
        data |= _numbers(asked, network, brought, image)
    written = page(data, network.summary()._repr_html_())
    if output == "-":
        sys.stdout.buffer.write(written)
        return
    from cnngraph.files import write

    path = Path(output or f"{output_stem(network)}.html")
    write(path, written)
    click.echo(path)


def _numbers(asked: Asked, network: Any, brought: Any, image: Path | None) -> dict[str, Any]:
    """What the page has of weights and of a picture."""
    from cnngraph.units import units
    from cnngraph.viewer.weights import weights_of

    brought, parts = asked.model(network, brought)
    chosen = asked.choose(network, brought)
    whole = units(network)
    found: dict[str, Any] = {"weights": weights_of(whole, chosen)}
    if image is not None:
        from cnngraph.preprocessing import UNSAID
        from cnngraph.verbs import session
        from cnngraph.viewer.maps import live, with_all
        from cnngraph.weights.initialise import RandomWeights

        loaded = session(with_all(network), lambda: chosen, parts)
        if isinstance(chosen, RandomWeights):
            click.echo("the answers mean nothing: give --weights for real ones", err=True)
        elif loaded.about.pictures is None:
            click.echo(UNSAID, err=True)
        found["live"] = live(whole, loaded, chosen, image)
    return found
