"""What the page has drawn, asked of the browser, and what it should have, from the network alone."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from cnngraph.network import Network
from cnngraph.units import units
from tests.browser import Page

PLACED = """(() => {
  const boxes = page.placed.boxes.filter((box) => box.kind !== "port"), frames = page.placed.frames;
  const inside = ([x, y], box) => x > box.x + 1 && x < box.x + box.w - 1 && y > box.y + 1 && y < box.y + box.h - 1;
  const through = [];
  document.querySelectorAll("#scene .wire").forEach((wire) => {
    const path = wire.querySelector("path"), length = path.getTotalLength();
    for (let at = 2; at < length - 2; at += 5) {
      const { x, y } = path.getPointAtLength(at);
      const struck = boxes.find((box) => inside([x, y], box));
      if (struck) through.push([wire.dataset.from, wire.dataset.to, struck.id]);
    }
  });
  const meet = (one, other) => one.x < other.x + other.w - 1 && other.x < one.x + one.w - 1 && one.y < other.y + other.h - 1
    && other.y < one.y + one.h - 1;
  const holds = (outer, inner) => inner.x >= outer.x - .5 && inner.y >= outer.y - .5 && inner.x + inner.w <= outer.x + outer.w + .5
    && inner.y + inner.h <= outer.y + outer.h + .5;
  const all = [...frames, ...boxes];
  const over = boxes.flatMap((one, at) => boxes.slice(at + 1).filter((other) => meet(one, other)).map((other) => [one.id, other.id]));
  const astray = frames.flatMap((frame) => all.filter((thing) => thing !== frame && meet(thing, frame)
    && !holds(frame, thing) && !holds(thing, frame)).map((thing) => [frame.id, thing.id]));
  return {
    through, over, astray, boxes: boxes.map(({ id }) => id), frames: frames.map(({ id }) => id),
    wires: page.placed.wires.filter(({ to }) => to !== null).map(({ from, to }) => [from, to]),
  };
})()"""


def placed(browser: Page) -> dict[str, Any]:
    """Of what is drawn: lines through boxes, boxes over boxes, what lies partly in a frame; what there is, and the
    lines."""
    found: dict[str, Any] = browser(PLACED)
    return found


class Expected:
    """What is seen of a network, as far as its units, blocks and what is open say."""

    def __init__(self, network: Network, data: dict[str, Any], open_: Collection[int]) -> None:
        self.whole = units(network)
        self.number = {unit.name: number for number, unit in enumerate(self.whole.units)}
        self.blocks = {block["path"]: number for number, block in enumerate(data["blocks"])}
        self.open = set(open_)
        self.network = network

    def line(self, unit: int) -> list[int]:
        """The blocks around a unit, the outermost first."""
        path, found = self.whole.units[unit].lead.block, []
        while path:
            found += [self.blocks[path]] if path in self.blocks else []
            path = self.network.blocks[path].parent
        return found[::-1]

    def shown(self, unit: int) -> str:
        closed = [block for block in self.line(unit) if block not in self.open]
        return f"b{closed[0]}" if closed else f"u{unit}"

    @property
    def boxes(self) -> set[str]:
        return {self.shown(unit) for unit in range(len(self.whole.units))}

    @property
    def edges(self) -> set[tuple[str, str]]:
        found = set()
        for name, taken in self.whole.drawn.items():
            here = self.shown(self.number[name])
            found |= {(self.shown(self.number[source]), here) for source in taken}
        return {(source, target) for source, target in found if source != target}

    def said(self, wires: list[list[str]]) -> set[tuple[str, str]]:
        """The lines as edges between what is seen: through the frames of open blocks."""
        ends = {target[:-1]: source for source, target in wires if target.endswith(">")}

        def source(id: str) -> str:
            while True:
                if id[0] == "p":
                    id = self.shown(int(id[1:]))
                elif id in ends:
                    id = ends[id]
                else:
                    return id

        seen = self.boxes
        return {(source(one), other) for one, other in wires if other in seen}

    def entered(self, wires: list[list[str]]) -> bool:
        """Whether a line leads into every frame from each tensor that is taken in it."""
        said = {(one, other) for one, other in wires if other[0] == "b" and int(other[1:].rstrip(">")) in self.open}
        into = {other for _, other in said if not other.endswith(">")}
        needed = set()
        for name, taken in self.whole.drawn.items():
            own = self.line(self.number[name])
            for each in taken:
                theirs = self.line(self.number[each])
                for block in own:
                    if block not in theirs and all(outer in self.open for outer in own[: own.index(block) + 1]):
                        needed.add(f"b{block}")
        return needed <= into
