"""Weights that came with a network, out of the file that it was read from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from cnngraph.diagnostics import CnngraphError
from cnngraph.network import Network
from cnngraph.weights.readers.entry import Entry, pieces
from cnngraph.weights.source import Weight


class BroughtWeights:
    """The numbers of every weight of one network, by the weight's name."""

    def __init__(self, entries: Mapping[str, Entry], about: str, file: str) -> None:
        """*about* says what they are, and *file* where they are from."""
        self.about = about
        self.entries = entries
        self._file = file

    def renamed(self, names: Mapping[str, str], network: Network) -> BroughtWeights:
        """The same for *network*, whose layers have other *names*, by those here."""
        entries = {}
        for key, entry in self.entries.items():
            layer, _, parameter = key.rpartition(".")
            made = network[names[layer]]
            entries[f"{made.shares or made.name}.{parameter}"] = entry
        return BroughtWeights(entries, self.about, self._file)

    @property
    def keys(self) -> dict[str, str]:
        """What the file calls each weight that it has, each name once."""
        called = {name: entry.name for name, entry in self.entries.items() if entry.name and not entry.made_up}
        first = dict(zip(reversed(called.values()), reversed(called), strict=True))
        return {name: key for name, key in called.items() if first[key] == name}

    def all(self, weights: Iterable[Weight]) -> Iterator[Iterable[bytes | memoryview]]:
        for weight in weights:
            entry = self.entries[weight.name]
            try:
                array = entry.read().reshape(weight.parameter.shape)
            except Exception as error:
                raise CnngraphError.of(
                    "E0702", f"{self._file}: cannot read `{entry.name}`: {str(error).strip()}"
                ) from None
            yield pieces(array)


class UnfitWeights:
    """Weights that seem to be those of a network, and are not: who asks for them hears why."""

    def __init__(self, about: str, error: CnngraphError) -> None:
        self.about = about
        self._error = error

    def all(self, weights: Iterable[Weight]) -> Iterator[Iterable[bytes | memoryview]]:
        del weights
        raise self._error
