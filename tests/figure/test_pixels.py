"""Pictures of cells, read back by zlib and Pillow."""

from __future__ import annotations

import io
import zlib
from hashlib import sha256

from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cnngraph.figure.pixels import LEAST, png, zlib_of

RUNS = st.lists(st.tuples(st.integers(0, 255), st.one_of(st.integers(1, 600), st.integers(250, 5_000))), max_size=30)


@settings(max_examples=200)
@given(RUNS)
def test_what_is_packed_is_unpacked_by_others(runs: list[tuple[int, int]]) -> None:
    assert zlib.decompress(zlib_of(runs)) == b"".join(bytes([value]) * times for value, times in runs)


@settings(max_examples=25)
@given(st.data(), st.integers(1, 20), st.integers(1, 170), st.integers(1, 256))
def test_every_cell_is_a_square_of_its_colour(data: st.DataObject, height: int, width: int, colors: int) -> None:
    seed = data.draw(st.randoms(use_true_random=False))
    palette = [f"#{seed.randrange(2**24):06x}" for _ in range(colors)]
    cells = [bytes(seed.randrange(colors) for _ in range(width)) for _ in range(height)]
    picture = Image.open(io.BytesIO(png(cells, palette)), formats=("PNG",)).convert("RGB")
    across, down = picture.width // width, picture.height // height
    assert picture.size == (width * across, height * down)
    assert min(picture.size) >= LEAST
    shown = [(0, 0), (across - 1, down - 1)]
    for row, numbers in enumerate(cells):
        for column, number in enumerate(numbers):
            for x, y in shown:
                color = picture.getpixel((column * across + x, row * down + y))
                assert color == tuple(bytes.fromhex(palette[number][1:]))


def test_the_bytes_are_these_everywhere() -> None:
    cells = [bytes((row * column) % 255 for column in range(28)) for row in range(28)]
    data = png(cells, [f"#{number:02x}{255 - number:02x}80" for number in range(256)])
    assert sha256(data).hexdigest() == "e1a03438b36940d97cf76fad41dc6c65134d7562e457740412a3ffb5014ff7bd"
    assert len(data) < 6_000
