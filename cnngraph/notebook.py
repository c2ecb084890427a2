"""Networks in notebooks: a network shows itself as its figure, and a cell may be a spec.

``%load_ext cnngraph``, then a cell that begins with ``%%cnn [--name VARIABLE] [--style S] [--width W] [--theme T]
[--set K=V]`` shows the figure of the spec below it, or what is wrong with it.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cnngraph.diagnostics import CnngraphError
from cnngraph.network import Network

if TYPE_CHECKING:
    from cnngraph.reading import Reading


class Shown:
    """A figure, and what there is to say about it, as a cell's result."""

    def __init__(self, figure: str, remarks: str = "") -> None:
        self.figure = figure
        self.remarks = remarks

    def _repr_html_(self) -> str:
        from html import escape

        said = f'<pre style="white-space: pre-wrap">{escape(self.remarks)}</pre>' if self.remarks else ""
        return f'<div style="background: white">{self.figure}</div>{said}' if self.figure else said

    def __repr__(self) -> str:
        return self.remarks or "<figure>"


def show(text: str, arguments: Sequence[str] = ()) -> tuple[Shown, Network | None, str]:
    """What a cell with the spec *text* shows, its network if it has one, and the variable that is to hold it."""
    from cnngraph.diagnostics.terminal import render
    from cnngraph.figure.choice import AUTO
    from cnngraph.figure.styles import STYLES
    from cnngraph.figure.theme import THEMES
    from cnngraph.fronts.spec import read_source
    from cnngraph.source import Source
    from cnngraph.verbs import render as figure

    parser = argparse.ArgumentParser(prog="%%cnn", add_help=False, exit_on_error=False)
    parser.add_argument("--name", default="")
    parser.add_argument("--style", choices=[AUTO, *STYLES])
    parser.add_argument("--width", type=_width)
    parser.add_argument("--theme", choices=list(THEMES))
    parser.add_argument("--set", action="append", default=[], metavar="K=V")
    try:
        options, rest = parser.parse_known_args(list(arguments))
        if rest:
            raise ValueError(f"%%cnn has no {rest[0]}")
        settings = dict(each.split("=", 1) for each in options.set)
    except (argparse.ArgumentError, ValueError) as error:
        return Shown("", f"{error}\n{parser.format_usage()}"), None, ""
    reading: Reading = read_source(Source("cell", text.replace("\r\n", "\n")), settings)
    remarks = "\n\n".join(map(render, reading.diagnostics))
    if reading.network is None:
        return Shown("", remarks), None, options.name
    try:
        drawn = figure(reading.network, style=options.style, width=options.width, theme=options.theme)
        svg = drawn._repr_svg_()
    except CnngraphError as error:
        return Shown("", "\n\n".join(map(render, error.diagnostics))), reading.network, options.name
    return Shown(svg, remarks), reading.network, options.name


def _width(text: str) -> float:
    """A number of points, or what `cnngraph render` takes."""
    from cnngraph.figure.page import points

    try:
        number = float(text)
    except ValueError:
        return points(text)
    return points(number)


def load_ipython_extension(shell: Any) -> None:
    """Makes ``%%cnn`` known to IPython's *shell*."""
    import shlex

    def cnn(line: str, cell: str) -> Shown:
        figure, network, name = show(cell, shlex.split(line))
        if name and network is not None:
            shell.user_ns[name] = network
        return figure

    shell.register_magic_function(cnn, "cell", "cnn")
