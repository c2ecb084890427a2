"""What the classes of a network are called, as its spec says: ``@classes("imagenet")``, ``@classes("cat", "dog")``."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from cnngraph.diagnostics import CnngraphError, Diagnostic, Label
from cnngraph.network import Layer, Network

UNSHOWN = re.compile(r"[\0-\x1f\x7f-\x9f\ud800-\udfff]")
"""Characters that no name has: they would do something to a terminal, or cannot be written."""
_LABELS = Path(__file__).parent / "labels"


def lists() -> list[str]:
    """The lists of names that ship."""
    return sorted(entry.stem for entry in _LABELS.iterdir() if entry.name.islower())


@cache
def shipped_names(name: str) -> tuple[str, ...]:
    """The names in the list *name*, which is one of `lists`."""
    text = (_LABELS / f"{name}.txt").read_text(encoding="utf-8")
    return tuple(line for line in text.splitlines() if not line.startswith("#"))


def class_names(network: Network) -> dict[str, tuple[str, ...]]:
    """By the name of the output the names of its classes, in order, where they are said. Raises `CnngraphError`."""
    found = {}
    for output in network.outputs:
        layer = network[output.layer]
        names = classes_of(layer) or classes_of(network[layer.unit])
        if names and len(names) == layer.output.channels:
            found[output.name] = names
    return found


def classes_of(layer: Layer) -> tuple[str, ...]:
    """The names that *layer*'s own annotation gives. Raises `CnngraphError` for a list that there is not, or when they
    are not as many as the layer has channels."""
    for annotation in layer.annotations:
        if annotation.name != "classes":
            continue
        names = tuple(str(each) for each in annotation.arguments)
        label = Label(annotation.span) if annotation.span else None
        if len(names) == 1 and layer.output.channels != 1:
            if names[0] not in lists():
                help = f'there is {", ".join(lists())}; or write the names:  @classes("cat", "dog")'
                raise CnngraphError(
                    [Diagnostic("E0216", f'no list of classes is called "{names[0]}"', label, help=help)]
                )
            names = shipped_names(names[0])
        if any(map(UNSHOWN.search, names)):
            raise CnngraphError([Diagnostic("E0216", "a name of a class has a control character", label)])
        if len(names) != layer.output.channels:
            message = f"{len(names)} names for {layer.output.channels} classes"
            raise CnngraphError([Diagnostic("E0216", message, label)])
        return names
    return ()
