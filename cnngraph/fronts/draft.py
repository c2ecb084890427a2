"""A network as the readers of models from elsewhere put it together, in the names of its file.

A reader adds layers in topological order, with the numbers that the file has for them. What comes of it is a `Reading`:
the network with the structure found in it, and its weights.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NoReturn

from cnngraph.assembly import Assembly
from cnngraph.diagnostics import CnngraphError, Diagnostic, Label
from cnngraph.fronts.concats import merged
from cnngraph.fronts.sums import gathered
from cnngraph.fronts.twins import united
from cnngraph.layers.kind import Fault, Kind
from cnngraph.network import Annotation
from cnngraph.reading import Precision, Reading
from cnngraph.source import Span
from cnngraph.spec.names import is_name
from cnngraph.structure import Structured, structured
from cnngraph.volume import Volume
from cnngraph.weights.brought import BroughtWeights
from cnngraph.weights.readers.entry import Entry

Place = Span | str
"""Where in its file something stands: a stretch of its text, or in words: ``node `/layer1/conv```."""


class Draft:
    """Layers as they come from a file, called as it calls them. What cannot be is raised as `CnngraphError`, with the
    file and the place."""

    def __init__(self, file: str, settings: Mapping[str, object], max_nodes: int) -> None:
        self.file = file
        self._assembly = Assembly(max_nodes, settings)
        self._scopes: dict[str, str] = {}
        self._weights: dict[str, Mapping[str, Entry]] = {}
        self._remarks: list[Diagnostic] = []
        self._counts: dict[str, int] = {}
        self._outputs: list[tuple[str, str]] = []
        self._inputs: dict[str, str] = {}
        self._takers: Counter[str] = Counter()
        self._shared: set[str] = set()

    def input(
        self, name: str, volume: Volume, place: Place = "", *, called: str = "",
        annotations: tuple[Annotation, ...] = (),
    ) -> str:  # fmt: skip
        """An input, which the file calls *called* where that is not its name; gives back the name of its tensor."""
        name = self._unique(name)
        try:
            made = self._assembly.input(name, volume, annotations=annotations)
        except Fault as fault:
            self.refuse(fault, place)
        self._inputs[made.name] = called or name
        return made.name

    def add(
        self,
        kind: Kind,
        inputs: Sequence[str],
        name: str,
        *,
        scope: str = "",
        place: Place = "",
        weights: Mapping[str, Entry] | None = None,
        shares: str = "",
    ) -> str:
        """One more layer; gives back the name of its tensor: *name*, or one like it where that is taken or none can
        be.

        *scope* is the path that the file has for it where that tells more: ``layer1.0.conv1``. *weights* are its
        numbers, by the names of its kind's parameters and in their layouts; with *shares* it uses those of the layer
        of that name.
        """
        name = self._unique(name)
        try:
            layer = self._assembly.add(name, kind, inputs, shares=shares)
        except Fault as fault:
            self.refuse(fault, place)
        if scope or "." in name:  # else the name tells of no scope
            self._scopes[name] = scope or name
        if weights and not layer.shares:
            self._weights[name] = weights
        self._takers.update(inputs)
        self._shared |= {name, layer.shares} if layer.shares else set()
        return name

    def volume(self, tensor: str) -> Volume:
        """What flows in *tensor*."""
        layer = self._assembly.get(tensor)
        assert layer is not None
        return layer.output

    def made_by(self, tensor: str) -> tuple[Kind, Sequence[str]]:
        """What the layer is that makes *tensor*, and what it takes; an input takes nothing."""
        layer = self._assembly.get(tensor)
        assert layer is not None
        return layer.kind, layer.inputs

    def takers(self, tensor: str) -> int:
        """How often *tensor* is taken so far."""
        return self._takers[tensor]

    def is_shared(self, tensor: str) -> bool:
        """Whether the layer that makes *tensor* has its weights together with another so far."""
        return tensor in self._shared

    def parameters(self, tensor: str) -> Iterable[str]:
        """The names of the parameters of the layer that makes *tensor*."""
        layer = self._assembly.get(tensor)
        assert layer is not None
        return layer.parameters

    def change(self, tensor: str, change: Callable[[Entry], Entry]) -> None:
        """Makes a *change* to all weights of the layer that makes *tensor*."""
        if tensor in self._weights:
            self._weights[tensor] = {name: change(entry) for name, entry in self._weights[tensor].items()}

    def output(self, name: str, tensor: str) -> None:
        """An output, which the file calls *name*."""
        self._outputs.append((_fit(name), tensor))

    def say(self, tensor: str, annotations: Iterable[Annotation]) -> None:
        """Says something more of the layer that makes *tensor*, as a spec would: there it stands on the line of the
        layer that the two are short for (``softmax 10 @classes(…)``)."""
        layer = self._assembly.get(tensor)
        assert layer is not None
        before = self._assembly.get(layer.inputs[0]) if layer.inputs else None
        is_short = before is not None and layer.kind.short_for == before.kind.word
        self._assembly.say(before.name if before is not None and is_short else tensor, annotations)

    def remark(self, diagnostic: Diagnostic) -> None:
        """A warning that comes with the network."""
        self._remarks.append(replace(diagnostic, file=diagnostic.file or self.file))

    def refuse(self, fault: Fault, place: Place = "") -> NoReturn:
        """Raises *fault* as what is wrong at *place*."""
        at = Label(place, fault.remark) if isinstance(place, Span) else None
        raise CnngraphError(
            [
                Diagnostic(
                    fault.code,
                    fault.message,
                    label=at,
                    file=self.file,
                    place=place if isinstance(place, str) else "",
                    reason=fault.reason or ("" if at else fault.remark),
                    help=fault.help,
                )
            ]
        ) from None

    def reading(
        self,
        name: str,
        *,
        title: str = "",
        about: str = "",
        unlike: Iterable[int] = (),
        precision: Precision = "float32",
    ) -> Reading:
        """All of it that leads to an output, with the structure that is found in it; *about* says what its weights
        are, and the rest is as in `Reading`."""
        self._give_back()
        self._assembly.keep({tensor for _, tensor in self._outputs})
        try:
            flat = merged(gathered(united(self._assembly.network(name, title=title, file=self.file))))
        except Fault as fault:
            self.refuse(fault)
        found = structured(flat, self._scopes)
        called = {new: old for old, new in found.names.items()}
        return Reading(
            found.network, tuple(self._remarks), self._brought(found, about), called={**called, **self._inputs},
            unlike=frozenset(unlike), precision=precision,
        )  # fmt: skip

    def _give_back(self) -> None:
        """The outputs, called as their layers are where there is one; of several each as the file calls it, if a spec
        can call it so; that is its origin, too, also where it is the name of the layer."""
        several = len(self._outputs) > 1
        for name, tensor in self._outputs:
            is_kept = several and is_name(name)
            called = name if is_kept else tensor
            if not self._assembly.gives(called):
                self._assembly.output(called, tensor, origin=name if several or name != called else "")

    def _brought(self, found: Structured, about: str) -> BroughtWeights | None:
        """The numbers that came with the layers; None where some have none."""
        network = found.network
        entries: dict[str, Entry] = {}
        for old, parameters in self._weights.items():
            if old in found.names:  # else it leads to no output
                layer = network[found.names[old]]
                entries.update((f"{layer.shares or layer.name}.{key}", entry) for key, entry in parameters.items())
        wanted = (f"{layer.name}.{parameter}" for layer in network.layers for parameter in layer.parameters)
        return BroughtWeights(entries, about, self.file) if all(each in entries for each in wanted) else None

    def _unique(self, wanted: str) -> str:
        name = stem = _fit(wanted)
        while name in self._assembly:
            self._counts[stem] = self._counts.get(stem, 1) + 1
            name = f"{stem}_{self._counts[stem]}"
        return name


def _fit(wanted: str) -> str:
    """*wanted* as something can be called."""
    if not wanted.isprintable():
        wanted = "".join(each if each.isprintable() else " " for each in wanted)
    return wanted.strip() or "unnamed"
