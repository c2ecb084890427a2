"""darknet's sections as layers: their options as `parse_network_cfg` in darknet's src/parser.c takes them, and what
`make_…_layer` and `forward_…_layer` make of them. Where versions of darknet differ it is AlexeyAB's that is meant.

Each function adds the layers of a section, and gives the tensor that the next section takes; None where that is not
known.
"""

from __future__ import annotations

from collections.abc import Callable

from cnngraph.fronts.darknet.activations import activated
from cnngraph.fronts.darknet.learned import control, learned, shift
from cnngraph.fronts.darknet.net import Convolved, Made, Net, Weights
from cnngraph.fronts.darknet.sections import Section
from cnngraph.fronts.darknet.shortcuts import shortcut
from cnngraph.fronts.mistake import mistake
from cnngraph.fronts.padding import padding, pooling
from cnngraph.layers.activation import Sigmoid, Softmax
from cnngraph.layers.border import Crop
from cnngraph.layers.convolution import Conv, DwConv, UpConv
from cnngraph.layers.dense import Dropout, Fc
from cnngraph.layers.join import Max, Mul
from cnngraph.layers.kind import Kind
from cnngraph.layers.normalization import BatchNorm, L2Norm, Lrn
from cnngraph.layers.pooling import AvgPool, MaxPool
from cnngraph.layers.rearrange import Reorg, Slice
from cnngraph.layers.resize import Upsample
from cnngraph.layers.scaling import Plus, Times
from cnngraph.layers.values import Padding, Pair
from cnngraph.volume import Volume, as_int


def sizes(volume: Volume) -> tuple[int, int, int]:
    """Height, width and channels; of a vector 1, 1 and its length, as darknet counts it."""
    return as_int(volume.height), as_int(volume.width), as_int(volume.channels)


def _convolutional(net: Net, section: Section, tensor: str) -> Made:
    size = section.count("size", 1)
    dilation = section.count("dilation", 1) if size > 1 else 1
    stride = _strides(section)
    for key in ("xnor", "binary", "antialiasing"):
        if section.whole(key, 0):
            net.note(section, f"its `{key}` is not kept", key)
    channels, groups = section.count("filters", 1), section.count("groups", 1)
    pads = _border(section, size, dilation)
    has = as_int(net.volume(tensor).channels)
    normed = bool(section.whole("batch_normalize", 0))
    kind: Kind
    if groups == has and groups > 1 and channels % has == 0:
        kind = DwConv(window=(size, size), stride=stride, padding=pads, dilation=(dilation, dilation),
                      multiplier=channels // has, bias=not normed)  # fmt: skip
    else:
        kind = Conv(channels=channels, window=(size, size), stride=stride, padding=pads,
                    dilation=(dilation, dilation), groups=groups, bias=not normed)  # fmt: skip
    return _weighed(net, section, tensor, kind, normed)


def _depthwise(net: Net, section: Section, tensor: str) -> Made:
    """Of forks: filters for each channel by itself."""
    size, normed = section.count("size", 1), bool(section.whole("batch_normalize", 0))
    kind = DwConv(window=(size, size), stride=_strides(section), padding=_border(section, size), bias=not normed)
    return _weighed(net, section, tensor, kind, normed)


def _deconvolutional(net: Net, section: Section, tensor: str) -> Made:
    size, stride = section.count("size", 1), section.count("stride", 1)
    normed, pads = bool(section.whole("batch_normalize", 0)), _border(section, size)
    kind = UpConv(channels=section.count("filters", 1), window=(size, size), stride=(stride, stride), padding=pads,
                  bias=not normed)  # fmt: skip
    return _weighed(net, section, tensor, kind, normed)


def _border(section: Section, size: int, dilation: int = 1) -> Padding:
    """`pad` is a flag, with which there are so many pixels that an odd window keeps the size."""
    if section.whole("pad", 0):
        if size % 2:
            return Padding("same")
        border = size // 2 * dilation
    else:
        border = max(0, section.whole("padding", 0)) * dilation
    return padding((size, size), (border, border), (border, border), (dilation, dilation))


def _strides(section: Section) -> Pair:
    """Down and across."""
    across, down = section.whole("stride_x", 0), section.whole("stride_y", 0)
    both = section.count("stride", 1) if min(across, down) < 1 else 1
    return (down if down > 0 else both), (across if across > 0 else both)


def _weighed(net: Net, section: Section, tensor: str, kind: Kind, normed: bool) -> Made:
    """A convolution, its normalization and its activation. In the file of weights the shifts of the normalization stand
    where a bias would, and the filters last."""
    volume, norm = net.volume(tensor), BatchNorm()
    own: Weights = {}
    shifts: Weights = {}
    shares, shares_norm = "", ""
    if (other := _shared(net, section)) is not None:
        if other.kind == kind:
            shares, shares_norm = other.layer, other.norm
        elif other.kind.parameters((net.volume(other.takes),)) == kind.parameters((volume,)):
            # As in TridentNet, whose windows are spaced otherwise.
            net.note(section, "the weights of another, with other options: it has them as its own", "share_index")
            own, shifts = other.weights, other.shifts
        else:
            raise mistake("E0314", "this section cannot use the weights of that one", section.place("share_index"),
                          f"section {section.text('share_index', '')} has others")  # fmt: skip
    elif _is_filed(net, section):
        if normed:
            made = kind.shape((volume,))
            shifts = net.take(section, norm, made, "bias", "weight", "running_mean", "running_var")
        else:
            own = net.take(section, kind, volume, "bias")
        flipped = bool(section.whole("flipped", 0))
        own = {**own, **net.take(section, kind, volume, "weight", transposed=flipped)}
    made_by = layer = net.add(section, kind, [tensor], weights=own, shares=shares)
    if normed:
        made_by = net.add(section, norm, [layer], weights=shifts, shares=shares_norm)
    net.convolutions[section.index] = Convolved(kind, tensor, layer, made_by if normed else "", own, shifts)
    return activated(net, section, made_by, "logistic")


def _shared(net: Net, section: Section) -> Convolved | None:
    """The convolution whose weights this one uses; None where they are its own."""
    if "share_index" not in section:
        return None
    index = section.whole("share_index", 0)
    number = index if index >= 0 else section.index + index
    if number not in net.convolutions:
        raise mistake("E0201", f"layer {index} is no convolution before this one", section.place("share_index"))
    return net.convolutions[number]


def _is_filed(net: Net, section: Section) -> bool:
    """Whether a file of weights has those of *section*."""
    for key in ("dontload", "dontloadscales"):
        if section.whole(key, 0):
            net.note(section, f"with `{key}` a file of weights has not all of its numbers", key)
            return False
    return True


def _connected(net: Net, section: Section, tensor: str) -> Made:
    tensor = net.flat(section, tensor)
    normed = bool(section.whole("batch_normalize", 0))
    kind, norm, volume = Fc(units=section.count("output", 1), bias=not normed), BatchNorm(), net.volume(tensor)
    own: Weights = {}
    shifts: Weights = {}
    if _is_filed(net, section):
        units = Volume((kind.units,))
        bias = net.take(section, norm, units, "bias") if normed else net.take(section, kind, volume, "bias")
        turned = net.numbers is not None and net.numbers.transposed
        own = net.take(section, kind, volume, "weight", transposed=turned)
        if normed:
            shifts = {**bias, **net.take(section, norm, units, "weight", "running_mean", "running_var")}
        else:
            own = {**own, **bias}
    tensor = net.add(section, kind, [tensor], weights=own)
    if normed:
        tensor = net.add(section, norm, [tensor], weights=shifts)
    return activated(net, section, tensor, "logistic")


def _batchnorm(net: Net, section: Section, tensor: str) -> Made:
    weights = net.take(section, BatchNorm(), net.volume(tensor), "bias", "weight", "running_mean", "running_var")
    return net.add(section, BatchNorm(), [tensor], weights=weights)


def _activation(net: Net, section: Section, tensor: str) -> Made:
    return activated(net, section, tensor, "linear")


def _maxpool(net: Net, section: Section, tensor: str) -> Made:
    if section.whole("maxpool_depth", 0):
        return _over_channels(net, section, tensor, section.count("out_channels", 1))
    return _pool(net, section, tensor, mean=False)


def _over_channels(net: Net, section: Section, tensor: str, made: int) -> Made:
    """The largest of every *made*-th channel, which there are so many of in the end."""
    height, width, channels = sizes(net.volume(tensor))
    if made == 1:
        return net.add(section, MaxPool(over_channels=True), [tensor])
    if channels % made:
        return net.opaque(section, "maxpool_depth", [tensor], Volume((height, width, made)))
    parts = [net.add(section, Slice(start=at, stop=at + made), [tensor]) for at in range(0, channels, made)]
    return net.add(section, Max(), parts) if len(parts) > 1 else tensor


def _local_avgpool(net: Net, section: Section, tensor: str) -> Made:
    return _pool(net, section, tensor, mean=True)


def _pool(net: Net, section: Section, tensor: str, *, mean: bool) -> Made:
    """The border has `padding` pixels in all, the smaller half of them before the map."""
    stride = section.count("stride", 1)
    strides = section.count("stride_y", stride), section.count("stride_x", stride)
    size = section.count("size", stride)
    border = max(0, section.whole("padding", size - 1))
    if section.whole("antialiasing", 0):
        net.note(section, "its `antialiasing` is not kept", "antialiasing")
    height, width, _ = sizes(net.volume(tensor))
    if min(height, width) + border < size:
        raise mistake("E0406", "the window is larger than what it slides over", section.place("size"),
                      f"{size}x{size}, on {height}x{width} with a border of {border}")  # fmt: skip
    down, across = ((whole + border - size) // step + 1 for whole, step in zip((height, width), strides, strict=True))
    before = border // 2, border // 2
    pads, ceil = pooling((height, width), (size, size), strides, before, (down, across))
    pool = AvgPool if mean else MaxPool
    return net.add(section, pool(window=(size, size), stride=strides, padding=pads, ceil=ceil), [tensor])


def _avgpool(net: Net, section: Section, tensor: str) -> Made:
    return net.add(section, AvgPool(everything=True), [tensor])


def _softmax(net: Net, section: Section, tensor: str) -> Made:
    volume = net.volume(tensor)
    if section.whole("groups", 1) != 1 or "tree" in section:
        return net.opaque(section, "softmax", [tensor], volume)
    temperature = section.number("temperature", 1.0)
    if temperature != 1 and temperature > 0:
        tensor = net.add(section, Times(by=1 / temperature), [tensor])
    return net.add(section, Softmax(), [tensor if section.whole("spatial", 0) else net.flat(section, tensor)])


def _dropout(net: Net, section: Section, tensor: str) -> Made:
    return net.add(section, Dropout(p=section.number("probability", 0.5)), [tensor])


def _normalization(net: Net, section: Section, tensor: str) -> Made:
    """`forward_normalization_layer` has alpha times the sum of the squares, the kind alpha times their mean."""
    size = section.count("size", 5)
    kind = Lrn(n=size, alpha=section.number("alpha", 0.0001) * size, beta=section.number("beta", 0.75),
               k=section.number("kappa", 1.0))  # fmt: skip
    return net.add(section, kind, [tensor])


def _logistic(net: Net, section: Section, tensor: str) -> Made:
    return net.add(section, Sigmoid(), [tensor])


def _route(net: Net, section: Section, tensor: str) -> Made:
    parts = net.referred(section, "layers")
    if parts is None:
        return None
    groups, which = section.count("groups", 1), section.whole("group_id", 0)
    if groups > 1:
        if not 0 <= which < groups:
            raise mistake("E0208", f"there is no group {which} of {groups}", section.place("group_id"),
                          "they are counted from 0")  # fmt: skip
        parts = [_group(net, section, part, groups, which) for part in parts]
    return parts[0] if len(parts) == 1 else net.concat(section, net.alike(section, parts))


def _halves(net: Net, section: Section, tensor: str) -> Made:
    """The first half of the channels of each layer that it lists (Scaled-YOLOv4)."""
    parts = net.referred(section, "layers")
    if parts is None:
        return None
    parts = [_group(net, section, part, 2, 0) for part in parts]
    return parts[0] if len(parts) == 1 else net.concat(section, parts)


def _group(net: Net, section: Section, tensor: str, groups: int, which: int) -> str:
    channels = as_int(net.volume(tensor).channels)
    each = channels // groups
    if channels % groups:
        raise mistake("E0412", f"{groups} groups do not divide the channels", section.place("groups"),
                      f"{channels} / {groups} = {channels / groups:g}")  # fmt: skip
    return net.add(section, Slice(start=which * each, stop=(which + 1) * each), [tensor])


def _gate(net: Net, section: Section, tensor: str) -> Made:
    """[scale_channels] and [sam]: the layer `from`, which is the large one, times the current one."""
    large = net.referred(section, "from")
    if large is None:
        return None
    spread = section.name == "scale_channels" and bool(section.whole("scale_wh", 0))
    parts = net.alike(section, [large[0], tensor])
    return activated(net, section, net.add(section, Mul(spread=spread), parts), "linear")


def _upsample(net: Net, section: Section, tensor: str) -> Made:
    stride, factor = section.whole("stride", 2), section.number("scale", 1.0)
    if stride < 1:
        height, width, channels = sizes(net.volume(tensor))
        step = max(1, -stride)
        smaller = Volume((max(1, height // step), max(1, width // step), channels))
        return net.opaque(section, "upsample", [tensor], smaller)
    tensor = net.add(section, Upsample(n=stride), [tensor])
    return tensor if factor == 1 else net.add(section, Times(by=factor), [tensor])


def _reorg(net: Net, section: Section, tensor: str) -> Made:
    """What says no stride is written for YOLOR, where it is the Focus of YOLOv5; darknet would do nothing."""
    if section.name == "reorg" and "stride" not in section:
        return net.add(section, Reorg(n=2, order="by_column"), [tensor])
    stride = section.count("stride", 1)
    height, width, channels = sizes(net.volume(tensor))
    if section.whole("reverse", 0):
        larger = Volume((height * stride, width * stride, channels // stride**2 or 1))
        return net.opaque(section, "reorg", [tensor], larger)
    if section.whole("flatten", 0):
        return net.opaque(section, "reorg", [tensor], Volume((height * width * channels,)))
    order = "by_pixel" if section.name == "reorg3d" else "as_darknet"
    return net.add(section, Reorg(n=stride, order=order), [tensor]) if stride > 1 else tensor


def _crop(net: Net, section: Section, tensor: str) -> Made:
    """Its middle, with values from -1 to 1 instead of 0 to 1, unless it is told not to. As the first section it is what
    happens to pictures before they are the input."""
    if section.index == 0:
        return tensor
    height, width, _ = sizes(net.volume(tensor))
    high, wide = section.count("crop_height", 1), section.count("crop_width", 1)
    if high > height or wide > width:
        raise mistake("E0414", f"[crop] cannot make {height}x{width} into {high}x{wide}", section.place("crop_height"))
    top, left = (height - high) // 2, (width - wide) // 2
    if (high, wide) != (height, width):
        border = Padding("given", (top, left, height - high - top, width - wide - left))
        tensor = net.add(section, Crop(n=border), [tensor])
    if not section.whole("noadjust", 0):
        tensor = net.add(section, Plus(by=-1.0), [net.add(section, Times(by=2.0), [tensor])])
    return tensor


def _local(net: Net, section: Section, tensor: str) -> Made:
    """A convolution with other filters at each place."""
    height, width, channels = sizes(net.volume(tensor))
    size, stride, made = section.count("size", 1), section.count("stride", 1), section.count("filters", 1)
    lost = 1 if section.whole("pad", 0) else size
    if min(height, width) < lost:
        raise mistake("E0406", "the window is larger than what it slides over", section.place("size"),
                      f"{size}x{size}, on {height}x{width}")  # fmt: skip
    high, wide = (height - lost) // stride + 1, (width - lost) // stride + 1
    numbers = high * wide * made * (1 + size * size * channels)
    inner = net.opaque(section, "local", [tensor], Volume((high, wide, made)), numbers=numbers)
    return None if inner is None else activated(net, section, inner, "logistic")


def _same(net: Net, section: Section, tensor: str) -> Made:
    return tensor


def _head(net: Net, section: Section, tensor: str) -> Made:
    net.heads.append((f"{section.name}_{section.index}", tensor))
    net.note(section, "an output of the network; boxes are made of it by whoever runs it")
    return tensor


def _normalized(net: Net, section: Section, tensor: str) -> Made:
    return net.add(section, L2Norm(), [tensor])


SECTIONS: dict[str, Callable[[Net, Section, str], Made]] = {
    "convolutional": _convolutional, "conv": _convolutional,
    "deconvolutional": _deconvolutional, "deconv": _deconvolutional,
    "connected": _connected, "conn": _connected,
    "batchnorm": _batchnorm,
    "activation": _activation,
    "maxpool": _maxpool, "max": _maxpool,
    "local_avgpool": _local_avgpool, "local_avg": _local_avgpool,
    "avgpool": _avgpool, "avg": _avgpool,
    "softmax": _softmax, "soft": _softmax,
    "dropout": _dropout,
    "normalization": _normalization, "lrn": _normalization,
    "logxent": _logistic,
    "route": _route,
    "shortcut": shortcut,
    "scale_channels": _gate, "sam": _gate,
    "upsample": _upsample,
    "reorg": _reorg, "reorg3d": _reorg,
    "crop": _crop,
    "local": _local,
    "cost": _same, "contrastive": _same, "empty": _same, "silence": _same,
    "yolo": _head, "Gaussian_yolo": _head, "region": _head, "detection": _head, "iseg": _head,
    "l2norm": _normalized,
    "depthwise_convolutional": _depthwise,
    "route_lhalf": _halves,
    "implicit_add": learned, "implicit_mul": learned,
    "shift_channels": shift, "control_channels": control,
}  # fmt: skip
"""By name."""

WITHOUT_INPUT = frozenset({"route", "route_lhalf", "implicit_add", "implicit_mul"})
"""Sections that do not take what the one before makes."""

ON_MAPS = frozenset({
    "convolutional", "conv", "depthwise_convolutional", "deconvolutional", "deconv", "maxpool", "max", "local_avgpool",
    "local_avg", "avgpool", "avg", "normalization", "lrn", "upsample", "reorg", "reorg3d", "crop", "local",
})  # fmt: skip
"""Sections for which a vector is a map of one place: to darknet all that a layer makes is one."""

RECURRENT = frozenset({"rnn", "crnn", "lstm", "conv_lstm", "gru", "history"})
"""Sections that go round in time."""
