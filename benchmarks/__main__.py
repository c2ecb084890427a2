"""Time and memory of the commands people wait for, each beside a bar or something measured in the same run.

python -m benchmarks [NAME ...]
"""

from __future__ import annotations

import sys
from importlib import import_module

GROUPS = ("commands", "editor", "models", "size", "imports", "others")

if __name__ == "__main__":
    for name in sys.argv[1:] or GROUPS:
        print(f"## {name}", flush=True)
        # Not before: what this process holds when it starts another is counted into the other's peak.
        import_module(f"benchmarks.{name}").main()
