"""The styles by name, and the choice between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cnngraph.diagnostics import CnngraphError
from cnngraph.figure.scene import Scene
from cnngraph.figure.theme import Theme
from cnngraph.network import Network

PLANNED = ("text", "units", "blocks", "operation")
"""Styles that the command line names and this version does not draw."""
_DEEP = 30
"""Weighted layers from which on a chain is easier to see as a strip."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a figure is wanted of."""

    networks: Sequence[Network]
    style: str
    """``volumes`` or ``strip``."""
    width: float
    """Points."""
    theme: Theme
    title: str | None = None
    picture: bytes | None = None
    """An image file that stands for the input."""


def draw(order: Order) -> Scene:
    """The figure; raises `CnngraphError` when the style cannot show the networks."""
    if order.style == "volumes":
        from cnngraph.figure.styles.volumes import volumes

        if len(order.networks) > 1:
            raise CnngraphError.of("E0607", "the style `volumes` draws one network", help="--style strip compares two")
        network = order.networks[0]
        title = order.title or network.title or None
        return volumes(network, width=order.width, theme=order.theme, title=title, picture=order.picture)
    from cnngraph.figure.styles.strip import strip

    if order.picture is not None:
        raise CnngraphError.of("E0608", "the style `strip` has no place for a picture", help="--style volumes has")
    titles = [order.title, *[None] * (len(order.networks) - 1)]
    return strip(order.networks, width=order.width, theme=order.theme, titles=titles)


def choose(networks: Sequence[Network]) -> tuple[str, str]:
    """The style that suits *networks*, and why; raises `CnngraphError` when none can show them."""
    from cnngraph.figure.spine import spine
    from cnngraph.units import units

    if len(networks) > 1:
        return "strip", "it compares networks layer by layer"
    whole = units(networks[0])
    if whole.is_chain:
        deep = sum(unit.weighted for unit in whole.units)
        if deep < _DEEP:
            return "volumes", f"a chain of {deep} weighted layers"
        return "strip", f"a chain of {deep} weighted layers, too many for volumes"
    try:
        found = spine(networks[0], "strip")
    except CnngraphError as error:
        (diagnostic,) = error.diagnostics
        message = f"this version has no style that shows {networks[0].name} truthfully"
        raise CnngraphError([replace(diagnostic, code="E0610", message=message)]) from None
    return "strip", f"one path with {len(found.arcs)} shortcuts"
