"""The lines of a `forward`: an expression for each branch, a variable for what is taken twice or would be too long."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Container, Mapping, Sequence
from dataclasses import dataclass

from cnngraph.code.bodies import Body, Member, Step
from cnngraph.code.solving import literal
from cnngraph.code.text import WIDTH, Brackets, Expression, Line, call, keyword

_LONG = 56
"""Characters of an expression that is given a name."""
_BESIDE = {"torch.cat": "1", "ops.concatenate": "-1"}
"""Functions that put tensors one behind the other, with the axis of channels."""
OF_TWO = ("torch.maximum", "torch.minimum", "ops.maximum", "ops.minimum")
"""Functions that join two tensors: of several the first two, what comes of that and the third."""
_INSIDE = 8
"""Blanks before a statement of a method."""
_OPERATORS = ("+", "-", "*")


def is_child(member: Member, around: Body) -> bool:
    """Whether a member is a module of its own in *around*: no module where a function does the same."""
    if member.shares:
        return False
    if isinstance(member.does, Body):
        return True
    if around.is_chain:
        return True
    is_function = member.does.is_plain and member.does.code.function
    has_weights = any(layer.parameters for layer in member.does.layers)
    return not is_function and (member.is_used or has_weights)


@dataclass(slots=True)
class _Value:
    """A tensor in the code: what says it, and the variables that stand in that."""

    code: Expression
    names: frozenset[str]
    is_sum: bool = False
    """Whether an operator is outermost."""


class Forward:
    """The lines for *body*, and the names of what its ``forward`` takes."""

    def __init__(
        self,
        body: Body,
        inline: Container[int] = (),
        called: Mapping[str, str] | None = None,
        *,
        applied: Callable[[str, Sequence[Expression]], Expression] | None = None,
        taken: Collection[str] = (),
        long: int = _LONG,
    ) -> None:
        """*inline* are the ids of steps whose activation is a function here; *called* says what some modules are called
        by a variable; *applied* what a member's name stands for, of some tensors, where that is no attribute. No
        variable is called as those *taken*, and an expression of more than *long* characters is one."""
        self.body = body
        self.called = called or {}
        self.inline = inline
        self.applied = applied or self._attribute
        self.taken = taken
        self.long = long
        self.lines: list[Line | str] = []
        self.takes = self._names()
        self.values = {
            tensor: _Value(name, frozenset({name})) for tensor, name in zip(body.inputs, self.takes, strict=True)
        }  # fmt: skip
        self.left: Counter[str] = Counter(body.outputs)
        for member in body.members:
            if member.is_used:
                self.left.update(member.inputs)
        for member in body.members:
            if member.is_used:
                self._member(member)
        self.results = [self.values[name].code for name in body.outputs]
        if len(self.results) == 1:
            self.lines.append(Line("return ", self.results[0]))
        else:
            whole = f"return {', '.join(map(str, self.results))}"
            is_short = len(whole) + _INSIDE <= WIDTH
            self.lines.append(whole if is_short else Line("return ", Brackets("", tuple(self.results))))

    def _attribute(self, name: str, tensors: Sequence[Expression]) -> Expression:
        return call(self.called.get(name) or f"self.{name}", *tensors)

    def _names(self) -> list[str]:
        if self.body.path or len(self.body.inputs) == 1:
            others = len(self.body.inputs) - 1
            return ["x", *(f"e{number + 1}" if others > 1 else "e" for number in range(others))]
        return [_variable(name) for name in self.body.inputs]

    def _member(self, member: Member) -> None:
        taken = [self._take(name) for name in member.inputs]
        step = member.does
        if isinstance(step, Step) and step.is_plain and step.code.function and not member.shares:
            made = self._function(step, taken)
        else:
            made = _Value(
                self.applied(member.shares or member.local, [each.code for each in taken]),
                frozenset().union(*(each.names for each in taken)),
            )
            if isinstance(step, Step) and id(step) in self.inline:
                made = _Value(call(step.codes[-1].function, made.code), made.names)
        if len(member.outputs) > 1:
            names = [self._free_name(member.local, made) for _ in member.outputs]
            for number, (tensor, name) in enumerate(zip(member.outputs, names, strict=True)):
                names[number] = name if names.index(name) == number else self._unused(f"{name}_{number}", made)
                self.values[tensor] = _Value(names[number], frozenset({names[number]}))
            self.lines.append(Line(f"{', '.join(names)} = ", made.code))
            return
        (tensor,) = member.outputs
        self.values[tensor] = made
        is_last = tensor in self.body.outputs and member is self.body.members[-1]
        if self.left[tensor] > 1:
            self._assign(tensor, self._unused(_variable(member.local), made))
        elif len(str(made.code)) > self.long and not is_last:
            self._assign(tensor, self._free_name(_variable(member.local), made))

    def _take(self, tensor: str) -> _Value:
        self.left[tensor] -= 1
        return self.values[tensor]

    def _assign(self, tensor: str, name: str) -> None:
        self.lines.append(Line(f"{name} = ", self.values[tensor].code))
        self.values[tensor] = _Value(name, frozenset({name}))

    def _live(self, but: _Value | None = None) -> set[str]:
        """The variables that are needed still, by other tensors than *but*."""
        values = (value for tensor, value in self.values.items() if self.left[tensor] > 0 and value is not but)
        return {name for value in values for name in value.names}

    def _free_name(self, local: str, made: _Value) -> str:
        """A name for what flows on: one that nothing needs any more, best `x`."""
        live = self._live(made)
        return next((name for name in ("x", "y", "z") if name not in live), None) or self._unused(local, made)

    def _unused(self, name: str, made: _Value) -> str:
        taken = self._live(made) | made.names | set(self.taken)
        while name in taken:
            name += "_"
        return name

    def _function(self, step: Step, taken: list[_Value]) -> _Value:
        names: frozenset[str] = frozenset().union(*(each.names for each in taken))
        function = step.code.function
        codes = [each.code for each in taken]
        if function in _OPERATORS:
            if sum(len(str(code)) + 3 for code in codes) > _LONG + 8:
                codes, names = self._apart(taken)
            operands = [f"({code})" if each.is_sum and code is each.code and (number or function == "*") else str(code)
                        for number, (each, code) in enumerate(zip(taken, codes, strict=True))]  # fmt: skip
            return _Value(f" {function} ".join(operands), names, True)
        if function in _BESIDE:
            return _Value(call(function, Brackets("", tuple(codes)), _BESIDE[function]), names)
        if function in OF_TWO:
            code = codes[0]
            for other in codes[1:]:
                code = call(function, code, other)
            return _Value(code, names)
        options = [keyword(name, literal(value)) for name, value in step.code.options]
        return _Value(call(function, *codes, *options), names)

    def _apart(self, taken: list[_Value]) -> tuple[list[Expression], frozenset[str]]:
        """The operands of a long sum, the longest by names, until it is short."""
        codes = [each.code for each in taken]
        names = [set(each.names) for each in taken]
        for number in sorted(range(len(taken)), key=lambda number: -len(str(codes[number]))):
            if sum(len(str(code)) + 3 for code in codes) <= _LONG + 8:
                break
            live = self._live() | {name for other, held in enumerate(names) if other != number for name in held}
            name = next(name for name in ("y", "z", *(f"y{n}" for n in range(2, 1000))) if name not in live)
            self.lines.append(Line(f"{name} = ", codes[number]))
            codes[number], names[number] = name, {name}
        return codes, frozenset(name for held in names for name in held)


def _variable(local: str) -> str:
    import keyword as words

    name = local.replace(".", "_").strip()
    return f"{name}_" if words.iskeyword(name) or name in ("self", "nn", "torch", "super") else name


@dataclass(slots=True)
class Residual:
    """A chain whose result is added to what flows in, or to what another member makes of that; and what goes on."""

    core: list[Member]
    branch: Member | None
    tail: list[Member]
    is_branch_first: bool

    def with_switch(self) -> list[Line | str]:
        """The lines of `forward` where `self.skip` says whether anything is added."""
        code: Expression = "x"
        for member in self.core:
            code = call(f"self.{member.local}", code)
        other = "x" if self.branch is None else f"self.{self.branch.local}(x)"
        added = f"{other} + y" if self.is_branch_first else f"y + {other}"
        lines: list[Line | str] = [Line("y = ", code)]
        if not self.tail:
            return [*lines, f"return {added} if self.skip else y"]
        lines += ["if self.skip:", f"    y = {added}"]
        code = "y"
        for member in self.tail:
            step = member.does
            if isinstance(step, Step) and step.is_plain and step.code.function:
                code = call(step.code.function, code)
            else:
                code = call(f"self.{member.local}", code)
        return [*lines, Line("return ", code)]


def residual(body: Body, inline: Container[int]) -> Residual | None:
    """*body* as a chain and a sum; None where it is another thing."""
    if len(body.inputs) != 1 or len(body.outputs) != 1 or any(len(each.outputs) != 1 for each in body.members):
        return None
    if any(each.shares or id(each.does) in inline for each in body.members):
        return None
    sums = [n for n, each in enumerate(body.members) if isinstance(each.does, Step) and each.does.code.function == "+"]
    if len(sums) != 1 or len(body.members[sums[0]].inputs) != 2:
        return None
    before, join, tail = body.members[: sums[0]], body.members[sums[0]], body.members[sums[0] + 1 :]
    core, rest = _chain(before, body.inputs[0])
    if not core:
        return None
    branch = rest[0] if rest else None
    other = body.inputs[0] if branch is None else branch.outputs[0]
    if len(rest) > 1 or (branch is not None and branch.inputs != body.inputs):
        return None
    if set(join.inputs) != {core[-1].outputs[0], other}:
        return None
    behind, left = _chain(tail, join.outputs[0])
    if left or (behind[-1] if behind else join).outputs != body.outputs:
        return None
    return Residual(core, branch, tail, join.inputs[0] == other)


def _chain(members: Sequence[Member], at: str) -> tuple[list[Member], list[Member]]:
    """Those of *members* that take one another's tensors from *at* on, and the others."""
    found, rest = [], []
    for member in members:
        if member.inputs == [at]:
            found.append(member)
            at = member.outputs[0]
        else:
            rest.append(member)
    return found, rest
