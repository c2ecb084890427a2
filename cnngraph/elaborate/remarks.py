"""Warnings that need the whole network: what nothing uses, and what has no effect."""

from __future__ import annotations

from collections.abc import Iterator

from cnngraph.diagnostics import Diagnostic, Label
from cnngraph.layers.convolution import Conv, UpConv
from cnngraph.layers.dense import Fc
from cnngraph.layers.normalization import BatchNorm
from cnngraph.layers.source import Input
from cnngraph.network import Layer, Network
from cnngraph.volume import as_int, product


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
    """W0104: a convolution of a convolution is a convolution."""
    linear = (Conv, UpConv, Fc)
    if not isinstance(before.kind, linear) or not isinstance(layer.kind, linear) or before.name in says_linear:
        return None
    if before.params < 2 or layer.span is None or isinstance(before.kind, Input):
        return None
    words = [_words(each) for each in (before, layer)]
    if (
        isinstance(before.kind, Conv)
        and product(before.kind.window) > 1
        and layer.output.channels != before.output.channels
    ):
        return None
    return Diagnostic(
        "W0104",
        f"{words[0]} and {words[1]} with nothing between them are one linear map",
        Label(layer.span, f"no activation after {words[0]}"),
        help="add `relu`, or `linear` to say it is meant",
    )


def _words(layer: Layer) -> str:
    window = getattr(layer.kind, "window", None)
    return f"`{layer.kind.word} {layer.kind.caption().size}" + (f" {window[0]}x{window[1]}`" if window else "`")
