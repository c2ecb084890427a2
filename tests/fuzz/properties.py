"""What holds of any text whatever: of the reader, its messages, the formatter, the fixes, the editor's answers, and of
the network that it makes, the spec and the figures."""

from __future__ import annotations

import tempfile
import time
import zlib
from pathlib import Path

from cnngraph.canonical import canonical
from cnngraph.diagnostics import CnngraphError, Diagnostic, Severity
from cnngraph.diagnostics.machine import as_github, as_json
from cnngraph.diagnostics.sarif import as_sarif
from cnngraph.diagnostics.terminal import render
from cnngraph.editor.document import Document
from cnngraph.figure.choice import AUTO, choose
from cnngraph.figure.styles import STYLES, Order, draw
from cnngraph.figure.theme import LIGHT
from cnngraph.figure.writers import write
from cnngraph.fixing import fix
from cnngraph.fronts.spec import read_source
from cnngraph.network import Network
from cnngraph.reading import Reading
from cnngraph.source import Source
from cnngraph.spec.format import format_text
from tests.editor.test_half_typed import answers
from tests.figure.geometry import faults

MAX_NODES = 2000
MOST_DRAWN = 60
"""Layers of which a figure is drawn."""
PATIENCE = 4.0
"""Seconds of work that a text may take, and one more for each kilobyte."""


def check(text: str) -> None:
    """Raises `AssertionError`, or whatever escapes, when something does not hold of *text*."""
    start = time.process_time()
    chance = zlib.crc32(text.encode())
    source = Source("fuzz.spec", text)
    reading = read_source(source, {}, max_nodes=MAX_NODES)
    read_source(source, {"depth": "18", "n": 3, "H": "8"}, max_nodes=MAX_NODES)
    _messages(reading, source)
    _formatted(reading, source)
    if "\r" not in text and any(diagnostic.fix for diagnostic in reading.diagnostics):
        _fixed(text)  # a file's carriage returns are line ends
    document = Document("untitled:fuzz", text)
    answers(document, document.positions.position(chance % (len(text) + 1)))
    if reading.network is not None:
        _with_volumes(reading.network, source)
        _written(reading.network)
        if len(reading.network) <= MOST_DRAWN:
            _drawn(reading.network, chance)
    taken = time.process_time() - start
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
        assert _said(again.network) == _said(reading.network)


def _said(network: Network) -> list[object]:
    return [(layer.name, layer.kind, layer.inputs, layer.output) for layer in network]


def _fixed(text: str) -> None:
    """Fixes come to an end, and what they leave is read."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "fuzz.spec"
        file.write_bytes(text.encode("utf-8", "surrogatepass"))
        try:
            reading, mended = fix(str(file), {}, max_nodes=MAX_NODES)
        except CnngraphError:
            return  # a text that is none
        assert mended
        assert not any(diagnostic.fix for diagnostic in reading.diagnostics)


def _with_volumes(network: Network, source: Source) -> None:
    """Volumes that are written down are those of the lines, and in canonical form."""
    text = canonical(source, volumes=True)
    assert format_text(text) == text
    again = read_source(Source("fuzz.spec", text), {}, max_nodes=MAX_NODES).checked()
    assert _said(again) == _said(network)


def _written(network: Network) -> None:
    """A network as a spec is the same network, in canonical form."""
    text = network.to_spec()
    assert format_text(text) == text
    again = read_source(Source("fuzz.spec", text), {}, max_nodes=MAX_NODES).checked()
    assert sorted(map(repr, _said(again))) == sorted(map(repr, _said(network)))
    assert again.outputs == network.outputs
    volumes = canonical(Source("fuzz.spec", text), volumes=True)
    assert _said(read_source(Source("fuzz.spec", volumes), {}, max_nodes=MAX_NODES).checked()) == _said(again)


def _drawn(network: Network, chance: int) -> None:
    """A style shows the network, without a fault, or says why it does not."""
    style = [AUTO, *STYLES][chance % (len(STYLES) + 1)]
    order = Order([network], style, (252.0, 504.0, 960.0)[chance // 8 % 3], LIGHT)
    try:
        scene = choose(order).scene if style == AUTO else draw(order)
    except CnngraphError:
        return
    assert faults(scene) == []
    assert write(scene, "svg")
