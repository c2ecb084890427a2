"""What people write who come from another library, and what it is called here."""

from __future__ import annotations

LAYERS = {
    **dict.fromkeys(("linear", "dense", "fullyconnected", "innerproduct", "affine", "gemm"), "fc"),
    **dict.fromkeys(("conv2d", "convolution", "convolutional", "conv1x1", "conv3x3"), "conv"),
    **dict.fromkeys(("depthwise", "depthwiseconv", "depthwiseconv2d", "dconv"), "dwconv"),
    **dict.fromkeys(("deconv", "convtranspose", "convtranspose2d", "conv2dtranspose", "transposedconv"), "upconv"),
    **dict.fromkeys(("pool", "pooling", "maxpool2d", "maxpooling", "maxpooling2d"), "maxpool"),
    **dict.fromkeys(("averagepool", "averagepooling", "avgpool2d", "averagepooling2d", "meanpool"), "avgpool"),
    **dict.fromkeys(("gap", "globalavgpool", "globalaveragepool", "globalpool"), "avgpool global"),
    **dict.fromkeys(("batchnorm", "batchnorm2d", "batchnormalization", "bnorm"), "bn"),
    **dict.fromkeys(("ln", "layernormalization"), "layernorm"),
    **dict.fromkeys(("localresponsenorm", "norm"), "lrn"),
    **dict.fromkeys(("lrelu", "leakyrelu"), "leaky"),
    **dict.fromkeys(("silu",), "swish"),
    **dict.fromkeys(("hardswish",), "hswish"),
    **dict.fromkeys(("hardsigmoid",), "hsigmoid"),
    **dict.fromkeys(("sum", "plus", "eltwise", "residual"), "add"),
    **dict.fromkeys(("cat", "concatenate", "merge", "route"), "concat"),
    **dict.fromkeys(("multiply", "times"), "mul"),
    **dict.fromkeys(("upsampling", "upsampling2d", "interpolate", "resize"), "upsample"),
    **dict.fromkeys(("spacetodepth", "pixelunshuffle"), "reorg"),
    **dict.fromkeys(("channelshuffle",), "shuffle"),
    **dict.fromkeys(("view", "reshape"), "flatten"),
}
"""Words for layers, in lower case and without ``_`` or ``-``."""

ARGUMENTS = {
    **dict.fromkeys(("stride", "strides"), "s"),
    **dict.fromkeys(("padding", "pad", "pads"), "p"),
    **dict.fromkeys(("dilation", "dilations", "dilation_rate"), "d"),
    **dict.fromkeys(("kernel", "kernel_size", "filter", "filter_size", "window", "size", "k", "pool_size"), "f"),
    **dict.fromkeys(("group",), "groups"),
    **dict.fromkeys(("out_channels", "filters", "num_output", "c", "depth"), "channels"),
    **dict.fromkeys(("out_features", "num_units"), "units"),
    **dict.fromkeys(("depth_multiplier",), "m"),
    **dict.fromkeys(("output_padding",), "op"),
    **dict.fromkeys(("scale", "scale_factor"), "n"),
    **dict.fromkeys(("rate", "prob", "ratio"), "p"),
    **dict.fromkeys(("negative_slope",), "slope"),
    **dict.fromkeys(("epsilon",), "eps"),
}
"""Names of arguments. Only those that the layer at hand has are offered."""


def layer(word: str) -> str:
    """Our name for the layer that *word* is elsewhere; empty when it is none."""
    return LAYERS.get(word.lower().replace("_", "").replace("-", ""), "")
