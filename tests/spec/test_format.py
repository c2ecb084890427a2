"""The canonical form: one for each spec, with all its words and comments, and the same network."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cnngraph
from cnngraph.canonical import canonical
from cnngraph.diagnostics import CnngraphError
from cnngraph.fronts import parse
from cnngraph.fronts.spec import read_source
from cnngraph.network import Network
from cnngraph.shipped import shipped
from cnngraph.source import Source
from cnngraph.spec.format import format_text
from cnngraph.spec.lexer import TOKEN
from cnngraph.spec.parser import parse as parse_spec

ROOT = Path(__file__).parent.parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SPECS = Path(cnngraph.__path__[0]) / "specs"
SETTINGS: dict[str, list[dict[str, object]]] = {
    "alexnet": [{"groups": 2}],
    "conv1x1": [{"n": 8}],
    "densenet121": [{"depth": 169}, {"k": 48}],
    "resnet": [{"depth": 18}, {"depth": 152}],
    "vgg16": [{"depth": 19}, {"norm": True}],
    "yolov2": [{"size": 416}],
}
"""Params of networks that ship, and other values for them."""
SHIPPED = {name: (SPECS / f"{name}.spec").read_text(encoding="utf-8") for name in shipped()}


@pytest.mark.parametrize("name", SHIPPED)
def test_what_ships_is_canonical(name: str) -> None:
    assert format_text(SHIPPED[name]) == SHIPPED[name]


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_what_the_docs_show_is_canonical(page: Path) -> None:
    """But for what is shown as a mistake."""
    for text in re.findall(r"```spec\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
        if not parse_spec(Source("a.spec", text)).diagnostics:
            assert format_text(text) == text


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("conv   8  3x3   same", "conv 8 3x3 same"),
        ("param   d=3", "param d = 3"),
        ("let n=match d {3=>(1,2),4=>(2 , 2)}", "let n = match d { 3 => (1, 2), 4 => (2, 2) }"),
        ("let k = select(a>=2 , 1,0)", "let k = select(a >= 2, 1, 0)"),
        ("let k = d - 1", "let k = d-1"),
        ("let k = - 1", "let k = -1"),
        ("let k = a*-1", "let k = a*-1"),
        ("conv 4 * c 1x1 s = 2", "conv 4*c 1x1 s=2"),
        ("conv 8 p=( -1,0 , 1,- 0 )", "conv 8 p=(-1, 0, 1, -0)"),
        ("conv c//2", "conv c//2"),
        ("a:conv 8->relu=>8x8x8", "a: conv 8 -> relu => 8x8x8"),
        ("a ,b : split 2", "a, b: split 2"),
        ("block b (c , s = 1,e:tensor){conv c}", "block b(c, s=1, e: tensor) { conv c }"),
        ("add{|relu|skip}", "add { | relu | skip }"),
        ("mul  spread{|relu|skip}", "mul spread { | relu | skip }"),
        ("unflatten   7x7x2", "unflatten 7x7x2"),
        ("conv 8 hsigmoid=( 0.2,- 1 )", "conv 8 hsigmoid=(0.2, -1)"),
        ("[conv 8]x2", "[conv 8] x2"),
        ("[ conv 8 ] x 2", "[conv 8] x2"),
        ("[conv 8]x n-1", "[conv 8] x n-1"),
        ("[conv 8] x n[ 0 ]", "[conv 8] x n[0]"),
        ("[conv 8] x 2*n", "[conv 8] x 2*n"),
        ("conv n[0] x 2", "conv n[0] x 2"),
        ("a:[ [relu]x 2->tanh ]x n", "a: [[relu] x2 -> tanh] x n"),
        ("add {|[relu]x2|skip}", "add { | [relu] x2 | skip }"),
        ("add {\n|let k=2\nconv k\n|skip}", "add {\n  | let k = 2\n    conv k\n  | skip\n}"),
        ("input image (?H,?W , 3)@scale( -1,1 )", "input image (?H, ?W, 3) @scale(-1, 1)"),
        ("input image(?H,8,3)", "input image (?H, 8, 3)"),
        ("conv 8(1,1) if(a)", "conv 8 (1, 1) if (a)"),
        ("conv min(a,b) (a, b)", "conv min(a, b) (a, b)"),
        ("conv 8 if not a==2 and b<3", "conv 8 if not a == 2 and b < 3"),
        ("conv 8 #why", "conv 8  #why"),
        ("\tconv 8", "conv 8"),
        ("conv 8   ", "conv 8"),
        ('net n   "a  b"', 'net n "a  b"'),
        ("conv 8 ->\nconv 9", "conv 8 ->\n  conv 9"),
        ("add { | relu\n| skip }", "add {\n  | relu\n  | skip\n}"),
        ("add {\n| relu -> tanh\nconv 8\n|skip}", "add {\n  | relu -> tanh\n    conv 8\n  | skip\n}"),
        ("add { # two ways\n  # first\n| relu\n\n\n  # second\n  | skip\n# end\n}",
         "add {  # two ways\n  # first\n  | relu\n\n  # second\n  | skip\n    # end\n}"),
        ("[conv 8\n] x2", "[\n  conv 8\n] x2"),
        ("block b() {\n\nconv 8\n\n\n\nconv 9\n\n}", "block b() {\n  conv 8\n\n  conv 9\n}"),
        ("conv 8 p=(1,\n1, 1,\n1)", "conv 8 p=(1,\n  1, 1,\n  1)"),
        ("conv 8\r\nconv 9\r\n", "conv 8\nconv 9"),
        ("\n\n\nconv 8\n\n\n\n", "conv 8"),
        ("# only this", "# only this"),
    ],
)  # fmt: skip
def test_one_form(written: str, canonical: str) -> None:
    assert format_text(written) == canonical + "\n"
    assert format_text(canonical) == canonical + "\n"


def test_nothing_stays_nothing() -> None:
    assert format_text("") == format_text("\n\n") == ""


def words(text: str) -> list[str]:
    """Tokens and comments."""
    found = (match.group().rstrip() for match in TOKEN.finditer(text) if match.lastgroup not in ("newline", "tab"))
    return [word for word in found if word]


def said(network: Network) -> list[tuple[object, ...]]:
    return [(layer.name, layer.kind, layer.inputs, layer.output, layer.skips) for layer in network]


@given(name=st.sampled_from(sorted(SHIPPED)), random=st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_blanks_and_comments_anywhere(name: str, random: Random) -> None:
    """Each blank some blanks, line ends doubled, comments at ends of lines: the words stay, and the network."""

    def mess(match: re.Match[str]) -> str:
        text = match.group()
        if text == "\n":
            ends = [" \n", "\n\n", "\n\n\n", "  # a comment\n", "\r\n", "\n# another\n", "\n   "]
            return random.choice(ends) if random.random() < 0.3 else text
        return " " * random.randint(1, 4)

    messed = re.sub(r'(?<=\S) +(?=\S)|\n(?! *")', mess, SHIPPED[name])
    once = format_text(messed)
    assert format_text(once) == once
    assert words(once) == words(messed.replace("\r\n", "\n"))
    assert said(parse(once)) == said(parse(SHIPPED[name]))


def test_only_what_can_be_read_is_formatted() -> None:
    with pytest.raises(CnngraphError, match="never closed"):
        canonical(Source("a.spec", "add {\n  | relu\n"))
    assert canonical(Source("a.spec", "input\t8x8x3\n")) == "input  8x8x3\n".replace("  ", " ")


def test_volumes() -> None:
    text = "net t\nlet n = 2\ninput 8x8x3\na: conv 4 3x3 relu  # first\nconv 4 1x1 => 6x6x4\nconv 2 1x1 if n > 2\n"
    text += 'b, c: split 2\nfrom b -> add c -> flatten @allow("W0101")\nlabel: softmax 3\n'
    wanted = text.replace("relu  #", "relu => 6x6x4  #").replace("flatten @", "flatten => 72 @")
    assert canonical(Source("a.spec", text), volumes=True) == wanted.replace("softmax 3", "softmax 3 => 3")


def test_volumes_that_are_free_stay_unsaid() -> None:
    text = "net t\ninput (?H, ?W, 3)\nconv 4 3x3\navgpool global\n"
    assert canonical(Source("a.spec", text), volumes=True) == text.replace("global", "global => 1x1x4")


def test_volumes_that_a_param_may_change_stay_unsaid() -> None:
    """Those of values, blocks, defaults and tensors that hang on it, until a claim or `from` says otherwise."""
    text = """net t
param k = 1
let c = 2*k
input 8x8x4
block fixed() { conv 4 1x1 }
block open() { conv 4*k 1x1 }
stem: fixed
wide: open
fixed
conv c 1x1
conv 4 1x1 if k > 1
conv 4 1x1
conv 4 1x1 => 8x8x4
default conv s=k
fixed
conv 4 1x1
from stem -> relu
add wide
relu
"""
    wanted = text.replace("stem: fixed", "stem: fixed => 8x8x4").replace("s=k\nfixed", "s=k\nfixed => 8x8x4")
    wanted = wanted.replace("stem -> relu", "stem -> relu => 8x8x4")
    assert canonical(Source("a.spec", text), volumes=True) == wanted


@pytest.mark.parametrize("name", SHIPPED)
def test_volumes_fit_whatever_the_params_are(name: str) -> None:
    """As claims they say no more than the text did: it can be set to what it could be set to."""
    before = Source(f"{name}.spec", SHIPPED[name])
    after = Source(before.name, canonical(before, volumes=True))
    assert canonical(after, volumes=True) == after.text
    for chosen in [{}, *SETTINGS.get(name, [])]:
        networks = [read_source(source, chosen).checked() for source in (before, after)]
        assert said(networks[0]) == said(networks[1])


def test_blocks_alone_have_no_volumes() -> None:
    text = "block b(c) {\n  conv c 1x1\n}\n"
    assert canonical(Source("a.spec", text), volumes=True) == text


@pytest.mark.parametrize(
    "many",
    [
        "add {\n  | conv 3 3x3 same\n  | skip\n}\n" * 5000,
        "# a comment\n" * 20000,
        "add {\n" + "  # a comment\n" * 20000 + "  | relu\n  | skip\n}\n",
    ],
    ids=["joins", "comments", "comments in a join"],
)
def test_a_long_spec_takes_no_time(many: str) -> None:
    text = "net t\ninput 8x8x3\n" + many
    assert format_text(text) == text
