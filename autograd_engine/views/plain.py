"""Formulas for terminals that cannot show every character.

>>> plain("∂J/∂h = (1 - h²) · θ₂", "ascii")
'dJ/dh = (1 - h^2) * theta2'
"""

from __future__ import annotations

import re
import unicodedata

_SPELLED = {
    "∂": "d",
    "·": "*",
    "δ": "delta",
    "σ": "sigmoid",
    "√": "sqrt ",
    "π": "pi",
    "…": "...",
    "≠": "!=",
    "≥": ">=",
    "⁻": "-",
    "←": "<-",
    "’": "'",
}
_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻"


def plain(text: str, encoding: str | None) -> str:
    """Return the text with every character that the encoding lacks spelled out in ASCII."""
    encoding = encoding or "ascii"
    if _fits(text, encoding):
        return text
    text = re.sub(r"∂(?=\w+\()", "∂ ", text)  # d tanh(u), not dtanh(u)
    text = re.sub(f"[{_RAISED}]+", lambda power: _raised(power[0], encoding), text)
    spelled = (c if _fits(c, encoding) else _spelled(c) for c in text)
    return "".join(spelled).encode(encoding, "backslashreplace").decode(encoding)


def _fits(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _raised(power: str, encoding: str) -> str:
    return power if _fits(power, encoding) else "^" + power.translate(_LOWERED)


_LOWERED = str.maketrans(_RAISED, "0123456789-")


def _spelled(character: str) -> str:
    """Return a character in ASCII: by its own spelling, its Greek name, its bare letter."""
    if character in _SPELLED:
        return _SPELLED[character]
    title = unicodedata.name(character, "")
    if title.startswith("GREEK SMALL LETTER ") and " " not in title[19:]:
        return title[19:].lower().replace("lamda", "lambda")
    bare = unicodedata.normalize("NFKD", character)
    return bare.encode("ascii", "ignore").decode() or character
