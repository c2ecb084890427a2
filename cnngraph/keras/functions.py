"""Functions that build models of Keras's, for the bodies of networks: each takes tensors and what differs."""

from __future__ import annotations

import keyword as words
import re
from collections.abc import Iterator, Sequence

from cnngraph.code.bodies import Body, Step
from cnngraph.code.calls import Definition, Made
from cnngraph.code.definitions import Definitions, Sample
from cnngraph.code.forward import Forward, is_child, residual
from cnngraph.code.runs import filled
from cnngraph.code.solving import NAMES, Solver, Unsuited, literal
from cnngraph.code.text import Brackets, Expression, Line, call, keyword
from cnngraph.keras.signatures import pieces, signatures, weighted
from cnngraph.keras.steps import applied, asks_name, of, sort_of, step_function
from cnngraph.network import Network
from cnngraph.volume import Free

_CHOSEN = "one of two that there is"
"""What stands in a line until both are said; no code has it."""
_LONG = 24
"""Characters of an expression that is given a name."""
_TEXT = """
keras layers ops x e y z i name inputs act pad start range sum float isinstance tuple
"""
_TAKEN = (*_TEXT.split(), *words.kwlist)
"""What no function can be called."""


class Functions(Definitions):
    """Those for a network, or for several that come of one spec with other settings."""

    by_name = True

    def __init__(self, samples: Sequence[Sample], networks: Sequence[Network]) -> None:
        self.networks = networks
        self.named = set(weighted())
        """Functions that are given a name, for what in them has weights."""
        settings = {*samples[0].settings, *samples[0].values}
        given = {name for network in networks for block in network.blocks.values() for name, _ in block.arguments}
        super().__init__(samples, signatures(), {*_TAKEN, *NAMES.values(), *pieces(), *settings, *given})

    @staticmethod
    def called(name: str) -> str:
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower() or "net"

    def sort_of(self, step: Step) -> object:
        return sort_of(step)

    def steps(self, alike: Sequence[Step], around: Sequence[Body]) -> None:
        del around
        found, made = step_function(alike, self.name(self.called(type(alike[0].lead.kind).__name__)))
        if any(layer.parameters for step in alike for layer in step.layers):
            self.named.add(found.name)
        self.add(found)
        self.made.update((id(step), each) for step, each in zip(alike, made, strict=True))

    def line(self, name: str, made: Brackets) -> Line:
        return Line("x = ", applied(made, ["x"], self._name(made.head, name)))

    def written(self, uses: Sequence[Body], solver: Solver) -> Definition:
        for use in uses:
            if any(member.shares for member in use.members):
                raise Unsuited("a function makes new weights, and some of these are used again")
        self.is_top = uses[0] is self.bodies[0]
        head = self._inputs(solver) if self.is_top else []
        if all(use.is_chain for use in uses):
            lines: list[Line | str] = [*self.chain(uses, solver)]
            last = lines[-1] if lines else ""
            is_plain = isinstance(last, Line) and not last.depth and not self.is_top
            if is_plain and isinstance(last, Line):
                lines[-1] = Line("return ", last.expression)
            else:
                lines.append("return x")
            made = Definition("", "", "", {}, [], lines)
            results: list[Expression] = ["x"]
        elif any(use.is_chain for use in uses):
            return self._switched(uses, solver)
        else:
            made, results = self._parallel(uses, solver)
        if self.is_top and len(results) == 1 and len(str(results[0])) > _LONG:
            made.forward[-1:] = [Line("x = ", results[0]), ""]
            results = ["x"]
        if self.is_top:
            made.forward = [*head, *made.forward[:-1], Line("return ", self._model(results))]
        return made

    def begin(self, made: Definition, head: Sequence[Line | str]) -> None:
        flows = [Line(f"{name} = ", f"{tensor}.shape[-1]") for name, tensor in _flowing(made)]
        for name, _ in _flowing(made):
            del made.parameters[name]
        if self.is_top:
            made.takes = ()
        elif asks_name(made):
            self.named.add(made.name)
        made.forward = [*head, *flows, *made.forward]

    def _name(self, function: str, name: str) -> str:
        """Code for the name of what *function* makes, where it has one."""
        if function not in self.named:
            return ""
        if not self.is_top:
            return of(name)
        return f'f"{name}"' if "{" in name else f'"{name}"'

    def _inputs(self, solver: Solver) -> list[Line | str]:
        """Lines that make what goes into the model."""
        made: list[Brackets] = []
        for number, layer in enumerate(self.networks[0].inputs):
            columns = zip(*(network.inputs[number].output.dims for network in self.networks), strict=True)
            sizes = [[None if isinstance(size, Free) else size for size in column] for column in columns]
            shape = Brackets("", tuple(solver.say(column, "size") for column in sizes))
            made.append(call("keras.Input", shape, keyword("name", literal(layer.name))))
        if len(made) == 1:
            return [Line("inputs = x = ", made[0])]
        names = Forward(self.bodies[0], self.inline).takes
        if set(names) & self.taken:
            raise Unsuited("an input is called as a function")
        lines = [Line(f"{name} = ", each) for name, each in zip(names, made, strict=True)]
        return [*lines, f"inputs = [{', '.join(names)}]"]

    def _model(self, results: Sequence[Expression]) -> Brackets:
        network = self.networks[0]
        outputs: Expression = results[0] if len(results) == 1 else Brackets("", tuple(results), "]", "[")
        return call("keras.Model", "inputs", outputs, keyword("name", literal(network.name)))

    def _parallel(self, uses: Sequence[Body], solver: Solver) -> tuple[Definition, list[Expression]]:
        """For uses with the same members."""
        made: dict[str, Brackets] = {}
        chosen: tuple[str, Brackets, str, Brackets] | None = None
        children = [[member for member in use.members if is_child(member, use)] for use in uses]
        for members in zip(*children, strict=True):
            here = [self.made[id(member.does)] for member in members]
            local = members[0].local
            if all(member.local == local for member in members):
                made[local] = self.make(here, solver)
                continue
            rows = tuple(row for row, member in enumerate(members) if member.local == local)
            others = tuple(row for row in range(len(uses)) if row not in rows)
            condition = solver.condition([row in rows for row in range(len(uses))], f"with_{local}")
            one, other = (
                self.make(filled({row: here[row] for row in each}, solver.uses), solver, each)
                for each in (rows, others)
            )
            chosen = condition, one, members[others[0]].local, other
            made[local] = Brackets(_CHOSEN, ())

        def call_of(name: str, tensors: Sequence[Expression]) -> Expression:
            return applied(made[name], tensors, self._name(made[name].head, name))

        taken = {*self.taken, *solver.known}
        forward = Forward(uses[0], self.inline, applied=call_of, taken=taken - {"x", "y", "z", "e"}, long=_LONG)
        if solver.known.keys() & set(forward.takes):
            raise Unsuited("a parameter is called as a tensor")
        lines = forward.lines
        if chosen is not None:
            local = next(name for name, each in made.items() if each.head == _CHOSEN)
            lines = list(self._alternatives(lines, local, *chosen))
        return Definition("", "", "", {}, [], lines, forward.takes), forward.results

    def _alternatives(
        self, lines: Sequence[Line | str], local: str, condition: str, one: Brackets, name: str, other: Brackets
    ) -> Iterator[Line | str]:
        """*lines* with what stands for the one of two members that there is said in both ways."""
        for line in lines:
            if (
                not (isinstance(line, Line) and isinstance(line.expression, Brackets))
                or line.expression.head != _CHOSEN
            ):
                if _CHOSEN in str(line):
                    raise Unsuited("one of two blocks stands in the middle of a line")
                yield line
                continue
            tensors = line.expression.parts
            yield f"if {condition}:"
            yield Line(line.before, applied(one, tensors, self._name(one.head, local)), 1)
            yield "else:"
            yield Line(line.before, applied(other, tensors, self._name(other.head, name)), 1)

    def _switched(self, uses: Sequence[Body], solver: Solver) -> Definition:
        """For uses that add something, and others that do not."""
        plain = next(use for use in uses if not use.is_chain)
        found = residual(plain, self.inline)
        if found is None or self.is_top:
            raise Unsuited("with other settings the network is made of other things")
        by_local = [{member.local: member.does for member in use.members} for use in uses]
        rows = tuple(row for row, use in enumerate(uses) if not use.is_chain)
        lines: list[Line | str] = []

        def through(local: str, x: str, made: Sequence[Made], rows: tuple[int, ...] | None = None) -> Brackets:
            code = self.make(made, solver, rows)
            return applied(code, [x], self._name(code.head, local))

        x = "x"
        for member in found.core:
            made = [self.made[id(each[member.local])] for each in by_local]
            lines.append(Line("y = ", through(member.local, x, made)))
            x = "y"
        lines.append(f"if {solver.condition([row in rows for row in range(len(uses))], 'skip')}:")
        if found.branch is not None:
            branches = {row: self.made[id(by_local[row][found.branch.local])] for row in rows}
            lines.append(Line("x = ", through(found.branch.local, "x", filled(branches, solver.uses), rows), 1))
        lines.append(Line("y = ", "x + y" if found.is_branch_first else "y + x", 1))
        for member in found.tail:
            made = [self.made[id(each[member.local])] for each in by_local]
            lines.append(Line("y = ", through(member.local, "y", made)))
        last = lines[-1]
        assert isinstance(last, Line)
        if found.tail:
            lines[-1] = Line("return ", last.expression)
        else:
            lines.append("return y")
        return Definition("", "", "", {}, [], lines)


def _flowing(made: Definition) -> list[tuple[str, str]]:
    """The parameters that are channels of what flows in, and the tensors that have them."""
    found = []
    for number, tensor in enumerate(made.takes):
        name = "inputs" if not number else f"inputs{number + 1}"
        if name in made.parameters:
            found.append((name, tensor))
    return found
