"""A chain of layers as the stops of a volumes figure: what is drawn, and what is said on the way to it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import Enum, auto

from cnngraph.diagnostics import CnngraphError
from cnngraph.figure.sharing import SAME_WEIGHTS
from cnngraph.layers.kind import Fault
from cnngraph.network import Layer, Network
from cnngraph.volume import Volume, as_int

_TYPICAL = 224
"""What a free size of an input is drawn as."""

_DIGIT = 32
"""Pixels that a side of a picture of a digit has at most: MNIST's have 28, and LeNet-5 frames them."""


class Look(Enum):
    """As what a stop is drawn."""

    INPUT = auto()
    VOLUME = auto()
    VECTOR = auto()
    ANSWER = auto()


@dataclass(frozen=True, slots=True)
class Words:
    """What stands on an arrow, line by line."""

    above: tuple[str, ...] = ()
    below: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stop:
    """One thing drawn: the layers that made it, and the way that leads to it."""

    layers: tuple[Layer, ...]
    look: Look
    volume: Volume
    drawn: Volume
    """The volume with a number for every free size."""
    words: Words = Words()
    equals: bool = False
    """Whether ``=`` leads to it instead of an arrow: the same numbers in another shape."""

    @property
    def name(self) -> str:
        return self.layers[0].name

    @property
    def names(self) -> tuple[str, ...]:
        """Of its layers."""
        return tuple(layer.name for layer in self.layers)

    @property
    def tensor(self) -> str:
        """The last of its layers that makes its volume: what a silent one behind it makes of that may be a vector."""
        return next(layer.name for layer in reversed(self.layers) if layer.output == self.volume)

    @property
    def is_one_step(self) -> bool:
        """Whether an answer was written with what it is the answer of: ``softmax 10``."""
        return self.layers[-1].unit == self.name != self.layers[-1].name

    @property
    def caption(self) -> str:
        """``28×28×6``, ``120``; for an answer ``Softmax 1000``, for an input with a label ``RGB 32×32×3``."""
        if self.look is not Look.ANSWER:
            called = "" if self.layers[0].inputs else self.layers[0].label
            return f"{called} {self.volume.caption}".lstrip()
        last = self.layers[-1]
        lead = next(layer for layer in self.layers if layer.name == last.unit) if self.is_one_step else last
        name = last.kind.caption().name
        return f"{last.label or lead.label or name[:1].upper() + name[1:]} {self.volume.caption}"


def stops(network: Network, style: str = "volumes", show: Collection[str] = ()) -> list[Stop]:
    """The stops of a chain, in order. Raises `CnngraphError`, in the name of *style*, when *network* is none.

    A layer that changes no volume joins the stop before it; one of the words in *show* is named there. So does a
    flatten, unless a fully connected layer sees its vector, which is not written on one line with it: a line is an
    arrow of the figure. A vector that becomes a volume is another stop. A softmax or sigmoid at the end is the answer.
    """
    _refuse_branches(network, style)
    drawn = drawn_volumes(network)
    found: list[Stop] = []
    for layer, successor in zip(network.layers, _loud_successors(network), strict=True):
        stop = Stop((layer,), _look(layer), layer.output, drawn[layer.name], arrow_words(layer))
        if not found:
            found.append(stop)
        elif _answers(layer, network):
            if found[-1].layers[0].kind.family == "dense":
                found[-1] = _answer(found[-1], layer)
            else:
                found.append(replace(stop, look=Look.ANSWER, words=Words()))
        elif layer.kind.idle and not layer.kind.is_silent and (layer.output.is_map or _is_seen(layer, successor)):
            found.append(stop if layer.label else replace(stop, words=Words(), equals=True))
        elif layer.kind.idle or layer.kind.is_silent:
            found[-1] = _joined(found[-1], layer, show)
        else:
            found.append(stop)
    return found


def are_of_digits(chain: list[Stop]) -> bool:
    """Whether *chain* tells ten things apart in small pictures of one channel: digits, as far as one knows."""
    first, last = chain[0].drawn, chain[-1].drawn
    return first.is_map and first.channels == 1 and max(map(as_int, first.dims)) <= _DIGIT and last.dims == (10,)


def _answer(stop: Stop, layer: Layer) -> Stop:
    """*stop*, a vector, with *layer*, which makes it the answer: a label of both stands with that."""
    found = replace(stop, layers=(*stop.layers, layer), look=Look.ANSWER)
    if not found.is_one_step or layer.label:
        return found
    return replace(found, words=arrow_words(replace(stop.layers[0], annotations=())))


def _joined(stop: Stop, layer: Layer, show: Collection[str]) -> Stop:
    """*stop* with *layer* behind it, which has no place of its own: its label stands with the words on the way, and
    its name, where it is among those to *show*."""
    words = stop.words
    if layer.label or layer.kind.word in show:
        words = replace(words, below=(*words.below, layer.label or layer.kind.caption().short))
    return replace(stop, layers=(*stop.layers, layer), words=words)


def _look(layer: Layer) -> Look:
    if not layer.inputs and layer.output.is_map:
        return Look.INPUT
    return Look.VOLUME if layer.output.is_map else Look.VECTOR


def _answers(layer: Layer, network: Network) -> bool:
    return layer is network.layers[-1] and layer.kind.answers and not layer.output.is_map


def _is_seen(vector: Layer, successor: Layer | None) -> bool:
    """Whether *successor* is a fully connected layer, on another line or on none."""
    if successor is None or successor.kind.family != "dense":
        return False
    here, there = vector.span, successor.span
    return here is None or there is None or (here.source, here.line) != (there.source, there.line)


def _loud_successors(network: Network) -> list[Layer | None]:
    """For each layer the next one that is not silent."""
    found: list[Layer | None] = []
    loud: Layer | None = None
    for layer in reversed(network.layers):
        found.append(loud)
        if not layer.kind.is_silent:
            loud = layer
    return found[::-1]


def arrow_words(layer: Layer) -> Words:
    """As the slides word it, or as its label does. A convolution needs no name: its window below the arrow says it; a
    stride of 1 goes without saying where a padding is said. A pool is named above; when its windows tile the
    input it is given as ``f = 2``, ``s = 2``, else by its window."""
    kind = layer.kind
    caption = kind.caption()
    below = []
    if caption.window is not None and caption.stride is not None:
        (height, width), stride = caption.window, caption.stride
        tiles = kind.family == "pool" and stride == caption.window and height == width
        below.append(f"f = {height}" if tiles else f"{height}×{width}")
        if stride != (1, 1) or not caption.padding:
            below.append(f"s = {stride[0]}" if stride[0] == stride[1] else f"s = {stride[0]}×{stride[1]}")
    below += [*([caption.padding] if caption.padding else []), *caption.details]
    below += [SAME_WEIGHTS] if layer.shares else []
    called = layer.label or caption.arrow
    return Words((called,) if called else (), tuple(below))


def _refuse_branches(network: Network, style: str) -> None:
    def refuse(reason: str) -> CnngraphError:
        other = "strip" if len(network.outputs) == 1 and _is_chain_but_for_skips(network) else "blocks"
        return CnngraphError.of(
            "E0603",
            f"the style `{style}` draws chains, and {network.name} branches",
            file=network.file,
            reason=reason,
            help=f"--style {other} draws it",
        )

    for layer in network.layers:
        consumers = network.consumers[layer.name]
        if len(layer.inputs) > 1:
            raise refuse(f"{layer.name} takes {len(layer.inputs)} tensors: {', '.join(layer.inputs)}")
        if len(consumers) > 1:
            raise refuse(f"{layer.name} goes to {len(consumers)} layers: {', '.join(consumers)}")
    if len(network.inputs) > 1:
        raise refuse(f"{len(network.inputs)} inputs: {', '.join(layer.name for layer in network.inputs)}")
    if len(network.outputs) > 1:
        raise refuse(f"{len(network.outputs)} outputs: {', '.join(output.name for output in network.outputs)}")


def _is_chain_but_for_skips(network: Network) -> bool:
    """Whether a chain is left when every skip, and what is on it, is taken away."""
    taken: set[str] = set()
    for layer in network.layers:
        if layer.on_shortcut:
            continue
        sources = [name for index, name in enumerate(layer.inputs) if index not in layer.skips]
        if len(sources) > 1 or not taken.isdisjoint(sources):
            return False
        taken.update(sources)
    return len(network.inputs) == 1


def drawn_volumes(network: Network) -> dict[str, Volume]:
    """Every layer's volume with numbers: what its shape rule makes of an input of `_TYPICAL` size
    wherever a size is free."""
    found: dict[str, Volume] = {}
    for layer in network.layers:
        volume = layer.output
        if not volume.is_fixed and layer.inputs:
            try:
                volume = layer.kind.shape(tuple(found[name] for name in layer.inputs))
            except Fault:
                volume = found[layer.inputs[0]]
        found[layer.name] = Volume(tuple(dim if isinstance(dim, int) else _TYPICAL for dim in volume.dims))
    return found
