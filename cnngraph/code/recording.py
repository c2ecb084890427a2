"""What generated code does, recorded without the library that it is for: its text is run on stand-ins, and every
operation that comes of it is a tensor that knows what made it, and of what.
"""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from typing import Any

OPERATORS = {"+": "__add__", "-": "__sub__", "*": "__mul__"}
_ALLOWED = [
    "__build_class__",
    "super",
    "range",
    "enumerate",
    "zip",
    "isinstance",
    "float",
    "tuple",
    "int",
    "bool",
    "len",
    "getattr",
    "setattr",
    "property",
]


class Differs(Exception):
    """In what the code is not its network."""


class Tensor:
    """What an operation made; equal when the same operation made it of the same tensors."""

    def __init__(self, key: object) -> None:
        self.key = key

    def __add__(self, other: Tensor) -> Tensor:
        return _operator("+", self, other)

    def __sub__(self, other: Tensor) -> Tensor:
        return _operator("-", self, other)

    def __mul__(self, other: Tensor) -> Tensor:
        return _operator("*", self, other)


def _operator(sign: str, one: Tensor, other: Tensor) -> Tensor:
    return Table.current.made(sign, (), "", (one, other))


class Table:
    """Every operation once: tensors are compared by number, however deep what made them is."""

    current: Table

    def __init__(self) -> None:
        self.numbers: dict[object, int] = {}

    def made(self, name: str, arguments: object, weights: str, inputs: tuple[Tensor, ...]) -> Tensor:
        key = (name, arguments, weights, tuple(each.key for each in inputs))
        return Tensor(self.numbers.setdefault(key, len(self.numbers)))


def plain(arguments: Mapping[str, object]) -> tuple[tuple[str, object], ...]:
    """Arguments so that equal ones are equal: a pair of equal numbers is one number."""
    return tuple(
        sorted(
            (name, value[0] if isinstance(value, tuple) and len(value) == 2 and value[0] == value[1] else value)
            for name, value in arguments.items()
        )
    )


def run(text: str, names: dict[str, Any], libraries: Mapping[str, object]) -> dict[str, Any]:
    """The names that *text* makes, beside *names*; it may import the *libraries*, which stand for what it is for, and
    call little else. Raises `Differs` where it imports another thing."""

    def imported(name: str, *about: object) -> object:
        del about
        if name not in libraries:
            raise Differs(f"it imports {name}")
        return libraries[name]

    allowed = {name: getattr(builtins, name) for name in _ALLOWED}
    found = {**names, "__builtins__": {**allowed, "__import__": imported}, "__name__": "generated"}
    exec(compile(text, "<generated>", "exec"), found)
    return found
