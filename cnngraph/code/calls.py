"""Modules and classes of generated code as data: how a module is made, and what a class is."""

from __future__ import annotations

import ast
import keyword as words
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from cnngraph.code.solving import Solver, default, literal
from cnngraph.code.text import Expression, Line, keyword
from cnngraph.layers.code import Code

NEEDED = object()
"""The default of an argument that has none."""
Signature = dict[str, object]


def declared(text: str) -> dict[str, Signature]:
    """The signatures in *text*, one for a name: ``nn.Linear(in_features, out_features, bias=True)``."""
    found: dict[str, Signature] = {}
    for line in re.split(r"\n(?=\S)", text.strip()):
        name, _, arguments = line.partition("(")
        node = ast.parse(f"def f({arguments}: pass").body[0]
        assert isinstance(node, ast.FunctionDef)
        found[name] = signature(node.args)
    return found


def signature(arguments: ast.arguments) -> Signature:
    """The arguments of a function with what they are unless said, in order."""
    names = [each.arg for each in arguments.args]
    defaults = [ast.literal_eval(each) for each in arguments.defaults]
    return dict(zip(names, [NEEDED] * (len(names) - len(defaults)) + defaults, strict=True))


@dataclass(frozen=True, slots=True)
class Made:
    """A module as ``__init__`` makes it: its class, and the value of each argument."""

    type: str
    arguments: Mapping[str, object]


@dataclass(slots=True)
class Definition:
    """A class or a function of the generated file."""

    name: str
    base: str
    """Of a class; empty for a function."""
    doc: str
    parameters: Signature
    init: list[Line | str]
    """Of a class: what ``__init__`` does."""
    forward: list[Line | str] = field(default_factory=list)
    """What ``forward`` or the function does."""
    takes: Sequence[str] = ("x",)
    """The tensors that it takes."""


def camel(name: str) -> str:
    """The name of a class for a block called *name*."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_")) or "Net"


def parameter(name: str) -> str:
    """What a parameter is called that the spec calls *name*."""
    taken = ("inputs", "self", "x", "i", "name", "range", "super", "nn", "torch", "keras", "layers", "ops")
    return f"{name}_" if words.iskeyword(name) or name in taken else name


def full(code: Code, signature: Signature) -> Made:
    """The module, of *signature*, with all its arguments."""
    given = dict(code.arguments)
    return Made(code.module, {name: given.get(name, unless) for name, unless in signature.items()})


def arguments(code: Mapping[str, str], signature: Signature, *, by_name: bool = False) -> list[Expression]:
    """What stands in the brackets: the needed arguments in order, the others by name where they are not as usual;
    one in front may go without, but for *by_name*."""
    found: list[Expression] = []
    for number, (name, said) in enumerate(code.items()):
        if signature[name] is NEEDED:
            found.append(said)
        elif said != literal(signature[name]):
            is_first = not number or (name == "f" and len(found) == number)
            found.append(said if is_first and not by_name else keyword(name, said))
    return found


def parameters(solver: Solver, known: Iterable[str]) -> Signature:
    """The parameters of a class, those with defaults last: what flows in first, then in the author's order."""
    order = [*(name for name in solver.known if name.startswith("inputs")), *known, *solver.given]
    used = [name for name in dict.fromkeys(order) if name in solver.given]
    found: Signature = dict.fromkeys(used, NEEDED)
    for name in used:
        unless = default(solver.known[name], solver.given[name], name)
        if unless is not None:
            del found[name]
            found[name] = unless
    return found
