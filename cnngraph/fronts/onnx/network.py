"""A model as a network."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from math import prod
from typing import NoReturn

import numpy as np

from cnngraph.about import KEY, About
from cnngraph.about import read as read_about
from cnngraph.diagnostics import CnngraphError, Diagnostic
from cnngraph.fronts.content import Content
from cnngraph.fronts.draft import Draft
from cnngraph.fronts.onnx.beyond import way_out, without_a_layer
from cnngraph.fronts.onnx.constants import MALFORMED, Constant, Unknown, folded
from cnngraph.fronts.onnx.inputs import input_view
from cnngraph.fronts.onnx.messages import Info, Messages, Model, Node, Size, Subgraph, read_model
from cnngraph.fronts.onnx.operators import OPERATORS
from cnngraph.fronts.onnx.parts import Parts
from cnngraph.fronts.onnx.patterns import simplified
from cnngraph.fronts.onnx.regions import Regions, Told
from cnngraph.fronts.onnx.said import of_classes, of_pictures
from cnngraph.fronts.onnx.trace import Foreign, Rule, Step, Trace, Value
from cnngraph.fronts.onnx.turning import turned_late
from cnngraph.fronts.onnx.views import View
from cnngraph.fronts.wire import Damaged
from cnngraph.layers.kind import Fault
from cnngraph.network import Network
from cnngraph.reading import Precision, Reading
from cnngraph.spec.syntax import IMAGE
from cnngraph.volume import Dim, Free, Volume

_HISTORICAL = frozenset({"consumed_inputs", "broadcast"})
"""Attributes that old opsets have, and that say nothing of numbers here."""
_DEEPEST = 50
_FOR_ONE_PROCESSOR = (
    "onnxruntime laid it out for one processor: take the model that was optimised, or ORT_ENABLE_EXTENDED"
)


_UNKNOWN = "an operator that there is no layer for"


def read(content: Content, settings: Mapping[str, object], max_nodes: int) -> Reading:
    """The network in the model *content*. Raises `CnngraphError`."""
    try:
        model = read_model(content.path) if content.path else Messages(content.head, None).model()
        reading = _Reader(model, content, settings, max_nodes).reading()
        if settings and reading.left_out:
            _need_fit(_Reader(model, content, {}, max_nodes).reading().checked(), settings, content.name)
        return reading
    except Damaged as error:
        raise CnngraphError.of(
            "E0115", f"{content.name} is no whole ONNX model", file=content.name, reason=str(error)
        ) from None
    except OSError as error:
        raise CnngraphError.of("E0110", f"cannot read {content.name}: {error.strerror}", file=content.name) from None


def _need_fit(network: Network, settings: Mapping[str, object], file: str) -> None:
    """Raises `CnngraphError` (E0822) when *network*, of free sizes, does not run with those in *settings*: then what is
    left out has sizes that do not fit."""
    from cnngraph.sizes import misfit

    numbers = {name: int(str(size)) for name, size in settings.items()}
    if (wrong := misfit(network, numbers, "--set")) is not None:
        raise CnngraphError([replace(wrong, file=file)])


class _Reader:
    def __init__(self, model: Model, content: Content, settings: Mapping[str, object], max_nodes: int) -> None:
        self.source = model.graph
        self.model = model = replace(model, graph=turned_late(model.graph))
        self.content = content
        self.draft = Draft(content.name, settings, max_nodes)
        self.trace = Trace(self.draft, model.opset, {output.name for output in model.graph.outputs})
        self.regions = Regions(self.trace, model.graph, Told(model.graph, self._inferred))
        self.batch: Dim = 1
        self.unlike: set[int] = set()
        self.left_out: dict[str, Node] = {}
        """By what they make, the nodes behind outputs for which what leads to them is given back."""
        self.sizes: dict[str, tuple[Dim, ...]] = {}
        """Of the inputs, some of which may have been set."""
        self.branches: dict[str, str] = {}
        """By what an If makes the tensor of the branch that is taken."""
        self.inner: list[Node] = []
        """The nodes of those branches."""
        try:
            self.about = read_about(model.about.get(KEY, "") or '{"version": 1}')
        except (ValueError, RecursionError):
            self.about = About()  # whoever runs the file hears of it

    def reading(self) -> Reading:
        if self.model.training:
            self._refuse("it is a model for training", "export it for inference")
        graph = self.model.graph
        nodes = _needed(simplified(graph), [output.name for output in graph.outputs])
        self.trace.values.update((name, Constant.stored(tensor)) for name, tensor in graph.tensors.items())
        self._inputs(nodes)
        for node in nodes:
            self._do(node)
        self._outputs()
        self._remark()
        name = self.content.path.stem if self.content.path else graph.name
        title = self.model.title if self.model.producer == "cnngraph" else ""
        reading = self.draft.reading(
            name, title=title, about=f"the weights in {self.content.name}", unlike=self.unlike,
            precision=self._precision(),
        )  # fmt: skip
        if self.left_out and not any(layer.inputs for layer in reading.checked()):
            node = next(iter(self.left_out.values()))
            why = self.regions.why.get(node.outputs[0], _UNKNOWN)
            self._refuse(
                "nothing of it is understood", way_out(self.source) or self._with_sizes(), node.place,
                without_a_layer(self.source) if why == _UNKNOWN else f"{node.op}: {why}",
            )  # fmt: skip
        reading = replace(reading, left_out=len(self.left_out))
        return replace(reading, parts=self._parts(reading)) if self.regions.claims else reading

    def _parts(self, reading: Reading) -> Parts:
        """What the `opaque` layers stand for."""
        network = reading.checked()
        names = {old: new for new, old in reading.called.items() if network[new].inputs}
        names.update((layer.name, layer.name) for layer in network.inputs)
        nodes = [*self.source.nodes, *self.inner]
        return Parts(
            self.content.name, self.model, nodes, self.branches, self.trace.values, self.regions.claims,
            self.regions.told, self.batch, names,
        )  # fmt: skip

    def _precision(self) -> Precision:
        if self.trace.rounded:
            return "int8"
        is_half = any(tensor.kind == "float16" for tensor in self.model.graph.tensors.values())
        return "float16" if is_half else "float32"

    def _refuse(self, message: str, help: str, place: str = "", reason: str = "") -> NoReturn:
        raise CnngraphError(
            [Diagnostic("E0116", message, file=self.content.name, place=place, reason=reason, help=help)]
        )

    def _inputs(self, nodes: list[Node]) -> None:
        # Old files list initializers among the inputs.
        inputs = [info for info in self.model.graph.inputs if info.name not in self.trace.values]
        for info in inputs:
            try:
                view, is_last = input_view(
                    info, IMAGE if len(inputs) == 1 else info.name, nodes, self.draft, self.trace.values
                )
            except Unknown as unknown:
                self._refuse(
                    f"its input `{info.name}` {unknown}",
                    way_out(self.source) or "a network takes pictures (N, C, H, W) or vectors (N, C)",
                    reason="; ".join(filter(None, (_sizes_of(info), without_a_layer(self.source)))),
                )
            if is_last:
                self._note(
                    f"the input `{info.name}`: as everywhere here it takes channels first, (N, C, H, W)",
                    f"the file takes {' x '.join(map(str, view.sizes))}",
                )
            self.draft.say(view.layer, of_pictures(self.about) if len(inputs) == 1 else ())
            self.batch = view.batch
            self.sizes[info.name] = view.sizes
            self.trace.values[info.name] = view

    def _do(self, node: Node) -> None:
        try:
            made = self._made(node, [self.trace.values.get(name) if name else None for name in node.inputs])
            self._compare(node, made)
        except Unknown as unknown:
            made = self.regions.add(node, str(unknown))
        except Fault as fault:
            made = self.regions.add(node, fault.message)
        except Damaged as error:
            raise Damaged(f"{node.place}: {error}") from None
        except MALFORMED as error:
            # What Python says of its own objects tells nobody what is wrong with a file.
            said = "" if isinstance(error, AttributeError | TypeError) else f": {str(error).strip()}"
            made = self.regions.add(node, f"it is not as {node.op} has to be{said}")
        self.trace.values.update(zip(node.outputs, made, strict=False))

    def _compare(self, node: Node, made: list[Value]) -> None:
        """Says where the file says that a tensor has other sizes than are made here, its batch aside."""
        for name, value in zip(node.outputs, made, strict=False):
            info = self.model.graph.infos.get(name)
            if info is None or info.sizes is None or not isinstance(value, View):
                continue
            own = value.bordered_sizes
            pairs = zip(own[1:], info.sizes[1:], strict=False)
            if len(own) != len(info.sizes) or any(
                isinstance(size, int) and isinstance(said, int) and size != said for size, said in pairs
            ):
                told = " x ".join(map(str, info.sizes))
                self._note(f"the file says that it makes {told}", f"it makes {' x '.join(map(str, own))}", node.place)

    def _made(self, node: Node, values: list[Value | None]) -> list[Value]:
        if all(value is None or isinstance(value, Constant) for value in values):
            found = folded(node, [value for value in values if value is None or isinstance(value, Constant)])
            if found is not None:
                return list(found)
        if graphs := [value for value in node.attributes.values() if isinstance(value, Subgraph)]:
            return self._branch(node, values, graphs)
        if node.op == "Shape" and isinstance(values[0], Foreign):
            return [self._told(values[0], node)]
        rule = OPERATORS.get(node.op)
        if rule is None:
            raise Unknown(_UNKNOWN)
        given = _attributes(node, rule, len(values))
        values = self.regions.entered(node, values, self.batch)
        made = rule(Step(self.trace, node), *values, **given)
        return list(made) if isinstance(made, list) else [made]

    def _branch(self, node: Node, values: list[Value | None], graphs: list[Subgraph]) -> list[Value]:
        """What the branch of an If makes that is taken for every picture, as where it hangs on sizes."""
        condition = values[0] if node.op == "If" and len(graphs) == 2 else None
        if not isinstance(condition, Constant):
            self._refuse(
                f"`{node.op}` has a graph in it, which runs or not depending on what flows in",
                "a network here is the same layers for every picture; export the model without",
                node.place,
            )
        taken = node.attributes.get("then_branch" if condition.number else "else_branch")
        if not isinstance(taken, Subgraph):
            raise Unknown("an If without its branch")
        graph = taken.read()
        self.trace.values.update((name, Constant.stored(tensor)) for name, tensor in graph.tensors.items())
        self.inner += graph.nodes
        self.branches.update(zip(node.outputs, (info.name for info in graph.outputs), strict=False))
        for inner in simplified(graph):
            self._do(inner)
        made = [self.trace.values.get(info.name) for info in graph.outputs]
        if None in made:
            raise Unknown("a branch that does not make what it should")
        return [value for value in made if value is not None]

    def _told(self, value: Foreign, node: Node) -> Constant:
        """The sizes that the file says *value* has."""
        sizes = self.regions.told.sizes(value.name) or ("",)
        if not all(isinstance(size, int) and size > 0 for size in sizes) or {"start", "end"} & set(node.attributes):
            raise Unknown(value.why)
        return Constant.of(np.array(sizes, np.int64))

    def _outputs(self) -> None:
        for at, info in enumerate(self.model.graph.outputs):
            value = self.trace.values.get(info.name)
            if isinstance(value, Foreign):
                value = self._foreign_output(value)
                if value is None:
                    self.unlike.add(at)
                    continue
            if not isinstance(value, View):
                self._refuse(f"its output `{info.name}` does not depend on what flows in", "")
            view = self._given_back(info.name, value)
            if view.to_upright() is None if view.rank == 4 else not (view.volume.is_map or view.is_flat):
                self.unlike.add(at)
            self.draft.output(info.name, view.layer)
            if names := self.about.classes.get(info.name):
                self.draft.say(view.layer, [of_classes(names)])

    def _given_back(self, name: str, value: View) -> View:
        """The output *name* as the volume or the vector that it is of."""
        step = Step(self.trace, Node("", (), (name,), {}))
        try:
            view = step.view(value)
        except Unknown as unknown:
            self._refuse(f"its output `{name}` is not understood: {unknown}", "")
        try:
            return self.trace.settled(view, step)
        except Unknown:
            self._note(
                f"the output `{name}`: it is given as the volume of {view.volume} that it is of",
                f"the file gives the same numbers as {' x '.join(map(str, view.sizes[1:]))}",
            )
            return view

    def _foreign_output(self, value: Foreign) -> View | None:
        """An output that no layer makes: the batch aside, of one or three sizes, or of others as a volume all the same.
        None where its sizes are not known: then what leads there is given back instead."""
        shape = self.regions.told.sizes(value.name) or ()
        own = [size for size in shape[1:] if isinstance(size, int) and size > 0]
        is_sized = bool(own) and len(own) == len(shape) - 1
        try:
            if not is_sized:
                raise Unknown(value.why)
            match own:
                case [length]:
                    volume = Volume((length,))
                case [channels, height, width]:
                    volume = Volume((height, width, channels))
                case _:
                    volume = Volume((own[0], prod(own[1:]), 1))
            view = self.regions.view(value, volume, self.batch)
        except Unknown as unknown:
            self._ends_before(value, str(unknown), "" if is_sized else "the file does not say its size; ")
            return None
        first = self._first(value.name, shape[0])
        if len(own) not in (1, 3) or first != self.batch:
            claim = self.regions.claims[view.layer]
            self.regions.claims[view.layer] = replace(claim, sizes=(first, *own))
        if len(own) not in (1, 3):
            self._note(
                f"the output `{value.name}`: it is called a volume of {volume}",
                f"the file has it as {' x '.join(map(str, own))}",
            )
        return view

    def _first(self, name: str, size: Size) -> Dim:
        """The first *size* of the output *name*, which is another than the batch where the file says so."""
        if isinstance(size, int):
            return size if size > 0 else self.batch
        said = next((info.sizes[0] for info in self.source.outputs if info.name == name and info.sizes), "")
        batches = {"", *(info.sizes[0] for info in self.source.inputs if info.sizes)}
        return self.batch if said in batches else Free(str(said))

    def _ends_before(self, value: Foreign, why: str, unsized: str) -> None:
        """Gives back what leads to *value*, which no layer makes; *unsized* says why there is no `opaque` one."""
        nodes, inputs = self.regions.region(value.name)
        if not inputs:
            self._refuse(f"its output `{value.name}` is not understood: {why}", "", nodes[-1].place)
        self.left_out |= {node.outputs[0]: node for node in nodes}
        count = f"{len(nodes):,} nodes are" if len(nodes) > 1 else "a node is"
        self._note(
            f"the output `{value.name}`: {unsized}{count} left out, and what leads there is given back",
            f"{nodes[0].op}: {why}", nodes[0].place, "" if why == _UNKNOWN else self._with_sizes(),
        )  # fmt: skip
        for view in inputs:
            self.draft.output(view.layer, view.layer)

    def _with_sizes(self) -> str:
        """What would help where a size is not known because those of the inputs are free; empty where none is."""
        free = {
            size.name: None
            for value in map(self.trace.values.get, self.sizes)
            if isinstance(value, View)
            for size in value.volume.dims
            if isinstance(size, Free)
        }
        return f"it may be with a size for the input:  {' '.join(f'--set {name}=224' for name in free)}" if free else ""

    def _remark(self) -> None:
        """What is said of that which no layer does: once for each sort."""
        if count := self.trace.rounded:
            times = f"{count:,} tensors are" if count > 1 else "a tensor is"
            self._note(
                f"{times} rounded to 8 bits: that is left out, and the network is the one with numbers as they are",
                "weights are what their 8 bits stand for",
            )
        for name, stretches in self.regions.found.items():
            times = f"{len(stretches):,} x " if len(stretches) > 1 else ""
            count = len(stretches[0])
            nodes = f" ({count:,} nodes)" if count > 1 else ""
            why = self.regions.why[stretches[0][0].outputs[0]]
            self._note(
                f"{times}{name}{nodes}: no layer here does that; it is shown as `opaque`",
                "" if why == _UNKNOWN else why,
                place=stretches[0][0].place, help=_FOR_ONE_PROCESSOR if ".nchwc." in name else "",
            )  # fmt: skip

    def _note(self, message: str, reason: str = "", place: str = "", help: str = "") -> None:
        self.draft.remark(Diagnostic("W0120", message, place=place, reason=reason, help=help))

    def _inferred(self) -> Mapping[str, Info]:
        """What onnx infers of tensors."""
        from cnngraph.fronts.onnx.inference import infos

        assert self.model.messages is not None
        return infos(self.model.messages, self.sizes)


def _sizes_of(info: Info) -> str:
    """What the file says of the sizes of an input; empty where it says nothing."""
    return f"the file has it as {' x '.join(str(size) or '?' for size in info.sizes)}" if info.sizes else ""


def _attributes(node: Node, rule: Rule, inputs: int) -> dict[str, object]:
    """The attributes of *node* by the names that *rule* has for them. Raises `Unknown` for those that it has none
    for."""
    least, most, known = _signature(rule)
    if not least <= inputs <= most:
        raise Unknown(f"{inputs} inputs")
    given: dict[str, object] = {}
    for name, value in node.attributes.items():
        key = f"{name}_" if f"{name}_" in known else name
        if key not in known:
            if name in _HISTORICAL:
                continue
            raise Unknown(f"its attribute `{name}`")
        if not _fits(value, known[key]):
            raise Unknown(f"its attribute `{name}`, which is {value!r}")
        given[key] = value
    return given


def _fits(value: object, annotation: str) -> bool:
    """Whether an attribute is of the type that a rule wants."""
    if annotation.startswith(("Ints", "list[int]")):
        return isinstance(value, list) and all(isinstance(each, int) for each in value)
    if annotation.startswith("list[float]"):
        return isinstance(value, list) and all(isinstance(each, int | float) for each in value)
    if annotation.startswith("int"):
        return isinstance(value, int)
    if annotation.startswith("float"):
        return isinstance(value, int | float)
    return isinstance(value, str)


@cache
def _signature(rule: Rule) -> tuple[int, int, Mapping[str, str]]:
    """How few and how many inputs a rule takes, and its attributes with their types."""
    parameters = list(inspect.signature(rule).parameters.values())[1:]
    inputs = [each for each in parameters if each.kind is each.POSITIONAL_OR_KEYWORD]
    several = any(each.kind is each.VAR_POSITIONAL for each in parameters)
    least = sum(each.default is each.empty for each in inputs)
    names = {each.name: str(each.annotation) for each in parameters if each.kind is each.KEYWORD_ONLY}
    return least, 2**31 if several else len(inputs), names


def _needed(nodes: Iterable[Node], outputs: Iterable[str]) -> list[Node]:
    """Those that an output depends on."""
    wanted, kept = set(outputs), []
    for node in reversed(list(nodes)):
        if not wanted.isdisjoint(node.outputs):
            kept.append(node)
            wanted.update(_taken(node))
    return kept[::-1]


def _taken(node: Node, depth: int = 0) -> set[str]:
    """The tensors that *node*, *depth* graphs deep, takes, with those that the graphs in it take from outside."""
    if depth > _DEEPEST:
        raise Damaged(f"{node.place}: graphs in graphs, more than {_DEEPEST} deep")
    found = set(node.inputs)
    for value in node.attributes.values():
        if isinstance(value, Subgraph):
            graph = value.read()
            found.update(*(_taken(each, depth + 1) for each in graph.nodes), (info.name for info in graph.outputs))
    return found
