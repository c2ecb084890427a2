"""The handwritten digits that LeNet-5 is trained and tested on: which is which part, and as pictures.

The data are the 1,797 digits bundled with scikit-learn: 8×8 numbers from 0 (paper) to 16 (ink), from the
UCI repository's "Optical Recognition of Handwritten Digits" (E. Alpaydin, C. Kaynak, 1998; CC BY 4.0).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

SPLIT_SEED = 1998
"""The year the data were published; it was not chosen for its result."""

Floats = NDArray[np.float32]
Labels = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Digits:
    """One part of the data."""

    ink: Floats
    """(N, 8, 8), from 0 for paper to 1 for ink."""
    labels: Labels
    """(N,), 0 to 9."""

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, slots=True)
class Split:
    """The data in parts that share no digit."""

    fit: Digits
    """65 %, to fit weights on while the training is being worked out."""
    validation: Digits
    """15 %, to judge that by."""
    test: Digits
    """20 %, 360 digits, for the report only."""

    @property
    def train(self) -> Digits:
        """All but the test part: what the weights that ship are fitted on."""
        both = self.fit, self.validation
        return Digits(np.concatenate([part.ink for part in both]), np.concatenate([part.labels for part in both]))


def split_digits() -> Split:
    """Always the same split, with the same share of every digit in each part."""
    from sklearn.datasets import load_digits

    data = load_digits()
    ink, labels = (data.images / 16).astype(np.float32), data.target.astype(np.int64)
    rest, test = _parted(np.arange(len(labels)), labels, 0.20)
    fit, validation = _parted(rest, labels, 0.15 / 0.80)
    return Split(*(Digits(ink[part], labels[part]) for part in (fit, validation, test)))


def _parted(rows: Labels, labels: Labels, share: float) -> tuple[Labels, Labels]:
    """*rows* in two, the second with *share* of them."""
    from sklearn.model_selection import train_test_split

    first, second = train_test_split(rows, test_size=share, random_state=SPLIT_SEED, stratify=labels[rows])
    return first, second


def plain(digits: Digits) -> Floats:
    """(N, 1, 32, 32) for the network: every digit enlarged from edge to edge, and nothing else."""
    enlarged = [Image.fromarray(ink).resize((32, 32), Image.Resampling.BILINEAR) for ink in digits.ink]
    return np.stack([np.asarray(image) for image in enlarged])[:, None]


def sharpened(ink: Floats, amount: float = 1.5) -> Floats:
    """(N, 12, 12): (N, 8, 8) with two rows of paper around, and the strokes' edges and gaps brought out.

    The 8×8 numbers are averages over 4×4 blocks of the scan; *amount* times the difference to a blurred copy
    gives back some of what the averaging took.
    """
    framed = np.pad(ink, ((0, 0), (2, 2), (2, 2)))
    blurred = gaussian_filter(framed, (0, 1, 1), mode="constant")
    return np.asarray(framed + amount * (framed - blurred), np.float32)


def picture(ink: Floats, size: int = 256, margin: float = 0.15) -> Image.Image:
    """One digit, (8, 8), as dark ink on a white sheet of *size* × *size* pixels, gray values only.

    The sharpened numbers are enlarged smoothly, and what lies above a level near one half is ink, so that the
    stroke has an edge again. *margin* is the share of the sheet that stays white on every side.
    """
    wide = round(size * (1 - 2 * margin) * 12 / 8)
    field = np.asarray(Image.fromarray(sharpened(ink[None])[0]).resize((wide, wide), Image.Resampling.BICUBIC))
    start = (wide - size) // 2
    sheet = field[start : start + size, start : start + size] if start >= 0 else np.pad(field, -start)[:size, :size]
    stroke = np.clip((sheet - 0.45) / 0.15, 0, 1)
    return Image.fromarray(np.round(255 - 235 * stroke).astype(np.uint8))


def seen(image: Image.Image) -> Floats:
    """(1, 32, 32): what the network gets of a picture by `input 32x32x1 @invert`."""
    small = image.convert("L").resize((32, 32), Image.Resampling.BILINEAR)
    return np.float32(1) - np.asarray(small, np.float32)[None] / np.float32(255)


def through_pictures(digits: Digits) -> Floats:
    """(N, 1, 32, 32) for the network: every digit drawn on a white sheet, and the sheet as the network sees it."""
    return np.stack([seen(picture(ink)) for ink in digits.ink])
