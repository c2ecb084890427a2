"""The blocks style laid out by Graphviz's program `dot`, for whoever wants its layout."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator

from cnngraph.diagnostics import CnngraphError
from cnngraph.figure.heading import heading
from cnngraph.figure.lanes.boxes import Outlet
from cnngraph.figure.lanes.part import Measure
from cnngraph.figure.page import SLIDE
from cnngraph.figure.scene import (
    Curve,
    Group,
    Item,
    Move,
    Path,
    Point,
    Primitive,
    Rect,
    Scene,
    Stroke,
    Text,
    edge,
    way_out,
)
from cnngraph.figure.shapes import arrowhead
from cnngraph.figure.styles.parts import fill, words
from cnngraph.figure.text import ascent
from cnngraph.figure.text import width as text_width
from cnngraph.figure.theme import Theme
from cnngraph.network import Network
from cnngraph.units import Unit, units

MAX_UNITS, SECONDS = 2_000, 20
"""`dot` takes minutes for a few thousand nodes, and hours for more."""
_INCH = 72.0
_MARGIN, _LEADING, _PAD = 1.0, 1.22, 0.6
"""Ems."""


def by_dot(network: Network, *, width: float, theme: Theme, title: str | None) -> Scene:
    """*network* with every unit a box where `dot` puts it; larger than *width*, it is wider.

    Raises `CnngraphError` (E0615) when there is no `dot`, it takes too long, or the network is too large.
    """
    whole = units(network)
    if len(whole.units) > MAX_UNITS:
        raise _refusal(f"{network.name} has {len(whole.units):,} boxes; `dot` is asked for at most {MAX_UNITS:,}")
    em = max(6.5, 14.0 * min(width, SLIDE) / SLIDE)
    boxes = {unit.name: _Box(unit, em) for unit in whole.units}
    names = {f"n{number}": unit.name for number, unit in enumerate(whole.units)}
    numbers = {name: number for number, name in names.items()}
    lines = ["digraph g {", f"nodesep={1.2 * em / _INCH}; ranksep={1.8 * em / _INCH}; node [shape=box fixedsize=true];"]
    for name, number in numbers.items():
        lines.append(f"{number} [width={boxes[name].width / _INCH:.4f} height={boxes[name].height / _INCH:.4f}];")
    skips: dict[tuple[str, str], list[bool]] = {}
    for unit in whole.units:
        for position, source in enumerate(whole.drawn[unit.name]):
            lines.append(f"{numbers[source]} -> {numbers[unit.name]};")
            skips.setdefault((source, unit.name), []).append(position in unit.lead.skips)
    outputs = network.outputs if len(network.outputs) > 1 or network.outputs[0].label else ()
    for place, output in enumerate(outputs):
        mark = way_out(output.name)
        names[f"o{place}"] = mark
        skips[whole.of_layer[output.layer], mark] = [False]
        wide, high = text_width(output.name, "serif-italic", em) / _INCH, _LEADING * em / _INCH
        lines.append(f"o{place} [width={wide:.4f} height={high:.4f}];")
        lines.append(f"{numbers[whole.of_layer[output.layer]]} -> o{place};")
    placed = _run("\n".join([*lines, "}"]))
    page_width, page_height = (float(number) * _INCH for number in placed[0][2:4])
    head = None if title is None else heading(title, em, max(width, page_width), _MARGIN * em, theme)
    left = _MARGIN * em
    top = _MARGIN * em + (0.0 if head is None else ascent("serif", head.size) + 1.2 * em)

    def point(x: str, y: str) -> Point:
        return left + float(x) * _INCH, top + page_height - float(y) * _INCH

    items: list[Item] = [] if head is None else [head]
    for record in placed:
        if record[0] == "edge":
            source, target, count = names[record[1]], names[record[2]], int(record[3])
            points = [point(*record[4 + 2 * i : 6 + 2 * i]) for i in range(count)]
            items.append(_edge(source, target, points, skips[source, target].pop(0), em, theme))
    nodes = [record for record in placed if record[0] == "node"]
    measure = Measure(em, 0.0, theme)
    outlets = {way_out(each.name): Outlet(measure, each.name, each.label or each.name) for each in outputs}
    for _, node, x, y, *_ in nodes:
        middle, name = point(x, y), names[node]
        if outlet := outlets.get(name):
            items += outlet.draw(middle[0] - outlet.width / 2, middle[1])
        else:
            items.append(boxes[name].drawn(middle, theme))
    used = max(page_width, text_width(head.content, head.font, head.size) if head else 0.0)
    return Scene(
        width=used + 2 * left,
        height=top + page_height + left,
        items=tuple(items),
        title=title or network.title or network.name,
        description=", ".join(f"{unit.name} {unit.output.caption}" for unit in whole.units),
        background=theme.background,
    )


class _Box:
    def __init__(self, unit: Unit, em: float) -> None:
        self.unit, self.em = unit, em
        shared = (f"weights of {unit.shares}",) if unit.shares else ()
        self.lines = (*words(unit), *shared, unit.output.caption)
        self.width = max(text_width(line, "serif", em) for line in self.lines) + 2 * _PAD * em
        self.height = len(self.lines) * _LEADING * em + _PAD * em

    def drawn(self, middle: Point, theme: Theme) -> Group:
        x, y = middle
        first = y - (len(self.lines) - 1) / 2 * _LEADING * self.em + 0.33 * self.em
        is_known = self.unit.is_known
        color = fill(self.unit, theme) if is_known else None
        line = None if is_known else Stroke(theme.ink, 0.085 * self.em, (0.3 * self.em, 0.22 * self.em))
        box = Rect(x - self.width / 2, y - self.height / 2, self.width, self.height, color, line)
        texts: Iterator[Primitive] = (
            Text(
                x,
                first + number * _LEADING * self.em,
                line,
                self.em,
                "serif",
                "middle",
                fill=theme.on_box if is_known else theme.ink,
            )
            for number, line in enumerate(self.lines)
        )
        return Group(self.unit.name, "layer", (box, *texts), self.unit.about, layers=self.unit.names)


def _edge(source: str, target: str, points: list[Point], is_skip: bool, em: float, theme: Theme) -> Group:
    """`dot` ends a line before its target; the head fills the rest."""
    line = Stroke(theme.ink, 0.085 * em, (0.3 * em, 0.22 * em) if is_skip else ())
    curves = (Curve(points[i], points[i + 1], points[i + 2]) for i in range(1, len(points) - 2, 3))
    x, y = points[-1]
    x0, y0 = next((before for before in reversed(points) if before != (x, y)), (x, y - 1.0))
    long = max(((x - x0) ** 2 + (y - y0) ** 2) ** 0.5, 1e-6)
    tip = (x + (x - x0) / long * 10.0, y + (y - y0) / long * 10.0)
    head = arrowhead(tip, (tip[0] - x, tip[1] - y), 10.0, theme.ink)
    drawn = (Path((Move(points[0]), *curves), line), head)
    return edge(source, target, drawn)


def _run(text: str) -> list[list[str]]:
    program = shutil.which("dot")
    if program is None:
        raise _refusal("Graphviz's program `dot` is not on this machine", "install Graphviz, or leave --layout out")
    try:
        ran = subprocess.run([program, "-Tplain"], input=text.encode("ascii"), capture_output=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        raise _refusal(f"`dot` was not done after {SECONDS} s") from None
    except OSError as error:
        raise _refusal(f"{program} cannot be run: {error.strerror}") from None
    if ran.returncode:
        said = ran.stderr.decode("utf-8", "replace").strip()
        raise _refusal(f"`dot` failed: {said.splitlines()[0] if said else f'it left with status {ran.returncode}'}")
    records = [line.split() for line in ran.stdout.decode("utf-8", "replace").splitlines() if line.strip()]
    if not records or records[0][0] != "graph" or records[-1] != ["stop"]:
        raise _refusal(f"{program} is not Graphviz's: it answers with something else than a layout")
    return records


def _refusal(message: str, help: str = "leave --layout out") -> CnngraphError:
    return CnngraphError.of("E0615", message, help=help)
