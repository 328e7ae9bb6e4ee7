"""Formulas set as text on one line, as LaTeX, or as MathML, which browsers show and read aloud."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import suppress

from autograd_engine.views.explain import formulas
from autograd_engine.views.explain.formulas import Given, Minus, Name, Number, Power, Product, Term

SUM, PRODUCT, POWER, ATOM = range(4)  # how tightly a term holds together, else it is in brackets

# fmt: off
FORMS = {
    # of          text         LaTeX                                       MathML
    "ratio":    ("{}/{}",      r"\frac{{{}}}{{{}}}",                       "<mfrac><mrow>{}</mrow><mrow>{}</mrow></mfrac>"),
    "rate":     ("∂{}/∂{}",    r"\frac{{\partial {}}}{{\partial {}}}",     "<mfrac><mrow><mo>∂</mo>{}</mrow><mrow><mo>∂</mo>{}</mrow></mfrac>"),
    "power":    ("{}{}",       "{}^{{{}}}",                                "<msup><mrow>{}</mrow><mrow>{}</mrow></msup>"),
    "root":     ("√{}",        r"\sqrt{{{}}}",                             "<msqrt>{}</msqrt>"),
    "sum":      ("Σ{} ",       r"\sum_{{{}}} ",                            "<munder><mo>∑</mo><mi>{}</mi></munder>"),
    "delta":    ("δ",          r"\delta ",                                 "<mi>δ</mi>"),
    "total":    (" (total)",   r"\ \text{{(total)}}",                      "<mtext> (total)</mtext>"),
    "signed":   ("−{}",        "-{}",                                      "<mrow><mo>−</mo>{}</mrow>"),
    "number":   ("{}",         "{}",                                       "<mn>{}</mn>"),
    "inf":      ("inf",        r"\infty",                                  "∞"),
    "nan":      ("nan",        r"\mathrm{{nan}}",                          "nan"),
    "enclosed": ("{0}{1}{2}",  r"\left{0}{1}\right{2}",                    "<mrow><mo{3}>{0}</mo><mrow>{1}</mrow><mo{3}>{2}</mo></mrow>"),
}
# fmt: on


class Text:
    """Formulas as text on one line, a + (−2) as a − 2."""

    column = 0

    def set(self, term: Term, least: int = SUM) -> str:
        """Return the term written out, in brackets where it holds together less than `least`."""
        text, strength = self._told(term)
        return self._enclosed("(", text, ")") if strength < least else text

    def _told(self, term: Term) -> tuple[str, int]:
        match term:
            case Name(text):  # One with an index above must not seem to be a power.
                return self.symbol(text), POWER if text[-1:] in formulas.RAISED else ATOM
            case Number(value) | Given(value):
                return self._number(value)
            case formulas.Sum(terms):
                return "".join(self._parts(terms)), SUM
            case formulas.Sigma(index, part):
                letter = index[0] if self.column else formulas.lowered(index[0])
                return self._form("sum", letter) + self.set(part, PRODUCT), SUM
            case Product(factors, spaced):  # A sign at the very front needs no brackets.
                strength = SUM if _opposite(term) else PRODUCT
                levels = [strength] + [PRODUCT] * (len(factors) - 1)
                sign = self.mark(" · " if spaced else "·")
                return sign.join(map(self.set, factors, levels)), strength
            case formulas.Fraction(top, bottom):
                sides = self._inner(top, PRODUCT), self._inner(bottom, POWER)
                return self._form("ratio", *sides), PRODUCT
            case Minus(part):
                return self._form("signed", self.set(part, PRODUCT)), SUM
            case Power(base, exponent):
                above = self.set(exponent)
                if not self.column:
                    above = formulas.raised(above) or f"^{self.set(exponent, ATOM)}"
                return self._form("power", self.set(base, ATOM), above), POWER
            case formulas.Call("sqrt", (part,)):
                return self._form("root", self._inner(part, ATOM)), ATOM
            case formulas.Call(called, operands):
                inside = self.mark(", ").join(map(self.set, operands))
                if called == "abs":
                    return self._enclosed("|", inside, "|"), ATOM
                name = self.function("σ" if called == "sigmoid" else called) if called else ""
                return (name + self._enclosed("(", inside, ")"), ATOM) if name else (inside, SUM)
            case formulas.Indicator(left, relation, right):
                sides = self.set(left), self.set(right)
                return self._enclosed("[", self.mark(f" {relation} ").join(sides), "]"), ATOM
            case formulas.Derivative(upper, lower, total):
                text = self._form("rate", self.set(upper, POWER), self.set(lower, POWER))
                return text + (self._form("total") if total else ""), POWER
            case formulas.Delta(of):
                return self._form("delta") + self._enclosed("(", self.set(of), ")"), ATOM
            case formulas.Equal(left, right):
                return self.set(left) + self.mark(" = ") + self.set(right), SUM
        raise TypeError(term)

    def _number(self, value: float) -> tuple[str, int]:
        digits, _, exponent = f"{abs(value):.6g}".partition("e")
        mantissa = self._form(digits) if digits in FORMS else digits
        text, strength = self._form("number", mantissa), ATOM
        if exponent:
            ten = Power(Number(10.0), Number(float(exponent)))
            text, strength = text + self.mark("·") + self.set(ten), PRODUCT
        # No zero is negative, nor is what is no number.
        return (self._form("signed", text), SUM) if value < 0.0 else (text, strength)

    def _parts(self, terms: Sequence[Term]) -> Iterator[str]:
        for first, part in zip((True, *[False] * len(terms)), terms):
            sign, part = (True, part.term) if isinstance(part, Minus) else (False, part)
            if other := _opposite(part):
                sign, part = not sign, other
            lead = "−" * sign if first else " − " if sign else " + "
            least = PRODUCT if lead or isinstance(part, formulas.Sigma) else SUM  # (Σ a) + b
            yield (self.mark(lead) if lead else "") + self.set(part, least)

    def _form(self, kind: str, *parts: str) -> str:
        return FORMS[kind][self.column].format(*parts)

    def _inner(self, term: Term, least: int) -> str:  # which only text must put in brackets
        return self.set(term, SUM if self.column else least)

    def _enclosed(self, left: str, text: str, right: str) -> str:
        tall = "<mfrac" in text or "<munder" in text
        return self._form("enclosed", left, text, right, "" if tall else ' stretchy="false"')

    def mark(self, text: str) -> str:
        return text

    symbol = function = mark


_GREEK = (
    "alpha|beta|gamma|delta|epsilon|zeta|eta|theta|iota|kappa|lambda|mu|nu|xi|pi|rho|sigma|tau"
    "|upsilon|phi|chi|psi|omega|Gamma|Delta|Theta|Lambda|Xi|Pi|Sigma|Upsilon|Phi|Psi|Omega"
)
_ACCENTS = {"\u0302": "hat", "\u0304": "bar", "\u0303": "tilde", "\u0307": "dot"}
_SYMBOL = re.compile(
    rf"({_GREEK}|[^\W\d_])([{''.join(_ACCENTS)}]|_?hat|_?bar)?_?"
    rf"(\d*|[{formulas.INDICES}]+(?:,[{formulas.INDICES}]+)*)([{formulas.RAISED}]*)((?:\[\w+\])*)"
)


def parsed(text: str) -> tuple[str, ...]:
    """Return a letter, its accent and indices below, above, in brackets; nothing of a word."""
    found = _SYMBOL.fullmatch(unicodedata.normalize("NFD", text))
    parts = [unicodedata.normalize("NFKC", part) for part in found.groups("")] if found else []
    return (parts[0], _ACCENTS.get(parts[1], parts[1].lstrip("_")), *parts[2:]) if parts else ()


# What means something to LaTeX, and how MathJax and KaTeX both show it as it is.
_TYPED = r"\backslash |\hat{\ }|\sim |\grave{\ }|\lt |\gt |\vert |\text{’}|\text{-}|{\ast}|\cdots"
_SPECIAL = {character: "\\" + character for character in " #$%&_{}"}
_SPECIAL |= zip("\\^~`<>|'-*…", _TYPED.split("|"))


class Latex(Text):
    """Formulas as LaTeX, of the part that MathJax and KaTeX share."""

    column = 1

    def mark(self, text: str) -> str:
        bare = text.strip()
        return f" {_MARKS[bare]} " if bare in _MARKS else text.replace("−", "-")

    def symbol(self, text: str) -> str:
        if not (found := parsed(text)):
            pieces = re.findall(r"[A-Za-z]+|[0-9.,:;=+/()\[\]!?@\"]+|.", text, re.DOTALL)
            kinds = {(True, True): r"\mathrm{%s}", (True, False): "%s"}
            shown = [kinds.get((x.isascii(), x.isalpha()), r"\text{%s}") % x for x in pieces]
            return "".join(_SPECIAL.get(piece, text) for piece, text in zip(pieces, shown))
        base, accent, sub, sup, items = found
        base = base if len(base) == 1 else f"\\{base}"
        base = rf"\{accent}{{{base}}}" if accent else base
        indices = (sub and f"_{{{sub}}}") + (sup and f"^{{{sup}}}")
        return base + indices.replace("−", "-") + items

    def function(self, name: str) -> str:
        if name in _COMMANDS:
            return "\\" + name.replace("σ", "sigma")
        bare = re.sub(r"([#$%&_{}])", r"\\\1", re.sub(r"[\\^~]", "", name))
        word = bare.rstrip(formulas.INDICES)
        index = unicodedata.normalize("NFKC", bare[len(word) :])
        return rf"\operatorname{{{word}}}" + (f"_{{{index}}}" if index else "")


class MathML(Text):
    """Formulas as MathML, the part that all browsers know."""

    column = 2

    def mark(self, text: str) -> str:
        return f"<mo>{html.escape(text.strip())}</mo>"

    def symbol(self, text: str) -> str:
        base, accent, sub, sup, items = parsed(text) or (text, "", "", "", "")
        mark = dict(zip(_ACCENTS.values(), _ACCENTS)).get(accent, "")
        shown = f"<mi>{html.escape(unicodedata.normalize('NFC', base + mark))}</mi>"
        tag = "m" + "sub" * bool(sub) + "sup" * bool(sup)
        if sub or sup:
            shown = f"<{tag}>{shown}{''.join(map(_row, filter(None, (sub, sup))))}</{tag}>"
        return shown + (f"<mtext>{items}</mtext>" if items else "")

    def function(self, name: str) -> str:
        return self.symbol(name) + "<mo>&#x2061;</mo>"  # applied to


def _row(index: str) -> str:
    kinds = ["mi" if c.isalpha() else "mn" if c.isdigit() else "mo" for c in index]
    inside = "".join(f"<{kind}>{c}</{kind}>" for kind, c in zip(kinds, index))
    return f"<mrow>{inside}</mrow>"


def _opposite(term: Term) -> Term | None:
    """Return with the other sign what begins with a negative one, None for all else."""
    if isinstance(term, Minus):
        return term.term
    if isinstance(term, Product):
        first = _opposite(term.factors[0])
        return first and Product((first, *term.factors[1:]), term.spaced)
    negative = isinstance(term, (Number, Given)) and term.value < 0.0
    return type(term)(-term.value) if negative else None  # type: ignore[attr-defined, call-arg]


_MARKS = {"·": r"\cdot", ">": r"\gt", "<": r"\lt", "≥": r"\ge", "≠": r"\ne"}
_COMMANDS = {"exp", "ln", "sin", "cos", "tan", "sinh", "cosh", "tanh", "max", "min", "σ"}
TEXT, MATHML, LATEX = Text(), MathML(), Latex()

_SPELLED = dict(zip("αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΥΦΨΩ", _GREEK.split("|")))
_SPELLED |= {"∂": "d", "·": "*", "−": "-", "₋": "-", "σ": "sigmoid", "√": "sqrt ", "…": "..."}
_SPELLED |= {"≠": "!=", "≥": ">=", "←": "<-", "’": "'", "Σ": "sum_"}
_PARTS = re.compile(
    rf"(?P<up>[{formulas.RAISED}]+)|(?P<low>[{formulas.INDICES}]*[₊₋][{formulas.INDICES}]*)|(?P<d>∂)(?=\w+\()|[^\x00-\x7f]"
)
_LEVELLED = {"up": "^{}", "low": "({})", "d": "d "}  # d tanh(u), not dtanh(u)


def plain(text: str, encoding: str | None) -> str:
    """Return the text with every character that the encoding lacks spelled out in ASCII."""

    def spelled(found: re.Match[str]) -> str:
        sign = found[0]
        with suppress(LookupError, UnicodeError):
            sign.encode(encoding or "ascii")
            return sign
        if found.lastgroup:
            level = unicodedata.normalize("NFKC", sign.replace("˙", ".")).replace("−", "-")
            return _LEVELLED[found.lastgroup].format(level)
        bare = unicodedata.normalize("NFKD", sign).encode("ascii", "ignore").decode()
        return _SPELLED.get(sign, bare) or sign.encode("ascii", "backslashreplace").decode()

    return _PARTS.sub(spelled, text)
