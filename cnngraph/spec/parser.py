"""Tokens to syntax tree: recursive descent that recovers at line ends, so one run finds several mistakes."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cnngraph.diagnostics import Diagnostic, Fix, Label
from cnngraph.layers import KINDS
from cnngraph.source import Source, Span
from cnngraph.spec import syntax as s
from cnngraph.spec.lexer import KEYWORDS, RESERVED, Token, tokenize

MAX_ERRORS = 20
MAX_DEPTH = 40
"""Nesting of brackets in one another; more is a generated file's mistake, and far below Python's own limit."""

JOINS = frozenset(word for word, kind in KINDS.items() if kind.family == "join")
_TOP_ONLY = frozenset({"edition", "net", "use", "param", "block", "input", "output"})
_CLOSERS = frozenset({"]", "}", "|"})
_ENDS_STEP = frozenset({"newline", "->", "=>", "if", "]", "}", "|", "at", "end"})
_RANKS: tuple[frozenset[str], ...] = (
    frozenset({"or"}),
    frozenset({"and"}),
    frozenset({"==", "!=", "<", ">", "<=", ">="}),
    frozenset({"+", "-"}),
    frozenset({"*", "/", "//", "%"}),
)
_BLANKS = re.compile(" *")
_SUM = 3
"""The rank of sums: what an argument and a repeat count may be without parentheses."""
_NAMES = {
    "newline": "the end of the line",
    "end": "the end of the file",
    "name": "a name",
    "int": "a whole number",
    "string": 'a text in "…"',
}


@dataclass(frozen=True, slots=True)
class Parsed:
    file: s.File
    diagnostics: tuple[Diagnostic, ...]


def parse(source: Source) -> Parsed:
    """The syntax tree of *source* and what is wrong with it, at most `MAX_ERRORS` things."""
    tokens, mistakes = tokenize(source)
    parser = _Parser(source, tokens, mistakes)
    items = parser.file()
    found = sorted(parser.mistakes, key=lambda d: d.label.span.start if d.label else 0)
    # Where nesting is given up, the brackets behind are out of step: what is said about them is noise.
    deep = next((number for number, mistake in enumerate(found) if mistake.code == "E0503"), MAX_ERRORS)
    return Parsed(s.File(source, tuple(items)), tuple(found[: min(MAX_ERRORS, deep + 1)]))


def parse_value(source: Source) -> s.Expr | None:
    """The expression that is all of *source*; None when it is none."""
    tokens, mistakes = tokenize(source)
    parser = _Parser(source, tokens, mistakes)
    try:
        value = parser.expression()
        parser.expect("newline", "")
        parser.expect("end", "")
    except _Abort:
        return None
    return None if parser.mistakes else value


class _Abort(Exception):
    """The mistake is recorded; go on behind it."""


class _Parser:
    def __init__(self, source: Source, tokens: list[Token], mistakes: list[Diagnostic]) -> None:
        self.source = source
        self.tokens = tokens
        self.at = 0
        self.depth = 0
        self.mistakes = mistakes
        self.unclosed_at = -1
        """Where an unclosed bracket was last noticed."""
        self.suspect = 0
        """A bracket whose closer stands further left than the line it opens on, so may belong to another."""
        self.lexical_lines = {d.label.span.line for d in mistakes if d.label}

    # Tokens ----------------------------------------------------------------------------------

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    @property
    def kind(self) -> str:
        return self.tokens[self.at].kind

    def advance(self) -> Token:
        token = self.tokens[self.at]
        if token.kind != "end":
            self.at += 1
        return token

    def take(self, kind: str) -> Token | None:
        return self.advance() if self.kind == kind else None

    def expect(self, kind: str, where: str) -> Token:
        if self.kind != kind:
            raise self.unexpected(f"{_NAMES.get(kind, f'`{kind}`')} {where}".strip())
        return self.advance()

    def span(self, start: int, end: int | None = None) -> Span:
        """From token number *start* to the last one taken (or number *end*)."""
        last = self.tokens[max(start, (self.at if end is None else end + 1) - 1)]
        return Span(self.source, self.tokens[start].start, last.end)

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
    ) -> _Abort:
        if not (self.lexical_lines and span.line in self.lexical_lines):
            self.mistakes.append(Diagnostic(code, message, Label(span, remark), tuple(more), help=help, fix=fix))
        return _Abort()

    def unexpected(self, wanted: str, help: str = "", fix: Fix | None = None) -> _Abort:
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
            self.kind in _TOP_ONLY
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

    # Items -----------------------------------------------------------------------------------

    def file(self) -> list[s.Item]:
        items: list[s.Item] = []
        while True:
            self.skip_newlines()
            if self.kind == "end" or len(self.mistakes) >= MAX_ERRORS:
                return items
            start = self.at
            try:
                items.append(self.item())
                self.end_of_statement()
            except _Abort:
                self.synchronise()
                if self.kind in _CLOSERS or self.at == start:
                    self.advance()
                    self.synchronise()

    def end_of_statement(self) -> None:
        if self.kind not in ("newline", "end") and self.kind not in _CLOSERS:
            if self.kind == "//":
                raise self.unexpected("the end of the line", "a comment begins with #", Fix(self.here(), "#"))
            self._refuse_blanks_in_size()
            if self.kind == "-" and self.adjacent() and self.tokens[self.at - 1].kind == "name":
                raise self.unexpected("the end of the line", "a name has letters, digits and _ only")
            after = self.tokens[self.at - 1].kind in ("}", "]")
            help = f"what follows it stands behind an arrow:  -> {self.token.text}" if after else ""
            raise self.unexpected("the end of the line", help)
        if self.depth == 0 and self.kind in _CLOSERS:
            raise self.error("E0108", f"this `{self.token.text}` closes nothing", self.here(), "nothing is open here")

    def item(self) -> s.Item:
        start = self.at
        self._refuse_keyword_as_label()
        match self.kind:
            case "edition":
                self.advance()
                number = int(self.expect("int", "after `edition`").text)
                if number != 1:
                    raise self.error("E0109", f"there is no edition {number}", self.span(start), "this reads edition 1")
                return s.Edition(self.span(start), number)
            case "net":
                self.advance()
                if self.token.text.startswith('"'):
                    raise self.unexpected(
                        "a name for the network", f"the title stands behind it:  net resnet {self.token.text}"
                    )
                name = self.new_name("the network").names[0]
                title = self.take("string")
                annotations = self.annotations()
                return s.Net(self.span(start), name, title.text[1:-1] if title else "", annotations)
            case "use":
                self.advance()
                path = self.expect("string", "naming the file after `use`")
                literal = s.Literal(self.span(self.at - 1), path.text[1:-1])
                alias = self.new_name("what is used") if self.take("as") else None
                return s.Use(self.span(start), literal, alias)
            case "param":
                self.advance()
                name_ref = self.new_name("the param")
                self.expect("=", "and a value")
                value = self.expression()
                return s.Param(self.span(start), name_ref, value)
            case "block":
                return self.block()
            case "input":
                self.advance()
                input_name = self.new_name("the input") if self.kind not in ("dim", "int", "(") else None
                volume = self.volume()
                annotations = self.annotations()
                return s.Input(self.span(start), input_name, volume, annotations)
            case "output":
                self.advance()
                refs = [self.ref("the tensor to give back")]
                while self.kind in ("name", "in"):
                    refs.append(self.ref(""))
                annotations = self.annotations()
                return s.OutputDecl(self.span(start), tuple(refs), annotations)
        return self.statement(in_branch=False)

    def block(self) -> s.BlockDef:
        start = self.at
        self.advance()
        name = self.new_name("the block")
        self.expect("(", "and the block's parameters, as in  block unit(c, s=1)")
        params: list[s.BlockParam] = []
        while self.kind != ")":
            first = self.at
            param = self.new_name("the parameter").names[0]
            type_ = ""
            if self.take(":"):
                type_ = self.expect("name", "for the type: int, float or tensor").text
                if type_ not in ("int", "float", "tensor"):
                    raise self.error(
                        "E0200", f"there is no type `{type_}`", self.span(self.at - 1), "int, float or tensor"
                    )
            default = self.expression() if self.take("=") else None
            params.append(s.BlockParam(self.span(first), param, type_, default))
            if not self.take(","):
                break
        self.expect(")", "after the block's parameters")
        header = self.span(start)
        opener = self.at
        self.expect("{", "and the block's lines")
        body = self.body("}", opener)
        return s.BlockDef(header, name, tuple(params), body)

    # Statements ------------------------------------------------------------------------------

    def body(self, closer: str, opener: int) -> tuple[s.Statement, ...]:
        """Statements up to *closer*, which is taken."""
        with self.nested():
            found = self.statements()
            self.close(closer, opener)
        return found

    def statements(self, in_branch: bool = False) -> tuple[s.Statement, ...]:
        """Statements up to a bracket or bar that closes them, which is left."""
        found: list[s.Statement] = []
        while True:
            self.skip_newlines()
            if self.kind in _CLOSERS or self.kind == "end" or self._top_statement_at_margin():
                return tuple(found)
            if len(self.mistakes) >= MAX_ERRORS:
                raise _Abort
            try:
                found.append(self.statement(in_branch and not found))
                self.end_of_statement()
            except _Abort:
                self.synchronise()

    def close(self, closer: str, opener: int) -> None:
        """Take *closer*; where it is missing, report the bracket *opener* once, not those around it too."""
        token = self.token
        if self.take(closer):
            if not self.suspect and self._margin(token) < self._margin(self.tokens[opener]):
                self.suspect = opener
            return
        if self.at == self.unclosed_at:
            raise _Abort
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

    def _refuse_keyword_as_label(self) -> None:
        if self.kind in KEYWORDS and self.tokens[self.at + 1].kind == ":":
            self.new_name("the tensor")

    def statement(self, in_branch: bool) -> s.Statement:
        start = self.at
        self._refuse_keyword_as_label()
        if self.take("let"):
            name = self.new_name("the value")
            self.expect("=", "and a value")
            return s.Let(self.span(start), name, self.expression())
        if self.take("default"):
            step = self.step()
            return s.Default(self.span(start), step)
        if self.kind in _TOP_ONLY:
            raise self.error(
                "E0111", f"`{self.token.text}` belongs to the top of a file", self.here(), "not inside a bracket"
            )
        return self.line(in_branch)

    def line(self, in_branch: bool) -> s.Line:
        start = self.at
        labels = self.labels()
        stages = [self.stage(in_branch)]
        while self.take("->"):
            self.skip_newlines()
            stages.append(self.stage(False))
        claim = self.volume() if self.take("=>") else None
        guard = self.expression() if self.take("if") else None
        annotations = self.annotations()
        return s.Line(self.span(start), labels, tuple(stages), claim, guard, annotations)

    def labels(self) -> tuple[s.Ref, ...]:
        """``name:`` or ``a, b:`` in front of a line."""
        at = self.at
        while self.tokens[at].kind not in _ENDS_STEP and self.tokens[at + 1].kind == ",":
            at += 2
        if self.tokens[at + 1].kind != ":" or self.tokens[at].kind in _ENDS_STEP:
            return ()
        found = [self.new_name("the tensor")]
        while self.take(","):
            found.append(self.new_name("the tensor"))
        self.expect(":", "after the label")
        return tuple(found)

    def stage(self, in_branch: bool) -> s.Stage:
        start = self.at
        if self.take("from"):
            ref = self.ref("the tensor to start from")
            return s.From(self.span(start), ref)
        if self.take("skip"):
            if not in_branch:
                raise self.error(
                    "E0302",
                    "`skip` begins a branch of a join",
                    self.span(start),
                    "nothing forks here",
                    "add {\n  | conv …\n  | skip\n}   or, for a named tensor:  add name",
                )
            return s.Skip(self.span(start))
        if self.kind == "[":
            return self.repeat()
        if self.kind == "name" and self.token.text in JOINS and self.tokens[self.at + 1].kind == "{":
            return self.joined()
        return self.step()

    def repeat(self) -> s.Repeat:
        start = opener = self.at
        self.advance()
        body = self.body("]", opener)
        count: s.Expr
        token = self.token
        if token.kind == "name" and re.fullmatch(r"x\d+", token.text):
            self.advance()
            count = s.Literal(self.span(self.at - 1), int(token.text[1:]))
        elif token.kind == "name" and token.text == "x":
            self.advance()
            count = self.expression(_SUM)
        else:
            raise self.unexpected("how often to repeat, as in  [conv 64] x2")
        return s.Repeat(self.span(start), body, count)

    def joined(self) -> s.Joined:
        start = self.at
        word = self.ref("")
        opener = self.at
        self.expect("{", "")
        with self.nested():
            self.skip_newlines()
            branches: list[s.Branch] = []
            if self.kind != "|":
                self.unexpected("`|` and the first branch", "each branch begins with `|`")
                self.synchronise_to("}")
                raise _Abort
            while self.kind == "|":
                first = self.at
                self.advance()
                body = self.statements(in_branch=True)
                if not body and not self.mistakes:
                    raise self.error(
                        "E0112", "this branch is empty", self.span(first, first), "write `skip` to pass the input on"
                    )
                branches.append(s.Branch(self._trimmed(first), body))
            self.close("}", opener)
        return s.Joined(self.span(start), word, tuple(branches))

    def _trimmed(self, first: int) -> Span:
        """The span of a branch from behind its bar, without the line ends after it."""
        last = self.at - 1
        while last > first and self.tokens[last].kind == "newline":
            last -= 1
        return self.span(min(first + 1, last), last)

    def step(self) -> s.Step:
        start = self.at
        name = self.ref("a layer or block")
        arguments: list[s.Arg] = []
        while self.kind not in _ENDS_STEP:
            first = self.at
            if self.kind == "name" and self.tokens[self.at + 1].kind == "=":
                keyword = self.advance().text
                self.advance()
                arguments.append(s.Arg(self.span(first, first), keyword, self.expression(_SUM)))
                continue
            self._refuse_in_step(name, arguments)
            value = self.expression(_SUM)
            if isinstance(value, s.Group) and not arguments and name.span.end == value.span.start:
                raise self.error(
                    "E0100",
                    f"the arguments of `{name.span.text}` stand in no brackets",
                    value.span,
                    "write them behind it with blanks between",
                    "conv 64 3x3 s=2",
                )
            arguments.append(s.Arg(value.span, "", value))
        return s.Step(self.span(start), name, tuple(arguments), self.annotations())

    def _refuse_in_step(self, name: s.Ref, arguments: list[s.Arg]) -> None:
        """What people write between arguments out of habit, and what helps."""
        here = self.here()
        match self.kind:
            case "-":
                raise self.error(
                    "E0113", "an argument cannot begin with `-`", here, help="name it, as in  p=-1, or use ( )"
                )
            case ",":
                help = "arguments stand with blanks between, without commas"
                raise self.unexpected("the next argument", help, Fix(here, " "))
            case ":":
                raise self.unexpected("an argument or `->`", "a label stands at the beginning of its line")
            case "{" if not arguments:
                raise self._no_join(name)
            case "=" if not arguments and len(name.names) == 1:
                help = f"to name what a line makes, write  {name.names[0]}: conv 64 3x3"
                raise self.unexpected("an argument", help, Fix(here, ":"))
        self._refuse_blanks_in_size()

    def _no_join(self, name: s.Ref) -> _Abort:
        """Branches behind a word that joins none."""
        word = ".".join(name.names)
        ours = next((join for join in sorted(JOINS) if word.lower() in KINDS[join].elsewhere), "")
        message = f"`{word}` joins no branches" if word in KINDS else f"no join is called `{word}`"
        help = f"branches are joined by {', '.join(sorted(JOINS))}:  add {{ | conv 8 3x3 same | skip }}"
        fix = Fix(name.span, ours) if ours else None
        return self.error("E0209", message, name.span, f"here it is called `{ours}`" if ours else "", help, fix=fix)

    def _refuse_blanks_in_size(self) -> None:
        """``28 x 28 x 3``, at its first x."""
        if self.token.text != "x":
            return
        numbers = self.tokens[self.at - 1 :: 2]
        crosses = self.tokens[self.at :: 2]
        parts = [numbers[0]]
        for cross, number in zip(crosses, numbers[1:], strict=False):
            if cross.text != "x" or number.kind != "int" or parts[0].kind != "int":
                break
            parts.append(number)
        if len(parts) > 1:
            span = Span(self.source, parts[0].start, parts[-1].end)
            written = "x".join(part.text for part in parts)
            raise self.error("E0100", "sizes are written as one word", span, f"write {written}", fix=Fix(span, written))

    def annotations(self) -> tuple[s.Annot, ...]:
        found = []
        while self.kind == "at":
            start = self.at
            name = self.advance().text[1:]
            arguments: tuple[s.Expr, ...] = ()
            if self.kind == "(" and self.adjacent():
                self.advance()
                arguments = self.list_of_values(")")
            found.append(s.Annot(self.span(start), name, arguments))
        return tuple(found)

    # Names -----------------------------------------------------------------------------------

    def new_name(self, what: str) -> s.Ref:
        """A name that is being given."""
        if self.kind == "name" and self.token.text not in RESERVED:
            self.advance()
            return s.Ref(self.span(self.at - 1), (self.tokens[self.at - 1].text,))
        if self.token.text in RESERVED:
            raise self.error(
                "E0114", f"`{self.token.text}` is a word of the language and cannot name {what}", self.here()
            )
        raise self.unexpected(f"a name for {what}")

    def ref(self, what: str) -> s.Ref:
        start = self.at
        if self.kind not in ("name", "in"):
            token = self.token
            if token.kind in RESERVED:
                near = difflib.get_close_matches(token.text, JOINS, n=1)
                hint = f"did you mean `{near[0]}`?" if near else ""
                raise self.error("E0100", f"`{token.text}` cannot stand here", self.here(), hint or f"expected {what}")
            if token.kind == "->":
                raise self.unexpected(what or "a name", "a chain goes on in the next line when `->` ends the one above")
            raise self.unexpected(what or "a name")
        names = [self.advance().text]
        while self.kind == "." and self.adjacent():
            self.advance()
            names.append(self.expect("name", "after `.`").text)
        return s.Ref(self.span(start), tuple(names))

    # Expressions -----------------------------------------------------------------------------

    def volume(self) -> s.Expr:
        if self.kind not in ("dim", "int", "("):
            raise self.unexpected("a volume, as in 28x28x6, (size, size, 3) or 400")
        return self.atom()

    def expression(self, rank: int = 0) -> s.Expr:
        """Operators of *rank* and tighter."""
        if rank == len(_RANKS):
            return self.unary()
        start = self.at
        if rank == 2 and self.take("not"):
            with self.nested():
                operand = self.expression(2)
            return s.Unary(self.span(start), "not", operand)
        first = self.expression(rank + 1)
        rest = []
        while self.kind in _RANKS[rank]:
            operator = self.advance().kind
            rest.append((operator, self.expression(rank + 1)))
            if rank == 2:
                break
        return s.Operation(self.span(start), first, tuple(rest)) if rest else first

    def unary(self) -> s.Expr:
        start = self.at
        if self.take("-"):
            with self.nested():
                operand = self.unary()
            return s.Unary(self.span(start), "-", operand)
        value = self.atom()
        indices = 0
        while self.kind == "[" and self.adjacent():
            indices += 1
            if indices > MAX_DEPTH:
                raise self.error("E0503", f"more than {MAX_DEPTH} indices on one value", self.here())
            self.advance()
            with self.nested():
                index = self.expression()
            self.expect("]", "after the index")
            value = s.Index(self.span(start), value, index)
        return value

    def atom(self) -> s.Expr:
        start, token = self.at, self.token
        match token.kind:
            case "int":
                self.advance()
                return s.Literal(self.span(start), int(token.text))
            case "float":
                self.advance()
                return s.Literal(self.span(start), float(token.text))
            case "dim":
                self.advance()
                sizes = tuple(int(part) for part in token.text.split("x"))
                if 0 in sizes:
                    raise self.error(
                        "E0104", f"`{token.text}` has a size of 0", self.span(start), "sizes are at least 1"
                    )
                return s.Literal(self.span(start), sizes)
            case "string":
                self.advance()
                return s.Literal(self.span(start), token.text[1:-1])
            case "true" | "false":
                self.advance()
                return s.Literal(self.span(start), token.kind == "true")
            case "free":
                self.advance()
                return s.FreeSize(self.span(start), token.text[1:])
            case "match":
                return self.match()
            case "(":
                self.advance()
                items = self.list_of_values(")")
                return items[0] if len(items) == 1 else s.Group(self.span(start), items)
            case "name" | "in":
                ref = self.ref("")
                if self.kind == "(" and self.adjacent() and len(ref.names) == 1:
                    self.advance()
                    return s.Call(self.span(start), ref.names[0], self.list_of_values(")"))
                return ref
        raise self.unexpected("a value")

    def list_of_values(self, closer: str) -> tuple[s.Expr, ...]:
        """Values with commas between, up to *closer*, which is taken. Line ends are blanks here."""
        opener = self.at - 1
        items: list[s.Expr] = []
        with self.nested():
            self.skip_newlines()
            while self.kind != closer:
                items.append(self.expression())
                self.skip_newlines()
                if not self.take(","):
                    break
                self.skip_newlines()
            if self.kind != closer and self.tokens[self.at - 1].kind != "newline":
                raise self.unexpected(f"`,` or `{closer}`")
            self.close(closer, opener)
        return tuple(items)

    def match(self) -> s.Match:
        start = self.at
        self.advance()
        with self.nested():
            subject = self.expression(_SUM)
        opener = self.at
        self.expect("{", "and the choices, as in  match depth { 16 => 3, 19 => 4 }")
        arms: list[tuple[s.Expr, s.Expr]] = []
        with self.nested():
            self.skip_newlines()
            while self.kind not in ("}", "end") and not self._top_statement_at_margin():
                pattern = self.expression(_SUM)
                self.expect("=>", "and the value of this choice")
                arms.append((pattern, self.expression()))
                if self.kind not in (",", "newline"):
                    break
                self.take(",")
                self.skip_newlines()
            self.close("}", opener)
        return s.Match(self.span(start), subject, tuple(arms))
