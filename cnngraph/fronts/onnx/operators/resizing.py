"""Resize, and Upsample before it."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from cnngraph.fronts.onnx.constants import Constant, Unknown
from cnngraph.fronts.onnx.operators.shapes import expand, reshape, unsqueeze
from cnngraph.fronts.onnx.trace import Step, Value, operator
from cnngraph.fronts.onnx.views import View, quotient
from cnngraph.layers.resize import Upsample
from cnngraph.layers.values import Pair
from cnngraph.volume import Dim


@operator("Resize")
def resize(
    step: Step,
    x: Value,
    roi: Value | None = None,
    scales: Value | None = None,
    sizes: Value | None = None,
    *,
    antialias: int = 0,
    axes: list[int] | None = None,
    coordinate_transformation_mode: str = "half_pixel",
    cubic_coeff_a: float = -0.75,
    exclude_outside: int = 0,
    extrapolation_value: float = 0.0,
    keep_aspect_ratio_policy: str = "stretch",
    mode: str = "nearest",
    nearest_mode: str = "round_prefer_floor",
) -> Value:
    """Up to opset 10 the second input has the scales, and coordinates are asymmetric."""
    view = step.map(x)
    if antialias or keep_aspect_ratio_policy != "stretch" or axes not in (None, [2, 3], [0, 1, 2, 3]):
        raise Unknown("a Resize with antialias, by a policy or along other axes than height and width")
    if mode == "cubic" and (cubic_coeff_a != -0.75 or exclude_outside):
        raise Unknown(f"a cubic Resize of the curve a = {cubic_coeff_a:g}, or without what is outside")
    if scales is None and sizes is None and roi is not None:
        return _resized(step, view, scales=step.constant(roi), mode=mode, where="asymmetric", rounds="floor")
    if isinstance(sizes, Constant) and sizes.size:
        return _resized(step, view, sizes=sizes, mode=mode, where=coordinate_transformation_mode, rounds=nearest_mode)
    return _resized(step, view, scales=step.constant(scales), mode=mode, where=coordinate_transformation_mode,
                    rounds=nearest_mode)  # fmt: skip


@operator("Upsample")
def upsample(
    step: Step,
    x: Value,
    scales: Value | None = None,
    *,
    mode: str = "nearest",
    height_scale: float = 1.0,
    width_scale: float = 1.0,
) -> Value:
    view = step.map(x)
    if scales is None:
        scales = Constant.of(np.array([1.0, 1.0, height_scale, width_scale], np.float32))
    return _resized(step, view, scales=step.constant(scales), mode=mode, where="asymmetric", rounds="floor")


@operator("cnngraph.Copied")
def copied(step: Step, x: Value, apart: Value, sizes: Value, shape: Value) -> Value:
    """An axis put in, repeated along it and read as another shape, as `patterns` found it: where that copies each row
    or each column, a layer does it, and where it does both as often it is one."""
    view = step.view(x)
    factors = _copies(view, step.constant(apart).ints, step.constant(sizes).dims, step.constant(shape).dims)
    if factors is None:
        return reshape(step, expand(step, unsqueeze(step, x, apart), sizes), shape)
    return _upsampled(step, view, factors)


def _copies(view: View, apart: tuple[int, ...], wanted: tuple[Dim, ...], given: tuple[Dim, ...]) -> Pair | None:
    """How often each row and each column of *view* is there; None where it is something else."""
    at = apart[0] % (view.rank + 1) - 1
    if view.to_upright() is None or len(apart) != 1 or at < 0 or len(wanted) != 5 or len(given) != 4:
        return None
    count, own = wanted[at + 1], view.axes[at]
    if not isinstance(count, int) or count < 2 or len(own) != 1 or own[0].of not in ("H", "W"):
        return None
    made = [size * count if n == at else size for n, size in enumerate(view.sizes)]
    others = zip(wanted[: at + 1] + wanted[at + 2 :], view.sizes, strict=True)
    if any(each not in (1, size) for each, size in others):
        return None
    if any(each != -1 and each != size for each, size in zip(given, made, strict=True)):
        return None
    return (count, 1) if own[0].of == "H" else (1, count)


def _upsampled(step: Step, view: View, factors: Pair) -> View:
    order = view.to_upright()
    assert order is not None
    upright = view.turned(order)
    before = step.trace.enlarged.get(view.layer)
    if before is not None and 1 in factors and before[1] == factors[::-1]:
        upright, factors = before[0], (max(factors), max(factors))
    n = factors[0] if factors[0] == factors[1] else factors
    made = step.layer(Upsample(n=n), upright)
    step.trace.enlarged[made.layer] = (upright, factors)
    return made.turned([order.index(n) for n in range(4)])


def _resized(
    step: Step, view: View, *, mode: str, where: str, rounds: str,
    scales: Constant | None = None, sizes: Constant | None = None,
) -> View:  # fmt: skip
    volume = view.volume
    own = (volume.height, volume.width)
    factors: tuple[int | float, int | float] | None = None
    to: tuple[Dim, Dim] | None = None
    if sizes is not None:
        to = _last_two(sizes.dims)
        by = [quotient(made, size) for made, size in zip(to, own, strict=True)]
        if to == own:
            return view
        if all(isinstance(each, int) for each in by):
            factors = (int(str(by[0])), int(str(by[1])))
    else:
        assert scales is not None
        down, across = (float(each) for each in scales.floats[-2:])
        if any(each != 1 for each in scales.floats[:-2]):
            raise Unknown("a Resize along the batch or the channels")
        if (down, across) == (1.0, 1.0):
            return view
        if (to := _size_meant(own, (down, across))) is None:
            factors = (_plain(down), _plain(across))
    whole = factors is not None and all(isinstance(each, int) for each in factors)
    how, corners = _mode(mode, where, rounds, whole)
    if factors is not None:
        return step.layer(
            Upsample(n=factors[0] if factors[0] == factors[1] else factors, mode=how, align_corners=corners),
            view,
        )
    assert to is not None
    if isinstance(to[0], int) and isinstance(to[1], int):
        return step.layer(Upsample(to=(to[0], to[1]), mode=how, align_corners=corners), view)
    like = step.trace.as_large_as(to)
    if like is None:
        raise Unknown("a Resize to a size that no other tensor has")
    return step.layer(Upsample(mode=how, align_corners=corners), view, like)


_PARTS = 64
"""Factors are whole numbers of such parts of 1."""


def _size_meant(own: tuple[Dim, Dim], factors: tuple[float, float]) -> tuple[int, int] | None:
    """The size that *factors* are for, one of which `upsample` does not take: they are those of it and that of the
    map."""
    if all((factor * _PARTS).is_integer() for factor in factors):
        return None
    found = []
    for size, factor in zip(own, factors, strict=True):
        if not isinstance(size, int) or not math.isclose(factor, (made := round(size * factor)) / size, rel_tol=1e-6):
            return None
        found.append(made)
    return found[0], found[1]


def _last_two(dims: tuple[Dim, ...]) -> tuple[Dim, Dim]:
    if len(dims) not in (2, 4):
        raise Unknown(f"a Resize along {len(dims)} axes")
    return dims[-2], dims[-1]


def _plain(factor: float) -> int | float:
    return int(factor) if factor.is_integer() else float(Fraction(factor).limit_denominator(1000))


def _mode(mode: str, where: str, rounds: str, whole: bool) -> tuple[str, bool]:
    """How neighbours are blended, and whether corners are aligned. Raises `Unknown` for what `upsample` does
    not do."""
    if mode == "nearest":
        # By a whole number of times all of these copy each pixel as often.
        usual = where == "asymmetric" and rounds == "floor"
        if not (usual or (whole and where in ("asymmetric", "half_pixel", "pytorch_half_pixel")
                          and rounds in ("floor", "round_prefer_floor"))):  # fmt: skip
            raise Unknown(f"copies by {where} and {rounds}")
        if whole and where == "asymmetric" and rounds != "floor":
            raise Unknown(f"copies by {where} and {rounds}")
        return "nearest", False
    blends = {"linear": "bilinear", "bilinear": "bilinear", "cubic": "bicubic"}
    if mode not in blends:
        raise Unknown(f"a Resize by {mode} interpolation")
    if where not in ("half_pixel", "pytorch_half_pixel", "align_corners"):
        raise Unknown(f"blended by {where}")
    return blends[mode], where == "align_corners"
