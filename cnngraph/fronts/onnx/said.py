"""What a file that cnngraph wrote says beside its graph, as the annotations of a spec."""

from __future__ import annotations

from collections.abc import Iterator

from cnngraph.about import About
from cnngraph.classes import lists, shipped_names
from cnngraph.network import Annotation


def of_pictures(about: About) -> Iterator[Annotation]:
    """What is said of the pictures that go into the one input; nothing where the model prepares them itself."""
    done = about.pictures
    if done is None or done.within:
        return
    if done.bgr:
        yield Annotation("bgr")
    if done.invert:
        yield Annotation("invert")
    if (done.low, done.high) != (0.0, 1.0) or not (done.bgr or done.invert or done.mean or done.std):
        yield Annotation("scale", (done.low, done.high))
    if done.mean or done.std:
        yield Annotation("normalize", (_few(done.mean or (0.0,)), _few(done.std or (1.0,))))


def of_classes(names: tuple[str, ...]) -> Annotation:
    """What an output's classes are called: a list that ships, by its name, or all of them."""
    shipped = next((each for each in lists() if shipped_names(each) == names), "")
    return Annotation("classes", (shipped,) if shipped else names)


def _few(numbers: tuple[float, ...]) -> float | tuple[float, ...]:
    return numbers[0] if len(numbers) == 1 else numbers
