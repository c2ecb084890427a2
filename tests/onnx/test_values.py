"""Every layer kind, exported and run in onnxruntime, gives the numbers of its definition."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import onnx
import pytest

from cnngraph.fronts import parse
from cnngraph.layers import KINDS
from cnngraph.network import Network
from cnngraph.onnx.graph import Graph
from cnngraph.onnx.half import to_half
from cnngraph.onnx.lower import lower
from cnngraph.onnx.write import write
from cnngraph.runtime.session import Session
from cnngraph.weights.files import FileWeights
from tests.onnx.reference import Array, evaluate

MAPS = {
    "conv": ["conv 5 3x3", "conv 5 3x3 same s=2", "conv 4 3x2 p=(0, 1, 2, 0) s=(2, 1) bias=off", "conv 4 3x3 d=2 p=2"],
    "conv, TensorFlow's padding": ["conv 4 3x3 same_upper s=2", "conv 4 2x2 same_upper", "conv 4 4x3 same_lower s=3"],
    "conv, groups": ["conv 6 3x3 same groups=3", "conv 6 1x1 groups=2"],
    "dwconv": ["dwconv 3x3 same", "dwconv 3x3 s=2 p=1 m=2", "dwconv 3x3 d=2", "dwconv 5x5 same_upper s=2 bias=off"],
    "sepconv": ["sepconv 5 3x3 same", "sepconv 4 3x2 p=(0, 1, 2, 0) s=(2, 1) m=2 bias=off",
                "sepconv 4 3x3 d=2 bn relu"],
    "upconv": ["upconv 4 2x2 s=2", "upconv 4 3x3 s=2 p=1 op=1", "upconv 4 3x3 s=2 same_upper"],
    "upconv, groups": ["upconv 6 3x3 groups=3 d=2"],
    "maxpool": ["maxpool f=2 s=2", "maxpool 3x3 s=2 ceil", "maxpool 3x3 s=2 p=1 ceil", "maxpool 2x3 same_upper s=1",
                "maxpool 2x2 d=2 s=1", "maxpool 3x2 d=(1, 3) s=2 p=(1, 2) ceil"],
    "maxpool, whole maps": ["maxpool global", "maxpool to=(7, 4)", "maxpool to=(3, 5)", "maxpool to=(9, 3)"],
    "avgpool": ["avgpool f=2 s=2", "avgpool 3x3 s=2 same", "avgpool 3x3 s=2 same count_pad", "avgpool 3x3 s=2 ceil"],
    "avgpool, ceil and border": ["avgpool 3x3 s=2 p=1 ceil", "avgpool 3x3 s=2 p=1 ceil count_pad"],
    "avgpool, whole maps": ["avgpool global", "avgpool to=(7, 4)", "avgpool to=(3, 5)", "avgpool to=1"],
    "fc": ["flatten -> fc 5", "flatten -> fc 5 bias=off", "flatten -> fc 4 relu -> fc 3"],
    "flatten": ["flatten"],
    "unflatten": ["flatten -> unflatten 8x7x6", "flatten -> fc 12 relu -> unflatten 2x3x2",
                  "flatten -> unflatten 3x2x56 -> conv 2 1x1",
                  "a: relu\navgpool global -> flatten -> fc 6 sigmoid -> unflatten -> mul a"],
    "dropout": ["dropout 0.3", "relu -> dropout -> tanh"],
    "softmax": ["softmax", "flatten -> softmax 4"],
    "logsoftmax": ["logsoftmax", "flatten -> logsoftmax 4"],
    "clip": ["clip 0 1", "clip lo=-0.5 hi=0.25", "clip lo=0.1", "clip hi=0.5"],
    "power": ["power 3", "abs -> power 0.5", "abs -> plus 0.2 -> power p=-1", "abs -> power 1.5", "power p=-2",
              "clip lo=0.1 -> power 3 -> avgpool global -> power 0.3333", "flatten -> power 2"],
    "lrn": ["lrn n=4 alpha=0.5", "lrn n=2 alpha=0.8 beta=0.6 k=2", "lrn n=12 alpha=0.5",
            "lrn", "lrn n=3 alpha=0.5 beta=0.6 k=2"],
    "bn": ["bn affine=off", "conv 4 1x1 bn affine=off relu", "flatten -> bn affine=off",
           "bn", "bn eps=0.1", "conv 4 1x1 bn relu", "flatten -> fc 4 bn relu"],
    "instancenorm": ["instancenorm", "instancenorm eps=0.1", "conv 4 3x3 instancenorm relu",
                     "instancenorm affine=off", "default instancenorm affine=off\nconv 4 3x3 instancenorm relu"],
    "layernorm": ["layernorm", "layernorm eps=0.1", "flatten -> layernorm"],
    "rmsnorm": ["rmsnorm", "rmsnorm eps=0.1", "conv 4 1x1 -> rmsnorm -> relu", "flatten -> rmsnorm"],
    "l2norm": ["l2norm", "l2norm -> scale", "l2norm eps=1", "flatten -> fc 5 -> l2norm"],
    "pools of channels": ["maxpool over_channels", "avgpool over_channels",
                          "concat { | avgpool over_channels | maxpool over_channels }\na: conv 1 3x3 same sigmoid\n"
                          "from image -> mul spread a"],
    "scale": ["scale", "flatten -> scale", "scale bias", "conv 4 1x1 -> scale bias", "flatten -> scale bias -> fc 3"],
    "grn": ["grn", "conv 4 1x1 gelu -> grn eps=0.1 -> conv 3 1x1"],
    "eca": ["eca 3", "eca 1", "eca 15", "conv 4 1x1 -> eca 3 -> relu"],
    "shift": ["shift", "conv 4 1x1 bias=off -> shift", "flatten -> shift"],
    "times": ["times 0.17", "times learned", "conv 4 1x1 -> times learned", "flatten -> times by=-2", "times 3"],
    "plus": ["plus 3", "plus learned", "conv 4 1x1 -> plus learned", "flatten -> plus by=-0.5"],
    "add": ["add { | relu | tanh }", "add { | relu | skip | tanh }", "add { | conv 6 3x3 same bn | skip }"],
    "sub": ["sub { | relu | tanh }", "sub { | skip | relu | tanh | sigmoid }", "a: relu\nb: tanh\nfrom a -> sub b"],
    "max": ["max { | relu | tanh | skip }"],
    "min": ["min { | relu | tanh | skip }", "min { | relu | skip }"],
    "mul": ["mul { | relu | tanh }", "mul { | skip | avgpool global -> sigmoid }", "mul { | skip | relu | tanh }"],
    "spread": ["add spread { | skip | avgpool global | conv 1 1x1 }", "mul spread { | skip | conv 1 3x3 same sigmoid }",
               "mul spread { | relu | tanh | avgpool global | conv 1 1x1 -> avgpool global }",
               "a: conv 1 1x1\nfrom image -> add spread a", "a: avgpool global\nfrom image -> add a spread",
               "mul spread { | skip | avgpool global }", "mul spread { | skip | avgpool 1x8 | maxpool 7x1 }",
               "add spread { | skip | avgpool over_channels -> avgpool 7x1 }"],
    "concat": ["concat { | relu | conv 2 1x1 | skip }", "concat { | avgpool global | maxpool global } -> flatten"],
    "upsample": ["upsample 2", "upsample 3 bilinear", "upsample 2x1", "upsample 1.5", "upsample (1.5, 2) bilinear",
                 "upsample 2 bilinear align_corners", "upsample 0.5", "upsample 1", "upsample 2 bicubic",
                 "upsample 1.5 bicubic", "upsample (0.5, 3) bicubic align_corners", "upsample 3x1 bicubic"],
    "upsample to a size": ["upsample to=(9, 5)", "upsample to=14 bilinear", "upsample to=(1, 3) bilinear align_corners",
                           "upsample to=(9, 5) bicubic", "a: conv 2 3x3\nfrom a -> upsample image bicubic",
                           "a: conv 2 3x3\nfrom a -> upsample image -> concat image",
                           "a: maxpool f=2\nfrom a -> upsample image bilinear align_corners -> add image"],
    "unpool": ["a: upsample 2\nmaxpool 2x2 -> conv 6 1x1 -> unpool a 2x2",
               "a: crop (1, 1, 0, 0) -> relu -> maxpool 2x2\nb: from a -> upsample 2\nfrom a -> abs -> unpool b 2x2",
               "a: relu\nmaxpool 1x1 -> unpool a f=1", "a: crop (1, 0, 0, 0)\nmaxpool 2x3 ceil -> unpool a 2x3",
               "a: crop (0, 1, 1, 0)\nmaxpool 4x4 ceil -> conv 6 1x1 -> unpool a 4x4"],
    "reorg": [f"crop 1 -> maxpool 2x2 s=1 -> upsample 2 -> reorg 2{order}"
              for order in ("", " by_channel", " by_column")],
    "reorg, darknet's": ["crop (1, 0, 0, 0) -> conv 8 1x1 -> reorg 2 as_darknet",
                         "crop (1, 0, 0, 2) -> conv 9 1x1 -> reorg 3 as_darknet"],
    "unreorg": ["conv 8 1x1 -> unreorg 2", "conv 8 1x1 -> unreorg 2 by_channel", "conv 9 1x1 -> unreorg 3"],
    "widen": ["widen 9", "widen 6 s=2", "widen 8 s=2x3", "widen 6",
              "add { | conv 8 3x3 s=2 same bn | skip -> widen 8 s=2 }"],
    "pad": ["pad 1", "pad (1, 2) reflect", "pad (0, 1, 2, 3) replicate", "pad (3, 0, 1, 2) circular", "pad 0",
            "pad 1 value=0.5", "pad (0, 1, 2, 3) value=-3", "pad (1, 0) circular", "relu -> pad 1 -> maxpool 3x3 s=2"],
    "groupnorm": ["groupnorm 2", "groupnorm 6 eps=0.1", "groupnorm 1", "conv 32 1x1 groupnorm relu",
                  "conv 4 3x3 groupnorm=2 relu"],
    "hsigmoid": ["hsigmoid 0.2", "conv 4 1x1 hsigmoid=0.25", "hsigmoid 0.2 shift=0.3",
                 "conv 4 1x1 hsigmoid=(0.2, 0.7)"],
    "crop": ["crop 1", "crop 0", "crop (1, 2)", "crop (0, 1, 2, 0)",
             "a: relu\nb: conv 6 3x3\nfrom a -> crop b -> concat b"],
    "slice": ["slice 1 4"],
    "splitsoftmax": ["splitsoftmax 2", "splitsoftmax 3", "splitsoftmax 6", "flatten -> fc 6 -> splitsoftmax 3"],
    "split": ["a, b: split 2\nfrom b -> add a"],
    "shuffle": ["shuffle 2", "shuffle 3"],
    "activations": ["relu", "relu6", "leaky", "prelu", "elu", "gelu", "swish", "hswish", "hsigmoid", "mish", "sigmoid",
                    "tanh", "softplus", "leaky 0.3", "elu 0.5", "flatten -> prelu", "prelu shared",
                    "flatten -> prelu shared", "conv 4 1x1 prelu=shared", "conv 4 1x1 gelu", "fine: mish",
                    "gelu approximate",
                    "selu", "abs", "square", "conv 4 1x1 square", "conv 4 1x1 bn abs", "flatten -> fc 4 selu"],
}  # fmt: skip
"""Specs on a map of 7 × 8 × 6."""
CLOSE = 1e-5
"""Of float32 results, relative to the largest number."""
CASES = [case for cases in MAPS.values() for case in cases]


def plausible(network: Network, path: Path) -> dict[str, Array]:
    """Weights about as large as trained ones, written to *path*; nothing in them is 0 or 1."""
    generator = np.random.default_rng(0)
    weights = {}
    for layer in network.layers:
        for name, parameter in layer.parameters.items():
            numbers = generator.normal(0.1, 0.4, parameter.shape)
            weights[f"{layer.name}.{name}"] = (np.abs(numbers) + 0.2 if name == "running_var" else numbers).astype("f4")
    np.savez(path, **weights)  # type: ignore[arg-type]
    return weights


def differences(
    network: Network,
    folder: Path,
    opset: int,
    inputs: dict[str, Array],
    batch: int | None = None,
    change: Callable[[Graph], Graph] = lambda graph: graph,
) -> float:
    """The largest difference between onnxruntime's outputs and the definition's, relative to the largest number."""
    weights = plausible(network, folder / "weights.npz")
    file = folder / "network.onnx"
    write(change(lower(network, opset=opset, batch=batch)), FileWeights(folder / "weights.npz", network), file)
    got = Session(file).run(inputs)
    wanted = evaluate(network, weights, inputs)
    worst = 0.0
    for output in network.outputs:
        want = wanted[output.layer]
        assert got[output.name].shape == want.shape
        assert np.isfinite(want).all()
        assert np.isfinite(got[output.name]).all()
        largest = float(np.abs(want).max())
        worst = max(worst, float(np.abs(got[output.name] - want).max()) / (largest or 1.0))
    return worst


def image(*shape: int) -> dict[str, Array]:
    return {"image": np.random.default_rng(1).standard_normal(shape).astype(np.float32) * 2}


@pytest.mark.parametrize("opset", [17, 20, 22])
@pytest.mark.parametrize("case", CASES)
def test_values_are_those_of_the_definition(case: str, opset: int, tmp_path: Path) -> None:
    network = parse(f"net t\ninput 7x8x6\n{case}\n")
    assert differences(network, tmp_path, opset, image(2, 6, 7, 8)) < CLOSE


@pytest.mark.parametrize("case", CASES)
def test_every_tensor_is_declared_as_onnx_infers_it(case: str, tmp_path: Path) -> None:
    network = parse(f"net t\ninput 7x8x6\n{case}\n")
    plausible(network, tmp_path / "weights.npz")
    write(lower(network, batch=2), FileWeights(tmp_path / "weights.npz", network), tmp_path / "network.onnx")
    model = onnx.load(tmp_path / "network.onnx")
    declared = shapes([*model.graph.value_info, *model.graph.output])
    assert declared.keys() == {name for node in model.graph.node for name in node.output}
    del model.graph.value_info[:]
    inferred = shapes(onnx.shape_inference.infer_shapes(model, data_prop=True).graph.value_info)
    assert {name: shape for name, shape in inferred.items() if 0 not in shape and declared[name] != shape} == {}


def shapes(infos: Iterable[onnx.ValueInfoProto]) -> dict[str, list[int]]:
    """By name; 0 stands for a size that is not known."""
    return {info.name: [dim.dim_value for dim in info.type.tensor_type.shape.dim] for info in infos}


HALF = 3e-2
"""Of results in float16, whose numbers have 11 bits."""


@pytest.mark.parametrize("case", CASES)
def test_values_in_float16_are_near_them(case: str, tmp_path: Path) -> None:
    network = parse(f"net t\ninput 7x8x6\n{case}\n")
    assert differences(network, tmp_path, 20, image(2, 6, 7, 8), change=to_half) < HALF


def test_every_kind_has_a_case() -> None:
    used = {layer.kind.word for case in CASES for layer in parse(f"net t\ninput 7x8x6\n{case}\n").layers}
    known = {word for word, kind in KINDS.items() if kind.is_known}
    assert known - used - {"split"} == set()  # a split is written as slices


@pytest.mark.parametrize("batch", [1, 3])
def test_a_free_batch_takes_any_number(batch: int, tmp_path: Path) -> None:
    network = parse("net t\ninput 7x8x6\nconv 4 3x3 bn relu -> avgpool global -> flatten\nsoftmax 5\n")
    assert differences(network, tmp_path, 20, image(batch, 6, 7, 8)) < CLOSE


def test_a_given_batch_is_fixed(tmp_path: Path) -> None:
    network = parse("net t\ninput 7x8x6\nconv 4 3x3\n")
    assert differences(network, tmp_path, 20, image(2, 6, 7, 8), batch=2) < CLOSE
    assert Session(tmp_path / "network.onnx").inputs[0].dims == (2, 6, 7, 8)


FREE = "net t\ninput (?H, ?W, 3)\n"


@pytest.mark.parametrize("size", [(16, 16), (17, 30)])
@pytest.mark.parametrize(
    "case",
    [
        "conv 4 3x3 same s=2 -> maxpool f=2 s=2 -> conv 2 3x3 same",
        "maxpool 3x3 s=2 ceil -> avgpool 3x3 s=1 same",
        "add { | conv 3 3x3 same | skip } -> upsample 2 bilinear",
        "conv 4 3x3 instancenorm relu -> conv 2 1x1",
        "conv 4 1x1 -> layernorm -> shuffle 2 -> avgpool global -> flatten -> fc 3",
        "upconv 4 2x2 s=2 -> crop 1",
        "sepconv 4 3x3 same s=2 bn relu -> eca 3 -> grn -> lrn n=4",
        "mul spread { | skip | conv 1 3x3 same sigmoid | avgpool global }",
        "conv 4 1x1 -> add spread { | skip | avgpool global | conv 1 3x3 same } -> pad 1 value=2",
    ],
)
def test_free_sizes_take_any_size(case: str, size: tuple[int, int], tmp_path: Path) -> None:
    assert differences(parse(f"{FREE}{case}\n"), tmp_path, 20, image(1, 3, *size)) < CLOSE


def test_several_inputs_and_outputs(tmp_path: Path) -> None:
    network = parse("net t\ninput image 7x8x6\ninput mask 7x8x2\nfrom image -> mul { | skip | relu }\n"
                    "a: concat mask\nb: avgpool global\noutput a b\n")  # fmt: skip
    mask = np.random.default_rng(2).standard_normal((1, 2, 7, 8)).astype(np.float32)
    assert differences(network, tmp_path, 20, {**image(1, 6, 7, 8), "mask": mask}) < CLOSE
