"""`cnngraph view`"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cnngraph.cli.inputs import named, network_options, output_stem, picture_option, read_model, read_networks
from cnngraph.cli.weights import Asked, weight_options

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cnngraph.network import Network
    from cnngraph.viewer.pixels import Array
    from cnngraph.weights.source import Weights


@click.command("view")
@click.argument("file", metavar="FILE", callback=named)
@click.option("-o", "--output", metavar="OUT", help="The page to write, - for standard output; NAME.html unless said.")
@click.option("--open", "open_", is_flag=True, help="Open the page in the browser.")
@picture_option("A picture to go through the network.")
@click.option(
    "--occlusion",
    type=click.IntRange(2, 32),
    metavar="N",
    help="Where in the picture the answers come from, by N by N grey windows: as many runs.",
)
@click.option(
    "--times", metavar="T.json", help="Seconds of layers, as `bench --layers --json` prints them: heat by time."
)
@click.option(
    "--compare", "other", metavar="FILE2", callback=named, help="Both networks in the page, with what was changed."
)
@weight_options
@network_options
def command(
    file: str,
    output: str | None,
    open_: bool,
    image: Path | None,
    occlusion: int | None,
    times: str | None,
    other: str | None,
    asked: Asked,
    settings: dict[str, str],
    max_nodes: int,
) -> None:
    """Write an interactive page: blocks open and close, layers are found, counted and explained.

    The page is one file that needs nothing else: it opens from disk, by mail, and without a network. With weights it
    has their histograms, with a picture what every layer makes of it. --compare is by structure, as `diff` is.
    """
    if output and output != "-" and Path(output).suffix.lower() not in (".html", ".htm"):
        raise click.UsageError(f"-o {output}: the page is HTML, and its name ends in .html; figures are `render`'s")
    from cnngraph.verbs import comparison, page

    if open_ and output == "-":
        raise click.UsageError("--open needs a file, and -o - writes none")
    if occlusion is not None and image is None:
        raise click.UsageError("--occlusion is of a picture: give --image")
    if other is not None:
        if asked.anything or image is not None or times is not None:
            raise click.UsageError("--compare is of structure alone; numbers are compared by `diff --weights --image`")
        networks = read_networks([file, other], settings, max_nodes)
        _write(comparison(*networks), output, "-".join(map(output_stem, networks)), open_)
        return
    network, brought = read_model(file, settings, max_nodes)
    weights = parts = None
    if asked.anything or image is not None:
        brought, parts = asked.model(network, brought)
        weights = asked.choose(network, brought)
    data = page(network, weights, parts, image=image, times=times, occlusion=occlusion, track=_shown)
    if image is not None:
        _remark(network, weights)
    _write(data, output, output_stem(network), open_)


def _shown(windows: Sequence[Array]) -> Iterable[Array]:
    """*windows* one after the other, with how far it is where someone looks."""
    from rich.console import Console
    from rich.progress import track

    hidden = not sys.stderr.isatty()
    return track(windows, "occlusion", console=Console(stderr=True), disable=hidden, transient=True)


def _write(data: bytes, output: str | None, stem: str, open_: bool) -> None:
    if output == "-":
        sys.stdout.buffer.write(data)
        return
    from cnngraph.files import write

    path = Path(output or f"{stem}.html")
    write(path, data)
    click.echo(path)
    if open_:
        click.launch(path.absolute().as_uri())


def _remark(network: Network, weights: Weights | None) -> None:
    """Says what of the answers means nothing."""
    from cnngraph.preprocessing import UNSAID, preprocessing
    from cnngraph.weights.initialise import RandomWeights

    if isinstance(weights, RandomWeights):
        click.echo("the answers mean nothing: give --weights for real ones", err=True)
    elif all(preprocessing(layer) is None for layer in network.inputs):
        click.echo(UNSAID, err=True)
