"""A picture at the input of a finished figure, for styles that draw inputs as they draw all else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from cnngraph.figure.picture import png_of
from cnngraph.figure.room import Box, Room, box_of, leaves
from cnngraph.figure.scene import Group, Item, Picture, Rect, Scene, Stroke, Text
from cnngraph.figure.stages import moved
from cnngraph.figure.theme import Theme
from cnngraph.network import Layer, Network
from cnngraph.preprocessing import check_one_map
from cnngraph.volume import as_int

_SIZES = (7.0, 6.0, 5.0, 4.0)
"""Ems that its longer side is tried with."""
_AIR = 0.5
"""Ems between it and what stands for the input, and everything else."""


def need_one_input(network: Network) -> Layer:
    """The input that a picture stands for. Raises `CnngraphError` (E0814) when it could be another, or is no map."""
    check_one_map({layer.name: layer.output.is_map for layer in network.inputs}, "leave --image out")
    return network.inputs[0]


def pictured(scene: Scene, network: Network, picture: bytes, theme: Theme) -> Scene:
    """*scene* with *picture*, an image file, above or below what stands for the input of *network* where there is room,
    else where there is some when all but the title is moved down.

    Raises `CnngraphError`, also for a file that is no picture."""
    port = need_one_input(network)
    height, width, channels = (as_int(dim) if isinstance(dim, int) else 1 for dim in port.output.dims)
    ratio = width / height
    png = png_of(picture, ratio, grey=channels == 1)
    head = scene.items[:1] if scene.items and isinstance(scene.items[0], Text) else ()
    rest = scene.items[len(head) :]
    room = Room(scene)
    em = room.size
    around = _around(_of(scene, port))
    things = [box_of(item) for item in replace(scene, items=rest).primitives()]

    def spots(side: float) -> Iterator[Box]:
        """With the longer of its sides *side* long: right above what stands for the input, right below, or above all
        that is in its way there."""
        wide, high = side * min(1.0, ratio), side * min(1.0, 1 / ratio)
        margin = min(em, around.left)
        left = max(margin, min((around.left + around.right - wide) / 2, room.page.right - margin - wide))
        beside = Box(left - _AIR * em, 0.0, left + wide + _AIR * em, around.bottom)
        above = min(around.top, *(each.top for each in things if each.meets(beside)))
        for top in (around.top - _AIR * em - high, around.bottom + _AIR * em, above - _AIR * em - high):
            yield Box(left, top, left + wide, top + high)

    for size in _SIZES:
        for box in spots(size * em):
            if room.is_free(box, _AIR * em):
                return _with(scene, port, box, png, theme, em)
    *_, box = spots(_SIZES[-1] * em)
    begins = max((box_of(item).bottom for item in head if isinstance(item, Text)), default=0.0)
    down = begins + _AIR * em - box.top
    lower = replace(scene, height=scene.height + down, items=(*head, *(moved(item, down) for item in rest)))
    return _with(lower, port, Box(box.left, box.top + down, box.right, box.bottom + down), png, theme, em)


def _of(scene: Scene, port: Layer) -> Group:
    """What stands for the input *port*."""
    return next(each for each in scene.groups() if each.role == "layer" and port.name in each.layers)


def _around(group: Group) -> Box:
    lefts, tops, rights, bottoms = zip(*map(box_of, leaves(group)), strict=True)
    return Box(min(lefts), min(tops), max(rights), max(bottoms))


def _with(scene: Scene, port: Layer, box: Box, png: bytes, theme: Theme, em: float) -> Scene:
    """*scene* with the picture in *box* as part of what stands for the input *port*."""
    across, down = box.right - box.left, box.bottom - box.top
    frame = Rect(box.left, box.top, across, down, None, Stroke(theme.ink, 0.07 * em))
    group = _of(scene, port)
    shown = group._replace(items=(*group.items, Picture(box.left, box.top, across, down, png), frame))

    def put(item: Item) -> Item:
        if item is group:
            return shown
        return item._replace(items=tuple(map(put, item.items))) if isinstance(item, Group) else item

    return replace(scene, items=tuple(map(put, scene.items)))
