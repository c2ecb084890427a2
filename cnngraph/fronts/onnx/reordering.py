"""Vectors whose numbers are wanted in another order, as the (height, width, channels) in which TensorFlow cuts one into
a picture: what makes such a vector is made to count them so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from cnngraph.fronts.draft import Draft
from cnngraph.fronts.onnx.views import Axis, Factor, View, merged
from cnngraph.layers.dense import Fc
from cnngraph.layers.normalization import BatchNorm
from cnngraph.volume import as_int
from cnngraph.weights.readers.entry import Array, Entry


class Order:
    """The order in which the *factors* of a vector's numbers, all of them, stand in *view*."""

    def __init__(self, view: View) -> None:
        self._factors = [factor for axis in view.axes[1:] for factor in axis]
        self._before = sorted(self._factors, key=lambda factor: as_int(factor.stride), reverse=True)
        self._strides: dict[Factor, int] = {}
        stride = 1
        for factor in reversed(self._factors):
            self._strides[factor] = stride
            stride *= as_int(factor.size)

    def seen(self, view: View) -> View | None:
        """*view*, of a vector in the order before, as one of the same vector in this order; None where it is cut in
        other places."""
        axes = [self._axis(axis) for axis in view.axes]
        found = tuple(axis for axis in axes if axis is not None)
        return replace(view, axes=found) if len(found) == len(axes) else None

    def _axis(self, axis: Axis) -> Axis | None:
        found: list[Factor] = []
        for factor in axis:
            if factor.of != "C":
                found.append(factor)
                continue
            end = as_int(factor.stride) * as_int(factor.size)
            inside = [each for each in self._before if as_int(factor.stride) <= as_int(each.stride) < end]
            sizes = 1
            for each in inside:
                sizes *= as_int(each.size)
            if sizes != factor.size or inside[-1].stride != factor.stride:
                return None
            found += [replace(each, stride=self._strides[each]) for each in inside]
        return merged(found)

    def put(self, entry: Entry) -> Entry:
        """*entry*, whose first axis is that of the vector, in this order."""
        sizes = [as_int(factor.size) for factor in self._before]
        turned = [self._before.index(factor) for factor in self._factors]

        def read() -> Array:
            array = entry.read()
            rest = array.shape[1:]
            behind = range(len(sizes), len(sizes) + len(rest))
            return array.reshape(*sizes, *rest).transpose(*turned, *behind).reshape(array.shape)

        return replace(entry, read=read)


def makers(draft: Draft, layer: str, kept: Iterable[str]) -> Sequence[str] | None:
    """The layers that can make the vector *layer* in any order: a fully connected one, and what does the same to each
    number behind it, none of which anything else takes. None where others make it, or take it as it is, as *kept* are
    taken."""
    found = [layer]
    waits = 0
    while draft.takers(found[-1]) == waits and found[-1] not in kept and not draft.is_shared(found[-1]):
        kind, inputs = draft.made_by(found[-1])
        if isinstance(kind, Fc):
            return found
        is_each = isinstance(kind, BatchNorm) or (kind.family == "activation" and not draft.parameters(found[-1]))
        if not is_each or len(inputs) != 1 or draft.volume(inputs[0]) != draft.volume(layer):
            return None
        found.append(inputs[0])
        waits = 1
    return None
