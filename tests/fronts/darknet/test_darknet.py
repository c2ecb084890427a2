"""darknet's networks: known totals, each section against what darknet's own loops make, files of weights, mistakes."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnngraph import load
from cnngraph.fronts import DARKNET, format_of, params, parse, read
from cnngraph.fronts.content import Content
from cnngraph.fronts.darknet import read as read_darknet
from cnngraph.network import Network
from cnngraph.onnx.lower import lower
from cnngraph.reading import Reading
from cnngraph.structure.proof import differences, matching
from cnngraph.volume import as_int
from cnngraph.weights.files import ArrayWeights
from cnngraph.weights.initialise import RandomWeights
from tests.conftest import Run
from tests.fronts.answers import Array, answers, arrays
from tests.fronts.darknet.texts import (
    conv,
    filed,
    header,
    net,
    section,
    written,
    yolov2,
    yolov3,
    yolov3_tiny,
    yolov4,
    yolov4_tiny,
)
from tests.fronts.named import named, refusal, unsaid


def reading(text: str, **settings: object) -> Reading:
    return read_darknet(Content("net.cfg", None, text.encode()), settings, 100_000)


def network(text: str) -> Network:
    """In the names of the text."""
    return named(reading(text))


def kinds(text: str) -> list[str]:
    return [layer.kind.word for layer in network(text).layers[1:]]


def said(text: str) -> list[str]:
    return [each.message for each in reading(text).diagnostics]


def refused(text: str) -> tuple[str, int, str]:
    """Code, line and all that is said."""
    return refusal(lambda: reading(text))


def made(text: str, image: Array) -> list[Array]:
    read_ = network(text)
    return answers(read_, RandomWeights(read_, 0), image)


def numbers(of: Network) -> int:
    """Of all weights, running statistics too: what a file has."""
    return sum(parameter.size for layer in of for parameter in layer.parameters.values())


# Known networks --------------------------------------------------------------------------------


def test_yolov3_is_what_darknet_says_of_it() -> None:
    """The volumes and the number of operations of its log: 65.864 BFLOPs are two for each."""
    found = network(yolov3())
    assert (found.params, found.macs) == (61_949_149, 32_932_037_632)
    for name, volume in (("add_61", (26, 26, 512)), ("conv_81", (13, 13, 255)), ("concat_98", (52, 52, 384))):
        assert found[name].output.dims == volume
    assert {(output.name, output.layer) for output in found.outputs} == {
        ("yolo_82", "conv_81"), ("yolo_94", "conv_93"), ("yolo_106", "conv_105")}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "bytes_"),
    [(yolov3(), 248_007_048), (yolov3_tiny(), 35_434_956), (yolov4(), 257_717_640), (yolov4_tiny(), 24_251_276)],
    ids=["yolov3", "yolov3-tiny", "yolov4", "yolov4-tiny"],
)
def test_their_files_of_weights_are_as_large_as_those_that_are_published(text: str, bytes_: int) -> None:
    assert 4 * numbers(network(text)) + 20 == bytes_


def test_yolov2_is_the_one_that_ships() -> None:
    found = reading(yolov2()).checked()
    assert matching(found, load("yolov2")) is not None
    assert numbers(found) == 50_983_561


SAYABLE = [
    "alexnet", "conv1x1", "efficientnet_b0", "googlenet", "googlenet_bn", "inception_module", "lecture_cnn", "lenet5",
    "mobilenet_v1", "mobilenet_v2", "nin", "plain34", "plain_network", "residual_block", "residual_network", "resnet",
    "resnext50", "se_resnet50", "squeezenet", "squeezenet1_1", "vgg16", "yolov2",
]  # fmt: skip
"""Networks that ship, as far as a .cfg can say them."""
EXACTLY = {
    "alexnet", "conv1x1", "inception_module", "lecture_cnn", "lenet5", "mobilenet_v1", "plain34", "plain_network",
    "residual_block", "residual_network", "vgg16", "yolov2",
}  # fmt: skip
"""Those of them that come back without a vector elsewhere, summands in another order, or windows rounded up for
nothing."""


@pytest.mark.parametrize("name", SAYABLE)
def test_what_ships_comes_back_from_a_cfg(name: str) -> None:
    ships = load(name)
    found = network(written(ships))
    assert found.params == ships.params

    def counted(of: Network) -> Counter[Any]:
        return Counter((layer.kind.word, layer.output) for layer in of if layer.kind.word not in ("flatten", "dropout"))

    assert counted(found) == counted(ships)
    if name in EXACTLY:
        assert differences(unsaid(reading(written(ships)).checked()), unsaid(ships)) == []


@pytest.mark.parametrize("name", ["lecture_cnn", "lenet5", "inception_module", "residual_block", "residual_network"])
def test_and_gives_the_same_answers_with_its_weights_from_a_file(name: str, tmp_path: Path) -> None:
    ships = load(name)
    (tmp_path / "n.cfg").write_text(written(ships))
    plain = read(str(tmp_path / "n.cfg"), {})
    assert plain.weights is None
    given_ = arrays(plain.checked())
    filed(plain.checked(), given_, tmp_path / "n.weights", header())
    found = read(str(tmp_path / "n.cfg"), {})
    image = (
        np.random.default_rng(1).standard_normal([as_int(dim) for dim in lower(ships).inputs[0].dims[1:]]).astype("f4")
    )
    assert found.weights is not None
    weights = {weight.name: array for weight, array in zip(lower(ships).weights, given_.values(), strict=True)}
    ours = answers(found.checked(), found.weights, image)
    theirs = answers(ships, ArrayWeights(weights, ships), image)
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-5, atol=1e-6)


# Sections against darknet's loops -----------------------------------------------------------------


def pooled(image: Array, size: int, stride: tuple[int, int], padding: int, *, mean: bool) -> Array:
    """`forward_maxpool_layer` and `forward_local_avgpool_layer`."""
    channels, high, wide = image.shape
    down, across = ((whole + padding - size) // step + 1 for whole, step in zip((high, wide), stride, strict=True))
    found = np.zeros((channels, down, across), "f4")
    for i in range(down):
        for j in range(across):
            rows = [i * stride[0] - padding // 2 + n for n in range(size)]
            columns = [j * stride[1] - padding // 2 + n for n in range(size)]
            seen = image[:, [row for row in rows if 0 <= row < high]][:, :, [c for c in columns if 0 <= c < wide]]
            found[:, i, j] = seen.mean((1, 2)) if mean else seen.max((1, 2))
    return found


@settings(max_examples=60)
@given(
    st.tuples(st.integers(4, 9), st.integers(4, 9)), st.integers(1, 4), st.tuples(st.integers(1, 3), st.integers(1, 3)),
    st.one_of(st.none(), st.integers(0, 4)), st.booleans(),
)  # fmt: skip
def test_pools_are_darknets(
    sizes: tuple[int, int], size: int, stride: tuple[int, int], padding: int | None, mean: bool
) -> None:
    if padding is not None and padding >= size:
        padding = None
    word = "local_avgpool" if mean else "maxpool"
    options = {} if padding is None else {"padding": padding}
    text = net(*sizes, 2) + section(word, size=size, stride_y=stride[0], stride_x=stride[1], **options)
    image = np.random.default_rng(0).standard_normal((2, *sizes)).astype("f4")
    wanted = pooled(image, size, stride, size - 1 if padding is None else padding, mean=mean)
    np.testing.assert_allclose(made(text, image)[0], wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"size": 2, "stride": 2}, "maxpool f=2 s=2"),
        ({"size": 3, "stride": 1}, "maxpool 3 s=1 same"),
        ({"size": 2, "stride": 1}, "maxpool f=2 s=1 p=(0, 0, 1, 1)"),
        ({"size": 3, "stride": 2, "padding": 1}, "maxpool 3 s=2 ceil"),
        ({"stride": 2}, "maxpool f=2 s=2"),
    ],
)
def test_pools_are_said_as_one_would(options: dict[str, object], says: str) -> None:
    assert network(net() + section("maxpool", **options)).layers[1].kind == load_one(says)
    odd = network(net(13, 13, 3) + section("maxpool", size=2, stride=2))
    assert odd.layers[1].kind == load_one("maxpool f=2 s=2 ceil")
    assert odd.layers[1].output.dims == (7, 7, 3)


def load_one(line: str) -> Any:
    return parse(f"net t\ninput 32x32x4\n{line}\n").layers[1].kind


def added(current: Array, other: Array) -> Array:
    """`shortcut_cpu`."""
    (c1, h1, w1), (c2, h2, w2) = other.shape, current.shape
    stride, sample = max(1, w1 // w2), max(1, w2 // w1)
    found = current.copy()
    for k in range(min(c1, c2)):
        for j in range(min(h1, h2)):
            for i in range(min(w1, w2)):
                found[k, j * sample, i * sample] += other[k, j * stride, i * stride]
    return found


@pytest.mark.parametrize(("stride", "filters"), [(1, 3), (1, 5), (1, 2), (2, 3), (2, 6), (2, 2)])
@pytest.mark.parametrize("sizes", [(8, 8), (7, 8)])
def test_shortcuts_of_other_sizes_are_darknets(stride: int, filters: int, sizes: tuple[int, int]) -> None:
    before = net(*sizes, 3) + section("empty") + section("convolutional", size=1, stride=stride, filters=filters)
    image = np.random.default_rng(0).standard_normal((3, *sizes)).astype("f4")
    (current,) = made(before, image)
    (found,) = made(before + section("shortcut", **{"from": -2}), image)
    np.testing.assert_allclose(found, added(current, image), rtol=1e-5)


FORMULAS = {
    "linear": lambda x: x,
    "logistic": lambda x: 1 / (1 + np.exp(-x)),
    "loggy": lambda x: 2 / (1 + np.exp(-x)) - 1,
    "relu": lambda x: x * (x > 0),
    "relu6": lambda x: np.minimum(np.maximum(x, 0), 6),
    "elu": lambda x: (x >= 0) * x + (x < 0) * (np.exp(x) - 1),
    "selu": lambda x: (x >= 0) * 1.0507 * x + (x < 0) * 1.0507 * 1.6732 * (np.exp(x) - 1),
    "relie": lambda x: np.where(x > 0, x, 0.01 * x),
    "ramp": lambda x: x * (x > 0) + 0.1 * x,
    "leaky": lambda x: np.where(x > 0, x, 0.1 * x),
    "tanh": lambda x: (np.exp(2 * x) - 1) / (np.exp(2 * x) + 1),
    "swish": lambda x: x / (1 + np.exp(-x)),
    "mish": lambda x: x * np.tanh(np.log(1 + np.exp(x))),
    "hardtan": lambda x: np.clip(x, -1, 1),
    "nosuch": lambda x: x * (x > 0),
}


@pytest.mark.parametrize("word", FORMULAS)
def test_activations_are_darknets(word: str) -> None:
    image = np.linspace(-8, 8, 75, dtype="f4").reshape(3, 5, 5)
    (found,) = made(net(5, 5, 3) + section("activation", activation=word), image)
    np.testing.assert_allclose(found, FORMULAS[word](image.astype("f8")), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("channels", [1, 2, 3, 6])
def test_the_largest_of_every_so_manieth_channel(channels: int) -> None:
    """`forward_maxpool_layer` with `maxpool_depth`."""
    image = np.random.default_rng(0).standard_normal((6, 3, 4)).astype("f4")
    wanted = [image[first::channels].max(0) for first in range(channels)]
    text = net(3, 4, 6) + section("maxpool", maxpool_depth=1, out_channels=channels) + section("empty")
    np.testing.assert_array_equal(made(text, image)[0] if channels < 6 else image, wanted)
    uneven = network(net(3, 4, 6) + section("maxpool", maxpool_depth=1, out_channels=4)).layers[1]
    assert (uneven.kind.is_known, uneven.output.dims) == (False, (3, 4, 4))


NORMED = {
    "none": lambda weights: weights,
    "relu": lambda weights: np.maximum(weights, 0) / (np.maximum(weights, 0).sum(0) + 1e-4),
    "softmax": lambda weights: np.exp(weights - weights.max(0)) / (np.exp(weights - weights.max(0)).sum(0) + 1e-4),
}


@pytest.mark.parametrize("normed", NORMED)
@pytest.mark.parametrize("type_", ["per_feature", "per_channel"])
def test_what_a_shortcut_weighs_its_summands_with(normed: str, type_: str, tmp_path: Path) -> None:
    """`shortcut_multilayer_cpu` in blas.c: the numbers of the current tensor stand first, and none is left out of the
    sum that they are divided by."""
    generator = np.random.default_rng(0)
    image = generator.standard_normal((4, 3, 5)).astype("f4")
    weights = generator.standard_normal((3, 4 if type_ == "per_channel" else 1)).astype("f4")
    options = {"from": "0,1", "weights_type": type_, "weights_normalization": normed}
    text = net(3, 5, 4) + section("empty") + section("activation", activation="relu") + section(
        "activation", activation="tanh") + section("shortcut", **options)  # fmt: skip
    (tmp_path / "n.cfg").write_text(text)
    (tmp_path / "n.weights").write_bytes(header() + weights.tobytes())
    found = read(str(tmp_path / "n.cfg"), {})
    assert found.weights is not None
    relu = np.maximum(image, 0)
    parts = zip((np.tanh(relu), image, relu), NORMED[normed](weights), strict=True)
    wanted = sum(part * weight[:, None, None] for part, weight in parts)
    np.testing.assert_allclose(answers(found.checked(), found.weights, image)[0], wanted, rtol=1e-4, atol=1e-6)


def test_a_vector_is_a_map_of_one_place() -> None:
    """Where a map is asked for, as darknet has it: squeeze and excite with connected layers."""
    start = net(4, 4, 8) + section("empty") + section("avgpool") + section("connected", output=8)
    assert kinds(start + section("scale_channels", **{"from": 0}))[-3:] == ["sigmoid", "unflatten", "mul"]
    found = network(start + section("shortcut", **{"from": 1}) + section("deconvolutional", filters=3, size=4))
    assert [each.output.dims for each in found if each.kind.word in ("add", "upconv")] == [(8,), (4, 4, 3)]
    route = network(start + section("route", layers="-1,1"))
    assert route.layers[-1].output.dims == (1, 1, 16)


def test_sections_of_forks(tmp_path: Path) -> None:
    """Those of YOLOR's, as its models.py has them, Scaled-YOLOv4's and those for MobileNet."""
    image = np.random.default_rng(0).standard_normal((4, 4, 4)).astype("f4")
    focus = np.concatenate([image[:, a::2, b::2] for b in (0, 1) for a in (0, 1)])
    np.testing.assert_array_equal(made(net(4, 4, 4) + section("reorg"), image)[0], focus)
    (halves,) = made(net(4, 4, 4) + section("empty") + section("route_lhalf", layers="-1,0"), image)
    np.testing.assert_array_equal(halves, np.concatenate([image[:2], image[:2]]))
    deep = network(net(4, 4, 4) + section("depthwise_convolutional", size=3, stride=2, pad=1, batch_normalize=1))
    assert [each.kind for each in deep.layers[1:3]] == [load_one("dwconv 3x3 same s=2 bias=off"), load_one("bn")]
    length = np.sqrt((image**2).sum(0))
    np.testing.assert_allclose(made(net(4, 4, 4) + section("l2norm"), image)[0], image / length, rtol=1e-5)
    text = net(4, 4, 4) + section("empty") + section("implicit_add", filters=4) + section("implicit_mul", filters=4)
    text += section("route", layers=0) + section("shift_channels", **{"from": 1})
    text += section("control_channels", **{"from": -3}) + section("shift_channels", **{"from": 1})
    (tmp_path / "n.cfg").write_text(text)
    (tmp_path / "n.weights").write_bytes(header() + np.arange(8, dtype="f4").tobytes())
    found = read(str(tmp_path / "n.cfg"), {})
    assert found.weights is not None
    add, mul = (np.arange(8, dtype="f4")[at : at + 4, None, None] for at in (0, 4))
    np.testing.assert_allclose(
        answers(found.checked(), found.weights, image)[0], (image + add) * mul + add, rtol=1e-5)  # fmt: skip
    spread = net(4, 4, 4) + section("empty") + section("avgpool") + section("route", layers=0)
    np.testing.assert_allclose(
        made(spread + section("shift_channels", **{"from": 1}), image)[0], image + image.mean((1, 2), keepdims=True),
        rtol=1e-5, atol=1e-6,
    )  # fmt: skip


def test_what_becomes_of_the_other_sections() -> None:
    image = np.random.default_rng(0).standard_normal((4, 4, 4)).astype("f4")
    start = net(4, 4, 4) + section("empty")
    np.testing.assert_array_equal(made(start + section("route", layers=-1, groups=2, group_id=1), image)[0], image[2:])
    np.testing.assert_array_equal(made(start + section("route", layers="0,-1"), image)[0], np.concatenate([image] * 2))
    (resized,) = made(start + section("upsample", stride=3, scale=0.5), image)
    np.testing.assert_allclose(resized, image.repeat(3, 1).repeat(3, 2) / 2)
    gates = image.mean((1, 2), keepdims=True)
    scaled = start + section("avgpool") + section("scale_channels", **{"from": 0}, activation="relu")
    np.testing.assert_allclose(made(scaled, image)[0], np.maximum(image * gates, 0), rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(made(start + section("sam", **{"from": 0}), image)[0], image**2, rtol=1e-5)
    soft = np.exp(image.reshape(-1) / 2)
    np.testing.assert_allclose(made(start + section("softmax", temperature=2), image)[0], soft / soft.sum(), rtol=1e-5)
    squares = np.pad(image**2, ((1, 1), (0, 0), (0, 0)))
    normal = image * (2 + 0.5 * (squares[:-2] + squares[1:-1] + squares[2:])) ** -0.6
    options = {"size": 3, "alpha": 0.5, "beta": 0.6, "kappa": 2}
    np.testing.assert_allclose(made(start + section("lrn", **options), image)[0], normal, rtol=1e-5)
    assert kinds(start + section("dropout", probability=0.3) + section("cost") + section("reorg3d", stride=2)) == [
        "dropout", "reorg"]  # fmt: skip


def test_a_convolution_has_what_its_options_say() -> None:
    def kind(**options: object) -> Any:
        return network(net(32, 32, 4) + section("convolutional", **options)).layers[1].kind

    assert kind(filters=4, size=3) == load_one("conv 4 3x3")
    assert kind(filters=4, size=3, pad=1, padding=5, stride_x=2, stride_y=1) == load_one("conv 4 3x3 same s=1x2")
    assert kind(filters=4, size=3, pad=1, dilation=2) == load_one("conv 4 3x3 same d=2")
    assert kind(filters=4, size=2, pad=1) == load_one("conv 4 2x2 p=1")
    assert kind(filters=4, size=3, padding=2) == load_one("conv 4 3x3 p=2")
    assert kind(filters=4, size=1, pad=1, dilation=3) == load_one("conv 4 1x1")
    assert kind(filters=6, size=3, groups=2) == load_one("conv 6 3x3 groups=2")
    assert kind(filters=8, size=3, groups=4) == load_one("dwconv 3x3 m=2")
    assert kinds(net() + section("convolutional", filters=4)) == ["conv", "sigmoid"], "of old files that name none"
    assert kinds(net() + conv(4, 3)) == ["conv", "bn", "leaky"]
    assert kinds(net() + section("deconvolutional", filters=4, size=2, stride=2, activation="relu")) == [
        "upconv", "relu"]  # fmt: skip


def test_layers_may_share_weights() -> None:
    text = net(8, 8, 4) + conv(4, 3) + conv(4, 3, share_index=0) + conv(4, 3, share_index=-1)
    found = network(text)
    assert [layer.shares for layer in found if layer.kind.word in ("conv", "bn")] == [
        "", "", "conv_0", "bn_0", "conv_0", "bn_0"]  # fmt: skip
    assert refused(net() + conv(4, 3, share_index=7)) == (
        "E0201", 14, "layer 7 is no convolution before this one")  # fmt: skip
    assert refused(net() + conv(4, 3) + conv(8, 3, share_index=0))[:2] == ("E0314", 22)


def test_weights_of_windows_that_are_spaced_otherwise_are_had_twice(tmp_path: Path) -> None:
    """TridentNet's, and what the file has of them once."""
    text = net(8, 8, 4) + conv(4, 3) + conv(4, 3, share_index=0, dilation=2)
    plain = network(net(8, 8, 4) + conv(4, 3))
    (tmp_path / "n.cfg").write_text(text)
    filed(plain, arrays(plain), tmp_path / "n.weights", header())
    found = taken(read(str(tmp_path / "n.cfg"), {}))
    assert network(text).params == 2 * plain.params
    assert [found[f"{name}_1.{key}"] for name, key in (("conv", "weight"), ("bn", "running_mean"))] == [
        found["conv_0.weight"], found["bn_0.running_mean"]]  # fmt: skip


def test_a_dense_block_is_a_chain() -> None:
    """Each route lists all before it; what was concatenated already is taken as it is."""
    text = net() + conv(8, 3) + conv(8, 3) + section("route", layers="-1,-2")
    text += conv(8, 3) + section("route", layers="1,0,3") + conv(8, 3) + section("route", layers="1,0,3,5")
    found = network(text)
    assert [layer.inputs for layer in found if layer.kind.word == "concat"] == [
        ("leaky_1", "leaky_0"), ("concat_2", "leaky_3"), ("concat_4", "leaky_5")]  # fmt: skip


def test_the_picture_is_what_darknet_makes_of_it() -> None:
    def begins(text: str) -> tuple[object, ...]:
        found = network(text).layers[0]
        return found.output.dims, found.annotations[0].name, found.annotations[0].arguments

    cut = section("crop", crop_height=28, crop_width=24)
    assert begins(net() + conv(4, 3)) == ((32, 32, 3), "scale", (0, 1))
    assert begins(net() + cut + conv(4, 3)) == ((28, 24, 3), "scale", (-1, 1))
    assert begins(net() + cut + "noadjust=1\n" + conv(4, 3)) == ((28, 24, 3), "scale", (0, 1))
    assert kinds(net() + conv(4, 3) + cut)[-3:] == ["crop", "times", "plus"]


def test_the_size_of_the_input_can_be_set(tmp_path: Path, run: Run) -> None:
    file = tmp_path / "n.cfg"
    file.write_text(net(32, 32, 3).replace("channels=3\n", "") + conv(4, 3))
    assert "say it with  --set C=3" in run("check", file).err
    assert params(str(file)) == ["H", "W", "C"]
    assert load(file, C=1, H="8").layers[1].output.dims == (8, 32, 4)
    assert "this file has no `depth`" in run("check", file, "--set", "depth=3").err
    assert "a whole number of at least 1" in run("check", file, "--set", "C=0").err


# Text ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "is_one"),
    [
        (b"[net]\nheight=3", True), (b"\xef\xbb\xbf# \xe4\xb8\xad\n\n ;x\r\n [ network ]", True),
        (b"[metadata]\n", False), (b"net t\ninput 3", False), (b"# [net]\n", False),
    ],
)  # fmt: skip
def test_a_cfg_is_known_by_its_first_section(head: bytes, is_one: bool) -> None:
    assert (format_of(Content("n.txt", None, head)) is DARKNET) == is_one


def test_it_is_read_as_darknet_reads_it() -> None:
    """Blanks count nowhere, the first of two equal keys holds, a comment may stand behind a value, any encoding."""
    text = "# \xe9\n[net]\r\nheight = 3 2\r\nwidth=32#w\nwidth=64\nchannels=3.5\n [ convolutional ]\nfilters=+4;\n"
    content = Content("n.cfg", None, text.encode("latin-1"))
    found = read_darknet(content, {}, 100)
    assert [layer.output.dims for layer in found.checked()] == [(32, 32, 3), (32, 32, 4), (32, 32, 4)]
    assert said(net() + conv(4, 3) + "random\n") == ["a line that is not key=value: it says nothing"]


@pytest.mark.parametrize(
    ("text", "code", "line", "says"),
    [
        ("", "E0115", 1, "there is no section in this file"),
        ("height=3\n[net]", "E0115", 1, "this stands before the first section"),
        ("\n[convolutional]\n", "E0115", 2, "the first section is [convolutional]"),
        ("[net\n", "E0115", 1, "ends in `]`"),
        ("[net]\n", "E0116", 1, "--set H=224 --set W=224 --set C=3"),
        (net() + "\n[lstm]\n", "E0116", 7, "[lstm] is recurrent"),
        (net() + "[conv]\nsize=x\n", "E0115", 7, "`size` is a whole number"),
        (net() + "[conv]\nsize=0\n", "E0208", 7, "`size` is a whole number of at least 1, not 0"),
        (net() + "[conv]\nsize=99\n", "E0406", 6, "window"),
        (net() + "[conv]\nfilters=99999999999\n", "E0115", 7, "`filters` is a whole number"),
        (net() + "[conv]\ngroups=2\n", "E0408", 6, "groups=2"),
        (net() + "[maxpool]\nsize=99\npadding=1\n", "E0406", 7, "99x99, on 32x32"),
        (net() + "[route]\nlayers=-1\n", "E0201", 7, "there is no layer -1 before this one this is layer 0"),
        (net() + "[route]\nlayers=a\n", "E0115", 7, "a list of whole numbers"),
        (net() + "[route]\n", "E0207", 6, "[route] says no `layers`"),
        (net() + "[empty]\n[route]\nlayers=0\ngroups=2\n", "E0412", 9, "3 / 2 = 1.5"),
        (net() + "[empty]\n[route]\nlayers=0\ngroups=3\ngroup_id=3\n", "E0208", 10, "there is no group 3 of 3"),
        (net() + "[upsample]\nstride=99999999\n", "E0502", 6, "numbers"),
        (net() + "[dropout]\nprobability=1\n", "E0208", 6, "a probability"),
    ],
)  # fmt: skip
def test_mistakes_are_shown_in_their_lines(text: str, code: str, line: int, says: str) -> None:
    found = refused(text)
    assert found[:2] == (code, line)
    assert says in found[2]


def test_what_no_layer_does_is_kept_as_one_that_is_not_known(tmp_path: Path) -> None:
    text = net(8, 8, 4) + section("local", size=3, stride=2, pad=1, filters=6, activation="plse")
    text += section("reorg", stride=2, reverse=1) + conv(4, 3, stride=2) + section("softmax", groups=2)
    text += section("upsample") + section("shortcut", **{"from": -2}, weights_type="per_feature")
    found = network(text)
    assert [(each.kind.caption().name, each.output.dims, each.params) for each in found if not each.kind.is_known] == [
        ("local", (4, 4, 6), 4 * 4 * 6 * (1 + 3 * 3 * 4)), ("plse", (4, 4, 6), 0), ("reorg", (8, 8, 1), 0),
        ("softmax", (4, 4, 4), 0), ("shortcut", (8, 8, 4), 2)]  # fmt: skip
    assert said(text)[0] == "[local]: no layer here does it; it is kept as one that is not known"
    assert said(text)[1].startswith("activation=plse: ")
    (tmp_path / "n.cfg").write_text(text)
    (tmp_path / "n.weights").write_bytes(header() + bytes(4 * numbers(found)))
    assert read(str(tmp_path / "n.cfg"), {}).weights is not None


def test_what_is_not_kept_is_said_once_for_each_kind(tmp_path: Path, run: Run) -> None:
    text = net() + conv(4, 3, xnor=1) + conv(4, 3, xnor=1) + section("nosuch") + conv(4, 3) + section("yolo")
    text += section("route", layers=0) + conv(4, 3, batch_normalize=0, activation="nosuch")
    file = tmp_path / "n.cfg"
    file.write_text(text)
    ran = run("check", file, "--format", "json")
    assert [(each["line"], each["message"]) for each in json.loads(ran.out)] == [
        (14, "2 × [convolutional]: its `xnor` is not kept"),
        (25, "[nosuch]: no layer here does it, and the network ends in front of it"),
        (27, "2 × a section behind one that no layer here does: it is left out"),
        (46, "activation=nosuch: darknet has none of this name, and takes relu"),
    ]
    assert [(output.name, output.layer) for output in network(text).outputs] == [
        ("nosuch_2", "leaky_1"), ("relu_6", "relu_6")]  # fmt: skip


def taken(found: Reading) -> dict[str, bytes]:
    """The numbers that a network was read with, by the names of its file."""
    assert found.weights is not None
    weights = lower(found.checked()).weights
    return {
        f"{found.called[weight.layer.name]}.{weight.name.rpartition('.')[2]}": b"".join(map(bytes, pieces))
        for weight, pieces in zip(weights, found.weights.all(weights), strict=True)
    }


def test_what_nothing_takes_is_spoken_of() -> None:
    text = net() + conv(4, 3) + conv(4, 3) + section("route", layers=0) + conv(4, 3)
    assert said(text) == ["[convolutional]: nothing takes what it makes, and it is left out"]
    assert len(network(text)) == 7


# Files of weights ------------------------------------------------------------------------------------

WEIGHED = net(4, 4, 2) + conv(4, 3) + conv(4, 2, batch_normalize=0) + section(
    "connected", output=3, batch_normalize=1) + section("connected", output=2)  # fmt: skip


@pytest.mark.parametrize(
    ("head", "transposed"),
    [
        ((0, 1, 4), False),
        ((0, 2, 8), False),
        ((2, 0, 8), False),
        ((0, 2000, 4), True),
        ((0, 2000, 8), True),
    ],
)
def test_headers_of_every_version_are_read(head: tuple[int, int, int], transposed: bool, tmp_path: Path) -> None:
    plain = network(WEIGHED)
    given_ = arrays(plain)
    (tmp_path / "n.cfg").write_text(WEIGHED)
    filed(plain, given_, tmp_path / "n.weights", header(*head), transposed=transposed)
    found = read(str(tmp_path / "n.cfg"), {})
    assert found.weights is not None
    assert found.weights.about == f"the weights in {tmp_path / 'n.weights'}"
    for name, numbers_ in taken(found).items():
        assert numbers_ == given_[name].tobytes(), name


def test_filters_may_lie_on_their_side(tmp_path: Path) -> None:
    text = net(4, 4, 2) + conv(4, 3, batch_normalize=0, flipped=1)
    plain = network(text)
    given_ = arrays(plain)
    turned = {**given_, "conv_0.weight": given_["conv_0.weight"].reshape(4, -1).T}
    (tmp_path / "n.cfg").write_text(text)
    filed(plain, turned, tmp_path / "n.weights", header())
    found = taken(read(str(tmp_path / "n.cfg"), {}))
    assert found == {name: array.tobytes() for name, array in given_.items()}


def test_weights_are_those_beside_it_or_those_that_are_named(tmp_path: Path, run: Run) -> None:
    (tmp_path / "n.cfg").write_text(WEIGHED)
    filed(network(WEIGHED), arrays(network(WEIGHED)), tmp_path / "other.weights", header())
    export = ("export", "--onnx", tmp_path / "n.cfg", "-o", tmp_path / "n.onnx")
    assert "n with random weights" in run(*export).err
    assert f"n with the weights in {tmp_path / 'other.weights'}" in run(
        *export, "--weights", tmp_path / "other.weights").err  # fmt: skip
    first = (tmp_path / "n.onnx").read_bytes()
    (tmp_path / "other.weights").rename(tmp_path / "n.weights")
    assert f"n with the weights in {tmp_path / 'n.weights'}" in run(*export).err
    assert (tmp_path / "n.onnx").read_bytes() == first
    assert "random weights, seed 1" in run(*export, "--seed", 1).err
    assert run("verify", tmp_path / "n.cfg").status == 0
    assert "leave --rename out" in run(*export, "--weights", tmp_path / "n.weights", "--rename", "a=b").err
    assert "give it with the .cfg" in run(
        "export", "--onnx", "lenet5", "-o", tmp_path / "l.onnx", "--weights", tmp_path / "n.weights").err  # fmt: skip
    network_ = load(tmp_path / "n.cfg", H=4)
    network_.export(tmp_path / "named.onnx", weights=tmp_path / "n.weights")
    network_.export(tmp_path / "beside.onnx")
    assert (tmp_path / "named.onnx").read_bytes() == (tmp_path / "beside.onnx").read_bytes() == first


def test_a_file_without_all_of_them_is_none(tmp_path: Path, run: Run) -> None:
    (tmp_path / "n.cfg").write_text(net(4, 4, 2) + conv(4, 3, dontload=1))
    (tmp_path / "w.weights").write_bytes(header())
    ran = run("verify", tmp_path / "n.cfg", "--weights", tmp_path / "w.weights")
    assert "has not all of the weights of n" in ran.err
    assert "with `dontload` a file of weights has not all of its numbers" in ran.err


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda data: data[:-4], "this network has 476 numbers, and the file 475, 1 too few: it ends in `fc_3.weight`"),
        (lambda data: data[:100], "and the file 20, 456 too few: it ends in `conv_0.weight`"),
        (lambda data: data + bytes(9), "and the file 478, 2 too many, and 1 bytes"),
        (lambda data: data[:10], "it has 10 bytes, and its header alone has 16"),
        (lambda data: b"", "the file is empty"),
    ],
)
def test_a_file_that_does_not_fit_says_by_how_much_and_where(change: Any, says: str, tmp_path: Path, run: Run) -> None:
    (tmp_path / "n.cfg").write_text(WEIGHED)
    file = tmp_path / "n.weights"
    filed(network(WEIGHED), arrays(network(WEIGHED)), file, header())
    file.write_bytes(change(file.read_bytes()))
    checked = run("check", tmp_path / "n.cfg")
    assert checked.status == 0
    assert says in checked.err
    exported = run("export", "--onnx", tmp_path / "n.cfg", "-o", tmp_path / "n.onnx")
    assert exported.status == 1
    assert says in exported.err.partition("error[")[2]
    assert not (tmp_path / "n.onnx").exists()
