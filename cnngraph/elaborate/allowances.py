"""What ``@allow`` silences: a line's warnings, or on the `net` line those of the whole network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from cnngraph.diagnostics import Diagnostic, Label
from cnngraph.elaborate.mistake import did_you_mean
from cnngraph.network import Annotation
from cnngraph.source import Source, Span
from cnngraph.spec import syntax as s


class Allowance(NamedTuple):
    """One code in an ``@allow``; *span* is the annotation."""

    span: Span
    code: object


def written(annots: Iterable[s.Annot]) -> tuple[Allowance, ...]:
    """The allowances among the annotations of a line, before they are evaluated."""
    return tuple(
        Allowance(annot.span, value.value)
        for annot in annots
        if annot.name == "allow"
        for value in (argument.value for argument in annot.arguments)
        if isinstance(value, s.Literal)
    )


def on(annotations: Iterable[Annotation]) -> Iterator[Allowance]:
    """The allowances that a layer carries."""
    for annotation in annotations:
        if annotation.name == "allow" and annotation.span:
            for code in annotation.arguments:
                yield Allowance(annotation.span, code)


class Allowances:
    """Those in force, and whether each has silenced something."""

    def __init__(self) -> None:
        self._in_force: tuple[Allowance, ...] = ()
        self._used: dict[Allowance, bool] = {}

    @contextmanager
    def during(self, allowed: tuple[Allowance, ...]) -> Iterator[None]:
        """*allowed* holds for all that is made meanwhile, in blocks, too."""
        outer = self._in_force
        self.add(allowed)
        try:
            yield
        finally:
            self._in_force = outer

    def add(self, allowed: Iterable[Allowance]) -> None:
        """*allowed* holds from now on."""
        for allowance in allowed:
            self._used.setdefault(allowance, False)
            self._in_force += (allowance,)

    def silence(self, code: str, others: Iterable[Allowance] = ()) -> bool:
        """Whether a warning is silenced, by what is in force or by *others*."""
        matching = [allowance for allowance in (*self._in_force, *others) if allowance.code == code]
        self._used.update(dict.fromkeys(matching, True))
        return bool(matching)

    def idle(self, source: Source) -> Iterator[Diagnostic]:
        """W0106 for each in *source* that had nothing to silence; files that it uses may need theirs elsewhere."""
        for (span, code), used in self._used.items():
            if not used and span.source is source and not self.silence("W0106"):
                yield _idle(span, str(code))


def _idle(span: Span, code: str) -> Diagnostic:
    from cnngraph.diagnostics.codes import headlines

    known = headlines()
    if code not in known:
        hint, _ = did_you_mean(code, (each for each in known if each.startswith("W")))
        message = f"there is no warning {code}"
        return Diagnostic("W0106", message, Label(span, hint), help="`cnngraph explain` lists all codes")
    if not code.startswith("W"):
        return Diagnostic("W0106", f"{code} is an error, and errors cannot be silenced", Label(span))
    return Diagnostic("W0106", f"there is no {code} here to silence", Label(span), help="delete it")
