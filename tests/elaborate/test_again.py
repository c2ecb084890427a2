"""`again`: what a line made is made again on another tensor, with the same weights."""

from __future__ import annotations

import pytest

from cnngraph.claims import with_volumes
from cnngraph.diagnostics import CnngraphError
from cnngraph.field import receptive_fields
from cnngraph.fronts import parse
from cnngraph.fronts.spec import read_source
from cnngraph.network import Network
from cnngraph.source import Source
from cnngraph.spec.format import format_text
from cnngraph.summary import summarize


def network(text: str) -> Network:
    return parse(f"net t\n{text}\n")


def refused(text: str) -> tuple[str, str, str, str]:
    """Code, message, the line and what is marked in it."""
    with pytest.raises(CnngraphError) as caught:
        network(text)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.label is not None
    return diagnostic.code, diagnostic.message, diagnostic.label.span.text, diagnostic.reason or diagnostic.label.text


def shares(net: Network) -> dict[str, str]:
    return {layer.name: layer.shares for layer in net if layer.shares}


TOWERS = "input a 28x28x1\ninput b 28x28x1\n"


def test_a_step_is_used_again_with_its_normalization_and_activation() -> None:
    net = network(f"{TOWERS}left: from a -> conv 8 3x3 bn relu\nright: from b -> again left\nadd left")
    assert [layer.name for layer in net][2:] == [
        "left", "left.bn", "left.relu", "right", "right.bn", "right.relu", "add1"]  # fmt: skip
    assert shares(net) == {"right": "left", "right.bn": "left.bn"}
    assert net["right.relu"].inputs == ("right.bn",)
    assert net["right.relu"].unit == "right"
    assert net.params == 8 * 9 + 2 * 8
    assert net.macs == 2 * 26 * 26 * 8 * 9
    assert net["right"].params == 0
    assert not net["right"].parameters


def test_a_line_is_used_again_as_a_whole() -> None:
    net = network(
        f"{TOWERS}left: from a -> conv 8 3x3 relu -> maxpool f=2 s=2 -> flatten -> fc 10\n"
        "right: from b -> again left\nadd left"
    )
    assert shares(net) == {"conv2": "conv1", "right": "left"}
    assert [(layer.name, layer.inputs) for layer in net][7:12] == [
        ("conv2", ("b",)), ("conv2.relu", ("conv2",)), ("maxpool2", ("conv2.relu",)), ("flatten2", ("maxpool2",)),
        ("right", ("flatten2",))]  # fmt: skip


def test_a_block_is_used_again_with_what_it_was_given() -> None:
    net = network(
        "input 32x32x3\n"
        "block head(c, n=2) {\n  [conv c 3x3 same relu] x n\n  out: conv 9 3x3 same\n}\n"
        "p3: conv 16 3x3 s=2 p=1 relu\np4: conv 16 3x3 s=2 p=1 relu\n"
        "first: from p3 -> head 16 n=1 => 16x16x9\n"
        "second: from p4 -> again first => 8x8x9\n"
        "last: from p4 -> again first -> relu\n"
        "output first second last"
    )
    assert shares(net) == {
        "second.conv1": "first.conv1", "second.out": "first.out", "head1.conv1": "first.conv1",
        "head1.out": "first.out"}  # fmt: skip
    assert {path: (block.name, block.parent) for path, block in net.blocks.items()} == {
        "first": ("head", ""), "second": ("head", ""), "head1": ("head", "")}  # fmt: skip
    assert net["second.conv1"].block == "second"
    assert [output.layer for output in net.outputs] == ["first.out", "second.out", "last"]


def test_again_of_again_has_the_weights_of_the_first() -> None:
    net = network("input 8x8x4\na: conv 4 1x1\nb: again a -> again a\nagain b")
    assert shares(net) == {"conv1": "a", "b": "a", "conv2": "a", "conv3": "a"}


def test_a_block_is_used_recurrently() -> None:
    net = network("input 8x8x4\nstep: conv 4 3x3 same relu\n[again step] x3")
    assert shares(net) == {"conv1": "step", "conv2": "step", "conv3": "step"}
    assert net.params == 148
    assert net.macs == 4 * 8 * 8 * 4 * 9 * 4


def test_each_turn_of_a_repeat_has_its_own() -> None:
    net = network("input 8x8x4\n[\n  a: conv 4 3x3 same relu\n  again a\n] x2")
    assert shares(net) == {"conv1": "a_1", "conv2": "a_2"}


def test_labels_inside_a_block_are_its_own() -> None:
    net = network(
        "input 8x8x4\nblock unit() {\n  a: conv 4 3x3 same relu\n  b: again a\n}\n"
        "u: unit\nv: again u\nunit\nfrom u -> again v.b"
    )
    assert shares(net) == {"u.b": "u.a", "v.a": "u.a", "v.b": "u.a", "unit1.b": "unit1.a", "conv1": "u.a"}


def test_a_block_inside_is_reached_by_a_dot() -> None:
    net = network(
        "input 8x8x4\nblock in_it(c) {\n  heat: conv c 1x1\n}\n"
        "block unit() {\n  a: in_it 4\n  relu\n}\nu: unit\nw: again u\nt: again w.a\nagain u.a.heat"
    )
    assert shares(net) == {"w.a.heat": "u.a.heat", "t.heat": "u.a.heat", "conv1": "u.a.heat"}
    assert net.blocks["t"].name == "in_it"
    assert net.blocks["w.a"].parent == "w"


def test_what_flowed_in_is_replaced_everywhere_and_other_tensors_stay() -> None:
    net = network(
        "input 8x8x4\ns: conv 4 1x1\nother: conv 4 1x1\n"
        "r: from s -> conv 4 3x3 same -> add s other\nlast: from other -> again r"
    )
    assert net["last"].inputs == ("conv2", "other", "other")
    assert net["conv2"].inputs == ("other",)


def test_a_line_with_branches_is_used_again_with_its_skip() -> None:
    net = network("input 8x8x4\nr: add {\n  | conv 4 3x3 same bn\n  | skip -> conv 4 1x1\n}\nagain r -> relu")
    assert shares(net) == {"conv3": "conv1", "conv3.bn": "conv1.bn", "conv4": "conv2"}
    assert net["add1"].inputs == ("conv3.bn", "conv4")
    assert net["add1"].skips == (1,)
    assert net["conv4"].on_shortcut
    assert not net["conv3"].on_shortcut


def test_on_a_shortcut_is_where_it_is_used() -> None:
    net = network(
        "input 8x8x4\nadd {\n  | conv 4 3x3 same\n  | skip -> conv 4 1x1\n}\nx: conv 4 1x1\n"
        "add {\n  | conv 4 3x3 same\n  | skip -> again x\n}"
    )
    (again,) = [layer for layer in net if layer.shares]
    assert again.on_shortcut


def test_what_has_no_weights_is_only_made_again() -> None:
    net = network("input 8x8x4\np: maxpool 2x2 -> relu\nagain p")
    assert shares(net) == {}
    assert [layer.name for layer in net] == ["image", "maxpool1", "p", "maxpool2", "relu1"]


def test_arguments_are_those_of_the_first_use() -> None:
    """As of a layer that is called twice: what the sizes were there, they are here."""
    net = network(
        "input 32x32x4\nblock unit() {\n  conv in.c 3x3 same\n  shortcut 4\n}\nu: unit\nmaxpool 2x2\nagain u => 16x16x4"
    )
    assert shares(net) == {"unit1.conv1": "u.conv1"}
    assert net.blocks["unit1.shortcut1"].parent == "unit1"


def test_a_block_that_uses_its_own_again_is_frozen_as_a_whole() -> None:
    net = network("input 8x8x4\nblock u() {\n  x: conv 4 1x1\n  again x\n}\nu @freeze")
    assert [[each.name for each in layer.annotations] for layer in net] == [[], ["freeze"], []]
    assert summarize(net).frozen == net.params == 20


def test_annotations_of_the_line_are_its_own() -> None:
    net = network('input 8x8x4\na: conv 4 1x1 @freeze\nb: again a @note("twice")')
    assert [each.name for each in net["a"].annotations] == ["freeze"]
    assert [each.name for each in net["b"].annotations] == ["note"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a: conv 4 1x1\nagain b", ("E0201", "no tensor is called `b`", "b", "")),
        ("again later\nlater: conv 4 1x1", (
            "E0306", "`later` is used before it is made", "later",
            "made at line 4; a tensor can only be used below its own line")),
        ("a: conv 4 1x1 -> again a", (
            "E0306", "`a` is used before it is made", "a", "it is what this line makes")),
        ("again conv", ("E0201", "no line is called `conv`", "conv", "it is a layer's word")),
        ("block u() {\n  conv 4 1x1\n}\nagain u", ("E0201", "no line is called `u`", "u", "it is a block")),
        ("again image", ("E0314", "`image` cannot be used again", "image", "no line of its own makes it")),
        ("a: from image\nagain a", ("E0314", "`a` cannot be used again", "a", "its line makes no layer")),
        ("block u() {\n  again in\n}\nu", (
            "E0314", "`in` cannot be used again", "in", "it is what flows into the block")),
        ("a: conv 4 1x1\nblock u(e: tensor) {\n  again e\n}\nu a", (
            "E0314", "`e` cannot be used again", "e", "no line of its own makes it")),
        ("a: conv 4 1x1\nblock u() {\n  again a\n}\nu", ("E0201", "no tensor is called `a`", "a", "")),
        ("a, b: split 2\nfrom a -> again b", (
            "E0314", "`b` cannot be used again", "b", "no line of its own makes it")),
        ("a: conv 4 1x1\nflatten -> again a", ("E0403", "", "again a", "")),
        ("a: conv 4 1x1\nagain a @freeze", (
            "E0216", "@freeze is about weights, and those of `conv1` are those of `a`", "@freeze", "")),
        ('a: conv 4 1x1\nmaxpool 2x2 -> again a @init("zeros")', (
            "E0216", "@init is about weights, and those of `conv1` are those of `a`", '@init("zeros")', "")),
        ("block u() {\n  x: conv 4 1x1\n  again u\n}\nu", ("E0201", "no line is called `u`", "u", "it is a block")),
    ],
)  # fmt: skip
def test_what_cannot_be_used_again_is_said(text: str, found: tuple[str, str, str, str]) -> None:
    code, message, marked, about = refused(f"input 8x8x4\n{text}")
    assert (code, marked) == (found[0], found[2])
    assert message == found[1] or not found[1]
    assert about == found[3] or not found[3]


def test_weights_that_would_be_others_are_refused_with_both_shapes() -> None:
    code, message, marked, reason = refused("input 8x8x4\na: flatten -> fc 5\nfrom image -> maxpool 2x2\nagain a")
    assert (code, message, marked) == ("E0315", "`fc1` cannot use the weights of `a`", "again a")
    assert reason == "`weight` of `a` is 5x256, on 256; for `fc1`, on 64, it would be 5x64"
    code, _, _, reason = refused("input 8x8x4\na: conv 6 3x3\nagain a")
    assert (code, reason) == (
        "E0315",
        "`weight` of `a` is 6x4x3x3, on 8x8x4; for `conv1`, on 6x6x6, it would be 6x6x3x3",
    )


def test_a_slip_in_the_name_is_mended() -> None:
    reading = read_source(Source("t", "net t\ninput 8x8x4\ntower: conv 4 1x1\nagain towr\n"), {})
    (diagnostic,) = reading.diagnostics
    assert diagnostic.fix is not None
    assert (diagnostic.fix.span.text, diagnostic.fix.replacement) == ("towr", "tower")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("again", "the label of the line to use again"),
        ("again: conv 4 1x1", "`again`"),
        ("conv 4 1x1 again", "`again`"),
        ("block again() {\n  relu\n}", "`again`"),
    ],
)
def test_again_is_a_word_of_the_language(text: str, says: str) -> None:
    reading = read_source(Source("t", f"net t\ninput 8x8x4\n{text}\n"), {})
    assert says in " ".join(f"{each.message} {each.label.text if each.label else ''}" for each in reading.diagnostics)


def test_one_form_and_the_volumes_of_lines() -> None:
    text = "net t\ninput 8x8x4\nleft:   conv 4 3x3\nfrom left->again   left -> relu\n"
    formed = "net t\ninput 8x8x4\nleft: conv 4 3x3\nfrom left -> again left -> relu\n"
    assert format_text(text) == formed
    assert with_volumes(Source("t", formed)).splitlines()[2:] == [
        "left: conv 4 3x3 => 6x6x4", "from left -> again left -> relu => 4x4x4"]  # fmt: skip


def test_what_a_param_changes_is_not_claimed_of_what_uses_it_again() -> None:
    text = "net t\nparam n = 4\ninput 8x8x4\na: conv n 1x1\nfrom image -> again a\n"
    assert with_volumes(Source("t", text)) == text


def test_weights_that_stay_are_not_said_to_be_left_out() -> None:
    reading = read_source(Source("t", "net t\ninput 8x8x4\na: conv 4 1x1\nfrom image -> again a\n"), {})
    (diagnostic,) = reading.diagnostics
    assert diagnostic.code == "W0102"
    assert diagnostic.label is not None
    assert "8x8x4, 0 parameters" in diagnostic.label.text


def test_the_receptive_field_goes_on() -> None:
    net = network("input 32x32x4\nstep: conv 4 3x3 same relu\n[again step] x3")
    fields = receptive_fields(net)
    assert [field.height for name in ("step", "conv1", "conv2", "conv3") if (field := fields[name])] == [3, 5, 7, 9]


def test_the_limit_on_layers_holds() -> None:
    lines = "\n".join(f"a{n}: again a{n - 1} -> again a{n - 1}" for n in range(1, 40))
    with pytest.raises(CnngraphError) as caught:
        network(f"input 8x8x4\na0: conv 4 1x1\n{lines}")
    assert caught.value.diagnostics[-1].code == "E0501"
