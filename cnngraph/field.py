"""Receptive fields: how much of the input one place of a layer's output sees, and where that lies.

`receptive_fields` says how large they are at most, `sights` where the one of any cell lies:
``sights(network)["conv2"]["image"].box(3, 4)``.

Along each axis a layer's `Sight` says for every place the first and the last place of the input that it sees. It
follows from the sights before it and the layer's own `Reach`, so that it is exact where windows of several sizes meet,
where a layer enlarges, and where branches lie askew; for windows that slide alone it is the formula of Araujo, Norris &
Sim 2019 ("Computing receptive fields of convolutional neural networks"). As there, the input goes on beyond its ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import gcd, lcm
from typing import NamedTuple

from cnngraph.layers.reach import Reach, Sliding
from cnngraph.network import Layer, Network
from cnngraph.volume import Dim, as_int

_MOST_PLACES = 4096
"""How many places are told apart along an axis: the most that an input's pixel is followed through enlargements."""


@dataclass(frozen=True, slots=True)
class Field:
    """The receptive field of one place: height and width in pixels of the input, where it is largest."""

    height: int
    width: int


class Box(NamedTuple):
    """What one cell sees of an input: its first and last row and column, counted from 0 at the upper left pixel.

    Before 0, and from the input's size on, lies what padding stands for, as far as it would be seen there.
    """

    top: int
    left: int
    bottom: int
    right: int

    @property
    def height(self) -> int:
        return self.bottom - self.top + 1

    @property
    def width(self) -> int:
        return self.right - self.left + 1


Span = tuple[int, int]
"""The first and the last place that is seen."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What the places along one axis see of the input."""

    spans: tuple[Span | None, ...]
    """Of the first places; None: nothing."""
    step: int
    """The places after them see the same, so much further; and so on."""
    size: Dim
    """How many places there are."""
    endless: bool = True
    """Whether there are others before and after them, in padding; else *spans* has all."""
    rising: bool = True
    """Whether no place sees less far, up or down, than one before it, and every one something."""

    def at(self, place: int) -> Span | None:
        """What *place* sees, counted from 0 as the places of the input are."""
        turn, rest = divmod(place, len(self.spans))
        span = self.spans[rest]
        return span and (span[0] + turn * self.step, span[1] + turn * self.step)

    def over(self, taps: range) -> Span | None:
        """What all of *taps* see together."""
        if not self.endless:
            taps = _within(taps, len(self.spans))
        if not taps:
            return None
        if self.rising:
            first, last = self.at(taps[0]), self.at(taps[-1])
            assert first is not None
            assert last is not None
            return first[0], last[1]
        # After so many taps come places that see the same further on.
        different = len(self.spans) // gcd(len(self.spans), taps.step) if self.endless else len(taps)
        return _hull([self.at(tap) for tap in (*taps[:different], *taps[-different:])])

    @property
    def width(self) -> int:
        """The most that one place sees."""
        spans = self.spans if not isinstance(self.size, int) else self.spans[: self.size]
        return max((span[1] - span[0] + 1 for span in spans if span), default=0)


class Sights(NamedTuple):
    """What the places of a map see of one input."""

    down: Sight
    across: Sight

    def box(self, row: int, column: int) -> Box | None:
        """What the cell in *row* and *column* of the map sees, in all channels; None where that is nothing."""
        rows, columns = self.down.at(row), self.across.at(column)
        return Box(rows[0], columns[0], rows[1], columns[1]) if rows and columns else None


Seen = dict[str, Sights] | None
"""What a layer's places see of each of the network's inputs; None: all of them, or too much to be told apart."""


def sights(network: Network) -> dict[str, Seen]:
    """By layer: what each of its places sees.

    A place of a map is seen with all its channels. The numbers of a vector see what they saw as a map: those of
    ``flatten`` behind a map of H x W have the sights of its places.
    """
    seen: dict[str, Seen] = {}
    for layer in network.layers:
        same = _same_numbers(network, layer)
        seen[layer.name] = seen[same] if same else _seen(layer, [seen[name] for name in layer.inputs])
    return seen


def receptive_fields(network: Network) -> dict[str, Field | None]:
    """By layer: the largest over its places and over the network's inputs. None where all of the input is seen, or the
    field grows without end.

    A place of a map is seen with all its channels. Of a vector, each number by itself.
    """
    return {name: None if found is None else largest(found) for name, found in sights(network).items()}


def own_sights(layers: Sequence[Layer]) -> Sights | None:
    """What the places of the last of *layers*, each of which takes the one before, see of the maps that the first
    takes, each as large as its first; None where that is all of them, too much to be told apart, or no map."""
    taken = layers[0].input_volumes[0]
    if not all(volume.is_map for volume in (taken, *(layer.output for layer in layers))):
        return None
    found = [Sight(((0, 0),), 1, size) for size in (taken.height, taken.width)]
    for layer in layers:
        reach = layer.kind.reach(layer.input_volumes)
        sizes = layer.output.height, layer.output.width
        through = reach and [_through(sight, own, size) for sight, own, size in zip(found, reach, sizes, strict=True)]
        if not through or None in through:
            return None
        found = [sight for sight in through if sight is not None]
    return Sights(*found)


def _same_numbers(network: Network, layer: Layer) -> str:
    """The volume that *layer* makes once more of the vector that it became, number by number: what its places see is
    seen again, though none of a vector's. Empty for any other layer."""
    made, before = layer.output, layer
    while made.is_map and before.kind.idle and len(before.inputs) == 1:
        is_vector = not before.input_volumes[0].is_map
        if not is_vector and before is not layer:
            return before.inputs[0] if before.input_volumes[0] == made else ""
        if not is_vector:
            break
        before = network[before.inputs[0]]
    return ""


def largest(found: dict[str, Sights]) -> Field:
    """Of all places, and of all inputs."""
    sizes = [(down.width, across.width) for down, across in found.values()]
    # Who sees no column sees no row either.
    seen = [(height, width) for height, width in sizes if height and width] or [(0, 0)]
    return Field(max(height for height, _ in seen), max(width for _, width in seen))


def _seen(layer: Layer, before: Sequence[Seen]) -> Seen:
    if not before:
        start = Sight(((0, 0),), 1, layer.output.height)
        across = start if layer.output.width == layer.output.height else Sight(((0, 0),), 1, layer.output.width)
        return {layer.name: Sights(start, across)}
    if layer.kind.measures_second:
        before = before[:1]
    reach = layer.kind.reach(layer.input_volumes)
    if reach is None:
        return None
    joined = before[0] if len(before) == 1 else _joined(layer, before)
    if joined is None or not layer.output.is_map:
        # The numbers of a vector see what they saw as a map.
        return joined
    found: dict[str, Sights] = {}
    sizes = layer.output.height, layer.output.width
    for name, (down, along) in joined.items():
        height = _through(down, reach[0], sizes[0])
        alike = along is down and reach[0] == reach[1] and sizes[0] == sizes[1]
        width = height if alike else _through(along, reach[1], sizes[1])
        if height is None or width is None:
            return None
        found[name] = Sights(height, width)
    return found


def _through(sight: Sight, reach: Reach, size: Dim) -> Sight | None:
    """What the places that a layer makes see, *size* of them, when its input's places have *sight*.

    None when too many would have to be told apart."""
    if reach == Sliding() and size == sight.size:
        return sight
    number = reach.period * (len(sight.spans) // gcd(len(sight.spans), reach.step))
    endless = sight.endless and reach.endless and number <= _MOST_PLACES
    if endless:
        step = number // reach.period * reach.step // len(sight.spans) * sight.step
        return _sight([sight.over(reach.taps(place)) for place in range(number)], step, size)
    if not isinstance(size, int) or size > _MOST_PLACES:
        return None
    return _sight([sight.over(reach.taps(place)) for place in range(size)], 0, size, endless=False)


def _sight(spans: Sequence[Span | None], step: int, size: Dim, *, endless: bool = True) -> Sight:
    known = [span for span in spans if span]
    rising = len(known) == len(spans) > 0
    if rising and len(spans) > 1:
        following = [*known, (known[0][0] + step, known[0][1] + step)] if endless else known
        rising = all(a[0] <= b[0] and a[1] <= b[1] for a, b in pairwise(following))
    return Sight(tuple(spans), step, size, endless, rising)


# Joins ---------------------------------------------------------------------------------------


def _joined(layer: Layer, before: Sequence[Seen]) -> Seen:
    """What is seen where several tensors become one."""
    by_input: dict[str, list[Sights]] = {}
    for each in before:
        if each is None:
            return None
        for name, sights in each.items():
            by_input.setdefault(name, []).append(sights)
    volume = layer.output
    found: dict[str, Sights] = {}
    for name, several in by_input.items():
        if not volume.is_map:
            side_by_side = layer.kind.word == "concat"
            pair = [_of_vectors([sights[axis] for sights in several], side_by_side) for axis in (0, 1)]
        else:
            pair = [
                _together([_spread(sights[axis], size) for sights in several], size)
                for axis, size in enumerate((volume.height, volume.width))
            ]
        if pair[0] is None or pair[1] is None:
            return None
        found[name] = Sights(pair[0], pair[1])
    return found


def _spread(sight: Sight, size: Dim) -> Sight:
    """The sight of a map of one place when it meets a larger one: every place sees what that one sees."""
    return sight if sight.size != 1 or size == 1 else Sight((sight.at(0),), 0, size, rising=sight.at(0) is not None)


def _together(several: Sequence[Sight], size: Dim) -> Sight | None:
    """What the places see that lie on one another."""
    first = several[0]
    if all(other is first for other in several):
        return first
    number = lcm(*(len(sight.spans) for sight in several))
    alike = len({number // len(sight.spans) * sight.step for sight in several}) == 1
    endless = alike and all(sight.endless for sight in several) and number <= _MOST_PLACES
    if not endless:
        # They move over the input at different speeds.
        if not isinstance(size, int) or size > _MOST_PLACES:
            return None
        number = size
    spans = [_hull([sight.at(place) for sight in several]) for place in range(number)]
    return _sight(spans, number // len(first.spans) * first.step if endless else 0, size, endless=endless)


def _of_vectors(several: Sequence[Sight], side_by_side: bool) -> Sight | None:
    """Of vectors that were maps, number by number, or one after the other."""
    # Whoever makes vectors of maps knows their sizes.
    sizes = [as_int(sight.size) for sight in several]
    if max(sizes) > _MOST_PLACES:
        return None
    each = [[sight.at(place) for place in range(size)] for sight, size in zip(several, sizes, strict=True)]
    if side_by_side:
        spans = [span for spans in each for span in spans]
    elif len(set(sizes)) == 1:
        spans = [_hull(on_one_another) for on_one_another in zip(*each, strict=True)]
    else:
        spans = [_hull([span for spans in each for span in spans])]
    return _sight(spans, 0, len(spans), endless=False)


def _hull(spans: Sequence[Span | None]) -> Span | None:
    known = [span for span in spans if span]
    return (min(span[0] for span in known), max(span[1] for span in known)) if known else None


def _within(taps: range, size: int) -> range:
    """Those of *taps* that are at least 0 and less than *size*."""
    first = max(0, -(taps.start // taps.step)) if taps.start < 0 else 0
    return taps[first : max(0, -((taps.start - size) // taps.step))]
