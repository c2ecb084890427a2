"""A plugin for pytest: which tests run which lines of the package, and how long each test takes.

Run with ``-p tools.reached`` and the file to write in the environment as ``REACHED``:
``{"lines": {"cnngraph/volume.py:88": [0, 5]}, "tests": [["tests/test_x.py::test_y", 0.01]]}``.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

_ROOT = f"{Path.cwd()}{os.sep}"
_PACKAGE = f"{_ROOT}cnngraph{os.sep}"
_tests: list[tuple[str, float]] = []
_lines: dict[str, set[int]] = defaultdict(set)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    found: set[tuple[str, int]] = set()

    def line(frame: FrameType, event: str, argument: Any) -> Any:
        found.add((frame.f_code.co_filename, frame.f_lineno))
        return line

    def call(frame: FrameType, event: str, argument: Any) -> Any:
        if not frame.f_code.co_filename.startswith(_PACKAGE):
            return None
        return line(frame, event, argument)

    began = time.monotonic()
    sys.settrace(call)
    yield
    sys.settrace(None)
    for file, number in found:
        _lines[f"{file.removeprefix(_ROOT)}:{number}"].add(len(_tests))
    _tests.append((item.nodeid, time.monotonic() - began))


def pytest_sessionfinish() -> None:
    lines = {place: sorted(tests) for place, tests in _lines.items()}
    Path(os.environ["REACHED"]).write_text(json.dumps({"lines": lines, "tests": _tests}), encoding="utf-8")
