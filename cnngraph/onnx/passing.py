"""Parts of a model passed through: its own nodes between tensors of layers here.

A layer's tensor lies as ``(N, C, H, W)`` or ``(N, C)``; where the model has it otherwise it is reshaped and transposed
on the way in, and back on the way out. Names of the model stand behind a prefix, so that they are nobody's here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

from cnngraph.fronts.onnx.messages import KINDS
from cnngraph.fronts.onnx.messages import Node as Passing
from cnngraph.fronts.onnx.parts import Parts, Passed, Seen, Stored
from cnngraph.fronts.onnx.views import View, upright
from cnngraph.onnx.graph import Constant, Node, Type
from cnngraph.onnx.rearranging import Axes, Reshape, Stage, Transpose, sizes, stages
from cnngraph.volume import Dim

_CODES = {kind: code for code, kind in KINDS.items()}
"""TensorProto.DataType of numpy's types."""
_FLOAT = 1
_TURNS: Mapping[str, Set[str]] = {"Transpose": {"perm"}, "Reshape": set()}
"""Operators that change no number, with the attributes that they have to have."""
_WRITTEN: Mapping[str, Type] = {"float32": "float32", "float16": "float16", "int64": "int64", "uint8": "uint8"}
"""What an output can be here; others are made float32."""


@dataclass(frozen=True, slots=True)
class Own:
    """A tensor that is no layer's volume."""

    sizes: tuple[Dim, ...]
    kind: Type


@dataclass
class Lowered:
    """What the parts become."""

    nodes: list[Node] = field(default_factory=list)
    constants: list[Constant] = field(default_factory=list)
    stored: list[Stored] = field(default_factory=list)
    domains: Mapping[str, int] = field(default_factory=dict)
    own: dict[str, Own] = field(default_factory=dict)
    """By the layers that nothing takes the tensors that they make, as those are in the model."""
    between: dict[str, tuple[Dim, ...]] = field(default_factory=dict)
    """By tensors of float32 between layers and what is passed through their sizes."""


def lowered(
    parts: Parts, layers: Collection[str], live: Collection[str], tensors: Mapping[str, str], ends: Collection[str],
    opset: int, prefix: str,
) -> Lowered:  # fmt: skip
    """What *layers* stand for in operators of *opset*, where the layers that are *live* make *tensors*. Those in *ends*
    are taken by no layer.

    Raises `CnngraphError` for what cannot be passed through.
    """
    passed = parts.passed(layers, live)
    if parts.opset != opset:
        from cnngraph.onnx.converting import converted

        passed = converted(passed, parts, opset)
    return _Passing(parts, passed, tensors, prefix).lowered(ends)


class _Passing:
    def __init__(self, parts: Parts, passed: Passed, tensors: Mapping[str, str], prefix: str) -> None:
        self.parts = parts
        self.passed = passed
        self.tensors = tensors
        self.prefix = prefix
        self.made = Lowered(domains=passed.domains)
        self.names: dict[str, str] = {}
        """What tensors of the model are called here."""
        self.layer = ""
        tensors_of_it = (name for node, _, _ in passed.nodes for name in (*node.inputs, *node.outputs))
        self.taken_names = {prefix + name for name in (*tensors_of_it, *passed.takes)}
        self.node_names: set[str] = set()

    def lowered(self, ends: Collection[str]) -> Lowered:
        passed, tensors = self.passed, self.tensors
        takers = {name: layer for node, _, layer in reversed(passed.nodes) for name in node.inputs}
        for name, seen in passed.takes.items():
            self.layer = takers.get(name, "")
            self.names[name] = self.taken(name, seen)
        for layer, (tensor, seen) in passed.gives.items():
            is_plain = seen.view.is_upright or seen.view.is_flat
            if layer in ends and (is_plain or seen.sizes):
                kind = _WRITTEN.get(seen.kind, "float32")
                self.made.own[layer] = Own(seen.sizes or seen.view.sizes, kind)
            else:
                kind, is_plain = "float32", is_plain and not seen.sizes
            if kind == seen.kind and (layer in self.made.own or is_plain) and tensor not in self.names:
                self.names[tensor] = tensors[layer]
        for each in passed.stored:
            self.made.stored.append(replace(each, name=self.name(each.name)))
        for name, numbers in passed.constants.items():
            self.made.constants.append(Constant(self.name(name), numbers, (len(numbers),), "int64"))
        for node, message, layer in passed.nodes:
            domain, _, op = node.op.rpartition(".")
            output, *more = map(self.name, node.outputs)
            name = _new(node.name or node.outputs[0], self.prefix, self.node_names)
            inputs = tuple(map(self.name, node.inputs))
            if self.is_turning(node):
                self.made.nodes.append(Node(name, op, inputs, output, dict(node.attributes), layer))
            else:
                self.made.nodes.append(Node(name, f"{domain}:{op}", inputs, output, {}, layer, tuple(more), message))
        for layer, (tensor, seen) in passed.gives.items():
            self.layer = layer
            if self.name(tensor) != tensors[layer]:
                self.given(layer, self.name(tensor), seen)
        return self.made

    def is_turning(self, node: Passing) -> bool:
        """Whether *node* only gives its tensor other axes, all of which are known: then it may be told of as one of
        this graph's own."""
        if node.op not in _TURNS or node.attributes.keys() != _TURNS[node.op]:
            return False
        ends = (node.inputs[0], node.outputs[0])
        found = [self.parts.sizes_of(name) for name in ends]
        if None in found:
            return False
        self.made.between |= {self.name(name): each for name, each in zip(ends, found, strict=True) if each is not None}
        return True

    def name(self, tensor: str) -> str:
        """What a tensor of the model is called here."""
        return self.names.get(tensor, self.prefix + tensor) if tensor else ""

    def taken(self, name: str, seen: Seen) -> str:
        """A layer's tensor as the model has it under *name*."""
        at = self.tensors[seen.view.layer]
        for stage in self.stages(_upright(seen.view), seen.view.axes):
            at = self.changed(at, stage, name)
        return at if seen.kind == "float32" else self.node("Cast", [at], name, to=_CODES[seen.kind])

    def given(self, layer: str, tensor: str, seen: Seen) -> None:
        """The tensor of *layer* made of *tensor*."""
        own = self.tensors[layer]
        steps: list[Stage] = []
        axes = _upright(seen.view)
        if layer not in self.made.own and seen.sizes:
            steps = [Stage(Reshape(seen.sizes, sizes(axes)), axes)]
        elif layer not in self.made.own:
            steps = self.stages(seen.view.axes, axes)
        if seen.kind not in ("float32", layer in self.made.own and self.made.own[layer].kind):
            tensor = self.node("Cast", [tensor], layer, "" if steps else own, to=_FLOAT)
        elif not steps:
            self.node("Identity", [tensor], layer, own)
        if steps:
            self.made.between[tensor] = seen.sizes or seen.view.sizes
        for number, stage in enumerate(steps, 1):
            tensor = self.changed(tensor, stage, layer, own if number == len(steps) else "")

    def stages(self, one: Axes, other: Axes) -> list[Stage]:
        """What makes of a tensor that lies as *one* the same as *other*."""
        found = stages(one, other)
        if found is None or any(isinstance(each.step, Reshape) and each.step.shape() is None for each in found):
            self.parts.refuse(f"it takes a tensor of {_said(one)} as one of {_said(other)}")
        return found

    def changed(self, tensor: str, stage: Stage, name: str, output: str = "") -> str:
        """What the step of *stage* makes of *tensor*, under a name like *name* or as *output*."""
        if isinstance(stage.step, Transpose):
            made = self.node("Transpose", [tensor], name, output, perm=stage.step.order)
        else:
            shape = stage.step.shape() or ()
            to = Constant(_new(f"{name}.sizes", self.prefix, self.taken_names), shape, (len(shape),), "int64")
            self.made.constants.append(to)
            made = self.node("Reshape", [tensor, to.name], name, output)
        if not output:
            self.made.between[made] = stage.sizes
        return made

    def node(self, op: str, inputs: Sequence[str], name: str, output: str = "", **attributes: object) -> str:
        made = output or _new(f"{name}.{op.lower()}", self.prefix, self.taken_names)
        own = _new(f"{name}.{op.lower()}", self.prefix, self.node_names)
        self.made.nodes.append(Node(own, op, tuple(inputs), made, attributes, self.layer))
        return made


def _new(name: str, prefix: str, taken: set[str]) -> str:
    """*name* behind *prefix*, as it is not *taken* yet; from now on it is."""
    name = prefix + name
    while name in taken:
        name += "_"
    taken.add(name)
    return name


def _upright(view: View) -> Axes:
    """How the tensor lies that the layer makes here."""
    return upright(view.volume, view.batch)


def _said(axes: Axes) -> str:
    return " x ".join(map(str, sizes(axes)))
