"""A network as one spine of units with arcs over it: what chains and residual networks are.

An arc is a tensor that passes some units by, unchanged or through a projection.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from cnngraph.diagnostics import CnngraphError
from cnngraph.network import Network
from cnngraph.units import Unit, Units, units
from cnngraph.volume import Dim

Stage = tuple[Dim, Dim] | None
"""Height and width; None for vectors."""


@dataclass(frozen=True, slots=True)
class Arc:
    """A tensor that passes units of the spine by."""

    source: int
    """Index on the spine of the unit whose tensor it carries."""
    join: int
    """Index of the unit it ends in."""
    through: tuple[Unit, ...]
    """The projection; empty when the tensor passes unchanged."""


@dataclass(frozen=True)
class Spine:
    """A network as one path of units, and what passes some of them by."""

    network: Network
    units: tuple[Unit, ...]
    arcs: tuple[Arc, ...]

    @cached_property
    def sources(self) -> frozenset[int]:
        """Where arcs leave."""
        return frozenset(arc.source for arc in self.arcs)

    def mark(self, arc: Arc) -> str:
        """What makes *arc* another than those before it with its ends: ``-2``; nothing for the first."""
        same = [other for other in self.arcs if (other.source, other.join) == (arc.source, arc.join)]
        number = next(number for number, other in enumerate(same, start=1) if other is arc)
        return f"-{number}" if number > 1 else ""

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """For every unit the height and width that it makes, None for a vector; what an arc passes over is of the
        stage where the arc ends: a block is of one stage."""
        end = list(range(len(self.units)))
        for arc in sorted(self.arcs, key=lambda arc: arc.join - arc.source):
            end[arc.source + 1 : arc.join] = [arc.join] * (arc.join - arc.source - 1)
        volumes = (self.units[number].output for number in end)
        return tuple((volume.height, volume.width) if volume.is_map else None for volume in volumes)


def spine(network: Network, style: str) -> Spine:
    """*network*'s spine; raises `CnngraphError` (E0606), in the name of *style*, when it has none."""
    whole = units(network)
    path = _path(whole, style)
    index = {unit.name: number for number, unit in enumerate(path)}
    arcs: list[Arc] = []
    covered = set(index)
    for number, unit in enumerate(path[1:], start=1):
        if len(unit.inputs) > 1 and unit.lead.kind.family != "join":
            raise refusal(network, style, f"{unit.name} takes {' and '.join(unit.inputs)}")
        main = path[number - 1].name
        rest = list(unit.inputs)
        rest.remove(main)
        for name in rest:
            through = []
            while name not in index:
                side = whole.by_name[name]
                if not _is_projection(side) or side.label or len(whole.consumers[name]) != 1:
                    raise refusal(network, style, f"{side.name} is on a branch of its own beside {main}")
                through.append(side)
                covered.add(name)
                name = side.inputs[0]
            arcs.append(Arc(index[name], number, tuple(reversed(through))))
    if left := [unit.name for unit in whole.units if unit.name not in covered]:
        raise refusal(network, style, f"{left[0]} is on a branch that ends elsewhere")
    return Spine(network, tuple(path), tuple(arcs))


def _path(whole: Units, style: str) -> list[Unit]:
    """From the input to the output: at a join along the branch that does the work."""
    network = whole.network
    if len(network.inputs) != 1 or len(network.outputs) != 1:
        many = "inputs" if len(network.inputs) > 1 else "outputs"
        raise refusal(network, style, f"it has several {many}")
    depth: dict[str, int] = {}
    for unit in whole.units:
        depth[unit.name] = int(unit.weighted) + max((depth[name] for name in unit.inputs), default=0)
    at = whole.by_name[whole.of_layer[network.outputs[0].layer]]
    path = [at]
    while at.inputs:
        marked = set(at.lead.skips)
        main = [name for position, name in enumerate(at.inputs) if position not in marked] or list(at.inputs)
        at = whole.by_name[max(main, key=lambda name: depth[name])]
        path.append(at)
    return path[::-1]


def _is_projection(unit: Unit) -> bool:
    """A 1x1 convolution or a fully connected layer, or a pool or normalization that goes with one."""
    return len(unit.inputs) == 1 and unit.lead.kind.projects


def refusal(network: Network, style: str, reason: str) -> CnngraphError:
    """The message (E0606) that *network* is no path with shortcuts over it that *style* can draw."""
    return CnngraphError.of(
        "E0606",
        f"the style `{style}` draws one path with shortcuts over it, and {network.name} is not that",
        file=network.file,
        reason=reason,
        help="--style blocks draws branches",
    )
