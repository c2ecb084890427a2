"""Caffe's layers that lay out numbers anew, and those that go along another axis than that of channels."""

from __future__ import annotations

from collections.abc import Sequence

from cnngraph.fronts.caffe.layer import Layer
from cnngraph.fronts.caffe.net import Net, Rows
from cnngraph.layers.activation import Softmax, SplitSoftmax
from cnngraph.layers.dense import Flatten, Unflatten
from cnngraph.layers.rearrange import Reorg, Shuffle, Unreorg
from cnngraph.volume import Volume, as_int, product

Made = str | None


def _axes(net: Net, layer: Layer, tensor: str) -> list[int]:
    """How long each axis of the first blob of *layer*, which is *tensor*, is as Caffe has it, behind that of the
    batch."""
    volume = net.volume(tensor)
    if (rows := net.rows(layer.bottoms[0])) is not None:
        return [as_int(volume.size) // rows.length, rows.length]
    return [as_int(volume.channels), *(map(as_int, volume.dims[:2]) if volume.is_map else ())]


def flatten(net: Net, layer: Layer, inputs: Sequence[str]) -> Made:
    """All of a picture as one vector."""
    options, axes = layer.options("flatten_param"), _axes(net, layer, inputs[0])
    if options.whole("axis", 1) not in (1, -len(axes)) or options.whole("end_axis", -1) not in (-1, len(axes)):
        return net.opaque(layer, inputs[:1], None)
    return _vector(net, layer, inputs[0])


def _vector(net: Net, layer: Layer, tensor: str) -> str:
    """All of *tensor* as a vector: the one that it is, or that it was made of."""
    if not net.volume(tensor).is_map:
        return tensor
    kind, inputs = net.draft.made_by(tensor)
    return inputs[0] if isinstance(kind, Unflatten) else net.add(layer, Flatten(), [tensor])


def _whole(net: Net, vector: str) -> str | None:
    """The map that *vector* is all of, if it was made of one."""
    kind, inputs = net.draft.made_by(vector)
    return inputs[0] if isinstance(kind, Flatten) else None


def reshape(net: Net, layer: Layer, inputs: Sequence[str]) -> Made:
    """The same numbers in the same order, channel after channel, as other sizes: 0 is that of the blob, -1 what is
    left. What has three axes then is a vector of rows behind each other."""
    tensor, options, has = inputs[0], layer.options("reshape_param"), _axes(net, layer, inputs[0])
    dims, axis = options.message("shape").wholes("dim"), options.whole("axis", 0)
    if axis == 1:
        dims = [0, *dims]
    is_whole = axis in (0, 1) and options.whole("num_axes", -1) == -1
    if not is_whole or not 2 <= len(dims) <= 4 or (dims[0] not in (0, net.batch) and dims.count(-1) != (dims[0] == -1)):
        return net.opaque(layer, inputs[:1], None)
    rest = [has[at] if size == 0 and at < len(has) else size for at, size in enumerate(dims[1:])]
    size = product(has)
    if rest.count(-1) == 1 and (known := -product(rest)) > 0 and size % known == 0:
        rest[rest.index(-1)] = size // known
    if min(rest) < 1 or product(rest) != size:
        return net.opaque(layer, inputs[:1], None)
    if len(rest) == 2:
        net.see(layer.tops[0], Rows(rest[1]))
    if rest == has:
        return tensor
    vector = _vector(net, layer, tensor)
    if len(rest) != 3:
        return vector
    channels, height, width = rest
    whole = _whole(net, vector)
    if whole is not None and net.volume(whole) == Volume((height, width, channels)):
        return whole
    return net.add(layer, Unflatten(volume=(height, width, channels)), [vector])


def permute(net: Net, layer: Layer, inputs: Sequence[str]) -> Made:
    """Axes in another order, of which there is only one here. A vector may be in any: one of place after place, each
    with all its channels, is channels dealt out."""
    volume, order = net.volume(inputs[0]), layer.options("permute_param").wholes("order")
    order += [axis for axis in range(4) if axis not in order]
    if order == [0, 1, 2, 3]:
        return inputs[0]
    behind = net.behind(layer)
    if not volume.is_map or sorted(order) != [0, 1, 2, 3] or order[0] != 0 or not behind:
        return net.opaque(layer, inputs[:1], None)
    sizes = (0, *_axes(net, layer, inputs[0]))
    channels, height, width = (sizes[axis] for axis in order[1:])
    if order != [0, 2, 3, 1] or not all(map(_makes_a_vector, behind)):
        return net.opaque(layer, inputs[:1], Volume((height, width, channels)))
    flat = net.add(layer, Flatten(), inputs[:1], name=f"{layer.name}/flatten")
    return _flat(net, layer, _dealt(net, layer, net.upright(layer, flat), as_int(volume.channels)))


def _makes_a_vector(layer: Layer) -> bool:
    """Whether *layer* makes one of a whole picture, whatever its sizes."""
    if layer.type == "Flatten":
        options = layer.options("flatten_param")
        return options.whole("axis", 1) in (1, -3) and options.whole("end_axis", -1) in (-1, 3)
    options = layer.options("reshape_param")
    dims = options.message("shape").wholes("dim")
    return layer.type == "Reshape" and options.whole("axis", 0) == 0 and 0 not in dims[1:] and len(dims) > 1


def softmax(net: Net, layer: Layer, inputs: Sequence[str]) -> Made:
    """Over channels; of rows over the numbers of each, or over all rows."""
    axes, axis = _axes(net, layer, inputs[0]), layer.options("softmax_param").whole("axis", 1)
    axis = axis if axis > 0 else axis + len(axes) + 1
    if (rows := net.rows(layer.bottoms[0])) is not None:
        net.see(layer.tops[0], rows)
        return _softmax_of_rows(net, layer, inputs[0], axes, across=axis == 2)
    if axis != 1:
        return net.opaque(layer, inputs[:1], net.volume(inputs[0]))
    return _softmax_of_parts(net, layer, inputs[0]) or net.add(layer, Softmax(), inputs[:1])


def _softmax_of_parts(net: Net, layer: Layer, tensor: str) -> Made:
    """As the first half of Faster R-CNN has it: a map was cut into parts of its channels, which were put below each
    other, so that those parts are weighed against one another. None where *tensor* is no such map."""
    kind, inputs = net.draft.made_by(tensor)
    whole = _whole(net, inputs[0]) if isinstance(kind, Unflatten) else None
    if whole is None:
        return None
    parts, (height, width, channels) = net.volume(tensor), map(as_int, net.volume(whole).dims)
    count = as_int(parts.channels)
    if channels % count or parts != Volume((channels // count * height, width, count)):
        return None
    soft = net.add(layer, SplitSoftmax(n=count), [whole])
    flat = net.add(layer, Flatten(), [soft], name=f"{layer.name}/flatten")
    return net.add(layer, kind, [flat], name=f"{layer.name}/unflatten")


def _softmax_of_rows(net: Net, layer: Layer, tensor: str, axes: Sequence[int], *, across: bool) -> str:
    count, length = axes
    if (1 if across else length) == 1 and product(axes) == (length if across else count):
        return net.add(layer, Softmax(), [tensor])
    upright = net.upright(layer, tensor)
    if not across:
        return _flat(net, layer, net.add(layer, SplitSoftmax(n=count), [upright]))
    parted = net.add(layer, SplitSoftmax(n=length), [_dealt(net, layer, upright, count)])
    return _flat(net, layer, _dealt(net, layer, parted, length))


def _dealt(net: Net, layer: Layer, tensor: str, piles: int) -> str:
    return net.add(layer, Shuffle(g=piles), [tensor], name=f"{layer.name}/shuffle") if piles > 1 else tensor


def _flat(net: Net, layer: Layer, tensor: str) -> str:
    return net.add(layer, Flatten(), [tensor])


def reorg(net: Net, layer: Layer, inputs: Sequence[str]) -> Made:
    """darknet's."""
    options, volume = layer.options("reorg_param"), net.volume(inputs[0])
    stride = options.count("stride", 1)
    if options.flag("reverse", False) and volume.is_map:
        height, width, channels = map(as_int, volume.dims)
        return net.opaque(layer, inputs[:1], Volume((height * stride, width * stride, max(channels // stride**2, 1))))
    return net.add(layer, Reorg(n=stride, order="as_darknet"), inputs[:1]) if stride > 1 else inputs[0]


def pixel_shuffle(net: Net, layer: Layer, inputs: Sequence[str]) -> Made:
    """Of every n² channels one that is n times as high and wide."""
    factor = layer.options("pixel_shuffle_param").count("upscale_factor", 1)
    return net.add(layer, Unreorg(n=factor, order="by_channel"), inputs[:1])
