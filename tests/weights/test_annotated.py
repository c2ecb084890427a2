"""`@weights` on a line: those layers get the weights it names, the others what they would have got."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cnngraph.diagnostics import CnngraphError
from cnngraph.fronts import parse
from cnngraph.onnx.lower import lower
from cnngraph.weights.choose import choose
from tests.networks import load


def spec(folder: Path, annotation: str) -> Path:
    path = folder / "t.spec"
    path.write_text(f"net t\ninput 8x8x3\nconv 4 3x3 bn relu {annotation}\nconv 2 3x3\n", "utf-8")
    return path


def numbers(path: Path, weights: str | None = None, seed: int | None = None) -> dict[str, float]:
    """The sum of each weight."""
    network = load(path)
    wanted = lower(network).weights
    given = choose(network, weights, seed).all(wanted)
    return {
        weight.name: float(np.frombuffer(b"".join(map(bytes, pieces)), "<f4").sum())
        for weight, pieces in zip(wanted, given, strict=True)
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    arrays = {
        "stem.weight": np.full((4, 3, 3, 3), 0.5, "f4"),
        **{f"stem.bn.{name}": np.full(4, 2.0, "f4") for name in ("weight", "bias", "running_mean", "running_var")},
    }
    np.savez(tmp_path / "w.npz", **arrays)  # type: ignore[arg-type]
    return tmp_path


@pytest.mark.parametrize("text", ["w.npz:stem", "w.npz"])
def test_a_line_gets_the_weights_it_names_and_the_others_random_ones(folder: Path, text: str) -> None:
    found = numbers(spec(folder, f'@weights("{text}")'), seed=3)
    plain = numbers(spec(folder, ""), seed=3)
    assert found["conv1.weight"] == 54
    assert found["conv1.bn.running_var"] == 8
    assert found["conv2.weight"] == plain["conv2.weight"]
    about = choose(load(spec(folder, f'@weights("{text}")')), None, 3).about
    assert about == "the weights that its spec names, else random weights, seed 3"


def test_what_a_command_is_given_goes_before(folder: Path) -> None:
    path = spec(folder, '@weights("w.npz:stem")')
    assert numbers(path, "random", 3) == numbers(spec(folder, ""), seed=3)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("missing.npz:conv1", "there is no file"),
        ("w.npz:root", "has no part `root`"),
        ("../w.npz:stem", "leaves the folder of the spec"),
        ("/tmp/w.npz", "leaves the folder of the spec"),
        ("t.spec", "weights are not read from .spec files"),
    ],
)
def test_what_it_cannot_name_is_said_at_its_place(folder: Path, text: str, said: str) -> None:
    with pytest.raises(CnngraphError, match=said) as caught:
        numbers(spec(folder, f'@weights("{text}")'))
    label = caught.value.diagnostics[0].label
    assert label is not None
    assert label.span.line == 3


def test_a_link_out_of_the_folder_is_not_followed(folder: Path) -> None:
    inner = folder / "inner"
    inner.mkdir()
    (inner / "w.npz").symlink_to(folder / "w.npz")
    with pytest.raises(CnngraphError, match="leaves the folder"):
        numbers(spec(inner, '@weights("w.npz:stem")'))


def test_layers_without_weights_have_none_to_name(folder: Path) -> None:
    path = folder / "t.spec"
    path.write_text('net t\ninput 8x8x3\nrelu @weights("w.npz:stem")\nconv 2 3x3\n', "utf-8")
    with pytest.raises(CnngraphError, match="on layers without weights"):
        numbers(path)


@pytest.mark.parametrize("name", [f"{'a' * 300}.npz", f"{'a' * 300}.npz:conv1", "a\0b.npz"])
def test_a_name_that_no_file_can_have_is_refused_in_words(name: str) -> None:
    network = parse(f'net t\ninput 4x4x2\nconv 3 3x3 @weights("{name}")\n')
    with pytest.raises(CnngraphError, match="E0702"):
        choose(network, None)
