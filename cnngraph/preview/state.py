"""What the preview shows, and waiting for it to change."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnngraph.network import Network


@dataclass(frozen=True, slots=True)
class Shown:
    """The last figure there was, and what is wrong now."""

    name: str
    svg: str = ""
    about: str = ""
    """Style, parameters and multiply-accumulates of the figure."""
    drawn: str = ""
    """The time of day at which it was drawn."""
    drawings: int = 0
    """How many figures there were."""
    mistakes: str = ""
    """And warnings, as `cnngraph check` writes them; empty when there are none."""
    current: bool = False
    """Whether the figure is that of the spec as it is now."""
    version: int = 0


@dataclass(frozen=True, slots=True)
class Drawn:
    """What came of one try."""

    svg: str
    """Empty when there is no figure, because of *mistakes*."""
    about: str
    drawn: str
    mistakes: str
    files: tuple[Path, ...]
    """All that it depends on."""
    network: Network | None = None
    """What is drawn."""


class State:
    """The figure as it is now; anyone may wait for the next one."""

    def __init__(self, name: str) -> None:
        self._shown = Shown(name)
        self.network: Network | None = None
        """That of the last figure."""
        self._changed = threading.Condition()

    @property
    def shown(self) -> Shown:
        return self._shown

    def put(self, drawn: Drawn) -> None:
        """A figure takes the place of the one before; mistakes stand over it. What is the same is not shown again."""
        with self._changed:
            before = self._shown
            shown = replace(before, mistakes=drawn.mistakes, current=bool(drawn.svg))
            if drawn.svg:
                shown = replace(shown, svg=drawn.svg, about=drawn.about)
            if shown != before or not before.version:
                time = drawn.drawn if drawn.svg else before.drawn
                drawings = before.drawings + (drawn.network is not None)
                self.network = drawn.network or self.network
                self._shown = replace(shown, drawn=time, drawings=drawings, version=before.version + 1)
                self._changed.notify_all()

    def after(self, version: int, seconds: float) -> Shown | None:
        """What is shown when it is newer than *version*; None when nothing new came within *seconds*."""
        with self._changed:
            self._changed.wait_for(lambda: self._shown.version > version, seconds)
            return self._shown if self._shown.version > version else None


def watch(state: State, draw: Callable[[], Drawn], pause: float, stop: threading.Event) -> None:
    """Draws whenever a file that the figure depends on has changed, looking every *pause* seconds, until *stop*.

    Looking at a handful of files costs nothing, works on every file system and with editors that replace files.
    """
    files: tuple[Path, ...] = ()
    seen: dict[Path, tuple[int, int] | None] = {}
    while True:
        # Looked at before it is drawn: a file that changes while it is being drawn is drawn again.
        now = stamps(files)
        if now != seen or not files:
            drawn = draw()
            state.put(drawn)
            seen, files = now, drawn.files or files
        if stop.wait(pause):
            return
        if None in stamps(files).values() and stop.wait(pause):
            # Perhaps gone for the moment in which an editor puts the new file into its place.
            return


def stamps(files: Iterable[Path]) -> dict[Path, tuple[int, int] | None]:
    """When each file was changed and its size; None for one that is not there."""
    found: dict[Path, tuple[int, int] | None] = {}
    for file in files:
        try:
            status = file.stat()
            found[file] = (status.st_mtime_ns, status.st_size)
        except OSError:
            found[file] = None
    return found
