"""Free sizes calculate as the numbers they stand for, and equal ones are written alike."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnngraph.volume import Dim, Free, Volume, as_int, caption, divisors, fixed, product

H, W = Free("H"), Free("W")


def at(dim: Dim, **sizes: int) -> int:
    """What is written, calculated by Python."""
    return int(eval(str(dim), {}, sizes))


@dataclass(frozen=True)
class Step:
    """One calculation, on whatever calculates."""

    sign: str
    number: int

    def of(self, size: Dim) -> Dim:
        match self.sign:
            case "+":
                return size + self.number
            case "-":
                return size - self.number
            case "* from the left":
                return self.number * size
            case "+ from the left":
                return self.number + size
            case "*":
                return size * self.number
            case "from":
                return self.number - size
            case _:
                return size // self.number


SIGNS = ["+", "-", "*", "//", "//", "//", "from", "* from the left", "+ from the left"]
STEPS = st.lists(st.builds(Step, st.sampled_from(SIGNS), st.integers(1, 12)), max_size=7)


def followed(start: Dim, steps: list[Step]) -> Dim:
    for step in steps:
        start = step.of(start)
    return start


@settings(max_examples=500)
@given(STEPS)
def test_any_calculation_with_numbers(steps: list[Step]) -> None:
    free = followed(H, steps)
    for n in range(40):
        assert at(free, H=n) == followed(n, steps), free


def together(sign: str, a: Dim, b: Dim) -> Dim:
    match sign:
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            return a * b
        case _:
            return (a + b) // 3


@settings(max_examples=200)
@given(STEPS, STEPS, st.sampled_from(["+", "-", "*", "//"]))
def test_calculations_with_two_free_sizes(left: list[Step], right: list[Step], sign: str) -> None:
    for second, name in ((H, "H"), (W, "W")):
        a, b = followed(H, left), followed(second, right)
        for n, m in ((0, 0), (7, 7), (12, 5), (30, 31)):
            m = n if name == "H" else m
            wanted = together(sign, followed(n, left), followed(m, right))
            assert at(together(sign, a, b), H=n, W=m) == wanted


@pytest.mark.parametrize(
    ("size", "written"),
    [
        (H + 2 - 2, "H"), ((4 * H) // 2, "2*H"), (((H - 2) // 2 + 1) // 2, "H//4"), (H // 2 * 2 + 1, "2*(H//2)+1"),
        ((H + 1) // 2 // 2, "(H+1)//4"), ((6 * H + 3) // 4, "(3*H+1)//2"), ((H + 5) // 3, "(H+2)//3+1"),
        (H - H, "0"), (H * 0 + 3, "3"), (5 - H, "-1*H+5"), (H + W, "(H + W)"), (H * W, "(H)*(W)"), (H // 1, "H"),
        (2 * H + 3 * H, "5*H"), (((H + 1) // 2 + 1) // 2, "(H+3)//4"), ((H - 1) // 2, "(H+1)//2-1"),
        ((3 * (H // 2)) // 2, "(3*(H//2))//2"),
    ],
)  # fmt: skip
def test_normal_form(size: Dim, written: str) -> None:
    assert str(size) == written


def test_equal_when_written_alike() -> None:
    assert Free("H", 1, 1) == H + 1
    assert (H // 2) // 2 == H // 4
    assert H // 2 != H // 3
    assert H + 1 != H + 2


def test_volumes() -> None:
    map_, vector, free = Volume((2, 3, 4)), Volume((5,)), Volume((H, 3, 4))
    assert (map_.height, map_.width, map_.channels, map_.size, map_.is_map) == (2, 3, 4, 24, True)
    assert (vector.height, vector.width, vector.channels, vector.size, vector.is_map) == (1, 1, 5, 5, False)
    assert (str(map_), str(vector), str(free)) == ("2x3x4", "5", "(?H, 3, 4)")
    assert (map_.caption, free.caption, free.size) == ("2×3×4", "H×3×4", 12 * H)
    assert map_.is_fixed
    assert not free.is_fixed
    assert not fixed((1, H))
    assert product([]) == 1
    assert product([2, 3]) == as_int(6)
    with pytest.raises(ValueError, match="the size H is free"):
        as_int(H)


def test_divisors_are_the_numbers_that_divide() -> None:
    for number in range(1, 500):
        assert divisors(number) == [n for n in range(1, number + 1) if number % n == 0], number
    assert divisors(2**38) == [2**n for n in range(39)]  # as many channels as a volume may have, and no wait


@given(st.integers(1, 4), st.integers(-9, 9), st.lists(st.tuples(st.integers(2, 5), st.integers(-3, 9)), max_size=3))
def test_the_caption_of_a_free_size_is_its_formula(scale: int, offset: int, steps: list[tuple[int, int]]) -> None:
    size: Dim = scale * Free.symbol("H") + offset
    for divisor, more in steps:
        size = (size // divisor) * scale + more
    assert isinstance(size, Free)
    said = caption(size).replace("⌊", "floor(").replace("⌈", "ceil(").replace("⌋", ")").replace("⌉", ")")
    said = re.sub(r"(?<=[\d)])(?=[Hcf(])", "*", said.replace("−", "-"))
    for number in range(1, 60):
        assert eval(said, {"H": Fraction(number), "ceil": ceil, "floor": floor}) == size.at({"H": number})
