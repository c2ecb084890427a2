"""The blocks of a network, each once and open, below its figure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass, replace

from cnngraph.diagnostics import CnngraphError
from cnngraph.figure.scene import Group, Item, Primitive, Rect, Scene, Stroke, Text
from cnngraph.figure.slabs.nodes import Detail, Node, nodes, same_words
from cnngraph.figure.slabs.resolution import resolutions
from cnngraph.figure.stages import moved, retold, untitled
from cnngraph.figure.styles.blocks import blocks
from cnngraph.figure.text import ascent
from cnngraph.figure.theme import Theme
from cnngraph.network import Network, Output
from cnngraph.units import units

_PAD, _GAP = 0.6, 1.4
"""Ems around what is in a frame, and between frames."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A block that stands for all of its name."""

    name: str
    times: int
    """How often one of the name is in the network."""
    network: Network
    """Its layers, behind an input for what it takes."""


def opened(network: Network) -> list[Opened]:
    """The blocks of *network*, in the order in which they come: of each name the one whose layers most of them have.

    A block is what takes one tensor and gives one, as in the style `slabs`: an innermost one of the spec, or a fork.
    """
    whole = units(network)
    found: dict[tuple[str, Hashable], list[Node]] = {}
    for node in nodes(whole, resolutions(whole), Detail.BLOCKS).nodes:
        if node.does is None:
            name = node.called(network)
            found.setdefault((name or "a fork", None if name else _look(node)), []).append(node)
    made = []
    for (name, _), alike in found.items():
        looks = list(map(_look, alike))
        ((usual, _),) = Counter(looks).most_common(1)
        made.append(Opened(name, len(alike), _alone(alike[looks.index(usual)], network)))
    return made


def _look(node: Node) -> Hashable:
    return tuple(map(same_words, node.units))


def _alone(node: Node, network: Network) -> Network:
    """The layers of *node* as a network."""
    inside = {name for unit in node.units for name in unit.names}
    layers = [layer for layer in network.layers if layer.name in inside]
    (source,) = dict.fromkeys(name for layer in layers for name in layer.inputs if name not in inside)
    before = replace(network[source], inputs=(), input_volumes=(), kind=network.inputs[0].kind, block="", skips=(),
                     on_shortcut=False, annotations=(), shares="", name="previous")  # fmt: skip
    kept = [
        replace(layer, inputs=tuple("previous" if name == source else name for name in layer.inputs),
                shares=layer.shares if layer.shares in inside else "")
        for layer in layers
    ]  # fmt: skip
    last = node.last.layers[-1].name
    return replace(network, layers=(before, *kept), outputs=(Output(last, last),), title="")


def with_opened(
    scene: Scene, network: Network, width: float, theme: Theme, show: Collection[str] = (), *, down: bool = False
) -> Scene:
    """*scene*, the figure of *network*, and below it its blocks in frames, in rows of at most *width* points; silent
    layers whose words are in *show* are named in them, and *down*, they run from top to bottom.

    Raises `CnngraphError`: E0618 where there are none, E0604 where one is too wide.
    """
    found = opened(network)
    if not found:
        raise CnngraphError.of(
            "E0618", f"{network.name} has no blocks that could stand open below its figure",
            help="leave --with-blocks out",
        )  # fmt: skip
    drawn = [
        untitled(
            blocks(each.network, width=width, theme=theme, title=None, fold=False, depth=None, show=show, down=down)
        )
        for each in found
    ]
    em = max(item.size for one in drawn for item in one.primitives() if isinstance(item, Text))
    margin, gap, line = em, _GAP * em, ascent("serif", em) + 0.4 * em
    x, y, high, right = margin, scene.height, 0.0, scene.width
    items: list[Item] = []
    for each, one in zip(found, drawn, strict=True):
        if x > margin and x + one.width > width - margin:
            x, y, high = margin, y + high + gap, 0.0
        items.append(_frame(each, x, y, line, one, em, theme))
        items += [retold(moved(item, y + line, across=x)) for item in one.items]
        x, high, right = x + one.width + gap, max(high, line + one.height), max(right, x + one.width + margin)
    return replace(scene, width=right, height=y + high + margin, items=(*scene.items, *items))


def _frame(each: Opened, x: float, y: float, line: float, one: Scene, em: float, theme: Theme) -> Group:
    times = f", one of {each.times}" if each.times > 1 else ""
    drawn: Sequence[Primitive] = (
        Rect(x, y + line, one.width, one.height, None, Stroke(theme.faint, 0.06 * em)),
        Text(x, y + ascent("serif", em), f"{each.name}{times}", em, "serif", fill=theme.ink),
    )
    return Group(f"{each.name}.opened", "decoration", tuple(drawn))
