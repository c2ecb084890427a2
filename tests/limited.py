"""A process of its own with little memory and time, for what may want all there is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

_BEFORE = """
import json, resource, sys
{imports}
def used():
    # Not ru_maxrss, in which the process that started this one still counts.
    (line,) = (line for line in open("/proc/self/status") if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024
resource.setrlimit(resource.RLIMIT_CPU, ({seconds}, {seconds}))
resource.setrlimit(resource.RLIMIT_AS, (3 * 2**30, 3 * 2**30))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
before = used()
def say(**what):
    print(json.dumps({{"memory": used() - before, **what}}), flush=True)
"""


def limited(imports: str, code: str, *, cwd: Path, seconds: int = 20) -> tuple[list[dict[str, Any]], int]:
    """What *code* says by ``say(name=…)``, each with the most memory in bytes that it took so far, without that of the
    *imports*; and how it ended."""
    ran = subprocess.run(
        [sys.executable, "-c", _BEFORE.format(imports=imports, seconds=seconds) + code],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=10 * seconds,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
    )
    return [json.loads(line) for line in ran.stdout.splitlines()], ran.returncode
