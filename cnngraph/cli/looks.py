"""The options that commands which draw share."""

from __future__ import annotations

import click

from cnngraph.figure.choice import AUTO
from cnngraph.figure.page import points
from cnngraph.figure.styles import STYLES
from cnngraph.figure.theme import LIGHT, THEMES


def _points(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    try:
        return None if value is None else points(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


style_option = click.option(
    "--style", type=click.Choice([AUTO, *STYLES]), help=f"Unless said, that of the spec's @figure, or {AUTO}."
)
width_option = click.option(
    "--width",
    callback=_points,
    help="column, page, slide, or a length: 120mm, 340pt; slide unless said.",
)
theme_option = click.option("--theme", type=click.Choice(list(THEMES)), help=f"{LIGHT.name} unless said.")
