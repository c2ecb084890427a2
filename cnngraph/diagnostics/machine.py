"""Diagnostics for programs: JSON, and the annotations of GitHub's workflow commands."""

from __future__ import annotations

import json
from collections.abc import Iterable

from cnngraph.diagnostics.diagnostic import Diagnostic


def as_json(diagnostics: Iterable[Diagnostic]) -> str:
    """A list of objects; line and column are null for one that is about no text, which may have a ``place``."""
    return json.dumps([_record(diagnostic) for diagnostic in diagnostics], indent=2, ensure_ascii=False)


def _record(diagnostic: Diagnostic) -> dict[str, object]:
    place: dict[str, object] = dict.fromkeys(("line", "column", "end_line", "end_column"))
    file = diagnostic.file
    fix: dict[str, object] | None = None
    if diagnostic.label:
        span = diagnostic.label.span
        file = span.source.name
        end_line, end_column = span.source.position(span.end)
        place = {"line": span.line, "column": span.column, "end_line": end_line, "end_column": end_column}
    if diagnostic.fix:
        span = diagnostic.fix.span
        fix = {"line": span.line, "column": span.column, "length": span.end - span.start}
        fix["replacement"] = diagnostic.fix.replacement
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity.value,
        "file": file,
        **place,
        "place": diagnostic.place or None,
        "message": diagnostic.message,
        "reason": diagnostic.reason,
        "help": diagnostic.help,
        "fix": fix,
    }


def as_github(diagnostics: Iterable[Diagnostic]) -> str:
    """One ``::error file=…`` line each."""
    return "\n".join(map(_command, diagnostics))


def _command(diagnostic: Diagnostic) -> str:
    record = _record(diagnostic)
    properties = {"file": record["file"], "title": diagnostic.code}
    if diagnostic.label:
        properties |= {"line": record["line"], "endLine": record["end_line"], "col": record["column"]}
    text = "\n".join(diagnostic.texts)
    written = ",".join(f"{key}={_escape(str(value), ':,')}" for key, value in properties.items())
    return f"::{record['severity']} {written}::{_escape(text)}"


def _escape(text: str, more: str = "") -> str:
    for character in "%\r\n" + more:
        text = text.replace(character, f"%{ord(character):02X}")
    return text
