"""``@label``: on what it stands, what it says, and that it comes back when the network is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnngraph import load, parse
from cnngraph.diagnostics import CnngraphError
from cnngraph.network import NOTE, Network
from cnngraph.shipped import names
from cnngraph.spec.format import format_text
from tests.figure.worded import labelled, noted

BLOCK = "block b(c) {\n  conv c 1x1 relu\n  conv c 1x1\n}\n"


def said(network: Network) -> dict[str, str]:
    """What has a label, and that."""
    found = {layer.name: layer.label for layer in network if layer.label}
    found |= {block.path: block.label for block in network.blocks.values() if block.label}
    return found | {f"output {output.name}": output.label for output in network.outputs if output.label}


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ('input 8x8x4\nconv 4 1x1 bn relu @label("a  b ")\n', {"conv1": "a b"}),
        ('input 8x8x4 @label("in")\nconv 4 1x1\n', {"image": "in"}),
        ('input 8x8x4\nconv 4 1x1 -> conv 8 1x1 => 8x8x8 @label("second")\n', {"conv2": "second"}),
        ('input 8x8x4\nconv 4 1x1 @label("first") -> conv 8 1x1\n', {"conv1": "first"}),
        ('input 8x8x4\nadd {\n  | conv 4 1x1\n  | skip\n} @label("sum")\n', {"add1": "sum"}),
        ('input 8x8x4\na: conv 4 1x1\nfrom image -> add a @label("sum")\n', {"add1": "sum"}),
        (f'{BLOCK}input 8x8x4\nb 4 @label("B")\nx: b 3 => 8x8x3 @label("X")\n', {"b1": "B", "x": "X"}),
        ('input 8x8x4\n[conv 4 1x1 @label("turn {i}")] x2\n', {"conv1": "turn 0", "conv2": "turn 1"}),
        ('param n = 3\ninput 8x8x4\nlet m = 2*n\nconv m 1x1 @label("{n} of {m}")\n', {"conv1": "3 of 6"}),
        ('input 8x8x4\na: conv 4 1x1 @label("A")\nagain a => 8x8x4 @label("A again")\n',
         {"a": "A", "conv1": "A again"}),
        (f'{BLOCK}input 8x8x4\na: b 4\nagain a @label("twice")\n', {"b1": "twice"}),
        ('input 8x8x4\na: conv 4 1x1\nb: conv 4 1x1\noutput a b @label("A", "B")\n',
         {"output a": "A", "output b": "B"}),
        ('input 8x8x4\nadd {\n  | conv 4 1x1\n  | skip if 1 > 2\n} @label("left out")\n', {}),
    ],
)  # fmt: skip
def test_a_label_is_of_one_thing(text: str, labels: dict[str, str]) -> None:
    network = parse(text)
    assert said(network) == labels
    assert said(parse(network.to_spec())) == labels
    formatted = format_text(text)
    assert said(parse(formatted)) == labels


def test_a_label_comes_with_a_file_that_is_used(tmp_path: Path) -> None:
    (tmp_path / "blocks.spec").write_text('block b(c) {\n  conv c 1x1 @label("{c} filters")\n}\n')
    (tmp_path / "net.spec").write_text('use "blocks.spec" as k\ninput 8x8x4\nk.b 4 @label("B")\nk.b 6\n')
    found = said(load(tmp_path / "net.spec"))
    assert found == {"b1": "B", "b1.conv1": "4 filters", "b2.conv1": "6 filters"}


@pytest.mark.parametrize("name", sorted(names())[::2])
def test_words_come_back_when_the_network_is_written(name: str) -> None:
    network = noted(labelled(load(name), seed=len(name)), seed=len(name))
    back = parse(network.to_spec())

    def notes(each: Network) -> dict[str, list[tuple[object, ...]]]:
        found = {layer.name: [a.arguments for a in layer.annotations if a.name == NOTE] for layer in each}
        return {name: arguments for name, arguments in found.items() if arguments}

    if network.shared:  # what is made again cannot be labelled inside: then every layer is written by itself
        assert sorted(layer.label for layer in back) == sorted(layer.label for layer in network)
        assert sorted(notes(back).values()) == sorted(notes(network).values())
    else:
        assert said(back) == said(network)
        assert notes(back) == notes(network)


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        ("[conv 4 1x1] x2 @label(\"x\")", "E0216", "this makes 2"),
        ("from image => 8x8x4 @label(\"x\")", "E0216", "this makes nothing"),
        ("a, b: split 2 => 8x8x2 @label(\"x\")", "E0216", "this makes 2"),
        ("conv 4 1x1 @label(\" \")", "E0216", "says nothing"),
        ("conv 4 1x1 @label(3)", "E0216", "not written like that"),
        ("conv 4 1x1 @label(\"a\", \"b\")", "E0216", "not written like that"),
        ("conv 4 1x1 @label(\"a\") @label(\"b\")", "E0216", "one @label"),
        ("conv 4 1x1 @label(\"" + "long " * 20 + "\")", "E0216", "at most 60 characters"),
        ("conv 4 1x1 @label(\"{m}\")", "E0202", "no value is called `m`"),
        ("conv 4 1x1 @lable(\"a\")", "E0216", "there is no annotation @lable"),
        ("output image @label(\"a\", \"b\")", "E0216", "names each output"),
    ],
)  # fmt: skip
def test_a_label_that_is_none_is_refused_where_it_stands(line: str, code: str, message: str) -> None:
    with pytest.raises(CnngraphError) as raised:
        parse(f"input 8x8x4\n{line}\n")
    (found,) = raised.value.diagnostics
    assert found.code == code
    assert found.label is not None
    assert message in f"{found.message} {found.label.text}"
    assert (found.label.span.line, found.label.span.text[0]) == (2, "@")
