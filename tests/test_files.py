"""Whatever stands where a file is to be written: only files are replaced, whole, and nothing is left beside them."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from cnngraph.diagnostics import CnngraphError
from cnngraph.files import replacing, write
from tests.conftest import Run

COMMANDS = {
    "render": ("render", "lenet5", "--format", "svg", "-o"),
    "export": ("export", "--onnx", "lenet5", "-o"),
    "export in two files": ("export", "--onnx", "lenet5", "--external-data", "0", "-o"),
}
commands = pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)


def read_behind(path: Path) -> Callable[[], bytes]:
    """Reads the pipe *path* beside what the test does; called, gives what came."""
    came: list[bytes] = []
    reader = threading.Thread(target=lambda: came.append(path.read_bytes()), daemon=True)
    reader.start()

    def result() -> bytes:
        reader.join(20)
        return came[0]

    return result


@commands
def test_a_link_stays_and_its_file_is_replaced(run: Run, tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "real").mkdir()
    file, link, other = tmp_path / "real" / "file", tmp_path / "link", tmp_path / "real" / "other"
    file.write_bytes(b"old")
    file.chmod(0o600)
    os.link(file, other)
    link.symlink_to("real/file")
    assert run(*command, link).status == 0
    assert link.is_symlink()
    assert len(file.read_bytes()) > 100
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert other.read_bytes() == b"old"  # not written into: another name of the old file keeps it


def test_a_link_to_nothing_is_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "new")
    write(tmp_path / "link", b"abc")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "new").read_bytes() == b"abc"


def test_links_in_a_circle(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(CnngraphError, match="E0903"):
        write(tmp_path / "a", b"abc")
    assert (tmp_path / "a").is_symlink()


@commands
def test_a_pipe_stays_and_gets_it(run: Run, tmp_path: Path, command: tuple[str, ...]) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    came = read_behind(pipe)
    assert run(*command, pipe).status == 0
    assert len(came()) > 100
    assert stat.S_ISFIFO(pipe.lstat().st_mode)


def test_answers_go_through_a_pipe(run: Run, tmp_path: Path) -> None:
    import numpy as np

    pipe = tmp_path / "pipe.npy"
    os.mkfifo(pipe)
    np.save("x.npy", np.zeros((32, 32, 1)))
    came = read_behind(pipe)
    assert run("run", "lenet5", "--input", "x.npy", "-o", pipe).status == 0
    assert came().startswith(b"\x93NUMPY")


def device(path: Path, kind: int, major: int, minor: int) -> Path:
    """A device of one's own, which only root may make."""
    try:
        os.mknod(path, kind | 0o666, os.makedev(major, minor))
    except PermissionError:
        pytest.skip("making devices is for root")
    return path


@commands
def test_a_device_stays(run: Run, tmp_path: Path, command: tuple[str, ...]) -> None:
    null = device(tmp_path / "null", stat.S_IFCHR, 1, 3)
    ran = run(*command, null)
    assert stat.S_ISCHR(null.lstat().st_mode)
    assert "E0903" in ran.err if ran.status else True  # where devices in temporary folders may not be opened


def test_a_disk_is_not_written(tmp_path: Path) -> None:
    disk = device(tmp_path / "disk", stat.S_IFBLK, 7, 250)
    with pytest.raises(CnngraphError, match="it is no file"):
        write(disk, b"abc")
    assert stat.S_ISBLK(disk.lstat().st_mode)


@commands
@pytest.mark.parametrize("name", ["a" * 300, "ü" * 140])
def test_a_name_that_is_too_long(run: Run, tmp_path: Path, command: tuple[str, ...], name: str) -> None:
    ran = run(*command, name)
    assert ran.status == 1
    assert ran.err.count("error[") == ran.err.count("error[E0903]") == 1
    assert not list(tmp_path.iterdir())


def test_the_longest_name(tmp_path: Path) -> None:
    write(tmp_path / ("a" * 255), b"abc")
    assert [len(each.name) for each in tmp_path.iterdir()] == [255]


def test_what_a_killed_run_left_is_cleared_away(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    code = (
        "import os, signal; from pathlib import Path; from cnngraph.files import replacing\n"
        f"with replacing(Path({str(path)!r})) as stream:\n"
        "    stream.write(b'half'); stream.flush(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == -signal.SIGKILL
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(".net.onnx.")
    write(tmp_path / "other.onnx", b"1")
    assert left.exists()
    write(path, b"whole")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["net.onnx", "other.onnx"]


def test_what_another_run_is_writing_is_left(tmp_path: Path) -> None:
    with replacing(tmp_path / "a") as first:
        first.write(b"first")
        write(tmp_path / "a", b"second")
        assert (tmp_path / "a").read_bytes() == b"second"
    assert (tmp_path / "a").read_bytes() == b"first"
    assert [each.name for each in tmp_path.iterdir()] == ["a"]


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(CnngraphError, match="E0902"):
        write(tmp_path / "missing" / "a", b"abc")


def test_no_room(tmp_path: Path) -> None:
    full = device(tmp_path / "full", stat.S_IFCHR, 1, 7)  # never the machine's own: a fault here would replace it
    with pytest.raises(CnngraphError, match=r"No space left|Permission denied"):
        write(full, b"abc")
    assert stat.S_ISCHR(full.lstat().st_mode)
