"""The styles by name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from cnngraph.diagnostics import CnngraphError, Diagnostic, Label
from cnngraph.figure.page import height, is_slide
from cnngraph.figure.typeface import using
from cnngraph.layers import KINDS
from cnngraph.network import NOTE, Network
from cnngraph.titles import told_apart
from cnngraph.units import units

if TYPE_CHECKING:
    from cnngraph.figure.colors import Color
    from cnngraph.figure.live import Live
    from cnngraph.figure.scene import Scene
    from cnngraph.figure.theme import Theme
    from cnngraph.figure.typeface import Typeface


@dataclass(frozen=True, slots=True)
class Order:
    """What a figure is wanted of."""

    networks: Sequence[Network]
    style: str
    """A key of `STYLES`."""
    width: float
    """Points."""
    theme: Theme
    typeface: Typeface | None = None
    """Its fonts; None: those that ship."""
    title: str | None = None
    picture: bytes | None = None
    """An image file that stands for the input."""
    live: Callable[[], Live] | None = None
    """Gives what the network makes of a picture: it runs only for a style that has a place for that."""
    fold: bool | None = None
    """Whether what repeats is drawn once; None: as the style sees fit."""
    depth: int | None = None
    """How many blocks around each other stay open; None: as many as there is room for."""
    layer: str | None = None
    """The layer that is explained."""
    cell: tuple[int, int] | None = None
    """The row and column, from 0, of the cell of it that is marked."""
    names: bool = False
    """Whether layers' names are written."""
    with_blocks: bool = False
    """Whether its blocks stand below, each once and open."""
    show: tuple[str, ...] = ()
    """Words of silent layers that are named."""
    down: bool = False
    """Whether it runs from top to bottom."""
    by_dot: bool = False
    """Whether Graphviz's `dot` places the boxes."""


_NAMED = 12
"""Characters that are named where the fonts lack more."""
_LABELS = 3
"""Labels that are named where a figure lacks more."""
_FEW = 3
"""Weighted layers up to which a residual block is one slide."""
LAYOUTS = {"own": False, "dot": True}
"""Who places boxes, by name: the value of `Order.by_dot`."""


WISHES = {
    "title": "a title",
    "picture": "a picture",
    "live": "a network's numbers (--live)",
    "fold": "folding",
    "depth": "blocks kept open (--depth)",
    "layer": "one layer (--layer)",
    "cell": "one cell (--cell)",
    "names": "layers' names",
    "with_blocks": "blocks opened below (--with-blocks)",
    "show": "silent layers (--show)",
    "down": "running from top to bottom (--down)",
    "by_dot": "another layout",
}
"""What an order may ask of a style, in words; networks, width and theme are every style's."""


def draw(order: Order) -> Scene:
    """The figure, in its typeface; raises `CnngraphError` when the style cannot show the networks, or not what is asked
    of it."""
    with using(order.typeface):
        scene = with_unknown(_with_cut_title(replace(_drawn(order), typeface=order.typeface), order))
        unmet = order.theme.unmet(order.networks, KINDS)
        return replace(scene, remarks=(*scene.remarks, *unmet, *_uncolored(scene, order)))


def _uncolored(scene: Scene, order: Order) -> Iterator[str]:
    """What is to be said of colours for layers, where a figure of all of them has no place for these."""
    from cnngraph.figure.scene import colors

    if not STYLES[order.style].whole:
        return
    seen: dict[str, set[Color]] = {}
    for group in scene.groups():
        for name in group.layers:
            seen.setdefault(name, set()).update(colors(group))
    if names := list(order.theme.unseen(order.networks, seen)):
        said = ", ".join(f"`{name}`" for name in names[:_NAMED])
        yield f"nothing in this figure has the colour that the theme {order.theme.name} has for {said}"


def with_unknown(scene: Scene) -> Scene:
    """*scene*, with what is to be said of its typeface, and where a font is needed that has more characters."""
    from cnngraph.figure.scene import Text
    from cnngraph.figure.text import lacking

    if scene.typeface is not None and scene.typeface.remark:
        scene = replace(scene, remarks=(*scene.remarks, scene.typeface.remark))
    missing = lacking((item.content, item.font) for item in scene.primitives() if isinstance(item, Text))
    if not missing:
        return scene
    remark = (
        f"the figure's fonts have no {' '.join(missing[:_NAMED])}{' …' * (len(missing) > _NAMED)}: PNG, PDF and text as"
        " shapes show □, an SVG takes a font of the reader's; --font FILE.otf takes one that has them"
    )
    return replace(scene, remarks=(*scene.remarks, remark))


def _drawn(order: Order) -> Scene:
    style, name = STYLES[order.style], f"the style `{order.style}`"
    from cnngraph.figure.stages import told_kinds, untitled

    takes = style.takes
    if len(order.networks) > 1:
        if style.comparing is None:
            comparing = " or ".join(f"--style {name}" for name, each in STYLES.items() if each.comparing is not None)
            raise CnngraphError.of("E0607", f"{name} draws one network", help=f"{comparing} compares two")
        takes = style.comparing
        name += " of two networks"
    elif order.by_dot and style.by_dot is not None:
        style, name = style.by_dot, "the layout `dot`"
        takes = style.takes
    refuse(name, order, takes, style.about)
    order = replace(order, theme=order.theme.of(order.networks))
    order = replace(order, networks=told_apart(order.networks))
    # Without a title one is drawn in its place and taken away.
    scene = style.draw(replace(order, title="." if order.title == "" else order.title))
    if order.picture is not None and not style.frames:
        from cnngraph.figure.pictured import pictured

        scene = pictured(scene, order.networks[0], order.picture, order.theme)
    if order.title == "":
        named = " and ".join(network.title or network.name for network in order.networks)
        scene = replace(untitled(scene), title=named if style.whole else f"{named}: {order.layer}")
    if order.with_blocks:
        from cnngraph.figure.opened import with_opened

        scene = with_opened(scene, order.networks[0], order.width, order.theme, order.show, down=order.down)
    if order.live is not None:
        from cnngraph.figure.live import told

        scene = told(scene, order.live(), order.theme)
    scene = told_kinds(scene, order.networks)
    if style.whole:
        hold_to_truth(scene, order.networks)
    if any(output.label for network in order.networks for output in network.outputs):
        from cnngraph.figure.words import with_outlets

        scene = with_outlets(scene, order.networks, order.theme, order.width)
    if style.speaks:
        _hold_to_labels(scene, order.style, name, order.networks)
    if style.whole:
        scene = _with_unbracketed(scene, name, order.networks)
    if style.speaks and style.whole:
        scene = _with_lines(scene, name, order)
    if any(each.name == NOTE for network in order.networks for layer in network for each in layer.annotations):
        from cnngraph.figure.notes import with_notes

        scene = with_notes(scene, order.networks, order.theme, order.width)
    if scene.height > (page := height(order.width)):
        said = (
            f"the figure is {scene.height:.0f} pt high, and a {'slide' if is_slide(order.width) else 'page'} {page:g}"
        )
        scene = replace(scene, remarks=(*scene.remarks, said))
    return scene


def _with_cut_title(scene: Scene, order: Order) -> Scene:
    """*scene*, which was *order*ed, with a remark where there was not room for all of its title."""
    from cnngraph.figure.scene import Text

    first = next(iter(scene.items), None)
    whole = {order.title, *(network.title for network in order.networks)}
    if not isinstance(first, Text) or not first.content.endswith("…") or first.content in whole:
        return scene
    return replace(scene, remarks=(*scene.remarks, 'the title is too long for this width: --title "…" gives another'))


def hold_to_truth(scene: Scene, networks: Sequence[Network]) -> None:
    """Raises `CnngraphError` (E0616) when *scene* is not a figure of *networks*: a bug of the style."""
    from cnngraph.figure.truth import untrue

    if wrong := untrue(scene, networks):
        more = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        raise CnngraphError.of(
            "E0616",
            f"the figure of {' and '.join(network.name for network in networks)} would not be true",
            reason=f"{wrong[0]}{more}",
            help="this is a mistake in cnngraph, please report it; another --style or --depth may do",
        )


def _with_unbracketed(scene: Scene, name: str, networks: Sequence[Network]) -> Scene:
    """*scene*, a figure by *name*, with a remark where it opens blocks with labels that it does not say."""
    from cnngraph.figure.words import unbracketed

    if not (lacks := [f"“{each.label}” of {each.thing}" for each in unbracketed(scene, networks)]):
        return scene
    more = f" and {len(lacks) - _LABELS} more" if len(lacks) > _LABELS else ""
    remark = (
        f"{name} has no place for labels of blocks that stand open, {', '.join(lacks[:_LABELS])}{more}: `blocks`"
        " has them in frames, with --depth 0 in boxes, `strip` and `units` in brackets"
    )
    return replace(scene, remarks=(*scene.remarks, remark))


def _with_lines(scene: Scene, name: str, order: Order) -> Scene:
    """*scene*, a figure by *name*, with what the author says on lines, and a remark where there is no room for it."""
    from cnngraph.figure.words import with_lines

    scene, lacks = with_lines(scene, order.networks, order.theme)
    if not lacks:
        return scene
    said = [f"“{each.label}” on {each.thing}" for each in lacks]
    more = f" and {len(said) - _LABELS} more" if len(said) > _LABELS else ""
    remark = f"{name} has no room for {', '.join(said[:_LABELS])}{more}: a larger --width may have"
    return replace(scene, remarks=(*scene.remarks, remark))


def _hold_to_labels(scene: Scene, style: str, name: str, networks: Sequence[Network]) -> None:
    """Raises `CnngraphError` (E0608) when *scene*, a figure by *style*, called *name*, does not say what the author
    calls something that it draws."""
    from cnngraph.figure.words import unsaid

    for each in unsaid(scene, networks):
        raise CnngraphError([
            Diagnostic(
                "E0608",
                f"{name} has no place for the label of {each.thing}, “{each.label}”",
                Label(each.span) if each.span else None,
                help="a larger --width or a shorter label may do"
                + (", and --style blocks has a place for each" if style != "blocks" else ""),
            )
        ])  # fmt: skip


def refuse(name: str, order: Order, takes: Collection[str], help: str) -> None:
    """Raises `CnngraphError` (E0608) when *order* asks for what *name*, which heeds *takes*, has no place for."""
    for wish in wishes(order):
        if wish not in takes:
            heed = [f"`{style}`" for style, each in STYLES.items() if wish in each.heeds(order)]
            more = f"; {', '.join(heed)} {'has' if len(heed) == 1 else 'have'} one" if heed else ""
            raise CnngraphError.of("E0608", f"{name} has no place for {WISHES[wish]}", help=f"{help}{more}")


def wishes(order: Order) -> list[str]:
    """What *order* asks of a style: keys of `WISHES`."""
    asked = [field for field in fields(order) if field.name in WISHES]
    return [field.name for field in asked if getattr(order, field.name) is not field.default]


def _volumes(order: Order) -> Scene:
    from cnngraph.figure.styles.volumes import volumes

    network = order.networks[0]
    title = order.title or network.title or None
    return volumes(
        network,
        width=order.width,
        theme=order.theme,
        title=title,
        picture=order.picture,
        live=order.live,
        show=order.show,
    )


def _text(order: Order) -> Scene:
    from cnngraph.figure.styles.textflow import text_flow

    network = order.networks[0]
    title = order.title or network.title or None
    return text_flow(
        network,
        width=order.width,
        theme=order.theme,
        title=title,
        picture=order.picture,
        fold=order.fold,
        show=order.show,
    )


def _strip(order: Order) -> Scene:
    from cnngraph.figure.styles.strip import strip

    return strip(
        order.networks,
        width=order.width,
        theme=order.theme,
        title=order.title,
        fold=order.fold,
        show=order.show,
        down=order.down,
    )


def _units(order: Order) -> Scene:
    from cnngraph.figure.stages import above
    from cnngraph.figure.styles.columns import columns
    from cnngraph.figure.styles.written import written

    network = order.networks[0]
    if order.fold is False and len(order.networks) == 1:
        return written(
            network, width=order.width, theme=order.theme, title=order.title or network.title or network.name
        )
    drawn = columns(
        order.networks,
        width=order.width,
        theme=order.theme,
        title=order.title,
        fold=order.fold,
        show=order.show,
    )
    if order.fold or len(order.networks) > 1 or not _is_one_block(network):
        return drawn
    try:
        both = above(drawn, written(network, width=order.width, theme=order.theme, title=None))
    except CnngraphError:
        return drawn
    return both if both.height <= height(order.width) else drawn


def _is_one_block(network: Network) -> bool:
    """Whether it is one shortcut over a few layers: what the slide shows as columns, and written out below."""
    return len(network.shortcuts) == 1 and sum(unit.weighted for unit in units(network).units) <= _FEW


def _blocks(order: Order) -> Scene:
    from cnngraph.figure.styles.blocks import several

    return several(
        order.networks,
        width=order.width,
        theme=order.theme,
        title=order.title,
        fold=order.fold,
        depth=order.depth,
        names=order.names,
        show=order.show,
        down=order.down,
    )


def _overview(order: Order) -> Scene:
    from cnngraph.figure.styles.overview import overview

    return overview(order.networks[0], width=order.width, theme=order.theme, title=order.title)


def _slabs(order: Order) -> Scene:
    from cnngraph.figure.styles.slabs import slabs

    return slabs(
        order.networks[0],
        width=order.width,
        theme=order.theme,
        title=order.title,
        fold=order.fold,
        show=order.show,
    )


def _by_dot(order: Order) -> Scene:
    from cnngraph.figure.styles.graphviz import by_dot

    network = order.networks[0]
    title = order.title or network.title or network.name
    return by_dot(network, width=order.width, theme=order.theme, title=title)


def _operation(order: Order) -> Scene:
    from cnngraph.figure.styles.operation import operation

    return operation(
        order.networks[0],
        order.layer,
        width=order.width,
        theme=order.theme,
        title=order.title,
        cell=order.cell,
        picture=order.picture,
        live=order.live,
    )


@dataclass(frozen=True)
class Style:
    """A way to draw networks: a function, and what may be asked of it."""

    draw: Callable[[Order], Scene]
    about: str
    takes: tuple[str, ...]
    """What of an order it heeds: keys of `WISHES`. Anything else is refused: it would be looked for in vain."""
    comparing: tuple[str, ...] | None = None
    """What it heeds when it draws several networks; None: it draws one."""
    whole: bool = True
    """Whether it shows all of a network."""
    speaks: bool = True
    """Whether it has words at everything that it draws."""
    frames: bool = False
    """Whether it draws a picture as the input; else it stands beside what it draws."""
    by_dot: Style | None = None
    """The same with its boxes where Graphviz's `dot` puts them."""

    def heeds(self, order: Order) -> tuple[str, ...]:
        """What it takes for as many networks as *order* has."""
        return self.takes if len(order.networks) == 1 else self.comparing or ()


STYLES = {
    "volumes": Style(
        _volumes,
        "it draws every volume of a chain as a cuboid",
        ("title", "picture", "live", "show"),
        frames=True,
    ),
    "text": Style(
        _text,
        "it writes the volumes of a chain, with arrows between",
        ("title", "picture", "fold", "show"),
        frames=True,
    ),
    "units": Style(
        _units,
        "it draws a column of circles for every weighted layer",
        ("title", "picture", "fold", "show"),
        ("title", "fold", "show"),
    ),
    "strip": Style(
        _strip,
        "it draws one box for every weighted layer, with arcs over them",
        ("title", "picture", "fold", "with_blocks", "show", "down"),
        ("title", "fold", "show", "down"),
    ),
    "blocks": Style(
        _blocks,
        "it draws a box for every operation, branches on lanes",
        ("title", "picture", "fold", "depth", "names", "with_blocks", "show", "down"),
        ("title", "fold", "depth", "names", "show", "down"),
        by_dot=Style(_by_dot, "it draws a box for every unit, all of them", ("title", "by_dot")),
    ),
    "overview": Style(
        _overview, "it draws the whole graph in little, and one module enlarged", ("title", "picture"), speaks=False
    ),
    "slabs": Style(
        _slabs,
        "it draws every volume as a slab, in the row of its resolution",
        ("title", "picture", "fold", "with_blocks", "show"),
    ),
    "operation": Style(
        _operation,
        "it explains one layer",
        ("title", "layer", "cell", "picture", "live"),
        whole=False,
        speaks=False,
        frames=True,
    ),
}
