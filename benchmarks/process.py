"""Whole processes, timed from outside."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Cost:
    """Medians over the runs; the largest peak."""

    seconds: float
    megabytes: float


def cnngraph(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "cnngraph", *arguments]


def costs(*commands: Sequence[str], runs: int = 7) -> list[Cost]:
    """What each command costs, run in turn so that a machine whose speed drifts treats all alike."""
    found: list[list[tuple[float, float]]] = [[] for _ in commands]
    for _ in range(1 + runs):
        for command, own in zip(commands, found, strict=True):
            own.append(_run(command))
    return [
        Cost(median(seconds for seconds, _ in own[1:]), max(megabytes for _, megabytes in own[1:])) for own in found
    ]


def _run(command: Sequence[str]) -> tuple[float, float]:
    # As installed: a first run leaves the compiled modules for those that are timed.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    start = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with status {process.returncode}")
    return seconds, usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
