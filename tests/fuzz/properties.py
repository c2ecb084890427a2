"""What holds of any text whatever: of the reader, its messages, and the formatter."""

from __future__ import annotations

import time

from cnngraph.canonical import canonical
from cnngraph.diagnostics import CnngraphError, Diagnostic, Severity
from cnngraph.diagnostics.machine import as_github, as_json
from cnngraph.diagnostics.sarif import as_sarif
from cnngraph.diagnostics.terminal import render
from cnngraph.fronts.spec import read_source
from cnngraph.reading import Reading
from cnngraph.source import Source
from cnngraph.spec.format import format_text

MAX_NODES = 2000
PATIENCE = 2.0
"""Seconds that a text may take, and one more for each kilobyte."""


def check(text: str) -> None:
    """Raises `AssertionError`, or whatever escapes, when something does not hold of *text*."""
    start = time.perf_counter()
    source = Source("fuzz.spec", text)
    reading = read_source(source, {}, max_nodes=MAX_NODES)
    read_source(source, {"depth": "18", "n": 3, "H": "8"}, max_nodes=MAX_NODES)
    _messages(reading, source)
    _formatted(reading, source)
    taken = time.perf_counter() - start
    assert taken < PATIENCE + len(text) / 1000, f"{taken:.1f} s for {len(text)} characters"


def _messages(reading: Reading, source: Source) -> None:
    """Each has a code, its places are in the text, and every way of writing it down works."""
    assert reading.network is not None or any(d.severity is Severity.ERROR for d in reading.diagnostics)
    for diagnostic in reading.diagnostics:
        _placed(diagnostic, source)
        assert diagnostic.message
        assert render(diagnostic, color=True)
    as_json(reading.diagnostics)
    as_github(reading.diagnostics)
    as_sarif(reading.diagnostics)


def _placed(diagnostic: Diagnostic, source: Source) -> None:
    labels = [diagnostic.label, *diagnostic.secondary]
    spans = [label.span for label in labels if label] + ([diagnostic.fix.span] if diagnostic.fix else [])
    for span in spans:
        if span.source is source:
            assert 0 <= span.start <= span.end <= len(source.text)


def _formatted(reading: Reading, source: Source) -> None:
    """What can be read can be formatted: once is enough, and the network stays."""
    try:
        text = canonical(source)
    except CnngraphError:
        return
    assert format_text(text) == text
    again = read_source(Source("fuzz.spec", text), {}, max_nodes=MAX_NODES)
    mended = any(diagnostic.code == "E0106" for diagnostic in reading.diagnostics)
    assert mended or (again.network is None) == (reading.network is None)
    if reading.network is not None and again.network is not None:
        said = [
            [(layer.name, layer.kind, layer.inputs, layer.output) for layer in network]
            for network in (reading.network, again.network)
        ]
        assert said[0] == said[1]
