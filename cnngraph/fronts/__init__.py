"""The formats that networks come in. Each is a module here; how a file begins decides which it is read by.

A front end makes its layers through `cnngraph.assembly`, and what it says of them as `Diagnostic`s: with a span of
its text, or with the file and a `place` in it where there is no text.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from cnngraph.assembly import MAX_NODES
from cnngraph.diagnostics import CnngraphError
from cnngraph.fronts.beginnings import is_caffe, is_darknet, is_onnx
from cnngraph.fronts.content import Content, opened
from cnngraph.fronts.given import SIZES
from cnngraph.network import Network
from cnngraph.reading import Reading
from cnngraph.source import Source
from cnngraph.text import is_text
from cnngraph.volume import Free

if TYPE_CHECKING:
    from cnngraph.weights.source import Weights


@dataclass(frozen=True, slots=True)
class Format:
    """A format that networks come in."""

    name: str
    """``an ONNX model``"""
    suffixes: tuple[str, ...]
    """They decide only where the content does not."""
    recognises: Callable[[bytes], bool]
    """Whether content that begins so is of this format."""
    module: str
    """Has ``read(content, settings, max_nodes) -> Reading``, which raises `CnngraphError`."""
    weights: str = ""
    """The suffix of files that have the weights of such networks and of no others, and need one to be read. ``read`` of
    such a format takes the ``input`` that the network is to have, and the path of its ``weights``, too."""
    sizes: tuple[str, ...] = ()
    """What can be set of every network in it."""

    def read(self, content: Content, settings: Mapping[str, object], max_nodes: int) -> Reading:
        """What comes of reading *content*; what the format has no place for is seen to here."""
        found = import_module(self.module).read(content, settings, max_nodes)
        assert isinstance(found, Reading)
        if self is SPEC or found.network is None:
            return found
        from cnngraph.remarks import diagnostics

        # That two linear layers follow one another was decided where the file is from.
        doubts = (each for each in diagnostics(found.network) if each.code != "W0104")
        return replace(found, diagnostics=(*found.diagnostics, *doubts))


ONNX = Format("an ONNX model", (".onnx",), is_onnx, "cnngraph.fronts.onnx")
DARKNET = Format("a darknet network", (".cfg",), is_darknet, "cnngraph.fronts.darknet", ".weights", SIZES)
CAFFE = Format("a Caffe network", (".prototxt",), is_caffe, "cnngraph.fronts.caffe", ".caffemodel", SIZES)
SPEC = Format("a spec", (".spec",), is_text, "cnngraph.fronts.spec")
FORMATS = [ONNX, DARKNET, CAFFE, SPEC]
"""In the order in which content is shown to them; text that no other knows is a spec."""


def format_of(content: Content) -> Format:
    """The format of *content*; a spec when nothing speaks for another."""
    suffix = Path(content.name).suffix.lower()
    others = [each for each in FORMATS if each is not SPEC]
    by_content = (each for each in others if each.recognises(content.head))
    by_suffix = (each for each in others if suffix in each.suffixes)
    return next(by_content, None) or next(by_suffix, SPEC)


def load(file: str | Path, *, max_nodes: int = MAX_NODES, **params: object) -> Network:
    """The network in *file*, which is a path, ``-`` or the name of a shipped network.

    *params* set the spec's params: ``load("resnet", depth=34)``. Raises `CnngraphError`.
    """
    return read(str(file), params, max_nodes=max_nodes).checked()


def parse(text: str, *, name: str = "<text>", max_nodes: int = MAX_NODES, **params: object) -> Network:
    """The network that *text*, a spec, describes. Raises `CnngraphError`."""
    from cnngraph.fronts.spec import read_source

    return read_source(Source(name, text), params, max_nodes=max_nodes).checked()


def read(file: str, settings: Mapping[str, object], *, max_nodes: int = MAX_NODES) -> Reading:
    """Like `load`, with the diagnostics beside the network. A setting that is text is read as the
    language would read it. Raises `CnngraphError` when there is no such file or it is in no known format."""
    content = opened(file)
    return format_of(content).read(content, settings, max_nodes)


def params(file: str) -> list[str]:
    """What can be set of the network in *file*: params and free sizes. Raises `CnngraphError` like `read`."""
    content = opened(file)
    found = format_of(content)
    if found is SPEC:
        from cnngraph.fronts.spec import settable

        return settable(content)
    if found.sizes:
        return list(found.sizes)
    inputs = found.read(content, {}, MAX_NODES).checked().inputs
    return list(dict.fromkeys(dim.atom for layer in inputs for dim in layer.output.dims if isinstance(dim, Free)))


def own_weights(network: Network, path: Path) -> Weights | None:
    """The weights of *network* in the file at *path*, where that is one of those that go with the format of the file
    that the network is from; None where it is not. Raises `CnngraphError`."""
    suffix = path.suffix.lower()
    if not network.file or all(suffix != each.weights for each in FORMATS):
        return None
    content = opened(network.file)
    if format_of(content).weights != suffix:
        return None
    if (weights := _again(network, content, path).weights) is None:
        raise CnngraphError.of("E0704", f"{path} has not all of the weights of {network.name}", file=str(path))
    return weights


def brought_weights(network: Network) -> Weights | None:
    """The weights that the file of *network*, read some time ago, brings; None where it brings none, or is by now that
    of another network."""
    if not os.path.isfile(network.file):
        return None
    try:
        content = opened(network.file)
        if format_of(content) is SPEC:
            return None
        reading = _again(network, content)
    except CnngraphError:
        return None
    same = reading.network is not None and [*reading.network.by_name] == [*network.by_name]
    return reading.weights if same else None


def _again(network: Network, content: Content, weights: Path | None = None) -> Reading:
    """What comes of reading *network* once more from *content*, for a format of its own with the file *weights*."""
    found, most = format_of(content), max(len(network), MAX_NODES)
    if not found.weights:
        return found.read(content, {}, most)
    sizes = network.inputs[0].output if len(network.inputs) == 1 else None
    reading = import_module(found.module).read(content, {}, most, input=sizes, weights=weights)
    assert isinstance(reading, Reading)
    return reading


def model_of(network: Network, file: str | None) -> Reading | None:
    """What comes of reading the ONNX model *file* that *network* is from, be it by a spec: its weights, and what the
    `opaque` layers stand for, under the names that layers have in *network*.

    Without *file* it is the network's own; None where that is no such model, or every layer is known. Raises
    `CnngraphError` where *file* is that of another network.
    """
    if file is None:
        if network.is_known or not is_model(network.file):
            return None
        file = network.file
    if network.is_known:
        raise CnngraphError.of(
            "E0911", f"{network.file or network.name} has no part that no layer here does", file=network.file,
            help="leave --passthrough out",
        )  # fmt: skip
    content = opened(file)
    if (found := format_of(content)) is not ONNX:
        raise CnngraphError.of(
            "E0911", f"{file} is {found.name}, and what is passed through is a part of an ONNX model", file=file
        )
    most = max(len(network), MAX_NODES)
    reading = found.read(content, {}, most)
    if sizes := _sizes_set(reading.checked(), network):
        reading = found.read(content, sizes, most)
    from cnngraph.structure.proof import differences, matching
    from cnngraph.weights.brought import BroughtWeights

    has, wanted = _plain(reading.checked()), _plain(network)
    if (names := matching(has, wanted)) is None:
        raise CnngraphError.of(
            "E0911", f"{file} is another network than {network.file or network.name}", file=file,
            reason=differences(has, wanted)[0], help="write the spec anew:  cnngraph import MODEL.onnx -o SPEC",
        )  # fmt: skip
    weights, parts = reading.weights, reading.parts
    if isinstance(weights, BroughtWeights):
        weights = weights.renamed(names, network)
    return replace(reading, network=network, weights=weights, parts=parts and parts.renamed(names))


def _sizes_set(model: Network, network: Network) -> dict[str, int]:
    """What is to be set of *model* so that its inputs are as large as those of *network*."""
    return {
        dim.atom: size
        for own, layer in zip(model.inputs, network.inputs, strict=False)
        for dim, size in zip(own.output.dims, layer.output.dims, strict=False)
        if isinstance(dim, Free) and isinstance(size, int)
    }


def _plain(network: Network) -> Network:
    """*network* without what is said of its layers, which changes no number."""
    return replace(network, layers=tuple(replace(layer, annotations=()) for layer in network.layers))


def source(file: str) -> Source:
    """The text behind a FILE argument that has to be a spec. Raises `CnngraphError`."""
    content = opened(file)
    if (found := format_of(content)) is not SPEC:
        raise CnngraphError.of("E0107", f"{file} is {found.name}, and not a spec", file=file)
    return Source(content.name, content.text)


def is_model(file: str) -> bool:
    """Whether *file* is a model that runs as it is, with weights of its own: an ONNX file."""
    return os.path.isfile(file) and format_of(opened(file)) is ONNX
