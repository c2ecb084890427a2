"""Pictures to tensors: size, channels and range as a network's input wants them, and said in words."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from cnngraph.diagnostics import CnngraphError, Diagnostic, Label
from cnngraph.network import Annotation, Layer
from cnngraph.pictures import FORMATS, MAX_PIXELS
from cnngraph.runtime.session import Array


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """What happens to a picture's values after it has the right size and channels, in this order."""

    invert: bool = False
    """Dark ink on white becomes bright on black."""
    low: float = 0.0
    """What black becomes; *high* is white's."""
    high: float = 1.0
    mean: tuple[float, ...] = ()
    """Subtracted, for each channel or one for all."""
    std: tuple[float, ...] = ()
    """Divided by."""

    @property
    def about(self) -> str:
        parts = ["inverted"] if self.invert else []
        parts.append(f"values {self.low:g} to {self.high:g}")
        if self.mean:
            parts.append(f"minus {_list(self.mean)}")
        if self.std:
            parts.append(f"divided by {_list(self.std)}")
        return ", ".join(parts)

    def given(self, invert: bool | None, mean: tuple[float, ...], std: tuple[float, ...]) -> Preprocessing:
        """With what was said on the command line instead."""
        changed = self if invert is None else replace(self, invert=invert)
        changed = replace(changed, mean=mean) if mean else changed
        return replace(changed, std=std) if std else changed


def _list(numbers: tuple[float, ...]) -> str:
    return ", ".join(f"{number:g}" for number in numbers)


def preprocessing(layer: Layer) -> Preprocessing:
    """What an input's annotations ask for: ``@invert``, ``@scale(low, high)``, ``@normalize(mean, std)``."""
    done = Preprocessing()
    for annotation in layer.annotations:
        match annotation.name, annotation.arguments:
            case "invert", ():
                done = replace(done, invert=True)
            case "scale", (int() | float() as low, int() | float() as high):
                done = replace(done, low=float(low), high=float(high))
            case "normalize", (mean, std):
                done = replace(done, mean=_numbers(mean, annotation), std=_numbers(std, annotation))
            case "invert" | "scale" | "normalize", _:
                raise _wrong(annotation)
    check_channels(done, layer.output.channels)
    return done


def check_channels(done: Preprocessing, channels: object) -> None:
    """Raises `CnngraphError` unless means and deviations are one number, or one for each channel."""
    for name, numbers in (("mean", done.mean), ("std", done.std)):
        if len(numbers) not in (0, 1, channels):
            raise CnngraphError.of(
                "E0804",
                f"{len(numbers)} numbers for the {name} of {channels} channels",
                help="give one, or one for each channel",
            )
    if any(number == 0 for number in done.std):
        raise CnngraphError.of("E0804", "a std of 0 divides by zero")


def _numbers(value: object, annotation: Annotation) -> tuple[float, ...]:
    values = value if isinstance(value, tuple) else (value,)
    if not all(isinstance(number, int | float) for number in values):
        raise _wrong(annotation)
    return tuple(float(number) for number in values)


def _wrong(annotation: Annotation) -> CnngraphError:
    help = "@invert   @scale(-1, 1)   @normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))"
    return CnngraphError(
        [
            Diagnostic(
                "E0805",
                f"@{annotation.name} is not written like that",
                Label(annotation.span) if annotation.span else None,
                help=help,
            )
        ]
    )


def read(path: Path, size: tuple[int | None, int | None], channels: int, done: Preprocessing) -> Array:
    """The picture at *path* as float32 of shape (1, channels, H, W).

    *size* is height and width, None where the picture's own is kept. One channel is its brightness,
    three are red, green and blue; what is transparent becomes white. Raises `CnngraphError`.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

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
                picture = ImageOps.exif_transpose(opened)
                if picture.mode.startswith("I"):
                    # 16 bits a pixel, which Pillow would cut off at 255 instead of scaling.
                    picture = Image.fromarray((np.asarray(picture).clip(0, 65535) // 257).astype(np.uint8))
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
    values = np.asarray(picture, np.float32).reshape(height, width, channels) / 255
    if done.invert:
        values = 1 - values
    values = values * (done.high - done.low) + done.low
    if done.mean:
        values = values - np.array(done.mean, np.float32)
    if done.std:
        values = values / np.array(done.std, np.float32)
    return np.ascontiguousarray(values.transpose(2, 0, 1)[None], np.float32)
