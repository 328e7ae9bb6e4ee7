"""What values are called in formulas, and how a name is taken apart: its index, its layer.

>>> parsed("w₁₂⁽⁰⁾"), parsed("theta1")[:3], lowered("t-1")
(Symbol(shown='w', sub='12', sup='(0)', items='', base='w', accent=''), ('theta', '1', ''), 'ₜ₋₁')
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

from autograd_engine import graph
from autograd_engine.engine import Value
from autograd_engine.table import DOT
from autograd_engine.views.explain.formulas import Name
from autograd_engine.views.layout.scene import readable

_GREEK = (
    "alpha|beta|gamma|delta|epsilon|zeta|eta|theta|iota|kappa|lambda|mu|nu|xi|pi|rho|sigma|tau"
    "|upsilon|phi|chi|psi|omega|Gamma|Delta|Theta|Lambda|Xi|Pi|Sigma|Upsilon|Phi|Psi|Omega"
)
_ACCENTS = {"\u0302": "hat", "\u0304": "bar", "\u0303": "tilde", "\u0307": "dot"}
INDICES = "₀₁₂₃₄₅₆₇₈₉₊₋ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ"
_LOWERED = dict(zip("0123456789+-aehijklmnoprstuvx", INDICES))
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
    """The names of the values of one graph: each value has its own."""

    def __init__(self, values: Iterable[Value]) -> None:
        self._names: dict[int, str] = {}
        self._count = 0  # of the values called v1, v2, ...
        labelled: dict[str, list[Value]] = {}
        values = list(values)
        for value in values:
            label = value.label
            if label:
                labelled.setdefault(label, []).append(value)
        self.placed = set()
        calls: dict[str, int] = {}
        for v in values:
            r = graph.region(v)
            if ".neurons." in r:
                calls[r] = calls.get(r, 0) + 1
        seen: dict[str, int] = {}
        inputs = 0
        for v in values:
            r = graph.region(v)
            if ".neurons." not in r:
                continue
            l, n = re.findall(r"\d+", r)
            c = f"[{seen.get(r, 0)}]" if calls[r] > 1 else ""
            seen[r] = seen.get(r, 0) + 1
            up = raised(f"({l})")
            one = r.rsplit(".", 1)[0] + ".neurons.1" not in calls
            j = "" if one else lowered(n)
            z = v
            if v._rule is not DOT:
                labelled.setdefault(f"a{j}{up}{c}", []).append(v)
                z = v.operands[0]
            labelled.setdefault(f"z{j}{up}{c}", []).append(z)
            self.placed |= {id(v), id(z)}
            ops = z.operands
            nm = [f"b{j}{up}"] * (len(ops) % 2)
            for i in range(len(ops) // 2):
                nm += [f"w{j}{lowered(str(i))}{up}", f"x{lowered(str(i))}{c}"]
            for o, t in zip(ops, nm):
                if id(o) not in self._names and not o.operands and not o.label:
                    self._names[id(o)] = t
                    self.placed.add(id(o))
        self._taken = set(labelled)
        for label, several in labelled.items():
            for i, value in enumerate(several, 1):
                more = f"#{i}" if len(several) > 1 else ""
                self._names[id(value)] = label + more
                self._taken.add(label + more)

    def __contains__(self, value: Value) -> bool:
        return id(value) in self._names

    def is_placed(self, value: Value) -> bool:
        return bool(value.label) or id(value) in self.placed

    def has(self, text: str) -> bool:
        return text in self._taken

    def of(self, value: Value) -> Name:
        """Return the name of a value that has one."""
        return name(self._names[id(value)], value.data)

    def give(self, value: Value, *wanted: str) -> None:
        """Give a value without a name the first of these that is free, or else v1, v2, ..."""
        if value in self:
            return
        free = [text for text in wanted if text not in self._taken]
        found = free[0] if free else f"v{self._next()}"
        self._taken.add(found)
        self._names[id(value)] = found

    def _next(self) -> int:
        self._count += 1
        while f"v{self._count}" in self._taken:
            self._count += 1
        return self._count
