"""The exception that carries diagnostics."""

from __future__ import annotations

from collections.abc import Iterable

from cnngraph.diagnostics.diagnostic import Diagnostic


class CnngraphError(Exception):
    """The input is at fault. The one exception that crosses the API; *diagnostics* say all about it."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__(self.diagnostics)

    def __str__(self) -> str:
        """All of it, as the terminal shows it without colours."""
        from cnngraph.diagnostics.terminal import render

        return "\n\n".join(map(render, self.diagnostics))

    @classmethod
    def of(
        cls, code: str, message: str, *, file: str = "", place: str = "", reason: str = "", help: str = ""
    ) -> CnngraphError:
        """An error that is about no place in a text."""
        return cls([Diagnostic(code, message, file=file, place=place, reason=reason, help=help)])
