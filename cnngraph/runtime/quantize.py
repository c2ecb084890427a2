"""Static quantization by onnxruntime's own tools: 8-bit weights and activations, ranges from real pictures."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cnngraph.files import replacing
from cnngraph.preprocessing import Preprocessing
from cnngraph.runtime.feeds import PictureInput
from cnngraph.runtime.session import Array, Session

UNSUITED = frozenset({"join-flatten"})
"""Passes that make operators of which onnxruntime's tools leave the float32, for others that they quantize."""


@dataclass(frozen=True, slots=True)
class Quantized:
    """What became of the answers."""

    pictures: int
    difference: float
    """The largest difference of an output from the float model's, relative to the largest output."""
    agreeing: int
    """Pictures for which the largest output is the same one."""


def quantize(model: Path, output: Path, calibration: Sequence[Path], done: Preprocessing) -> Quantized:
    """Writes the model at *model* to *output* in 8 bits: unsigned activations, signed weights, one scale a channel.

    Ranges are the smallest and largest numbers that the *calibration* pictures make. Raises `CnngraphError` when the
    network does not take one picture, or a picture cannot be read.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    session = Session(model)
    source = PictureInput.of(session, done, "calibration is with pictures")

    class Reader(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime has no types
        def __init__(self) -> None:
            self.left = map(source.feed, calibration)

        def get_next(self) -> dict[str, Array] | None:
            return next(self.left, None)

    # Its advice to preprocess is for models whose shapes are not written down.
    logging.disable(logging.WARNING)
    try:
        with tempfile.TemporaryDirectory(prefix="cnngraph-") as folder:
            made = Path(folder) / "int8.onnx"
            quantize_static(
                str(model),
                str(made),
                Reader(),
                quant_format=QuantFormat.QDQ,
                per_channel=True,
                # Otherwise sums of products leave 16 bits on processors without VNNI, and the file answers otherwise.
                reduce_range=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
            )
            compared = _compared(session, Session(made), map(source.feed, calibration))
            with replacing(output) as stream:
                stream.write(_without_leftovers(made))
    finally:
        logging.disable(logging.NOTSET)
    return compared


def _without_leftovers(path: Path) -> bytes:
    """The model at *path* without what it says of tensors that onnxruntime's tools fused away."""
    import onnx

    model = onnx.load(path)
    made = {name for node in model.graph.node for name in node.output}
    kept = [info for info in model.graph.value_info if info.name in made]
    del model.graph.value_info[:]
    model.graph.value_info.extend(kept)
    return bytes(model.SerializeToString(deterministic=True))


def _compared(exact: Session, small: Session, feeds: Iterable[Mapping[str, Array]]) -> Quantized:
    output = exact.outputs[0].name
    difference = largest = 0.0
    count = agreeing = 0
    for feed in feeds:
        a, b = exact.run(feed)[output], small.run(feed)[output]
        largest = max(largest, float(np.abs(a).max()))
        difference = max(difference, float(np.abs(a - b).max()))
        count += 1
        agreeing += int(a.argmax() == b.argmax())
    return Quantized(count, difference / largest if largest else 0.0, agreeing)
