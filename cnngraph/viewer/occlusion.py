"""What of a picture an answer hangs on: a grey window is laid over one part after the other, and the answer falls.

(Zeiler & Fergus 2014, "Visualizing and understanding convolutional networks".) It says what goes together with the
answer, and not why it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product

import numpy as np

from cnngraph.runtime.images import prepared
from cnngraph.runtime.session import Session
from cnngraph.viewer.pixels import Array

BATCH = 8
"""Pictures that are run at a time."""
Track = Callable[[Sequence[Array]], Iterable[Array]]
"""Goes through what is given it, and may show how far it is."""


def falls(session: Session, feed: Mapping[str, Array], grid: int, batch: int, track: Track = iter) -> dict[str, Array]:
    """By output how far each of its numbers falls, of shape (grid + 1, grid + 1, numbers), when a window lies over a
    cell of the picture: the mean over the windows that do. *feed* is one picture, by the name of the session's input.

    There are *grid* windows a side, *batch* run at a time. Each covers two by two cells and the next begins a cell
    further, so that they overlap by half.
    """
    ((name, picture),) = feed.items()
    _, channels, high, wide = picture.shape
    grey = prepared(np.full((1, 1, channels), 0.5, np.float32), session.done).transpose(2, 0, 1)
    down, along = (np.linspace(0, size, grid + 2).round().astype(int) for size in (high, wide))
    whole = session.run(feed)
    answers: dict[str, list[Array]] = {output: [] for output in whole}
    windows = [*product(range(grid), range(grid))]
    for some in track([np.array(windows[at : at + batch]) for at in range(0, len(windows), batch)]):
        pictures = np.repeat(picture, len(some), axis=0)
        for each, (row, column) in zip(pictures, some, strict=True):
            each[:, down[row] : down[row + 2], along[column] : along[column + 2]] = grey
        for output, made in session.run({name: pictures}).items():
            answers[output].append(made)
    found = {}
    for output, before in whole.items():
        fall = (before - np.concatenate(answers[output])).reshape(grid, grid, -1)
        sums, counts = np.zeros((grid + 1, grid + 1, fall.shape[-1])), np.zeros((grid + 1, grid + 1, 1))
        for row, column in product((0, 1), (0, 1)):
            sums[row : row + grid, column : column + grid] += fall
            counts[row : row + grid, column : column + grid] += 1
        found[output] = sums / counts
    return found
