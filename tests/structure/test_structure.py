"""A flat network with its structure found again: its text is the network, and about as long as one by hand."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnngraph import Network, parse
from cnngraph.layers.values import Padding
from cnngraph.layers.window import Windowed
from cnngraph.shipped import shipped, shipped_text
from cnngraph.spec.writing.text import text
from cnngraph.structure import Written, differences, structured, written
from cnngraph.structure.renamed import renamed
from tests.dags import dags
from tests.networks import load
from tests.structure.flat import flattened

NETWORKS: list[tuple[str, dict[str, int]]] = [
    *((name, {}) for name in shipped()),
    ("resnet", {"depth": 18}),
    ("resnet", {"depth": 152}),
    ("densenet121", {"depth": 201}),
]
each_network = pytest.mark.parametrize(
    ("name", "set_to"), NETWORKS, ids=[f"{name}{''.join(map(str, given.values()))}" for name, given in NETWORKS]
)


def lines(spec: str) -> int:
    """How many lines it has without comments, empty ones and lone brackets."""
    return sum(1 for line in map(str.strip, spec.splitlines()) if line and line != "}" and not line.startswith("#"))


@cache
def found(name: str, depth: int | None) -> tuple[Network, Written]:
    flat = flattened(load(name, **({} if depth is None else {"depth": depth})))
    return flat, written(flat, {})


LONGER = {"nasnet_mobile": 106, "unetpp": 38}
"""Lines of those that are longer than by hand: what several places of a block lead to makes several blocks."""


@each_network
def test_what_ships_comes_back_as_short_as_by_hand(name: str, set_to: dict[str, int]) -> None:
    flat, made = found(name, set_to.get("depth"))
    assert made.is_structured
    again = parse(made.text)
    assert differences(flat, again) == []
    assert {again[new].kind.word for new in made.names.values()} == {layer.kind.word for layer in flat}
    assert lines(made.text) <= LONGER.get(name, lines(shipped_text(name) or "") + 6)


@each_network
def test_a_network_has_one_text_whatever_its_names_and_order(name: str, set_to: dict[str, int]) -> None:
    _, made = found(name, set_to.get("depth"))
    other = flattened(load(name, **set_to), seed=1)
    assert text(structured(other, {}).network) == made.text


@each_network
def test_blocks_have_few_parameters(name: str, set_to: dict[str, int]) -> None:
    _, made = found(name, set_to.get("depth"))
    for params in re.findall(r"^block \w+\((.*)\)", made.text, re.MULTILINE):
        values = [param for param in params.split(", ") if param and not param.endswith(": tensor")]
        assert len(values) <= 6


@given(dags(["conv 4 3x3 same bn relu", "conv 4 1x1", "relu", "bn -> relu", "avgpool 3x3 s=1 same"], shared=True),
       st.integers(0, 9))  # fmt: skip
@settings(max_examples=40)
def test_any_network_is_written_and_proved(lines: str, seed: int) -> None:
    flat = flattened(parse(f"net t\ninput 6x6x4\n{lines}\n"), seed)
    made = written(flat, {})
    again = parse(made.text)
    assert made.is_structured
    assert differences(flat, again) == []
    assert set(made.names) == {layer.name for layer in flat}
    assert renamed(again).layers == again.layers


@given(dags(["conv 4 3x3 same bn relu", "conv 4 1x1", "relu"]), st.integers(1, 9))
@settings(max_examples=25)
def test_any_network_has_one_text(lines: str, seed: int) -> None:
    network = parse(f"net t\ninput 6x6x4\n{lines}\n")
    # What leads to no output has no place of its own in the order that the outputs give.
    live = tuple(layer for layer in network.layers if layer.name in network.live)
    network = replace(network, layers=live)
    one, other = (text(structured(flattened(network, each), {}).network) for each in (0, seed))
    assert one == other


def test_only_what_is_said_changes() -> None:
    flat = flattened(load("mobilenet_v2"))
    made = structured(flat, {})
    assert set(made.names) == {layer.name for layer in flat}
    for layer in flat:
        new = made.network[made.names[layer.name]]
        assert new.inputs == tuple(made.names[name] for name in layer.inputs)
        assert new.output == layer.output
        assert type(new.kind) is type(layer.kind)


def test_a_long_network_is_a_short_text() -> None:
    turns = "[r 16] x 60\n[r 32] x 60\n"
    block = (
        "block r(c) {\n  add {\n    | conv c 1x1 bn relu -> conv 4*c 1x1 bn\n    | skip -> shortcut 4*c\n  }\n  relu\n}"
    )
    flat = flattened(parse(f"net t\ninput 8x8x16\n{block}\n{turns}"))
    made = written(flat, {})
    assert made.is_structured
    assert lines(made.text) <= 9


BODIES: dict[str, str] = {
    "a skip that vanishes": """\
conv 8 1x1 relu -> conv 4 3x3 s=2 same
add {
  | conv 8 1x1 relu -> conv 4 3x3 same
  | skip
}
add {
  | conv 8 1x1 relu -> conv 4 3x3 same
  | skip
}
""",
    "a gate that some have": """\
add {
  | conv 24 1x1 relu -> dwconv 3x3 same relu -> conv 4 1x1
  | skip
}
add {
  | conv 24 1x1 relu -> dwconv 3x3 same relu
    mul {
      | skip
      | avgpool global -> conv 6 1x1 relu -> conv 24 1x1 sigmoid
    }
    conv 4 1x1
  | skip
}
""",
    "projections of several sorts": """\
add {
  | conv 8 3x3 same relu -> conv 8 3x3 same
  | skip -> conv 8 1x1
}
relu
add {
  | conv 8 3x3 same relu -> conv 8 3x3 same
  | skip
}
relu
add {
  | conv 16 3x3 s=2 same relu -> conv 16 3x3 same
  | skip -> avgpool 2x2 -> conv 16 1x1
}
relu
""",
    "a way that only some sums have": """\
add {
  | conv 8 1x1 s=2
  | conv 8 3x3 s=2 same
}
relu
add {
  | conv 8 1x1
  | conv 8 3x3 same
  | bn
}
relu
add {
  | conv 16 1x1 s=2
  | conv 16 3x3 s=2 same
}
relu
add {
  | conv 16 1x1
  | conv 16 3x3 same
  | bn
}
relu
""",
    "a tangle twice": "".join(
        f"x{n}: conv 4 1x1\na{n}: conv 4 3x3 same relu\nb{n}: conv 4 3x3 same relu\n"
        f"conv 4 3x3 same relu -> concat x{n} a{n} b{n} -> conv 4 1x1 relu\n" for n in (1, 2)
    ),
}  # fmt: skip


def test_a_tangle_in_a_tangle_is_a_block() -> None:
    """Res2Net's modules in what DLA aggregates: each leads from one tensor to one, within what does not."""
    module = (
        "x{n}: conv 8 1x1 relu\na{n}: slice 0 4 -> conv 4 3x3 same relu\nb{n}: from x{n} -> slice 4 8 -> add a{n}\n"
    )
    module += "conv 4 3x3 same relu -> concat a{n} -> conv 4 1x1 relu\n"
    one, two, three = (module.format(n=n) for n in (1, 2, 3))
    flat = flattened(parse(
        f"net t\ninput 8x8x4\ns: conv 4 3x3 same relu\n{one}m: add s -> relu\n{two}k: add m -> concat s\n"
        f"conv 4 1x1 relu\n{three}concat m k\n"
    ))  # fmt: skip
    made = written(flat, {})
    assert made.is_structured
    assert made.text.count("split 2") == 1, made.text


@given(
    st.lists(
        st.tuples(
            st.sampled_from((2, 4)),
            st.lists(
                st.tuples(st.integers(0, 5), st.sampled_from(("conv 2 3x3 same relu", "relu", "dwconv 3x3 same"))),
                max_size=4,
            ),
            st.lists(st.integers(0, 8), min_size=2, max_size=5),
        ),
        min_size=1,
        max_size=4,
    ),
    st.integers(0, 9),
)
@settings(max_examples=60)
def test_parts_of_a_tensor_come_back_whatever_takes_them(
    modules: list[tuple[int, list[tuple[int, str]], list[int]]], seed: int
) -> None:
    text_of = ["conv 8 1x1"]
    for at, (count, steps, joined) in enumerate(modules):
        there = [f"p{at}_{number}" for number in range(count)]
        text_of.append(f"{', '.join(there)}: split {count}")
        for number, (source, step) in enumerate(steps):
            text_of.append(f"m{at}_{number}: from {there[source % len(there)]} -> {step} -> conv {8 // count} 1x1")
            there.append(f"m{at}_{number}")
        first, *others = (there[number % len(there)] for number in joined)
        text_of.append(f"from {first} -> concat {' '.join(others)} -> conv 8 1x1 relu")
    network = parse("\n".join(["net t", "input 6x6x4", *text_of, ""]))
    network = replace(network, layers=tuple(layer for layer in network.layers if layer.name in network.live))
    flat = flattened(network, seed)
    made = written(flat, {})
    assert made.is_structured
    again = parse(made.text)
    assert differences(flat, again) == []
    assert renamed(again).layers == again.layers
    assert written(flattened(network, seed + 1), {}).text == made.text


def test_parts_that_only_begin_branches_are_no_split() -> None:
    one = "concat {\n| slice 0 4 -> conv 4 3x3 same\n| slice 4 8 -> conv 4 5x5 same\n}\n"
    made = written(flattened(parse(f"net t\ninput 8x8x8\n{one}")), {})
    assert "split" not in made.text
    assert made.text.count("slice") == 2


def test_a_block_has_a_split_in_all_uses_or_in_none() -> None:
    """Where the parts are equal here and there only, by chance, it is still one block."""
    body = "c{n}: conv {c} 1x1\na{n}: slice 0 4\nb{n}: from c{n} -> slice 4 {c} -> conv 4 1x1\n"
    body += "from a{n} -> concat b{n} a{n}\n"
    uses = "".join(body.format(n=n, c=c) for n, c in enumerate((8, 12, 8, 16)))
    made = written(flattened(parse(f"net t\ninput 8x8x8\n{uses}")), {})
    assert made.is_structured
    assert made.text.count("\nblock ") == 1, made.text
    assert "split" not in made.text


STAGES: dict[str, tuple[str, str]] = {
    "a separable convolution begins with its depthwise half": (
        "conv 8 3x3 same relu\n"
        + "".join(f"dwconv 3x3 same relu -> conv {c} 1x1 relu\n" for c in (8, 16, 24, 32, 40, 48))
        + "dwconv 3x3 same relu\nmul {\n| skip\n| avgpool global -> conv 48 1x1 sigmoid\n}\nconv 56 1x1 relu\n",
        "block separable(c) {\n  dwconv 3x3 same relu -> conv c 1x1 same relu\n}",
    ),
    "what is learned to scale a convolution belongs to it": (
        "".join(f"conv {c} 3x3 same relu -> times learned -> plus learned\n" for c in (8, 16, 24, 32, 8)),
        "block unit(c) {\n  conv c 3x3 same relu -> times learned -> plus learned\n}",
    ),
    "a normalization behind an activation belongs to the convolution before": (
        "conv 8 3x3 same relu -> bn\n"
        + "add {\n| dwconv 3x3 same relu -> bn\n| skip\n}\nconv 8 1x1 relu -> bn\n" * 4,
        "[separable] x4",
    ),
    "parts of a tensor, put together again, end in a convolution of single pixels": (
        "".join(
            f"conv {c} 3x3 s=2 same relu\nconv {c} 1x1 relu\na{c}, b{c}: split 2\n"
            f"m{c}: from b{c} -> conv {c // 2} 3x3 same relu\n"
            f"from a{c} -> concat b{c} m{c} -> conv {c} 1x1 relu\n"
            for c in (8, 16, 32)
        ),
        "  conv in.c 1x1\n  part1, part2: split 2\n  conv2: from part2 -> conv in.c//2\n"
        "  from part1 -> concat part2 conv2 -> conv in.c 1x1\n",
    ),
    "a gate sees what one convolution makes of a smaller map, beside the map itself": (
        "conv 32 3x3 same relu\n"
        + "".join(
            f"add {{\n| concat {{\n  | conv {c} 1x1 relu -> conv {c} 3x3 same relu\n  | conv {c} 1x1 relu\n"
            f"    mul {{\n    | conv {c} 3x3 same\n    | add {{\n      | skip\n"
            f"      | avgpool 4x4 -> conv {c} 3x3 same -> upsample 4\n      }}\n      sigmoid\n    }}\n"
            f"    conv {c} 3x3 same relu\n  }}\n  conv {2 * c} 1x1\n| skip{rest}\n}}\nrelu\n"
            for c, rest in ((16, ""), (32, " -> conv 64 1x1"), (32, ""), (32, ""), (48, " -> conv 96 1x1"))
        ),
        "        mul {\n          | conv c linear\n          | add {\n            | skip\n"
        "            | avgpool 4x4 s=4 -> conv c linear -> upsample 4\n          }\n            sigmoid\n        }\n"
        "        conv c\n    }\n      conv 2*c 1x1 linear\n    | skip -> shortcut 2*c bn=off\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", STAGES)
def test_blocks_are_cut_where_a_person_would(what: str) -> None:
    steps, said = STAGES[what]
    made = written(flattened(parse(f"net t\ninput 64x64x3\n{steps}")), {})
    assert made.is_structured
    assert said in made.text, made.text


@pytest.mark.parametrize("join", ["from first -> add second", "from second -> add first"])
@pytest.mark.parametrize("behind", ["", " -> relu -> conv 8 1x1"])
@pytest.mark.parametrize("outputs", ["f j", "j f"])
def test_a_fork_on_a_way_out_of_a_tangle(join: str, behind: str, outputs: str) -> None:
    """Two inputs meet, and one of them leads to an output by itself, through branches."""
    flat = flattened(parse(
        "net t\ninput first 8x8x4\ninput second 8x8x4\nf: from first -> concat {\n| conv 4 1x1\n| conv 4 3x3 same\n}"
        f"{behind}\nj: {join}\noutput {outputs}\n"
    ))  # fmt: skip
    made = written(flat, {})
    assert made.is_structured
    assert differences(flat, parse(made.text)) == []


def test_numbers_of_groups_and_ends_of_parts_follow_from_channels() -> None:
    steps = "".join(
        f"conv {c} 1x1 groupnorm={c // 8} relu\nconcat {{\n| slice 0 {c // 4} -> conv {c} 3x3 same groups={c // 4}\n"
        f"| slice {3 * c // 4} {c} -> conv {c} 3x3 same\n}}\nrelu\n"
        for c in (16, 32, 64)
    )
    made = written(flattened(parse(f"net t\ninput 8x8x3\n{steps}")), {})
    assert made.is_structured
    assert "slice 3*" in made.text
    assert re.findall(r"block \w+\((.*)\)", made.text) == ["c"], made.text


def test_no_label_keeps_a_name_alone() -> None:
    """Where a block becomes several, what these make is called after them."""
    gate = "mul {{\n| skip\n| avgpool global -> conv {c} 1x1 sigmoid\n}}\n"
    body = "add {{\n| conv {c} 3x3 same relu -> conv {c} 3x3 same\n| {skip}\n}}\nrelu\n"
    steps = "".join(
        body.format(c=c, skip=skip) + (gate.format(c=c) if c < 16 else "maxpool 2x2\n")
        for c in (8, 16) for skip in (f"conv {c} 1x1 -> bn -> relu", "skip", "skip")
    )  # fmt: skip
    made = written(flattened(parse(f"net t\ninput 32x32x8\n{steps}")), {})
    assert made.is_structured
    assert ":" not in made.text


def test_how_tensorflow_pads_is_said_so() -> None:
    steps = "conv 8 3x3 s=2 same_upper -> conv 8 5x5 same_upper -> maxpool 3x3 s=2 same_upper"
    flat = flattened(parse(f"net t\ninput 16x16x3\n{steps}\n"))
    assert not any(getattr(layer.kind, "padding", None) == Padding("same_upper") for layer in flat)
    made = parse(written(flat, {}).text)
    assert {layer.kind.padding.mode for layer in made if isinstance(layer.kind, Windowed)} == {"same_upper"}  # type: ignore[attr-defined]


def test_shared_weights_do_not_hide_how_tensorflow_pads() -> None:
    steps = (
        "one: conv 8 3x3 s=2 same_upper\ntwo: conv 8 5x5 s=2 same_upper\nhead: conv 8 3x3 same\nfrom one -> again head"
    )
    flat = flattened(parse(f"net t\ninput 16x16x3\n{steps} -> maxpool 2x2\nadd head\n"))
    made = parse(written(flat, {}).text)
    words = [layer.kind.padding.mode for layer in made if isinstance(layer.kind, Windowed)]  # type: ignore[attr-defined]
    assert sorted(words) == ["same_upper"] * 4 + ["valid"]


def test_weights_shared_with_a_stride_have_one_padding_at_all_sizes() -> None:
    steps = "one: conv 3 3x3 s=2 same_upper\nhalf: conv 3 3x3 s=2 p=1\nfrom one -> again half"
    flat = flattened(parse(f"net t\ninput 16x16x3\n{steps}\n"))
    made = written(flat, {})
    assert made.is_structured
    assert differences(flat, parse(made.text)) == []


def test_stages_of_other_lengths_are_one_block() -> None:
    block = "block r(c) {\n add {\n | conv c 1x1 relu -> conv in.c 3x3 same relu\n | skip\n }\n}\n"
    stages = "".join(
        f"conv {c} 1x1 relu\nconcat {{\n| conv {c} 1x1 relu\n| conv {c} 1x1 relu -> [r {c}] x{n}\n}}\nmaxpool 2x2\n"
        for c, n in ((8, 2), (16, 4), (32, 3))
    )
    made = written(flattened(parse(f"net t\ninput 32x32x8\n{block}{stages}")), {})
    assert made.is_structured
    assert made.text.count("concat") == 1
    assert "] x n" in made.text


def test_blocks_begin_where_scopes_of_the_source_do() -> None:
    steps = "".join(
        f"conv {c} 1x1 relu\nconv {c} 3x3 same relu\nconv {c} 5x5 same relu\nconv {c} 1x1 relu\n"
        for c in (8, 16, 24, 32, 40)
    )
    flat = flattened(parse(f"net t\ninput 8x8x3\n{steps}"))
    in_order = sorted((layer for layer in flat if layer.inputs), key=lambda layer: _depth(flat, layer.name))
    # From the second layer on, each scope is four convolutions with their activations.
    scopes = {layer.name: f"stage{(at - 2) // 8}.{at}" for at, layer in enumerate(in_order)}
    made = structured(flat, scopes)
    firsts = {made.names[in_order[at].name].rpartition(".")[2] for at in (2, 10, 18)}
    assert firsts == {"conv1"}


@each_network
def test_which_blocks_there_are_hangs_on_no_scopes(name: str, set_to: dict[str, int]) -> None:
    """Not every exporter has them: the text is as long without."""
    flat, made = found(name, set_to.get("depth"))
    scopes = {layer.name: f"m{at // 5}.{at}" for at, layer in enumerate(flat) if layer.inputs}
    assert abs(lines(text(structured(flat, scopes).network)) - lines(made.text)) <= 2


def _depth(network: Network, name: str) -> int:
    depth = 0
    while network[name].inputs:
        name = network[name].inputs[0]
        depth += 1
    return depth


@pytest.mark.parametrize("body", BODIES)
def test_what_differs_a_little_is_one_block(body: str) -> None:
    flat = flattened(parse(f"net t\ninput 8x8x4\n{BODIES[body]}"))
    made = written(flat, {})
    assert made.is_structured
    assert made.text.count("\nblock ") == 1, made.text


def _other_kind(network: Network) -> Network:
    at = next(n for n, layer in enumerate(network.layers) if layer.kind.word == "relu")
    (elu,) = [layer for layer in parse("net t\ninput 2x2x2\nelu\n") if layer.inputs]
    return _with(network, at, kind=elu.kind)


def _other_order(network: Network) -> Network:
    at = next(n for n, layer in enumerate(network.layers) if layer.kind.word == "concat")
    return _with(network, at, inputs=network.layers[at].inputs[::-1])


def _other_wiring(network: Network) -> Network:
    at = next(n for n, layer in enumerate(network.layers) if layer.kind.word == "concat")
    return _with(network, at, inputs=(network.layers[at].inputs[0],) * len(network.layers[at].inputs))


def _one_less(network: Network) -> Network:
    return replace(network, outputs=network.outputs[:-1])


def _with(network: Network, at: int, **changes: object) -> Network:
    layers = list(network.layers)
    layers[at] = replace(layers[at], **changes)  # type: ignore[arg-type]
    return replace(network, layers=tuple(layers))


@pytest.mark.parametrize("changed", [_other_kind, _other_order, _other_wiring, _one_less])
def test_a_difference_is_seen(changed: Callable[[Network], Network]) -> None:
    network = load("squeezenet")
    assert differences(network, flattened(network)) == []
    assert differences(network, changed(network)) != []
    assert differences(changed(flattened(network)), network) != []


def test_weights_that_others_share_are_seen() -> None:
    tied = parse("net t\ninput 8x8x4\na: conv 4 3x3 same\nagain a\nconv 4 3x3 same\n")
    apart = parse("net t\ninput 8x8x4\na: conv 4 3x3 same\nconv 4 3x3 same\nagain a\n")
    assert differences(tied, flattened(tied)) == []
    assert differences(tied, apart) != []
