"""Joins: several tensors become one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import reduce
from operator import add
from typing import ClassVar

from cnngraph.layers.activation import onnx_dims
from cnngraph.layers.code import Code
from cnngraph.layers.kind import Caption, Family, Fault, Kind, Lowering, argument, kind
from cnngraph.layers.values import FLAG
from cnngraph.volume import Dim, Volume, where_equal


class Join(Kind):
    """The base of the joins. The language writes them with braces and branches, or with names."""

    family: ClassVar[Family] = "join"
    takes_tensors = "many"

    def _may_spread(self, inputs: tuple[Volume, ...]) -> str:
        """What to say where volumes are unlike, and `spread` is what is meant; empty where it is not."""
        return ""


def _surely_differ(a: Dim, b: Dim) -> bool:
    """Two sizes that are never the same, whatever a free one turns out to be."""
    found = where_equal(a, b)
    return found is not None and not found[1]


class _Equal(Join):
    """A join of equal volumes, number by number."""

    def shape(self, inputs: tuple[Volume, ...]) -> Volume:
        first = inputs[0]
        for other in inputs[1:]:
            if len(other.dims) != len(first.dims):
                self._refuse(inputs, f"{first} and {other}: one is a volume, the other a vector", "")
            differs = tuple(_surely_differ(a, b) for a, b in zip(first.dims, other.dims, strict=True))
            if not any(differs):
                continue
            if not first.is_map:
                self._refuse(inputs, f"{first.size} is not {other.size}", "")
            a, b = (f"{v.height}x{v.width}" for v in (first, other))
            if not differs[2]:
                reason = f"channels agree ({first.channels}); H and W do not: {a} is not {b}"
                help = "give both branches the same strides and padding"
            elif not (differs[0] or differs[1]):
                reason = f"H and W agree ({a}); channels do not: {first.channels} is not {other.channels}"
                help = f"project the shortcut with a 1x1 convolution:  | skip -> conv {first.channels} 1x1 bn linear"
            else:
                reason = (
                    f"H and W do not agree ({a} is not {b}), nor do channels: {first.channels} is not {other.channels}"
                )
                help = f"project the shortcut with a strided 1x1 convolution:  | skip -> shortcut {first.channels} s=2"
            self._refuse(inputs, reason, "; or, ".join(filter(None, (help, self._may_spread(inputs)))))
        return Volume(_most_known(volume.dims for volume in inputs))

    def equal(self, inputs: tuple[Volume, ...]) -> Iterator[tuple[Dim, Dim]]:
        for other in inputs[1:]:
            yield from zip(inputs[0].dims, other.dims, strict=True)

    def _refuse(self, inputs: tuple[Volume, ...], reason: str, help: str) -> None:
        sizes = {"add": " + ", "sub": " - "}.get(self.word, ", ").join(map(str, inputs))
        number = "two" if len(inputs) == 2 else str(len(inputs))
        raise Fault("E0401", f"`{self.word}` needs {number} equal volumes", remark=sizes, reason=reason, help=help)


def _most_known(inputs: Iterable[tuple[Dim, ...]]) -> tuple[Dim, ...]:
    """The first sizes, with those that are free in them taken from where they are known."""
    return tuple(next((dim for dim in dims if isinstance(dim, int)), dims[0]) for dims in zip(*inputs, strict=True))


class _Spreads(Join):
    """A join that with `spread` takes, behind the first volume, smaller ones too."""

    spread: bool

    def _spread(self, inputs: tuple[Volume, ...]) -> Volume:
        """The first volume. Raises `Fault` unless each of the others has its height, width and channels, or 1."""
        first = inputs[0]
        for other in inputs[1:]:
            if not first.is_map or not other.is_map:
                raise Fault(
                    "E0413",
                    f"`{self.word} spread` takes volumes",
                    remark=self._side_by_side(inputs),
                    help=f"`unflatten` makes a vector of {other} a volume of 1x1x{other}" if first.is_map else "",
                )
            if self._misfits(first, other):
                fits_backwards = not self._misfits(other, first)
                raise Fault(
                    "E0413",
                    f"`{self.word} spread` cannot spread {other} over {first}",
                    remark=self._side_by_side(inputs),
                    reason=f"behind a first volume of {first}, height, width and channels are as many, or 1",
                    help="the first volume is the one that the others are spread over: put the large one first"
                    if fits_backwards
                    else "",
                )
        return Volume(_most_known([first.dims, *(self._whole(first, other) for other in inputs[1:])]))

    def _misfits(self, first: Volume, other: Volume) -> bool:
        return any(map(_surely_differ, first.dims, self._whole(first, other)))

    def _whole(self, first: Volume, other: Volume) -> tuple[Dim, ...]:
        """The sizes of *other* once it is spread over *first*."""
        return tuple(own if size == 1 else size for own, size in zip(first.dims, other.dims, strict=True))

    def _spread_equal(self, inputs: tuple[Volume, ...]) -> Iterator[tuple[Dim, Dim]]:
        for other in inputs[1:]:
            yield from zip(inputs[0].dims, self._whole(inputs[0], other), strict=True)

    def _side_by_side(self, inputs: tuple[Volume, ...]) -> str:
        return f" {self.caption().sign} ".replace("×", "*").join(map(str, inputs))

    def _may_spread(self, inputs: tuple[Volume, ...]) -> str:
        if not all(volume.is_map for volume in inputs):
            return ""
        first = inputs[0]
        if not any(self._misfits(first, other) for other in inputs[1:]):
            return f"to spread the smaller over {first} write  {self.word} spread"
        if any(not any(self._misfits(large, other) for other in inputs) for large in inputs[1:]):
            return f"to spread the smaller over the larger write  {self.word} spread  with the larger first"
        return ""


_SPREAD = "volumes behind the first may have one row, one column or one channel, and are taken as if repeated"


@kind
class Add(_Equal, _Spreads):
    """The sum, number by number. All volumes are equal, unless ``add spread`` says that those behind the first may be
    1x1xC, HxWx1, or 1 in any of the three."""

    word = "add"
    onnx = "Add, Sum"

    spread: bool = argument(FLAG, default=False, doc=_SPREAD)

    @property
    def adds_up(self) -> bool:
        return not self.spread

    def shape(self, inputs: tuple[Volume, ...]) -> Volume:
        return self._spread(inputs) if self.spread else super().shape(inputs)

    def equal(self, inputs: tuple[Volume, ...]) -> Iterator[tuple[Dim, Dim]]:
        return self._spread_equal(inputs) if self.spread else super().equal(inputs)

    def lower(self, to: Lowering) -> None:
        to.node("Add" if len(to.inputs) == 2 else "Sum", to.inputs, to.output)

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        return Code(function="+")

    def caption(self) -> Caption:
        return Caption("add", details=("+", "spread") if self.spread else ("+",), sign="+")


@kind
class Sub(_Equal):
    """The first minus the others, number by number. All volumes are equal: nothing is broadcast."""

    word = "sub"
    elsewhere = ("subtract", "minus", "difference")
    onnx = "Sub"

    def lower(self, to: Lowering) -> None:
        _one_by_one(to, "Sub", "difference")

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        return Code(function="-")

    def caption(self) -> Caption:
        return Caption("sub", details=("−",), sign="−")


@kind
class Max(_Equal):
    """The largest, number by number (maxout)."""

    word = "max"
    elsewhere = ("maximum",)
    onnx = "Max"

    def lower(self, to: Lowering) -> None:
        to.node("Max", to.inputs, to.output)

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        return Code(function="torch.maximum")

    def caption(self) -> Caption:
        return Caption("max", box=("MAX",))


@kind
class Min(_Equal):
    """The smallest, number by number."""

    word = "min"
    elsewhere = ("minimum",)
    onnx = "Min"

    def lower(self, to: Lowering) -> None:
        to.node("Min", to.inputs, to.output)

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        return Code(function="torch.minimum")

    def caption(self) -> Caption:
        return Caption("min", box=("MIN",))


@kind
class Mul(_Spreads):
    """The product, number by number; a 1x1xC volume multiplies whole channels (squeeze-and-excite). With ``mul spread``
    those behind the first may be 1 in any of the three: HxWx1 is a factor for each place (spatial attention), Hx1xC one
    for each row."""

    word = "mul"
    elsewhere = ("multiply",)
    onnx = "Mul"

    spread: bool = argument(FLAG, default=False, doc=_SPREAD)

    def shape(self, inputs: tuple[Volume, ...]) -> Volume:
        if self.spread:
            return self._spread(inputs)
        gates, maps = self._parts(inputs)
        for volume in inputs:
            against = maps[0] if volume not in gates else Volume((1, 1, maps[0].channels))
            same = volume.is_map == maps[0].is_map and not any(map(_surely_differ, volume.dims, against.dims))
            if not same:
                raise Fault(
                    "E0413",
                    "`mul` needs equal volumes, or 1x1xC for whole channels",
                    remark=" * ".join(str(v) for v in inputs),
                    reason=f"{volume} is neither {maps[0]} nor 1x1x{maps[0].channels}"
                    if volume.is_map == maps[0].is_map
                    else f"{maps[0]} and {volume}: one is a volume, the other a vector",
                    help="`unflatten` behind the vector makes it 1x1xC; or without `flatten`, and with a 1x1"
                    " convolution for each `fc`, it stays 1x1xC: the weights of fully connected layers fit such"
                    " convolutions"
                    if volume.is_map != maps[0].is_map
                    else self._may_spread(inputs),
                )
        return Volume(_most_known(volume.dims for volume in maps))

    def _parts(self, inputs: tuple[Volume, ...]) -> tuple[list[Volume], list[Volume]]:
        """What multiplies whole channels, and what is multiplied number by number."""
        gates = [volume for volume in inputs if volume.is_map and (volume.height, volume.width) == (1, 1)]
        return gates, [volume for volume in inputs if volume not in gates] or [inputs[0]]

    def equal(self, inputs: tuple[Volume, ...]) -> Iterator[tuple[Dim, Dim]]:
        if self.spread:
            yield from self._spread_equal(inputs)
            return
        _, maps = self._parts(inputs)
        for other in maps[1:]:
            yield from zip(maps[0].dims, other.dims, strict=True)

    def lower(self, to: Lowering) -> None:
        _one_by_one(to, "Mul", "product")

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        return Code(function="*")

    def caption(self) -> Caption:
        return Caption("mul", details=("×", "spread") if self.spread else ("×",), sign="×")


@kind
class Concat(Join):
    """Channels stacked in the order written; height and width agree."""

    keeps = True

    word = "concat"
    elsewhere = ("cat", "concatenate")
    onnx = "Concat"

    def shape(self, inputs: tuple[Volume, ...]) -> Volume:
        first = inputs[0]
        for other in inputs[1:]:
            if len(first.dims) != len(other.dims):
                raise Fault(
                    "E0402",
                    "`concat` takes volumes or vectors, not both",
                    remark=f"{first} and {other}",
                    help="flatten the volume, or keep the other a volume",
                )
            if any(map(_surely_differ, first.dims[:-1], other.dims[:-1])):
                raise Fault(
                    "E0402",
                    "`concat` stacks channels, so H x W must agree",
                    remark=", ".join(str(volume) for volume in inputs),
                    reason=f"{first.height}x{first.width} is not {other.height}x{other.width}",
                    help="give the branches the same strides, and `same` padding where a window is larger than 1x1",
                )
        channels = reduce(add, (volume.channels for volume in inputs))
        return Volume((*_most_known(volume.dims[:-1] for volume in inputs), channels))

    def equal(self, inputs: tuple[Volume, ...]) -> Iterator[tuple[Dim, Dim]]:
        for other in inputs[1:]:
            yield from zip(inputs[0].dims[:-1], other.dims[:-1], strict=True)

    def lower(self, to: Lowering) -> None:
        to.node("Concat", to.inputs, to.output, axis=1)

    def torch(self, inputs: tuple[Volume, ...]) -> Code:
        return Code(function="torch.cat")

    def caption(self) -> Caption:
        return Caption("concat", box=("Channel", "Concat"))


def _one_by_one(to: Lowering, op: str, between: str) -> None:
    """Nodes of an operator that takes two: the first tensor and the second, what comes of that and the third."""
    name, dims = to.inputs[0], onnx_dims(to.output_volume)
    for index, other in enumerate(to.inputs[1:-1]):
        name = to.node(op, [name, other], to.inner(f"{between}{index + 1}", dims))
    to.node(op, [name, to.inputs[-1]], to.output)
