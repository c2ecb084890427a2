"""What several networks are called that stand beside one another: each otherwise."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from cnngraph.network import Network

_PARTS = re.compile(r"[^/\\]*[/\\]+|[^/\\]+$")
_REVISION = re.compile(r"[^/\\:]{2,}:")
"""Of a file out of git, with which its path begins."""


def named_apart(networks: Sequence[Network]) -> tuple[str, ...]:
    """The names of *networks*; where two have one, those of their files."""
    names = tuple(network.name for network in networks)
    if len(set(names)) == len(names):
        return names
    return _files(networks) or tuple(f"{name} ({number})" for number, name in enumerate(names, start=1))


def told_apart(networks: Sequence[Network]) -> Sequence[Network]:
    """*networks*, those of one title with what tells them apart."""
    titles = [network.title or network.name for network in networks]
    if len(set(titles)) == len(titles):
        return networks
    marks = _files(networks) or tuple(str(number) for number, _ in enumerate(networks, start=1))
    return [
        replace(network, title=f"{title} ({mark})")
        for network, title, mark in zip(networks, titles, marks, strict=True)
    ]


def _files(networks: Sequence[Network]) -> tuple[str, ...] | None:
    """The names of their files, with as many folders as tell them apart and no more; None where nothing does."""
    files = [network.file for network in networks]
    if not all(files) or len(set(files)) < len(files):
        return None
    parts = [_PARTS.findall(file) for file in files]
    for count in range(1, max(map(len, parts))):
        ends = tuple(_end(file, each, count) for file, each in zip(files, parts, strict=True))
        if len(set(ends)) == len(ends):
            return ends
    return tuple(files)


def _end(file: str, parts: Sequence[str], count: int) -> str:
    """The last *count* parts of a path, and the revision that it is of."""
    end = "".join(parts[-count:])
    revision = _REVISION.match(file)
    return end if revision is None or len(parts) <= count else revision[0] + end
