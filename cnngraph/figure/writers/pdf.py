"""A scene as PDF: vectors, the bundled fonts embedded, text that can be selected and searched."""

from __future__ import annotations

import io
import re
import zlib
from functools import cache
from math import fsum
from typing import Any

from cnngraph.figure.scene import (
    Circle,
    Curve,
    Line,
    Move,
    Path,
    Picture,
    Polygon,
    Primitive,
    Rect,
    Scene,
    Stroke,
    Text,
)
from cnngraph.figure.text import runs, width
from cnngraph.figure.typeface import OWN, Face, current

_LARGEST = 14_400.0
"""Points: the longest side a PDF page may have (ISO 32000-1, annex C)."""


def write_pdf(*scenes: Scene) -> bytes:
    """*scenes* as a PDF, each on a page as large as it; the same scenes give the same bytes.

    A figure larger than a page may be is scaled down to it.
    """
    from reportlab.pdfgen.canvas import Canvas

    buffer = io.BytesIO()
    canvas: Any = Canvas(
        buffer,
        invariant=1,
        pageCompression=1,
        initialFontName=_font("serif", current().faces["serif"]),
    )
    canvas.setTitle(_sayable(scenes[0].title))
    canvas.setSubject(_sayable(scenes[0].description))
    canvas.setAuthor("")
    canvas.setCreator("cnngraph")
    for scene in scenes:
        scale = min(1.0, _LARGEST / max(scene.width, scene.height, 1.0))
        canvas.setPageSize((max(scene.width * scale, 1.0), max(scene.height * scale, 1.0)))
        canvas.transform(scale, 0, 0, -scale, 0, scene.height * scale)
        if scene.background:
            _draw(canvas, Rect(0, 0, scene.width, scene.height, scene.background))
        canvas.setLineJoin(1)
        for primitive in scene.primitives():
            _draw(canvas, primitive)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def _draw(canvas: Any, item: Primitive) -> None:
    match item:
        case Rect(x, y, w, h, fill, stroke):
            path = canvas.beginPath()
            path.rect(x, y, w, h)
            _paint(canvas, path, fill, stroke)
        case Circle(x, y, radius, fill, stroke):
            path = canvas.beginPath()
            path.circle(x, y, radius)
            _paint(canvas, path, fill, stroke)
        case Polygon(points, fill, stroke):
            path = canvas.beginPath()
            path.moveTo(*points[0])
            for point in points[1:]:
                path.lineTo(*point)
            path.close()
            _paint(canvas, path, fill, stroke)
        case Path(steps, stroke):
            path = canvas.beginPath()
            for step in steps:
                match step:
                    case Move(to):
                        path.moveTo(*to)
                    case Line(to):
                        path.lineTo(*to)
                    case Curve(control1, control2, to):
                        path.curveTo(*control1, *control2, *to)
            _paint(canvas, path, None, stroke)
        case Text():
            _text(canvas, item)
        case Picture(x, y, w, h, png):
            canvas.saveState()
            canvas.transform(1, 0, 0, -1, x, y + h)
            canvas.drawImage(_image(png), 0, 0, w, h, mask="auto")
            canvas.restoreState()


def _sayable(text: str) -> str:
    """*text* as a property of the file: a name that was no UTF-8 has U+FFFD where it was not."""
    return re.sub("[\x00-\x1f\x7f\ud800-\udfff]", "\ufffd", text)


def _image(png: bytes) -> Any:
    """*png* as reportlab takes it, which makes white of 16-bit greys."""
    from PIL import Image
    from reportlab.lib.utils import ImageReader

    image: Image.Image = Image.open(io.BytesIO(png), formats=("PNG",))
    if image.mode.startswith("I"):
        image = image.convert("I").point(lambda value: value / 257).convert("L")
    return ImageReader(image)


def _paint(canvas: Any, path: Any, fill: str | None, stroke: Stroke | None) -> None:
    if fill:
        canvas.setFillColorRGB(*_rgb(fill))
    if stroke:
        canvas.setStrokeColorRGB(*_rgb(stroke.color))
        canvas.setLineWidth(stroke.width)
        canvas.setDash(list(stroke.dash))
    canvas.drawPath(path, stroke=bool(stroke), fill=bool(fill))


def _rgb(color: str) -> tuple[float, ...]:
    return tuple(int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))


def _text(canvas: Any, item: Text) -> None:
    """Run by run: the page stands on its head, so text is turned back."""
    length = width(item.content, item.font, item.size)
    canvas.saveState()
    canvas.translate(item.x, item.y)
    canvas.rotate(-item.angle)
    canvas.transform(1, 0, 0, -1, 0, 0)
    canvas.setFillColorRGB(*_rgb(item.fill))
    x = -{"start": 0.0, "middle": length / 2, "end": length}[item.anchor]
    for name, run in runs(item.content, item.font):
        face = current().faces[name]
        canvas.setFont(_font(name, face), item.size)
        canvas.drawString(x, 0, run)
        x += item.size * fsum(face.advance[char] for char in run)
    canvas.restoreState()


@cache
def _font(name: str, face: Face) -> str:
    """The name under which reportlab knows a face."""
    from reportlab.pdfbase.pdfmetrics import registerFont
    from reportlab.pdfbase.ttfonts import TTFont

    called = face.family.replace(" ", "") + ("Italic" if name == "serif-italic" else "")
    if isinstance(face.file, bytes):
        called += f"{OWN}{zlib.crc32(face.file):08x}"
    registerFont(TTFont(called, io.BytesIO(face.file) if isinstance(face.file, bytes) else str(face.file)))
    return called
