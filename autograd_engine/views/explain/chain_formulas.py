"""How the values and factors of a chain are worded as formulas, by the names of its variables."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial

from autograd_engine.compiler.record.symbols import OUT, operands, substituted
from autograd_engine.compiler.record.symbols import Symbol as Unknown
from autograd_engine.engine import Value
from autograd_engine.table import BINARY, CONSTANT, SUBTRACT, shares
from autograd_engine.views.explain import formulas, notation
from autograd_engine.views.explain.chain import SUMS, Chain, Factor, Step
from autograd_engine.views.explain.formulas import DOTS, ONE, Call, Given, Name, Number, Term
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
        self.names = names
        self._asides: dict[tuple[object, ...], tuple[str, str]] = {}
        # What parts with a name are, by its letter: for each call the name, a formula and numbers.
        self.told: dict[str, list[tuple[Term, Term, Term]]] = {}

    def name(self, variable: Value) -> Name:
        return self.names.of(variable)

    def symbol(self, factor: Factor) -> formulas.Derivative:
        upper, lower = self.name(factor.upper), self.name(factor.lower)
        return formulas.Derivative(upper, lower, number=factor.number)

    def goal(self) -> Term:
        """Return the symbol of the whole derivative, which must not look like a part of it."""
        output, wrt = self._chain.output, self._chain.wrt
        below = self._chain.below(output)
        direct = any(factor.lower is wrt for factor in below) and len(below) > 1
        return formulas.Derivative(self.name(output), self.name(wrt), direct)

    def definition(self, value: Value, depth: int = 0) -> Term:
        """Return the operation that made a value, of the names of its operands."""
        if id(value) in self._exits:
            given = [factor.lower for factor in self._chain.below(value)]
            return Call(self._exits[id(value)], (*formulas.elided(given, self.name), DOTS))
        if value._rule in SUMS:
            return self._sum(value, depth)
        operands = [self.term(operand, depth + 1) for operand in value.operands]
        return notation.written(value._rule, *operands)

    def term(self, value: Value, depth: int = 0) -> Term:
        """Return a value by its name, or else as the operation that made it, or as a number."""
        if self._is_named(value):
            return self.name(value)
        merged = self._chain.is_within(value)
        if value.partials and (merged or depth <= DEEP):
            made = self.definition(value, 0 if merged else depth)
            if len(TEXT.set(made)) <= LONG:
                return made
        return Given(value.data) if value._rule is CONSTANT else self.name(value)

    def _is_named(self, value: Value) -> bool:
        known = self._chain.is_variable(value) or self.names.is_known(value)
        return known or id(value) in self._exits

    def _sum(self, value: Value, depth: int) -> Term:
        """Return a sum of sums, without the 0 with which Python's sum() begins."""
        parts: list[tuple[bool, Value]] = []
        waiting = [(False, value)]
        while waiting:
            sign, part = waiting.pop()
            if part._rule in SUMS and (part is value or not self._is_named(part)):
                signs = (sign, *[sign != (part._rule is SUBTRACT)] * (len(part.operands) - 1))
                waiting.extend(reversed([*zip(signs, part.operands)]))
            elif part._rule is not CONSTANT or part._data != 0.0 or self._is_named(part):
                parts.append((sign, part))
        make = lambda pair: formulas.signed(pair[0], self.term(pair[1], depth + 1))  # noqa: E731
        return formulas.whole(formulas.elided(parts, make))

    def formula(self, factor: Factor) -> Term | None:
        """Return a factor as its rules give it, simplified; None if they do not tell."""
        found = []
        for route in factor.routes():
            symbols = [symbol for step in route if (symbol := self._partial(step))]
            if len(symbols) < len(route):
                return None
            found.append(formulas.multiplied(symbols or [ONE]))
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
        rule, given, expression = value._rule, value.operands, symbol.operands[0]
        stem, index = re.fullmatch("(.*?)([₀-₉]*)", symbol.name).groups()  # type: ignore[union-attr]
        written = notation.read(expression, names)
        if stem == "y" and not isinstance(written, (Given, Number)):
            return written
        data = [operand.data for operand in given]
        known = {OUT: value.data, **dict(zip(operands(rule, len(given)), data))}
        number = substituted(expression, lambda row, *x: float(row(*x)), known)
        key = (stem, *map(id, given))
        if key not in self._asides:
            call = _shared_call([self.term(operand) for operand in given])
            taken = set(self._asides.values())
            free = [c for c in LETTERS[stem] if (c, call) not in taken and not self.names.has(c)]
            if not free:
                return None
            self._asides[key] = free[0], call
            numbers: Term = Number(number)
            if stem == "p" and rule is not BINARY:
                written = Call("softmax", formulas.elided(given, self.term))
                numbers = formulas.row(shares(tuple(data)))
            told = (Name(free[0] + call), written, numbers)
            self.told.setdefault(free[0], []).extend([told] * (stem != "y"))
        letter, call = self._asides[key]
        return Name(letter + index + call, number)

    def are_fresh(self, factor: Factor) -> bool:
        """Say whether a factor's partials are still those of its values' numbers."""
        return all(_is_fresh(value) for value, _ in factor.steps())


def _shared_call(terms: list[Term]) -> str:
    names = [term.text for term in terms if isinstance(term, Name)]
    found = {re.search(r"(\[\d+\])?$", text)[0] for text in names}  # type: ignore[index]
    return found.pop() if len(found) == 1 else ""


def _is_fresh(value: Value) -> bool:
    try:
        found = value._rule.partials(value.data, *[operand.data for operand in value.operands])
    except Exception:  # of somebody's own rule, or out of its domain now
        return False
    return tuple(map(float, found)) == tuple(value.partials)
