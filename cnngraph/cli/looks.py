"""The options that commands which draw share."""

from __future__ import annotations

import click

from cnngraph.figure.choice import AUTO
from cnngraph.figure.page import points
from cnngraph.figure.styles import STYLES
from cnngraph.figure.theme import LIGHT, THEMES


def _points(ctx: click.Context, param: click.Parameter, value: str) -> float:
    try:
        return points(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


style_option = click.option("--style", type=click.Choice([AUTO, *STYLES]), default=AUTO, show_default=True)
width_option = click.option(
    "--width",
    callback=_points,
    default="slide",
    show_default=True,
    help="column, page, slide, or a length: 120mm, 340pt.",
)
theme_option = click.option("--theme", type=click.Choice(list(THEMES)), default=LIGHT.name, show_default=True)
