"""Very large pictures: made smaller while they are read, within memory, and the same picture as when read whole."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import zlib
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile, ImageOps

from cnngraph import CnngraphError
from cnngraph.pictures import MAX_PIXELS, MAX_REDUCED
from cnngraph.preprocessing import Preprocessing
from cnngraph.runtime import images
from cnngraph.shades import reduced

READ = """
import json, resource, sys
from pathlib import Path
from PIL import Image
from cnngraph.preprocessing import Preprocessing
from cnngraph.runtime.images import read
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = read(Path(sys.argv[1]), (224, 224), 3, Preprocessing())
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(json.dumps([grown * 1024, found.shape, [float(each) for each in found.mean((0, 2, 3))]]))
"""
WIDE, HIGH = 8_000, 6_000
PHOTOGRAPHS = {
    "jpeg": ("RGB", "p.jpg", {}, 1.5),
    "progressive": ("RGB", "p.jpg", {"progressive": True}, 8),
    "cmyk": ("CMYK", "p.jpg", {}, 1.5),
    "png": ("RGB", "p.png", {"compress_level": 1}, 6),
    "palette": ("P", "p.png", {"compress_level": 1}, 3),
    "grey with 16 bits": ("I;16", "p.png", {"compress_level": 1}, 4),
    "transparent": ("RGBA", "p.png", {"compress_level": 1}, 6),
    "tiff": ("RGB", "p.tif", {"compression": "tiff_deflate"}, 10),
    "bmp": ("RGB", "p.bmp", {}, 8),
}
"""Mode, name, how it is saved, and how many bytes of memory a pixel may take."""


@pytest.mark.skipif(sys.platform != "linux", reason="kilobytes are Linux's")
@pytest.mark.parametrize(("mode", "name", "how", "bytes_each"), PHOTOGRAPHS.values(), ids=PHOTOGRAPHS)
def test_48_million_pixels(mode: str, name: str, how: dict[str, object], bytes_each: float, tmp_path: Path) -> None:
    """A left half that is dark and a right half that is bright, read in a process of its own, which says its memory."""
    make = (
        "import sys, json; from PIL import Image\n"
        "mode, name, how, wide, high = json.loads(sys.argv[1])\n"
        "dark, bright = {'RGB': ((51, 0, 0), (255, 102, 204)), 'RGBA': ((51, 0, 0, 255), (9, 9, 9, 0)),\n"
        "    'P': (0, 255), 'CMYK': ((204, 255, 255, 0), (0, 153, 51, 0)), 'I;16': (51 * 257, 255 * 257)}[mode]\n"
        "picture = Image.new(mode, (wide, high), dark)\n"
        "picture.paste(bright, (wide // 2, 0, wide, high))\n"
        "picture.putpalette([v for i in range(256) for v in (i, i, i)]) if mode == 'P' else None\n"
        "picture.save(name, **how)\n"
    )
    subprocess.run([sys.executable, "-c", make, json.dumps([mode, name, how, WIDE, HIGH])], cwd=tmp_path, check=True)
    ran = subprocess.run([sys.executable, "-c", READ, name], cwd=tmp_path, capture_output=True, text=True, check=True)
    grown, shape, means = json.loads(ran.stdout)
    assert shape == [1, 3, 224, 224]
    assert grown < bytes_each * WIDE * HIGH
    wanted = {"RGB": (0.6, 0.2, 0.4), "CMYK": (0.6, 0.2, 0.4), "RGBA": (0.6, 0.5, 0.5), "P": (0.5,) * 3}.get(
        mode, (0.6,) * 3
    )
    assert means == pytest.approx(wanted, abs=0.01)


@lru_cache(maxsize=32)
def gradient(mode: str, wide: int, high: int, seed: int) -> Image.Image:
    """No two corners alike, and no axis of symmetry; smooth but for some noise."""
    down, across = np.mgrid[0:high, 0:wide] / (max(wide, high) or 1)
    noise = np.random.default_rng(seed).random((high, wide, 4)) * 0.1
    values = np.stack([down, across, 1 - down, (down + across) / 2], -1) * 0.9 + noise
    shown = (values * 255).astype(np.uint8)
    if mode == "I;16":
        return Image.fromarray((values[..., 3] * 65535).astype(np.uint16))
    if mode == "1":
        return Image.fromarray(shown[..., 0]).convert("1")
    if mode == "P":
        return Image.fromarray(shown[..., :3]).quantize(16)
    if mode == "LA":
        return Image.fromarray(shown).convert("LA")
    return Image.fromarray(shown[..., :3].squeeze()).convert(mode) if mode != "RGBA" else Image.fromarray(shown)


MODES = {
    ".png": ["RGB", "RGBA", "L", "LA", "P", "1", "I;16"],
    ".jpg": ["RGB", "L", "CMYK"],
    ".tif": ["RGB", "CMYK", "I;16"],
}
KINDS = st.sampled_from([(suffix, mode) for suffix, modes in MODES.items() for mode in modes])


def saved(folder: Path, suffix: str, mode: str, size: tuple[int, int], turned: int, **how: object) -> Path:
    path = folder / f"p{suffix}"
    exif = Image.Exif()
    exif[0x0112] = turned
    gradient(mode, *size, seed=0).save(path, exif=exif, **how)  # type: ignore[arg-type]
    return path


@settings(max_examples=150)
@given(KINDS, st.integers(1, 60), st.integers(1, 60), st.integers(1, 8), st.integers(1, 9), st.integers(1, 400))
def test_rows_at_a_time_are_the_whole(
    tmp_path_factory: pytest.TempPathFactory,
    kind: tuple[str, str],
    wide: int,
    high: int,
    turned: int,
    times: int,
    at_once: int,
) -> None:
    """Against turning and reducing the whole picture by Pillow."""
    path = saved(tmp_path_factory.mktemp("p"), *kind, (wide, high), turned)
    with pytest.MonkeyPatch.context() as patched, Image.open(path) as opened:
        patched.setattr("cnngraph.shades._AT_ONCE", at_once)
        found = reduced(opened, times, lambda picture: images._coloured(picture, 3))
    whole = images.read(path, (None, None), 3, Preprocessing())[0].transpose(1, 2, 0) * 255
    if kind[0] == ".tif":
        turned = 1  # Pillow turns it when it decodes it
    # Rows that are left over are the last ones of the file: they are turned after, not before.
    upright = Image.fromarray(np.rint(unturned(whole, turned)).astype(np.uint8)).reduce(times)
    upright.getexif()[0x0112] = turned
    np.testing.assert_array_equal(np.asarray(found), np.asarray(ImageOps.exif_transpose(upright)))


def unturned(
    shown: np.ndarray[tuple[int, ...], np.dtype[np.float32]], turned: int
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """By the definition of the tag: where the first row and the first column of the file are seen."""
    if turned in (5, 6, 7, 8):
        shown = shown.transpose(1, 0, 2)
    if turned in (3, 4, 6, 7):
        shown = shown[::-1]
    if turned in (2, 3, 7, 8):
        shown = shown[:, ::-1]
    return shown


@pytest.mark.parametrize("turned", range(1, 9))
@pytest.mark.parametrize(
    ("suffix", "mode", "progressive"),
    [
        (suffix, mode, progressive)
        for suffix, modes in MODES.items()
        for mode in modes
        for progressive in ([False, True] if suffix == ".jpg" else [False])
    ],
)
def test_a_picture_read_smaller_is_the_same_picture(
    suffix: str, mode: str, turned: int, progressive: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when a telephone was held on its side; as for a small one, whose numbers stay what they were."""
    how: dict[str, object] = {"progressive": True, "quality": 95} if progressive else {"quality": 95}
    path = saved(tmp_path, suffix, mode, (480, 320), turned, **(how if suffix == ".jpg" else {}))
    size = (20, 36)
    exact = images.read(path, size, 3, Preprocessing())
    grey = images.read(path, size, 1, Preprocessing())
    monkeypatch.setattr(images, "MAX_PIXELS", 480 * 320 // 2)
    monkeypatch.setattr(images, "MAX_REDUCED", 480 * 320)
    opened_at: list[tuple[int, int]] = []
    load = ImageFile.ImageFile.load

    def watched(self: ImageFile.ImageFile) -> object:
        opened_at.append(self.size)
        return load(self)

    monkeypatch.setattr(ImageFile.ImageFile, "load", watched)
    smaller = images.read(path, size, 3, Preprocessing())
    if suffix == ".jpg":
        assert all(pixels[0] <= 240 for pixels in opened_at)
    rough = 0.12 if mode in ("1", "P") else 0.03
    np.testing.assert_allclose(smaller, exact, atol=rough)
    np.testing.assert_allclose(images.read(path, size, 1, Preprocessing()), grey, atol=rough)


def test_what_stays_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path, ".jpg", "RGB", (480, 320), 6)
    monkeypatch.setattr(images, "MAX_PIXELS", 100_000)
    monkeypatch.setattr(images, "MAX_REDUCED", 400_000)
    for size, reason in (
        ((None, None), "the network takes pictures of their own size"),
        ((20, None), "the network takes pictures of their own size"),
        ((300, 200), "the network takes pictures of 300x200, for which it cannot be read smaller"),
    ):
        with pytest.raises(CnngraphError, match=r"p\.jpg has 480x320 pixels, more than are read") as caught:
            images.read(path, size, 3, Preprocessing())
        (diagnostic,) = caught.value.diagnostics
        assert (diagnostic.code, diagnostic.reason) == ("E0807", reason)
        assert diagnostic.help == "make it smaller; up to 100,000 are read"
    # 240 x 160 are left of it on its side, which is enough.
    assert images.read(path, (240, 160), 3, Preprocessing()).shape == (1, 3, 240, 160)
    with pytest.raises(CnngraphError, match="for which it cannot"):
        images.read(path, (160, 241), 3, Preprocessing())


def claims(path: Path, wide: int, high: int) -> None:
    """A PNG that says its size, and has hardly any data."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", wide, high, 8, 2, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("pixels", [MAX_REDUCED, MAX_REDUCED + 1000, 4 * MAX_REDUCED])
def test_beyond_what_is_reduced(pixels: int, tmp_path: Path) -> None:
    claims(tmp_path / "p.png", 1000, pixels // 1000)
    with pytest.raises(CnngraphError) as caught:
        images.read(tmp_path / "p.png", (224, 224), 3, Preprocessing())
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == ("E0808" if pixels == MAX_REDUCED else "E0807")
    assert pixels > MAX_PIXELS
