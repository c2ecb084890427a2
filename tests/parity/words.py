"""Single words, and blocks of networks written with them, beside PyTorch, over sizes drawn at random.

``python -m tests.parity.words`` draws many and prints the largest difference of each word; with ``--record`` it writes
a few of them with PyTorch's numbers to ``words.json``, with which the tests compare where PyTorch is not installed.
"""

from __future__ import annotations

import json
import sys
import tempfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnngraph.fronts import parse
from cnngraph.network import Network
from cnngraph.onnx.lower import lower
from cnngraph.onnx.passes import run_passes
from cnngraph.onnx.write import write
from cnngraph.runtime.session import Session
from cnngraph.volume import as_int
from cnngraph.weights.files import FileWeights
from cnngraph.weights.match import expected
from tests.parity.weights import numbers

RECORDED = Path(__file__).parent / "words.json"
MOST = 24
"""So many numbers of an output are recorded, as far apart as they go."""
EACH = 3
"""So many sizes of a word are recorded."""
CLOSE = 1e-5
"""Of the largest number; a network of several layers has ten times as much."""

Array = NDArray[np.float32]
Theirs = Callable[..., Any]
"""From torch, the weights by name and the inputs to the output."""


@dataclass(frozen=True)
class Case:
    text: str
    """Of the spec, without its `net` line."""
    theirs: Theirs


WORDS: dict[str, Callable[[Random], Case]] = {}


def word(name: str) -> Callable[[Callable[[Random], Case]], Callable[[Random], Case]]:
    def add(function: Callable[[Random], Case]) -> Callable[[Random], Case]:
        WORDS[name] = function
        return function

    return add


def simple(name: str, line: str, theirs: Theirs, *, channels: int = 0, least: int = 1) -> None:
    """A word whose arguments do not hang on the sizes."""

    def draw(r: Random) -> Case:
        return Case(f"input {_map(r, channels or r.randint(1, 7), least)}\n{line}\n", theirs)

    WORDS[name] = draw


def _map(r: Random, channels: int, least: int = 1) -> str:
    return f"{r.randint(least, 11)}x{r.randint(least, 11)}x{channels}"


def _split(text: str) -> tuple[int, int, int]:
    height, width, channels = map(int, text.split("x"))
    return height, width, channels


# Numbers -------------------------------------------------------------------------------------

simple("times", "times 0.17", lambda t, w, x: x * 0.17)
simple("times learned", "times learned", lambda t, w, x: x * w["times1.weight"])
simple("plus", "plus by=-3", lambda t, w, x: x - 3)
simple("plus learned", "plus learned", lambda t, w, x: x + w["plus1.bias"])
simple("scale", "scale", lambda t, w, x: x * w["scale1.weight"])
simple("scale bias", "scale bias", lambda t, w, x: x * w["scale1.weight"] + w["scale1.bias"])
simple("shift", "shift", lambda t, w, x: x + w["shift1.bias"])
simple("clip", "clip lo=-0.5 hi=0.25", lambda t, w, x: t.nn.Hardtanh(-0.5, 0.25)(x))
simple("clip of one side", "clip hi=0.25", lambda t, w, x: t.clamp(x, max=0.25))
simple("power", "power 3", lambda t, w, x: t.pow(x, 3))
simple("power of a root", "abs -> power 0.5", lambda t, w, x: t.sqrt(t.abs(x)))
simple("power below 0", "abs -> plus 0.5 -> power p=-1", lambda t, w, x: 1 / (t.abs(x) + 0.5))
simple("min", "a: relu\nb: from image -> tanh\nfrom a -> min b", lambda t, w, x: t.minimum(t.relu(x), t.tanh(x)))
simple("avgpool over_channels", "avgpool over_channels", lambda t, w, x: t.mean(x, 1, keepdim=True))
simple("maxpool over_channels", "maxpool over_channels", lambda t, w, x: t.max(x, 1, keepdim=True)[0])
simple("selu", "selu", lambda t, w, x: t.nn.SELU()(x))
simple("abs", "abs", lambda t, w, x: t.abs(x))
simple("square", "square", lambda t, w, x: t.square(x))
simple(
    "splitsoftmax", "splitsoftmax 3", lambda t, w, x: t.nn.Softmax(1)(x.unflatten(1, (3, 2))).flatten(1, 2), channels=6
)
simple("logsoftmax", "logsoftmax", lambda t, w, x: t.nn.LogSoftmax(1)(x))
simple("hsigmoid", "hsigmoid", lambda t, w, x: t.nn.Hardsigmoid()(x))
simple("hsigmoid of another slope", "hsigmoid 0.2 shift=0.3", lambda t, w, x: t.clamp(0.2 * x + 0.3, 0, 1))
simple("prelu", "prelu", lambda t, w, x: t.nn.functional.prelu(x, w["prelu1.weight"].reshape(-1)))
simple("prelu shared", "prelu shared", lambda t, w, x: t.nn.functional.prelu(x, w["prelu1.weight"]))
simple("sub", "a: relu\nb: from image -> tanh\nfrom a -> sub b image", lambda t, w, x: t.relu(x) - t.tanh(x) - x)
simple("add spread", "add spread { | skip | avgpool global | slice 0 1 }",
       lambda t, w, x: x + x.mean((2, 3), keepdim=True) + x[:, :1])  # fmt: skip
simple("mul spread", "mul spread { | tanh | avgpool global | slice 0 1 }",
       lambda t, w, x: t.tanh(x) * x.mean((2, 3), keepdim=True) * x[:, :1])  # fmt: skip


# Normalizations ------------------------------------------------------------------------------


@word("groupnorm")
def _groupnorm(r: Random) -> Case:
    g, each = r.randint(1, 4), r.randint(1, 4)

    def theirs(t: Any, w: Any, x: Any) -> Any:
        return t.nn.functional.group_norm(x, g, w["groupnorm1.weight"], w["groupnorm1.bias"], 1e-5)

    return Case(f"input {_map(r, g * each, 2)}\ngroupnorm {g}\n", theirs)


simple("instancenorm", "instancenorm eps=0.01", least=2, theirs=lambda t, w, x: t.nn.functional.instance_norm(
    x, weight=w["instancenorm1.weight"], bias=w["instancenorm1.bias"], eps=0.01))  # fmt: skip
simple("instancenorm affine=off", "instancenorm affine=off eps=0.01", least=2, theirs=lambda t, w, x: (
    t.nn.InstanceNorm2d(x.shape[1], 0.01)(x)))  # fmt: skip
simple("bn affine=off", "bn affine=off", lambda t, w, x: t.nn.functional.batch_norm(
    x, w["bn1.running_mean"], w["bn1.running_var"]))  # fmt: skip


simple("rmsnorm", "rmsnorm eps=0.01", lambda t, w, x: t.nn.functional.rms_norm(
    x.permute(0, 2, 3, 1), x.shape[1:2], w["rmsnorm1.weight"].reshape(-1), 0.01).permute(0, 3, 1, 2))  # fmt: skip
simple("l2norm", "l2norm", lambda t, w, x: t.nn.functional.normalize(x, dim=1))


@word("lrn")
def _lrn(r: Random) -> Case:
    """Of an even number PyTorch has one channel more before, ONNX after: that is PyTorch's with its channels turned."""
    n = r.randint(1, 8)

    def theirs(t: Any, w: Any, x: Any) -> Any:
        norm = t.nn.LocalResponseNorm(n, alpha=0.5, beta=0.6, k=2.0)
        return norm(x) if n % 2 else norm(x.flip(1)).flip(1)

    return Case(f"input {_map(r, r.randint(1, 9))}\nlrn n={n} alpha=0.5 beta=0.6 k=2\n", theirs)


def _grn(t: Any, x: Any, gamma: Any, beta: Any) -> Any:
    """As in the code of ConvNeXt V2 (facebookresearch/ConvNeXt-V2), which has the channels last."""
    x = x.permute(0, 2, 3, 1)
    norms = t.norm(x, p=2, dim=(1, 2), keepdim=True)
    share = norms / (norms.mean(dim=-1, keepdim=True) + 1e-6)
    return (gamma.reshape(-1) * (x * share) + beta.reshape(-1) + x).permute(0, 3, 1, 2)


simple("grn", "grn", lambda t, w, x: _grn(t, x, w["grn1.weight"], w["grn1.bias"]))


def _eca(t: Any, x: Any, weight: Any) -> Any:
    """As in the code of the paper (BangguWu/ECANet)."""
    means = t.nn.AdaptiveAvgPool2d(1)(x).squeeze(-1).transpose(-1, -2)
    gates = t.nn.functional.conv1d(means, weight.reshape(1, 1, -1), padding=(weight.numel() - 1) // 2)
    return x * t.sigmoid(gates.transpose(-1, -2).unsqueeze(-1)).expand_as(x)


@word("eca")
def _eca_of_any(r: Random) -> Case:
    k = 2 * r.randint(0, 4) + 1
    return Case(f"input {_map(r, r.randint(1, 9))}\neca {k}\n", lambda t, w, x: _eca(t, x, w["eca1.weight"]))


# Windows, borders, sizes ---------------------------------------------------------------------


@word("sepconv")
def _sepconv(r: Random) -> Case:
    k, s, m, made, channels = r.choice([1, 3, 5]), r.randint(1, 3), r.randint(1, 3), r.randint(1, 6), r.randint(1, 5)

    def theirs(t: Any, w: Any, x: Any) -> Any:
        conv2d = t.nn.functional.conv2d
        x = conv2d(x, w["sepconv1.depthwise.weight"], stride=s, padding=k // 2, groups=channels)
        return conv2d(x, w["sepconv1.pointwise.weight"], w["sepconv1.pointwise.bias"])

    return Case(f"input {_map(r, channels)}\nsepconv {made} {k}x{k} s={s} m={m} same\n", theirs)


@word("maxpool to=")
def _maxpool(r: Random) -> Case:
    to = r.randint(1, 9), r.randint(1, 9)
    return Case(f"input {_map(r, 3)}\nmaxpool to={to}\n", lambda t, w, x: t.nn.AdaptiveMaxPool2d(to)(x))


@word("maxpool d=")
def _spaced(r: Random) -> Case:
    """PyTorch pads by half of the window's taps at most."""
    k, s, d = r.randint(1, 4), r.randint(1, 3), r.randint(1, 3)
    p = r.randint(0, k // 2)
    shape = _map(r, 3, d * (k - 1) + 1)
    return Case(f"input {shape}\nmaxpool {k}x{k} s={s} p={p} d={d}\n", lambda t, w, x: t.nn.MaxPool2d(k, s, p, d)(x))


@word("avgpool to=")
def _avgpool(r: Random) -> Case:
    to = r.randint(1, 9), r.randint(1, 9)
    return Case(f"input {_map(r, 3)}\navgpool to={to}\n", lambda t, w, x: t.nn.AdaptiveAvgPool2d(to)(x))


def _padding(words: str, mode: str, value: float = 0.0) -> Callable[[Random], Case]:
    def draw(r: Random) -> Case:
        shape = _map(r, 2, 2)
        height, width, _ = _split(shape)
        room = 1 if mode == "reflect" else 0
        top, bottom = (r.randint(0, min(4, height - room)) for _ in "ab")
        left, right = (r.randint(0, min(4, width - room)) for _ in "ab")

        def theirs(t: Any, w: Any, x: Any) -> Any:
            # No padding at all is not for each of its modes.
            sides = (left, right, top, bottom)
            given = {"value": value} if mode == "constant" else {}
            return t.nn.functional.pad(x, sides, mode=mode, **given) if any(sides) else x

        return Case(f"input {shape}\npad ({top}, {left}, {bottom}, {right}){words}\n", theirs)

    return draw


WORDS |= {
    "pad": _padding("", "constant"),
    "pad value=": _padding(" value=-0.5", "constant", -0.5),
    **{f"pad {mode}": _padding(f" {mode}", mode) for mode in ("reflect", "replicate", "circular")},
}


@word("crop")
def _crop(r: Random) -> Case:
    shape = _map(r, 2, 5)
    height, width, _ = _split(shape)
    top, left, bottom, right = (r.randint(0, 2) for _ in "abcd")
    return Case(
        f"input {shape}\ncrop ({top}, {left}, {bottom}, {right})\n",
        lambda t, w, x: x[:, :, top : height - bottom, left : width - right],
    )


_FACTORS = (1, 1.25, 1.5, 2, 2.25, 3)


def _upsampling(words: str, mode: str, how: str) -> Callable[[Random], Case]:
    """By two factors, to a size, and to the size of another tensor."""
    corners = {} if mode == "nearest" else {"align_corners": "align_corners" in words}

    def draw(r: Random) -> Case:
        shape = _map(r, 2)
        if how == "by":
            # PyTorch has other rules where a fraction leaves a size as it is, or doubles it.
            sizes = _split(shape)[:2]
            factors = tuple(
                r.choice([f for f in _FACTORS if f % 1 == 0 or size * f // 1 not in (size, 2 * size)]) for size in sizes
            )

            def by(t: Any, w: Any, x: Any) -> Any:
                return t.nn.functional.interpolate(x, scale_factor=factors, mode=mode, **corners)

            return Case(f"input {shape}\nupsample {factors}{words}\n", by)
        to = r.randint(1, 14), r.randint(1, 14)
        text = f"input {shape}\nupsample to={to}{words}\n"
        if how == "like":
            text = f"input image {shape}\ninput other {to[0]}x{to[1]}x3\nfrom image -> upsample other{words}\n"
        return Case(text, lambda t, w, x, *_: t.nn.functional.interpolate(x, size=to, mode=mode, **corners))

    return draw


@word("unpool")
def _unpool(r: Random) -> Case:
    (height, width, channels), (down, across) = (r.randint(1, 5) for _ in "hwc"), (r.randint(1, 3) for _ in "da")

    def back(t: Any, w: Any, x: Any, whole: Any) -> Any:
        _, places = t.nn.functional.max_pool2d(whole.relu(), (down, across), ceil_mode=True, return_indices=True)
        return t.nn.functional.max_unpool2d(x, places, (down, across), output_size=whole.shape[-2:])

    high, wide = (count * size - r.randint(0, size - 1) for count, size in ((height, down), (width, across)))
    inputs = f"input image {height}x{width}x{channels}\ninput whole {high}x{wide}x{channels}\n"
    # Of many zeros the first.
    return Case(f"{inputs}seen: from whole -> relu\nfrom image -> unpool seen {down}x{across}\n", back)


for _how in ("by", "to", "like"):
    WORDS[f"upsample {_how}"] = _upsampling("", "nearest", _how)
    WORDS[f"upsample {_how} bilinear"] = _upsampling(" bilinear", "bilinear", _how)
    WORDS[f"upsample {_how} bilinear align_corners"] = _upsampling(" bilinear align_corners", "bilinear", _how)
    WORDS[f"upsample {_how} bicubic"] = _upsampling(" bicubic", "bicubic", _how)
    WORDS[f"upsample {_how} bicubic align_corners"] = _upsampling(" bicubic align_corners", "bicubic", _how)


# Places --------------------------------------------------------------------------------------


@word("widen")
def _widen(r: Random) -> Case:
    channels, more, s = r.randint(1, 4), r.randint(0, 4), r.randint(1, 3)

    def theirs(t: Any, w: Any, x: Any) -> Any:
        return t.nn.functional.pad(x[:, :, ::s, ::s], (0, 0, 0, 0, 0, more))

    return Case(f"input {_map(r, channels)}\nwiden {channels + more} s={s}\n", theirs)


def _squares(t: Any, x: Any, n: int) -> Any:
    """The squares' pixels and then the channels, as one axis: TensorFlow's order."""
    many, channels, height, width = x.shape
    x = x.reshape(many, channels, height // n, n, width // n, n)
    return x.permute(0, 3, 5, 1, 2, 4).reshape(many, channels * n * n, height // n, width // n)


def _darknet(t: Any, x: Any, n: int) -> Any:
    many, channels, height, width = x.shape
    x = _squares(t, x.reshape(many, channels // (n * n), height * n, width * n), n)
    return x.reshape(many, channels * n * n, height // n, width // n)


@word("reorg")
def _reorg(r: Random) -> Case:
    n = r.randint(1, 3)
    shape = f"{n * r.randint(1, 5)}x{n * r.randint(1, 5)}x{r.randint(1, 4)}"
    return Case(f"input {shape}\nreorg {n}\n", lambda t, w, x: _squares(t, x, n))


@word("reorg by_channel")
def _reorg_by_channel(r: Random) -> Case:
    n = r.randint(1, 3)
    shape = f"{n * r.randint(1, 5)}x{n * r.randint(1, 5)}x{r.randint(1, 4)}"
    return Case(f"input {shape}\nreorg {n} by_channel\n", lambda t, w, x: t.nn.PixelUnshuffle(n)(x))


@word("reorg by_column")
def _focus(r: Random) -> Case:
    """As in the code of YOLOv5 (ultralytics/yolov5, models/common.py) and YOLOX."""
    shape = f"{2 * r.randint(1, 5)}x{2 * r.randint(1, 5)}x{r.randint(1, 4)}"

    def theirs(t: Any, w: Any, x: Any) -> Any:
        return t.cat((x[..., ::2, ::2], x[..., 1::2, ::2], x[..., ::2, 1::2], x[..., 1::2, 1::2]), 1)

    return Case(f"input {shape}\nreorg 2 by_column\n", theirs)


@word("reorg as_darknet")
def _reorg_as_darknet(r: Random) -> Case:
    n = r.randint(1, 3)
    shape = f"{n * r.randint(1, 5)}x{n * r.randint(1, 5)}x{n * n * r.randint(1, 4)}"
    return Case(f"input {shape}\nreorg {n} as_darknet\n", lambda t, w, x: _darknet(t, x, n))


@word("unreorg")
def _unreorg(r: Random) -> Case:
    n, channels = r.randint(1, 3), r.randint(1, 4)

    def theirs(t: Any, w: Any, x: Any) -> Any:
        many, _, height, width = x.shape
        return x.reshape(many, n, n, channels, height, width).permute(0, 3, 4, 1, 5, 2).reshape(
            many, channels, height * n, width * n)  # fmt: skip

    return Case(f"input {_map(r, channels * n * n)}\nunreorg {n}\n", theirs)


@word("unreorg by_channel")
def _unreorg_by_channel(r: Random) -> Case:
    n, channels = r.randint(1, 3), r.randint(1, 4)
    text = f"input {_map(r, channels * n * n)}\nunreorg {n} by_channel\n"
    return Case(text, lambda t, w, x: t.nn.PixelShuffle(n)(x))


@word("unflatten")
def _unflatten(r: Random) -> Case:
    height, width, channels = r.randint(1, 6), r.randint(1, 6), r.randint(1, 6)
    text = f"input {height * width * channels}\nunflatten {height}x{width}x{channels}\n"
    return Case(text, lambda t, w, x: t.nn.Unflatten(1, (channels, height, width))(x))


@word("split")
def _split_in_parts(r: Random) -> Case:
    n, each = r.randint(2, 4), r.randint(1, 3)
    names = "abcd"[:n]
    text = (
        f"input {_map(r, n * each)}\n{', '.join(names)}: split {n}\nfrom {names[-1]} -> concat {' '.join(names[:-1])}\n"
    )

    def theirs(t: Any, w: Any, x: Any) -> Any:
        *parts, last = t.chunk(x, n, 1)
        return t.cat([last, *parts], 1)

    return Case(text, theirs)


# Blocks of networks --------------------------------------------------------------------------


def _bn(t: Any, w: Any, x: Any, name: str) -> Any:
    return t.nn.functional.batch_norm(
        x, *(w[f"{name}.{each}"] for each in ("running_mean", "running_var", "weight", "bias"))
    )


def _conv(t: Any, w: Any, x: Any, name: str, **how: Any) -> Any:
    return t.nn.functional.conv2d(x, w[f"{name}.weight"], w.get(f"{name}.bias"), **how)


NETWORKS = {
    "a block of ConvNeXt V2": """\
input 14x14x16
add {
  | dwconv 7x7 same -> layernorm -> conv 64 1x1 gelu -> grn -> conv 16 1x1
  | skip
}
""",
    "a residual block with channel attention": """\
input 14x14x16
add {
  | conv 16 3x3 same bn relu -> conv 16 3x3 same bn -> eca 3
  | skip
}
relu
""",
    "two residual blocks with widened shortcuts": """\
input 14x14x16
block unit(c, s) {
  add {
    | conv c 3x3 s=s same bn relu -> conv c 3x3 same bn
    | skip -> widen c s=s
  }
  relu
}
unit 24 2
unit 32 2
""",
    "Xception's block": """\
input 14x14x16
add {
  | relu -> sepconv 24 3x3 same bn relu -> sepconv 24 3x3 same bn -> maxpool 3x3 s=2 p=1
  | skip -> shortcut 24 s=2
}
""",
    "attention to channels and places": """\
input 14x14x16
mul {
  | skip
  | avgpool global -> flatten -> fc 4 relu -> fc 16 sigmoid -> unflatten
}
mul spread {
  | skip
  | conv 1 7x7 same sigmoid
}
""",
    "a decoder of vectors": """\
input 32
fc 196 prelu=shared -> unflatten 7x7x4
upconv 8 4x4 s=2 p=1 bn relu
upconv 3 4x4 s=2 p=1 -> hsigmoid
""",
}


def _convnext(t: Any, w: Any, x: Any) -> Any:
    y = _conv(t, w, x, "dwconv1", padding=3, groups=16).permute(0, 2, 3, 1)
    y = t.nn.functional.layer_norm(y, (16,), w["layernorm1.weight"], w["layernorm1.bias"], 1e-6).permute(0, 3, 1, 2)
    y = _grn(t, t.nn.functional.gelu(_conv(t, w, y, "conv1")), w["grn1.weight"], w["grn1.bias"])
    return x + _conv(t, w, y, "conv2")


def _attended(t: Any, w: Any, x: Any) -> Any:
    y = t.relu(_bn(t, w, _conv(t, w, x, "conv1", padding=1), "conv1.bn"))
    y = _bn(t, w, _conv(t, w, y, "conv2", padding=1), "conv2.bn")
    return t.relu(x + _eca(t, y, w["eca1.weight"]))


def _widened(t: Any, w: Any, x: Any) -> Any:
    for name, more in (("unit1", 8), ("unit2", 8)):
        y = t.relu(_bn(t, w, _conv(t, w, x, f"{name}.conv1", stride=2, padding=1), f"{name}.conv1.bn"))
        y = _bn(t, w, _conv(t, w, y, f"{name}.conv2", padding=1), f"{name}.conv2.bn")
        x = t.relu(y + t.nn.functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 0, more)))
    return x


def _xception(t: Any, w: Any, x: Any) -> Any:
    y = x
    for name in ("sepconv1", "sepconv2"):
        y = _conv(t, w, t.relu(y), f"{name}.depthwise", padding=1, groups=y.shape[1])
        y = _bn(t, w, _conv(t, w, y, f"{name}.pointwise"), f"{name}.bn")
    short = _bn(t, w, _conv(t, w, x, "shortcut1.conv1", stride=2), "shortcut1.conv1.bn")
    return short + t.nn.functional.max_pool2d(y, 3, 2, 1)


def _two_attentions(t: Any, w: Any, x: Any) -> Any:
    linear = t.nn.functional.linear
    gate = t.relu(linear(x.mean((2, 3)), w["fc1.weight"], w["fc1.bias"]))
    x = x * t.sigmoid(linear(gate, w["fc2.weight"], w["fc2.bias"]))[:, :, None, None]
    return x * t.sigmoid(_conv(t, w, x, "conv1", padding=3))


def _decoder(t: Any, w: Any, x: Any) -> Any:
    f = t.nn.functional
    x = f.prelu(f.linear(x, w["fc1.weight"], w["fc1.bias"]), w["fc1.prelu.weight"]).view(-1, 4, 7, 7)
    x = t.relu(_bn(t, w, f.conv_transpose2d(x, w["upconv1.weight"], None, 2, 1), "upconv1.bn"))
    return f.hardsigmoid(f.conv_transpose2d(x, w["upconv2.weight"], w["upconv2.bias"], 2, 1))


_THEIRS = (_convnext, _attended, _widened, _xception, _two_attentions, _decoder)


def cases(name: str, count: int, seed: int = 0) -> list[Case]:
    """Some of the word or network *name*."""
    if name in NETWORKS:
        return [Case(NETWORKS[name], _THEIRS[list(NETWORKS).index(name)])]
    return [WORDS[name](Random(f"{seed} {name} {number}")) for number in range(count)]


# Running -------------------------------------------------------------------------------------


def network_of(text: str) -> Network:
    return parse(f"net t\n{text}")


def weights_of(network: Network) -> dict[str, Array]:
    return {name: numbers(name, shape) for name, shape in expected(network).items()}


def inputs_of(network: Network) -> dict[str, Array]:
    made = {}
    for layer in network.inputs:
        volume = layer.output
        dims = (volume.channels, volume.height, volume.width) if volume.is_map else volume.dims
        generator = np.random.Generator(np.random.SFC64(zlib.crc32(f"{layer.name} {volume}".encode())))
        made[layer.name] = 2 * generator.standard_normal((2, *map(as_int, dims)), np.float32)
    return made


def ours(text: str, opset: int = 20) -> Array:
    """What onnxruntime answers with the exported file, after all passes."""
    network = network_of(text)
    with tempfile.TemporaryDirectory() as folder:
        weights, model = Path(folder) / "w.npz", Path(folder) / "model.onnx"
        np.savez(weights, **weights_of(network))  # type: ignore[arg-type]
        graph, changed, _ = run_passes(lower(network, opset=opset), FileWeights(weights, network))
        write(graph, changed, model)
        (output,) = Session(model).run(inputs_of(network)).values()
    return np.asarray(output)


def theirs(case: Case) -> Array:
    """What PyTorch answers."""
    import torch

    network = network_of(case.text)
    given = {name: torch.from_numpy(array) for name, array in weights_of(network).items()}
    arrays = [torch.from_numpy(array) for array in inputs_of(network).values()]
    with torch.no_grad():
        return np.asarray(case.theirs(torch, given, *arrays).numpy())


def some(output: Array) -> Array:
    """Those numbers of an output that are recorded."""
    flat = output.reshape(-1)
    return flat[:: -(-flat.size // MOST)]


def allowed(name: str) -> float:
    return CLOSE * (10 if name in NETWORKS else 1)


def recorded() -> list[Mapping[str, Any]]:
    return list(json.loads(RECORDED.read_text("utf-8"))["cases"])


def _record() -> None:
    import torch

    lines = []
    for name in (*WORDS, *NETWORKS):
        for case in cases(name, EACH):
            output = theirs(case)
            found = {
                "word": name,
                "text": case.text,
                "shape": output.shape,
                "largest": float(f"{np.abs(output).max():.8g}"),
                "output": [float(f"{number:.8g}") for number in some(output)],
            }
            lines.append(json.dumps(found))
    body = ",\n".join(lines)
    RECORDED.write_text(f'{{"with": "torch {torch.__version__}", "cases": [\n{body}\n]}}\n', "utf-8")


def main() -> None:
    worst = 0
    for name in (*WORDS, *NETWORKS):
        most = 0.0
        for number, case in enumerate(cases(name, 40, seed=1)):
            wanted = theirs(case)
            got = ours(case.text, (17, 20, 22)[number % 3])
            assert got.shape == wanted.shape, (case.text, got.shape, wanted.shape)
            most = max(most, float(np.abs(got - wanted).max() / max(np.abs(wanted).max(), 1e-30)))
        worst += most > allowed(name)
        print(f"{name:45} {most:.1e}{'  differs' if most > allowed(name) else ''}", flush=True)
    if "--record" in sys.argv:
        _record()
    sys.exit(worst > 0)


if __name__ == "__main__":
    main()
