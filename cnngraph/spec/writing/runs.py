"""Chains and joins found again: what flows into what, which layers are the branches of a join.

Layers are taken in their order, and a stack holds the runs that are open: a layer goes on with the
topmost run when it takes what that one leaves, else it begins a run of its own. A join takes the
topmost runs off the stack, those that it joins; if the first of its branches began as part of the run
below, that one is cut at the fork.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from cnngraph.network import Layer
from cnngraph.spec.writing.scopes import Item, Scope, Scopes


class OutOfOrder(Exception):
    """A shortcut's layers don't stand right before the join they lead to."""


@dataclass(eq=False, slots=True)
class Element:
    """An item in a chain, with the branches that it joins."""

    item: Item
    named: tuple[str, ...] = ()
    """Tensors that it takes by name."""
    ways: tuple[Way, ...] = ()
    """The branches of a join."""


@dataclass(eq=False, slots=True)
class Way:
    """A branch of a join."""

    is_skip: bool
    source: str | None
    """The tensor it begins with, where that is not the one at the fork."""
    elements: list[Element]
    aside: list[Run] = field(default_factory=list)
    """What else is made in it, before."""


@dataclass(eq=False, slots=True)
class Run:
    """Elements one after the other: what lines of a text say."""

    source: str | None
    on_shortcut: bool
    level: int
    """How many runs are below it; the lowest takes what flows in, the others begin with a `from`."""
    elements: list[Element] = field(default_factory=list)

    @property
    def begins(self) -> bool:
        return self.level > 0

    @property
    def result(self) -> str | None:
        """The tensor it leaves; None behind a split."""
        return self.before(len(self.elements))

    def before(self, at: int) -> str | None:
        """The tensor that flows into the element *at*."""
        if not at:
            return self.source
        item = self.elements[at - 1].item
        return None if item.is_split else item.output


@dataclass(slots=True)
class _Found:
    """The branches of a join, and what is left without them."""

    fork: str
    ways: list[Way]
    left: int
    """How many runs of the stack."""
    cuts: dict[Run, int]
    """How many elements of runs that are cut."""


def runs(scope: Scope, whole: Scopes, *, strict: bool) -> list[Run]:
    """The runs of *scope* in order. Layers of a shortcut that no join takes are written as if on none;
    if *strict*, that raises `OutOfOrder`."""
    return _Runs(scope, whole).found(strict)


class _Runs:
    def __init__(self, scope: Scope, whole: Scopes) -> None:
        self.scope = scope
        self.whole = whole
        self.network = whole.network
        self.outside = scope.on_shortcut
        sources = list(scope.given) if scope.path else [layer.name for layer in whole.network.inputs]
        source = sources[0] if scope.path or len(sources) == 1 else None
        self.stack = [Run(source, self.outside, 0)]
        self.place: dict[Item | None, tuple[Run, int]] = {}
        """For each item the run that it is in, and how many elements lead to what it makes."""
        self.closed: dict[Item | None, Item] = {}
        """For each item in a branch the join that it is closed by."""

    def found(self, strict: bool) -> list[Run]:
        for item in self.scope.items:
            on_shortcut = item.on_shortcut
            is_join = not item.inside and item.layers[0].kind.family == "join"
            if not (is_join and self.branches(item)):
                self.append(Element(item, item.inputs[1:]), item.inputs[0], on_shortcut)
        if strict and any(run.on_shortcut != self.outside for run in self.stack):
            raise OutOfOrder
        return [run for run in self.stack if run.elements]

    def append(self, element: Element, source: str, on_shortcut: bool) -> None:
        run = self.stack[-1]
        if run.result != source or run.on_shortcut != on_shortcut:
            run = Run(source, on_shortcut, len(self.stack))
            self.stack.append(run)
        run.elements.append(element)
        self.place[element.item] = (run, len(run.elements))

    def branches(self, item: Item) -> bool:
        """Put the join *item* behind its branches; False when it is better written with names."""
        join = item.layers[0]
        found = self.ways(join, shortcuts_last=False)
        if join.skips and found is None:
            found = self.ways(join, shortcuts_last=True)
        if (join.skips or join.said) and found is None:
            # no branch can be had as it stands: all are named, and the shortcuts' layers wait for another join
            fork = join.inputs[join.skips[0] if join.skips else 0]
            sources = [None if tensor == fork else tensor for tensor in join.inputs]
            ways = [Way(n in join.skips, source, []) for n, source in enumerate(sources)]
            found = _Found(fork, ways, len(self.stack), {})
        if found is None or not (join.skips or join.said or sum(1 for way in found.ways if way.elements) > 1):
            return False
        del self.stack[found.left :]
        for run, length in found.cuts.items():
            del run.elements[length:]
        for way in found.ways:
            self.closed.update((element.item, item) for element in way.elements)
            self.closed.update((element.item, item) for run in way.aside for element in run.elements)
            if way.aside or not (way.elements or way.is_skip):
                way.source = way.source or found.fork
        self.append(Element(item, ways=tuple(found.ways)), found.fork, join.on_shortcut)
        return True

    def ways(self, join: Layer, shortcuts_last: bool) -> _Found | None:
        """The branches of *join* on top of the stack, the last one topmost; with *shortcuts_last* its shortcuts
        are on top, and all else is named. None when that is not how they stand."""
        fork = self.fork(join)
        if fork is None:
            return None
        found = _Found(fork, [Way(False, None, [])] * len(join.inputs), len(self.stack), {})
        is_closed = False
        for index in sorted(range(len(join.inputs)), key=lambda n: (shortcuts_last and n not in join.skips, -n)):
            tensor, is_skip = join.inputs[index], index in join.skips
            run = self.stack[found.left - 1]
            length = found.cuts.get(run, len(run.elements))
            # Words on a line stand on a branch that is nothing else.
            fits = not is_closed and length > 0 and run.before(length) == tensor and index not in join.said
            fits &= run.on_shortcut == (join.on_shortcut or is_skip)
            way = found.ways[index] = Way(is_skip, None if tensor == fork else tensor, [])
            fits &= is_skip or not shortcuts_last
            if fits and not shortcuts_last and (at := self.after(fork, run)) is not None:
                way.source, way.elements = None, run.elements[at:]
                found.cuts[run], is_closed = at, True
            elif fits and run.begins:
                earlier = [join.inputs[n] for n in join.skips if n < index] if shortcuts_last else []
                start = max([at for at in (self.after(each, run) for each in earlier) if at and at < length], default=0)
                source = run.before(start)
                way.source, way.elements = None if source == fork else source, run.elements[start:length]
                found.cuts[run] = start
                found.left -= not start
            if join.skips and not is_closed and not found.cuts.get(self.stack[found.left - 1]):
                self.take_aside(index, found, join)
        return found if self.holds_good(found, join) else None

    def take_aside(self, index: int, found: _Found, join: Layer) -> None:
        """Runs right below a branch that lead to none of the joined tensors belong to it: those of a shortcut,
        and others that stand above a shortcut of the same join."""
        places = [self.place.get(self.item(join.inputs[n])) for n in join.skips if n < index]
        below = min((place[0].level for place in places if place and place[0].begins), default=found.left)
        while (run := self.stack[found.left - 1]).begins and run.result not in join.inputs:
            is_shortcut = run.on_shortcut != join.on_shortcut
            if is_shortcut != (index in join.skips) or not (is_shortcut or run.level > below):
                return
            found.ways[index].aside.insert(0, run)
            found.left -= 1

    def holds_good(self, found: _Found, join: Layer) -> bool:
        """Whether what the branches begin with is made before them, and no layer of a shortcut is left behind."""
        if not self.is_open(found.fork, found):
            return False
        is_before_branch = False
        for index in reversed(range(len(found.ways))):
            way = found.ways[index]
            if is_before_branch and way.source and not way.elements and not self.is_open(way.source, found):
                return False
            is_before_branch |= bool(way.elements or way.aside)
            left_behind = index in join.skips and not way.elements and join.inputs[index] != found.fork
            if left_behind and self.network[join.inputs[index]].on_shortcut != join.on_shortcut:
                place = self.place.get(self.item(join.inputs[index]))
                if place is not None and self.stands(place[0], len(self.stack)):
                    return False
        return True

    def is_open(self, tensor: str, found: _Found) -> bool:
        """Whether *tensor* is made before all branches that are *found*."""
        item = self.item(tensor)
        while item in self.closed:
            item = self.closed[item]
        if item is None:
            return True
        run, at = self.place[item]
        return self.stands(run, found.left) and at <= found.cuts.get(run, len(run.elements))

    def stands(self, run: Run, among: int) -> bool:
        """Whether *run* is one of the lowest *among* of the stack."""
        return run.level < among and self.stack[run.level] is run

    def after(self, tensor: str, run: Run) -> int | None:
        """How many elements of *run* lead to *tensor*; None when it is not in it, or nothing follows."""
        if not run.elements:
            return None
        if run.source == tensor and not run.begins:
            return 0
        inside, at = self.place.get(self.item(tensor), (None, 0))
        is_there = inside is run and at < len(run.elements) and run.before(at) == tensor
        return at if is_there else None

    def fork(self, join: Layer) -> str | None:
        """The tensor that the branches of *join* begin with."""
        taken = [join.inputs[index] for index in join.skips]
        ends = [self.run_to(tensor) for tensor in taken]
        for tensor, run in zip(taken, ends, strict=True):
            if self.network[tensor].on_shortcut == join.on_shortcut and run is None:
                return tensor
        found = [run for run in ends or [self.run_to(join.inputs[-1])] if run is not None]
        if found:
            return min(found, key=lambda run: run.level).source
        return taken[0] if taken else None

    def run_to(self, tensor: str) -> Run | None:
        """The run that begins with a `from` and ends in *tensor*."""
        run, _ = self.place.get(self.item(tensor), (None, 0))
        ends = run is not None and run.begins and run.result == tensor and self.stands(run, len(self.stack))
        return run if ends else None

    def item(self, tensor: str) -> Item | None:
        """What in this scope makes *tensor*; None when it comes from outside."""
        layer = self.network[tensor]
        if not layer.inputs or not self.scope.holds(layer.block):
            return None
        return self.whole.way(tensor, self.scope)[0]
