"""Random networks as text: lines that follow one another, start elsewhere, join, and are given back."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st


@st.composite
def dags(
    draw: st.DrawFn,
    steps: Sequence[str],
    joins: Sequence[str] = ("add", "max", "mul"),
    most: int = 8,
    shared: bool = False,
) -> str:
    """The lines behind ``input``; every step keeps its volume. Some lines may lead to no output. If *shared*, some are
    others used again."""
    names, lines = ["image"], []
    for number in range(draw(st.integers(1, most))):
        start = draw(st.sampled_from(["", "", f"from {draw(st.sampled_from(names))} -> "]))
        work = draw(st.sampled_from([*steps, *steps, *joins]))
        if shared and number and draw(st.booleans()):
            work = f"again {draw(st.sampled_from(names[1:]))}"
        others = [draw(st.sampled_from(names)) for _ in range(draw(st.integers(1, 2)))] if work in joins else []
        lines.append(f"t{number}: {start}{' '.join([work, *others])}")
        names.append(f"t{number}")
    given = draw(st.lists(st.sampled_from(names[1:]), min_size=1, max_size=3, unique=True))
    return "\n".join([*lines, f"output {' '.join(given)}"])
