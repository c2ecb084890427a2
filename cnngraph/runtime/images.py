"""Pictures to tensors: size, channels and range as a network's input wants them, and said in words."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from cnngraph.diagnostics import CnngraphError
from cnngraph.pictures import FORMATS, MAX_PIXELS
from cnngraph.preprocessing import Preprocessing
from cnngraph.runtime.session import Array
from cnngraph.shades import in_bytes

_SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp"}


def inside(folder: Path) -> list[Path]:
    """The pictures in *folder* and below, by name. Raises `CnngraphError` when there is none."""
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES and path.is_file())
    if not found:
        raise CnngraphError.of("E0819", f"there are no pictures in {folder}", help="PNG, JPEG, BMP, GIF, TIFF or WebP")
    return found


def each_of(paths: Iterable[Path]) -> list[Path]:
    """*paths*, and in a folder's place the pictures `inside` it."""
    return [each for path in paths for each in (inside(path) if path.is_dir() else [path])]


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
            help="give the numbers as an array: --input X.npy",
        )
    if path.exists() and not path.is_file() and not path.is_dir():
        raise CnngraphError.of("E0808", f"{path} is no file but a pipe or a device")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=FORMATS) as opened:
                if opened.width * opened.height > MAX_PIXELS:
                    raise CnngraphError.of(
                        "E0807",
                        f"{path} has {opened.width}x{opened.height} pixels, more than are read",
                        help=f"make it smaller; up to {MAX_PIXELS:,} are read",
                    )
                picture = in_bytes(opened)
                if picture.has_transparency_data:
                    picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture.convert("RGBA"))
                picture = picture.convert("L" if channels == 1 else "RGB")
    except FileNotFoundError:
        raise CnngraphError.of("E0808", f"there is no picture {path}") from None
    except IsADirectoryError:
        raise CnngraphError.of("E0808", f"{path} is a directory", help="name the pictures in it") from None
    except (UnidentifiedImageError, SyntaxError):
        raise CnngraphError.of(
            "E0808", f"{path} is not a picture that can be read", help="PNG, JPEG, BMP, GIF, TIFF or WebP"
        ) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise CnngraphError.of("E0807", f"{path} has more than {MAX_PIXELS:,} pixels", help="make it smaller") from None
    except (OSError, ValueError) as error:
        raise CnngraphError.of("E0808", f"cannot read the picture {path}: {error}") from None
    height, width = size[0] or picture.height, size[1] or picture.width
    if picture.size != (width, height):
        picture = picture.resize((width, height), Image.Resampling.BILINEAR)
    shown = np.asarray(picture).reshape(height, width, channels)
    if done.within == "uint8-nhwc":
        return shown[None]
    values = shown.astype(np.float32)
    if done.within is None:
        values = _prepared(values / 255, done)
    return np.ascontiguousarray(values.transpose(2, 0, 1)[None], np.float32)


def _prepared(values: Array, done: Preprocessing) -> Array:
    """*values*, from 0 for black to 1, as the network wants them."""
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
