"""Caffe's layers that take several blobs or make several, and those that lay out numbers anew."""

from __future__ import annotations

from collections.abc import Sequence

from cnngraph.fronts.caffe.layer import Layer
from cnngraph.fronts.caffe.net import Net
from cnngraph.fronts.caffe.points import bias_alone, scale_alone
from cnngraph.fronts.mistake import mistake
from cnngraph.layers.dense import Flatten, Unflatten
from cnngraph.layers.join import Add, Max, Mul, Sub
from cnngraph.layers.rearrange import Slice
from cnngraph.layers.scaling import Times
from cnngraph.volume import Volume, as_int, product

Made = str | None


def concat(net: Net, layer: Layer, inputs: Sequence[str]) -> Made:
    """Channels behind each other."""
    options = layer.options("concat_param")
    axis, volumes = options.whole("axis", options.whole("concat_dim", 1)), [net.volume(each) for each in inputs]
    if len(inputs) == 1:
        return inputs[0]
    if axis in ((1, -3) if volumes[0].is_map else (1, -1)):
        return net.concat(layer, list(inputs))
    return net.opaque(layer, inputs, _along(volumes, axis))


def _along(volumes: Sequence[Volume], axis: int) -> Volume | None:
    """Of maps behind each other downward or across; None where they are not alike, or no such maps."""
    at = {2: 0, -2: 0, 3: 1, -1: 1}.get(axis)
    if at is None or not all(volume.is_map for volume in volumes):
        return None
    sizes = [[as_int(dim) for dim in volume.dims] for volume in volumes]
    rest = {tuple(size for number, size in enumerate(each) if number != at) for each in sizes}
    if len(rest) > 1:
        return None
    whole = sizes[0]
    whole[at] = sum(each[at] for each in sizes)
    return Volume(tuple(whole))


def eltwise(net: Net, layer: Layer, inputs: Sequence[str]) -> Made:
    """The product, the largest, or the sum of all, each times its `coeff`."""
    options = layer.options("eltwise_param")
    how, coefficients = options.text("operation", "SUM").upper(), options.numbers("coeff")
    if len(inputs) == 1 and not coefficients:
        return inputs[0]
    if how in ("PROD", "0"):
        return net.add(layer, Mul(), inputs)
    if how in ("MAX", "2"):
        return net.add(layer, Max(), inputs)
    if how not in ("SUM", "1"):
        raise mistake("E0208", "`operation` is PROD, SUM or MAX", options.place("operation"))
    if coefficients and len(coefficients) != len(inputs):
        raise mistake("E0208", f"{len(coefficients)} `coeff` for {len(inputs)} blobs", options.place("coeff"))
    if coefficients == [1, -1]:
        return net.add(layer, Sub(), inputs)
    parts = [
        tensor if factor == 1 else net.add(layer, Times(by=factor), [tensor], name=f"{layer.name}/coeff")
        for tensor, factor in zip(inputs, coefficients or [1.0] * len(inputs), strict=True)
    ]
    return net.add(layer, Add(), parts) if len(parts) > 1 else parts[0]


def scale(net: Net, layer: Layer, inputs: Sequence[str]) -> Made:
    """With a second blob, that one times the first: whole channels, if it has one number for each."""
    if len(inputs) == 1:
        return scale_alone(net, layer, inputs)
    if layer.options("scale_param").flag("bias_term", False):
        return net.opaque(layer, inputs, net.volume(inputs[0]))
    return net.add(layer, Mul(), [inputs[0], _upright(net, layer, inputs)])


def bias(net: Net, layer: Layer, inputs: Sequence[str]) -> Made:
    """With a second blob, that one added to the first: a number for each channel."""
    if len(inputs) == 1:
        return bias_alone(net, layer, inputs)
    return net.add(layer, Add(spread=True), [inputs[0], _upright(net, layer, inputs)])


def _upright(net: Net, layer: Layer, inputs: Sequence[str]) -> str:
    """The second of *inputs*, as 1x1xC where it is a vector and the first a map."""
    if net.volume(inputs[0]).is_map and not net.volume(inputs[1]).is_map:
        return net.add(layer, Unflatten(), [inputs[1]], name=f"{layer.name}/unflatten")
    return inputs[1]


def axpy(net: Net, layer: Layer, inputs: Sequence[str]) -> Made:
    """The first blob, a number for each channel, times the second, and the third added (SENet's)."""
    if len(inputs) != 3:
        raise mistake("E0207", f"`Axpy` takes three blobs, not {len(inputs)}", layer.span)
    weighed = net.add(layer, Mul(), [inputs[1], _upright(net, layer, [inputs[1], inputs[0]])],
                      name=f"{layer.name}/scale")  # fmt: skip
    return net.add(layer, Add(), [weighed, inputs[2]])


def slices(net: Net, layer: Layer, inputs: Sequence[str]) -> Sequence[Made]:
    """At each `slice_point` a new part begins; without one they are equal."""
    options, volume, parts = layer.options("slice_param"), net.volume(inputs[0]), len(layer.tops)
    axis, points = options.whole("axis", options.whole("slice_dim", 1)), options.wholes("slice_point")
    if axis not in ((1, -3) if volume.is_map else (1, -1)):
        return [net.opaque(layer, inputs[:1], None)]
    channels = as_int(volume.channels)
    if parts < 2:
        return inputs[:parts]
    if points and len(points) != parts - 1:
        raise mistake("E0208", f"{len(points)} `slice_point` make {len(points) + 1} parts, and there are {parts}",
                      options.place("slice_point"))  # fmt: skip
    if not points and channels % parts:
        raise mistake("E0412", f"{channels} channels are not {parts} equal parts", layer.span,
                      f"{channels} / {parts} = {channels / parts:g}")  # fmt: skip
    ends = [*(points or range(channels // parts, channels, channels // parts)), channels]
    return [
        net.add(layer, Slice(start=max(begin, 0), stop=max(end, 1)), inputs[:1], name=f"{layer.name}/{top}")
        for top, begin, end in zip(layer.tops, [0, *ends], ends, strict=False)
    ]


def split(net: Net, layer: Layer, inputs: Sequence[str]) -> Sequence[Made]:
    """The same blob under several names."""
    return [inputs[0]] * len(layer.tops)


def flatten(net: Net, layer: Layer, inputs: Sequence[str]) -> Made:
    """All of a picture as one vector."""
    options, is_map = layer.options("flatten_param"), net.volume(inputs[0]).is_map
    if options.whole("axis", 1) not in ((1, -3) if is_map else (1, -1)) or options.whole("end_axis", -1) not in (-1, 3):
        return net.opaque(layer, inputs[:1], None)
    return net.add(layer, Flatten(), inputs[:1]) if is_map else inputs[0]


def reshape(net: Net, layer: Layer, inputs: Sequence[str]) -> Made:
    """The same numbers in the same order, channel after channel, as other sizes: 0 is that of the blob, -1 what is
    left."""
    volume, options = net.volume(inputs[0]), layer.options("reshape_param")
    has = [0, as_int(volume.channels), *((as_int(volume.height), as_int(volume.width)) if volume.is_map else ())]
    dims = options.message("shape").wholes("dim")
    whole = options.whole("axis", 0) == 0 and options.whole("num_axes", -1) == -1
    if not whole or len(dims) not in (2, 4) or (dims[0] > 0 and dims.count(-1)):
        return net.opaque(layer, inputs[:1], None)
    rest = [has[at] if size == 0 and at < len(has) else size for at, size in enumerate(dims)][1:]
    size = as_int(volume.size)
    if rest.count(-1) == 1 and (known := -product(rest)) > 0 and size % known == 0:
        rest[rest.index(-1)] = size // known
    if min(rest) < 1 or product(rest) != size:
        return net.opaque(layer, inputs[:1], None)
    tensor = net.add(layer, Flatten(), inputs[:1]) if volume.is_map and rest != has[1:] else inputs[0]
    if len(rest) == 1 or rest == has[1:]:
        return tensor
    return net.add(layer, Unflatten(volume=(rest[1], rest[2], rest[0])), [tensor])


def permute(net: Net, layer: Layer, inputs: Sequence[str]) -> Made:
    """Axes in another order, of which there is only one here."""
    volume, order = net.volume(inputs[0]), layer.options("permute_param").wholes("order")
    order += [axis for axis in range(4) if axis not in order]
    if order == [0, 1, 2, 3]:
        return inputs[0]
    if not volume.is_map or sorted(order) != [0, 1, 2, 3] or order[0] != 0:
        return net.opaque(layer, inputs[:1], None)
    sizes = (0, as_int(volume.channels), as_int(volume.height), as_int(volume.width))
    channels, height, width = (sizes[axis] for axis in order[1:])
    return net.opaque(layer, inputs[:1], Volume((height, width, channels)))
