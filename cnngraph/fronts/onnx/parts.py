"""What the `opaque` layers of a network stand for: stretches of their model's own nodes, to be passed through.

A stretch is found by a walk from the tensor that a layer makes back through the nodes as they stand in the file, up to
tensors that are what some layer of the network makes, in its order or in another, and to numbers that the file has.
Nodes and numbers are taken as they lie there: they are not understood, and numbers are not held.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NoReturn

import numpy as np

from cnngraph.diagnostics import CnngraphError
from cnngraph.fronts.onnx.constants import Constant
from cnngraph.fronts.onnx.messages import KINDS, Messages, Model, Node, Subgraph, Tensor
from cnngraph.fronts.onnx.regions import Claim, Told
from cnngraph.fronts.onnx.trace import Value
from cnngraph.fronts.onnx.views import View
from cnngraph.fronts.wire import Damaged, Stretch, fields, without
from cnngraph.volume import Dim, Free
from cnngraph.weights.readers.entry import Array

_FLOATS = frozenset({"float16", "float32", "float64"})


@dataclass(frozen=True, slots=True)
class Stored:
    """A tensor with numbers, as it stands in a model."""

    name: str
    type: int
    """TensorProto.DataType"""
    shape: tuple[int, ...]
    message: bytes
    """All that its message says but its name and where its bytes are."""
    size: int
    """Bytes of its numbers, where they are not in the message."""
    read: Callable[[], Array] | None
    """Those bytes, read from disk as they are touched; None where they are in the message. Raises `Damaged`."""

    def pieces(self) -> Iterator[memoryview]:
        """Those bytes, some at a time. Raises `CnngraphError`."""
        if self.read is None:
            return
        try:
            data = self.read()
        except (Damaged, OSError, ValueError) as error:
            raise CnngraphError.of("E0702", f"cannot read `{self.name}`: {str(error).strip()}") from None
        for start in range(0, self.size, _PIECE):
            yield data[start : start + _PIECE].data


@dataclass(frozen=True, slots=True)
class Seen:
    """A tensor of the model that a layer makes, and how it lies over its volume."""

    view: View
    kind: str
    """Of its numbers, as numpy calls it."""
    sizes: tuple[Dim, ...] = ()
    """Its own, where it is no such view but has the same numbers in the same order."""


@dataclass(frozen=True, slots=True)
class Passed:
    """All that some layers stand for."""

    nodes: tuple[tuple[Node, bytes, str], ...]
    """In their order: each node, all of its message but its name, inputs and outputs, and the layer that it is of."""
    stored: tuple[Stored, ...]
    constants: Mapping[str, tuple[int, ...]]
    """Whole numbers that the sizes of tensors make."""
    takes: Mapping[str, Seen]
    """By tensors of the model."""
    gives: Mapping[str, tuple[str, Seen]]
    """By the layers the tensors that they make."""
    domains: Mapping[str, int]
    """The operator sets of the nodes but ONNX's own, with their versions."""


@dataclass(frozen=True)
class Parts:
    """What the `opaque` layers of one network stand for."""

    file: str
    """The model's."""
    model: Model
    nodes: Sequence[Node]
    """All of it as they stand there, and those of branches that are taken."""
    branches: Mapping[str, str]
    """Tensors that are another one, of such a branch."""
    values: Mapping[str, Value]
    """What is known of its tensors, with layers under names of the model."""
    claims: Mapping[str, Claim]
    """By such names what `opaque` layers make."""
    told: Told
    batch: Dim
    """How many pictures it takes at once."""
    names: Mapping[str, str]
    """What the layers are called in the network."""

    @property
    def opset(self) -> int:
        return self.model.opset

    @cached_property
    def order(self) -> Mapping[str, int]:
        """By tensors, which of the nodes makes them."""
        return {name: at for at, node in enumerate(self.nodes) for name in node.outputs if name}

    def sizes_of(self, name: str) -> tuple[Dim, ...] | None:
        """Of a tensor of float32, where they are known."""
        kind, value = self.told.kind(name), self.values.get(name)
        if isinstance(value, View) and value.border is None and not value.spread:
            return value.sizes if kind in ("", "float32") else None
        if kind != "float32":
            return None
        sizes = self.told.sizes(name) or ()
        known = tuple(size for size in sizes if isinstance(size, int) and size > 0)
        return known if sizes and len(known) == len(sizes) else None

    def renamed(self, names: Mapping[str, str]) -> Parts:
        """The same for a network whose layers have other *names*, by those here."""
        return replace(self, names={old: names[name] for old, name in self.names.items() if name in names})

    def passed(self, layers: Collection[str], live: Collection[str]) -> Passed:
        """What *layers* stand for in a network in which *live* are made. Raises `CnngraphError`."""
        try:
            return _Walk(self, live).passed(layers)
        except Damaged as error:
            self.refuse(str(error))

    def refuse(self, reason: str, help: str = "") -> NoReturn:
        raise CnngraphError.of(
            "E0910", f"a part of {self.file} cannot be passed through", file=self.file, reason=reason,
            help=help or f"the model itself runs as it is:  cnngraph run {self.file}",
        ) from None  # fmt: skip


class _Walk:
    def __init__(self, parts: Parts, live: Collection[str]) -> None:
        self.parts = parts
        self.live = live
        self.takes: dict[str, Seen] = {}
        self.stored: dict[str, Stored] = {}
        self.constants: dict[str, tuple[int, ...]] = {}
        self.found: dict[int, str] = {}
        """By their places in the file the nodes, with their layers."""
        self.seen: set[str] = set()

    def passed(self, layers: Collection[str]) -> Passed:
        parts = self.parts
        gives: dict[str, tuple[str, Seen]] = {}
        for old, claim in parts.claims.items():
            layer = parts.names.get(old, "")
            if layer in layers:
                seen = Seen(replace(claim.view, layer=layer), self.kind(claim.tensor), claim.sizes)
                gives[layer] = (self.plain(claim.tensor), seen)
        for layer, (tensor, _) in gives.items():
            self.walk(tensor, layer)
        messages = parts.model.messages
        assert messages is not None
        nodes = []
        for at, layer in sorted(self.found.items()):
            node = parts.nodes[at]
            assert node.at is not None
            plain = replace(node, inputs=tuple(map(self.plain, node.inputs)))
            nodes.append((plain, _message(messages, node), layer))
        domains = {node.op.rpartition(".")[0] for node, _, _ in nodes} - {""}
        if unknown := domains - set(parts.model.opsets):
            parts.refuse(f"it has operators of `{min(unknown)}`, and does not say of which version")
        versions = {name: parts.model.opsets[name] for name in sorted(domains)}
        return Passed(tuple(nodes), tuple(self.stored.values()), self.constants, self.takes, gives, versions)

    def plain(self, name: str) -> str:
        """The tensor that *name* is, where it is that of a branch."""
        for _ in range(len(self.parts.branches)):
            if name not in self.parts.branches:
                break
            name = self.parts.branches[name]
        return name

    def kind(self, name: str) -> str:
        return self.parts.told.kind(name) or "float32"

    def walk(self, tensor: str, layer: str) -> None:
        """Finds all that leads to *tensor*, which *layer* makes."""
        parts = self.parts
        waiting = [tensor]
        while waiting:
            name = self.plain(waiting.pop())
            if not name or name in self.seen:
                continue
            self.seen.add(name)
            if (stored := parts.model.graph.tensors.get(name)) is not None:
                self.store(name, stored)
                continue
            if (view := self.taken(name)) is not None:
                self.takes[name] = Seen(view, self.kind(name))
                continue
            if name not in parts.order:
                parts.refuse(f"it hangs on `{name}`, which no node of the file makes")
            node = parts.nodes[parts.order[name]]
            if node.at is None or any(isinstance(value, Subgraph) for value in node.attributes.values()):
                parts.refuse(f"{node.place} has a graph in it")
            if parts.model.functions and "." in node.op:
                parts.refuse(f"{node.place} is perhaps one of the file's own functions")
            value = node.attributes.get("value")
            if node.op == "Constant" and isinstance(value, Tensor):
                self.store(name, value)
            elif (numbers := self.sizes(node)) is not None:
                self.constants[name] = numbers
            elif parts.order[name] not in self.found:
                self.found[parts.order[name]] = layer
                waiting += reversed(node.inputs)

    def store(self, name: str, tensor: Tensor) -> None:
        messages = self.parts.model.messages
        if tensor.at is None or messages is None:
            self.parts.refuse(f"tensor `{name}` does not stand in the file")
        self.stored[name] = _stored(messages, name, tensor)

    def view(self, name: str) -> View | None:
        value = self.parts.values.get(name)
        if not isinstance(value, View) or value.border is not None or value.spread:
            return None
        return value

    def taken(self, name: str) -> View | None:
        """How the tensor *name* lies over the volume of a layer that makes it; None where it is to be made as the file
        makes it."""
        view = self.view(name)
        if view is None or (self.kind(name) not in _FLOATS and name in self.parts.order):
            return None
        layer = self.parts.names.get(view.layer, "")
        if layer not in self.live or self.is_claimed(name, view):
            return None
        if not (view.is_upright or view.is_flat) and self.is_turned_here(name, view):
            return None
        return replace(view, layer=layer)

    def is_claimed(self, name: str, view: View) -> bool:
        claim = self.parts.claims.get(view.layer)
        return claim is not None and self.plain(claim.tensor) == name

    def is_turned_here(self, name: str, view: View) -> bool:
        """Whether the file makes *name* of another view of the same, from which it takes no more nodes than here."""
        parts = self.parts
        while (at := parts.order.get(name)) is not None:
            node = parts.nodes[at]
            name = self.plain(node.inputs[0]) if node.inputs else ""
            before = self.view(name)
            if before is None or before.layer != view.layer:
                return False
            if before.is_upright or before.is_flat or self.is_claimed(name, before):
                return True
        return False

    def sizes(self, node: Node) -> tuple[int, ...] | None:
        """The sizes of a tensor, where *node* makes them and they are known."""
        if node.op != "Shape" or self.view(self.plain(node.inputs[0])) is None:
            return None
        value = self.parts.values.get(node.outputs[0])
        if not isinstance(value, Constant) or any(isinstance(size, Free) for size in value.dims):
            return None
        return value.ints


def _message(messages: Messages, node: Node) -> bytes:
    """All of the message of *node* but its name, its inputs and outputs, and what is said about it. Raises `Damaged`
    for one that tells of files."""
    assert node.at is not None
    for number, _, value in fields(messages.data, node.at):
        if number == 5 and isinstance(value, Stretch):
            for inner, _, _ in fields(messages.data, value):
                if inner in _TENSORS:
                    raise Damaged(f"{node.place} has an attribute of several tensors, or a sparse one")
    if any(isinstance(value, Tensor) and value.is_outside for value in node.attributes.values()):
        raise Damaged(f"{node.place} has an attribute with numbers in another file")
    return without(messages.data, node.at, (1, 2, 3, 6, 9))


_TENSORS = frozenset({10, 22, 23})
"""Fields of AttributeProto: tensors, sparse_tensor, sparse_tensors."""


def _stored(messages: Messages, name: str, tensor: Tensor) -> Stored:
    """*tensor* as it lies in the file. Raises `Damaged` where it has not as many numbers as its sizes say."""
    assert tensor.at is not None
    sort, raw = 0, None
    typed = False
    place: dict[str, str] = {}
    for number, _, value in fields(messages.data, tensor.at):
        if number == 2 and isinstance(value, int):
            sort = value
        elif number == 9 and isinstance(value, Stretch):
            raw = value
        elif number == 13 and isinstance(value, Stretch):
            place.update([messages.pair(value)])
        elif number in _TYPED:
            typed = True
    message = without(messages.data, tensor.at, _PLACE)
    if typed and raw is None and not tensor.is_outside:
        if tensor.kind in KINDS.values():
            tensor.read()  # as many as it has to have
        return Stored(name, sort, tensor.shape, message, 0, None)
    if sort not in _BITS:
        raise Damaged(f"tensor `{name}` has numbers of type {sort}, which cannot be copied")
    size = -(-tensor.size * _BITS[sort] // 8)
    message = without(messages.data, tensor.at, (*_PLACE, *_TYPED))
    if tensor.is_outside:
        return Stored(name, sort, tensor.shape, message, size, lambda: messages.beside(name, place, size))
    found = raw or Stretch(0, 0)
    if found.length != size:
        raise Damaged(f"tensor `{name}` takes {size:,} bytes, and has {found.length:,}")
    return Stored(
        name, sort, tensor.shape, message, size, lambda: np.frombuffer(messages.data, np.uint8, size, found.start)
    )


_PLACE = (8, 9, 12, 13, 14)
"""Fields of TensorProto: its name, its bytes, what is said about it, and in which file it lies."""
_TYPED = (4, 5, 6, 7, 10, 11)
"""Those that have numbers of one type each."""
_BITS = {
    **dict.fromkeys((1, 6, 12), 32), **dict.fromkeys((2, 3, 9, 17, 18, 19, 20, 24), 8),
    **dict.fromkeys((4, 5, 10, 16), 16), **dict.fromkeys((7, 11, 13, 14), 64), 15: 128,
    **dict.fromkeys((21, 22, 23), 4),
}  # fmt: skip
"""Of one number, by TensorProto.DataType; the numbers of a tensor lie close together."""
_PIECE = 2**22
"""Bytes copied at a time."""
