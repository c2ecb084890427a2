"""Standard input, output and errors, whatever the shell made of them: closed, in an old encoding, cut off, full."""

from __future__ import annotations

import codecs
import io
import os
import sys

_READABLE = {
    "×": "x", "·": ".", "…": "...", "→": "->", "⇒": "=>", "−": "-", "–": "-", "—": "-", "│": "|", "┃": "|", "█": "#",
    "■": "#", "≈": "~", "≤": "<=", "≥": ">=", "≠": "!=", "⌊": "floor(", "⌋": ")", "⌈": "ceil(", "⌉": ")", "∗": "*",
    "“": '"', "”": '"', "‘": "'", "’": "'", "»": ">", "«": "<", "•": "*", "\u00a0": " ", "�": "?",
}  # fmt: skip
"""How what this program writes is read without the character for it."""


_ASCII = "ascii-of-cnngraph"
"""ASCII under a name of its own: where a stream is in that, click takes it for a mistake and writes UTF-8."""


def prepare() -> None:
    """Makes all three usable: what is closed is empty and takes everything, and any text can be written to the rest."""
    codecs.register_error("readable", _readable)
    codecs.register(_ascii)
    sys.stdin = sys.stdin or open(os.devnull, encoding="utf-8")  # noqa: SIM115 - as long as the program runs
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            is_ascii = codecs.lookup(stream.encoding).name == "ascii"
            stream.reconfigure(encoding=_ASCII if is_ascii else None, errors="readable")


def give_up() -> None:
    """What could not be written so far is not tried again when the program ends."""
    sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115


def _ascii(name: str) -> codecs.CodecInfo | None:
    if name.replace("_", "-") != _ASCII:
        return None
    found = codecs.lookup("ascii")
    return codecs.CodecInfo(
        found.encode,
        found.decode,
        incrementalencoder=found.incrementalencoder,
        incrementaldecoder=found.incrementaldecoder,
        name=_ASCII,
    )


def _readable(error: UnicodeError) -> tuple[str | bytes, int]:
    """What stands for characters that an encoding lacks; where nothing does, their escape as JSON has it."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    if error.encoding == "utf-8":
        # Halves of characters: bytes of a file's name that is not UTF-8.
        return "\N{REPLACEMENT CHARACTER}".encode() * len(text), error.end
    return "".join(_instead(char) for char in text), error.end


def _instead(char: str) -> str:
    if "\ud800" <= char <= "\udfff":
        return "?"
    if char in _READABLE:
        return _READABLE[char]
    if "\u2500" <= char <= "\u257f":  # box drawing
        return "-" if char in "─━╌╍┄┅┈┉═" else "+"
    units = char.encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
