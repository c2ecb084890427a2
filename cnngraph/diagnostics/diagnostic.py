"""A mistake (or a warning) as data; drawing it is the renderers' work."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from cnngraph.source import Span


class Severity(Enum):
    """Whether the input is at fault, or only doubtful."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Label:
    """A stretch of the source with a remark on it."""

    span: Span
    text: str = ""


@dataclass(frozen=True, slots=True)
class Fix:
    """Replace *span* by *replacement*; safe to do by machine."""

    span: Span
    replacement: str

    @property
    def about(self) -> str:
        """What it does, in words."""
        if self.span.start == self.span.end:
            return f"insert `{self.replacement.strip()}`"
        return f"replace with `{self.replacement}`" if self.replacement.strip() else "replace with blanks"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing to say of an input: what, where, why, and what to do."""

    code: str
    """``E0401``; a leading ``W`` is a warning."""
    message: str
    """One line, true on its own."""
    label: Label | None = None
    """Where it is, with the remark under the caret; None when it is about no text (``--set``, a file)."""
    secondary: tuple[Label, ...] = ()
    file: str = ""
    """The file it is about when there is no *label*."""
    place: str = ""
    """Where in *file*, when that is no text: ``node `/layer1/conv```."""
    reason: str = ""
    """The arithmetic, with the user's numbers."""
    help: str = ""
    """What to do."""
    notes: tuple[str, ...] = ()
    fix: Fix | None = None

    @property
    def texts(self) -> tuple[str, ...]:
        """All that there is to say besides the place and the fix, for those who show it as running text."""
        remark = self.label.text if self.label else ""
        found = (self.message, self.place, remark, self.reason, self.help, *self.notes)
        return tuple(text for text in found if text)

    @property
    def severity(self) -> Severity:
        return Severity.WARNING if self.code.startswith("W") else Severity.ERROR
