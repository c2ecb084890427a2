"""From a network and its weights to an ONNX file: lowered, changed by passes, written."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from cnngraph.diagnostics import CnngraphError
from cnngraph.network import Network
from cnngraph.onnx.graph import Graph
from cnngraph.onnx.lower import lower
from cnngraph.onnx.passes import Done, run_passes
from cnngraph.onnx.write import LARGEST, Written, write
from cnngraph.preprocessing import Form, Preprocessing
from cnngraph.weights.source import Weights

if TYPE_CHECKING:
    from cnngraph.fronts.onnx.parts import Parts


@dataclass(frozen=True)
class Model:
    """A network as it is written to a file."""

    graph: Graph
    weights: Weights
    done: tuple[Done, ...] = ()
    """What each pass did."""

    def passed(self, without: Collection[str] = ()) -> Model:
        """After every pass but those in *without*."""
        return Model(*run_passes(self.graph, self.weights, without))

    def half(self) -> Model:
        """In float16 inside."""
        from cnngraph.onnx.half import to_half

        if any(node.verbatim for node in self.graph.nodes):
            raise CnngraphError.of(
                "E0910", "what is passed through from a model keeps its numbers as they are",
                reason="the network has parts that no layer here does, and they would have to be in float16",
                help="leave out  --dtype float16",
            )  # fmt: skip
        return replace(self, graph=to_half(self.graph))

    def prepared(self, form: Form) -> Model:
        """With what pictures go through in front: bytes go in, as *form* says."""
        from cnngraph.onnx.prepare import prepared

        return replace(self, graph=prepared(self.graph, self.graph.about.pictures or Preprocessing(), form))

    @property
    def owners(self) -> dict[str, str]:
        """The layer that each node is part of, by the node's name."""
        return {node.name: node.layer for node in self.graph.nodes if node.layer}

    def write(self, path: Path, external: int = LARGEST) -> Written:
        """Writes the file at *path*; the rest is as in `cnngraph.onnx.write.write`."""
        return write(self.graph, self.weights, path, external)

    @contextmanager
    def file(self) -> Iterator[Path]:
        """A file of it that is there for a while."""
        with tempfile.TemporaryDirectory(prefix="cnngraph-") as folder:
            path = Path(folder) / f"{self.graph.name[:64]}.onnx"
            self.write(path)
            yield path


def lowered(
    network: Network, choose: Callable[[], Weights], *, opset: int | None = None, batch: int | None = None,
    parts: Parts | None = None,
) -> Model:  # fmt: skip
    """*network* layer by layer, with the weights that *choose* gives once it is known that the opset is written.

    The rest is as in `lower`. Raises `CnngraphError` like that and *choose*.
    """
    graph = lower(network, opset=opset, batch=batch, parts=parts)
    return Model(graph, choose())
