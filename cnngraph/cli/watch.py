"""`cnngraph watch`"""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cnngraph.cli.inputs import named, network_options
from cnngraph.cli.looks import style_option, theme_option, width_option

if TYPE_CHECKING:
    from cnngraph.preview.state import Drawn

_PAUSE = 0.2
"""Seconds between looks at the files."""


@click.command("watch")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path), callback=named)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="A free one unless said.")
@click.option("--open", "open_", is_flag=True, help="Open the page in the browser.")
@style_option
@width_option
@theme_option
@network_options
def command(
    file: Path,
    port: int,
    open_: bool,
    style: str | None,
    width: float | None,
    theme: str | None,
    settings: dict[str, str],
    max_nodes: int,
) -> None:
    """Show the figure in a browser, and draw it anew whenever the file is saved.

    Mistakes stand over the last figure until they are mended; at /view is the page that `view` writes, and follows
    the file too. The pages are for this machine only; Ctrl-C ends it.
    """
    from cnngraph.fronts import SPEC, format_of, source
    from cnngraph.fronts.content import opened
    from cnngraph.preview.server import Server
    from cnngraph.preview.state import State, watch

    _need_file(file)
    if format_of(opened(str(file))) is SPEC:
        source(str(file))  # says what is wrong with a file that is none
    state = State(file.name)
    server = Server(state, port)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    click.echo(f"{file} is shown at {server.address}   (Ctrl-C ends it)")
    if open_:
        click.launch(server.address)
    try:
        watch(state, lambda: _draw(file, settings, max_nodes, style, width, theme), _PAUSE, server.ending)
    except KeyboardInterrupt:
        click.echo()
    finally:
        server.ending.set()
        server.server_close()


def _need_file(file: Path) -> None:
    """Raises `CnngraphError` for a pipe or a device, from which one could wait forever."""
    from cnngraph.diagnostics import CnngraphError

    if os.path.exists(file) and not (os.path.isfile(file) or os.path.isdir(file)):
        raise CnngraphError.of("E0110", f"{file} is no file that could be saved", help="give the path of a .spec file")


def _draw(
    file: Path, settings: dict[str, str], max_nodes: int, style: str | None, width: float | None, theme: str | None
) -> Drawn:
    """The figure of *file* as it is now, or why there is none."""
    from cnngraph.diagnostics import CnngraphError
    from cnngraph.diagnostics.terminal import render
    from cnngraph.fronts import read
    from cnngraph.preview.state import Drawn
    from cnngraph.verbs import render as figure

    now = time.strftime("%H:%M:%S")
    files: tuple[Path, ...] = (file,)
    try:
        _need_file(file)
        reading = read(str(file), settings, max_nodes=max_nodes)
        files = (file, *reading.used)
        network = reading.checked()
        drawn = figure(network, style=style, width=width, theme=theme)
        svg = drawn.svg
    except CnngraphError as error:
        return Drawn("", "", now, "\n\n".join(map(render, error.diagnostics)), files)
    except Exception as error:
        # A bug: the next figure is the one without it, so this goes on.
        import traceback

        click.echo("".join(traceback.format_exception(error)), err=True, nl=False)
        what = f"this could not be drawn, which is a bug in cnngraph: {type(error).__name__}: {error}"
        return Drawn("", "", now, what, files)
    about = f"{network.counts}, style {drawn.style}"
    return Drawn(svg, about, now, "\n\n".join(map(render, reading.diagnostics)), files, network)
