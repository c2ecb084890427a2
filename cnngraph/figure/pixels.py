"""Cells of colour as PNG files: the same bytes on every machine.

Programs smooth a picture that they enlarge, each in its own way, and one beside it not at all; so cells are magnified
here, by whole numbers. And compressors differ by machine, so there is one of our own: it knows runs alone, and
magnified cells are nothing else.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import groupby

from cnngraph.figure.colors import Color

LEAST = 160
"""Pixels that a side is magnified to at least."""
_LONGEST = 258
"""Bytes that deflate repeats at once (RFC 1951, section 3.2.5)."""
_NO_FILTER, _UP = 0, 2
"""Of a row of a PNG: it is as it stands, or what it is more than the one above (PNG, section 9.2)."""


def png(cells: Sequence[bytes], palette: Sequence[Color]) -> bytes:
    """*cells*, rows of numbers of colours in *palette*, as a PNG file at least `LEAST` pixels a side."""
    height, width = len(cells), len(cells[0])
    down, across = -(-LEAST // height), -(-LEAST // width)
    rows = [_row(row, across) for row in cells]
    head = struct.pack(">IIBBBBB", width * across, height * down, 8, 3, 0, 0, 0)
    colors = b"".join(bytes.fromhex(color[1:]) for color in palette)
    repeated = [(_UP, 1), (0, width * across)]
    runs = (run for row in rows for runs in (row, *([repeated] * (down - 1))) for run in runs)
    chunks = ((b"IHDR", head), (b"PLTE", colors), (b"IDAT", zlib_of(list(runs))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _row(cells: bytes, across: int) -> list[tuple[int, int]]:
    runs = [(value, len(list(same)) * across) for value, same in groupby(cells)]
    return [(_NO_FILTER, 1), *runs]


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def zlib_of(runs: Sequence[tuple[int, int]]) -> bytes:
    """A zlib stream (RFC 1950) of *runs*, each a byte and how often it stands there."""
    checksum = 1
    for value, times in runs:
        checksum = zlib.adler32(bytes([value]) * times, checksum)
    return b"\x78\x01" + b"".join(_packed(_symbols(runs))) + struct.pack(">I", checksum)


def _symbols(runs: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """One block of deflate with its fixed codes (RFC 1951, section 3.2.6), as bits and how many of them."""
    yield 0b011, 3  # the last block, with fixed codes
    literals, repeats = _codes()
    for value, times in runs:
        yield literals[value]
        left = times - 1
        while left >= 3:
            length = min(left, _LONGEST)
            yield repeats[length]
            left -= length
        for _ in range(left):
            yield literals[value]
    yield 0, 7  # the end of the block


def _packed(symbols: Iterable[tuple[int, int]]) -> Iterator[bytes]:
    """Bits to bytes, the first bit lowest."""
    bits, count = 0, 0
    for code, length in symbols:
        bits |= code << count
        count += length
        if count >= 64:
            yield (bits & (2**64 - 1)).to_bytes(8, "little")
            bits, count = bits >> 64, count - 64
    yield bits.to_bytes(-(-count // 8), "little")


@cache
def _codes() -> tuple[list[tuple[int, int]], dict[int, tuple[int, int]]]:
    """Of each byte; and for each length from 3 on, of as many times the byte before (at distance 1)."""
    literals = [
        _reversed(0x30 + value, 8) if value < 144 else _reversed(0x190 + value - 144, 9) for value in range(256)
    ]
    repeats = {_LONGEST: _repeat(285, 0, 0)}
    length, symbol = 3, 257
    while length < _LONGEST:
        extra = max(0, (symbol - 261) // 4)
        for more in range(min(2**extra, _LONGEST - length)):
            repeats[length + more] = _repeat(symbol, more, extra)
        length, symbol = length + 2**extra, symbol + 1
    return literals, repeats


def _repeat(symbol: int, more: int, extra: int) -> tuple[int, int]:
    """The code of a length, *extra* bits that say how much *more*, and five that say distance 1."""
    code, size = _reversed(symbol - 256, 7) if symbol < 280 else _reversed(0xC0 + symbol - 280, 8)
    return code | more << size, size + extra + 5


def _reversed(code: int, length: int) -> tuple[int, int]:
    """Codes stand with their highest bit first, all else with its lowest."""
    return int(f"{code:0{length}b}"[::-1], 2), length
