"""Free sizes: what is said of them is what onnxruntime takes, and what does not fit is refused by name."""

from __future__ import annotations

import tempfile
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnngraph import CnngraphError, Network, parse
from cnngraph.fronts.spec import read_source
from cnngraph.layers.kind import Fault
from cnngraph.onnx.lower import lower
from cnngraph.onnx.write import write
from cnngraph.runtime.session import Session
from cnngraph.sizes import conditions, fit, nearest, said, volumes
from cnngraph.source import Source
from cnngraph.volume import Free, where_equal
from cnngraph.weights.initialise import RandomWeights
from tests.conftest import Run
from tests.networks import load

UNET = "conv 3 3x3 same relu\nadd {\n  | conv 3 3x3 s=2 same -> upsample 2\n  | skip\n}\n"
HEAD = "net t\ninput (?H, ?W, 3)\n"


def said_of(lines: str, size: str = "(?H, ?W, 3)") -> str:
    return said(conditions(parse(f"net t\ninput {size}\n{lines}")))


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("conv 3 3x3 s=2 same\n", ""),
        (UNET, "H and W a multiple of 2"),
        ("reorg 4\n", "H and W a multiple of 4"),
        ("[maxpool f=2 s=2] x5\n", ""),
        ("add {\n  | [maxpool f=2 s=2] x5 -> upsample 32\n  | skip\n}\n", "H and W a multiple of 32"),
        ("add {\n  | maxpool 2x3 s=(2, 3) -> upsample 6 -> maxpool 3x2 s=(3, 2)\n  | skip\n}\n",
         "H a multiple of 2; W a multiple of 3"),
        ("add {\n  | maxpool 3x3 s=2 -> upsample 2\n  | conv 3 2x2\n}\n", "H and W odd"),
        (f"{UNET}reorg 3\n", "H and W a multiple of 6"),
        ("mul {\n  | avgpool global\n  | skip\n}\n", ""),
        ("concat {\n  | avgpool f=4 s=4 -> upsample 4\n  | skip\n}\n", "H and W a multiple of 4"),
    ],
)  # fmt: skip
def test_what_is_asked_of_free_sizes(lines: str, says: str) -> None:
    assert said_of(lines) == says


def test_a_size_that_is_known_to_be_a_multiple_asks_for_nothing() -> None:
    assert said_of(UNET, "(?H/2, ?W/32, 3)") == ""
    assert said_of(UNET, "(?H/3, ?W/4, 3)") == "H a multiple of 6"
    network = parse(f"net t\ninput (?H/32, ?W/32, 3)\n{UNET}conv 3 3x3 s=2 same => (?, ?, 3)\n")
    assert str(network["conv3"].output) == "(?H/2, ?W/2, 3)"
    assert "input (?H/32, ?W/32, 3)" in network.to_spec()
    assert parse(network.to_spec()).to_spec() == network.to_spec()
    with pytest.raises(CnngraphError, match="this size is a multiple of 32"):
        parse("net t\ninput (?H/32, ?W, 3)\nrelu\n", H=48)


def test_sizes_that_are_never_equal_are_a_mistake() -> None:
    with pytest.raises(CnngraphError, match="H-2xW-2 is not HxW"):
        parse(f"{HEAD}add {{\n  | conv 3 3x3\n  | skip\n}}\n")


def runs(network: Network, height: int, width: int, session: Session) -> bool:
    try:
        session.run({"image": np.zeros((1, 3, height, width), np.float32)})
    except CnngraphError:
        return False
    return True


PARTS = st.lists(
    st.sampled_from(
        [
            "conv 3 3x3 s=2 same",
            "conv 3 3x3",
            "maxpool f=2 s=2",
            "upsample 2",
            "upsample 3",
            "avgpool 3x3 s=3 p=1",
            "upconv 3 2x2 s=2",
            "conv 3 1x1 s=2",
            "relu",
            "crop 1",
        ]
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(PARTS, PARTS)
def test_onnxruntime_takes_the_sizes_that_fit_and_no_others(one: list[str], other: list[str]) -> None:
    text = f"{HEAD}add {{\n  | {' -> '.join(one)}\n  | {' -> '.join(other)}\n}}\n"
    if read_source(Source("t.spec", text), {}).network is None:
        assert all(fixed_is_wrong(text, h, h + 1) for h in range(8, 40))
        return
    network = parse(text)
    with tempfile.TemporaryDirectory() as folder:
        write(lower(network), RandomWeights(network), Path(folder) / "n.onnx")
        session = Session(Path(folder) / "n.onnx")
    asked = conditions(network)
    for height, width in product(range(12, 30, 3), range(11, 27, 5)):
        sizes = {"H": height, "W": width}
        fits = fit(network, sizes)
        assert fits == (not fixed_is_wrong(text, height, width))
        if fits:
            assert runs(network, height, width, session)
        # A window that is too large is no matter of rests; all else is said.
        assert fits == all(each.fits(sizes[each.name]) for each in asked) or too_small(network, sizes)
    if asked and (found := nearest(network, {"H": 21, "W": 22})):
        assert fit(network, found)


def too_small(network: Network, sizes: dict[str, int]) -> bool:
    with pytest.raises(Fault) as caught:
        volumes(network, sizes)
    return caught.value.code in ("E0406", "E0414")


def fixed_is_wrong(text: str, height: int, width: int) -> bool:
    try:
        parse(text, H=height, W=width)
    except CnngraphError:
        return True
    return False


SIZES = st.integers(1, 40)


@given(st.integers(1, 6), st.integers(1, 6), st.integers(-3, 3), st.integers(-3, 3), st.integers(1, 4))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_where_two_sizes_are_equal(a: int, b: int, c: int, d: int, times: int) -> None:
    """Against trying all."""
    size = Free.symbol("H")
    one, other = (size + c) // a * times, (size + d) // b
    found = where_equal(one, other)
    assert found is not None
    period, rests = found
    far = range(200, 260) if period else range(1, 200)
    for value in far:
        equal = ((value + c) // a * times) == ((value + d) // b)
        assert equal == ((value % period if period else value) in rests)


def test_the_nearest_sizes_that_fit() -> None:
    network = parse(HEAD + UNET)
    assert nearest(network, {"H": 5, "W": 4}) == {"H": 6, "W": 4}
    deep = parse(f"{HEAD}add {{\n  | [maxpool f=2 s=2] x5 -> upsample 32\n  | skip\n}}\n")
    assert nearest(deep, {"H": 375, "W": 500}) == {"H": 384, "W": 512}
    assert nearest(parse(f"{HEAD}conv 3 7x7\n"), {"H": 3, "W": 9}) == {"H": 7, "W": 13}


def test_check_and_summary_say_it(run: Run, tmp_path: Path) -> None:
    (tmp_path / "u.spec").write_text(HEAD + UNET)
    assert run("check", "u.spec").out.endswith("; H and W a multiple of 2\n")
    assert "free sizes           H and W a multiple of 2\n" in run("summary", "u.spec").out


@pytest.mark.parametrize("name", ["resnet", "unet", "vgg16"])
def test_shipped_networks_at_other_sizes(name: str) -> None:
    network = load(name)
    assert volumes(network, {}) == {layer.name: layer.output for layer in network}
