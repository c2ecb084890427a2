"""What elaboration writes down: layers with unique names, blocks, mistakes; and the limits it keeps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import NoReturn

from cnngraph.diagnostics import Diagnostic, Label, Severity
from cnngraph.elaborate.mistake import Mistake
from cnngraph.elaborate.scope import Scope, Tensor
from cnngraph.elaborate.values import known_volume
from cnngraph.layers.kind import Kind
from cnngraph.network import Annotation, Block, Layer
from cnngraph.source import Span
from cnngraph.spec import syntax as s
from cnngraph.volume import Volume

MAX_ERRORS = 20
MAX_DEPTH = 60
"""Blocks, joins and repeats inside one another; each level costs a few of Python's frames."""
MAX_VOLUME_BYTES = 2**40
WORK_PER_NODE = 20
"""Lines that may be run for each node allowed: bounds repeats whose lines make nothing."""


class TooMuch(Exception):
    """A limit is reached or enough is wrong: elaboration ends. What there is to say is recorded."""


class Record:
    def __init__(self, max_nodes: int) -> None:
        self.max_nodes = max_nodes
        self.layers: list[Layer] = []
        self.names: dict[str, Span] = {}
        self.blocks: dict[str, Block] = {}
        self.diagnostics: list[Diagnostic] = []
        self.calls: list[tuple[str, Span]] = []
        """The blocks being expanded: name and the step that uses each."""
        self.on_shortcut = False
        """Whether the layers made now lie on a `skip -> …` branch."""
        self.allowed: frozenset[object] = frozenset()
        """Codes of warnings that the line at hand allows."""
        self.says_linear: set[str] = set()
        """Layers whose step says `linear` itself."""
        self._reported: set[tuple[str, Span]] = set()
        self._depth = 0
        self._work = 0

    @property
    def failed(self) -> bool:
        return any(d.severity is Severity.ERROR for d in self.diagnostics)

    def report(self, diagnostic: Diagnostic) -> None:
        """Record *diagnostic*, once however often a block is expanded, with the blocks that led to it."""
        if diagnostic.label:
            key = (diagnostic.code, diagnostic.label.span)
            if key in self._reported or diagnostic.code in self.allowed:
                return
            self._reported.add(key)
            stack = tuple(f"in block `{name}`, used at line {span.line}" for name, span in reversed(self.calls[-6:]))
            diagnostic = replace(diagnostic, notes=(*diagnostic.notes, *stack))
        self.diagnostics.append(diagnostic)
        if sum(d.severity is Severity.ERROR for d in self.diagnostics) >= MAX_ERRORS:
            raise TooMuch

    def stop(self, code: str, message: str, span: Span, remark: str = "", help: str = "") -> NoReturn:
        self.report(Diagnostic(code, message, Label(span, remark), help=help))
        raise TooMuch

    def working(self, span: Span) -> None:
        """One more line runs."""
        self._work += 1
        if self._work > WORK_PER_NODE * self.max_nodes + 10_000:
            self.stop(
                "E0501",
                "this network takes too long to unroll",
                span,
                f"more than {self._work - 1:,} lines run; the limit follows --max-nodes",
            )

    def foresee(self, nodes: int, span: Span) -> None:
        """Stop now when a repeat is going to make more layers than are allowed."""
        if nodes > self.max_nodes:
            remark = f"would make {nodes:,} nodes; the limit is {self.max_nodes:,} (--max-nodes)"
            self.stop("E0501", "this network is too large", span, remark)

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

    def name(self, word: str, scope: Scope, labels: Sequence[s.Ref]) -> str:
        """The label, else the word and its running number in the block."""
        prefix = f"{scope.path}." if scope.path else ""
        if labels:
            label = labels[0]
            self.give(label, scope)
            name = f"{prefix}{label.names[0]}{scope.group}"
            if name in self.names or name in self.blocks:
                first = self.names.get(name)
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
            if name not in self.names and name not in self.blocks:
                return name

    def layer(
        self,
        name: str,
        kind: Kind,
        inputs: Sequence[Tensor],
        span: Span,
        scope: Scope,
        *,
        unit: str = "",
        skips: tuple[int, ...] = (),
        annotations: tuple[Annotation, ...] = (),
        at: Span | None = None,
    ) -> Tensor:
        volumes = tuple(known_volume(tensor) for tensor in inputs)
        output = kind.shape(volumes)
        self.limit(output, span)
        self.append(
            Layer(
                name,
                kind,
                tuple(tensor.layer for tensor in inputs),
                volumes,
                output,
                unit=unit or name,
                block=scope.path,
                skips=skips,
                on_shortcut=self.on_shortcut,
                span=at or span,
                annotations=annotations,
            )
        )
        return Tensor(name, output, at or span)

    def append(self, layer: Layer) -> None:
        if len(self.layers) >= self.max_nodes:
            assert layer.span is not None
            self.stop(
                "E0501", "this network is too large", layer.span, f"the limit is {self.max_nodes:,} nodes (--max-nodes)"
            )
        self.layers.append(layer)
        assert layer.span is not None
        self.names[layer.name] = layer.span

    def limit(self, volume: Volume, at: Span) -> None:
        size = volume.size
        if isinstance(size, int) and size * 4 > MAX_VOLUME_BYTES:
            self.stop(
                "E0502",
                f"{'x'.join(f'{dim:,}' for dim in volume.dims)} is {size:,} numbers ({size * 4 / 1e12:,.0f} TB)",
                at,
                f"the limit for one volume is 2^{MAX_VOLUME_BYTES.bit_length() - 1} bytes",
            )

    def annotate(self, first: int, annotations: tuple[Annotation, ...]) -> None:
        for index in range(first, len(self.layers)):
            layer = self.layers[index]
            self.layers[index] = replace(layer, annotations=(*layer.annotations, *annotations))
