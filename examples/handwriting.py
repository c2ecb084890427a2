"""Many handwritings out of few digits: the random changes that training makes to every digit it shows."""

from __future__ import annotations

import math

import numpy as np
import torch
from digits_data import Digits, Floats, sharpened
from scipy.ndimage import distance_transform_edt
from torch import Tensor
from torch.nn import functional

FIELD = 96
"""Side of a digit's fields: 12×12 numbers (two of them paper on every side), enlarged 8 times."""
CANVAS = 64
"""Side of the sheet that strokes are drawn on before it shrinks to what the network sees."""
AS_SCANNED = 0.2
"""Share of the drawings that keep the soft edges of the 8×8 numbers and reach from edge to edge."""


class Handwriting:
    """Draws the digits of one part of the data, every time in another way.

    A digit is kept as fields: how much ink there is at a point, and how far the point is from the stroke's middle
    line. From the ink it is drawn as it was written, with softer or harder edges; from the distance with a pen of
    any width. Nearly every 7 in the data has a bar, which many people do not write, so that half of the 7s drawn
    with a pen go without.
    """

    def __init__(self, digits: Digits, generator: torch.Generator) -> None:
        self.labels = torch.from_numpy(digits.labels)
        self._generator = generator
        soft, sharp = (_enlarged(sharpened(digits.ink, amount)) for amount in (0.0, 1.5))
        lines = [middle_line(field > 0.5) for field in sharp.numpy()]
        unbarred = [without_bar(line) if label == 7 else line for line, label in zip(lines, digits.labels, strict=True)]
        self._fields = torch.stack([soft, sharp, _distances(lines), _distances(unbarred)], dim=1)

    def draw(self, rows: Tensor) -> Tensor:
        """(B, 1, 32, 32), from 0 for paper to 1 for ink: the digits of *rows*, (B,), drawn anew."""
        way = self._between(rows, 0, 1)
        places = self._places(way[:, 0, 0, 0] < AS_SCANNED)
        fields = functional.grid_sample(self._fields[rows], places, padding_mode="border", align_corners=False)
        soft, sharp, to_line, to_unbarred = fields.split(1, dim=1)

        level, edge = self._between(rows, 0.25, 0.60), self._between(rows, 0.05, 0.60)
        written = ((sharp - level) / edge + 0.5).clamp(0, 1)
        width = self._between(rows, 1.5, 8.0)
        distance = torch.where(self._between(rows, 0, 1) < 0.5, to_line, to_unbarred)
        redrawn = (width - distance + 0.5).clamp(0, 1)
        stroke = torch.where(way < AS_SCANNED, soft.clamp(0, 1), torch.where(way < 0.65, written, redrawn))

        small = functional.avg_pool2d(self._blurred(stroke), CANVAS // 32)
        return self._inked(small)

    def _between(self, rows: Tensor, low: float, high: float) -> Tensor:
        """One random number for each of *rows*, to multiply a (B, 1, H, W) with."""
        return low + (high - low) * torch.rand(len(rows), 1, 1, 1, generator=self._generator)

    def _places(self, as_scanned: Tensor) -> Tensor:
        """(B, CANVAS, CANVAS, 2): where in the field each point of the canvas is, from -1 to 1.

        Turned by up to 14°, sheared, from 45 % of the sheet's height to all of it, narrower or wider, shifted
        as far as the margin allows, and bent a little; where *as_scanned*, (B,), from edge to edge and half as
        far from upright.
        """
        count = len(as_scanned)

        def between(low: float, high: float) -> Tensor:
            return low + (high - low) * torch.rand(count, generator=self._generator)

        calm = torch.where(as_scanned, 0.5, 1.0)
        high = torch.where(as_scanned, between(0.92, 1.05), between(0.45, 1.02))
        wide = torch.where(as_scanned, between(0.92, 1.05), high * torch.exp(between(-0.40, 0.35)))
        turn = calm * between(-1, 1) * math.radians(14)
        shear = calm * between(-0.3, 0.3)
        digit = 8 / 12  # the digit's share of its field
        cos, sin = torch.cos(turn), torch.sin(turn)
        matrix = torch.stack(
            [
                torch.stack([cos / wide, (sin + shear) / wide], dim=1),
                torch.stack([-sin / high, cos / high], dim=1),
            ],
            dim=1,
        )
        room = torch.stack([(1 - wide * 0.75).clamp(0.06), (1 - high).clamp(0.06)], dim=1)
        shift = room * (2 * torch.rand(count, 2, generator=self._generator) - 1) * 0.8
        offset = -torch.einsum("bij,bj->bi", matrix, shift)
        places = functional.affine_grid(
            digit * torch.cat([matrix, offset[:, :, None]], dim=2), [count, 1, CANVAS, CANVAS], align_corners=False
        )
        bend = torch.randn(count, 2, 4, 4, generator=self._generator) * 0.035
        smooth = functional.interpolate(bend, size=(CANVAS, CANVAS), mode="bicubic", align_corners=True)
        return places + smooth.permute(0, 2, 3, 1)

    def _blurred(self, stroke: Tensor) -> Tensor:
        """Blurred by the triangle that a picture's reduction to 32×32 has, or by more."""
        wider = functional.avg_pool2d(stroke, 3, stride=1, padding=1)
        widest = functional.avg_pool2d(wider, 5, stride=1, padding=2)
        way = torch.rand(len(stroke), 1, 1, 1, generator=self._generator)
        return torch.where(way < 0.85, wider, widest)

    def _inked(self, ink: Tensor) -> Tensor:
        """With pale ink, gray paper, light from one side, and noise."""
        rows = ink[:, 0, 0, 0]
        ink = self._between(rows, 0.55, 1.0) * ink
        photo = (self._between(rows, 0, 1) < 0.35).float()
        ramp = torch.linspace(-1, 1, 32)
        slope_x, slope_y = self._between(rows, -0.10, 0.10), self._between(rows, -0.10, 0.10)
        paper = self._between(rows, 0, 0.35) + slope_x * ramp[None, None, None, :] + slope_y * ramp[None, None, :, None]
        noise = 0.03 * torch.randn(ink.shape, generator=self._generator)
        return (ink + photo * ((1 - ink) * paper + noise)).clamp(0, 1)


def _enlarged(fields: Floats) -> Tensor:
    """(N, FIELD, FIELD)."""
    grown = functional.interpolate(
        torch.from_numpy(fields)[:, None], size=(FIELD, FIELD), mode="bicubic", align_corners=False
    )
    return grown[:, 0]


def _distances(lines: list[np.ndarray]) -> Tensor:
    """(N, FIELD, FIELD): for every point how far it is from the line, in points."""
    return torch.from_numpy(np.stack([distance_transform_edt(~line) for line in lines]).astype(np.float32))


def middle_line(stroke: np.ndarray) -> np.ndarray:
    """*stroke*, booleans, thinned to lines one point wide (T. Y. Zhang, C. Y. Suen 1984)."""
    line = stroke
    while True:
        before = line.sum()
        for first in (True, False):
            ring = _ring(line)
            up, right, down, left = ring[::2]
            if first:
                open_side = ~(up & right & down) & ~(right & down & left)
            else:
                open_side = ~(up & right & left) & ~(up & down & left)
            count = ring.sum(axis=0)
            line = line & ~((count >= 2) & (count <= 6) & (_groups(ring) == 1) & open_side)
        if line.sum() == before:
            return line


def without_bar(line: np.ndarray) -> np.ndarray:
    """The middle line of a 7 without what ends half-way up: from its ends inwards as far as the stem."""
    top, bottom = round(FIELD * (2 + 8 * 0.30) / 12), round(FIELD * (2 + 8 * 0.80) / 12)
    half_way = np.zeros_like(line)
    half_way[top:bottom] = True
    while True:
        ring = _ring(line)
        ends = line & half_way & (ring.sum(axis=0) <= 2) & (_groups(ring) <= 1)
        if not ends.any():
            return line
        line = line & ~ends


def _ring(line: np.ndarray) -> np.ndarray:
    """(8, H, W): every point's neighbours, clockwise from the one above. The rim of *line* has to be empty."""
    steps = ((1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1))
    return np.stack([np.roll(line, step, axis=(0, 1)) for step in steps])


def _groups(ring: np.ndarray) -> np.ndarray:
    """(H, W): how many separate runs of neighbours there are around every point."""
    return np.asarray(np.count_nonzero(~ring & np.roll(ring, -1, axis=0), axis=0))
