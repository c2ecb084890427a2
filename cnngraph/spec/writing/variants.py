"""Uses of one block whose text differs in more than numbers, as one text: what only some of them have stands under a
condition.

Two chains are aligned where they say the same; a join of one whose only other branch is missing in the other is aligned
with what the other has instead. What has labels or annotations is merged with its like only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from cnngraph.spec.writing.phrases import (
    TURNS_BUT_ONE,
    Body,
    Call,
    Hole,
    Joined,
    Line,
    Repeated,
    Stage,
    Step,
    holes,
    skeleton,
)

_LONGEST_BRANCH = 2
"""Stages of a branch that may vanish: it has to be one line."""


@dataclass(frozen=True, slots=True)
class Merged:
    """The text of some variants of a block."""

    body: Body
    """Lines that only some have are marked with the number of a condition."""
    variants: tuple[int, ...]
    """Which of the variants it is of."""
    places: tuple[dict[int, int], ...]
    """For each hole of the body which hole it is in each variant that has it."""
    conditions: tuple[frozenset[int], ...]
    """For each condition the variants in which it holds."""


def evenly_folded(bodies: Sequence[Body]) -> list[Body]:
    """*bodies* with their repeats written alike, of those that say the same a different number of times.

    Where numbers happen to be equal in some, a repeat that these alone have is written out; a stretch whose length
    differs is a repeat in all of them, or, where its first turn differs from the others, that and a repeat.
    """
    found = [tuple(map(_unfolded, body)) for body in bodies]
    alike: dict[object, list[int]] = {}
    for number, body in enumerate(found):
        alike.setdefault(tuple(map(_collapsed, body)), []).append(number)
    for numbers in alike.values():
        if len({tuple(map(skeleton, bodies[number])) for number in numbers}) == 1:
            for number in numbers:
                found[number] = bodies[number]
        elif len({tuple(map(skeleton, found[number])) for number in numbers}) > 1:
            lengthened = _in_turns([found[number] for number in numbers])
            for number, body in zip(numbers, lengthened or [bodies[each] for each in numbers], strict=True):
                found[number] = body
    return found


def _collapsed(line: Line) -> object:
    """What a line says, once where it says the same several times."""
    return line.label, line.begin, line.annotations, tuple(key for key, _ in groupby(map(_shape, line.stages)))


def _shape(stage: Stage) -> object:
    """Equal for stages that are alike but for how often they say things."""
    if isinstance(stage, Joined):
        return stage.word, *(tuple(map(_collapsed, branch)) for branch in stage.branches)
    return skeleton(stage)


def _in_turns(bodies: Sequence[Body]) -> list[Body] | None:
    """*bodies*, which are alike but for how often they say things; None when the turns differ too much."""
    if len({tuple(map(skeleton, body)) for body in bodies}) == 1:
        return list(bodies)
    if any(len(body) != 1 for body in bodies):
        return None
    (lines,) = zip(*bodies, strict=True)
    runs = [[list(run) for _, run in groupby(line.stages, key=_shape)] for line in lines]
    found: list[list[Stage]] = [[] for _ in bodies]
    for stretch in zip(*runs, strict=True):
        evened = _evened(stretch)
        if evened is None:
            return None
        for stages, run in zip(found, evened, strict=True):
            stages += run
    return [(replace(line, stages=tuple(stages)),) for line, stages in zip(lines, found, strict=True)]


def _evened(stretch: Sequence[Sequence[Stage]]) -> list[list[Stage]] | None:
    """Runs of stages that are alike, as long in one body as in the others or as repeats."""
    if len({tuple(map(skeleton, run)) for run in stretch}) == 1:
        return [list(run) for run in stretch]
    joined = [run[0] for run in stretch if isinstance(run[0], Joined)]
    if joined:
        if any(len(run) != 1 for run in stretch):
            return None
        branches = [_in_turns(each) for each in zip(*(each.branches for each in joined), strict=True)]
        if any(each is None for each in branches):
            return None
        made = zip(*(each for each in branches if each is not None), strict=True)
        return [[Joined(each.word, inside)] for each, inside in zip(joined, made, strict=True)]
    if any(len({_values(stage) for stage in run[1:]}) > 1 for run in stretch):
        return None
    has_first = any(len({_values(stage) for stage in run}) > 1 for run in stretch)
    found: list[list[Stage]] = []
    for run in stretch:
        count = Hole(TURNS_BUT_ONE if has_first else "n", str(len(run) - has_first))
        repeat = Repeated((Line((run[-1] if len(run) > 1 or not has_first else _usual(run[0]),)),), count)
        found.append([run[0], repeat] if has_first else [repeat])
    return found


def _values(stage: Stage) -> tuple[str, ...]:
    return tuple(hole.value for hole in holes(stage))


def _usual(stage: Stage) -> Stage:
    """*stage* with the values that need not be written."""
    match stage:
        case Step(parts):
            return replace(stage, parts=tuple(_unsaid(part) if isinstance(part, Hole) else part for part in parts))
        case Call(holes=inner):
            return replace(stage, holes=tuple(map(_unsaid, inner)))
    return stage


def _unsaid(hole: Hole) -> Hole:
    return replace(hole, value=hole.default or hole.value)


def _unfolded(line: Line) -> Line:
    stages: list[Stage] = []
    for stage in line.stages:
        match stage:
            case Repeated(body, count):
                inner = [each for inner in body for each in _unfolded(inner).stages]
                stages += inner * int(count.value)
            case Joined(word, branches):
                stages.append(Joined(word, tuple(tuple(map(_unfolded, branch)) for branch in branches)))
            case _:
                stages.append(stage)
    return replace(line, stages=tuple(stages))


def merged(bodies: Sequence[Body]) -> list[Merged]:
    """*bodies*, none of which differ in numbers only, in as few texts as can be."""
    found: list[tuple[_Chain, frozenset[int]]] = []
    rest: list[Merged] = []
    for number, body in enumerate(bodies):
        chain = _chain(body, number)
        if chain is None:
            count = sum(1 for line in body for _ in holes(line))
            rest.append(Merged(body, (number,), tuple({number: at} for at in range(count)), ()))
            continue
        for at, (other, variants) in enumerate(found):
            if (together := _together(other, chain, variants, frozenset({number}))) is not None:
                found[at] = together, variants | {number}
                break
        else:
            found.append((chain, frozenset({number})))
    return sorted([*(_Text(variants).merged(chain) for chain, variants in found), *rest], key=lambda m: m.variants)


# What is aligned -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Atom:
    """A stage of some variants."""

    stage: Stage
    only: frozenset[int]
    """The variants that have it."""
    places: tuple[dict[int, int], ...] = ()
    """For each of its holes which hole of each variant it is; empty for a join."""
    branches: tuple[_Branch, ...] = ()

    @property
    def weight(self) -> int:
        return sum(branch.chain.weight for branch in self.branches) or 1


@dataclass(frozen=True, slots=True)
class _Chain:
    begin: str
    atoms: tuple[_Atom, ...]

    @property
    def weight(self) -> int:
        return sum(atom.weight for atom in self.atoms)


@dataclass(frozen=True, slots=True)
class _Branch:
    chain: _Chain
    only: frozenset[int]


def _chain(body: Body, variant: int) -> _Chain | None:
    """*body* as a chain; None when it is more than that."""
    return _Taken(variant).chain(body)


class _Taken:
    def __init__(self, variant: int) -> None:
        self.only = frozenset({variant})
        self.variant = variant
        self.holes = 0

    def chain(self, body: Body) -> _Chain | None:
        atoms = []
        for line in body:
            if line.label or line.annotations or (line.begin and (line.begin != "skip" or line is not body[0])):
                return None
            for stage in line.stages:
                atom = self.atom(stage)
                if atom is None:
                    return None
                atoms.append(atom)
        return _Chain(body[0].begin if body else "", tuple(atoms))

    def atom(self, stage: Stage) -> _Atom | None:
        if not isinstance(stage, Joined):
            before = self.holes
            self.holes += sum(1 for _ in holes(stage))
            return _Atom(stage, self.only, tuple({self.variant: at} for at in range(before, self.holes)))
        branches = []
        for branch in stage.branches:
            chain = self.chain(branch)
            if chain is None:
                return None
            branches.append(_Branch(chain, self.only))
        return _Atom(stage, self.only, (), tuple(branches))


def _together(one: _Chain, other: _Chain, ours: frozenset[int], theirs: frozenset[int]) -> _Chain | None:
    """The two as one; None when they have too little in common."""
    found = [_aligned(one, other, ours, theirs)]
    found += [_wrapped(one, other, ours, theirs), _wrapped(other, one, theirs, ours)]
    best = max((each for each in found if each is not None), key=lambda each: each[1], default=None)
    if best is None or 2 * best[1] < min(one.weight, other.weight):
        return None
    return best[0]


def _aligned(one: _Chain, other: _Chain, ours: frozenset[int], theirs: frozenset[int]) -> tuple[_Chain, int] | None:
    """The longest that both say, with what only one says in between, and how much that is."""
    if one.begin != other.begin:
        return None
    a, b = one.atoms, other.atoms
    pairs = {
        (i, j): pair
        for i, left in enumerate(a)
        for j, right in enumerate(b)
        if (pair := _pair(left, right, ours, theirs)) is not None
    }
    best = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i in reversed(range(len(a))):
        for j in reversed(range(len(b))):
            best[i][j] = max(best[i + 1][j], best[i][j + 1])
            if (i, j) in pairs:
                best[i][j] = max(best[i][j], best[i + 1][j + 1] + pairs[i, j].weight)
    atoms = []
    i = j = 0
    while i < len(a) or j < len(b):
        if (i, j) in pairs and best[i][j] == best[i + 1][j + 1] + pairs[i, j].weight:
            atoms.append(pairs[i, j])
            i, j = i + 1, j + 1
        elif i < len(a) and best[i][j] == best[i + 1][j]:
            atoms.append(a[i])
            i += 1
        else:
            atoms.append(b[j])
            j += 1
    return _Chain(one.begin, tuple(atoms)), best[0][0]


def _pair(one: _Atom, other: _Atom, ours: frozenset[int], theirs: frozenset[int]) -> _Atom | None:
    if isinstance(one.stage, Joined) and isinstance(other.stage, Joined):
        if one.stage.word != other.stage.word:
            return None
        branches = _branches(one, other, ours, theirs)
        return None if branches is None else replace(one, only=one.only | other.only, branches=branches)
    if skeleton(one.stage) != skeleton(other.stage):
        return None
    places = tuple(left | right for left, right in zip(one.places, other.places, strict=True))
    return replace(one, only=one.only | other.only, places=places)


def _branches(one: _Atom, other: _Atom, ours: frozenset[int], theirs: frozenset[int]) -> tuple[_Branch, ...] | None:
    """The branches of two joins, in order; None when they have none in common, or one that cannot vanish has to."""
    found: list[_Branch] = []
    rest = list(other.branches)
    common = 0
    for branch in one.branches:
        at, chain = next(
            (
                (at, both[0])
                for at, each in enumerate(rest)
                if (both := _aligned(branch.chain, each.chain, ours, theirs)) is not None
                and (both[1] or branch.chain.begin or not (branch.chain.atoms and each.chain.atoms))
                and _never_empty(both[0], branch.only | each.only)
            ),
            (-1, branch.chain),
        )
        if at < 0:
            found.append(branch)
            continue
        found += [*rest[:at], _Branch(chain, branch.only | rest[at].only)]
        common += 1
        del rest[: at + 1]
    found += rest
    everywhere = one.only | other.only
    if not common or any(each.only != everywhere and not _may_vanish(each) for each in found):
        return None
    return tuple(found)


def _never_empty(chain: _Chain, variants: frozenset[int]) -> bool:
    """Whether something of *chain* is there in each of the *variants*; a skip may be nothing."""
    return bool(chain.begin) or all(any(variant in atom.only for atom in chain.atoms) for variant in variants)


def _may_vanish(branch: _Branch) -> bool:
    """Whether it is one line, as a branch under a condition has to be."""
    atoms = branch.chain.atoms
    return len(atoms) <= _LONGEST_BRANCH and all(atom.only == branch.only and not atom.branches for atom in atoms)


def _wrapped(one: _Chain, other: _Chain, ours: frozenset[int], theirs: frozenset[int]) -> tuple[_Chain, int] | None:
    """*other* as what is left of a join of *one* whose other branch has vanished."""
    for at, atom in enumerate(one.atoms):
        if len(atom.branches) != 2 or atom.only != ours:
            continue
        for number, branch in enumerate(atom.branches):
            rest = atom.branches[1 - number]
            both = _aligned(branch.chain, other, ours, theirs)
            if branch.chain.begin or both is None or not both[1] or not _may_vanish(rest):
                continue
            kept = [rest, rest]
            kept[number] = _Branch(both[0], branch.only | theirs)
            if not _never_empty(both[0], kept[number].only):
                continue
            joined = replace(atom, only=atom.only | theirs, branches=tuple(kept))
            return replace(one, atoms=(*one.atoms[:at], joined, *one.atoms[at + 1 :])), both[1]
    return None


# And written -------------------------------------------------------------------------------------


class _Text:
    """The lines of a chain that is of all *variants*."""

    def __init__(self, variants: frozenset[int]) -> None:
        self.variants = variants
        self.places: list[dict[int, int]] = []
        self.conditions: dict[frozenset[int], int] = {}

    def merged(self, chain: _Chain) -> Merged:
        body = self.lines(chain, self.variants)
        return Merged(body, tuple(sorted(self.variants)), tuple(self.places), tuple(self.conditions))

    def lines(self, chain: _Chain, there: frozenset[int]) -> Body:
        """*there* are the variants that have the chain."""
        found: list[Line] = []
        begin = chain.begin
        stages: list[Stage] = []
        only = there
        if begin and chain.atoms and chain.atoms[0].only != there:
            found.append(Line((), begin=begin))
            begin = ""
        for atom in chain.atoms:
            if atom.only != only:
                if stages:
                    found.append(Line(tuple(stages), begin=begin, condition=self.condition(only, there)))
                    stages, begin = [], ""
                only = atom.only
            stages.append(self.stage(atom))
        if stages or begin:
            found.append(Line(tuple(stages), begin=begin, condition=self.condition(only, there)))
        return tuple(found)

    def condition(self, only: frozenset[int], there: frozenset[int]) -> int | None:
        return None if only == there else self.conditions.setdefault(only, len(self.conditions))

    def stage(self, atom: _Atom) -> Stage:
        if not isinstance(atom.stage, Joined):
            self.places += atom.places
            return atom.stage
        branches = []
        for branch in atom.branches:
            *lines, last = self.lines(branch.chain, branch.only)
            if branch.only != atom.only:
                last = replace(last, condition=self.condition(branch.only, atom.only))
            branches.append((*lines, last))
        return Joined(atom.stage.word, tuple(branches))
