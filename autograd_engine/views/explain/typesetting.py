"""Formulas set as text on one line, as LaTeX, or as MathML, which browsers show and read aloud.

One walk over the terms, and for each language how it writes a fraction, a power, a root.

>>> from autograd_engine.views.explain.formulas import minus, power
>>> h = Name("h₁")
>>> slope = minus(Number(1.0), power(h, Number(2.0)))
>>> TEXT.set(slope), LATEX.set(slope)
('1 − h₁²', '1 - h_{1}^{2}')
"""

from __future__ import annotations

import html
import re
import unicodedata

from autograd_engine.views.explain.formulas import (
    Call,
    Delta,
    Derivative,
    Equal,
    Fraction,
    Given,
    Indicator,
    Minus,
    Name,
    Number,
    Power,
    Product,
    Sigma,
    Sum,
    Term,
)
from autograd_engine.views.explain.names import (
    INDICES,
    RAISED,
    Symbol,
    escaped,
    lowered,
    parsed,
    raised,
)

SUM, PRODUCT, POWER, ATOM = range(4)
"""How tightly a term holds together; one that holds less than it must is put in brackets."""


class Text:
    """Formulas as text on one line."""

    def set(self, term: Term, least: int = SUM) -> str:
        """Return the term written out, in brackets where it holds together less than `least`."""
        text, strength = getattr(self, type(term).__name__.lower())(term)
        return self.enclosed("(", text, ")") if strength < least else text

    def name(self, term: Name) -> tuple[str, int]:
        # One with an index above must not seem to be a power.
        return self.symbol(term.text), POWER if term.text[-1:] in RAISED else ATOM

    def number(self, term: Number | Given) -> tuple[str, int]:
        mantissa, _, exponent = f"{abs(term.value):.6g}".partition("e")
        text, strength = self.digits(mantissa), ATOM
        if exponent:
            ten = self.raised(self.digits("10"), Number(float(exponent)))
            text, strength = text + self.mark("·") + ten, PRODUCT
        if not term.value < 0.0:  # nor is a zero ever negative, or what is no number
            return text, strength
        return self.grouped(self.mark("−") + text), SUM

    given = number

    def sum(self, term: Sum) -> tuple[str, int]:
        pieces: list[str] = []
        for sign, part in term.parts:
            if _is_negative(part):
                sign, part = not sign, _opposite(part)
            lead = ("−" if sign else "") if not pieces else (" − " if sign else " + ")
            pieces.append((self.mark(lead) if lead else "") + self.set(part, PRODUCT))
        return "".join(pieces), SUM

    def sigma(self, term: Sigma) -> tuple[str, int]:
        return self.summed(term.index) + self.set(term.term, PRODUCT), SUM

    def product(self, term: Product) -> tuple[str, int]:
        # A sign at the very front needs no brackets.
        first, *rest = term.factors
        front = isinstance(first, (Number, Given, Minus))
        texts = [self.set(first, SUM if front else PRODUCT)]
        texts += [self.set(factor, PRODUCT) for factor in rest]
        signed = isinstance(first, Minus) or _is_negative(first)
        return self.mark(" · " if term.spaced else "·").join(texts), SUM if signed else PRODUCT

    def fraction(self, term: Fraction) -> tuple[str, int]:
        return self.ratio(term.top, term.bottom), PRODUCT

    def minus(self, term: Minus) -> tuple[str, int]:
        return self.mark("−") + self.set(term.term, PRODUCT), SUM

    def power(self, term: Power) -> tuple[str, int]:
        return self.raised(self.set(term.base, ATOM), term.exponent), POWER

    def call(self, term: Call) -> tuple[str, int]:
        inside = self.mark(", ").join(map(self.set, term.operands))
        if term.function == "abs":
            return self.enclosed("|", inside, "|"), ATOM
        if term.function == "sqrt":
            return self.root(term.operands[0]), ATOM
        if not term.function:
            return inside, SUM
        return self.function(term.function) + self.enclosed("(", inside, ")"), ATOM

    def indicator(self, term: Indicator) -> tuple[str, int]:
        sides = self.set(term.left), self.set(term.right)
        return self.enclosed("[", self.mark(f" {term.relation} ").join(sides), "]"), ATOM

    def derivative(self, term: Derivative) -> tuple[str, int]:
        text = self.rate(self.set(term.upper, POWER), self.set(term.lower, POWER))
        return text + (self.words(" (total)") if term.total else ""), POWER

    def delta(self, term: Delta) -> tuple[str, int]:
        return self.symbol("δ") + self.enclosed("(", self.set(term.of), ")"), ATOM

    def equal(self, term: Equal) -> tuple[str, int]:
        return self.set(term.left) + self.mark(" = ") + self.set(term.right), SUM

    # What each language writes in its own way.

    def mark(self, text: str) -> str:
        return text

    def digits(self, text: str) -> str:
        return text

    def symbol(self, text: str) -> str:
        return text

    def grouped(self, text: str) -> str:
        return text

    def words(self, text: str) -> str:
        return text

    def enclosed(self, left: str, text: str, right: str) -> str:
        return left + text + right

    def summed(self, index: str) -> str:
        return f"Σ{lowered(index[0])} "

    def ratio(self, top: Term, bottom: Term) -> str:
        return f"{self.set(top, PRODUCT)}/{self.set(bottom, POWER)}"

    def rate(self, upper: str, lower: str) -> str:
        return f"∂{upper}/∂{lower}"

    def raised(self, base: str, exponent: Term) -> str:
        text = self.set(exponent)
        return base + (raised(text) or f"^{self.set(exponent, ATOM)}")

    def root(self, inside: Term) -> str:
        return f"√{self.set(inside, ATOM)}"

    def function(self, name: str) -> str:
        return "σ" if name == "sigmoid" else name


class Latex(Text):
    """Formulas as LaTeX, of the part that MathJax and KaTeX share."""

    def mark(self, text: str) -> str:
        bare = text.strip()
        return f" {_MARKS[bare]} " if bare in _MARKS else text.replace("−", "-")

    def digits(self, text: str) -> str:
        return {"inf": r"\infty", "nan": r"\mathrm{nan}"}.get(text, text)

    def symbol(self, text: str) -> str:
        found = parsed(text)
        if found is None:
            return escaped(text)
        sub, sup = found.sub and f"_{{{found.sub}}}", found.sup and f"^{{{found.sup}}}"
        return _base_in_latex(found) + sub + sup + found.items

    def words(self, text: str) -> str:
        return rf"\ \text{{{text.strip()}}}"

    def enclosed(self, left: str, text: str, right: str) -> str:
        return rf"\left{left}{text}\right{right}"

    def summed(self, index: str) -> str:
        return rf"\sum_{{{index[0]}}} "

    def ratio(self, top: Term, bottom: Term) -> str:
        return rf"\frac{{{self.set(top)}}}{{{self.set(bottom)}}}"

    def rate(self, upper: str, lower: str) -> str:
        return rf"\frac{{\partial {upper}}}{{\partial {lower}}}"

    def raised(self, base: str, exponent: Term) -> str:
        return f"{base}^{{{self.set(exponent)}}}"

    def root(self, inside: Term) -> str:
        return rf"\sqrt{{{self.set(inside)}}}"

    def function(self, name: str) -> str:
        if name == "sigmoid":
            return r"\sigma"
        if name in _KNOWN:
            return rf"\{name}"
        bare = re.sub(r"([#$%&_{}])", r"\\\1", re.sub(r"[\\^~]", "", name))
        word = bare.rstrip(INDICES)
        index = unicodedata.normalize("NFKC", bare[len(word) :])
        return rf"\operatorname{{{word}}}" + (f"_{{{index}}}" if index else "")


class MathML(Text):
    """Formulas as MathML, the part that all browsers know."""

    def mark(self, text: str) -> str:
        return f"<mo>{html.escape(text.strip())}</mo>"

    def digits(self, text: str) -> str:
        return f"<mn>{'∞' if text == 'inf' else text}</mn>"

    def symbol(self, text: str) -> str:
        found = parsed(text)
        if found is None or not (found.sub or found.sup or found.items):
            return f"<mi>{html.escape(text)}</mi>"
        shown, *indices = f"<mi>{html.escape(found.shown)}</mi>", _index(found.sub), _index(found.sup)
        tag = "msubsup" if found.sub and found.sup else "msub" if found.sub else "msup"
        indexed = f"<{tag}>{shown}{''.join(indices)}</{tag}>" if any(indices) else shown
        return indexed + (f"<mtext>{html.escape(found.items)}</mtext>" if found.items else "")

    def grouped(self, text: str) -> str:
        return f"<mrow>{text}</mrow>"

    def words(self, text: str) -> str:
        return f"<mtext>{html.escape(text)}</mtext>"

    def enclosed(self, left: str, text: str, right: str) -> str:
        tall = "<mfrac" in text or "<munder" in text
        left, right = (f"<mo{'' if tall else _FLAT}>{mark}</mo>" for mark in (left, right))
        return f"<mrow>{left}<mrow>{text}</mrow>{right}</mrow>"

    def summed(self, index: str) -> str:
        return f"<munder><mo>∑</mo><mi>{index[0]}</mi></munder>"

    def ratio(self, top: Term, bottom: Term) -> str:
        return f"<mfrac>{self.grouped(self.set(top))}{self.grouped(self.set(bottom))}</mfrac>"

    def rate(self, upper: str, lower: str) -> str:
        return f"<mfrac>{self.grouped(f'<mo>∂</mo>{upper}')}{self.grouped(f'<mo>∂</mo>{lower}')}</mfrac>"

    def raised(self, base: str, exponent: Term) -> str:
        return f"<msup>{self.grouped(base)}{self.grouped(self.set(exponent))}</msup>"

    def root(self, inside: Term) -> str:
        return f"<msqrt>{self.set(inside)}</msqrt>"

    def function(self, name: str) -> str:
        return self.symbol(super().function(name)) + "<mo>&#x2061;</mo>"  # applied to


_FLAT = ' stretchy="false"'


def _index(text: str) -> str:
    """Return an index, its letters and its numbers apart."""
    tags = [("mi" if c.isalpha() else "mn" if c.isdigit() else "mo", c) for c in text]
    return f"<mrow>{''.join(f'<{tag}>{c}</{tag}>' for tag, c in tags)}</mrow>" if text else ""


def _base_in_latex(found: Symbol) -> str:
    symbol = found.base if len(found.base) == 1 else f"\\{found.base}"
    return rf"\{found.accent}{{{symbol}}}" if found.accent else symbol


def _is_negative(term: Term) -> bool:
    first = term.factors[0] if isinstance(term, Product) else term
    return isinstance(first, (Number, Given)) and first.value < 0.0


def _opposite(term: Term) -> Term:
    if isinstance(term, Product):
        return Product((_opposite(term.factors[0]), *term.factors[1:]), term.spaced)
    return type(term)(-term.value) if isinstance(term, (Number, Given)) else term


_MARKS = {
    **{"·": r"\cdot", ">": r"\gt", "<": r"\lt", "≥": r"\ge", "≠": r"\ne"},
    "…": r"\cdots",
}
_KNOWN = {"exp", "ln", "sin", "cos", "tan", "sinh", "cosh", "tanh", "max", "min"}
TEXT, MATHML, LATEX = Text(), MathML(), Latex()


_SPELLED = {
    **{"∂": "d", "·": "*", "−": "-", "δ": "delta", "σ": "sigmoid", "√": "sqrt ", "π": "pi"},
    **{"…": "...", "≠": "!=", "≥": ">=", "←": "<-", "’": "'", "Σ": "sum_"},
}


def plain(text: str, encoding: str | None) -> str:
    """Return the text with every character that the encoding lacks spelled out in ASCII.

    >>> plain("∂J/∂h = (1 − h²) · θ₂", "ascii")
    'dJ/dh = (1 - h^2) * theta2'
    """
    encoding = encoding or "ascii"
    if _fits(text, encoding):
        return text
    text = re.sub(r"∂(?=\w+\()", "∂ ", text)  # d tanh(u), not dtanh(u)
    text = re.sub(f"[{RAISED}]+", lambda power: _flat(power[0], encoding), text)
    spelled = (c if _fits(c, encoding) else _spelled(c) for c in text)
    return "".join(spelled).encode(encoding, "backslashreplace").decode(encoding)


def _fits(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _flat(power: str, encoding: str) -> str:
    if _fits(power, encoding):
        return power
    return "^" + unicodedata.normalize("NFKC", power).replace("\N{MINUS SIGN}", "-")


def _spelled(character: str) -> str:
    """Return a character in ASCII: by its own spelling, its Greek name, its bare letter."""
    if character in _SPELLED:
        return _SPELLED[character]
    title = unicodedata.name(character, "")
    if title.startswith("GREEK SMALL LETTER ") and " " not in title[19:]:
        return title[19:].lower().replace("lamda", "lambda")
    bare = unicodedata.normalize("NFKD", character)
    return bare.encode("ascii", "ignore").decode() or character
