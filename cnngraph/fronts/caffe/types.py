"""Caffe's types of layers, by name: what makes layers of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cnngraph.fronts.caffe import joins, points, windows
from cnngraph.fronts.caffe.layer import Layer
from cnngraph.fronts.caffe.net import Net
from cnngraph.volume import Volume, as_int

Made = str | None


def of_its_size(net: Net, layer: Layer, inputs: Sequence[str]) -> Made:
    """There is no kind for it, and what it makes is as large as what it takes."""
    return net.opaque(layer, inputs[:1], net.volume(inputs[0]))


def regions(net: Net, layer: Layer, inputs: Sequence[str]) -> Made:
    """A piece of a map for each region, all of one size."""
    options = layer.options("roi_pooling_param")
    if not net.volume(inputs[0]).is_map or "pooled_h" not in options:
        return net.opaque(layer, inputs, None)
    channels = as_int(net.volume(inputs[0]).channels)
    return net.opaque(layer, inputs, Volume((options.count("pooled_h", 1), options.count("pooled_w", 1), channels)))


def pyramid(net: Net, layer: Layer, inputs: Sequence[str]) -> Made:
    """Pools of 1, 4, 16 … parts of the map, as one vector (He et al. 2014)."""
    height, channels = layer.options("spp_param").count("pyramid_height", 1), as_int(net.volume(inputs[0]).channels)
    parts = sum(4**level for level in range(min(height, 12)))
    return net.opaque(layer, inputs[:1], Volume((channels * parts,)))


ONE: dict[str, Callable[[Net, Layer, Sequence[str]], Made]] = {
    "Convolution": windows.convolution, "ConvolutionDepthwise": windows.convolution,
    "DepthwiseConvolution": windows.convolution, "Deconvolution": windows.deconvolution,
    "Pooling": windows.pool, "Crop": windows.crop, "Interp": windows.interp, "Upsample": windows.upsample,
    "ReLU": points.relu, "PReLU": points.prelu, "ELU": points.elu, "Swish": points.swish, "Power": points.power,
    "Dropout": points.dropout, "LRN": points.lrn, "Softmax": points.softmax, "InnerProduct": points.inner_product,
    "BN": points.forked_norm, "ShuffleChannel": points.shuffle,
    "Concat": joins.concat, "Eltwise": joins.eltwise, "Scale": joins.scale, "Bias": joins.bias, "Axpy": joins.axpy,
    "Flatten": joins.flatten, "Reshape": joins.reshape, "Permute": joins.permute,
    "Exp": of_its_size, "Log": of_its_size, "Threshold": of_its_size, "MVN": of_its_size, "Normalize": points.normalize,
    "ROIPooling": regions, "ROIAlign": regions, "SPP": pyramid,
    **{type: points.plain(kind) for type, kind in points.PLAIN.items()},
}  # fmt: skip
"""Those that make one blob."""

SEVERAL: dict[str, Callable[[Net, Layer, Sequence[str]], Sequence[Made]]] = {
    "Slice": joins.slices, "Split": joins.split,
}  # fmt: skip
"""Those that make several."""

OF_SOME = frozenset({"ROIPooling", "ROIAlign"})
"""Those that are kept also where of some of the blobs that they take nothing is known."""

RECURRENT = frozenset({"LSTM", "RNN", "Recurrent", "LSTMUnit", "GRU", "Lstm"})
"""Those that go round in time."""
