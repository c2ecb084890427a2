"""What is worth a remark in a network that is sound: what nothing uses, and what has no effect."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from cnngraph.diagnostics import Diagnostic, Severity
from cnngraph.network import Layer, Network
from cnngraph.volume import as_int

SMALLEST_PICTURE = 16
"""Pixels of a side."""
MAX_ALIKE = 10
"""How many warnings of one code are shown."""


@dataclass(frozen=True, slots=True)
class Remark:
    """A warning, and the layers it is about; a front end says where they are written."""

    code: str
    layer: Layer
    """Where it stands."""
    message: str
    remark: str
    help: str = ""
    before: Layer | None = None
    """The layer before it, where it is about the two."""


def remarks(network: Network) -> Iterator[Remark]:
    """All that is to be remarked on *network*, what nothing uses first."""
    yield from _unused(network)
    for layer in network.inputs:
        yield from _channels_first(layer)
    by_name, consumers = network.by_name, network.consumers
    for layer in network.layers:
        if len(layer.inputs) == 1 and len(consumers[layer.inputs[0]]) == 1:
            before = by_name[layer.inputs[0]]
            if found := _lost_bias(before, layer) or _two_linear(before, layer):
                yield found


def diagnostics(network: Network) -> tuple[Diagnostic, ...]:
    """The remarks on a network that was not read from a spec: they name its layers."""
    return tuple(few_of_each(_diagnostic(each, network) for each in remarks(network)))


def _diagnostic(found: Remark, network: Network) -> Diagnostic:
    place = found.layer.origin or found.layer.name
    return Diagnostic(found.code, found.message, file=network.file, place=f"layer `{place}`", reason=found.remark,
                      help=found.help)  # fmt: skip


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


def _channels_first(layer: Layer) -> Iterator[Remark]:
    """W0107: an input of the sizes of a picture whose channels come first. A sequence may be as low as one."""
    match layer.output.dims:
        case (1 | 3 as channels, int() as height, int() as width) if min(height, width) >= SMALLEST_PICTURE and (
            channels == 3 or height == width
        ):
            yield Remark(
                "W0107",
                layer,
                f"this input is {channels} high and {width} deep",
                "sizes are height x width x channels",
                f"a picture of {height}x{width} with {channels} channel{'s' * (channels > 1)} is written  "
                f"input {height}x{width}x{channels}",
            )


def _unused(network: Network) -> Iterator[Remark]:
    """W0102, once for each end that leads nowhere, with what hangs on it."""
    live, consumers = network.live, network.consumers
    ends = [layer for layer in network.layers if layer.name not in live and not consumers[layer.name]]
    counted: set[str] = set()
    for end in ends:
        params, stack = 0, [end.name]
        counted.add(end.name)
        while stack:
            layer = network[stack.pop()]
            stays = any(name in live for name in network.shared.get(layer.name, ()))
            params += 0 if stays else layer.params
            for name in layer.inputs:
                if name not in live and name not in counted:
                    counted.add(name)
                    stack.append(name)
        yield Remark(
            "W0102",
            end,
            f"nothing uses `{end.unit}`",
            f"{end.output}, {params:,} parameters; not part of any output, so it is left out of the ONNX file",
            "add it to `output`, or delete the line",
        )
    for layer in network.inputs:
        if not consumers[layer.name] and all(output.layer != layer.name for output in network.outputs):
            yield Remark("W0102", layer, f"nothing uses the input `{layer.name}`", "")


def _lost_bias(before: Layer, layer: Layer) -> Remark | None:
    """W0103: a normalization subtracts what a bias adds; on one step, ``bias=on`` is said on purpose."""
    if not layer.kind.subtracts_mean or not getattr(before.kind, "bias", False) or layer.unit == before.unit:
        return None
    word = layer.kind.word
    return Remark(
        "W0103",
        layer,
        "this bias has no effect",
        f"{as_int(before.output.channels):,} parameters that `{word}` subtracts again",
        f"write `{word}` on the same line, which drops the bias, or  bias=off" if before.kind.followers else "bias=off",
        before,
    )


def _two_linear(before: Layer, layer: Layer) -> Remark | None:
    """W0104: two convolutions alike are one with a larger window, two fully connected layers are one.

    Unequal ones are left alone: 1x7 and 7x1, or a thin layer between two wide ones, are a way to save weights.
    """
    if not layer.kind.is_one_with(before.kind):
        return None
    words = [f"`{each.kind.word} {each.kind.caption().size}`" for each in (before, layer)]
    return Remark(
        "W0104",
        layer,
        f"{words[0]} and {words[1]} with nothing between them are one linear map",
        f"no activation after {words[0]}",
        "add `relu`, or `linear` to say it is meant",
        before,
    )
