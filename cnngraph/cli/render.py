"""`cnngraph render`"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cnngraph.cli.inputs import named, network_options, output_stem, picture_option, read_networks
from cnngraph.cli.looks import dpi_option, font_option, show_option, style_option, theme_option, width_option
from cnngraph.cli.weights import Asked, weight_options
from cnngraph.figure.figure import DOT, SUFFIXES
from cnngraph.figure.styles import LAYOUTS
from cnngraph.figure.typeface import WORDS
from cnngraph.figure.writers import FORMATS, beside, write

if TYPE_CHECKING:
    from cnngraph.figure.live import Live
    from cnngraph.network import Network


def _cell(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[int, int] | None:
    if value is None:
        return None
    row, _, column = value.partition(",")
    if not (row.strip().isdecimal() and column.strip().isdecimal()):
        raise click.BadParameter(f"{value!r} is no cell, as 3,4 is that in the third row and the fourth column")
    return int(row), int(column)


@click.command("render")
@click.argument("file", metavar="FILE", callback=named)
@click.argument("file2", metavar="[FILE2]", required=False, callback=named)
@click.option("-o", "--output", metavar="OUT", help="The file to write, - for standard output; NAME.svg unless said.")
@style_option
@click.option("--format", "format_", type=click.Choice(SUFFIXES), help="Of the file; its suffix says it else.")
@click.option(
    "--fold/--no-fold", default=None, help="What repeats once, with how often; as the page needs unless said."
)
@click.option("--depth", type=click.IntRange(min=0), help="How many blocks around each other stay open.")
@width_option
@theme_option
@font_option
@click.option("--down/--no-down", default=None, help="From top to bottom, in columns, as papers print deep networks.")
@click.option("--layout", type=click.Choice(list(LAYOUTS)), help="Who places boxes; own unless said.")
@click.option("--layer", metavar="NAME", help="The layer that the style `operation` explains.")
@click.option(
    "--cell", metavar="I,J", callback=_cell, help="Row and column, from 1, of the cell of the layer that is marked."
)
@click.option("--title", metavar="T", help="Instead of the network's own; '' for none.")
@click.option("--transparent", is_flag=True, help="No ground behind the figure.")
@picture_option("A picture to stand for the input.")
@click.option("--live", is_flag=True, help="What the network makes of the picture of --image, in every volume.")
@weight_options
@dpi_option
@click.option("--with-blocks", is_flag=True, help="Below the figure its blocks, each once and open.")
@click.option("--names/--no-names", default=None, help="Layers' names, as in the table and the ONNX file.")
@show_option
@click.option("--counts", is_flag=True, help="Parameters and multiply-accumulates below the figure.")
@click.option(
    "--heat",
    metavar="WHAT",
    help="Colours by cost: params, macs, memory (of volumes), or time=FILE of `bench --layers --json`.",
)
@click.option(
    "--steps", is_flag=True, help="A file for every layer that joins: NAME-1.svg, NAME-2.svg, ...; pages of one PDF."
)
@click.option("--block-steps", is_flag=True, help="The same, block by block.")
@click.option("--snippet", is_flag=True, help="Of a .tex file only the tikzpicture, to be taken in by \\input.")
@click.option("--outline", is_flag=True, help="Text of an SVG as shapes, for programs that take no fonts from a file.")
@network_options
def command(
    file: str,
    file2: str | None,
    output: str | None,
    style: str | None,
    format_: str | None,
    fold: bool | None,
    depth: int | None,
    width: float | None,
    theme: str | None,
    font: str | None,
    down: bool | None,
    layout: str | None,
    layer: str | None,
    cell: tuple[int, int] | None,
    title: str | None,
    transparent: bool,
    image: Path | None,
    live: bool,
    asked: Asked,
    dpi: int | None,
    with_blocks: bool,
    names: bool | None,
    show: tuple[str, ...] | None,
    counts: bool,
    heat: str | None,
    steps: bool,
    block_steps: bool,
    snippet: bool,
    outline: bool,
    settings: dict[str, str],
    max_nodes: int,
) -> None:
    """Draw the network; with two, one under the other, layer by layer."""
    format_ = _format(output, format_)
    if live and file2:
        raise click.UsageError("--live is of one network: leave it or the other network out")
    if live and image is None:
        raise click.UsageError("--live shows what a network makes of a picture: give that with --image")
    if asked.anything and not live:
        raise click.UsageError("weights are for --live: a figure without it shows none")
    networks = read_networks([file, *([file2] if file2 else [])], settings, max_nodes)
    from cnngraph.verbs import figure

    drawn = figure(
        networks,
        partial(_live, networks[0], image, asked, style, layer, cell) if live and image else None,
        style=style,
        width=width,
        theme=theme,
        font=font,
        title=title,
        transparent=transparent,
        image=image,
        fold=fold,
        depth=depth,
        layer=layer,
        cell=cell,
        with_blocks=with_blocks,
        names=names,
        show=show,
        down=down,
        layout=layout,
        counts=counts,
        heat=heat,
    )
    if format_ != DOT:
        if drawn.why:
            click.echo(f"style {drawn.style}: {drawn.why}", err=True)
        for remark in drawn.scene.remarks:
            click.echo(remark, err=True)
    if format_ == "tex" and font is not None and font not in WORDS:
        click.echo("TeX sets text in its own fonts: the document says which", err=True)
    if not (steps or block_steps):
        path = None if output == "-" else Path(output or f"{_stem(networks)}.{format_}")
        data = drawn.written(format_, dpi=dpi, outline=outline, snippet=snippet, path=path)
        _save(path, data, {} if path is None or format_ == DOT else beside(drawn.scene, format_, path), image)
        return
    if output == "-":
        raise click.UsageError("--steps writes several files; give -o a name")
    if format_ == DOT:
        raise click.UsageError("--steps is of a figure, and a DOT file holds none")
    from cnngraph.figure.stages import stages

    scenes = stages(drawn.scene, networks, by_block=block_steps)
    path = Path(output or f"{_stem(networks)}.{format_}")
    if (pages := FORMATS[format_].pages) is not None:
        _save(path, pages(scenes), {}, image)
        return
    called = [f"{path.stem}-{number:0{len(str(len(scenes)))}}{path.suffix}" for number in range(1, len(scenes) + 1)]
    places = [path.with_name(name) for name in called]
    # All or none: what cannot be written is said before there is a file.
    files = [
        write(stage, format_, dpi=dpi, outline=outline, snippet=snippet, path=at)
        for stage, at in zip(scenes, places, strict=True)
    ]
    for stage, at, data in zip(scenes, places, files, strict=True):
        _save(at, data, beside(stage, format_, at), image)


def _live(
    network: Network, image: Path, asked: Asked, style: str | None, layer: str | None, cell: tuple[int, int] | None
) -> Live:
    from cnngraph.verbs import activations, explained

    of = explained(network, style, layer, cell)
    brought, parts = asked.model(network, None)
    return activations(network, image, lambda: asked.choose(network, brought), parts, of)


def _save(path: Path | None, data: bytes, pictures: Mapping[Path, bytes], image: Path | None) -> None:
    """To *path*, with the *pictures* that stand beside it, but not over the *image* that was read; without a path to
    standard output."""
    if path is None:
        sys.stdout.buffer.write(data)
        return
    from cnngraph import files

    if image is not None:
        files.keep(str(image), path, *pictures, what="the picture")
    for name, picture in pictures.items():
        files.write(name, picture)
    files.write(path, data)
    more = f", with {len(pictures)} picture{'s' * (len(pictures) > 1)} beside it" if pictures else ""
    click.echo(f"{path}{more}")


def _stem(networks: list[Network]) -> str:
    return "-".join(output_stem(network) for network in networks)


def _format(output: str | None, format_: str | None) -> str:
    if output and output != "-" and format_ is None and not Path(output).suffix:
        raise click.UsageError(
            f"-o {output}: the suffix says the format, as in {output}.svg; there are {', '.join(SUFFIXES)}, "
            "or say --format"
        )
    suffix = Path(output).suffix.lower().removeprefix(".") if output and output != "-" else ""
    if format_ is None and suffix and suffix not in SUFFIXES:
        raise click.UsageError(
            f"-o {output}: no format is called .{suffix}; there are {', '.join(SUFFIXES)}, or say --format"
        )
    return format_ or suffix or "svg"
