"""Expressions of the language calculate as Python's, where both have them; what has no value is said."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnngraph.diagnostics import CnngraphError
from cnngraph.fronts import parse

NUMBERS = st.one_of(st.integers(0, 12).map(str), st.sampled_from(["0.5", "1.25", "2.0"]))


def _extended(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "//", "%", "/"]), inner).map(" ".join),
        st.tuples(inner, st.sampled_from(["+", "-", "*"]), inner, st.sampled_from(["+", "-", "*", "//"]), inner).map(
            " ".join
        ),
        inner.map(lambda text: f"({text})"),
        inner.map(lambda text: f"-({text})"),
        st.lists(inner, min_size=1, max_size=3).map(lambda items: f"max({', '.join(items)})"),
        st.lists(inner, min_size=1, max_size=3).map(lambda items: f"min({', '.join(items)})"),
        inner.map(lambda text: f"ceil({text})"),
        inner.map(lambda text: f"int({text})"),
    )


SUMS = st.recursive(NUMBERS, _extended, max_leaves=6)
COMPARISONS = st.tuples(SUMS, st.sampled_from(["<", ">", "<=", ">=", "==", "!="]), SUMS).map(" ".join)
TRUTHS = st.recursive(
    st.one_of(COMPARISONS, st.sampled_from(["true", "false"])),
    lambda inner: st.one_of(
        st.lists(inner.map(lambda text: f"({text})"), min_size=2, max_size=3).map(" and ".join),
        st.lists(inner.map(lambda text: f"({text})"), min_size=2, max_size=3).map(" or ".join),
        inner.map(lambda text: f"not ({text})"),
    ),
    max_leaves=4,
)


def slope(expression: str) -> float | str:
    """What the language makes of *expression*, or the code of what is wrong with it."""
    try:
        return parse(f"net t\nlet value = {expression}\ninput 4x4x1\nleaky slope=value\n").layers[1].kind.slope  # type: ignore[attr-defined, no-any-return]
    except CnngraphError as error:
        return error.diagnostics[0].code


def python(expression: str) -> Any:
    names: dict[str, Any] = {
        "min": lambda *items: min(items), "max": lambda *items: max(items), "ceil": math.ceil, "int": int,
        "true": True, "false": False,
    }  # fmt: skip
    return eval(expression, {}, names)


@settings(max_examples=400)
@given(SUMS)
def test_sums(expression: str) -> None:
    found = slope(expression)
    if "/" in expression.replace("//", "") or "%" in expression:
        # Two whole numbers do not divide into a broken one here: it is said.
        if isinstance(found, float):
            assert found == pytest.approx(python(expression))
        return
    try:
        wanted = python(expression)
    except ZeroDivisionError:
        assert found == "E0203"
        return
    if "//" not in expression or isinstance(found, float):
        assert found == pytest.approx(wanted)


@settings(max_examples=200)
@given(TRUTHS, st.integers(1, 9), st.integers(1, 9))
def test_truths_choose(condition: str, yes: int, no: int) -> None:
    found = slope(f"select({condition}, {yes}, {no})")
    if isinstance(found, str):
        return
    try:
        wanted = yes if python(condition) else no
    except ZeroDivisionError:
        # Behind what has decided already nothing is calculated.
        return
    assert found == wanted


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1 + 2 * 3", 7), ("(1 + 2) * 3", 9), ("7 // 2", 3), ("7 % 4", 3), ("8 / 4", 2), ("7 / 2", "E0203"),
        ("7.0 / 2", 3.5), ("10 - 3 - 2", 5), ("16 // 4 // 2", 2), ("-3 + 5", 2), ("2 * -3", -6), ("1 // 0", "E0203"),
        ("1 % 0", "E0203"), ("1 / 0", "E0203"), ("max(1, 5, 3)", 5), ("min(4, 2)", 2), ("max(3)", 3),
        ("max()", "E0207"),
        ("ceil(1.2)", 2), ("ceil(1.2, 3)", "E0207"), ("int(2.9)", 2), ("int()", "E0207"), ("round8(3)", 8),
        ("round8(12)", 16), ("round8(11)", 16), ("round8(19)", 24), ("round8(20)", 24), ("round8(27)", 32),
        ("round8(67)", 64),
        ("round8(33)", 32), ("round8(36)", 40), ("round8(8)", 8), ("round8(0.5 * 34)", 16), ("select(true, 1, 2)", 1),
        ("select(false, 1, 2)", 2), ("select(true, 1)", "E0207"), ("select(1 < 2 and 2 < 3, 1, 2)", 1),
        ("select(false and 1 // 0 == 1, 1, 2)", 2), ("select(true or 1 // 0 == 1, 1, 2)", 1),
        ("select(not false, 1, 2)", 1), ("select(not true and false, 1, 2)", 2),
        ("select(not 1 == 2, 1, 2)", 1), ("select(not true or true, 1, 2)", 1),
        ("select(not (true and false), 1, 2)", 1),
        ("select(false and true or true, 1, 2)", 1), ("select(true or true and false, 1, 2)", 1),
        ("select(false or false or true, 1, 2)", 1), ("(4, 5, 6)[0]", 4),
        ("(4, 5, 6)[2]", 6), ("(4, 5, 6)[3]", "E0205"), ("(4, 5, 6)[-1]", "E0205"), ("3[0]", "E0205"),
        ("1 + (1, 2)", "E0205"), ("max((1, 2))", "E0205"), ("-(1, 2)", "E0205"),
        ("maxx(1)", "E0209"), ("1 + true", "E0205"),
        ("select(1, 2, 3)", "E0205"), ("9007199254740992", 2**53),
        ("9007199254740992 + 1", "E0205"), ("0 - 9007199254740992", -(2**53)), ("0 - 9007199254740992 - 1", "E0205"),
    ],
)  # fmt: skip
def test_known_values(expression: str, value: float | str) -> None:
    assert slope(expression) == value


@pytest.mark.parametrize("name", ["eps", "momentum", "g", "s", "channels", "units", "value"])
def test_a_value_may_be_called_as_an_argument_is(name: str) -> None:
    network = parse(f"net t\nparam {name} = 6\ninput 4x4x1\nconv {name} 3x3 bn\n")
    assert network.layers[1].output.channels == 6


@pytest.mark.parametrize(
    ("expression", "right"),
    [
        ("(in.h + 1) // 2", True), ("(1 + in.h) // 2", True), ("(in.h - 1) // 2 + 1", True),
        ("(2 * in.h + 2) // 4", True),
        ("(in.h * 2 + 2) // 4", True), ("in.h // 2", False), ("(in.h - 1) // 2", False), ("(in.h + 1) * 2", False),
        ("in.h", False), ("(in.h + in.h + 2) // 4", True), ("(3 * in.h - in.h + 2) // 4", True),
    ],
)  # fmt: skip
def test_sums_of_free_sizes(expression: str, right: bool) -> None:
    text = f"net t\ninput (?H, 8, 4)\nblock b() {{\n  conv 4 3x3 same s=2 => ({expression}, 4, 4)\n}}\nb\n"
    if right:
        parse(text)
    else:
        with pytest.raises(CnngraphError):
            parse(text)


@pytest.mark.parametrize(
    "expression",
    ["in.h / 2", "in.h % 2", "2 // in.h", "in.h // in.h", "in.h * 0.5", "0.5 + in.h", "in.h // 0", "in.h - 0.5"],
)
def test_what_has_no_value_before_the_network_runs(expression: str) -> None:
    text = f"net t\ninput (?H, 8, 4)\nblock b() {{\n  conv 4 3x3 same => ({expression}, 8, 4)\n}}\nb\n"
    with pytest.raises(CnngraphError, match="E0205"):
        parse(text)


def test_there_is_one_zero() -> None:
    network = parse("input 7x8x2\nclip lo=-0.0 hi=0.25")
    assert [repr(layer.kind) for layer in network] == [repr(layer.kind) for layer in parse(network.to_spec())]
    assert repr(network.layers[1].kind) == "Clip(lo=0.0, hi=0.25)"
