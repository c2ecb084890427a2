"""The blocks of a network, each once and open, below its figure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import NamedTuple

from cnngraph.diagnostics import CnngraphError
from cnngraph.figure.dense import dense, drawn
from cnngraph.figure.page import texts
from cnngraph.figure.scene import Group, Item, Point, Rect, Scene, Stroke, Text
from cnngraph.figure.slabs.nodes import Detail, block_of, nodes, same_words
from cnngraph.figure.slabs.resolution import resolutions, strides
from cnngraph.figure.stages import moved, retold, untitled
from cnngraph.figure.styles.blocks import LEAST_TEXT, SLIDE_TEXT, blocks
from cnngraph.figure.text import ascent
from cnngraph.figure.theme import Theme
from cnngraph.network import Network, Output
from cnngraph.units import Unit, Units, units

_PAD, _GAP = 0.6, 1.4
"""Ems around what is in a frame, and between frames."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A block that stands for all of its name."""

    name: str
    times: int
    """How often one of the name is in the network."""
    network: Network
    """Its layers, behind an input for each tensor that it takes."""
    depth: int | None = None
    """How many blocks around each other stay open in it; None: all."""
    stride: str = ""
    """Where it is dilated, how many pixels of the network's input one place of what it makes stands for."""


def opened(network: Network) -> list[Opened]:
    """The blocks of *network*, in the order in which they come: of each name the one whose layers most of them have;
    where some have other blocks in them, one with them and one without.

    A block is what takes one tensor and gives one, as in the style `slabs`: an innermost one of the spec, or a fork.
    Others of the spec that join something are cells, and have the blocks in them closed. A fork that is all of the
    network is none.
    """
    whole = units(network)
    order = {unit.name: number for number, unit in enumerate(whole.units)}
    drawn = [node for node in nodes(whole, resolutions(whole), Detail.BLOCKS).nodes if node.does is None]
    complete = {block_of(turn) for node in drawn for turn in node.turns if _is_block(turn, whole)}
    cells = {path: inside for path, inside in _cells(whole).items() if path not in complete}
    most = sum(bool(unit.lead.inputs) for unit in whole.units)
    in_cells = {unit.name for cell in cells.values() for unit in cell}
    found: dict[tuple[str, tuple[str, ...], Hashable], list[tuple[Unit, ...]]] = {}
    for node in drawn:
        if node.first.name in in_cells and not _is_block(node.units, whole):
            continue
        name = node.called(network)
        if not name and len(node.units) == most:
            continue
        key = (name, _inner(node.units, network), None) if name else ("a fork", (), _look(node.units))
        found.setdefault(key, []).append(node.units)
    forms = Counter(name for name, _, _ in found)
    inside = _in_blocks(whole)
    uses = Counter((_called(path, network), _inner(units, network)) for path, units in inside.items())
    made: list[tuple[int, Opened]] = []
    for (name, inner, _), alike in found.items():
        said = f"{name} with {' and '.join(inner)}" if forms[name] > 1 and inner else name
        times = uses[name, inner] or len(alike)
        made.append((order[alike[0][0].name], _opened(said, times, alike, whole, None)))
    named: dict[str, list[str]] = {}
    for path in cells:
        named.setdefault(_called(path, network), []).append(path)
    for name, paths in named.items():
        depth = paths[0].count(".") + 1
        like = [cells[path] for path in paths]
        made.append((order[like[0][0].name], _opened(name, len(like), like, whole, depth)))
    return [each for _, each in sorted(made, key=lambda pair: pair[0])]


def _called(path: str, network: Network) -> str:
    """What the block at *path* is called in its definition."""
    return network.blocks[path].name.rpartition(".")[2].replace("_", " ")


def _opened(name: str, times: int, alike: Sequence[tuple[Unit, ...]], whole: Units, depth: int | None) -> Opened:
    """What most of *alike* look like."""
    looks = list(map(_look, alike))
    ((usual, _),) = Counter(looks).most_common(1)
    chosen = alike[looks.index(usual)]
    # Only convolutions have a dilation.
    dilated = any(getattr(layer.kind, "dilation", (1, 1)) != (1, 1) for unit in chosen for layer in unit.layers)
    stride = strides(whole)[chosen[-1].name] if dilated else None
    return Opened(name, times, _alone(chosen, whole), depth, "" if stride is None else f"{stride}")


def _look(inside: tuple[Unit, ...]) -> Hashable:
    return tuple(map(same_words, inside))


def _inner(inside: Sequence[Unit], network: Network) -> tuple[str, ...]:
    """Names of the blocks within the one that all of *inside* is in, but for what is on a shortcut."""
    around = block_of(inside)
    found: dict[str, None] = {}
    for unit in inside:
        path = around if unit.on_shortcut else unit.lead.block
        while path != around:
            found[_called(path, network)] = None
            path = network.blocks[path].parent
    return tuple(found)


def _in_blocks(whole: Units) -> dict[str, list[Unit]]:
    """The units of each use of a block, with those of the blocks in it."""
    found: dict[str, list[Unit]] = {}
    for unit in whole.units:
        path = unit.lead.block
        while path:
            found.setdefault(path, []).append(unit)
            path = whole.network.blocks[path].parent
    return found


def _cells(whole: Units) -> dict[str, tuple[Unit, ...]]:
    """The uses of blocks that take several tensors, or give several, or join what blocks in them make, by their
    paths."""
    outputs = {whole.of_layer[output.layer] for output in whole.network.outputs}
    found = {}
    for path, inside in _in_blocks(whole).items():
        names = {unit.name for unit in inside}
        taken = {name for unit in inside for name in unit.inputs if name not in names}
        given = [name for name in names if name in outputs or not names.issuperset(whole.consumers[name])]
        joins = any(unit.lead.block == path and unit.lead.kind.family == "join" for unit in inside)
        holds = any(unit.lead.block != path and not unit.on_shortcut for unit in inside)
        if taken and (len(taken) > 1 or len(given) > 1 or (joins and holds)):
            found[path] = tuple(inside)
    return found


def _is_block(inside: Sequence[Unit], whole: Units) -> bool:
    """Whether *inside* is all of a block."""
    path = block_of(inside)
    return bool(path) and len(inside) == sum(1 for unit in whole.units if _is_in(unit.lead.block, path))


def _is_in(block: str, path: str) -> bool:
    return block == path or block.startswith(f"{path}.")


def _alone(inside: Sequence[Unit], whole: Units) -> Network:
    """The layers of *inside* as a network."""
    network = whole.network
    names = {name for unit in inside for name in unit.names}
    layers = [layer for layer in network.layers if layer.name in names]
    wanted = {name for layer in layers for name in layer.inputs if name not in names}
    sources = [layer for layer in network.layers if layer.name in wanted]
    called = {layer.name: f"earlier{number}" for number, layer in enumerate(sources[:-1], start=1)}
    called[sources[-1].name] = "previous"
    before = [
        replace(layer, inputs=(), input_volumes=(), kind=network.inputs[0].kind, block="", skips=(), on_shortcut=False,
                annotations=(), shares="", name=called[layer.name])
        for layer in sources
    ]  # fmt: skip
    kept = [
        replace(layer, inputs=tuple(called.get(name, name) for name in layer.inputs),
                shares=layer.shares if layer.shares in names else "")
        for layer in layers
    ]  # fmt: skip
    given = {output.layer for output in network.outputs}
    taken = {name for layer in network.layers if layer.name in network.live - names for name in layer.inputs}
    leaving = [layer.name for layer in layers if layer.name in given | taken]
    around = block_of(inside)
    outputs = tuple(Output(name.removeprefix(f"{around}."), name) for name in leaving)
    # What it stands in is called so, and not the others of its name.
    blocks = {path: replace(block, label="" if _is_in(around, path) else block.label)
              for path, block in network.blocks.items()}  # fmt: skip
    return replace(network, layers=(*before, *kept), outputs=outputs, blocks=blocks, title="")


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
    panels = [_panel(each, width, theme, show, down) for each in found]
    em = max(panel.em for panel in panels)
    margin, gap, line = em, _GAP * em, ascent("serif", em) + 0.4 * em
    if whole := dense(network):
        shortest = min(whole, key=lambda block: len(block.layers))
        words = f"dense block of {len(shortest.layers)} layers{_of(len(whole))}"
        panels.insert(0, _Panel(words, drawn(shortest, network, em, width - 2 * margin, theme, down=down)))
    below = _placed(panels, margin, scene.height, width - margin, gap, line)
    # On one line with the title their names would go on from it.
    title = scene.items[0]
    top = title.y + 0.6 * em if isinstance(title, Text) else margin
    beside = _placed(panels, scene.width, top, width - margin, gap, line)
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


def _panel(each: Opened, width: float, theme: Theme, show: Collection[str], down: bool) -> _Panel:
    def drawn(room: float) -> Scene:
        return blocks(
            each.network, width=room, theme=theme, title=None, fold=False if each.depth is None else None,
            depth=each.depth, show=show, down=down, long=inf,
        )  # fmt: skip

    stride = f", output stride {each.stride}" if each.stride else ""
    panel = _Panel(f"{each.name}{_of(each.times)}{stride}", untitled(drawn(width)))
    border = texts(width, SLIDE_TEXT, LEAST_TEXT)[0]
    if panel.scene.width + 2 * border > width:
        panel = replace(panel, scene=untitled(drawn(width - 2 * border)))
    return panel


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
