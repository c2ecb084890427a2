"""Classes and functions that generated code needs and its library does not have: copied from a file that has them."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

Piece = ast.ClassDef | ast.FunctionDef


@dataclass(frozen=True)
class Template:
    """A file of pieces."""

    path: Path

    @cached_property
    def source(self) -> str:
        return self.path.read_text("utf-8")

    @cached_property
    def pieces(self) -> dict[str, Piece]:
        """The classes and functions in it, by name."""
        return {node.name: node for node in ast.parse(self.source).body if isinstance(node, Piece)}

    def needed(self, names: set[str]) -> list[str]:
        """Those of *names* that are pieces, and the pieces that they need, in order."""
        known, found, waiting = self.pieces, set(), list(names)
        while waiting:
            name = waiting.pop()
            if name in known and name not in found:
                found.add(name)
                waiting += [node.id for node in ast.walk(known[name]) if isinstance(node, ast.Name)]
        return [name for name in known if name in found]

    def text_of(self, piece: str) -> str:
        """The source of *piece*, as it stands there."""
        node = self.pieces[piece]
        return "\n".join(self.source.splitlines()[node.lineno - 1 : node.end_lineno])
