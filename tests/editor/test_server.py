"""The language server as an editor sees it, over standard input and output."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

from tests.editor.client import Editor, File, editor

BLOCKS = """\
# Two convolutions.
block unit(c, s=1) {
  inner: conv c 3x3 s=s same relu
  conv c 3x3 same relu
}
"""
NET = """\
net toy "Toy {depth}"
use "blocks.spec"
param depth = 2
input 32x32x3
default conv 3x3 same relu
first: unit 8
[unit 16] x depth
stem: conv 16 1x1  # a remark
add stem
output stem
"""


@pytest.fixture(scope="module")
def ed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    folder = tmp_path_factory.mktemp("specs")
    (folder / "blocks.spec").write_text(BLOCKS)
    with editor(folder) as made:
        yield made


def labels(file: File) -> list[str]:
    return [item.label for item in file.ask(lsp.TEXT_DOCUMENT_COMPLETION)]


def hovered(file: File) -> str:
    found = file.ask(lsp.TEXT_DOCUMENT_HOVER)
    assert isinstance(found, lsp.Hover)
    assert isinstance(found.contents, lsp.MarkupContent)
    return found.contents.value


# Mistakes --------------------------------------------------------------------------------------


def test_mistakes_come_while_typing_and_go_when_mended(ed: Editor) -> None:
    file = ed.open("input 8x8x3\nconv 8 3x3 smae\n")
    (found,) = file.mistakes()
    assert (found.code, found.severity, file.at(found.range)) == ("E0202", lsp.DiagnosticSeverity.Error, "smae")
    assert found.code_description is not None
    assert found.code_description.href.endswith("/pages/E0202.md")
    file.write("input 8x8x3\nconv 8 3x3 same\n")
    assert file.mistakes() == []


def test_a_mistake_says_why_and_shows_the_other_places(ed: Editor) -> None:
    file = ed.open("input 8x8x3\nadd {\n  | conv 4 1x1\n  | skip\n}\n")
    (found,) = file.mistakes()
    assert "channels do not: 4 is not 3" in found.message
    assert found.related_information is not None
    places = [(file.at(each.location.range), each.message) for each in found.related_information]
    assert places == [("conv 4 1x1", "makes 8x8x4"), ("skip", "carries 8x8x3 from `input 8x8x3` (line 1)")]


def test_warnings_are_warnings(ed: Editor) -> None:
    (found,) = ed.open("input 8x8x3\nconv 8 3x3 s=2\n").mistakes()
    assert (found.code, found.severity) == ("W0101", lsp.DiagnosticSeverity.Warning)


def test_a_mistake_in_a_used_file_stands_at_its_use(ed: Editor) -> None:
    (ed.folder / "wrong.spec").write_text("block wrong() {\n  conv 8 9x9\n}\n")
    file = ed.open('use "wrong.spec"\ninput 4x4x3\nwrong\n')
    (found,) = file.mistakes()
    assert (found.code, file.at(found.range)) == ("E0406", '"wrong.spec"')
    assert found.related_information is not None
    assert found.related_information[0].location.uri == (ed.folder / "wrong.spec").as_uri()


def test_what_is_used_is_read_again_when_it_is_saved(ed: Editor) -> None:
    (ed.folder / "later.spec").write_text("block later() {\n  conv 8 9x9\n}\n")
    file = ed.open('use "later.spec"\ninput 4x4x3\nlater\n')
    assert len(file.mistakes()) == 1
    (ed.folder / "later.spec").write_text("block later() {\n  conv 8 3x3\n}\n")
    uri = (ed.folder / "later.spec").as_uri()
    ed.client.text_document_did_save(lsp.DidSaveTextDocumentParams(lsp.TextDocumentIdentifier(uri)))
    assert file.mistakes() == []


def test_a_closed_file_has_no_mistakes(ed: Editor) -> None:
    file = ed.open("conv\n", "closed.spec")
    assert file.mistakes()
    file.close()
    assert file.mistakes() == []


def test_a_fix_is_offered_and_mends(ed: Editor) -> None:
    file = ed.open("input 8x8x3\nconv 8 3x3 sm^ae\n")
    (action,) = file.ask(lsp.TEXT_DOCUMENT_CODE_ACTION)
    assert action.title == "E0202: replace with `same`"
    assert file.changed(action.edit.changes[file.uri]) == "input 8x8x3\nconv 8 3x3 same\n"


# What is shown beside the text -----------------------------------------------------------------


def test_a_hint_has_volume_and_parameters(ed: Editor) -> None:
    file = ed.open("input 8x8x3\nconv 8 3x3 same # remark\nmaxpool f=2 => 4x4x8\n")
    (hint,) = file.ask(lsp.TEXT_DOCUMENT_INLAY_HINT)
    assert (hint.position, hint.label) == (lsp.Position(1, 15), "8×8×8, 224 parameters")
    assert file.changed(hint.text_edits).split("\n")[1] == "conv 8 3x3 same => 8x8x8 # remark"


def test_a_hint_behind_a_name_is_written_behind_it(ed: Editor) -> None:
    file = ed.open("input 8x8x3\nrelu\nfrom image # again\nrelu\n")
    hint = file.ask(lsp.TEXT_DOCUMENT_INLAY_HINT)[1]
    assert file.changed(hint.text_edits).split("\n")[2] == "from image => 8x8x3 # again"


def test_a_line_of_a_block_shows_the_volumes_of_all_its_uses(ed: Editor) -> None:
    file = ed.open("block b(c) {\n  conv c 1x1\n}\ninput 8x8x3\nb 4 -> b 4\nb 8\n[b 4] x2\n")
    hints = {hint.position.line: hint.label for hint in file.ask(lsp.TEXT_DOCUMENT_INLAY_HINT)}
    assert hints == {
        1: "8×8×4, 8×8×8",
        4: f"8×8×4, {4 * 3 + 4 + 4 * 4 + 4} parameters",
        5: f"8×8×8, {8 * 4 + 8} parameters",
        6: f"8×8×4, {8 * 4 + 4 + 4 * 4 + 4} parameters",
    }


def test_hints_stay_while_another_line_is_half_typed(ed: Editor) -> None:
    file = ed.open("input 8x8x3\nconv 8 1x1\nconv 8 (\n")
    assert [hint.label for hint in file.ask(lsp.TEXT_DOCUMENT_INLAY_HINT)] == ["8×8×8, 32 parameters"]


def test_hovering_over_a_step_shows_its_arithmetic(ed: Editor) -> None:
    text = hovered(ed.open("input 8x8x3\nco^nv 8 3x3 same relu\n"))
    for row in (
        "**conv1**: 8×8×3 → 8×8×8",
        "| height, width | (8 + 2·1 − 3)/1 + 1 = 8 |",
        "| parameters | (3·3·3 + 1)·8 = 224 |",
        "| MACs | 8·8·8 · 3·3·3 = 13,824 |",
        "| receptive field | 3×3 |",
    ):
        assert row in text


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("input 8x8x3\nconv 8 3x3 s^=2\n", "`s`: step of the window"),
        ("input 8x8x3\nconv 8 3x3 re^lu\n", "`max(0, x)`"),
        ("default conv 3x3 sa^me\n", "`p`: border of zeros"),
        ("input 8x8x3\nstem: conv 8 1x1\nadd st^em\n", "8×8×8"),
        ("let n^ = 3\n", "let n = 3"),
        ("block b(c, s=1) {\n  conv c 1x1 s=s^\n}\n", "block b(c, s=1)\n"),
        ('use "blocks.spec"\ninput 8x8x3\nun^it 8\n', "Two convolutions."),
        ('use "blocks.spec"\ninput 8x8x3\nun^it 8\n', "| parameters | 808 |"),
        ("input 8x8x3\nad^d {\n | relu\n | skip\n}\n", "**add1**: 8×8×3 + 8×8×3 → 8×8×3"),
        ("input 8x8x3\nmul spr^ead {\n | skip\n | conv 1 1x1\n}\n", "`spread`: volumes behind the first"),
        ("input 8x8x3\nconv 3 1x1 -> mul image spr^ead\n", "`spread`: volumes behind the first"),
        ("input 8x8x3\na: conv 3 1x1\naga^in a\n", "What the line labelled `a` does, with its weights."),
        ("input 8x8x3\na: conv 3 1x1\naga^in a\n", "| parameters | none of its own, those of a |"),
        ("input 8x8x3\na: conv 3 1x1 -> conv 3 1x1\naga^in a\n", "| parameters | none of their own |"),
        ("input 8x8x3\na: conv 3 1x1\nagain a^\n", "a: conv 3 1x1"),
    ],
)
def test_hovering_over_a_word_says_what_it_is(ed: Editor, text: str, says: str) -> None:
    assert says in hovered(ed.open(text))


def test_there_is_nothing_to_say_of_a_blank(ed: Editor) -> None:
    assert ed.open("input 8x8x3\n  ^  \n").ask(lsp.TEXT_DOCUMENT_HOVER) is None


def test_the_outline_has_what_has_a_name(ed: Editor) -> None:
    symbols = ed.open("net t\nparam n = 1\ninput 8x8x3\nblock b(c) {\n  in1: relu\n}\nstem: b 3\n").ask(
        lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL
    )
    assert [symbol.name for symbol in symbols] == ["t", "n", "image", "b", "stem"]
    assert [child.name for child in symbols[3].children] == ["in1"]


# Completion ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "there", "absent"),
    [
        ("^", {"net", "input", "block", "conv", "from"}, {"same", "skip"}),
        ("input 8x8x3\nco^", {"conv", "concat"}, {"image"}),
        ("input 8x8x3\nconv 8 3x3 sa^", {"same", "relu", "bn", "s="}, {"conv", "image", "net"}),
        ("input 8x8x3\nconv 8 3x3 same s=^", set(), {"same", "conv"}),
        ("let n = 3\ninput 8x8x3\nconv ^", {"n", "channels=", "bias="}, {"net"}),
        ("input 8x8x3\nconv 8 1x1 s=1 ^", {"same"}, {"s="}),
        ("input 8x8x3\nstem: relu\nfrom ^", {"stem", "image"}, {"conv"}),
        ("input 8x8x3\nstem: relu\nag^", {"again"}, {"image"}),
        ("input 8x8x3\nstem: relu\nagain ^", {"stem"}, {"conv"}),
        ("input 8x8x3\nstem: relu\nrelu -> again st^", {"stem"}, {"conv"}),
        ("block b(c) {\n  t: relu\n}\ninput 8x8x3\nx1: b 1\ny: again x1\nfrom y.^", {"t", "c", "h"}, {"conv"}),
        ("input 8x8x3\nstem: relu\nadd ^", {"stem"}, {"conv"}),
        ("input 8x8x3\nstem: relu\noutput st^", {"stem"}, {"conv"}),
        ("block b(c, s=1) {\n  relu\n}\ninput 8x8x3\n^", {"b", "shortcut"}, {"c"}),
        ("block b(c, s=1) {\n  relu\n}\ninput 8x8x3\nb ^", {"c=", "s="}, {"same"}),
        ("block b(c, s=1) {\n  conv ^\n}\n", {"c", "s"}, {"c=", "image"}),
        ("block b(c) {\n  t: relu\n}\ninput 8x8x3\nx1: b 1\nfrom x1.^", {"t", "c", "h"}, {"conv"}),
        ("input 8x8x3\nadd {\n  | ^", {"skip", "conv"}, {"net"}),
        ("input 8x8x3\nconv 8 1x1 -> ^", {"relu", "conv"}, {"net", "from"}),
        ("input 8x8x3 @^", {"@invert", "@scale"}, {"@freeze"}),
        ("input 8x8x3\nconv 8 1x1 @f^", {"@freeze", "@init"}, {"@invert"}),
        ('use "^', {"blocks.spec", "resnet.spec"}, {"conv"}),
        ('use "blocks.spec" as k\ninput 8x8x3\nk.^', {"unit"}, {"conv"}),
        ("let n = 3\ninput 8x8x3\n[relu] x ^", {"n"}, {"conv"}),
        ("param p = true\ninput 8x8x3\nrelu if ^", {"p"}, {"conv"}),
        ("default ^", {"conv", "maxpool"}, {"add", "net"}),
        ("# co^", set(), {"conv"}),
        ("relu # co^", set(), {"conv"}),
        ("let p = (1, m^", {"min", "max"}, {"conv"}),
    ],
)
def test_completion_knows_what_can_stand_there(ed: Editor, text: str, there: set[str], absent: set[str]) -> None:
    found = labels(ed.open(text))
    assert there <= set(found)
    assert not absent & set(found)


@pytest.mark.parametrize(
    ("text", "label", "after"),
    [
        ("input 8x8x3 @in^", "@invert", "input 8x8x3 @invert"),
        ('use "bl^"', "blocks.spec", 'use "blocks.spec"'),
    ],
)
def test_what_is_completed_replaces_all_that_was_typed(ed: Editor, text: str, label: str, after: str) -> None:
    file = ed.open(text)
    (edit,) = (item.text_edit for item in file.ask(lsp.TEXT_DOCUMENT_COMPLETION) if item.label == label)
    assert file.changed([edit]) == after


def test_a_tensor_is_completed_with_its_volume(ed: Editor) -> None:
    items = ed.open("input 8x8x3\nstem: conv 4 1x1\nfrom ^").ask(lsp.TEXT_DOCUMENT_COMPLETION)
    assert [(item.label, item.detail) for item in items] == [("image", "8x8x3"), ("stem", "8×8×4")]


def test_what_a_figure_may_be_told(ed: Editor) -> None:
    rest = "\ninput 8x8x3\nconv 8 3x3\n"
    assert "@figure" in labels(ed.open("net a @^" + rest))
    assert labels(ed.open("net a @figure(^)" + rest)) == [
        "style=", "width=", "theme=", "font=", "fold=", "depth=", "names=", "show=", "down=", "layer="
    ]  # fmt: skip
    assert labels(ed.open('net a @figure(style="text", ^)' + rest))[0] == "width="
    assert '"blocks"' in labels(ed.open("net a @figure(style=^)" + rest))
    assert '"page"' in labels(ed.open('net a @figure(style="text", width="^")' + rest))
    assert labels(ed.open("net a @figure(fold=^)" + rest)) == ["true", "false"]
    assert '"relu"' in labels(ed.open("net a @figure(show=^)" + rest))
    assert {"@label", "@note"} < set(labels(ed.open("net a\ninput 8x8x3\nconv 8 3x3 @^\n")))
    assert "@label" in labels(ed.open("net a\ninput 8x8x3 @^\nconv 8 3x3\n"))
    assert hovered(ed.open('net a @figure(the^me="dark")' + rest)).startswith(
        "`theme`: its colours; one of light, dark"
    )
    assert "cnngraph render" in hovered(ed.open('net a @fig^ure(theme="dark")' + rest))


# Names -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line", "given"),
    [
        ("input 8x8x3\nstem: relu\nadd st^em\n", 1, "stem"),
        ("input pic 8x8x3\nfrom pi^c\nrelu\n", 0, "pic"),
        ("param n = 2\ninput 8x8x3\n[relu] x n^\n", 0, "n"),
        ("block b(c) {\n  conv c^ 1x1\n}\n", 0, "c"),
        ("block b(c) {\n  conv c 1x1\n}\ninput 8x8x3\nb^ 3\n", 0, "b"),
        ("block b(c) {\n  conv c 1x1\n}\ninput 8x8x3\nb c^=3\n", 0, "c"),
        ("block b() {\n  t: relu\n}\ninput 8x8x3\ny: b\nfrom y.t^\n", 1, "t"),
        ("block b(e: tensor) {\n  add e^\n}\n", 0, "e"),
        ("input 8x8x3\nstem: relu\nfrom image -> again st^em\n", 1, "stem"),
        ("block b() {\n  t: relu\n}\ninput 8x8x3\ny: b\nz: again y\nw: again z\nagain w.t^\n", 1, "t"),
        ('net t "T{n^}"\nparam n = 1\n', 1, "n"),
    ],
)
def test_a_name_leads_to_where_it_is_given(ed: Editor, text: str, line: int, given: str) -> None:
    file = ed.open(text)
    place = file.ask(lsp.TEXT_DOCUMENT_DEFINITION)
    assert (place.uri, place.range.start.line, file.at(place.range)) == (file.uri, line, given)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('use "blo^cks.spec"\n', 0),
        ('use "blocks.spec"\ninput 8x8x3\nun^it 8\n', 1),
        ('use "blocks.spec" as k\ninput 8x8x3\nk.un^it 8\n', 1),
        ('use "blocks.spec" as k\ninput 8x8x3\nk^.unit 8\n', 0),
        ('use "blocks.spec"\ninput 8x8x3\na: unit 8\nfrom a.inn^er\n', 2),
    ],
)
def test_a_name_of_another_file_leads_there(ed: Editor, text: str, line: int) -> None:
    place = ed.open(text).ask(lsp.TEXT_DOCUMENT_DEFINITION)
    assert (place.uri, place.range.start.line) == ((ed.folder / "blocks.spec").as_uri(), line)


def test_all_places_of_a_name_are_found(ed: Editor) -> None:
    file = ed.open(NET.replace("add stem", "add st^em"), "net.spec")
    lines = [place.range.start.line for place in file.ask(lsp.TEXT_DOCUMENT_REFERENCES)]
    assert lines == [7, 8, 9]
    lines = [place.range.start.line for place in file.ask(lsp.TEXT_DOCUMENT_REFERENCES, declaration=False)]
    assert lines == [8, 9]
    file.close()


def test_a_param_is_renamed_in_the_title_too(ed: Editor) -> None:
    file = ed.open(NET.replace("param depth", "param de^pth"), "net.spec")
    edit = file.ask(lsp.TEXT_DOCUMENT_RENAME, to="n")
    assert file.changed(edit.changes[file.uri]) == NET.replace("depth", "n")
    file.close()


def test_a_param_is_renamed_in_labels_and_notes_too(ed: Editor) -> None:
    block = 'block b(width) {\n  relu @note("{width}")\n}\nb 3\n'
    file = ed.open(f'param wi^dth = 8\ninput 8x8x3\nconv 8 1x1 @label("width {{width}}")\n{block}', "net.spec")
    edit = file.ask(lsp.TEXT_DOCUMENT_RENAME, to="n")
    changed = file.changed(edit.changes[file.uri])
    assert changed == f'param n = 8\ninput 8x8x3\nconv 8 1x1 @label("width {{n}}")\n{block}'
    file.close()


def test_a_block_is_renamed_in_the_files_that_use_it(ed: Editor) -> None:
    (ed.folder / "user.spec").write_text('use "blocks.spec" as k\ninput 8x8x3\nk.unit 8 s=2\n')
    file = ed.open(BLOCKS.replace("block unit", "block un^it"), "blocks.spec")
    changes = file.ask(lsp.TEXT_DOCUMENT_RENAME, to="double").changes
    file.close()
    assert [edit.range.start for edit in changes[file.uri]] == [lsp.Position(1, 6)]
    assert [edit.range.start for edit in changes[(ed.folder / "user.spec").as_uri()]] == [lsp.Position(2, 2)]


@pytest.mark.parametrize(
    ("text", "to", "says"),
    [
        ("input 8x8x3\nst^em: relu\n", "relu", "a word of the language"),
        ("input 8x8x3\nst^em: relu\n", "3d", "is no name"),
        ("input 8x8x3\nst^em: relu\nb: relu\n", "b", "given at line 3"),
        ("block b^() {\n  relu\n}\n", "conv", "a layer's word"),
        ("input 8x8x3\nshort^cut 8\n", "x1", "comes with cnngraph"),
        ("input 8x8x3\nco^nv 8 1x1\n", "x1", "no name here"),
        ("input 8x8x3\nfrom im^age -> relu\n", "x1", "write a name on its line first"),
    ],
)
def test_what_cannot_be_renamed_says_why(ed: Editor, text: str, to: str, says: str) -> None:
    with pytest.raises(JsonRpcException, match=says):
        ed.open(text).ask(lsp.TEXT_DOCUMENT_RENAME, to=to)


# The figure, and what may go wrong -------------------------------------------------------------


def test_the_figure_is_an_svg(ed: Editor) -> None:
    file = ed.open("net toy\ninput 8x8x3\nconv 8 3x3 same relu\n")
    svg = ed.send(lsp.WORKSPACE_EXECUTE_COMMAND, lsp.ExecuteCommandParams("cnngraph.showFigure", [file.uri]))
    assert svg.startswith(("<?xml", "<svg"))
    assert "8×8×8" in svg


def test_there_is_no_figure_of_a_spec_with_mistakes(ed: Editor) -> None:
    file = ed.open("input 8x8x3\nconv 8 3x3 smae\n")
    with pytest.raises(JsonRpcException, match="E0202"):
        ed.send(lsp.WORKSPACE_EXECUTE_COMMAND, lsp.ExecuteCommandParams("cnngraph.showFigure", [file.uri]))


def test_questions_about_nothing_do_no_harm(ed: Editor) -> None:
    with pytest.raises(JsonRpcException, match="not open"):
        ed.send(
            lsp.TEXT_DOCUMENT_HOVER,
            lsp.HoverParams(lsp.TextDocumentIdentifier("file:///none.spec"), lsp.Position(0, 0)),
        )
    file = ed.open("input 8x8x3\n")
    file.cursor = lsp.Position(99, 99)
    assert file.ask(lsp.TEXT_DOCUMENT_HOVER) is None
    assert "conv" in labels(file)


def test_places_are_counted_in_units_that_the_editor_asks_for(tmp_path: Path) -> None:
    with editor(tmp_path, encodings=["utf-8", "utf-16"]) as ed:
        (found,) = ed.open('net t "\N{GRINNING FACE}é" 7\r\n').mistakes()
    assert found.range == lsp.Range(lsp.Position(0, 15), lsp.Position(0, 16))


def test_a_bug_in_one_answer_ends_nothing(tmp_path: Path) -> None:
    broken = "import cnngraph.editor.server as s; s.hover = lambda *_: 1 / 0; s.serve()"
    with editor(tmp_path, "-c", broken) as ed:
        file = ed.open("input 8x8x3\nre^lu\n")
        with pytest.raises(JsonRpcException, match="division by zero"):
            file.ask(lsp.TEXT_DOCUMENT_HOVER)
        assert "relu" in labels(file)


def test_without_pygls_there_is_one_message() -> None:
    program = "import sys; sys.modules['pygls'] = None; sys.argv[1:] = ['lsp']; from cnngraph.cli import main; main()"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr == 'Error: the language server needs pygls:  pip install "cnngraph[lsp]"\n'


# Formatting ------------------------------------------------------------------------------------


def test_formatting_edits_what_differs(tmp_path: Path) -> None:
    with editor(tmp_path) as ed:
        _formats(ed)


def _formats(ed: Editor) -> None:
    file = ed.open("input 8x8x3\nconv  8   3x3\nconv 4 1x1\n")
    (edit,) = file.ask(lsp.TEXT_DOCUMENT_FORMATTING)
    assert (edit.range.start.line, edit.range.end.line) == (1, 1)
    assert file.changed([edit]) == "input 8x8x3\nconv 8 3x3\nconv 4 1x1\n"
    file.write("input 8x8x3\nconv 8 3x3\n")
    assert not file.ask(lsp.TEXT_DOCUMENT_FORMATTING)
    file.write("input  8x8x3\nadd {\n")
    assert not file.ask(lsp.TEXT_DOCUMENT_FORMATTING)
