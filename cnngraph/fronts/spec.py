"""Specs: text in the language of `cnngraph.spec`."""

from __future__ import annotations

from collections.abc import Mapping

from cnngraph.assembly import MAX_NODES
from cnngraph.diagnostics import Severity
from cnngraph.elaborate.outcome import SpecReading
from cnngraph.fronts.content import Content
from cnngraph.source import Source


def read(content: Content, settings: Mapping[str, object], max_nodes: int) -> SpecReading:
    """The reading of *content*, a spec. Raises `CnngraphError` when it is no text."""
    return read_source(Source(content.name, content.text), settings, max_nodes=max_nodes)


def read_source(source: Source, settings: Mapping[str, object], *, max_nodes: int = MAX_NODES) -> SpecReading:
    """Parse and elaborate one source."""
    from cnngraph.elaborate import elaborate
    from cnngraph.spec.parser import parse

    parsed = parse(source)
    if any(d.severity is Severity.ERROR for d in parsed.diagnostics):
        return SpecReading(None, parsed.diagnostics)
    return elaborate(parsed, settings, max_nodes)


def settable(content: Content) -> list[str]:
    """Names of the params and free sizes of the spec *content*."""
    from cnngraph.elaborate.build import settable
    from cnngraph.spec.parser import parse

    return settable(parse(Source(content.name, content.text)).file)
