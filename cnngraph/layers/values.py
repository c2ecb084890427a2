"""The types an argument of a layer kind can have, and how the language's values become them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Pair = tuple[int, int]


class BadValue(Exception):
    """The value is not one that the argument takes; the text says what it takes."""

    def __init__(self, message: str, code: str = "E0208", help: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.help = help


@dataclass(frozen=True, slots=True)
class Type:
    """A type of argument: what it is called, how a value is converted, and its words.

    A word (``same``, ``ceil``, ``bilinear``) sets the argument without naming it.
    """

    name: str
    convert: Callable[[object], Any]
    words: Mapping[str, object]
    is_flag: bool = False
    """A flag's word is its own keyword."""
    takes_lists: bool = False
    """Whether a size such as 3x3 or a list is one value of it."""
    besides: str = ""
    """What it takes besides its words."""


@dataclass(frozen=True, slots=True)
class Padding:
    """``valid``, ``same`` (symmetric), ``same_upper``/``same_lower`` (TensorFlow's), or given amounts."""

    mode: Literal["valid", "same", "same_upper", "same_lower", "given"] = "valid"
    amounts: tuple[int, int, int, int] = (0, 0, 0, 0)
    """Top, left, bottom, right, when given."""

    @property
    def caption(self) -> str:
        if self.mode == "valid" or (self.mode == "given" and not any(self.amounts)):
            return ""
        if self.mode != "given":
            return self.mode.replace("_", " ")
        top, left, bottom, right = self.amounts
        if top == left == bottom == right:
            return f"p = {top}"
        return f"p = ({top}, {left}, {bottom}, {right})"


VALID = Padding()


def _whole(value: object, low: int, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadValue(f"{what}, not {show(value)}")
    if value < low:
        raise BadValue(f"{what}, not {value}")
    return value


def _count(value: object) -> int:
    return _whole(value, 1, "a whole number of at least 1")


def _index(value: object) -> int:
    return _whole(value, 0, "a whole number of at least 0")


def _pair(value: object) -> Pair:
    if isinstance(value, tuple):
        if len(value) != 2:
            raise BadValue(f"one number or two (height x width), not {show(value)}")
        return _count(value[0]), _count(value[1])
    size = _count(value)
    return size, size


def _volume(value: object) -> tuple[int, int, int]:
    if not isinstance(value, tuple) or len(value) != 3:
        raise BadValue(f"a volume such as 7x7x128 (height x width x channels), not {show(value)}")
    return _count(value[0]), _count(value[1]), _count(value[2])


def _shape(value: object) -> tuple[int, ...]:
    """A volume, or a vector's length."""
    return (
        _volume(value)
        if isinstance(value, tuple) and len(value) != 1
        else (_count(value[0] if isinstance(value, tuple) else value),)
    )


def _text(value: object) -> str:
    if not isinstance(value, str) or not value or not value.isprintable() or '"' in value:
        raise BadValue(f'a text such as "attention", not {show(value)}')
    return value


def _padding(value: object) -> Padding:
    if isinstance(value, Padding):
        if value.mode != "given":
            return Padding(value.mode)
        value = value.amounts
    parts = value if isinstance(value, tuple) else (value,)
    for part in parts:
        if isinstance(part, int) and not isinstance(part, bool) and part < 0:
            raise BadValue("padding cannot be negative", "E0405", "to cut a border off use  crop 1")
    numbers = tuple(_index(part) for part in parts)
    match numbers:
        case (each,):
            return Padding("given", (each, each, each, each))
        case (height, width):
            return Padding("given", (height, width, height, width))
        case (top, left, bottom, right):
            return Padding("given", (top, left, bottom, right))
    raise BadValue(f"one number, two (height, width) or four (top, left, bottom, right), not {show(value)}")


def _border(value: object) -> Padding:
    """Amounts as those of a padding."""
    if isinstance(value, Padding) and value.mode != "given":
        raise BadValue(f"one number, two (height, width) or four (top, left, bottom, right), not {value.mode}")
    return _padding(value)


def _factor(value: object) -> int | float | tuple[int | float, int | float]:
    """One number for both directions, or two that differ."""
    if isinstance(value, tuple):
        if len(value) != 2:
            raise BadValue(f"one number or two (height, width), not {show(value)}")
        down, across = _one_factor(value[0]), _one_factor(value[1])
        return down if down == across else (down, across)
    return _one_factor(value)


def _one_factor(value: object) -> int | float:
    number = _positive(value)
    if number != round(number * 64) / 64:
        # Then every reader of the file comes to the same size; a float32 of 1.1 is more than 1.1.
        raise BadValue(
            f"a number above 0 in whole 64ths, not {show(value)}", help="give the output's size instead:  to=14x14"
        )
    return int(number) if number == int(number) else number


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadValue(f"a number, not {show(value)}")
    return float(value) + 0.0  # of -0.0 too, which is the same number and would be written as another


def _gain(value: object) -> float | None:
    """None for one that is learned."""
    return None if value is None else _number(value)


def _fraction(value: object) -> float:
    number = _number(value)
    if not 0 <= number < 1:
        raise BadValue(f"a probability of at least 0 and below 1, not {show(value)}")
    return number


def _positive(value: object) -> float:
    number = _number(value)
    if not number > 0:
        raise BadValue(f"a number above 0, not {show(value)}")
    return number


def _word(value: object) -> str:
    if not isinstance(value, str):
        raise BadValue(f"one of its words, not {show(value)}")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise BadValue(f"on or off, not {show(value)}")
    return value


def show(value: object) -> str:
    """A value as it would be written in a spec."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple):
        return "(" + ", ".join(show(item) for item in value) + ")"
    return str(value)


COUNT = Type("count", _count, {})
INDEX = Type("index", _index, {})
PAIR = Type("size", _pair, {}, takes_lists=True)
VOLUME = Type("volume", _volume, {}, takes_lists=True)
SHAPE = Type("shape", _shape, {}, takes_lists=True)
TEXT = Type("text", _text, {})
PADDING = Type(
    "padding",
    _padding,
    {"valid": VALID, **{mode: Padding(mode) for mode in ("same", "same_upper", "same_lower")}},
    besides="a number, (height, width) or (top, left, bottom, right)",
)
BORDER = Type("border", _border, {}, takes_lists=True)
FACTOR = Type("factor", _factor, {}, takes_lists=True)
NUMBER = Type("number", _number, {})
POSITIVE = Type("positive number", _positive, {})
FRACTION = Type("fraction", _fraction, {})
FLAG = Type("flag", _flag, {}, is_flag=True)
GAIN = Type("gain", _gain, {"learned": None}, besides="a number")
ORDER = Type("order", _word, {"by_pixel": "by_pixel", "by_channel": "by_channel"})
REORG = Type("order", _word, {**ORDER.words, **{word: word for word in ("by_column", "as_darknet")}})
BORDERS = Type("filling", _word, {word: word for word in ("zeros", "reflect", "replicate", "circular")})
BLEND = Type("mode", _word, {word: word for word in ("nearest", "bilinear", "bicubic")})
