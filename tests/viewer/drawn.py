"""What the page has drawn, asked of the browser, and what it should have, from the network alone."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from cnngraph.network import Network
from cnngraph.units import units
from cnngraph.viewer.page import page as write
from tests.browser import Page

LOOK = (Path(__file__).parent / "drawn.js").read_text("utf-8")


def opened(browser: Page, data: dict[str, Any], width: int = 1280, height: int = 800) -> None:
    file: Path = browser.path  # type: ignore[attr-defined]
    file.write_bytes(write(data, ""))
    browser.open("about:blank")
    browser.heard.clear()
    browser.open(file.as_uri(), width, height)
    browser.until("globalThis.page !== undefined")


def shown(browser: Page, data: dict[str, Any]) -> None:
    """Another network in the page that is open."""
    browser(f"(page.show({json.dumps(data)}, ''), null)")


def placed(browser: Page) -> dict[str, Any]:
    """Of what is drawn: lines through boxes, boxes over boxes, what lies partly in a frame; what there is, and the
    lines."""
    found: dict[str, Any] = browser(LOOK)
    return found


def _into_blocks_once(edges: Mapping[tuple[str, str], int]) -> Counter[tuple[str, str]]:
    return Counter({edge: 1 if edge[1][0] == "b" else times for edge, times in edges.items()})


class Expected:
    """What is seen of a network, as far as its units, blocks and what is open say; *side* is its number where two are
    compared."""

    def __init__(self, network: Network, data: dict[str, Any], open_: Collection[int], side: int | None = None) -> None:
        self.whole = units(network)
        blocks, first = [*enumerate(data["blocks"])], 0
        if side is not None:
            start, *stop = data["sides"][side:]
            blocks = blocks[start + 1 : stop[0] if stop else None]
            first = data["blocks"][start]["last"] + 1 - data["blocks"][start]["count"]
        self.number = {unit.name: first + number for number, unit in enumerate(self.whole.units)}
        self.blocks = {block["path"]: number for number, block in blocks}
        self.open = set(open_)
        self.network = network

    def line(self, unit: int) -> list[int]:
        """The blocks around a unit, the outermost first."""
        path, found = self.whole.units[unit - min(self.number.values())].lead.block, []
        while path:
            found += [self.blocks[path]] if path in self.blocks else []
            path = self.network.blocks[path].parent
        return found[::-1]

    def shown(self, unit: int) -> str:
        closed = [block for block in self.line(unit) if block not in self.open]
        return f"b{closed[0]}" if closed else f"u{unit}"

    @property
    def boxes(self) -> set[str]:
        return {self.shown(unit) for unit in self.number.values()}

    @property
    def edges(self) -> Counter[tuple[str, str]]:
        """As often as a unit takes a tensor; into a closed block each once."""
        found: Counter[tuple[str, str]] = Counter()
        for name, taken in self.whole.drawn.items():
            here = self.shown(self.number[name])
            found.update((self.shown(self.number[source]), here) for source in taken)
        return _into_blocks_once({edge: times for edge, times in found.items() if edge[0] != edge[1]})

    def said(self, wires: list[list[str]]) -> Counter[tuple[str, str]]:
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
        return _into_blocks_once(Counter((source(one), other) for one, other in wires if other in seen))

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
