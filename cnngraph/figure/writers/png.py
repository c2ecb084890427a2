"""A scene as PNG."""

from __future__ import annotations

import struct
import zlib

from cnngraph.diagnostics import CnngraphError
from cnngraph.figure.scene import Scene
from cnngraph.figure.writers.svg import write_svg

POINTS_PER_INCH = 72
MAX_SIDE = 16_384
MAX_PIXELS = 100_000_000


def write_png(scene: Scene, dpi: float) -> bytes:
    """*scene* as a PNG file with *dpi* pixels to the inch.

    Drawn from outlines with no font of the machine, so it is the same everywhere. Raises
    `CnngraphError` when it would be larger than `MAX_SIDE` a side or `MAX_PIXELS` in all.
    """
    from resvg_py import svg_to_bytes

    width, height = (max(1, round(side * dpi / POINTS_PER_INCH)) for side in (scene.width, scene.height))
    if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
        raise CnngraphError.of(
            "E0602",
            f"the picture would be {width:,} × {height:,} pixels",
            reason=f"at most {MAX_SIDE:,} a side and {MAX_PIXELS:,} in all",
            help="write it as .svg or .pdf, which have no pixels, or fold and wrap it to be smaller",
        )
    svg = write_svg(scene, "outlined").decode("utf-8")
    png = bytes(svg_to_bytes(svg_string=svg, width=width, height=height, dpi=dpi, skip_system_fonts=True))
    return _with_resolution(png, dpi)


_HEAD = 8 + 4 + 4 + 13 + 4
"""Bytes of a PNG's signature and its first chunk, IHDR: length, type, data, checksum (PNG, sections 5.2 and 11.2.1)."""
_METERS_PER_INCH = 0.0254


def _with_resolution(png: bytes, dpi: float) -> bytes:
    """*png* with a pHYs chunk, which says how many pixels there are to the meter (PNG, section 11.3.4.3)."""
    pixels = round(dpi / _METERS_PER_INCH)
    chunk = b"pHYs" + struct.pack(">IIB", pixels, pixels, 1)
    return png[:_HEAD] + struct.pack(">I", 9) + chunk + struct.pack(">I", zlib.crc32(chunk)) + png[_HEAD:]
