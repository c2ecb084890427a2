"""Classes of PyTorch's for the bodies of networks: what ``__init__`` and ``forward`` of each do."""

from __future__ import annotations

from collections.abc import Sequence

from cnngraph.code.bodies import Body, Step
from cnngraph.code.calls import Definition, Made, camel
from cnngraph.code.definitions import CHOSEN, Definitions, Sample
from cnngraph.code.forward import Forward, is_child, residual
from cnngraph.code.runs import filled, numbered
from cnngraph.code.solving import Solver
from cnngraph.code.text import Brackets, Line, call
from cnngraph.torch.signatures import pieces, plain, signatures
from cnngraph.torch.steps import sort_of, step_class

_FEW = 2
"""In how many places of blocks a module and a function of it need no class."""


class Classes(Definitions):
    """Those for a network, or for several that come of one spec with other settings."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        super().__init__(samples, signatures(), ("nn", "torch", *pieces()))

    @staticmethod
    def called(name: str) -> str:
        return camel(name)

    def sort_of(self, step: Step) -> object:
        return sort_of(step)

    def steps(self, alike: Sequence[Step], around: Sequence[Body]) -> None:
        in_blocks = {
            (body.block, step.lead.name.removeprefix(f"{body.path}.")) for step, body in zip(alike, around, strict=True)
        }
        is_function = all(
            step.is_activated and body.path and not body.is_chain for step, body in zip(alike, around, strict=True)
        )
        if is_function and len(in_blocks) <= _FEW:
            self.inline.update(map(id, alike))
            self.made.update((id(step), plain(step.code)) for step in alike)
            return
        found, made = step_class(alike, self.name(type(alike[0].lead.kind).__name__))
        self.add(found)
        self.made.update((id(step), each) for step, each in zip(alike, made, strict=True))

    def line(self, name: str, made: Brackets) -> Line:
        if "{" in name:
            return Line("", call("self.add_module", f'f"{name}"', made))
        return Line(f"self.{name} = ", made)

    def written(self, uses: Sequence[Body], solver: Solver) -> Definition:
        if all(use.is_chain for use in uses):
            return Definition("", "nn.Sequential", "", {}, list(self.chain(uses, solver)))
        if any(use.is_chain for use in uses):
            return self._switched(uses, solver)
        return self._parallel(uses, solver)

    def begin(self, made: Definition, head: Sequence[Line | str]) -> None:
        made.init = [*head, *made.init]

    def _parallel(self, uses: Sequence[Body], solver: Solver) -> Definition:
        """For uses with the same modules, but for one maybe."""
        init: list[Line | str] = []
        chosen: dict[str, str] = {}
        head: list[Line | str] = []
        children = [[member for member in use.members if is_child(member, use)] for use in uses]
        for members in zip(*children, strict=True):
            made = [self.made[id(member.does)] for member in members]
            first = members[0].local
            if all(member.local == first for member in members):
                init.append(Line(f"self.{first} = ", self.make(made, solver)))
                continue
            rows = tuple(row for row, member in enumerate(members) if member.local == first)
            others = tuple(row for row in range(len(uses)) if row not in rows)
            second, flag = members[others[0]].local, f"with_{numbered(members[0].local)[0]}"
            init.append(f"self.{flag} = {solver.condition([row in rows for row in range(len(uses))], flag)}")
            init += [f"if self.{flag}:", Line(f"self.{first} = ", self._one_of(made, rows, solver), 1)]
            init += ["else:", Line(f"self.{second} = ", self._one_of(made, others, solver), 1)]
            head.append(f"{CHOSEN} = self.{first} if self.{flag} else self.{second}")
            chosen = {first: CHOSEN}
        forward = Forward(uses[0], self.inline, chosen)
        return Definition("", "nn.Module", "", {}, init, [*head, *forward.lines], forward.takes)

    def _one_of(self, made: Sequence[Made], rows: tuple[int, ...], solver: Solver) -> Brackets:
        return self.make(filled({row: made[row] for row in rows}, solver.uses), solver, rows)

    def _switched(self, uses: Sequence[Body], solver: Solver) -> Definition:
        """For uses that add something, and others that do not."""
        plain = next(use for use in uses if not use.is_chain)
        found = residual(plain, self.inline)
        assert found is not None
        by_local = [{member.local: member.does for member in use.members} for use in uses]
        rows = tuple(row for row, use in enumerate(uses) if not use.is_chain)
        init: list[Line | str] = []
        for member in (*found.core, *(each for each in found.tail if is_child(each, plain))):
            made = [self.made[id(each[member.local])] for each in by_local]
            init.append(Line(f"self.{member.local} = ", self.make(made, solver)))
        init.append(f"self.skip = {solver.condition([row in rows for row in range(len(uses))], 'skip')}")
        if found.branch is not None:
            branches = {row: self.made[id(by_local[row][found.branch.local])] for row in rows}
            made_all = self.make(filled(branches, solver.uses), solver, rows)
            init += ["if self.skip:", Line(f"self.{found.branch.local} = ", made_all, 1)]
        return Definition("", "nn.Module", "", {}, init, found.with_switch())
