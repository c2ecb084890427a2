"""What people write who come from another library, and what it is called here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from cnngraph.elaborate.mistake import did_you_mean, slip
from cnngraph.layers import KINDS

LAYERS = {
    **{name: word for word, kind in KINDS.items() for name in kind.elsewhere},
    **dict.fromkeys(("globalavgpool", "globalaveragepool"), "avgpool global"),
    **dict.fromkeys(("globalmaxpool", "globalmaxpooling"), "maxpool global"),
}
"""Words for layers that do the same, in lower case and without ``_`` or ``-``: a fix puts ours for them."""

_NO_VOLUMES = "volumes here are height x width x channels: three dimensions more are not taken"
_SEQUENCE = "write a sequence of n as nx1xC, with windows kx1:  conv 8 3x1"
_RUNTIME = "nothing happens there when a network runs: leave it out"
_AFTER = "it is no part of the network: do it with what the network gives back"
_ORDER = "`flatten` makes a vector, `unflatten` a volume of one; other orders of the same numbers cannot be written"
_SEVERAL = "there are `relu`, `elu`, `gelu`, `swish` and others (docs/layers.md)"

ADVICE = {
    **dict.fromkeys(("pool", "pooling", "pool2d"), "write `maxpool` or `avgpool`"),
    **dict.fromkeys(("avgpool2d",), "write `avgpool`; with padding PyTorch counts its zeros: `count_pad`"),
    **dict.fromkeys(("gap", "globalpool", "globalaveragepooling2d"), "write  avgpool global -> flatten"),
    **dict.fromkeys(("globalmaxpooling2d",), "write  maxpool global -> flatten"),
    **dict.fromkeys(("adaptiveavgpool", "adaptiveavgpool2d"), "write  avgpool to=7x7"),
    **dict.fromkeys(("adaptivemaxpool", "adaptivemaxpool2d"), "write  maxpool to=7x7"),
    **dict.fromkeys(("conv1x1", "conv3x3", "conv5x5", "conv7x7"), "the window is an argument:  conv 8 3x3"),
    **dict.fromkeys(("dconv", "atrousconv", "dilatedconv"),
                    "write `dwconv` for a depthwise one, `upconv` for a transposed, `conv … d=2` for a dilated one"),
    **dict.fromkeys(("conv3d", "maxpool3d", "avgpool3d", "batchnorm3d", "conv3dtranspose", "convtranspose3d"),
                    _NO_VOLUMES),
    **dict.fromkeys(("conv1d", "maxpool1d", "avgpool1d", "maxpooling1d", "averagepooling1d"), _SEQUENCE),
    **dict.fromkeys(("deformconv", "deformconv2d", "lambda", "custom"), "only layers of docs/layers.md can be written"),
    **dict.fromkeys(("celu", "rrelu", "softsign", "threshold", "logsigmoid", "glu", "crelu"),
                    _SEVERAL),
    **dict.fromkeys(("softmin",),
                    "`softmax` gives probabilities: take their logarithm, or `export --logits`, behind the network"),
    **dict.fromkeys(("activation", "act", "nonlinearity"), "write the function's own word:  relu"),
    **dict.fromkeys(("hardsigmoid",), "write `hsigmoid`, PyTorch's and Keras 3's min(max(x/6 + 0.5, 0), 1); Keras 2's "
                                      "and ONNX's is  hsigmoid 0.2"),
    **dict.fromkeys(("norm", "normalization", "normalize"), "write the one that is meant: `bn`, `layernorm`, `l2norm`"),
    **dict.fromkeys(("localresponsenorm",), "write `lrn`; its arguments are n, alpha, beta and k (of an even n PyTorch "
                                            "has one channel more before, this one more after)"),
    **dict.fromkeys(("ln",), "write `layernorm`"),
    **dict.fromkeys(("instancenorm2d",), "write `instancenorm`, which learns a scale and a shift (affine=True), or  "
                                         "instancenorm affine=off"),
    **dict.fromkeys(("weightnorm", "spectralnorm", "syncbatchnorm"),
                    "there are `bn`, `instancenorm`, `groupnorm`, `layernorm`, `rmsnorm`, `l2norm`, `grn` and `lrn`"),
    **dict.fromkeys(("se", "selayer", "semodule", "squeezeexcite", "squeezeexcitation"),
                    "write  mul { | skip | avgpool global -> conv 4 1x1 relu -> conv 16 1x1 sigmoid }"),
    **dict.fromkeys(("affine", "scaleshift", "scalelayer"), "write `fc` for a matrix, `scale` for a factor a channel"),
    **dict.fromkeys(("view", "reshape", "permute", "transpose", "squeeze", "unsqueeze", "expanddims"), _ORDER),
    **dict.fromkeys(("broadcast", "broadcastto", "expand"),
                    "`add spread` and `mul spread` repeat what has one pixel or one channel:  mul spread a"),
    **dict.fromkeys(("reflectionpad2d", "reflectpad"), "write  pad 1 reflect"),
    **dict.fromkeys(("replicationpad2d",), "write  pad 1 replicate"),
    **dict.fromkeys(("pixelshuffle",), "write  unreorg 2 by_channel"),
    **dict.fromkeys(("pixelunshuffle", "focus"), "write  reorg 2 by_channel"),
    **dict.fromkeys(("residual", "shortcutadd", "skipadd"), "write  add { | conv 8 3x3 same | skip }"),
    **dict.fromkeys(("eltwise", "merge", "sum"), "write `add`, `mul` or `max`, of tensors of one size"),
    **dict.fromkeys(("route",), "write `concat`, or  from NAME  for a tensor alone"),
    **dict.fromkeys(("div", "divide", "average", "mean", "matmul", "dot", "einsum"),
                    "tensors join by `add`, `sub`, `mul`, `max` and `concat`"),
    **dict.fromkeys(("dropout2d", "spatialdropout", "spatialdropout2d", "alphadropout"), "write `dropout 0.5`"),
    **dict.fromkeys(("droppath", "stochasticdepth", "dropblock", "gaussiannoise", "gaussiandropout", "noop", "pass",
                     "identity", "nothing"), _RUNTIME),
    **dict.fromkeys(("yolo", "region", "detection", "nms", "argmax", "topk", "loss", "cost", "accuracy"), _AFTER),
    **dict.fromkeys(("lstm", "gru", "rnn", "embedding", "attention", "multiheadattention", "transformer"),
                    "only convolutional networks can be written"),
    **dict.fromkeys(("inputlayer", "data", "image", "placeholder"), "a network begins with  input 32x32x3"),
}  # fmt: skip
"""Words of other libraries for what has no one word here, or another meaning, and what to write instead."""

ARGUMENTS = {
    **dict.fromkeys(("stride", "strides"), "s"),
    **dict.fromkeys(("padding", "pad", "pads"), "p"),
    **dict.fromkeys(("dilation", "dilations", "dilation_rate"), "d"),
    **dict.fromkeys(("kernel", "kernel_size", "filter_size", "window", "pool_size"), "f"),
    **dict.fromkeys(("group",), "groups"),
    **dict.fromkeys(("out_channels", "filters", "num_output"), "channels"),
    **dict.fromkeys(("out_features", "num_units"), "units"),
    **dict.fromkeys(("depth_multiplier",), "m"),
    **dict.fromkeys(("output_padding",), "op"),
    **dict.fromkeys(("scale_factor",), "n"),
    **dict.fromkeys(("negative_slope",), "slope"),
    **dict.fromkeys(("epsilon",), "eps"),
}
"""Names of arguments that mean the same. Only those that the layer at hand has are offered."""

AKIN = {
    **dict.fromkeys(("filter", "size", "k"), "f"),
    **dict.fromkeys(("c", "depth"), "channels"),
    **dict.fromkeys(("scale",), "n"),
    **dict.fromkeys(("rate", "prob", "ratio"), "p"),
}
"""Names of arguments that may mean the same, or something else: these are not put into a file."""


class Suggestion(NamedTuple):
    """What to say of a word that is none here."""

    hint: str = ""
    help: str = ""
    replace: str = ""
    """What it certainly means; empty where that is not certain."""


def suggestion(word: str, known: Iterable[str]) -> Suggestion:
    """For *word*, where one of *known* should stand."""
    known = list(known)
    folded = word.lower().replace("_", "").replace("-", "")
    if (ours := LAYERS.get(folded, "")) and ours.split()[0] in known:
        return Suggestion(f"here it is called `{ours}`", replace=ours)
    if advice := ADVICE.get(folded, ""):
        return Suggestion("a word of other libraries that this language has not", advice)
    hint, _ = did_you_mean(word, known)
    return Suggestion(hint, replace=slip(word, known, [*LAYERS, *ADVICE]))
