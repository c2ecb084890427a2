"""Where two networks begin to answer differently: both run on one picture, unit by unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from cnngraph.network import Network, Output
from cnngraph.onnx.model import lowered
from cnngraph.runtime.feeds import PictureInput
from cnngraph.runtime.session import Array, Session
from cnngraph.runtime.verify import CLOSE
from cnngraph.weights.source import Weights


@dataclass(frozen=True, slots=True)
class Apart:
    """How far what two layers make on one picture is apart."""

    a: str
    b: str
    difference: float | None
    """The largest, relative to the largest number of the first; infinite where one of two numbers is none. None when
    they make volumes of other sizes."""

    @property
    def is_alike(self) -> bool:
        """Whether it is no more than rounding."""
        return self.difference is not None and self.difference <= CLOSE


def apart(
    a: Network, mine: Weights, b: Network, theirs: Weights, pairs: Sequence[tuple[str, str]], picture: Path
) -> tuple[Apart, ...]:
    """Runs both networks on *picture*, each as it takes pictures, and compares what the layers in *pairs* make. Raises
    `CnngraphError` when one of them takes no single picture, or does not run."""
    one = _tensors(a, mine, [here for here, _ in pairs], picture)
    other = _tensors(b, theirs, [there for _, there in pairs], picture)
    return tuple(Apart(here, there, _difference(one[here], other[there])) for here, there in pairs)


def _tensors(network: Network, weights: Weights, layers: Sequence[str], picture: Path) -> dict[str, Array]:
    """What *layers* make of the picture: a network that gives back all of them."""
    given = tuple(Output(name, name) for name in layers)
    watched = replace(network, outputs=given)
    with lowered(watched, lambda: weights).file() as path:
        session = Session(path, watched)
        return session.run(PictureInput.of(session, session.done, "compare it without a picture").feed(picture))


def _difference(one: Array, other: Array) -> float | None:
    if one.shape != other.shape:
        return None
    same = (one == other) | (np.isnan(one) & np.isnan(other))
    if same.all():
        return 0.0
    largest = float(np.nanmax(np.abs(one), initial=0.0))
    found = float(np.abs(one[~same].astype(np.float64) - other[~same]).max())
    return found / largest if largest and np.isfinite(found) else float("inf")
