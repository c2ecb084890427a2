"""What examples/depth.py measured, and the figure of it; nothing is trained here."""

from __future__ import annotations

import sys
from itertools import product
from pathlib import Path
from random import Random

import pytest

from cnngraph.figure.scene import Circle
from cnngraph.figure.writers import write
from tests.figure.geometry import faults

sys.path.insert(0, str(Path(__file__).parent.parent / "examples"))

from depth_figure import DIGITS, FIGURE, Run, figure, read

LAYERS, SEEDS = (8, 20, 32, 44, 56), (0, 1, 2)


def missed(network: str, layers: int) -> list[int]:
    return [run.missed for run in read() if (run.network, run.layers) == (network, layers)]


def test_every_depth_was_trained_with_every_seed() -> None:
    runs = [(run.network, run.layers, run.seed) for run in read()]
    assert runs == sorted(product(("plain", "residual"), LAYERS, SEEDS))


def test_plain_networks_get_worse_with_depth_and_residual_ones_do_not() -> None:
    for before, behind in ((20, 32), (32, 44), (44, 56)):
        assert max(missed("plain", before)) < min(missed("plain", behind))
    for layers in (32, 44, 56):
        assert 10 * max(missed("residual", layers)) < min(missed("plain", layers))
    assert max(run.missed for run in read() if run.network == "residual") < 0.03 * DIGITS


def test_the_page_has_every_run() -> None:
    page = (Path(__file__).parent.parent / "docs" / "training.md").read_text("utf-8")

    def said(network: str, layers: int) -> str:
        return ", ".join(f"{100 * count / DIGITS:.1f}" if count else "0" for count in missed(network, layers))

    for layers in LAYERS:
        assert f"\n| {layers} | {said('plain', layers)} % | {said('residual', layers)} % |\n" in page


def test_the_figure_is_of_what_was_measured() -> None:
    assert FIGURE.read_bytes() == write(figure(read()), "svg"), "run  python examples/depth_figure.py"


@pytest.mark.parametrize("seed", range(8))
def test_every_run_is_a_circle_where_its_error_is(seed: int) -> None:
    dice = Random(seed)
    most, step = dice.choice([0, 3, 200, DIGITS]), dice.randint(8, 24)
    runs = [
        Run(network, layers, number, dice.randint(0, most), 0.0)
        for network in ("plain", "residual")
        for layers in range(8, 8 + 5 * step, step)
        for number in range(dice.randint(1, 4))
    ]
    scene = figure(runs)
    assert faults(scene) == []
    drawn = {panel.id: [each for each in panel.items if isinstance(each, Circle)] for panel in scene.groups()}
    for network, circles in drawn.items():
        own = [run for run in runs if run.network == network]
        assert len(circles) == len(own)
        across = {
            round((circle.x - circles[0].x) * step / (run.layers - 8), 6)
            for run, circle in zip(own, circles, strict=True)
            if run.layers > 8
        }
        assert len(across) == 1
    circles = [*drawn["plain"], *drawn["residual"]]
    low, up = min(runs, key=missed_of), max(runs, key=missed_of)
    bottom, top = circles[runs.index(low)].y, circles[runs.index(up)].y
    for run, circle in zip(runs, circles, strict=True):
        share = (run.missed - low.missed) / max(up.missed - low.missed, 1)
        assert circle.y == pytest.approx(bottom + share * (top - bottom))
    assert top < bottom or low.missed == up.missed


def missed_of(run: Run) -> int:
    return run.missed
