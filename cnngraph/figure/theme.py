"""The colours and the font of figures, as plain data out of TOML files: those in `themes`, and others based on them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from cnngraph.diagnostics import CnngraphError, Diagnostic, Label
from cnngraph.figure.colors import Color, contrast, mixed
from cnngraph.figure.typeface import SUFFIXES, WORDS, is_font
from cnngraph.source import Source, Span

if TYPE_CHECKING:
    from cnngraph.network import Layer, Network

_FOLDER = Path(__file__).parent / "themes"
_COLOR = re.compile("#[0-9a-fA-F]{6}")
_LARGEST = 1_000_000
"""Bytes of a file of colours."""


@dataclass(frozen=True, slots=True)
class Faces:
    """The three visible sides of a cuboid, lit from above left."""

    front: Color
    top: Color
    side: Color

    @classmethod
    def of(cls, color: Color) -> Faces:
        """Shaded: lighter above, darker at the side."""
        return cls(color, mixed(color, "#ffffff", 0.3), mixed(color, "#000000", 0.22))


@dataclass(frozen=True)
class Theme:
    """The colours of a figure, and its font."""

    name: str
    background: Color | None
    """None for none."""
    ink: Color
    """Text and lines."""
    faint: Color
    """Remarks, brackets and what else should stand back."""
    paper: Color
    """Fill of what is only outlined: columns of circles, the frame of a picture, boxes of no stage, other joins."""
    edge: Color
    """Outline of boxes and cuboids."""
    volume: Faces
    """An activation."""
    filter: Faces
    """A filter, where one is drawn."""
    rgb: tuple[Color, Color, Color]
    """The channels of an input picture, front to back."""
    grid: Color
    """The lines between its cells."""
    stem: Color
    """Fill of the first layers of a strip, before the first stage."""
    stages: tuple[Color, ...]
    """Fills of a strip's stages, in turn."""
    conv: Color
    """Fill of boxes by what they do; their text is `on_box`."""
    pool: Color
    join: Color
    """What is taken in, or together, as it is: inputs, previous activations, concatenations."""
    dense: Color
    norm: Color
    other: Color
    on_box: Color
    branches: tuple[Faces, ...]
    """The segments of a concatenated volume, in turn."""
    added: Color
    """Outline and sign of what the second of two networks has and the first has not; *removed*, the other way around;
    *changed*, what both have in other ways."""
    removed: Color
    changed: Color
    hot: Color
    """Of what costs most, where colours say cost; nothing has the paper's."""
    positive: Color
    """Of large numbers in volumes, *negative* of those far below 0; 0 is the paper's. Where both are one colour, the
    paper's is the least number."""
    negative: Color
    sizes: bool = True
    """Whether volumes have their sizes beside them, in the styles that draw volumes or boxes."""
    hatched: bool = False
    """Whether slabs that do other things are told apart by hatching, too."""
    by_stage: bool = False
    """Whether cuboids and slabs have the colours of stages, by their resolution, instead of what they are or do."""
    kinds: Mapping[str, Color] = field(default_factory=dict)
    """Colours of layers by the word of the spec: ``upconv``."""
    blocks: Mapping[str, Color] = field(default_factory=dict)
    """Of what is in blocks, by a block's name or that of its definition: ``stage1``, ``residual``."""
    layers: Mapping[str, Color] = field(default_factory=dict)
    """Of single layers, by their names."""
    font: str = ""
    """What text is set in: one of `cnngraph.figure.typeface.WORDS`, or a file; empty for the fonts that ship, each in
    its place."""

    def stage(self, number: int) -> Color:
        """The colour of the stage of *number*, from 0: the stem's, and then those of stages in turn."""
        return self.stages[(number - 1) % len(self.stages)] if number else self.stem

    def under_hatching(self, color: Color) -> Color:
        """*color* as it is between the lines of a hatching, so that these are seen."""
        return mixed(color, self.paper, _LIGHTER)

    def own(self, layers: Sequence[Layer]) -> Color | None:
        """What the theme says of just these, which are drawn as one: of a layer by name, else of a block around, else
        of the first kind that it knows."""
        if not (self.kinds or self.blocks or self.layers):
            return None
        by_name = (self.layers[layer.name] for layer in layers if layer.name in self.layers)
        by_kind = (self.kinds[layer.kind.word] for layer in layers if layer.kind.word in self.kinds)
        return next(by_name, None) or self.of_block(layers[0].block) or next(by_kind, None)

    def of_block(self, path: str) -> Color | None:
        """What the theme says of the block *path*, or of the nearest around it."""
        while path:
            for name in _called(path):
                if name in self.blocks:
                    return self.blocks[name]
            path = path.rpartition(".")[0]
        return None

    def of(self, networks: Iterable[Network]) -> Theme:
        """The same for *networks*, whose blocks it knows by their definitions too."""
        if not self.blocks:
            return self
        uses = {
            path: self.blocks[block.name.rpartition(".")[2]]
            for network in networks for path, block in network.blocks.items()
            if path not in self.blocks and block.name.rpartition(".")[2] in self.blocks
        }  # fmt: skip
        return replace(self, blocks={**self.blocks, **uses})

    def unmet(self, networks: Iterable[Network], kinds: Collection[str]) -> Iterator[str]:
        """What it has a colour for and there is not: words that are none of *kinds*, and names of no block or layer."""
        if not (self.kinds or self.blocks or self.layers):
            return
        networks = list(networks)
        layers = {layer.name for network in networks for layer in network}
        named = ((path, block) for network in networks for path, block in network.blocks.items())
        blocks = {name for path, block in named for name in (*_called(path), block.name.rpartition(".")[2])}
        for what, names, known in (
            ("kind of layer", self.kinds, kinds), ("block", self.blocks, blocks), ("layer", self.layers, layers)
        ):  # fmt: skip
            for name in names:
                if name not in known:
                    near = get_close_matches(name, known, n=1)
                    more = f"; did you mean `{near[0]}`?" if near else ""
                    yield f"the theme {self.name} has a colour for `{name}`, and there is no such {what}{more}"

    def unseen(self, networks: Sequence[Network], seen: Mapping[str, Collection[Color]]) -> Iterator[str]:
        """Whatever of *networks* it has a colour for that what is drawn of it has not; *seen* are the colours of layers
        as the figure calls them."""
        if not (self.kinds or self.blocks or self.layers):
            return
        around: dict[str, set[str]] = {}
        """Of each layer what a theme may call it, or a block that it is in."""
        for number, network in enumerate(networks, start=1):
            for layer in network:
                name = f"{number}.{layer.name}" if len(networks) > 1 else layer.name
                around[name] = {f"kinds {layer.kind.word}", f"layers {layer.name}"}
                path = layer.block
                while path:
                    named = (*_called(path), network.blocks[path].name.rpartition(".")[2])
                    around[name] |= {f"blocks {each}" for each in named}
                    path = path.rpartition(".")[0]
        for table in ("kinds", "blocks", "layers"):
            for name, color in getattr(self, table).items():
                there = [layer for layer, names in around.items() if f"{table} {name}" in names]
                shades = {color, self.under_hatching(color)}
                if there and not any(shades.intersection(seen.get(layer, ())) for layer in there):
                    yield name

    def on(self, fill: Color, usual: Color) -> Color:
        """The colour of text on *fill*: the *usual*, or where that is hard to read the one of black and white that is
        not."""
        return max((usual, "#000000", "#ffffff"), key=lambda color: min(contrast(color, fill), _READABLE))


def _called(path: str) -> tuple[str, ...]:
    """What a theme may call the block *path*: itself, and without what is around it and without its number."""
    own = path.rpartition(".")[2]
    return path, own, own.rstrip("0123456789"), own.rstrip("0123456789").rstrip("_")


_LIGHTER = 0.6
"""The share of paper in what is hatched."""
_READABLE = 4.5
"""Contrast of text with what is behind it (WCAG 2.2, 1.4.3)."""


# Files ---------------------------------------------------------------------------------------


def read(path: str | Path) -> Theme:
    """The theme in the TOML file *path*, which is called as the file; what it does not say is as in the theme that it
    is ``based_on``, `LIGHT` unless said.

    Raises `CnngraphError`: E0110 when it cannot be read, E0617 where it is no TOML, says what no theme has, or what is
    no colour.
    """
    try:
        with open(path, "rb") as stream:
            data = stream.read(_LARGEST + 1)
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise CnngraphError.of("E0110", f"cannot read {path}: {error.strerror}", file=str(path)) from None
    except UnicodeDecodeError:
        raise CnngraphError.of("E0617", f"{path} is no text in UTF-8", file=str(path)) from None
    if len(data) > _LARGEST:
        raise CnngraphError.of("E0617", f"{path} has more than {_LARGEST:,} bytes", file=str(path))
    return _Reader(Source(str(path), text)).theme(Path(path).stem)


class _Reader:
    """Reads one file; knows where in it each key is."""

    def __init__(self, source: Source) -> None:
        self.source = source
        try:
            self.table = tomllib.loads(source.text)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            place = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)", str(error))
            message = str(error).replace(place[0], "") if place else "it is too deep"
            lines = source.text.splitlines(keepends=True)
            at = 0 if place is None else len(source.text)
            if place and place[1]:
                at = sum(map(len, lines[: int(place[1]) - 1])) + int(place[2]) - 1
            self._refuse("this is no TOML", message[:1].lower() + message[1:], at=at)

    def theme(self, name: str) -> Theme:
        based_on = self.table.pop("based_on", "light")
        if based_on not in THEMES:
            self._refuse(f"there is no theme {based_on!r}", f"there are {', '.join(THEMES)}", "based_on")
        return replace(THEMES[based_on], name=name, **self.fields())

    def fields(self) -> dict[str, Any]:
        """What the file says, by the fields of `Theme`."""
        found = {}
        for key, value in self.table.items():
            if key not in _READ:
                near = get_close_matches(key, _READ, n=1)
                self._refuse(f"a theme has no `{key}`", f"did you mean `{near[0]}`?" if near else _KEYS, key)
            found[key] = _READ[key](self, value, key)
        return found

    def color(self, value: object, key: str) -> Color:
        if not isinstance(value, str) or not _COLOR.fullmatch(value):
            self._refuse(f"`{key}` is no colour: {value!r}"[:120], 'a colour is written "#rrggbb"', key)
        return value.lower()

    def background(self, value: object, key: str) -> Color | None:
        return None if value == "none" else self.color(value, key)

    def colors(self, value: object, key: str) -> tuple[Color, ...]:
        if not isinstance(value, list) or not value:
            self._refuse(f"`{key}` is a list of colours", '["#rrggbb", …]', key)
        return tuple(self.color(each, key) for each in value)

    def three(self, value: object, key: str) -> tuple[Color, ...]:
        if len(found := self.colors(value, key)) != 3:
            self._refuse(f"`{key}` has {len(found)} colours, and a picture three channels", "", key)
        return found

    def faces(self, value: object, key: str) -> Faces:
        if isinstance(value, dict):
            names = [each.name for each in fields(Faces)]
            if sorted(value) != sorted(names):
                self._refuse(f"`{key}` has {', '.join(value) or 'nothing'}", f"its sides are {', '.join(names)}", key)
            return Faces(**{name: self.color(value[name], key) for name in names})
        return Faces.of(self.color(value, key))

    def all_faces(self, value: object, key: str) -> tuple[Faces, ...]:
        if not isinstance(value, list) or not value:
            self._refuse(f"`{key}` is a list of colours", '["#rrggbb", …]', key)
        return tuple(self.faces(each, key) for each in value)

    def named(self, value: object, key: str) -> dict[str, Color]:
        if not isinstance(value, dict):
            self._refuse(f"`{key}` is a table of colours by name", f"[{key}]", key)
        return {name: self.color(each, name) for name, each in value.items()}

    def flag(self, value: object, key: str) -> bool:
        if not isinstance(value, bool):
            self._refuse(f"`{key}` is no yes or no: {value!r}"[:120], "true or false", key)
        return value

    def font(self, value: object, key: str) -> str:
        """A file is beside the theme's, unless it says more."""
        if not isinstance(value, str) or not is_font(value):
            self._refuse(
                f"`{key}` is no font: {value!r}"[:120], f"{', '.join(WORDS)}, or a file ({', '.join(SUFFIXES)})", key
            )
        return value if value in WORDS else str(Path(self.source.name).parent / value)

    def _refuse(self, message: str, help: str, key: str = "", at: int = 0) -> NoReturn:
        text = self.source.text
        start = end = at
        pattern = rf"(?m)(?:^|[\[{{,])[ \t]*\"?({re.escape(key)})\"?[ \t\]]*(=|$)"
        if key and (found := re.search(pattern, text)):
            start, end = found.span(1)
        label = Label(Span(self.source, start, min(max(end, start + 1), len(text))))
        raise CnngraphError([Diagnostic("E0617", message, label, help=help)])


_READ: dict[str, Callable[[_Reader, object, str], Any]] = {
    **dict.fromkeys(["ink", "faint", "paper", "edge", "grid", "stem", "conv", "pool", "join", "dense", "norm", "other",
                     "on_box", "added", "removed", "changed", "positive", "negative", "hot"], _Reader.color),
    "background": _Reader.background,
    **dict.fromkeys(["volume", "filter"], _Reader.faces),
    "branches": _Reader.all_faces,
    "stages": _Reader.colors,
    "rgb": _Reader.three,
    **dict.fromkeys(["kinds", "blocks", "layers"], _Reader.named),
    "font": _Reader.font,
    **dict.fromkeys(["hatched", "sizes", "by_stage"], _Reader.flag),
}  # fmt: skip
"""How each key of a file is read."""
_KEYS = f"there are {', '.join(sorted(_READ))}"


def _built_in(name: str) -> Theme:
    path = _FOLDER / f"{name}.toml"
    return Theme(name=name, **_Reader(Source(path.name, path.read_text(encoding="utf-8"))).fields())


THEMES = {name: _built_in(name) for name in ("light", "dark", "print", "colorblind")}
LIGHT, DARK, PRINT, COLORBLIND = THEMES.values()
