"""Files of weights that are read with the network that they belong to and no other (`cnngraph.fronts`): darknet's,
whose numbers have no names and no sizes, and Caffe's, of which two layers are one normalization."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

from cnngraph.weights.readers.entry import Unreadable


def read_unnamed(path: Path) -> NoReturn:
    """Raises `Unreadable`."""
    network = _OF[path.suffix.lower()]
    raise Unreadable(
        f"a {path.suffix} is read with the {network} that it belongs to, which alone says whose its numbers are",
        f"give it with the {network}:  cnngraph run {path.stem}{network} --weights {path}  , or make a spec and weights"
        f" with names of the two:  cnngraph import {path.stem}{network} -o {path.stem}.spec"
        f" --weights {path.stem}.safetensors",
    )


_OF = {".weights": ".cfg", ".caffemodel": ".prototxt"}
