"""A layer in PyTorch, as data: the module that it is, with its arguments, or the function."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cnngraph.layers.values import Pair

Value = int | float | bool | str | tuple["int | float | tuple[int, int]", ...]
"""What an argument can be; a text is a word of PyTorch's, such as ``bilinear``."""

LEAST = float("-inf")


@dataclass(frozen=True, slots=True)
class Call:
    """A function that a tensor goes through: ``nn.functional.pad`` and what it takes besides."""

    function: str
    arguments: tuple[tuple[str, Value], ...] = ()


@dataclass(frozen=True, slots=True)
class Code:
    """What a layer is in PyTorch."""

    module: str = ""
    """A class of ``torch.nn``, as ``nn.Conv2d``, or a piece in `cnngraph.torch.templates`; empty for a layer that is
    a function alone."""
    arguments: tuple[tuple[str, Value], ...] = ()
    """Of the module, by PyTorch's names, without those that are as they are unless said."""
    function: str = ""
    """What does the same in ``forward``: an operator such as ``+`` or a function; empty where a module is needed."""
    options: tuple[tuple[str, Value], ...] = ()
    """Of the function, besides the tensors."""
    before: Call | None = None
    """What the tensor goes through before the module."""
    after: Call | None = None
    """What goes on from the module goes through."""

    def between(self, before: Call | None, after: Call | None = None) -> Code:
        """With what a tensor goes through before the module and after it."""
        return replace(self, before=before, after=after)


def module(name: str, function: str = "", /, **arguments: Value) -> Code:
    """The module *name* with *arguments*, which may be a *function*, too."""
    return Code(name, tuple(arguments.items()), function)


def unless(default: Value, **arguments: Value) -> dict[str, Value]:
    """Those of *arguments* that are not the *default*."""
    return {name: value for name, value in arguments.items() if value != default}


def square(pair: Pair) -> Value:
    """One number where both are equal, as people write it."""
    return pair[0] if pair[0] == pair[1] else pair


def border(amounts: tuple[int, int, int, int], value: float = 0.0) -> Call | None:
    """Pixels put around a map, or cut off it where negative: *amounts* are top, left, bottom and right."""
    if not any(amounts):
        return None
    top, left, bottom, right = amounts
    return Call("nn.functional.pad", (("pad", (left, right, top, bottom)), *unless(0.0, value=value).items()))
