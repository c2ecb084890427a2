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
from types import CodeType, FrameType
from typing import Any

import pytest

from tests import networks

_ROOT = f"{Path.cwd()}{os.sep}"
_PACKAGE = f"{_ROOT}cnngraph{os.sep}"
_tests: list[tuple[str, float]] = []
_lines: dict[str, set[int]] = defaultdict(set)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    waiting: dict[CodeType, set[int]] = {}
    """Lines of each function that were not run yet; it is left alone when there are none."""

    def call(frame: FrameType, event: str, argument: Any) -> Any:
        code = frame.f_code
        missing = waiting.get(code)
        if missing is None:
            is_ours = code.co_filename.startswith(_PACKAGE)
            missing = waiting[code] = {line for _, _, line in code.co_lines() if line} if is_ours else set()
        return line if missing else None

    def line(frame: FrameType, event: str, argument: Any) -> Any:
        missing = waiting[frame.f_code]
        missing.discard(frame.f_lineno)
        if not missing:
            frame.f_trace_lines = False
        return line

    networks.forget()  # or its lines would be those of the first test alone that takes a network
    began = time.monotonic()
    sys.settrace(call)
    yield
    sys.settrace(None)
    for code, missing in waiting.items():
        if code.co_filename.startswith(_PACKAGE):
            for number in {line for _, _, line in code.co_lines() if line} - missing:
                _lines[f"{code.co_filename.removeprefix(_ROOT)}:{number}"].add(len(_tests))
    _tests.append((item.nodeid, time.monotonic() - began))


def pytest_sessionfinish() -> None:
    lines = {place: sorted(tests) for place, tests in _lines.items()}
    Path(os.environ["REACHED"]).write_text(json.dumps({"lines": lines, "tests": _tests}), encoding="utf-8")
