"""A Caffe network as it is put together, layer by layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count as counting
from typing import TYPE_CHECKING

from cnngraph.fronts.caffe.layer import Layer
from cnngraph.fronts.caffe.sources import Source
from cnngraph.fronts.concats import Concats
from cnngraph.fronts.draft import Draft
from cnngraph.fronts.mistake import Notes, mistake
from cnngraph.layers.join import Concat
from cnngraph.layers.kind import Kind
from cnngraph.layers.opaque import Opaque
from cnngraph.volume import Volume, as_int

if TYPE_CHECKING:
    from cnngraph.fronts.caffe.blobs import Blobs


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
        self.heads: list[tuple[str, str]] = []
        """What leads into layers that there is no kind for: their names, and tensors."""
        self._sources = sources
        self._given = dict(given)
        self._input = input
        self._inputs: set[str] = set()
        self._tensors: dict[str, str | None] = {}
        self._loose: dict[str, str] = {}
        self._concats = Concats()
        self._readers = _readers(layers)
        self._shared: dict[tuple[str, ...], str] = {}
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

    def _from_outside(self, blob: str, layer: Layer) -> str:
        source = self._sources.get(blob)
        if source is None:
            if self._inputs:
                raise mistake("E0201", f"no layer before this one makes `{blob}`", layer.message.place("bottom"))
            source = Source(blob, layer.message.place("bottom"))
        first = not self._inputs and source.length is None
        volume = self._input if first and self._input else source.volume(self._given if first else {})
        name = self.draft.input(blob, volume, source.span, annotations=source.annotations)
        self._inputs.add(name)
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
            self._loose.pop(top, None)
            if tensor is not None and tensor not in self._inputs:
                self._loose[top] = tensor

    def outputs(self) -> list[tuple[str, str]]:
        """Names and tensors of what the network gives back: what nothing takes, and what leads into its heads."""
        given = {tensor for _, tensor in self.heads}
        return [*((blob, tensor) for blob, tensor in self._loose.items() if tensor not in given), *self.heads]

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
        shares, weights, names = "", None, _names(layer) if blobs else ()
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
