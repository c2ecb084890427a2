"""What becomes of models from elsewhere, a line on each: ``python tools/import_report.py FILES…``, or ``make
import-report``.

Without files these are the networks that come with the `onnx` package, and those that ship with cnngraph as it exports
them.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import onnx

import cnngraph
from cnngraph.diagnostics import CnngraphError
from cnngraph.fronts.onnx.messages import read_model
from cnngraph.importing import Imported, imported
from cnngraph.onnx.model import lowered
from cnngraph.runtime.agree import CLOSE, alike
from cnngraph.shipped import shipped
from cnngraph.sizes import chosen

HEADS = ("network", "layers", "lines", "opaque", "proof", "answers", "nodes", "seconds")
WIDTHS = (34, 6, 5, 6, 7, 9, 12, 7)


def main() -> None:
    given = [Path(each) for each in sys.argv[1:]]
    print(line(HEADS))
    with tempfile.TemporaryDirectory() as folder:
        for path in given or chain(of_onnx(), of_ours(Path(folder))):
            print(line(report(path)), flush=True)


def of_onnx() -> Iterator[Path]:
    yield from sorted((Path(onnx.__file__).parent / "backend/test/data/light").glob("*.onnx"))


def of_ours(folder: Path) -> Iterator[Path]:
    for name in shipped():
        path = folder / f"{name}.onnx"
        cnngraph.load(name).export(path, "random", without=["fold-bn"])
        yield path
        path.unlink()


def line(cells: tuple[str, ...]) -> str:
    first, *rest = (cell.ljust(width) if n == 0 else cell.rjust(width) for n, (cell, width) in
                    enumerate(zip(cells, WIDTHS, strict=True)))  # fmt: skip
    return "  ".join((first, *rest))


def report(path: Path) -> tuple[str, ...]:
    start = time.perf_counter()
    try:
        found = imported(str(path), {})
    except CnngraphError as error:
        return (path.name, "", "", "", error.diagnostics[0].code, "", "", "")
    seconds = time.perf_counter() - start
    lines = [each for each in found.text.splitlines() if each.strip(" }") and not each.lstrip().startswith("#")]
    opaque = sum(not layer.kind.is_known for layer in found.network.layers)
    proof = "same" if found.is_structured else "flat"
    answers, nodes = compared(path, found)
    return (path.name, f"{len(found.network):,}", f"{len(lines)}", f"{opaque or ''}", proof, answers, nodes,
            f"{seconds:.2f}")  # fmt: skip


def compared(path: Path, found: Imported) -> tuple[str, str]:
    """The largest difference of answers, of as many outputs as can be compared if those are not all, and how many nodes
    the model and what is exported again have: what no layer does is passed through."""
    if path.suffix != ".onnx" or found.weights is None or found.precision == "int8":
        return "", ""
    weights = found.weights
    try:
        made = lowered(found.network, lambda: weights, parts=found.parts).passed()
    except CnngraphError as error:
        return error.diagnostics[0].code, ""
    with made.file() as ours:
        answers = alike(path, ours, [chosen(found.network, 64)], found.unlike, close=CLOSE[found.precision])
    difference = f"{answers.difference:.0e}" if answers.compared else ""
    if answers.compared < answers.outputs:
        difference += f" {answers.compared}/{answers.outputs}"
    left = "" if not found.left_out else f"-{found.left_out}"
    return difference, f"{len(read_model(path).graph.nodes)}{left}->{len(made.graph.nodes)}"


if __name__ == "__main__":
    main()
