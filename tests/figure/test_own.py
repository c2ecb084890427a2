"""``@figure(…)`` on the `net` line: what a spec says of its own figure, from the text to the picture and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cnngraph import parse
from cnngraph.cli.watch import _draw
from cnngraph.diagnostics import CnngraphError
from cnngraph.figure.choice import AUTO
from cnngraph.figure.styles import STYLES
from cnngraph.figure.theme import THEMES
from cnngraph.look import KEYS
from cnngraph.look import STYLES as WORDS
from cnngraph.look import THEMES as THEME_WORDS
from cnngraph.network import Network
from cnngraph.notebook import show
from cnngraph.spec.format import format_text
from tests.conftest import Run

CHAIN = "input 32x32x3\n[conv 8 3x3 same relu] x2\nmaxpool f=2 s=2\nconv 16 5x5\n"
BRANCHES = "input 8x8x4\nconcat {\n  | conv 4 1x1\n  | conv 4 1x1 -> conv 4 3x3 same\n  | maxpool 3x3 s=1 same\n}\n"


def net(said: str, body: str = CHAIN) -> Network:
    return parse(f'net a "A" {said}\n{body}')


def drawn(said: str, **look: Any) -> tuple[str, float, str]:
    figure = net(said).render(**look)
    return figure.style, figure.order.width, figure.order.theme.name


def test_the_words_for_styles_are_those_of_the_styles() -> None:
    assert (AUTO, *STYLES) == WORDS
    assert tuple(THEMES) == THEME_WORDS


def test_what_the_spec_says_is_drawn() -> None:
    assert drawn("") == ("volumes", 960, "light")
    assert drawn('@figure(style="text", width="page", theme="dark")') == ("text", 504, "dark")
    assert drawn("@figure(width=300)") == ("volumes", 300, "light")
    assert drawn("@figure(fold=false)")[0] == "text"  # volumes have no place for folding
    assert drawn("@figure(depth=0, names=true)")[0] == "blocks"
    assert drawn('@figure(layer="conv3")')[0] == "operation"
    same = net('@figure(style="text", fold=false)').render().svg
    assert same == net("").render(style="text", fold=False).svg != net("").render(style="text").svg


def test_options_go_before_it() -> None:
    said = '@figure(style="text", fold=false, width="page")'
    assert drawn(said, style="volumes") == ("volumes", 504, "light")
    assert drawn(said, width="column", theme="print") == ("text", 252, "print")
    assert drawn(said, names=True) == ("blocks", 504, "light")
    assert drawn(said, layer="conv3") == ("operation", 504, "light")
    assert net(said).render(fold=True).svg == net("").render(style="text", fold=True, width="page").svg
    assert drawn("@figure(names=true)", names=False)[0] == "volumes"
    assert drawn('@figure(style="units")', style="auto")[0] == "volumes"


def test_two_networks_are_drawn_as_if_neither_said_anything() -> None:
    from cnngraph import render

    pair = [net('@figure(style="text", width="page")'), net("")]
    assert render(pair).style == "strip"
    assert render(pair).order.width == 960


@pytest.mark.parametrize(
    ("said", "message", "marked"),
    [
        ('@figure(styl="text")', "@figure says nothing of `styl`", "styl"),
        ('@figure(style="txt")', "`style` of @figure is one of auto, volumes,", '"txt"'),
        ("@figure(style=3)", "`style` of @figure is one of", "3"),
        ('@figure(theme="black")', "`theme` of @figure is one of light, dark, print, colorblind", '"black"'),
        ('@figure(width="wide")', "`width` of @figure is column, page, slide, or a length", '"wide"'),
        ("@figure(width=1)", "`width` of @figure is", "1"),
        ("@figure(width=true)", "`width` of @figure is", "true"),
        ("@figure(fold=1)", "`fold` of @figure is true or false", "1"),
        ("@figure(depth=-1)", "`depth` of @figure is a whole number from 0 on", "-1"),
        ("@figure(depth=true)", "`depth` of @figure is a whole number from 0 on", "true"),
        ("@figure(layer=1)", "`layer` of @figure is the name of a layer", "1"),
        ("@figure(names=true, names=true)", "@figure says `names` twice", "names=true"),
        ("@figure(fold=true) @figure(fold=true)", "a network has one @figure", "@figure(fold=true)"),
        ('@figure("text")', "@figure is not written like that", '@figure("text")'),
        ("@figure", "@figure is not written like that", "@figure"),
        ('@allow(code="W0101")', "@allow is not written like that", '@allow(code="W0101")'),
        ('@freeze(now="x")', "@freeze belongs on", '@freeze(now="x")'),
    ],
)
def test_what_cannot_be_said_is_a_mistake_at_its_place(said: str, message: str, marked: str) -> None:
    with pytest.raises(CnngraphError) as error:
        net(said)
    (diagnostic,) = error.value.diagnostics
    assert diagnostic.code == "E0216"
    assert diagnostic.message.startswith(message)
    assert diagnostic.label is not None
    assert diagnostic.label.span.text == marked
    assert diagnostic.label.span.line == 1


def test_all_that_cannot_be_said_is_told_at_once() -> None:
    with pytest.raises(CnngraphError) as error:
        net('@figure(styl="text", width="page", theme="black", depth=-1, width="slide")')
    spans = [diagnostic.label.span.text for diagnostic in error.value.diagnostics if diagnostic.label]
    assert spans == ["styl", '"black"', "-1", 'width="slide"']


@pytest.mark.parametrize("line", ["input 32x32x3 @figure(fold=true)", "conv 3 3x3 @figure(fold=true)"])
def test_it_belongs_on_the_net_line(line: str) -> None:
    before = "" if line.startswith("input") else "input 8x8x3\n"
    with pytest.raises(CnngraphError, match="@figure belongs on the `net` line"):
        parse(f"{before}{line}\nconv 3 3x3\n")


def test_a_style_that_cannot_show_the_network_is_a_mistake_of_the_spec(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.spec").write_text(f'net a @figure(style="volumes")\n{BRANCHES}')
    ran = run("render", str(tmp_path / "a.spec"))
    assert ran.status == 1
    assert "a.spec:1:7" in ran.err
    assert "the style `volumes` draws chains, and a branches" in ran.err
    assert run("render", str(tmp_path / "a.spec"), "--style", "blocks", "-o", "a.svg").status == 0
    assert run("render", str(tmp_path / "a.spec"), "-o", "a.dot").status == 0
    (tmp_path / "a.spec").write_text(f'net a @figure(layer="conv9")\n{BRANCHES}')
    assert "a.spec:1:7" in run("render", str(tmp_path / "a.spec")).err


SAID = (
    '@figure(style="text", width=300, theme="dark", font="sans", fold=false, depth=2, names=true, show="bn", '
    'layer="conv1")'
)


def test_it_is_written_as_it_is_read() -> None:
    assert {key for key, _ in net(SAID).annotations[0].named} == set(KEYS)
    assert net(SAID).to_spec().splitlines()[0] == f'net a "A" {SAID}'
    again = parse(net(SAID).to_spec())
    assert [(each.name, each.named) for each in again.annotations] == [
        (each.name, each.named) for each in net(SAID).annotations
    ]
    loose = SAID.replace("=", " = ").replace(", ", " ,")
    assert format_text(f"net a {loose}\ninput 8x8x1\nrelu\n") == f"net a {SAID}\ninput 8x8x1\nrelu\n"


def test_notebooks_and_watch_draw_it_so(run: Run, tmp_path: Path) -> None:
    text = f'net a @figure(style="text", width="page")\n{CHAIN}'
    wanted = parse(text).render().svg
    assert parse(text).render().style == "text"
    assert show(text)[0].figure == wanted
    assert show(text, ["--style", "volumes"])[0].figure == parse(text).render(style="volumes").svg
    assert parse(text)._repr_svg_() == wanted
    file = tmp_path / "a.spec"
    file.write_text(text)
    assert _draw(file, {}, 1000, None, None, None).svg == wanted
    ran = run("render", str(file), "-o", str(tmp_path / "a.svg"))
    assert ran.err == "style text: the spec says so\n"
    assert (tmp_path / "a.svg").read_text() == wanted
