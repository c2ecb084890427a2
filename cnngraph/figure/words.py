"""What figures say of a unit besides what it computes: its author's label, and silent layers that are asked for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from cnngraph.figure.room import Room, box_of, leaves, straight
from cnngraph.figure.scene import Circle, Group, Item, Path, Scene, Text, way_out
from cnngraph.figure.text import ascent, descent, wrapped
from cnngraph.figure.text import width as text_width
from cnngraph.figure.theme import Theme
from cnngraph.figure.typeface import Font
from cnngraph.fold import same_work
from cnngraph.network import LABEL, LINE, Network
from cnngraph.source import Span
from cnngraph.units import Unit, units

_BESIDE = 0.35
"""Ems between a line and what is written on it."""
_AIR = 0.25
"""Ems that this keeps from all else."""
_ALONG = (0.5, 0.3, 0.7, 0.15, 0.85)
"""Where on a line words may have their middle."""
_EDGE = 1.0
"""Ems that an output's label keeps from the border."""
_MARKS = "_-/.,:"
"""Behind these a word may be broken."""
_LINE = 8.0
"""Ems after which a label goes on in a second line, where it may."""
_LONGER = 1.1
"""By how much longer lines are tried where there are too many."""


def lines_of(label: str, font: Font = "serif", room: float = _LINE) -> tuple[str, ...]:
    """*label* in lines of *room* ems, of whole words; one that is longer than a line is broken, behind a mark where it
    has one."""
    return tuple(wrapped(" ".join(pieces(label, font, room)), font, 1.0, room))


def pieces(label: str, font: Font = "serif", room: float = _LINE) -> list[str]:
    """The words of *label*, those that are longer than a line broken."""
    return [piece for word in label.split() for piece in _broken(word, font, room)]


def in_few_lines(label: str, font: Font, most: int) -> tuple[str, ...]:
    """The same in *most* lines at most, as short as these can be; in fewer, if none is longer than usual."""
    lines, room = lines_of(label, font), _LINE
    while len(lines) > most:
        room *= _LONGER
        lines = lines_of(label, font, room)
    return lines


def _broken(word: str, font: Font, room: float) -> Iterator[str]:
    """*word* in pieces of at most *room* ems, each as long as it can be."""
    while text_width(word, font, 1.0) > room:
        most = next(end for end in range(1, len(word) + 1) if text_width(word[:end], font, 1.0) > room) - 1
        marks = [at + 1 for at, char in enumerate(word[:most]) if char in _MARKS and at]
        end = marks[-1] if marks else max(1, most)
        yield word[:end]
        word = word[end:]
    if word:
        yield word


def silent(unit: Unit, show: Collection[str]) -> tuple[str, ...]:
    """What the silent layers of *unit* are called: those with a label, and those whose words are in *show*."""
    behind = (layer for layer in unit.layers if layer is not unit.lead and layer is not unit.does)
    return tuple([
        layer.label or layer.kind.caption().short for layer in behind if layer.label or layer.kind.word in show
    ])  # fmt: skip


_TIMES = re.compile(r"(?<!\S)×\d+$")
"""How often something is there."""


class Unsaid(NamedTuple):
    """A label that a figure lacks."""

    thing: str
    """What has it."""
    label: str
    span: Span | None
    """Where it is written, where that is known."""


def unsaid(scene: Scene, networks: Sequence[Network]) -> Iterator[Unsaid]:
    """Labels of what *scene*, a figure of all of *networks*, draws by itself and calls otherwise; what is in a box with
    others has none of its own."""
    for number, network in enumerate(networks):
        yield from _unsaid(scene, network, f"{number + 1}." if len(networks) > 1 else "")


def _unsaid(scene: Scene, network: Network, prefix: str) -> Iterator[Unsaid]:
    """The same of one network, whose layers have *prefix* before their names."""
    labelled = [layer for layer in network.layers if layer.label]
    blocks = [block for block in network.blocks.values() if block.label]
    outputs = [output for output in network.outputs if output.label]
    if not (labelled or blocks or outputs):
        return
    said: dict[str, str] = {}
    for group in scene.groups():
        ends = dict(group.data)
        for thing in (group.id, ends.get("dst", "")) if group.role == "edge" else (group.id,):
            said[thing] = f"{said.get(thing, '')} {_text(group)}"
    whole = units(network)
    inside = _inside(network) if blocks else {}
    boxed = {frozenset(names): network.blocks[path] for path, names in inside.items()}
    for group in scene.groups():
        names = [name.removeprefix(prefix) for name in group.layers if name.startswith(prefix)]
        there = [whole.by_name[name] for name in names if name in whole.by_name]
        if group.role != "layer" or not there:
            continue
        if len({same_work(unit) for unit in there if not unit.idle}) < 2:
            for layer in (layer for unit in there for layer in unit.layers if layer.label):
                if not _says(said[group.id], layer.label):
                    span = next(each.span for each in layer.annotations if each.name == LABEL)
                    yield Unsaid(f"`{layer.name}`", layer.label, span)
        else:
            # What is all blocks may be open, and these in the box.
            block = boxed.get(frozenset(unit.name for unit in there))
            own = block is not None and any(unit.lead.block == block.path for unit in there)
            if block is not None and own and not _says(said[group.id], block.label):
                yield Unsaid(f"`{block.path}`", block.label, None)
    for output in outputs:
        if output.label not in said.get(prefix + way_out(output.name), ""):
            yield Unsaid(f"the output `{output.name}`", output.label, None)


def _says(said: str, label: str) -> bool:
    """Whether *label* is in what is *said*, which may have it in lines."""
    return "".join(label.split()) in "".join(said.split())


def _inside(network: Network) -> dict[str, set[str]]:
    """The units of every block, and of those in it, by its path."""
    found: dict[str, set[str]] = {}
    for unit in units(network).units:
        path = unit.lead.block
        while path:
            found.setdefault(path, set()).add(unit.name)
            path = network.blocks[path].parent
    return found


def unbracketed(scene: Scene, networks: Sequence[Network]) -> Iterator[Unsaid]:
    """Labels of blocks that stand open in *scene*, a figure of all of *networks*, without these words."""
    labelled = [(number, network) for number, network in enumerate(networks)
                if any(block.label for block in network.blocks.values())]  # fmt: skip
    if not labelled:
        return
    groups = list(scene.groups())
    said = {"".join(_text(group).split()) for group in groups if group.role != "layer"}
    for number, network in labelled:
        prefix = f"{number + 1}." if len(networks) > 1 else ""
        inside = _inside(network)
        around: dict[str, list[str]] = {}
        for path, there in inside.items():
            for name in there:
                around.setdefault(name, []).append(path)
        is_shut = set()
        for group in groups:
            names = [name.removeprefix(prefix) for name in group.layers if name.startswith(prefix)]
            if group.role in ("layer", "edge"):
                drawn = [name for name in names if name in around]
                # One thing that stands for all that is in a block is the block, or what is repeated in it.
                several = len(drawn) > 1 and bool(_TIMES.search(_text(group)))
                counts = Counter(path for name in drawn for path in around[name])
                is_shut |= {
                    path for path, count in counts.items()
                    if count == len(inside[path]) and not (several and count == len(drawn))
                }  # fmt: skip
        for path in inside:
            block = network.blocks[path]
            if block.label and path not in is_shut and "".join(block.label.split()) not in said:
                yield Unsaid(f"`{path}`", block.label, None)


def _text(group: Group) -> str:
    """All words in *group*, line after line."""
    return " ".join(item.content if isinstance(item, Text) else _text(item) for item in group.items
                    if isinstance(item, Text | Group))  # fmt: skip


def all_words(network: Network) -> str:
    """Everything that *network* may have a figure say in words of others, one after the other."""
    said = [network.title, network.name, *network.blocks]
    said += [block.label for block in network.blocks.values()]
    said += [word for output in network.outputs for word in (output.name, output.label)]
    annotations = [*network.annotations, *(each for layer in network for each in layer.annotations)]
    said += [layer.name for layer in network] + [str(each.arguments) for each in annotations]
    return "".join(said)


# Outputs -------------------------------------------------------------------------------------


def with_outlets(scene: Scene, networks: Sequence[Network], theme: Theme, page: float) -> Scene:
    """*scene*, a figure of *networks*, with the label of an output beside the last thing on the way to it, where the
    style has not drawn it; no wider than *page* points for that. What has no room is left out."""
    drawn = {group.id: group for group in scene.groups()}
    owner = {name: group for group in drawn.values() if group.role == "layer" for name in group.layers}
    for number, network in enumerate(networks):
        prefix = f"{number + 1}." if len(networks) > 1 else ""
        for output in network.outputs:
            name, last = prefix + way_out(output.name), owner.get(prefix + output.layer)
            if not output.label or name in drawn or last is None:
                continue
            if found := _outlet(scene, output.label, last, theme, page):
                _, _, right, bottom = box_of(found)
                air = _EDGE * found.size
                group = Group(name, "output", (found,), f"output {output.name}")
                wide, high = max(scene.width, right + air), max(scene.height, bottom + air)
                scene = replace(scene, width=wide, height=high, items=(*scene.items, group))
    return scene


def _outlet(scene: Scene, label: str, last: Group, theme: Theme, page: float) -> Text | None:
    """*label* beside what is drawn as *last*, or else below it, on a page that grows up to *page* points."""
    size = Room(scene).size
    room = Room(replace(scene, width=max(scene.width, page - _EDGE * size), height=scene.height + 3 * size))
    boxes = list(map(box_of, leaves(last)))
    right, bottom = max(box.right for box in boxes), max(box.bottom for box in boxes)
    middle = sum(edge for box in boxes for edge in (box.top, box.bottom)) / 2 / len(boxes)
    font: Font = "serif-italic" if scene.font == "serif" else scene.font
    below = [Text(right, bottom + (1.2 + step) * size, label, size, font, "end") for step in (0.0, 0.5, 1.0)]
    beside = [Text(right + step * size, middle + 0.25 * size, label, size, font) for step in (0.6, 1.6, 2.6)]
    return room.first((text._replace(fill=theme.ink) for text in (*beside, *below)), last)


# Lines ---------------------------------------------------------------------------------------


def with_lines(scene: Scene, networks: Sequence[Network], theme: Theme) -> tuple[Scene, list[Unsaid]]:
    """*scene*, a figure of *networks*, with an author's words on the lines into joins, and those for which it leaves
    no room. A line that is not drawn, as in a block that is one box, has none."""
    wanted = [(number, join) for number, network in enumerate(networks) for join in network if join.said]
    if not wanted:
        return scene, []
    room = Room(scene)
    groups = list(scene.groups())
    owner = {name: group.id for group in groups if group.role == "layer" for name in group.layers}
    edges: dict[tuple[str, str], Group] = {}
    for group in groups:
        ends = dict(group.data)
        if group.role == "edge":
            edges.setdefault((ends["src"], ends["dst"]), group)
    drawn: dict[str, Text] = {}
    lacks: list[Unsaid] = []
    for number, join in wanted:
        prefix = f"{number + 1}." if len(networks) > 1 else ""
        whole = units(networks[number])
        if join.name not in whole.of_layer:
            continue  # No output depends on it.
        for index, said in join.said.items():
            source = prefix + whole.of_layer[join.inputs[index]]
            sources, targets = (source, owner.get(source)), (prefix + join.name, owner.get(prefix + join.name))
            found = (edges.get((a, b)) for a in sources for b in targets if a and b and a != b)
            at = next((edge for edge in found if edge is not None and edge.id not in drawn), None)
            if at is None:
                continue
            placed = room.free(_on_line(at, said, room.size, theme), _AIR * room.size)
            if placed is None:
                span = next((each.span for each in join.annotations if each.name == LINE), None)
                lacks.append(Unsaid(f"the line into `{join.name}`", said, span))
            else:
                drawn[at.id] = placed
    return replace(scene, items=tuple(_with(item, drawn) for item in scene.items)), lacks


def _with(item: Item, drawn: dict[str, Text]) -> Item:
    """*item*, a line among others, with what is written on it."""
    if not isinstance(item, Group):
        return item
    own = (drawn[item.id],) if item.role == "edge" and item.id in drawn else ()
    return item._replace(items=(*(_with(each, drawn) for each in item.items), *own))


def _on_line(group: Group, said: str, size: float, theme: Theme) -> Iterator[Text]:
    """Where *said* may stand at a line: along its straight parts, the longest first, above and below them, or left and
    right; then around the letter, or the dot, that it begins with."""
    air, high, low = _BESIDE * size, ascent("serif", size), descent("serif", size)
    text, long = Text(0.0, 0.0, said, size, "serif-italic", fill=theme.ink), text_width(said, "serif-italic", size)
    pieces = [piece for item in leaves(group) if isinstance(item, Path) for piece in straight(item)]
    pieces.sort(key=lambda piece: -abs(piece[1][0] - piece[0][0]) - abs(piece[1][1] - piece[0][1]))
    for (x1, y1), (x2, y2) in pieces:
        for share in _ALONG:
            x, y = x1 + share * (x2 - x1), y1 + share * (y2 - y1)
            if abs(y2 - y1) < abs(x2 - x1):
                yield text._replace(x=x, y=y - air - low, anchor="middle")
                yield text._replace(x=x, y=y + air + high, anchor="middle")
            else:
                turned = (
                    text._replace(x=x - air - low, y=y, anchor="middle", angle=90.0),
                    text._replace(x=x + air + high, y=y, anchor="middle", angle=90.0),
                )
                upright = (
                    text._replace(x=x + air, y=y + high / 2),
                    text._replace(x=x - air, y=y + high / 2, anchor="end"),
                )
                yield from (*turned, *upright) if abs(y2 - y1) > long else (*upright, *turned)
    for circle in (item for item in leaves(group) if isinstance(item, Circle)):
        x, y, far = circle.x, circle.y, circle.radius + air
        yield text._replace(x=x, y=y - far - low, anchor="middle")
        yield text._replace(x=x - far, y=y + high / 2, anchor="end")
        yield text._replace(x=x, y=y + far + high, anchor="middle")
        yield text._replace(x=x - circle.radius, y=y - far - low)
        yield text._replace(x=x + circle.radius, y=y - far - low, anchor="end")
