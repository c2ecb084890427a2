"""Classes or functions for the bodies of networks: one for each block and each sort of step, with what differs as
parameters. `Definitions` finds what is alike; its subclasses say how that is written for a library."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from cnngraph.code.bodies import Body, Step
from cnngraph.code.calls import Definition, Made, Signature, arguments, full, parameter, parameters
from cnngraph.code.forward import Forward, is_child, residual
from cnngraph.code.runs import Run, filled, grown, numbered, one
from cnngraph.code.runs import parts as parts_of
from cnngraph.code.solving import Column, Solver, Unsuited, literal
from cnngraph.code.text import Brackets, Expression, Line, call
from cnngraph.spec.writing.scopes import in_order

CHOSEN = "main"
"""The variable for the one of two modules that there is."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A network with certain settings of its spec."""

    name: str
    body: Body
    settings: Mapping[str, object]
    """What the params are."""
    values: Mapping[str, object]
    """What the spec gives names besides."""


class Definitions(ABC):
    """Those for a network, or for several that come of one spec with other settings: the first is as it is unless
    parameters say otherwise. Raises `Unsuited`."""

    by_name: ClassVar[bool] = False
    """Whether what is not needed is always said with its name."""

    def __init__(self, samples: Sequence[Sample], signatures: Mapping[str, Signature], taken: Iterable[str]) -> None:
        """*signatures* are those of what the library has, *taken* names that nothing else may have."""
        self.samples = samples
        self.bodies = [each.body for each in samples]
        self.definitions: list[Definition] = []
        self.signatures = dict(signatures)
        self.taken = set(taken)
        self.inline: set[int] = set()
        """Ids of steps that are a module and a function of what it makes."""
        self.made: dict[int, Made] = {}
        """What each step and body is, by its id."""
        self.sample = {id(each): sample for sample in samples for each in _below(sample.body)}
        top = self.name(self.called(samples[0].name))
        self.blocks = {
            name: self.name(self.called(name)) for name in dict.fromkeys(each.block for each in self._inner())
        }
        self._steps()
        inner = self._inner()
        by_scope = {each.scope: each for each in inner}
        for scopes in in_order([each.scope for each in inner]):
            self._block([by_scope[scope] for scope in scopes])
        sorts = list({self._sort(each): [each] for each in self.bodies}.values())
        is_one = len(sorts) == 1 or (all(one.is_chain for (one,) in sorts) and len(_with_optional(sorts, self)) == 1)
        if not is_one:
            raise Unsuited("with other settings the network is made of other things")
        self._define(self.bodies, top)

    @staticmethod
    @abstractmethod
    def called(name: str) -> str:
        """What the definition for a block called *name* is called."""

    @abstractmethod
    def steps(self, alike: Sequence[Step], around: Sequence[Body]) -> None:
        """Says in `made` what steps of one sort are, which stand in the bodies *around* them."""

    @abstractmethod
    def sort_of(self, step: Step) -> object:
        """What has to be alike in the steps of one definition."""

    @abstractmethod
    def line(self, name: str, made: Brackets) -> Line:
        """What a chain does for the member *name*, in which numbers of a loop stand in braces; *made* makes it."""

    @abstractmethod
    def written(self, uses: Sequence[Body], solver: Solver) -> Definition:
        """The definition for *uses* of a block, without a name and parameters."""

    def _inner(self) -> list[Body]:
        return [each for top in self.bodies for each in _below(top) if each is not top]

    def name(self, name: str) -> str:
        """*name*, or with a number where that is taken."""
        found, number = name, 1
        while found in self.taken:
            number += 1
            found = f"{name}{number}"
        self.taken.add(found)
        return found

    def add(self, made: Definition) -> None:
        self.definitions.append(made)
        self.signatures[made.name] = made.parameters

    def _steps(self) -> None:
        alike: dict[object, list[tuple[Step, Body]]] = {}
        for top in self.bodies:
            for each in _below(top):
                for member in each.members:
                    if isinstance(member.does, Step) and not member.shares and member.does.code.module:
                        if member.does.is_plain:
                            code = member.does.code
                            self.made[id(member.does)] = full(code, self.signatures[code.module])
                        else:
                            alike.setdefault(self.sort_of(member.does), []).append((member.does, each))
        for places in sorted(alike.values(), key=len, reverse=True):
            self.steps([step for step, _ in places], [around for _, around in places])

    # Blocks ----------------------------------------------------------------------------------

    def _block(self, uses: Sequence[Body]) -> None:
        """The definitions for the uses of one block: as many as there are sorts of them."""
        name = self.blocks[uses[0].block]
        sorts: dict[object, list[Body]] = {}
        for use in uses:
            sorts.setdefault(self._sort(use), []).append(use)
        groups = _with_optional(list(sorts.values()), self)
        groups = self._with_alternatives(self._with_skips(groups))
        for number, group in enumerate(sorted(groups, key=len, reverse=True)):
            self._define(group, name if not number else self.name(name))

    def _sort(self, use: Body) -> object:
        """What has to be alike in the uses of one class."""
        if use.is_chain:
            return "chain", tuple((each.stem, each.first, each.type) for each in self.runs(use))
        return tuple(self._children(use)), tuple(map(str, Forward(use, self.inline).lines)), len(use.inputs)

    def _children(self, use: Body) -> Iterator[tuple[str, str]]:
        for member in use.members:
            if is_child(member, use):
                yield member.local, self.made[id(member.does)].type

    def _with_skips(self, groups: list[list[Body]]) -> list[list[Body]]:
        """Uses that add something and others that are the same without it are of one class."""
        for group in groups:
            found = residual(group[0], self.inline)
            if found is None or any(id(each.does) not in self.made for each in (*found.core, *found.tail)):
                continue
            alike = [(member.local, self.made[id(member.does)].type) for member in (*found.core, *found.tail)]
            for other in groups:
                if all(use.is_chain and list(self._children(use)) == alike for use in other):
                    return [[*group, *other] if each is group else each for each in groups if each is not other]
        return groups

    def _with_alternatives(self, groups: list[list[Body]]) -> list[list[Body]]:
        """Uses in which one module is another one, where settings of the network say which, are of one class."""
        if len(groups) != 2 or len(self.samples) == 1 or any(group[0].is_chain for group in groups):
            return groups
        one, other = groups
        if {id(self.sample[id(use)]) for use in one} & {id(self.sample[id(use)]) for use in other}:
            return groups
        pairs = list(zip(self._children(one[0]), self._children(other[0]), strict=False))
        unlike = [(a, b) for (a, _), (b, _) in pairs if a != b]
        if len(list(self._children(one[0]))) != len(list(self._children(other[0]))) or len(unlike) != 1:
            return groups
        lines = [list(map(str, Forward(group[0], self.inline, {local: CHOSEN}).lines))
                 for group, local in zip(groups, unlike[0], strict=True)]  # fmt: skip
        return [[*one, *other]] if lines[0] == lines[1] else groups

    def _define(self, uses: Sequence[Body], name: str) -> None:
        is_top = uses[0] is self.bodies[0]
        known = self._known(uses)
        solver = Solver(len(uses), dict(known), is_closed=is_top)
        made = self.written(uses, solver)
        made.name = name
        if is_top:
            made.parameters, head = self._settings(solver)
            self.begin(made, head)
        else:
            made.parameters = parameters(solver, known)
            self.begin(made, [])
            for row, use in enumerate(uses):
                self.made[id(use)] = Made(name, {each: solver.known[each][row] for each in made.parameters})
        self.add(made)

    @abstractmethod
    def begin(self, made: Definition, head: Sequence[Line | str]) -> None:
        """Puts in front of what *made* does what its parameters need, and *head*."""

    def _known(self, uses: Sequence[Body]) -> dict[str, Column]:
        """What may be parameters of a class: the author's, the channels that flow in, the params of the file."""
        found: dict[str, Column] = {}
        names = dict.fromkeys(name for use in uses for name in use.arguments)
        for name in names:
            column = [use.arguments.get(name) for use in uses]
            if all(isinstance(value, int | float | str | tuple) for value in column):
                found[parameter(name)] = column
        is_top = uses[0] is self.bodies[0]
        for number in range(0 if is_top else min(len(use.volumes) for use in uses)):
            name = "inputs" if not number else f"inputs{number + 1}"
            found[name] = [_channels(use, number) for use in uses]
        samples = [self.sample[id(use)] for use in uses]
        for name in (*samples[0].settings, *samples[0].values):
            column = [{**sample.settings, **sample.values}[name] for sample in samples]
            if any(value != column[0] for value in column):
                found.setdefault(parameter(name), column)
                if is_top:
                    found.update(_items(parameter(name), column))
        return found

    def _settings(self, solver: Solver) -> tuple[Signature, list[Line | str]]:
        """The parameters of the network, and lines for the values that its spec gives names."""
        first = self.samples[0]
        used = {name.partition("[")[0] for name in solver.given}
        lets = [name for name in first.values if parameter(name) in used and name not in first.settings]
        head: list[Line | str] = []
        for name in lets:
            before, expression, param = self._let(name)
            head.append(Line(before, expression))
            used.add(param)
        settings = {parameter(name): value for name, value in first.settings.items()}
        return {name: value for name, value in settings.items() if name in used}, head

    def _let(self, name: str) -> tuple[str, Expression, str]:
        """A value by what it is for each of a param: that there are others is not known."""
        values = [sample.values[name] for sample in self.samples]
        for param in self.samples[0].settings:
            said = [sample.settings[param] for sample in self.samples]
            table = dict(zip(said, values, strict=True))
            if all(table[key] == value for key, value in zip(said, values, strict=True)) and len(table) > 1:
                break
        else:
            raise Unsuited(f"`{name}` hangs on several params")
        local = parameter(param)
        before = f"{parameter(name)} = "
        if len(set(map(str, table.values()))) == 2:
            one = values[0]
            solver = Solver(len(said), {local: said}, is_closed=True)
            other = next(value for value in values if value != one)
            condition = solver.condition([value == one for value in values], name)
            return before, f"{literal(one)} if {condition} else {literal(other)}", local
        parts = tuple(f"{literal(key)}: {literal(value)}" for key, value in sorted(table.items()))
        return before, Brackets("", parts, f"}}[{local}]", "{"), local

    def runs(self, use: Body) -> list[Run]:
        """The modules of a chain, those that stand in a row and are of one class together."""
        found: list[Run] = []
        for member in use.members:
            made = self.made[id(member.does)]
            stem, number = numbered(member.local)
            last = found[-1] if found else None
            if last and number and (last.stem, last.first + len(last.made), last.type) == (stem, number, made.type):
                last.made.append(made)
            else:
                found.append(Run(stem, number, made.type, [made]))
        return found

    def chain(self, uses: Sequence[Body], solver: Solver) -> Iterator[Line | str]:
        columns: dict[tuple[str, int, str], dict[int, Run]] = {}
        rows = sorted(range(len(uses)), key=lambda row: -len(self.runs(uses[row])))
        for row in rows:
            for run in self.runs(uses[row]):
                columns.setdefault((run.stem, run.first, run.type), {})[row] = run
        for (stem, _, _), column in columns.items():
            lines = list(self._run(stem, column, solver))
            if len(column) < len(uses):
                yield f"if {solver.condition([row in column for row in range(len(uses))], f'with_{stem}')}:"
                for line in lines:
                    yield Line(line.before, line.expression, line.depth + 1)
            else:
                yield from lines

    def _run(self, stem: str, column: Mapping[int, Run], solver: Solver) -> Iterator[Line]:
        """Lines that make modules which stand in a row: one by one, or in loops."""
        runs = list(column.values())
        if len({len(run.made) for run in runs}) == 1:
            parts = dict.fromkeys(column, parts_of(runs))
        elif (at := next((at for at in (0, 1) if all(run.is_even(at) for run in runs)), None)) is not None:
            parts = {row: [*map(one, range(at)), range(at, len(run.made))] for row, run in column.items()}
        elif all(run.is_even(0, len(run.made) - 1) for run in runs):
            parts = {row: [range(len(run.made) - 1), one(len(run.made) - 1)] for row, run in column.items()}
        else:
            parts = {row: run.stretches() for row, run in column.items()}
            if len({len(each) for each in parts.values()}) > 1:
                raise Unsuited(f"`{stem}` is repeated unevenly")
        for stretch in zip(*parts.values(), strict=True):
            yield from self._stretch(stem, dict(zip(column, stretch, strict=True)), column, solver)

    def _stretch(
        self, stem: str, stretch: Mapping[int, range], column: Mapping[int, Run], solver: Solver
    ) -> Iterator[Line]:
        """Lines for the modules with these numbers in each use: a loop, or a line where there is one in each."""
        first = next(iter(column.values())).first
        start = solver.say(
            filled({row: part.start + first for row, part in stretch.items()}, solver.uses), "start", tuple(stretch)
        )
        is_one = all(len(part) == 1 for part in stretch.values())
        if is_one:
            made = {row: column[row].made[part.start] for row, part in stretch.items()}
            one = self.make(filled(made, solver.uses), solver, tuple(made))
            number = "" if not first else start if start.isdecimal() else f"{{{start}}}"
            yield self.line(f"{stem}{number}", one)
            return
        turns = {row: column[row].made[part.start : part.stop] for row, part in stretch.items()}
        times = solver.say(filled({row: len(each) for row, each in turns.items()}, solver.uses), "n", tuple(turns))
        yield Line("", f"for i in range({times}):")
        behind = {row: each for row, each in turns.items() if each}
        each_made = self.make(
            filled({row: each[0] for row, each in behind.items()}, solver.uses),
            solver,
            tuple(behind),
            {row: each[1] for row, each in behind.items() if len(each) > 1},
        )
        index = f"i + {start}" if start != "0" else "i"
        made_in_loop = self.line(f"{stem}{{{index}}}", each_made)
        yield replace(made_in_loop, depth=1)

    def make(
        self,
        column: Sequence[Made],
        solver: Solver,
        rows: tuple[int, ...] | None = None,
        seconds: Mapping[int, Made] | None = None,
    ) -> Brackets:
        """Code that makes a module: in a loop, *seconds* say by how much its numbers grow."""
        signature = self.signatures[column[0].type]
        code: dict[str, str] = {}
        for name in signature:
            values = [made.arguments[name] for made in column]
            firsts = {row: column[row].arguments[name] for row in seconds or {}}
            steps = {row: grown(firsts[row], made.arguments[name]) for row, made in (seconds or {}).items()}
            said = solver.say(values, name, rows)
            if any(steps.values()):
                step = solver.say(filled(steps, solver.uses), name, tuple(steps))
                said = f"{said} + {step} * i" if step != "1" else f"{said} + i"
            code[name] = said
        return call(column[0].type, *arguments(code, signature, by_name=self.by_name))


def _below(top: Body) -> Iterator[Body]:
    """*top* and the bodies in it that have modules of their own."""
    yield top
    for member in top.members:
        if isinstance(member.does, Body) and not member.shares:
            yield from _below(member.does)


def _items(name: str, column: Column) -> Iterator[tuple[str, Column]]:
    """The columns of the items of lists, if they are equally long."""
    lists = [value for value in column if isinstance(value, tuple)]
    if len(lists) == len(column) and len({len(each) for each in lists}) == 1:
        for number in range(len(lists[0])):
            yield f"{name}[{number}]", [each[number] for each in lists]


def _channels(use: Body, number: int) -> object:
    size = use.volumes[number].channels
    return size if isinstance(size, int) else None


def _with_optional(sorts: list[list[Body]], definitions: Definitions) -> list[list[Body]]:
    """Chains that have some of the modules of another one are of its class, where something says which they have."""
    chains = sorted((sort for sort in sorts if sort[0].is_chain), key=lambda sort: -len(definitions.runs(sort[0])))
    others = [sort for sort in sorts if not sort[0].is_chain]
    found: list[list[Body]] = []
    for sort in chains:
        keys = [(run.stem, run.first, run.type) for run in definitions.runs(sort[0])]
        for larger in found:
            wide = iter([(run.stem, run.first, run.type) for run in definitions.runs(larger[0])])
            if all(key in wide for key in keys):
                larger += sort
                break
        else:
            found.append(list(sort))
    place = {id(use): number for number, use in enumerate(use for sort in sorts for use in sort)}
    for group in found:
        group.sort(key=lambda use: place[id(use)])
    return sorted([*found, *others], key=lambda group: place[id(group[0])])
