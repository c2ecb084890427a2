"""One configuration of one model, timed, in a process of its own: ``python -m cnngraph.runtime.timing CONFIGURATION``.

Threads of a second session in the same process would slow this one down, and the memory would be that of both.
Prints its findings as JSON; `cnngraph.runtime.bench` starts it and reads them.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

_WARM = 0.3
"""Seconds of running that are not counted."""
_UNNAMED = 224
"""What a free size is that has no name."""
_FEWEST, _MOST = 5, 10_000


def measure(wanted: dict[str, Any]) -> dict[str, Any]:
    """Loads ``model`` and runs it for ``seconds``, with ``batch``, ``threads`` and ``provider``, on noise."""
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import numpy as np
    import onnxruntime

    from cnngraph.runtime.arrays import noise

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = wanted["threads"]
    if wanted.get("profile"):
        options.enable_profiling = True
        options.profile_file_prefix = wanted["profile"]
    before = _memory()
    start = perf_counter()
    session = onnxruntime.InferenceSession(wanted["model"], options, providers=[wanted["provider"]])
    load = perf_counter() - start
    generator = np.random.default_rng(0)
    feed = {}
    for port in session.get_inputs():
        shape = [
            dim if isinstance(dim, int) else wanted["batch"] if at == 0 else wanted["sizes"].get(dim or "", _UNNAMED)
            for at, dim in enumerate(port.shape)
        ]
        feed[port.name] = noise(generator, shape, port.type)
    start = perf_counter()
    session.run(None, feed)
    first = perf_counter() - start
    loaded = _memory()
    start = perf_counter()
    while perf_counter() - start < _WARM:
        session.run(None, feed)
    times: list[float] = []
    start = perf_counter()
    while (perf_counter() - start < wanted["seconds"] or len(times) < _FEWEST) and len(times) < _MOST:
        began = perf_counter()
        session.run(None, feed)
        times.append(perf_counter() - began)
    return {
        "provider": session.get_providers()[0],
        "batch": next(iter(feed.values())).shape[0],
        "load": load,
        "first": first,
        "memory": loaded - before if loaded and before else None,
        "times": times,
        "profile": session.end_profiling() if wanted.get("profile") else None,
    }


def _memory() -> int | None:
    """Bytes of this process that are in memory; None where nothing says."""
    status = Path("/proc/self/statm")
    if status.exists():
        return int(status.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    if sys.platform == "win32":
        return None
    import resource

    # The largest so far, in kilobytes but for macOS.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    print(json.dumps(measure(json.loads(sys.argv[1]))))
