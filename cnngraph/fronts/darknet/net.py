"""A darknet network as it is put together, section by section."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cnngraph.fronts.concats import Concats
from cnngraph.fronts.darknet.sections import Section
from cnngraph.fronts.draft import Draft
from cnngraph.fronts.mistake import Notes, mistake
from cnngraph.layers.dense import Flatten, Unflatten
from cnngraph.layers.join import Concat
from cnngraph.layers.kind import Kind
from cnngraph.layers.opaque import Opaque
from cnngraph.volume import Volume, as_int

if TYPE_CHECKING:
    from cnngraph.fronts.darknet.numbers import Numbers
    from cnngraph.weights.readers.entry import Entry

Weights = Mapping[str, "Entry"]
Made = str | None
"""The tensor that a section makes; None for one that is not known."""


@dataclass(slots=True)
class Learned:
    """Numbers that are learned and that nothing leads to, one for each channel of what takes them."""

    channels: int
    weights: Entry | None
    """In the file, if there is one."""
    used: str = ""
    """The first layer that has them."""


@dataclass(frozen=True, slots=True)
class Convolved:
    """What a section made: a convolution and its normalization, if it has one, and their numbers in the file."""

    kind: Kind
    takes: str
    layer: str
    norm: str
    weights: Weights
    shifts: Weights


class Net:
    """The layers so far. Each section makes one tensor, or none where what it makes is not known."""

    def __init__(self, draft: Draft, image: str, numbers: Numbers | None, notes: Notes) -> None:
        self.draft = draft
        self.numbers = numbers
        self.notes = notes
        self.tensors: list[Made] = []
        """Of each section behind the first."""
        self.convolutions: dict[int, Convolved] = {}
        """Those so far, by the numbers of their sections."""
        self.learned: dict[int, Learned] = {}
        """What sections have that take nothing, by their numbers."""
        self.heads: list[tuple[str, str]] = []
        """What the network gives back: names, and tensors."""
        self.used: set[str] = set()
        """The tensors that layers take."""
        self._image = image
        self._concats = Concats()

    @property
    def current(self) -> Made:
        """What flows into the next section."""
        return self.tensors[-1] if self.tensors else self._image

    def volume(self, tensor: str) -> Volume:
        return self.draft.volume(tensor)

    def referred(self, section: Section, key: str) -> list[str] | None:
        """The tensors of the layers that the option lists, counted from the first or, below 0, back from this one;
        None where one of them is not known."""
        found: list[Made] = []
        numbers = section.wholes(key)
        if not numbers:
            raise mistake("E0207", f"[{section.name}] says no `{key}`", section.span)
        for number in numbers:
            index = section.index + number if number < 0 else number
            if not 0 <= index < section.index:
                raise mistake(
                    "E0201", f"there is no layer {number} before this one", section.place(key),
                    f"this is layer {section.index}", help="layers are counted from 0; below 0 back from this one",
                )  # fmt: skip
            found.append(self.tensors[index])
        return [each for each in found if each is not None] if None not in found else None

    def alike(self, section: Section, tensors: list[str]) -> list[str]:
        """*tensors*, those that are vectors as 1x1xC where another is a map."""
        if not any(self.volume(tensor).is_map for tensor in tensors):
            return tensors
        return [self.upright(section, tensor) for tensor in tensors]

    def upright(self, section: Section, tensor: str) -> str:
        """*tensor* as a map: a vector as 1x1xC."""
        return tensor if self.volume(tensor).is_map else self.add(section, Unflatten(), [tensor])

    def flat(self, section: Section, tensor: str) -> str:
        """*tensor* as a vector."""
        return self.add(section, Flatten(), [tensor]) if self.volume(tensor).is_map else tensor

    def add(
        self, section: Section, kind: Kind, inputs: list[str], name: str = "", *,
        weights: Weights | None = None, shares: str = "",
    ) -> str:  # fmt: skip
        """One more layer of *section*, called *name* or as its kind is, with the section's number."""
        called = f"{name or kind.word}_{section.index}"
        self.used.update(inputs)
        return self.draft.add(kind, inputs, called, place=section.span, weights=weights, shares=shares)

    def take(self, section: Section, kind: Kind, volume: Volume, *keys: str, transposed: bool = False) -> Weights:
        """The next numbers of the file, as those of the weights *keys* of *kind* on *volume*; none where there is no
        file."""
        if self.numbers is None:
            return {}
        shapes = {key: parameter.shape for key, parameter in kind.parameters((volume,)).items()}
        names = {key: f"{kind.word}_{section.index}.{key}" for key in keys}
        take = self.numbers.take
        return {key: take(names[key], shapes[key], transposed=transposed and key == "weight") for key in keys}

    def concat(self, section: Section, parts: list[str]) -> str:
        """The channels of *parts* behind each other."""
        taken = self._concats.shortened(parts)
        if len(taken) == 1:
            return taken[0]
        made = self.add(section, Concat(), list(taken))
        self._concats.add(parts, made)
        return made

    def opaque(
        self, section: Section, type: str, inputs: list[str], volume: Volume | None, *, numbers: int = 0, key: str = ""
    ) -> Made:
        """What *type*, which no layer here does, makes of *inputs*, of the size *volume*, with so many *numbers* of
        weights. Where the size is not known what leads there is what the network gives back. *key* is the option that
        asks for it, where it is not the section."""
        what, place = (f"{key}={type}" if key else f"[{section.name}]"), section.place(*[key] * bool(key))
        if volume is None:
            self.heads.append((f"{type}_{section.index}", inputs[0]))
            self.notes.add(what, "no layer here does it, and the network ends in front of it", place)
            return None
        name = f"{type}_{section.index}"
        weights = {"weight": self.numbers.take(name, (numbers,))} if self.numbers and numbers else {}
        to = None if volume == self.volume(inputs[0]) else tuple(map(as_int, volume.dims))
        kind = Opaque(does=type, to=to, numbers=numbers)
        self.notes.add(what, "no layer here does it; it is kept as one that is not known", place)
        return self.add(section, kind, inputs, type, weights=weights)

    def note(self, section: Section, says: str, *keys: str) -> None:
        """What becomes of *section*, or of its options *keys*."""
        self.notes.add(f"[{section.name}]", says, section.place(*keys))
