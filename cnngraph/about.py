"""What a file says beside its graph: what pictures go through, and what its classes are called.

It stands in the model's ``metadata_props`` under `KEY`, as JSON; ``docs/models.md`` has the form.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cnngraph.classes import UNSHOWN, class_names
from cnngraph.network import Network
from cnngraph.preprocessing import FORMS, Preprocessing, preprocessing

KEY = "cnngraph"
VERSION = 1
_LARGEST = 3e38
"""About what float32 holds."""


@dataclass(frozen=True, slots=True)
class About:
    """Of a network or a file."""

    pictures: Preprocessing | None = None
    """What pictures go through; None when nothing is said of it."""
    classes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The names of the classes, in order, by output."""

    def written(self) -> str:
        """As JSON, always the same; empty when there is nothing to say."""
        said: dict[str, object] = {}
        if (done := self.pictures) is not None:
            said["pictures"] = {
                "bgr": done.bgr,
                "invert": done.invert,
                "scale": [done.low, done.high],
                "mean": list(done.mean),
                "std": list(done.std),
                "within": done.within,
            }
        if self.classes:
            said["classes"] = {name: list(names) for name, names in self.classes.items()}
        return json.dumps({"version": VERSION, **said}, ensure_ascii=False) if said else ""


def about(network: Network) -> About:
    """What the spec of *network* says. Raises `CnngraphError` when it is not right."""
    said = [preprocessing(layer) for layer in network.inputs]
    return About(said[0] if len(said) == 1 else None, class_names(network))


def read(text: str) -> About:
    """What *text*, the value of `KEY` in a file, says. Raises `ValueError` when it is not of the form that is written
    here, or of a later version."""
    found = json.loads(text)
    if not isinstance(found, dict) or not isinstance(version := found.get("version"), int):
        raise ValueError("it has no version")
    if version > VERSION:
        raise ValueError(f"it is of version {version}, and this program reads version {VERSION}")
    pictures, classes = found.get("pictures"), found.get("classes", {})
    if not isinstance(classes, dict) or not all(map(_texts, classes.values())):
        raise ValueError("its classes are not lists of texts by output")
    done = None if pictures is None else _preprocessing(pictures)
    return About(done, {name: tuple(names) for name, names in classes.items()})


def _texts(names: object) -> bool:
    return isinstance(names, list) and all(isinstance(name, str) and not UNSHOWN.search(name) for name in names)


def _preprocessing(said: Any) -> Preprocessing:
    if not isinstance(said, dict):
        raise ValueError("its pictures are no object")
    low, high = _numbers(said, "scale", (0.0, 1.0))
    within = said.get("within")
    if within not in (None, *FORMS):
        raise ValueError(f"it takes pictures as {within!r}, which is none of {', '.join(FORMS)}")
    mean, std = _numbers(said, "mean", ()), _numbers(said, "std", ())
    return Preprocessing(said.get("bgr") is True, said.get("invert") is True, low, high, mean, std, within)


def _numbers(said: dict[str, Any], name: str, unless: tuple[float, ...]) -> tuple[float, ...]:
    found = said.get(name, unless)
    if not isinstance(found, list | tuple) or not all(type(each) in (int, float) for each in found):
        raise ValueError(f"its {name} is no list of numbers")
    if any(abs(each) > _LARGEST or each != each for each in found):
        raise ValueError(f"its {name} has numbers that are too large, or none")
    if name == "scale" and len(found) != 2:
        raise ValueError("its scale is not two numbers")
    return tuple(map(float, found))
