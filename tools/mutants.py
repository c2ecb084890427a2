"""Changes the code in one small place at a time and runs the tests on it: what survives, no test holds.

    python tools/mutants.py [-n 200] [--seed 1] [cnngraph/layers cnngraph/volume.py:88 …]

Takes a random choice of all changes there are in the given files, folders and lines. Everything happens in a copy of
the tree. A mutant is killed when a test fails or does not end; the tests are those of `TESTS`, in order, up to the
first that fails.
"""

from __future__ import annotations

import argparse
import ast
import difflib
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
_SPEC = "tests/spec tests/diagnostics tests/elaborate tests/test_bad_graphs.py tests/test_builder.py"
_LAYERS = "tests/layers tests/onnx/test_values.py tests/diagnostics tests/test_summary.py tests/elaborate"
TESTS = {
    "cnngraph/layers/": f"{_LAYERS} tests/test_layer_reference.py tests/test_docs.py tests/test_counts.py",
    "cnngraph/volume.py": f"tests/test_volume.py {_LAYERS} {_SPEC} tests/onnx",
    "cnngraph/field.py": "tests/layers tests/test_summary.py",
    "cnngraph/units.py": "tests/test_units.py tests/test_flow.py tests/test_summary.py"
    " tests/figure/styles/test_blocks.py",
    "cnngraph/flow.py": "tests/test_flow.py tests/figure/styles/test_blocks.py tests/figure/test_everything.py",
    "cnngraph/fold.py": "tests/test_flow.py tests/spec/test_writing.py tests/figure/styles/test_blocks.py"
    " tests/figure/styles/test_strip.py",
    "cnngraph/onnx/passes/": "tests/onnx/test_passes.py tests/onnx tests/cli/test_export.py",
    "cnngraph/onnx/": "tests/onnx tests/cli/test_export.py",
    "cnngraph/weights/match.py": "tests/weights",
    "cnngraph/spec/": f"{_SPEC} tests/test_readme.py tests/cli/test_fmt.py tests/cli/test_check.py",
    "cnngraph/elaborate/": f"{_SPEC} tests/layers tests/cli/test_check.py tests/test_reading.py tests/editor",
}
"""The tests of what begins so, the quickest to fail first."""
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
            yield Mutant(file, node.lineno, start, stop, text)


def _places(tree: ast.AST) -> Iterator[ast.expr | ast.stmt]:
    """Expressions and statements that do something: no types, decorators, asserts, or text of messages."""
    for name, value in ast.iter_fields(tree):
        if name in ("annotation", "returns", "decorator_list"):
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
        case ast.Constant(int() | float() as value):
            yield from (repr(value + 1), f"({value - 1!r})")
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
        self.root = Path(folder) / "tree"
        shutil.copytree(ROOT, self.root, symlinks=True, ignore=_LEFT_OUT)
        self.seconds: dict[str, float] = {}
        """How long the tests take on the code as it is."""

    def survives(self, mutant: Mutant) -> tuple[bool, str]:
        """Whether all tests pass on *mutant*, and what kills it otherwise."""
        tests = next(tests for start, tests in TESTS.items() if mutant.file.startswith(start))
        there = [test for test in tests.split() if (self.root / test).exists()]
        if tests not in self.seconds:
            began = time.monotonic()
            failed, why = self._run(there, 3600)
            if failed:
                raise SystemExit(f"the tests fail without any mutant: {why}")
            self.seconds[tests] = time.monotonic() - began
        file = self.root / mutant.file
        code = file.read_bytes()
        self._put(file, mutant.of(code))
        failed, why = self._run(there, 2 * self.seconds[tests] + 20)
        self._put(file, code)
        return not failed, why

    def _put(self, file: Path, code: bytes) -> None:
        file.write_bytes(code)
        # Its time and size may be those of what was compiled before.
        for compiled in file.parent.glob(f"__pycache__/{file.stem}.*.pyc"):
            compiled.unlink()

    def _run(self, tests: Iterable[str], limit: float) -> tuple[bool, str]:
        command = [sys.executable, "-m", "pytest", "-x", "-q", "--tb=no", "-p", "no:cacheprovider", *tests]
        environment = {**os.environ, "PYTHONPATH": str(self.root)}
        with subprocess.Popen(
            command, cwd=self.root, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as process:
            try:
                out, _ = process.communicate(timeout=limit)
            except subprocess.TimeoutExpired:
                process.kill()
                return True, "does not end"
        found = [line for line in out.splitlines() if line.startswith(("FAILED", "ERROR"))]
        return process.returncode != 0, found[0].split(" - ")[0] if found else out[-300:].strip()


def chosen(paths: Iterable[str], number: int, seed: int) -> list[Mutant]:
    """*number* of all mutants in *paths*, which are files, folders, or lines as ``file:line``."""
    found: list[Mutant] = []
    for path in paths:
        name, _, line = path.partition(":")
        files = sorted((ROOT / name).rglob("*.py")) if (ROOT / name).is_dir() else [ROOT / name]
        for file in files:
            every = mutants(file.relative_to(ROOT).as_posix(), file.read_bytes())
            found += [mutant for mutant in every if not line or mutant.line == int(line)]
    every_once = list(dict.fromkeys(found))
    return random.Random(seed).sample(every_once, min(number, len(every_once)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="*", default=sorted(TESTS), help="files, folders, or FILE:LINE; all of TESTS")
    parser.add_argument("-n", "--number", type=int, default=50, help="how many mutants (50)")
    parser.add_argument("--seed", type=int, default=0, help="of the choice (0)")
    options = parser.parse_args()
    survivors: list[Mutant] = []
    picked = chosen(dict.fromkeys(options.paths), options.number, options.seed)
    with tempfile.TemporaryDirectory() as folder:
        tree = Tree(folder)
        for at, mutant in enumerate(picked, 1):
            began = time.monotonic()
            survived, why = tree.survives(mutant)
            verdict = "SURVIVED" if survived else f"killed by {why}"
            print(f"{at}/{len(picked)} {mutant.file}:{mutant.line} {time.monotonic() - began:.0f} s {verdict}")
            if survived:
                survivors.append(mutant)
                print(mutant.diff((ROOT / mutant.file).read_bytes()))
            sys.stdout.flush()
    killed = len(picked) - len(survivors)
    print(f"{killed} of {len(picked)} mutants killed, {killed / max(1, len(picked)):.1%}")


if __name__ == "__main__":
    main()
