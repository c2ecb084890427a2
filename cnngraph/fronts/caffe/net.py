"""A Caffe network as it is put together, layer by layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count as counting
from typing import TYPE_CHECKING

from cnngraph.fronts.caffe.layer import Layer
from cnngraph.fronts.caffe.sources import Source
from cnngraph.fronts.concats import Concats
from cnngraph.fronts.draft import Draft
from cnngraph.fronts.given import SIZES
from cnngraph.fronts.mistake import Notes, mistake
from cnngraph.layers.dense import Unflatten
from cnngraph.layers.join import Concat
from cnngraph.layers.kind import Kind
from cnngraph.layers.opaque import Opaque
from cnngraph.layers.values import Pair
from cnngraph.volume import Volume, as_int

if TYPE_CHECKING:
    from cnngraph.fronts.caffe.blobs import Blobs


@dataclass(frozen=True, slots=True)
class Places:
    """Where in a tensor the largest number of each window is; windows lie side by side."""

    of: str
    window: Pair


@dataclass(frozen=True, slots=True)
class Rows:
    """Numbers in three axes, with the batch: rows behind each other, which are one vector here."""

    length: int


class Net:
    """The layers so far, and which tensor each blob is by now: None for one that is not known."""

    def __init__(
        self, draft: Draft, layers: Sequence[Layer], sources: Mapping[str, Source], given: Mapping[str, int],
        input: Volume | None, blobs: Blobs | None, notes: Notes,
    ) -> None:  # fmt: skip
        """*given* and *input* are the sizes of the first input, where they are not the file's."""
        self.draft = draft
        self.notes = notes
        self.blobs = blobs
        self.batch: int | None = None
        """Of how many pictures the text speaks."""
        self.heads: list[tuple[str, str]] = []
        """What leads into layers that there is no kind for: their names, and tensors."""
        self._sources = dict(sources)
        self._given = dict(given) or _sizes(input)
        self._input = input
        self._inputs: set[str] = set()
        self._tensors: dict[str, str | None] = {}
        self._loose: dict[str, str] = {}
        self._concats = Concats()
        self._layers = layers
        self._at = {id(layer): index for index, layer in enumerate(layers)}
        self._readers = _readers(layers)
        self._shared: dict[tuple[str, ...] | int, str] = {}
        """The first layer here that has the weights of those names, or of that layer: it may be there several times."""
        self.seen_as: dict[str, Places | Rows] = {}
        """What blobs are that are no volumes of their own."""
        self._next_seen: dict[str, Places | Rows] = {}
        self.merged: dict[int, str] = {}
        """The tensors of layers that are one with a layer before them, by where they stand."""

    def tensor(self, blob: str, layer: Layer) -> str | None:
        """What *blob* is for *layer*; an input where it comes from outside."""
        if blob not in self._tensors:
            self._tensors[blob] = self._from_outside(blob, layer)
        return self._tensors[blob]

    def made(self, blob: str) -> str | None:
        """What *blob* is, if a layer has made it and it is known."""
        tensor = self._tensors.get(blob)
        return None if tensor in self._inputs else tensor

    def comes_from_outside(self, blob: str) -> bool:
        """Whether no layer makes *blob*."""
        return blob not in self._tensors or self._tensors[blob] in self._inputs

    def begins_behind(self, layer: Layer) -> None:
        """What *layer*, which no layer here does, makes of what comes from outside comes from outside itself."""
        for top in layer.tops:
            self._tensors.pop(top, None)
            self._sources[top] = Source(top, layer.span)
        self.note(layer, "no layer here does it, and the network begins behind it")

    def _from_outside(self, blob: str, layer: Layer) -> str:
        source = self._sources.get(blob)
        if source is None:
            if self._inputs:
                raise mistake("E0201", f"no layer before this one makes `{blob}`", layer.message.place("bottom"))
            source = Source(blob, layer.message.place("bottom"))
        first = not self._inputs and source.length is None
        volume = self._input if first and self._input else source.volume(self._given, instead=first)
        name = self.draft.input(blob, volume, source.span, annotations=source.prepared(volume))
        self._inputs.add(name)
        if first:
            self.batch = source.batch
        return name

    def volume(self, tensor: str) -> Volume:
        return self.draft.volume(tensor)

    def takes(self, layer: Layer) -> None:
        """What *layer* takes is no output."""
        for blob in layer.bottoms:
            self._loose.pop(blob, None)

    def makes(self, layer: Layer, tensors: Sequence[str | None]) -> None:
        """The blobs that *layer* makes are *tensors*; those that are not known are as many as lack."""
        for top, tensor in zip(layer.tops, [*tensors, *[None] * len(layer.tops)], strict=False):
            self._tensors[top] = tensor
            self.seen_as.pop(top, None)
            self._loose.pop(top, None)
            if tensor is not None and tensor not in self._inputs:
                self._loose[top] = tensor
        self.seen_as |= self._next_seen
        self._next_seen = {}

    def see(self, blob: str, seen: Places | Rows) -> None:
        """*blob*, which the layer at hand makes, is *seen*."""
        self._next_seen[blob] = seen

    def rows(self, blob: str) -> Rows | None:
        """*blob* as one of three axes, if it is."""
        seen = self.seen_as.get(blob)
        return seen if isinstance(seen, Rows) else None

    def outputs(self) -> list[tuple[str, str]]:
        """Names and tensors of what the network gives back: what nothing takes, and what leads into its heads."""
        given = {tensor for _, tensor in self.heads}
        return [*((blob, tensor) for blob, tensor in self._loose.items() if tensor not in given), *self.heads]

    def behind(self, layer: Layer) -> list[Layer]:
        """The layers that take what *layer* makes."""
        return [self._layers[index] for index in self._readers.get(self._at[id(layer)], [])]

    def reader(self, index: int) -> int | None:
        """The layer that takes what layer *index* makes, if that is one and no other does."""
        found = self._readers.get(index, [])
        return found[0] if len(found) == 1 else None

    def add(
        self,
        layer: Layer,
        kind: Kind,
        inputs: Sequence[str],
        *,
        name: str = "",
        blobs: Mapping[str, int] | None = None,
        transposed: bool = False,
    ) -> str:
        """One more layer, called as *layer* or *name* is. *blobs* says which of the layer's is which weight of *kind*,
        of which ``weight`` may lie on its side."""
        shares, weights, names = "", None, (_names(layer) or id(layer)) if blobs else ()
        if blobs:
            shares = self._shared.get(names, "")
            if self.blobs is not None and not shares:
                volumes = tuple(map(self.volume, inputs))
                weights = self.blobs.entries(layer.name, kind.parameters(volumes), blobs, transposed=transposed)
        made = self.draft.add(
            kind, inputs, name or layer.name, scope=layer.scope, place=layer.span, weights=weights, shares=shares
        )
        if names:
            self._shared.setdefault(names, made)
        return made

    def upright(self, layer: Layer, tensor: str) -> str:
        """*tensor* as a map: a vector as 1x1xC."""
        if self.volume(tensor).is_map:
            return tensor
        return self.add(layer, Unflatten(), [tensor], name=f"{layer.name}/unflatten")

    def alike(self, layer: Layer, tensors: Sequence[str]) -> list[str]:
        """*tensors*, those that are vectors as 1x1xC where another is a map: until 2014 every blob was one."""
        if not any(self.volume(tensor).is_map for tensor in tensors):
            return list(tensors)
        return [self.upright(layer, tensor) for tensor in tensors]

    def concat(self, layer: Layer, parts: list[str]) -> str:
        """The channels of *parts* behind each other."""
        taken = self._concats.shortened(parts)
        if len(taken) == 1:
            return taken[0]
        made = self.add(layer, Concat(), taken)
        self._concats.add(parts, made)
        return made

    def opaque(
        self, layer: Layer, inputs: Sequence[str], volume: Volume | None = None, *, numbers: int = 0
    ) -> str | None:
        """What *layer*, which no layer here does, makes of *inputs*, of the size *volume*, with a blob of so many
        *numbers*. Where the size is not known what leads there is what the network gives back."""
        if volume is not None:
            to = None if volume == self.volume(inputs[0]) else tuple(map(as_int, volume.dims))
            self.note(layer, "no layer here does it; it is kept as one that is not known")
            kind = Opaque(does=layer.type, to=to, numbers=numbers)
            return self.add(layer, kind, inputs, blobs={"weight": 0} if numbers else None)
        for number, tensor in zip(counting(1), inputs):
            self.heads.append((layer.name if number == 1 else f"{layer.name}_{number}", tensor))
        self.note(layer, "no layer here does it, and the network ends in front of it")
        return None

    def note(self, layer: Layer, says: str) -> None:
        """What becomes of *layer*."""
        self.notes.add(f"type {layer.type}", says, layer.span)


def _sizes(volume: Volume | None) -> dict[str, int]:
    return dict(zip(SIZES, map(as_int, volume.dims), strict=True)) if volume is not None and volume.is_map else {}


def _readers(layers: Sequence[Layer]) -> dict[int, list[int]]:
    """By where a layer stands those that take what it makes, until another makes a blob of that name."""
    maker: dict[str, int] = {}
    found: dict[int, list[int]] = {}
    for index, layer in enumerate(layers):
        for bottom in layer.bottoms:
            if bottom in maker:
                found.setdefault(maker[bottom], []).append(index)
        for top in layer.tops:
            maker[top] = index
    return found


def _names(layer: Layer) -> tuple[str, ...]:
    """What a layer's weights are called, where they have names: those of one name are the same."""
    params = layer.message.values("param")
    names = tuple(param if isinstance(param, str) else param.text("name") for param in params)
    return names if names and all(names) else ()
