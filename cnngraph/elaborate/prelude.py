"""What every spec has without writing it, in the language itself."""

from __future__ import annotations

from functools import cache

from cnngraph.source import Source
from cnngraph.spec.parser import parse
from cnngraph.spec.syntax import BlockDef

PRELUDE = "<prelude>"
"""What its source is called."""
TEXT = """\
## The projection of a residual block, where its input needs one.
block shortcut(c, s=1, bn=on) {
  conv c 1x1 s=s bn=bn linear if s > 1 or in.c != c
}
"""


@cache
def prelude() -> tuple[BlockDef, ...]:
    """The blocks that every spec has."""
    parsed = parse(Source(PRELUDE, TEXT), also=("bn",))
    assert not parsed.diagnostics
    return tuple(item for item in parsed.file.items if isinstance(item, BlockDef))
