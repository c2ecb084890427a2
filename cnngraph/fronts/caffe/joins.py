"""Caffe's layers that take several blobs or make several."""

from __future__ import annotations

from collections.abc import Sequence

from cnngraph.fronts.caffe.layer import Layer
from cnngraph.fronts.caffe.net import Net
from cnngraph.fronts.caffe.points import bias_alone, scale_alone
from cnngraph.fronts.mistake import mistake
from cnngraph.layers.border import Crop
from cnngraph.layers.join import Add, Max, Mul, Sub
from cnngraph.layers.kind import Kind
from cnngraph.layers.rearrange import Slice
from cnngraph.layers.scaling import Times
from cnngraph.layers.values import Padding
from cnngraph.volume import Volume, as_int

Made = str | None


def concat(net: Net, layer: Layer, inputs: Sequence[str]) -> Made:
    """Channels behind each other."""
    options = layer.options("concat_param")
    axis = options.whole("axis", options.whole("concat_dim", 1))
    rows = {net.rows(each) for each in layer.bottoms}
    if any(rows):
        if axis != 1 or len(rows) > 1:
            return net.opaque(layer, inputs, None)
        net.see(layer.tops[0], *filter(None, rows))
    inputs = net.alike(layer, inputs)
    volumes = [net.volume(each) for each in inputs]
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
    inputs = net.alike(layer, inputs)
    spread = len({net.volume(each) for each in inputs}) > 1
    if spread and len(inputs) == 2:
        # One that is to be tiled stands behind the one that it is as large as then.
        inputs = sorted(inputs, key=lambda each: as_int(net.volume(each).size), reverse=True)
    if len(inputs) == 1 and not coefficients:
        return inputs[0]
    if how in ("PROD", "0"):
        return net.add(layer, Mul(spread=spread), inputs)
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
    return net.add(layer, Add(spread=spread), parts) if len(parts) > 1 else parts[0]


def scale(net: Net, layer: Layer, inputs: Sequence[str]) -> Made:
    """With a second blob, that one times the first: whole channels, if it has one number for each."""
    if len(inputs) == 1:
        return scale_alone(net, layer, inputs)
    if layer.options("scale_param").flag("bias_term", False):
        return net.opaque(layer, inputs, net.volume(inputs[0]))
    return net.add(layer, Mul(), net.alike(layer, inputs))


def bias(net: Net, layer: Layer, inputs: Sequence[str]) -> Made:
    """With a second blob, that one added to the first: a number for each channel."""
    if len(inputs) == 1:
        return bias_alone(net, layer, inputs)
    return net.add(layer, Add(spread=True), net.alike(layer, inputs))


def axpy(net: Net, layer: Layer, inputs: Sequence[str]) -> Made:
    """The first blob, a number for each channel, times the second, and the third added (SENet's)."""
    if len(inputs) != 3:
        raise mistake("E0207", f"`Axpy` takes three blobs, not {len(inputs)}", layer.span)
    gate, gated, added = net.alike(layer, inputs)
    return net.add(layer, Add(), [net.add(layer, Mul(), [gated, gate], name=f"{layer.name}/scale"), added])


def slices(net: Net, layer: Layer, inputs: Sequence[str]) -> Sequence[Made]:
    """At each `slice_point` a new part begins; without one they are equal."""
    options, volume, parts = layer.options("slice_param"), net.volume(inputs[0]), len(layer.tops)
    axis, points = options.whole("axis", options.whole("slice_dim", 1)), options.wholes("slice_point")
    at = {1: 2, 2: 0, 3: 1}.get(axis % 4) if volume.is_map else {1: 0}.get(axis % 2)
    if at is None:
        return [net.opaque(layer, inputs[:1], None)]
    whole = as_int(volume.dims[at])
    if parts < 2:
        return inputs[:parts]
    if points and len(points) != parts - 1:
        raise mistake("E0208", f"{len(points)} `slice_point` make {len(points) + 1} parts, and there are {parts}",
                      options.place("slice_point"))  # fmt: skip
    if not points and whole % parts:
        raise mistake("E0412", f"{whole} {_SLICED[at % len(volume.dims)]} are not {parts} equal parts", layer.span,
                      f"{whole} / {parts} = {whole / parts:g}")  # fmt: skip
    ends = [*(points or range(whole // parts, whole, whole // parts)), whole]
    return [
        net.add(layer, _part(at == len(volume.dims) - 1, at, begin, end, whole), inputs[:1], name=f"{layer.name}/{top}")
        for top, begin, end in zip(layer.tops, [0, *ends], ends, strict=False)
    ]


_SLICED = ("rows", "columns", "channels")


def _part(is_of_channels: bool, at: int, begin: int, end: int, whole: int) -> Kind:
    """Of channels, or of rows and columns, those from *begin* to *end*."""
    if is_of_channels:
        return Slice(start=max(begin, 0), stop=max(end, 1))
    before, behind = max(begin, 0), max(whole - end, 0)
    return Crop(n=Padding("given", (before, 0, behind, 0) if at == 0 else (0, before, 0, behind)))


def split(net: Net, layer: Layer, inputs: Sequence[str]) -> Sequence[Made]:
    """The same blob under several names."""
    if (seen := net.seen_as.get(layer.bottoms[0])) is not None:
        for top in layer.tops:
            net.see(top, seen)
    return [inputs[0]] * len(layer.tops)
