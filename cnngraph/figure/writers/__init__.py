"""The formats of figures by suffix, and what each can be told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cnngraph.diagnostics import CnngraphError

if TYPE_CHECKING:
    from cnngraph.figure.scene import Scene

DPI = 192.0
"""Of a PNG, unless said: a slide becomes 2560 pixels wide."""


def _svg(scene: Scene, *, outline: bool = False) -> bytes:
    from cnngraph.figure.writers.svg import write_svg

    return write_svg(scene, "outlined" if outline else "embedded")


def _png(scene: Scene, *, dpi: float | None = None) -> bytes:
    from cnngraph.figure.writers.png import write_png

    return write_png(scene, dpi=DPI if dpi is None else dpi)


def _pdf(scene: Scene) -> bytes:
    from cnngraph.figure.writers.pdf import write_pdf

    return write_pdf(scene)


def _tex(scene: Scene, *, snippet: bool = False) -> bytes:
    from cnngraph.figure.writers.tikz import write_tikz

    return write_tikz(scene, document=not snippet)


def _html(scene: Scene) -> bytes:
    from cnngraph.figure.writers.html import write_html

    return write_html(scene)


@dataclass(frozen=True)
class Format:
    """A format of files that figures are written in."""

    write: Callable[..., bytes]
    """A scene as a file, and what is in *takes* as keywords."""
    takes: tuple[str, ...] = ()


FORMATS = {
    "svg": Format(_svg, ("outline",)),
    "png": Format(_png, ("dpi",)),
    "pdf": Format(_pdf),
    "tex": Format(_tex, ("snippet",)),
    "html": Format(_html),
}


def write(
    scene: Scene, format: str, *, dpi: float | None = None, outline: bool = False, snippet: bool = False
) -> bytes:
    """*scene* as a file of *format*, a key of `FORMATS`.

    *dpi* is of a PNG, *outline* makes shapes of an SVG's text, *snippet* leaves out of a TeX file all but the picture.
    Raises `CnngraphError` for what the format has no place for, or cannot hold.
    """
    given = {"dpi": dpi, "outline": outline, "snippet": snippet}
    asked = {name: value for name, value in given.items() if value is not None and value is not False}
    for name in asked:
        if name not in FORMATS[format].takes:
            own = ", ".join(each for each, other in FORMATS.items() if name in other.takes)
            raise CnngraphError.of(
                "E0608", f"a .{format} file has no place for --{name}", help=f"it is for .{own} files"
            )
    return FORMATS[format].write(scene, **asked)
