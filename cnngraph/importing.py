"""Models from elsewhere written as specs, and what was proved of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from cnngraph.assembly import MAX_NODES
from cnngraph.diagnostics import CnngraphError, Diagnostic
from cnngraph.fronts import SPEC, format_of, params
from cnngraph.fronts.content import opened
from cnngraph.network import Network
from cnngraph.plural import many
from cnngraph.reading import Precision
from cnngraph.spec.names import is_name
from cnngraph.spec.writing.again import InTheWay, without_what_stands_in_the_way
from cnngraph.spec.writing.text import text as written
from cnngraph.structure import structured
from cnngraph.structure.proof import differences, loose, matching
from cnngraph.structure.renamed import renamed
from cnngraph.structure.written import read_again
from cnngraph.volume import Volume
from cnngraph.weights.brought import BroughtWeights
from cnngraph.weights.source import Weights

if TYPE_CHECKING:
    from cnngraph.fronts.onnx.parts import Parts

_GIVEN = re.compile(r"[^\W\d][\w -]*")
"""Names that people give; exporters have numbers and paths."""

Names = Literal["plain", "source"]


@dataclass(frozen=True, slots=True)
class Imported:
    """A model as the text of a spec, which was read again and found to be the same network."""

    text: str
    network: Network
    """As the text reads."""
    weights: Weights | None
    """Those that the file brings, for *network*."""
    called: Mapping[str, str]
    """What the file calls the layers of *network*."""
    diagnostics: tuple[Diagnostic, ...]
    unlike: frozenset[int]
    """Which outputs of *network* are others than the model's."""
    left_out: int
    """How many nodes of the model are not in it, where what leads to them stands for outputs."""
    precision: Precision
    """The numbers that the model computes with."""
    parts: Parts | None
    """What the `opaque` layers of *network* stand for."""
    is_structured: bool
    """Whether it has the blocks and skips that were found in it."""
    given_up: tuple[str, ...]
    """What was found in it and is not in the text, and what stood in the way, a line on each."""


def imported(
    file: str,
    settings: Mapping[str, object],
    *,
    flat: bool = False,
    names: Names = "plain",
    size: Mapping[str, str] | None = None,
    max_nodes: int = MAX_NODES,
) -> Imported:
    """The model *file* as a spec: with the blocks that were found in it, or *flat*, a line for each step.

    With the *names* of the source everything is called as there, in an ``@origin``. *size* is that of its input, by
    ``H``, ``W`` and ``C``, where the model leaves it open. Raises `CnngraphError` when the model cannot be read, is a
    spec, or has an input of another size.
    """
    content = opened(file)
    found = format_of(content)
    if found is SPEC:
        _ = content.text  # which says so where it is no text at all
        raise CnngraphError.of(
            "E0118", f"{file} is a spec already", file=file, help="`import` takes the models of other programs"
        )
    free = params(file) if size else []
    asked = {name: value for name, value in (size or {}).items() if name in free}
    reading = found.read(content, {**settings, **asked}, max_nodes)
    network = reading.checked()
    if size and (has := network.inputs[0].output) != Volume(tuple(int(size[each]) for each in "HWC")):
        given = "x".join(size.values())
        raise CnngraphError.of("E0210", f"--input {given}: the input of {file} is {has}", file=file)
    unproved: list[str] = []
    for is_flat in (False, True) if not flat else (True,):
        found_in = structured(loose(network), {}, blocks=False).network if is_flat else network
        shown, in_the_way = without_what_stands_in_the_way(_called(found_in, reading.called, names))
        shown = renamed(shown) if in_the_way else shown
        said, again = read_again(written(shown), file, max(max_nodes, len(network)))
        if again is not None and (same := matching(network, again)) is not None:
            weights = reading.weights
            if isinstance(weights, BroughtWeights):
                weights = weights.renamed(same, again)
            called = {same[name]: origin for name, origin in reading.called.items() if name in same}
            return Imported(
                said, again, weights, called, reading.diagnostics, reading.unlike, reading.left_out,
                reading.precision,
                reading.parts and reading.parts.renamed(same), not is_flat, (*unproved, *_given_up(in_the_way)),
            )  # fmt: skip
        why = differences(network, again)[0] if again is not None else "it is no spec"
        unproved = [f"no blocks: the text with them could not be proved to be the network: {why}"]
    raise AssertionError(f"the text written of {file} is another network")


def _given_up(in_the_way: Iterable[InTheWay]) -> list[str]:
    """A line on each block of which uses are written out, with the first of these."""
    uses: dict[str, list[InTheWay]] = {}
    for each in in_the_way:
        uses.setdefault(each.block.name, []).append(each)
    return [
        f"{many(len(alike), 'use')} of the block `{name}` written out: `{alike[0].layer}` has the weights of "
        f"`{alike[0].owner}`, and no use of a block as a whole has them again"
        for name, alike in uses.items()
    ]


def _is_given(name: str) -> bool:
    """Whether somebody gave the *name*, and no label can be it."""
    return _GIVEN.fullmatch(name) is not None and not is_name(name)


def _called(network: Network, called: Mapping[str, str], names: Names) -> Network:
    """*network* with what the file calls its layers, or without; several outputs that somebody gave names keep them."""
    if names == "plain":
        several = len(network.outputs) > 1
        outputs = tuple(
            output if several and _is_given(output.origin) else replace(output, origin="") for output in network.outputs
        )
        return replace(network, outputs=outputs)
    layers = tuple(
        replace(layer, origin=called[layer.name]) if called.get(layer.name, layer.name) != layer.name else layer
        for layer in network.layers
    )
    return replace(network, layers=layers)
