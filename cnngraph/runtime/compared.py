"""Where two networks begin to answer differently: both run on one picture, unit by unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cnngraph.network import Network
from cnngraph.runtime.activations import made_of
from cnngraph.runtime.session import Array
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
    one = made_of(picture, a, mine, [here for here, _ in pairs])
    other = made_of(picture, b, theirs, [there for _, there in pairs])
    return tuple(Apart(here, there, _difference(one[here], other[there])) for here, there in pairs)


def _difference(one: Array, other: Array) -> float | None:
    if one.shape != other.shape:
        return None
    same = (one == other) | (np.isnan(one) & np.isnan(other))
    if same.all():
        return 0.0
    largest = float(np.nanmax(np.abs(one), initial=0.0))
    found = float(np.abs(one[~same].astype(np.float64) - other[~same]).max())
    return found / largest if largest and np.isfinite(found) else float("inf")
