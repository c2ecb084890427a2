"""What tables and figures call a layer."""

from __future__ import annotations

import pytest

from cnngraph.fronts import parse
from cnngraph.layers import KINDS
from cnngraph.layers.kind import Caption
from cnngraph.summary import summarize

SAID = {
    "conv 8 3x5 s=2x1 p=(1, 2) d=(2, 1) groups=2": "conv 3×5 s=2×1 p=(1, 2, 1, 2) d=2×1 groups=2",
    "conv 8 1x1 same": "conv 1×1",
    "conv 8 1x3 same": "conv 1×3 same",
    "conv 8 1x1 p=1": "conv 1×1 p=1",
    "conv 8 3x3 p=(1, 0, 0, 1)": "conv 3×3 p=(1, 0, 0, 1)",
    "conv 8 3x3 p=(0, 0, 0, 1)": "conv 3×3 p=(0, 0, 0, 1)",
    "conv 8 3x3 p=0": "conv 3×3",
    "conv 8 3x3 s=2 same_upper d=2 bn relu": "conv 3×3 s=2 same upper d=2, BN, ReLU",
    "dwconv 3x3 m=2 same": "depthwise conv 3×3 same m=2",
    "dwconv 3x3 m=1": "depthwise conv 3×3",
    "upconv 4 2x2 s=2 groups=2": "up-conv 2×2 s=2 groups=2",
    "upconv 4 2x2": "up-conv 2×2",
    "maxpool f=2": "max pool 2×2 s=2",
    "maxpool f=2 s=1": "max pool 2×2 s=1",
    "maxpool 3x2 s=(2, 1) p=1 ceil": "max pool 3×2 s=2×1 p=1 ceil",
    "avgpool 3x3 s=1 same": "avg pool 3×3 s=1 same",
    "avgpool global": "global avg pool",
    "avgpool to=(2, 4)": "adaptive avg pool to 2×4",
    "maxpool global": "global max pool",
    "lrn": "LRN", "scale": "scale", "prelu": "PReLU", "elu": "ELU", "gelu": "GELU", "swish": "swish",
    "hswish": "h-swish", "hsigmoid": "h-sigmoid", "mish": "mish", "sigmoid": "sigmoid", "tanh": "tanh",
    "softplus": "softplus", "relu": "ReLU", "relu6": "ReLU6", "leaky": "leaky ReLU", "softmax": "softmax",
    "layernorm": "layer norm", "instancenorm": "instance norm", "bn": "batch norm",
    "upsample 2": "upsample ×2", "upsample 3 bilinear": "upsample ×3 bilinear", "reorg 2": "reorg ÷2",
    "crop 1": "crop 1", "crop 0": "crop 0", "a: relu\nb: conv 1 3x3\nfrom a -> crop b": "crop",
    "upsample 2x1": "upsample ×2×1", "upsample to=(4, 6) bilinear align_corners": "upsample to 4×6 bilinear corners",
    "upsample 1.5": "upsample ×1.5", "a: conv 2 3x3\nfrom a -> upsample image": "upsample",
    "a: relu\nmaxpool 2x1\nunpool a 2x1": "unpool 2×1",
    "reorg 2 as_darknet": "reorg ÷2 as darknet", "reorg 2 by_column": "reorg ÷2 by column",
    "unreorg 2": "unreorg ×2",
    "unreorg 2 by_channel": "unreorg ×2 by channel", "widen 8 s=2": "widen s=2", "pad 1": "pad 1",
    "pad (1, 0) reflect": "pad (1, 0, 1, 0) reflect", "pad 0": "pad 0", "crop (1, 2, 0, 0)": "crop (1, 2, 0, 0)",
    "groupnorm 2": "group norm g=2", "conv 8 1x1 groupnorm=4 relu": "conv 1×1, GN, ReLU",
    "hsigmoid 0.2": "h-sigmoid slope=0.2",
    "slice 1 3": "slice 1–2", "a, b: split 2\nfrom b -> add a": "add", "shuffle 2": "shuffle g=2",
    "flatten": "flatten", "dropout 0.25": "dropout p=0.25",
    "flatten -> fc 5 bn relu -> layernorm": "fc, BN, ReLU, LN", "flatten -> softmax 3": "fc, softmax",
    "add { | relu | skip }": "add", "concat { | relu | skip }": "concat", "mul { | relu | skip }": "mul",
    "max { | relu | skip }": "max", "min { | relu | skip }": "min",
    "rmsnorm": "RMS norm", "l2norm": "L2 norm",
    "power 3": "power p=3", "clip lo=0.1": "clip from 0.1", "clip hi=3": "clip up to 3",
    "maxpool over_channels": "channel max pool", "avgpool over_channels": "channel avg pool",
    "maxpool 3x3 s=1 d=2": "max pool 3×3 s=1 d=2", "upsample 2 bicubic": "upsample ×2 bicubic",
    "sub { | relu | skip }": "sub",
    "scale bias": "scale", "shift": "shift", "times 0.5": "times 0.5", "plus learned": "plus learned",
    "add spread { | skip | avgpool global }": "add spread", "mul spread { | skip | conv 1 1x1 }": "mul spread",
    "sepconv 8 3x3 s=2 same m=2 bn relu": "separable conv 3×3 s=2 same m=2, BN, ReLU",
    "flatten -> unflatten": "unflatten", "flatten -> unflatten 4x8x8": "unflatten", "grn": "global response norm",
    "eca 3": "channel attention k=3", "prelu shared": "PReLU shared", "conv 8 1x1 prelu=shared": "conv 1×1, PReLU",
    "gelu approximate": "GELU tanh",
    "bn affine=off": "batch norm no γ, β", "hsigmoid 0.2 shift=0.4": "h-sigmoid slope=0.2 shift=0.4",
    "instancenorm affine=off": "instance norm no γ, β",
    "pad 1 value=0.5": "pad 1 value=0.5", "lrn n=4": "LRN", "maxpool to=3": "adaptive max pool to 3×3",
    "clip lo=-1 hi=1": "clip -1 to 1", "abs": "abs", "square": "square", "selu": "SELU", "logsoftmax": "logsoftmax",
    "splitsoftmax 2": "split softmax n=2", 'opaque "attention" to=2x2x5': "attention",
}  # fmt: skip


@pytest.mark.parametrize("line", SAID)
def test_said_in_a_table(line: str) -> None:
    assert summarize(parse(f"net t\ninput 8x8x4\n{line}\n")).rows[-1].operation == SAID[line]


def test_every_kind_is_said() -> None:
    said = {layer.kind.word for line in SAID for layer in parse(f"net t\ninput 8x8x4\n{line}\n")}
    assert set(KINDS) - said == {"split"}  # a split is written as slices


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("conv 6 3x5", "6 filters of 3×5×4"),
        ("conv 8 3x3 groups=4", "8 filters of 3×3×1 in 4 groups, each for its own channels"),
        ("dwconv 3x3", "4 filters of 3×3×1, one for every channel"),
        ("dwconv 3x3 m=2", "8 filters of 3×3×1, 2 for every channel"),
        ("maxpool 2x3", "the largest number of each 2×3 window, in every channel"),
        ("avgpool 2x3", "the mean of each 2×3 window, in every channel"),
        ("avgpool global", "the mean of the whole map, in every channel"),
        ("maxpool to=(2, 4)", "the largest number of each of 2×4 parts of the map, in every channel"),
        ("flatten -> fc 5", "every output is a sum of all 256 inputs with weights of its own"),
        ("relu", ""),
    ],
)
def test_what_a_layer_does_in_a_sentence(line: str, sentence: str) -> None:
    layer = parse(f"net t\ninput 8x8x4\n{line}\n").layers[-1]
    assert layer.kind.sentence(layer.input_volumes) == sentence


def caption(line: str) -> Caption:
    return parse(f"net t\ninput 8x8x4\n{line}\n").layers[-1].kind.caption()


def test_captions_of_figures() -> None:
    def said(line: str) -> tuple[object, ...]:
        found = caption(line)
        return found.name, found.size, found.window, found.stride, found.padding, found.details

    assert said("conv 8 3x5 s=2") == ("conv", "8", (3, 5), (2, 2), "", ())
    assert said("upconv 6 2x2 s=2")[:2] == ("up-conv", "6")
    assert said("dwconv 3x3")[:2] == ("depthwise conv", "")
    assert said("flatten -> fc 7") == ("fc", "7", None, None, "", ())
    assert said("maxpool 3x2 s=2 same_upper") == ("max pool", "", (3, 2), (2, 2), "same upper", ())
    assert [caption(f"{word} {{ | relu | skip }}").details for word in ("add", "mul")] == [("+",), ("×",)]
    assert [caption(f"{word} {{ | relu | skip }}").sign for word in ("add", "mul")] == ["+", "×"]
    assert [caption(word).short for word in ("bn", "layernorm", "instancenorm")] == ["BN", "LN", "IN"]
    pools = [caption(f"maxpool {how}") for how in ("2x2", "global", "to=2x2")]
    assert [pool.loud for pool in pools] == ["MAX-POOL", "GLOBAL MAX-POOL", "ADAPTIVE MAX-POOL"]
    assert [pool.short for pool in pools] == ["max pool", "max pool", "adaptive max pool"]
    assert [pool.arrow for pool in pools] == ["MAX-POOL", "global max pool", "adaptive max pool"]
    assert parse("net t\ninput 4\n").layers[0].kind.caption() == Caption("input")
