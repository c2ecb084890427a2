"""A scene as SVG that looks alike in browsers, Inkscape, resvg and office programs.

No markers, no baseline shifts, no scripts, nothing from outside: arrowheads are polygons, every run
of text has its own place and length. Names come from users' files and are escaped wherever they stand.
"""

from __future__ import annotations

import base64
import re
import unicodedata
import zlib
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Literal

from cnngraph.figure import truetype
from cnngraph.figure.scene import (
    Circle,
    Curve,
    Group,
    Item,
    Line,
    Move,
    Path,
    Picture,
    Point,
    Polygon,
    Rect,
    Scene,
    Stroke,
    Text,
)
from cnngraph.figure.text import UNKNOWN, lacking, runs, width
from cnngraph.figure.typeface import OWN, Font, Typeface, current

_MARK = "\0"
"""Stands for the figure's mark until all of it is written; no text can hold it, for XML cannot."""
_EM = 1000
"""Units per em of the outlines."""
_FAMILIES = {"serif": "Serif", "serif-italic": "Serif", "sans": "Sans", OWN: "Own"}
"""What faces are called in the file, behind its mark."""
_ELSEWHERE = {"serif": "'CMU Serif',serif", "serif-italic": "'CMU Serif',serif", "sans": "'DejaVu Sans',sans-serif"}
"""What programs take which take no fonts from a file."""

WriteText = Callable[[Text], str]


def write_svg(scene: Scene, text: Literal["embedded", "outlined"] = "embedded") -> bytes:
    """*scene* as an SVG file.

    Ids and the fonts it brings have a mark in their names that comes of what is in the file, so that figures put into
    one page do not take one another's: a font has only the letters of its figure. Groups have their names as
    ``data-name``.

    Embedded: real text, selectable, with the characters it uses as fonts in the file. Outlined: the
    characters as shapes, alike in programs that take no fonts from a file.

    A character that no font has is there as text, for programs to take from a font of theirs; as a shape it is a box.
    """
    names = Names()
    title, description = names.claim("figure-title"), names.claim("figure-description")
    texts = [item for item in scene.primitives() if isinstance(item, Text)]
    if text == "embedded":
        head, write_text = _font_faces(texts), _text
    else:
        ids = {key: names.claim(f"{key[0]}-{ord(key[1]):x}") for key in _used(texts)}
        head, write_text = _glyphs(ids), lambda item: _outlined(item, ids)
    size = f"{number(scene.width)} {number(scene.height)}"
    lines = [
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
        f' width="{number(scene.width)}pt" height="{number(scene.height)}pt" viewBox="0 0 {size}"'
        f' role="img" aria-labelledby="{title} {description}">',
        f'<title id="{title}">{escaped(scene.title)}</title>',
        f'<desc id="{description}">{escaped(scene.description)}</desc>',
        *head,
    ]
    if scene.background:
        lines.append(f'<rect width="100%" height="100%" fill="{scene.background}"/>')
    lines += _items(scene.items, names, write_text)
    lines.append("</svg>\n")
    figure = "\n".join(lines)
    mark = f"cnn{zlib.crc32(figure.encode('utf-8')):08x}"
    return figure.replace(_MARK, mark).encode("utf-8")


_IS_ID = re.compile(r"[A-Za-z0-9_.-]+")


class Names:
    """Gives out ids: valid in XML, each once, with the figure's mark in front."""

    def __init__(self) -> None:
        self._taken: dict[str, int] = {}

    def claim(self, name: str) -> str:
        plain = name
        if not _IS_ID.fullmatch(name):
            plain = re.sub(r"[^A-Za-z0-9_.-]", "_", name)
        claimed = plain
        while claimed in self._taken:
            self._taken[plain] += 1
            claimed = f"{plain}.{self._taken[plain]}"
        self._taken[claimed] = 1
        return f"{_MARK}-{claimed}"


_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})
_PLAIN = re.compile("[ !#-%'-;=?-~\xa0-\xff]*")
"""What needs no escape, or most of it: patterns of all of Unicode take long to compile."""
_NOT_XML = "[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"


def escaped(content: str) -> str:
    """*content* as it may stand in XML text and in attributes; what XML cannot say becomes U+FFFD."""
    if _PLAIN.fullmatch(content):
        return content
    return re.sub(_NOT_XML, "\ufffd", content).translate(_ESCAPES)


@lru_cache(maxsize=8192)
def number(value: float) -> str:
    """At most two decimals: a hundredth of a point is less than any screen or printer shows.

    The rows of a figure repeat the places of one another.
    """
    digits = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if digits == "-0" else digits


def _items(items: Iterable[Item], names: Names, write_text: WriteText) -> Iterator[str]:
    """The lines of *items*. Groups within groups are few levels deep."""
    for item in items:
        if isinstance(item, Group):
            id = names.claim(item.id)
            data = "".join([f' data-{_attribute(key)}="{escaped(value)}"' for key, value in item.data if key != "kind"])
            kind = next((f" {value}" for key, value in item.data if key == "kind"), "")
            yield f'<g id="{id}" class="{item.role}{kind}" data-name="{escaped(item.id)}"{data}>'
            if item.title:
                yield f"<title>{escaped(item.title)}</title>"
            yield from _items(item.items, names, write_text)
            yield "</g>"
        elif isinstance(item, Text):
            yield write_text(item)
        else:
            yield _shape(item)


@lru_cache(maxsize=256)
def _attribute(key: str) -> str:
    return re.sub(r"[^a-z0-9-]", "-", key.lower())


def _shape(item: Rect | Circle | Polygon | Path | Picture) -> str:
    match item:
        case Rect(x, y, w, h, fill, stroke):
            box = f'x="{number(x)}" y="{number(y)}" width="{number(w)}" height="{number(h)}"'
            return f"<rect {box}{_paint(fill, stroke)}/>"
        case Circle(x, y, radius, fill, stroke):
            return f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(radius)}"{_paint(fill, stroke)}/>'
        case Polygon(points, fill, stroke):
            return f'<polygon points="{" ".join(map(_point, points))}"{_paint(fill, stroke)}/>'
        case Path(steps, stroke):
            return f'<path d="{"".join(map(_step, steps))}"{_paint(None, stroke)}/>'
        case Picture(x, y, w, h, png):
            box = f'x="{number(x)}" y="{number(y)}" width="{number(w)}" height="{number(h)}"'
            data = base64.b64encode(png).decode("ascii")
            return f'<image {box} preserveAspectRatio="none" xlink:href="data:image/png;base64,{data}"/>'


def _paint(fill: str | None, stroke: Stroke | None) -> str:
    paint = f' fill="{fill or "none"}"'
    if stroke:
        paint += f' stroke="{stroke.color}" stroke-width="{number(stroke.width)}" stroke-linejoin="round"'
        if stroke.dash:
            paint += f' stroke-dasharray="{" ".join(map(number, stroke.dash))}"'
    return paint


def _step(step: Move | Line | Curve) -> str:
    match step:
        case Move(to):
            return f"M{_point(to)}"
        case Line(to):
            return f"L{_point(to)}"
        case Curve(control1, control2, to):
            return f"C{_point(control1)} {_point(control2)} {_point(to)}"


def _point(point: Point) -> str:
    return f"{number(point[0])},{number(point[1])}"


def _start(item: Text, length: float) -> float:
    """x of the run's beginning, before it is turned."""
    return item.x - {"start": 0.0, "middle": length / 2, "end": length}[item.anchor]


def _text(item: Text) -> str:
    length = width(item.content, item.font, item.size)
    x, y = number(item.x), number(item.y)
    anchor = "" if item.anchor == "start" else f' text-anchor="{item.anchor}"'
    turned = f' transform="rotate({number(-item.angle)} {x} {y})"' if item.angle else ""
    spaces = ' xml:space="preserve"' if "  " in item.content or item.content != item.content.strip() else ""
    content = escaped(_readable(item.content))
    known = item.content.isascii() or not lacking([(item.content, item.font)])
    # Of a font of the reader's the length is not known.
    fitted = f' textLength="{number(length)}" lengthAdjust="spacingAndGlyphs"' if known else ""
    return (
        f'<text x="{x}" y="{y}"{anchor}{turned}{spaces} {_family(current(), item.font)} font-size="{number(item.size)}"'
        f' fill="{item.fill}"{fitted}>{content}</text>'
    )


@lru_cache(maxsize=64)
def _family(typeface: Typeface, font: Font) -> str:
    """The attributes by which text finds the faces in the file, or something like them."""
    chain = typeface.chains[font]
    named = [f"'{_MARK} {_FAMILIES[name]}'" for name in chain]
    named += [f"'{typeface.faces[name].family}'" for name in chain if name == OWN]
    named.append(_ELSEWHERE[next(name for name in chain if name != OWN)])
    italic = ' font-style="italic"' if chain[0] == "serif-italic" else ""
    return f'font-family="{",".join(named)}"{italic}'


def _readable(content: str) -> str:
    """*content* without what is no character that a program could draw: controls, and what turns the line around. What
    is written from right to left ends with a mark (U+200E), so that numbers behind it stay as they are."""
    content = unicodedata.normalize("NFC", content)
    if not content.isprintable():
        content = "".join(char if char.isprintable() or char.isspace() else UNKNOWN for char in content)
    if content.isascii():
        return content
    found: list[str] = []
    for char, after in zip(content, [content[at:].lstrip()[:1] for at in range(1, len(content) + 1)], strict=True):
        ends = _is_turned(char) and not _is_turned(after)
        found += [char, _LEFT_TO_RIGHT] if ends else [char]
    return "".join(found)


def _is_turned(char: str) -> bool:
    """Whether it is of a script that is written from right to left."""
    return bool(char) and unicodedata.bidirectional(char) in ("R", "AL")


_LEFT_TO_RIGHT = "\u200e"


def _used(texts: Iterable[Text]) -> list[tuple[str, str]]:
    """Every character drawn, once, with the face it is drawn in; in a fixed order."""
    found: set[tuple[str, str]] = set()
    for asked, content in {(item.font, item.content) for item in texts}:
        for name, run in runs(content, asked):
            found.update((name, char) for char in run)
    return sorted(found)


def _font_faces(texts: Iterable[Text]) -> list[str]:
    """The characters used, as fonts in the file. They stay uncompressed: compressors differ by machine."""
    used = _used(texts)
    faces = []
    for name, family in _FAMILIES.items():
        characters = "".join(char for key, char in used if key == name)
        if characters:
            data = base64.b64encode(truetype.subset(current().faces[name], characters)).decode("ascii")
            italic = "font-style:italic;" if name == "serif-italic" else ""
            faces.append(
                f'@font-face{{font-family:"{_MARK} {family}";{italic}'
                f'src:url("data:font/ttf;base64,{data}") format("truetype")}}'
            )
    return ["<style>", *faces, "</style>"] if faces else []


def _glyphs(ids: dict[tuple[str, str], str]) -> list[str]:
    """One definition for each character, in thousandths of an em, y downwards."""
    shapes = []
    for (name, char), id in ids.items():
        path = "".join(map(_contour, truetype.contours(current().faces[name], char)))
        if path:
            shapes.append(f'<path id="{id}" d="{path}"/>')
    return ["<defs>", *shapes, "</defs>"] if shapes else []


def _contour(contour: truetype.Contour) -> str:
    def em(point: Point) -> str:
        return f"{point[0] * _EM:.0f} {-point[1] * _EM:.0f}"

    start, rest = truetype.segments(contour)
    steps = (f"Q{em(s.control)} {em(s.to)}" if s.control else f"L{em(s.to)}" for s in rest)
    return f"M{em(start)}{''.join(steps)}Z"


def _outlined(item: Text, ids: dict[tuple[str, str], str]) -> str:
    length = width(item.content, item.font, item.size)
    place = f"translate({number(item.x)} {number(item.y)})"
    turned = f" rotate({number(-item.angle)})" if item.angle else ""
    at = (_start(item, length) - item.x) * _EM / item.size
    uses = []
    for name, run in runs(item.content, item.font):
        face = current().faces[name]
        for char in run:
            if truetype.contours(face, char):
                uses.append(f'<use xlink:href="#{ids[name, char]}" x="{at:.0f}"/>')
            at += face.advance[char] * _EM
    return (
        f'<g role="img" aria-label="{escaped(item.content)}" fill="{item.fill}"'
        f' transform="{place}{turned} scale({item.size / _EM:.5f})">{"".join(uses)}</g>'
    )
