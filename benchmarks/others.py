"""Drawing beside Graphviz's `dot`, on the same networks; whole processes. Skipped where `dot` is not installed."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from benchmarks.process import cnngraph, costs
from cnngraph.figure.dot import dot
from cnngraph.fronts import load, parse

_CHAIN = "net deep\ninput 8x8x8\n" + "add {\n  | conv 8 3x3 same relu -> conv 8 3x3 same\n  | skip\n}\nrelu\n" * 100


def main() -> None:
    program = shutil.which("dot")
    if program is None:
        print("`dot` is not installed")
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "deep.spec").write_text(_CHAIN)
        for what, network in (("resnet", load("resnet")), ("googlenet", load("googlenet")), ("deep", parse(_CHAIN))):
            spec = str(folder / "deep.spec") if what == "deep" else what
            (folder / f"{what}.dot").write_text(dot(network), encoding="utf-8")
            ours, theirs = costs(
                cnngraph("render", spec, "--style", "blocks", "--no-fold", "-o", str(folder / "a.svg")),
                [program, "-Tsvg", str(folder / f"{what}.dot"), "-o", str(folder / "b.svg")],
                runs=3,
            )
            print(
                f"{what:<12} {len(network):>5} layers   render {ours.seconds:.2f} s, {ours.megabytes:.0f} MB"
                f"   dot alone {theirs.seconds:.2f} s, {theirs.megabytes:.0f} MB",
                flush=True,
            )
