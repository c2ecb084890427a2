"""An output is named as the lines around it know it, or as tables and files show it."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnngraph import CnngraphError, load, parse
from cnngraph.onnx.lower import lower

GLASS = """net t
input 8x8x4
block glass() {
  conv 4 3x3 same
  heat: conv 2 1x1 relu
  from in -> conv 4 1x1
}
"""


@pytest.mark.parametrize(
    ("lines", "name", "layer"),
    [
        ("[stack: glass] x2", "stack_1.heat", "stack_1.heat.relu"),
        ("[stack: glass] x2", "stack_2", "stack_2.conv2"),
        ("[glass] x2", "glass2.heat", "glass2.heat.relu"),
        ("[\n  heat: conv 2 1x1 tanh\n  conv 4 1x1\n] x3", "heat_2", "heat_2.tanh"),
        ("[[stack: glass] x2] x2", "stack_2_1.heat", "stack_2_1.heat.relu"),
        ("a: glass", "a.heat", "a.heat.relu"),
    ],
)
def test_a_name_inside_a_repeat_is_the_same_everywhere(lines: str, name: str, layer: str) -> None:
    network = parse(f"{GLASS}{lines}\nrelu\noutput {name}\n")
    (output,) = network.outputs
    assert (output.name, output.layer) == (name, layer)
    assert [info.name for info in lower(network).outputs] == [name]
    again = parse(network.to_spec())
    assert [(each.name, each.layer) for each in again.outputs] == [(name, layer)]


def test_a_name_that_is_nearly_one_is_answered() -> None:
    with pytest.raises(CnngraphError, match=r"did you mean `stack_1\.heat`"):
        parse(f"{GLASS}[stack: glass] x2\noutput stack1.heat\n")


GUARDED = """net t
param more = false
input 8x8x4
relu if not more
main: relu if more
other: from main -> conv 2 1x1 if more
output main other if more
"""


def test_an_output_may_have_a_condition() -> None:
    assert [each.name for each in parse(GUARDED).outputs] == ["relu1"]
    assert [each.name for each in parse(GUARDED, more=True).outputs] == ["main", "other"]
    with pytest.raises(CnngraphError, match="a condition is true or false"):
        parse(GUARDED.replace("if more", "if 3"))


@pytest.mark.parametrize(("more", "channels"), [("false", 4), ("true", 2)])
def test_a_network_that_is_used_gives_back_what_its_condition_says(tmp_path: Path, more: str, channels: int) -> None:
    text = GUARDED.replace("output main other", "output other main")
    (tmp_path / "t.spec").write_text(text)
    (tmp_path / "a.spec").write_text(f'use "t.spec"\ninput 8x8x4\nt more={more} => 8x8x{channels}\n')
    assert load(str(tmp_path / "a.spec")).layers[-1].output.channels == channels
