"""`cnngraph watch`: the figure follows the file, in the protocol and in a real browser."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser import BROWSER, page
from tests.conftest import Run

RIGHT = "net small\ninput 16x16x3\nconv 4 3x3 relu\n"
WRONG = RIGHT.replace("relu", "relo")


class Watching:
    """A running `cnngraph watch`."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "small.spec"
        self.file.write_text(RIGHT)
        (folder / "blocks.spec").write_text("block unit(c) { conv c 3x3 }\n")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "cnngraph", "watch", "small.spec"], cwd=folder, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert self.process.stdout
        (self.address,) = re.findall(r"http://127\.0\.0\.1:\d+/", self.process.stdout.readline())

    def events(self) -> Iterator[dict[str, Any]]:
        with urllib.request.urlopen(f"{self.address}events", timeout=10) as stream:
            for line in stream:
                if line.startswith(b"data: "):
                    yield json.loads(line[6:])


@pytest.fixture
def watching(tmp_path: Path) -> Iterator[Watching]:
    made = Watching(tmp_path)
    yield made
    made.process.kill()
    made.process.communicate()


def test_the_figure_follows_the_file(watching: Watching) -> None:
    events = watching.events()
    first = next(events)
    assert first["name"] == "small.spec"
    assert "<svg" in first["svg"]
    assert "14×14×4" in first["svg"]
    assert first["about"].startswith("112 parameters")
    assert (first["mistakes"], first["current"]) == ("", True)

    watching.file.write_text(WRONG)
    wrong = next(events)
    assert "did you mean `relu`?" in wrong["mistakes"]
    assert (wrong["svg"], wrong["current"]) == (first["svg"], False)

    watching.file.write_text(RIGHT.replace("conv 4", "conv 8"))
    mended = next(events)
    assert "14×14×8" in mended["svg"]
    assert (mended["mistakes"], mended["current"]) == ("", True)


def test_files_that_are_used_are_watched_too(watching: Watching) -> None:
    events = watching.events()
    next(events)
    watching.file.write_text('net small\nuse "blocks.spec"\ninput 16x16x3\nunit 5\n')
    assert next(events)["about"].startswith("140 parameters")
    blocks = watching.file.with_name("blocks.spec")
    blocks.write_text("block unit(c) { conv c 3x3 }}\n")
    assert "blocks.spec" in next(events)["mistakes"]
    blocks.write_text("block unit(c) { conv c 5x5 }\n")
    assert next(events)["about"].startswith("380 parameters")


def test_a_file_may_be_gone_for_a_moment(watching: Watching) -> None:
    """Editors save by writing another file and putting it into the place of the first."""
    events = watching.events()
    next(events)
    other = watching.file.with_name("other")
    other.write_text(RIGHT.replace("conv 4", "conv 6"))
    watching.file.unlink()
    other.rename(watching.file)
    shown = next(events)
    assert (shown["mistakes"], "14×14×6" in shown["svg"]) == ("", True)


def status(address: str, **headers: str) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_only_this_machine_and_only_the_page(watching: Watching) -> None:
    assert status(watching.address) == 200
    assert status(watching.address, Host="localhost:1") == 200
    next(watching.events())
    for path in ("", "view", "view.json"):
        assert status(watching.address + path) == 200
        assert status(watching.address + path, Host="evil.example") == 403
    for path in ("../small.spec", "small.spec", "etc/passwd", "events/../..", "%2e%2e/"):
        assert status(watching.address + path) == 404


@pytest.mark.skipif(sys.platform == "win32", reason="a signal that Python turns into Ctrl-C")
def test_ctrl_c_ends_it_quietly(watching: Watching) -> None:
    next(watching.events())
    watching.process.send_signal(signal.SIGINT)
    _, err = watching.process.communicate(timeout=10)
    assert (watching.process.returncode, err) == (0, "")


def test_what_cannot_be_watched(run: Run, watching: Watching) -> None:
    assert "there is no file missing.spec" in run("watch", "missing.spec").err
    port = watching.address.rstrip("/").rpartition(":")[2]
    ran = run("watch", watching.file, "--port", port)
    assert ran.status == 1
    assert f"error[E0820]: cannot listen on port {port}" in ran.err


@pytest.mark.skipif(BROWSER is None or sys.platform == "win32", reason="no Chromium on this machine")
def test_in_a_real_browser(watching: Watching) -> None:
    with page() as browser:
        browser.open(watching.address)
        browser.until("document.querySelector('#figure svg text') !== null")
        assert browser("document.title") == "small.spec"
        assert browser("document.getElementById('mistakes').offsetHeight") == 0
        assert browser("document.querySelector('#figure svg').getBoundingClientRect().width") > 600

        watching.file.write_text(WRONG)
        browser.until("document.getElementById('mistakes').offsetHeight > 0")
        assert "did you mean `relu`?" in browser("document.getElementById('mistakes').textContent")
        assert browser("document.querySelector('#figure svg') !== null && document.body.classList.contains('old')")

        watching.file.write_text(RIGHT.replace("conv 4", "conv 8"))
        browser.until("document.getElementById('mistakes').offsetHeight === 0")
        browser.until("document.getElementById('figure').textContent.includes('14×14×8')")
        assert not browser("document.body.classList.contains('old')")

        watching.process.kill()
        browser.until("document.body.classList.contains('lost')")


@pytest.mark.skipif(BROWSER is None or sys.platform == "win32", reason="no Chromium on this machine")
def test_the_interactive_page_follows_the_file_and_keeps_what_is_open(watching: Watching) -> None:
    nested = "net small\nblock unit(c) { [conv c 3x3 same] x 2 }\ninput 16x16x3\nunit 4\nunit 5\n"
    watching.file.write_text(nested)
    with page() as browser:
        browser.listen()
        next(shown for shown in watching.events() if "16×16×5" in shown["svg"])
        browser.open(f"{watching.address}view")
        browser.until("globalThis.page?.model.units.length === 5")
        browser("page.openAll(false); page.toggle('b1'); page.choose('u4')")
        watching.file.write_text(nested.replace("input 16x16x3", "input 16x16x3\nconv 7 1x1"))
        browser.until("page.model.units.length === 6")
        assert browser("[...page.model.open].map((number) => page.model.blocks[number].path)") == ["unit2"]
        assert browser("page.model.called(page.selected)") == "unit2.conv2"
        watching.file.write_text(WRONG)
        browser.until("document.getElementById('mistakes').textContent.includes('did you mean `relu`?')")
        assert browser("page.model.units.length") == 6
        watching.file.write_text(RIGHT)
        browser.until("page.model.units.length === 2 && document.getElementById('mistakes').textContent === ''")
        assert browser.errors == []
