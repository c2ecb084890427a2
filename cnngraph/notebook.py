"""Networks in notebooks: a network shows itself as its figure, and a cell may be a spec.

``%load_ext cnngraph``, then a cell that begins with ``%%cnn [--name VARIABLE] [--style S] [--width W] [--theme T]
[--set K=V]`` shows the figure of the spec below it, or what is wrong with it.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from itertools import count
from typing import TYPE_CHECKING, Any

from cnngraph.diagnostics import CnngraphError
from cnngraph.network import Network

if TYPE_CHECKING:
    from cnngraph.reading import Reading

WIDTH = 960.0
"""Points: that of a slide."""
_numbers = count(1)


def svg(network: Network, style: str = "auto", width: float = WIDTH, theme: str = "light") -> str:
    """The figure as text. Raises `CnngraphError` when the style cannot show it."""
    from cnngraph.figure.styles import Order, choose, draw
    from cnngraph.figure.theme import THEMES
    from cnngraph.figure.writers.svg import write_svg

    picked = choose([network])[0] if style == "auto" else style
    return _own_ids(write_svg(draw(Order([network], picked, width, THEMES[theme])), "embedded").decode())


def _own_ids(figure: str) -> str:
    """*figure* with ids and fonts that no other has: the cells of a notebook are one page, and each figure brings its
    fonts with only the letters that are in it."""
    number = next(_numbers)

    def new(match: re.Match[str]) -> str:
        return match[1] + re.sub(r"[^ ]+", rf"cnn{number}-\g<0>", match[2])

    figure = re.sub(r'((?:\bid|aria-labelledby|aria-describedby)="|(?:href="|url\()#)([^")]+)', new, figure)
    return re.sub(r"""(?<=["'])cnngraph (?=Serif|Sans)""", f"cnngraph{number} ", figure)


def html(network: Network) -> str:
    """The figure, and below it what the network counts."""
    from html import escape

    macs = f", {network.macs:,} multiply-accumulates" if network.macs is not None else ""
    counts = f"{network.title or network.name}: {len(network):,} layers, {network.params:,} parameters{macs}"
    return f'<div style="background: white">{svg(network)}</div><p>{escape(counts)}</p>'


class Figure:
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


def show(text: str, arguments: Sequence[str] = ()) -> tuple[Figure, Network | None, str]:
    """What a cell with the spec *text* shows, its network if it has one, and the variable that is to hold it."""
    from cnngraph.cli.render import STYLES
    from cnngraph.diagnostics.terminal import render
    from cnngraph.fronts.spec import read_source
    from cnngraph.source import Source

    parser = argparse.ArgumentParser(prog="%%cnn", add_help=False, exit_on_error=False)
    parser.add_argument("--name", default="")
    parser.add_argument("--style", default="auto", choices=STYLES)
    parser.add_argument("--width", type=float, default=WIDTH)
    parser.add_argument("--theme", default="light", choices=["light", "dark", "print", "colorblind"])
    parser.add_argument("--set", action="append", default=[], metavar="K=V")
    try:
        options, rest = parser.parse_known_args(list(arguments))
        if rest:
            raise ValueError(f"%%cnn has no {rest[0]}")
        settings = dict(each.split("=", 1) for each in options.set)
    except (argparse.ArgumentError, ValueError) as error:
        return Figure("", f"{error}\n{parser.format_usage()}"), None, ""
    reading: Reading = read_source(Source("cell", text.replace("\r\n", "\n")), settings)
    remarks = "\n\n".join(map(render, reading.diagnostics))
    if reading.network is None:
        return Figure("", remarks), None, options.name
    try:
        figure = svg(reading.network, options.style, options.width, options.theme)
    except CnngraphError as error:
        return Figure("", "\n\n".join(map(render, error.diagnostics))), reading.network, options.name
    return Figure(figure, remarks), reading.network, options.name


def load_ipython_extension(shell: Any) -> None:
    """Makes ``%%cnn`` known to IPython's *shell*."""
    import shlex

    def cnn(line: str, cell: str) -> Figure:
        figure, network, name = show(cell, shlex.split(line))
        if name and network is not None:
            shell.user_ns[name] = network
        return figure

    shell.register_magic_function(cnn, "cell", "cnn")
