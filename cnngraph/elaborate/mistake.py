"""How elaboration stops at a mistake: it is raised where it is seen and recorded at the line it is in."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from cnngraph.diagnostics import Diagnostic, Fix, Label
from cnngraph.source import Span


class Mistake(Exception):
    """One mistake of the user's."""

    def __init__(
        self,
        code: str,
        message: str,
        span: Span | None,
        remark: str = "",
        *,
        reason: str = "",
        help: str = "",
        secondary: tuple[Label, ...] = (),
        replace: str = "",
    ) -> None:
        super().__init__(message)
        self.diagnostic = Diagnostic(
            code,
            message,
            Label(span, remark) if span else None,
            secondary,
            reason=reason,
            help=help,
            fix=Fix(span, replace) if replace and span else None,
        )


class Silent(Exception):
    """The cause has been reported; nothing more to say."""


def did_you_mean(name: str, known: Iterable[str]) -> tuple[str, str]:
    """``("did you mean `conv`?", "conv")``, or two empty texts when nothing is near."""
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return (f"did you mean `{near[0]}`?", near[0]) if near else ("", "")
