"""Stages with what the line that each is on says with it, and equal ones folded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cnngraph.repetition import repetition
from cnngraph.spec.writing.phrases import Hole, Joined, Line, Repeated, Stage, holes, skeleton


@dataclass(slots=True)
class Said:
    """A stage, and what the line that it is on has to say with it."""

    stage: Stage
    label: str = ""
    annotations: str = ""
    tensor: str = ""
    """What it leaves; empty behind a split."""
    is_fixed: bool = False
    """Whether it holds names, so that it stands for itself only."""
    starts_line: bool = True
    is_tap: bool = False
    """Whether its label only names its tensor."""


def has_names(branches: Iterable[Iterable[Line]]) -> bool:
    """Whether a label stands anywhere in *branches*."""
    waiting = [line for branch in branches for line in branch]
    while waiting:
        line = waiting.pop()
        if line.label:
            return True
        for stage in line.stages:
            match stage:
                case Joined(branches=inner):
                    waiting += [line for branch in inner for line in branch]
                case Repeated(body=body):
                    waiting += body
    return False


def folded(said: list[Said]) -> list[Said]:
    """With equal stretches once, and how often, where no name is lost; one that is taken up by its name ends a repeat,
    which has its label."""
    numbers: dict[object, int] = {}
    keys = []
    for index, each in enumerate(said):
        values = tuple(hole.value for hole in holes(each.stage))
        alone = each.annotations or ((each.is_fixed or each.label) and not each.is_tap)
        keys.append(numbers.setdefault(index if alone else (skeleton(each.stage), values), len(numbers)))
    found: list[Said] = []
    at = 0
    while at < len(said):
        period, times = repetition(keys, at)
        end = next((each + 1 for each in range(at, at + period * times) if said[each].label), at + period * times)
        times = (end - at) // period
        if times < 2:
            found.append(said[at])
            at += 1
            continue
        body = tuple(each.stage for each in said[at : at + period])
        stage = Repeated((Line(body),), Hole("n", str(times)))
        last = said[at + period * times - 1]
        found.append(Said(stage, last.label, tensor=last.tensor, is_fixed=bool(last.label)))
        at += period * times
    return found
