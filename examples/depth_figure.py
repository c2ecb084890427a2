"""The figure of what depth.py measured: training error against the number of layers, as the lecture draws it.

python examples/depth_figure.py
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from statistics import mean
from typing import NamedTuple

from cnngraph.figure.colors import Color, mixed
from cnngraph.figure.scene import Circle, Group, Item, Line, Move, Point, Polygon, Scene, Stroke, Text
from cnngraph.figure.scene import Path as Drawn
from cnngraph.figure.shapes import arrow
from cnngraph.figure.theme import LIGHT
from cnngraph.figure.writers import write

FOLDER = Path(__file__).parent.parent / "docs" / "figures"
RUNS, FIGURE = FOLDER / "depth.csv", FOLDER / "depth.svg"
DIGITS = 1797
WIDTH, HEIGHT = 760.0, 320.0
"""Of the figure in points, as all lengths here."""
LEFT, TOP, WIDE, HIGH = 70.0, 60.0, 270.0, 200.0
"""Of the first panel, between its axes."""
LIFT = 10.0
"""From the horizontal axis to an error of 0, so that a line there is seen."""
APART = 375.0
"""From one panel to the next."""
TITLE, TEXT = 20.0, 13.0
GRID = 0.1
"""Of the error, from one number at its axis to the next."""
REALITY, THEORY = LIGHT.conv, LIGHT.join


class Run(NamedTuple):
    """A network that was trained."""

    network: str
    """``plain`` or ``residual``."""
    layers: int
    seed: int
    missed: int
    """Of the digits that it was trained on, after the last epoch."""
    loss: float
    """Cross-entropy of these."""

    @property
    def error(self) -> float:
        """The share of digits that it misses."""
        return self.missed / DIGITS


def read() -> list[Run]:
    with RUNS.open(encoding="utf-8") as file:
        return [
            Run(row["network"], int(row["layers"]), int(row["seed"]), int(row["missed"]), float(row["loss"]))
            for row in csv.DictReader(file)
        ]


def figure(runs: Sequence[Run]) -> Scene:
    """Plain networks at the left, residual ones at the right, on the same scale."""
    most = (int(max(run.error for run in runs) / GRID) + 1) * GRID
    panels = [Panel(name, [run for run in runs if run.network == name], most) for name in ("plain", "residual")]
    items = [
        Group(panel.name, "decoration", tuple(panel.items(LEFT + number * APART)), panel.said)
        for number, panel in enumerate(panels)
    ]
    said = ". ".join(panel.said for panel in panels)
    return Scene(WIDTH, HEIGHT, tuple(items), "Training error against the number of layers", f"{said}.")


class Panel:
    """One of the two diagrams."""

    def __init__(self, name: str, runs: Sequence[Run], most: float) -> None:
        self.name, self.runs, self.most = name, runs, most
        self.layers = sorted({run.layers for run in runs})
        self.errors = [[run.error for run in runs if run.layers == each] for each in self.layers]
        self.means = [mean(errors) for errors in self.errors]

    @property
    def said(self) -> str:
        """In words."""
        parts = (f"{count}: {error:.1%}" for count, error in zip(self.layers, self.means, strict=True))
        return f"{self.name}, mean training error by layers: {', '.join(parts)}"

    def items(self, left: float) -> Iterator[Item]:
        """With its vertical axis at *left*."""
        end = 1.3 * self.layers[-1]  # behind it there are words

        def at(layers: float, error: float) -> Point:
            return left + WIDE * layers / end, TOP + HIGH * (1 - error / self.most) - LIFT

        def line(values: Sequence[float], color: Color, dash: tuple[float, ...] = ()) -> Drawn:
            first, *others = map(at, self.layers, values)
            return Drawn((Move(first), *map(Line, others)), Stroke(color, 2, dash))

        yield from self._axes(left, at)
        lowest, highest = map(min, self.errors), map(max, self.errors)
        there, back = list(map(at, self.layers, highest)), list(map(at, self.layers, lowest))
        yield Polygon((*there, *reversed(back)), mixed(REALITY, "#ffffff", 0.8))
        if self.name == "plain":
            # What a shallower network does, a deeper one could do.
            theory = list(accumulate(self.means, min))
            yield line(theory, THEORY, (6, 4))
            (x, low), (_, high) = (at(self.layers[-1], values[-1]) for values in (theory, self.means))
            yield Text(x + 10, low + 3, "theory", TEXT, "sans", fill=THEORY)
            yield Text(x + 10, min(high, low - 1.3 * TEXT) + 3, "reality", TEXT, "sans", fill=REALITY)
        yield line(self.means, REALITY)
        for run in self.runs:
            yield Circle(*at(run.layers, run.error), 3, LIGHT.paper, Stroke(REALITY, 1))

    def _axes(self, left: float, at: Callable[[float, float], Point]) -> Iterator[Item]:
        ink, bottom = LIGHT.ink, TOP + HIGH
        stroke = Stroke(ink, 1)
        middle = left + WIDE / 2
        yield Text(middle, TOP - 30, "Plain" if self.name == "plain" else "ResNet", TITLE, anchor="middle", fill=ink)
        yield from arrow((left, bottom), (left, TOP - 26), stroke, 8)
        yield from arrow((left, bottom), (left + WIDE + 12, bottom), stroke, 8)
        yield Text(middle, bottom + 46, "# layers", TEXT + 2, "sans", "middle", fill=ink)
        yield Text(left - 46, TOP + HIGH / 2, "training error", TEXT + 2, "sans", "middle", 90, ink)
        for each in self.layers:
            x, _ = at(each, 0)
            yield Drawn((Move((x, bottom)), Line((x, bottom + 4))), stroke)
            yield Text(x, bottom + 20, str(each), TEXT, "sans", "middle", fill=ink)
        for number in range(round(self.most / GRID) + 1):
            _, y = at(0, number * GRID)
            yield Drawn((Move((left - 4, y)), Line((left, y))), stroke)
            yield Text(left - 8, y + 0.36 * TEXT, f"{number * GRID:.0%}", TEXT, "sans", "end", fill=ink)


if __name__ == "__main__":
    FIGURE.write_bytes(write(figure(read()), "svg"))
