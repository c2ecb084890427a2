"""What of a Caffe network is not the network itself: layers that only prepare what its answers are compared with, or
weigh them for that, on the way from labels to losses; and layers that only prepare pictures."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from cnngraph.fronts.caffe.layer import Layer, is_data, is_loss

_WEIGHED = frozenset({
    "Convolution", "ConvolutionDepthwise", "DepthwiseConvolution", "Deconvolution", "InnerProduct", "BatchNorm", "BN",
    "PReLU", "Embed",
})  # fmt: skip
"""Layers that learn. Where there are some, what none of them sees in any way is no picture."""


def measuring(layers: Sequence[Layer], read: Collection[str], is_known: Callable[[str], bool]) -> frozenset[int]:
    """Which of *layers*, by where they stand, come from labels, which are among the blobs *read* from somewhere, and
    lead to losses alone. A type that is not known may do anything with a label, and makes nothing that is known."""
    if _WEIGHED.isdisjoint(layer.type for layer in layers):
        return frozenset()
    takers, takes = _flow(layers)
    seen = {blob: _behind(takers.get(blob, ()), takers) for blob in read}
    labels = {blob for blob, behind in seen.items() if not any(layers[at].type in _WEIGHED for at in behind)}
    touched = {at for blob in labels for at in seen[blob]}
    pure: set[int] = set()
    for at in sorted(touched):
        if all(source in labels or source in pure for source in takes[at]):
            pure.add(at)
    found = set(touched)
    changed = True
    while changed:
        keeps = {at for at in found if _measures(at, layers[at], takers.get(at, ()), found, pure, is_known)}
        changed, found = keeps != found, keeps
    return frozenset(at for at in found if is_known(layers[at].type) and not is_loss(layers[at]))


def preparing(layers: Sequence[Layer], may: Callable[[str], bool]) -> tuple[frozenset[int], frozenset[int]]:
    """Which of *layers*, by where they stand, prepare pictures in a way that is not known, so that the network begins
    behind them: those of a type that *may* and of which nothing has learned anything before. And which lead to such
    alone."""
    takers, takes = _flow(layers)
    bare: set[int] = set()
    last: set[int] = set()
    for at, layer in enumerate(layers):
        if layer.type not in _WEIGHED and all(isinstance(source, str) or source in bare for source in takes[at]):
            bare.add(at)
            if may(layer.type) and layer.bottoms and not is_loss(layer):
                last.add(at)
    before: set[int] = set()
    for at in sorted(bare - last, reverse=True):
        if layers[at].bottoms and (leads := takers.get(at)) and (last | before).issuperset(leads):
            before.add(at)
    return frozenset(last), frozenset(before)


def _measures(
    at: int, layer: Layer, takers: Sequence[int], found: set[int], pure: set[int], is_known: Callable[[str], bool]
) -> bool:
    if is_loss(layer) or not is_known(layer.type):
        return True
    return found.issuperset(takers) and (bool(takers) or at in pure)


Node = int | str
"""A layer by where it stands; a blob that comes from outside."""


def _flow(layers: Sequence[Layer]) -> tuple[dict[Node, list[int]], list[list[Node]]]:
    """Which layers take what is made where; what each layer takes."""
    maker: dict[str, Node] = {}
    takers: dict[Node, list[int]] = {}
    takes: list[list[Node]] = []
    for at, layer in enumerate(layers):
        takes.append([maker.get(blob, blob) for blob in layer.bottoms])
        for node in takes[-1]:
            takers.setdefault(node, []).append(at)
        for top in layer.tops:
            maker[top] = top if is_data(layer) else at
    return takers, takes


def _behind(begin: Sequence[int], takers: dict[Node, list[int]]) -> set[int]:
    """The layers that *begin* leads to, and these themselves."""
    found, left = set(begin), list(begin)
    while left:
        for at in takers.get(left.pop(), ()):
            if at not in found:
                found.add(at)
                left.append(at)
    return found
