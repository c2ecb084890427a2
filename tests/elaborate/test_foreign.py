"""Words of other libraries and slips of the pen: what is put right by itself is what was certainly meant."""

from __future__ import annotations

import re
import string
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnngraph.elaborate.foreign import ADVICE, LAYERS
from cnngraph.elaborate.mistake import MAX_COMPARED, slip
from cnngraph.fixing import fix
from cnngraph.fronts.spec import read_source
from cnngraph.layers import KINDS
from cnngraph.source import Source

WORDS = sorted(KINDS)


def fixed(tmp_path: Path, text: str) -> str:
    path = tmp_path / "net.spec"
    path.write_text(text)
    fix(str(path), {})
    return path.read_text()


@pytest.mark.parametrize(
    "line",
    [
        "deformconv 8 3x3",
        "selu",
        "logsoftmax",
        "norm",
        "conv3d 8 3x3",
        "reshape",
        "pool 2x2",
        "conv3x3 8",
        "elus",
        "gelo",
        "eltwise a",
        "route a",
        "conv 8 3x3 selu",
        "conv 8 3x3 rate=2",
        "conv 8 3x3 ratio=2",
        "conv 8 size=3",
        "conv 8 3x3 -> add b",
        "conv nn 3x3",
    ],
)
def test_what_is_not_certain_is_left_alone(tmp_path: Path, line: str) -> None:
    text = f"let n = 8\ninput 8x8x3\na: conv 8 3x3 same\n{line}\n"
    assert fixed(tmp_path, text) == text


@pytest.mark.parametrize(
    ("line", "mended"),
    [
        ("lrelu", "leaky"),
        ("LeakyReLU", "leaky"),
        ("conv2d 8 3x3", "conv 8 3x3"),
        ("covn 8 3x3", "conv 8 3x3"),
        ("conv 8 3x3 lrelu", "conv 8 3x3 leaky"),
        ("conv 8 3x3 stride=2", "conv 8 3x3 s=2"),
        ("conv 8 3x3 padding=1", "conv 8 3x3 p=1"),
        ("maxpol 2x2", "maxpool 2x2"),
        ("flaten -> linear 10", "flatten -> fc 10"),
        ("globalavgpool", "avgpool global"),
        ("SeparableConv2D 8 3x3", "sepconv 8 3x3"),
        ("GlobalResponseNorm", "grn"),
        ("EcaModule 3", "eca 3"),
        ("conv widht 3x3", "conv width 3x3"),
        ("concat stemm", "concat stem"),
    ],
)
def test_what_is_certain_is_mended(tmp_path: Path, line: str, mended: str) -> None:
    text = "let width = 8\ninput 8x8x3\nstem: conv 8 3x3 same\n{}\n"
    assert fixed(tmp_path, text.format(line)) == text.format(mended)


def test_other_libraries_words_have_one_meaning() -> None:
    assert not LAYERS.keys() & ADVICE.keys()
    assert not (LAYERS.keys() | ADVICE.keys()) & KINDS.keys()
    for word in [*LAYERS, *ADVICE]:
        assert word == word.lower().replace("_", "").replace("-", ""), word


def test_what_is_advised_can_be_written() -> None:
    for advice in ADVICE.values():
        for said in re.findall(r"`([a-z_][a-z_0-9]*)", advice):
            assert said in KINDS or said in ("count_pad", "export"), advice


@pytest.mark.parametrize("word", ADVICE)
def test_what_is_not_here_is_said(word: str) -> None:
    (first, *_) = read_source(Source("t", f"input 8x8x3\n{word}\n"), {}).diagnostics
    assert first.code == "E0209"
    assert first.help == ADVICE[word]
    assert first.fix is None


@cache
def edits(word: str) -> set[str]:
    """All that is one letter off *word*, from the definition."""
    made = {word[:i] + word[i + 1 :] for i in range(len(word))}
    made |= {word[:i] + c + word[i:] for i in range(len(word) + 1) for c in string.ascii_lowercase + string.digits}
    made |= {word[:i] + c + word[i + 1 :] for i in range(len(word)) for c in string.ascii_lowercase + string.digits}
    made |= {word[:i] + b + a + word[i + 2 :] for i, (a, b) in enumerate(pairwise(word))}
    return made - {word}


@given(st.sampled_from(WORDS), st.data())
def test_a_slip_is_one_letter_and_the_only_one(word: str, data: st.DataObject) -> None:
    written = data.draw(st.sampled_from(sorted(edits(word))))
    others = [*LAYERS, *ADVICE]
    meant = [each for each in [*WORDS, *others] if written in edits(each) | {each}]
    certain = meant == [word] and min(len(word), len(written)) >= 4 and not any(other in edits(word) for other in WORDS)
    assert slip(written, WORDS, others) == (word if certain else "")


@given(st.text(string.ascii_lowercase, max_size=8).filter(lambda written: written not in WORDS))
def test_what_is_further_off_is_no_slip(written: str) -> None:
    found = slip(written, WORDS)
    assert not found or written in edits(found)


def test_too_many_names_or_capitals_leave_doubt() -> None:
    many = [f"number{each}x" for each in range(MAX_COMPARED)]
    assert slip("widht", ["width", *many[1:]]) == "width"
    assert slip("widht", ["width", *many]) == ""
    assert slip("widht", ["width", "Width"]) == ""
    assert slip("Width", ["width"]) == "width"
