"""Text as TeX writes it, with its standard fonts."""

from __future__ import annotations

import re
import unicodedata

from cnngraph.diagnostics import CnngraphError

_SPECIAL = {
    **{char: f"\\{char}" for char in "#%&_{}"},
    # In text it would come out of a font of symbols that TeX has as pixels only (Type 3).
    "$": r"$\mathdollar$",
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": "$<$",
    ">": "$>$",
    "|": "$|$",
    '"': "''",
    "…": r"\ldots{}",
    "–": "--",
    "—": "---",
    "‘": "`",
    "’": "'",
    "“": "``",
    "”": "''",
    "ß": r"\ss{}",
    "æ": r"\ae{}",
    "Æ": r"\AE{}",
    "ø": r"\o{}",
    "Ø": r"\O{}",
    "å": r"\aa{}",
    "ł": r"\l{}",
    "ı": r"\i{}",
    "\u00a0": "~",
}
_SMALL = (
    "alpha", "beta", "gamma", "delta", "varepsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu",
    "xi", "pi", "rho", "sigma", "tau", "upsilon", "varphi", "chi", "psi", "omega",
)  # fmt: skip
_LARGE = ("Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega")
_MATH = {
    "×": r"\times", "÷": r"\div", "·": r"\cdot", "−": "-", "±": r"\pm", "∗": r"\ast", "⊕": r"\oplus", "⊗": r"\otimes",
    "≈": r"\approx", "≠": r"\ne", "≤": r"\le", "≥": r"\ge", "→": r"\to", "←": r"\gets", "↑": r"\uparrow",
    "↓": r"\downarrow", "∞": r"\infty", "√": r"\surd", "∑": r"\sum", "∂": r"\partial", "⌊": r"\lfloor", "⌋": r"\rfloor",
    "⌈": r"\lceil", "⌉": r"\rceil", "⋮": r"\vdots", "⋯": r"\cdots", "°": r"{}^\circ", "²": "{}^2", "³": "{}^3",
    "¹": "{}^1", "†": r"\dagger", "‡": r"\ddagger", "§": r"\mathsection", "¶": r"\mathparagraph",
    **{letter: f"\\{name}" for letter, name in zip("αβγδεζηθικλμνξπρστυφχψω", _SMALL, strict=True)},
    **{letter: f"\\{name}" for letter, name in zip("ΓΔΘΛΞΠΣΥΦΨΩ", _LARGE, strict=True)},
}  # fmt: skip
_ACCENTS = {
    "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0304": "=", "\u0306": "u", "\u0307": ".",
    "\u0308": '"', "\u030a": "r", "\u030b": "H", "\u030c": "v", "\u0327": "c", "\u0328": "k",
}  # fmt: skip
_JOINED = re.compile(r"""(?<=[-–—])(?=[-–—])|(?<=['"’”])(?=['"’”])|(?<=[`‘“?!])(?=[`‘“])|(?<=,)(?=,)|(?<=\ )(?=\ )""")
"""Between characters that TeX would make one of: dashes, quotation marks, blanks."""


def escaped(content: str) -> str:
    """*content* as TeX writes it. Raises `CnngraphError` for what TeX's standard fonts lack."""
    parts = _JOINED.split(unicodedata.normalize("NFC", content))
    return "{}".join("".join(map(_escaped, part)) for part in parts)


def _escaped(char: str) -> str:
    if char in _SPECIAL:
        return _SPECIAL[char]
    if char in _MATH:
        return f"${_MATH[char]}$"
    if " " <= char <= "~":
        return char
    parts = unicodedata.normalize("NFD", char)
    if len(parts) == 2 and parts[1] in _ACCENTS and parts[0].isascii():
        letter = rf"\{parts[0]}" if parts[0] in "ij" else parts[0]
        return f"\\{_ACCENTS[parts[1]]}{{{letter}}}"
    raise CnngraphError.of(
        "E0614",
        f"TeX's standard fonts have no character {char!r} (U+{ord(char):04X})",
        help="write the figure as .pdf or .svg, which carry their fonts",
    )
