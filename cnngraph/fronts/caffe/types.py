"""Caffe's types of layers, by name: what makes layers of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cnngraph.fronts.caffe import composed, joins, layouts, points, windows
from cnngraph.fronts.caffe.layer import Layer
from cnngraph.fronts.caffe.net import Net
from cnngraph.volume import Volume, as_int

Made = str | None


def of_its_size(net: Net, layer: Layer, inputs: Sequence[str]) -> Made:
    """There is no kind for it, and what it makes is as large as what it takes."""
    return net.opaque(layer, inputs[:1], net.volume(inputs[0]))


_REGIONS = ("roi_pooling_param", "roi_align_param", "roi_warping_param")


def transformed(net: Net, layer: Layer, inputs: Sequence[str]) -> Made:
    """A map turned and shifted by numbers in a second blob (spatial transformers)."""
    options, volume = layer.options("st_param"), net.volume(inputs[0])
    if not volume.is_map:
        return net.opaque(layer, inputs, None)
    height, width, channels = map(as_int, volume.dims)
    to = options.count("output_H", height), options.count("output_W", width)
    return net.opaque(layer, inputs, Volume((*to, channels)))


def regions(net: Net, layer: Layer, inputs: Sequence[str]) -> Made:
    """A piece of a map for each region, all of one size."""
    options = next((layer.options(name) for name in _REGIONS if name in layer.message), layer.options(_REGIONS[0]))
    if not net.volume(inputs[0]).is_map or "pooled_h" not in options:
        return net.opaque(layer, inputs, None)
    channels = as_int(net.volume(inputs[0]).channels)
    return net.opaque(layer, inputs, Volume((options.count("pooled_h", 1), options.count("pooled_w", 1), channels)))


def regions_by_place(net: Net, layer: Layer, inputs: Sequence[str]) -> Made:
    """The same where each part of a region has channels of its own (R-FCN's)."""
    options = layer.options("psroi_pooling_param")
    if not net.volume(inputs[0]).is_map or "output_dim" not in options:
        return net.opaque(layer, inputs, None)
    side = options.count("group_size", 1)
    return net.opaque(layer, inputs, Volume((side, side, options.count("output_dim", 1))))


def correlation(net: Net, layer: Layer, inputs: Sequence[str]) -> Made:
    """FlowNet's (`CorrelationLayer::Reshape`): how alike places of two maps are, for each way from one to the other."""
    options, volume = layer.options("correlation_param"), net.volume(inputs[0])
    if not volume.is_map:
        return net.opaque(layer, inputs, None)
    far, pad = options.whole("max_displacement", 0), options.whole("pad", 0)
    border = far + (options.count("kernel_size", 1) - 1) // 2
    step, ways = options.count("stride_1", 1), 2 * (far // options.count("stride_2", 1)) + 1
    high, wide = (-(-(as_int(size) + 2 * pad - 2 * border) // step) for size in (volume.height, volume.width))
    return net.opaque(layer, inputs, Volume((max(high, 1), max(wide, 1), ways**2)))


ONE: dict[str, Callable[[Net, Layer, Sequence[str]], Made]] = {
    "Crop": windows.crop, "Interp": windows.interp, "Upsample": windows.upsample, "Resample": windows.resample,
    "Pooling": windows.pool, "PixelShuffle": layouts.pixel_shuffle, "Reorg": layouts.reorg,
    "ReLU": points.relu, "PReLU": points.prelu, "ELU": points.elu, "Swish": points.swish, "Power": points.power,
    "Dropout": points.dropout, "SpatialDropout": points.dropout, "LRN": points.lrn, "Softmax": layouts.softmax,
    "InnerProduct": points.inner_product, "Clip": points.clip, "MVN": composed.centred,
    "BN": points.forked_norm, "ShuffleChannel": points.shuffle,
    "Concat": joins.concat, "Eltwise": joins.eltwise, "Scale": joins.scale, "Bias": joins.bias, "Axpy": joins.axpy,
    "Flatten": layouts.flatten, "Reshape": layouts.reshape, "Permute": layouts.permute,
    "Exp": of_its_size, "Log": of_its_size, "Threshold": of_its_size, "FlowWarp": of_its_size,
    "Normalize": points.normalize, "SPP": composed.pyramid, "Reduction": composed.reduction, "Tile": composed.tile,
    "ROIPooling": regions, "ROIAlign": regions, "ROIWarping": regions, "PSROIPooling": regions_by_place,
    "PSROIAlign": regions_by_place, "Correlation": correlation, "SpatialTransformer": transformed,
    **{type: points.plain(kind) for type, kind in points.PLAIN.items()},
}  # fmt: skip
"""Those that make one blob."""

SEVERAL: dict[str, Callable[[Net, Layer, Sequence[str]], Sequence[Made]]] = {
    "Slice": joins.slices, "Split": joins.split, "Convolution": windows.convolutions,
    "ConvolutionDepthwise": windows.convolutions, "DepthwiseConvolution": windows.convolutions,
    "Deconvolution": windows.convolutions,
}  # fmt: skip
"""Those that make several."""

OF_SOME = frozenset({"ROIPooling", "ROIAlign", "ROIWarping", "PSROIPooling", "PSROIAlign", "Upsample"})
"""Those that are kept also where of some of the blobs that they take nothing is known."""

OF_ROWS = frozenset({"Concat", "Flatten", "Reshape", "Softmax", "Split", *points.ALIKE})
"""Those that take blobs of three axes."""

OF_SIZES = frozenset({"PriorBox", "AnchorGenerator"})
"""Those that make boxes of the sizes of what they take."""

_CAFFES = frozenset({"ArgMax", "BatchReindex", "Embed", "Filter", "HDF5Output", "Im2col", "Parameter", "Python"})
"""Those of Caffe's own that no layer here does."""

_RECURRENT = frozenset({"LSTM", "RNN", "Recurrent", "LSTMUnit", "GRU", "Lstm"})


def is_known(type: str) -> bool:
    """Whether there is something to make of a layer of this *type*."""
    return type in ONE or type in SEVERAL or type == "BatchNorm"


def may_prepare(type: str) -> bool:
    """Whether a layer of this *type* that takes the pictures themselves is taken to prepare them; what is called after
    one that learns is not."""
    learns = any(word in type.lower() for word in ("conv", "product"))
    return not is_known(type) and not learns and type not in _CAFFES | OF_SIZES and what_of(type) is None


def what_of(type: str) -> str | None:
    """Why no network with a layer of this *type* can be read; None where one can."""
    if type in _RECURRENT:
        return "is recurrent, and networks here are without a memory"
    if type.lower().endswith("3d"):
        return "is of films or solids, and networks here are of pictures"
    return None
