"""Weights that several layers use: a file has them once, or for every use, and then they are equal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cnngraph
from cnngraph.diagnostics import CnngraphError
from cnngraph.fronts import parse
from cnngraph.onnx.lower import lower
from cnngraph.weights.choose import choose
from cnngraph.weights.flattened import Orders
from cnngraph.weights.initialise import RandomWeights
from cnngraph.weights.match import expected, match
from cnngraph.weights.readers.entry import Entry

SIAMESE = """
net t
input a 8x8x1
input b 8x8x1
left: from a -> conv 4 3x3 bn relu
right: from b -> again left
sub left -> flatten -> fc 2
"""
NETWORK = parse(SIAMESE)


def arrays(seed: int = 0, **names: str) -> dict[str, Any]:
    """Weights of `NETWORK`, under the names that it gives them or those that begin otherwise."""
    generator = np.random.default_rng(seed)
    made = {name: generator.uniform(0.5, 1, shape).astype("f4") for name, shape in expected(NETWORK).items()}
    return {
        next((new + name.removeprefix(old) for old, new in names.items() if name.startswith(old)), name): array
        for name, array in made.items()
    }


def taken(given: dict[str, Any], renames: dict[str, str] | None = None) -> dict[str, Any]:
    """The numbers that go into the file, by the names there."""
    weights = choose(NETWORK, given, renames=renames)
    graph = lower(NETWORK)
    return {
        weight.name: np.concatenate([np.frombuffer(piece, "<f4") for piece in pieces])
        for weight, pieces in zip(graph.weights, weights.all(graph.weights), strict=True)
    }


def equal(found: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert found.keys() == wanted.keys()
    for name, array in wanted.items():
        assert (found[name] == array.reshape(-1)).all()


def test_they_are_expected_once_under_the_name_of_the_first() -> None:
    assert list(expected(NETWORK)) == [
        "left.weight", "left.bn.weight", "left.bn.bias", "left.bn.running_mean", "left.bn.running_var", "fc1.weight",
        "fc1.bias"]  # fmt: skip
    equal(taken(arrays()), arrays())


def test_a_file_may_have_them_for_every_use() -> None:
    equal(taken(arrays() | arrays(left="right")), arrays())
    # Not all of them need to be there twice.
    twice = arrays(left="right")
    equal(taken(arrays() | {"right.weight": twice["right.weight"]}), arrays())


def test_a_file_may_have_them_under_the_name_of_a_later_use() -> None:
    equal(taken(arrays(left="right")), arrays())


def test_tensors_that_are_tied_are_told_by_order_and_shape() -> None:
    """As PyTorch's state dict has one module under two names."""
    tied = arrays(left="towers.0.conv", fc1="head") | arrays(left="towers.1.conv", fc1="head")
    tied = {name: tied[name] for name in sorted(tied, key=lambda name: ("head" in name, "1.conv" in name))}
    equal(taken(tied), arrays())


def test_they_are_refused_where_they_are_unlike() -> None:
    for other in (arrays() | arrays(1, left="right"), arrays(left="x.0", fc1="y") | arrays(1, left="x.1", fc1="y")):
        with pytest.raises(CnngraphError) as caught:
            taken(other)
        (diagnostic,) = caught.value.diagnostics
        assert diagnostic.code == "E0704"
        assert "are unlike, and the network uses left.weight for both" in diagnostic.reason
        assert "without `again` each has weights of its own" in diagnostic.help


def test_what_is_left_out_by_a_rename_need_not_be_equal() -> None:
    equal(taken(arrays(1, left="right") | arrays(), {"right": ""}), arrays())


def test_a_tensor_of_another_shape_is_no_twin() -> None:
    with pytest.raises(CnngraphError) as caught:
        taken(arrays() | {"right.weight": np.zeros((4, 1, 5, 5), "f4")})
    assert caught.value.diagnostics[0].code == "E0704"


def test_what_is_missing_is_said_once() -> None:
    given = arrays()
    del given["left.weight"]
    with pytest.raises(CnngraphError) as caught:
        taken(given)
    assert "right" not in caught.value.diagnostics[0].reason


def test_random_weights_are_those_of_the_first_use_alone() -> None:
    alone = parse(SIAMESE.replace("again left", "conv 4 3x3 bn relu"))
    one, other = lower(NETWORK), lower(alone)
    first = {w.name: b"".join(p) for w, p in zip(one.weights, RandomWeights(NETWORK).all(one.weights), strict=True)}
    own = {w.name: b"".join(p) for w, p in zip(other.weights, RandomWeights(alone).all(other.weights), strict=True)}
    assert {name: own[name] for name in first} == first
    assert set(own) - set(first) == {name for name in own if name.startswith("right")}


def test_weights_that_the_first_line_names_are_those_of_all_its_uses(tmp_path: Path) -> None:
    text = SIAMESE.replace("conv 4 3x3 bn relu", 'conv 4 3x3 bn relu @weights("w.npz:tower")')
    (tmp_path / "t.spec").write_text(text)
    np.savez(tmp_path / "w.npz", **{name.replace("left", "tower"): array for name, array in arrays().items()})
    network = cnngraph.load(tmp_path / "t.spec")
    weights = choose(network, None, seed=0)
    graph = lower(network)
    found = {w.name: b"".join(p) for w, p in zip(graph.weights, weights.all(graph.weights), strict=True)}
    assert found["left.weight"] == arrays()["left.weight"].tobytes()
    assert [node.inputs[1] for node in graph.nodes if node.op == "Conv"] == ["left.weight", "left.weight"]


def test_kerass_order_of_flattened_numbers_is_that_of_every_use() -> None:
    text = "net t\ninput a 2x3x4\ninput b {}\nleft: from a -> flatten -> fc 5\nright: from b -> again left\nadd left"
    entry = Entry("left.weight", (5, 24), "float32", lambda: np.arange(120, dtype="f4").reshape(5, 24), hwc=True)
    bias = Entry("left.bias", (5,), "float32", lambda: np.zeros(5, "f4"))
    network = parse(text.format("2x3x4"))
    assert match([entry, bias], network, {}, "w").matches[0].entry is entry
    turned = Orders(network).turned(entry.read(), network["left"], columns=True)
    assert turned[0, :6].tolist() == [0, 4, 8, 12, 16, 20]
    with pytest.raises(CnngraphError) as caught:
        Orders(parse(text.format("3x2x4")))
    assert caught.value.diagnostics[0].code == "E0708"
