"""Coverage-guided fuzzing of the language: ``python -m tests.fuzz [FOLDER] [libFuzzer's options]``.

FOLDER keeps what was found to reach new code, so that the next run goes on from there. Needs atheris, which is for
Linux (``pip install 'cnngraph[fuzz]'``). What it finds becomes a case in ``tests/spec/test_hostile.py``.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(
    include=[
        "cnngraph.spec", "cnngraph.elaborate", "cnngraph.layers", "cnngraph.volume", "cnngraph.canonical",
        "cnngraph.claims", "cnngraph.fixing", "cnngraph.remarks", "cnngraph.editor", "cnngraph.figure",
    ]
):  # fmt: skip
    from tests.fuzz.properties import check

from cnngraph.elaborate.foreign import ARGUMENTS
from cnngraph.layers import KINDS
from cnngraph.spec.lexer import RESERVED
from tests.onnx.test_values import CASES

ROOT = Path(__file__).parents[2]
MARKS = [
    "->",
    "=>",
    "x2",
    " x n",
    "{ | ",
    "\n  | ",
    "\n}",
    "skip",
    "3x3",
    "?H",
    "(?H, ?W, 3)",
    "s=2",
    '"',
    "@allow",
    "//",
]


def seeds(folder: Path) -> None:
    """Every spec of the project, and each kind with its arguments, as a start."""
    for path in [*ROOT.glob("cnngraph/specs/*.spec"), *ROOT.glob("tests/**/*.spec")]:
        (folder / path.name).write_bytes(path.read_bytes())
    for number, case in enumerate(CASES):
        (folder / f"kind{number}").write_text(f"net t\ninput 7x8x6\n{case}\n", "utf-8")


def words(file: Path) -> None:
    """A dictionary for libFuzzer."""
    lines = {repr(word)[1:-1].replace('"', '\\"') for word in [*RESERVED, *KINDS, *ARGUMENTS, *MARKS]}
    file.write_text("".join(f'"{line}"\n'.replace("\\n", "\\x0a") for line in sorted(lines)), encoding="utf-8")


def one(data: bytes) -> None:
    check(data.decode("utf-8", "replace").replace("\r\n", "\n"))


def main() -> None:
    options = [argument for argument in sys.argv[1:] if argument.startswith("-")]
    folders = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    with tempfile.TemporaryDirectory() as name:
        for folder in folders:
            Path(folder).mkdir(parents=True, exist_ok=True)
        start, dictionary = Path(name) / "seeds", Path(name) / "words"
        start.mkdir()
        seeds(start)
        words(dictionary)
        atheris.Setup([sys.argv[0], *folders, str(start), f"-dict={dictionary}", "-max_len=4096", *options], one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
