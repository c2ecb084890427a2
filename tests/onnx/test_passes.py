"""Every pass leaves the outputs as they are in onnxruntime, and does what it is there for."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnngraph.fronts import parse
from cnngraph.network import Network
from cnngraph.onnx.half import to_half
from cnngraph.onnx.lower import lower
from cnngraph.onnx.passes import PASSES, run_passes
from cnngraph.onnx.write import write
from cnngraph.runtime.session import Session
from cnngraph.weights.files import FileWeights
from cnngraph.weights.initialise import RandomWeights
from cnngraph.weights.match import expected
from tests.conftest import Run
from tests.dags import dags
from tests.networks import load
from tests.onnx.reference import Array


def plausible(network: Network, path: Path) -> FileWeights:
    """Weights scaled as random ones, with statistics as after training: no variance of 1, no mean of 0."""
    generator = np.random.default_rng(0)
    arrays: dict[str, Any] = {}
    for name, shape in expected(network).items():
        size = int(np.prod(shape[1:])) or 1
        numbers = (
            generator.standard_normal(shape) * (2 / size) ** 0.5 if len(shape) > 1 else generator.normal(0, 0.2, shape)
        )
        if name.endswith("running_var"):
            numbers = generator.uniform(0.5, 2.0, shape)
        if "bn" in name and name.endswith(".weight"):
            numbers = generator.uniform(0.5, 1.5, shape)
        arrays[name] = numbers.astype(np.float32)
    np.savez(path, **arrays)
    return FileWeights(path, network)


def apart(network: Network) -> Network:
    """*network* with weights of its own for every layer."""
    return replace(network, layers=tuple(replace(layer, shares="") for layer in network.layers))


def only(name: str) -> set[str]:
    """All passes but *name*."""
    return set(PASSES) - {name}


def both(network: Network, folder: Path, without: set[str]) -> tuple[dict[str, Array], dict[str, Array], int]:
    """The outputs before and after the passes, and how much these did."""
    weights = plausible(network, folder / "w.npz")
    graph = lower(network)
    small, changed, done = run_passes(graph, weights, without)
    write(graph, weights, folder / "a.onnx")
    write(small, changed, folder / "b.onnx")
    onnx.checker.check_model(str(folder / "b.onnx"), full_check=True)
    generator = np.random.default_rng(1)
    inputs = {}
    for port in Session(folder / "a.onnx").inputs:
        shape = [dim if isinstance(dim, int) else 2 for dim in port.dims]
        inputs[port.name] = generator.standard_normal(shape).astype(np.float32)
    plain, after = Session(folder / "a.onnx").run(inputs), Session(folder / "b.onnx").run(inputs)
    return plain, after, sum(each.count for each in done)


def same(a: dict[str, Array], b: dict[str, Array]) -> None:
    assert list(a) == list(b)
    for name, array in a.items():
        assert np.abs(array - b[name]).max() <= 1e-5 * np.abs(array).max()


@pytest.mark.parametrize(
    ("name", "text", "count"),
    [
        ("fold-bn", "conv 4 3x3 bn relu -> conv 4 3x3 bn", 2),
        ("fold-bn", "conv 4 3x3 bn bias=on relu", 1),
        ("fold-bn", "conv 4 3x3 groups=2 bn", 1),
        ("fold-bn", "dwconv 3x3 bn relu6 m=2", 1),
        ("fold-bn", "flatten -> fc 5 bn relu -> fc 3", 1),
        ("fold-bn", "bn -> relu -> conv 4 1x1", 0),
        ("fold-bn", "a: conv 6 1x1\nbn -> add a", 0),
        ("fold-bn", "a: conv 4 1x1\nb: bn\noutput a b", 0),
        ("fold-bn", "upconv 4 2x2 s=2 bn", 0),
        ("fold-bn", "conv 4 3x3 -> bn -> bn", 1),
        ("fold-scale", "conv 4 3x3 -> scale -> relu", 1),
        ("fold-scale", "conv 4 3x3 bias=off -> scale -> relu", 1),
        ("fold-scale", "flatten -> fc 4 -> scale", 1),
        ("fold-scale", "conv 4 3x3 -> scale bias -> relu", 1),
        ("fold-scale", "conv 4 3x3 -> times learned -> relu", 1),
        ("fold-scale", "conv 4 3x3 -> times 2 -> relu", 0),
        ("fold-scale", "conv 4 3x3 -> square", 0),
        ("fold-scale", "scale -> conv 4 1x1", 0),
        ("fold-scale", "a: conv 6 1x1\nscale -> mul a", 0),
        ("fold-scale", "a: conv 4 1x1\nmul a a", 0),
        ("drop-dropout", "conv 4 1x1 -> dropout 0.3 -> conv 2 1x1", 1),
        ("drop-dropout", "conv 4 1x1 -> dropout 0.3", 1),
        ("drop-dropout", "dropout 0.3 -> conv 4 1x1 -> dropout -> dropout", 3),
        ("drop-dropout", "dropout 0.3", 1),
        ("drop-dropout", "a: conv 4 1x1\nb: dropout\noutput a b", 1),
        ("drop-dropout", "a: conv 4 1x1\nb: dropout\nrelu -> add a b", 1),
        ("drop-identities", "conv 4 1x1 -> crop 0 -> conv 2 1x1", 1),
        ("drop-identities", "conv 4 1x1 -> crop 0", 1),
        ("drop-identities", "crop 0", 0),
        ("fold-bn", "conv 4 3x3 bn affine=off relu -> conv 4 3x3 same bias=on bn affine=off", 2),
        ("fold-bn", "flatten -> fc 5 bn affine=off relu", 1),
        ("fold-bn", "sepconv 4 3x3 bn relu -> sepconv 4 3x3 bias=on bn", 2),
        ("fold-scale", "sepconv 4 3x3 -> scale -> relu", 1),
        ("fold-scale", "conv 4 3x3 -> eca 3", 0),
        ("fold-scale", "conv 4 3x3 -> grn", 0),
        ("join-slices", "a, b: split 2\nfrom b -> concat a", 1),
        ("join-slices", "a, b, c: split 3\nfrom b -> relu -> concat a c", 1),
        ("join-slices", "flatten\na, b: split 2\nfrom b -> add a", 1),
        ("join-slices", "a, b: split 2\nfrom b -> relu", 0),
        ("join-slices", "a, b: split 2\noutput a b", 1),
        ("join-slices", "a: slice 0 1\nb: from image -> slice 1 6\nfrom b -> concat a", 1),
        ("join-slices", "a: slice 0 2\nb: from image -> slice 1 6\nfrom b -> concat a", 0),
        ("join-slices", "a: slice 0 2\nb: from image -> slice 3 6\nfrom b -> concat a", 0),
        ("join-slices", "a: slice 2 6\nb: from image -> slice 0 2\nfrom b -> concat a", 1),
        ("join-slices", "a: slice 0 3\nb: from image -> slice 3 6\nc: from image -> slice 3 6\nfrom a -> add b c", 0),
        ("join-slices", "a: slice 0 6\nb: from image -> slice 0 6\nfrom b -> concat a", 0),
        ("join-slices", "relu\na, b: split 2\nfrom a -> conv 6 1x1\nc, d: split 2\nfrom b -> add c d", 2),
        ("join-flatten", "avgpool global -> flatten -> fc 3", 1),
        ("join-flatten", "maxpool global -> flatten", 1),
        ("join-flatten", "avgpool global\nflatten -> fc 3\nfrom image -> maxpool global -> flatten", 1),
        ("join-flatten", "a: avgpool global\nb: flatten\noutput a b", 0),
        ("join-flatten", "a: avgpool global\nb: flatten\nc: from a -> conv 6 1x1 -> flatten\nfrom b -> add c", 0),
        ("join-flatten", "a: avgpool global\nb: flatten -> fc 3\nfrom a -> flatten -> fc 3 -> add b", 1),
        ("join-flatten", "a: avgpool global\nb: flatten\nc: from a -> flatten -> fc 3\noutput c b", 1),
        ("join-flatten", "a: avgpool global\nb: flatten\nc: from a -> flatten\noutput c b", 0),
        ("join-flatten", "avgpool global -> bn -> relu -> flatten -> fc 3", 1),
        ("join-flatten", "a: avgpool global\nb: bn -> flatten -> fc 3\nfrom a -> bn -> flatten -> fc 3 -> add b", 1),
        ("join-flatten", "a: avgpool global -> sigmoid\nb: flatten -> fc 6\nfrom a -> relu -> flatten -> add b", 1),
        (
            "join-flatten",
            "a: avgpool global -> relu\nb: flatten -> fc 3\nfrom a -> mul image -> avgpool global -> flatten",
            1,
        ),
        ("join-flatten", "a: avgpool global -> relu\nb: flatten -> fc 3\noutput a b", 0),
        ("join-flatten", "avgpool 8x8 -> flatten", 0),
        ("join-flatten", "avgpool global -> conv 3 1x1 -> flatten", 0),
        ("share-constants", "relu6 -> conv 4 1x1 relu6", 2),
        ("share-constants", "relu6 -> conv 4 1x1 relu", 0),
    ],
)
def test_one_pass_on_small_networks(name: str, text: str, count: int, tmp_path: Path) -> None:
    plain, after, did = both(parse(f"net t\ninput 8x8x6\n{text}\n"), tmp_path, only(name))
    same(plain, after)
    assert did == count


def test_all_passes_one_after_the_other(tmp_path: Path) -> None:
    network = parse("net t\ninput 8x8x6\nconv 4 3x3 bn -> dropout -> scale -> crop 0 -> relu6 -> conv 2 1x1 relu6\n")
    plain, after, _ = both(network, tmp_path, set())
    same(plain, after)
    operators = [node.op_type for node in onnx.load(tmp_path / "b.onnx").graph.node]
    assert operators == ["Conv", "Clip", "Conv", "Clip"]


@pytest.mark.parametrize(
    ("name", "text", "count", "left"),
    [
        # All uses have the same behind them: folded once, into one kernel and one bias.
        ("fold-bn", "a: conv 6 3x3 same bn relu\nagain a -> again a", 3, 1),
        ("fold-bn", "a: conv 6 3x3 same -> bn\nagain a", 2, 1),
        ("fold-bn", "a: conv 6 3x3 same bias=on bn\nb: again a\noutput a b", 2, 1),
        ("fold-scale", "a: conv 6 3x3 same -> scale -> relu\nagain a", 2, 1),
        # A convolution that is shared while its normalizations are not stays as it is.
        ("fold-bn", "a: conv 6 3x3 same bias=off\nbn -> relu -> again a -> bn", 0, 1),
        ("fold-bn", "a: conv 6 3x3 same bias=off\nbn -> again a -> relu", 0, 1),
        # One normalization behind two convolutions goes into each.
        ("fold-bn", "conv 6 3x3 same bias=off\nn: bn\nconv 6 3x3 same bias=off -> again n", 2, 2),
        ("fold-bn", "conv 6 3x3 same bias=off\nn: bn\nagain n -> relu -> conv 6 1x1", 1, 2),
    ],
)
def test_weights_used_again_are_folded_where_all_uses_allow(
    name: str, text: str, count: int, left: int, tmp_path: Path
) -> None:
    plain, after, did = both(parse(f"net t\ninput 8x8x6\n{text}\n"), tmp_path, only(name))
    same(plain, after)
    assert did == count
    kernels = [each for each in onnx.load(tmp_path / "b.onnx").graph.initializer if len(each.dims) == 4]
    assert len(kernels) == left


def test_equal_weights_of_a_file_are_kept_once(tmp_path: Path) -> None:
    network = parse("net t\ninput 8x8x4\nconv 4 3x3 same relu -> conv 4 3x3 same relu -> conv 4 3x3 same\n")
    generator = np.random.default_rng(0)
    arrays: dict[str, Any] = {
        name: generator.standard_normal(shape).astype("f4") for name, shape in expected(network).items()
    }
    arrays["conv3.weight"] = arrays["conv1.weight"]
    arrays["conv2.weight"] = arrays["conv1.weight"].copy()
    arrays["conv2.weight"][-1, -1, -1, -1] += 1
    np.savez(tmp_path / "w.npz", **arrays)
    small, _, done = run_passes(lower(network), FileWeights(tmp_path / "w.npz", network))
    assert [each.count for each in done if each.name == "share-weights"] == [1]
    assert [node.inputs[1] for node in small.nodes if node.op == "Conv"] == [
        "conv1.weight", "conv2.weight", "conv1.weight"]  # fmt: skip


PIECES = [
    "conv 4 3x3 same", "conv 4 1x1 bias=off", "conv 4 3x3 same bn", "conv 4 3x3 same bn relu", "bn", "scale",
    "scale bias", "conv 4 1x1 -> times learned", "shift",
    "sepconv 4 3x3 same bn", "conv 4 1x1 bn affine=off", "bn affine=off", "eca 3", "grn",
    "dropout 0.3", "crop 0", "relu6", "dwconv 3x3 same bn relu6", "conv 4 3x3 same -> scale", "upconv 4 1x1 bn",
    "avgpool global -> flatten -> fc 100 -> unflatten 5x5x4",
    "maxpool global -> flatten -> unflatten -> upsample 5",
    "avgpool global -> bn -> relu -> flatten -> fc 100 -> unflatten 5x5x4",
]  # fmt: skip


@settings(max_examples=80)
@given(dags(PIECES, most=6), st.integers(0, 1), st.sampled_from([17, 18, 20, 22]))
def test_any_network_gives_the_same_after_all_passes(text: str, shared: int, opset: int) -> None:
    """With kernels that several layers have, tensors used twice, outputs in the middle, layers that lead nowhere."""
    network = parse(f"net t\ninput 5x5x4\n{text}\n")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plausible(network, folder / "w.npz")
        arrays = dict(np.load(folder / "w.npz"))
        if shared:
            # All that are of one shape and one sort are one.
            first: dict[Any, Array] = {}
            arrays = {key: first.setdefault((key.rpartition(".")[2], array.shape), array)
                      for key, array in arrays.items()}  # fmt: skip
        np.savez(folder / "w.npz", **arrays)
        weights = FileWeights(folder / "w.npz", network)
        graph = lower(network, opset=opset)
        small, changed, _ = run_passes(graph, weights)
        write(graph, weights, folder / "a.onnx")
        write(small, changed, folder / "b.onnx")
        onnx.checker.check_model(str(folder / "b.onnx"), full_check=True)
        inputs = {"image": np.random.default_rng(1).standard_normal((2, 4, 5, 5)).astype(np.float32)}
        same(Session(folder / "a.onnx").run(inputs), Session(folder / "b.onnx").run(inputs))
    assert [info.name for info in small.outputs] == [info.name for info in graph.outputs]
    used = {tensor for node in small.nodes for tensor in node.inputs}
    assert set(small.tensors.values()) <= used | {tensor for node in small.nodes for tensor in node.outputs}
    assert {weight.name for weight in small.weights} <= used, "a weight that nothing takes"
    assert {constant.name for constant in small.constants} <= used
    # Every tensor's shape is told once, where it is made.
    told = [info.name for info in (*small.infos, *small.outputs)]
    assert len(set(told)) == len(told)
    assert set(told) == {tensor for node in small.nodes for tensor in node.outputs}


@settings(max_examples=100, deadline=None)
@given(dags([*PIECES, "conv 4 3x3 same -> bn -> relu"], most=7, shared=True), st.sampled_from([*PASSES, ""]))
def test_any_network_that_uses_weights_again_gives_the_same(text: str, left_out: str) -> None:
    """Each weight stands once in the file, named after its first user, before and after the passes."""
    network = parse(f"net t\ninput 5x5x4\n{text}\n")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        weights = plausible(network, folder / "w.npz")
        graph = lower(network)
        assert {weight.name for weight in graph.weights} <= set(expected(network))
        small, changed, _ = run_passes(graph, weights, {left_out} - {""})
        write(graph, weights, folder / "a.onnx")
        write(small, changed, folder / "b.onnx")
        onnx.checker.check_model(str(folder / "b.onnx"), full_check=True)
        names = [each.name for each in onnx.load(folder / "b.onnx").graph.initializer]
        assert len(set(names)) == len(names)
        alone = apart(network)
        arrays = dict(np.load(folder / "w.npz"))
        for layer in network:
            if layer.shares:
                keys = [f"{layer.shares}.{key}" for key in network[layer.shares].parameters]
                arrays |= {key.replace(layer.shares, layer.name, 1): arrays[key] for key in keys}
        np.savez(folder / "own.npz", **arrays)
        write(lower(alone), FileWeights(folder / "own.npz", alone), folder / "c.onnx")
        inputs = {"image": np.random.default_rng(1).standard_normal((2, 4, 5, 5)).astype(np.float32)}
        plain = Session(folder / "a.onnx").run(inputs)
        same(plain, Session(folder / "b.onnx").run(inputs))
        same(plain, Session(folder / "c.onnx").run(inputs))


def test_a_kernel_of_two_layers_keeps_its_normalizations(tmp_path: Path) -> None:
    """Each layer has its own: folding one of them in would change the other."""
    network = parse("net t\ninput 6x6x4\nconv 4 3x3 same bn relu -> conv 4 3x3 same bn -> conv 4 1x1 bn\n")
    plausible(network, tmp_path / "w.npz")
    arrays = dict(np.load(tmp_path / "w.npz"))
    arrays["conv2.weight"] = arrays["conv1.weight"]
    np.savez(tmp_path / "w.npz", **arrays)
    _, _, done = run_passes(lower(network), FileWeights(tmp_path / "w.npz", network))
    assert {each.name: each.count for each in done if each.name in ("share-weights", "fold-bn")} == {
        "share-weights": 1, "fold-bn": 1}  # fmt: skip


@pytest.mark.parametrize("half", [False, True])
def test_a_split_is_written_with_all_its_tensors(half: bool, tmp_path: Path) -> None:
    """Also in float16, and where its parts are the network's outputs."""
    network = parse("net t\ninput 4x4x6\na, b, c: split 3\nd: from b -> conv 2 1x1\noutput a d c\n")
    graph, weights, _ = run_passes(lower(network), plausible(network, tmp_path / "w.npz"))
    write(to_half(graph) if half else graph, weights, tmp_path / "a.onnx")
    onnx.checker.check_model(str(tmp_path / "a.onnx"), full_check=True)
    (split,) = (node for node in onnx.load(tmp_path / "a.onnx").graph.node if node.op_type == "Split")
    assert [name.removesuffix(".half") for name in split.output] == ["a", "b", "c"]
    x = np.random.default_rng(0).standard_normal((2, 6, 4, 4)).astype(np.float32)
    found = Session(tmp_path / "a.onnx").run({"image": x})
    np.testing.assert_allclose(found["a"], x[:, :2], rtol=1e-3)
    np.testing.assert_allclose(found["c"], x[:, 4:], rtol=1e-3)


def test_random_weights_keep_their_names() -> None:
    network = load("lenet5")
    small, _, _ = run_passes(lower(network), RandomWeights(network))
    assert len(small.weights) == 10


@pytest.mark.parametrize(
    ("name", "params", "gone"),
    [
        ("resnet", {"depth": 18}, {"BatchNormalization"}),
        ("densenet121", {}, set()),
        ("mobilenet_v2", {}, {"BatchNormalization", "Dropout"}),
        ("convnext_tiny", {}, {"Mul"}),
        ("googlenet", {}, {"Dropout"}),
    ],
)
def test_real_networks(name: str, params: dict[str, int], gone: set[str], tmp_path: Path) -> None:
    network = load(name, **params)
    plain, after, did = both(network, tmp_path, set())
    same(plain, after)
    operators = [node.op_type for node in onnx.load(tmp_path / "b.onnx").graph.node]
    assert not gone & set(operators)
    # What stands in front of a convolution, as all of DenseNet's, cannot go into it.
    assert operators.count("BatchNormalization") == (62 if name == "densenet121" else 0)
    assert did > 0


def test_resnet_50_has_no_node_too_many() -> None:
    network = load("resnet")
    small, _, _ = run_passes(lower(network), RandomWeights(network))
    assert len(small.nodes) <= 123


def test_the_command_says_what_was_done_and_leaves_out_what_is_asked(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.spec").write_text("net a\ninput 8x8x3\nconv 4 3x3 bn relu -> dropout\n")
    ran = run("export", "--onnx", "a.spec", "--explain")
    assert "fold-bn: batch normalizations folded into the layers before them: 1" in ran.err
    assert [node.op_type for node in onnx.load(tmp_path / "a.onnx").graph.node] == ["Conv", "Relu"]
    run("export", "--onnx", "a.spec", "--no-fold-bn")
    assert len(onnx.load(tmp_path / "a.onnx").graph.node) == 3
    ran = run("export", "--onnx", "a.spec", "--without", "drop-dropout", "--without", "fold-bn", "--explain")
    assert "fold-bn: left out" in ran.err
    assert len(onnx.load(tmp_path / "a.onnx").graph.node) == 4
    assert run("export", "--onnx", "a.spec", "--without", "nothing").status == 2


def test_passes_keep_the_bytes_the_same_for_a_seed(tmp_path: Path) -> None:
    network = load("resnet", depth=18)
    for name in ("a", "b"):
        small, weights, _ = run_passes(lower(network), RandomWeights(network, 3))
        write(small, weights, tmp_path / f"{name}.onnx")
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()
