"""Warnings that need the whole network: what nothing uses, and what has no effect."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from cnngraph.diagnostics import Diagnostic, Label, Severity
from cnngraph.elaborate.allowances import on
from cnngraph.elaborate.record import Record, block_notes
from cnngraph.network import Layer, Network
from cnngraph.source import Span
from cnngraph.volume import as_int

MAX_ALIKE = 10
"""How many warnings of one code are shown."""


def few_of_each(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Without the warnings of a code beyond `MAX_ALIKE`; the last one kept says how many more there are."""
    kept: list[Diagnostic] = []
    last: dict[str, int] = {}
    counts: Counter[str] = Counter()
    for diagnostic in diagnostics:
        counts[diagnostic.code] += 1
        if diagnostic.severity is Severity.ERROR or counts[diagnostic.code] <= MAX_ALIKE:
            last[diagnostic.code] = len(kept)
            kept.append(diagnostic)
    for code, at in last.items():
        if kept[at].severity is Severity.WARNING and (more := counts[code] - MAX_ALIKE) > 0:
            kept[at] = replace(
                kept[at], notes=(*kept[at].notes, f"there {'is' if more == 1 else 'are'} {more:,} more {code}")
            )
    return kept


def remarks(network: Network, record: Record) -> Iterator[Diagnostic]:
    for layer, diagnostic in _found(network, record):
        if diagnostic.label is None:
            yield diagnostic
            continue
        calls, path = [], layer.block
        while path:
            block = network.blocks[path]
            calls.append((block.name, record.used_at[path]))
            path = block.parent
        yield replace(diagnostic, notes=block_notes(calls[:6], diagnostic.label.span))


def _found(network: Network, record: Record) -> Iterator[tuple[Layer, Diagnostic]]:
    yield from _unused(network, record)
    seen = set()
    for layer in network.layers:
        if len(layer.inputs) != 1 or layer.span is None or layer.span in seen:
            continue
        before = network[layer.inputs[0]]
        if len(network.consumers[before.name]) > 1:
            continue
        found = _lost_bias(before, layer) or _two_linear(before, layer, record.says_linear)
        if found:
            seen.add(layer.span)
            about = [layer, before] if found.code == "W0103" else [layer]
            if not _allowed(found.code, about, record):
                yield layer, found


def _allowed(code: str, layers: list[Layer], record: Record) -> bool:
    return record.allowances.silence(code, (each for layer in layers for each in on(layer.annotations)))


def _unused(network: Network, record: Record) -> Iterator[tuple[Layer, Diagnostic]]:
    """W0102, once for each end that leads nowhere, with what hangs on it."""
    ends = [layer for layer in network.layers if layer.name not in network.live and not network.consumers[layer.name]]
    counted: set[str] = set()
    reported: set[Span | None] = set()
    for end in ends:
        params, stack = 0, [end.name]
        counted.add(end.name)
        while stack:
            layer = network[stack.pop()]
            params += layer.params
            for name in layer.inputs:
                if name not in network.live and name not in counted:
                    counted.add(name)
                    stack.append(name)
        at = record.label_at.get(end.name) or record.label_at.get(end.unit) or end.span
        if at in reported or _allowed("W0102", [end], record):
            continue
        reported.add(at)
        remark = f"{end.output}, {params:,} parameters; not part of any output, so it is left out of the ONNX file"
        label = Label(at, remark) if at else None
        help = "add it to `output`, or delete the line"
        yield end, Diagnostic("W0102", f"nothing uses `{end.unit}`", label, help=help)
    for layer in network.inputs:
        if network.consumers[layer.name] or any(output.layer == layer.name for output in network.outputs):
            continue
        if not _allowed("W0102", [layer], record):
            label = Label(layer.span) if layer.span else None
            yield layer, Diagnostic("W0102", f"nothing uses the input `{layer.name}`", label)


def _lost_bias(before: Layer, layer: Layer) -> Diagnostic | None:
    """W0103: a normalization subtracts what a bias adds; on one step, ``bias=on`` is said on purpose."""
    word = layer.kind.word
    if not layer.kind.subtracts_mean or not getattr(before.kind, "bias", False) or before.span is None:
        return None
    if layer.span == before.span:
        return None
    return Diagnostic(
        "W0103",
        "this bias has no effect",
        Label(before.span, f"{as_int(before.output.channels):,} parameters that `{word}` subtracts again"),
        help=f"write `{word}` on the same line, which drops the bias, or  bias=off",
    )


def _two_linear(before: Layer, layer: Layer, says_linear: set[str]) -> Diagnostic | None:
    """W0104: two convolutions alike are one with a larger window, two fully connected layers are one.

    Unequal ones are left alone: 1x7 and 7x1, or a thin layer between two wide ones, are a way to save weights.
    """
    if not layer.kind.is_one_with(before.kind) or before.name in says_linear or layer.span is None:
        return None
    words = [f"`{each.kind.word} {each.kind.caption().size}`" for each in (before, layer)]
    return Diagnostic(
        "W0104",
        f"{words[0]} and {words[1]} with nothing between them are one linear map",
        Label(layer.span, f"no activation after {words[0]}"),
        help="add `relu`, or `linear` to say it is meant",
    )
