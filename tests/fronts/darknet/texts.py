"""Networks as darknet has them: known ones, any spec that a .cfg can say, and files of weights."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from cnngraph.network import Layer, Network
from cnngraph.volume import as_int


def net(*sizes: int) -> str:
    """On a picture of 32x32x3 unless said, or on a vector."""
    if len(sizes) == 1:
        return f"[net]\ninputs={sizes[0]}\n"
    height, width, channels = sizes or (32, 32, 3)
    return f"[net]\nbatch=1\nheight={height}\nwidth={width}\nchannels={channels}\n"


def section(name: str, **options: object) -> str:
    return f"\n[{name}]\n" + "".join(f"{key}={value}\n" for key, value in options.items())


def conv(filters: int, size: int, stride: int = 1, **more: object) -> str:
    options: dict[str, object] = {"batch_normalize": 1, "filters": filters, "size": size, "stride": stride, "pad": 1}
    return section("convolutional", **options | {"activation": "leaky"} | more)


def yolov3() -> str:
    """As in cfg/yolov3.cfg, at 416."""
    text = net(416, 416, 3) + conv(32, 3)
    for filters, times in ((64, 1), (128, 2), (256, 8), (512, 8), (1024, 4)):
        residual = conv(filters // 2, 1) + conv(filters, 3) + section("shortcut", **{"from": -3}, activation="linear")
        text += conv(filters, 3, 2) + residual * times
    for filters, fine in ((512, 61), (256, 36), (128, 0)):
        text += (conv(filters, 1) + conv(2 * filters, 3)) * 3
        text += conv(255, 1, batch_normalize=0, activation="linear") + section("yolo", classes=80, num=9)
        if fine:
            text += section("route", layers=-4) + conv(filters // 2, 1) + section("upsample", stride=2)
            text += section("route", layers=f"-1, {fine}")
    return text.replace("batch_normalize=1\n", "batch_normalize=1  # folded by nobody\n", 1)


def yolov3_tiny() -> str:
    """As in cfg/yolov3-tiny.cfg, at 416."""
    text = net(416, 416, 3)
    for filters in (16, 32, 64, 128, 256):
        text += conv(filters, 3) + section("maxpool", size=2, stride=2)
    text += conv(512, 3) + section("maxpool", size=2, stride=1) + conv(1024, 3) + conv(256, 1) + conv(512, 3)
    text += conv(255, 1, batch_normalize=0, activation="linear") + section("yolo", classes=80)
    text += section("route", layers=-4) + conv(128, 1) + section("upsample", stride=2) + section("route", layers="-1,8")
    return text + conv(256, 3) + conv(255, 1, batch_normalize=0, activation="linear") + section("yolo", classes=80)


def yolov2() -> str:
    """As in cfg/yolov2.cfg, at 608."""
    pool = section("maxpool", size=2, stride=2)
    text = net(608, 608, 3) + conv(32, 3) + pool + conv(64, 3) + pool + conv(128, 3) + conv(64, 1) + conv(128, 3) + pool
    text += conv(256, 3) + conv(128, 1) + conv(256, 3) + pool + (conv(512, 3) + conv(256, 1)) * 2 + conv(512, 3)
    text += pool + (conv(1024, 3) + conv(512, 1)) * 2 + conv(1024, 3) * 3 + section("route", layers=-9) + conv(64, 1)
    text += section("reorg", stride=2) + section("route", layers="-1,-4") + conv(1024, 3)
    return text + conv(425, 1, batch_normalize=0, activation="linear") + section("region", classes=80, num=5)


def _head(filters: int) -> str:
    return conv(filters, 1, batch_normalize=0, activation="linear") + section("yolo", classes=80)


def yolov4() -> str:
    """As in cfg/yolov4.cfg, at 608."""

    def mish(filters: int, size: int, stride: int = 1) -> str:
        return conv(filters, size, stride, activation="mish")

    residual = section("shortcut", **{"from": -3}, activation="linear")
    text = net(608, 608, 3) + mish(32, 3) + mish(64, 3, 2) + mish(64, 1) + section("route", layers=-2) + mish(64, 1)
    text += mish(32, 1) + mish(64, 3) + residual + mish(64, 1) + section("route", layers="-1,-7") + mish(64, 1)
    for filters, times in ((128, 2), (256, 8), (512, 8), (1024, 4)):
        half = filters // 2
        text += mish(filters, 3, 2) + mish(half, 1) + section("route", layers=-2) + mish(half, 1)
        text += (mish(half, 1) + mish(half, 3) + residual) * times + mish(half, 1)
        text += section("route", layers=f"-1,-{3 * times + 4}") + mish(filters, 1)
    text += conv(512, 1) + conv(1024, 3) + conv(512, 1)
    for size, before in ((5, -2), (9, -4), (13, "-1,-3,-5,-6")):
        text += section("maxpool", stride=1, size=size) + section("route", layers=before)
    text += conv(512, 1) + conv(1024, 3) + conv(512, 1)
    for filters, fine in ((256, 85), (128, 54)):
        text += conv(filters, 1) + section("upsample", stride=2) + section("route", layers=fine) + conv(filters, 1)
        text += section("route", layers="-1, -3") + (conv(filters, 1) + conv(2 * filters, 3)) * 2 + conv(filters, 1)
    text += conv(256, 3) + _head(255)
    for filters, coarse in ((256, -16), (512, -37)):
        text += section("route", layers=-4) + conv(filters, 3, 2) + section("route", layers=f"-1, {coarse}")
        text += (conv(filters, 1) + conv(2 * filters, 3)) * 2 + conv(filters, 1) + conv(2 * filters, 3) + _head(255)
    return text


def yolov4_tiny() -> str:
    """As in cfg/yolov4-tiny.cfg, at 416."""
    text = net(416, 416, 3) + conv(32, 3, 2) + conv(64, 3, 2)
    for filters in (64, 128, 256):
        text += conv(filters, 3) + section("route", layers=-1, groups=2, group_id=1) + conv(filters // 2, 3) * 2
        text += section("route", layers="-1,-2") + conv(filters, 1) + section("route", layers="-6,-1")
        text += section("maxpool", size=2, stride=2)
    text += conv(512, 3) + conv(256, 1) + conv(512, 3) + _head(255) + section("route", layers=-4) + conv(128, 1)
    return text + section("upsample", stride=2) + section("route", layers="-1, 23") + conv(256, 3) + _head(255)


ACTIVATIONS = {"sigmoid": "logistic", **{word: word for word in ("relu", "relu6", "leaky", "tanh", "swish", "mish")}}


def written(network: Network) -> str:
    """A network as a .cfg, for those of convolutions, pools, fully connected layers, sums and concatenations."""
    image = network.inputs[0]
    text, index, number = net(*map(as_int, image.output.dims)) + section("empty"), 0, {image.name: 0}
    for layer in network.layers[1:]:
        kind: Any = layer.kind
        before = layer.inputs[0]
        word = kind.word
        if word in ("bn", *ACTIVATIONS) and f"activation=?{number[before]}\n" in text:
            # Of the section before; the options of one key stand in any order.
            key, value = ("batch_normalize", 1) if word == "bn" else ("activation", ACTIVATIONS[word])
            assert word != "leaky" or kind.slope == 0.1
            text = text.replace(f"{key}=?{number[before]}\n", f"{key}={value}\n")
            number[layer.name] = number[before]
            continue
        if word == "flatten":
            number[layer.name] = number[before]
            continue
        if word not in ("add", "concat", "slice") and number.get(before, -1) != index:
            index += 1
            text += section("route", layers=number[before])
        index += 1
        number[layer.name] = index
        follow = {"batch_normalize": f"?{index}", "activation": f"?{index}"}
        match word:
            case "conv" | "dwconv":
                top, left, bottom, right = _border(layer)
                assert (top, left, kind.window[0]) == (bottom, right, kind.window[1])
                assert top == left
                filters = as_int(layer.output.channels)
                groups = {"groups": filters if word == "dwconv" else kind.groups}
                text += section("convolutional", filters=filters, size=kind.window[0], stride_x=kind.stride[1],
                                stride_y=kind.stride[0], padding=top, **groups, **follow)  # fmt: skip
            case "fc":
                text += section("connected", output=kind.units, **follow)
            case "avgpool" if kind.everything:
                text += section("avgpool")
            case "maxpool" | "avgpool":
                (top, left, bottom, right), size = _border(layer), kind.window[0]
                over = kind.slide.overhang(0, layer.input_volumes[0].height)
                total = top + bottom + over
                assert (top, bottom, top) == (left, right, total // 2)
                assert kind.window == (size, size)
                assert not (word == "avgpool" and kind.count_pad and total)
                stride = (kind.stride or kind.window)[0]
                text += section("maxpool" if word == "maxpool" else "local_avgpool", size=size, stride=stride,
                                padding=total)  # fmt: skip
            case "lrn":
                text += section("normalization", size=kind.n, alpha=kind.alpha / kind.n, beta=kind.beta, kappa=kind.k)
            case "slice":
                parts = as_int(layer.input_volumes[0].channels) // (kind.stop - kind.start)
                assert kind.start % (kind.stop - kind.start) == 0
                text += section("route", layers=number[before], groups=parts,
                                group_id=kind.start // (kind.stop - kind.start))  # fmt: skip
            case "mul":
                gates = [each for each in layer.inputs if network[each].output.dims[:2] == (1, 1)]
                (large,) = (each for each in layer.inputs if each not in gates)
                if number[gates[0]] != index - 1:
                    text, index = text + section("route", layers=number[gates[0]]), index + 1
                    number[layer.name] = index
                text += section("scale_channels", **{"from": number[large]}, activation=f"?{index}")
            case word if word in ACTIVATIONS:
                text += section("activation", activation=ACTIVATIONS[word])
            case "softmax" | "dropout":
                text += section(word)
            case "upsample":
                text += section("upsample", stride=kind.n)
            case "reorg":
                text += section("reorg" if kind.order == "as_darknet" else "reorg3d", stride=kind.n)
            case "concat":
                text += section("route", layers=",".join(str(number[each]) for each in layer.inputs))
            case "add":
                others = [number[each] for each in layer.inputs]
                if index - 1 not in others:
                    text, index = text + section("route", layers=others[0]), index + 1
                    number[layer.name] = index
                else:
                    others.remove(index - 1)
                    others.insert(0, index - 1)
                text += section("shortcut", **{"from": ",".join(map(str, others[1:]))}, activation=f"?{index}")
            case _:
                raise ValueError(f"no section for {word}")
    return _settled(text)


def _border(layer: Layer) -> tuple[int, int, int, int]:
    kind: Any = layer.kind
    (top, bottom), (left, right) = (kind.slide.pads(axis, layer.input_volumes[0].dims[axis]) for axis in (0, 1))
    return top, left, bottom, right


def _settled(text: str) -> str:
    lines = [line for line in text.splitlines() if not line.startswith("batch_normalize=?")]
    return "\n".join("activation=linear" if line.startswith("activation=?") else line for line in lines) + "\n"


def filed(network: Network, arrays: Mapping[str, Any], path: Path, header: bytes, *, transposed: bool = False) -> None:
    """Writes *arrays*, the weights of a network that was read from a .cfg, as a .weights file."""
    data = [header]
    layers = network.layers
    for layer, following in zip(layers, [*layers[1:], layers[0]], strict=True):
        if layer.kind.word not in ("conv", "dwconv", "upconv", "fc") or layer.shares:
            continue
        normed = following.name if following.kind.word == "bn" else ""
        weight = arrays[f"{layer.name}.weight"]
        if layer.kind.word == "fc":
            bias = arrays[f"{normed or layer.name}.bias"]
            parts = [bias, weight.T if transposed else weight]
            parts += [arrays[f"{normed}.{key}"] for key in ("weight", "running_mean", "running_var")] if normed else []
        elif normed:
            parts = [arrays[f"{normed}.{key}"] for key in ("bias", "weight", "running_mean", "running_var")] + [weight]
        else:
            parts = [arrays[f"{layer.name}.bias"], weight]
        data += [np.ascontiguousarray(part, "<f4").tobytes() for part in parts]
    path.write_bytes(b"".join(data))


def header(major: int = 0, minor: int = 2, seen: int = 8) -> bytes:
    return np.array([major, minor, 0], "<i4").tobytes() + bytes(seen)
