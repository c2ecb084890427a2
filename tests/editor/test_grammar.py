"""The TextMate grammar of the VS Code extension knows the language as it is."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from cnngraph.layers import KINDS
from cnngraph.spec.lexer import FLAGS, KEYWORDS

FOLDER = Path(__file__).parents[2] / "editors" / "vscode"
GRAMMAR = json.loads((FOLDER / "syntaxes" / "cnngraph.tmLanguage.json").read_text(encoding="utf-8"))
REPOSITORY = GRAMMAR["repository"]
PACKAGE = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))


def words(*rules: str) -> set[str]:
    """The words that *rules* list: ``\\b(?:conv|fc)\\b``."""
    lists = [re.fullmatch(r"\\b\(\?:([\w|]+)\)\\b", REPOSITORY[rule]["match"]) for rule in rules]
    return {word for found in lists if found for word in found[1].split("|")}


def test_every_word_of_the_language_has_its_colour() -> None:
    assert words("keyword", "declaration", "operator_word", "constant") == set(KEYWORDS)
    assert words("layer") == set(KINDS)
    assert words("flag") == set(FLAGS) - set(KINDS)


def test_every_rule_is_used_and_every_used_one_is_there() -> None:
    assert [each["include"].removeprefix("#") for each in GRAMMAR["patterns"]] == list(REPOSITORY)


@pytest.mark.parametrize(
    ("rule", "text", "colours"),
    [
        ("comment", "conv # a remark", "# a remark"),
        ("size", "conv 3x3", "3x3"),
        ("number", "leaky 0.1", "0.1"),
        ("annotation", "fc 3 @freeze", "@freeze"),
        ("free", "(?H, 3)", "?H"),
        ("repeat", "[relu] x3", " x3"),
        ("argument", "conv s=2", "s"),
        ("argument", '@figure(style="text")', "style"),
        ("label", "a, b: split 2", "a, b"),
        ("arrow", "relu -> relu", "->"),
    ],
)
def test_a_rule_takes_what_it_is_for(rule: str, text: str, colours: str) -> None:
    found = re.search(REPOSITORY[rule]["match"], text)
    assert found is not None
    assert found[0] == colours


def test_what_the_extension_names_is_there() -> None:
    contributes = PACKAGE["contributes"]
    (language,), (grammar,) = contributes["languages"], contributes["grammars"]
    assert grammar["scopeName"] == GRAMMAR["scopeName"]
    for file in (language["configuration"], grammar["path"], PACKAGE["main"]):
        assert (FOLDER / file).is_file()
    (command,) = contributes["commands"]
    code = (FOLDER / PACKAGE["main"]).read_text(encoding="utf-8")
    assert f'registerCommand("{command["command"]}"' in code
    assert 'command: "cnngraph.showFigure"' in code
