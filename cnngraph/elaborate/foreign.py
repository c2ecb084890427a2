"""What people write who come from another library, and what it is called here."""

from __future__ import annotations

from cnngraph.layers import KINDS

LAYERS = {
    **{name: word for word, kind in KINDS.items() for name in kind.elsewhere},
    **dict.fromkeys(("gap", "globalavgpool", "globalaveragepool", "globalpool"), "avgpool global"),
    "pixelshuffle": "unreorg by_channel",
    "pixelunshuffle": "reorg by_channel",
    **dict.fromkeys(("reflectionpad2d", "reflectpad"), "pad reflect"),
    "replicationpad2d": "pad replicate",
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
