"""The remarks on a network at the lines of its spec, but for those that the spec allows."""

from __future__ import annotations

from collections.abc import Iterator

from cnngraph.diagnostics import Diagnostic, Label
from cnngraph.elaborate.allowances import on
from cnngraph.elaborate.record import Record, block_notes
from cnngraph.network import Layer, Network
from cnngraph.remarks import Remark, remarks
from cnngraph.source import Span


def placed(network: Network, record: Record) -> Iterator[Diagnostic]:
    """The remarks on *network*, each once for a line however often that ran, with the blocks that led to it."""
    seen: set[Span] = set()
    unused: set[Span] = set()
    for found in remarks(network):
        at = _place(found, record)
        if at is None:
            continue
        if found.code == "W0102":
            if at in unused or not _is_said(found, record):
                continue
            unused.add(at)
        else:
            if found.layer.span is None or found.layer.span in seen or _is_meant(found, record):
                continue
            seen.add(found.layer.span)
            if not _is_said(found, record):
                continue
        notes = _calls(found.layer, at, network, record)
        yield Diagnostic(found.code, found.message, Label(at, found.remark), help=found.help, notes=notes)


def _place(found: Remark, record: Record) -> Span | None:
    layer = found.layer
    match found.code:
        case "W0102":
            return record.label_at.get(layer.name) or record.label_at.get(layer.unit) or layer.span
        case "W0103":
            return found.before.span if found.before else None
    return layer.span


def _is_meant(found: Remark, record: Record) -> bool:
    """Whether the line says itself that it is as it should be."""
    if found.before is None:
        return False
    if found.code == "W0104":
        return found.before.name in record.says_linear
    return found.before.span is None or found.before.span == found.layer.span


def _is_said(found: Remark, record: Record) -> bool:
    about = [found.layer, found.before] if found.before and found.code == "W0103" else [found.layer]
    return not record.allowances.silence(found.code, (each for layer in about for each in on(layer.annotations)))


def _calls(layer: Layer, at: Span, network: Network, record: Record) -> tuple[str, ...]:
    calls, path = [], layer.block
    while path:
        block = network.blocks[path]
        calls.append((block.name, record.used_at[path]))
        path = block.parent
    return block_notes(calls[:6], at)
