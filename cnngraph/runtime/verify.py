"""Whether an ONNX file does what it says: shapes tensor by tensor, and outputs by several ways of running it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from cnngraph.about import KEY
from cnngraph.diagnostics import CnngraphError
from cnngraph.runtime.arrays import noise
from cnngraph.runtime.feeds import run_sizes
from cnngraph.runtime.rounding import AS_MUCH, unsettled
from cnngraph.runtime.session import Array, told

CLOSE = 1e-3
"""Of the largest number of an output: more than that between two ways of running is a fault, not rounding."""
CLOSE_IN_8_BITS = 0.1
"""The same for a quantized file, whose layers round to one of 256 numbers, in one way of running one up, in another one
down; and an output that is so rounded itself may be `STEPS` of its steps away."""
STEPS = 4
_BATCH = 2
SIZE = 64
"""What a free size other than the batch is, where that fits."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """One output, run in two ways."""

    output: str
    way: str
    """``onnxruntime, optimised``; ``onnx's reference``."""
    difference: float
    """The largest, relative to the largest number."""
    unsettled: float = 0.0
    """How much its answer differs to an input that is a millionth off, where the two ways are too far apart else."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of comparing."""

    tensors: int
    """How many shapes were compared with what the file declares."""
    agreements: tuple[Agreement, ...]
    sizes: Mapping[str, int] = field(default_factory=dict)
    """What free sizes were, but for the batch."""


def verify(path: Path, *, reference: bool, sizes: Mapping[str, int] | None = None) -> Verdict:
    """Checks the file at *path* and runs it on random numbers (seed 0).

    Without optimisation every tensor is looked at, then all outputs are compared with those of onnxruntime's
    optimised run and, with *reference*, of onnx's own evaluator. Raises `CnngraphError` (E0817) when the
    file is invalid, a shape is not what it declares, or outputs differ by more than `CLOSE`, quantized ones by more
    than `CLOSE_IN_8_BITS` and `STEPS`, and by more than `AS_MUCH` times what an input does that is a millionth off.
    *sizes* are what its free sizes are to be; without them such are found as it
    runs with.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnx

    try:
        onnx.checker.check_model(str(path), full_check=True)
        model = onnx.load(path, load_external_data=False)
    except Exception as error:
        raise _fault(path, "is not a valid ONNX file", str(error).strip().splitlines()[0]) from None
    said = {each.key: each.value for each in model.metadata_props}
    shapes = {output.name: output.type.tensor_type.shape.dim for output in model.graph.output}
    told(path, said.get(KEY, ""), {name: dims[1].dim_value or None for name, dims in shapes.items() if len(dims) > 1})
    if sizes is None:
        names = [dim.dim_param for port in model.graph.input for dim in port.type.tensor_type.shape.dim[1:]]
        sizes = run_sizes(path, SIZE) if any(names) else {}
    feed = _feed(model, sizes)
    outputs = [output.name for output in model.graph.output]
    plain = _run(path, model, feed, exposed=True)
    tensors = _check_shapes(path, model, plain, feed)
    ways = {"onnxruntime, optimised": _run(path, model, feed)}
    if reference:
        ways["onnx's reference"] = dict(zip(outputs, _evaluated(path, feed), strict=True))
    agreements = []
    for name in outputs:
        for way, other in ways.items():
            difference, unsure = _difference(plain[name], other[name]), 0.0
            if not difference <= _allowed(model, name, plain[name]):
                again = partial(_output, path, model, name)
                unsure = unsettled(again, feed, _difference)
                if not difference <= AS_MUCH * unsure:
                    raise _fault(
                        path, f"gives another `{name}` in {way}", f"the largest difference is {difference:.2g}"
                    )
            agreements.append(Agreement(name, way, difference, unsure))
    return Verdict(tensors, tuple(agreements), sizes)


def _output(path: Path, model: Any, name: str, feed: Mapping[str, Array]) -> dict[str, Array]:
    """One output, as the model is written."""
    return {name: _run(path, model, feed, exposed=True)[name]}


def _evaluated(path: Path, feed: Mapping[str, Array]) -> Any:
    """The outputs as onnx's own evaluator has them, which does not know every operator that onnxruntime knows."""
    import onnx
    from onnx.reference import ReferenceEvaluator

    try:
        return ReferenceEvaluator(onnx.load(path)).run(None, dict(feed))
    except Exception as error:
        raise CnngraphError.of(
            "E0817",
            f"onnx's own evaluator does not run {path}",
            reason=str(error).strip().splitlines()[0][:200],
            help="--no-reference leaves it out",
        ) from None


def _fault(path: Path, message: str, reason: str) -> CnngraphError:
    return CnngraphError.of("E0817", f"{path} {message}", reason=reason)


def _allowed(model: Any, output: str, found: Array) -> float:
    """How far an output may be off, relative to its largest number."""
    if not any(node.op_type == "QuantizeLinear" for node in model.graph.node):
        return CLOSE
    import onnx.numpy_helper

    largest = float(np.abs(found).max()) if found.size else 0.0
    scales = [
        node.input[1] for node in model.graph.node if node.op_type == "DequantizeLinear" and output in node.output
    ]
    steps = [
        float(onnx.numpy_helper.to_array(tensor).max()) for tensor in model.graph.initializer if tensor.name in scales
    ]
    return max(CLOSE_IN_8_BITS, STEPS * max(steps, default=0.0) / largest if largest else 0.0)


def _feed(model: Any, sizes: Mapping[str, int]) -> dict[str, Array]:
    """Random numbers for every input."""
    generator = np.random.default_rng(0)
    initialised = {tensor.name for tensor in model.graph.initializer}
    made = {}
    for port in model.graph.input:
        if port.name not in initialised:
            dims = [
                dim.dim_value or sizes.get(dim.dim_param, SIZE if at else _BATCH)
                for at, dim in enumerate(port.type.tensor_type.shape.dim)
            ]
            made[port.name] = noise(generator, dims, _type(port))
    return made


def _type(port: Any) -> str:
    """As onnxruntime writes it."""
    import onnx

    word = onnx.TensorProto.DataType.Name(port.type.tensor_type.elem_type).lower()
    return f"tensor({word})"


def _run(path: Path, model: Any, feed: Mapping[str, Array], *, exposed: bool = False) -> dict[str, Array]:
    """The outputs, optimised; or with *exposed* every tensor, as it is written."""
    import onnx
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what goes wrong is said by the exception
    # A model from memory does not know where it lay, and so not where its external weights are.
    options.add_session_config_entry("session.model_external_initializers_file_folder_path", str(path.parent.resolve()))
    if exposed:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        whole = onnx.ModelProto()
        whole.CopyFrom(model)
        whole.graph.output.extend(_declared(model))
        model = whole
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        names = [output.name for output in session.get_outputs()]
        return dict(zip(names, session.run(None, dict(feed)), strict=True))
    except Exception as error:
        raise _fault(path, "does not run", str(error).strip().splitlines()[0]) from None


def _declared(model: Any) -> list[Any]:
    """What is said of tensors inside, but for those that are gone: quantizers fuse layers and leave it behind."""
    made = {name for node in model.graph.node for name in node.output}
    return [info for info in model.graph.value_info if info.name in made]


def _check_shapes(path: Path, model: Any, made: Mapping[str, Array], feed: Mapping[str, Array]) -> int:
    """Every tensor's shape against the declared one; a free size is what the inputs make it, wherever it stands."""
    sizes: dict[str, int] = {}
    for port in model.graph.input:
        if port.name in feed:
            for dim, size in zip(port.type.tensor_type.shape.dim, feed[port.name].shape, strict=True):
                if dim.dim_param:
                    sizes[dim.dim_param] = size
    checked = 0
    for info in [*_declared(model), *model.graph.output]:
        declared = [dim.dim_value or sizes.get(dim.dim_param) for dim in info.type.tensor_type.shape.dim]
        found = made[info.name].shape
        if len(declared) != len(found) or any(d is not None and d != f for d, f in zip(declared, found, strict=True)):
            raise _fault(path, f"declares `{info.name}` as {declared}", f"it is {list(found)} when run")
        checked += 1
    return checked


def _difference(a: Array, b: Array) -> float:
    largest = float(np.abs(a).max()) if a.size else 0.0
    return (
        float(np.abs(a.astype(np.float64) - b).max()) / largest
        if largest
        else float(np.abs(b).max() if b.size else 0.0)
    )
