"""Numbers that are learned and that nothing leads to: the sections of YOLOR (Wang et al. 2021), which has them added to
channels or multiplied with them."""

from __future__ import annotations

from cnngraph.fronts.darknet.net import Learned, Made, Net
from cnngraph.fronts.darknet.sections import Section
from cnngraph.fronts.mistake import mistake
from cnngraph.layers.join import Add, Mul
from cnngraph.layers.kind import Kind
from cnngraph.layers.scaling import Scale, Shift
from cnngraph.volume import as_int


def learned(net: Net, section: Section, tensor: str) -> Made:
    """[implicit_add] and [implicit_mul]: a number for each of so many channels."""
    channels = section.count("filters", 128)
    take = net.numbers.take if net.numbers is not None else None
    weights = take(f"{section.name}_{section.index}", (channels,)) if take else None
    net.learned[section.index] = Learned(channels, weights)
    return None


def shift(net: Net, section: Section, tensor: str) -> Made:
    """[shift_channels]: those of `from`, or what the layer there makes, added."""
    return _with(net, section, tensor, Shift(), "bias", Add(spread=True))


def control(net: Net, section: Section, tensor: str) -> Made:
    """[control_channels]: the current tensor times those of `from`, or times what the layer there makes."""
    return _with(net, section, tensor, Scale(), "weight", Mul(spread=True))


def _with(net: Net, section: Section, tensor: str, kind: Kind, key: str, join: Kind) -> Made:
    index = section.whole("from", 0)
    found = net.learned.get(index if index >= 0 else section.index + index)
    if found is None:
        others = net.referred(section, "from")
        return None if others is None else net.add(section, join, net.alike(section, [tensor, others[0]]))
    if (channels := as_int(net.volume(tensor).channels)) != found.channels:
        raise mistake("E0401", f"[{section.name}] takes a number for each channel", section.place("from"),
                      f"{found.channels} numbers, and {channels} channels")  # fmt: skip
    weights = {key: found.weights} if found.weights is not None and not found.used else {}
    made = net.add(section, kind, [tensor], weights=weights, shares=found.used)
    found.used = found.used or made
    return made
