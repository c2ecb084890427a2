"""A figure that is asked for: drawn when it is first looked at, and written in any format."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from cnngraph.diagnostics import CnngraphError, Label
from cnngraph.figure.choice import AUTO, Chosen, Own, choose
from cnngraph.figure.styles import STYLES, Order, draw, refuse
from cnngraph.figure.typeface import using
from cnngraph.figure.writers import FORMATS, beside, write

if TYPE_CHECKING:
    from cnngraph.figure.scene import Scene

DOT = "dot"
"""The one format that is not of a scene: Graphviz draws it."""
SUFFIXES = (*FORMATS, DOT)


@dataclass(frozen=True)
class Figure:
    """A figure that is drawn when it is first looked at, and written in any format."""

    order: Order
    """Its style may be `AUTO`."""
    counts: bool = False
    """Whether parameters and multiply-accumulates stand below."""
    heat: str | None = None
    """The number whose size colours the layers; `cnngraph.figure.heat.measured` has the words."""
    path: Path | None = None
    """The file that it was written to."""
    own: Own | None = None
    """What of the order the network said itself."""

    @property
    def style(self) -> str:
        return self._chosen.style if self.order.style == AUTO else self.order.style

    @property
    def why(self) -> str:
        """Why it has this style; empty when the style was asked for."""
        if self.order.style == AUTO:
            return self._chosen.why
        return "the spec says so" if self.own and "style" in self.own.fields else ""

    @cached_property
    def _chosen(self) -> Chosen:
        """Raises `CnngraphError`, at what the network said itself where it says something of its figure."""
        if self.heat is not None and self.order.live is not None:
            raise CnngraphError.of(
                "E0608", "a figure of a network's numbers (--live) has no place for heat", help="leave out one of both"
            )
        try:
            if self.order.style == AUTO:
                return choose(self.order)
            return Chosen(self.order.style, "", draw(self.order))
        except CnngraphError as error:
            own = set(self.own.fields) if self.own else set()
            narrow = error.diagnostics[0].code == "E0604" and "width" in own
            if self.own is None or self.own.span is None or not (narrow or own - {"width", "theme"}):
                raise
            at = Label(self.own.span, "the spec's own figure")
            raise CnngraphError([replace(each, label=each.label or at) for each in error.diagnostics]) from None

    @cached_property
    def scene(self) -> Scene:
        """Raises `CnngraphError` when the style cannot show the networks, or not what is asked of it."""
        with using(self.order.typeface):
            return self._finished()

    def _finished(self) -> Scene:
        scene = self._chosen.scene
        if self.heat is not None:
            scene = self._heated(scene, self.heat)
        if not self.counts:
            return scene
        from cnngraph.figure.stages import with_footer

        networks = self.order.networks
        names = [f"{network.title or network.name}: " if len(networks) > 1 else "" for network in networks]
        lines = [f"{name}{network.counts}" for name, network in zip(names, networks, strict=True)]
        return with_footer(scene, lines, self.order.theme)

    def _heated(self, scene: Scene, asked: str) -> Scene:
        from cnngraph.figure.heat import heated, measured

        if not STYLES[self.style].whole:
            raise CnngraphError.of(
                "E0608", f"the style `{self.style}` has no place for heat", help=STYLES[self.style].about
            )
        networks = self.order.networks
        found = [measured(network, asked) for network in networks]
        if len(found) == 1:
            return heated(scene, found[0], self.order.theme)
        values = {
            f"{number}.{name}": value
            for number, each in enumerate(found, start=1) for name, value in each.values.items()
        }  # fmt: skip
        return heated(scene, replace(found[0], values=values), self.order.theme)

    def written(
        self,
        format: str,
        *,
        dpi: float | None = None,
        outline: bool = False,
        snippet: bool = False,
        path: Path | None = None,
    ) -> bytes:
        """The figure as a file of *format*, one of `SUFFIXES`; the others are as in `cnngraph.figure.writers.write`.

        Raises `CnngraphError` like `scene`, and for what the format has no place for.
        """
        if format != DOT:
            return write(self.scene, format, dpi=dpi, outline=outline, snippet=snippet, path=path)
        from cnngraph.figure.dot import dot

        if len(self.order.networks) > 1:
            raise CnngraphError.of("E0607", "a DOT file holds one network", help="--style strip compares two")
        about = "it says which units there are, and how they hang together"
        own = self.own.fields if self.own else ()
        refuse("a DOT file", self.order, own, about)
        for value, words in (
            (self.counts, "counts"),
            (self.heat, "heat"),
            (dpi, "--dpi"),
            (outline, "--outline"),
            (snippet, "--snippet"),
        ):
            if value:
                raise CnngraphError.of("E0608", f"a DOT file has no place for {words}", help=about)
        return dot(self.order.networks[0]).encode("utf-8")

    def save(
        self, path: str | Path, *, dpi: float | None = None, outline: bool = False, snippet: bool = False
    ) -> Figure:
        """Writes the file at *path*, whose suffix says the format, with the pictures that stand beside it, and gives
        the figure back with its path.

        Raises `ValueError` for a suffix of no format, `CnngraphError` like `written` or when it cannot be written.
        """
        from cnngraph.files import write as write_file

        path = Path(path)
        format = suffix_of(path)
        data = self.written(format, dpi=dpi, outline=outline, snippet=snippet, path=path)
        for name, picture in beside(self.scene, format, path).items() if format != DOT else ():
            write_file(name, picture)
        write_file(path, data)
        return replace(self, path=path)

    @property
    def svg(self) -> str:
        """The text of the SVG file."""
        return self.written("svg").decode()

    def _repr_svg_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        names = " and ".join(network.name for network in self.order.networks)
        return f"<Figure of {names}, style {self.style}{f', in {self.path}' if self.path else ''}>"


def suffix_of(path: Path) -> str:
    """The format that *path*'s suffix says, one of `SUFFIXES`. Raises `ValueError`."""
    suffix = path.suffix.lower().removeprefix(".")
    if not suffix:
        raise ValueError(f"the suffix says the format, as in {path}.svg; there are {', '.join(SUFFIXES)}")
    if suffix not in SUFFIXES:
        raise ValueError(f"no format is called .{suffix}; there are {', '.join(SUFFIXES)}")
    return suffix
