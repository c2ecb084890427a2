"""The tokens of a text one after the other, and how reading goes on behind a mistake."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from cnngraph.diagnostics import Diagnostic, Fix, Label
from cnngraph.source import Source, Span
from cnngraph.spec.lexer import Token

MAX_DEPTH = 40
"""Nesting of brackets in one another; more is a generated file's mistake, and far below Python's own limit."""

TOP_ONLY = frozenset({"edition", "net", "use", "param", "block", "input", "output"})
_BLANKS = re.compile(" *")
_NAMES = {
    "newline": "the end of the line",
    "end": "the end of the file",
    "name": "a name",
    "int": "a whole number",
    "string": 'a text in "…"',
}


class Abort(Exception):
    """The mistake is recorded; go on behind it."""


class Cursor:
    """Where a parser is in its tokens, and the mistakes it has found."""

    def __init__(self, source: Source, tokens: list[Token], mistakes: list[Diagnostic]) -> None:
        self.source = source
        self.tokens = tokens
        self.at = 0
        self.token = tokens[0]
        self.kind = self.token.kind
        """Of the token at hand; kept in step with `at`, as this is looked at more than anything else."""
        self.depth = 0
        self.mistakes = mistakes
        self.unclosed_at = -1
        """Where an unclosed bracket was last noticed."""
        self.suspect = 0
        """A bracket whose closer stands further left than the line it opens on, so may belong to another."""
        self.lexical_lines = {d.label.span.line for d in mistakes if d.label}

    # Tokens ----------------------------------------------------------------------------------

    def advance(self) -> Token:
        token = self.token
        if token.kind != "end":
            self.at += 1
            self.token = self.tokens[self.at]
            self.kind = self.token.kind
        return token

    def take(self, kind: str) -> Token | None:
        return self.advance() if self.kind == kind else None

    def expect(self, kind: str, where: str) -> Token:
        if self.kind != kind:
            raise self.unexpected(f"{_NAMES.get(kind, f'`{kind}`')} {where}".strip())
        return self.advance()

    def span(self, start: int) -> Span:
        """From token number *start* to the last one taken."""
        last = self.tokens[self.at - 1 if self.at > start else start]
        return Span(self.source, self.tokens[start].start, last.end)

    def between(self, first: int, last: int) -> Span:
        """From token number *first* to number *last*."""
        return Span(self.source, self.tokens[first].start, self.tokens[last].end)

    def here(self) -> Span:
        return Span(self.source, self.token.start, max(self.token.end, self.token.start))

    def skip_newlines(self) -> None:
        while self.kind == "newline":
            self.advance()

    def adjacent(self) -> bool:
        """Whether no blank stands before the token at hand."""
        return self.at > 0 and self.tokens[self.at - 1].end == self.token.start

    # Mistakes --------------------------------------------------------------------------------

    def error(
        self,
        code: str,
        message: str,
        span: Span,
        remark: str = "",
        help: str = "",
        *more: Label,
        fix: Fix | None = None,
    ) -> Abort:
        if not (self.lexical_lines and span.line in self.lexical_lines):
            self.mistakes.append(Diagnostic(code, message, Label(span, remark), tuple(more), help=help, fix=fix))
        return Abort()

    def unexpected(self, wanted: str, help: str = "", fix: Fix | None = None) -> Abort:
        token, place = self.token, self.here()
        shown = _NAMES[token.kind] if token.kind in ("newline", "end") else f"`{token.text}`"
        if token.kind == "end" and (last := self._last_before_newlines()) is not None:
            place = Span(self.source, last.end, last.end)
        return self.error("E0100", f"expected {wanted}, found {shown}", place, f"expected {wanted}", help, fix=fix)

    def _last_before_newlines(self) -> Token | None:
        at = self.at - 1
        while at >= 0 and self.tokens[at].kind == "newline":
            at -= 1
        return self.tokens[at] if at >= 0 else None

    def synchronise(self) -> None:
        """Skip to the end of the line, past whatever brackets open in between."""
        depth = 0
        while self.kind != "end":
            if self.kind in ("(", "[", "{"):
                depth += 1
            elif self.kind in (")", "]", "}"):
                if depth == 0 and self.kind != ")":
                    return
                depth = max(0, depth - 1)
            elif (depth == 0 and self.kind == "newline") or self._top_statement_at_margin():
                return
            self.advance()

    def synchronise_to(self, closer: str) -> None:
        """Skip to behind the *closer* of the bracket at hand, or to what looks like the next statement."""
        depth = 0
        while self.kind != "end" and not self._top_statement_at_margin():
            if self.kind in ("(", "[", "{"):
                depth += 1
            elif self.kind in (")", "]", "}"):
                if depth == 0 and self.kind == closer:
                    self.advance()
                    return
                depth -= 1
            self.advance()

    def _top_statement_at_margin(self) -> bool:
        """A keyword that only a file's top level has, at the start of a line: an unclosed bracket ends before it."""
        return (
            self.kind in TOP_ONLY
            and self.at > 0
            and self.tokens[self.at - 1].kind == "newline"
            and self.source.position(self.token.start)[1] == 1
        )

    @contextmanager
    def nested(self) -> Iterator[None]:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.depth -= 1
            raise self.error(
                "E0503", f"nested more than {MAX_DEPTH} deep", self.here(), help="give the inner part a name of its own"
            )
        try:
            yield
        finally:
            self.depth -= 1

    def close(self, closer: str, opener: int) -> None:
        """Take *closer*; where it is missing, report the bracket *opener* once, not those around it too."""
        token = self.token
        if self.take(closer):
            if not self.suspect and self._margin(token) < self._margin(self.tokens[opener]):
                self.suspect = opener
            return
        if self.at == self.unclosed_at:
            raise Abort
        self.unclosed_at = self.at
        if self.suspect > opener:
            # What was closed by a bracket further left than its own line is likelier to be the open one.
            opener, closer = self.suspect, {"{": "}", "[": "]", "(": ")"}[self.tokens[self.suspect].kind]
        opened = self.tokens[opener]
        span = Span(self.source, opened.start, opened.end)
        labels = []
        if (line := self._line_that_looks_outside(opener)) is not None:
            labels.append(Label(line, f"looks like the next statement; a `{closer}` is missing above it"))
        elif self.kind != "end":
            labels.append(Label(self.here(), f"a `{closer}` is missing before this"))
        raise self.error("E0103", f"this `{opened.text}` is never closed", span, "opened here", "", *labels)

    def _margin(self, token: Token) -> int:
        """How far the line that *token* is on is indented."""
        start = token.start - self.source.position(token.start)[1] + 1
        found = _BLANKS.match(self.source.text, start)
        assert found is not None
        return found.end() - start

    def _line_that_looks_outside(self, opener: int) -> Span | None:
        """The first line after *opener* that is indented no deeper than the line it stands on."""
        margin = self._margin(self.tokens[opener])
        for before, token in zip(self.tokens[opener:], self.tokens[opener + 1 : self.at + 1], strict=False):
            if before.kind == "newline" and token.kind not in ("newline", "end", "|", "}", "]"):
                column = self.source.position(token.start)[1]
                if column - 1 <= margin:
                    return Span(self.source, token.start, token.end)
        return None
