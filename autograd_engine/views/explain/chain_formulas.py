"""How the values and factors of a chain are worded as formulas, by the names of its variables."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial

from autograd_engine.compiler.symbols import OUT, operands, substituted
from autograd_engine.compiler.symbols import Symbol as Unknown
from autograd_engine.engine import Value
from autograd_engine.table import BINARY, CONSTANT, MEAN, SUBTRACT, shares, sigmoid
from autograd_engine.views.explain import formulas, notation
from autograd_engine.views.explain.chain import SUMS, Chain, Factor, Step
from autograd_engine.views.explain.formulas import (
    DOTS,
    FIRST,
    ONE,
    Call,
    Given,
    Name,
    Number,
    Sum,
    Term,
)
from autograd_engine.views.explain.names import Names
from autograd_engine.views.explain.typesetting import TEXT

DEEP = 1  # So many operations deep a value off the chain is written out.
LONG = 60  # It has so many characters at most; else it has a name.

LETTERS = {"p": "pqr", "mean": ("mean", "mean′", "mean″"), "y": "yt"}
"""What a part that textbooks have a name for is called, if that is not yet taken."""


class Wording:
    """The formulas of one chain."""

    def __init__(self, chain: Chain, names: Names, exits: Mapping[int, str] = {}) -> None:
        self._exits = exits
        self._chain = chain
        self._names = names
        self._shown = {id(variable) for variable in chain.variables}
        self._asides: dict[tuple[object, ...], tuple[str, str]] = {}
        # What parts with a name are, by its letter: for each call the name, a formula and numbers.
        self.told: dict[str, list[tuple[Term, Term, Term]]] = {}

    def name(self, variable: Value) -> Name:
        return self._names.of(variable)

    def symbol(self, factor: Factor) -> formulas.Derivative:
        upper, lower = self.name(factor.upper), self.name(factor.lower)
        return formulas.Derivative(upper, lower, number=factor.number)

    def goal(self) -> Term:
        """Return the symbol of the whole derivative, which must not look like a part of it."""
        below = self._chain.below(self._chain.output)
        direct = any(factor.lower is self._chain.wrt for factor in below) and len(below) > 1
        return formulas.Derivative(
            self.name(self._chain.output), self.name(self._chain.wrt), direct
        )

    def definition(self, value: Value, depth: int = 0) -> Term:
        """Return the operation that made a value, of the names of its operands."""
        if id(value) in self._exits:
            given = [self.name(factor.lower) for factor in self._chain.below(value)]
            return Call(
                self._exits[id(value)], (*formulas.elided(given, lambda given: given), DOTS)
            )
        if value._rule in SUMS:
            return self._sum(value, depth)
        operands = [self.term(operand, depth + 1) for operand in value.operands]
        return notation.written(value._rule, *operands)

    def term(self, value: Value, depth: int = 0) -> Term:
        """Return a value by its name, or else as the operation that made it, or as a number."""
        if id(value) in self._shown or self._names.is_known(value) or id(value) in self._exits:
            return self._names.of(value)
        merged = self._chain.is_within(value)
        if value.partials and (merged or depth <= DEEP):
            made = self.definition(value, 0 if merged else depth)
            if len(TEXT.set(made)) <= LONG:
                return made
        if value._rule is CONSTANT:
            return Given(value.data)
        return self._names.of(value)

    def _sum(self, value: Value, depth: int) -> Term:
        named = lambda part: id(part) in self._shown or self._names.is_known(part)  # noqa: E731
        parts = _summed(value, named)
        written = [(sign, self.term(part, depth + 1)) for sign, part in formulas.shortened(parts)]
        if len(parts) > len(written):
            written = [*written[:FIRST], (False, DOTS), *written[FIRST:]]
        flat: list[tuple[bool, Term]] = []
        for sign, term in written:
            flat += term.parts if isinstance(term, Sum) and not sign else [(sign, term)]
        return flat[0][1] if len(flat) == 1 and not flat[0][0] else Sum(tuple(flat))

    def formula(self, factor: Factor) -> Term | None:
        """Return a factor as its rules give it, simplified; None if they do not tell."""
        found = []
        for route in factor.routes():
            symbols = [self._partial(step) for step in route]
            if any(symbol is None for symbol in symbols):
                return None
            found.append(formulas.multiplied([*filter(None, symbols)] or [ONE]))
        return formulas.added(found) if found else None

    def _partial(self, step: Step) -> Term | None:
        value, which = step
        parts = (*value.operands, value)  # so that the output stands at -1
        rule, count = value._rule, len(value.operands)
        term, aside = lambda k: self.term(parts[k]), partial(self._aside, value)
        found = [notation.partial(rule, i, term, count, aside) for i in which]
        terms = [term for term in found if term is not None]
        return formulas.added(terms) if len(terms) == len(which) else None

    def _aside(
        self, value: Value, symbol: Unknown, names: Callable[[Unknown], Term]
    ) -> Term | None:
        """Return the name of a part that textbooks have a name for, such as a probability."""
        stem, index = re.fullmatch("(.*?)([₀-₉]*)", symbol.name).groups()  # type: ignore[union-attr]
        expression, given = symbol.operands[0], value.operands
        written = notation.read(expression, names)
        if symbol.name == "y" and not isinstance(written, (Given, Number)):
            return written
        key = (stem, *map(id, given))
        if key not in self._asides:
            call = _shared_call([self.term(operand) for operand in given])
            taken = set(self._asides.values())
            free = [c for c in LETTERS[stem] if (c, call) not in taken and not self._names.has(c)]
            if not free:
                return None
            self._asides[key] = free[0], call
            self._tell(key, value, written)
        letter, call = self._asides[key]
        known = dict(zip(operands(value._rule, len(given)), [o.data for o in given]))
        number = substituted(
            expression, lambda rule, *x: float(rule(*x)), {OUT: value.data, **known}
        )
        return Name(letter + index + call, number)

    def _tell(self, key: tuple[object, ...], value: Value, written: Term) -> None:
        letter, call = self._asides[key]
        told = self.told.setdefault(letter, [])
        if key[0] == "y":
            return
        found = [MEAN(*[operand.data for operand in value.operands])]
        if value._rule is not BINARY and key[0] == "p":
            written = Call("softmax", formulas.elided(value.operands, self.term))
            found = shares(tuple([operand.data for operand in value.operands]))
        elif key[0] == "p":
            found = [sigmoid(value.operands[0].data)]
        told.append((Name(letter + call), written, formulas.row(found)))

    def are_fresh(self, factor: Factor) -> bool:
        """Say whether a factor's partials are still those of its values' numbers."""
        return all(_is_fresh(value) for value, _ in factor.steps())


def _shared_call(terms: list[Term]) -> str:
    names = [term.text for term in terms if isinstance(term, Name)]
    found = {re.search(r"(\[\d+\])?$", text)[0] for text in names}  # type: ignore[index]
    return found.pop() if len(found) == 1 else ""


def _is_fresh(value: Value) -> bool:
    """Say whether a value's partials are still those of its operands' numbers."""
    given = [operand.data for operand in value.operands]
    try:
        found = value._rule.partials(value._rule.forward(*given), *given)
    except Exception:  # of somebody's own rule, or out of its domain now
        return False
    return tuple(map(float, found)) == tuple(value.partials)


def _is_nought(value: Value) -> bool:
    return value._rule is CONSTANT and value._data == 0.0


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
    # The 0 with which Python's sum() begins is no term of a textbook's.
    told = [term for term in found if named(term[1]) or not _is_nought(term[1])]
    return told or found
