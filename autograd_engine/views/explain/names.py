"""What values are called in an explanation: by their labels, or v1, v2, ... in order.

>>> for label in ("theta1", "ŷ", "w_out", "50%"):
...     print(name(label).latex)
\\theta_{1}
\\hat{y}
\\mathrm{w}\\_\\mathrm{out}
50\\%
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from autograd_engine.engine import Value
from autograd_engine.views.explain.formulas import Name
from autograd_engine.views.layout.scene import readable

_GREEK = (
    "alpha|beta|gamma|delta|epsilon|zeta|eta|theta|iota|kappa|lambda|mu|nu|xi|pi|rho|sigma|tau"
    "|upsilon|phi|chi|psi|omega|Gamma|Delta|Theta|Lambda|Xi|Pi|Sigma|Upsilon|Phi|Psi|Omega"
)
_ACCENTS = {"\u0302": "hat", "\u0304": "bar", "\u0303": "tilde", "\u0307": "dot"}
_LOWERED = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_SYMBOL = re.compile(
    rf"(?P<base>{_GREEK}|[^\W\d_])(?P<accent>[{''.join(_ACCENTS)}]|_?hat|_?bar)?"
    r"_?(?P<index>\d*)(?P<items>(?:\[\d+\])*)"
)

# What means something to LaTeX, and how MathJax and KaTeX both show it as it is.
_SPECIAL = {
    "\\": r"\backslash ",
    "^": r"\hat{\ }",
    "~": r"\sim ",
    "`": r"\grave{\ }",
    "<": r"\lt ",
    ">": r"\gt ",
    "|": r"\vert ",
    "'": r"\text{’}",
    "-": r"\text{-}",
    "*": r"{\ast}",
    " ": r"\ ",
    "\n": r"\ ",
    **{character: "\\" + character for character in "#$%&_{}"},
}


def name(label: str) -> Name:
    """Return a label as a name: as typed in text, set as mathematics in LaTeX where it is such."""
    text = readable(label).replace("\n", "␊")
    return Name(text, _latex(text))


def _latex(text: str) -> str:
    found = _SYMBOL.fullmatch(unicodedata.normalize("NFD", text).translate(_LOWERED))
    if not found:
        pieces = re.findall(r"[A-Za-z]+|[0-9.,:;=+/()\[\]!?@\"]+|.", text, re.DOTALL)
        return "".join(map(_escaped, pieces))
    base, accent, index = found["base"], found["accent"], found["index"]
    symbol = f"\\{base}" if base in _GREEK.split("|") else base
    if accent:
        symbol = rf"\{_ACCENTS.get(accent, accent.lstrip('_'))}{{{symbol}}}"
    return symbol + (f"_{{{index}}}" if index else "") + found["items"]


def _escaped(piece: str) -> str:
    if piece in _SPECIAL:
        return _SPECIAL[piece]
    if piece.isascii():
        return rf"\mathrm{{{piece}}}" if piece.isalpha() else piece
    return rf"\text{{{piece}}}"


class Names:
    """The names of the values of one graph: each value has its own."""

    def __init__(self, values: Iterable[Value]) -> None:
        self._names: dict[int, Name] = {}
        self._count = 0  # of the values called v1, v2, ...
        labelled: dict[str, list[Value]] = {}
        for value in values:
            if value.label:
                labelled.setdefault(value.label, []).append(value)
        self._taken = set(labelled)
        for label, several in labelled.items():
            for i, value in enumerate(several, 1):
                more = f"#{i}" if len(several) > 1 else ""
                self._names[id(value)] = name(label + more)
                self._taken.add(label + more)

    def __contains__(self, value: Value) -> bool:
        return id(value) in self._names

    def of(self, value: Value) -> Name:
        """Return the name of a value that has one."""
        return self._names[id(value)]

    def give(self, value: Value, *wanted: str) -> None:
        """Give a value without a name the first of these that is free, or else v1, v2, ..."""
        if value in self:
            return
        free = [text for text in wanted if text not in self._taken]
        found = free[0] if free else f"v{self._next()}"
        self._taken.add(found)
        self._names[id(value)] = name(found)

    def _next(self) -> int:
        self._count += 1
        while f"v{self._count}" in self._taken:
            self._count += 1
        return self._count
