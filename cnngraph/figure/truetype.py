"""Fonts' outlines, and fonts cut down to a few characters.

Only what `cnngraph.figure.simple` makes is read: one simple outline per glyph, no composites, glyph
i + 1 the i-th character of the face. So a character's outline is one slice of the ``glyf``
table, and a subset a concatenation of slices, without loading a font library.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cache

from cnngraph.figure.scene import Point
from cnngraph.figure.typeface import Face

_ON_CURVE, _X_SHORT, _Y_SHORT, _REPEAT, _X_SAME, _Y_SAME = 1, 2, 4, 8, 16, 32
_COPIED = ("OS/2", "name", "post")
"""Tables that say the same in a subset."""


@dataclass(frozen=True, slots=True)
class FontFile:
    """One font, taken apart."""

    tables: dict[str, bytes]
    loca: tuple[int, ...]
    """Where each glyph's slice of ``glyf`` begins, and where the last ends."""
    measures: tuple[tuple[int, int], ...]
    """Advance and left bearing of each glyph, in font units."""
    em: int

    def glyph(self, index: int) -> bytes:
        return self.tables["glyf"][self.loca[index] : self.loca[index + 1]]


@cache
def font_file(face: Face) -> FontFile:
    """The font of *face*, read once."""
    data = face.file if isinstance(face.file, bytes) else face.file.read_bytes()
    tables = {}
    for number in range(struct.unpack_from(">H", data, 4)[0]):
        tag, _, offset, length = struct.unpack_from(">4sIII", data, 12 + 16 * number)
        tables[tag.decode("ascii")] = data[offset : offset + length]
    head = tables["head"]
    glyphs = struct.unpack_from(">H", tables["maxp"], 4)[0]
    if struct.unpack_from(">h", head, 50)[0]:
        loca = struct.unpack(f">{glyphs + 1}I", tables["loca"])
    else:
        loca = tuple(2 * half for half in struct.unpack(f">{glyphs + 1}H", tables["loca"]))
    return FontFile(tables, loca, _measures(tables, glyphs), struct.unpack_from(">H", head, 18)[0])


def _measures(tables: dict[str, bytes], glyphs: int) -> tuple[tuple[int, int], ...]:
    full = struct.unpack_from(">H", tables["hhea"], 34)[0]
    pairs = list(struct.iter_unpack(">Hh", tables["hmtx"][: 4 * full]))
    bearings = struct.unpack_from(f">{glyphs - full}h", tables["hmtx"], 4 * full)
    return (*pairs, *((pairs[-1][0], bearing) for bearing in bearings))


Contour = tuple[tuple[float, float, bool], ...]
"""Points x, y in ems, y upwards; the third says whether the line passes through it."""


@cache
def contours(face: Face, char: str) -> tuple[Contour, ...]:
    """The outline of a character that *face* has: closed quadratic splines, as TrueType has them."""
    file = font_file(face)
    glyph = file.glyph(face.glyph[char])
    if not glyph:
        return ()
    count = struct.unpack_from(">h", glyph)[0]
    ends = struct.unpack_from(f">{count}H", glyph, 10)
    at = 10 + 2 * count
    at += 2 + struct.unpack_from(">H", glyph, at)[0]
    flags: list[int] = []
    while len(flags) <= ends[-1]:
        flag = glyph[at]
        at += 1
        flags.append(flag)
        if flag & _REPEAT:
            flags += [flag] * glyph[at]
            at += 1
    xs, at = _coordinates(glyph, at, flags, _X_SHORT, _X_SAME)
    ys, at = _coordinates(glyph, at, flags, _Y_SHORT, _Y_SAME)
    points = [(x / file.em, y / file.em, bool(flag & _ON_CURVE)) for x, y, flag in zip(xs, ys, flags, strict=False)]
    starts = (0, *(end + 1 for end in ends[:-1]))
    return tuple(tuple(points[start : end + 1]) for start, end in zip(starts, ends, strict=True))


def _coordinates(glyph: bytes, at: int, flags: list[int], short: int, same: int) -> tuple[list[int], int]:
    """One axis of a glyph's points, which are stored as differences of one byte, two, or none."""
    value, values = 0, []
    for flag in flags:
        if flag & short:
            value += glyph[at] if flag & same else -glyph[at]
            at += 1
        elif not flag & same:
            value += struct.unpack_from(">h", glyph, at)[0]
            at += 2
        values.append(value)
    return values, at


@dataclass(frozen=True, slots=True)
class Segment:
    """A straight line to *to*, or a quadratic Bézier curve when it has a *control* point."""

    to: Point
    control: Point | None = None


def segments(contour: Contour) -> tuple[Point, list[Segment]]:
    """A contour as its first point and what leads from there around and back.

    Between two control points in a row TrueType means a point half-way.
    """
    first = next((i for i, point in enumerate(contour) if point[2]), None)
    if first is None:
        (ax, ay, _), (bx, by, _) = contour[-1], contour[0]
        start, rest = ((ax + bx) / 2, (ay + by) / 2), list(contour)
    else:
        start, rest = contour[first][:2], [*contour[first + 1 :], *contour[:first]]
    found: list[Segment] = []
    control: Point | None = None
    for x, y, on in rest:
        if on:
            found.append(Segment((x, y), control))
            control = None
        else:
            if control is not None:
                found.append(Segment(((control[0] + x) / 2, (control[1] + y) / 2), control))
            control = (x, y)
    if control is not None:
        found.append(Segment(start, control))
    return start, found


def subset(face: Face, characters: str) -> bytes:
    """A TrueType file with those *characters* that *face* has, glyph by glyph as they come."""
    file, index = font_file(face), face.glyph
    codes = sorted({ord(char) for char in characters if char in index})
    glyphs = [0, *(index[chr(code)] for code in codes)]
    slices = [file.glyph(glyph) for glyph in glyphs]
    loca = [0]
    for piece in slices:
        loca.append(loca[-1] + len(piece))
    head, hhea, maxp = (bytearray(file.tables[tag]) for tag in ("head", "hhea", "maxp"))
    struct.pack_into(">I", head, 8, 0)  # checkSumAdjustment, set below
    struct.pack_into(">h", head, 50, 1)  # long offsets in loca
    struct.pack_into(">H", hhea, 34, len(glyphs))
    struct.pack_into(">H", maxp, 4, len(glyphs))
    tables = {
        "cmap": _cmap(codes),
        "glyf": b"".join(slices),
        "head": bytes(head),
        "hhea": bytes(hhea),
        "hmtx": b"".join(struct.pack(">Hh", *file.measures[glyph]) for glyph in glyphs),
        "loca": struct.pack(f">{len(loca)}I", *loca),
        "maxp": bytes(maxp),
    } | {tag: file.tables[tag] for tag in _COPIED}
    return _assemble(tables)


def _cmap(codes: list[int]) -> bytes:
    """Format 4, a segment per character: the i-th code is glyph i + 1."""
    ends = [*codes, 0xFFFF]
    deltas = [(glyph - code) % 0x10000 for glyph, code in enumerate(codes, start=1)] + [1]
    count = len(ends)
    power = 1 << (count.bit_length() - 1)
    body = struct.pack(
        f">HHHHHHH{count}HH{count}H{count}H{count}H",
        4, 16 + 8 * count, 0, 2 * count, 2 * power, power.bit_length() - 1, 2 * (count - power),
        *ends, 0, *ends, *deltas, *[0] * count,
    )  # fmt: skip
    return struct.pack(">HHHHI", 0, 1, 3, 1, 12) + body


def _assemble(tables: dict[str, bytes]) -> bytes:
    tags = sorted(tables)
    power = 1 << (len(tags).bit_length() - 1)
    header = struct.pack(">IHHHH", 0x00010000, len(tags), 16 * power, power.bit_length() - 1, 16 * (len(tags) - power))
    offset, directory, body = 12 + 16 * len(tags), b"", b""
    head_at = 0
    for tag in tags:
        data = tables[tag]
        if tag == "head":
            head_at = offset
        padded = data + b"\0" * (-len(data) % 4)
        directory += struct.pack(">4sIII", tag.encode("ascii"), _checksum(padded), offset, len(data))
        body += padded
        offset += len(padded)
    font = bytearray(header + directory + body)
    struct.pack_into(">I", font, head_at + 8, (0xB1B0AFBA - _checksum(bytes(font))) % 2**32)
    return bytes(font)


def _checksum(padded: bytes) -> int:
    words: tuple[int, ...] = struct.unpack(f">{len(padded) // 4}I", padded)
    return sum(words) % 2**32
