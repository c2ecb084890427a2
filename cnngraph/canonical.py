"""A spec that reads without mistakes, in canonical form; with the volumes of its lines, if asked."""

from __future__ import annotations

from cnngraph.claims import with_volumes
from cnngraph.diagnostics import CnngraphError, Severity
from cnngraph.source import Source
from cnngraph.spec.format import clean, format_text
from cnngraph.spec.parser import parse


def canonical(source: Source, *, volumes: bool = False) -> str:
    """The text of *source* as `format_text` has it. Raises `CnngraphError` when it cannot be read, but for tabs."""
    cleaned = Source(source.name, clean(source.text))
    errors = [found for found in parse(cleaned).diagnostics if found.severity is Severity.ERROR]
    if errors:
        raise CnngraphError(errors)
    text = format_text(cleaned.text)
    return with_volumes(Source(source.name, text)) if volumes else text
