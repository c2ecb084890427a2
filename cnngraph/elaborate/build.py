"""The elaborator: runs a syntax tree once, top to bottom, and writes down the layers it makes.

Each line takes the tensor that flows and leaves one. A mistake is recorded where it is seen, the line
then makes a tensor without a volume, and nothing that hangs on that tensor is spoken of again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

from cnngraph.diagnostics import Diagnostic, Label, Severity
from cnngraph.elaborate.binding import Bound, bind, check_default, follower, make
from cnngraph.elaborate.include import Includes
from cnngraph.elaborate.mistake import Mistake, Silent, did_you_mean
from cnngraph.elaborate.prelude import prelude
from cnngraph.elaborate.remarks import remarks
from cnngraph.elaborate.scope import BlockScope, Scope, Tensor, Value
from cnngraph.elaborate.values import evaluate, find_tensor, known_volume, truth
from cnngraph.layers import KINDS
from cnngraph.layers.activation import Softmax
from cnngraph.layers.dense import Fc
from cnngraph.layers.join import Join
from cnngraph.layers.kind import Fault, Kind
from cnngraph.layers.normalization import BatchNorm
from cnngraph.layers.rearrange import Split
from cnngraph.layers.source import Input
from cnngraph.layers.values import show
from cnngraph.load import Reading
from cnngraph.network import Annotation, Block, Layer, Network, Output
from cnngraph.source import Source, Span
from cnngraph.spec import syntax as s
from cnngraph.spec.parser import Parsed, parse_value
from cnngraph.volume import Dim, Free, Volume

MAX_ERRORS = 20
MAX_DEPTH = 60
"""Blocks, joins and repeats inside one another; each level costs a few of Python's frames."""
MAX_VOLUME_BYTES = 2**40
WORK_PER_NODE = 20
"""Lines that may be run for each node allowed: bounds repeats whose lines make nothing."""

ANNOTATIONS = ("init", "weights", "freeze", "note", "scale", "normalize", "invert")


class _TooMuch(Exception):
    """A limit is reached or enough is wrong: elaboration ends."""


def elaborate(parsed: Parsed, settings: Mapping[str, object], max_nodes: int) -> Reading:
    """The network that *parsed* describes, its params set to *settings*, and what is wrong with it."""
    builder = _Builder(parsed.file.source, max_nodes)
    try:
        network = builder.build(parsed.file, settings)
    except _TooMuch:
        network = None
    found = [*parsed.diagnostics, *builder.diagnostics]
    if network is not None:
        found.extend(remarks(network, builder.says_linear))
    errors = any(d.severity is Severity.ERROR for d in found)
    return Reading(None if errors else network, tuple(found))


@dataclass(slots=True)
class _Made:
    """What a run of lines came to."""

    tensor: Tensor | None
    ran: bool = False
    """Whether any line was not guarded away."""
    skipped: bool = False
    """Whether it began with `skip`."""


class _Builder:
    def __init__(self, source: Source, max_nodes: int) -> None:
        self.source = source
        self.max_nodes = max_nodes
        self.layers: list[Layer] = []
        self.names: dict[str, Span] = {}
        self.blocks: dict[str, Block] = {}
        self.inputs: list[Tensor] = []
        self.outputs: list[Output] = []
        self.diagnostics: list[Diagnostic] = []
        self.reported: set[tuple[str, Span | None]] = set()
        self.calls: list[tuple[str, Span]] = []
        """The blocks being expanded: name and the step that uses each."""
        self.depth = 0
        self.work = 0
        self.on_shortcut = False
        self.says_linear: set[str] = set()
        """Layers whose step says `linear` itself."""
        self.includes = Includes(source)

    # Mistakes --------------------------------------------------------------------------------

    def report(self, diagnostic: Diagnostic) -> None:
        key = (diagnostic.code, diagnostic.label.span if diagnostic.label else None)
        if diagnostic.label and key in self.reported:
            return
        self.reported.add(key)
        if self.calls and diagnostic.label:
            stack = tuple(f"in block `{name}`, used at line {span.line}" for name, span in reversed(self.calls[-6:]))
            diagnostic = replace(diagnostic, notes=(*diagnostic.notes, *stack))
        self.diagnostics.append(diagnostic)
        if sum(d.severity is Severity.ERROR for d in self.diagnostics) >= MAX_ERRORS:
            raise _TooMuch

    def stop(self, code: str, message: str, span: Span, remark: str = "", help: str = "") -> NoReturn:
        self.report(Diagnostic(code, message, Label(span, remark), help=help))
        raise _TooMuch

    # The file --------------------------------------------------------------------------------

    def build(self, file: s.File, settings: Mapping[str, object]) -> Network | None:
        scope = Scope(None, "", None, {})
        for definition in prelude():
            self._define_block(definition, Scope(None, "", None, {}), into=scope)
        self._check_settings(file, settings)
        flow: Tensor | None = None
        name = title = ""
        declared: list[s.OutputDecl] = []
        for item in file.items:
            try:
                match item:
                    case s.Net():
                        if name:
                            raise Mistake("E0301", "a file has one `net`", item.span, f"it is called {name} already")
                        name, title = item.name, item.title
                    case s.Param():
                        self._param(item, scope, settings)
                    case s.Input():
                        flow = self._input(item, scope)
                    case s.OutputDecl():
                        declared.append(item)
                    case s.BlockDef():
                        self._define_block(item, scope, into=scope)
                    case s.Use():
                        self._use(item, scope)
                    case s.Edition():
                        pass
                    case _:
                        flow = self._run([item], scope, flow).tensor
            except Mistake as mistake:
                self.report(mistake.diagnostic)
            except Silent:
                pass
        self._outputs(declared, scope, flow)
        if any(d.severity is Severity.ERROR for d in self.diagnostics):
            return None
        stem = self.source.name.replace("\\", "/").rpartition("/")[2].removesuffix(".spec")
        return Network(
            name=name or (stem if stem.isidentifier() else "net"),
            layers=tuple(self.layers),
            outputs=tuple(self.outputs),
            title=title,
            blocks=self.blocks,
            file=self.source.name,
        )

    def _check_settings(self, file: s.File, settings: Mapping[str, object]) -> None:
        params = [item.name.names[0] for item in file.items if isinstance(item, s.Param)]
        for name in settings:
            if name not in params:
                hint, _ = did_you_mean(name, params)
                has = f"its params are: {', '.join(params)}" if params else "it has no params at all"
                self.report(
                    Diagnostic(
                        "E0210",
                        f"--set {name}={settings[name]}: {self.source.name} has no param `{name}`",
                        file=self.source.name,
                        help=hint or has,
                    )
                )

    def _param(self, item: s.Param, scope: Scope, settings: Mapping[str, object]) -> None:
        name = item.name.names[0]
        self._give(item.name, scope)
        scope.values[name] = default = evaluate(item.default, scope)
        if name not in settings:
            return
        value = _setting(settings[name])
        if value is None or _sort(value) != _sort(default):
            self.report(
                Diagnostic(
                    "E0213",
                    f"--set {name}={settings[name]}: `{name}` takes {_sort(default)}",
                    Label(item.span, f"it is {show(default)} unless set"),
                )
            )
            return
        scope.values[name] = value

    def _give(self, ref: s.Ref, scope: Scope) -> None:
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

    def _define_block(self, item: s.BlockDef, scope: Scope, *, into: Scope) -> None:
        if item.name.names[0] in KINDS:
            raise Mistake("E0301", f"`{item.name.names[0]}` is a layer's word and cannot name a block", item.name.span)
        if into is scope:
            self._give(item.name, into)
        seen: set[str] = set()
        for param in item.params:
            if param.name in seen:
                raise Mistake("E0301", f"`{item.name.names[0]}` has two parameters `{param.name}`", param.span)
            seen.add(param.name)
        name = item.name.names[0]
        into.blocks[name] = BlockScope(name, item.params, item.body, scope, scope.defaults, item.span)

    def _use(self, item: s.Use, scope: Scope) -> None:
        for name, block in self.includes.blocks(item).items():
            scope.blocks[name] = block

    def _input(self, item: s.Input, scope: Scope) -> Tensor | None:
        name = item.name.names[0] if item.name else "image"
        if item.name:
            self._give(item.name, scope)
        elif name in scope.tensors:
            raise Mistake("E0301", "a second input needs a name", item.span, "write  input mask 224x224x1")
        volume = self._volume(item.volume, scope, free=name)
        self._limit(volume, item.volume.span, item.volume.span)
        layer = Layer(
            name, Input(volume=volume), (), (), volume, unit=name, span=item.span,
            annotations=self._annotations(item.annotations, scope),
        )  # fmt: skip
        self._append(layer)
        scope.tensors[name] = tensor = Tensor(name, volume, item.span)
        self.inputs.append(tensor)
        return tensor if len(self.inputs) == 1 else None

    def _outputs(self, declared: Sequence[s.OutputDecl], scope: Scope, flow: Tensor | None) -> None:
        refs = [ref for item in declared for ref in item.refs]
        for ref in refs:
            try:
                tensor = find_tensor(ref, scope)
                name = ".".join(ref.names)
                if any(output.name == name for output in self.outputs):
                    raise Mistake("E0301", f"`{name}` is an output already", ref.span)
                self.outputs.append(Output(name, tensor.layer))
            except Mistake as mistake:
                self.report(mistake.diagnostic)
        if refs or any(d.severity is Severity.ERROR for d in self.diagnostics):
            return
        if not self.inputs:
            at = Span(self.source, 0, 0)
            where = Label(at, "nothing to check here") if not self.source.text.strip() else None
            self.report(
                Diagnostic("E0310", "there is no network in this file", where, file=self.source.name,
                           help="a network begins with its input:  input 32x32x1")
            )  # fmt: skip
        elif flow is None:
            last = self.layers[-1].span
            help = "name the tensors to give back:  output p4 p5"
            self.report(
                Diagnostic(
                    "E0311", "what the network gives back is not clear", Label(last) if last else None, help=help
                )
            )
        else:
            label = next((name for name, t in scope.tensors.items() if t.layer == flow.layer), flow.layer)
            self.outputs.append(Output(label, flow.layer))

    # Volumes ---------------------------------------------------------------------------------

    def _volume(self, expr: s.Expr, scope: Scope, free: str = "") -> Volume:
        """A written volume. *free* names an input, which may have free sizes."""
        items = expr.items if isinstance(expr, s.Group) else (expr,)
        dims: list[Dim] = []
        for axis, item in enumerate(items):
            if isinstance(item, s.FreeSize) and free:
                dims.append(Free(item.name or f"{free}_{'HWC'[min(axis, 2)]}"))
                continue
            value = evaluate(item, scope)
            parts = value if isinstance(value, tuple) else (value,)
            for part in parts:
                if isinstance(part, bool) or not isinstance(part, int | Free):
                    raise Mistake("E0205", "a size is a whole number", item.span, f"this is {show(part)}")
                if isinstance(part, int) and part < 1:
                    raise Mistake("E0205", "a size is at least 1", item.span, f"this is {part}")
                dims.append(part)
        if len(dims) not in (1, 3):
            raise Mistake(
                "E0205", "a volume has three sizes, height x width x channels, and a vector one", expr.span,
                f"this has {len(dims)}", help=f"write  {dims[0]}x{dims[1]}x1  for one channel" if len(dims) == 2 else "",
            )  # fmt: skip
        if isinstance(dims[-1], Free):
            raise Mistake("E0205", "the number of channels cannot be free", expr.span, "weights depend on it")
        return Volume(tuple(dims))

    def _limit(self, volume: Volume, at: Span, source: Span) -> None:
        size = volume.size
        if isinstance(size, int) and size * 4 > MAX_VOLUME_BYTES:
            self.stop(
                "E0502",
                f"{'x'.join(f'{dim:,}' for dim in volume.dims)} is {size:,} numbers ({size * 4 / 1e12:,.0f} TB)",
                at,
                f"the limit for one volume is 2^{MAX_VOLUME_BYTES.bit_length() - 1} bytes",
            )

    def _annotations(self, annots: Sequence[s.Annot], scope: Scope) -> tuple[Annotation, ...]:
        found = []
        for annot in annots:
            if annot.name not in ANNOTATIONS:
                hint, near = did_you_mean(annot.name, ANNOTATIONS)
                known = ", ".join(f"@{name}" for name in ANNOTATIONS)
                raise Mistake(
                    "E0216",
                    f"there is no annotation @{annot.name}",
                    annot.span,
                    hint.replace("`", "`@", 1) if near else "",
                    help=f"there are: {known}",
                )
            found.append(Annotation(annot.name, tuple(evaluate(value, scope) for value in annot.arguments), annot.span))
        return tuple(found)

    # Lines -----------------------------------------------------------------------------------

    def _run(self, body: Sequence[s.Statement], scope: Scope, flow: Tensor | None) -> _Made:
        """Run lines, each on what the one before left."""
        made = _Made(flow)
        for statement in body:
            self.work += 1
            if self.work > WORK_PER_NODE * self.max_nodes + 10_000:
                self.stop(
                    "E0501", "this network takes too long to unroll", statement.span,
                    f"more than {self.work - 1:,} lines run; the limit follows --max-nodes",
                )  # fmt: skip
            try:
                match statement:
                    case s.Let():
                        value = evaluate(statement.value, scope)
                        self._give(statement.name, scope)
                        scope.values[statement.name.names[0]] = value
                    case s.Default():
                        self._default(statement, scope)
                    case s.Line():
                        made = self._line(statement, scope, made)
            except Mistake as mistake:
                self.report(mistake.diagnostic)
                made = self._poisoned(statement, scope, made)
            except Silent:
                made = self._poisoned(statement, scope, made)
        return made

    def _poisoned(self, statement: s.Statement, scope: Scope, made: _Made) -> _Made:
        if not isinstance(statement, s.Line):
            return made
        tensor = Tensor("", None, statement.span)
        for label in statement.labels:
            scope.tensors.setdefault(label.names[0], tensor)
        return _Made(tensor, ran=True, skipped=made.skipped)

    def _default(self, statement: s.Default, scope: Scope) -> None:
        step = statement.step
        word = ".".join(step.name.names)
        if word not in KINDS:
            hint, near = did_you_mean(word, KINDS)
            raise Mistake("E0209", f"no layer is called `{word}`", step.name.span, hint, replace=near)
        if step.annotations:
            raise Mistake("E0216", "a `default` takes no annotations", step.annotations[0].span)
        settings = check_default(KINDS[word], step, scope)
        scope.defaults = {**scope.defaults, word: (*scope.defaults.get(word, ()), *settings)}

    def _line(self, line: s.Line, scope: Scope, before: _Made) -> _Made:
        if line.guard is not None and not truth(line.guard, scope):
            return before
        flow, skipped, parts = before.tensor, before.skipped, None
        first = len(self.layers)
        for index, stage in enumerate(line.stages):
            last = index == len(line.stages) - 1
            labels = line.labels if last else ()
            match stage:
                case s.From():
                    if index:
                        raise Mistake(
                            "E0309", "`from` begins a line", stage.span, "what stands before it would be lost"
                        )
                    flow = find_tensor(stage.ref, scope)
                case s.Skip():
                    self.on_shortcut = skipped = True
                case s.Repeat():
                    flow = self._repeat(stage, scope, flow)
                case s.Joined():
                    flow = self._joined(stage, scope, self._flowing(flow, stage.span, stage.word.span.text), labels)
                case s.Step():
                    if stage.name.names == ("split",):
                        if not last:
                            raise Mistake("E0312", "`split` ends its line", stage.span, "several tensors leave it")
                        parts = self._split(stage, line, scope, self._flowing(flow, stage.span, "split"))
                        flow = None
                    else:
                        flow = self._step(stage, scope, flow, labels)
        if parts is None:
            self._label(line, scope, flow)
        if line.claim is not None and flow is not None:
            self._claim(line, scope, flow)
        if line.annotations:
            self._annotate(first, self._annotations(line.annotations, scope))
        return _Made(flow, ran=True, skipped=skipped)

    def _annotate(self, first: int, annotations: tuple[Annotation, ...]) -> None:
        for index in range(first, len(self.layers)):
            layer = self.layers[index]
            self.layers[index] = replace(layer, annotations=(*layer.annotations, *annotations))

    def _label(self, line: s.Line, scope: Scope, flow: Tensor | None) -> None:
        if not line.labels:
            return
        if len(line.labels) > 1:
            raise Mistake("E0312", "only `split` makes several tensors", line.labels[1].span)
        label = line.labels[0]
        if label.names[0] not in scope.made_at:
            self._give(label, scope)
        scope.tensors[label.names[0]] = self._flowing(flow, label.span, label.names[0])

    def _claim(self, line: s.Line, scope: Scope, flow: Tensor) -> None:
        assert line.claim is not None
        claimed = self._volume(line.claim, scope)
        made = known_volume(flow)
        if claimed == made:
            return
        reason = ""
        if flow.layer and (layer := self.layers[-1]).name == flow.layer:
            leader = next((at for at in reversed(self.layers) if at.name == layer.unit), layer)
            reason = _arithmetic(leader)
        raise Mistake(
            "E0410",
            "the volume is not what the line says",
            line.claim.span,
            f"this line makes {made}",
            reason=reason,
            replace=str(made) if made.is_fixed else "",
        )

    def _flowing(self, flow: Tensor | None, span: Span, word: str) -> Tensor:
        if flow is None:
            several = len(self.inputs) > 1
            raise Mistake(
                "E0305",
                f"nothing flows into `{word}`",
                span,
                "there is no `input` above" if not self.inputs else "what flows here is not clear",
                help="start with  input 32x32x1" if not self.inputs
                else f"start the line with  from {self.inputs[0].layer if several else 'NAME'}",
            )  # fmt: skip
        return flow

    # Stages ----------------------------------------------------------------------------------

    def _deeper(self, span: Span) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.stop("E0503", f"blocks, joins and repeats nest more than {MAX_DEPTH} deep", span)

    def _repeat(self, stage: s.Repeat, scope: Scope, flow: Tensor | None) -> Tensor | None:
        count = evaluate(stage.count, scope)
        if isinstance(count, bool) or not isinstance(count, int):
            raise Mistake("E0303", "a repeat count is a whole number", stage.count.span, f"this is {show(count)}")
        if count < 0 or (count == 0 and isinstance(stage.count, s.Literal)):
            remark = "delete the group" if count == 0 else f"this is {count}"
            help = "a computed count such as `x n-1` may be 0: the group then vanishes" if count == 0 else ""
            raise Mistake("E0303", f"repeat {count} times", stage.count.span, remark, help=help)
        self._deeper(stage.span)
        made = _Made(flow)
        before = len(self.layers)
        for turn in range(count):
            made = self._run(stage.body, scope.repetition(turn + 1, turn), made.tensor)
            if made.tensor is not None and made.tensor.volume is None:
                break
            if turn == 0 and (each := len(self.layers) - before) * count > self.max_nodes:
                self.stop(
                    "E0501",
                    "this network is too large",
                    stage.count.span,
                    f"would make {each * count:,} nodes; the limit is {self.max_nodes:,} (--max-nodes)",
                )
        self.depth -= 1
        return made.tensor

    def _joined(self, stage: s.Joined, scope: Scope, fork: Tensor, labels: Sequence[s.Ref]) -> Tensor:
        self._deeper(stage.span)
        outside = self.on_shortcut
        arrived: list[tuple[Tensor, bool, s.Branch]] = []
        for branch in stage.branches:
            made = self._run(branch.body, scope, fork)
            self.on_shortcut = outside
            if made.ran:
                tensor = self._flowing(made.tensor, branch.span, stage.word.names[0])
                arrived.append((tensor, made.skipped, branch))
        self.depth -= 1
        if len(arrived) < 2:
            return arrived[0][0] if arrived else fork
        if any(tensor.volume is None for tensor, _, _ in arrived):
            raise Silent
        kind = KINDS[stage.word.names[0]]()
        inputs = [tensor for tensor, _, _ in arrived]
        name = self._name(stage.word.names[0], scope, labels)
        skips = tuple(index for index, (_, skipped, _) in enumerate(arrived) if skipped)
        try:
            return self._layer(name, kind, inputs, stage.word.span, scope, skips=skips)
        except Fault as fault:
            secondary = tuple(
                Label(branch.span, f"{'carries' if tensor.layer == fork.layer else 'makes'} {tensor.volume}"
                      + (f" from `{tensor.span.text.partition(chr(10))[0]}` (line {tensor.span.line})" if tensor.layer == fork.layer else ""))
                for tensor, _, branch in arrived
            )  # fmt: skip
            raise _mistake(fault, stage.word.span, secondary=secondary) from None

    def _split(self, step: s.Step, line: s.Line, scope: Scope, flow: Tensor) -> list[Tensor]:
        bound = bind(Split, step, scope)
        split = make(Split, bound)
        assert isinstance(split, Split)
        volume = known_volume(flow)
        try:
            split.shape((volume,))
        except Fault as fault:
            raise _mistake(fault, step.name.span, bound) from None
        channels = volume.channels
        assert isinstance(channels, int)
        if len(line.labels) != split.n:
            raise Mistake(
                "E0312", f"`split {split.n}` makes {split.n} tensors, the line names {len(line.labels)}", step.span,
                help=f"write  {', '.join('abcdefgh'[: split.n])}: split {split.n}",
            )  # fmt: skip
        made = []
        for label, part in zip(line.labels, split.parts(channels), strict=True):
            tensor = self._layer(self._name("slice", scope, (label,)), part, [flow], step.span, scope)
            scope.tensors[label.names[0]] = tensor
            made.append(tensor)
        return made

    def _step(self, step: s.Step, scope: Scope, flow: Tensor | None, labels: Sequence[s.Ref]) -> Tensor:
        word = ".".join(step.name.names)
        if word in KINDS:
            return self._layer_step(word, step, scope, flow, labels)
        block = scope.block(word)
        if block is None:
            hint, near = did_you_mean(word, [*KINDS, *scope.names("blocks")])
            if any(name == word for name, _ in self.calls):
                raise Mistake("E0304", f"block `{word}` uses itself", step.name.span, "blocks cannot recurse")
            raise Mistake("E0209", f"no layer or block is called `{word}`", step.name.span, hint, replace=near)
        return self._block(block, step, scope, self._flowing(flow, step.name.span, word), labels)

    def _layer_step(
        self, word: str, step: s.Step, scope: Scope, flow: Tensor | None, labels: Sequence[s.Ref]
    ) -> Tensor:
        kind = KINDS[word]
        softmax_of_fc = kind is Softmax and bool(step.arguments)
        if softmax_of_fc:
            kind = Fc
        if issubclass(kind, Join) and not step.arguments:
            raise Mistake(
                "E0207", f"`{word}` needs branches or names of tensors", step.span,
                help=f"{word} {{ | … | skip }}   or   {word} NAME",
            )  # fmt: skip
        bound = bind(kind, step, scope, word)
        if flow is None and not (issubclass(kind, Join) and len(bound.tensors) > 1):
            self._flowing(flow, step.name.span, word)
        inputs = [*([flow] if flow is not None else []), *(tensor for tensor, _ in bound.tensors)]
        for tensor in inputs:
            known_volume(tensor)
        annotations = self._annotations(step.annotations, scope)
        name = self._name(kind.word, scope, labels)
        try:
            made = make(kind, bound)
            tensor = self._layer(name, made, inputs, step.name.span, scope, annotations=annotations, at=step.span)
            self._remark(made, inputs, step.name.span, bound)
            followers: list[Kind] = []
            if bound.bn:
                followers.append(follower(BatchNorm, bound.bn_settings, scope))
            if bound.activation is not None and not softmax_of_fc:
                followers.append(follower(bound.activation, bound.activation_settings, scope))
            if softmax_of_fc:
                followers.append(Softmax())
            if bound.says_linear:
                self.says_linear.add(name)
            for each in followers:
                tensor = self._layer(f"{name}.{each.word}", each, [tensor], step.span, scope, unit=name)
        except Fault as fault:
            raise _mistake(fault, step.name.span, bound, secondary=self._origin(inputs)) from None
        return replace(tensor, span=step.span)

    def _origin(self, inputs: Sequence[Tensor]) -> tuple[Label, ...]:
        """Where what flows in was made, when that is another line of the same file."""
        tensor = inputs[0]
        if len(inputs) > 1 or not tensor.layer or tensor.span.source is not self.source:
            return ()
        return (Label(tensor.span, f"makes {tensor.volume}"),)

    def _remark(self, kind: Kind, inputs: Sequence[Tensor], span: Span, bound: Bound) -> None:
        for fault in kind.remarks(tuple(known_volume(tensor) for tensor in inputs)):
            self.report(_mistake(fault, span, bound).diagnostic)

    def _block(self, block: BlockScope, step: s.Step, scope: Scope, flow: Tensor, labels: Sequence[s.Ref]) -> Tensor:
        if any(name == block.name for name, _ in self.calls):
            chain = " -> ".join([*(name for name, _ in self.calls), block.name])
            raise Mistake(
                "E0304", f"block `{block.name}` uses itself", step.name.span, f"blocks cannot recurse ({chain})"
            )
        known_volume(flow)
        self._deeper(step.span)
        path = self._name(block.name, scope, labels, layer=False)
        inner = Scope(block.scope, path, flow, block.defaults)
        self._bind_block(block, step, scope, inner)
        if block.input_name:
            inner.tensors[block.input_name] = flow
        self.blocks[path] = Block(path, block.name, scope.path)
        annotations = self._annotations(step.annotations, scope)
        first = len(self.layers)
        self.calls.append((block.name, step.name.span))
        made = self._run(block.body, inner, flow)
        self.calls.pop()
        self.depth -= 1
        if annotations:
            self._annotate(first, annotations)
        result = made.tensor
        if block.outputs:
            result = inner.tensors.get(block.outputs[0], result)
        if result is None:
            raise Mistake(
                "E0311", f"what `{block.name}` gives back is not clear", step.span, "its last line leaves no one tensor"
            )
        if result.volume is None:
            raise Silent
        span = step.span if result.layer != flow.layer else result.span
        return replace(result, span=span, inner=dict(inner.tensors))

    def _bind_block(self, block: BlockScope, step: s.Step, scope: Scope, inner: Scope) -> None:
        left = list(block.params)
        declared = ", ".join(f"{p.name}={p.default.span.text}" if p.default else p.name for p in block.params)
        for arg in step.arguments:
            if arg.keyword:
                param = next((p for p in block.params if p.name == arg.keyword), None)
                if param is None:
                    hint, near = did_you_mean(arg.keyword, [p.name for p in block.params])
                    if not near and (by_letter := [p.name for p in block.params if arg.keyword.startswith(p.name)]):
                        hint = f"did you mean `{by_letter[0]}`?"
                    its = f"its parameters are: {declared} (line {block.span.line})" if declared else "it has none"
                    raise Mistake(
                        "E0206",
                        f"`{block.name}` has no parameter `{arg.keyword}`",
                        arg.span,
                        f"{its}; {hint}" if hint else its,
                    )
                if param not in left:
                    raise Mistake("E0215", f"`{param.name}` is given twice", arg.span)
            elif not left:
                raise Mistake(
                    "E0208",
                    f"`{block.name}` has no place for `{arg.span.text}`",
                    arg.span,
                    f"its parameters are: {declared}" if declared else "it has no parameters",
                )
            else:
                param = left[0]
            left.remove(param)
            self._store_param(param, arg.value, arg.value.span, scope, inner)
        for param in left:
            if param.default is None:
                raise Mistake(
                    "E0207", f"`{block.name}` needs a value for `{param.name}`", step.span,
                    f"declared at line {block.span.line}: {block.span.text}",
                )  # fmt: skip
            self._store_param(param, param.default, param.span, inner, inner)

    def _store_param(self, param: s.BlockParam, expr: s.Expr, span: Span, scope: Scope, inner: Scope) -> None:
        if param.type == "tensor":
            if not isinstance(expr, s.Ref):
                raise Mistake("E0208", f"`{param.name}` is a tensor", span, "this is a value")
            inner.tensors[param.name] = find_tensor(expr, scope)
            return
        value = evaluate(expr, scope)
        wanted: tuple[type, ...] = {"int": (int,), "float": (int, float)}.get(param.type, (object,))
        if not isinstance(value, wanted) or (param.type and isinstance(value, bool)):
            raise Mistake("E0208", f"`{param.name}` is {_TYPES[param.type]}", span, f"this is {show(value)}")
        inner.values[param.name] = value

    # Layers ----------------------------------------------------------------------------------

    def _name(self, word: str, scope: Scope, labels: Sequence[s.Ref], *, layer: bool = True) -> str:
        """The label, else the word and its running number in the block."""
        prefix = f"{scope.path}." if scope.path else ""
        if labels:
            label = labels[0]
            self._give(label, scope)
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

    def _layer(
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
        self._limit(output, span, span)
        self._append(
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
            )  # fmt: skip
        )
        return Tensor(name, output, at or span)

    def _append(self, layer: Layer) -> None:
        if len(self.layers) >= self.max_nodes:
            assert layer.span is not None
            self.stop(
                "E0501", "this network is too large", layer.span, f"the limit is {self.max_nodes:,} nodes (--max-nodes)"
            )
        self.layers.append(layer)
        assert layer.span is not None
        self.names[layer.name] = layer.span


_TYPES = {"int": "a whole number", "float": "a number"}


def _sort(value: Value | None) -> str:
    """What sort of value a param takes, in words."""
    match value:
        case bool():
            return "true or false"
        case int():
            return "a whole number"
        case float():
            return "a number"
        case tuple():
            return "a list, as in (3, 4, 6, 3)"
    return "a text"


def _setting(value: object) -> Value | None:
    """The value of a ``--set``: text is read as the language reads it. None when it cannot be."""
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, tuple | list):
        return tuple(value)
    if not isinstance(value, str):
        return None
    if value in ("on", "off"):
        return value == "on"
    expr = parse_value(Source("--set", value))
    if expr is None:
        return value
    try:
        return evaluate(expr, Scope(None, "", None, {}))
    except (Mistake, Silent):
        return value


def _mistake(fault: Fault, word: Span, bound: Bound | None = None, secondary: tuple[Label, ...] = ()) -> Mistake:
    """A kind's complaint, pointed at the argument it is about, or at the word."""
    span = word
    if bound is not None and fault.at in bound.spans and bound.spans[fault.at].source is word.source:
        span = bound.spans[fault.at]
    return Mistake(
        fault.code, str(fault), span, fault.remark, reason=fault.reason, help=fault.help,
        secondary=tuple(label for label in secondary if label.span != span and label.span.line != span.line),
    )  # fmt: skip


def _arithmetic(layer: Layer) -> str:
    """How a sliding layer came to its height."""
    slide = getattr(layer.kind, "slide", None) if getattr(layer.kind, "window", None) else None
    if slide is None or not layer.input_volumes[0].is_map or isinstance(layer.input_volumes[0].height, Free):
        return ""
    height = layer.input_volumes[0].height
    before, after = slide.pads(0, height)
    return f"({height} + {before + after} - {slide.extent(0)})/{slide.stride[0]} + 1 = {layer.output.height}"
