"""Which free sizes a network runs with: what its joins ask of them, and all of its volumes for given ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import lcm

from cnngraph.diagnostics import CnngraphError, Diagnostic, Label
from cnngraph.layers.kind import Fault
from cnngraph.network import Layer, Network
from cnngraph.volume import MAX_PERIOD, Free, Volume, where_equal

MAX_TRIED = 512
"""How far from a size that does not fit one is looked for that does."""
_ORDINARY = 224
"""What a size is of which nothing is said, where any that fits will do."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What values a free size may have."""

    name: str
    period: int
    """It may be any number that leaves one of *rests* when divided by this; 0: it is one of *rests* itself."""
    rests: frozenset[int]

    def fits(self, size: int) -> bool:
        return (size % self.period if self.period else size) in self.rests

    @property
    def words(self) -> str:
        """``a multiple of 32``, ``odd``, ``56``."""
        rests = sorted(self.rests)
        if not self.period:
            return " or ".join(map(str, rests)) or "nothing"
        if rests == [0]:
            return f"a multiple of {self.period}"
        if (self.period, rests) == (2, [1]):
            return "odd"
        less = self.period - rests[1] if rests[0] == 0 else 0
        if less and rests[1:] == [*range(self.period - less, self.period)]:
            return f"a multiple of {self.period} or up to {less} less"
        return f"{' or '.join(map(str, rests))} more than a multiple of {self.period}"


def conditions(network: Network) -> tuple[Condition, ...]:
    """What the layers of *network* ask of its free sizes, as far as that can be said of each by itself."""
    found: dict[str, Condition] = {}
    for layer in () if network.is_fixed else network.layers:
        if layer.name in network.live:
            for name, period, rests in _asked(layer):
                before = found.get(name)
                both = Condition(name, period, rests) if before is None else _both(before, period, rests)
                if both is not None:
                    found[name] = both
    return tuple(_simple(each) for each in found.values() if each.period != 1)


def _asked(layer: Layer) -> Iterator[tuple[str, int, frozenset[int]]]:
    for one, other in layer.kind.equal(layer.input_volumes):
        where = where_equal(one, other)
        name = next((dim.name for dim in (one, other) if isinstance(dim, Free)), "")
        if name and where is not None:
            yield name, *where


def _both(one: Condition, period: int, rests: frozenset[int]) -> Condition | None:
    """*one* and the other together; None where that would take too many numbers to say."""
    if not one.period or not period:
        single, other = (one, Condition(one.name, period, rests)) if not one.period else (
            Condition(one.name, period, rests), one)  # fmt: skip
        return Condition(one.name, 0, frozenset(size for size in single.rests if other.fits(size)))
    both = lcm(one.period, period)
    if both > MAX_PERIOD:
        return None
    fitting = (size for size in range(both) if one.fits(size) and size % period in rests)
    return Condition(one.name, both, frozenset(fitting))


def _simple(condition: Condition) -> Condition:
    """The same with the smallest period."""
    for period in range(1, condition.period):
        rests = frozenset(rest % period for rest in condition.rests)
        if condition.period % period == 0 and len(rests) * (condition.period // period) == len(condition.rests):
            return Condition(condition.name, period, rests)
    return condition


def said(found: Iterable[Condition]) -> str:
    """``H and W a multiple of 32``; empty when nothing is asked."""
    by_words: dict[str, list[str]] = {}
    for each in found:
        by_words.setdefault(each.words, []).append(each.name)
    return "; ".join(f"{' and '.join(names)} {words}" for words, names in by_words.items())


def volumes(network: Network, sizes: Mapping[str, int]) -> dict[str, Volume]:
    """Every layer's volume when the free sizes are those in *sizes*. Raises `Fault` where they do not fit."""
    found: dict[str, Volume] = {}
    for layer in network.layers:
        if layer.inputs:
            found[layer.name] = layer.kind.shape(tuple(found[name] for name in layer.inputs))
        else:
            dims = (dim.at(sizes) if isinstance(dim, Free) else dim for dim in layer.output.dims)
            found[layer.name] = Volume(tuple(dims))
    return found


def fit(network: Network, sizes: Mapping[str, int]) -> bool:
    """Whether *network* runs with *sizes*."""
    if any(dim.of and sizes[dim.name] % dim.of[1] for dim in _free(network)):
        return False
    try:
        volumes(network, sizes)
    except (Fault, ValueError):
        return False
    return True


def nearest(network: Network, sizes: Mapping[str, int]) -> dict[str, int] | None:
    """The sizes nearest to *sizes*, each by itself, that *network* runs with; None when none are near."""
    steps = {each.name: each for each in conditions(network)}
    found = dict(sizes)
    for name, size in sizes.items():
        multiple = max((dim.of[1] for dim in _free(network) if dim.of and dim.name == name), default=1)
        tried = sorted(range(max(1, size - MAX_TRIED), size + MAX_TRIED), key=lambda other: (abs(other - size), -other))
        fitting = (o for o in tried if o % multiple == 0 and (name not in steps or steps[name].fits(o)))
        found[name] = next(fitting, size)
    if fit(network, found):
        return found
    # What is asked of a size by no join, such as a window that has to fit, shows only when it is tried.
    for more in range(1, MAX_TRIED // 4):
        larger = {name: size + more * _step(steps.get(name)) for name, size in found.items()}
        if fit(network, larger):
            return larger
    return None


def chosen(network: Network, size: int) -> dict[str, int]:
    """For every free size of *network* a number near *size* that it runs with, or where none is, near a multiple of it.

    Raises `CnngraphError` (E0822) when none is found.
    """
    names = dict.fromkeys(dim.name for dim in _free(network))
    for times in (1, 2, 4, 8, 16):
        if (found := nearest(network, dict.fromkeys(names, times * size))) is not None:
            return found
    raise CnngraphError.of(
        "E0822",
        f"{network.name} runs with no size that was tried for {' and '.join(names)}",
        reason=f"from {size:,} to {16 * size:,}",
        help=f"give one that fits:  --set {next(iter(names))}=…",
    )


def misfit(network: Network, sizes: Mapping[str, int], what: str, label: Label | None = None) -> Diagnostic | None:
    """What is to be said (E0822) when *network* does not run with *sizes*, some or all of its free ones; *what* names
    what has them. The others are such as fit."""
    names = {dim.name for dim in _free(network)}
    every = {**(chosen(network, _ORDINARY) if names - set(sizes) else {}), **sizes}
    if fit(network, every):
        return None
    asked, near = said(conditions(network)), nearest(network, every)
    return Diagnostic(
        "E0822",
        f"{what}: {network.name} does not run with {assigned(sizes)}",
        label,
        reason=f"its layers ask for {asked}" if asked else "",
        help=f"the nearest sizes that fit:  {assigned({name: near[name] for name in sizes})}"
        if near
        else "give a larger one",
    )


def assigned(sizes: Mapping[str, int]) -> str:
    """``H = 224, W = 224``"""
    return ", ".join(f"{name} = {size}" for name, size in sizes.items())


def _step(condition: Condition | None) -> int:
    return condition.period if condition and condition.period else 1


def _free(network: Network) -> Iterator[Free]:
    for layer in network.inputs:
        yield from (dim for dim in layer.output.dims if isinstance(dim, Free))
