"""Blocks that several tensors flow through, and what is used again with its weights, found in random networks that were
written with them."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from cnngraph import parse
from cnngraph.spec.writing.text import text
from cnngraph.structure import Written, differences, structured, written
from tests.structure.flat import flattened
from tests.structure.test_structure import lines

WORK = (
    "conv {c} 3x3 same bn relu",
    "conv {c} 1x1 relu -> maxpool 3x3 s=1 same",
    "add {{\n | conv {c} 3x3 same relu -> conv {c} 3x3 same\n | skip\n }} -> relu",
)
HEADS = (
    "conv 8 3x3 same relu -> conv 8 3x3 same relu -> conv 4 1x1",
    "maxpool 2x2 -> conv 8 3x3 same bn relu -> conv 4 1x1 sigmoid",
    "conv 8 1x1\n add {\n | conv 8 3x3 same relu\n | skip\n }\n relu -> conv 4 1x1",
    "concat {\n | conv 4 1x1\n | conv 4 3x3 same\n | conv 4 5x5 same\n }\n conv 4 1x1",
)


def found(spec: str, seed: int) -> Written:
    """The text of a flat network, which is the same under other names and in another order, and proved."""
    network = parse(spec)
    made = written(flattened(network), {})
    assert made.is_structured
    assert differences(flattened(network), parse(made.text)) == []
    assert text(structured(flattened(network, seed), {}).network) == made.text
    return made


@st.composite
def streams(draw: st.DrawFn, *, own: bool = False) -> str:
    """Streams of several sizes that are put into one another time and again, as in a high-resolution network.
    Each gets something of the next, and the last of the first, and has an input of its *own* or one with all."""
    count, times = draw(st.integers(2, 4)), draw(st.integers(3, 5))
    module = [f"block module({', '.join(f'x{number}: tensor' for number in range(1, count))}) {{"]
    for number in range(count):
        work = draw(st.sampled_from(WORK)).format(c=8 << number)
        module.append(f" a{number}: {f'from x{number}' if number else 'from in'} -> {work}")
    for number in range(count):
        module.append(f" y{number}: add {{\n | from a{number}")
        others = {(number + 1) % count, *draw(st.sets(st.integers(0, count - 1)))} - {number}
        for other in sorted(others):
            up, down = 2 ** max(other - number, 0), 2 ** max(number - other, 0)
            fit = f"conv {8 << number} 1x1 -> upsample {up}" if up > 1 else f"conv {8 << number} 3x3 s={down} p=1"
            module.append(f" | from a{other} -> {fit}")
        module.append(" } -> relu")
    begins = [f"i{number}" if own else "image" for number in range(count)]
    uses = [f"s{number}: from {begins[number]} -> conv {8 << number} 3x3 s={2**number} p=1" for number in range(count)]
    flows = [f"s{number}" for number in range(count)]
    for turn in range(times):
        uses.append(f"m{turn}: from {flows[0]} -> module {' '.join(flows[1:])}")
        flows = [f"m{turn}.y{number}" for number in range(count)]
    uses += [f"p{number}: from {flow} -> avgpool global -> flatten -> fc 4" for number, flow in enumerate(flows)]
    given_back = " ".join(f"p{number}" for number in range(count))
    inputs = [f"input {begin} 64x64x3" for begin in begins] if own else ["input 64x64x3"]
    return "\n".join([*inputs, *module, "}", *uses, f"output {given_back}"])


@given(streams(), st.integers(1, 9))
@settings(max_examples=25)
def test_streams_that_exchange_are_as_short_as_by_hand(spec: str, seed: int) -> None:
    made = found(spec, seed)
    assert lines(made.text) <= lines(spec) + 6, made.text + spec


@given(streams(own=True), st.integers(1, 9))
@settings(max_examples=10)
def test_streams_may_have_inputs_of_their_own(spec: str, seed: int) -> None:
    found(spec, seed)


@st.composite
def towers(draw: st.DrawFn) -> tuple[str, int, int]:
    """Heads on the levels of a pyramid, each with the same weights on all; how many heads and levels there are."""
    levels, heads = draw(st.integers(2, 4)), draw(st.lists(st.sampled_from(HEADS), min_size=1, max_size=3))
    lines = ["input 64x64x3"]
    for number, head in enumerate(heads):
        lines.append(f"block head{number}() {{\n {head}\n}}")
    lines += [f"l{level}: conv 8 3x3 s=2 p=1 relu" for level in range(levels)]
    for level in draw(st.permutations(range(levels))):
        for number in range(len(heads)):
            made = any(line.startswith(f"h{number}_") for line in lines)
            first = next((line.split(":")[0] for line in lines if line.startswith(f"h{number}_")), "")
            lines.append(f"h{number}_{level}: from l{level} -> {f'again {first}' if made else f'head{number}'}")
    given_back = " ".join(f"h{number}_{level}" for number in range(len(heads)) for level in range(levels))
    return "\n".join([*lines, f"output {given_back}"]), len(heads), levels


@given(towers(), st.integers(1, 9))
@settings(max_examples=25)
def test_what_is_used_again_is_said_in_a_line(drawn: tuple[str, int, int], seed: int) -> None:
    spec, heads, levels = drawn
    made = found(spec, seed)
    again = re.findall(r"\bagain \w+", made.text)
    assert len(again) == heads * (levels - 1), made.text + spec


@st.composite
def resized(draw: st.DrawFn) -> str:
    """Layers that are used again with their weights, with something between them that is another size each time."""
    sizes = draw(st.lists(st.integers(2, 4), min_size=2, max_size=4))
    lines = ["input 32x32x3", "block residual() {\n add {\n | conv 3 3x3 same relu -> conv 3 3x3 same\n | skip\n }\n}"]
    for number, size in enumerate(sizes):
        head, tail = (f"again {each}0" if number else f"{each}0: conv 4 3x3 same" for each in "ab")
        lines += [f"from image -> residual -> {head}" if number else f"residual\n{head}", f"upsample {size}", tail]
        lines.append(f"g{number}: avgpool global")
    return "\n".join([*lines, f"output {' '.join(f'g{number}' for number in range(len(sizes)))}"])


@given(resized(), st.integers(1, 9))
@settings(max_examples=15)
def test_only_what_is_the_same_is_said_again_as_a_whole(spec: str, seed: int) -> None:
    made = found(spec, seed)
    assert "block residual" in made.text, made.text + spec


@st.composite
def patchwork(draw: st.DrawFn) -> str:
    """Convolutions and normalizations that are each used again without the other."""
    lines = ["input 16x16x4"]
    for word, made in draw(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=3, max_size=8)):
        for name, said in ((f"c{word}", "conv 4 3x3 same bias=off"), (f"n{made}", "groupnorm 2")):
            is_made = any(line.startswith(f"{name}:") for line in lines)
            lines.append(f"again {name}" if is_made else f"{name}: {said}")
        lines.append("relu")
    return "\n".join(lines)


@given(patchwork(), st.integers(1, 9))
@settings(max_examples=25)
def test_what_is_used_again_without_the_rest_of_its_step_is_a_step_of_its_own(spec: str, seed: int) -> None:
    made = found(spec, seed)
    assert "@origin" not in made.text, made.text + spec
