"""Formulas set as text on one line, as LaTeX, or as HTML.

>>> from autograd_engine.views.explain.formulas import minus, power
>>> h = Name("h", "h")
>>> slope = minus(Number(1.0), power(h, Number(2.0)))
>>> TEXT.set(slope), LATEX.set(slope), HTML.set(slope)
('1 - h²', '1 - h^{2}', '1 - <i>h</i>²')
"""

from __future__ import annotations

import html
import math
import re
import unicodedata
from typing import ClassVar

from autograd_engine.views.explain.formulas import (
    Call,
    Delta,
    Derivative,
    Equal,
    Fraction,
    Indicator,
    Minus,
    Name,
    Number,
    Power,
    Product,
    Sum,
    Term,
)

SUM, PRODUCT, POWER, ATOM = range(4)
"""How tightly a term holds together; one that holds less than it must is put in brackets."""


class Text:
    """Formulas as text on one line."""

    times: ClassVar[str] = "·"
    dots: ClassVar[str] = " · "

    def set(self, term: Term, least: int = SUM) -> str:
        """Return the term written out, in brackets where it holds together less than `least`."""
        text, strength = getattr(self, type(term).__name__.lower())(term)
        return self.bracketed(text) if strength < least else text

    def bracketed(self, text: str) -> str:
        return f"({text})"

    def name(self, term: Name) -> tuple[str, int]:
        return term.text, ATOM

    def number(self, term: Number) -> tuple[str, int]:
        return f"{term.value:.6g}", SUM if math.copysign(1.0, term.value) < 0.0 else ATOM

    def sum(self, term: Sum) -> tuple[str, int]:
        pieces: list[str] = []
        for sign, part in term.parts:
            if _is_negative(part):
                sign, part = not sign, _opposite(part)
            text = self.set(part, PRODUCT)
            lead = ("-" if sign else "") if not pieces else (" - " if sign else " + ")
            pieces.append(lead + text)
        return "".join(pieces), SUM

    def product(self, term: Product) -> tuple[str, int]:
        joint = self.dots if term.spaced else self.times
        # A sign at the very front needs no brackets.
        lead = SUM if isinstance(term.factors[0], (Number, Minus)) else PRODUCT
        first = self.set(term.factors[0], lead)
        rest = [self.set(factor, PRODUCT) for factor in term.factors[1:]]
        return joint.join([first, *rest]), SUM if first.startswith("-") else PRODUCT

    def fraction(self, term: Fraction) -> tuple[str, int]:
        return f"{self.set(term.top, PRODUCT)}/{self.set(term.bottom, POWER)}", PRODUCT

    def minus(self, term: Minus) -> tuple[str, int]:
        return f"-{self.set(term.term, PRODUCT)}", SUM

    def power(self, term: Power) -> tuple[str, int]:
        base, exponent = self.set(term.base, ATOM), term.exponent
        if isinstance(exponent, Number) and exponent.value.is_integer():
            return base + self.set(exponent).translate(RAISED), POWER
        return f"{base}^{self.set(exponent, ATOM)}", POWER

    def call(self, term: Call) -> tuple[str, int]:
        inside = ", ".join(map(self.set, term.operands))
        if term.function == "abs":
            return f"|{inside}|", ATOM
        if term.function == "sqrt":
            return f"√{self.set(term.operands[0], ATOM)}", ATOM
        return f"{self.function(term.function)}({inside})", ATOM

    def function(self, name: str) -> str:
        return "σ" if name == "sigmoid" else name

    def indicator(self, term: Indicator) -> tuple[str, int]:
        return f"[{self.set(term.left)} {term.relation} {self.set(term.right)}]", ATOM

    def derivative(self, term: Derivative) -> tuple[str, int]:
        more = " (total)" if term.total else ""
        return f"∂{self.set(term.upper, POWER)}/∂{self.set(term.lower, POWER)}{more}", POWER

    def delta(self, term: Delta) -> tuple[str, int]:
        return f"δ({self.set(term.of)})", ATOM

    def equal(self, term: Equal) -> tuple[str, int]:
        return f"{self.set(term.left)} = {self.set(term.right)}", SUM


class Html(Text):
    """Formulas as HTML whose text alone reads as the plain one does."""

    def name(self, term: Name) -> tuple[str, int]:
        return f"<i>{html.escape(term.text)}</i>", ATOM

    def indicator(self, term: Indicator) -> tuple[str, int]:
        relation = html.escape(term.relation)
        return f"[{self.set(term.left)} {relation} {self.set(term.right)}]", ATOM

    def function(self, name: str) -> str:
        return html.escape(super().function(name))

    def derivative(self, term: Derivative) -> tuple[str, int]:
        upper, lower = self.set(term.upper, POWER), self.set(term.lower, POWER)
        return (
            f'<span class="frac"><span>∂{upper}</span><span class="bar">/</span>'
            f"<span>∂{lower}</span></span>{' (total)' if term.total else ''}",
            POWER,
        )


class Latex(Text):
    """Formulas as LaTeX, of the part that MathJax and KaTeX share."""

    times: ClassVar[str] = r" \cdot "
    dots: ClassVar[str] = r" \cdot "

    def bracketed(self, text: str) -> str:
        return rf"\left({text}\right)"

    def name(self, term: Name) -> tuple[str, int]:
        return term.latex, ATOM

    def number(self, term: Number) -> tuple[str, int]:
        text, strength = super().number(term)
        mantissa, _, exponent = text.replace("inf", r"\infty").partition("e")
        if text == "nan":
            return r"\mathrm{nan}", ATOM
        if not exponent:
            return mantissa, strength
        return rf"{mantissa} \cdot 10^{{{int(exponent)}}}", min(strength, PRODUCT)

    def fraction(self, term: Fraction) -> tuple[str, int]:
        return rf"\frac{{{self.set(term.top)}}}{{{self.set(term.bottom)}}}", PRODUCT

    def power(self, term: Power) -> tuple[str, int]:
        return f"{self.set(term.base, ATOM)}^{{{self.set(term.exponent)}}}", POWER

    def call(self, term: Call) -> tuple[str, int]:
        inside = ", ".join(map(self.set, term.operands))
        if term.function == "abs":
            return rf"\left|{inside}\right|", ATOM
        if term.function == "sqrt":
            return rf"\sqrt{{{inside}}}", ATOM
        return rf"{self.function(term.function)}\left({inside}\right)", ATOM

    def function(self, name: str) -> str:
        if name == "sigmoid":
            return r"\sigma"
        if name in _KNOWN:
            return rf"\{name}"
        bare = re.sub(r"([#$%&_{}])", r"\\\1", re.sub(r"[\\^~]", "", name))
        word = bare.rstrip(INDICES)
        index = unicodedata.normalize("NFKC", bare[len(word) :])
        return rf"\operatorname{{{word}}}" + (f"_{{{index}}}" if index else "")

    def indicator(self, term: Indicator) -> tuple[str, int]:
        relation = _RELATIONS[term.relation]
        return rf"\left[{self.set(term.left)} {relation} {self.set(term.right)}\right]", ATOM

    def derivative(self, term: Derivative) -> tuple[str, int]:
        upper, lower = self.set(term.upper, POWER), self.set(term.lower, POWER)
        more = r"\ \text{(total)}" if term.total else ""
        return rf"\frac{{\partial {upper}}}{{\partial {lower}}}{more}", ATOM

    def delta(self, term: Delta) -> tuple[str, int]:
        return rf"\delta_{{{self.set(term.of)}}}", ATOM


def _is_negative(term: Term) -> bool:
    first = term.factors[0] if isinstance(term, Product) else term
    return isinstance(first, Number) and first.value < 0.0


def _opposite(term: Term) -> Term:
    if isinstance(term, Product):
        return Product((_opposite(term.factors[0]), *term.factors[1:]), term.spaced)
    return Number(-term.value) if isinstance(term, Number) else term


_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻"
RAISED = str.maketrans("0123456789-", _RAISED)
INDICES = "₀₁₂₃₄₅₆₇₈₉"
LOWERED = str.maketrans("0123456789", INDICES)
_KNOWN = {"exp", "ln", "sin", "cos", "tan", "sinh", "cosh", "tanh", "max", "min"}
_RELATIONS = {">": r"\gt", "<": r"\lt", "≥": r"\ge", "=": "=", "≠": r"\ne"}
TEXT, HTML, LATEX = Text(), Html(), Latex()


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


def plain(text: str, encoding: str | None) -> str:
    """Return the text with every character that the encoding lacks spelled out in ASCII.

    >>> plain("∂J/∂h = (1 - h²) · θ₂", "ascii")
    'dJ/dh = (1 - h^2) * theta2'
    """
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
