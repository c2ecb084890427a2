"""Changes the code in one small place at a time and runs the tests on it: what survives, no test holds.

    python tools/mutants.py [-n 200] [--seed 1] [cnngraph/layers cnngraph/volume.py:88 …]

Takes a random choice of all changes there are in the given files, folders and lines. Everything happens in a copy of
the tree. A mutant is killed when a test fails or does not end. First every test is run once on the code as it is, to
know which lines it runs; a mutant is then run through those of its line alone.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
COVERED = [
    "cnngraph/layers", "cnngraph/volume.py", "cnngraph/field.py", "cnngraph/units.py", "cnngraph/flow.py",
    "cnngraph/fold.py", "cnngraph/onnx", "cnngraph/weights/match.py", "cnngraph/spec", "cnngraph/elaborate",
]  # fmt: skip
"""What is changed unless said: the rules."""
TESTS = [
    "tests/layers", "tests/test_kinds.py", "tests/test_sizes.py", "tests/test_assembly.py", "tests/fronts",
    "tests/spec/test_names.py", "tests/onnx/test_owners.py", "tests/cli/test_pictures.py",
    "tests/onnx/test_protobuf.py", "tests/test_volume.py", "tests/test_summary.py", "tests/test_units.py",
    "tests/test_flow.py", "tests/test_bad_graphs.py", "tests/test_builder.py", "tests/test_reading.py",
    "tests/elaborate", "tests/weights", "tests/spec/test_boundaries.py", "tests/spec/test_format.py",
    "tests/spec/test_writing.py", "tests/spec/test_writing_any.py", "tests/diagnostics/test_messages.py",
    "tests/diagnostics/test_pages.py", "tests/onnx/test_values.py", "tests/onnx/test_passes.py",
    "tests/cli/test_check.py", "tests/cli/test_export.py",
]  # fmt: skip
"""The tests of them, without those that take long and say little of one rule."""
LIMIT = 40.0
"""Seconds of tests that a mutant is run through, the quickest first."""
_LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "build", "node_modules", ".hypothesis", "__pycache__", ".*_cache")

_SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.FloorDiv: ast.Mult, ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult, ast.Div: ast.Mult,
}  # fmt: skip
_OPPOSITES = {"min": "max", "max": "min", "any": "all", "all": "any"}


@dataclass(frozen=True, slots=True)
class Mutant:
    file: str
    line: int
    end: int
    start: int
    """Where in the file's bytes what is replaced begins."""
    stop: int
    text: str

    def of(self, code: bytes) -> bytes:
        return code[: self.start] + self.text.encode() + code[self.stop :]

    def diff(self, code: bytes) -> str:
        old, new = code.decode().splitlines(), self.of(code).decode().splitlines()
        lines = difflib.unified_diff(old, new, lineterm="", n=0)
        return "\n".join(f"    {line}" for line in lines if not line.startswith(("---", "+++", "@@")))


def mutants(file: str, code: bytes) -> Iterator[Mutant]:
    """Every change there is in one file, from its top."""
    tree = ast.parse(code)
    starts = [0]
    for line in code.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for node in _places(tree):
        start = starts[node.lineno - 1] + node.col_offset
        stop = starts[(node.end_lineno or 0) - 1] + (node.end_col_offset or 0)
        for text in _instead(node):
            yield Mutant(file, node.lineno, node.end_lineno or 0, start, stop, text)


def _places(tree: ast.AST) -> Iterator[ast.expr | ast.stmt]:
    """Expressions and statements that do something: no types, decorators, asserts, or text of messages."""
    for name, value in ast.iter_fields(tree):
        if name in ("annotation", "returns", "decorator_list"):
            continue
        if isinstance(tree, ast.keyword) and tree.arg == "strict":
            # An assertion of `zip`.
            continue
        for node in value if isinstance(value, list) else [value]:
            if not isinstance(node, ast.AST) or isinstance(node, ast.JoinedStr | ast.Assert):
                continue
            if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
                continue
            if isinstance(node, ast.expr | ast.stmt):
                yield node
            yield from _places(node)


def _instead(node: ast.expr | ast.stmt) -> Iterator[str]:
    """What may stand in the place of *node*."""
    match node:
        case ast.Compare(left, operators, comparators):
            for at, operator in enumerate(operators):
                swapped = [*operators[:at], _SWAPS[type(operator)](), *operators[at + 1 :]]
                yield _text(ast.Compare(left, swapped, comparators))  # type: ignore[arg-type]
        case ast.BinOp(left, operator, right) if type(operator) in _SWAPS:
            yield _text(ast.BinOp(left, _SWAPS[type(operator)](), right))  # type: ignore[arg-type]
        case ast.BoolOp(operator, values):
            yield _text(ast.BoolOp(ast.Or() if isinstance(operator, ast.And) else ast.And(), values))
            for at in range(len(values)):
                rest = values[:at] + values[at + 1 :]
                yield _text(ast.BoolOp(operator, rest) if len(rest) > 1 else rest[0])
        case ast.UnaryOp(ast.Not() | ast.USub(), operand):
            yield _text(operand)
        case ast.Constant(bool() as value):
            yield str(not value)
        case ast.Constant(0):
            # As an index -1 is 0 where there is one thing.
            yield "1"
        case ast.Constant(int() | float() as value):
            # Of very large ones the next is the same.
            yield from (
                (repr(value + 1), f"({value - 1!r})") if value + 1 != value else (repr(2 * value), repr(value / 2))
            )
        case ast.Call(ast.Name(name), arguments, keywords) if name in _OPPOSITES:
            yield _text(ast.Call(ast.Name(_OPPOSITES[name]), arguments, keywords))
        case ast.IfExp(test, body, other):
            yield _text(ast.IfExp(test, other, body))
        case ast.Slice(lower, upper, step):
            if lower:
                yield ast.unparse(ast.Slice(None, upper, step))
            if upper:
                yield ast.unparse(ast.Slice(lower, None, step))
        case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
            yield from _without_conditions(node)
        case ast.Return(value) if value is not None and not isinstance(value, ast.Constant):
            yield "return None"
        case ast.Expr(ast.Constant()) | ast.Expr(ast.Yield() | ast.YieldFrom()):
            return
        case ast.Expr() | ast.AugAssign() | ast.Continue() | ast.Break() | ast.Raise() | ast.Delete():
            yield "pass"
        case ast.Assign([ast.Subscript() | ast.Attribute()], _):
            yield "pass"
    if isinstance(node, ast.If) and not node.orelse and len(node.body) == 1 and isinstance(node.body[0], ast.Return):
        yield "pass"


def _without_conditions(node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> Iterator[str]:
    for loop in node.generators:
        for at in range(len(loop.ifs)):
            kept = loop.ifs
            loop.ifs = kept[:at] + kept[at + 1 :]
            yield ast.unparse(node)
            loop.ifs = kept


def _text(node: ast.expr) -> str:
    return f"({ast.unparse(ast.fix_missing_locations(node))})"


class Tree:
    """The copy in which mutants live, one at a time."""

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)
        self.root = self.folder / "tree"
        shutil.copytree(ROOT, self.root, symlinks=True, ignore=_LEFT_OUT)
        self.names = self.folder / "tests.txt"
        there = [test for test in TESTS if (self.root / test).exists()]
        if killer := self._run(["-p", "tools.reached", *there], 7200):
            raise SystemExit(f"the tests fail without any mutant: {killer}")
        reached = json.loads((self.folder / "reached.json").read_text(encoding="utf-8"))
        self.tests: list[tuple[str, float]] = reached["tests"]
        self.lines: dict[str, list[int]] = reached["lines"]
        self.names.write_text("\n".join(name for name, _ in self.tests), encoding="utf-8")
        if killer := self._run(["--collect-only", f"@{self.names}"], 600):
            raise SystemExit(f"the tests are not found again by their names: {killer}")

    def tests_of(self, mutant: Mutant) -> tuple[list[str], float]:
        """Those that run its lines, the quickest first; of what runs on import alone those that run its file.

        And how many seconds they take."""
        places = [f"{mutant.file}:{line}" for line in range(mutant.line, mutant.end + 1)]
        found = {test for place in places for test in self.lines.get(place, ())}
        if not found:
            found = {
                test for place, tests in self.lines.items() if place.startswith(f"{mutant.file}:") for test in tests
            }
        picked: list[str] = []
        seconds = 0.0
        for test in sorted(found, key=lambda test: self.tests[test][1]):
            name, each = self.tests[test]
            if seconds + each > LIMIT and picked:
                break
            seconds += each
            picked.append(name)
        return picked, seconds

    def killer(self, mutant: Mutant) -> str:
        """The test that fails on *mutant*; empty when none does."""
        tests, seconds = self.tests_of(mutant)
        if not tests:
            return ""
        self.names.write_text("\n".join(tests), encoding="utf-8")
        file = self.root / mutant.file
        code = file.read_bytes()
        self._put(file, mutant.of(code))
        killer = self._run([f"@{self.names}"], 2 * seconds + 10)
        self._put(file, code)
        return killer

    def _put(self, file: Path, code: bytes) -> None:
        file.write_bytes(code)
        # Its time and size may be those of what was compiled before.
        for compiled in file.parent.glob(f"__pycache__/{file.stem}.*.pyc"):
            compiled.unlink()

    def _run(self, arguments: Iterable[str], limit: float) -> str:
        """The test that fails; empty when all pass."""
        command = [sys.executable, "-m", "pytest", "-x", "-q", "--tb=no", "-p", "no:cacheprovider", *arguments]
        environment = {**os.environ, "PYTHONPATH": str(self.root), "REACHED": str(self.folder / "reached.json")}
        with subprocess.Popen(
            command, cwd=self.root, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as process:
            try:
                out, _ = process.communicate(timeout=limit)
            except subprocess.TimeoutExpired:
                process.kill()
                return "no end"
        if not process.returncode:
            return ""
        found = [line for line in out.splitlines() if line.startswith(("FAILED", "ERROR"))]
        return found[0].split(" - ")[0].removeprefix("FAILED ") if found else out[-300:].strip() or "a crash"


def chosen(root: Path, paths: Iterable[str], number: int, seed: int) -> list[Mutant]:
    """*number* of all mutants in *paths*, which are files, folders, or lines as ``file:line``."""
    found: list[Mutant] = []
    for path in paths:
        name, _, line = path.partition(":")
        files = sorted((root / name).rglob("*.py")) if (root / name).is_dir() else [root / name]
        for file in files:
            every = mutants(file.relative_to(root).as_posix(), file.read_bytes())
            found += [mutant for mutant in every if not line or mutant.line == int(line)]
    every_once = list(dict.fromkeys(found))
    return random.Random(seed).sample(every_once, min(number, len(every_once)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="*", default=COVERED, help="files, folders, or FILE:LINE (all of COVERED)")
    parser.add_argument("-n", "--number", type=int, default=50, help="how many mutants (50)")
    parser.add_argument("--seed", type=int, default=0, help="of the choice (0)")
    options = parser.parse_args()
    survivors: list[Mutant] = []
    with tempfile.TemporaryDirectory() as folder:
        tree = Tree(folder)
        picked = chosen(tree.root, dict.fromkeys(options.paths), options.number, options.seed)
        print(f"{len(tree.tests)} tests run {len(tree.lines)} lines", flush=True)
        for at, mutant in enumerate(picked, 1):
            began = time.monotonic()
            killer = tree.killer(mutant)
            verdict = f"killed by {killer}" if killer else f"SURVIVES {len(tree.tests_of(mutant)[0])} tests"
            print(f"{at}/{len(picked)} {mutant.file}:{mutant.line} {time.monotonic() - began:.0f} s {verdict}")
            if not killer:
                survivors.append(mutant)
                print(mutant.diff((tree.root / mutant.file).read_bytes()))
            sys.stdout.flush()
    killed = len(picked) - len(survivors)
    print(f"{killed} of {len(picked)} mutants killed, {killed / max(1, len(picked)):.1%}")


if __name__ == "__main__":
    main()
