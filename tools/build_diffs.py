"""Writes what `cnngraph diff` says of twelve pairs of networks into docs/diff.md, and the figures there.

python tools/build_diffs.py
"""

from __future__ import annotations

import re
from pathlib import Path

from cnngraph.cli.diff import record
from cnngraph.comparison.compare import compare
from cnngraph.comparison.report import lines
from cnngraph.figure.differences import differences
from cnngraph.figure.writers import write
from cnngraph.fronts import load

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "diff.md"
PAIRS = (
    ("resnet50", "resnet101"),
    ("resnet101", "resnet152"),
    ("resnet50", "resnext50"),
    ("resnet50", "se_resnet50"),
    ("plain34", "resnet34"),
    ("vgg16", "vgg16_bn"),
    ("vgg19", "vgg16"),
    ("alexnet", "alexnet_owt"),
    ("squeezenet", "squeezenet1_1"),
    ("googlenet", "googlenet_bn"),
    ("densenet121", "densenet169"),
    ("mobilenet_v1", "mobilenet_v2"),
)
SHOWN = (("resnet50", "resnet101"), ("vgg19", "vgg16"), ("squeezenet", "squeezenet1_1"))
"""Those whose reports are on the page in full."""
FIGURES = (("vgg19", "vgg16"), ("plain34", "resnet34"), ("squeezenet", "squeezenet1_1"))
_KINDS = ("same", "changed", "added", "removed", "follows")


def page() -> str:
    """docs/diff.md with the reports and the table as they are."""
    text = PAGE.read_text(encoding="utf-8")
    for pair in SHOWN:
        command = f"$ cnngraph diff {' '.join(pair)}\n"
        report = "\n".join(lines(compare(*map(load, pair))))
        before, _, after = text.partition(command)
        text = f"{before}{command}{report}\n```{after.partition('```')[2]}"
    return re.sub(r"(?<=\n)\| A → B \|(.+\n)+", lambda _: table(), text)


def table() -> str:
    rows = [f"| A → B | verdict | {' | '.join(_KINDS)} | parameters | lines |", f"|---|---|{'---:|' * 7}"]
    for pair in PAIRS:
        found = compare(*map(load, pair))
        kinds = [row["kind"] for row in record(found)["rows"]]
        counts = " | ".join(f"{kinds.count(kind) or ''}" for kind in _KINDS)
        share = 100 * (found.b.params - found.a.params) / found.a.params
        rows.append(f"| {' → '.join(pair)} | {found.verdict} | {counts} | {share:+.1f} % | {len([*lines(found)])} |")
    return "\n".join(rows) + "\n"


def figures() -> dict[Path, bytes]:
    folder = ROOT / "docs" / "figures"
    return {
        folder / f"diff-{'-'.join(pair)}.svg": write(differences(compare(*map(load, pair))), "svg") for pair in FIGURES
    }


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(PAGE)
    for path, data in figures().items():
        path.write_bytes(data)
        print(path)
