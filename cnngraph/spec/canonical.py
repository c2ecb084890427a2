"""A spec that reads without mistakes, in canonical form; with the volumes of its lines, if asked."""

from __future__ import annotations

from cnngraph.diagnostics import CnngraphError, Severity
from cnngraph.source import Source
from cnngraph.spec import syntax as s
from cnngraph.spec.format import clean, format_text
from cnngraph.spec.parser import parse


def canonical(source: Source, *, volumes: bool = False) -> str:
    """The text of *source* as `format_text` has it. Raises `CnngraphError` when it cannot be read, but for tabs."""
    cleaned = Source(source.name, clean(source.text))
    parsed = parse(cleaned)
    errors = [found for found in parsed.diagnostics if found.severity is Severity.ERROR]
    if errors:
        raise CnngraphError(errors)
    text = format_text(cleaned.text)
    return _with_volumes(Source(source.name, text)) if volumes else text


def _with_volumes(source: Source) -> str:
    """Claims for the lines at top level that have none, where the volume is known. Raises `CnngraphError`."""
    from cnngraph.reading import elaborate_text

    reading = elaborate_text(source, {})
    reading.checked()
    made = {ran.span: ran.volume for ran in reading.ran}
    text = source.text
    for item in reversed(parse(source).file.items):
        if isinstance(item, s.Line) and item.claim is None and item.guard is None and len(item.labels) < 2:
            last = item.stages[-1].span
            volume = made.get(last)
            if volume is not None and volume.is_fixed:
                end = last.end
                text = f"{text[:end]} => {volume}{text[end:]}"
    return text
