"""Operators that move numbers and change none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from math import prod

import numpy as np

from cnngraph.fronts.onnx.constants import Constant, Unknown, slices, split_sizes
from cnngraph.fronts.onnx.messages import FLOATS
from cnngraph.fronts.onnx.trace import MOST_COPIES, Step, Value, dims_of, operator
from cnngraph.fronts.onnx.views import Border, Factor, View, alike, reshaped
from cnngraph.layers.dense import Dropout
from cnngraph.layers.join import Concat
from cnngraph.layers.pooling import MaxPool
from cnngraph.layers.rearrange import Reorg, Slice, Unreorg, Widen
from cnngraph.volume import Dim, Free
from cnngraph.weights.readers.entry import Array

Ints = Sequence[int] | None


@operator("Identity")
def same(step: Step, x: Value) -> Value:
    return x


@operator("Cast")
def cast(step: Step, x: Value, *, to: int, saturate: int = 1, round_mode: str = "up") -> Value:
    """From one type of number with a fraction to another."""
    if to not in FLOATS:
        raise Unknown("a cast to whole numbers")
    return x


@operator("Dropout")
def dropout(
    step: Step, x: Value, ratio: Value | None = None, training_mode: Value | None = None, *,
    ratio_: float = 0.5, seed: int = 0, is_test: int = 1,
) -> list[Value]:  # fmt: skip
    """The second output is which numbers were kept: all."""
    if isinstance(ratio, Constant):
        ratio_ = ratio.floats[0]
    ratio_ = float(str(np.float32(ratio_)))  # 0.2, and not 0.20000000298
    view = step.view(x)
    made = step.layer(Dropout(p=ratio_), view, like=view) if 0 < ratio_ < 1 else view
    return [made, Constant.of(np.array(True))]


@operator("Reshape")
def reshape(step: Step, x: Value, shape: Value | None = None, *, allowzero: int = 0, shape_: Ints = None) -> Value:
    view = step.view(x)
    sizes: list[Dim] = list(step.constant(shape).dims if shape is not None else shape_ or ())
    if not allowzero:
        sizes = [view.sizes[n] if size == 0 and n < view.rank else size for n, size in enumerate(sizes)]
    return _seen(view, sizes)


@operator("Flatten")
def flatten(step: Step, x: Value, *, axis: int = 1) -> Value:
    view = step.view(x)
    axis += view.rank if axis < 0 else 0
    axes = [tuple(each for part in parts for each in part) for parts in (view.axes[:axis], view.axes[axis:])]
    from cnngraph.fronts.onnx.views import merged

    return replace(view, axes=tuple(map(merged, axes)))


@operator("Transpose")
def transpose(step: Step, x: Value, *, perm: Ints = None) -> Value:
    """A border that is to be put on stays one where the channels go from behind height and width before them, or
    back."""
    view = x if isinstance(x, View) and x.border is not None and x.rank == 4 else step.view(x)
    order = list(perm) if perm is not None else list(reversed(range(view.rank)))
    if sorted(order) != list(range(view.rank)):
        raise Unknown(f"a transposition {order} of {view.rank} axes")
    turned = view.turned(order)
    return turned if turned.border is None or turned.to_upright() else step.view(view).turned(order)


@operator("Squeeze")
def squeeze(step: Step, x: Value, axes: Value | None = None, *, axes_: Ints = None) -> Value:
    view = step.view(x)
    over = step.constant(axes).ints if axes is not None else axes_
    gone = {n for n, axis in enumerate(view.axes) if axis == ()} if over is None else {n % view.rank for n in over}
    if any(view.axes[n] != () for n in gone):
        raise Unknown("a Squeeze of an axis that is longer than 1")
    return replace(view, axes=tuple(axis for n, axis in enumerate(view.axes) if n not in gone))


@operator("Unsqueeze")
def unsqueeze(step: Step, x: Value, axes: Value | None = None, *, axes_: Ints = None) -> Value:
    view = step.view(x)
    over = step.constant(axes).ints if axes is not None else tuple(axes_ or ())
    rank = view.rank + len(over)
    new = {n % rank for n in over}
    left = iter(view.axes)
    return replace(view, axes=tuple(() if n in new else next(left) for n in range(rank)))


@operator("Shape")
def shape(step: Step, x: Value, *, start: int = 0, end: int | None = None) -> Value:
    return _sizes(dims_of(x)[start:end])


@operator("Size")
def size(step: Step, x: Value) -> Value:
    total: Dim = 1
    for each in dims_of(x):
        total = total * each
    return _sizes((total,))


@operator("Expand")
def expand(step: Step, x: Value, shape: Value) -> Value:
    """Axes of size 1 repeated. What is joined with a tensor as large stays as it is; see `View.spread`."""
    view = step.view(x)
    asked = step.constant(shape).dims
    if len(asked) > view.rank:
        raise Unknown("a tensor repeated along an axis of its own")
    asked = (1,) * (view.rank - len(asked)) + asked
    return _repeated(view, [own if each == 1 else each for own, each in zip(view.sizes, asked, strict=True)])


@operator("Tile")
def tile(step: Step, x: Value, repeats: Value) -> Value:
    """Axes of size 1 repeated, and all channels put beside themselves."""
    view = step.view(x)
    times = step.constant(repeats).ints
    if len(times) != view.rank:
        raise Unknown(f"{len(times)} numbers for {view.rank} axes")
    at = view.where(Factor("C", view.volume.channels))
    if at is not None and view.volume.is_map and 1 < times[at] <= MOST_COPIES:
        upright = step.map(view)
        made = step.layer(Concat(), *[upright] * times[at])
        return tile(step, made, Constant.of(np.array([1 if n == at else each for n, each in enumerate(times)])))
    return _repeated(view, [own * each for own, each in zip(view.sizes, times, strict=True)])


def _repeated(view: View, wanted: Sequence[Dim]) -> View:
    if any(own not in (1, size) for own, size in zip(view.sizes, wanted, strict=True)):
        raise Unknown("a tensor repeated along an axis that is longer than 1")
    return view if view.sizes == tuple(wanted) else replace(view, spread=tuple(wanted))


@operator("Pad")
def pad(
    step: Step, x: Value, pads: Value | None = None, value: Value | None = None, axes: Value | None = None, *,
    mode: str = "constant", pads_: Ints = None, paddings_: Ints = None, value_: float = 0.0,
) -> Value:  # fmt: skip
    """A border, which a window behind it may have as its padding; more channels, of zeros, behind those there are."""
    view = step.view(x)
    amounts = list(step.constant(pads).ints if pads is not None else pads_ or paddings_ or ())
    if axes is not None:
        over = [each % view.rank for each in step.constant(axes).ints]
        given = amounts
        amounts = [0] * (2 * view.rank)
        for n, axis in enumerate(over):
            amounts[axis], amounts[axis + view.rank] = given[n], given[n + len(over)]
    if not any(amounts):
        return view
    if len(amounts) != 2 * view.rank or view.rank != 4:
        raise Unknown(f"a border around a tensor of rank {view.rank}")
    fill = step.constant(value).number if isinstance(value, Constant) and value.size else value_
    before, after = amounts[:4], amounts[4:]
    # The channels may stand behind height and width.
    order = _to_upright(view)
    before, after = [before[n] for n in order], [after[n] for n in order]
    turned = view.turned(order)
    if before[0] or after[0]:
        raise Unknown("a border along the batch")
    if before[1] or after[1]:
        if before[1] or after[1] < 0 or any(before[2:] + after[2:]) or fill or mode != "constant":
            raise Unknown("channels put before those there are, or others than of zeros")
        volume = step.map(turned).volume
        channels = volume.channels + after[1]
        assert isinstance(channels, int)
        return step.layer(Widen(channels=channels), step.map(turned)).turned(_back(order))
    filling = {"constant": "zeros", "reflect": "reflect", "edge": "replicate", "wrap": "circular"}.get(mode)
    if filling is None or fill is None:
        raise Unknown(f"a border of {mode}")
    made = replace(step.map(turned), border=Border((before[2], before[3], after[2], after[3]), filling, fill))
    return made.turned(_back(order))


@operator("Slice")
def slice_(
    step: Step, x: Value, starts: Value | None = None, ends: Value | None = None, axes: Value | None = None,
    steps: Value | None = None, *, starts_: Ints = None, ends_: Ints = None, axes_: Ints = None,
) -> Value:  # fmt: skip
    bounds = [None if each is None else step.constant(each).array for each in (starts, ends, axes, steps)]
    cropped = isinstance(x, View) and x.border is not None and all(side <= 0 for side in x.border.sides)
    view = x if cropped and isinstance(x, View) else step.view(x)
    cuts = slices(step.node, view.rank, bounds)
    return _pictures_cut(step, view, cuts)


@operator("Split")
def split(
    step: Step, x: Value, parts: Value | None = None, *, axis: int = 0, num_outputs: int = 0, split_: Ints = None
) -> list[Value]:
    view = step.view(x)
    axis %= view.rank
    size = view.sizes[axis]
    if not isinstance(size, int):
        raise Unknown("a Split of an axis that is free")
    sizes = split_sizes(step.node, size, None if parts is None else step.constant(parts).array)
    found: list[Value] = []
    start = 0
    for each in sizes:
        found.append(_cut(step, view, axis, slice(start, start + each, 1)))
        start += each
    return found


@operator("Gather")
def gather(step: Step, x: Value, indices: Value, *, axis: int = 0) -> Value:
    """Places one after the other, which are a slice, one, whose axis is gone, or all of them as in an array that is
    turned."""
    view = step.view(x)
    chosen = step.constant(indices)
    axis %= view.rank
    if len(chosen.shape) > 1:
        return _strided(view, chosen.get(), axis)
    size = view.sizes[axis]
    places = [each + size if each < 0 and isinstance(size, int) else each for each in chosen.ints]
    if not places or any(behind != place + 1 for place, behind in pairwise(places)):
        raise Unknown("places that are not one after the other")
    made = _cut(step, view, axis, slice(places[0], places[-1] + 1, 1))
    if chosen.shape:
        return made
    if made.axes[axis] != ():
        raise Unknown("one place of an axis that does not end there")
    return replace(made, axes=tuple(each for n, each in enumerate(made.axes) if n != axis))


@operator("cnngraph.StridedPictures")
def strided_pictures(step: Step, x: Value, count: Value, *, places: list[int], sizes: list[int]) -> Value:
    """As `patterns` found it: of *count* pictures the same *places* of each."""
    view = step.view(x)
    pictures = step.constant(count).dims
    if pictures != (view.batch,):
        raise Unknown("places of another number of pictures than there are")
    return _strided(_seen(view, [*pictures, prod(sizes)]), np.array(places).reshape(sizes), 1)


def _strided(view: View, places: Array, axis: int) -> View:
    """*places* along *axis* as an array of several axes, each of which goes on in equal steps from 0; what PyTorch's
    ``as_strided`` becomes."""
    steps = [int(places.take(1, n).flat[0]) if size > 1 else 0 for n, size in enumerate(places.shape)]
    if places.flat[0] != 0:
        raise Unknown("places that do not begin with the first")
    order = sorted(range(places.ndim), key=lambda n: -steps[n])
    wanted = sum(
        np.arange(size).reshape([-1 if n == at else 1 for n in range(places.ndim)]) * steps[at]
        for at, size in enumerate(places.shape)
    )
    sizes = [places.shape[n] for n in order]
    if (
        places.size != view.sizes[axis]
        or not np.array_equal(places, wanted)
        or len({*places.reshape(-1)}) < places.size
    ):
        raise Unknown("places that are not one after the other")
    seen = _seen(view, [*view.sizes[:axis], *sizes, *view.sizes[axis + 1 :]])
    back = [axis + order.index(n) for n in range(places.ndim)]
    rank = len(seen.axes)
    return seen.turned([*range(axis), *back, *range(axis + places.ndim, rank)])


@operator("Concat")
def concat(step: Step, *parts: Value, axis: int = 1) -> Value:
    """Of volumes along their channels. The first of them are taken from where they stand together already."""
    views = [step.view(each) for each in parts]
    if len(views) == 1:
        return views[0]
    axis %= views[0].rank
    if all(view.axes[axis] == () and view.volume.channels != 1 for view in views):
        return _stacked(step, views, axis)
    for view in views:
        if view.where(Factor("C", view.volume.channels)) != axis and (view.axes[axis] or view.volume.channels != 1):
            raise Unknown("tensors put together along another axis than their channels")
    if not all(view.volume.is_map for view in views):
        if any(view.volume.is_map for view in views):
            views = [step.vector(view) for view in views]
            axis = 1
    elif not all(alike(view, views[0], axis) for view in views):
        views = [step.map(view) for view in views]
        axis = 1
    made = step.trace.joined(step, views, Concat())
    # They may have one channel each, which shows along no axis, or have been put together before and lain otherwise.
    whole = () if made.volume.channels == 1 else (Factor("C", made.volume.channels),)
    return replace(made, axes=tuple(whole if n == axis else own for n, own in enumerate(views[0].axes)))


def _stacked(step: Step, views: list[View], axis: int) -> View:
    """*views* put together along an axis of its own: parts of the channels."""
    first = views[0]
    whole = Factor("C", first.volume.channels)
    at = first.where(whole)
    if at is None or any((view.axes, view.volume) != (first.axes, first.volume) for view in views):
        raise Unknown("unlike tensors put together along an axis of their own")
    made = step.trace.joined(step, views, Concat())
    axes = list(first.axes)
    axes[axis] = (Factor("C", len(views), whole.size),)
    step.trace.stacks[made.layer] = views
    return replace(made, axes=tuple(axes))


@operator("DepthToSpace")
def depth_to_space(step: Step, x: Value, *, blocksize: int, mode: str = "DCR") -> Value:
    return step.layer(Unreorg(n=blocksize, order="by_pixel" if mode == "DCR" else "by_channel"), step.map(x))


@operator("cnngraph.DarknetReorg")
def darknet_reorg(step: Step, x: Value, *, blocksize: int) -> Value:
    """As `patterns` found one."""
    return step.layer(Reorg(n=blocksize, order="as_darknet"), step.map(x))


@operator("cnngraph.Focus")
def focus(step: Step, x: Value, *, order: str) -> Value:
    """As `patterns` found one."""
    return step.layer(Reorg(n=2, order=order), step.map(x))


@operator("SpaceToDepth")
def space_to_depth(step: Step, x: Value, *, blocksize: int) -> Value:
    return step.layer(Reorg(n=blocksize), step.map(x))


# Parts ---------------------------------------------------------------------------------------


def _seen(view: View, sizes: Sequence[Dim]) -> View:
    axes = reshaped(view.axes, sizes)
    if axes is None:
        raise Unknown(f"a shape of {', '.join(map(str, sizes))} for one of {', '.join(map(str, view.sizes))}")
    return replace(view, axes=axes)


def _sizes(dims: Sequence[Dim]) -> Constant:
    if any(isinstance(each, Free) for each in dims):
        array = np.empty(len(dims), object)
        array[:] = list(dims)
        return Constant.of(array)
    return Constant.of(np.array(dims, np.int64))


def _to_upright(view: View) -> list[int]:
    """The order of its axes in which it is N, C, H, W."""
    order = view.to_upright()
    if order is None:
        raise Unknown("a tensor that is no picture")
    return order


def _back(order: Sequence[int]) -> list[int]:
    return [list(order).index(n) for n in range(len(order))]


def _pictures_cut(step: Step, view: View, cuts: Sequence[slice]) -> View:
    """*view*, around which at most something is cut off already, cut along its axes: rows and columns all at once, and
    every second one is what a window of one pixel sees in steps of two."""
    sizes = view.bordered_sizes
    sides = list(view.border.sides) if view.border is not None else [0, 0, 0, 0]
    plain, pace = replace(view, border=None), [1, 1]
    for axis, cut in enumerate(cuts):
        own = plain.axes[axis]
        if cut == slice(None) or not own or own[0].of not in ("H", "W") or len(own) > 1:
            continue
        if own[0].size != _whole(plain, own[0]):
            raise Unknown("a slice of an axis that is no volume's own")
        across = own[0].of == "W"
        before, behind, pace[across] = _ends(cut, sizes[axis])
        sides[across] -= before
        sides[2 + across] -= behind
    made = plain
    if any(sides) or pace != [1, 1]:
        order = _to_upright(plain)
        upright = replace(
            plain.turned(order), border=Border((sides[0], sides[1], sides[2], sides[3])) if any(sides) else None
        )
        if pace != [1, 1]:
            upright = step.layer(MaxPool(window=(1, 1), stride=(pace[0], pace[1])), step.view(upright))
        made = upright if order == [0, 1, 2, 3] else step.view(upright).turned(_back(order))
    for axis, cut in enumerate(cuts):
        own = plain.axes[axis]
        if cut != slice(None) and not (len(own) == 1 and own[0].of in ("H", "W")):
            made = _cut(step, step.view(made), axis, cut)
    return made


def _ends(cut: slice, size: Dim) -> tuple[int, int, int]:
    """How many places are left out before and behind, and the step between those that are taken."""
    start, stop, stride = cut.start or 0, cut.stop, 1 if cut.step is None else cut.step
    if isinstance(size, int) and not isinstance(start, Free) and not isinstance(stop, Free):
        start, stop, stride = slice(start, stop, stride).indices(size)
        if stride < 1 or stop <= start:
            raise Unknown("a slice backwards, or of nothing")
        return start, size - stop, stride
    if isinstance(start, Free) or start < 0 or stride < 1:
        raise Unknown("a slice from the end of a free size")
    if stop is None or stop == size:
        return start, 0, stride
    if isinstance(stop, int) and stop < 0:
        return start, -stop, stride
    rest = size - stop
    if isinstance(rest, Free) or rest < 0:
        raise Unknown("a slice up to a free size")
    return start, rest, stride


def _cut(step: Step, view: View, axis: int, cut: slice) -> View:
    """A piece of *view* along an axis that is of channels."""
    own = view.axes[axis]
    size = view.sizes[axis]
    if not isinstance(size, int):
        if _ends(cut, size) == (0, 0, 1):
            return view
        raise Unknown("a slice of an axis that is free")
    start, stop, stride = cut.indices(size) if not isinstance(cut.stop, Free) else (0, 0, 1)
    if stride < 1 or stop <= start:
        raise Unknown("a slice backwards, or of nothing")
    if (start, stop, stride) == (0, size, 1):
        return view
    if len(own) > 1 or (own and own[0].size != _whole(view, own[0])):
        return _cut(step, step.trace.settled(view, step), axis, cut)
    if own == (Factor("C", view.volume.channels),) and stride == 1:
        return step.layer(Slice(start=start, stop=stop), view, like=view)
    raise Unknown("a slice of an axis that is no volume's own")


def _whole(view: View, factor: Factor) -> Dim:
    """The size of the volume's axis that *factor* is of."""
    volume = view.volume
    return {"N": view.batch, "C": volume.channels, "H": volume.height, "W": volume.width}[factor.of]
