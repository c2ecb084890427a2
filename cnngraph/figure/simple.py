"""Fonts made simple: what `cnngraph.figure.truetype` reads, of any font that fontTools does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Points = list[tuple[int, int]]
_ERROR = 1.0
"""Units that a quadratic curve may be off the cubic one that it stands for, of a thousand per em."""


@dataclass(frozen=True)
class Naming:
    """What a font that is made says of itself."""

    family: str
    style: str = "Regular"
    copyright: str = ""
    licence: str = ""
    licence_url: str = ""
    weight_class: int = 400
    italic_angle: float = 0.0
    """Degrees; 0 of an upright font."""


def simple(
    original: Any, codes: Iterable[int], naming: Naming, drawn: Mapping[int, tuple[Points, int]] | None = None
) -> tuple[Any, dict[str, Any]]:
    """*original*, a ``fontTools.ttLib.TTFont``, with only the characters of *codes* that it has, one quadratic outline
    each, in that order from glyph 1 on; and its table of measures, as `cnngraph.figure.typeface.Face` reads it.

    *drawn* are points and advances of characters that it lacks.
    """
    from fontTools.fontBuilder import FontBuilder
    from fontTools.pens.cu2quPen import Cu2QuPen
    from fontTools.pens.recordingPen import DecomposingRecordingPen
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    drawn = drawn or {}
    cmap, glyph_set, em = original.getBestCmap(), original.getGlyphSet(), original["head"].unitsPerEm
    kept = [code for code in sorted(codes) if code in cmap or code in drawn]
    names = [f"uni{code:04X}" for code in kept]
    glyphs, advances = {".notdef": TTGlyphPen(None).glyph()}, {".notdef": round(glyph_set[".notdef"].width)}
    is_cubic = "glyf" not in original
    for code, name in zip(kept, names, strict=True):
        pen = TTGlyphPen(None)
        if code in drawn:
            points, advances[name] = drawn[code]
            pen.moveTo(points[0])
            for point in points[1:]:
                pen.lineTo(point)
            pen.closePath()
        else:
            outline = DecomposingRecordingPen(glyph_set)
            glyph_set[cmap[code]].draw(outline)
            outline.replay(Cu2QuPen(pen, _ERROR * em / 1000, reverse_direction=True) if is_cubic else pen)
            advances[name] = round(glyph_set[cmap[code]].width)
        glyphs[name] = pen.glyph()
    ascent, descent = original["hhea"].ascent, original["hhea"].descent
    builder = FontBuilder(em, isTTF=True)
    builder.setupGlyphOrder([".notdef", *names])
    builder.setupCharacterMap(dict(zip(kept, names, strict=True)))
    builder.setupGlyf(glyphs)
    table = builder.font["glyf"]
    bounds = [table[name] for name in names]
    builder.setupHorizontalMetrics(
        {name: (advance, getattr(table[name], "xMin", 0)) for name, advance in advances.items()}
    )
    builder.setupHorizontalHeader(ascent=ascent, descent=descent, lineGap=0)
    builder.setupNameTable(
        {
            "copyright": naming.copyright,
            "familyName": naming.family,
            "styleName": naming.style,
            "uniqueFontIdentifier": f"{naming.family} {naming.style}",
            "fullName": f"{naming.family} {naming.style}".removesuffix(" Regular"),
            "psName": f"{naming.family}-{naming.style}".replace(" ", ""),
            "version": "Version 1.0",
            "licenseDescription": naming.licence,
            "licenseInfoURL": naming.licence_url,
        },
        mac=False,
    )
    italic = bool(naming.italic_angle)
    builder.setupOS2(
        sTypoAscender=ascent,
        sTypoDescender=descent,
        sTypoLineGap=0,
        usWinAscent=max(ascent, 0),
        usWinDescent=max(-descent, 0),
        usWeightClass=naming.weight_class,
        fsSelection=0x01 if italic else 0x40,
        fsType=0,
    )
    builder.setupPost(keepGlyphNames=False, italicAngle=naming.italic_angle)
    head = builder.font["head"]
    head.macStyle = 0x02 if italic else 0
    head.created = head.modified = original["head"].created
    builder.font.recalcTimestamp = False
    return builder.font, {
        "family": naming.family,
        "em": em,
        "ascent": ascent,
        "descent": -descent,
        "characters": "".join(map(chr, kept)),
        "advances": [advances[name] for name in names],
        "tops": [getattr(glyph, "yMax", 0) for glyph in bounds],
        "bottoms": [getattr(glyph, "yMin", 0) for glyph in bounds],
    }
