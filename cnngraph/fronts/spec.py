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


def choices(content: Content) -> dict[str, list[object]]:
    """By name the params of the spec *content* whose values are few: those of the arms of a `match` on the param, and
    on and off. Each list has the default first."""
    from cnngraph.spec import syntax as s
    from cnngraph.spec.parser import parse
    from cnngraph.spec.syntax import parts

    items = parse(Source(content.name, content.text)).file.items
    found: dict[str, list[object]] = {}
    for item in items:
        if isinstance(item, s.Param) and isinstance(item.default, s.Literal):
            value = item.default.value
            found[item.name.names[0]] = [value, not value] if isinstance(value, bool) else [value]
    for part in parts(items):
        if isinstance(part, s.Match) and isinstance(part.subject, s.Ref) and part.subject.names[0] in found:
            values = found[part.subject.names[0]]
            arms = (arm.value for arm, _ in part.arms if isinstance(arm, s.Literal))
            values += [value for value in arms if value not in values]
    return {name: values for name, values in found.items() if len(values) > 1}
