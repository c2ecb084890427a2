"""Specs: text in the language of `cnngraph.spec`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cnngraph.assembly import MAX_NODES
from cnngraph.diagnostics import Diagnostic, Label, Severity
from cnngraph.elaborate.outcome import SpecReading
from cnngraph.fronts.content import Content
from cnngraph.source import Source

if TYPE_CHECKING:
    from cnngraph.spec.parser import Parsed


def read(content: Content, settings: Mapping[str, object], max_nodes: int) -> SpecReading:
    """The reading of *content*, a spec. Raises `CnngraphError` when it is no text."""
    source = Source(content.name, content.text, content.beside)
    return read_source(source, settings, max_nodes=max_nodes)


def read_source(source: Source, settings: Mapping[str, object], *, max_nodes: int = MAX_NODES) -> SpecReading:
    """Parse and elaborate one source."""
    from cnngraph.elaborate import elaborate
    from cnngraph.spec.parser import parse

    parsed = parse(source)
    if any(d.severity is Severity.ERROR for d in parsed.diagnostics):
        return SpecReading(None, parsed.diagnostics)
    reading = elaborate(parsed, settings, max_nodes)
    if reading.network is None and (wrong := _misfit(parsed, settings, max_nodes)) is not None:
        return SpecReading(None, (wrong,), used=reading.used)
    return reading


def _misfit(parsed: Parsed, settings: Mapping[str, object], max_nodes: int) -> Diagnostic | None:
    """What is wrong when the spec is right as it stands, and does not run with the free sizes in *settings*: that these
    are what does not fit, and not the layers that ask for others."""
    from cnngraph.elaborate import elaborate
    from cnngraph.elaborate.build import free_sizes

    given = {size.name: size for size in free_sizes(parsed.file) if size.name in settings}
    numbers = {name: int(text) for name in given if (text := str(settings[name])).isdecimal()}
    if not given or len(numbers) < len(given) or any(numbers[size.name] % size.multiple for size in given.values()):
        return None
    rest = {name: value for name, value in settings.items() if name not in given}
    network = elaborate(parsed, rest, max_nodes).network
    if network is None or not all(numbers.values()):
        return None
    from cnngraph.sizes import misfit

    return misfit(network, numbers, "--set", Label(next(iter(given.values())).span))


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
