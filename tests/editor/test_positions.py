from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol.types import Position

from cnngraph.editor.positions import Positions

ENCODINGS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}
TEXT = "aé\N{GRINNING FACE}\u2028 \nb\r\n\n\x0cc"


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_places_are_counted_as_the_encoding_counts(encoding: str) -> None:
    codec, width = ENCODINGS[encoding]
    positions = Positions(TEXT, encoding)
    for offset in range(len(TEXT) + 1):
        before = TEXT[:offset].split("\n")
        wanted = Position(len(before) - 1, len(before[-1].encode(codec)) // width)
        assert positions.position(offset) == wanted


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(text=st.text(alphabet="aé\N{GRINNING FACE}\n", max_size=20))
def test_there_and_back_is_the_same_place(encoding: str, text: str) -> None:
    positions = Positions(text, encoding)
    assert [positions.offset(positions.position(at)) for at in range(len(text) + 1)] == list(range(len(text) + 1))


@pytest.mark.parametrize(("line", "character", "offset"), [(0, 99, 2), (1, 99, 6), (9, 0, 7), (1, 2, 4), (1, 3, 5)])
def test_a_place_that_is_none_becomes_the_nearest(line: int, character: int, offset: int) -> None:
    assert Positions("ab\né\N{GRINNING FACE}c\n").offset(Position(line, character)) == offset
