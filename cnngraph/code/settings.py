"""The network of a spec with other settings of its params: by these it is seen which numbers come of which param."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from cnngraph.code.recording import Differs
from cnngraph.code.solving import Unsuited
from cnngraph.diagnostics import CnngraphError
from cnngraph.network import Network

_Made = TypeVar("_Made")
_LARGEST = 5_000
"""Layers of a network whose params are numbers in the code, as they are here."""
_MOST = 6
"""Other settings of one param that are looked at."""


def with_params(
    network: Network,
    written: Callable[[Sequence[Network]], _Made],
    checked: Callable[[_Made, Sequence[Network]], None],
) -> _Made:
    """What is *written* of *network* and of it with other params, as many as the same code can be.

    *written* takes *network* and others behind it, and *checked* says whether the code is the network with several
    params set; both raise `Unsuited` or `Differs`, which comes out where *network* alone does.
    """
    made, samples = written([network]), [network]
    for others in _variants(network):
        more = [*samples, *others]
        try:
            candidate = written(more)
            checked(candidate, _together(network, more))
        except (Unsuited, Differs):
            continue  # the param is the number that it is here
        made, samples = candidate, more
    return made


def _variants(network: Network) -> Iterator[list[Network]]:
    """For each param of the spec that *network* is from, the network with others of its values.

    None where the spec is no longer there, or by now another.
    """
    from cnngraph.fronts import SPEC, format_of, read
    from cnngraph.fronts.content import opened
    from cnngraph.fronts.spec import choices

    if not network.arguments or not network.file or network.file.startswith("<") or len(network) > _LARGEST:
        return
    try:
        content = opened(network.file)
        if format_of(content) is not SPEC:
            return
        base = read(network.file, network.arguments).network
        few = choices(content)
    except CnngraphError:
        return
    if base is None or _layers(base) != _layers(network):
        return
    for name, value in network.arguments.items():
        others: list[Network] = []
        for other in few.get(name) or _near(value):
            if other == value or len(others) == _MOST:
                continue
            found = read(network.file, {**network.arguments, name: other}).network
            if found is not None:
                others.append(found)
        if others:
            yield others


def _together(network: Network, others: list[Network]) -> list[Network]:
    """The network with several params set as in some of *others*, which each have one."""
    changed = {
        name: value for other in others for name, value in other.arguments.items() if value != network.arguments[name]
    }
    firsts: dict[str, object] = {}
    for other in others:
        for name, value in other.arguments.items():
            if value != network.arguments[name]:
                firsts.setdefault(name, value)
    found = []
    for settings in (changed, firsts):
        from cnngraph.fronts import read

        made = read(network.file, {**network.arguments, **settings}).network
        if made is not None:
            found.append(made)
    return found


def _near(value: object) -> list[object]:
    if type(value) is not int:
        return []
    return [value + 1, value + 2, 2 * value, 2 * value + 4, 3 * value, value + 16, value + 48]


def _layers(network: Network) -> list[object]:
    return [(layer.name, layer.kind, layer.inputs) for layer in network.layers]
