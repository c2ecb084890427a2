"""Messages on a terminal: colours, and the caret under the place whatever stands before it."""

from __future__ import annotations

import sys

import pytest

from cnngraph.diagnostics import Diagnostic, Label
from cnngraph.diagnostics.terminal import MAX_WIDTH, display_width, print_diagnostics, render
from cnngraph.source import Source, Span


def at(text: str, word: str, *others: str) -> Diagnostic:
    """A mistake at *word* in *text*, with more labels at *others*."""
    source = Source("a.spec", text)

    def label(word: str) -> Label:
        start = text.index(word)
        return Label(Span(source, start, start + len(word)))

    return Diagnostic("E0202", "wrong", label(word), tuple(map(label, others)))


def snippet(text: str, word: str, *others: str) -> list[str]:
    """The line of source as it is shown, and the lines of carets under it."""
    return [line[4:] for line in render(at(text, word, *others)).splitlines()[3:]]


@pytest.mark.parametrize(
    ("is_terminal", "no_color", "colored"),
    [(True, None, True), (True, "", True), (True, "1", False), (False, None, False)],
)
def test_colour_only_on_a_terminal_that_wants_it(
    is_terminal: bool,
    no_color: str | None,
    colored: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: is_terminal)
    monkeypatch.delenv("NO_COLOR", raising=False)
    if no_color is not None:
        monkeypatch.setenv("NO_COLOR", no_color)
    print_diagnostics([at("conv smae", "smae")])
    assert ("\x1b[" in capsys.readouterr().err) == colored


@pytest.mark.parametrize(
    "before",
    ["ab", "日本", "한글", "Ｆ", "e\N{COMBINING ACUTE ACCENT}", "❤\N{VARIATION SELECTOR-16}", "\N{GRINNING FACE}"],
)
def test_the_caret_stands_under_the_place(before: str) -> None:
    shown, carets = snippet(f'@note("{before}") smae', "smae")
    assert display_width(carets[: carets.index("^")]) == display_width(shown[: shown.index("smae")])
    assert carets.strip() == "^^^^"


def test_widths() -> None:
    assert [display_width(text) for text in ("ab", "日本", "한", "Ｆ", "e\u0301", "❤\ufe0f", "")] == [
        2,
        4,
        2,
        2,
        1,
        1,
        0,
    ]


def test_carets_under_wide_letters_are_wide() -> None:
    assert snippet("net 网络", "网络")[1] == "    ^^^^"


@pytest.mark.parametrize("filler", ["x ", "网", "e\u0301 "])
@pytest.mark.parametrize("place", [0, 10, 100, 399, 400])
def test_a_long_line_is_cut_around_the_caret(filler: str, place: int) -> None:
    shown, carets = snippet(filler * place + "smae" + filler * (400 - place), "smae")
    assert display_width(shown) <= MAX_WIDTH + 2
    assert carets.strip() == "^^^^"
    assert display_width(shown[: shown.index("smae")]) == carets.index("^")
    assert shown.startswith("…") == (place >= 100)
    assert shown.endswith("…") == (place <= 100)


def test_a_label_on_what_is_cut_off_stands_at_the_dots() -> None:
    text = "left " + "x" * 300 + " middle " + "x" * 300 + " right"
    shown, middle, left, right = snippet(text, "middle", "left", "right")
    assert shown[middle.index("^") :].startswith("middle")
    assert (left, right) == ("-", " " * (len(shown) - 1) + "-")
    assert (shown[0], shown[-1]) == ("…", "…")


def test_a_mark_does_not_leave_the_line() -> None:
    shown, carets = snippet("y" * 500, "y" * 500)
    assert len(carets) == len(shown) - 1 == MAX_WIDTH
