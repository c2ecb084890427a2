"""Caffe's layers with windows: convolutions, pools, and what makes maps larger or smaller."""

from __future__ import annotations

from collections.abc import Sequence

from cnngraph.fronts.caffe.layer import Layer
from cnngraph.fronts.caffe.net import Net, Places
from cnngraph.fronts.caffe.prototext import Message
from cnngraph.fronts.mistake import mistake
from cnngraph.fronts.padding import even, padding, pooling
from cnngraph.layers.border import Crop
from cnngraph.layers.convolution import Conv, DwConv, UpConv
from cnngraph.layers.pooling import AvgPool, MaxPool
from cnngraph.layers.rearrange import Slice
from cnngraph.layers.resize import Unpool, Upsample
from cnngraph.layers.values import Padding, Pair
from cnngraph.layers.window import need_map
from cnngraph.volume import Volume, as_int

Made = str | None


def sizes(volume: Volume, type: str) -> tuple[int, int, int]:
    """Height, width and channels of what a layer of *type* takes. Raises `Fault` for a vector."""
    need_map(volume, type)
    return as_int(volume.height), as_int(volume.width), as_int(volume.channels)


def convolutions(net: Net, layer: Layer, inputs: Sequence[str]) -> Sequence[Made]:
    """One of each blob below, all with the same weights. A vector is a map of one place."""
    make = deconvolution if layer.type == "Deconvolution" else convolution
    return [make(net, layer, [net.upright(layer, each)]) for each in inputs]


def convolution(net: Net, layer: Layer, inputs: Sequence[str]) -> Made:
    """Of each channel by itself where there are as many groups, or where a fork's type says so."""
    options, has = layer.options("convolution_param"), as_int(net.volume(inputs[0]).channels)
    window, stride, pads, dilation = _window(options)
    channels, bias = (
        options.count("num_output", has if layer.type != "Convolution" else 0),
        options.flag("bias_term", True),
    )
    groups = options.count("group", has if layer.type != "Convolution" else 1)
    border = padding(window, pads, pads, dilation)
    blobs = {"weight": 0, "bias": 1} if bias else {"weight": 0}
    if groups == has and groups > 1 and channels % has == 0:
        apart = DwConv(window=window, stride=stride, padding=border, dilation=dilation, multiplier=channels // has,
                       bias=bias)  # fmt: skip
        return net.add(layer, apart, inputs[:1], blobs=blobs)
    kind = Conv(channels=channels, window=window, stride=stride, padding=border, dilation=dilation, groups=groups,
                bias=bias)  # fmt: skip
    return net.add(layer, kind, inputs[:1], blobs=blobs)


def deconvolution(net: Net, layer: Layer, inputs: Sequence[str]) -> Made:
    """A transposed convolution; its blob has the channels that it takes first, as the kind has them."""
    options = layer.options("convolution_param")
    window, stride, pads, dilation = _window(options)
    bias = options.flag("bias_term", True)
    kind = UpConv(channels=options.count("num_output", 0), window=window, stride=stride,
                  padding=padding(window, pads, pads, dilation), dilation=dilation, groups=options.count("group", 1),
                  bias=bias)  # fmt: skip
    return net.add(layer, kind, inputs[:1], blobs={"weight": 0, "bias": 1} if bias else {"weight": 0})


def _window(options: Message) -> tuple[Pair, Pair, Pair, Pair]:
    """Window, stride, border and dilation, each down and across. DeepLab's fork calls the last `hole`."""
    spacing = "hole" if "hole" in options or "hole_h" in options else "dilation"
    return (
        _pair(options, "kernel_size", "kernel", 0, 1),
        _pair(options, "stride", "stride", 1, 1),
        _pair(options, "pad", "pad", 0, 0),
        _pair(options, spacing, spacing, 1, 1),
    )


def _pair(options: Message, name: str, stem: str, default: int, least: int) -> Pair:
    """Two numbers of at least *least*: ``name`` once or twice, or ``stem_h`` and ``stem_w``."""
    high, wide = f"{stem}_h", f"{stem}_w"
    if high in options or wide in options:
        found = [options.whole(high, default), options.whole(wide, default)]
    else:
        found = options.wholes(name) or [default]
    if len(found) > 2 or min(found) < least:
        raise mistake("E0208", f"`{name}` is one number of at least {least}, or two", options.place(name, high, wide),
                      "" if name in options or high in options else "it is not there")  # fmt: skip
    return found[0], found[-1]


def pool(net: Net, layer: Layer, inputs: Sequence[str]) -> Made:
    """`PoolingLayer::Reshape` in pooling_layer.cpp: as many windows as it takes to see all, without those that would
    begin behind the border. A mean counts the border, and nothing behind it."""
    options, (height, width, channels) = layer.options("pooling_param"), sizes(net.volume(inputs[0]), layer.type)
    how = options.text("pool", "MAX").upper()
    mean = how in ("AVE", "1")
    everything = options.flag("global_pooling", False)
    stochastic = not mean and how not in ("MAX", "0")
    if everything and stochastic:
        return net.opaque(layer, inputs[:1], Volume((1, 1, channels)))
    if everything:
        return net.add(layer, (AvgPool if mean else MaxPool)(everything=True), inputs[:1])
    window, stride, pads, _ = _window(options)
    if len(layer.tops) > 1 and window == stride and not any(pads) and not mean:
        net.see(layer.tops[1], Places(inputs[0], window))
    up = options.flag("ceil_mode", True) and options.text("round_mode", "CEIL").upper() in ("CEIL", "0")
    counts = tuple(
        _windows(size, window[axis], stride[axis], pads[axis], up=up, clipped=any(pads))
        for axis, size in enumerate((height, width))
    )
    if min(counts) < 1:
        raise mistake("E0406", "the window is larger than what it slides over", options.place("kernel_size"),
                      f"{window[0]}x{window[1]}, on {height}x{width}")  # fmt: skip
    if stochastic:
        return net.opaque(layer, inputs[:1], Volume((*counts, channels)))
    last = [(count - 1) * step - border for count, step, border in zip(counts, stride, pads, strict=True)]
    if last[0] >= height or last[1] >= width:
        # A window with nothing in it.
        return net.opaque(layer, inputs[:1], Volume((*counts, channels)))
    if mean and any(pads):
        if (found := even((height, width), window, stride, pads, (counts[0], counts[1]))) is None:
            return net.opaque(layer, inputs[:1], Volume((*counts, channels)))
        kind = AvgPool(window=window, stride=stride, padding=found[0], ceil=found[1], count_pad=True)
        return net.add(layer, kind, inputs[:1])
    border, ceil = pooling((height, width), window, stride, pads, (counts[0], counts[1]))
    return net.add(layer, (AvgPool if mean else MaxPool)(window=window, stride=stride, padding=border, ceil=ceil),
                   inputs[:1])  # fmt: skip


def _windows(size: int, window: int, stride: int, border: int, *, up: bool, clipped: bool) -> int:
    room = size + 2 * border - window
    count = (-(-room // stride) if up else room // stride) + 1
    return count - 1 if clipped and (count - 1) * stride >= size + border else count


def crop(net: Net, layer: Layer, inputs: Sequence[str]) -> Made:
    """The first blob cut to the sizes of the second from `axis` on, each behind its `offset`."""
    if len(inputs) != 2:
        raise mistake("E0207", f"`Crop` takes two blobs, not {len(inputs)}", layer.span)
    options, (has, wanted) = layer.options("crop_param"), (net.volume(each) for each in inputs)
    axis, offsets = options.whole("axis", 2) % 4, options.wholes("offset") or [0]
    if not has.is_map or not wanted.is_map or axis == 0 or len(offsets) not in (1, 4 - axis):
        return net.opaque(layer, inputs[:1], None)
    start = dict(zip(range(axis, 4), offsets * (4 - axis if len(offsets) == 1 else 1), strict=False))
    (height, width, channels), (high, wide, deep) = (sizes(each, layer.type) for each in (has, wanted))
    tensor = inputs[0]
    ends = []
    for number, whole, size in ((2, height, high), (3, width, wide)):
        begin = start.get(number, 0)
        size = size if number in start else whole
        if begin < 0 or begin + size > whole:
            raise mistake("E0414", f"`Crop` cannot take {size} of {whole} behind the first {begin}",
                          options.place("offset"), f"{has} cut to {wanted}")  # fmt: skip
        ends.append((begin, whole - begin - size))
    if any(map(any, ends)):
        (top, bottom), (left, right) = ends
        tensor = net.add(layer, Crop(n=Padding("given", (top, left, bottom, right))), [tensor])
    if 1 in start and (start[1], deep) != (0, channels):
        tensor = net.add(layer, Slice(start=start[1], stop=start[1] + deep), [tensor])
    return tensor


def interp(net: Net, layer: Layer, inputs: Sequence[str]) -> Made:
    """DeepLab's and PSPNet's: blended, so that corners stay corners; a border below 0 is cut off before."""
    options, tensor = layer.options("interp_param"), inputs[0]
    before, behind = options.whole("pad_beg", 0), options.whole("pad_end", 0)
    if max(before, behind) > 0:
        raise mistake("E0208", "the border of `Interp` is at most 0", options.place("pad_beg", "pad_end"))
    if before or behind:
        cut = Crop(n=Padding("given", (-before, -before, -behind, -behind)))
        tensor = net.add(layer, cut, [tensor], name=f"{layer.name}/crop")
    height, width, _ = sizes(net.volume(tensor), layer.type)
    if len(inputs) == 2:
        to = sizes(net.volume(inputs[1]), layer.type)[:2]
    else:
        shrink, zoom = options.count("shrink_factor", 1), options.count("zoom_factor", 1)
        high, wide = ((size - 1) // shrink + 1 for size in (height, width))
        to = options.count("height", high + (high - 1) * (zoom - 1)), options.count(
            "width", wide + (wide - 1) * (zoom - 1))  # fmt: skip
    if to == (height, width):
        return tensor
    return net.add(layer, Upsample(to=to, mode="bilinear", align_corners=True), [tensor])


def upsample(net: Net, layer: Layer, inputs: Sequence[str]) -> Made:
    """Copies; with a second blob it is SegNet's, which puts each number where it was the largest
    (`UpsampleLayer::Reshape` in upsample_layer.cpp)."""
    options, (height, width, channels) = layer.options("upsample_param"), sizes(net.volume(inputs[0]), layer.type)
    factor = options.count("scale", 2)
    if len(layer.bottoms) < 2:
        return net.add(layer, Upsample(n=factor), inputs)
    high, wide = options.count("scale_h", factor), options.count("scale_w", factor)
    to = (options.count("upsample_h", height * high - options.flag("pad_out_h", False)),
          options.count("upsample_w", width * wide - options.flag("pad_out_w", False)))  # fmt: skip
    places = net.seen_as.get(layer.bottoms[1])
    if isinstance(places, Places) and net.volume(places.of) == Volume((*to, channels)):
        return net.add(layer, Unpool(window=places.window), [inputs[0], places.of])
    return net.opaque(layer, inputs[:1], Volume((*to, channels)))


def resample(net: Net, layer: Layer, inputs: Sequence[str]) -> Made:
    """FlowNet's: to a size, or to that of a second blob, where pixels of all are as wide."""
    options, (height, width, channels) = layer.options("resample_param"), sizes(net.volume(inputs[0]), layer.type)
    if len(inputs) > 1:
        high, wide, _ = sizes(net.volume(inputs[1]), layer.type)
    else:
        factor = options.number("factor", 1.0)
        high, wide = (
            options.count(name, max(1, int(size * factor))) for name, size in (("height", height), ("width", width))
        )
    if (high, wide) == (height, width):
        return inputs[0]
    if options.text("type", "CUBIC").upper() in ("LINEAR", "2") and high >= height and wide >= width:
        return net.add(layer, Upsample(to=(high, wide), mode="bilinear"), inputs[:1])
    return net.opaque(layer, inputs[:1], Volume((high, wide, channels)))
