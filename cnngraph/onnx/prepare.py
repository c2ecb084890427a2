"""The preparation of pictures as nodes in front of a graph: bytes go in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from cnngraph.diagnostics import CnngraphError
from cnngraph.onnx.graph import Constant, Graph, Info, Node
from cnngraph.preprocessing import Form, Preprocessing
from cnngraph.volume import Dim

_FLOAT = 1
"""TensorProto.FLOAT of onnx.proto3, as Cast wants it."""
_SWAP = (2, 1, 0)


def prepared(graph: Graph, done: Preprocessing, form: Form) -> Graph:
    """*graph* with what *done* says in front of it. Its input keeps its name and takes bytes in *form*: N×H×W×C as
    uint8, or N×C×H×W as float32 with values from 0 to 255.

    Raises `CnngraphError` when there is more than one input, or it is no picture's.
    """
    if len(graph.inputs) != 1 or len(graph.inputs[0].dims) != 4 or graph.inputs[0].dims[1] not in (1, 3):
        raise CnngraphError.of(
            "E0907", "what pictures go through cannot be put into this file", reason="it does not take one picture",
            help="leave --preprocess out",
        )  # fmt: skip
    (port,) = graph.inputs
    batch, channels, height, width = port.dims
    assert isinstance(channels, int)
    names = _Names(graph, port.name)
    nodes: list[Node] = []
    infos: list[Info] = []
    at = port.name

    def node(op: str, step: str, dims: tuple[Dim, ...], *inputs: str, **attributes: object) -> str:
        name = names.new(step)
        nodes.append(Node(name, op, (at, *inputs), name, attributes))
        infos.append(Info(name, dims))
        return name

    given = port
    if form == "uint8-nhwc":
        given = Info(port.name, (batch, height, width, channels), "uint8")
        at = node("Cast", "float", given.dims, to=_FLOAT)
        at = node("Transpose", "nchw", port.dims, perm=(0, 3, 1, 2))
    constants: list[Constant] = []
    if done.bgr:
        constants.append(Constant(names.new("order"), _SWAP, (3,), "int64"))
        at = node("Gather", "bgr", port.dims, constants[-1].name, axis=1)
    factors, offsets = zip(*done.affine(channels), strict=True)
    for op, step, numbers in (("Mul", "factor", factors), ("Add", "offset", offsets)):
        constants.append(Constant(names.new(step), numbers, (channels, 1, 1), "float32"))
        at = node(op, "scaled" if op == "Mul" else "prepared", port.dims, constants[-1].name)
    behind = [
        replace(each, inputs=tuple(at if name == port.name else name for name in each.inputs)) for each in graph.nodes
    ]
    return replace(
        graph,
        inputs=(given,),
        nodes=(*nodes, *behind),
        constants=(*graph.constants, *constants),
        infos=(*infos, *graph.infos),
        about=replace(graph.about, pictures=replace(done, within=form)),
    )


class _Names:
    """Names that *graph* does not have."""

    def __init__(self, graph: Graph, input: str) -> None:
        self._input = input
        self._taken = set(_names(graph))

    def new(self, step: str) -> str:
        name = f"{self._input}.{step}"
        while name in self._taken:
            name += "_"
        self._taken.add(name)
        return name


def _names(graph: Graph) -> Iterator[str]:
    yield from (info.name for info in (*graph.inputs, *graph.outputs, *graph.infos))
    yield from (each.name for each in graph.constants)
    yield from (weight.name for weight in graph.weights)
    for node in graph.nodes:
        yield from (node.name, *node.outputs)
