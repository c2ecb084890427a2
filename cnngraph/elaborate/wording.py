"""Texts of a spec that figures show: titles, labels, notes."""

from __future__ import annotations

import re

from cnngraph.elaborate.mistake import Mistake, did_you_mean
from cnngraph.elaborate.scope import Scope
from cnngraph.layers.values import show
from cnngraph.source import Span

_LONGEST = 60
"""Characters of a label: what has more is a note."""


def filled(text: str, scope: Scope, at: Span, what: str) -> str:
    """*text*, which is *what* and stands at *at*, with ``{depth}`` replaced by the value of that name. Raises `Mistake`
    for one that there is not, and `Silent` for one that could not be worked out."""

    def value(match: re.Match[str]) -> str:
        found = scope.value(match[1])
        if found is None:
            hint, _ = did_you_mean(match[1], scope.value_names())
            raise Mistake(
                "E0202",
                f"no value is called `{match[1]}`",
                at,
                hint or f"named in {what}",
                help=f"in {what} {{name}} stands for a value; write (name) for the word itself",
            )
        return found if isinstance(found, str) else show(found)

    return re.sub(r"\{(\w+)\}", value, text)


def label(text: str, at: Span) -> str:
    """*text* as figures show it, single blanks between words. Raises `Mistake` at *at* for what none can."""
    text = " ".join(text.split())
    if not text:
        raise Mistake("E0216", "a @label says nothing", at, help='leave it out, or write  @label("stem")')
    if len(text) > _LONGEST:
        remark, help = f"it has {len(text)}", "a @note has room for more: it stands below the figure"
        raise Mistake("E0216", f"a label has at most {_LONGEST} characters", at, remark, help=help)
    return text
