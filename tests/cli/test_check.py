"""`cnngraph check`: what programs read of it, and what it mends."""

from __future__ import annotations

import json
import os
import re
import stat
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import cnngraph.fixing
from cnngraph.shipped import names
from tests.conftest import Run

ROOT = Path(__file__).parent.parent
SCHEMA = json.loads((ROOT / "sarif" / "sarif-2.1.0-rtm.5.json").read_text(encoding="utf-8"))
DIAGNOSTICS = sorted((ROOT / "diagnostics").glob("*.spec"))
SMAE = "input 8x8x3\nconv 8 3x3 smae\n"


def sarif(run: Run, *arguments: object) -> dict[str, Any]:
    """The one run in the SARIF file that comes of checking, after the official schema has had a look at it."""
    log = json.loads(run("check", *arguments, "--format", "sarif").out)
    jsonschema.Draft4Validator(SCHEMA).validate(log)
    (found,) = log["runs"]
    assert isinstance(found, dict)
    return found


def test_sarif_says_rule_place_and_fix(run: Run, tmp_path: Path) -> None:
    (tmp_path / "my net.spec").write_text(SMAE)
    found = sarif(run, "my net.spec")
    (result,) = found["results"]
    (rule,) = found["tool"]["driver"]["rules"]
    assert (result["ruleId"], rule["id"], result["level"]) == ("E0202", "E0202", "error")
    assert rule["shortDescription"]["text"] == "no value or word has this name"
    assert rule["help"]["markdown"].startswith("# E0202: ")
    region = {"startLine": 2, "startColumn": 12, "endLine": 2, "endColumn": 16}
    place = result["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "my%20net.spec"}, "region": region}
    (replacement,) = result["fixes"][0]["artifactChanges"][0]["replacements"]
    assert replacement == {"deletedRegion": region, "insertedContent": {"text": "same"}}


def test_sarif_counts_code_points(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.spec").write_text('net t "\N{GRINNING FACE}" 7\ninput 8x8x3\nrelu\n', encoding="utf-8")
    found = sarif(run, "a.spec")
    assert found["columnKind"] == "unicodeCodePoints"
    assert found["results"][0]["locations"][0]["physicalLocation"]["region"]["startColumn"] == 11


def test_sarif_says_the_other_places(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.spec").write_text("input 8x8x3\nadd {\n  | conv 4 1x1\n  | skip\n}\n")
    related = sarif(run, tmp_path / "a.spec")["results"][0]["relatedLocations"]
    assert [each["physicalLocation"]["region"]["startLine"] for each in related] == [3, 4]
    assert related[0]["message"]["text"] == "makes 8x8x4"
    assert related[0]["physicalLocation"]["artifactLocation"]["uri"] == (tmp_path / "a.spec").as_uri()


def test_sarif_of_every_mistake_fits_the_schema(run: Run) -> None:
    found = sarif(run, *DIAGNOSTICS, "missing.spec")
    assert len(found["results"]) >= len(DIAGNOSTICS) - 10
    rules = found["tool"]["driver"]["rules"]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in found["results"])


def test_sarif_of_what_is_fine_has_no_results(run: Run) -> None:
    assert sarif(run, "lenet5")["results"] == []


def test_fixes_are_applied_until_none_is_left(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "a.spec"
    file.write_text("input 28 x 28 x 3\n\tconv2d 8 3X3 smae → relu => 1x1x1\n\tlinear 10\n", encoding="utf-8")
    ran = run("check", "--fix", "a.spec")
    assert file.read_text() == "input 28x28x3\n  conv 8 3x3 same -> relu => 28x28x8\n  flatten -> fc 10\n"
    assert ran.status == 0
    assert "a.spec:2:14: E0202 fixed: `smae` is no value or word that `conv` knows; replace with `same`\n" in ran.err
    assert "a.spec: a is fine" in ran.out


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_all_else_in_the_file_stays_as_it_was(run: Run, tmp_path: Path, mark: bytes, end: str) -> None:
    lines = ["# é\t", "input 8x8x3  ", "", "conv 8 3x3 WORD  # smae"]
    before, after = (mark + end.join(lines).replace("WORD", word).encode() for word in ("smae", "same"))
    (tmp_path / "a.spec").write_bytes(before)
    assert run("check", "--fix", "a.spec").status == 0
    assert (tmp_path / "a.spec").read_bytes() == after


def test_permissions_and_links_stay(run: Run, tmp_path: Path) -> None:
    (tmp_path / "real.spec").write_text(SMAE)
    (tmp_path / "real.spec").chmod(0o640)
    (tmp_path / "link.spec").symlink_to("real.spec")
    assert run("check", "--fix", "link.spec").status == 0
    assert os.readlink(tmp_path / "link.spec") == "real.spec"
    assert (tmp_path / "real.spec").read_text() == SMAE.replace("smae", "same")
    assert stat.S_IMODE((tmp_path / "real.spec").stat().st_mode) == 0o640


def test_a_file_that_is_only_used_is_not_touched(run: Run, tmp_path: Path) -> None:
    blocks = "block b() {\n  conv 8 3x3 smae\n}\n"
    (tmp_path / "blocks.spec").write_text(blocks)
    (tmp_path / "a.spec").write_text('use "blocks.spec"\ninput 8x8x3\nb\n')
    ran = run("check", "--fix", "a.spec")
    assert ran.status == 1
    assert "error[E0202]" in ran.err
    assert (tmp_path / "blocks.spec").read_text() == blocks


def test_nothing_to_fix_leaves_the_file_alone(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.spec").write_text("input 8x8x3\nadd {\n  | conv 4 1x1\n  | skip\n}\n")
    before = (tmp_path / "a.spec").stat()
    assert run("check", "--fix", "a.spec").status == 1
    assert (tmp_path / "a.spec").stat() == before


def test_fixes_that_undo_each_other_come_to_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cnngraph.fixing, "MAX_ROUNDS", 3)
    (tmp_path / "a.spec").write_text("input 8x8x3\n" + "\trelu\n" * 5)
    _, mended = cnngraph.fixing.fix(str(tmp_path / "a.spec"), {})
    assert len(mended) == 3


@pytest.mark.parametrize("file", DIAGNOSTICS, ids=[file.stem for file in DIAGNOSTICS])
def test_what_is_mended_stays_mended(file: Path, tmp_path: Path) -> None:
    copy = tmp_path / file.name
    copy.write_bytes(file.read_bytes())
    before, _ = cnngraph.fixing.fix(str(copy), {})
    mended = copy.read_bytes()
    after, fixes = cnngraph.fixing.fix(str(copy), {})
    assert (fixes, copy.read_bytes()) == ((), mended)
    assert [each.message for each in after.diagnostics] == [each.message for each in before.diagnostics]


@pytest.mark.parametrize("file", ["-", "lenet5", "lenet5.spec"])
def test_what_is_no_file_of_ones_own_is_not_fixed(run: Run, file: str) -> None:
    ran = run("check", "--fix", file)
    assert ran.status == 2
    assert "Error: --fix changes files" in ran.err or "only your own files are changed" in ran.err


def test_fixed_files_are_told_apart_from_what_programs_read(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.spec").write_text(SMAE)
    ran = run("check", "--fix", "a.spec", "--format", "json")
    assert json.loads(ran.out) == []
    assert "E0202 fixed" in ran.err


def test_a_warning_is_ignored_by_its_code(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.spec").write_text("input 8x8x3\nconv 8 3x3 s=2\nconv 8 1x1 -> bn\n")
    assert "2 warnings" in run("check", "a.spec").out
    ran = run("check", "a.spec", "--ignore", "W0101")
    assert "1 warning\n" in ran.out
    assert "W0101" not in ran.err
    assert run("check", "a.spec", "--ignore", "W0101", "--ignore", "W0103").err == ""


@pytest.mark.parametrize(("code", "says"), [("E0401", "errors cannot be ignored"), ("W9", "there is no code W9")])
def test_only_warnings_that_exist_can_be_ignored(run: Run, code: str, says: str) -> None:
    ran = run("check", "lenet5", "--ignore", code)
    assert ran.status == 2
    assert says in ran.err


def test_the_hooks_are_called_like_their_commands() -> None:
    hooks = (ROOT.parent / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    entries = re.findall(r"entry: cnngraph (\w+)\n", hooks)
    assert entries == re.findall(r"id: cnngraph-(\w+)\n", hooks) == ["check", "fmt"]


def test_no_network_that_ships_has_warnings(run: Run) -> None:
    checked = [run("check", name) for name in names()]
    assert [(ran.status, ran.err) for ran in checked] == [(0, "")] * len(checked)
