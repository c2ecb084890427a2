"""A tensor that is added again and again is written line by line, and residuals in residuals as they are."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from cnngraph import parse
from cnngraph.structure import differences, written
from tests.structure.flat import flattened

STEPS = ("conv 4 3x3 same", "conv 4 3x3 same relu", "relu", "conv 4 1x1", "conv 4 3x3 same bn")


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_what_is_added_again_and_again_stands_in_no_branches(data: st.DataObject) -> None:
    """In front of what goes on or as an output, and whatever is between, with the weights of the first time."""
    body = data.draw(st.lists(st.sampled_from(STEPS), min_size=1, max_size=3).filter(lambda each: {*each} != {"relu"}))
    rounds = data.draw(st.integers(3, 7))
    lines = ["x: conv 4 3x3 same"]
    for number in range(rounds):
        for at, step in enumerate(body):
            again = number and step.startswith("conv")
            lines.append(f"again c{at}" if again else f"c{at}: {step}" if not number else step)
        lines.append("add x")
    lines += data.draw(st.sampled_from([[], ["relu", "conv 1 1x1"], ["avgpool global -> flatten -> fc 3"]]))
    flat = flattened(parse("net t\ninput 8x8x4\n" + "\n".join(lines) + "\n"))
    made = written(flat, {})
    assert made.is_structured
    assert differences(flat, parse(made.text)) == []
    assert "add {" not in made.text
    assert len(made.text.splitlines()) < 20


@settings(max_examples=10, deadline=None)
@given(st.integers(2, 3), st.integers(2, 3))
def test_residuals_in_residuals_stay_in_one_another(inner: int, outer: int) -> None:
    block = "add {\n| skip\n| conv 4 3x3 same relu -> conv 4 3x3 same\n}\n"
    group = f"add {{\n| skip\n| {block * inner} conv 4 3x3 same\n}}\n"
    flat = flattened(
        parse(f"net t\ninput 8x8x4\nconv 4 3x3 same\nadd {{\n| skip\n| {group * outer} conv 4 3x3 same\n}}\n")
    )
    made = written(flat, {})
    assert differences(flat, parse(made.text)) == []
    assert made.text.count("| skip") == 3
    assert "-> add " not in made.text
