"""Functions for steps: a layer with what is said in one breath with it, its border, normalization and activation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cnngraph.code.bodies import Step
from cnngraph.code.calls import Definition, Made, arguments, full, parameters
from cnngraph.code.solving import NAMES, Solver
from cnngraph.code.text import Brackets, Expression, Line, call, keyword
from cnngraph.keras.signatures import signatures, weighted
from cnngraph.layers.code import Code

_NAMES = {**NAMES, "filters": "c", "units": "c", "strides": "s", "dilation_rate": "d", "pool_size": "f"}
"""What a parameter is called that says an argument of Keras's."""
ACTIVATION = "layers.Activation"
_NONE = "linear"
"""Keras's word for no activation."""


def apart(step: Step) -> tuple[list[tuple[str, Code]], str]:
    """What follows a step's lead always, with its name there, and the activation that may be another one."""
    before = f"{step.lead.name}."
    followers = [
        (layer.name.removeprefix(before), code) for layer, code in zip(step.layers[1:], step.codes[1:], strict=True)
    ]
    if followers and step.codes[-1].module == ACTIVATION:
        return followers[:-1], str(dict(step.codes[-1].arguments)["activation"])
    return followers, _NONE


def sort_of(step: Step) -> object:
    """What has to be alike in the steps of one function."""
    fixed, act = apart(step)
    others = tuple((name, code.module, code.before, code.after) for name, code in fixed)
    is_bare = not others and step.code.before is None and step.code.after is None
    before = step.code.before and step.code.before.function
    after = step.code.after and step.code.after.function
    has_border = "border" if before in (None, "layers.ZeroPadding2D") else before
    is_alone = not others and act == _NONE
    own = act if is_bare else None
    return type(step.lead.kind).__name__, step.code.module, has_border, after, others, is_alone, own


def applied(made: Brackets, x: Sequence[Expression], name: str = "") -> Brackets:
    """Code that puts *x* through what *made* makes, which is called *name* if it has weights."""
    named = [keyword("name", name)] if name else []
    if made.head.startswith("layers."):
        (only,) = x
        return Brackets(made.head, (*made.parts, *named), f")({only})")
    return call(made.head, *x, *made.parts, *named)


def of(name: str) -> str:
    """Code for the name of the layer *name* inside a function, in which numbers of a loop stand in braces."""
    return f'f"{{name}}-{name}"'


def asks_name(made: Definition) -> bool:
    """Whether a function gives names to what has weights in it, that begin with its own."""
    lines = (line if isinstance(line, str) else str(line.expression) for line in made.forward)
    return any("name=name" in line or "{name}" in line for line in lines)


def step_function(steps: Sequence[Step], called: str) -> tuple[Definition, list[Made]]:
    """A function *called* so for *steps* of one sort, and the arguments of each."""
    first = steps[0]
    solver = Solver(len(steps), names=_NAMES)
    base, lines = first.code.module, list[Line | str]()
    columns = _columns([step.code for step in steps])
    wide = [each for each in ("kernel_size", "pool_size", "strides") if each in columns]
    sizes = [each for each in ("filters", "units") if each in columns]
    code: dict[str, str] = {name: solver.new(columns[name], name) for name in sizes}
    order = [*(name for name in columns if name not in (*sizes, *wide, "padding")), *wide]
    code |= {name: solver.say(columns[name], name) for name in order}
    befores = [step.code.before for step in steps]
    bordered = [any(befores) and _has_border(step) for step in steps]
    if any(bordered):
        rows = tuple(row for row, has in enumerate(bordered) if has)
        amounts = [dict(each.arguments)["padding"] if each else 0 for each in befores]
        function = next(each.function for each in befores if each)
        padding = solver.say(amounts, "padding", rows)
        border = applied(call(function, padding), ["x"])
        if all(bordered):
            lines.append(Line("x = ", border))
        else:
            condition = _condition(bordered, code, solver)
            lines += [f"if {condition}:", Line("x = ", border, 1)]
    if "padding" in columns:
        words = [_word(step, has) for step, has in zip(steps, bordered, strict=True)]
        if all(map(_is_point, steps)):
            words = ["valid"] * len(steps)
        if len(set(words)) > 1 and any(bordered) and words == ["valid" if has else "same" for has in bordered]:
            code["padding"] = f'"valid" if {_condition(bordered, code, solver)} else "same"'
        else:
            code["padding"] = solver.say(words, "padding")
    said = {name: code[name] for name in columns}
    lines.append(
        Line(
            "x = ", applied(call(base, *arguments(said, signatures()[base], by_name=True)), ["x"], _name(base, "name"))
        )
    )
    if first.code.after is not None:
        cut = solver.say([dict(step.code.after.arguments)["cropping"] for step in steps if step.code.after], "cropping")
        lines.append(Line("x = ", applied(call(first.code.after.function, cut), ["x"])))
    fixed = [apart(step)[0] for step in steps]
    for number, (own, each) in enumerate(fixed[0]):
        given = _columns([followers[number][1] for followers in fixed])
        said = {name: solver.same(column, name) for name, column in given.items()}
        made = call(each.module, *arguments(said, signatures()[each.module], by_name=True))
        lines.append(Line("x = ", applied(made, ["x"], _name(each.module, of(own)))))
    acts = [apart(step)[1] for step in steps]
    if any(act != _NONE for act in acts):
        act = solver.say(acts, "act")
        lines.append(Line("x = ", applied(call(ACTIVATION, act), ["x"])))
    last = lines.pop()
    assert isinstance(last, Line)
    lines.append(Line("return ", last.expression))
    said_in_spec = [layer.kind.word for layer in first.layers[: 1 + len(fixed[0])]]
    activations = sorted(set(acts) - {_NONE})
    doc = f"`{' '.join(said_in_spec)}`" + (f", then {' or '.join(activations)}" if activations else "")
    found = parameters(solver, ())
    made_all = [Made(called, {each: solver.known[each][row] for each in found}) for row in range(len(steps))]
    return Definition(called, "", doc, found, [], lines), made_all


def _condition(bordered: Sequence[bool], code: Mapping[str, str], solver: Solver) -> str:
    """Code for which steps have a border: best those that stride."""
    strides = code.get("strides", "")
    if strides in solver.given and [step != 1 for step in solver.known[strides]] == list(bordered):
        return f"{strides} > 1"
    return solver.condition(bordered, "pad")


def _columns(codes: Sequence[Code]) -> dict[str, list[object]]:
    """The values of each argument of one layer, unless said its default."""
    signature = signatures()[codes[0].module]
    made = [full(code, signature).arguments for code in codes]
    return {name: [each[name] for each in made] for name in signature}


def _name(module: str, name: str) -> str:
    return name if module in weighted() else ""


def _is_point(step: Step) -> bool:
    """Whether its window is one pixel, for which every border in words is none."""
    return dict(step.code.arguments).get("kernel_size") == 1 and step.code.before is None


def _has_border(step: Step) -> bool:
    """Whether it may be said to have a border of its own: where its window strides, a pixel has one of nothing."""
    return step.code.before is not None or (_is_point(step) and dict(step.code.arguments).get("strides", 1) != 1)


def _word(step: Step, bordered: bool) -> object:
    if _is_point(step):
        return "valid" if bordered else "same"
    return dict(step.code.arguments).get("padding", "valid")
