"""`run --images FOLDER`: every picture once, whatever the batch and the part, and wherever a run was stopped."""

from __future__ import annotations

import csv
import fcntl
import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import cnngraph
from cnngraph import verbs
from cnngraph.diagnostics import CnngraphError
from cnngraph.runtime import folder as by_folder
from cnngraph.runtime import images
from cnngraph.runtime.feeds import PictureInput
from cnngraph.runtime.rows import Csv, Form, JsonLines, Row, resumed
from cnngraph.runtime.session import Port, Session
from cnngraph.weights.choose import choose
from tests.conftest import Ran, Run

DIGITS = Path(__file__).parent.parent.parent / "examples" / "digits"
NAMES = ("a.png", "b,c.jpg", 'say "x".png', "two\nlines.png", "re\rturn.bmp", "häst.tif", os.fsdecode(b"\xff\xfe.png"))
NET = "net t\ninput 12x10x3 @scale(0, 1)\nconv 4 3x3 relu\nconv 8 3x3 relu\nflatten\nfc 16 relu\nsoftmax 7\n"


def fill(folder: Path, seed: int, count: int = 12, damaged: int = 0) -> None:
    """Pictures of random sizes and formats below *folder*, some of them damaged: cut off, or other bytes in them."""
    random = np.random.default_rng(seed)
    for number in range(count):
        name = NAMES[number % len(NAMES)]
        path = folder / ("." if number < len(NAMES) else f"sub {number % 3}/{number}") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        height, width = random.integers(3, 40, 2)
        Image.fromarray(random.integers(0, 256, (height, width, 3), np.uint8)).save(path)
        if number < damaged:
            data = bytearray(path.read_bytes())
            if random.random() < 0.5:
                del data[int(random.integers(0, len(data))) :]
            else:
                for at in random.integers(0, len(data), 20):
                    data[at] = random.integers(0, 256)
            path.write_bytes(data)
    (folder / "no picture.txt").write_text("x")


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as stream:
        return list(csv.DictReader(stream, strict=True))


def read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().decode("utf-8").removesuffix("\n").split("\n")]


@pytest.fixture
def net(tmp_path: Path) -> str:
    (tmp_path / "t.spec").write_text(NET)
    return "t.spec"


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The pictures that were read, one after the other."""
    seen: list[str] = []
    real = images.read

    def noted(path: Path, *rest: Any) -> Any:
        seen.append(str(path))
        return real(path, *rest)

    monkeypatch.setattr(images, "read", noted)
    return seen


@pytest.mark.parametrize("batch", [1, 2, 5, 100])
def test_a_folder_is_answered_as_its_pictures_are_one_by_one(run: Run, tmp_path: Path, net: str, batch: int) -> None:
    fill(tmp_path / "some", seed=batch)
    one_by_one = json.loads(run("run", net, "--image", "some", "--json", "--top", 3).out)
    for suffix in ("csv", "jsonl"):
        ran = run("run", net, "--images", "some", "--top", 3, "--batch", batch, "-o", f"a.{suffix}")
        assert (ran.status, ran.out) == (0, "")
        assert f"a.{suffix}: 12 pictures\n" in ran.err
    rows, lines = read_csv(tmp_path / "a.csv"), read_lines(tmp_path / "a.jsonl")
    sources = [str(path.relative_to(tmp_path)) for path in sorted((tmp_path / "some").rglob("*.[pjbt][!x]*"))]
    assert [row["source"] for row in rows] == [line["source"] for line in lines] == sources
    assert len({row["run"] for row in rows} | {line["run"] for line in lines}) == 1
    for row, line, alone in zip(rows, lines, one_by_one, strict=True):
        assert alone["source"] == line["source"].encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        (guesses,) = line["outputs"].values()
        assert [guess["label"] for guess in guesses] == [guess["label"] for guess in alone["fc2.softmax"]]
        scores = [guess["score"] for guess in guesses]
        assert scores == pytest.approx([guess["score"] for guess in alone["fc2.softmax"]], rel=1e-5)
        assert row["error"] == ""
        for number, guess in enumerate(guesses, 1):
            said = (row[f"label{number}"], int(row[f"index{number}"]), float(row[f"score{number}"]))
            assert said == (guess["label"], guess["index"], guess["score"])


def test_the_bytes_are_the_same_for_every_batch_and_of_one_up_to_rounding(run: Run, tmp_path: Path, net: str) -> None:
    fill(tmp_path / "some", seed=0, count=20, damaged=6)
    for batch in (2, 3, 7, 19, 64):
        assert run("run", net, "--images", "some", "--batch", batch, "-o", f"{batch}.csv").status == 0
    assert len({(tmp_path / f"{batch}.csv").read_bytes() for batch in (2, 3, 7, 19, 64)}) == 1


@pytest.mark.parametrize("seed", range(6))
def test_a_damaged_picture_has_a_row_that_says_what_it_is_told_alone(
    run: Run, tmp_path: Path, net: str, seed: int
) -> None:
    fill(tmp_path / "some", seed, damaged=12)
    ran = run("run", net, "--images", "some", "--batch", 5, "-o", "a.csv")
    assert ran.status == 0
    rows = read_csv(tmp_path / "a.csv")
    assert len(rows) == 12
    pictures = PictureInput.of(session := ready(NET), session.done, "")
    for row in rows:
        wrong = ""
        try:
            pictures.feed(Path(row["source"]))
        except CnngraphError as error:
            wrong = error.diagnostics[0].message.replace("\n", " ").replace("\r", " ")
        assert wrong in row["error"]
        assert bool(wrong) == bool(row["error"])
        assert {row[head] == "" for head in row if head not in ("run", "source", "error")} == {bool(wrong)}
    unread = sum(bool(row["error"]) for row in rows)
    assert unread > 1
    assert f"a.csv: 12 pictures, {unread} of them without an answer: their rows say why\n" in ran.err
    again = run("run", net, "--images", "some", "--batch", 5, "-o", "a.csv")
    assert again.err.endswith(f"a.csv has 12 of 12 pictures already\n{ran.err.splitlines()[-1]}\n")


def ready(text: str) -> Session:
    network = cnngraph.parse(text)
    return verbs.session(network, lambda: choose(network, "random", None, {}, None))


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
@pytest.mark.parametrize("seed", range(4))
def test_a_run_that_was_stopped_anywhere_goes_on_and_reads_nothing_again(
    run: Run, tmp_path: Path, net: str, read: list[str], suffix: str, seed: int
) -> None:
    fill(tmp_path / "some", seed, count=15, damaged=3)
    file = tmp_path / f"a.{suffix}"
    command = ("run", net, "--images", "some", "-o", file.name)
    assert run(*command, "--batch", 4).status == 0
    whole = file.read_bytes()
    random = np.random.default_rng(seed)
    for cut in random.integers(0, len(whole), 6):
        file.write_bytes(whole[:cut])
        read.clear()
        assert run(*command, "--batch", random.integers(2, 9)).status == 0
        assert file.read_bytes() == whole
        there = len(set(whole_rows(whole[:cut], suffix)))
        # The first that can be read is asked once more, alone; not read.
        assert len(read) == len(set(read)) == 15 - there


def whole_rows(data: bytes, suffix: str) -> list[str]:
    """The sources of the rows that end within *data*, found without our reader: by cutting off ever more of it."""
    while data:
        text = data.decode("utf-8", "surrogateescape")
        if text.endswith("\n"):
            if suffix == "jsonl":
                return [json.loads(line)["source"] for line in text.removesuffix("\n").split("\n")]
            if text.count('"') % 2 == 0:
                return [row["source"] for row in csv.DictReader(io.StringIO(text, newline=""), strict=True)]
        data = data[:-1]
    return []


TEXT = st.text(st.characters(codec="utf-8") | st.sampled_from('\n\r",;\u2028\udcff'), max_size=6)
ROWS = st.lists(
    st.builds(lambda source, error, score: (source, error, score), TEXT, TEXT, st.floats(0, 1)),
    unique_by=lambda row: row[0], max_size=5,
)  # fmt: skip


@given(ROWS, st.sampled_from(["csv", "jsonl"]), st.data())
def test_whatever_rows_say_they_are_read_again_and_cut_off_at_any_byte(
    said: list[tuple[str, str, float]], suffix: str, data: st.DataObject
) -> None:
    ports = [Port("a", (None, 3), ""), Port("b,", (None, 2, 2), "")]
    form: Form = Csv("12345678-12345678", ports, 1) if suffix == "csv" else JsonLines("12345678-12345678")
    measures = {"shape": [1, 2, 2], "min": 0.0, "max": None, "mean": 1e-9}
    rows = [
        Row(source, error, {} if error else {"a": [{"label": source, "index": 0, "score": score}], "b,": measures})
        for source, error, score in said
    ]
    lines = [form.line(row) for row in rows]
    whole = form.head + b"".join(lines)
    ends = [len(form.head) + sum(map(len, lines[:count])) for count in range(len(lines) + 1)]
    for cut in range(len(whole) + 1):
        stream = io.BytesIO(whole[:cut])
        found = resumed(stream, Path("a"), form, [row.source for row in rows])
        kept = sum(end <= cut for end in ends[1:])
        assert list(found.waiting) == [row.source for row in rows[kept:]]
        assert found.errors == sum(bool(row.error) for row in rows[:kept])
        stream.write(found.head + b"".join(lines[kept:]))
        assert stream.getvalue() == whole
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 3)) if damaged else 0):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    stream = io.BytesIO(damaged)
    codes = []
    try:
        resumed(stream, Path("a"), form, [row.source for row in rows])
    except CnngraphError as error:
        codes = [each.code for each in error.diagnostics]
    assert codes in ([], ["E0913"])
    assert damaged.startswith(stream.getvalue())
    assert not codes or stream.getvalue() == damaged


def test_what_is_killed_goes_on(tmp_path: Path) -> None:
    fill(tmp_path / "some", seed=1, count=60)
    (tmp_path / "t.spec").write_text(NET)

    def command(output: str) -> subprocess.Popen[bytes]:
        arguments = ["run", "t.spec", "--images", "some", "--batch", "2", "-o", output]
        return subprocess.Popen([sys.executable, "-m", "cnngraph", *arguments], cwd=tmp_path, stderr=subprocess.DEVNULL)

    assert command("whole.csv").wait(60) == 0
    file = tmp_path / "a.csv"
    process, until = command("a.csv"), time.monotonic() + 60
    while not (file.exists() and file.stat().st_size > 200) and time.monotonic() < until:
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.wait(60)
    assert command("a.csv").wait(60) == 0
    assert file.read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_pictures_that_come_later_and_another_folder_are_added_at_the_end(run: Run, tmp_path: Path, net: str) -> None:
    for name, seed in (("some", 0), ("more", 1)):
        fill(tmp_path / name, seed, count=5)
    run("run", net, "--images", "some", "-o", "a.csv")
    before = (tmp_path / "a.csv").read_bytes()
    Image.new("RGB", (9, 9)).save(tmp_path / "some" / "0.png")
    assert "a.csv has 5 of 6 pictures already" in run("run", net, "--images", "some", "-o", "a.csv").err
    assert "already" not in run("run", net, "--images", "./more/", "-o", "a.csv").err
    assert (tmp_path / "a.csv").read_bytes().startswith(before)
    assert [row["source"][:6] for row in read_csv(tmp_path / "a.csv")[5:]] == [
        "some/0",
        *(f"more/{first}" for first in "abrst"),
    ]


# Parts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("of", [1, 2, 3, 8, 40])
def test_parts_have_every_picture_once(run: Run, tmp_path: Path, net: str, of: int) -> None:
    fill(tmp_path / "some", seed=of, count=20)
    run("run", net, "--images", "some", "-o", "all.jsonl")
    parts = []
    for part in range(1, of + 1):
        assert run("run", net, "--images", tmp_path / "some", "--part", f"{part}/{of}", "-o", f"{part}.csv").status == 0
        assert (tmp_path / f"{part}.csv").read_bytes().startswith(b"run,source,error,label1,")
        parts.append([row["source"] for row in read_csv(tmp_path / f"{part}.csv")])
        assert parts[-1] == sorted(parts[-1], key=lambda source: Path(source).parts)
    found = [os.path.relpath(source, tmp_path) for part in parts for source in part]
    assert sorted(found) == sorted(line["source"] for line in read_lines(tmp_path / "all.jsonl"))


@given(TEXT.filter(bool), st.integers(1, 1000))
def test_a_part_is_the_hash_of_the_name(name: str, of: int) -> None:
    digits = hashlib.sha256(os.fsencode(name)).hexdigest()[:16]
    assert [part for part in range(1, of + 1) if by_folder.Part(part, of).has(name)] == [int(digits, 16) % of + 1]


def test_a_part_is_the_same_on_every_machine() -> None:
    """As  printf %s NAME | sha256sum | cut -c1-16  says, modulo 8."""
    parts = {"cats/1.jpg": 5, "häst.png": 7, "a.png": 1}
    assert {name: by_folder.Part(part, 8).has(name) for name, part in parts.items()} == dict.fromkeys(parts, True)


def test_parts_may_share_a_file_one_after_the_other(run: Run, tmp_path: Path, net: str) -> None:
    fill(tmp_path / "some", seed=3, count=20)
    run("run", net, "--images", "some", "-o", "all.csv")
    for part in ("2/3", "1/3", "3/3"):
        assert run("run", net, "--images", "some", "--part", part, "-o", "a.csv").status == 0
    whole, found = (sorted(map(str, read_csv(tmp_path / name))) for name in ("all.csv", "a.csv"))
    assert found == whole
    assert run("run", net, "--images", "some", "-o", "a.csv").err.count("20 of 20 pictures already") == 1


# What is not gone on with --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (("--seed", 1), "is of another network or other weights"),
        (("--invert",), "is given with other options or labels"),
        (("--mean", 0.5), "is given with other options or labels"),
        (("--labels", "labels.txt"), "is given with other options or labels"),
        (("--top", 2), None),
    ],
)
@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_answers_of_another_run_are_kept(
    run: Run, tmp_path: Path, net: str, more: tuple[str, ...], says: str | None, suffix: str
) -> None:
    fill(tmp_path / "some", seed=0, count=4)
    (tmp_path / "labels.txt").write_text("\n".join("abcdefg"))
    command = ("run", net, "--images", "some", "-o", f"a.{suffix}")
    run(*command)
    before = (tmp_path / f"a.{suffix}").read_bytes()
    ran = run(*command, *more)
    assert ran.status == 1
    assert ran.err.count("error[E0913]") == 1
    top = "other columns" if suffix == "csv" else "is given with other options"
    assert (says or top) in ran.err
    assert (tmp_path / f"a.{suffix}").read_bytes() == before
    assert run(*command, "--batch", 2).status == 0


def test_weights_beside_the_model_are_part_of_it(run: Run, tmp_path: Path, net: str) -> None:
    fill(tmp_path / "some", seed=0, count=3)
    run("export", "--onnx", net, "--external-data", 0, "-o", "m.onnx")
    command = ("run", "m.onnx", "--images", "some", "-o", "a.csv")
    assert [run(*command).status for _ in range(2)] == [0, 0]
    (beside,) = (path for path in tmp_path.glob("m.onnx*") if path.name != "m.onnx")
    data = bytearray(beside.read_bytes())
    data[len(data) // 2] ^= 1
    beside.write_bytes(data)
    assert "is of another network or other weights" in run(*command).err


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
@pytest.mark.parametrize(
    "data",
    [
        b"x", b"\n", b"a,b\n1,2\n", b"run,source,error\n", b'{"a": 1}', b'{"a": 1}\n', b"[" * 100_000 + b"\n",
        b"\xef\xbb\xbfrun", b"1" * 5000 + b"\n", b"net t\ninput 4x4x3\n", b"\xff\xfe" * 700_000, b'"' + b"\n" * 90_000,
    ],
)  # fmt: skip
def test_a_file_of_something_else_is_not_touched(run: Run, tmp_path: Path, net: str, suffix: str, data: bytes) -> None:
    fill(tmp_path / "some", seed=0, count=2)
    (tmp_path / f"a.{suffix}").write_bytes(data)
    ran = run("run", net, "--images", "some", "-o", f"a.{suffix}")
    assert ran.status == 1
    assert ran.err.count("error[E0913]") == 1
    assert (tmp_path / f"a.{suffix}").read_bytes() == data


def test_a_line_in_the_middle_is_named(run: Run, tmp_path: Path, net: str) -> None:
    fill(tmp_path / "some", seed=0, count=6)
    run("run", net, "--images", "some", "-o", "a.jsonl")
    lines = (tmp_path / "a.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "a.jsonl").write_bytes(b"".join([*lines[:3], b"oops\n", *lines[3:]]))
    assert "line 4 is no answer" in run("run", net, "--images", "some", "-o", "a.jsonl").err


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_bytes_that_were_never_written_are_taken_away(run: Run, tmp_path: Path, net: str, suffix: str) -> None:
    fill(tmp_path / "some", seed=0, count=6)
    file = tmp_path / f"a.{suffix}"
    run("run", net, "--images", "some", "-o", file.name)
    whole = file.read_bytes()
    last = whole.rindex(b"\n", 0, -1) + 1
    for kept in (len(whole), len(whole) - 20, last, last + 3):
        file.write_bytes(whole[:kept] + bytes(300))
        assert run("run", net, "--images", "some", "-o", file.name).status == 0
        assert file.read_bytes() == whole


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_a_row_that_does_not_end_is_not_read_into_memory(run: Run, tmp_path: Path, net: str, suffix: str) -> None:
    fill(tmp_path / "some", seed=0, count=6)
    file = tmp_path / f"a.{suffix}"
    run("run", net, "--images", "some", "-o", file.name)
    endless = file.read_bytes() + file.read_bytes()[-200:].split(b"\n")[-2][:20] + b"x" * (1 << 21)
    file.write_bytes(endless)
    assert "it has a row of more than 1,048,576 bytes" in run("run", net, "--images", "some", "-o", file.name).err
    assert file.read_bytes() == endless


def test_two_runs_do_not_write_to_one_file(run: Run, tmp_path: Path, net: str) -> None:
    fill(tmp_path / "some", seed=0, count=3)
    run("run", net, "--images", "some", "-o", "a.csv")
    with (tmp_path / "a.csv").open("rb") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        ran = run("run", net, "--images", "some", "-o", "a.csv")
    assert ran.status == 1
    assert "cannot write a.csv: another run writes to it" in ran.err


@pytest.mark.parametrize(
    ("output", "code"), [("nowhere/a.csv", "E0902"), ("folder.csv", "E0901"), ("t.spec/a.csv", "E0903")]
)
def test_what_cannot_be_written_is_one_message(run: Run, tmp_path: Path, net: str, output: str, code: str) -> None:
    fill(tmp_path / "some", seed=0, count=2)
    (tmp_path / "folder.csv").mkdir()
    ran = run("run", net, "--images", "some", "-o", output)
    assert ran.status == 1
    assert ran.err.count(f"error[{code}]") == 1


def test_a_pipe_gets_every_row(run: Run, tmp_path: Path, net: str) -> None:
    fill(tmp_path / "some", seed=0, count=5)
    os.mkfifo(tmp_path / "pipe.csv")
    reader = subprocess.Popen(["cat", tmp_path / "pipe.csv"], stdout=subprocess.PIPE)
    for output in ("pipe.csv", "a.csv"):
        assert run("run", net, "--images", "some", "-o", output).status == 0
    assert reader.communicate(timeout=20)[0] == (tmp_path / "a.csv").read_bytes() != b""


# Networks ------------------------------------------------------------------------------------


def test_pictures_come_in_by_the_batch(tmp_path: Path, read: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, seed=0, count=23)
    session = ready(NET)
    pictures = PictureInput.of(session, session.done, "")
    paths = [str(path) for path in images.inside(tmp_path)]
    asked: list[str] = []

    def one_after_the_other() -> Iterator[str]:
        for path in paths:
            asked.append(path)
            yield path

    sizes: list[int] = []
    real = session.run

    def noted(arrays: Mapping[str, Any]) -> dict[str, Any]:
        sizes.append(len(next(iter(arrays.values()))))
        return real(arrays)

    monkeypatch.setattr(session, "run", noted)
    answers = by_folder.answered(session, pictures, one_after_the_other(), 5, 1, {})
    for number, rows in enumerate(answers, 1):
        assert asked == read == paths[: 5 * number]
        assert [row.source for row in rows] == paths[5 * number - 5 : 5 * number]
    assert sizes == [5, 2, 5, 5, 5, 3]  # the second asks of the first picture what it is alone


def test_sizes_of_their_own_and_what_is_too_small(run: Run, tmp_path: Path) -> None:
    (tmp_path / "f.spec").write_text("net f\ninput (?H, ?W, 3)\nconv 2 5x5\nmaxpool 3x3\navgpool global -> flatten\n")
    fill(tmp_path / "some", seed=4, count=25)
    run("export", "--onnx", "f.spec")
    for network, of_spec in (("f.spec", True), ("f.onnx", False)):
        assert run("run", network, "--images", "some", "-o", f"{network}.jsonl").status == 0
        errors = 0
        for line in read_lines(tmp_path / f"{network}.jsonl"):
            alone = run("run", network, "--json", "--image", line["source"])
            if alone.status == 0:
                assert line["outputs"] == {k: said for k, said in json.loads(alone.out)[0].items() if k != "source"}
            else:
                errors += 1
                # Of one picture it is looked up what the model asks of sizes.
                assert line["error"].split(": ")[-1] in alone.err or (not of_spec and "E0822" in alone.err)
            if of_spec:
                with Image.open(line["source"]) as picture:
                    assert ("outputs" in line) == (min(picture.size) >= 7)
        assert 0 < errors < 25


def test_a_model_of_a_fixed_batch(run: Run, tmp_path: Path, net: str) -> None:
    fill(tmp_path / "some", seed=4, count=8)
    assert run("export", "--onnx", net, "--batch", 3, "-o", "three.onnx").status == 0
    assert run("export", "--onnx", net, "-o", "any.onnx").status == 0
    assert run("run", "three.onnx", "--images", "some", "-o", "three.csv").status == 0
    assert run("run", "any.onnx", "--images", "some", "-o", "any.csv").status == 0
    one, other = ([list(row.values())[1:] for row in read_csv(tmp_path / f"{name}.csv")] for name in ("three", "any"))
    assert one == other
    ran = run("run", "three.onnx", "--images", "some", "-o", "three.csv", "--batch", 4)
    assert "error[E0824]: the model takes 3 at a time, and --batch says 4" in ran.err


def test_several_outputs_have_their_names(run: Run, tmp_path: Path) -> None:
    (tmp_path / "two.spec").write_text(
        "net two\ninput 8x8x3\nleft: conv 2 3x3\nflatten\nright: softmax 3\noutput left\noutput right\n"
    )
    fill(tmp_path / "some", seed=4, count=3)
    ran = run("run", "two.spec", "--images", "some", "-o", "a.csv", "--top", 5)
    assert ran.status == 0, ran.err
    row = read_csv(tmp_path / "a.csv")[0]
    heads = [head for head in row if " " in head]
    assert [head.split(" ")[1] for head in heads] == [
        "shape", "min", "max", "mean", *(f"{what}{n}" for n in (1, 2, 3) for what in ("label", "index", "score")),
    ]  # fmt: skip
    assert row[heads[0]] == "1x2x6x6"
    assert sum(float(row[head]) for head in heads if "score" in head) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(
    ("nodes", "reason"),
    [
        (
            "m = ReduceMean<axes = [0]>(x)  y = Sub(x, m)",
            "`y` is another for the first picture alone than beside others",
        ),
        ("y = ReduceMean<axes = [0]>(x)", "`y` is 1x1x4x4 for 5 pictures"),
        ("y = ReduceMax<keepdims = 0>(x)", "`y` is one number for 5 pictures"),
        (
            "q, s, z = DynamicQuantizeLinear(x)  y = DequantizeLinear(q, s, z)",
            "DynamicQuantizeLinear in the model makes",
        ),
    ],
)
def test_a_network_that_mixes_a_batch_is_refused_but_runs_one_by_one(
    run: Run, tmp_path: Path, nodes: str, reason: str
) -> None:
    fill(tmp_path / "some", seed=4, count=5)
    text = f'<ir_version: 8, opset_import: ["": 17]> g (float[N,1,4,4] x) => (float y) {{ {nodes} }}'
    model = onnx.parser.parse_model(text)
    model.graph.output[0].type.tensor_type.ClearField("shape")
    onnx.save(model, tmp_path / "m.onnx")
    ran = run("run", "m.onnx", "--images", "some", "-o", "a.csv")
    assert ran.status == 1
    assert "error[E0824]: the network does not answer each picture of a batch by itself" in ran.err
    assert reason in ran.err
    assert not (tmp_path / "a.csv").exists()
    if "keepdims" not in nodes:
        assert run("run", "m.onnx", "--images", "some", "-o", "a.csv", "--batch", 1).status == 0
        assert len(read_csv(tmp_path / "a.csv")) == 5


# Usage ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--images", "some"), "the answers to a folder go to a file"),
        (("--images", "some", "-o", "a.npy"), "the answers to a folder go to a file"),
        (("--images", "some", "-o", "a.jsonl", "--json"), "the answers to a folder go to a file"),
        (("--images", "some", "--image", "x.png", "-o", "a.csv"), "give pictures with --image, a folder with --images"),
        (("--image", "x.png", "--batch", "2"), "--batch and --part are for a folder"),
        (("--image", "x.png", "--part", "1/2"), "--batch and --part are for a folder"),
        *(
            (("--images", "some", "-o", "a.csv", "--part", part), "is no part, as 3/8 is the third of eight")
            for part in ("0/2", "3/2", "1", "a/b", "1/0", "-1/2", "1/2/3", "")
        ),
    ],
)
def test_wrong_usage_is_status_2(run: Run, arguments: tuple[str, ...], says: str) -> None:
    ran = run("run", "lenet5", *arguments)
    assert ran.status == 2
    assert says in " ".join(ran.err.split())


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("nowhere", "cannot look for pictures in nowhere: No such file or directory"),
        ("t.spec", "cannot look for pictures in t.spec: Not a directory"),
        ("empty", "there are no pictures in empty"),
    ],
)
def test_no_folder_is_one_message_and_no_file(run: Run, tmp_path: Path, net: str, name: str, says: str) -> None:
    (tmp_path / "empty").mkdir()
    ran = run("run", net, "--images", name, "-o", "a.csv")
    assert ran.status == 1
    assert ran.err.count("error[E0819]") == 1
    assert says in ran.err
    assert not (tmp_path / "a.csv").exists()


def test_a_terminal_shows_how_far_it_is(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def progress() -> Ran:
        return run("run", "lenet5", "--images", DIGITS, "-o", "a.csv")

    assert "running" not in progress().err
    (tmp_path / "a.csv").unlink()
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "running" in progress().err
