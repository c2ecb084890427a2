"""Specs: text in the language of `cnngraph.spec`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cnngraph.assembly import MAX_NODES
from cnngraph.diagnostics import Severity
from cnngraph.elaborate.outcome import SpecReading
from cnngraph.fronts import SPEC, format_of, opened, refuse
from cnngraph.source import Source

if TYPE_CHECKING:
    from cnngraph.fronts import Content


def read(content: Content, settings: Mapping[str, object], max_nodes: int) -> SpecReading:
    return read_source(Source(content.name, content.text), settings, max_nodes=max_nodes)


def read_source(source: Source, settings: Mapping[str, object], *, max_nodes: int = MAX_NODES) -> SpecReading:
    """Parse and elaborate one source."""
    from cnngraph.elaborate import elaborate
    from cnngraph.spec.parser import parse

    parsed = parse(source)
    if any(d.severity is Severity.ERROR for d in parsed.diagnostics):
        return SpecReading(None, parsed.diagnostics)
    return elaborate(parsed, settings, max_nodes)


def source(file: str) -> Source:
    """The text behind a FILE argument that has to be a spec. Raises `CnngraphError`."""
    content = opened(file)
    if format_of(content) is not SPEC:
        refuse(content, "only a spec has a text to work on")
    return Source(content.name, content.text)


def settable(content: Content) -> list[str]:
    """Names of the params and free sizes of the spec *content*."""
    from cnngraph.elaborate.build import settable
    from cnngraph.spec.parser import parse

    return settable(parse(Source(content.name, content.text)).file)
