"""`cnngraph render`"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cnngraph.cli.inputs import network_options, output_stem, read_networks
from cnngraph.diagnostics import CnngraphError

if TYPE_CHECKING:
    from cnngraph.figure.scene import Scene
    from cnngraph.network import Network

STYLES = ("auto", "volumes", "text", "units", "strip", "blocks", "operation")
FORMATS = ("svg", "png", "pdf", "tex", "html", "dot")
WIDTHS = {"column": 252.0, "page": 504.0, "slide": 960.0}
"""Points: a column and the full width of a two-column paper, and a 16:9 slide."""
_MM = 72 / 25.4


def _width(ctx: click.Context, param: click.Parameter, value: str) -> float:
    if value in WIDTHS:
        return WIDTHS[value]
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(mm|pt)", value)
    if not match:
        raise click.BadParameter(f"{value!r} is none of column, page, slide, or a length such as 120mm or 340pt")
    width = float(match[1]) * (_MM if match[2] == "mm" else 1)
    if not 72 <= width <= 14400:
        raise click.BadParameter(f"{value} is not between 72pt and 14400pt")
    return width


width_option = click.option(
    "--width",
    callback=_width,
    default="slide",
    show_default=True,
    help="column, page, slide, or a length: 120mm, 340pt.",
)


@click.command("render")
@click.argument("file", metavar="FILE")
@click.argument("file2", metavar="[FILE2]", required=False)
@click.option("-o", "--output", metavar="OUT", help="The file to write, - for standard output; NAME.svg unless said.")
@click.option("--style", type=click.Choice(STYLES), default="auto", show_default=True)
@click.option("--format", "format_", type=click.Choice(FORMATS), help="Of the file; its suffix says it else.")
@click.option(
    "--fold/--no-fold", default=None, help="What repeats once, with how often; as the page needs unless said."
)
@click.option("--depth", type=click.IntRange(min=0), help="How many blocks around each other stay open.")
@width_option
@click.option(
    "--theme", type=click.Choice(["light", "dark", "print", "colorblind"]), default="light", show_default=True
)
@click.option("--layout", type=click.Choice(["own", "dot"]), default="own", show_default=True, help="Who places boxes.")
@click.option("--layer", metavar="NAME", help="The layer that the style `operation` explains.")
@click.option("--title", metavar="T", help="Instead of the network's own.")
@click.option("--image", type=click.Path(path_type=Path), help="A picture to stand for the input.")
@click.option("--dpi", type=click.IntRange(36, 1200), default=192, show_default=True, help="Of a PNG.")
@click.option("--names", is_flag=True, help="Layers' names, as in the table and the ONNX file.")
@click.option("--counts", is_flag=True, help="Parameters and multiply-accumulates below the figure.")
@click.option("--steps", is_flag=True, help="A file for every layer that joins: NAME-1.svg, NAME-2.svg, ...")
@click.option("--snippet", is_flag=True, help="Of a .tex file only the tikzpicture, to be taken in by \\input.")
@click.option("--outline", is_flag=True, help="Text of an SVG as shapes, for programs that take no fonts from a file.")
@network_options
def command(
    file: str,
    file2: str | None,
    output: str | None,
    style: str,
    format_: str | None,
    fold: bool | None,
    depth: int | None,
    width: float,
    theme: str,
    layout: str,
    layer: str | None,
    title: str | None,
    image: Path | None,
    dpi: int,
    names: bool,
    counts: bool,
    steps: bool,
    snippet: bool,
    outline: bool,
    settings: dict[str, str],
    max_nodes: int,
) -> None:
    """Draw the network; with two, one under the other, layer by layer."""
    format_ = _format(output, format_)
    if layer is not None and style == "auto":
        style = "operation"
    if layout == "dot" and style == "auto":
        style = "blocks"
    networks = read_networks([file, *([file2] if file2 else [])], settings, max_nodes)
    if format_ == "dot":
        _save(output, networks, format_, _dot(networks))
        return
    from cnngraph.figure.styles import Order, choose, draw
    from cnngraph.figure.theme import THEMES

    if style == "auto":
        style, why = choose(networks)
        click.echo(f"style {style}: {why}", err=True)
    picture = _read(image) if image else None
    scene = draw(
        Order(networks, style, width, THEMES[theme], title, picture, fold, depth, layer, names, layout == "dot")
    )
    for remark in scene.remarks:
        click.echo(remark, err=True)
    if counts:
        from cnngraph.figure.stages import with_footer

        scene = with_footer(scene, [_counts(network, len(networks) > 1) for network in networks], THEMES[theme])
    if not steps:
        _save(output, networks, format_, _written(scene, format_, dpi, outline, snippet))
        return
    if output == "-":
        raise click.UsageError("--steps writes several files; give -o a name")
    from cnngraph.figure.stages import stages

    scenes = stages(scene)
    path = Path(output or f"{_stem(networks)}.{format_}")
    for number, stage in enumerate(scenes, start=1):
        name = f"{path.stem}-{number:0{len(str(len(scenes)))}}{path.suffix}"
        _save(str(path.with_name(name)), networks, format_, _written(stage, format_, dpi, outline, snippet))


def _counts(network: Network, named: bool) -> str:
    macs = f", {network.macs:,} multiply-accumulates" if network.macs is not None else ""
    return f"{f'{network.title or network.name}: ' if named else ''}{network.params:,} parameters{macs}"


def _dot(networks: list[Network]) -> bytes:
    from cnngraph.figure.dot import dot

    if len(networks) > 1:
        raise CnngraphError.of("E0607", "a DOT file holds one network", help="--style strip compares two")
    return dot(networks[0]).encode("utf-8")


def _written(scene: Scene, format_: str, dpi: int, outline: bool, snippet: bool) -> bytes:
    match format_:
        case "png":
            from cnngraph.figure.writers.png import write_png

            return write_png(scene, dpi=dpi)
        case "pdf":
            from cnngraph.figure.writers.pdf import write_pdf

            return write_pdf(scene)
        case "tex":
            from cnngraph.figure.writers.tikz import write_tikz

            return write_tikz(scene, document=not snippet)
        case "html":
            from cnngraph.figure.writers.html import write_html

            return write_html(scene)
    from cnngraph.figure.writers.svg import write_svg

    return write_svg(scene, "outlined" if outline else "embedded")


def _save(output: str | None, networks: list[Network], format_: str, data: bytes) -> None:
    if output == "-":
        sys.stdout.buffer.write(data)
        return
    from cnngraph.files import write

    path = Path(output or f"{_stem(networks)}.{format_}")
    write(path, data)
    click.echo(path)


def _stem(networks: list[Network]) -> str:
    return "-".join(output_stem(network) for network in networks)


def _format(output: str | None, format_: str | None) -> str:
    suffix = Path(output).suffix.lower().removeprefix(".") if output and output != "-" else ""
    if format_ is None and suffix and suffix not in FORMATS:
        raise click.UsageError(
            f"-o {output}: no format is called .{suffix}; there are {', '.join(FORMATS)}, or say --format"
        )
    return format_ or suffix or "svg"


def _read(image: Path) -> bytes:
    try:
        return image.read_bytes()
    except OSError as error:
        raise CnngraphError.of("E0605", f"cannot read the picture {image}: {error.strerror}") from None
