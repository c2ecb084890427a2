"""How elaboration stops at a mistake: it is raised where it is seen and recorded at the line it is in."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from cnngraph.diagnostics import Diagnostic, Fix, Label
from cnngraph.source import Span

MAX_COMPARED = 1000
"""How many names are looked at for a similar one."""


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
        fix: Fix | None = None,
        cause: Span | None = None,
    ) -> None:
        super().__init__(message)
        self.diagnostic = Diagnostic(
            code,
            message,
            Label(span, remark) if span else None,
            secondary,
            reason=reason,
            help=help,
            fix=Fix(span, replace) if replace and span else fix,
        )
        self.cause = cause
        """Where the mistake was written when that is elsewhere, such as in a `default`: it is reported once."""
        self.others: tuple[Diagnostic, ...] = ()
        """More that is wrong with the same item."""


class Silent(Exception):
    """The cause has been reported; nothing more to say."""


def did_you_mean(name: str, known: Iterable[str]) -> tuple[str, str]:
    """``("did you mean `conv`?", "conv")``, or two empty texts when nothing is near.

    Names much longer or shorter are not compared, and of very many only the first, so that this takes no time.
    """
    folded = name.lower()
    near_in_length = (each for each in known if abs(len(each) - len(name)) <= 3)
    by_fold: dict[str, str] = {}
    for each in islice(near_in_length, MAX_COMPARED):
        by_fold.setdefault(each.lower(), each)
    from difflib import get_close_matches  # only where something is wrong

    found = get_close_matches(folded, by_fold, n=1, cutoff=0.7)
    return (f"did you mean `{by_fold[found[0]]}`?", by_fold[found[0]]) if found else ("", "")


def slip(name: str, known: Iterable[str], others: Iterable[str] = ()) -> str:
    """The one of *known* that *name* certainly means: a letter too many, missing, another or in its neighbour's place.

    Empty when there is any doubt: a second word as near among *known* and *others*, which mean something else; a word
    one letter from what would be meant, such as `elu` from `relu`; fewer than four letters; names that differ in
    capitals alone, or more than are compared.
    """
    folded = name.lower()
    own = set(islice(known, MAX_COMPARED + 1))
    words = {each.lower(): each for each in own}
    if len(own) > MAX_COMPARED or len(words) < len(own):
        return ""
    near = [each for each in {*words, *others} if _is_a_letter_off(folded, each)]
    if len(near) != 1 or near[0] not in words or min(len(folded), len(near[0])) < 4:
        return ""
    relatives = (each for each in words if each != near[0] and _is_a_letter_off(near[0], each))
    return "" if any(relatives) else words[near[0]]


def _is_a_letter_off(a: str, b: str) -> bool:
    """Whether one letter added, left out, changed, or two neighbours exchanged make *b* of *a*."""
    if abs(len(a) - len(b)) > 1 or a == b:
        return a == b
    at = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    rest, other = a[at:], b[at:]
    return (
        rest[1:] == other
        or rest == other[1:]
        or rest[1:] == other[1:]
        or (rest[:2] == other[1::-1] and rest[2:] == other[2:])
    )
