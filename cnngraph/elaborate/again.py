"""`again left`: the layers that the line labelled ``left`` made, made once more on another tensor, with its weights.

It is those layers that are used again, not the text of the line: each has the arguments it had there, as a layer of
Keras or a module of PyTorch has that is called twice. What flowed into the line is replaced by what flows here; other
tensors that the line takes by name are the same ones.
"""

from __future__ import annotations

from collections.abc import Sequence

from cnngraph.diagnostics import Label
from cnngraph.elaborate.mistake import Mistake
from cnngraph.elaborate.record import Record
from cnngraph.elaborate.scope import Scope, Stretch, Tensor
from cnngraph.elaborate.values import find_tensor, known_volume
from cnngraph.layers import KINDS
from cnngraph.layers.kind import Fault
from cnngraph.network import Layer
from cnngraph.source import Span
from cnngraph.spec import syntax as s


def made_again(stage: s.Again, flow: Tensor, scope: Scope, record: Record, labels: Sequence[s.Ref]) -> Tensor:
    """What the line that *stage* names makes of *flow*; raises `Mistake`, or `Silent` where that has no volume."""
    before = _labelled(stage, scope)
    known_volume(before)
    known_volume(flow)
    assert before.stretch is not None
    return _Copy(before, before.stretch, flow, stage, scope, record).made(labels)


def _labelled(stage: s.Again, scope: Scope) -> Tensor:
    """The tensor that *stage* names, if a line made it that can be made again."""
    ref, name = stage.ref, ".".join(stage.ref.names)
    if ref.names[0] == "in":
        raise Mistake("E0314", "`in` cannot be used again", ref.span, "it is what flows into the block")
    if len(ref.names) == 1 and scope.tensor(name) is None and (name in KINDS or scope.block(name) is not None):
        what = "a layer's word" if name in KINDS else "a block"
        help = f"give a line that uses it a label, and write that:  first: {name} …  and then  again first"
        raise Mistake("E0201", f"no line is called `{name}`", ref.span, f"it is {what}", help=help)
    tensor = find_tensor(ref, scope)
    stretch = tensor.stretch
    if stretch is None:
        known_volume(tensor)
        remark = "no line of its own makes it"
        help = "`again` takes the label of a line with layers, in the same file or block:  left: conv 8 3x3"
        raise Mistake("E0314", f"`{name}` cannot be used again", ref.span, remark, help=help)
    if not stretch.layers:
        raise Mistake("E0314", f"`{name}` cannot be used again", ref.span, "its line makes no layer")
    if not stretch.flow:
        remark = "its line takes tensors by name, and nothing flows into it"
        raise Mistake("E0314", f"`{name}` cannot be used again", ref.span, remark)
    return tensor


class _Copy:
    """One use again of what a line made."""

    def __init__(
        self, before: Tensor, stretch: Stretch, flow: Tensor, stage: s.Again, scope: Scope, record: Record
    ) -> None:
        self.before = before
        self.stretch = stretch
        self.flow = flow
        self.stage = stage
        self.scope = scope
        self.record = record
        self.first = len(record.layers)
        """Number of the first layer that is made here."""
        self.first_path = len(record.paths)
        self.names = {stretch.flow: flow.layer}
        """What is here for each layer there."""
        self.paths: dict[str, str] = {}
        """And for each use of a block."""

    def made(self, labels: Sequence[s.Ref]) -> Tensor:
        for number in self.stretch.paths:
            self.block(self.record.paths[number], labels)
        for number in self.stretch.layers:
            self.layer(self.record.layers[number], labels)
        return self.tensor(self.before)._replace(span=self.stage.span, stretch=None)

    def block(self, path: str, labels: Sequence[s.Ref]) -> None:
        block = self.record.assembly.blocks[path]
        if block.parent in self.paths:
            parent = self.paths[block.parent]
            self.paths[path] = parent + path.removeprefix(block.parent)
        else:
            parent = self.scope.path
            self.paths[path] = self.record.name(block.name, self.scope, labels if path == self.stretch.name else ())
        self.record.block(self.paths[path], block.name, parent, self.stage.span, block.arguments)

    def layer(self, layer: Layer, labels: Sequence[s.Ref]) -> None:
        record, span = self.record, self.stage.span
        if layer.block in self.paths:
            name = self.paths[layer.block] + layer.name.removeprefix(layer.block)
        elif layer.unit != layer.name:
            name = self.names[layer.unit] + layer.name.removeprefix(layer.unit)
        else:
            name = record.name(layer.kind.word, self.scope, labels if layer.name == self.stretch.name else ())
        inputs = [self.input(each) for each in layer.inputs]
        volumes = tuple(map(known_volume, inputs))
        outside, record.on_shortcut = record.on_shortcut, self.on_shortcut(layer)
        try:
            record.layer(
                name,
                layer.kind,
                inputs,
                span,
                self.paths.get(layer.block, self.scope.path),
                unit=self.names.get(layer.unit, ""),
                skips=layer.skips,
                shares=layer.name,
            )
            remarks = layer.kind.remarks(volumes) if volumes != layer.input_volumes else ()
            for remark in remarks:
                record.report(_mistake(remark, span, layer).diagnostic)
        except Fault as fault:
            raise _mistake(fault, span, layer) from None
        finally:
            record.on_shortcut = outside
        self.names[layer.name] = name
        if layer.name in record.says_linear:
            record.says_linear.add(name)

    def on_shortcut(self, layer: Layer) -> bool:
        """Whether the layer here for *layer* lies on a shortcut: where the line itself lay on one, that was there."""
        return self.record.on_shortcut or (layer.on_shortcut and not self.stretch.on_shortcut)

    def input(self, name: str) -> Tensor:
        """What is here for the tensor *name* there."""
        if name == self.stretch.flow:
            return self.flow
        here = self.record.assembly.get(self.names.get(name, name))
        assert here is not None
        return Tensor(here.name, here.output, here.span or self.stage.span)

    def tensor(self, there: Tensor) -> Tensor:
        """What is here for *there*, with the labels inside of it."""
        if there.volume is None or there.layer not in self.names:
            return there
        made = self.input(there.layer)
        inner = {name: self.tensor(each) for name, each in there.inner.items()}
        return made._replace(inner=inner, stretch=self.moved(there.stretch))

    def moved(self, inner: Stretch | None) -> Stretch | None:
        """The stretch here for one within that of the line."""
        if inner is None or inner.block not in self.paths or inner.flow not in self.names:
            return None
        layers, paths = self.first - self.stretch.layers.start, self.first_path - self.stretch.paths.start
        block = self.paths[inner.block]
        return Stretch(
            block + inner.name.removeprefix(inner.block),
            block,
            self.names[inner.flow],
            range(inner.layers.start + layers, inner.layers.stop + layers),
            range(inner.paths.start + paths, inner.paths.stop + paths),
            inner.on_shortcut,
        )


def _mistake(fault: Fault, span: Span, layer: Layer) -> Mistake:
    """*layer*'s complaint about being used again, at the step that does so and the one that was first."""
    first = (Label(layer.span, "made here the first time"),) if layer.span else ()
    return Mistake(fault.code, str(fault), span, fault.remark, reason=fault.reason, help=fault.help, secondary=first)
