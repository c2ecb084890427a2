"""darknet's activations (`activate` in its src/activations.h) as kinds, one behind the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cnngraph.fronts.darknet.net import Net
from cnngraph.fronts.darknet.sections import Section
from cnngraph.layers.activation import Clip, Elu, Gelu, Leaky, Mish, Relu, Relu6, Selu, Sigmoid, Swish, Tanh
from cnngraph.layers.kind import Kind
from cnngraph.layers.scaling import Times

KINDS: dict[str, Callable[[], Sequence[Kind]]] = {
    "linear": list,
    "logistic": lambda: [Sigmoid()],
    "loggy": lambda: [Times(by=0.5), Tanh()],  # 2/(1 + exp(-x)) - 1
    "relu": lambda: [Relu()],
    "relu6": lambda: [Relu6()],
    "relie": lambda: [Leaky(slope=0.01)],
    "leaky": lambda: [Leaky(slope=0.1)],
    "revleaky": lambda: [Leaky(slope=0.1)],
    "ramp": lambda: [Leaky(slope=1 / 11), Times(by=1.1)],  # x*(x > 0) + 0.1x
    "tanh": lambda: [Tanh()],
    "elu": lambda: [Elu()],
    "selu": lambda: [Selu()],
    "gelu": lambda: [Gelu()],
    "swish": lambda: [Swish()],
    "silu": lambda: [Swish()],  # so called by YOLOR
    "mish": lambda: [Mish()],
    "hardtan": lambda: [Clip(lo=-1.0, hi=1.0)],
}
"""By name."""
_OTHERS = {
    "plse", "stair", "lhtan", "hard_mish", "normalize_channels", "normalize_channels_softmax",
    "normalize_channels_softmax_maxval",
}  # fmt: skip
"""Those that there is no kind for."""


def activated(net: Net, section: Section, tensor: str, default: str) -> str | None:
    """*tensor* behind the activation that *section* names, *default* if it names none."""
    word = section.text("activation", default)
    if word in _OTHERS:
        return net.opaque(section, word, [tensor], net.volume(tensor), key="activation")
    if word not in KINDS:
        net.notes.add(
            f"activation={word}", "darknet has none of this name, and takes relu", section.place("activation")
        )
        word = "relu"
    if word == "gelu":
        net.notes.add("activation=gelu", "darknet has its approximation by tanh, and here it is exact",
                      section.place("activation"))  # fmt: skip
    for kind in KINDS[word]():
        tensor = net.add(section, kind, [tensor])
    return tensor
