"""Weights by name, out of a file or as arrays, turned to the network's layout, a piece at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from cnngraph.diagnostics import CnngraphError
from cnngraph.network import Network
from cnngraph.weights.flattened import Orders
from cnngraph.weights.match import Match, expected, match
from cnngraph.weights.normed import plain
from cnngraph.weights.parts import part
from cnngraph.weights.readers import open_entries, part_of, said_of
from cnngraph.weights.readers.entry import Entry, Said, pieces
from cnngraph.weights.said import remarks as remarked
from cnngraph.weights.source import Weight


class MatchedWeights:
    """Named tensors that fit a network."""

    def __init__(
        self,
        entries: Sequence[Entry],
        network: Network,
        where: str,
        about: str,
        renames: Mapping[str, str] | None,
        remarks: tuple[str, ...] = (),
        only: Collection[str] | None = None,
        said: Sequence[Said] | None = None,
        spare: int = 0,
    ) -> None:
        """*where* the *entries* are, in words, and what is *said* there of layers without weights; None: nothing is.
        Raises `CnngraphError` when they are not *network*'s weights."""
        self.about = about
        matching = match(plain(entries, where), network, renames or {}, where, only=only, spare=spare)
        self._where = where
        self._matches = {each.weight: each for each in matching.matches}
        # Where one tensor counts a volume's numbers so, all of the file do.
        self._orders = Orders(network) if any(entry.hwc for entry in entries) else None
        given = _given_otherwise(network, self._orders) if self._orders else ()
        unlike = remarked(network, matching.matches, said)
        self.matching = replace(matching, remarks=(*remarks, *matching.remarks, *unlike, *given))

    def all(self, weights: Iterable[Weight]) -> Iterator[Iterable[bytes | memoryview]]:
        for weight in weights:
            yield self._pieces(self._matches[weight.name], weight)

    def _pieces(self, found: Match, weight: Weight) -> Iterator[memoryview]:
        shape = weight.parameter.shape
        try:
            array = found.entry.read().reshape(shape)
        except Exception as error:
            raise CnngraphError.of(
                "E0702", f"{self._where}: cannot read `{found.entry.name}`: {str(error).strip()}"
            ) from None
        if self._orders:
            array = self._orders.turned(array, weight.layer, columns=len(found.entry.shape) == 2)
        yield from pieces(array)


class FileWeights(MatchedWeights):
    """The weights in a file, which fit a network."""

    def __init__(
        self,
        path: str | Path,
        network: Network,
        about: str = "",
        renames: Mapping[str, str] | None = None,
        *,
        only: Collection[str] | None = None,
        below: str = "",
        spare: int = 0,
    ) -> None:
        """Opens *path*, or of ``w.pth:params_ema`` that part; raises `CnngraphError` when it is not a file of weights,
        or not *network*'s.

        They are the weights of the layers called *only*, if it is given; *below* is put in front of the file's names.
        Of as many layers as *spare* says the file may have weights that are left out.
        """
        file, wanted = part_of(str(path))
        entries, remarks = part(open_entries(file), wanted, str(file))
        if below:
            entries = [replace(entry, name=below + entry.name) for entry in entries]
        said = said_of(file) if only is None else None
        super().__init__(
            entries, network, str(path), about or f"weights from {path}", renames, remarks, only, said, spare
        )


class ArrayWeights(MatchedWeights):
    """Arrays by name, such as a state dict, which fit a network."""

    def __init__(
        self,
        arrays: Mapping[str, Any],
        network: Network,
        renames: Mapping[str, str] | None = None,
        *,
        only: Collection[str] | None = None,
        spare: int = 0,
    ) -> None:
        """*arrays* in PyTorch's layout, each all that numpy takes; *only* and *spare* as in `FileWeights`. Raises
        `CnngraphError` when one is no array of numbers, or they are not *network*'s."""
        where = "the mapping"
        entries = [_entry(str(name), value, where) for name, value in arrays.items()]
        super().__init__(entries, network, where, "the weights given", renames, only=only, spare=spare)


def _entry(name: str, value: Any, where: str) -> Entry:
    try:
        array = np.asarray(value)
    except Exception as error:
        # Whatever another library says of a tensor that it does not give to numpy.
        reason = str(error).strip().split("\n")[0]
        raise CnngraphError.of("E0702", f"{where}: `{name}` is no array of numbers", reason=reason) from None
    return Entry(name, array.shape, array.dtype.name, lambda: array)


def _given_otherwise(network: Network, orders: Orders) -> Iterator[str]:
    """A remark on each output whose numbers Keras gives in another order."""
    for output in network.outputs:
        if orders.differ(output.layer):
            yield f"the numbers of `{output.name}` come channel by channel; Keras has a place's channels together"


def fits(path: Path, network: Network) -> bool:
    """Whether the weights in *path* are *network*'s, name by name."""
    return {entry.name: entry.shape for entry in open_entries(path)} == expected(network)
