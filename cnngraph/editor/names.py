"""Where each name of a file is given and where it is used, from the syntax tree alone.

The elaborator knows what a name means while it runs; an editor asks about text that may not run at all. What is in
reach is as in `cnngraph.elaborate.scope`: a block sees values and blocks around it, and no tensors but its own.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from cnngraph.elaborate.prelude import prelude
from cnngraph.layers import KINDS
from cnngraph.network import LABEL, NOTE
from cnngraph.source import Span
from cnngraph.spec import syntax as s

Sort = Literal["tensor", "value", "block"]
Node = s.Line | s.Input | s.Let | s.Param | s.BlockParam | s.BlockDef | s.Use
SIZES = ("h", "w", "c")
"""What of a tensor is a value: ``stem.c``."""
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(eq=False, slots=True)
class Name:
    """A name that a text gives to something."""

    text: str
    sort: Sort
    span: Span
    """Where it is given; another file's source for what comes by `use`."""
    node: Node
    """The statement that gives it."""
    area: Area | None = None
    """A block's: the names in it."""
    home: Area | None = None
    """Where it is in reach."""

    @property
    def statement(self) -> str:
        """The first line of what gives it: of a block's parameter that of the block."""
        node = self.node
        if isinstance(node, s.BlockParam):
            return node.span.source.line(node.span.line).strip().removesuffix("{").rstrip()
        span = node.span.to(node.value.span) if isinstance(node, s.Let) else node.span
        return span.text.partition("\n")[0]


@dataclass(eq=False, slots=True)
class Area:
    """A stretch of text with names of its own: a file, a block, a repeat."""

    opener: int
    """Offset of its bracket; -1 for a file."""
    parent: Area | None = None
    is_block: bool = False
    names: dict[tuple[Sort, str], Name] = field(default_factory=dict)
    inner: dict[int, Area] = field(default_factory=dict)
    """The areas right inside, by their openers."""

    def add(self, name: Name) -> None:
        name.home = self
        self.names.setdefault((name.sort, name.text), name)

    def visible(self) -> Iterator[Name]:
        """All names in reach, the nearest first."""
        area: Area | None = self
        outside = False
        while area is not None:
            yield from (name for name in area.names.values() if not (outside and name.sort == "tensor"))
            outside |= area.is_block
            area = area.parent

    def find(self, text: str, *sorts: Sort) -> Name | None:
        """The name *text* means here, of the first of *sorts* there is."""
        for sort in sorts:
            area: Area | None = self
            while area is not None:
                if (name := area.names.get((sort, text))) is not None:
                    return name
                area = None if area.is_block and sort == "tensor" else area.parent
        return None

    @property
    def parameters(self) -> list[Name]:
        """What can be set from outside: a block's parameters, or the params of a file used as a block."""
        return [name for name in self.names.values() if isinstance(name.node, s.BlockParam | s.Param)]


@dataclass(frozen=True, slots=True)
class Written:
    """A place where a name stands in the text."""

    span: Span
    name: Name


class Names:
    """The names of one file."""

    def __init__(self, file: s.File, read: Callable[[s.Use], Names | None]) -> None:
        """*read* gives the names of a file that is used; None when it cannot be read."""
        self.file = file
        self.top = Area(-1)
        self._again: dict[Name, Area | None] = {}
        """What is inside tensors that an `again` makes."""
        self._read = read
        self.written: list[Written] = []
        """Every place where a name stands, in the order of the text, those where it is given among them."""
        for definition in prelude():
            self.top.add(Name(definition.name.names[0], "block", definition.name.span, definition, _area(definition)))
        for item in file.items:
            self._declare(item, self.top)
        for item in file.items:
            self._resolve(item, self.top)
        self.written.sort(key=lambda each: each.span.start)
        self._starts = [each.span.start for each in self.written]

    def at(self, offset: int) -> Written | None:
        """The name that is written at *offset*, or ends there."""
        index = bisect_right(self._starts, offset) - 1
        return self.written[index] if index >= 0 and offset <= self.written[index].span.end else None

    # Where names are given -------------------------------------------------------------------

    def _declare(self, node: object, area: Area) -> None:
        match node:
            case s.Input(name=ref):
                span = ref.span if ref else node.span
                area.add(Name(node.called, "tensor", span, node))
            case s.Let(name=ref) | s.Param(name=ref):
                area.add(Name(ref.names[0], "value", ref.span, node))
            case s.BlockDef():
                self._declare_block(node, area)
            case s.Use():
                self._declare_used(node, area)
            case s.Line():
                for label in node.labels:
                    area.add(Name(label.names[0], "tensor", label.span, node))
                for stage in node.stages:
                    self._declare(stage, area)
            case s.Joined(branches=branches):
                for branch in branches:
                    for each in branch.body:
                        self._declare(each, area)
            case s.Repeat(body=body):
                area.inner[node.span.start] = inner = Area(node.span.start, area)
                for each in body:
                    self._declare(each, inner)

    def _declare_block(self, node: s.BlockDef, area: Area) -> None:
        inner = _area(node)
        inner.parent = area
        area.inner[inner.opener] = inner
        area.add(Name(node.name.names[0], "block", node.name.span, node, inner))
        for each in node.body:
            self._declare(each, inner)

    def _declare_used(self, node: s.Use, area: Area) -> None:
        used = self._read(node)
        alias = node.alias.names[0] if node.alias else ""
        if alias:
            assert node.alias is not None
            area.add(Name(alias, "block", node.alias.span, node, used.top if used else None))
        if used is None:
            return
        for name in list(used.top.names.values()):
            if name.sort == "block" and name.span.source is used.file.source and isinstance(name.node, s.BlockDef):
                text = f"{alias}.{name.text}" if alias else name.text
                area.add(Name(text, "block", name.span, name.node, name.area))

    # Where they are used ---------------------------------------------------------------------

    def _add(self, span: Span, name: Name | None) -> None:
        if name is not None:
            self.written.append(Written(span, name))

    def _given(self, area: Area, sort: Sort, ref: s.Ref) -> None:
        """The place where a name is given counts among those where it is written."""
        name = area.names.get((sort, ref.names[0]))
        if name is not None and name.span == ref.span:
            self.written.append(Written(ref.span, name))

    def _resolve(self, node: object, area: Area) -> None:
        match node:
            case s.Net(title=title):
                start = node.span.start + node.span.text.find(f'"{title}"')
                self._text(Span(node.span.source, start, start + len(title) + 2), area)
                self._annotations(node.annotations, area)
            case s.Param(name=ref, default=value) | s.Let(name=ref, value=value):
                self._given(area, "value", ref)
                self._value(value, area)
            case s.Input():
                if node.name:
                    self._given(area, "tensor", node.name)
                self._value(node.volume, area)
                self._annotations(node.annotations, area)
            case s.OutputDecl(refs=refs):
                for ref in refs:
                    self._tensor(ref, area)
                if node.guard is not None:
                    self._value(node.guard, area)
                self._annotations(node.annotations, area)
            case s.Use(alias=alias):
                if alias:
                    self._given(area, "block", alias)
            case s.BlockDef():
                self._block(node, area)
            case s.Default(step=step):
                self._arguments(step, area)
            case s.Line():
                self._line(node, area)

    def _text(self, text: Span, area: Area) -> None:
        """The values that are named in a text, as in ``"stage {n}"``."""
        for found in re.finditer(r"\{(\w+)\}", text.text):
            start = text.start + found.start(1)
            self._add(Span(text.source, start, start + len(found[1])), area.find(found[1], "value"))

    def _block(self, node: s.BlockDef, area: Area) -> None:
        self._given(area, "block", node.name)
        name = area.names.get(("block", node.name.names[0]))
        if name is None or name.node is not node or name.area is None:
            return
        for each in name.area.parameters:
            self.written.append(Written(each.span, each))
        for param in node.params:
            if param.default:
                self._value(param.default, name.area)
        for statement in node.body:
            self._resolve(statement, name.area)

    def _line(self, line: s.Line, area: Area) -> None:
        for label in line.labels:
            self._given(area, "tensor", label)
        for stage in line.stages:
            match stage:
                case s.From(ref=ref) | s.Again(ref=ref):
                    self._tensor(ref, area)
                case s.Repeat(body=body, times=count):
                    self._value(count, area)
                    for each in body:
                        self._resolve(each, area.inner[stage.span.start])
                case s.Joined(branches=branches):
                    for branch in branches:
                        for each in branch.body:
                            self._resolve(each, area)
                case s.Step():
                    self._step(stage, area)
        for value in (line.claim, line.guard):
            if value is not None:
                self._value(value, area)
        self._annotations(line.annotations, area)

    def _step(self, step: s.Step, area: Area) -> None:
        first, *rest = words(step.name.span)
        block = area.find(".".join(step.name.names), "block")
        self._add(first, area.find(step.name.names[0], "block") if rest else block)
        if rest:
            self._add(rest[-1], block)
        self._arguments(step, area, block)
        self._annotations(step.annotations, area)

    def _arguments(self, step: s.Step, area: Area, block: Name | None = None) -> None:
        kind = KINDS.get(".".join(step.name.names))
        takes_tensors = kind is not None and kind.takes_tensors != "none"
        parameters = {name.text: name for name in block.area.parameters} if block and block.area else {}
        places = iter([name for name in parameters.values() if not any(a.keyword == name.text for a in step.arguments)])
        for arg in step.arguments:
            parameter = parameters.get(arg.keyword) if arg.keyword else next(places, None)
            if arg.keyword:
                self._add(arg.span, parameter)
            is_tensor = parameter.sort == "tensor" if parameter else takes_tensors
            if is_tensor and isinstance(arg.value, s.Ref) and arg.value.names[-1] not in SIZES:
                self._tensor(arg.value, area)
            else:
                self._value(arg.value, area)

    def _annotations(self, annotations: Sequence[s.Annot], area: Area) -> None:
        for annotation in annotations:
            for argument in annotation.arguments:
                self._value(argument.value, area)
                if annotation.name in (LABEL, NOTE) and isinstance(argument.value, s.Literal):
                    self._text(argument.value.span, area)

    def _tensor(self, ref: s.Ref, area: Area) -> None:
        """``stem``, or ``stem.inner``: a label in the block that makes `stem`."""
        within: Area | None = area
        name: Name | None = None
        for index, span in enumerate(words(ref.span)):
            if within is None:
                return
            text = ref.names[index]
            name = within.find(text, "tensor", "value") if not index else within.names.get(("tensor", text))
            self._add(span, name)
            within = self.inside(name, area) if name else None

    def inside(self, tensor: Name, area: Area) -> Area | None:
        """The names in the block that makes *tensor*, or made it the first time."""
        last = tensor.node.stages[-1] if isinstance(tensor.node, s.Line) else None
        if isinstance(last, s.Step):
            block = area.find(".".join(last.name.names), "block")
            return block.area if block else None
        if not isinstance(last, s.Again):
            return None
        if tensor not in self._again:
            self._again[tensor] = None  # for lines that use one another
            self._again[tensor] = self._inside_first(last.ref, area)
        return self._again[tensor]

    def _inside_first(self, ref: s.Ref, area: Area) -> Area | None:
        """The names in the block that makes what *ref* names."""
        name, within = area.find(ref.names[0], "tensor"), area
        for text in ref.names[1:]:
            inner = self.inside(name, within) if name else None
            if inner is None:
                return None
            name, within = inner.names.get(("tensor", text)), inner
        return self.inside(name, within) if name else None

    def _value(self, expr: s.Expr, area: Area) -> None:
        match expr:
            case s.Ref(names=(text,)):
                self._add(expr.span, area.find(text, "value", "tensor"))
            case s.Ref():
                self._tensor(expr, area)
            case s.Group(items=items) | s.Call(arguments=items):
                for each in items:
                    self._value(each, area)
            case s.Index(base=base, item=index):
                self._value(base, area)
                self._value(index, area)
            case s.Unary(operand=operand):
                self._value(operand, area)
            case s.Operation(first=first, rest=rest):
                self._value(first, area)
                for _, each in rest:
                    self._value(each, area)
            case s.Match(subject=subject, arms=arms):
                self._value(subject, area)
                for pattern, value in arms:
                    self._value(pattern, area)
                    self._value(value, area)


def _area(block: s.BlockDef) -> Area:
    """A block's own area, with its parameters."""
    area = Area(block.span.source.text.find("{", block.span.end), is_block=True)
    for param in block.params:
        span = Span(param.span.source, param.span.start, param.span.start + len(param.name))
        area.add(Name(param.name, "tensor" if param.type == "tensor" else "value", span, param))
    return area


def words(dotted: Span) -> list[Span]:
    """The single names of ``a.b.c``."""
    start = dotted.start
    return [Span(dotted.source, start + each.start(), start + each.end()) for each in _WORD.finditer(dotted.text)]
