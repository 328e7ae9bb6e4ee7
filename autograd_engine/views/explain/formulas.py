"""Formulas to be read by people, as plain data: what a derivative looks like on paper.

The functions put terms together as one writes them by hand: no factor 1, signs in front, one
bar for a quotient of quotients.

>>> u, v = Name("u", "u"), Name("v", "v")
>>> over(negated(over(u, v)), v) == Minus(Fraction(u, Power(v, Number(2.0))))
True
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar


class Term:
    """A formula, or a part of one."""

    __slots__ = ()


@dataclass(frozen=True)
class Name(Term):
    """What a value is called, in plain text and in LaTeX."""

    text: str
    latex: str


@dataclass(frozen=True)
class Number(Term):
    """A number, shown to six significant digits."""

    value: float


@dataclass(frozen=True)
class Sum(Term):
    """Terms added, or subtracted where the sign before them is negative."""

    parts: tuple[tuple[bool, Term], ...]


@dataclass(frozen=True)
class Product(Term):
    """Terms multiplied; `spaced` for the factors of the chain rule."""

    factors: tuple[Term, ...]
    spaced: bool = False


@dataclass(frozen=True)
class Fraction(Term):
    """One term above another."""

    top: Term
    bottom: Term


@dataclass(frozen=True)
class Minus(Term):
    """A term with the other sign."""

    term: Term


@dataclass(frozen=True)
class Power(Term):
    """A base and its exponent."""

    base: Term
    exponent: Term


@dataclass(frozen=True)
class Call(Term):
    """A function applied to its operands."""

    function: str
    operands: tuple[Term, ...]


@dataclass(frozen=True)
class Indicator(Term):
    """1 where a comparison holds, else 0: Iverson's brackets."""

    left: Term
    relation: str
    right: Term


@dataclass(frozen=True)
class Derivative(Term):
    """How one term changes with another; `total` where one factor of it has the same name."""

    upper: Term
    lower: Term
    total: bool = False


@dataclass(frozen=True)
class Delta(Term):
    """The adjoint of a value."""

    of: Term


@dataclass(frozen=True)
class Equal(Term):
    """Two terms that are the same."""

    left: Term
    right: Term


DOTS = Name("…", r"\cdots")
ONE = Number(1.0)

FIRST, LAST = 4, 2
"""So many terms of many are written, at the beginning and at the end."""

Item = TypeVar("Item")


def shortened(items: Sequence[Item]) -> list[Item]:
    """Return the first and the last of many items."""
    many = len(items) > FIRST + LAST + 1
    return [*items[:FIRST], *items[-LAST:]] if many else list(items)


def elided(items: Sequence[Item], make: Callable[[Item], Term]) -> tuple[Term, ...]:
    """Return terms made of items, dots for the middle ones of many."""
    terms = [make(item) for item in shortened(items)]
    return tuple(terms) if len(terms) == len(items) else (*terms[:FIRST], DOTS, *terms[FIRST:])


def minus(left: Term, right: Term) -> Term:
    """Return left - right."""
    return Sum((*_parts(left), *((not sign, part) for sign, part in _parts(right))))


def plus(left: Term, right: Term) -> Term:
    """Return left + right."""
    return Sum((*_parts(left), *_parts(right)))


def _parts(term: Term) -> tuple[tuple[bool, Term], ...]:
    if isinstance(term, Sum):
        return term.parts
    return ((True, term.term),) if isinstance(term, Minus) else ((False, term),)


def negated(term: Term) -> Term:
    """Return the term with the other sign."""
    if isinstance(term, Minus):
        return term.term
    return Number(-term.value) if isinstance(term, Number) else Minus(term)


def times(left: Term, right: Term) -> Term:
    """Return left * right."""
    return _quotient(left, right, inverted=False)


def over(top: Term, bottom: Term) -> Term:
    """Return top / bottom."""
    return _quotient(top, bottom, inverted=True)


def _quotient(left: Term, right: Term, inverted: bool) -> Term:
    first, tops, bottoms = _factors(left)
    second, more_tops, more_bottoms = _factors(right)
    if inverted:
        more_tops, more_bottoms = more_bottoms, more_tops
    tops, bottoms = tops + more_tops, bottoms + more_bottoms
    if Number(0.0) in tops:
        return Number(0.0)
    top = _product([term for term in tops if term != ONE])
    bottom = _product(_gathered([term for term in bottoms if term != ONE]))
    term = top if bottom == ONE else Fraction(top, bottom)
    return negated(term) if first != second else term


def _factors(term: Term) -> tuple[bool, list[Term], list[Term]]:
    """Return whether a term is negative, and its factors above and below the bar."""
    if isinstance(term, Minus):
        sign, tops, bottoms = _factors(term.term)
        return not sign, tops, bottoms
    if isinstance(term, Number) and term.value < 0.0:
        return True, [Number(-term.value)], []
    if isinstance(term, Product):
        return False, list(term.factors), []
    if isinstance(term, Fraction):
        return False, _factors(term.top)[1], _factors(term.bottom)[1]
    return False, [term], []


def _gathered(terms: list[Term]) -> list[Term]:
    """Write a repeated factor as a square."""
    found: dict[Term, int] = {}
    for term in terms:
        found[term] = found.get(term, 0) + 1
    return [term if n == 1 else Power(term, Number(float(n))) for term, n in found.items()]


def _product(factors: list[Term]) -> Term:
    if len(factors) < 2:
        return factors[0] if factors else ONE
    return Product(tuple(factors))


def power(base: Term, exponent: Term) -> Term:
    """Return base ** exponent."""
    if not isinstance(exponent, Number):
        return Power(base, exponent)
    n = exponent.value
    if n == 1.0:
        return base
    if n < 0.0 and n.is_integer():
        return over(ONE, power(base, Number(-n)))
    return Power(base, exponent) if n else ONE


def product(factors: Sequence[Term], spaced: bool = True) -> Term:
    """Return the factors of the chain rule side by side, those that are exactly 1 left out."""
    kept = tuple(factor for factor in factors if factor != ONE)
    return Product(kept, spaced) if len(kept) > 1 else (*kept, ONE)[0]


def added(terms: Sequence[Term]) -> Term:
    """Return the sum of terms, just one of them by itself."""
    return terms[0] if len(terms) == 1 else Sum(tuple((False, term) for term in terms))
