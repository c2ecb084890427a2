"""The canonical form of a spec: the same words and comments on the same lines, with blanks as everyone has them.

Two blanks a level; what a bracket over several lines holds stands on lines of its own, a branch on one of its own; one
blank between words, none inside ``4*c`` and ``n-1``; comments two blanks behind what they are about; at most one empty
line. Where the author ended a line, the line ends: a chain is never folded or unfolded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cnngraph.spec.lexer import KEYWORDS, TOKEN

_INDENT = 2
_OPERATORS = frozenset({"+", "-", "*", "/", "//", "%"})
_SPACED = frozenset({"->", "=>", "==", "!=", "<", ">", "<=", ">="})
_OPENERS = {"(": ")", "[": "]", "{": "}"}
_CLOSERS = frozenset(_OPENERS.values())
_BEFORE_A_STAGE = frozenset({"->", "|", ":", "[", "{"})
_BEFORE_A_SIGN = _OPERATORS | _SPACED | _OPENERS.keys() | {",", "=", "|", ":"} | (KEYWORDS - {"in", "true", "false"})
"""Behind these a minus is no subtraction."""


@dataclass(slots=True)
class _Word:
    """A token or comment."""

    text: str
    blank: bool
    """Whether a blank stands before it."""
    at: int = 0
    """Its place among the words."""
    breaks: int = 0
    """Line ends before it."""
    partner: _Word | None = None
    """The other bracket of its pair."""
    before: _Word | None = None
    """The next word to the left that is no comment."""
    after: _Word | None = None
    """The next word to the right that is no comment."""

    @property
    def is_comment(self) -> bool:
        return self.text.startswith("#")


def format_text(text: str) -> str:
    """*text*, which parses but for tabs, in canonical form."""
    words = _words(clean(text))
    _pair(words)
    _connect(words)
    _break(words)
    return "".join(f"{line}\n" for line in _lines(words))


def clean(text: str) -> str:
    """*text* with line ends as in Unix and blanks for tabs outside comments and texts."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    return re.sub(r'("[^"\n]*"|#[^\n]*)|\t+', lambda found: found[1] or " " * _INDENT * len(found[0]), text)


def _words(text: str) -> list[_Word]:
    words: list[_Word] = []
    breaks, blank = 0, False
    for match in TOKEN.finditer(text):
        kind, word = match.lastgroup, match.group()
        if kind == "newline":
            breaks += 1
        elif kind == "blank" and not word.startswith("#"):
            blank = True
        else:
            words.append(_Word(word.rstrip(), blank, len(words), breaks))
            breaks, blank = 0, False
    return words


def _pair(words: Sequence[_Word]) -> None:
    open_: list[_Word] = []
    for word in words:
        if word.text in _OPENERS:
            open_.append(word)
        elif word.text in _CLOSERS and open_:
            word.partner = open_.pop()
            word.partner.partner = word


def _connect(words: Sequence[_Word]) -> None:
    near: _Word | None = None
    for word in words:
        word.before = near
        near = near if word.is_comment else word
    near = None
    for word in reversed(words):
        word.after = near
        near = near if word.is_comment else word


def _break(words: list[_Word]) -> None:
    """Line ends where a bracket over several lines wants them."""
    wide = {id(word) for word in words if word.text in "[{" and _is_wide(word, words)}
    inside: list[_Word] = []
    for at, word in enumerate(words):
        if word.text in _CLOSERS and inside:
            if id(inside.pop()) in wide:
                word.breaks = max(word.breaks, 1)
        elif word.text == "|" and inside and id(inside[-1]) in wide:
            word.breaks = max(word.breaks, 1)
        if word.text in _OPENERS:
            inside.append(word)
            if id(word) in wide and not words[at + 1].is_comment:
                words[at + 1].breaks = max(words[at + 1].breaks, 1)


def _is_wide(opener: _Word, words: Sequence[_Word]) -> bool:
    closer = opener.partner
    return closer is not None and any(words[at].breaks for at in range(opener.at + 1, closer.at + 1))


def _lines(words: Sequence[_Word]) -> Iterator[str]:
    levels: list[tuple[int, bool]] = []
    """For each open bracket, the indentation of the line that opened it, and whether it holds branches."""
    start = 0
    while start < len(words):
        end = start + 1
        while end < len(words) and not words[end].breaks:
            end += 1
        line = words[start:end]
        if words[start].breaks > 1 and start and not _hugs(words, start):
            yield ""
        indentation = _indentation(words[start], levels)
        yield " " * indentation + "".join(_spaced(line))
        for word in line:
            if word.text in _OPENERS:
                levels.append((indentation, word.text == "{" and _is_a(word.after, "|")))
            elif word.text in _CLOSERS and levels:
                levels.pop()
        start = end


def _hugs(words: Sequence[_Word], at: int) -> bool:
    """Whether no empty line goes above the one that begins at *at*: behind a bracket or an arrow, before a closer."""
    before = words[at - 1]
    if before.is_comment and not before.breaks and before.before is not None:
        before = before.before
    return before.text in _OPENERS or before.text == "->" or words[at].text in _CLOSERS


def _indentation(word: _Word, levels: Sequence[tuple[int, bool]]) -> int:
    """That of the line that begins with *word*."""
    goes_on = _INDENT if _is_a(word.before, "->") else 0
    if word.is_comment and word.after is not None and word.after.text not in _CLOSERS:
        # As what it stands above; before a closing bracket, as what that holds.
        word = word.after
    if not levels:
        return goes_on
    opened, branches = levels[-1]
    if word.text in _CLOSERS:
        return opened
    inner = opened + _INDENT
    if branches and word.text != "|":
        inner += _INDENT
    return inner + goes_on


def _is_a(word: _Word | None, text: str) -> bool:
    return word is not None and word.text == text


def _spaced(line: Sequence[_Word]) -> Iterator[str]:
    for at, word in enumerate(line):
        if at:
            yield _between(line, at)
        yield word.text


def _between(line: Sequence[_Word], at: int) -> str:
    """The blank before the word at *at*."""
    before, word = line[at - 1], line[at]
    if word.is_comment:
        return "  "
    if word.text == "=":
        return " " if _defines(line, at) else ""
    if before.text == "=":
        return " " if _defines(line, at - 1) else ""
    if word.text in (",", ":", ")", "]") or before.text in ("(", "["):
        return ""
    if "." in (before.text, word.text):
        return ""
    if before.text in (",", ":") or _SPACED & {before.text, word.text}:
        return " "
    if word.text in _OPERATORS:
        return " " if word.text == "-" and _is_sign(line, at) and not _glues(before) else ""
    if before.text in _OPERATORS:
        return ""
    if word.text == "(":
        return "" if _is_call(line, at) else " "
    if word.text == "[":
        return " " if _is_repeat(word) else ""
    return "" if _is_count(line, at) else " "


def _defines(line: Sequence[_Word], at: int) -> bool:
    """Whether the `=` at *at* is that of ``let`` or ``param``."""
    return at > 1 and line[at - 2].text in ("let", "param")


def _is_call(line: Sequence[_Word], at: int) -> bool:
    """Whether the `(` at *at* goes with the word before it: a block's, a function's or an annotation's arguments."""
    before = line[at - 1].text
    introduced = line[at - 2].text if at > 1 else ""
    if introduced in ("block", "input"):
        return introduced == "block"
    is_name = before.startswith("@") or (before.isidentifier() and (before not in KEYWORDS or before == "in"))
    return is_name and not line[at].blank


def _is_repeat(opener: _Word) -> bool:
    """Whether *opener*, a `[`, begins a stage; otherwise it is an index."""
    before = opener.before
    return before is None or opener.breaks > 0 or before.text in _BEFORE_A_STAGE


def _is_sign(line: Sequence[_Word], at: int) -> bool:
    """Whether the minus at *at* belongs to the number behind it."""
    before = line[at - 1].text
    return before in _BEFORE_A_SIGN


def _glues(before: _Word) -> bool:
    return before.text in _OPERATORS or before.text in ("(", "[", "=")


def _is_count(line: Sequence[_Word], at: int) -> bool:
    """Whether the number at *at* is all of a repeat's count: ``x 2`` is written ``x2``."""
    if at < 2 or line[at - 1].text != "x" or not line[at].text.isdigit():
        return False
    opener = line[at - 2].partner
    is_alone = at + 1 == len(line) or line[at + 1].text not in _OPERATORS
    return is_alone and line[at - 2].text == "]" and opener is not None and _is_repeat(opener)
