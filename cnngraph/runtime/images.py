"""Pictures to tensors: size, channels and range as a network's input wants them, and said in words."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cnngraph.diagnostics import CnngraphError
from cnngraph.pictures import FORMATS, MAX_PIXELS, MAX_REDUCED
from cnngraph.preprocessing import Preprocessing
from cnngraph.runtime.session import Array
from cnngraph.shades import in_bytes, lies, reduced

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

_SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp"}


def inside(folder: Path) -> list[Path]:
    """The pictures in *folder* and below, by name. Raises `CnngraphError` when there is none."""
    return [folder / name for name in names(folder)]


def names(folder: Path, wanted: Callable[[str], bool] | None = None) -> list[str]:
    """The names of the pictures in *folder* and below, as ``cats/1.jpg``, in order; of them those that are *wanted*,
    maybe none, or all. Raises `CnngraphError` when there is no picture at all, or a folder cannot be read."""
    found, is_empty = [], True
    for name in _below(folder):
        is_empty = False
        if wanted is None or wanted(name):
            found.append(name)
    if is_empty:
        raise CnngraphError.of("E0819", f"there are no pictures in {folder}", help="PNG, JPEG, BMP, GIF, TIFF or WebP")
    return sorted(found, key=lambda name: name.split("/"))


def _below(folder: Path) -> Iterator[str]:
    """The same in no order. Links to folders are not followed."""
    waiting = [""]
    while waiting:
        prefix = waiting.pop()
        try:
            with os.scandir(folder / prefix) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(f"{prefix}{entry.name}/")
                    elif os.path.splitext(entry.name)[1].lower() in _SUFFIXES and entry.is_file():
                        yield prefix + entry.name
        except OSError as error:
            raise CnngraphError.of(
                "E0819", f"cannot look for pictures in {folder / prefix}: {error.strerror}"
            ) from None


def each_of(paths: Iterable[Path]) -> list[Path]:
    """*paths*, and in a folder's place the pictures `inside` it."""
    return [each for path in paths for each in (inside(path) if os.path.isdir(path) else [path])]


def read(path: Path, size: tuple[int | None, int | None], channels: int, done: Preprocessing) -> Array:
    """The picture at *path* as float32 of shape (1, channels, H, W), or as *done* says that the model takes its bytes.

    *size* is height and width, None where the picture's own is kept. One channel is its brightness,
    three are red, green and blue; what is transparent becomes white. Raises `CnngraphError`, also for a file of
    several pictures, or of numbers of which none is said to be white.
    """
    from PIL import Image, UnidentifiedImageError

    if channels not in (1, 3):
        raise CnngraphError.of(
            "E0806",
            f"a picture has 1 or 3 channels, the input has {channels}",
            help="`cnngraph run` takes its numbers as an array: --input X.npy",
        )
    if os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path):
        raise CnngraphError.of("E0808", f"{path} is no file but a pipe or a device")
    try:
        with warnings.catch_warnings():
            # `_times` knows better what is too large, and what is damaged is an error or does not matter.
            warnings.simplefilter("ignore")
            with Image.open(path, formats=FORMATS) as opened:
                if (times := _times(path, opened, size)) > 1:
                    # A JPEG is decoded to a half, a quarter or an eighth; any other format does not heed this.
                    opened.draft(None, (opened.width // times, opened.height // times))
                if opened.width * opened.height > MAX_PIXELS:
                    picture = reduced(opened, _times(path, opened, size), partial(_coloured, channels=channels))
                else:
                    picture = _coloured(in_bytes(opened), channels)
    except FileNotFoundError:
        raise CnngraphError.of("E0808", f"there is no picture {path}") from None
    except IsADirectoryError:
        raise CnngraphError.of("E0808", f"{path} is a directory", help="name the pictures in it") from None
    except (UnidentifiedImageError, SyntaxError):
        raise CnngraphError.of(
            "E0808", f"{path} is not a picture that can be read", help="PNG, JPEG, BMP, GIF, TIFF or WebP"
        ) from None
    except Image.DecompressionBombError:
        raise CnngraphError.of(
            "E0807", f"{path} has more than {MAX_REDUCED:,} pixels", help="make it smaller"
        ) from None
    except CnngraphError:
        raise
    except Exception as error:
        # Whatever Pillow says of a damaged file: there is no list of what it may raise.
        raise CnngraphError.of(
            "E0808", f"cannot read the picture {path}: {str(error) or type(error).__name__}"
        ) from None
    height, width = size[0] or picture.height, size[1] or picture.width
    if picture.size != (width, height):
        picture = picture.resize((width, height), Image.Resampling.BILINEAR)
    shown = np.asarray(picture).reshape(height, width, channels)
    if done.within == "uint8-nhwc":
        return shown[None]
    values = shown.astype(np.float32)
    if done.within is None:
        values = prepared(values / 255, done)
    return np.ascontiguousarray(values.transpose(2, 0, 1)[None], np.float32)


def _times(path: Path, opened: ImageFile, size: tuple[int | None, int | None]) -> int:
    """By how much the picture that is *opened* can be made smaller before it is resized to *size*: by nothing unless it
    is very large, else so that twice the size is left, or where that is still very large, the size.

    Raises `CnngraphError` (E0807) when even so it is too large.
    """
    pixels = opened.width * opened.height
    if pixels <= MAX_PIXELS:
        return 1
    limit, reason = MAX_REDUCED, ""
    if None in size:
        limit, reason = MAX_PIXELS, "the network takes pictures of their own size"
    elif pixels <= MAX_REDUCED:
        height, width = (size[1], size[0]) if lies(opened) else size
        assert height is not None
        assert width is not None
        for left in (2, 1):
            times = min(opened.width // (left * width), opened.height // (left * height))
            if times > 1 and pixels <= MAX_PIXELS * times * times:
                return times
        limit, reason = (
            MAX_PIXELS,
            f"the network takes pictures of {size[0]}x{size[1]}, for which it cannot be read smaller",
        )
    raise CnngraphError.of(
        "E0807",
        f"{path} has {opened.width}x{opened.height} pixels, more than are read",
        reason=reason,
        help=f"make it smaller; up to {limit:,} are read",
    )


def _coloured(picture: Image, channels: int) -> Image:
    """*picture* in grey for one channel and else in colour, on white where it is transparent."""
    from PIL import Image

    if picture.has_transparency_data:
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture.convert("RGBA"))
    return picture.convert("L" if channels == 1 else "RGB")


def prepared(values: Array, done: Preprocessing) -> Array:
    """*values*, height by width by channels from 0 for black to 1, as the network wants them."""
    if done.bgr:
        values = values[..., ::-1]
    if done.invert:
        values = 1 - values
    values = values * (done.high - done.low) + done.low
    if done.mean:
        values = values - np.array(done.mean, np.float32)
    if done.std:
        values = values / np.array(done.std, np.float32)
    return values
