"""The styles by name, and the choice between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cnngraph.diagnostics import CnngraphError
from cnngraph.figure.scene import Scene
from cnngraph.figure.theme import Theme
from cnngraph.network import Network

_DEEP = 30
"""Weighted layers from which on a chain is easier to see as a strip."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a figure is wanted of."""

    networks: Sequence[Network]
    style: str
    """A key of `STYLES`."""
    width: float
    """Points."""
    theme: Theme
    title: str | None = None
    picture: bytes | None = None
    """An image file that stands for the input."""
    fold: bool | None = None
    """Whether what repeats is drawn once; None: as the style sees fit."""
    depth: int | None = None
    """How many blocks around each other stay open; None: as many as there is room for."""
    layer: str | None = None
    """The layer that is explained."""
    names: bool = False
    """Whether layers' names are written."""
    by_dot: bool = False
    """Whether Graphviz's `dot` places the boxes."""


def draw(order: Order) -> Scene:
    """The figure; raises `CnngraphError` when the style cannot show the networks."""
    style = STYLES[order.style]
    if len(order.networks) > 1 and not style.compares:
        comparing = " or ".join(f"--style {name}" for name, each in STYLES.items() if each.compares)
        raise CnngraphError.of(
            "E0607", f"the style `{order.style}` draws one network", help=f"{comparing} compares two"
        )
    for value, taken, what in (
        (order.picture, style.takes_picture, "a picture"),
        (order.fold, style.folds, "folding"),
        (order.depth, style.folds, "folding"),
        (order.layer, style.takes_layer, "one layer (--layer)"),
        (order.names or None, order.style == "blocks", "layers' names"),
        (order.by_dot or None, order.style == "blocks", "another layout"),
    ):
        if value is not None and not taken:
            raise CnngraphError.of("E0608", f"the style `{order.style}` has no place for {what}", help=style.about)
    return style.draw(order)


def _volumes(order: Order) -> Scene:
    from cnngraph.figure.styles.volumes import volumes

    network = order.networks[0]
    title = order.title or network.title or None
    return volumes(network, width=order.width, theme=order.theme, title=title, picture=order.picture)


def _text(order: Order) -> Scene:
    from cnngraph.figure.styles.textflow import text_flow

    network = order.networks[0]
    title = order.title or network.title or None
    return text_flow(network, width=order.width, theme=order.theme, title=title, picture=order.picture, fold=order.fold)


def _strip(order: Order) -> Scene:
    from cnngraph.figure.styles.strip import strip

    titles = [order.title, *[None] * (len(order.networks) - 1)]
    return strip(order.networks, width=order.width, theme=order.theme, titles=titles)


def _units(order: Order) -> Scene:
    from cnngraph.figure.styles.columns import columns
    from cnngraph.figure.styles.written import written

    network = order.networks[0]
    if order.fold is False and len(order.networks) == 1:
        return written(
            network, width=order.width, theme=order.theme, title=order.title or network.title or network.name
        )
    titles = [order.title, *[None] * (len(order.networks) - 1)]
    return columns(order.networks, width=order.width, theme=order.theme, titles=titles)


def _blocks(order: Order) -> Scene:
    from cnngraph.figure.styles.blocks import blocks

    network = order.networks[0]
    title = order.title or network.title or network.name
    if order.by_dot:
        from cnngraph.figure.styles.graphviz import by_dot

        return by_dot(network, width=order.width, theme=order.theme, title=title)
    return blocks(
        network,
        width=order.width,
        theme=order.theme,
        title=title,
        fold=order.fold,
        depth=order.depth,
        names=order.names,
    )


def _operation(order: Order) -> Scene:
    from cnngraph.figure.styles.operation import operation

    return operation(order.networks[0], order.layer, width=order.width, theme=order.theme, title=order.title)


@dataclass(frozen=True, slots=True)
class _Style:
    draw: Callable[[Order], Scene]
    about: str
    compares: bool = False
    takes_picture: bool = False
    folds: bool = False
    takes_layer: bool = False


STYLES = {
    "volumes": _Style(_volumes, "it draws every volume of a chain as a cuboid", takes_picture=True),
    "text": _Style(_text, "it writes the volumes of a chain, with arrows between", takes_picture=True, folds=True),
    "units": _Style(_units, "it draws a column of circles for every weighted layer", compares=True, folds=True),
    "strip": _Style(_strip, "it draws one box for every weighted layer, with arcs over them", compares=True),
    "blocks": _Style(_blocks, "it draws a box for every operation, branches on lanes", folds=True),
    "operation": _Style(_operation, "it explains one layer", takes_layer=True),
}


def choose(networks: Sequence[Network]) -> tuple[str, str]:
    """The style that suits *networks*, and why."""
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
        return "blocks", error.diagnostics[0].reason or "it branches"
    return "strip", f"one path with {len(found.arcs)} shortcuts"
