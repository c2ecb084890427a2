"""darknet's [shortcut]: the sum of the current tensor and others, which are made to fit it, each times numbers that are
learned if it says so (`shortcut_multilayer_cpu` in darknet's src/blas.c)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from cnngraph.fronts.darknet.activations import activated
from cnngraph.fronts.darknet.net import Made, Net, Weights
from cnngraph.fronts.darknet.sections import Section
from cnngraph.layers.join import Add
from cnngraph.layers.kind import Kind
from cnngraph.layers.rearrange import Slice, Widen
from cnngraph.layers.scaling import Scale, Times
from cnngraph.volume import Volume, as_int

if TYPE_CHECKING:
    from cnngraph.weights.readers.entry import Array, Entry


def shortcut(net: Net, section: Section, tensor: str) -> Made:
    """The sum, and its activation."""
    others = net.referred(section, "from")
    if others is None:
        return None
    volume = net.volume(tensor)
    weighed, normed = section.text("weights_type", "none"), section.text("weights_normalization", "none")
    fitting = [_fitted(net, section, other, volume) for other in others]
    if None in fitting or weighed not in _WEIGHED or normed not in _NORMED:
        channels = as_int(volume.channels) if weighed == "per_channel" else 1
        numbers = channels * (1 + len(others)) if weighed != "none" else 0
        return net.opaque(section, "shortcut", [tensor, *others], volume, numbers=numbers)
    parts = [tensor, *(other for other in fitting if other is not None)]
    if (kind := _WEIGHED[weighed]) is not None:
        weights = _weights(net, section, kind, volume, len(parts), _NORMED[normed])
        parts = [net.add(section, kind, [part], weights=own) for part, own in zip(parts, weights, strict=True)]
    return activated(net, section, net.add(section, Add(), parts), "linear")


_WEIGHED: dict[str, Kind | None] = {
    "none": None,
    "per_feature": Times(by=None),
    "per_layer": Times(by=None),
    "per_channel": Scale(),
}


def _positive(numbers: Array) -> Array:
    import numpy as np

    found: Array = np.maximum(numbers, np.float32(0))
    return found


def _exponential(numbers: Array) -> Array:
    import numpy as np

    found: Array = np.exp(numbers - numbers.max(0))
    return found


_Made_of = Callable[["Array"], "Array"]
_NORMED: dict[str, _Made_of | None] = {
    "none": None, "relu": _positive, "avg_relu": _positive, "softmax": _exponential,
}  # fmt: skip
"""What is made of the numbers before each is divided by the sum of all."""
_EPS = 1e-4
"""Added to the sum."""


def _weights(
    net: Net, section: Section, kind: Kind, volume: Volume, count: int, normed: _Made_of | None
) -> Sequence[Weights]:
    """Those of the *count* summands, as they are when the network runs: what is *normed* hangs on the others' too."""
    filed = [net.take(section, kind, volume, "weight") for _ in range(count)]
    if normed is None or net.numbers is None:
        return filed
    entries = [each["weight"] for each in filed]
    return [{"weight": _shared_out(entries, at, normed)} for at in range(count)]


def _shared_out(entries: Sequence[Entry], at: int, made_of: _Made_of) -> Entry:
    def read() -> Array:
        import numpy as np

        every = made_of(np.stack([entry.read() for entry in entries]))
        found: Array = every[at] / (every.sum(0) + np.float32(_EPS))
        return found

    return replace(entries[at], read=read)


def _fitted(net: Net, section: Section, tensor: str, volume: Volume) -> str | None:
    """*tensor* as `shortcut_cpu` adds it to one of *volume*: of each so many rows and columns the first, of channels as
    many as there are; those it lacks add nothing. None for what there is no kind for."""
    if not volume.is_map and net.volume(tensor).size == volume.size:
        return net.flat(section, tensor)
    if not volume.is_map:
        return None
    tensor = net.upright(section, tensor)
    if (own := net.volume(tensor)) == volume:
        return tensor
    (height, width, channels), (high, wide, wanted) = (tuple(map(as_int, each.dims)) for each in (own, volume))
    step = max(1, width // wide)
    if (-(-height // step), -(-width // step)) != (high, wide):
        return None
    if step > 1 or channels < wanted:
        tensor = net.add(section, Widen(channels=max(channels, wanted), stride=(step, step)), [tensor])
    return net.add(section, Slice(start=0, stop=wanted), [tensor]) if channels > wanted else tensor
