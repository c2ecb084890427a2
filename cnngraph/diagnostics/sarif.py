"""Diagnostics as SARIF 2.1.0 (OASIS), which code scanning and editors read."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path, PurePath
from urllib.parse import quote

import cnngraph
from cnngraph.diagnostics.codes import headlines, page
from cnngraph.diagnostics.diagnostic import Diagnostic, Fix, Label
from cnngraph.source import Span

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def as_sarif(diagnostics: Iterable[Diagnostic]) -> str:
    """One run, with a rule for each code that occurs."""
    found = list(diagnostics)
    codes = sorted({diagnostic.code for diagnostic in found})
    driver = {"name": "cnngraph", "version": cnngraph.__version__, "rules": _rules(codes)}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(diagnostic, codes.index(diagnostic.code)) for diagnostic in found],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def _rules(codes: list[str]) -> list[dict[str, object]]:
    known = headlines()
    return [
        {
            "id": code,
            "shortDescription": {"text": known[code]},
            "help": {"text": page(code), "markdown": page(code)},
            "defaultConfiguration": {"level": "warning" if code.startswith("W") else "error"},
        }
        for code in codes
    ]


def _result(diagnostic: Diagnostic, rule: int) -> dict[str, object]:
    result: dict[str, object] = {
        "ruleId": diagnostic.code,
        "ruleIndex": rule,
        "level": diagnostic.severity.value,
        "message": {"text": "\n".join(diagnostic.texts)},
    }
    if diagnostic.label:
        result["locations"] = [_location(diagnostic.label)]
    elif diagnostic.file:
        location: dict[str, object] = {"physicalLocation": {"artifactLocation": _artifact(diagnostic.file)}}
        if diagnostic.place:
            location["logicalLocations"] = [{"fullyQualifiedName": diagnostic.place}]
        result["locations"] = [location]
    if diagnostic.secondary:
        result["relatedLocations"] = [
            {"id": number, **_location(label)} for number, label in enumerate(diagnostic.secondary, 1)
        ]
    if diagnostic.fix:
        result["fixes"] = [_fix(diagnostic.fix)]
    return result


def _location(label: Label) -> dict[str, object]:
    place = {"artifactLocation": _artifact(label.span.source.name), "region": _region(label.span)}
    return {"physicalLocation": place, **({"message": {"text": label.text}} if label.text else {})}


def _artifact(file: str) -> dict[str, str]:
    """An absolute path becomes a ``file:`` URI, another stays relative to where the command ran."""
    return {"uri": Path(file).as_uri() if Path(file).is_absolute() else quote(os.fsencode(PurePath(file).as_posix()))}


def _region(span: Span) -> dict[str, int]:
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(span.end)
    return {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column}


def _fix(fix: Fix) -> dict[str, object]:
    replacement = {"deletedRegion": _region(fix.span), "insertedContent": {"text": fix.replacement}}
    change = {"artifactLocation": _artifact(fix.span.source.name), "replacements": [replacement]}
    return {"description": {"text": fix.about}, "artifactChanges": [change]}
