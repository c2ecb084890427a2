"""Caffe's networks: known totals, each layer against what Caffe's own loops make, files of blobs, mistakes."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnngraph import CnngraphError, load
from cnngraph.fronts import CAFFE, SPEC, format_of, parse, read
from cnngraph.fronts.caffe import points
from cnngraph.fronts.caffe import read as read_caffe
from cnngraph.fronts.caffe.types import ONE, SEVERAL
from cnngraph.fronts.concats import merged
from cnngraph.fronts.content import Content
from cnngraph.importing import imported
from cnngraph.network import Network
from cnngraph.onnx.lower import lower
from cnngraph.reading import Reading
from cnngraph.structure.proof import differences
from cnngraph.volume import as_int
from cnngraph.weights.files import ArrayWeights
from cnngraph.weights.initialise import RandomWeights
from tests.conftest import Run
from tests.fronts.answers import Array, answers, arrays
from tests.fronts.caffe.texts import blobs_of, caffemodel, data, layer, ssd300, written
from tests.fronts.named import named, refusal, unsaid


def reading(text: str, **given_: object) -> Reading:
    return read_caffe(Content("net.prototxt", None, text.encode()), given_, 100_000)


def network(text: str) -> Network:
    """In the names of the text."""
    return named(reading(text))


def kinds(text: str) -> list[str]:
    return [each.kind.word for each in network(text).layers[1:]]


def refused(text: str) -> tuple[str, int, str]:
    """Code, line and all that is said."""
    return refusal(lambda: reading(text))


def made(text: str, image: Array) -> list[Array]:
    found = network(text)
    return answers(found, RandomWeights(found, 0), image)


def image_of(*sizes: int) -> Array:
    return np.random.default_rng(0).standard_normal(sizes).astype(np.float32)


# Known networks --------------------------------------------------------------------------------

SAYABLE = [
    "alexnet", "alexnet_owt", "conv1x1", "densenet121", "efficientnet_b0", "googlenet", "googlenet_bn",
    "inception_module", "inception_v3", "lecture_cnn", "lenet5", "mobilenet_v1", "mobilenet_v2", "nin", "plain34",
    "plain_network", "residual_block", "residual_network", "resnet", "resnext50", "se_resnet50", "siamese",
    "shufflenet_v2", "squeezenet", "squeezenet1_1", "unet", "vgg16",
]  # fmt: skip
"""Networks that ship, as far as a .prototxt can say them."""
BUT_FOR_POOLS = {"googlenet", "googlenet_bn", "nin", "squeezenet", "squeezenet1_1"}
"""Those that round windows up also where that is all the same."""


@pytest.mark.parametrize("name", SAYABLE)
def test_what_ships_comes_back_from_a_prototxt(name: str) -> None:
    ships = load(name)

    def counted(of: Network) -> Counter[Any]:
        return Counter((each.kind.word, each.output) for each in of if each.kind.word != "slice")

    for in_place in (False, True):
        found = reading(written(ships, in_place=in_place)).checked()
        assert found.params == ships.params
        assert counted(found) == counted(merged(ships))
        assert len(found.outputs) == len(ships.outputs)
        if name not in BUT_FOR_POOLS and name != "unet":  # whose `crop` names a tensor
            assert differences(found, unsaid(merged(ships))) == []


@pytest.mark.parametrize(
    ("name", "params", "total"),
    [
        ("alexnet", {"groups": 2}, 60_965_224), ("vgg16", {}, 138_357_544), ("squeezenet", {}, 1_248_424),
        ("googlenet", {}, 6_998_552), ("googlenet", {"aux": True}, 13_378_280),
    ],
)  # fmt: skip
def test_they_have_the_parameters_that_are_published(name: str, params: dict[str, Any], total: int) -> None:
    assert network(written(load(name, **params))).params == total


def test_ssd_has_the_parameters_and_the_places_that_are_published() -> None:
    """8,732 boxes of 21 classes (Liu et al. 2016, of which the prior boxes are made of sizes alone)."""
    found = reading(ssd300())
    assert found.checked().params == 26_285_486
    assert [output.name for output in named(found).outputs] == ["detection_out", "detection_out_2"]
    assert [found.checked()[output.layer].output.dims for output in found.checked().outputs] == [
        (8732 * 4,), (8732 * 21,)]  # fmt: skip
    assert found.checked().is_known


@pytest.mark.parametrize("name", ["lenet5", "inception_module", "residual_block", "residual_network"])
@pytest.mark.parametrize("form", ["new", "old", "oldest", "double"])
def test_answers_are_those_of_its_blobs(name: str, form: str, tmp_path: Path) -> None:
    ships = load(name)
    given_ = arrays(ships)
    (tmp_path / "n.prototxt").write_text(written(ships, in_place=True))
    blobs = caffemodel(blobs_of(ships, given_), **({} if form == "new" else {form: True}))
    (tmp_path / "n.caffemodel").write_bytes(blobs)
    found = read(str(tmp_path / "n.prototxt"), {})
    assert found.weights is not None
    assert found.weights.about == f"the weights in {tmp_path / 'n.caffemodel'}"
    images = [image_of(*(as_int(dim) for dim in each.dims[1:])) for each in lower(ships).inputs]
    ours = answers(found.checked(), found.weights, *images)
    theirs = answers(ships, ArrayWeights(given_, ships), *images)
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


# Layers against Caffe's loops ----------------------------------------------------------------------


def pooled(
    image: Array, window: tuple[int, int], stride: tuple[int, int], pad: tuple[int, int], *, mean: bool, floor: bool
) -> Array | None:
    """`PoolingLayer` of pooling_layer.cpp; None where it makes nothing."""
    channels, *whole = image.shape
    counts = []
    for axis in (0, 1):
        room = (whole[axis] + 2 * pad[axis] - window[axis]) / stride[axis]
        count = int(np.floor(room) if floor else np.ceil(room)) + 1
        if any(pad) and (count - 1) * stride[axis] >= whole[axis] + pad[axis]:
            count -= 1
        counts.append(count)
    if min(counts) < 1:
        return None
    found = np.zeros((channels, *counts), "f4")
    for i in range(counts[0]):
        for j in range(counts[1]):
            spans, size = [], 1
            for at, axis in ((i, 0), (j, 1)):
                start = at * stride[axis] - pad[axis]
                end = min(start + window[axis], whole[axis] + pad[axis])
                size *= end - start
                spans.append((max(start, 0), min(end, whole[axis])))
            (top, bottom), (left, right) = spans
            if top >= bottom or left >= right:
                return None
            seen = image[:, top:bottom, left:right]
            found[:, i, j] = seen.sum((1, 2)) / size if mean else seen.max((1, 2))
    return found


pairs = st.tuples(st.integers(1, 4), st.integers(1, 4))


@settings(max_examples=80)
@given(
    st.tuples(st.integers(3, 9), st.integers(3, 9)), pairs, pairs, st.tuples(st.integers(0, 3), st.integers(0, 3)),
    st.booleans(), st.booleans(),
)  # fmt: skip
def test_pools_are_caffes(
    sizes: tuple[int, int], window: tuple[int, int], stride: tuple[int, int], pad: tuple[int, int], mean: bool,
    floor: bool,
) -> None:  # fmt: skip
    pad = min(pad[0], window[0] - 1), min(pad[1], window[1] - 1)
    options = {"pool": "AVE" if mean else "MAX", "kernel_h": window[0], "kernel_w": window[1], "stride_h": stride[0],
               "stride_w": stride[1], "pad_h": pad[0], "pad_w": pad[1]}  # fmt: skip
    text = data(*sizes, 2) + layer(
        "Pooling", "p", "data", "p", pooling=options | ({"ceil_mode": False} if floor else {})
    )
    image = image_of(2, *sizes)
    wanted = pooled(image, window, stride, pad, mean=mean, floor=floor)
    if wanted is None:
        return
    found = network(text)
    assert found.layers[-1].kind.word in ("maxpool", "avgpool")
    np.testing.assert_allclose(answers(found, RandomWeights(found, 0), image)[0], wanted, rtol=1e-5, atol=1e-6)


def one(line: str) -> Any:
    return parse(f"net t\ninput 32x32x4\n{line}\n").layers[-1].kind


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"kernel_size": 2, "stride": 2}, "maxpool f=2 s=2"),
        ({"kernel_size": 3, "stride": 2}, "maxpool 3 s=2 ceil"),
        ({"kernel_size": 3, "stride": 2, "round_mode": "FLOOR"}, "maxpool 3 s=2"),
        ({"kernel_size": 3, "stride": 2, "pad": 1}, "maxpool 3 s=2 same ceil"),
        ({"kernel_size": 3, "pad": 1}, "maxpool 3 s=1 same"),
        ({"pool": "AVE", "kernel_size": 3, "stride": 2, "pad": 1}, "avgpool 3 s=2 same ceil count_pad"),
        ({"pool": 1, "global_pooling": True}, "avgpool global"),
    ],
)
def test_pools_are_said_as_one_would(options: dict[str, object], says: str) -> None:
    assert network(data(32, 32, 4) + layer("Pooling", "p", "data", "p", pooling=options)).layers[1].kind == one(says)


@pytest.mark.parametrize(
    ("type", "options", "says"),
    [
        ("Convolution", {"kernel_size": 3}, "conv 8 3x3"),
        ("Convolution", {"kernel_size": [3, 5], "pad": [1, 2], "stride": [2, 1]}, "conv 8 3x5 same s=2x1"),
        ("Convolution", {"kernel_h": 3, "kernel_w": 1, "pad_h": 1, "bias_term": False}, "conv 8 3x1 same bias=off"),
        ("Convolution", {"kernel_size": 3, "dilation": 2, "pad": 2}, "conv 8 3x3 same d=2"),
        ("Convolution", {"kernel_size": 3, "hole": 2, "pad": 2}, "conv 8 3x3 same d=2"),
        ("Convolution", {"kernel_size": 3, "group": 2}, "conv 8 3x3 groups=2"),
        ("Convolution", {"kernel_size": 3, "group": 4}, "dwconv 3x3 m=2"),
        ("DepthwiseConvolution", {"kernel_size": 3}, "dwconv 3x3 m=2"),
        ("ConvolutionRistretto", {"kernel_size": 3}, "conv 8 3x3"),
        ("Deconvolution", {"kernel_size": 4, "stride": 2, "pad": 1}, "upconv 8 4x4 s=2 p=1"),
        ("Deconvolution", {"kernel_size": 2, "group": 4, "bias_term": False}, "upconv 8 2x2 groups=4 bias=off"),
    ],
)
def test_convolutions_are_what_their_options_say(type: str, options: dict[str, object], says: str) -> None:
    text = data(32, 32, 4) + layer(type, "c", "data", "c", convolution={"num_output": 8, **options})
    assert network(text).layers[1].kind == one(says)


def test_numbers_one_by_one() -> None:
    image = image_of(4, 3, 5)
    soft = np.exp(image) / np.exp(image).sum(0)
    squares = np.pad(image**2, ((1, 1), (0, 0), (0, 0)))
    around = squares[:-2] + squares[1:-1] + squares[2:]
    wanted = {
        layer("ReLU", "l", "data", "l"): np.maximum(image, 0),
        layer("ReLU", "l", "data", "l", relu={"negative_slope": 0.2}): np.where(image > 0, image, 0.2 * image),
        layer("ELU", "l", "data", "l", elu={"alpha": 0.5}): np.where(image > 0, image, 0.5 * (np.exp(image) - 1)),
        layer("BNLL", "l", "data", "l"): np.log(1 + np.exp(image)),
        layer("AbsVal", "l", "data", "l"): np.abs(image),
        layer("TanH", "l", "data", "l"): np.tanh(image),
        layer("Power", "l", "data", "l", power={"scale": -2, "shift": 0.5}): 0.5 - 2 * image,
        layer("Power", "l", "data", "l", power={"power": 2, "shift": 1}): (1 + image) ** 2,
        layer("Power", "l", "data", "l", power={"power": 3, "scale": 2}): (2 * image) ** 3,
        layer("Normalize", "l", "data", "l", norm={"across_spatial": False}): image
        / np.sqrt((image**2).sum(0) + 1e-10),
        layer("Softmax", "l", "data", "l"): soft,
        layer("LRN", "l", "data", "l", lrn={"local_size": 3, "alpha": 0.6, "beta": 0.5, "k": 2}): image
        / (2 + 0.2 * around) ** 0.5,
        layer("Reshape", "l", "data", "l", reshape={"shape": {"dim": [0, -1, 5, 2]}}): image.reshape(6, 5, 2),
        layer("Reshape", "l", "data", "l", reshape={"shape": {"dim": [0, -1]}}): image.reshape(-1),
        layer("Reshape", "l", "data", "l", reshape={"axis": 1, "shape": {"dim": [2, -1, 5]}}): image.reshape(2, 6, 5),
        layer("ShuffleChannel", "l", "data", "l", shuffle_channel={"group": 2}): image[[0, 2, 1, 3]],
        layer("PixelShuffle", "l", "data", "l", pixel_shuffle={"upscale_factor": 2}): image.reshape(1, 2, 2, 3, 5)
        .transpose(0, 3, 1, 4, 2)
        .reshape(1, 6, 10),
        layer("Clip", "l", "data", "l", clip={"min": -0.5, "max": 1}): np.clip(image, -0.5, 1),
        layer("Normalize", "l", "data", "l", norm={"eps": 1e-6}): image / np.sqrt((image**2).sum() + 1e-6),
        layer("Normalize", "l", "data", "l"): image / np.sqrt((image**2).sum(0)),
        layer("MVN", "l", "data", "l"): (image - image.mean((1, 2), keepdims=True)) / image.std((1, 2), keepdims=True),
        layer("MVN", "l", "data", "l", mvn={"normalize_variance": False}): image - image.mean((1, 2), keepdims=True),
        layer("Permute", "l", "data", "l", permute={"order": [0, 2, 3, 1]})
        + layer("Flatten", "f", "l", "f"): image.transpose(1, 2, 0).reshape(-1),
        layer("Permute", "l", "data", "l", permute={"order": [0, 1, 2, 3]}) + layer("ReLU", "r", "l", "r"): np.maximum(
            image, 0
        ),
    }
    for text, array in wanted.items():
        np.testing.assert_allclose(made(data(3, 5, 4) + text, image)[0], array, rtol=1e-4, atol=1e-6, err_msg=text)


def test_a_response_within_channels() -> None:
    """`LRNLayer::WithinChannelForward`: a mean counts the border."""
    image, alpha, beta = image_of(2, 5, 6), 0.7, 0.6
    squares = np.pad(image**2, ((0, 0), (1, 1), (1, 1)))
    mean = sum(squares[:, i : i + 5, j : j + 6] for i in range(3) for j in range(3)) / 9
    options = {"local_size": 3, "alpha": alpha, "beta": beta, "norm_region": "WITHIN_CHANNEL"}
    text = data(5, 6, 2) + layer("LRN", "l", "data", "l", lrn=options)
    np.testing.assert_allclose(made(text, image)[0], image * (1 + alpha * mean) ** -beta, rtol=1e-5)


REDUCED: dict[str, Any] = {"SUM": np.sum, "MEAN": np.mean, "ASUM": lambda x, axis: np.abs(x).sum(axis),
           "SUMSQ": lambda x, axis: (x**2).sum(axis)}  # fmt: skip


@pytest.mark.parametrize("operation", REDUCED)
@pytest.mark.parametrize(("before", "axis"), [("", 1), ("", 2), ("", -2), ("Flatten", 1)])
def test_a_reduction(operation: str, before: str, axis: int) -> None:
    image = image_of(4, 3, 5)
    options = {"operation": operation, "axis": axis, "coeff": 0.5}
    text = data(3, 5, 4) + (layer(before, "f", "data", "f") if before else "")
    text += layer("Reduction", "r", "f" if before else "data", "r", reduction=options)
    wanted = REDUCED[operation](image.reshape((4, -1) if axis in (2, -2) else (1, -1)), axis=1) / 2
    np.testing.assert_allclose(made(text, image)[0], wanted, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("axis", [1, 2, 3, -1])
@pytest.mark.parametrize("type", ["", "Eltwise", "Concat"])
def test_a_tile(axis: int, type: str) -> None:
    """Of one row, one column, one channel; what is only multiplied with another is not made larger before."""
    sizes, at = [4, 3, 5], axis % 4 - 1
    image = image_of(*sizes)
    pooled = [sizes[number] if number != at else 1 for number in range(3)]
    pool = {"pool": "AVE", "kernel_h": 3 if at == 1 else 1, "kernel_w": 5 if at == 2 else 1}
    thin = layer("Pooling", "p", "data", "p", pooling=pool) if at else layer(
        "Slice", "s", "data", "p q", slice={"slice_point": 1}) + layer("Silence", "n", "q")  # fmt: skip
    text = data(3, 5, 4) + thin + layer("Tile", "t", "p", "t", tile={"axis": axis, "tiles": sizes[at]})
    small = image.mean(at, keepdims=True) if at else image[:1]
    assert list(small.shape) == pooled
    wanted = np.broadcast_to(small, sizes)
    if type == "Eltwise":
        text, wanted = text + layer("Eltwise", "e", "t data", "e", eltwise={"operation": "PROD"}), wanted * image
        assert kinds(text)[-1] == "mul"
        assert "upsample" not in kinds(text)
    elif type == "Concat":
        text, wanted = text + layer("Concat", "e", "t data", "e"), np.concatenate([wanted, image])
    np.testing.assert_allclose(made(text, image)[0], wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("sizes", [(6, 6), (7, 10), (8, 11)])
@pytest.mark.parametrize("height", [1, 2, 3])
def test_a_pyramid_of_pools(sizes: tuple[int, int], height: int) -> None:
    """`SPPLayer::GetPoolingParam`: windows of a rounded up part of the map, and a border of what is too much."""
    image, parts = image_of(2, *sizes), []
    for level in range(height):
        count = 2**level
        window = -(-sizes[0] // count), -(-sizes[1] // count)
        pad = (window[0] * count - sizes[0] + 1) // 2, (window[1] * count - sizes[1] + 1) // 2
        pools = pooled(image, window, window, pad, mean=False, floor=False)
        assert pools is not None
        parts.append(pools.reshape(-1))
    text = data(*sizes, 2) + layer("SPP", "s", "data", "s", spp={"pyramid_height": height, "pool": "MAX"})
    np.testing.assert_array_equal(made(text, image)[0], np.concatenate(parts))


@settings(max_examples=30)
@given(st.tuples(st.integers(1, 3), st.integers(1, 3)), st.tuples(st.integers(3, 9), st.integers(3, 9)))
def test_numbers_go_back_where_they_were_the_largest(window: tuple[int, int], sizes: tuple[int, int]) -> None:
    """`PoolingLayer` with a mask and SegNet's `UpsampleLayer`, also where the last window is not whole."""
    image = image_of(2, *sizes)
    wanted = np.zeros_like(image)
    for channel, i, j in np.ndindex(2, -(-sizes[0] // window[0]), -(-sizes[1] // window[1])):
        top, left = i * window[0], j * window[1]
        seen = image[channel, top : top + window[0], left : left + window[1]]
        row, column = np.unravel_index(seen.argmax(), seen.shape)
        wanted[channel, top + row, left + column] = abs(seen.max())
    pool = {"kernel_h": window[0], "kernel_w": window[1], "stride_h": window[0], "stride_w": window[1]}
    text = data(*sizes, 2) + layer("Pooling", "p", "data", "p mask", pooling=pool) + layer("AbsVal", "a", "p", "a")
    text += layer("Upsample", "u", "a mask", "u", upsample={"upsample_h": sizes[0], "upsample_w": sizes[1]})
    assert kinds(text) == ["maxpool", "abs", "unpool"]
    np.testing.assert_array_equal(made(text, image)[0], wanted)
    other = text.replace(f"upsample_h: {sizes[0]}", f"upsample_h: {sizes[0] + 1}")
    unknown = network(other).layers[-1]
    assert (unknown.kind.is_known, unknown.output.dims) == (False, (sizes[0] + 1, sizes[1], 2))


def test_rows_of_classes() -> None:
    """The end of SSD: places one after the other, each with all its channels; a softmax of each row of classes."""
    image = image_of(6, 3, 4)
    text = data(3, 4, 6) + layer("AbsVal", "a", "data", "a")
    for blob in ("data", "a"):
        text += layer("Permute", f"{blob}_perm", blob, f"{blob}_perm", permute={"order": [0, 2, 3, 1]})
        text += layer("Flatten", f"{blob}_flat", f"{blob}_perm", f"{blob}_flat", flatten={"axis": 1})
    text += layer("Concat", "conf", "data_flat a_flat", "conf", concat={"axis": 1})
    text += layer("Reshape", "rows", "conf", "rows", reshape={"shape": {"dim": [0, -1, 3]}})
    rows = np.concatenate([each.transpose(1, 2, 0).reshape(-1, 3) for each in (image, np.abs(image))])
    power = np.exp(rows)
    for axis, sums in ((2, power.sum(1, keepdims=True)), (-1, power.sum(1, keepdims=True)), (1, power.sum(0))):
        soft = layer("Softmax", "soft", "rows", "soft", softmax={"axis": axis}) + layer("Flatten", "f", "soft", "f")
        assert all(each.kind.is_known for each in network(text + soft))
        np.testing.assert_allclose(made(text + soft, image)[0], (power / sums).reshape(-1), rtol=1e-5)
    twice = layer("Concat", "two", "rows rows", "two", concat={"axis": 1}) + layer("Sigmoid", "s", "two", "two")
    back = layer("Reshape", "r", "two", "r", reshape={"shape": {"dim": [0, 4, 3, -1]}})
    np.testing.assert_allclose(
        made(text + twice + back, image)[0], (1 / (1 + np.exp(-np.concatenate([rows, rows])))).reshape(4, 3, -1),
        rtol=1e-5,
    )  # fmt: skip
    for type, options in (("InnerProduct", {"inner_product": {"num_output": 3, "axis": 2}}), ("Slice", {}),
                          ("Concat", {"concat": {"axis": 2}}), ("PReLU", {})):  # fmt: skip
        ends = network(text + layer(type, "e", "rows rows" if type == "Concat" else "rows", "e", **options))
        assert {(output.name, output.layer) for output in ends.outputs} >= {("e", "conf")}, type


@pytest.mark.parametrize("parts", [2, 3])
def test_parts_of_channels_are_weighed_against_one_another(parts: int) -> None:
    """Faster R-CNN's scores of boxes: the parts below each other, a softmax, and back."""
    image = image_of(6, 3, 4)
    text = data(3, 4, 6) + layer("Reshape", "a", "data", "a", reshape={"shape": {"dim": [0, parts, -1, 0]}})
    text += layer("Softmax", "s", "a", "s")
    back = layer("Reshape", "b", "s", "b", reshape={"shape": {"dim": [0, 6, -1, 0]}})
    power = np.exp(image.reshape(parts, -1, 4))
    wanted = power / power.sum(0)
    assert kinds(text + back) == ["splitsoftmax"]
    np.testing.assert_allclose(made(text, image)[0], wanted, rtol=1e-5)
    np.testing.assert_allclose(made(text + back, image)[0], wanted.reshape(6, 3, 4), rtol=1e-5)
    other = layer("Reshape", "b", "s", "b", reshape={"shape": {"dim": [0, 12, -1, 3]}})
    np.testing.assert_allclose(made(text + other, image)[0], wanted.reshape(12, 2, 3), rtol=1e-5)
    across = text.replace(f"dim: {parts}\n      dim: -1\n      dim: 0", f"dim: {parts}\n      dim: 0\n      dim: -1")
    assert across != text
    assert kinds(across) == ["flatten", "unflatten", "softmax"]


@pytest.mark.parametrize("axis", [1, 2, 3, -1])
def test_slices_along_each_axis(axis: int) -> None:
    image, at = image_of(4, 5, 6), axis % 4 - 1
    text = data(5, 6, 4) + layer("Slice", "s", "data", "a b c", slice={"axis": axis, "slice_point": [1, 3]})
    for number, blob in enumerate("abc"):
        others = " ".join(other for other in "abc" if other != blob)
        part = np.split(image, [1, 3], axis=at)[number]
        np.testing.assert_array_equal(made(text + layer("Silence", "n", others), image)[0], part)


def test_a_convolution_of_two_blobs_has_its_weights_once() -> None:
    """FlowNet's."""
    text = data(8, 8, 3) + data(8, 8, 3, name="other")
    text += layer("Convolution", "c", "data other", "a b", convolution={"num_output": 4, "kernel_size": 3})
    found = network(text)
    assert found.params == 4 * 27 + 4
    assert [each.shares for each in found if each.kind.word == "conv"] == ["", "c"]
    assert {output.name for output in found.outputs} == {"a", "b"}


def test_a_vector_is_a_map_of_one_place() -> None:
    """Where one is asked for: until 2014 every blob had four axes."""
    text = data(2, 2, 4) + layer("Pooling", "g", "data", "g", pooling={"pool": "AVE", "global_pooling": True})
    text += layer("InnerProduct", "i", "data", "i", inner_product={"num_output": 4})
    up = {"num_output": 2, "kernel_size": 4}
    for type, blobs, dims, options in (("Deconvolution", "i", (4, 4, 2), {"convolution": up}),
                                       ("Concat", "i g", (1, 1, 8), {}), ("Eltwise", "g i", (1, 1, 4), {}),
                                       ("Scale", "data i", (2, 2, 4), {"scale": {"axis": 0}})):  # fmt: skip
        found = network(text + layer(type, "l", blobs, "l", **options))
        assert "l" in {output.layer for output in found.outputs}
        assert found["l"].output.dims == dims


def test_a_resampled_map() -> None:
    """`ResampleLayer` of FlowNet's: pixel i of n lies at (i + 1/2) m/n - 1/2."""
    image = image_of(2, 3, 4)
    text = data(3, 4, 2) + layer("Resample", "r", "data", "r", resample={"height": 6, "width": 10, "type": "LINEAR"})
    rows, columns = (np.clip((np.arange(n) + 0.5) * m / n - 0.5, 0, m - 1) for n, m in ((6, 3), (10, 4)))
    down = np.stack([np.interp(rows, range(3), image[c, :, x]) for c in range(2) for x in range(4)], 1)
    tall = down.reshape(6, 2, 4).transpose(1, 0, 2)
    wanted = np.stack([[np.interp(columns, range(4), tall[c, y]) for y in range(6)] for c in range(2)])
    np.testing.assert_allclose(made(text, image)[0], wanted, rtol=1e-4, atol=1e-6)
    for options, dims in (({"height": 2, "width": 3, "type": "LINEAR"}, (2, 3, 2)), ({"factor": 2}, (6, 8, 2))):
        unknown = network(data(3, 4, 2) + layer("Resample", "r", "data", "r", resample=options)).layers[-1]
        assert (unknown.kind.is_known, unknown.output.dims) == (False, dims)


def test_several_blobs() -> None:
    image = image_of(4, 3, 5)
    two = data(3, 5, 4) + layer("AbsVal", "a", "data", "a") + layer("Pooling", "g", "data", "g", pooling={
        "pool": "AVE", "global_pooling": True})  # fmt: skip
    a, g = np.abs(image), image.mean((1, 2), keepdims=True)
    silent = layer("Silence", "s", "g")
    vector = layer("Flatten", "v", "g", "v")
    wanted = [
        (layer("Eltwise", "l", "data a", "l") + silent, image + a),
        (layer("Eltwise", "l", "data a", "l", eltwise={"coeff": [1, -1]}) + silent, image - a),
        (layer("Eltwise", "l", "data a", "l", eltwise={"coeff": [0.5, 1]}) + silent, image / 2 + a),
        (layer("Eltwise", "l", "data a", "l", eltwise={"operation": "PROD"}) + silent, image * a),
        (layer("Eltwise", "l", "data a", "l", eltwise={"operation": "MAX"}) + silent, np.maximum(image, a)),
        (layer("Concat", "l", "data a", "l") + silent, np.concatenate([image, a])),
        (layer("Scale", "l", "a g", "l", scale={"axis": 0}), a * g),
        (vector + layer("Scale", "l", "a v", "l", scale={"axis": 0}), a * g),
        (layer("Bias", "l", "a g", "l", bias={"axis": 0}), a + g),
        (layer("Axpy", "l", "g a data", "l"), g * a + image),
        (layer("Slice", "l", "a", "x y", slice={"slice_point": 1}) + layer("Silence", "s", "x g"), a[1:]),
        (layer("Slice", "l", "a", "x y") + layer("Silence", "s", "y g"), a[:2]),
    ]
    for text, array in wanted:
        (found,) = made(two + text, image)
        np.testing.assert_allclose(found, array, rtol=1e-5, atol=1e-6, err_msg=text)


def test_a_crop_begins_behind_its_offset() -> None:
    image = image_of(4, 6, 8)
    pool = data(6, 8, 4) + layer("Pooling", "g", "data", "g", pooling={"kernel_size": 2, "stride": 2, "pool": "AVE"})
    (high, wide) = 3, 4
    for options, wanted in (
        ({"axis": 2, "offset": [1, 2]}, image[:, 1 : 1 + high, 2 : 2 + wide]),
        ({"offset": 2}, image[:, 2 : 2 + high, 2 : 2 + wide]),
        ({"axis": 3, "offset": 3}, image[:, :, 3 : 3 + wide]),
    ):
        text = pool + layer("Crop", "c", "data g", "c", crop=options)
        np.testing.assert_array_equal(made(text, image)[0], wanted)


def test_interp_keeps_corners() -> None:
    """`caffe_cpu_interp2` of DeepLab's interp.cpp: a pixel i of n lies at i * (m - 1)/(n - 1) of m."""
    image = image_of(2, 3, 4)
    for options, (high, wide) in (({"height": 5, "width": 7}, (5, 7)), ({"zoom_factor": 2}, (5, 7)),
                                  ({"shrink_factor": 2}, (2, 2))):  # fmt: skip
        rows, columns = (np.arange(n) * (m - 1) / (n - 1) for n, m in ((high, 3), (wide, 4)))
        down = np.stack([np.interp(rows, range(3), image[c, :, x]) for c in range(2) for x in range(4)], 1)
        tall = down.reshape(high, 2, 4).transpose(1, 0, 2)
        wanted = np.stack([[np.interp(columns, range(4), tall[c, y]) for y in range(high)] for c in range(2)])
        text = data(3, 4, 2) + layer("Interp", "i", "data", "i", interp=options)
        np.testing.assert_allclose(made(text, image)[0], wanted, rtol=1e-4, atol=1e-5)
    cut = layer("Interp", "i", "data", "i", interp={"pad_end": -1, "pad_beg": -1, "height": 1, "width": 2})
    np.testing.assert_array_equal(made(data(3, 4, 2) + cut, image)[0], image[:, 1:2, 1:3])


def test_layers_with_blobs_of_their_own_order(tmp_path: Path) -> None:
    """A matrix on its side, statistics to be divided, a normalization apart from its scale, and that of forks."""
    text = data(2, 2, 3) + layer("BatchNorm", "n", "data", "n", batch_norm={"eps": 0.25})
    text += layer("PReLU", "p", "n", "p") + layer("Scale", "s", "p", "s") + layer("Bias", "b", "s", "b")
    text += layer("BN", "f", "b", "f") + layer("InnerProduct", "i", "f", "i", inner_product={
        "num_output": 4, "transpose": True})  # fmt: skip
    generator = np.random.default_rng(0)

    def some(*shape: int) -> Array:
        return np.asarray(generator.random(shape, np.float32) + np.float32(0.5))

    mean, var, slope, factor, shift = (some(3) for _ in range(5))
    fork = [some(3) for _ in range(4)]
    matrix, bias = some(12, 4), some(4)
    blobs = {"n": [mean * 4, var * 4, np.array([4.0])], "p": [slope], "s": [factor], "b": [shift], "f": fork,
             "i": [matrix, bias], "another": [some(2)]}  # fmt: skip
    (tmp_path / "n.prototxt").write_text(text)
    (tmp_path / "other.caffemodel").write_bytes(caffemodel(blobs))
    from cnngraph.weights.choose import choose

    found = load(tmp_path / "n.prototxt")
    image = image_of(3, 2, 2)
    (ours,) = answers(found, choose(found, tmp_path / "other.caffemodel"), image)

    def each(array: Array) -> Array:
        return array[:, None, None]

    x = (image - each(mean)) / np.sqrt(each(var) + 0.25)
    x = np.where(x > 0, x, each(slope) * x) * each(factor) + each(shift)
    x = (x - each(fork[2])) / np.sqrt(each(fork[3]) + 1e-5) * each(fork[0]) + each(fork[1])
    np.testing.assert_allclose(ours, x.reshape(-1) @ matrix + bias, rtol=1e-4)
    assert [each_.kind.word for each_ in found.layers[1:]] == [
        "bn", "prelu", "scale", "shift", "bn", "flatten", "fc"]  # fmt: skip


def test_no_number_of_tiles_is_believed() -> None:
    text = data(3, 5, 4) + layer("Tile", "t", "data", "t", tile={"axis": 1, "tiles": 2**31 - 1})
    (said,) = reading(text).diagnostics
    assert said.message.startswith("type Tile: no layer here does it")


OPTIONS: list[tuple[str, str, dict[str, object]]] = [
    ("Convolution", "convolution", {"num_output": 4, "kernel_size": 3, "pad": 1, "group": 2, "dilation": 2}),
    ("Deconvolution", "convolution", {"num_output": 4, "kernel_h": 3, "kernel_w": 2, "stride_h": 2, "stride_w": 2}),
    ("Pooling", "pooling", {"pool": "AVE", "kernel_size": 3, "stride": 2, "pad": 1, "ceil_mode": False}),
    ("Crop", "crop", {"axis": 2, "offset": [0, 0]}),
    ("Interp", "interp", {"height": 9, "width": 9, "zoom_factor": 2, "shrink_factor": 2}),
    ("Upsample", "upsample", {"scale": 2, "upsample_h": 9}),
    ("Resample", "resample", {"height": 9, "width": 3, "type": "NEAREST"}),
    ("Correlation", "correlation", {"pad": 3, "kernel_size": 1, "max_displacement": 3, "stride_2": 2}),
    ("PixelShuffle", "pixel_shuffle", {"upscale_factor": 2}),
    ("Reorg", "reorg", {"stride": 2}),
    ("Clip", "clip", {"min": 0, "max": 1}),
    ("MVN", "mvn", {"across_channels": True}),
    ("MVN", "mvn", {"normalize_variance": False, "eps": 0}),
    ("Reduction", "reduction", {"operation": "MEAN", "axis": -1}),
    ("Reduction", "reduction", {"operation": "SUMSQ", "axis": 1}),
    ("Tile", "tile", {"axis": 2, "tiles": 3}),
    ("Tile", "tile", {"tiles": 3}),
    ("PSROIPooling", "psroi_pooling", {"output_dim": 2, "group_size": 3}),
    ("SpatialTransformer", "st", {"output_H": 5}),
    ("Flatten", "flatten", {"axis": 2, "end_axis": -1}),
    ("Softmax", "softmax", {"axis": 2}),
    ("Power", "power", {"power": 2, "scale": 3, "shift": 1}),
    ("Normalize", "norm", {"across_spatial": False, "channel_shared": False, "eps": 1e-8}),
    ("LRN", "lrn", {"local_size": 5, "alpha": 0.1, "norm_region": "WITHIN_CHANNEL"}),
    ("InnerProduct", "inner_product", {"num_output": 3, "axis": 1, "transpose": True}),
    ("BN", "bn", {"eps": 0.1, "bn_mode": "INFERENCE"}),
    ("BatchNorm", "batch_norm", {"eps": 0.1}),
    ("Scale", "scale", {"axis": 1, "bias_term": True, "num_axes": 1}),
    ("Concat", "concat", {"axis": 2, "concat_dim": 1}),
    ("Eltwise", "eltwise", {"operation": "SUM", "coeff": [1, -1]}),
    ("Slice", "slice", {"axis": 1, "slice_point": 2}),
    ("Reshape", "reshape", {"shape": {"dim": [0, -1, 2, 2]}, "axis": 0}),
    ("Permute", "permute", {"order": [0, 2, 3, 1]}),
    ("ROIPooling", "roi_pooling", {"pooled_h": 7, "pooled_w": 7}),
    ("SPP", "spp", {"pyramid_height": 3}),
    ("ShuffleChannel", "shuffle_channel", {"group": 2}),
    ("Softmax", "softmax", {"axis": -1}),
]
"""Layers with options, some of them odd."""
NOT_TRIED = set(points.PLAIN) | {
    "Axpy", "Bias", "DepthwiseConvolution", "ConvolutionDepthwise", "Dropout", "ELU", "Exp", "FlowWarp",
    "Log", "PReLU", "PSROIAlign", "ROIAlign", "ROIWarping", "ReLU", "SpatialDropout", "Split", "Swish", "Threshold",
}  # fmt: skip
"""Those whose options are none, or those of another that is tried."""


TYPES = sorted({*ONE, *SEVERAL, "BatchNorm", "Python", "Proposal", "DetectionOutput"})


def test_all_layers_with_options_are_tried() -> None:
    assert {*ONE, *SEVERAL, "BatchNorm"} == {type for type, _, _ in OPTIONS} | NOT_TRIED


@pytest.mark.parametrize(("type", "key", "options"), OPTIONS, ids=[type for type, _, _ in OPTIONS])
@pytest.mark.parametrize("blobs", ["data", "data data", "v", "data v", "v data data", "rows", "rows data"])
def test_no_layer_is_too_much(type: str, key: str, options: dict[str, object], blobs: str) -> None:
    """Whatever it takes, it becomes something or is refused in words."""
    text = data(8, 8, 4) + layer("Flatten", "v", "data", "v")
    text += layer("Reshape", "rows", "v", "rows", reshape={"shape": {"dim": [0, -1, 4]}})
    text += layer(type, "l", blobs, "l m", **{key: options})
    try:
        found = network(text)
    except CnngraphError as error:
        (diagnostic,) = error.diagnostics
    else:
        assert len(found) >= 1
        return
    assert diagnostic.label is not None


# Phases, names, inputs -----------------------------------------------------------------------------

TRAINED = (
    layer("Data", "d", "", "data label", include={"phase": "TRAIN"}, transform={"crop_size": 20, "mirror": True})
    + layer("Data", "d", "", "data label", include={"phase": "TEST"}, transform={"crop_size": 16})
    + layer("Convolution", "c", "data", "c", convolution={"num_output": 4, "kernel_size": 3})
    + layer("Dropout", "drop", "c", "c", include={"phase": "TRAIN"})
    + layer("ReLU", "r", "c", "c")
    + layer("InnerProduct", "fc", "c", "fc", inner_product={"num_output": 5})
    + layer("SoftmaxWithLoss", "loss", "fc label", "loss", exclude={"phase": "TEST", "stage": "deploy"})
    + layer("Accuracy", "top1", "fc label", "top1", include={"phase": "TEST"})
)


def test_what_runs_is_the_phase_test() -> None:
    found = network(TRAINED)
    assert [(each.name, each.kind.word) for each in found] == [
        ("data", ""), ("c", "conv"), ("r", "relu"), ("fc/flatten", "flatten"), ("fc", "fc")]  # fmt: skip
    assert found["data"].output.dims == (16, 16, 3)
    assert [(output.name, output.layer) for output in found.outputs] == [("fc", "fc")]


def test_a_detector_ends_where_boxes_are_made() -> None:
    """Faster R-CNN's: what is made of proposals, of which nothing is known, is one piece of the map for each."""
    text = data(32, 48, 3) + 'input: "im_info"\ninput_shape { dim: 1 dim: 3 }\n'
    text += layer("Convolution", "conv", "data", "conv", convolution={"num_output": 4, "kernel_size": 3})
    text += layer("Python", "proposal", "conv im_info", "rois")
    text += layer("ROIPooling", "pool", "conv rois", "pool", roi_pooling={"pooled_h": 6, "pooled_w": 6})
    text += layer("InnerProduct", "score", "pool", "score", inner_product={"num_output": 21})
    text += layer("SoftmaxWithLoss", "loss", "score labels", "loss") + layer("Power", "weighed", "loss", "weighed")
    found = network(text)
    assert [(output.name, output.layer) for output in found.outputs] == [("score", "score"), ("proposal", "conv")]
    assert [each.name for each in found.inputs] == ["data"]
    assert found["score/flatten"].output.dims == (6 * 6 * 4,)


def test_of_several_outputs_each_is_called_as_its_blob_is() -> None:
    """Also where the layer that makes it is called so, too."""
    text = data(8, 8, 3)
    for name in ("feat", "feat_p"):
        text += layer("InnerProduct", name, "data", name, inner_product={"num_output": 2})
    assert [output.name for output in network(text).outputs] == ["feat", "feat_p"]


def test_an_output_is_called_as_its_blob_is(tmp_path: Path) -> None:
    """Also where that is the name of a layer before it, whose blob it took the place of."""
    found = network(data(8, 8, 3) + layer("AbsVal", "a", "data", "a") + layer("ReLU", "r", "a", "a"))
    assert [(output.name, output.layer) for output in found.outputs] == [("a", "r")]
    image = image_of(3, 8, 8)
    np.testing.assert_array_equal(answers(found, RandomWeights(found, 0), image)[0], np.abs(image))
    found.export(tmp_path / "n.onnx")


def test_the_old_form_is_the_same_network() -> None:
    new = written(load("lenet5"))
    types = {"Convolution": "CONVOLUTION", "Pooling": "POOLING", "InnerProduct": "INNER_PRODUCT", "TanH": "TANH",
             "Softmax": "SOFTMAX", "Flatten": "FLATTEN"}  # fmt: skip
    old = new.replace("layer {", "layers {")
    for name, word in types.items():
        old = old.replace(f'"{name}"', word)
    assert '"Conv' not in old
    assert [(each.name, each.kind) for each in network(old)] == [(each.name, each.kind) for each in network(new)]


def test_forks_have_types_in_the_old_form_too() -> None:
    """DeepLab's, and ParseNet's."""
    text = """
        layers { name: "data" type: IMAGE_SEG_DATA top: "data" top: "label" transform_param { crop_size: 9 } }
        layers { name: "c" type: CONVOLUTION bottom: "data" top: "c"
          convolution_param { num_output: 4 kernel_size: 1 } }
        layers { name: "b" type: BATCH_NORM bottom: "c" top: "c" }
        layers { name: "n" type: NORMALIZE bottom: "c" top: "n" norm_param { across_spatial: false } }
        layers { name: "i" type: INTERP bottom: "n" top: "i" interp_param { zoom_factor: 2 } }
        layers { name: "small" type: INTERP bottom: "label" top: "small" interp_param { shrink_factor: 2 } }
        layers { name: "a" type: SEG_ACCURACY bottom: "i" bottom: "small" }
        layers { name: "m" type: MAT_WRITE bottom: "i" }"""
    assert kinds(text) == ["conv", "bn", "l2norm", "times", "upsample"]
    assert [output.name for output in network(text).outputs] == ["i"]


OLDEST = """
layers { layer { name: "data" type: "data" cropsize: 27 meanfile: "m" mirror: true batchsize: 2 }
  top: "data" top: "label" }
layers { layer { name: "pad" type: "padding" pad: 2 } bottom: "data" top: "padded" }
layers { layer { name: "conv" type: "conv" num_output: 8 kernelsize: 5 stride: 2 biasterm: false
  weight_filler { type: "gaussian" std: 0.01 } blobs_lr: 1. } bottom: "padded" top: "conv" }
layers { layer { name: "relu" type: "relu" } bottom: "conv" top: "conv" }
layers { layer { name: "pool" type: "pool" pool: AVE kernelsize: 3 stride: 2 pad: 1 }
  bottom: "conv" top: "pool" }
layers { layer { name: "norm" type: "lrn" local_size: 3 alpha: 0.1 beta: 0.5 } bottom: "pool" top: "norm" }
layers { layer { name: "ip" type: "innerproduct" num_output: 5 } bottom: "norm" top: "ip" }
layers { layer { name: "drop" type: "dropout" dropout_ratio: 0.3 } bottom: "ip" top: "ip" }
layers { layer { name: "loss" type: "softmax_loss" } bottom: "ip" bottom: "label" }"""


def test_the_oldest_form_is_the_same_network() -> None:
    """What ``upgrade_net_proto_text`` makes of the one is the other; a border may be a layer of its own there."""
    new = layer("Data", "data", "", "data label", transform={"crop_size": 27, "mean_file": '"m"', "mirror": True})
    convolution = {"num_output": 8, "kernel_size": 5, "stride": 2, "pad": 2, "group": 1, "bias_term": False}
    new += layer("Convolution", "conv", "data", "conv", convolution=convolution)
    new += layer("ReLU", "relu", "conv", "conv") + layer("Pooling", "pool", "conv", "pool", pooling={
        "pool": "AVE", "kernel_size": 3, "stride": 2, "pad": 1})  # fmt: skip
    new += layer("LRN", "norm", "pool", "norm", lrn={"local_size": 3, "alpha": 0.1, "beta": 0.5})
    new += layer("InnerProduct", "ip", "norm", "ip", inner_product={"num_output": 5})
    new += layer("Dropout", "drop", "ip", "ip", dropout={"dropout_ratio": 0.3})
    new += layer("SoftmaxWithLoss", "loss", "ip label")
    assert [(each.name, each.kind, each.inputs) for each in network(OLDEST)] == [
        (each.name, each.kind, each.inputs) for each in network(new)]  # fmt: skip
    assert network(OLDEST).layers[0].output.dims == (27, 27, 3)


def test_what_labels_go_through_is_left_out() -> None:
    """Made smaller, cut into parts, weighed: all that leads from labels to losses alone, and no size is asked for."""
    text = layer("HDF5Data", "d", "", "data label mask") + layer("AbsVal", "a", "data", "a")
    text += layer("Convolution", "c", "a", "c", convolution={"num_output": 2, "kernel_size": 1})
    text += layer("Interp", "small", "label", "small", interp={"shrink_factor": 2})
    text += layer("Slice", "s", "small", "one two") + layer("SegAccuracy", "right", "c one")
    text += layer("Eltwise", "masked", "c mask", "masked", eltwise={"operation": "PROD"})
    text += layer("Eltwise", "off", "masked two", "off", eltwise={"coeff": [1, -1]})
    text += layer("Reduction", "sum", "off", "sum", reduction={"operation": "SUMSQ"}, loss_weight=0.5)
    text += layer("OddLossOfAFork", "odd", "c two") + layer("Accuracy", "none", "masked one")
    found = named(reading(text, H=8, W=8, C=3))
    assert [each.name for each in found] == ["data", "a", "c"]
    assert [(output.name, output.layer) for output in found.outputs] == [("c", "c")]
    assert reading(text, H=8, W=8, C=3).diagnostics == ()


def test_what_is_given_back_is_no_label() -> None:
    """Also where what is read last makes it."""
    text = layer("HDF5Data", "d", "", "data mask")
    text += layer("Convolution", "c", "data", "c", convolution={"num_output": 3, "kernel_size": 1})
    text += layer("Eltwise", "m", "c mask", "m", eltwise={"operation": "PROD"})
    found = named(reading(text, H=8, W=8, C=3))
    assert [each.name for each in found.inputs] == ["data", "mask"]
    assert [output.name for output in found.outputs] == ["m"]


def test_a_network_begins_behind_what_prepares_pictures() -> None:
    """FlowNet's for training: what is not known and takes pictures makes pictures, and what led there is gone."""
    text = layer("CustomData", "d", "", "one two flow")
    for blob in ("one", "two"):
        text += layer("Eltwise", f"{blob}_s", blob, f"{blob}_s", eltwise={"coeff": 0.5})
    text += layer("DataAugmentation", "aug1", "one_s", "img1 params") + layer(
        "DataAugmentation", "aug2", "two_s params", "img2")  # fmt: skip
    text += layer("Concat", "both", "img1 img2", "both")
    text += layer("Convolution", "c", "both", "c", convolution={"num_output": 2, "kernel_size": 1})
    text += layer("L1Loss", "loss", "c flow")
    found = reading(text, H=8, W=9, C=3)
    assert [(each.name, each.output.dims) for each in named(found).inputs] == [
        ("img1", (8, 9, 3)), ("img2", (8, 9, 3))]  # fmt: skip
    assert [each.message for each in found.diagnostics] == [
        "2 × type DataAugmentation: no layer here does it, and the network begins behind it"]  # fmt: skip


def test_a_normalization_and_its_scale_are_one_where_they_are_alone() -> None:
    def words(rest: str, **scale: object) -> list[str]:
        text = data(8, 8, 4) + layer("BatchNorm", "n", "data", "n")
        return kinds(text + layer("Scale", "s", "n", "n", scale={"bias_term": True} | scale) + rest)

    assert words("") == ["bn"]
    assert words(layer("ReLU", "r", "n", "n")) == ["bn", "relu"]
    assert words("", bias_term=False) == ["bn", "scale"]
    nvidias = layer("BatchNorm", "n", "data", "n", batch_norm={"scale_bias": True})
    assert network(data(8, 8, 4) + nvidias).params == 8
    text = data(8, 8, 4) + layer("BatchNorm", "n", "data", "n")
    text += layer("Scale", "s", "n", "s", scale={"bias_term": True}) + layer("Eltwise", "e", "n s", "e")
    assert kinds(text) == ["bn", "scale", "add"]


def test_a_dense_block_is_a_chain() -> None:
    text = data(8, 8, 4)
    for number in range(1, 4):
        before = " ".join(["data", *(f"c{at}" for at in range(1, number))])
        last = "data"
        if number > 1:
            last = f"k{number}"
            text += layer("Concat", last, before, last)
        text += layer("Convolution", f"c{number}", last, f"c{number}", convolution={"num_output": 2, "kernel_size": 1})
    found = network(text)
    assert [each.inputs for each in found if each.kind.word == "concat"] == [("data", "c1"), ("k2", "c2")]


@pytest.mark.parametrize(
    ("text", "dims"),
    [
        ('input: "data"\ninput_dim: 1\ninput_dim: 3\ninput_dim: 20\ninput_dim: 24\n', (20, 24, 3)),
        (layer("Input", "data", "", "data", input={"shape": {"dim": [1, 1, 9, 7]}}), (9, 7, 1)),
        (layer("DummyData", "data", "", "data", dummy_data={"num": 1, "channels": 2, "height": 9, "width": 8}),
         (9, 8, 2)),
        (layer("MemoryData", "data", "", "data", memory_data={"channels": 1, "height": 9, "width": 8}), (9, 8, 1)),
        (layer("ImageData", "data", "", "data label", image_data={"new_height": 30, "new_width": 20}), (30, 20, 3)),
        (layer("Data", "data", "", "data label", transform={"crop_size": 12}, include={"phase": "TRAIN"}), (12, 12, 3)),
        (layer("Data", "data", "", "data", transform={"crop_size": 12, "force_gray": True}), (12, 12, 1)),
        (layer("Data", "data", "", "data", transform={"crop_h": 12, "crop_w": 16}), (12, 16, 3)),
        (layer("AnnotatedData", "data", "", "data label", transform={"resize_param": {"height": 30, "width": 20}}),
         (30, 20, 3)),
        (layer("DenseImageData", "data", "", "data label", dense_image_data={"new_height": 9, "new_width": 8},
               transform={"force_color": True}), (9, 8, 3)),
    ],
)  # fmt: skip
def test_the_input_is_as_large_as_the_text_says(text: str, dims: tuple[int, ...]) -> None:
    assert network(text + layer("ReLU", "r", "data", "r"))["data"].output.dims == dims


def test_pictures_are_prepared_as_while_training() -> None:
    def said(**transform: object) -> list[tuple[str, tuple[object, ...]]]:
        text = layer("Data", "d", "", "data", transform={"crop_size": 8} | transform) + layer("ReLU", "r", "data", "r")
        return [(each.name, each.arguments) for each in network(text).layers[0].annotations]

    assert said() == []
    assert said(mean_file='"mean.binaryproto"', scale=0.5) == []
    assert said(mean_value=[104, 117, 123]) == [
        ("bgr", ()), ("scale", (0, 255)), ("normalize", ((104, 117, 123), 1))]  # fmt: skip
    assert said(force_gray=True, scale=0.00390625) == [("scale", (0, 255)), ("normalize", (0, 256))]
    assert said(scale=-1) == []


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_means_are_those_of_so_many_channels(channels: int, tmp_path: Path) -> None:
    """Of other pictures than those that the text speaks of nothing is known, and the spec can be read again."""
    for means in ([104, 117, 123], [128], [1, 2]):
        text = layer("Data", "d", "", "data label", transform={"mean_value": means}) + layer("ReLU", "r", "data", "r")
        (tmp_path / "n.prototxt").write_text(text)
        found = imported(str(tmp_path / "n.prototxt"), {"H": 8, "W": 8, "C": channels})
        words = [each.name for each in found.network.layers[0].annotations]
        fits = len(means) in (1, channels)
        assert words == (["bgr"] * (channels == 3) + ["scale", "normalize"] if fits else [])


def test_a_size_that_is_not_in_the_file_is_asked_for(tmp_path: Path, run: Run) -> None:
    file = tmp_path / "n.prototxt"
    file.write_text(layer("Data", "d", "", "data label") + layer("ReLU", "r", "data", "r"))
    ran = run("check", file)
    assert "error[E0116]: nothing says how large `data` is" in ran.err
    assert "--set H=224 --set W=224 --set C=3" in ran.err
    assert load(file, H=9, W=8, C=1).layers[-1].output.dims == (9, 8, 1)
    file.write_text(layer("ReLU", "r", "nowhere", "r"))
    assert load(file, H=9, W=8, C=1).layers[-1].output.dims == (9, 8, 1)


def test_sizes_that_are_given_are_those_of_all_inputs_that_have_none() -> None:
    text = layer("Data", "a", "", "one") + layer("Data", "b", "", "two label")
    text += layer("ImageData", "c", "", "three", image_data={"new_height": 4, "new_width": 5})
    for blob in ("one", "two", "three"):
        text += layer("Convolution", f"c{blob}", blob, f"c{blob}", convolution={"num_output": 2, "kernel_size": 1})
    found = named(reading(text, H=8, W=9, C=1))
    assert [each.output.dims for each in found.inputs] == [(8, 9, 1), (8, 9, 1), (4, 5, 3)]


@pytest.mark.parametrize(("parts", "points", "channels"), [(2, [1], 2), (3, [2, 4], 6), (2, [3], 6), (3, [3, 4], 5)])
def test_so_many_channels_are_proposed_as_are_cut_apart(parts: int, points: list[int], channels: int) -> None:
    """The pictures of a siamese network lie behind each other."""
    blobs = " ".join("abc"[:parts])
    text = layer("Data", "d", "", "data label") + layer("Slice", "s", "data", blobs, slice={"slice_point": points})
    assert refused(text)[2].endswith(f"--set H=224 --set W=224 --set C={channels}")
    assert len(named(reading(text, H=8, W=8, C=channels)).outputs) == parts


def test_layers_of_one_name_for_their_weights_share_them() -> None:
    found = network(written(load("siamese")))
    assert [each.shares for each in found if each.shares] == [each.shares for each in load("siamese") if each.shares]


# Text ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "is_one"),
    [
        (b'name: "x"\n', True), (b"# c\n layer {", True), (b"layers{", True), (b"input: 'data'\ninput_dim: 1", True),
        (b"layer: {", True), (b"net t\ninput 3\n", False), (b"input 3x3x3\n", False), (b"net: \"a.prototxt\"\n", False),
    ],
)  # fmt: skip
def test_a_prototxt_is_known_by_its_first_field(head: bytes, is_one: bool) -> None:
    assert format_of(Content("n.txt", None, head)) is (CAFFE if is_one else SPEC)


def test_the_text_format_has_many_spellings() -> None:
    text = """name: 'n' ; input: "da" 'ta' # two
    input_shape: < dim: [1, 3] dim: 0x8, dim: +8 >
    layer: { name: "c", type: "Conv" "olution" bottom: "data" top: "\\143"
      convolution_param { num_output: 2 kernel_size: 3 # } \n bias_term: false } }"""
    (_, conv) = network(text).layers
    assert (conv.name, conv.kind, network(text).title) == ("c", one("conv 2 3x3 bias=off"), "n")


CONV = 'layer {\nname: "c"\ntype: "Convolution"\nbottom: "data"\ntop: "c"\n'


@pytest.mark.parametrize(
    ("text", "code", "line", "says"),
    [
        ("layer {\n", "E0115", 1, "not closed"),
        ("name: 'a'\n}\n", "E0115", 2, "`}` closes nothing"),
        ("layer {\n>", "E0115", 2, "`{` is closed by `>`"),
        ("layer {\n name \n}", "E0115", 2, "this is no field"),
        ("a: [1, {}]", "E0115", 1, "a list here is of values"),
        ("layer {" * 101, "E0505", 1, "100 deep"),
        ("layer: 3", "E0115", 1, "`layer` is a message"),
        ("layer {\ntype: 'ReLU'\nname {}\n}", "E0115", 3, "`name` is a value"),
        ('name: "a"', "E0116", 1, "no layer in this file"),
        (layer("ReLU", "r", "data", "r", include={"phase": "TRAIN"}), "E0116", 1, "runs in the phase TEST"),
        (data(8, 8, 3) + layer("Interp", "i", "data", "i", interp={"pad_beg": 1}), "E0208", 9, "at most 0"),
        ('test_iter: 1\nnet: "a.prototxt"', "E0116", 2, "which is in a.prototxt"),
        ("layers { layer { type: 'nosuch' } }", "E0115", 1, "there is no type `nosuch` in this form"),
        ("layers { layer { type: 'padding' } bottom: 'a' }", "E0207", 1, "one blob below and one above"),
        (data(8, 8, 3) + layer("ReLU", "r", "data", "r") + layer("CONVOLUTION3D", "c", "r", "c"), "E0116", 11,
         "is of films or solids"),
        (data(8, 8, 3) + layer("Python", "p", "data", "p"), "E0116", 5, "nothing is left of this network type Python"),
        (data(8, 8, 3) + layer("OddConvolution", "p", "data", "p"), "E0116", 5, "nothing is left of this network"),
        ("layer { name: 'c' }", "E0115", 1, "has no `type`"),
        (data(8, 8, 3) + CONV + "}", "E0208", 3, "`kernel_size` is one number"),
        (data(8, 8, 3) + CONV + "convolution_param {\nnum_output: x\nkernel_size: 3\n}}", "E0115", 9, "a whole number"),
        (data(8, 8, 3) + CONV + "convolution_param {\nkernel_size: 3\n}}", "E0208", 8, "`num_output`"),
        (data(8, 8, 3) + CONV + "convolution_param {\nnum_output: 2\nkernel_size: 9\n}}", "E0406", 5, "9x9 window"),
        (data(8, 8, 3) + CONV + "convolution_param {\nnum_output: 2\nkernel_size: 1\nbias_term: maybe\n}}", "E0115", 11,
         "`bias_term` is true or false"),
        (data(8, 8, 3) + layer("ReLU", "r", "data", "r") + layer("ReLU", "q", "s", "q"), "E0201", 12,
         "no layer before this one makes `s`"),
        (data(8, 8, 3) + layer("LSTM", "l", "data", "l"), "E0116", 5, "`LSTM` is recurrent"),
        (data(8, 8, 3) + layer("Slice", "l", "data", "a b"), "E0412", 5, "3 / 2 = 1.5"),
        (data(8, 8, 3) + layer("Slice", "l", "data", "a b", slice={"slice_point": [1, 2]}), "E0208", 10, "3 parts"),
        (data(8, 8, 3) + layer("Eltwise", "l", "data data", "a", eltwise={"coeff": [1]}), "E0208", 10, "1 `coeff`"),
        (data(8, 8, 3) + layer("Pooling", "l", "data", "a", pooling={"kernel_size": 20}), "E0406", 9, "20x20, on 8x8"),
        (data(8, 8) + layer("Pooling", "l", "data", "a", pooling={"kernel_size": 2}), "E0116", 2, "3 axes"),
        (data(8) + layer("Pooling", "l", "data", "a", pooling={"kernel_size": 2}), "E0403", 5, "needs a volume"),
    ],
)  # fmt: skip
def test_mistakes_are_shown_in_their_lines(text: str, code: str, line: int, says: str) -> None:
    found = refused(text)
    assert found[:2] == (code, line)
    assert says in found[2]


@pytest.mark.parametrize(
    ("type", "options", "dims", "params"),
    [
        ("Exp", {}, (8, 6, 4), 0),
        ("Permute", {"permute": {"order": [0, 2, 3, 1]}}, (6, 4, 8), 0),
        ("Permute", {"permute": {"order": [0, 3, 1, 2]}}, (4, 8, 6), 0),
        ("Concat", {"concat": {"axis": 2}}, (16, 6, 4), 0),
        ("SPP", {"spp": {"pyramid_height": 4}}, (4 * 85,), 0),
        ("SPP", {"spp": {"pyramid_height": 2, "pool": "AVE"}}, (4 * 5,), 0),
        ("MVN", {"mvn": {"across_channels": True}}, (8, 6, 4), 0),
        ("Correlation", {"correlation": {"max_displacement": 3, "pad": 3, "stride_2": 2, "kernel_size": 3}},
         (6, 4, 9), 0),
        ("PSROIPooling", {"psroi_pooling": {"output_dim": 5, "group_size": 7}}, (7, 7, 5), 0),
        ("SpatialTransformer", {"st": {"output_H": 5}}, (5, 6, 4), 0),
        ("Reorg", {"reorg": {"stride": 2, "reverse": True}}, (16, 12, 1), 0),
        ("ROIPooling", {"roi_pooling": {"pooled_h": 7, "pooled_w": 5}}, (7, 5, 4), 0),
        ("Upsample", {"upsample": {"scale": 2}}, (16, 12, 4), 0),
        ("Pooling", {"pooling": {"pool": "STOCHASTIC", "kernel_size": 2}}, (7, 5, 4), 0),
        ("Pooling", {"pooling": {"kernel_size": 1, "stride": 5}}, (3, 2, 4), 0),
    ],
)  # fmt: skip
def test_what_no_layer_does_is_kept_where_its_size_is_known(
    type: str, options: dict[str, Any], dims: tuple[int, ...], params: int
) -> None:
    text = data(8, 6, 4) + layer(type, "l", "data data", "l", **options) + layer("ReLU", "r", "l", "r")
    _, opaque, relu = network(text).layers
    assert (opaque.kind.caption().name, opaque.output.dims, opaque.params) == (type, dims, params)
    assert relu.output.dims == dims


def test_what_is_not_kept_is_said_once_for_each_kind(tmp_path: Path, run: Run) -> None:
    text = (
        data(8, 8, 3) + layer("ReLU", "a", "data", "a") + layer("Python", "p", "a", "p") + layer("ReLU", "b", "p", "b")
    )
    text += layer("ReLU", "c", "b", "c") + layer("AbsVal", "d", "data", "d") + layer("Python", "q", "d", "q")
    text += layer("TanH", "e", "data", "e") + layer("PriorBox", "box", "e data", "box")
    file = tmp_path / "n.prototxt"
    file.write_text(text)
    ran = run("check", file, "--format", "json")
    assert [(each["line"], each["message"]) for each in json.loads(ran.out)] == [
        (11, "2 × type Python: no layer here does it, and the network ends in front of it"),
        (17, "2 × a layer behind one that no layer here does: it is left out"),
        (47, "type PriorBox: it knows of sizes alone, and is left out"),
    ]
    assert [(output.name, output.layer) for output in network(text).outputs] == [("p", "a"), ("q", "d")]


# Files of blobs --------------------------------------------------------------------------------------


def weighed(folder: Path, change: Any = lambda blobs: blobs) -> Path:
    """A network with its blobs beside it, *change*d."""
    ships = load("lenet5")
    (folder / "n.prototxt").write_text(written(ships))
    changed = change(blobs_of(ships, arrays(ships)))
    (folder / "n.caffemodel").write_bytes(changed if isinstance(changed, bytes) else caffemodel(changed))
    return folder / "n.prototxt"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda blobs: {key: value for key, value in blobs.items() if key != "conv1"}, "missing: `conv1`"),
        (lambda blobs: blobs | {"conv1": blobs["conv1"][:1]}, "`conv1` has 1 blobs in the file, and needs 2"),
        (lambda blobs: blobs | {"conv1": [blobs["conv1"][0][:, :, 1:], blobs["conv1"][1]]}, "are asked for"),
        (lambda blobs: caffemodel(blobs)[:-3], "bytes begins, and"),
        (lambda blobs: b"", "the file is empty"),
        (lambda blobs: b"\xff" * 40, "is no whole .caffemodel"),
    ],
)
def test_a_file_that_does_not_fit_says_where(change: Any, says: str, tmp_path: Path, run: Run) -> None:
    file = weighed(tmp_path, change)
    assert says in run("check", file).err
    exported = run("export", "--onnx", file, "-o", tmp_path / "n.onnx")
    assert exported.status == 1
    assert says in exported.err.partition("error[")[2]


def test_commands_take_what_lies_beside(tmp_path: Path, run: Run) -> None:
    file = weighed(tmp_path)
    ran = run("verify", file)
    assert ran.status == 0
    assert f"with the weights in {tmp_path / 'n.caffemodel'}" in ran.err
    weights = tmp_path / "n.caffemodel"
    refused_ = run("export", "--onnx", "lenet5", "-o", tmp_path / "l.onnx", "--weights", weights)
    assert "give it with the .prototxt" in refused_.err


def test_hundreds_of_thousands_of_lines_take_no_time() -> None:
    """One after the other; a text twice as long takes about twice as long."""
    from time import process_time

    from cnngraph.fronts.caffe.prototext import parse as parse_text
    from cnngraph.source import Source

    each = layer("Convolution", "c", "data", "c", convolution={"num_output": 4, "kernel_size": 3})
    start = process_time()
    message = parse_text(Source("n", each * 20_000))
    assert len(message.messages("layer")) == 20_000
    assert process_time() - start < 3
