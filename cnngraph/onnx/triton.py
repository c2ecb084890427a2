"""A model repository of NVIDIA's Triton Inference Server: the file in a folder for its version, and what it takes and
gives in ``config.pbtxt``.

The fields are those of ``ModelConfig`` in Triton's ``model_config.proto``, in protobuf's text format.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from cnngraph.diagnostics import CnngraphError
from cnngraph.files import write
from cnngraph.onnx.graph import Graph, Info
from cnngraph.volume import Free

MOST = 8
"""Pictures that the server may put into one batch; a number to be edited."""
_TYPES = {"float32": "TYPE_FP32", "float16": "TYPE_FP16", "int64": "TYPE_INT64", "uint8": "TYPE_UINT8"}
_LABELS = "labels.txt"


def place(repository: Path, name: str) -> Path:
    """Where the file of the model *name* is, in the first version."""
    return repository / name / "1" / "model.onnx"


@contextmanager
def folder(path: Path) -> Iterator[None]:
    """Makes the folder that *path* is in, which goes again where nothing comes into it. Raises `CnngraphError`."""
    missing = [each for each in path.parents if not each.exists()]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CnngraphError.of("E0902", f"cannot make the folder {path.parent}: {error.strerror}") from None
    try:
        yield
    except BaseException:
        for each in missing:
            with suppress(OSError):
                os.rmdir(each)
        raise


def configure(graph: Graph, path: Path) -> Path:
    """Writes ``config.pbtxt`` for the model at *path*, and the names of classes; gives back where it is. Raises
    `CnngraphError`."""
    home = path.parent.parent
    labels = _labels(graph)
    for number, names in labels.items():
        write(home / _file(number), "".join(f"{name}\n" for name in names).encode())
    made = home / "config.pbtxt"
    write(made, config(graph, home.name, {number: _file(number) for number in labels}).encode())
    return made


def config(graph: Graph, name: str, labels: dict[int, str]) -> str:
    """The text of ``config.pbtxt`` for the model *name*; *labels* are files of classes' names, by number of output."""
    batches = isinstance(graph.inputs[0].dims[0], Free)
    lines = [f"name: {_quoted(name)}", 'backend: "onnxruntime"', f"max_batch_size: {MOST if batches else 0}"]
    for info in graph.inputs:
        lines += _tensor("input", info, batches)
    for number, info in enumerate(graph.outputs):
        more = [f"label_filename: {_quoted(labels[number])}"] if number in labels else []
        lines += _tensor("output", info, batches, more)
    if batches:
        lines.append("dynamic_batching { }")
    return "".join(f"{line}\n" for line in lines)


def _tensor(field: str, info: Info, batches: bool, more: Iterable[str] = ()) -> list[str]:
    dims = [-1 if isinstance(dim, Free) else dim for dim in info.dims[1 if batches else 0 :]]
    said = [f"name: {_quoted(info.name)}", f"data_type: {_TYPES[info.type]}", f"dims: {dims}", *more]
    return [f"{field} {{", *(f"  {each}" for each in said), "}"]


def _labels(graph: Graph) -> dict[int, Sequence[str]]:
    """The names of the classes by the number of the output that is a vector of them."""
    classes = graph.about.classes
    return {number: classes[info.name] for number, info in enumerate(graph.outputs) if info.name in classes}


def _file(number: int) -> str:
    return _LABELS if not number else _LABELS.replace(".", f"{number + 1}.")


def _quoted(text: str) -> str:
    """A string of protobuf's text format; bytes that could be misread in octal."""
    kept = (chr(byte) if 32 <= byte < 127 and chr(byte) not in '"\\' else f"\\{byte:03o}" for byte in text.encode())
    return f'"{"".join(kept)}"'
