"""Warnings that need the whole network: what nothing uses, and what has no effect."""

from __future__ import annotations

from collections.abc import Iterator

from cnngraph.diagnostics import Diagnostic, Label
from cnngraph.layers.convolution import Conv
from cnngraph.layers.dense import Fc
from cnngraph.layers.normalization import BatchNorm
from cnngraph.network import Layer, Network
from cnngraph.volume import as_int


def remarks(network: Network, says_linear: set[str]) -> Iterator[Diagnostic]:
    """*says_linear* names the layers whose line says `linear`."""
    yield from _unused(network)
    seen = set()
    for layer in network.layers:
        if len(layer.inputs) != 1 or layer.span is None or layer.span in seen:
            continue
        before = network[layer.inputs[0]]
        if len(network.consumers[before.name]) > 1:
            continue
        found = _lost_bias(before, layer) or _two_linear(before, layer, says_linear)
        if found:
            seen.add(layer.span)
            if not any(a.name == "allow" and found.code in a.arguments for a in layer.annotations):
                yield found


def _unused(network: Network) -> Iterator[Diagnostic]:
    """W0102, once for each end that leads nowhere, with what hangs on it."""
    dead = [layer for layer in network.layers if layer.name not in network.live]
    ends = [layer for layer in dead if not network.consumers[layer.name]]
    for end in ends:
        params, stack, mine = 0, [end.name], {end.name}
        while stack:
            layer = network[stack.pop()]
            params += layer.params
            for name in layer.inputs:
                if name not in network.live and name not in mine:
                    mine.add(name)
                    stack.append(name)
        yield Diagnostic(
            "W0102",
            f"nothing uses `{end.unit}`",
            Label(
                end.span,
                f"{end.output}, {params:,} parameters; not part of any output, so it is left out of the ONNX file",
            )
            if end.span
            else None,
            help="add it to `output`, or delete the line",
        )
    for layer in network.inputs:
        if not network.consumers[layer.name] and all(output.layer != layer.name for output in network.outputs):
            yield Diagnostic(
                "W0102", f"nothing uses the input `{layer.name}`", Label(layer.span) if layer.span else None
            )


def _lost_bias(before: Layer, layer: Layer) -> Diagnostic | None:
    """W0103: batch normalization subtracts what a bias adds."""
    if not isinstance(layer.kind, BatchNorm) or not getattr(before.kind, "bias", False) or before.span is None:
        return None
    return Diagnostic(
        "W0103",
        "this bias has no effect",
        Label(before.span, f"{as_int(before.output.channels):,} parameters that `bn` subtracts again"),
        help="write `bn` on the same line, which drops the bias, or  bias=off",
    )


def _two_linear(before: Layer, layer: Layer, says_linear: set[str]) -> Diagnostic | None:
    """W0104: two convolutions alike are one with a larger window, two fully connected layers are one.

    Unequal ones are left alone: 1x7 and 7x1, or a thin layer between two wide ones, are a way to save weights.
    """
    same = (
        isinstance(before.kind, Conv) and isinstance(layer.kind, Conv) and before.kind.window == layer.kind.window
    ) or (isinstance(before.kind, Fc) and isinstance(layer.kind, Fc))
    if not same or before.name in says_linear or layer.span is None:
        return None
    words = [f"`{each.kind.word} {each.kind.caption().size}`" for each in (before, layer)]
    return Diagnostic(
        "W0104",
        f"{words[0]} and {words[1]} with nothing between them are one linear map",
        Label(layer.span, f"no activation after {words[0]}"),
        help="add `relu`, or `linear` to say it is meant",
    )
