"""The options that commands which draw share."""

from __future__ import annotations

import click

from cnngraph.figure.choice import AUTO
from cnngraph.figure.page import points
from cnngraph.figure.styles import STYLES
from cnngraph.figure.typeface import SUFFIXES, WORDS, is_font
from cnngraph.figure.writers import DPI
from cnngraph.look import THEMES, shown


def _points(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    try:
        return None if value is None else points(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


class _Theme(click.ParamType):  # type: ignore[type-arg]
    """The name of a theme, or a file of one."""

    name = "theme"

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        return f"[{'|'.join(THEMES)}|FILE.toml]"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value not in THEMES and not value.lower().endswith(".toml"):
            self.fail(f"{value!r} is none of {', '.join(THEMES)}, and no FILE.toml", param, ctx)
        return value


def _shown(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[str, ...] | None:
    try:
        return None if value is None else shown(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _font(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is not None and not is_font(value):
        raise click.BadParameter(f"{value!r} is none of {', '.join(WORDS)}, and no file ({', '.join(SUFFIXES)})")
    return value


show_option = click.option(
    "--show",
    metavar="WORDS",
    callback=_shown,
    help="Silent layers to be named: bn,relu,dropout,lrn,softmax, or others.",
)
style_option = click.option(
    "--style", type=click.Choice([AUTO, *STYLES]), help=f"Unless said, that of the spec's @figure, or {AUTO}."
)
width_option = click.option(
    "--width",
    callback=_points,
    help="column, page, slide, or a length: 120mm, 16cm, 7in, 340pt; slide unless said.",
)
font_option = click.option(
    "--font",
    metavar=f"[{'|'.join(WORDS)}|FILE.otf]",
    callback=_font,
    help="What all text is set in: a family that ships, or a file of yours, with #2 for its second face.",
)
dpi_option = click.option("--dpi", type=click.IntRange(36, 1200), help=f"Of a PNG; {DPI:g} unless said.")
theme_option = click.option("--theme", type=_Theme(), help=f"Its colours; {THEMES[0]} unless said.")
