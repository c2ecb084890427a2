"""Lines that turn."""

from __future__ import annotations

from cnngraph.figure.scene import (
    Curve,
    Line,
    Move,
    Point,
)


def turn(start: Point, stop: Point) -> tuple[Line | Curve, ...]:
    """From one height to another, level at both ends."""
    if abs(start[1] - stop[1]) < 0.01:
        return (Line(stop),)
    middle = (start[0] + stop[0]) / 2
    return (Curve((middle, start[1]), (middle, stop[1]), stop),)


def bent(start: Point, level: Point, right: float, stop: Point) -> tuple[Move | Line | Curve, ...]:
    """From *start* with a turn to *level*, along its height to *right*, and with a turn to *stop*."""
    return (Move(start), *turn(start, level), Line((right, level[1])), *turn((right, level[1]), stop))


def corner(start: Point, corner: Point, stop: Point) -> Curve:
    """A quarter turn."""
    share = 0.5523
    return Curve(
        (start[0] + share * (corner[0] - start[0]), start[1] + share * (corner[1] - start[1])),
        (stop[0] + share * (corner[0] - stop[0]), stop[1] + share * (corner[1] - stop[1])),
        stop,
    )


def shortened(step: Move | Line | Curve, by: float) -> Move | Line | Curve:
    """A last step that ends *by* before its end: the arrowhead covers the rest."""
    x, y = step.to
    match step:
        case Curve(control1, control2):
            return Curve(control1, control2, (x - by, y))
        case Line():
            return Line((x - by, y))
        case Move():
            return step
