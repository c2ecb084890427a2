"""A residual block in both ways of its slide."""

from __future__ import annotations

import pytest

from cnngraph.figure.scene import Text
from cnngraph.figure.truth import untrue
from cnngraph.network import Network
from tests.figure.geometry import faults
from tests.networks import load


def words(network: Network, fold: bool | None, width: float = 960) -> set[str]:
    return {i.content for i in network.render(fold=fold, width=width).scene.primitives() if isinstance(i, Text)}


def test_the_lower_half_is_written_out_and_draws_no_layer_again() -> None:
    block = load("residual_block")
    scene = block.render().scene
    assert faults(scene) == []
    assert untrue(scene, [block]) == []
    assert words(block, None) == words(block, True) | words(block, False)
    assert {"Linear", "ReLU", "“main path”"} <= words(block, None) - words(block, True)
    columns, written = (block.render(fold=fold).scene for fold in (True, False))
    upper = [group for group in scene.groups() if not group.id.endswith(".again")]
    assert upper == list(columns.groups())
    assert scene.height > columns.height
    assert scene.width == max(columns.width, written.width)


@pytest.mark.parametrize(
    ("name", "width"), [("residual_network", 960), ("plain_network", 960), ("residual_block", 150)]
)
def test_what_is_longer_or_has_no_room_is_columns(name: str, width: float) -> None:
    network = load(name)
    assert "“main path”" not in words(network, None, width)
    folded = {each for each in words(network, True, width) if not each.startswith("×")}
    assert words(network, None, width) == folded
