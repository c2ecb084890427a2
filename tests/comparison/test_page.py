"""docs/diff.md shows what the command says."""

from __future__ import annotations

import runpy

from tests.conftest import ROOT

BUILT = runpy.run_path(str(ROOT / "tools" / "build_diffs.py"))


def test_reports_and_the_table_are_up_to_date() -> None:
    assert len(BUILT["PAIRS"]) == 12
    assert (ROOT / "docs" / "diff.md").read_text(encoding="utf-8") == BUILT["page"](), "run  make docs"


def test_figures_are_up_to_date() -> None:
    for path, data in BUILT["figures"]().items():
        assert path.read_bytes() == data, f"{path.name}: run  make docs"
