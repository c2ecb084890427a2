"""The blocks of a network, each once and open, below its figure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from cnngraph.diagnostics import CnngraphError
from cnngraph.figure.dense import dense, drawn
from cnngraph.figure.scene import Group, Item, Point, Rect, Scene, Stroke, Text
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
    """*scene*, the figure of *network*, and below it its blocks in frames, in rows of at most *width* points, a dense
    block before its layers; silent layers whose words are in *show* are named in them, and *down*, they run from top to
    bottom.

    Raises `CnngraphError`: E0618 where there are none, E0604 where one is too wide.
    """
    found = opened(network)
    if not found:
        raise CnngraphError.of(
            "E0618", f"{network.name} has no blocks that could stand open below its figure",
            help="leave --with-blocks out",
        )  # fmt: skip
    panels = [
        _Panel(
            f"{each.name}{_of(each.times)}",
            untitled(
                blocks(each.network, width=width, theme=theme, title=None, fold=False, depth=None, show=show, down=down)
            ),
        )
        for each in found
    ]
    em = max(panel.em for panel in panels)
    margin, gap, line = em, _GAP * em, ascent("serif", em) + 0.4 * em
    if whole := dense(network):
        shortest = min(whole, key=lambda block: len(block.layers))
        words = f"dense block of {len(shortest.layers)} layers{_of(len(whole))}"
        panels.insert(0, _Panel(words, drawn(shortest, network, em, width - 2 * margin, theme, down=down)))
    below = _placed(panels, margin, scene.height, width - margin, gap, line)
    beside = _placed(panels, scene.width, margin, width - margin, gap, line)
    # What runs down may leave room on its right.
    placed = beside if max(scene.height, beside.bottom) < below.bottom and beside.right <= width - margin else below
    items: list[Item] = []
    for each, (x, y) in zip(panels, placed.corners, strict=True):
        items.append(each.frame(x, y, line, em, theme))
        items += [retold(moved(item, y + line, across=x)) for item in each.scene.items]
    return replace(
        scene,
        width=max(scene.width, placed.right + margin),
        height=max(scene.height, placed.bottom + margin),
        items=(*scene.items, *items),
    )


class _Placed(NamedTuple):
    """Where frames have their left upper corners, and where all of them end."""

    corners: list[Point]
    right: float
    bottom: float


def _placed(panels: Sequence[_Panel], left: float, top: float, end: float, gap: float, line: float) -> _Placed:
    """*panels* in rows between *left* and *end*, from *top* on, each with a *line* of words above it."""
    x, y, high, right = left, top, 0.0, 0.0
    corners: list[Point] = []
    for each in panels:
        if x > left and x + each.scene.width > end:
            x, y, high = left, y + high + gap, 0.0
        corners.append((x, y))
        right, high = max(right, x + each.scene.width), max(high, line + each.scene.height)
        x += each.scene.width + gap
    return _Placed(corners, right, y + high)


def _of(times: int) -> str:
    return f", one of {times}" if times > 1 else ""


@dataclass(frozen=True, slots=True)
class _Panel:
    """A frame with words above it."""

    words: str
    scene: Scene

    @property
    def em(self) -> float:
        return max(item.size for item in self.scene.primitives() if isinstance(item, Text))

    def frame(self, x: float, y: float, line: float, em: float, theme: Theme) -> Group:
        around = Rect(x, y + line, self.scene.width, self.scene.height, None, Stroke(theme.faint, 0.06 * em))
        words = Text(x, y + ascent("serif", em), self.words, em, "serif", fill=theme.ink)
        return Group(f"{self.words}.opened", "decoration", (around, words))
