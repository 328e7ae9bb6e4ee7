"""How the values and factors of a chain are worded as formulas, by the names of its variables."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from autograd_engine.engine import Value
from autograd_engine.table import SUBTRACT
from autograd_engine.views.explain import formulas, notation
from autograd_engine.views.explain.chain import SUMS, Chain, Factor, Step
from autograd_engine.views.explain.formulas import (
    DOTS,
    FIRST,
    Derivative,
    Name,
    Number,
    Sum,
    Term,
    elided,
    shortened,
)
from autograd_engine.views.explain.names import Names
from autograd_engine.views.explain.typesetting import PRODUCT, TEXT

DEEP = 1
"""So many operations deep a value that the chain does not go through is written out."""


class Wording:
    """The formulas of one chain."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self._names = Names(chain.values)
        self._names.give(chain.output, "f")
        if chain.connected and not chain.wrt.operands:
            self._names.give(chain.wrt, "x")
        for variable in chain.variables:
            self._names.give(variable)

    def name(self, variable: Value) -> Name:
        return self._names.of(variable)

    def symbol(self, factor: Factor) -> Term:
        return Derivative(self.name(factor.upper), self.name(factor.lower))

    def goal(self) -> Term:
        """Return the symbol of the whole derivative, which must not look like a part of it."""
        below = self._chain.below(self._chain.output)
        direct = any(factor.lower is self._chain.wrt for factor in below) and len(below) > 1
        return Derivative(self.name(self._chain.output), self.name(self._chain.wrt), direct)

    def definition(self, value: Value, depth: int = 0) -> Term:
        """Return the operation that made a value, of the names of its operands."""
        if value._rule in SUMS:
            return self._sum(value, depth)
        operands = [self.term(operand, depth + 1) for operand in value.operands]
        return notation.written(value._rule, *operands)

    def term(self, value: Value, depth: int = 0) -> Term:
        """Return a value by its name, or else as the operation that made it, or as a number."""
        if value in self._names:
            return self._names.of(value)
        merged = self._chain.is_within(value)
        if value.partials and (merged or depth <= DEEP):
            return self.definition(value, 0 if merged else depth)
        return Number(value.data)

    def _sum(self, value: Value, depth: int) -> Term:
        parts = _summed(value, lambda part: part in self._names)
        written = [(sign, self.term(part, depth + 1)) for sign, part in shortened(parts)]
        return Sum(_dotted(written, len(parts)))

    def formula(self, factor: Factor) -> tuple[Term, Term] | None:
        """Return a factor as its rules give it, in symbols and in numbers; None if they do not."""
        routes = factor.routes()
        words, numbers = [], []
        for route in routes:
            symbols = [self._partial(step) for step in route]
            if any(symbol is None for symbol in symbols):
                return None
            words.append(formulas.product([s for s in symbols if s is not None]))
            numbers.append(formulas.product([Number(number(step)) for step in route]))
        return total(words), total(numbers)

    def _partial(self, step: Step) -> Term | None:
        """Return the local derivative of one operation, of the names of its operands."""
        value, which = step
        parts = (*value.operands, value)  # so that the output stands at -1
        count = len(value.operands)
        found = [
            notation.partial(value._rule, i, lambda k: self.term(parts[k]), count) for i in which
        ]
        terms = [term for term in found if term is not None]
        return total(terms) if len(terms) == len(which) else None


def number(step: Step) -> float:
    """Return the local derivative of an operation by an operand, which it may have twice."""
    value, which = step
    return sum(value.partials[i] for i in which[1:]) + value.partials[which[0]]


def total(terms: Sequence[Term]) -> Term:
    """Return the sum of terms, its middle left out where it is long."""
    return formulas.added(elided(terms, lambda term: term))


def _dotted(parts: list[tuple[bool, Term]], count: int) -> tuple[tuple[bool, Term], ...]:
    if count > len(parts):
        parts = [*parts[:FIRST], (False, DOTS), *parts[FIRST:]]
    return tuple(parts)


def _summed(value: Value, named: Callable[[Value], bool]) -> list[tuple[bool, Value]]:
    """Return the terms of a sum of sums, each with whether it is subtracted."""
    found = []
    waiting = [(False, value)]
    while waiting:
        sign, part = waiting.pop()
        if part._rule in SUMS and (part is value or not named(part)):
            signs = (sign, *[sign != (part._rule is SUBTRACT)] * (len(part.operands) - 1))
            waiting.extend(reversed([*zip(signs, part.operands)]))
        else:
            found.append((sign, part))
    return found


def rounded(number: float, least: int = PRODUCT) -> str:
    """Return a number as formulas show it, a negative one in brackets unless `least` is SUM.

    >>> rounded(2.0), rounded(-1.0 / 3.0)
    ('2', '(-0.333333)')
    """
    return TEXT.set(Number(number), least)
