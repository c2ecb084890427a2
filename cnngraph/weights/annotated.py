"""Weights that the spec itself names: ``conv 8 3x3 bn @weights("w.npz:conv1")``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from cnngraph.diagnostics import CnngraphError, Diagnostic, Label
from cnngraph.network import Annotation, Layer, Network
from cnngraph.weights.files import FileWeights, MatchedWeights
from cnngraph.weights.match import Matching, layer_of
from cnngraph.weights.readers import part_of
from cnngraph.weights.source import Weight, Weights


def named(network: Network) -> dict[Annotation, list[Layer]]:
    """The layers that each ``@weights`` of *network* is about: on a step that of its normalization too."""
    found: dict[Annotation, list[Layer]] = {}
    of_step: dict[str, Annotation] = {}
    for layer in network.layers:
        if layer.shares:
            continue
        own = next((each for each in layer.annotations if each.name == "weights"), of_step.get(layer.unit))
        if own is not None:
            found.setdefault(own, []).append(layer)
            of_step[layer.unit] = own
    return found


class AnnotatedWeights(MatchedWeights):
    """The weights that ``@weights`` names for some layers, and others for the rest."""

    def __init__(self, network: Network, rest: Weights) -> None:
        """*rest* is asked for all that no annotation is about. Raises `CnngraphError` when one names no weights of its
        layers, or a file outside of the spec's folder."""
        self._rest = rest
        self._of: dict[str, FileWeights] = {}
        for annotation, layers in named(network).items():
            try:
                weights = _weights(network, annotation, layers)
            except CnngraphError as error:
                label = Label(annotation.span) if annotation.span else None
                raise CnngraphError([replace(each, label=label) for each in error.diagnostics]) from None
            self._of |= {layer.name: weights for layer in layers}
        held = tuple(dict.fromkeys(self._of.values()))
        others = rest.matching if isinstance(rest, MatchedWeights) else Matching(())
        self.matching = Matching(
            (
                *(match for weights in held for match in weights.matching.matches),
                *(match for match in others.matches if layer_of(network, match.weight).name not in self._of),
            ),
            tuple(remark for matching in (*(each.matching for each in held), others) for remark in matching.remarks),
        )
        every = all(layer.name in self._of for layer in network.layers if layer.parameters)
        self.about = "the weights that its spec names" + ("" if every else f", else {rest.about}")

    def all(self, weights: Iterable[Weight]) -> Iterator[Iterable[bytes | memoryview]]:
        for given, some in groupby(weights, lambda weight: self._of.get(weight.layer.name, self._rest)):
            yield from given.all(some)


def _weights(network: Network, annotation: Annotation, layers: list[Layer]) -> FileWeights:
    text = str(annotation.arguments[0])
    if not any(layer.parameters for layer in layers):
        raise CnngraphError([Diagnostic("E0701", f'@weights("{text}") is on layers without weights')])
    spec = Path(network.file) if network.file and not network.file.startswith("<") else Path("spec")
    if "\0" in text:
        raise CnngraphError.of("E0702", f"@weights: {text!r} is the name of no file")
    file, wanted = part_of(str(spec.parent / text))
    if Path(text).is_absolute() or not file.resolve().is_relative_to(spec.parent.resolve()):
        raise CnngraphError.of(
            "E0701", f'@weights("{text}") leaves the folder of the spec', help="--weights takes a file from anywhere"
        )
    units = {layer.unit for layer in layers}
    # Below conv1 a file has `weight` and `bn.bias`, which are the layer conv1's and conv1.bn's.
    below = f"{units.pop()}." if wanted and len(units) == 1 else ""
    return FileWeights(
        f"{file}:{wanted}" if wanted else file, network, only=[layer.name for layer in layers], below=below
    )
