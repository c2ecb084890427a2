"""Tokens to syntax tree: recursive descent that recovers at line ends, so one run finds several mistakes."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from cnngraph.diagnostics import Diagnostic, Fix
from cnngraph.layers import KINDS
from cnngraph.source import Source, Span
from cnngraph.spec import syntax as s
from cnngraph.spec.cursor import TOP_ONLY, Abort
from cnngraph.spec.expressions import JOINS, SUM, ExpressionParser
from cnngraph.spec.lexer import FLAGS, KEYWORDS, tokenize

MAX_ERRORS = 20
_CLOSERS = frozenset({"]", "}", "|"})
_ENDS_STATEMENT = _CLOSERS | {"newline", "end"}
_ENDS_STEP = _ENDS_STATEMENT | {"->", "=>", "if", "at"}
_NO_ARGUMENT = frozenset({"-", ",", ":", "=", "{"})
"""What people write between arguments out of habit."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """A syntax tree, as far as it could be read, and what could not."""

    file: s.File
    diagnostics: tuple[Diagnostic, ...]


def parse(source: Source, *, also: Collection[str] = ()) -> Parsed:
    """The syntax tree of *source* and what is wrong with it, at most `MAX_ERRORS` things. A parameter of a block may be
    called as those words of the language are that are in *also*."""
    tokens, mistakes = tokenize(source)
    parser = _Parser(source, tokens, mistakes)
    parser.parameters = also
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
    except Abort:
        return None
    return None if parser.mistakes else value


class _Parser(ExpressionParser):
    parameters: Collection[str] = ()
    """Words of the language that may name one."""

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
            except Abort:
                self.synchronise()
                if self.kind in _CLOSERS or self.at == start:
                    self.advance()
                    self.synchronise()

    def end_of_statement(self) -> None:
        if self.kind not in _ENDS_STATEMENT:
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
        if self.kind not in TOP_ONLY:
            return self.statement(in_branch=False)
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
            case _:
                self.advance()
                refs = [self.ref("the tensor to give back")]
                while self.kind in ("name", "in"):
                    refs.append(self.ref(""))
                guard = self.expression() if self.take("if") else None
                annotations = self.annotations()
                return s.OutputDecl(self.span(start), tuple(refs), guard, annotations)

    def block(self) -> s.BlockDef:
        start = self.at
        self.advance()
        name = self.new_name("the block")
        self.expect("(", "and the block's parameters, as in  block unit(c, s=1)")
        params: list[s.BlockParam] = []
        while self.kind != ")":
            first = self.at
            own = self.token.text in self.parameters
            param = self.advance().text if own else self.new_name("the parameter").names[0]
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
                raise Abort
            try:
                found.append(self.statement(in_branch and not found))
                self.end_of_statement()
            except Abort:
                self.synchronise()

    def _refuse_keyword_as_label(self) -> None:
        if self.tokens[self.at + 1].kind == ":":
            self.new_name("the tensor")

    def statement(self, in_branch: bool) -> s.Statement:
        if self.kind not in KEYWORDS:
            return self.line(in_branch)
        start = self.at
        self._refuse_keyword_as_label()
        if self.take("let"):
            name = self.new_name("the value")
            self.expect("=", "and a value")
            return s.Let(self.span(start), name, self.expression())
        if self.take("default"):
            step = self.step()
            return s.Default(self.span(start), step)
        if self.kind in TOP_ONLY:
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
        if self.kind == "name":
            return self.joined() if self._branches_follow() else self.step()
        start = self.at
        if self.take("from"):
            ref = self.ref("the tensor to start from")
            return s.From(self.span(start), ref)
        if self.take("again"):
            ref = self.ref("the label of the line to use again")
            return s.Again(self.span(start), ref)
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
            count = self.expression(SUM)
        else:
            raise self.unexpected("how often to repeat, as in  [conv 64] x2")
        return s.Repeat(self.span(start), body, count)

    def _branches_follow(self) -> bool:
        """``add {``, ``mul spread {``, ``add spread=off {``"""
        if self.token.text not in JOINS:
            return False
        tokens, at = self.tokens, self.at + 1
        while tokens[at].text in FLAGS:
            at += 3 if tokens[at + 1].kind == "=" and tokens[at + 2].kind == "name" else 1
        return tokens[at].kind == "{"

    def joined(self) -> s.Joined:
        start = self.at
        word = self.ref("")
        arguments: list[s.Arg] = []
        while self.kind == "name":
            first = self.at
            keyword = self.advance().text if self.tokens[self.at + 1].kind == "=" else ""
            self.take("=")
            value = self.ref("")
            arguments.append(s.Arg(self.between(first, first) if keyword else value.span, keyword, value))
        opener = self.at
        self.expect("{", "")
        with self.nested():
            self.skip_newlines()
            branches: list[s.Branch] = []
            if self.kind != "|":
                self.unexpected("`|` and the first branch", "each branch begins with `|`")
                self.synchronise_to("}")
                raise Abort
            while self.kind == "|":
                first = self.at
                self.advance()
                body = self.statements(in_branch=True)
                if not body and not self.mistakes:
                    raise self.error(
                        "E0112", "this branch is empty", self.between(first, first), "write `skip` to pass the input on"
                    )
                branches.append(s.Branch(self._trimmed(first), body))
            self.close("}", opener)
        return s.Joined(self.span(start), word, tuple(arguments), tuple(branches))

    def _trimmed(self, first: int) -> Span:
        """The span of a branch from behind its bar, without the line ends after it."""
        last = self.at - 1
        while last > first and self.tokens[last].kind == "newline":
            last -= 1
        return self.between(min(first + 1, last), last)

    def step(self) -> s.Step:
        start = self.at
        name = self.ref("a layer or block")
        arguments: list[s.Arg] = []
        while self.kind not in _ENDS_STEP:
            first = self.at
            if self.kind == "name" and self.tokens[self.at + 1].kind == "=":
                keyword = self.advance().text
                self.advance()
                arguments.append(s.Arg(self.between(first, first), keyword, self.expression(SUM)))
                continue
            if self.kind in _NO_ARGUMENT:
                self._refuse_in_step(name, arguments)
            self._refuse_blanks_in_size()
            value = self.expression(SUM)
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
        """One of `_NO_ARGUMENT`, and what helps."""
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

    def _no_join(self, name: s.Ref) -> Abort:
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

    def _annotation_argument(self) -> s.Arg:
        start, keyword = self.at, ""
        if self.kind == "name" and self.tokens[self.at + 1].kind == "=":
            keyword = self.advance().text
            self.advance()
        value = self.expression()
        return s.Arg(self.span(start), keyword, value)

    def annotations(self) -> tuple[s.Annot, ...]:
        found = []
        while self.kind == "at":
            start = self.at
            name = self.advance().text[1:]
            arguments: tuple[s.Arg, ...] = ()
            if self.kind == "(" and self.adjacent():
                self.advance()
                arguments = self.listed(")", self._annotation_argument)
            found.append(s.Annot(self.span(start), name, arguments))
        return tuple(found)
