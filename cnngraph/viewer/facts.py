"""What the page knows of a network, as data that JSON can hold."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import Any

from cnngraph.diagnostics import CnngraphError
from cnngraph.field import Field, Sight, largest, sights
from cnngraph.figure.heat import Measured, measured
from cnngraph.figure.styles.arithmetic import arithmetic, sentence
from cnngraph.figure.styles.parts import block_words, role, sign_of, words
from cnngraph.network import Layer, Network
from cnngraph.summary import operation
from cnngraph.units import Unit, Units, units
from cnngraph.viewer.tree import Inside, Shapes, insides_of
from cnngraph.volume import Volume, fixed

_READABLE = 32
"""Boxes that are seen at once without zooming: blocks are open at first as far as that leaves no more than these."""
_MOST_SPANS = 64
"""Places that see the input each in its own way, up to which the page has them."""


def facts(network: Network, times: str | None = None) -> dict[str, Any]:
    """All of *network* that the page shows; *times* is a file of `bench --layers --json`.

    Raises `CnngraphError` (E0619) when that is none.
    """
    whole = units(network)
    root, blocks = insides_of(whole)
    shapes, measures, fields = Shapes(whole, blocks), _measures(network, times), _Fields(whole)
    texts: dict[str, int] = {}
    works = _Works()
    return {
        "name": network.name,
        "title": network.title or network.name,
        "counts": network.counts,
        "measures": [
            {"words": _WORDS[asked][0], "unit": _WORDS[asked][1], "unknown": _unknown(asked, whole)}
            for asked in measures
        ],
        "chain": shapes.of(root),
        "units": [_unit(unit, measures.values(), fields, texts, works) for unit in whole.units],
        "blocks": [_block(block, whole, shapes, measures.values(), fields.number) for block in blocks],
        "outputs": [[output.name, whole.of_layer[output.layer]] for output in network.outputs],
        "shortcuts": [[each.source, each.join] for each in whole.shortcuts],
        "works": works.table,
        "sights": fields.table,
        "sources": [PurePath(name).name for name in texts],  # whose folders are nobody's business
        "open": _open_at_first(root, blocks),
    }


_WORDS = {"params": ("parameters", ""), "macs": ("MACs", ""), "memory": ("memory", "B"), "time": ("time", "s")}
"""What measures are called, and their units."""


def _measures(network: Network, times: str | None) -> dict[str, Measured]:
    """What there is of each layer: parameters; what hangs on sizes, where none is free; seconds."""
    found = {"params": measured(network, "params")}
    for asked in ("macs", "memory"):
        try:
            found[asked] = measured(network, asked)
        except CnngraphError:
            continue  # a size is free
    if times is not None:
        found["time"] = measured(network, f"time={times}")
    return found


def _unknown(asked: str, whole: Units) -> list[int]:
    """The units of which it is not known, so that sums are the least there is."""
    return [number for number, unit in enumerate(whole.units) if asked == "macs" and not unit.is_known]


def _sums(names: Iterable[str], measures: Iterable[Measured]) -> list[float]:
    names = tuple(names)
    return [sum(each.values.get(name, 0) for name in names) for each in measures]


def _unit(
    unit: Unit, measures: Iterable[Measured], fields: _Fields, texts: dict[str, int], works: _Works
) -> dict[str, Any]:
    number = fields.number
    return {
        "name": unit.name,
        "about": unit.about,
        "work": works.number(unit),
        "inputs": [number[name] for name in unit.inputs],
        "measures": _sums(unit.names, measures),
        "field": fields.words(unit),
        "sees": fields.of(unit),
        "tensors": [
            [f"{layer.name}.{name}".removeprefix(f"{unit.name}."), "×".join(map(str, each.shape))]
            for layer in unit.layers
            for name, each in layer.parameters.items()
        ],
        "line": _line(unit.lead, texts),
    }


class _Works:
    """What units do: the same for all that do the same, of which deep networks have many."""

    def __init__(self) -> None:
        self.table: list[dict[str, Any]] = []
        self._known: dict[Hashable, int] = {}

    def number(self, unit: Unit) -> int:
        lead = unit.lead
        own = (unit.shares, lead.block) if unit.shares else "" if lead.inputs else unit.name
        key = tuple(layer.kind for layer in unit.layers), lead.input_volumes, lead.output, unit.labels, own
        if key not in self._known:
            self._known[key] = len(self.table)
            self.table.append(_work(unit))
        return self._known[key]


def _work(unit: Unit) -> dict[str, Any]:
    return {
        "role": role(unit) if unit.lead.inputs else "input",
        "words": list(words(unit)),
        "sign": "" if unit.label else sign_of(unit),
        "does": operation(unit),
        "volume": unit.output.caption,
        "size": _size(unit.output),
        "idle": unit.idle and bool(unit.lead.inputs),
        "how": _how(unit.does) if unit.lead.inputs else [],
    }


def _how(layer: Layer) -> list[list[str]]:
    said = sentence(layer)
    return [*([["", said]] if said else []), *([what, how] for what, how in arithmetic(layer))]


def _size(volume: Volume) -> list[int] | None:
    """Height, width and channels of a map; of a vector how many numbers it has. None where free."""
    return list(volume.dims) if fixed(volume.dims) else None


def _line(layer: Layer, texts: dict[str, int]) -> list[Any] | None:
    """Which source, which line of it, and its text."""
    if layer.span is None:
        return None
    source = layer.span.source
    line = layer.span.line
    return [texts.setdefault(source.name, len(texts)), line, source.line(line).strip()]


class _Fields:
    """What the places of layers see of the input."""

    def __init__(self, whole: Units) -> None:
        self._seen = sights(whole.network)
        self._sizes: dict[str, Field | None] = {
            name: None if seen is None else largest(seen) for name, seen in self._seen.items()
        }
        self._unknown: set[str] = set()
        """Layers that are not known, and those that see through one."""
        for layer in whole.network.layers:
            if not layer.kind.is_known or not self._unknown.isdisjoint(layer.inputs):
                self._unknown.add(layer.name)
        self.number = {unit.name: number for number, unit in enumerate(whole.units)}
        self.table: list[list[Any]] = []
        """Spans of the first places, from 0 on, and how much further those after them see."""
        self._known: dict[Sight, int] = {}

    def words(self, unit: Unit) -> str:
        """How large a place's receptive field is."""
        name = unit.layers[-1].name
        field = self._sizes[name]
        if field is not None:
            return f"{field.height}×{field.width} pixels"
        return "not known: it sees through an opaque part" if name in self._unknown else "all of the input"

    def of(self, unit: Unit) -> list[list[int]]:
        """For each input of the network its number, and which of the table its rows and columns are seen by; none where
        places see all of it, or too many each in its own way."""
        seen = self._seen[unit.layers[-1].name]
        if seen is None or any(len(sight.spans) > _MOST_SPANS for pair in seen.values() for sight in pair):
            return []
        return [[self.number[name], *map(self._entry, pair)] for name, pair in seen.items() if name in self.number]

    def _entry(self, sight: Sight) -> int:
        if sight not in self._known:
            self._known[sight] = len(self.table)
            self.table.append([[list(span) if span else None for span in sight.spans], sight.step])
        return self._known[sight]


def _block(
    block: Inside, whole: Units, shapes: Shapes, measures: Iterable[Measured], number: Mapping[str, int]
) -> dict[str, Any]:
    names = [name for unit in block.units for name in unit.names]
    return {
        "path": block.path,
        "parent": block.parent,
        "words": list(block_words(block.path, whole.network)),
        "volume": block.units[-1].output.caption,
        "takes": len(block.inputs),
        "last": number[block.units[-1].name],
        "count": len(block.units),
        "shortcut": block.holds_shortcut,
        "measures": _sums(names, measures),
        "chain": shapes.of(block),
    }


def _open_at_first(root: Inside, blocks: Sequence[Inside]) -> list[int]:
    """The blocks that are open when the page is: level by level, as long as what is seen stays readable."""
    below: dict[int, list[int]] = {}
    for number, block in enumerate(blocks):
        below.setdefault(block.parent, []).append(number)
    own = {number: len(block.units) - sum(len(blocks[inner].units) for inner in below.get(number, ()))
           for number, block in enumerate(blocks)}  # fmt: skip
    shown = len(root.units) - sum(len(blocks[number].units) for number in below.get(-1, ())) + len(below.get(-1, ()))
    found: list[int] = []
    level = below.get(-1, [])
    while level:
        shown += sum(own[number] + len(below.get(number, ())) - 1 for number in level)
        if shown > _READABLE:
            break
        found += level
        level = [inner for number in level for inner in below.get(number, ())]
    return found
