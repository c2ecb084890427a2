"""What the page knows of a network, as data that JSON can hold."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import Any, NamedTuple

from cnngraph.diagnostics import CnngraphError
from cnngraph.field import Field, Sight, largest, own_sights, sights
from cnngraph.figure.heat import Measured, measured
from cnngraph.figure.lanes.circled import alphabet
from cnngraph.figure.styles.arithmetic import arithmetic, sentence
from cnngraph.figure.styles.parts import block_words, role, sign_of, words
from cnngraph.network import Layer, Network
from cnngraph.summary import operation
from cnngraph.units import Unit, Units, units
from cnngraph.viewer.tree import Inside, Shapes, insides_of
from cnngraph.volume import Volume, fixed

READABLE = 32
"""Boxes that are seen at once without zooming: blocks are open at first as far as that leaves no more than these."""
_MOST_SPANS = 64
"""Places that see the input each in its own way, up to which the page has them."""


def facts(network: Network, times: str | None = None) -> dict[str, Any]:
    """All of *network* that the page shows; *times* is a file of `bench --layers --json`.

    Raises `CnngraphError` (E0619) when that is none.
    """
    measures = measures_of(network, times)
    gathered = Gathered(tuple(measures))
    part = gathered.add(network, measures)
    return {
        "name": network.name,
        "title": network.title or network.name,
        "counts": network.counts,
        **gathered.data,
        "chain": part.chain,
        "open": open_at_first(gathered.blocks, len(gathered.units)),
    }


class Part(NamedTuple):
    """A network among what was gathered."""

    whole: Units
    number: Mapping[str, int]
    """Of each unit by its name; they follow one another."""
    chain: list[Any]


class Gathered:
    """What is known of the units and blocks of networks, which are numbered through; what many share is said once."""

    def __init__(self, measures: Sequence[str]) -> None:
        self.asked = measures
        self.units: list[dict[str, Any]] = []
        self.blocks: list[dict[str, Any]] = []
        self.inside: list[list[int]] = []
        """The units in each block."""
        self._outputs: list[list[Any]] = []
        self._shortcuts: list[list[int]] = []
        self._unknown: list[int] = []
        """Units of which it is not known what they do, so that sums are the least there is."""
        self._sights = _Sights()
        self._works = _Works(self._sights)
        self._texts: dict[str, int] = {}

    def add(self, network: Network, measures: Mapping[str, Measured], around: int = -1) -> Part:
        """Adds *network*, in the block of number *around* when there is one."""
        whole = units(network)
        root, blocks = insides_of(whole)
        behind = len(self.blocks)
        number = {unit.name: at for at, unit in enumerate(whole.units, len(self.units))}
        shapes = Shapes(number, {block.path: behind + at for at, block in enumerate(blocks)})
        fields = _Fields(whole, number, self._sights)
        costs = [measures[asked] for asked in self.asked]
        self._unknown += [number[unit.name] for unit in whole.units if not unit.is_known]
        self.units += [_unit(unit, costs, fields, self._texts, self._works) for unit in whole.units]
        self._letter(whole, number)
        for block in blocks:
            parent = around if block.parent < 0 else behind + block.parent
            self.blocks.append(_block(block, parent, whole, shapes, costs, number))
            self.inside.append([number[unit.name] for unit in block.units])
        self._outputs += [[output.name, number[whole.of_layer[output.layer]]] for output in network.outputs]
        self._shortcuts += [[number[each.source], number[each.join]] for each in whole.shortcuts]
        return Part(whole, number, shapes.of(root))

    def _letter(self, whole: Units, number: Mapping[str, int]) -> None:
        """A letter for all units that use the same weights, as figures have them."""
        owners = dict.fromkeys(unit.tied for unit in whole.units if unit.tied)
        letters = dict(zip(owners, map(str.lower, alphabet()), strict=False))
        for unit in whole.units:
            if unit.tied in letters:
                self.units[number[unit.name]]["letter"] = letters[unit.tied]

    @property
    def data(self) -> dict[str, Any]:
        return {
            "measures": [
                {"words": words, "unit": unit, "unknown": self._unknown if asked == "macs" else []}
                for asked, (words, unit) in ((asked, _WORDS[asked]) for asked in self.asked)
            ],
            "units": self.units,
            "blocks": self.blocks,
            "outputs": self._outputs,
            "shortcuts": self._shortcuts,
            "works": self._works.table,
            "sights": self._sights.table,
            "sources": [PurePath(name).name for name in self._texts],  # whose folders are nobody's business
        }


_WORDS = {"params": ("parameters", ""), "macs": ("MACs", ""), "memory": ("memory", "B"), "time": ("time", "s")}
"""What measures are called, and their units."""


def measures_of(network: Network, times: str | None = None) -> dict[str, Measured]:
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


def _sums(names: Iterable[str], measures: Sequence[Measured]) -> list[float]:
    names = tuple(names)
    return [sum(each.values.get(name, 0) for name in names) for each in measures]


def _unit(
    unit: Unit, measures: Sequence[Measured], fields: _Fields, texts: dict[str, int], works: _Works
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
        **_said(", ".join(filter(None, unit.labels)), unit.notes),
    }


def _said(label: str, notes: Iterable[str]) -> dict[str, Any]:
    """What the author calls it and notes of it, if anything."""
    return {**({"label": label} if label else {}), **({"notes": [*notes]} if notes else {})}


class _Works:
    """What units do: the same for all that do the same, of which deep networks have many."""

    def __init__(self, sights: _Sights) -> None:
        self.table: list[dict[str, Any]] = []
        self._known: dict[Hashable, int] = {}
        self._sights = sights

    def number(self, unit: Unit) -> int:
        lead = unit.lead
        own = (unit.shares, lead.block) if unit.shares else "" if lead.inputs else unit.name
        key = tuple(layer.kind for layer in unit.layers), lead.input_volumes, lead.output, unit.labels, own
        if key not in self._known:
            self._known[key] = len(self.table)
            self.table.append({**_work(unit), "reach": self._reach(unit)})
        return self._known[key]

    def _reach(self, unit: Unit) -> list[int] | None:
        """Which of the sights its rows and columns have of the maps that it takes."""
        own = own_sights(unit.layers) if unit.lead.inputs else None
        if own is None or any(len(sight.spans) > _MOST_SPANS for sight in own):
            return None
        return [*map(self._sights.number, own)]


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
    """Which source, which line of it, and its text; None of a file that is no text."""
    if layer.span is None or not (text := layer.span.source.line(layer.span.line).strip()):
        return None
    return [texts.setdefault(layer.span.source.name, len(texts)), layer.span.line, text]


class _Sights:
    """What places see along an axis, each once."""

    def __init__(self) -> None:
        self.table: list[list[Any]] = []
        """Spans of the first places, from 0 on, and how much further those after them see."""
        self._known: dict[Sight, int] = {}

    def number(self, sight: Sight) -> int:
        if sight not in self._known:
            self._known[sight] = len(self.table)
            self.table.append([[list(span) if span else None for span in sight.spans], sight.step])
        return self._known[sight]


class _Fields:
    """What the places of layers see of the input."""

    def __init__(self, whole: Units, number: Mapping[str, int], table: _Sights) -> None:
        self._seen = sights(whole.network)
        self._sizes: dict[str, Field | None] = {
            name: None if seen is None else largest(seen) for name, seen in self._seen.items()
        }
        self._unknown: set[str] = set()
        """Layers that are not known, and those that see through one."""
        for layer in whole.network.layers:
            if not layer.kind.is_known or not self._unknown.isdisjoint(layer.inputs):
                self._unknown.add(layer.name)
        self.number, self.table = number, table

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
        known = ((name, pair) for name, pair in seen.items() if name in self.number)
        return [[self.number[name], *map(self.table.number, pair)] for name, pair in known]


def _block(
    block: Inside, parent: int, whole: Units, shapes: Shapes, measures: Sequence[Measured], number: Mapping[str, int]
) -> dict[str, Any]:
    names = [name for unit in block.units for name in unit.names]
    return {
        "path": block.path,
        "parent": parent,
        "words": list(block_words(block.path, whole.network)),
        "volume": block.units[-1].output.caption,
        "takes": len(block.inputs),
        "last": number[block.units[-1].name],
        "count": len(block.units),
        "shortcut": block.holds_shortcut,
        "measures": _sums(names, measures),
        "chain": shapes.of(block),
        **_said(whole.network.blocks[block.path].label, _common(unit.notes for unit in block.units)),
    }


def _common(notes: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """Those of all: a note of a block is one of each thing in it."""
    first, *others = notes
    return tuple(text for text in first if all(text in each for each in others))


def open_at_first(
    blocks: Sequence[Mapping[str, Any]],
    count: int,
    worth: Callable[[int], bool] = lambda _: True,
    most: int = READABLE,
) -> list[int]:
    """The blocks that are open when the page is, of those that are *worth* it, by number: level by level, as long as no
    more than *most* boxes are seen of *count* units."""
    below: dict[int, list[int]] = {}
    for number, block in enumerate(blocks):
        below.setdefault(block["parent"], []).append(number)

    def more(number: int, size: int) -> int:
        """How many boxes there are in a block of *size*, when the blocks within are closed."""
        inside = below.get(number, ())
        return size - sum(int(blocks[inner]["count"]) - 1 for inner in inside)

    shown = more(-1, count)
    found: list[int] = []
    level = [number for number in below.get(-1, ()) if worth(number)]
    while level:
        shown += sum(more(number, blocks[number]["count"]) - 1 for number in level)
        if shown > most:
            break
        found += level
        level = [inner for number in level for inner in below.get(number, ()) if worth(inner)]
    return found
