"""What the table of a network says: a row for each unit, blocks with their sums, repeats once with how often."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from cnngraph.field import Field, receptive_fields
from cnngraph.network import Layer, Network, total
from cnngraph.repetition import repetition
from cnngraph.table import Row, Table
from cnngraph.units import Unit, as_seen, units


def summarize(network: Network, *, fold: bool = True, times: Mapping[str, float] | None = None) -> Table:
    """The table of *network*. Folding joins equal neighbours: same layers, same volumes, same counts.

    *times* are seconds by the names of units; what belongs to none stands under ``""``.
    """
    fields = receptive_fields(network)
    whole = units(network)
    rows = _rows(whole.units, network, fields, fold, times)
    sized = [layer for layer in network.layers if layer.output.is_fixed]
    statistics = sum(p.size for layer in network.layers for p in layer.parameters.values() if not p.trainable)
    return Table(
        network=network,
        rows=rows,
        params=network.params,
        statistics=statistics,
        macs=network.macs,
        largest=max(sized, key=lambda layer: int(str(layer.output.size))) if len(sized) == len(network) else None,
        time=sum(times.values()) if times else None,
        elsewhere=times.get("", 0.0) if times else 0.0,
        frozen=sum(unit.params for unit in whole.units if _is_frozen(unit.lead))
        + sum(
            layer.params
            for unit in whole.units
            if not _is_frozen(unit.lead)
            for layer in unit.layers[1:]
            if _is_frozen(layer)
        ),
    )


def _is_frozen(layer: Layer) -> bool:
    return any(annotation.name == "freeze" for annotation in layer.annotations)


# Rows ----------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Open:
    """A block whose rows are being gathered."""

    path: str
    rows: list[Row] = dataclasses.field(default_factory=list)


def _rows(
    all_units: Sequence[Unit],
    network: Network,
    fields: dict[str, Field | None],
    fold: bool,
    times: Mapping[str, float] | None,
) -> tuple[Row, ...]:
    """Units in the blocks they are written in; a block ends where a unit is of none of it."""
    stack = [_Open("")]

    def close() -> None:
        done = stack.pop()
        stack[-1].rows.append(_block(done, _folded(done.rows) if fold else tuple(done.rows), stack[-1].path))

    for unit in all_units:
        path = unit.lead.block
        while not _within(path, stack[-1].path):
            close()
        stack += [_Open(inner) for inner in _paths_below(stack[-1].path, path, network)]
        stack[-1].rows.append(_row(unit, fields, path, times))
    while len(stack) > 1:
        close()
    return _folded(stack[0].rows) if fold else tuple(stack[0].rows)


def _within(path: str, block: str) -> bool:
    return not block or path == block or path.startswith(block + ".")


def _paths_below(outer: str, path: str, network: Network) -> list[str]:
    """The blocks from *outer*, not included, down to *path*."""
    found = []
    while path != outer:
        found.append(path)
        path = network.blocks[path].parent
    return found[::-1]


def _row(unit: Unit, fields: dict[str, Field | None], path: str, times: Mapping[str, float] | None) -> Row:
    volumes = (unit.lead.input_volumes, unit.output)
    words = operation(unit)
    called = "" if unit.lead.inputs else unit.name
    return Row(
        name=unit.name.removeprefix(f"{path}.") if path else unit.name,
        operation=words,
        volume=unit.output,
        params=unit.params,
        macs=unit.macs,
        field=fields[unit.layers[-1].name],
        time=None if times is None else times.get(unit.name, 0.0),
        shares=unit.shares,
        key=(tuple(layer.kind for layer in unit.layers), volumes, unit.on_shortcut, unit.bond, called),
    )


def _block(done: _Open, rows: tuple[Row, ...], outer: str) -> Row:
    params = sum(row.params * row.times for row in rows)
    macs = total(None if row.macs is None else row.macs * row.times for row in rows)
    name = done.path.removeprefix(f"{outer}.") if outer else done.path
    key = (name.rstrip("0123456789"), tuple((row.key, row.times) for row in rows))
    time = None if rows[0].time is None else sum((row.time or 0.0) * row.times for row in rows)
    return Row(name, "", rows[-1].volume, params, macs, rows[-1].field, rows, time=time, key=key)


def _folded(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Equal stretches next to one another, once: of one row as a row ×n, of several as a group ×n."""
    numbers: dict[Hashable, int] = {}
    keys = [numbers.setdefault(row.key, len(numbers)) for row in rows]
    found: list[Row] = []
    at = 0
    while at < len(rows):
        period, times = repetition(keys, at)
        stretch = tuple(_mean(rows[at + offset : at + period * times : period]) for offset in range(period))
        last = rows[at + period * times - 1]
        if times == 1:
            found.append(stretch[0])
        elif period == 1:
            found.append(_times(stretch[0], times, last))
        else:
            group = _block(_Open("together"), stretch, "")
            found.append(_times(group, times, last))
        at += period * times
    return tuple(found)


def _mean(rows: Sequence[Row]) -> Row:
    """The first of *rows*, which say the same, with the mean of their times."""
    if len(rows) == 1 or rows[0].time is None:
        return rows[0]
    within = tuple(_mean(each) for each in zip(*(row.rows for row in rows), strict=True))
    return dataclasses.replace(rows[0], rows=within, time=sum(row.time or 0.0 for row in rows) / len(rows))


def _times(row: Row, times: int, last: Row) -> Row:
    """*row*, *times* times; the field is that of the *last*."""
    return dataclasses.replace(row, field=last.field, times=times, key=(row.key, times))


def operation(unit: Unit) -> str:
    """``conv 7×7 s=2 same, BN, ReLU``"""
    kind, caption = unit.lead.kind, unit.lead.kind.caption()
    parts = [caption.name]
    if caption.window is not None:
        parts.append(f"{caption.window[0]}×{caption.window[1]}")
    if caption.stride is not None and (caption.stride != (1, 1) or kind.family == "pool"):
        stride = caption.stride
        parts.append(f"s={stride[0]}" if stride[0] == stride[1] else f"s={stride[0]}×{stride[1]}")
    if caption.padding:
        parts.append(caption.padding.replace(" = ", "="))
    parts += [
        detail.replace(" = ", "=") for detail in caption.details if kind.family != "join" or detail != caption.sign
    ]
    followers = [layer.kind.caption().short for layer in unit.layers[1:]]
    shared = [f"weights of {as_seen(unit.shares, unit.lead.block)}"] if unit.shares else []
    return ", ".join([" ".join(parts), *followers, *shared])
