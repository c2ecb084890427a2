from __future__ import annotations

import html
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

from cnngraph.cli import main

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    # As in the background of a script; what is started from here is to be stopped by it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
# As many tests run at a time as there are cores: threads of one would only wait for those of others, and most wait at
# full speed. Set before the libraries are imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
ROOT = Path(__file__).parent.parent
settings.register_profile("same every time", derandomize=True, deadline=None, database=None)
settings.load_profile("same every time")
CHANGED: list[tuple[Path, Path]] = []
"""Golden figures that are not what they were: the old file and the new one."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--accept", action="store_true", help="take what the figures are now as their golden files")


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    """The same for onnxruntime in this process; what is measured is measured in others."""
    import onnxruntime

    class Options(onnxruntime.SessionOptions):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.intra_op_num_threads = 1

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(onnxruntime, "SessionOptions", Options)
        yield


@pytest.fixture(scope="session")
def golden(request: pytest.FixtureRequest) -> Callable[[Path, bytes], None]:
    """Fails when *data* is not what the golden *file* holds; with ``--accept`` writes it instead.

    What differs is put beside the old on a page, ``build/golden.html``.
    """

    def compare(file: Path, data: bytes) -> None:
        if request.config.getoption("--accept"):
            file.write_bytes(data)
        if file.exists() and file.read_bytes() == data:
            return
        new = ROOT / "build" / "golden" / file.name
        new.parent.mkdir(parents=True, exist_ok=True)
        new.write_bytes(data)
        CHANGED.append((file, new))
        pytest.fail(f"{file.name} has changed: look at build/golden.html; to take it: pytest --accept", pytrace=False)

    return compare


@dataclass(frozen=True)
class Ran:
    """What a command printed, and how it ended."""

    status: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Runs `cnngraph` with the given arguments in an empty folder, as from a shell."""
    monkeypatch.chdir(tmp_path)

    def command(*arguments: object) -> Ran:
        monkeypatch.setattr("sys.argv", ["cnngraph", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            main()
        code = stopped.value.code
        out, err = capsys.readouterr()
        return Ran(code if isinstance(code, int) else int(code is not None), out, err)

    return command


def pytest_sessionfinish() -> None:
    if not CHANGED:
        return
    rows = "".join(
        f"<h2>{html.escape(old.name)}</h2><p>before</p><img src='{old.as_uri()}' width='960'>"
        f"<p>now</p><img src='{new.as_uri()}' width='960'>"
        for old, new in CHANGED
    )
    page = f"<!doctype html><meta charset='utf-8'><title>Changed figures</title>{rows}\n"
    (ROOT / "build" / "golden.html").write_text(page, encoding="utf-8")
