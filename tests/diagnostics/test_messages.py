"""Every mistake and what is said about it: ``E0401.spec`` beside ``E0401.txt``.

A first line ``# set: depth=51`` gives settings. ``pytest --accept`` takes what is said now.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

import cnngraph
from cnngraph.diagnostics import CnngraphError, Diagnostic
from cnngraph.diagnostics.terminal import render
from cnngraph.fronts import read
from cnngraph.fronts.spec import read_source
from cnngraph.source import Source

FOLDER = Path(__file__).parent
SPECS = sorted(FOLDER.glob("*.spec"))
ELSEWHERE = {
    "E0107": "files that are no text, in test_reading",
    "E0110": "files that cannot be read, in test_reading",
    "E0115": "a model that cannot be read, in fronts",
    "E0116": "a model that is no network, in fronts",
    "E0117": "a model with parts that no layer does, in cli/test_import",
    "E0118": "a spec that is to be imported, in cli/test_import",
    "W0120": "what is not kept of a model, in fronts",
    "W0121": "weights beside a model that are not its own, in fronts",
    "E0313": "networks that are no text, in test_assembly",
    "E0504": "a file of more than 64 MB, in test_reading",
    "E0505": "a spec that uses more than 100 files, in test_reading",
}


def settings(text: str) -> dict[str, str]:
    found = re.match(r"# set: (\w+)=(\w+)\n", text)
    return {found[1]: found[2]} if found else {}


def said(file: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Diagnostic, ...]:
    monkeypatch.chdir(FOLDER)
    try:
        return read(file.name, settings(file.read_text(encoding="utf-8"))).diagnostics
    except CnngraphError as error:
        return error.diagnostics


@pytest.mark.parametrize("file", SPECS, ids=[file.stem for file in SPECS])
def test_message(file: Path, golden: Callable[[Path, bytes], None], monkeypatch: pytest.MonkeyPatch) -> None:
    diagnostics = said(file, monkeypatch)
    if re.match(r"[EW]\d", file.stem):
        assert file.stem[:5] in {diagnostic.code for diagnostic in diagnostics}
    text = "\n\n".join(render(diagnostic) for diagnostic in diagnostics)
    golden(file.with_suffix(".txt"), f"{text}\n".encode())


@pytest.mark.parametrize("file", SPECS, ids=[file.stem for file in SPECS])
def test_every_fix_makes_its_mistake_vanish(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = file.read_text(encoding="utf-8")
    for diagnostic in said(file, monkeypatch):
        if diagnostic.fix:
            span = diagnostic.fix.span
            fixed = text[: span.start] + diagnostic.fix.replacement + text[span.end :]
            after = read_source(Source(file.name, fixed), settings(text)).diagnostics
            places = {(each.code, each.message, each.label.span.start) for each in after if each.label}
            assert (diagnostic.code, diagnostic.message, span.start) not in places


def test_every_code_of_the_language_has_a_pair() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in Path(cnngraph.__path__[0]).rglob("*.py"))
    codes = set(re.findall(r'"(E0[1-5]\d\d|W\d{4})"', sources))
    assert codes - {file.stem[:5] for file in SPECS} == set(ELSEWHERE)
