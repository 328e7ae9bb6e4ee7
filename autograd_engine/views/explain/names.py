"""What values are called in formulas, and how a name is taken apart: its index, its layer.

>>> parsed("w₁₂⁽⁰⁾"), parsed("theta1")[:3], lowered("t−1")
(Symbol(shown='w', sub='12', sup='(0)', items='', base='w', accent=''), ('theta', '1', ''), 'ₜ₋₁')
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from autograd_engine.engine import Value
from autograd_engine.survey import Survey
from autograd_engine.views.explain.formulas import Name
from autograd_engine.views.layout.scene import readable

_GREEK = (
    "alpha|beta|gamma|delta|epsilon|zeta|eta|theta|iota|kappa|lambda|mu|nu|xi|pi|rho|sigma|tau"
    "|upsilon|phi|chi|psi|omega|Gamma|Delta|Theta|Lambda|Xi|Pi|Sigma|Upsilon|Phi|Psi|Omega"
)
_ACCENTS = {"\u0302": "hat", "\u0304": "bar", "\u0303": "tilde", "\u0307": "dot"}
INDICES = "₀₁₂₃₄₅₆₇₈₉₊₋ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ"
_LOWERED = dict(zip("0123456789+−aehijklmnoprstuvx", INDICES))
RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾˙ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ"
_RAISED = dict(zip("0123456789+−().abcdefghijklmnoprstuvwxyz", RAISED))
_SYMBOL = re.compile(
    rf"(?P<base>(?:{_GREEK}|[^\W\d_])(?P<accent>[{''.join(_ACCENTS)}]|_?hat|_?bar)?)"
    rf"_?(?P<sub>\d*|[{INDICES}]+(?:,[{INDICES}]+)*)(?P<sup>[{RAISED}]*)(?P<items>(?:\[\w+\])*)"
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
    "…": r"\cdots",
    **{character: "\\" + character for character in "#$%&_{}"},
}


NUMBERED = re.compile(r"v\d+$|[-\d.einfa]+$")


class Symbol(NamedTuple):
    """A name taken apart: what is shown of it, its indices below and above, and in brackets."""

    shown: str
    sub: str
    sup: str
    items: str
    base: str
    accent: str


def parsed(text: str) -> Symbol | None:
    """Return a name taken apart where it is a letter with indices, None where it is a word."""
    found = _SYMBOL.fullmatch(unicodedata.normalize("NFD", text))
    if not found:
        return None
    base, accent = found["base"], found["accent"] or ""
    shown = unicodedata.normalize("NFC", base)
    sub, sup = (unicodedata.normalize("NFKC", found[part]) for part in ("sub", "sup"))
    base = base[: len(base) - len(accent)]
    accent = _ACCENTS.get(accent, accent.lstrip("_"))
    return Symbol(shown, sub.replace("\N{MINUS SIGN}", "-"), sup, found["items"], base, accent)


def lowered(index: str) -> str:
    """Return an index as it stands below the line."""
    return "".join(_LOWERED.get(character, character) for character in index)


def raised(text: str) -> str:
    """Return what stands above the line, nothing where Unicode has no such character."""
    found = [_RAISED.get(character, "") for character in text]
    return "".join(found) if all(found) else ""


def escaped(text: str) -> str:
    """Return a name in LaTeX as it is typed."""
    pieces = re.findall(r"[A-Za-z]+|[0-9.,:;=+/()\[\]!?@\"]+|.", text, re.DOTALL)
    return "".join(map(_escaped, pieces))


def _escaped(piece: str) -> str:
    if piece in _SPECIAL:
        return _SPECIAL[piece]
    if piece.isascii():
        return rf"\mathrm{{{piece}}}" if piece.isalpha() else piece
    return rf"\text{{{piece}}}"


def name(label: str, number: float | None = None) -> Name:
    """Return a label as a name, as typed."""
    return Name(readable(label).replace("\n", "␊"), number)


class Names:
    """The names of the values behind an output, those of the survey, as formulas use them."""

    def __init__(self, output: Value) -> None:
        self.output = output
        self._survey = Survey(output)
        self.values, self.operands = self._survey.values, self._survey.operands
        self._taken = {re.split(r"[\W\d₀-₉]", text)[0] for text in self._survey.names}
        self._steps: dict[int, str] = {}  # of what a repeat carries on: by its step

    def of(self, value: Value) -> Name:
        """Return the name of a value, with its number."""
        return name(self._steps.get(id(value)) or self._survey.name(value), value.data)

    def call(self, value: Value, text: str) -> None:
        """Call a value that has no name of its own by its step in a repeat."""
        if not self.is_known(value):
            self._steps[id(value)] = text

    def is_step(self, value: Value) -> bool:
        """Say whether a value is called by its step in a repeat."""
        return id(value) in self._steps

    def is_known(self, value: Value) -> bool:
        """Say whether a value has a label, or a place in a model, and is not just numbered."""
        if value.label or id(value) in self._steps:
            return True
        return not NUMBERED.match(self._survey.name(value))

    def has(self, text: str) -> bool:
        """Say whether a value is called so, perhaps with an index."""
        return text in self._taken
