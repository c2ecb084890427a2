"""The fixes that messages offer, put into the file they are about."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Mapping
from pathlib import Path

from cnngraph.assembly import MAX_NODES
from cnngraph.diagnostics import Diagnostic
from cnngraph.files import write
from cnngraph.fronts import source
from cnngraph.fronts.spec import read_source
from cnngraph.reading import Reading
from cnngraph.source import Source
from cnngraph.text import unix_ends

MAX_ROUNDS = 1000
"""A fix may bring to light what another one mends; this ends the pursuit if two undo each other."""


def fix(
    file: str, settings: Mapping[str, object], *, max_nodes: int = MAX_NODES
) -> tuple[Reading, tuple[Diagnostic, ...]]:
    """Apply fixes to *file*, a path, until none is left; what is to be said of it now, and what was mended.

    The file is written once, whole, and only when something was mended; other files that it uses are left alone.
    Raises `CnngraphError` like `cnngraph.reading.read`, and when the file cannot be written.
    """
    source(file)
    path = Path(file).resolve()
    data = path.read_bytes()
    text = data.decode("utf-8-sig")
    mended: list[Diagnostic] = []
    for _ in range(MAX_ROUNDS):
        read = Source(file, unix_ends(text))
        reading = read_source(read, settings, max_nodes=max_nodes)
        fixable = apart(reading.diagnostics, read)
        for diagnostic in reversed(fixable):
            assert diagnostic.fix is not None
            span = diagnostic.fix.span
            text = text[: span.start] + diagnostic.fix.replacement + text[span.end :]
        mended += fixable
        if not fixable:
            break
    if mended:
        mark = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
        write(path, mark + text.encode())
    return reading, tuple(mended)


def apart(diagnostics: Iterable[Diagnostic], source: Source) -> list[Diagnostic]:
    """Those with a fix in *source*, in the order of the text, without any that would touch the one before it."""
    chosen: list[Diagnostic] = []
    end = -1
    offered = [(each.fix.span, each) for each in diagnostics if each.fix and each.fix.span.source is source]
    for span, diagnostic in sorted(offered, key=lambda pair: pair[0][1:]):
        if span.start > end:
            chosen.append(diagnostic)
            end = span.end
    return chosen
