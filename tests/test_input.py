"""What comes in, of whatever kind: a message with its place, soon, and never a traceback."""

from __future__ import annotations

import json
import os
import struct
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import cnngraph
from cnngraph import text
from cnngraph.cli.watch import _draw
from cnngraph.editor.document import Document
from cnngraph.editor.outline import document_symbols
from cnngraph.fronts.spec import read_source
from cnngraph.source import Source
from tests.conftest import Run

SPEC = "net t\ninput 8x8x3\nconv 4 3x3\nrelu\n"


# Bytes that are no text ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "line", "column"),
    [
        (b"net t\ninput 8x8x3\nconv 4 \xff3x3\n", 3, 8),
        (b"\xef\xbb\xbfnet t\r\n# \xc3\xa4 \xe4\r\n", 2, 5),
        (b"\xe4", 1, 1),
        (b"net t\ninput 8x8x3\nconv 4 \0 3x3\n", 3, 8),
        (b"net t  # " + b"a" * 5000 + b"\n# \x01\n", 2, 3),
    ],
    ids=["latin-1", "behind a mark", "alone", "zero", "far below"],
)
def test_a_bad_byte_has_its_place_in_every_form(run: Run, data: bytes, line: int, column: int) -> None:
    Path("a.spec").write_bytes(data)
    (record,) = json.loads(run("check", "a.spec", "--format", "json").out)
    assert (record["code"], record["line"], record["column"]) == ("E0107", line, column)
    assert (record["end_line"], record["end_column"]) == (line, column + 1)
    assert f"line={line},endLine={line},col={column}::" in run("check", "a.spec", "--format", "github").out
    region = json.loads(run("check", "a.spec", "--format", "sarif").out)["runs"][0]["results"][0]["locations"][0][
        "physicalLocation"
    ]["region"]
    assert (region["startLine"], region["startColumn"]) == (line, column)
    assert f" a.spec:{line}:{column}\n" in run("check", "a.spec").err


# Files that are not there, or no files -------------------------------------------------------


def test_a_use_that_is_not_found_looks_no_further_than_near(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path
    for _ in range(8):
        deep = deep / "a"
        deep.mkdir()
        (deep / "blocks.spec").touch()
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "block.spec").touch()
    (tmp_path / "around").symlink_to(tmp_path)
    assert text.specs_below(tmp_path, 2) == ["a/a/blocks.spec", "a/blocks.spec"]
    assert len(text.specs_below(tmp_path, 100)) == 8
    looked = []
    scandir = os.scandir

    def noted(place: Path) -> object:
        looked.append(place)
        return scandir(place)

    monkeypatch.setattr("os.scandir", noted)
    reading = read_source(Source(str(tmp_path / "t.spec"), 'net t\nuse "a/block.spec"\ninput 8x8x3\nrelu\n'), {})
    (found,) = reading.diagnostics
    assert (found.code, "a/blocks.spec" in "".join(found.texts)) == ("E0211", True)
    assert 1 < len(looked) <= 6
    for number in range(text.MOST_LOOKED_AT + 50):
        (tmp_path / f"{number}.txt").touch()
    assert len(text.specs_below(tmp_path, 100, most=10)) <= 10


def test_a_use_does_not_wait_for_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.spec")
    reading = read_source(Source(str(tmp_path / "t.spec"), 'net t\nuse "pipe.spec"\ninput 8x8x3\nrelu\n'), {})
    assert "no file but a pipe" in reading.diagnostics[0].reason


@pytest.mark.parametrize(
    "command",
    [
        ("run", "lenet5", "--input", "pipe.npy"),
        ("run", "lenet5", "--image", "pipe.npy"),
        ("run", "lenet5", "--input", "zeros.npy", "--labels", "pipe.npy"),
        ("watch", "pipe.npy"),
        ("watch", "/dev/null"),
    ],
)
def test_what_is_no_file_is_not_waited_for(run: Run, command: tuple[str, ...]) -> None:
    os.mkfifo("pipe.npy")
    np.save("zeros.npy", np.zeros((32, 32, 1), np.float32))
    ran = run(*command)
    assert ran.status == 1
    assert "no file" in ran.err


def test_a_pipe_is_read_once(run: Run) -> None:
    import threading

    os.mkfifo("a.spec")
    data = (SPEC + "#" * 10_000).encode()
    threading.Thread(target=lambda: Path("a.spec").write_bytes(data), daemon=True).start()
    assert "t is fine" in run("check", "a.spec").out


LONG = "a" * 300


@pytest.mark.parametrize(
    "command",
    [
        ("check", LONG),
        ("summary", LONG),
        ("fmt", LONG),
        ("check", "--fix", LONG),
        ("watch", LONG),
        ("run", LONG, "--image", "a.png"),
        ("run", "lenet5", "--image", LONG),
        ("run", "lenet5", "--input", LONG),
        ("run", "lenet5", "--image", "a.png", "--weights", f"{LONG}.pt"),
        ("verify", f"{LONG}.onnx"),
        ("render", "lenet5", "--image", LONG),
    ],
)
def test_long_names(run: Run, command: tuple[str, ...]) -> None:
    ran = run(*command)
    assert ran.status in (1, 2)
    assert "rror" in ran.err


# Arrays, and answers that are no numbers -----------------------------------------------------


def npy(header: bytes, version: bytes = b"\1\0") -> bytes:
    return b"\x93NUMPY" + version + struct.pack("<H", len(header)) + header + bytes(100)


BROKEN = {
    "empty": b"",
    "cut": b"\x93NUMPY",
    "a zip": b"PK\3\4" + b"a" * 50,
    "claims 4 GB": b"\x93NUMPY\2\0" + struct.pack("<I", 2**32 - 64),
    "negative": npy(b"{'descr':'<f4','fortran_order':False,'shape':(-1,32)}"),
    "astronomic": npy(b"{'descr':'<f4','fortran_order':False,'shape':(4611686018427387904,4)}"),
    "nested": npy(b"(" * 9000),
    "never closed": npy(b"{'descr':'<f4','fortran_order':False,'shape':(1,) '''"),
    "no type": npy(b"{'descr':[('a',)],'fortran_order':False,'shape':(1,)}"),
    "no version": npy(b"{}", b"\x09\0"),
    "objects": npy(b"{'descr':'|O','fortran_order':False,'shape':(1,)}"),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN)
def test_a_damaged_array(run: Run, data: bytes) -> None:
    Path("x.npy").write_bytes(data)
    ran = run("run", "lenet5", "--input", "x.npy")
    assert ran.status == 1
    assert "error[E0809]" in ran.err


@pytest.mark.parametrize("network", ["lenet5", "unet"])
def test_an_answer_that_is_no_number(run: Run, network: str, tmp_path: Path) -> None:
    shape = (32, 32, 1) if network == "lenet5" else (16, 16, 1)
    (tmp_path / "unet.spec").write_text("net u\ninput 16x16x1\nconv 2 3x3 same\n")
    (tmp_path / "lenet5.spec").write_text("net l\ninput 32x32x1\nflatten -> fc 3 -> softmax\n")
    np.save("x.npy", np.full(shape, np.nan, np.float32))
    ran = run("run", f"{network}.spec", "--input", "x.npy")
    assert (ran.status, "nan" in ran.out) == (0, True)

    def no_constant(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    ran = run("run", f"{network}.spec", "--input", "x.npy", "--json")
    assert "null" in ran.out
    json.loads(ran.out, parse_constant=no_constant)


# Watching ------------------------------------------------------------------------------------


def test_a_bug_in_a_figure_is_shown_and_the_next_figure_is_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.spec"
    file.write_text(SPEC)

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("by nothing")

    with monkeypatch.context() as patched:
        patched.setattr("cnngraph.verbs.render", broken)
        drawn = _draw(file, {}, 100, "auto", 960.0, "light")
    assert drawn.svg == ""
    assert "a bug in cnngraph: ZeroDivisionError: by nothing" in drawn.mistakes
    assert drawn.files == (file,)
    assert _draw(file, {}, 100, "auto", 960.0, "light").svg


# Titles --------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\v", "\f", "\x85", "\u2028", "\u2029", "\x1b", "\0"])
def test_a_title_stays_on_its_line(end: str) -> None:
    network = replace(cnngraph.parse(SPEC), title=f"one{end}TWO")
    assert cnngraph.parse(network.to_spec()).title == network.title
    assert end not in network.title
    dot = cnngraph.render(network).written("dot").decode()
    assert not any(line.startswith("TWO") for line in dot.splitlines())
    for form in ("svg", "tex", "html"):
        drawn = cnngraph.render(network, title=f"three{end}FOUR").written(form).decode()
        assert not any(line.startswith(("TWO", "FOUR")) for line in drawn.splitlines())
        assert "three" in drawn
    builder = cnngraph.Builder("t", f"one{end}TWO")
    builder.input((8, 8, 3)).relu()
    assert builder.build().title == network.title


def test_a_title_with_quotation_marks_is_written_so_that_it_is_read() -> None:
    network = replace(cnngraph.parse(SPEC), title='the "best"')
    assert cnngraph.parse(network.to_spec()).title == "the 'best'"


# Work ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", ["relu", "", "relu if false"])
@pytest.mark.parametrize("twice", ["b{0}\n  b{0}", "b{0} -> b{0}", "add {{ | b{0} | b{0} }}", "[b{0}] x2"])
def test_a_doubling_of_blocks_is_foreseen(first: str, twice: str) -> None:
    blocks = [f"block b0() {{ {first} }}"] + [f"block b{n}() {{\n  {twice.format(n - 1)}\n}}" for n in range(1, 40)]
    start = time.process_time()
    reading = read_source(Source("t.spec", "\n".join(["net t", *blocks, "input 4x4x1", "b39\n"])), {})
    assert time.process_time() - start < 1
    assert "E0501" in {each.code for each in reading.diagnostics}


def test_what_is_foreseen_is_no_more_than_what_comes() -> None:
    from cnngraph.shipped import shipped

    for name in shipped():
        network = cnngraph.load(name)
        assert len(cnngraph.load(name, max_nodes=len(network))) == len(network)


@pytest.mark.parametrize("count", [8_000])
def test_many_names_on_a_line(count: int) -> None:
    """Twice as many take about twice as long: as many as here took 40 seconds, each looking at all before it."""
    names = [f"a{number}" for number in range(count)]
    document = Document("file:///t.spec", f"net t\ninput 1x1x{count}\n{', '.join(names)}: split {count}\noutput a0\n")
    start = time.process_time()
    assert len(document_symbols(document)) == count + 2
    assert time.process_time() - start < 5
    lines = [f"t{number}: relu" for number in range(count)]
    outputs = " ".join(line.partition(":")[0] for line in lines)
    start = time.process_time()
    reading = read_source(Source("t.spec", "\n".join(["net t", "input 1x1x1", *lines, f"output {outputs}\n"])), {})
    assert time.process_time() - start < 6
    assert reading.network is not None
    assert len(reading.network.outputs) == count
