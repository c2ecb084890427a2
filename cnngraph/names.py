"""What the layers of a network may be called, and the network itself."""

from __future__ import annotations

import unicodedata


def unfit(name: str) -> str:
    """Why *name* cannot be the name of a layer, a block or an output; empty when it can.

    A name is any printable text: a label of a spec, ``/layer1/conv`` or ``features.1`` out of another program's file.
    It becomes the name of a tensor, the key of a weight and a line of a table.
    """
    if not name:
        return "it is empty"
    if not name.isprintable():
        at, character = next((at, each) for at, each in enumerate(name) if not each.isprintable())
        return f"its character {at + 1} is U+{ord(character):04X}, which cannot be printed"
    if name != name.strip():
        return "it begins or ends with a blank"
    return ""


def one_line(title: str) -> str:
    """*title* with a blank for every line end and control character: it becomes a comment of DOT, a line of a spec, a
    description in SVG and ONNX, and would leave them by one."""
    if title.isprintable():
        return title
    return "".join(" " if unicodedata.category(char) in ("Cc", "Zl", "Zp") else char for char in title)
