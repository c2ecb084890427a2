"""The formats of figures by suffix, and what each can be told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cnngraph.diagnostics import CnngraphError
from cnngraph.figure.typeface import using

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
    return _pages([scene])


def _pages(scenes: Sequence[Scene]) -> bytes:
    from cnngraph.figure.writers.pdf import write_pdf

    with using(scenes[0].typeface):
        return write_pdf(*scenes)


def _tex(scene: Scene, *, snippet: bool = False, names: Mapping[bytes, str] | None = None) -> bytes:
    from cnngraph.figure.writers.tikz import write_tikz

    return write_tikz(scene, document=not snippet, names=names)


def _of_tex(scene: Scene, stem: str) -> dict[bytes, str]:
    from cnngraph.figure.writers.tikz import pictures

    return pictures(scene, stem)


def _html(scene: Scene) -> bytes:
    from cnngraph.figure.writers.html import write_html

    return write_html(scene)


@dataclass(frozen=True)
class Format:
    """A format of files that figures are written in."""

    write: Callable[..., bytes]
    """A scene as a file, and what is in *takes* as keywords."""
    takes: tuple[str, ...] = ()
    pages: Callable[[Sequence[Scene]], bytes] | None = None
    """Of formats that hold several scenes, each on a page: all of them as one file."""
    beside: Callable[[Scene, str], dict[bytes, str]] | None = None
    """Of formats without a place for pictures: their files, by what is in them, beside one of that stem."""


FORMATS = {
    "svg": Format(_svg, ("outline",)),
    "png": Format(_png, ("dpi",)),
    "pdf": Format(_pdf, pages=_pages),
    "tex": Format(_tex, ("snippet",), beside=_of_tex),
    "html": Format(_html),
}


def beside(scene: Scene, format: str, path: Path) -> dict[Path, bytes]:
    """The files of pictures that stand beside one at *path* with *scene* in *format*; most formats have none."""
    names = FORMATS[format].beside
    return {} if names is None else {path.with_name(name): png for png, name in names(scene, path.stem).items()}


def write(
    scene: Scene,
    format: str,
    *,
    dpi: float | None = None,
    outline: bool = False,
    snippet: bool = False,
    path: Path | None = None,
) -> bytes:
    """*scene* as a file of *format*, a key of `FORMATS`; *path* is where it will be, with what is `beside` it.

    *dpi* is of a PNG, *outline* makes shapes of an SVG's text, *snippet* leaves out of a TeX file all but the picture.
    Raises `CnngraphError` for what the format has no place for, or cannot hold.
    """
    given = {"dpi": dpi, "outline": outline, "snippet": snippet}
    asked: dict[str, object] = {
        name: value for name, value in given.items() if value is not None and value is not False
    }
    for name in asked:
        if name not in FORMATS[format].takes:
            own = ", ".join(each for each, other in FORMATS.items() if name in other.takes)
            raise CnngraphError.of(
                "E0608", f"a .{format} file has no place for --{name}", help=f"it is for .{own} files"
            )
    if path is not None and (names := FORMATS[format].beside) is not None:
        asked["names"] = names(scene, path.stem)
    with using(scene.typeface):
        return FORMATS[format].write(scene, **asked)
