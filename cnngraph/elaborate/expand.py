"""Lines to layers: each line takes the tensor that flows and leaves one.

A mistake is recorded where it is seen; the line then makes a tensor without a volume, and nothing that
hangs on that tensor is spoken of again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cnngraph.diagnostics import Label
from cnngraph.elaborate.binding import Bound, bind, check_default, follower, make
from cnngraph.elaborate.mistake import Mistake, Silent, did_you_mean
from cnngraph.elaborate.record import Record
from cnngraph.elaborate.scope import BlockScope, Scope, Tensor
from cnngraph.elaborate.values import evaluate, find_tensor, known_volume, truth, written_volume
from cnngraph.layers import KINDS
from cnngraph.layers.activation import Softmax
from cnngraph.layers.dense import Fc
from cnngraph.layers.join import Join
from cnngraph.layers.kind import Fault, Kind
from cnngraph.layers.normalization import BatchNorm
from cnngraph.layers.rearrange import Split
from cnngraph.layers.values import show
from cnngraph.network import Annotation, Block, Layer
from cnngraph.source import Span
from cnngraph.spec import syntax as s
from cnngraph.volume import Free

ANNOTATIONS = ("init", "weights", "freeze", "note", "scale", "normalize", "invert", "allow")


@dataclass(slots=True)
class Made:
    """What a run of lines came to."""

    tensor: Tensor | None
    ran: bool = False
    """Whether any line was not guarded away."""
    skipped: bool = False
    """Whether it began with `skip`."""


class Expander:
    def __init__(self, record: Record, inputs: list[str]) -> None:
        self.record = record
        self.inputs = inputs
        """Names of the network's inputs so far."""

    def run(self, body: Sequence[s.Statement], scope: Scope, flow: Tensor | None) -> Made:
        """Run lines, each on what the one before left."""
        made = Made(flow)
        for statement in body:
            self.record.working(statement.span)
            try:
                match statement:
                    case s.Let():
                        value = evaluate(statement.value, scope)
                        self.record.give(statement.name, scope)
                        scope.values[statement.name.names[0]] = value
                    case s.Default():
                        self._default(statement, scope)
                    case s.Line():
                        made = self._line(statement, scope, made)
            except Mistake as mistake:
                self.record.report(mistake.diagnostic)
                made = self._poisoned(statement, scope, made)
            except Silent:
                made = self._poisoned(statement, scope, made)
        return made

    def _poisoned(self, statement: s.Statement, scope: Scope, made: Made) -> Made:
        if not isinstance(statement, s.Line):
            return made
        tensor = Tensor("", None, statement.span)
        for label in statement.labels:
            scope.tensors.setdefault(label.names[0], tensor)
        return Made(tensor, ran=True, skipped=made.skipped)

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

    def _line(self, line: s.Line, scope: Scope, before: Made) -> Made:
        if line.guard is not None and not truth(line.guard, scope):
            return before
        flow, skipped, parts = before.tensor, before.skipped, None
        self.record.allowed = _allowed(line)
        first = len(self.record.layers)
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
                    self.record.on_shortcut = skipped = True
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
            self._check_claim(line.claim, scope, flow)
        if line.annotations:
            self.record.annotate(first, annotations_of(line.annotations, scope))
        return Made(flow, ran=True, skipped=skipped)

    def _label(self, line: s.Line, scope: Scope, flow: Tensor | None) -> None:
        if not line.labels:
            return
        if len(line.labels) > 1:
            raise Mistake("E0312", "only `split` makes several tensors", line.labels[1].span)
        label = line.labels[0]
        if label.names[0] not in scope.made_at:
            self.record.give(label, scope)
        scope.tensors[label.names[0]] = self._flowing(flow, label.span, label.names[0])

    def _check_claim(self, claim: s.Expr, scope: Scope, flow: Tensor) -> None:
        """A wrong claim is reported, and what was made flows on: the lines below stand on that."""
        claimed = written_volume(claim, scope)
        made = known_volume(flow)
        if claimed == made:
            return
        reason = ""
        if flow.layer and (layer := self.record.layers[-1]).name == flow.layer:
            leader = next((at for at in reversed(self.record.layers) if at.name == layer.unit), layer)
            reason = _arithmetic(leader)
        wrong = Mistake(
            "E0410",
            "the volume is not what the line says",
            claim.span,
            f"this line makes {made}",
            reason=reason,
            replace=str(made) if made.is_fixed else "",
        )
        self.record.report(wrong.diagnostic)

    def _flowing(self, flow: Tensor | None, span: Span, word: str) -> Tensor:
        if flow is None:
            several = len(self.inputs) > 1
            raise Mistake(
                "E0305",
                f"nothing flows into `{word}`",
                span,
                "there is no `input` above" if not self.inputs else "what flows here is not clear",
                help="start with  input 32x32x1"
                if not self.inputs
                else f"start the line with  from {self.inputs[0] if several else 'NAME'}",
            )
        return flow

    def _repeat(self, stage: s.Repeat, scope: Scope, flow: Tensor | None) -> Tensor | None:
        count = evaluate(stage.count, scope)
        if isinstance(count, bool) or not isinstance(count, int):
            raise Mistake("E0303", "a repeat count is a whole number", stage.count.span, f"this is {show(count)}")
        if count < 0 or (count == 0 and isinstance(stage.count, s.Literal)):
            remark = "delete the group" if count == 0 else f"this is {count}"
            help = "a computed count such as `x n-1` may be 0: the group then vanishes" if count == 0 else ""
            raise Mistake("E0303", f"repeat {count} times", stage.count.span, remark, help=help)
        made = Made(flow)
        before = len(self.record.layers)
        with self.record.nested(stage.span):
            for turn in range(count):
                made = self.run(stage.body, scope.repetition(turn + 1, turn), made.tensor)
                if made.tensor is not None and made.tensor.volume is None:
                    break
                if turn == 0:
                    self.record.foresee((len(self.record.layers) - before) * count, stage.count.span)
        return made.tensor

    def _joined(self, stage: s.Joined, scope: Scope, fork: Tensor, labels: Sequence[s.Ref]) -> Tensor:
        outside = self.record.on_shortcut
        arrived: list[tuple[Tensor, bool, s.Branch]] = []
        with self.record.nested(stage.span):
            for branch in stage.branches:
                try:
                    made = self.run(branch.body, scope, fork)
                finally:
                    self.record.on_shortcut = outside
                if made.ran:
                    tensor = self._flowing(made.tensor, branch.span, stage.word.names[0])
                    arrived.append((tensor, made.skipped, branch))
        if len(arrived) < 2:
            return arrived[0][0] if arrived else fork
        if any(tensor.volume is None for tensor, _, _ in arrived):
            raise Silent
        kind = KINDS[stage.word.names[0]]()
        inputs = [tensor for tensor, _, _ in arrived]
        name = self.record.name(stage.word.names[0], scope, labels)
        skips = tuple(index for index, (_, skipped, _) in enumerate(arrived) if skipped)
        try:
            return self.record.layer(name, kind, inputs, stage.word.span, scope, skips=skips)
        except Fault as fault:
            secondary = tuple(
                Label(
                    branch.span,
                    f"{'carries' if tensor.layer == fork.layer else 'makes'} {tensor.volume}"
                    + (
                        f" from `{tensor.span.text.partition(chr(10))[0]}` (line {tensor.span.line})"
                        if tensor.layer == fork.layer
                        else ""
                    ),
                )
                for tensor, _, branch in arrived
            )
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
                "E0312",
                f"`split {split.n}` makes {split.n} tensors, the line names {len(line.labels)}",
                step.span,
                help=f"write  {', '.join('abcdefgh'[: split.n])}: split {split.n}",
            )
        made = []
        for label, part in zip(line.labels, split.parts(channels), strict=True):
            tensor = self.record.layer(self.record.name("slice", scope, (label,)), part, [flow], step.span, scope)
            scope.tensors[label.names[0]] = tensor
            made.append(tensor)
        return made

    def _step(self, step: s.Step, scope: Scope, flow: Tensor | None, labels: Sequence[s.Ref]) -> Tensor:
        word = ".".join(step.name.names)
        if word in KINDS:
            return self._layer_step(word, step, scope, flow, labels)
        block = scope.block(word)
        if block is None:
            hint, near = did_you_mean(word, [*KINDS, *scope.block_names()])
            if any(name == word for name, _ in self.record.calls):
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
                "E0207",
                f"`{word}` needs branches or names of tensors",
                step.span,
                help=f"{word} {{ | … | skip }}   or   {word} NAME",
            )
        bound = bind(kind, step, scope, word)
        if flow is None and not (issubclass(kind, Join) and len(bound.tensors) > 1):
            self._flowing(flow, step.name.span, word)
        inputs = [*([flow] if flow is not None else []), *(tensor for tensor, _ in bound.tensors)]
        for tensor in inputs:
            known_volume(tensor)
        annotations = annotations_of(step.annotations, scope)
        name = self.record.name(kind.word, scope, labels)
        try:
            made = make(kind, bound)
            tensor = self.record.layer(name, made, inputs, step.name.span, scope, annotations=annotations, at=step.span)
            self._remark(made, inputs, step.name.span, bound)
            followers: list[Kind] = []
            if bound.bn:
                followers.append(follower(BatchNorm, bound.bn_settings, scope))
            if bound.activation is not None and not softmax_of_fc:
                followers.append(follower(bound.activation, bound.activation_settings, scope))
            if softmax_of_fc:
                followers.append(Softmax())
            if bound.says_linear:
                self.record.says_linear.add(name)
            for each in followers:
                tensor = self.record.layer(f"{name}.{each.word}", each, [tensor], step.span, scope, unit=name)
        except Fault as fault:
            raise _mistake(fault, step.name.span, bound, secondary=self._origin(inputs, step.span)) from None
        return replace(tensor, span=step.span)

    def _origin(self, inputs: Sequence[Tensor], span: Span) -> tuple[Label, ...]:
        """Where what flows in was made, when that is another line of the same file."""
        tensor = inputs[0]
        if len(inputs) > 1 or not tensor.layer or tensor.span.source is not span.source:
            return ()
        return (Label(tensor.span, f"makes {tensor.volume}"),)

    def _remark(self, kind: Kind, inputs: Sequence[Tensor], span: Span, bound: Bound) -> None:
        for fault in kind.remarks(tuple(known_volume(tensor) for tensor in inputs)):
            self.record.report(_mistake(fault, span, bound).diagnostic)

    def _block(self, block: BlockScope, step: s.Step, scope: Scope, flow: Tensor, labels: Sequence[s.Ref]) -> Tensor:
        if any(name == block.name for name, _ in self.record.calls):
            chain = " -> ".join([*(name for name, _ in self.record.calls), block.name])
            raise Mistake(
                "E0304", f"block `{block.name}` uses itself", step.name.span, f"blocks cannot recurse ({chain})"
            )
        known_volume(flow)
        path = self.record.name(block.name, scope, labels)
        inner = Scope(block.scope, path, flow, block.defaults, body=block.body, is_block=True)
        self._bind_block(block, step, scope, inner)
        if block.input_name:
            inner.tensors[block.input_name] = flow
        self.record.blocks[path] = Block(path, block.name, scope.path)
        annotations = annotations_of(step.annotations, scope)
        first = len(self.record.layers)
        self.record.calls.append((block.name, step.name.span))
        with self.record.nested(step.span):
            made = self.run(block.body, inner, flow)
        self.record.calls.pop()
        if annotations:
            self.record.annotate(first, annotations)
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
                    "E0207",
                    f"`{block.name}` needs a value for `{param.name}`",
                    step.span,
                    f"declared at line {block.span.line}: {block.span.text}",
                )
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


def _allowed(line: s.Line) -> frozenset[object]:
    """The warnings that ``@allow("W0101")`` on the line or one of its steps silences."""
    steps = (annot for stage in line.stages if isinstance(stage, s.Step) for annot in stage.annotations)
    return frozenset(
        value.value
        for annot in (*line.annotations, *steps)
        if annot.name == "allow"
        for value in annot.arguments
        if isinstance(value, s.Literal)
    )


_TYPES = {"int": "a whole number", "float": "a number"}


def annotations_of(annots: Sequence[s.Annot], scope: Scope) -> tuple[Annotation, ...]:
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


def _mistake(fault: Fault, word: Span, bound: Bound | None = None, secondary: tuple[Label, ...] = ()) -> Mistake:
    """A kind's complaint, pointed at the argument it is about, or at the word."""
    span = word
    if bound is not None and fault.at in bound.spans and bound.spans[fault.at].source is word.source:
        span = bound.spans[fault.at]
    return Mistake(
        fault.code,
        str(fault),
        span,
        fault.remark,
        reason=fault.reason,
        help=fault.help,
        secondary=tuple(label for label in secondary if label.span != span and label.span.line != span.line),
    )


def _arithmetic(layer: Layer) -> str:
    """How a sliding layer came to its height."""
    slide = getattr(layer.kind, "slide", None) if getattr(layer.kind, "window", None) else None
    if slide is None or not layer.input_volumes[0].is_map or isinstance(layer.input_volumes[0].height, Free):
        return ""
    height = layer.input_volumes[0].height
    before, after = slide.pads(0, height)
    return f"({height} + {before + after} - {slide.extent(0)})/{slide.stride[0]} + 1 = {layer.output.height}"
