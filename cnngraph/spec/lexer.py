"""Text to tokens. Every token knows its place; mistakes are collected, and the lexer goes on."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import NamedTuple

from cnngraph.diagnostics import Diagnostic, Fix, Label
from cnngraph.layers import ACTIVATIONS, KINDS, NORMS
from cnngraph.source import Source, Span

KEYWORDS = frozenset(
    {
        *("edition", "net", "use", "as", "param", "let", "default", "block", "input", "output"),
        *("from", "again", "skip", "in", "if", "and", "or", "not", "match", "true", "false"),
    }
)
_ARGUMENTS = [argument for kind in KINDS.values() for argument in kind.arguments()]
FLAGS = frozenset(
    {
        *("linear", *NORMS, *ACTIVATIONS),
        *(word for argument in _ARGUMENTS for word in argument.type.words),
        *(argument.keyword for argument in _ARGUMENTS if argument.type.is_flag and argument.default is False),
    }
)
"""What stands on a step without a keyword: the layer kinds say it."""
RESERVED = KEYWORDS | FLAGS
"""What cannot name a tensor, block or parameter."""

MAX_DIGITS = 18


class Token(NamedTuple):
    """The smallest piece of a text, with its place."""

    kind: str
    """``name``, ``int``, ``float``, ``dim``, ``string``, ``free``, ``at``, ``newline``, ``end``;
    a keyword or a punctuation mark is its own kind."""
    text: str
    start: int
    end: int


TOKEN = re.compile(
    r"""
    (?P<blank>[ ]+|\#[^\n]*|\r(?=\n))
  | (?P<newline>\n)
  | (?P<float>\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+)(?!\w)
  | (?P<dim>\d+(?:x\d+)+)(?![\w×])
  | (?P<int>\d+)(?![\w.×])
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<mark>->|=>|==|!=|<=|>=|//|[-+*/%<>=()\[\]{}|,.:])
  | (?P<string>"[^"\n]*")
  | (?P<free>\?[A-Za-z0-9_]*)
  | (?P<at>@[A-Za-z_][A-Za-z0-9_]*)
  | (?P<tab>\t+)
  | (?P<number>\d[\w.×]*)
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
    for match in TOKEN.finditer(source.text):
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
                label = Label(Span(source, start, end), what)
                mistakes.append(Diagnostic("E0105", "this number is too long", label))
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
    return tokens, _once(mistakes)


def _once(mistakes: list[Diagnostic]) -> list[Diagnostic]:
    """One mistake for each line and code; a file indented with tabs is one mistake."""
    found: dict[tuple[str, int], Diagnostic] = {}
    lines: list[int] = []
    for mistake in mistakes:
        assert mistake.label is not None
        line = mistake.label.span.line
        if mistake.code == "E0106":
            lines.append(line)
        found.setdefault((mistake.code, 0 if mistake.code == "E0106" else line), mistake)
    more = len(set(lines)) - 1
    if more > 0:
        others = f"so {'has one other line' if more == 1 else f'have {more} other lines'}"
        found["E0106", 0] = replace(found["E0106", 0], notes=(others,))
    return list(found.values())


_MEANT = {
    "×": ("x", "sizes are written with the letter x: 3x3"),
    "→": ("->", "an arrow is written `->`"),
    "⇒": ("=>", "a claim is written `=>`"),
    "“": ('"', 'a text stands in straight quotes: "…"'),
    "”": ('"', 'a text stands in straight quotes: "…"'),
    "−": ("-", "this is a typographic minus sign"),
    "–": ("-", "this is a dash"),
    "\u00a0": (" ", "this is a no-break space"),
}
"""What comes along when text is copied from slides and documents: what is meant, and what to say."""


def _unreadable(kind: str, text: str, source: Source, start: int, end: int) -> Diagnostic:
    span = Span(source, start, end)
    match kind:
        case "tab":
            help, fix = "set your editor to write blanks", Fix(span, "  " * len(text))
            return Diagnostic("E0106", "tab character", Label(span, "use two spaces"), help=help, fix=fix)
        case "open_string":
            return Diagnostic("E0102", "this text is never closed", Label(span, 'a closing `"` is missing'))
        case "number":
            if re.fullmatch(r"\d+([xX×]\d+)+", text):
                fix = Fix(span, re.sub("[X×]", "x", text))
                remark = "sizes are written with a small letter x"
                return Diagnostic("E0104", f"`{text}` is not a number", Label(span, remark), fix=fix)
            return Diagnostic("E0104", f"`{text}` is not a number", Label(span, "a number, 3x3, or 0.5"))
    if text in _MEANT:
        meant, remark = _MEANT[text]
        return Diagnostic("E0101", f"`{text}` has no meaning here", Label(span, remark), fix=Fix(span, meant))
    if not text.isprintable():
        return Diagnostic("E0101", f"an invisible character (U+{ord(text):04X})", Label(span, "delete it"))
    remark = {
        ";": "each line is a statement; layers on one line are joined by `->`",
        "!": "`not a`, or  a != b",
        "&": "write `and`",
        "\\": 'a text ends at the next `"`; inside of one write “ and ”',
    }.get(text, "a spec is written in ASCII outside comments and texts" if ord(text) > 127 else "")
    return Diagnostic("E0101", f"`{text}` has no meaning here", Label(span, remark))
