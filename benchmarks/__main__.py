"""Time and memory of the commands people wait for, each beside a bar or something measured in the same run.

python -m benchmarks [NAME ...]
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from benchmarks import commands, editor, models, others, size

GROUPS: dict[str, Callable[[], None]] = {
    "commands": commands.main,
    "editor": editor.main,
    "models": models.main,
    "size": size.main,
    "others": others.main,
}

if __name__ == "__main__":
    for name in sys.argv[1:] or GROUPS:
        print(f"## {name}")
        GROUPS[name]()
