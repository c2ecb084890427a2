"""onnxruntime, with settings fit for running one file once, and nothing sent anywhere."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from cnngraph.about import KEY, About, read
from cnngraph.diagnostics import CnngraphError
from cnngraph.network import Network
from cnngraph.preprocessing import Preprocessing

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, slots=True)
class Port:
    """An input or output of a model."""

    name: str
    dims: tuple[int | str | None, ...]
    """In the model's order, batch first; a name or None where it is free."""
    type: str
    """As onnxruntime writes it: ``tensor(float)``."""
    channels_last: bool = False
    """Whether *dims* has the channels of a picture last, and not behind the batch."""


@dataclass(frozen=True, slots=True)
class File:
    """What is in an ONNX file."""

    digest: str
    """SHA-256 of it and of the files beside it that have numbers of its tensors."""
    operators: frozenset[str]


class Session:
    """An ONNX file, loaded by onnxruntime."""

    def __init__(self, path: Path, network: Network | None = None, *, with_file: bool = False) -> None:
        """Loads the ONNX file at *path*, which *network* was written to if it is given; *with_file* says whether there
        is to be a `file`, for which all of it is read. Raises `CnngraphError` when onnxruntime cannot, or when what it
        says about itself is not right."""
        self.network = network
        # Before the import: later is too late to keep onnxruntime from making a telemetry file in the home folder.
        os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
        import onnxruntime

        if not os.path.isfile(path):
            raise CnngraphError.of("E0801", f"there is no file {path}")
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4  # what goes wrong is said by the exception
        # Repacking the weights of large fully connected layers takes longer than one run of them.
        options.add_session_config_entry("session.disable_prepacking", "1")
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:
            reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise CnngraphError.of("E0802", f"onnxruntime cannot load {path}", reason=reason) from None
        self.outputs = tuple(Port(p.name, tuple(p.shape), p.type) for p in self._session.get_outputs())
        sizes = {port.name: port.dims[1] if len(port.dims) > 1 else None for port in self.outputs}
        about = told(path, self._session.get_modelmeta().custom_metadata_map.get(KEY, ""), sizes)
        is_last = about.pictures is not None and about.pictures.within == "uint8-nhwc"
        self.inputs = tuple(
            Port(p.name, tuple(p.shape), p.type, is_last or _is_last(p.shape)) for p in self._session.get_inputs()
        )
        self.about = about if about.pictures else replace(about, pictures=_bytes(self.inputs))
        self.file = look_at(path) if with_file else None

    @property
    def done(self) -> Preprocessing:
        """What pictures go through; values 0 to 1 where nothing is said."""
        return self.about.pictures or Preprocessing()

    def run(self, arrays: Mapping[str, Array]) -> dict[str, Array]:
        """The outputs by name. Raises `CnngraphError` with onnxruntime's reason."""
        try:
            results = self._session.run(None, dict(arrays))
        except Exception as error:
            raise CnngraphError.of(
                "E0803", "the network did not run", reason=str(error).strip().splitlines()[0]
            ) from None
        return {port.name: np.asarray(result) for port, result in zip(self.outputs, results, strict=True)}


def _is_last(dims: Sequence[int | str | None]) -> bool:
    """Whether pictures have their channels last, as in files of Keras and TensorFlow: 1 or 3 of them there, and where
    others have them something else."""
    return len(dims) == 4 and dims[3] in (1, 3) and dims[1] not in (1, 3)


def _bytes(inputs: Sequence[Port]) -> Preprocessing | None:
    """What goes into a model whose one input takes bytes, which it prepares itself; None for any other."""
    match inputs:
        case [Port(dims=(_, _, _, _), type="tensor(uint8)", channels_last=is_last)]:
            return Preprocessing(within="uint8-nhwc" if is_last else "float32-nchw")
    return None


def look_at(path: Path) -> File:
    """The ONNX file at *path*, which onnxruntime has loaded."""
    import hashlib

    import onnx

    model = onnx.load_model(path, load_external_data=False)
    outside = {e.value for each in model.graph.initializer for e in each.external_data if e.key == "location"}
    digest = hashlib.sha256()
    for name in (path.name, *sorted(outside)):
        with (path.parent / name).open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    nodes = chain(model.graph.node, *(function.node for function in model.functions))
    return File(digest.hexdigest(), frozenset(node.op_type for node in nodes))


def told(path: Path, text: str, sizes: Mapping[str, object]) -> About:
    """What *text*, the metadata `KEY` of the file at *path*, says of it; nothing where it is empty.

    *sizes* has, by output, its channels when they are fixed. Raises `CnngraphError` when that is not right (E0821).
    """
    try:
        about = read(text) if text else About()
    except (ValueError, RecursionError) as error:
        raise _strange(path, str(error)) from None
    for name, names in about.classes.items():
        if name not in sizes:
            raise _strange(path, f"it names the classes of `{name}`, which is no output")
        if isinstance(size := sizes[name], int) and size != len(names):
            raise _strange(path, f"it has {len(names)} names for the {size} classes of `{name}`")
    return about


def _strange(path: Path, reason: str) -> CnngraphError:
    return CnngraphError.of(
        "E0821", f"what {path} says about itself (its metadata `{KEY}`) cannot be used", reason=reason,
        help="write it again with this version: cnngraph export --onnx",
    )  # fmt: skip
