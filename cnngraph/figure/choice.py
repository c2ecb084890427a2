"""The figure of networks for which no style is asked: as in the lecture, as far as that style takes what is asked for.

Chains are cuboids, and text where runs of equal convolutions make cuboids dull; fully connected layers alone are
columns of circles; what becomes larger again, has outputs of several resolutions or several inputs is slabs in rows;
one path of convolutions with shortcuts is a strip, of modules slabs; what branches is boxes, and in little where
modules repeat.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any

from cnngraph.diagnostics import CnngraphError
from cnngraph.figure.page import height
from cnngraph.figure.spine import spine
from cnngraph.figure.styles import STYLES, WISHES, Order, draw, wishes
from cnngraph.look import said
from cnngraph.network import Network
from cnngraph.plural import many
from cnngraph.source import Span
from cnngraph.units import Units, units

if TYPE_CHECKING:
    from cnngraph.figure.scene import Scene

AUTO = "auto"
"""Instead of a style: the one that suits the networks."""
_DEEP = 30
"""Weighted layers from which on a chain is easier to see as a strip."""
_PATTERN = 0.4
"""The share of its units that the modules of a network that are alike have to have, to be what it is about."""
_UNTRUE = "E0616"
_SHAPE = ("E0603", "E0606", "E0607", "E0613")
"""What a style says of networks whose shape it cannot show, or not as a whole."""


_UNASKED = {field.name: field.default for field in fields(Order)}


@dataclass(frozen=True, slots=True)
class Own:
    """What of a figure a network said itself."""

    span: Span | None
    """Where."""
    fields: tuple[str, ...]
    """Of the `Order`."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A style, why it is the one, and the figure in it."""

    style: str
    why: str
    scene: Scene


def with_own(asked: Mapping[str, Any], networks: Sequence[Network]) -> tuple[dict[str, Any], Own | None]:
    """*asked*, fields of an `Order`, and what a single network says of its figure where nothing is asked.

    When something is asked that has no place beside what the network says, only its width, theme and font hold: then
    that is a figure of another sort.
    """
    own = said(networks[0]) if len(networks) == 1 else None
    if own is None:
        return dict(asked), None
    says = {key: value for key, value in own.named if key not in asked}
    style = asked.get("style", says.get("style", AUTO))
    wanted = {
        key for key, value in {**says, **asked}.items() if (key in WISHES and value is not False) or key == "fold"
    }
    fitting = STYLES.values() if style == AUTO else [STYLES[style]]
    if not any(wanted <= set(each.takes) for each in fitting):
        says = {key: value for key, value in says.items() if key in ("width", "theme", "font")}
    return {**says, **asked}, Own(own.span, tuple(says))


def choose(order: Order) -> Chosen:
    """The figure in the first style that suits the networks, takes what *order* asks for and fits on the page; where
    none fits, the first that takes it.

    Raises `CnngraphError` when no style that shows the networks takes it (E0608), else what the first that does says.
    """
    wanted = wishes(order)
    why = ""
    """What speaks for the best."""
    but = ""
    """What speaks against it."""
    found: Chosen | None = None
    refused: dict[str, CnngraphError] = {}
    for style, reason in _suiting(order.networks):
        why = why or reason
        missing = [wish for wish in wanted if wish not in STYLES[style].heeds(order)]
        if missing:
            but = but or f"`{style}` has no place for {_listed([WISHES[wish] for wish in missing])}"
            continue
        try:
            scene = draw(replace(order, style=style))
        except CnngraphError as error:
            if error.diagnostics[0].code == _UNTRUE:
                raise
            refused[style] = error
            first = error.diagnostics[0]
            narrow = first.code == "E0604"
            but = but or (f"`{style}` takes more: {first.help}" if narrow else first.message)
            continue
        found = found or Chosen(style, f"{why}, and {but}" if but else reason, scene)
        if scene.height <= height(order.width) or order.fold is False:
            return found if found.style == style else Chosen(style, f"{why}, and {but}", scene)
        but = but or f"`{style}` would be {scene.height:.0f} pt high, more than the {height(order.width):g} there are"
    if found is not None:
        return found
    raise _refusal(order, wanted, refused)


def _refusal(order: Order, wanted: Sequence[str], refused: dict[str, CnngraphError]) -> CnngraphError:
    """Why there is no figure: *refused* are the styles that take what is *wanted*."""
    first = next(iter(refused.values()), None)
    if first is not None and (not wanted or any(e.diagnostics[0].code not in _SHAPE for e in refused.values())):
        return first
    named = " and ".join(network.name for network in order.networks)
    reason = ""
    if first is not None:
        styles = _listed([f"`{style}`" for style in refused])
        reason = f"{styles} {'has' if len(refused) == 1 else 'have'}: {first.diagnostics[0].message}"
    words = _listed([WISHES[wish] for wish in wanted])
    return CnngraphError.of("E0608", f"no style that draws {named} has a place for {words}", reason=reason)


def _suiting(networks: Sequence[Network]) -> Iterator[tuple[str, str]]:
    """All styles, those that suit *networks* best first, and what of the networks they suit."""
    said = []
    for style, why in chain(_known(networks), ((style, "") for style in STYLES)):
        if style not in said:
            said.append(style)
            yield style, why


def _known(networks: Sequence[Network]) -> Iterator[tuple[str, str]]:
    dense = "all its layers are fully connected"
    wholes = [units(network) for network in networks]
    is_dense = all(map(_is_dense, wholes))
    if len(networks) > 1:
        if is_dense:
            yield "units", dense
        yield "strip", "it compares networks layer by layer"
        yield "blocks", "one of them branches"
        return
    (whole,) = wholes
    if whole.is_chain:
        deep = sum(unit.weighted for unit in whole.units)
        if len(whole.units) == 2:
            yield "operation", "it is one layer"
        if is_dense:
            yield "units", dense
        if _repeats(whole):
            yield "text", "a chain with runs of equal convolutions"
        chain_of = f"a chain of {many(deep, 'weighted layer')}"
        if deep < _DEEP:
            yield from ((style, chain_of) for style in ("volumes", "text", "strip"))
        yield from ((style, f"{chain_of}, too many for volumes") for style in ("strip", "text", "blocks"))
        return
    if reason := _shaped(whole):
        yield "slabs", reason
    try:
        arcs = f"one path with {many(len(spine(networks[0], 'strip').arcs), 'shortcut')}"
    except CnngraphError as error:
        branches = error.diagnostics[0].reason or "it branches"
    else:
        if not is_dense and not _is_plain(whole):
            yield "slabs", arcs
        yield from ((style, dense if is_dense else arcs) for style in (*(["units"] * is_dense), "strip"))
        branches = arcs
    from cnngraph.figure.styles.overview import patterns

    modules = patterns(networks[0])
    if modules and len(modules) * len(modules[0].units) >= _PATTERN * len(whole.units):
        yield "overview", f"it has {len(modules)} modules that are alike"
    yield "blocks", branches


def _shaped(whole: Units) -> str:
    """Why a row for each resolution shows the shape of a network; empty where it would not."""
    from cnngraph.figure.slabs.nodes import Detail, nodes
    from cnngraph.figure.slabs.resolution import resolutions

    found = nodes(whole, resolutions(whole), Detail.BLOCKS)
    if not found.falls:
        return "it makes maps larger again" if found.rises else "it has outputs of several resolutions"
    inputs = [unit for unit in whole.units if not unit.lead.inputs and unit.output.is_map]
    return f"it has {len(inputs)} inputs, each with layers of its own" if len(inputs) > 1 else ""


def _is_plain(whole: Units) -> bool:
    """Whether it is full convolutions and sums: what a strip says in few words."""
    kinds = [unit.lead.kind for unit in whole.units]
    convs = {kind.caption().name for kind in kinds if kind.family == "conv"}
    return convs <= {"conv"} and all(kind.caption().sign == "+" for kind in kinds if kind.family == "join")


def _is_dense(whole: Units) -> bool:
    """Whether all that works in it are fully connected layers."""
    families = {unit.lead.kind.family for unit in whole.units}
    return "dense" in families and not families & {"conv", "pool"}


def _repeats(whole: Units) -> bool:
    """Whether its convolutions are all of one window, stride and padding, and neighbours equal."""
    convs = [unit.lead.kind for unit in whole.units if unit.lead.kind.family == "conv"]
    forms = {(c.window, c.stride, c.padding) for c in (kind.caption() for kind in convs)}
    follow = any(a.lead.kind == b.lead.kind and a.lead.kind.family == "conv" for a, b in pairwise(whole.units))
    return len(forms) == 1 and follow


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
