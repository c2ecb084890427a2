"""Whatever the text, reading it ends soon, with a network or with messages about places in it."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from importlib.resources import files

import pytest

from cnngraph.diagnostics import Diagnostic
from cnngraph.diagnostics.terminal import render
from cnngraph.fronts.spec import read_source
from cnngraph.source import Source, Span
from cnngraph.spec.lexer import tokenize

SHIPPED = {
    entry.name: entry.read_text(encoding="utf-8")
    for entry in sorted(files("cnngraph").joinpath("specs").iterdir(), key=lambda entry: entry.name)
    if entry.name.endswith(".spec")
}
PIECES = """( ) [ ] { } | -> => = == : , . @ # " ' - + * / // % ? x x3 x-1 x99999999 0 1 3x3 0x0 1e9 99999999999 3x
if not and or in skip from add concat mul max split crop slice conv fc bn relu same let param default block input output
net use match true false ?H (?H, ?W, 3) i in.c n[0] n[9] round8(3) select ü \0 \t \r 网 \u202e""".split(" ")  # noqa: SIM905
SECONDS_PER_CHARACTER = 0.002
"""Many times what the slowest of them takes."""


def mutated(text: str, dice: random.Random) -> str:
    """*text* with a few pieces taken out, put in, doubled or swapped."""
    for _ in range(dice.randint(1, 4)):
        start = dice.randrange(len(text) + 1)
        stop = min(len(text), start + dice.choice((0, 1, 1, 2, 5, 20)))
        other = dice.randrange(len(text) + 1)
        text = {
            "cut": text[:start] + text[stop:],
            "put": f"{text[:start]}{dice.choice(PIECES)}{text[stop:]}",
            "put a word": f"{text[:start]} {dice.choice(PIECES)} {text[stop:]}",
            "double": text[:stop] + text[start:],
            "move": text[:start] + text[other : other + 20] + text[stop:],
            "shorten": text[:start] if dice.random() < 0.1 else text,
        }[dice.choice(("cut", "put", "put a word", "double", "move", "shorten"))]
    return text


def spans(diagnostic: Diagnostic) -> Iterator[Span]:
    if diagnostic.label:
        yield diagnostic.label.span
    yield from (label.span for label in diagnostic.secondary)
    if diagnostic.fix:
        yield diagnostic.fix.span


def read(text: str) -> None:
    source = Source("t.spec", text)
    start = time.process_time()
    reading = read_source(source, {}, max_nodes=2_000)
    assert time.process_time() - start < 1 + SECONDS_PER_CHARACTER * len(text)
    assert reading.network is not None or reading.diagnostics
    for diagnostic in reading.diagnostics:
        assert diagnostic.message
        assert render(diagnostic)
        for span in spans(diagnostic):
            assert 0 <= span.start <= span.end <= len(span.source.text)


@pytest.mark.parametrize("name", SHIPPED)
def test_mutations_of_shipped_specs(name: str) -> None:
    dice = random.Random(name)
    for _ in range(2_000 // len(SHIPPED)):
        text = mutated(SHIPPED[name], dice)
        try:
            read(text)
        except Exception:
            print(text)
            raise


def test_tokens_thrown_together() -> None:
    dice = random.Random(0)
    words = sorted({token.text for text in SHIPPED.values() for token in tokenize(Source("", text))[0]})
    for _ in range(1_000):
        read(" ".join(dice.choices([*words, *PIECES, "\n"], k=dice.randint(1, 60))))


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "net t\ninput 8x8x3\nadd {\n  | re>line} @freeze\n",
        "nep: conv 1 \0x1\nadd {\n  | re>line} @freeze\n",
        "net t\ninput 8x8x3\n" + "add {\n| " * 5_000,
        "net t\ninput 8x8x3\nconv " + "(" * 50_000 + "3" + ")" * 50_000,
        "net t\nlet a = " + "-" * 100_000 + "1\ninput 8x8x3\nrelu",
        "net t\nlet a = " + "1+" * 50_000 + "1\ninput a*8x8\nrelu",
        "net t\nlet a = 9" + "*9" * 10_000 + "\ninput 8x8x3\nconv a 1x1",
        "net t\ninput 8x8x3\n" + " -> ".join(["relu"] * 20_000),
        "net t\ninput 8x8x3\n" + "[" * 30 + "relu" + "] x9" * 30,
        "net t\ninput 8x8x3\n" + "block b() {\n" * 2_000,
        '"' * 100_000,
        "x" * 1_000_000,
        "9" * 1_000_000,
        "net t\ninput 8x8x3\nconv 8 " + "3x" * 100_000 + "3",
        "\n" * 500_000,
        "#" * 500_000,
        "net t\ninput 8x8x3\nlet a = match 1 {" + "0 => 1, " * 50_000 + "1 => 2}\nconv a 1x1",
        "net t\n"
        + "".join(f"block b{n}() {{\n  b{n - 1}\n  b{n - 1}\n}}\n" for n in range(1, 60))
        + "input 8x8x3\nb59",
    ],
    ids=lambda text: text[:30].replace("\n", " "),
)
def test_extremes(text: str) -> None:
    start = time.process_time()
    reading = read_source(Source("t.spec", text), {})
    assert time.process_time() - start < 10
    assert reading.network is not None or 0 < len(reading.diagnostics) <= 30
