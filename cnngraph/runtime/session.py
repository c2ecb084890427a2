"""onnxruntime, with settings fit for running one file once, and nothing sent anywhere."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cnngraph.diagnostics import CnngraphError
from cnngraph.network import Network

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, slots=True)
class Port:
    """An input or output of a model."""

    name: str
    dims: tuple[int | str | None, ...]
    """In the model's order, batch first; a name or None where it is free."""
    type: str
    """As onnxruntime writes it: ``tensor(float)``."""


class Session:
    """An ONNX file, loaded by onnxruntime."""

    def __init__(self, path: Path, network: Network | None = None) -> None:
        """Loads the ONNX file at *path*, which *network* was written to if it is given. Raises `CnngraphError` when
        onnxruntime cannot."""
        self.network = network
        # Before the import: later is too late to keep onnxruntime from making a telemetry file in the home folder.
        os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
        import onnxruntime

        if not path.is_file():
            raise CnngraphError.of("E0801", f"there is no file {path}")
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        # Repacking the weights of large fully connected layers takes longer than one run of them.
        options.add_session_config_entry("session.disable_prepacking", "1")
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:
            reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise CnngraphError.of("E0802", f"onnxruntime cannot load {path}", reason=reason) from None
        self.inputs = tuple(Port(p.name, tuple(p.shape), p.type) for p in self._session.get_inputs())
        self.outputs = tuple(Port(p.name, tuple(p.shape), p.type) for p in self._session.get_outputs())

    def run(self, arrays: Mapping[str, Array]) -> dict[str, Array]:
        """The outputs by name. Raises `CnngraphError` with onnxruntime's reason."""
        try:
            results = self._session.run(None, dict(arrays))
        except Exception as error:
            raise CnngraphError.of(
                "E0803", "the network did not run", reason=str(error).strip().splitlines()[0]
            ) from None
        return {port.name: np.asarray(result) for port, result in zip(self.outputs, results, strict=True)}
