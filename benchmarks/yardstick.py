"""What this machine takes for something everybody knows, to measure beside: Python's own compiler."""

from __future__ import annotations

import time

LINES = 1_000
_PROGRAM = "\n".join(f"x{i} = conv(x{i - 1}, {16 * (i % 4 + 1)}, (3, 3), same=True, bias={i})" for i in range(LINES))


def compiling() -> float:
    """Seconds for ``compile()`` of `LINES` lines; 0.0175 where the bars were set, on a quiet machine."""
    start = time.perf_counter()
    compile(_PROGRAM, "program.py", "exec")
    return time.perf_counter() - start
