"""Formulas as plain data, put together as one writes them by hand, and what several are alike."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product, zip_longest
from typing import TYPE_CHECKING, Any

from autograd_engine.views.layout.scene import readable

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform
else:
    dataclass_transform = lambda **how: lambda kind: kind  # noqa: E731


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
class Term:
    """A formula, or a part of one: each kind of it is a frozen dataclass."""

    def __init_subclass__(cls) -> None:
        dataclass(frozen=True)(cls)


# A Given is a constant of the graph: no coefficient. A Sigma has what it sums over an index, and
# the same written out. A Product is `spaced` for the factors of the chain rule. A Call without a
# function is a list. An Indicator is 1 where a comparison holds, else 0: Iverson's brackets. A
# Derivative is `total` where one factor has the same name; a Delta is the adjoint of a value.
# fmt: off
def _unknown() -> Any:  return field(default=None, compare=False)
class Name(Term):       text: str; number: float | None = _unknown()
class Number(Term):     value: float
class Given(Term):      value: float
class Sum(Term):        terms: tuple[Term, ...]
class Sigma(Term):      index: str; term: Term; spelled: Term = _unknown()
class Product(Term):    factors: tuple[Term, ...]; spaced: bool = False
class Fraction(Term):   top: Term; bottom: Term
class Minus(Term):      term: Term
class Power(Term):      base: Term; exponent: Term
class Call(Term):       function: str; operands: tuple[Term, ...]
class Indicator(Term):  left: Term; relation: str; right: Term
class Derivative(Term): upper: Term; lower: Term; total: bool = False; number: float | None = _unknown()
class Delta(Term):      of: Term; number: float | None = _unknown()
class Equal(Term):      left: Term; right: Term
# fmt: on

DOTS, ONE, ZERO = Name("…"), Number(1.0), Number(0.0)

INDICES = "₀₁₂₃₄₅₆₇₈₉₊₋ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ"
_LOWERED = dict(zip("0123456789+−aehijklmnoprstuvx", INDICES))
RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾˙ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ"
_RAISED = dict(zip("0123456789+−().abcdefghijklmnoprstuvwxyz", RAISED))

FIRST, LAST = 4, 2  # So many terms of many are written, at the beginning and at the end.


def elided(items: Sequence[Any], make: Callable[[Any], Any] = lambda x: x) -> tuple[Term, ...]:
    """Return terms made of items, dots for the middle ones of many."""
    if len(items) <= FIRST + LAST + 1:
        return tuple(map(make, items))
    return (*map(make, items[:FIRST]), DOTS, *map(make, items[-LAST:]))


def inside(term: Term, change: Callable[[Term], Term]) -> Term:
    def changed(part: object) -> object:
        if isinstance(part, tuple):
            return tuple(map(changed, part))
        return change(part) if isinstance(part, Term) else part

    return type(term)(*map(changed, vars(term).values()))


def numbers(term: Term) -> Term:
    """Return a formula with the numbers of all that has a name in it."""
    if (number := getattr(term, "number", getattr(term, "value", None))) is not None:
        return Number(number)
    if isinstance(term, Sigma):
        found = numbers(term.spelled)
        return clipped(found) if isinstance(found, Sum) and len(found.terms) > 6 else found
    found = inside(term, numbers)
    if isinstance(found, Fraction) and isinstance(found.top, Number) and found.top.value < 0.0:
        return Minus(Fraction(negated(found.top), found.bottom))
    return found


def folded(term: Term) -> Term:
    """Return a formula in which the constants of the graph are numbers, products simplified."""
    if isinstance(term, Given):
        return Number(term.value)
    if isinstance(term, Sigma):
        return Sigma(term.index, folded(term.term), term.spelled)
    found = inside(term, folded)
    if found == term:
        return term
    if isinstance(found, Sum):
        return whole([part for part in found.terms if part not in (ZERO, Minus(ZERO))])
    return _simplified(found) if isinstance(found, (Product, Fraction, Minus)) else found


# fmt: off
def _parts(term: Term) -> tuple[Term, ...]:    return term.terms if isinstance(term, Sum) else (term,)
def added(terms: Sequence[Term]) -> Term:      return whole(elided(terms))
def negated(term: Term) -> Term:               return Number(-term.value) if isinstance(term, Number) else Minus(term)
def plus(left: Term, right: Term) -> Term:     return Sum((*_parts(left), *_parts(right)))
def minus(left: Term, right: Term) -> Term:    return Sum((*_parts(left), *map(negated, _parts(right))))
def times(left: Term, right: Term) -> Term:    return _simplified(Product((left, right)))
def over(top: Term, bottom: Term) -> Term:     return _simplified(Fraction(top, bottom))
def power(base: Term, exponent: Term) -> Term: return _simplified(Power(base, exponent))
def multiplied(factors: Sequence[Term]) -> Term: return factors[0] if len(factors) == 1 else _simplified(Product(tuple(map(_doubled, factors))))
def row(numbers: Sequence[float]) -> Term:     return Call("", elided(numbers, Number)) if len(numbers) > 1 else Number(numbers[0])
def name(label: str, number: float | None = None) -> Name: return Name(readable(label).replace("\n", "␊"), number)
def lowered(index: str) -> str:                return "".join(_LOWERED.get(character, character) for character in index)
def raised(text: str) -> str:                  return "".join([_RAISED[c] for c in text]) if set(text) <= set(_RAISED) else ""
def moved(letter: str, more: int) -> str:      return letter + (f"{more:+d}".replace("-", "−") if more else "")
def indexed(called: str, index: str) -> str:   return called + (f"[{index}]" if index[0] == "s" else lowered(index))
# fmt: on


def whole(terms: Sequence[Term]) -> Term:
    if len(terms) == 1:
        return terms[0]
    if all(isinstance(term, Number) for term in terms):
        return Number(sum(term.value for term in terms if isinstance(term, Number)))
    return Sum(tuple(part for term in terms for part in _parts(term)))


def _simplified(term: Term) -> Term:
    """Return a product or quotient with one sign, one number in front, equal factors cancelled."""
    top, bottom = 1.0, 1.0
    powers: dict[Term, int] = {}
    waiting = [(term, 1)]
    while waiting:
        part, n = waiting.pop()
        base, exponent = (part.base, part.exponent) if isinstance(part, Power) else (part, ONE)
        if isinstance(exponent, Number) and exponent.value.is_integer():
            part, n = base, n * int(exponent.value)
        if isinstance(part, Minus):
            waiting += [(part.term, n), (Number(-1.0), n)]
        elif isinstance(part, Product):
            waiting += [(factor, n) for factor in reversed(part.factors)]
        elif isinstance(part, Fraction):
            waiting += [(part.bottom, -n), (part.top, n)]
        elif isinstance(part, Number) and abs(n) < 10:
            number = math.prod([part.value] * abs(n))  # a power may raise OverflowError
            top, bottom = (top * number, bottom) if n > 0 else (top, bottom * number)
        else:
            powers[part] = powers.get(part, 0) + n
    if top == 0.0:
        return ZERO
    if top.is_integer() and bottom.is_integer():
        shared = math.gcd(int(top), int(bottom))
        top, bottom = top / shared, bottom / shared
    elif bottom and (top % bottom == 0.0 or abs(top) != 1.0):
        top, bottom = top / bottom, 1.0
    found = []
    for number, sign in ((abs(top), 1), (abs(bottom), -1)):
        raised = [(part, float(n * sign)) for part, n in powers.items() if n * sign > 0]
        factors = [part if n == 1.0 else Power(part, Number(n)) for part, n in raised]
        factors = [Number(number)] * (number != 1.0 or not factors) + factors
        found.append(Product(tuple(factors)) if len(factors) > 1 else factors[0])
    above, below = found
    result = above if below == ONE else Fraction(above, below)
    return negated(result) if top * bottom < 0.0 else result


def _doubled(term: Term) -> Term:
    """Return a + a as 2 times a."""
    if isinstance(term, Fraction):
        return Fraction(_doubled(term.top), term.bottom)
    parts = _parts(term)
    half = len(parts) // 2
    twice = half and parts == parts[:half] * 2
    return Product((Number(2.0), whole(parts[:half]))) if twice else term


def clipped(term: Term) -> Term:
    if isinstance(term, Sum) and len(term.terms) > 3:
        return Sum((*term.terms[:2], DOTS, term.terms[-1]))
    return inside(term, clipped)


def spread(numbers: Mapping[str, Iterable[int]]) -> str:
    """Return what letters stand for: "j = 0, 1, 2", or "t = 1 … 50"."""
    parts = []
    for letter, found in numbers.items():
        known = list(dict.fromkeys(found))
        long = len(known) > 4 and known == list(range(known[0], known[-1] + 1))
        shown = f"{known[0]} … {known[-1]}" if long else ", ".join(map(str, known))
        parts.append(f"{letter} = {shown}")
    return "; ".join(parts)


# What numbers that differ are called, and the letter of their index: by it, the numbers.
Constants = dict[tuple[str, str], dict[int, float]]

_NUMBERED = re.compile(r"v\d+$")
_RUNS = re.compile(r"(\d+|[₀-₉]+|[⁰¹²³⁴-⁹]+)")
_PAIR = re.compile(r"(?<![₀-₉ᵢ-ᵥₐ-ₜⱼ,])([₀-₉ₐ-ₜᵢ-ᵥⱼ])([₀-₉ₐ-ₜᵢ-ᵥⱼ])(?![₀-₉ₐ-ₜᵢ-ᵥⱼ,])")


class Index:
    """What tells members of a group apart, by their names; `ValueError` if more than an index."""

    def __init__(self, names: list[str], letters: str, constants: Constants, spare: str) -> None:
        self.numbers: dict[str, tuple[int, ...]] = {}
        self.constants, self._spare, self._letters = dict(constants), spare, letters
        if any(map(_NUMBERED.match, names)):
            raise ValueError  # how values are numbered says nothing
        self.name = self._named(names)
        self._letters = ""
        if not self.numbers:
            raise ValueError

    def general(self, parts: Sequence[Any]) -> Any:
        first = parts[0]
        if all(part == first for part in parts):
            return first
        if len(set(map(type, parts))) > 1:
            raise ValueError
        if isinstance(first, Name):
            return Name(self._named([part.text for part in parts]))
        if isinstance(first, (Given, Number)):
            return self._constant([part.value for part in parts])
        if isinstance(first, Term):
            kept = [name for name in vars(first) if name not in ("number", "spelled")]
            return type(first)(*[self.general([getattr(p, name) for p in parts]) for name in kept])
        if not isinstance(first, tuple) or len(set(map(len, parts))) > 1:
            raise ValueError
        return tuple(map(self.general, zip(*parts)))

    def _named(self, texts: Sequence[str]) -> str:
        if len({text.count(",") for text in texts}) > 1:  # w₁₂ among those such as w₁₀,₂
            texts = [_PAIR.sub(r"\1,\2", text) for text in texts]
        found = ""
        for i, column in enumerate(zip_longest(*map(_RUNS.split, texts))):
            first = column[0]
            if len(set(column)) == 1:
                found += first
            elif i % 2 == 0 or None in column:
                raise ValueError
            else:
                place = 2 if first[0] in RAISED else int(found.endswith("["))
                run = self._run([unicodedata.normalize("NFKC", text) for text in column], place)
                # h1 is h with an index, h[1] an entry
                below = first[0] in INDICES or (first.isascii() and found[-1:].isalpha())
                spelled = raised if not first.isascii() else str
                found += lowered(run) if below else spelled(run)
        return found

    def _run(self, column: Sequence[str], place: int) -> str:
        """Return digits in the general: an index, or one more or less; w₁₂ is of 1 and 2."""
        numbers = tuple(map(int, column))
        for letter, known in self.numbers.items():
            apart = {a - b for a, b in zip(numbers, known)}
            if len(apart) == 1:
                return moved(letter, apart.pop())
        letter = self._letters[place : place + 1]
        if letter and letter not in self.numbers:
            self.numbers[letter] = numbers
            return letter
        if len(set(column)) == 1:
            return column[0]
        if {len(text) for text in column} != {2}:
            raise ValueError
        return "".join(self._run(digit, place) for digit in zip(*column))

    def _constant(self, numbers: Sequence[float]) -> Name:
        """Return a name for numbers that differ with one index: one that is known, or a new one."""
        for letter, places in self.numbers.items():
            found = dict(zip(places, numbers))
            if [found[place] for place in places] != numbers:
                continue
            for more, (one, known) in product((0, 1, -1), self.constants.items()):
                if all(known.get(place + more) == number for place, number in found.items()):
                    return Name(indexed(one[0], moved(letter, more)))
            taken = {called for called, _ in self.constants}
            if free := [called for called in self._spare if called not in taken]:
                self.constants[free[0], letter] = found
                return Name(indexed(free[0], letter))
        raise ValueError


def common(
    terms: Sequence[Term], names: list[str], letters: str, constants: Constants, spare: str = ""
) -> tuple[slice, Index, Term] | None:
    """Return which terms differ only in an index, all but perhaps the ends, it and the term."""
    for first, last in ((0, 0), (1, 0), (0, 1), (1, 1)) if len(terms) > 1 else ():
        part = slice(first, len(terms) - last)
        try:
            index = Index(names[part], letters, constants, spare)
            found = index.general(terms[part])
        except ValueError:
            continue
        constants.update(index.constants)
        return part, index, found
    return None
