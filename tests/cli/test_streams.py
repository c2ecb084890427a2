"""Standard streams that are closed, full, cut off or in an old encoding, and Ctrl-C: a line, never a traceback."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cnngraph.cli import main

ROOT = Path(__file__).parent.parent.parent
CNNGRAPH = [sys.executable, "-m", "cnngraph"]
SEVEN = str(ROOT / "examples" / "seven.png")
BAD = 'net t "ü × 网"\ninput 8x8x3\nconv 4 9x9  # ünï\n'
COMMANDS = {
    "list": ["list"],
    "check": ["check", "lenet5"],
    "mistakes": ["check", "bad.spec"],
    "json": ["check", "bad.spec", "--format", "json"],
    "sarif": ["check", "bad.spec", "--format", "sarif"],
    "github": ["check", "bad.spec", "--format", "github"],
    "summary": ["summary", "lenet5"],
    "explain": ["explain", "E0401"],
    "latex": ["summary", "lenet5", "--format", "latex"],
    "run": ["run", "lenet5", "--image", SEVEN],
    "render": ["render", "lenet5", "-o", "l.svg"],
    "verify": ["verify", "lenet5", "--no-reference"],
    "show": ["show", "resnet"],
    "new": ["new", "lenet5"],
    "format": ["fmt", "--check", "lines.spec"],
    "export": ["export", "--onnx", "lenet5", "--explain"],
    "help": ["render", "--help"],
}


def written_in(encoding: str, arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> str:
    """What the command prints where that is in *encoding*."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding) for _ in range(2))
    monkeypatch.setattr("sys.stdout", out)
    monkeypatch.setattr("sys.stderr", err)
    monkeypatch.setattr("sys.argv", ["cnngraph", *arguments])
    with pytest.raises(SystemExit):
        main()
    assert isinstance(out.buffer, io.BytesIO)
    assert isinstance(err.buffer, io.BytesIO)
    return (out.buffer.getvalue() + err.buffer.getvalue()).decode(encoding)


@pytest.mark.parametrize("encoding", ["ascii", "cp437", "cp1252", "cp932", "koi8-r", "latin-1"])
@pytest.mark.parametrize("arguments", COMMANDS.values(), ids=COMMANDS)
def test_old_encodings(encoding: str, arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad.spec").write_text(BAD, "utf-8")
    Path("lines.spec").write_text("net t\ninput  8x8x3\n", "utf-8")
    text = written_in(encoding, arguments, monkeypatch)
    assert len(text) > 10
    assert "?" not in text.replace("?H", "").replace("mean?", "")
    if "json" in arguments or "sarif" in arguments:
        assert json.loads(text)


def test_what_stands_for_what(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "28x28x6" in written_in("cp437", ["summary", "lenet5"], monkeypatch)
    assert "####" in written_in("cp1252", ["run", "lenet5", "--image", SEVEN], monkeypatch)
    Path("网.spec").write_text("net t\ninput 8x8x3\nconv 4 9x9\n")
    (record,) = json.loads(written_in("cp1252", ["check", "网.spec", "--format", "json"], monkeypatch))
    assert record["file"] == "网.spec"


def test_what_is_formatted_stays_utf_8(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO("net t  # 网\ninput 8x8x3\nrelu\n".encode())))
    out = io.TextIOWrapper(io.BytesIO(), "cp1252")
    monkeypatch.setattr("sys.stdout", out)
    monkeypatch.setattr("sys.argv", ["cnngraph", "fmt", "-"])
    with pytest.raises(SystemExit):
        main()
    assert isinstance(out.buffer, io.BytesIO)
    assert "网".encode() in out.buffer.getvalue()


@pytest.mark.parametrize("name", [b"\xff.spec", b"a\nb.spec"], ids=["not utf-8", "line end"])
@pytest.mark.parametrize("form", ["text", "json", "github", "sarif"])
def test_names_of_files_that_are_no_text(
    name: bytes, form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        Path(os.fsdecode(name)).write_text("net t\ninput 8x8x3\nconv 4 9x9\n")
    except OSError:
        pytest.skip("the file system has no such names")
    text = written_in("utf-8", ["check", os.fsdecode(name), "--format", form], monkeypatch)
    assert "E0406" in text
    if form in ("json", "sarif"):
        json.loads(text)
    if form == "sarif":
        assert (
            json.loads(text)["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
            == {b"\xff.spec": "%FF.spec", b"a\nb.spec": "a%0Ab.spec"}[name]
        )
    for command in (["summary"], ["render", "-o", "x.svg"], ["export", "--onnx", "-o", "x.onnx"], ["fmt", "--check"]):
        Path(os.fsdecode(name)).write_text("net t\ninput 8x8x3\nconv 4 3x3\n")
        assert "Traceback" not in written_in("utf-8", [*command, os.fsdecode(name)], monkeypatch)


# What only a process of its own can show ---------------------------------------------------------


def shell(command: str, *, cwd: Path) -> subprocess.CompletedProcess[str]:
    line = command.replace("cnngraph", f"'{sys.executable}' -m cnngraph")
    return subprocess.run(["bash", "-c", line], cwd=cwd, capture_output=True, text=True, timeout=60)


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="there is no /dev/full")
@pytest.mark.parametrize("command", ["list", "render lenet5 -o -", "check missing.spec"])
def test_no_room_for_the_output(command: str, tmp_path: Path) -> None:
    # Only opened to be written to, by the shell: never given to the program as a name.
    ran = shell(f"cnngraph {command} > /dev/full", cwd=tmp_path)
    assert ran.returncode == 1
    assert ran.stderr.splitlines()[-1] == "error: cannot write the output: No space left on device"
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_closed_streams(closed: str, tmp_path: Path) -> None:
    ran = shell(f"cnngraph summary lenet5 {closed}; echo $? > status; cnngraph check - {closed}", cwd=tmp_path)
    assert (tmp_path / "status").read_text() == "0\n"
    assert ran.returncode == 1
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize("setting", ["COLUMNS=20", "COLUMNS=300", "COLUMNS=0", "TERM=", "NO_COLOR=1 TERM=xterm",
                                     "LC_ALL=C PYTHONCOERCECLOCALE=0 PYTHONUTF8=0",
                                     "PYTHONIOENCODING=utf-16"])  # fmt: skip
@pytest.mark.parametrize("command", ["summary lenet5", "check bad.spec", "bench lenet5 --help", "list"])
def test_terminals_of_any_kind(setting: str, command: str, tmp_path: Path) -> None:
    (tmp_path / "bad.spec").write_text(BAD, "utf-8")
    line = f"export {setting}; cnngraph {command} 2>&1".replace("cnngraph", f"'{sys.executable}' -m cnngraph")
    ran = subprocess.run(["bash", "-c", line], cwd=tmp_path, capture_output=True, timeout=60)
    # Each stream begins with the mark of its order, of which the second is a blank of no width.
    text = ran.stdout.decode("utf-16" if "utf-16" in setting else "utf-8")
    assert ran.returncode == (1 if "bad" in command else 0)
    assert "\x1b" not in text
    assert "Traceback" not in text
    if "check" in command:
        assert "E0406" in text
    if command == "summary lenet5":
        assert "61,706" in text


@pytest.mark.parametrize("command", ["list", "explain"])
def test_a_reader_that_goes_away(command: str, tmp_path: Path) -> None:
    ran = shell(f"cnngraph {command} | true; echo ${{PIPESTATUS[0]}}", cwd=tmp_path)
    assert (ran.stdout, ran.stderr) == ("141\n", "")


def test_ctrl_c(tmp_path: Path) -> None:
    pipe = tmp_path / "a.spec"
    os.mkfifo(pipe)
    running = subprocess.Popen([*CNNGRAPH, "check", str(pipe)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with pipe.open("wb"):  # opened when the other end is: now it reads
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=30)
    assert (running.returncode, out, err) == (130, b"", b"stopped\n")


STARTED = """
import sys, cnngraph.__main__ as program
seen_to = program.signal
program.signal = lambda *how: (seen_to(*how), print(flush=True))
sys.argv[0] = "cnngraph"
program.main()
"""
"""The command, which says when Ctrl-C is seen to."""


@pytest.mark.parametrize(
    "command", [["summary", "lenet5"], ["verify", "lenet5"], ["run", "lenet5", "--image", SEVEN], ["render", "--help"]]
)
def test_ctrl_c_while_modules_are_imported(command: list[str], tmp_path: Path) -> None:
    """At many moments from where it is seen to: what comes before is Python's own start."""
    for delay in range(1, 300, 60):
        running = subprocess.Popen(
            [sys.executable, "-c", STARTED, *command], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert running.stdout is not None
        running.stdout.readline()
        time.sleep(delay / 1000)
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=30)
        # A process that the signal ends is one of status 130 for a shell.
        assert running.returncode in (130, -signal.SIGINT, 0)
        said = [line for line in err.decode().splitlines() if not line.startswith(("lenet5 with", "pictures 32x32"))]
        assert said in ([], ["stopped"])
        assert (said != []) <= (running.returncode != 0)


def test_ctrl_c_does_not_reach_what_runs_in_the_background(tmp_path: Path) -> None:
    """Where a shell has it ignored, as behind `&` in a script, it stays so."""
    ran = shell(
        "trap '' INT; cnngraph summary densenet201 & pid=$!; sleep 0.1; kill -INT $pid; wait $pid; echo $?",
        cwd=tmp_path,
    )
    assert ran.stdout.endswith("\n0\n")
    assert ran.stderr == ""
