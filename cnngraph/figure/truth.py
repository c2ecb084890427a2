"""Whether a figure says of its networks what is so: checked of every figure before it is written.

Every layer that an output depends on belongs to one thing that is drawn; the lines between these things are the tensors
that go from one to another, no more and no fewer; every output is there. Linear in the network and the figure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from cnngraph.figure.scene import Group, Scene, way_out
from cnngraph.network import Network
from cnngraph.units import units


def untrue(scene: Scene, networks: Sequence[Network]) -> list[str]:
    """What is wrong with *scene* as a figure of all of *networks*; nothing, or it is a bug of the style."""
    groups = list(scene.groups())
    found: list[str] = []
    for number, network in enumerate(networks):
        prefix = f"{number + 1}." if len(networks) > 1 else ""
        found += _Reading(groups, network, prefix).faults()
    return found


class _Reading:
    """What a scene says of one network."""

    def __init__(self, groups: Sequence[Group], network: Network, prefix: str) -> None:
        self.network = network
        self.whole = units(network)
        self.layers = [layer.name for unit in self.whole.units for layer in unit.layers]
        known = set(self.layers)
        self.owner: dict[str, str] = {}
        """What each layer is drawn as."""
        self.twice: list[str] = []
        self.place: dict[str, list[tuple[str, int]]] = {}
        """The frames around a layer, and in which of their stretches it is."""
        self.drawn: set[tuple[str, str]] = set()
        self.outputs: list[tuple[str, str]] = []
        self.again: list[tuple[str, str]] = []
        """The ends of lines that are drawn once more, in another part of the figure."""
        alike: dict[str, str] = {}
        edges = []
        for group in groups:
            names = [name.removeprefix(prefix) for name in group.layers if name.startswith(prefix)]
            data = dict(group.data)
            if group.role == "layer":
                for name in names:
                    self.twice += [name] if name in self.owner else []
                    self.owner[name] = group.id
            elif "times" in data:
                period = len(names) // int(data["times"])
                for number, name in enumerate(names):
                    self.place.setdefault(name, []).append((group.id, number // period))
                    if number >= period:
                        alike.setdefault(name, names[number % period])
            elif group.role == "edge":
                source, target = (data[key].removeprefix(prefix) for key in ("src", "dst"))
                if not prefix or (source in known and data["src"].startswith(prefix)):
                    edges.append((source, target, names))
            elif group.role == "decoration" and {"src", "dst"} <= data.keys():
                ends = data["src"].removeprefix(prefix), data["dst"].removeprefix(prefix)
                self.again += [ends] if known.issuperset(ends) else []
        for source, _, names in edges:
            for name in names:
                alike[name] = source
        # What is in a later stretch is in the frames that are drawn within the first.
        for name, places in [(name, self.place[name]) for name in alike if name in self.place]:
            like = name
            while like in alike:
                like, around = alike[like], {frame for frame, _ in places}
                places += [place for place in self.place.get(like, ()) if place[0] not in around]
        for unit in self.whole.units:
            for layer in unit.layers:
                name = layer.name
                if name in self.owner:
                    continue
                seen = alike.get(name)
                while seen not in self.owner and seen in alike:
                    seen = alike[seen]
                if seen is None and layer.kind.idle and layer.inputs:
                    seen = layer.inputs[0]
                if seen in self.owner:
                    self.owner[name] = self.owner[seen]
        ways = {way_out(output.name): output.name for output in network.outputs}
        for source, target, _ in edges:
            if target in ways and target not in known:
                self.outputs.append((self.owner.get(source, source), ways[target]))
            elif (ends := (self.owner.get(source, source), self.owner.get(target, target))) != ends[::-1]:
                self.drawn.add(ends)  # else it leads from a block to one of its ports

    def faults(self) -> Iterator[str]:
        yield from (f"{name} is drawn twice" for name in self.twice)
        missing = [name for name in self.layers if name not in self.owner]
        yield from (f"{name} is not drawn" for name in missing)
        if missing:
            return
        wanted = set(self.edges())
        yield from (f"no line from {a} to {b}" for a, b in sorted(wanted - self.drawn))
        parted = [(a, b) for a, b in self.again if self.owner[a] != self.owner[b] and not self.within(a, b)]
        again = {(self.owner[a], self.owner[b]) for a, b in parted}
        yield from (f"a line from {a} to {b}, where none is" for a, b in sorted((self.drawn | again) - wanted))
        outputs = self.network.outputs
        if len(outputs) > 1:
            ends = sorted((self.owner[output.layer], output.name) for output in outputs)
            if sorted(self.outputs) != ends:
                yield f"the outputs are {ends}, and drawn are {sorted(self.outputs)}"

    def edges(self) -> Iterator[tuple[str, str]]:
        """The tensors that go from one thing that is drawn to another."""
        last = {unit.name: unit.names[-1] for unit in self.whole.units}
        for unit in self.whole.units:
            steps = [(last[source], unit.name) for source in self.whole.drawn[unit.name]]
            for before, after in (*steps, *pairwise(unit.names)):
                if self.owner[before] != self.owner[after] and not self.within(before, after):
                    yield self.owner[before], self.owner[after]

    def within(self, before: str, after: str) -> bool:
        """Whether a frame says that a tensor goes from one of its stretches to the next."""
        stretches = dict(self.place.get(after, ()))
        return any(stretches.get(frame, number) == number + 1 for frame, number in self.place.get(before, ()))
