"""Lines to layers: each line takes the tensor that flows and leaves one.

A mistake is recorded where it is seen; the line then makes a tensor without a volume, and nothing that
hangs on that tensor is spoken of again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from cnngraph.diagnostics import Fix, Label
from cnngraph.elaborate import allowances, foreign
from cnngraph.elaborate.again import made_again
from cnngraph.elaborate.annotations import annotations_of
from cnngraph.elaborate.binding import Bound, bind, followers, is_plain, make, with_default
from cnngraph.elaborate.foreign import ARGUMENTS
from cnngraph.elaborate.mistake import Mistake, Silent, did_you_mean, slip
from cnngraph.elaborate.outcome import Ran
from cnngraph.elaborate.record import Record
from cnngraph.elaborate.scope import BlockScope, Scope, Tensor
from cnngraph.elaborate.values import evaluate, find_tensor, known_volume, truth, written_volume
from cnngraph.layers import KINDS
from cnngraph.layers.kind import Fault
from cnngraph.layers.rearrange import Split
from cnngraph.layers.values import show
from cnngraph.layers.window import Windowed
from cnngraph.network import LABEL, LINE, OF_JOINS, Annotation, Layer
from cnngraph.source import Span
from cnngraph.spec import syntax as s
from cnngraph.volume import Free


@dataclass(slots=True)
class Made:
    """What a run of lines came to."""

    tensor: Tensor | None
    ran: bool = False
    """Whether any line was not guarded away."""
    skipped: bool = False
    """Whether it began with `skip`."""
    said: tuple[Annotation, ...] = ()
    """Of a branch, the label of the line that it is."""


class Expander:
    """Runs lines, and records the layers that they make."""

    def __init__(self, record: Record, inputs: list[str]) -> None:
        self.record = record
        self.inputs = inputs
        """Names of the network's inputs so far."""

    def run(self, body: Sequence[s.Statement], scope: Scope, flow: Tensor | None, *, is_branch: bool = False) -> Made:
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
                        made = self._line(statement, scope, made, is_branch and statement is body[-1])
            except Mistake as mistake:
                self.record.report(mistake.diagnostic, mistake.cause)
                made = self._poisoned(statement, scope, made)
            except Silent:
                made = self._poisoned(statement, scope, made)
        return made

    def _poisoned(self, statement: s.Statement, scope: Scope, made: Made) -> Made:
        if isinstance(statement, s.Let):
            scope.lost.add(statement.name.names[0])
        if not isinstance(statement, s.Line):
            return made
        tensor = Tensor("", None, statement.span)
        for label in statement.labels:
            scope.tensors.setdefault(label.names[0], tensor)
        return Made(tensor, ran=True, skipped=made.skipped)

    def _default(self, statement: s.Default, scope: Scope) -> None:
        step = statement.step
        word = ".".join(step.name.names)
        if scope.block(word) is not None:
            help = "give the block's parameters their defaults where it is defined:  block unit(c, s=1)"
            raise Mistake("E0209", f"a `default` is for layers; `{word}` is a block", step.name.span, help=help)
        if word not in KINDS:
            raise _unknown(word, step.name.span, "layer", KINDS)
        if step.annotations:
            raise Mistake("E0216", "a `default` takes no annotations", step.annotations[0].span)
        scope.defaults = with_default(KINDS[word], step, scope)

    def _line(self, line: s.Line, scope: Scope, before: Made, ends_branch: bool) -> Made:
        if line.guard is not None and not truth(line.guard, scope):
            return before
        annots = [annot for stage in line.stages if isinstance(stage, s.Step) for annot in stage.annotations]
        if not annots and not line.annotations:
            return self._stages(line, scope, before, ends_branch)
        with self.record.allowances.during(allowances.written((*line.annotations, *annots))):
            return self._stages(line, scope, before, ends_branch)

    def _stages(self, line: s.Line, scope: Scope, before: Made, ends_branch: bool) -> Made:
        flow, skipped, parts = before.tensor, before.skipped, None
        first, first_path, source = len(self.record.layers), len(self.record.paths), flow
        for index, stage in enumerate(line.stages):
            last, before_it = index == len(line.stages) - 1, len(self.record.layers)
            paths_before = len(self.record.paths)
            labels = line.labels if last else ()
            match stage:
                case s.Step():
                    if stage.name.names == ("split",):
                        if not last:
                            raise Mistake("E0312", "`split` ends its line", stage.span, "several tensors leave it")
                        parts = self._split(stage, line, scope, self._flowing(flow, stage.span, "split"))
                        flow = None
                    else:
                        flow = self._step(stage, scope, flow, labels)
                case s.From():
                    if index:
                        raise Mistake(
                            "E0309", "`from` begins a line", stage.span, "what stands before it would be lost"
                        )
                    flow = source = find_tensor(stage.ref, scope)
                case s.Again():
                    flow = made_again(stage, self._flowing(flow, stage.span, "again"), scope, self.record, labels)
                case s.Skip():
                    self.record.on_shortcut = skipped = True
                case s.Repeat():
                    flow = self._repeat(stage, scope, flow)
                case s.Joined():
                    flow = self._joined(stage, scope, self._flowing(flow, stage.span, stage.word.span.text), labels)
            made = flow if parts is None else parts[0]
            if made is not None and made.volume is not None:
                self.record.ran.append(Ran(stage.span, made.volume, before_it, len(self.record.layers)))
        if parts is None and line.labels:
            label = self._label(line, scope, flow)
            layers, paths = range(first, len(self.record.layers)), range(first_path, len(self.record.paths))
            made_by = source.layer if source is not None else ""
            self.record.labelled(line.labels[0], scope, label, made_by, layers, paths)
        if line.claim is not None and flow is not None:
            self._check_claim(line.claim, scope, flow)
        if line.annotations:
            said = annotations_of(line.annotations, scope)
            if ends_branch and all(isinstance(stage, s.Skip | s.From) for stage in line.stages):
                return Made(flow, True, skipped, tuple(each for each in said if each.name == LABEL))
            joined = line.stages[-1] if isinstance(line.stages[-1], s.Joined) else None
            if joined is None:
                self.record.label(said, scope.path, before_it, paths_before)
            # Unless guards left it one branch, or nothing of it could be read.
            elif self.record.layers and self.record.layers[-1].span == joined.word.span:
                self.record.assembly.say(self.record.layers[-1].name, [each for each in said if each.name in OF_JOINS])
                said = tuple(each for each in said if each.name not in OF_JOINS)
            self.record.annotate(first, said)
        return Made(flow, ran=True, skipped=skipped)

    def _label(self, line: s.Line, scope: Scope, flow: Tensor | None) -> Tensor:
        """Takes the label of *line*; what it names."""
        if len(line.labels) > 1:
            raise Mistake("E0312", "only `split` makes several tensors", line.labels[1].span)
        label = line.labels[0]
        if scope.made_at.get(label.names[0]) != label.span:
            # No layer or block of this line has the name yet.
            self.record.give(label, scope)
        return self._flowing(flow, label.span, label.names[0])

    def _check_claim(self, claim: s.Expr, scope: Scope, flow: Tensor) -> None:
        """A wrong claim is reported, and what was made flows on: the lines below stand on that."""
        made = known_volume(flow)
        claimed = written_volume(claim, scope, claimed_of=made)
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
            if not self.inputs:
                remark, help = "there is no `input` above", "start with  input 32x32x1"
            elif len(self.inputs) > 1:
                remark, help = "there are several inputs", "say which tensor it takes:  from NAME -> …"
            else:
                remark, help = "several tensors leave the line above", "say which one it takes:  from NAME -> …"
            raise Mistake("E0305", f"nothing flows into `{word}`", span, remark, help=help)
        return flow

    def _repeat(self, stage: s.Repeat, scope: Scope, flow: Tensor | None) -> Tensor | None:
        count = evaluate(stage.times, scope)
        if isinstance(count, bool) or not isinstance(count, int):
            raise Mistake("E0303", "a repeat count is a whole number", stage.times.span, f"this is {show(count)}")
        if count < 0 or (count == 0 and isinstance(stage.times, s.Literal)):
            remark = "delete the group" if count == 0 else f"this is {count}"
            help = "a computed count such as `x n-1` may be 0: the group then vanishes" if count == 0 else ""
            raise Mistake("E0303", f"repeat {count} times", stage.times.span, remark, help=help)
        made = Made(flow)
        before, work = len(self.record.layers), self.record.work
        with self.record.nested(stage.span):
            for turn in range(count):
                self.record.working(stage.times.span)
                made = self.run(stage.body, scope.repetition(turn + 1, turn), made.tensor)
                if made.tensor is not None and made.tensor.volume is None:
                    break
                if turn == 0:
                    nodes, lines = len(self.record.layers) - before, self.record.work - work
                    self.record.foresee(nodes, lines, count, stage.times.span)
        return made.tensor

    def _joined(self, stage: s.Joined, scope: Scope, fork: Tensor, labels: Sequence[s.Ref]) -> Tensor:
        join = KINDS[stage.word.names[0]]
        kind = make(join, bind(join, s.Step(stage.word.span, stage.word, stage.arguments, ()), scope))
        outside = self.record.on_shortcut
        arrived: list[tuple[Tensor, Made, s.Branch]] = []
        with self.record.nested(stage.span):
            for branch in stage.branches:
                try:
                    made = self.run(branch.body, scope, fork, is_branch=True)
                finally:
                    self.record.on_shortcut = outside
                if made.ran:
                    tensor = self._flowing(made.tensor, branch.span, stage.word.names[0])
                    arrived.append((tensor, made, branch))
        if len(arrived) < 2:
            return arrived[0][0] if arrived else fork
        if any(tensor.volume is None for tensor, _, _ in arrived):
            raise Silent
        inputs = [tensor for tensor, _, _ in arrived]
        name = self.record.name(stage.word.names[0], scope, labels)
        skips = tuple(index for index, (_, made, _) in enumerate(arrived) if made.skipped)
        lines = tuple(
            replace(each, name=LINE, arguments=(index, *each.arguments))
            for index, (_, made, _) in enumerate(arrived)
            for each in made.said
        )
        try:
            return self.record.layer(
                name, kind, inputs, stage.word.span, scope.path, skips=skips, annotations=lines
            )  # fmt: skip
        except Fault as fault:
            labels_ = tuple(Label(branch.span, _carries(tensor, fork)) for tensor, _, branch in arrived)
            if fault.code in ("E0401", "E0402"):
                self._explain_sizes(fault, inputs, fork)
            raise _mistake(fault, stage.word.span, secondary=labels_) from None

    def _explain_sizes(self, fault: Fault, inputs: Sequence[Tensor], fork: Tensor) -> None:
        """Where the branches' heights differ because one lost its border: the arithmetic and the remedy."""
        heights = {known_volume(tensor).height for tensor in inputs}
        if len(heights) < 2:
            return
        made = {layer.name: layer for layer in reversed(self.record.layers)}
        for tensor in inputs:
            at = tensor.layer
            while at != fork.layer and at in made and made[at].inputs:
                layer = made[at]
                at = layer.inputs[0]
                slide = layer.kind.sliding if isinstance(layer.kind, Windowed) else None
                lost = (
                    slide is not None
                    and slide.stride == (1, 1)
                    and layer.output.dims[:1] != layer.input_volumes[0].dims[:1]
                )
                if not lost or slide is None or layer.span is None or not (arithmetic := _arithmetic(layer)):
                    continue
                padding = "without padding" if slide.padding.mode == "valid" else "with its padding"
                fault.reason += f"; line {layer.span.line}, {padding}: {arithmetic}"
                if slide.padding.mode == "valid" and slide.extent(0) % 2 and slide.extent(1) % 2:
                    fault.help = f"write  {layer.span.text} same"
                return

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
            tensor = self.record.layer(self.record.name("slice", scope, (label,)), part, [flow], step.span, scope.path)
            scope.tensors[label.names[0]] = tensor
            made.append(tensor)
        return made

    def _step(self, step: s.Step, scope: Scope, flow: Tensor | None, labels: Sequence[s.Ref]) -> Tensor:
        word = ".".join(step.name.names)
        if word in KINDS:
            return self._layer_step(word, step, scope, flow, labels)
        block = scope.block(word)
        if block is None:
            if (defined := scope.block_defined(word)) is not None:
                remark = f"defined at line {defined.line}; a block stands above the lines that use it"
                raise Mistake("E0306", f"block `{word}` is used before it is defined", step.name.span, remark)
            if any(outer.lacks_blocks for outer in scope.chain()):
                raise Silent
            raise _unknown(word, step.name.span, "layer or block", [*KINDS, *scope.block_names()])
        return self._block(block, step, scope, self._flowing(flow, step.name.span, word), labels)

    def _layer_step(
        self, word: str, step: s.Step, scope: Scope, flow: Tensor | None, labels: Sequence[s.Ref]
    ) -> Tensor:
        kind, behind = KINDS[word], None
        if kind.short_for and step.arguments:
            kind, behind = KINDS[kind.short_for], kind
        known = scope.defaults.steps.get(step.span.text)
        bound = known or bind(kind, step, scope, word)
        if kind.family == "join" and not bound.tensors:
            said = step.span.text
            raise Mistake(
                "E0207",
                f"`{word}` needs branches or names of tensors",
                step.span,
                help=f"{said} {{ | … | skip }}   or   {said} NAME",
            )
        if not (kind.family == "join" and len(bound.tensors) > 1):
            self._flowing(flow, step.name.span, word)
        inputs = [*([flow] if flow is not None else []), *(tensor for tensor, _ in bound.tensors)]
        volumes = tuple(known_volume(tensor) for tensor in inputs)
        origin = rest = annotations_of(step.annotations, scope)
        if origin:
            origin = tuple(each for each in rest if each.name == "origin")
            rest = tuple(each for each in rest if each.name != "origin")
        name = self.record.name(kind.word, scope, labels)
        first = len(self.record.layers)
        try:
            made = known.made[0] if known else make(kind, bound)
            tensor = self.record.layer(name, made, inputs, step.name.span, scope.path, annotations=rest, at=step.span)
            if volumes not in bound.unremarkable:
                remarks = list(made.remarks(volumes))
                if not remarks:
                    bound.unremarkable.add(volumes)
                for remark in remarks:
                    found = _mistake(remark, step.name.span, bind(kind, step, scope, word) if known else bound)
                    self.record.report(found.diagnostic, found.cause)
            if flow is not None and kind.family == "join":
                self._twice(word, flow, bound)
            behind_it = known.made[1:] if known else followers(bound, behind, scope)
            if bound.says_linear:
                self.record.says_linear.add(name)
            for each in behind_it:
                tensor = self.record.layer(f"{name}.{each.word}", each, [tensor], step.span, scope.path, unit=name)
            self.record.annotate(first, origin)
        except Fault as fault:
            own = bind(kind, step, scope, word) if known else bound
            raise _mistake(fault, step.name.span, own, self._origin(inputs, step.span), step.span) from None
        if known is None and is_plain(kind, bound, step, scope):
            bound.made = (made, *behind_it)
            scope.defaults.steps[step.span.text] = bound
        return tensor

    def _twice(self, word: str, flow: Tensor, bound: Bound) -> None:
        """W0105: a tensor that flows into a join and is named there too."""
        for tensor, span in bound.tensors:
            if tensor.layer == flow.layer:
                others = [each.text for _, each in bound.tensors if each is not span]
                message = f"`{span.text}` goes into this `{word}` twice"
                remark = "it is what flows here, and flows in without being named"
                self.record.report(
                    Mistake(
                        "W0105", message, span, remark, help=f"write  {word} {' '.join(others)}" if others else ""
                    ).diagnostic
                )

    def _origin(self, inputs: Sequence[Tensor], span: Span) -> tuple[Label, ...]:
        """Where what flows in was made, when that is another line of the same file."""
        tensor = inputs[0]
        if len(inputs) > 1 or not tensor.layer or tensor.span.source is not span.source:
            return ()
        if tensor.layer in self.inputs:
            return () if str(tensor.volume) in tensor.span.text else (Label(tensor.span, f"is {tensor.volume}"),)
        return (Label(tensor.span, f"makes {tensor.volume}"),)

    def _block(self, block: BlockScope, step: s.Step, scope: Scope, flow: Tensor, labels: Sequence[s.Ref]) -> Tensor:
        if any(name == block.name for name, _ in self.record.calls):
            chain = " -> ".join([*(name for name, _ in self.record.calls), block.name])
            raise Mistake(
                "E0304", f"block `{block.name}` uses itself", step.name.span, f"blocks cannot recurse ({chain})"
            )
        known_volume(flow)
        self.record.foresee(*self.record.foresight.of(block), 1, step.name.span)
        path = self.record.name(block.name, scope, labels)
        inner = Scope(block.scope, path, flow, block.defaults, body=block.body, is_block=True)
        self._bind_block(block, step, scope, inner)
        if block.input_name:
            inner.tensors[block.input_name] = flow
        self.record.block(path, block.name, scope.path, step.name.span, tuple(inner.values.items()))
        self.record.expanded.add(block.span)
        annotations = annotations_of((*step.annotations, *block.annotations), scope)
        first, first_path = len(self.record.layers), len(self.record.paths) - 1
        self.record.calls.append((block.name, step.name.span))
        with self.record.nested(step.span), self.record.allowances.during(allowances.written(block.annotations)):
            made = self.run(block.body, inner, flow)
        self.record.calls.pop()
        if annotations:
            self.record.label(annotations, scope.path, first, first_path)
            self.record.annotate(first, annotations)
        result = made.tensor
        given = [item for item in block.outputs if item.guard is None or truth(item.guard, inner)]
        if given:
            result = inner.tensors.get(".".join(given[0].refs[0].names), result)
        if result is None:
            raise Mistake(
                "E0311", f"what `{block.name}` gives back is not clear", step.span, "its last line leaves no one tensor"
            )
        if result.volume is None:
            raise Silent
        span = step.span if result.layer != flow.layer else result.span
        return result._replace(span=span, inner=dict(inner.tensors))

    def _bind_block(self, block: BlockScope, step: s.Step, scope: Scope, inner: Scope) -> None:
        left = list(block.params)
        declared = ", ".join(f"{p.name}={p.default.span.text}" if p.default else p.name for p in block.params)
        for arg in step.arguments:
            if arg.keyword:
                param = next((p for p in block.params if p.name == arg.keyword), None)
                if param is None:
                    names = [p.name for p in block.params]
                    hint, _ = did_you_mean(arg.keyword, names)
                    near = slip(arg.keyword, names)
                    if not hint and ARGUMENTS.get(arg.keyword) in names:
                        near = ARGUMENTS[arg.keyword]
                        hint = f"did you mean `{near}`?"
                    its = f"its parameters are: {declared} (line {block.span.line})" if declared else "it has none"
                    raise Mistake(
                        "E0206",
                        f"`{block.name}` has no parameter `{arg.keyword}`",
                        arg.span,
                        f"{its}; {hint}" if hint else its,
                        replace=near,
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
            inner.tensors[param.name] = find_tensor(expr, scope)._replace(stretch=None)
            return
        value = evaluate(expr, scope)
        wanted: tuple[type, ...] = {"int": (int,), "float": (int, float)}.get(param.type, (object,))
        if not isinstance(value, wanted) or (param.type and isinstance(value, bool)):
            raise Mistake("E0208", f"`{param.name}` is {_TYPES[param.type]}", span, f"this is {show(value)}")
        inner.values[param.name] = value


_TYPES = {"int": "a whole number", "float": "a number"}


def _unknown(word: str, span: Span, what: str, known: Iterable[str]) -> Mistake:
    """No layer or block is called *word*."""
    said = foreign.suggestion(word, known)
    return Mistake(
        "E0209", f"no {what} is called `{_short(word)}`", span, said.hint, help=said.help, replace=said.replace
    )


def _short(word: str) -> str:
    return word if len(word) <= 60 else word[:59] + "…"


def _carries(tensor: Tensor, fork: Tensor) -> str:
    """What a branch brings to its join."""
    if tensor.layer != fork.layer:
        return f"makes {tensor.volume}"
    maker = tensor.span.text.partition("\n")[0]
    return f"carries {tensor.volume} from `{maker}` (line {tensor.span.line})"


def _mistake(
    fault: Fault,
    word: Span,
    bound: Bound | None = None,
    secondary: tuple[Label, ...] = (),
    step: Span | None = None,
) -> Mistake:
    """A kind's complaint, pointed at the argument it is about, or at the word when that was set in a `default`."""
    span, cause = word, None
    if bound is not None and fault.at in bound.spans:
        at = bound.spans[fault.at]
        if at.source is word.source and step is not None and step.start <= at.start < step.end:
            span = at
        elif step is not None:
            cause = at
            secondary = (*secondary, Label(at, "set here"))
        elif at.source is word.source:
            span = at
    fix = Fix(Span(word.source, word.start, word.start), fault.insert) if fault.insert else None
    return Mistake(
        fault.code,
        str(fault),
        span,
        fault.remark,
        reason=fault.reason,
        help=fault.help,
        secondary=tuple(label for label in secondary if label.span.line != span.line or label.text == "set here"),
        fix=fix,
        cause=cause,
    )


def _arithmetic(layer: Layer) -> str:
    """How a sliding layer came to its height."""
    sizes = layer.kind.sizes(layer.input_volumes)
    if sizes is None or isinstance(layer.input_volumes[0].height, Free):
        return ""
    return f"{sizes[0].plain} = {layer.output.height}"


def unknown_words(body: Sequence[s.Statement], scope: Scope) -> Iterator[Mistake]:
    """The steps in *body* whose word is no layer and no block."""
    todo: list[object] = list(reversed(body))
    while todo:
        match todo.pop():
            case s.Line(stages=stages):
                todo.extend(reversed(stages))
            case s.Repeat(body=inner) | s.Branch(body=inner):
                todo.extend(reversed(inner))
            case s.Joined(branches=branches):
                todo.extend(reversed(branches))
            case s.Step(name=name) | s.Default(step=s.Step(name=name)):
                word = ".".join(name.names)
                if word not in KINDS and scope.block(word) is None and scope.block_defined(word) is None:
                    yield _unknown(word, name.span, "layer or block", [*KINDS, *scope.block_names()])
