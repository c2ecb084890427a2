"""Protobuf's wire format, read where it lies: https://protobuf.dev/programming-guides/encoding.

A message is fields one after the other, each behind a varint ``number << 3 | wire type``. Nothing is copied: what is
long is given as a stretch of the buffer.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterator
from typing import NamedTuple

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


class Damaged(Exception):
    """The bytes are no message; the text says at which byte."""


class Stretch(NamedTuple):
    """Bytes of a buffer."""

    start: int
    end: int

    @property
    def length(self) -> int:
        return self.end - self.start


Buffer = bytes | memoryview


def fields(data: Buffer, within: Stretch) -> Iterator[tuple[int, int, int | Stretch]]:
    """The fields of the message that lies *within* *data*: number, wire type, and a number or a stretch.

    Numbers are as they lie there: of 64 bits without sign, those of fixed width as their bits. Raises `Damaged`.
    """
    at, end = within
    while at < end:
        tag, at = (data[at], at + 1) if data[at] < 128 else varint(data, at, end)  # most are one byte
        field, wire = tag >> 3, tag & 7
        if wire == VARINT:
            value, at = varint(data, at, end)
            yield field, wire, value
            continue
        if wire == BYTES:
            length, at = (data[at], at + 1) if at < end and data[at] < 128 else varint(data, at, end)
        elif wire == FIXED32:
            length = 4
        elif wire == FIXED64:
            length = 8
        else:
            raise Damaged(f"byte {at:,} begins no field")
        if length > end - at:
            raise Damaged(f"at byte {at:,} a field of {length:,} bytes begins, and {end - at:,} are left")
        if wire == BYTES:
            yield field, wire, Stretch(at, at + length)
        else:
            yield field, wire, int.from_bytes(data[at : at + length], "little")
        at += length


def without(data: Buffer, within: Stretch, numbers: Collection[int]) -> bytes:
    """The message that lies *within* *data*, but for its fields of these *numbers*. Raises `Damaged`."""
    kept = []
    at, end = within
    while at < end:
        start = at
        tag, at = varint(data, at, end)
        if tag & 7 == VARINT:
            _, at = varint(data, at, end)
        elif tag & 7 == BYTES:
            length, at = varint(data, at, end)
            at += length
        elif tag & 7 in (FIXED32, FIXED64):
            at += 4 if tag & 7 == FIXED32 else 8
        else:
            raise Damaged(f"byte {at:,} begins no field")
        if at > end:
            raise Damaged(f"at byte {start:,} a field begins that does not end")
        if tag >> 3 not in numbers:
            kept.append(bytes(data[start:at]))
    return b"".join(kept)


def message(field: int, data: bytes) -> bytes:
    """*data* as a field of a message."""
    head = []
    for number in (field << 3 | BYTES, len(data)):
        while number > 127:
            head.append(number & 127 | 128)
            number >>= 7
        head.append(number)
    return bytes(head) + data


def varint(data: Buffer, at: int, end: int) -> tuple[int, int]:
    """The number at *at*, and where it ends. Raises `Damaged`."""
    value = shift = 0
    while at < end and shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
    raise Damaged(f"a number does not end before byte {at:,}")


def varints(data: Buffer, within: Stretch) -> list[int]:
    """Numbers one after the other. Raises `Damaged`."""
    at, end = within
    found = []
    while at < end:
        value, at = varint(data, at, end)
        found.append(value)
    return found


def text(data: Buffer, within: Stretch) -> str:
    """Bytes as text; what is no UTF-8 is shown as such."""
    return bytes(data[within.start : within.end]).decode("utf-8", "backslashreplace")


def signed(value: int) -> int:
    """A number of 64 bits as one with a sign, in two's complement."""
    value &= 2**64 - 1
    return value - 2**64 if value >= 2**63 else value


def as_float(bits: int) -> float:
    """The number whose 32 bits these are."""
    number: float = struct.unpack("<f", bits.to_bytes(4, "little"))[0]
    return number


def recognised(head: bytes, known: dict[int, int]) -> bool:
    """Whether *head* is how a message begins whose fields have the numbers and wire types that are *known*."""
    at, seen = 0, 0
    while at < len(head):
        try:
            tag, at = varint(head, at, len(head))
        except Damaged:
            return False
        if known.get(tag >> 3) != tag & 7:
            return False
        seen += 1
        try:
            value, at = varint(head, at, len(head))
        except Damaged:
            return seen > 1 and at >= len(head)
        if tag & 7 == BYTES:
            at += value
    return seen > 0
