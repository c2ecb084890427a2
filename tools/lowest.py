"""The lowest version that pyproject.toml admits of everything the package needs, as pip's constraints.

python tools/lowest.py > build/lowest.txt
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path


def main() -> None:
    project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    for requirement in (*project["dependencies"], *extras["keras"], *extras["lsp"]):
        found = re.fullmatch(r"([A-Za-z0-9_.-]+)>=([0-9.]+)", requirement)
        assert found, f"{requirement} has no lower bound"
        print(f"{found[1]}=={found[2]}")


if __name__ == "__main__":
    main()
