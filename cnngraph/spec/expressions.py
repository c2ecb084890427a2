"""Names and expressions: recursive descent by the rank of the operators."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from cnngraph.layers import KINDS
from cnngraph.spec import syntax as s
from cnngraph.spec.cursor import MAX_DEPTH, Abort, Cursor
from cnngraph.spec.lexer import RESERVED

_T = TypeVar("_T")
JOINS = frozenset(word for word, kind in KINDS.items() if kind.family == "join")
SUM = 3
"""The rank of sums: what an argument and a repeat count may be without parentheses."""
_RANKS: tuple[frozenset[str], ...] = (
    frozenset({"or"}),
    frozenset({"and"}),
    frozenset({"==", "!=", "<", ">", "<=", ">="}),
    frozenset({"+", "-"}),
    frozenset({"*", "/", "//", "%"}),
)
_PLAIN = frozenset({"name", "int", "dim", "float", "string"})
"""What can be a value by itself."""
_GOES_ON = frozenset({"(", "[", "."}).union(*_RANKS)
"""What makes more of it."""


class ExpressionParser(Cursor):
    """Names, values and arguments."""

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
            raise self._no_name(what or "a name")
        names = [self.advance().text]
        while self.kind == "." and self.adjacent():
            self.advance()
            names.append(self.expect("name", "after `.`").text)
        return s.Ref(self.span(start), tuple(names))

    def _no_name(self, wanted: str) -> Abort:
        from difflib import get_close_matches

        token = self.token
        if token.kind in RESERVED:
            near = get_close_matches(token.text, JOINS, n=1)
            hint = f"did you mean `{near[0]}`?" if near else f"expected {wanted}"
            return self.error("E0100", f"`{token.text}` cannot stand here", self.here(), hint)
        help = "a chain goes on in the next line when `->` ends the one above" if token.kind == "->" else ""
        return self.unexpected(wanted, help)

    # Expressions -----------------------------------------------------------------------------

    def volume(self) -> s.Expr:
        if self.kind not in ("dim", "int", "("):
            raise self.unexpected("a volume, as in 28x28x6, (size, size, 3) or 400")
        return self.atom()

    def expression(self, rank: int = 0) -> s.Expr:
        """Operators of *rank* and tighter."""
        if self.kind in _PLAIN and self.tokens[self.at + 1].kind not in _GOES_ON:
            return self.atom()  # nearly all are, and need not come down through the ranks
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
            case "name" | "in":
                ref = self.ref("")
                if self.kind == "(" and self.adjacent() and len(ref.names) == 1:
                    self.advance()
                    return s.Call(self.span(start), ref.names[0], self.list_of_values(")"))
                return ref
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
                multiple = 1
                if self.take("/"):
                    multiple = int(self.expect("int", "that the size is a multiple of, as in  ?H/32").text)
                    if not multiple:
                        raise self.error("E0104", "no size is a multiple of 0", self.span(start), "as in  ?H/32")
                return s.FreeSize(self.span(start), token.text[1:], multiple)
            case "match":
                return self.match()
            case "(":
                self.advance()
                items = self.list_of_values(")")
                return items[0] if len(items) == 1 else s.Group(self.span(start), items)
        raise self.unexpected("a value")

    def list_of_values(self, closer: str) -> tuple[s.Expr, ...]:
        """Values with commas between, up to *closer*, which is taken. Line ends are blanks here."""
        return self.listed(closer, self.expression)

    def listed(self, closer: str, item: Callable[[], _T]) -> tuple[_T, ...]:
        """What *item* takes, with commas between, as in `list_of_values`."""
        opener = self.at - 1
        items: list[_T] = []
        with self.nested():
            self.skip_newlines()
            while self.kind != closer:
                items.append(item())
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
            subject = self.expression(SUM)
        opener = self.at
        self.expect("{", "and the choices, as in  match depth { 16 => 3, 19 => 4 }")
        arms: list[tuple[s.Expr, s.Expr]] = []
        with self.nested():
            self.skip_newlines()
            while self.kind not in ("}", "end") and not self._top_statement_at_margin():
                pattern = self.expression(SUM)
                self.expect("=>", "and the value of this choice")
                arms.append((pattern, self.expression()))
                if self.kind not in (",", "newline"):
                    break
                self.take(",")
                self.skip_newlines()
            self.close("}", opener)
        return s.Match(self.span(start), subject, tuple(arms))
