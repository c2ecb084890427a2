"""What is in the package's modules, read once for all tests of a process."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

import cnngraph

PACKAGE = Path(cnngraph.__path__[0])


@cache
def trees() -> Mapping[str, ast.Module]:
    """Every module of the package by its path in it; not to be changed."""
    paths = sorted(PACKAGE.rglob("*.py"))
    return MappingProxyType({p.relative_to(PACKAGE).as_posix(): ast.parse(p.read_text("utf-8")) for p in paths})
