"""Tensors followed through a graph: what each one is, and the layers that its nodes become.

A tensor is a `Constant`, a `View` of what a layer makes, or `Foreign`. The rules of the operators, in `operators`,
take such values and give such back; a layer is put into the draft when a rule asks for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from cnngraph.diagnostics import CnngraphError
from cnngraph.fronts.concats import Concats
from cnngraph.fronts.draft import Draft
from cnngraph.fronts.onnx.constants import Constant, Unknown
from cnngraph.fronts.onnx.messages import Node
from cnngraph.fronts.onnx.reordering import Order, makers
from cnngraph.fronts.onnx.views import Axis, Factor, View, merged, upright
from cnngraph.layers.activation import HSigmoid, Relu, Relu6, Sigmoid, Softmax
from cnngraph.layers.border import Crop, Pad
from cnngraph.layers.dense import Dropout, Flatten, Unflatten
from cnngraph.layers.join import Add, Concat, Mul
from cnngraph.layers.kind import Kind
from cnngraph.layers.pooling import AvgPool, MaxPool
from cnngraph.layers.rearrange import Reorg, Shuffle, Slice, Unreorg
from cnngraph.layers.resize import Upsample
from cnngraph.layers.values import Padding
from cnngraph.volume import Dim, Volume, as_int
from cnngraph.weights.readers.entry import Entry


@dataclass(frozen=True, slots=True)
class Foreign:
    """A tensor of which nothing is known but what the file says."""

    name: str
    why: str


Value = Constant | View | Foreign


class Trace:
    """What is known of every tensor so far."""

    def __init__(self, draft: Draft, opset: int, given_back: Collection[str] = ()) -> None:
        self.draft = draft
        self.opset = opset
        self._given_back = given_back
        """The tensors that are outputs."""
        self.values: dict[str, Value] = {}
        self._settled: dict[tuple[str, tuple[Axis, ...]], View] = {}
        self._users: dict[tuple[str, ...], tuple[Kind, str]] = {}
        """By the names of kernels the layer that used them first."""
        self._done: dict[_Work, str] = {}
        """By what a layer does the first that does it."""
        self._copies: dict[str, str] = {}
        """For each layer that uses the weights of one before, or does the same to such, that one."""
        self.stacks: dict[str, list[View]] = {}
        """What was put together to a layer's channels, part by part."""
        self.enlarged: dict[str, tuple[View, tuple[int, int]]] = {}
        """By a layer of which each row or column is copied what it is made of, and how often down and across."""
        self.places: dict[str, tuple[View, MaxPool]] = {}
        """By the tensor that says where the largest numbers were, what was pooled, and how."""
        self.rounded = 0
        """How many tensors the file rounds to 8 bits."""
        self._concats = Concats()
        self._concatenated: dict[str, View] = {}

    def settled(self, view: View, step: Step) -> View:
        """The same numbers as a volume or a vector that lies as it should: through layers that rearrange them, where
        the view is another one. Raises `Unknown` for what no layer does."""
        if view.is_upright or view.is_flat:
            return view
        key = (view.layer, view.axes)
        if key not in self._settled:
            self._settled[key] = self._settle(view, step)
        return self._settled[key]

    def _settle(self, view: View, step: Step) -> View:
        volume, batch = view.volume, view.batch
        start: Axis = () if batch == 1 else (Factor("N", batch),)
        if view.axes[:1] != (start,):
            raise Unknown("a tensor whose first axis is not the batch")
        if view.rank == 2:
            if not volume.is_map:
                raise Unknown("numbers of a vector in another order")
            if view.axes[1] == tuple(each for axis in upright(volume, batch)[1:] for each in axis):
                return step.layer(Flatten(), view, is_aside=True)
            raise Unknown("a flattened volume in another order")
        if view.rank != 4:
            raise Unknown(f"a tensor of rank {view.rank}")
        if not volume.is_map:
            if view.axes[1:] == upright(Volume((1, 1, volume.channels)), batch)[1:]:
                return step.layer(Unflatten(), view, is_aside=True)
            return self._unflattened(view, step)
        return self._rearranged(view, step)

    def _unflattened(self, view: View, step: Step) -> View:
        """A vector that is cut into channels, rows and columns."""
        channels, height, width = view.axes[1:]
        sizes = [as_int(size) for size in view.sizes[1:]]
        factors = [factor for axis in (channels, height, width) for factor in axis]
        strides = [factor.stride for factor in factors]
        if any(factor.of != "C" for factor in factors):
            raise Unknown("numbers of a vector in another order")
        if strides != sorted(strides, key=as_int, reverse=True):
            self._reorder(view)
        made = (sizes[1], sizes[2], sizes[0])
        return step.layer(Unflatten(volume=None if made[:2] == (1, 1) else made), view, is_aside=True)

    def _reorder(self, view: View) -> None:
        """Has what makes the vector of *view* make its numbers in the order in which they stand there. Raises `Unknown`
        where it cannot, or something else takes it."""
        kept = {value.layer for name in self._given_back if isinstance(value := self.values.get(name), View)}
        layers = makers(self.draft, view.layer, kept)
        order = Order(view)
        others = {name: value for name, value in self.values.items()
                  if isinstance(value, View) and value.layer in (layers or ())}  # fmt: skip
        seen = {name: order.seen(value) for name, value in others.items()}
        if layers is None or None in seen.values():
            raise Unknown("numbers of a vector in another order")
        for layer in layers:
            self.draft.change(layer, order.put)
        self._users = {kernels: user for kernels, user in self._users.items() if user[1] not in layers}
        self.values.update((name, value) for name, value in seen.items() if value is not None)

    def _rearranged(self, view: View, step: Step) -> View:
        """Channels in another order, squares of pixels as channels, or channels as squares of pixels."""
        volume = view.volume
        channels, height, width = view.axes[1:]
        rows, columns = (factor for axis in upright(volume, 1)[2:] for factor in axis or (Factor("H", 1),))
        whole_rows = (rows,) if volume.height != 1 else ()
        whole_columns = (columns,) if volume.width != 1 else ()
        if (height, width) == (whole_rows, whole_columns):
            match channels:
                case (Factor(of="C", stride=1) as inner, Factor(of="C") as outer) if outer.stride == inner.size:
                    return step.layer(Shuffle(g=as_int(outer.size)), view, is_aside=True)
        match height, width:
            case ((Factor(of="H") as high, Factor(of="C") as down), (Factor(of="W") as wide, Factor(of="C") as across)):
                n = as_int(down.size)
                if (high.size, wide.size, across.size) == (volume.height, volume.width, n):
                    if across.stride == 1 and down.stride == n and _is_rest(channels, n * n):
                        return step.layer(Unreorg(n=n, order="by_channel"), view, is_aside=True)
                    left = as_int(volume.channels) // (n * n)
                    if across.stride == left and down.stride == left * n and _is_rest(channels, 1, left):
                        return step.layer(Unreorg(n=n), view, is_aside=True)
            case ((Factor(of="H") as high,), (Factor(of="W") as wide,)) if high.stride == wide.stride:
                n = as_int(high.stride)
                down, across = Factor("H", n, 1), Factor("W", n, 1)
                own = (Factor("C", volume.channels),) if volume.channels != 1 else ()
                if channels == (*own, down, across):
                    return step.layer(Reorg(n=n, order="by_channel"), view, is_aside=True)
                if channels == (down, across, *own):
                    return step.layer(Reorg(n=n), view, is_aside=True)
        inside = tuple(each for axis in upright(volume, 1)[1:] for each in axis)
        if merged(each for axis in view.axes[1:] for each in axis) == merged(inside):
            made = (as_int(view.sizes[2]), as_int(view.sizes[3]), as_int(view.sizes[1]))
            return step.layer(Unflatten(volume=made), step.layer(Flatten(), view, is_aside=True), is_aside=True)
        raise Unknown("numbers in an order that no layer makes")

    def joined(self, step: Step, views: list[View], kind: Kind) -> View:
        """*views*, which lie alike, joined by *kind*. What a concatenation has in common with one before it is taken
        from that one, so that one that grows layer by layer is seen as such."""
        if not isinstance(kind, Concat):
            return step.layer(kind, *views, like=views[0])
        names = [view.layer for view in views]
        first, *rest = self._concats.shortened(names)
        if not rest:
            return self._concatenated[first]
        left = views[len(views) - len(rest) :]
        made = step.layer(kind, self._concatenated[first] if first != names[0] else views[0], *left, like=views[0])
        self._concats.add(names, made.layer)
        self._concatenated[made.layer] = made
        return made

    def as_large_as(self, size: tuple[Dim, Dim]) -> View | None:
        """A picture of that height and width, the last one made."""
        for value in reversed(self.values.values()):
            if isinstance(value, View) and value.is_upright and value.volume.dims[:2] == size:
                return value
        return None

    def is_never_below(self, layer: str, if_inputs: bool = False) -> bool:
        """Whether *layer* makes no number below 0, whatever flows in; *if_inputs* only where nothing below 0 does."""
        waiting, seen = [layer], set[str]()
        while waiting:
            name = waiting.pop()
            kind, inputs = self.draft.made_by(name)
            if name in seen or isinstance(kind, _FROM_ZERO) or (if_inputs and not inputs):
                continue
            if not inputs or not isinstance(kind, _NO_LOWER):
                return False
            seen.add(name)
            waiting += inputs
        return True

    def shared(self, kind: Kind, kernels: tuple[str, ...]) -> str:
        """The layer that uses the tensors *kernels* of the file already, for one of the same *kind*; empty if none
        does."""
        known, name = self._users.get(kernels, (None, ""))
        return name if known == kind else ""

    def again(self, kind: Kind, kernels: tuple[str, ...], inputs: Sequence[str]) -> str:
        """The layer that does the same, with the tensors *kernels* of the file, to what the *inputs* are copies of;
        empty if none does."""
        return "" if self._copies.keys().isdisjoint(inputs) else self._done.get(self._work(kind, kernels, inputs), "")

    def uses(self, kind: Kind, kernels: tuple[str, ...], inputs: Sequence[str], layer: str, copy_of: str) -> None:
        """Notes that *layer* uses the tensors *kernels*, and is a *copy_of* one before, if of any."""
        if kernels:
            self._users.setdefault(kernels, (kind, layer))
        self._done.setdefault(self._work(kind, kernels, inputs), layer)
        if copy_of:
            self._copies[layer] = copy_of

    def _work(self, kind: Kind, kernels: tuple[str, ...], inputs: Sequence[str]) -> _Work:
        return kind, kernels, tuple([self._copies.get(each, each) for each in inputs])


_Work = tuple[Kind, tuple[str, ...], tuple[str, ...]]
"""A kind, the tensors that it uses, and the layers that it takes from."""

_FROM_ZERO = (Relu, Relu6, Sigmoid, HSigmoid, Softmax)
_NO_LOWER = (Add, AvgPool, Concat, Dropout, Flatten, MaxPool, Mul, Reorg, Shuffle, Slice, Unflatten, Unreorg, Upsample)
"""What makes no numbers below 0 of others that are not."""


def _is_rest(axis: Axis, stride: int, size: int | None = None) -> bool:
    """Whether *axis* is of channels *stride* apart, *size* of them or whatever is left."""
    if axis == ():
        return size in (None, 1)
    return len(axis) == 1 and axis[0].of == "C" and axis[0].stride == stride and size in (None, axis[0].size)


class Step:
    """One node at work."""

    def __init__(self, trace: Trace, node: Node) -> None:
        self.trace = trace
        self.node = node
        self.scope = scope(node)
        self.opset = trace.opset

    def view(self, value: Value | None) -> View:
        """A tensor that hangs on the network's inputs. Raises `Unknown` for another."""
        if not isinstance(value, View):
            raise Unknown(value.why if isinstance(value, Foreign) else "a constant where a tensor is expected")
        if value.spread:
            return self._repeated(value)
        return value if value.border is None else self._bordered(value)

    def map(self, value: Value | None) -> View:
        """A tensor as the volume that ONNX's operators on pictures take. Raises `Unknown`."""
        found = self.trace.settled(self.view(value), self)
        if not found.is_upright:
            raise Unknown("a vector where a picture is expected")
        return found

    def by_channel(self, value: Value | None) -> View:
        """A tensor as it lies, but for channels dealt from groups: these are put in their order. Raises `Unknown`."""
        view = self.view(value)
        own = upright(view.volume, view.batch)
        is_dealt = view.rank == len(own) == 4 and view.axes[2:] == own[2:] and view.axes[:2] != own[:2]
        return self.trace.settled(view, self) if is_dealt else view

    def vector(self, value: Value | None) -> View:
        """A tensor as one vector for each of the batch. Raises `Unknown`."""
        view = self.view(value)
        if view.volume.is_map and view.rank == 2 and all(size == 1 for size in view.volume.dims[:2]):
            return self.layer(Flatten(), view, is_aside=True)  # one pixel's channels
        found = self.trace.settled(view, self)
        if not found.is_flat:
            raise Unknown("a volume where a vector is expected")
        return found

    def constant(self, value: Value | None) -> Constant:
        """Raises `Unknown` for what hangs on the network's inputs."""
        if not isinstance(value, Constant):
            raise Unknown(f"{self.node.op} by numbers that depend on the picture")
        return value

    def layer(
        self,
        kind: Kind,
        *views: View,
        like: View | None = None,
        weights: Mapping[str, Constant] | None = None,
        is_aside: bool = False,
    ) -> View:
        """A layer of *kind* on *views*, with *weights* by the names of its parameters; as a view *like* that one, else
        as it lies. One that *is_aside* only makes ready what the node takes, and is not called after it."""
        trace = self.trace
        given = weights or {}
        kernels = tuple(each.name for each in given.values())
        inputs = [view.layer for view in views]
        # Exporters write equal tensors once: that two normalizations begin alike doesn't say that they are one. What
        # has no name is in no file.
        is_own = any(each.name and len(each.shape) > 1 for each in given.values())
        copy_of = trace.shared(kind, kernels) if is_own else trace.again(kind, kernels, inputs)
        entries = {name: Entry(each.name, each.shape, "float32", each.get) for name, each in given.items()}
        label = self.node.name or self.node.outputs[0]
        label = f"{label}.{kind.word}" if is_aside else label
        try:
            name = trace.draft.add(
                kind,
                inputs,
                label,
                scope=self.scope,
                place=self.node.place,
                weights=entries,
                shares=copy_of if given else "",
            )
        except CnngraphError as error:
            if error.diagnostics[0].code.startswith("E05"):
                raise  # a limit
            raise Unknown(error.diagnostics[0].message) from None
        trace.uses(kind, kernels, inputs, name, copy_of)
        volume = trace.draft.volume(name)
        if like is not None:
            return like.over(name, volume)
        return View(name, volume, upright(volume, views[0].batch))

    def _bordered(self, view: View) -> View:
        """With its border put on or cut off."""
        border = view.border
        assert border is not None
        order = view.to_upright()
        if order is None:
            raise Unknown("a border around a tensor that is no picture")
        back = [order.index(n) for n in range(4)]
        plain = replace(view, border=None).turned(order)
        sides = border.sides
        if any(side < 0 for side in sides):
            plain = self.layer(Crop(n=_given(*(max(-side, 0) for side in sides))), plain, is_aside=True)
        put = _given(*(max(side, 0) for side in sides))
        if any(put.amounts):
            plain = self.layer(Pad(n=put, filling=border.filling, value=border.value), plain, is_aside=True)
        return plain.turned(back)

    def _repeated(self, view: View) -> View:
        """With its one row, column or channel as often as it is to be there."""
        plain = replace(view, spread=())
        order = plain.to_upright()
        if order is None:
            raise Unknown("a tensor repeated that is no picture")
        back = [order.index(n) for n in range(4)]
        made = plain.turned(order)
        batch, channels, *size = (view.spread[n] for n in order)
        if batch != made.sizes[0]:
            raise Unknown("a tensor repeated along the batch")
        if size != list(made.sizes[2:]):
            made = self._as_large(made, (size[0], size[1]))
        if channels != made.sizes[1]:
            if not isinstance(channels, int) or channels > MOST_COPIES:
                raise Unknown(f"a channel repeated {channels} times")
            made = self.layer(Concat(), *[made] * channels, is_aside=True)
        return made.turned(back)

    def _as_large(self, view: View, size: tuple[Dim, Dim]) -> View:
        """One pixel, row or column repeated to a height and width."""
        if isinstance(size[0], int) and isinstance(size[1], int):
            return self.layer(Upsample(to=(size[0], size[1])), view, is_aside=True)
        like = self.trace.as_large_as(size)
        if like is None:
            raise Unknown("a tensor repeated to a size that no other tensor has")
        return self.layer(Upsample(), view, like, is_aside=True)


MOST_COPIES = 8
"""How often a channel may be put beside itself: as a line of a spec says it."""


def _given(top: int, left: int, bottom: int, right: int) -> Padding:
    return Padding("given", (top, left, bottom, right))


def scope(node: Node) -> str:
    """The path of the module that *node* was made by: ``layer1.0.conv1``; empty where nothing tells.

    From the name of a node as PyTorch's exporter writes it, ``/layer1/layer1.0/conv1/Conv``.
    """
    if node.scopes:
        return _scope_listed(node.scopes)
    if not node.name.startswith("/"):
        return ""
    path: list[str] = []
    before = ""
    for part in node.name[1:].split("/")[:-1]:
        path.append(part.removeprefix(f"{before}.") if before else part)
        before = part
    return ".".join(path)


def _scope_listed(text: str) -> str:
    """The last but one of ``['', 'layer1', 'layer1.0', 'layer1.0.conv1', 'conv2d']``: the last is the operator's."""
    found = re.findall(r"'([^']*)'", text)
    return found[-2] if len(found) > 1 else ""


Rule = Callable[..., "Value | list[Value]"]

OPERATORS: dict[str, Rule] = {}
"""By the operator's name what its nodes become. A rule takes the step, the node's inputs (None for one that is left
out) and, by the names that ONNX gives them, its attributes."""


_R = TypeVar("_R", bound=Rule)


def operator(*ops: str) -> Callable[[_R], _R]:
    """Decorator: the rule of *ops*."""

    def known(rule: _R) -> _R:
        OPERATORS.update(dict.fromkeys(ops, rule))
        return rule

    return known


def dims_of(value: Value | None) -> tuple[Dim, ...]:
    """The sizes of a tensor. Raises `Unknown` where they are not known."""
    match value:
        case Constant():
            return value.shape
        case View():
            return value.bordered_sizes
    raise Unknown("a tensor of which nothing is known")
