"""Text to tokens. Every token knows its place; mistakes are collected, and the lexer goes on."""

from __future__ import annotations

import re
from typing import NamedTuple

from cnngraph.diagnostics import Diagnostic, Fix, Label
from cnngraph.source import Source, Span

KEYWORDS = frozenset(
    "edition net use as param let default block input output from skip in if and or not match true false".split()
)
FLAGS = frozenset(
    "same valid same_upper same_lower bn global ceil count_pad nearest bilinear linear relu relu6 leaky prelu elu "
    "gelu swish hswish hsigmoid mish sigmoid tanh softplus".split()
)
RESERVED = KEYWORDS | FLAGS
"""What cannot name a tensor, block or parameter."""

MAX_DIGITS = 18


class Token(NamedTuple):
    kind: str
    """``name``, ``int``, ``float``, ``dim``, ``string``, ``free``, ``at``, ``newline``, ``end``;
    a keyword or a punctuation mark is its own kind."""
    text: str
    start: int
    end: int


_TOKEN = re.compile(
    r"""
    (?P<blank>[ ]+|\#[^\n]*|\r(?=\n))
  | (?P<newline>\n)
  | (?P<float>\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+)(?!\w)
  | (?P<dim>\d+(?:x\d+)+)(?!\w)
  | (?P<int>\d+)(?![\w.])
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<mark>->|=>|==|!=|<=|>=|//|[-+*/%<>=()\[\]{}|,.:])
  | (?P<string>"[^"\n]*")
  | (?P<free>\?[A-Za-z0-9_]*)
  | (?P<at>@[A-Za-z_][A-Za-z0-9_]*)
  | (?P<tab>\t+)
  | (?P<number>\d[\w.]*)
  | (?P<open_string>"[^"\n]*)
  | (?P<other>.)
    """,
    re.VERBOSE,
)


def tokenize(source: Source) -> tuple[list[Token], list[Diagnostic]]:
    """The tokens of *source*, the last of kind ``end``, and what could not be read."""
    tokens: list[Token] = []
    mistakes: list[Diagnostic] = []
    add = tokens.append
    for match in _TOKEN.finditer(source.text):
        kind = match.lastgroup
        if kind == "blank":
            continue
        start, end = match.span()
        text = match.group()
        if kind == "name":
            add(Token(text if text in KEYWORDS else "name", text, start, end))
        elif kind == "mark":
            add(Token(text, text, start, end))
        elif kind in ("int", "float", "dim"):
            if max(map(len, text.split("x"))) > MAX_DIGITS:
                what = f"more than {MAX_DIGITS} digits are not a size of any network"
                mistakes.append(_mistake("E0105", "this number is too long", source, start, end, what))
                text = "1"
                kind = "int"
            add(Token(kind, text, start, end))
        elif kind in ("newline", "string", "free", "at"):
            add(Token(kind, text, start, end))
        else:
            mistakes.append(_unreadable(str(kind), text, source, start, end))
            if kind == "open_string":
                add(Token("string", text + '"', start, end))
            elif kind == "number":
                add(Token("int", "1", start, end))
    length = len(source.text)
    add(Token("newline", "", length, length))
    add(Token("end", "", length, length))
    return tokens, mistakes


def _unreadable(kind: str, text: str, source: Source, start: int, end: int) -> Diagnostic:
    match kind:
        case "tab":
            found = _mistake("E0106", "tab character", source, start, end, "use two spaces")
            return Diagnostic(
                found.code, found.message, found.label, help="`cnngraph fmt` will replace tabs; an editor can be set to",
                fix=Fix(Span(source, start, end), "  " * len(text)),
            )  # fmt: skip
        case "open_string":
            return _mistake("E0102", "this text is never closed", source, start, end, 'a closing `"` is missing')
        case "number":
            return _mistake("E0104", f"`{text}` is not a number", source, start, end, "a number, 3x3, or 0.5")
    what = "a spec is written in ASCII outside comments and texts" if ord(text) > 127 else ""
    return _mistake("E0101", f"`{text}` has no meaning here", source, start, end, what)


def _mistake(code: str, message: str, source: Source, start: int, end: int, remark: str) -> Diagnostic:
    return Diagnostic(code, message, Label(Span(source, start, end), remark))
