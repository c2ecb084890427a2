"""What is wrong with the text of a network from elsewhere, and what of it is not kept, with its line."""

from __future__ import annotations

from collections.abc import Iterator

from cnngraph.diagnostics import CnngraphError, Diagnostic, Label
from cnngraph.source import Span

MAX_FIELDS = 4_000_000
"""Values that one text may have: more take more memory than a machine should be asked for."""


def too_long(span: Span) -> CnngraphError:
    """The error at the first value too many, to be raised."""
    return mistake("E0504", f"this file has more than {MAX_FIELDS:,} values", span)


def mistake(
    code: str, message: str, span: Span, remark: str = "", *, reason: str = "", help: str = ""
) -> CnngraphError:
    """An error at *span*, to be raised."""
    return CnngraphError([Diagnostic(code, message, Label(span, remark), reason=reason, help=help)])


class Notes:
    """What is said of a file besides: once for each kind of thing, with how often it comes and where it is first."""

    def __init__(self) -> None:
        self._first: dict[tuple[str, str], Span] = {}
        self._counts: dict[tuple[str, str], int] = {}

    def add(self, what: str, says: str, span: Span) -> None:
        """*what*, such as ``[yolo]``, is at *span*, and *says* what becomes of it."""
        key = what, says
        self._first.setdefault(key, span)
        self._counts[key] = self._counts.get(key, 0) + 1

    def diagnostics(self) -> Iterator[Diagnostic]:
        for (what, says), span in self._first.items():
            count = self._counts[what, says]
            times = f"{count:,} × " if count > 1 else ""
            where = "the first of them" if count > 1 else ""
            yield Diagnostic("W0120", f"{times}{what}: {says}", Label(span, where))
