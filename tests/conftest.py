from __future__ import annotations

import html
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CHANGED: list[tuple[Path, Path]] = []
"""Golden figures that are not what they were: the old file and the new one."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--accept", action="store_true", help="take what the figures are now as their golden files")


@pytest.fixture(scope="session")
def golden(request: pytest.FixtureRequest) -> Callable[[Path, bytes], None]:
    """Fails when *data* is not what the golden *file* holds; with ``--accept`` writes it instead.

    What differs is put beside the old on a page, ``build/golden.html``.
    """

    def compare(file: Path, data: bytes) -> None:
        if request.config.getoption("--accept"):
            file.write_bytes(data)
        if file.exists() and file.read_bytes() == data:
            return
        new = ROOT / "build" / "golden" / file.name
        new.parent.mkdir(parents=True, exist_ok=True)
        new.write_bytes(data)
        CHANGED.append((file, new))
        pytest.fail(f"{file.name} has changed: look at build/golden.html; to take it: pytest --accept", pytrace=False)

    return compare


def pytest_sessionfinish() -> None:
    if not CHANGED:
        return
    rows = "".join(
        f"<h2>{html.escape(old.name)}</h2><p>before</p><img src='{old.as_uri()}' width='960'>"
        f"<p>now</p><img src='{new.as_uri()}' width='960'>"
        for old, new in CHANGED
    )
    page = f"<!doctype html><meta charset='utf-8'><title>Changed figures</title>{rows}\n"
    (ROOT / "build" / "golden.html").write_text(page, encoding="utf-8")
