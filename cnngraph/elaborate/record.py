"""What elaboration writes down: layers with unique names, blocks, mistakes; and the limits it keeps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import NoReturn

from cnngraph.assembly import Assembly, Limit
from cnngraph.diagnostics import Diagnostic, Label, Severity
from cnngraph.elaborate.allowances import Allowances
from cnngraph.elaborate.foresight import Foresight
from cnngraph.elaborate.mistake import Mistake
from cnngraph.elaborate.outcome import Ran
from cnngraph.elaborate.scope import Scope, Stretch, Tensor
from cnngraph.elaborate.values import known_volume
from cnngraph.layers.kind import Fault, Kind
from cnngraph.network import LABEL, OF_WEIGHTS, Annotation
from cnngraph.source import Span
from cnngraph.spec import syntax as s
from cnngraph.spec.names import unquoted
from cnngraph.volume import Volume

MAX_ERRORS = 20
MAX_DEPTH = 120
"""Blocks, joins and repeats inside one another; each level costs a few of Python's frames."""
WORK_PER_NODE = 4
"""Lines that may be run for each node allowed: bounds repeats whose lines make nothing."""
WORK_AT_LEAST = 10_000


class TooMuch(Exception):
    """A limit is reached or enough is wrong: elaboration ends. What there is to say is recorded."""


def block_notes(calls: Iterable[tuple[str, Span]], at: Span) -> tuple[str, ...]:
    """How one came into a block: *calls* are the blocks from the inside out, each with the step that uses it."""
    return tuple(
        f"in block `{name}`, used at {'line ' if span.source is at.source else span.source.name + ':'}{span.line}"
        for name, span in calls
    )


class Record:
    """All that one elaboration has made and found so far."""

    def __init__(self, max_nodes: int) -> None:
        self.max_nodes = max_nodes
        self.assembly = Assembly(max_nodes)
        self.layers = self.assembly.layers
        self.diagnostics: list[Diagnostic] = []
        self.calls: list[tuple[str, Span]] = []
        """The blocks being expanded: name and the step that uses each."""
        self.on_shortcut = False
        """Whether the layers made now lie on a `skip -> …` branch."""
        self.allowances = Allowances()
        self.says_linear: set[str] = set()
        """Layers whose step says `linear` itself."""
        self.label_at: dict[str, Span] = {}
        """Where the layers that have a label were given it."""
        self.tensors: dict[str, Tensor] = {}
        """What lines with a label make, by their names in the whole network: ``stage_2.heat``."""
        self.used_at: dict[str, Span] = {}
        """The step that uses each block, by the block's path."""
        self.paths: list[str] = []
        """The paths of blocks in the order of their use."""
        self.expanded: set[Span] = set()
        """The headers of the blocks that were used."""
        self.ran: list[Ran] = []
        self.foresight = Foresight()
        self.work = 0
        """How many lines have run."""
        self._reported: set[tuple[str, Span]] = set()
        self._depth = 0
        self._errors = 0

    @property
    def failed(self) -> bool:
        return self._errors > 0

    def report(self, diagnostic: Diagnostic, cause: Span | None = None) -> None:
        """Record *diagnostic*, once however often a block is expanded, with the blocks that led to it."""
        if diagnostic.label:
            key = (diagnostic.code, cause or diagnostic.label.span)
            if key in self._reported:
                return
            if diagnostic.severity is Severity.WARNING and self.allowances.silence(diagnostic.code):
                return
            self._reported.add(key)
            stack = block_notes(reversed(self.calls[-6:]), diagnostic.label.span)
            diagnostic = replace(diagnostic, notes=(*diagnostic.notes, *stack))
        self.diagnostics.append(diagnostic)
        if diagnostic.severity is Severity.ERROR:
            self._errors += 1
            if self._errors >= MAX_ERRORS:
                raise TooMuch

    def stop(self, code: str, message: str, span: Span, remark: str = "", help: str = "") -> NoReturn:
        self.report(Diagnostic(code, message, Label(span, remark), help=help))
        raise TooMuch

    @property
    def max_work(self) -> int:
        return WORK_PER_NODE * self.max_nodes + WORK_AT_LEAST

    def working(self, span: Span) -> None:
        """One more line, or turn of a repeat, runs."""
        self.work += 1
        if self.work > self.max_work:
            self._stop_work(span, f"more than {self.max_work:,} lines run")

    def _stop_work(self, span: Span, remark: str) -> NoReturn:
        self.stop("E0501", "this network takes too long to unroll", span, f"{remark}; the limit follows --max-nodes")

    def foresee(self, nodes: int, work: int, turns: int, span: Span) -> None:
        """Stop now when *turns* of what makes so many nodes and runs so many lines are going to be too many."""
        if nodes * turns > self.max_nodes:
            remark = f"would make {nodes * turns:,} nodes; the limit is {self.max_nodes:,} (--max-nodes)"
            self.stop("E0501", "this network is too large", span, remark)
        if work * turns > self.max_work:
            self._stop_work(span, f"would run {work * turns:,} lines")

    @contextmanager
    def nested(self, span: Span) -> Iterator[None]:
        """One level deeper in blocks, joins and repeats."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self.stop("E0503", f"blocks, joins and repeats nest more than {MAX_DEPTH} deep", span)
        try:
            yield
        finally:
            self._depth -= 1

    def give(self, ref: s.Ref, scope: Scope) -> None:
        """Take a name for something; a name is given once."""
        name = ref.names[0]
        if (first := scope.given(name)) is not None:
            raise Mistake(
                "E0301",
                f"the name `{name}` is used twice",
                ref.span,
                f"first made at line {first.line}",
                secondary=(Label(first, "first made here"),),
                help="choose another name",
            )
        scope.made_at[name] = ref.span

    def labelled(self, label: s.Ref, scope: Scope, tensor: Tensor, source: str, layers: range, paths: range) -> None:
        """What a line of that label makes, of the tensor of *source*: by its label in *scope*, and by its name in the
        whole network, which tables and files show."""
        prefix = f"{scope.path}." if scope.path else ""
        name = f"{prefix}{label.names[0]}{scope.group}"
        stretch = Stretch(name, scope.path, source, layers, paths, self.on_shortcut)
        self.tensors[name] = scope.tensors[label.names[0]] = tensor._replace(stretch=stretch)

    def name(self, word: str, scope: Scope, labels: Sequence[s.Ref]) -> str:
        """The label, else the word and its running number in the block."""
        prefix = f"{scope.path}." if scope.path else ""
        if labels:
            label = labels[0]
            self.give(label, scope)
            name = f"{prefix}{label.names[0]}{scope.group}"
            self.label_at.setdefault(name, label.span)
            if name in self.assembly:
                first = self.assembly.get(name)
                remark = (
                    f"it is the automatic name of line {first.line}"
                    if first
                    else "a block has it as its automatic name"
                )
                raise Mistake(
                    "E0301", f"the name `{label.names[0]}` is taken", label.span, remark, help="choose another name"
                )
            return name
        while True:
            scope.counts[word] += 1
            name = f"{prefix}{word}{scope.counts[word]}"
            if name not in self.assembly:
                return name

    def layer(
        self,
        name: str,
        kind: Kind,
        inputs: Sequence[Tensor],
        span: Span,
        block: str,
        *,
        unit: str = "",
        skips: tuple[int, ...] = (),
        annotations: tuple[Annotation, ...] = (),
        at: Span | None = None,
        shares: str = "",
    ) -> Tensor:
        for tensor in inputs:
            known_volume(tensor)
        try:
            layer = self.assembly.add(
                name,
                kind,
                [tensor.layer for tensor in inputs],
                unit=unit,
                block=block,
                skips=skips,
                on_shortcut=self.on_shortcut,
                span=at or span,
                annotations=annotations,
                shares=shares,
            )
        except Limit as reached:
            self._stop_at(reached, (at or span) if reached.code == "E0501" else span, inputs)
        return Tensor(name, layer.output, at or span)

    def block(
        self, path: str, name: str, parent: str, span: Span, arguments: tuple[tuple[str, object], ...] = ()
    ) -> None:
        """A use of the block *name* by the step at *span*."""
        self.assembly.block(path, name, parent, arguments)
        self.used_at[path] = span
        self.paths.append(path)

    def input(self, name: str, volume: Volume, at: Span, span: Span, annotations: tuple[Annotation, ...]) -> None:
        try:
            first = len(self.layers)
            self.assembly.input(name, volume, span=span)
            self.assembly.say(name, [each for each in annotations if each.name == LABEL])
            self.annotate(first, annotations)
        except Limit as reached:
            self._stop_at(reached, span if reached.code == "E0501" else at)

    def label(self, annotations: Iterable[Annotation], path: str, first: int, first_path: int) -> None:
        """What figures call the one thing that a step in the block *path* made, from layer number *first* and block
        number *first_path* on; raises `Mistake` when it is not one."""
        for said in annotations:
            if said.name != LABEL:
                continue
            blocks = self.assembly.blocks
            uses = [each for each in self.paths[first_path:] if blocks[each].parent == path]
            alone = [layer for layer in self.layers[first:] if layer.block == path and layer.unit == layer.name]
            if len(uses) + len(alone) != 1:
                made = len(uses) + len(alone)
                help = "write it on each of them, in brackets inside of these" if made else "write it where it is made"
                raise Mistake(
                    "E0216", "@label is of one thing", said.span, f"this makes {made or 'nothing'}", help=help
                )
            if uses:
                self.assembly.label_block(uses[0], str(said.arguments[0]))
            else:
                self.assembly.say(alone[0].name, [said])

    def annotate(self, first: int, annotations: tuple[Annotation, ...]) -> None:
        """What a line says of all that it made, from layer number *first* on, but for labels; raises `Mistake`."""
        rest = tuple(each for each in annotations if each.name not in ("origin", LABEL))
        if rest:
            try:
                self.assembly.annotate(first, rest)
            except Fault as fault:
                of_weights = next(each for each in rest if each.name in OF_WEIGHTS)
                raise Mistake(fault.code, fault.message, of_weights.span, help=fault.help) from None
        for each in annotations:
            if each.name == "origin":
                made, names = len(self.layers) - first, tuple(unquoted(str(name)) for name in each.arguments)
                if len(names) != made:
                    remark = f"{len(names)} name{'s' if len(names) > 1 else ''} for {made}"
                    raise Mistake("E0216", "@origin names each layer of its line, in order", each.span, remark)
                self.assembly.originate(first, names)

    def _stop_at(self, reached: Limit, span: Span, inputs: Sequence[Tensor] = ()) -> NoReturn:
        on = f"on {inputs[0].volume} (line {inputs[0].span.line}); " if inputs and reached.code == "E0502" else ""
        self.stop(reached.code, reached.message, span, on + reached.remark)
