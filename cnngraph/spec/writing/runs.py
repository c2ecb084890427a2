"""Chains and joins found again: what flows into what, which layers are the branches of a join.

Layers are taken in their order, and a stack holds the runs that are open: a layer goes on with the
topmost run when it takes what that one leaves, else it begins a run of its own. A join takes the
topmost runs off the stack, those that it joins; if the first of its branches began as part of the run
below, that one is cut at the fork.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from cnngraph.layers.join import Join
from cnngraph.spec.writing.scopes import Item, Scope, Scopes


class OutOfOrder(Exception):
    """A shortcut's layers don't stand right before the join they lead to."""


@dataclass(eq=False, slots=True)
class Element:
    item: Item
    named: tuple[str, ...] = ()
    """Tensors that it takes by name."""
    ways: tuple[Way, ...] = ()
    """The branches of a join."""


@dataclass(eq=False, slots=True)
class Way:
    is_skip: bool
    source: str | None
    """The tensor it begins with, where that is not the one at the fork."""
    elements: list[Element]


@dataclass(eq=False, slots=True)
class Run:
    source: str | None
    on_shortcut: bool
    begins: bool
    """Whether it begins with a `from`; the first run of a scope takes what flows in."""
    elements: list[Element] = field(default_factory=list)

    @property
    def result(self) -> str | None:
        """The tensor it leaves; None behind a split."""
        if not self.elements:
            return self.source
        last = self.elements[-1].item
        return None if last.is_split else last.output


def runs(scope: Scope, whole: Scopes) -> list[Run]:
    """The runs of *scope* in order; raises `OutOfOrder`."""
    return _Runs(scope, whole).found()


class _Runs:
    def __init__(self, scope: Scope, whole: Scopes) -> None:
        self.scope = scope
        self.network = whole.network
        self.outside = scope.on_shortcut
        sources = list(scope.given) if scope.path else [layer.name for layer in whole.network.inputs]
        source = sources[0] if scope.path or len(sources) == 1 else None
        self.stack = [Run(source, self.outside, begins=False)]
        self.place: dict[str, tuple[Run, int]] = {}
        """For each tensor the run that it is in, and how many elements lead to it."""
        if source is not None:
            self.place[source] = (self.stack[0], 0)

    def found(self) -> list[Run]:
        for item in self.scope.items:
            on_shortcut = item.on_shortcut
            is_join = not item.inside and isinstance(item.layers[0].kind, Join)
            if not (is_join and self.branches(item)):
                self.append(Element(item, item.inputs[1:]), item.inputs[0], on_shortcut)
        if any(run.on_shortcut != self.outside for run in self.stack):
            raise OutOfOrder
        return [run for run in self.stack if run.elements]

    def append(self, element: Element, source: str, on_shortcut: bool) -> None:
        run = self.stack[-1]
        if run.result != source or run.on_shortcut != on_shortcut:
            run = Run(source, on_shortcut, begins=True)
            self.stack.append(run)
        run.elements.append(element)
        if not element.item.is_split:
            self.place[element.item.output] = (run, len(run.elements))

    def branches(self, item: Item) -> bool:
        """Put the join *item* behind its branches; False when it is better written with names."""
        join = item.layers[0]
        outside = join.on_shortcut
        fork = self.fork(join.inputs, join.skips, outside)
        ways: list[Way] = []
        left = len(self.stack)
        cut: tuple[Run, int] | None = None
        for index in reversed(range(len(join.inputs))):
            tensor, is_skip = join.inputs[index], index in join.skips
            run = self.stack[left - 1]
            fits = cut is None and run.result == tensor and run.on_shortcut == (outside or is_skip)
            if fits and run.begins and run.source == fork and run.elements:
                ways.append(Way(is_skip, None, run.elements))
                left -= 1
            elif fits and (at := self.after(fork, run)) is not None:
                cut = run, at
                ways.append(Way(is_skip, None, run.elements[at:]))
            else:
                ways.append(Way(is_skip, None if tensor == fork else tensor, []))
        ways.reverse()
        if fork is None or not (join.skips or sum(1 for way in ways if way.elements) > 1):
            return False
        if any(not way.elements and not way.is_skip for way in ways):
            ways = [Way(w.is_skip, w.source or (None if w.is_skip or w.elements else fork), w.elements) for w in ways]
        del self.stack[left:]
        if cut is not None:
            del cut[0].elements[cut[1] :]
        self.append(Element(item, ways=tuple(ways)), fork, outside)
        return True

    def after(self, fork: str | None, run: Run) -> int | None:
        """How many elements of *run* lead to *fork*; None when it is not in it, or nothing follows."""
        inside, at = self.place.get(fork or "", (None, 0))
        if inside is not run or at >= len(run.elements):
            return None
        is_there = run.elements[at - 1].item.output == fork if at else run.source == fork
        return at if is_there else None

    def fork(self, inputs: tuple[str, ...], skips: tuple[int, ...], outside: bool) -> str | None:
        """The tensor that the branches of a join begin with."""
        open_ = {run.result for run in self.stack[-len(inputs) :] if run.begins}
        for index in skips:
            if self.network[inputs[index]].on_shortcut == outside and inputs[index] not in open_:
                return inputs[index]
        last = self.stack[-1]
        if last.begins and last.result == inputs[-1]:
            return last.source
        return inputs[skips[0]] if skips else None
