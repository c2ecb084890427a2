"""Steps of one text are bound once where they come to the same, and anew where they do not."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from cnngraph.fronts import parse
from cnngraph.fronts.spec import read_source
from cnngraph.network import Layer
from cnngraph.reading import Reading
from cnngraph.shipped import shipped, shipped_text
from cnngraph.source import Source


def read(text: str) -> Reading:
    return read_source(Source("a.spec", text), {})


def bare(layer: Layer) -> Layer:
    return replace(layer, span=None, annotations=tuple(replace(each, span=None) for each in layer.annotations))


@pytest.mark.parametrize("name", shipped())
def test_steps_of_one_text_make_what_steps_of_unlike_texts_make(name: str) -> None:
    text = shipped_text(name)
    assert text is not None
    spread = [re.sub(r"(?<=\S) (?=\S)", " " * (2 + number), line) for number, line in enumerate(text.split("\n"))]
    alike, unlike = read(text).checked(), read("\n".join(spread)).checked()
    assert [bare(layer) for layer in alike] == [bare(layer) for layer in unlike]


def channels(text: str) -> list[object]:
    return [layer.output.channels for layer in parse(f"net t\ninput 16x16x4\n{text}") if layer.kind.word == "conv"]


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("[\n  let c = 16 + i\n  conv c 1x1\n] x2\n", [16, 17]),
        ("block a(c) {\n  conv c 1x1\n}\na 8\na 16\na 8\n", [8, 16, 8]),
        ("default conv 8 1x1\nconv\ndefault conv 16\nconv\n", [8, 16]),
        ("[\n  default conv channels=8*(i+1) 1x1\n  conv same\n] x3\n", [8, 16, 24]),
        ("block a(c) {\n  default conv channels=c 1x1\n  conv same\n  conv same\n}\na 8\na 16\n", [8, 8, 16, 16]),
    ],
)
def test_a_step_has_the_values_and_defaults_that_are_in_force_where_it_stands(text: str, made: list[int]) -> None:
    assert channels(text) == made


def test_a_norm_of_one_text_has_the_defaults_of_its_place() -> None:
    text = "default bn eps=1e-3\nconv 8 1x1 bn\nlet e = 1e-4\ndefault bn eps=e\nconv 8 1x1 bn\n"
    network = parse(f"net t\ninput 16x16x4\n{text}")
    assert [getattr(layer.kind, "eps", None) for layer in network if layer.kind.word == "bn"] == [1e-3, 1e-4]


def test_each_step_of_one_text_is_warned_of_at_its_own_line() -> None:
    step = "maxpool 2x2 s=2"
    found = read(f"net t\ninput 17x17x4\na: relu\n{step}\nb: {step}\nfrom a -> {step}\nfrom a -> {step}\noutput b\n")
    assert [each.label.span.line for each in found.diagnostics if each.code == "W0101" and each.label] == [4, 6, 7]


def test_each_step_of_one_text_is_refused_at_its_own_line() -> None:
    found = read("net t\ninput 16x16x4\na: maxpool 8x8\nmaxpool 8x8\nfrom a -> maxpool 8x8\n")
    assert [(each.code, each.label.span.line) for each in found.diagnostics if each.label] == [
        ("E0406", 4),
        ("E0406", 5),
    ]


def test_a_mistake_that_a_default_brings_is_at_each_step_of_one_text() -> None:
    found = read("net t\ninput 16x16x4\ndefault maxpool 8x8\na: maxpool s=8\nmaxpool s=8\n")
    (refused,) = found.diagnostics
    assert refused.label is not None
    assert (refused.code, refused.label.span.line) == ("E0406", 5)
    assert [each.span.line for each in refused.secondary] == [4, 3]
