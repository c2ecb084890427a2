"""Classes for steps: a module that has with it what is said in one breath, its normalization and activation."""

from __future__ import annotations

from collections.abc import Sequence

from cnngraph.code.bodies import Step
from cnngraph.code.calls import NEEDED, Definition, Made, arguments, parameters
from cnngraph.code.solving import NAMES, Solver, Word
from cnngraph.code.text import Expression, Line, call, keyword
from cnngraph.layers.code import Call, Code
from cnngraph.torch.signatures import plain, signatures

IDENTITY = Word("nn.Identity")


def _apart(step: Step) -> tuple[list[tuple[str, Code]], Word]:
    """What follows a step's lead always, with its name there, and the activation that may be another one."""
    before = f"{step.lead.name}."
    followers = [
        (layer.name.removeprefix(before), code) for layer, code in zip(step.layers[1:], step.codes[1:], strict=True)
    ]
    last, code = step.layers[-1], step.codes[-1]
    is_bare = not code.arguments and not last.parameters and code.module.startswith("nn.")
    if followers and last.kind.family == "activation" and is_bare:
        return followers[:-1], Word(code.module)
    return followers, IDENTITY


def sort_of(step: Step) -> object:
    """What has to be alike in the steps of one class."""

    def words(each: Call | None) -> object:
        return each and (each.function, tuple(name for name, _ in each.arguments))

    fixed, act = _apart(step)
    others = tuple(
        (name, code.module, code.arguments if layer.kind.family == "activation" else ())
        for (name, code), layer in zip(fixed, step.layers[1:], strict=False)
    )
    needs_act = not others and step.code.before is None and step.code.after is None
    return (
        type(step.lead.kind).__name__,
        step.code.module,
        words(step.code.before),
        words(step.code.after),
        others,
        act if needs_act else None,
    )


def step_class(steps: Sequence[Step], called: str) -> tuple[Definition, list[Made]]:
    """A class *called* so for *steps* that are of one sort, and how each of them is made."""
    first = steps[0]
    base = first.code.module
    solver = Solver(len(steps), names={**NAMES, "out_channels": "outputs", "out_features": "outputs"})
    given = {
        name: [plain(step.code).arguments[name] for step in steps] for name in signatures()[base]
    }  # fmt: skip
    is_depthwise = all(map(_is_depthwise, steps))
    code: dict[str, str] = {}
    for name, column in given.items():
        if NAMES.get(name) == "inputs" or (name.startswith("out_") and not is_depthwise):
            code[name] = solver.new(column, name)
        elif is_depthwise and name in ("out_channels", "groups"):
            code[name] = solver.same(column, name)
        else:
            code[name] = solver.say(column, name)
    init: list[Line | str] = [Line("", call("super().__init__", *arguments(code, signatures()[base])))]
    fixed = [_apart(step)[0] for step in steps]
    running: Expression = "x"
    stored: dict[str, str] = {}
    if first.code.before is not None:
        running = _around(running, [step.code.before for step in steps], solver, stored)
    running = call("super().forward", running)
    if first.code.after is not None:
        running = _around(running, [step.code.after for step in steps], solver, stored)
    init += [f"self.{name} = {value}" for name, value in stored.items()]
    for number, (attribute, each) in enumerate(fixed[0]):
        if each.function and not each.arguments:
            running = call(each.function, running)
            continue
        columns = [plain(followers[number][1]).arguments for followers in fixed]
        said = {
            name: solver.same([column[name] for column in columns], name) for name in signatures()[each.module]
        }  # fmt: skip
        init.append(Line(f"self.{attribute} = ", call(each.module, *arguments(said, signatures()[each.module]))))
        running = call(f"self.{attribute}", running)
    acts = [_apart(step)[1] for step in steps]
    if any(act != acts[0] for act in acts):
        solver.new(acts, "act")
        init.append("self.act = act()")
        running = call("self.act", running)
    elif acts[0] != IDENTITY:
        last = first.codes[-1]
        if last.function:
            running = call(last.function, running)
        else:
            init.append(Line("self.act = ", call(last.module)))
            running = call("self.act", running)
    words = [layer.kind.word for layer in first.layers[: 1 + len(fixed[0])]]
    activations = sorted({act.text.removeprefix("nn.") for act in acts if act != IDENTITY})
    doc = f"`{' '.join(words)}`" + (f", then {' or '.join(activations)}" if activations else "")
    found = parameters(solver, ())
    unsaid = [str(part) for part in arguments(code, signatures()[base])]
    if len(init) == 1 and unsaid == list(found) and all(unless is NEEDED for unless in found.values()):
        init = []  # its own would only hand on what it is given
    made = [Made(called, {each: solver.known[each][row] for each in found}) for row in range(len(steps))]
    return Definition(called, base, doc, found, init, [Line("return ", running)]), made


def _around(x: Expression, calls: Sequence[Call | None], solver: Solver, stored: dict[str, str]) -> Expression:
    """What *x* goes through before or after: numbers that differ are kept in the module."""
    first = calls[0]
    assert first is not None
    parts: list[Expression] = []
    for number, (name, _) in enumerate(first.arguments):
        said = solver.say([each.arguments[number][1] for each in calls if each is not None], name)
        if first.function == "pad_same" and name in ("kernel_size", "stride", "dilation"):
            said = f"self.{name}"  # the module has it already
        elif said in solver.known:
            stored[said] = said
            said = f"self.{said}"
        parts.append(said if name == "pad" else keyword(name, said))
    return call(first.function, x, *parts)


def _is_depthwise(step: Step) -> bool:
    given = dict(step.code.arguments)
    return given.get("groups", 1) == given.get("in_channels") == given.get("out_channels")
