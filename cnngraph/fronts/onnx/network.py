"""A model as a network."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import NoReturn

from cnngraph.diagnostics import CnngraphError, Diagnostic
from cnngraph.fronts.content import Content
from cnngraph.fronts.draft import Draft
from cnngraph.fronts.onnx import operators as _  # noqa: F401 (fills OPERATORS)
from cnngraph.fronts.onnx.constants import Constant, Unknown, folded
from cnngraph.fronts.onnx.messages import Info, Messages, Model, Node, Subgraph, read_model
from cnngraph.fronts.onnx.patterns import simplified
from cnngraph.fronts.onnx.trace import OPERATORS, Foreign, Rule, Step, Trace, Value
from cnngraph.fronts.onnx.views import View, upright
from cnngraph.fronts.onnx.wire import Damaged
from cnngraph.reading import Reading
from cnngraph.volume import Dim, Free, Volume
from cnngraph.weights.readers.entry import FLOATS

_LOOPS = ("If", "Loop", "Scan")
_HISTORICAL = frozenset({"consumed_inputs", "broadcast", "axis_"})
"""Attributes that old opsets have, and that say nothing of numbers here."""


def read(content: Content, settings: Mapping[str, object], max_nodes: int) -> Reading:
    """The network in the model *content*. Raises `CnngraphError`."""
    try:
        model = read_model(content.path) if content.path else Messages(content.head, None).model()
    except Damaged as error:
        raise CnngraphError.of(
            "E0111", f"{content.name} is no whole ONNX model", file=content.name, reason=str(error)
        ) from None
    except OSError as error:
        raise CnngraphError.of("E0110", f"cannot read {content.name}: {error.strerror}", file=content.name) from None
    return _Reader(model, content.name, settings, max_nodes).reading()


class _Reader:
    def __init__(self, model: Model, file: str, settings: Mapping[str, object], max_nodes: int) -> None:
        self.model = model
        self.file = file
        self.draft = Draft(file, settings, max_nodes)
        self.trace = Trace(self.draft, model.opset)
        self.unknown: Counter[tuple[str, str]] = Counter()
        self.first: dict[tuple[str, str], Node] = {}

    def reading(self) -> Reading:
        self._refuse_what_is_none()
        graph = self.model.graph
        nodes = _needed(simplified(graph), [output.name for output in graph.outputs])
        self.trace.values.update((name, Constant.stored(tensor)) for name, tensor in graph.tensors.items())
        self._inputs(nodes)
        for node in nodes:
            self._do(node)
        self._outputs()
        name = Path(self.file).stem if not self.file.startswith("<") else graph.name
        about = f"the weights in {self.file}"
        return self.draft.reading(name, about=about)

    def _refuse_what_is_none(self) -> None:
        graph = self.model.graph
        if self.model.training:
            self._refuse("E0112", "it is a model for training", "export it for inference")
        for node in graph.nodes:
            if any(isinstance(value, Subgraph) for value in node.attributes.values()):
                self._refuse(
                    "E0112", f"`{node.op}` has a graph in it, which runs or not depending on what flows in",
                    "a network here is the same layers for every picture; export the model without", node,
                )  # fmt: skip

    def _refuse(self, code: str, message: str, help: str, node: Node | None = None) -> NoReturn:
        raise CnngraphError([Diagnostic(code, message, file=self.file, place=node.place if node else "", help=help)])

    # Inputs ----------------------------------------------------------------------------------

    def _inputs(self, nodes: list[Node]) -> None:
        graph = self.model.graph
        for info in graph.inputs:
            if info.name in self.trace.values:
                continue  # an initializer, which old files list among the inputs
            if info.kind not in (*FLOATS, "uint8", ""):
                self._refuse("E0112", f"its input `{info.name}` is of {info.kind}", "a network here takes pictures")
            self.trace.values[info.name] = self._input(info, nodes)

    def _input(self, info: Info, nodes: list[Node]) -> View:
        if info.sizes is None or len(info.sizes) not in (2, 3, 4):
            sizes = "no sizes" if info.sizes is None else f"{len(info.sizes)} sizes"
            self._refuse("E0112", f"its input `{info.name}` has {sizes}", "a network here takes (N, C, H, W) or (N, C)")
        first, *rest = info.sizes
        batch: Dim = first if isinstance(first, int) and first > 0 else Free("batch")
        dims = [self._size(size, at, len(rest)) for at, size in enumerate(rest)]
        if len(dims) == 1:
            volume = Volume((dims[0],))
            name = self.draft.input(info.name, volume)
            return View(name, volume, upright(volume, batch))
        order = (1, 2, 0)
        if len(dims) == 3 and self._is_channels_last(info.name, nodes):
            order = (0, 1, 2)
        if len(dims) == 2:
            dims = [*dims, 1]
        volume = Volume(tuple(dims[n] for n in order))
        name = self.draft.input(info.name, volume)
        volume = self.draft.volume(name)
        view = View(name, volume, upright(volume, batch))
        if order == (0, 1, 2):
            return view.turned((0, 2, 3, 1))
        if len(rest) == 2:
            return View(name, volume, view.axes[:3])
        return view

    def _size(self, size: int | str, at: int, rank: int) -> Dim:
        if isinstance(size, int) and size > 0:
            return size
        name = {1: "N", 2: "CL", 3: "CHW"}[rank][at]
        if name == "C":
            self._refuse("E0112", "its input has a free number of channels", "export the model with a known one")
        return Free(name)

    def _is_channels_last(self, name: str, nodes: list[Node]) -> bool:
        """Whether all that takes the input turns it from (N, H, W, C) to (N, C, H, W)."""
        takers = [node for node in nodes if name in node.inputs]
        while len(takers) == 1 and takers[0].op in ("Cast", "Identity", "Sub", "Mul", "Div", "Add"):
            takers = [node for node in nodes if takers[0].outputs[0] in node.inputs]
        return bool(takers) and all(
            node.op == "Transpose" and node.attributes.get("perm") == [0, 3, 1, 2] for node in takers
        )

    # Nodes -----------------------------------------------------------------------------------

    def _do(self, node: Node) -> None:
        values = [self.trace.values.get(name) if name else None for name in node.inputs]
        try:
            made = self._made(node, values)
        except Unknown as unknown:
            key = (node.op, str(unknown))
            self.unknown[key] += 1
            self.first.setdefault(key, node)
            made = [Foreign(name, str(unknown)) for name in node.outputs]
        except Damaged as error:
            self._refuse("E0111", f"{self.file} is damaged: {error}", "", node)
        self.trace.values.update(zip(node.outputs, made, strict=False))

    def _made(self, node: Node, values: list[Value | None]) -> list[Value]:
        if all(value is None or isinstance(value, Constant) for value in values):
            found = folded(node, [value for value in values if value is None or isinstance(value, Constant)])
            if found is not None:
                return list(found)
        rule = OPERATORS.get(node.op)
        if rule is None:
            raise Unknown("an operator that there is no layer for")
        foreign = next((value for value in values if isinstance(value, Foreign)), None)
        if foreign is not None:
            raise Unknown(foreign.why)
        least, most, attributes = _signature(rule)
        if not least <= len(values) <= most:
            raise Unknown(f"{len(values)} inputs")
        given = {}
        for name, value in node.attributes.items():
            key = f"{name}_" if f"{name}_" in attributes else name
            if key in attributes:
                given[key] = value
            elif name not in _HISTORICAL:
                raise Unknown(f"its attribute `{name}`")
        made = rule(Step(self.trace, node), *values, **given)
        return list(made) if isinstance(made, list | tuple) else [made]  # type: ignore[list-item]

    # Outputs ---------------------------------------------------------------------------------

    def _outputs(self) -> None:
        for info in self.model.graph.outputs:
            value = self.trace.values.get(info.name)
            if not isinstance(value, View):
                self._not_understood(info.name)
            view = value
            step = Step(self.trace, Node("", (), (info.name,), {}))
            try:
                view = self.trace.settled(step.view(view), step)
            except Unknown:
                self.draft.remark(
                    Diagnostic(
                        "W0122",
                        f"the output `{info.name}` is given as a volume of {view.volume}",
                        reason=f"the file gives the same numbers as {'x'.join(map(str, view.sizes[1:]))}",
                    )  # fmt: skip
                )
            self.draft.output(info.name, view.layer)

    def _not_understood(self, output: str) -> NoReturn:
        said = [
            f"{count} × {op}: {why}" if count > 1 else f"{op}: {why}"
            for (op, why), count in self.unknown.most_common(5)
        ]
        raise CnngraphError(
            [
                Diagnostic(
                    "E0113",
                    f"what leads to the output `{output}` is not understood",
                    file=self.file,
                    place=next(iter(self.first.values())).place if self.first else "",
                    reason="; ".join(said) or "nothing makes it",
                )  # fmt: skip
            ]
        )


@cache
def _signature(rule: Rule) -> tuple[int, int, frozenset[str]]:
    """How few and how many inputs a rule takes, and the names of attributes."""
    parameters = list(inspect.signature(rule).parameters.values())[1:]
    inputs = [each for each in parameters if each.kind is each.POSITIONAL_OR_KEYWORD]
    several = any(each.kind is each.VAR_POSITIONAL for each in parameters)
    least = sum(each.default is each.empty for each in inputs)
    names = frozenset(each.name for each in parameters if each.kind is each.KEYWORD_ONLY)
    return least, 2**31 if several else len(inputs), names


def _needed(nodes: Iterable[Node], outputs: Iterable[str]) -> list[Node]:
    """Those that an output depends on."""
    wanted, kept = set(outputs), []
    for node in reversed(list(nodes)):
        if not wanted.isdisjoint(node.outputs):
            kept.append(node)
            wanted.update(node.inputs)
    return kept[::-1]
