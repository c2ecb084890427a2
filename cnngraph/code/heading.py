"""The first lines of a generated file: what it is, what goes in, how its weights come back."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping

from cnngraph.names import one_line
from cnngraph.network import Layer, Network
from cnngraph.preprocessing import preprocessing

_WIDE = 88


def heading(
    network: Network, about: Iterable[str], back: str, names: Mapping[str, str], remarks: Iterable[str]
) -> Iterator[str]:
    """The lines of a docstring: *about* are sentences, *back* is the command that takes weights, *names* those in the
    code with the spec's that they stand for, *remarks* why it is plainer than it could be."""
    yield f'"""{quiet(network.title or network.name)}: written by cnngraph from the spec `{quiet(network.name)}`.'
    yield ""
    for sentence in about:
        yield from _wrapped(sentence)
    yield "Weights trained here come back by their names:"
    yield ""
    yield f"    {back}"
    if names:
        yield ""
        yield "Some names cannot be attributes of a module; for their weights say"
        yield ""
        for new, old in names.items():
            yield f"    --rename {new}={quiet(old)}"
    for remark in remarks:
        yield ""
        yield from _wrapped(f"This is {remark}.")
    yield '"""'


def quiet(text: str) -> str:
    """For a docstring."""
    return one_line(text).replace("\\", "/").replace('"', "'")


def shown(layer: Layer, *, channels_first: bool) -> str:
    """A sentence on an input."""
    volume = layer.output
    dims = (volume.channels, volume.height, volume.width) if volume.is_map and channels_first else volume.dims
    done = preprocessing(layer)
    about = f", {done.about}" if done else ""
    return f"Takes `{layer.name}`, N x {' x '.join(map(str, dims))}{about}."


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(quiet(text), _WIDE)
