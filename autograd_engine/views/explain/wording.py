"""How a graph and one chain through it are worded: names, and formulas of these names."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from itertools import chain

from autograd_engine.blocks import source_of
from autograd_engine.compiler.record.symbols import OUT, Symbol, operands, substituted
from autograd_engine.engine import Value
from autograd_engine.survey import Survey
from autograd_engine.table import BINARY, CONSTANT, SUBTRACT, shares
from autograd_engine.views.explain import formulas, notation
from autograd_engine.views.explain.chain import SUMS, Chain, Factor, Step
from autograd_engine.views.explain.formulas import DOTS, ONE, Call, Given, Name, Number, Term, name
from autograd_engine.views.explain.typesetting import TEXT
from autograd_engine.views.explain.writers import Line

DEEP = 1  # So many operations deep a value off the chain is written out.
LONG = 60  # It has so many characters at most; else it has a name.
LONGEST = 150  # Of a longer definition only the ends are written.

# What a part that textbooks have a name for is called, if that is not yet taken.
LETTERS = {"p": "pqr", "mean": ("mean", "mean′", "mean″"), "y": "yt"}

# What numbers that differ are called, and the letter of their index: by it, the numbers.
Constants = dict[tuple[str, str], dict[int, float]]


class Wording:
    """What the values behind an output are called, and the formulas of a chain through them."""

    def __init__(self, output: Value, wrt: Value) -> None:
        self.survey = survey = Survey(output)
        self.short = formulas.cut([*survey.names, wrt.label])
        self.begun = {re.split(r"[\W\d₀-₉]", text)[0] for text in survey.names}
        self.repeat_of = dict[int, tuple[int, str]]()  # the repeat, and what made the value
        self._states = set[int]()
        for number, repeat in enumerate(survey.repeats):
            inside = [survey.values[i] for i in chain(*repeat.places)]
            self.repeat_of |= {id(value): (number, value._rule.symbol) for value in inside}
            self._states |= {id(survey.values[i]) for i in chain(*survey.states(repeat))}

    def follow(self, chain: Chain, exits: dict[int, str] | None = None) -> Wording:
        """Begin with the formulas of a chain; what leaves regions as a whole are its exits."""
        self.chain, self._exits = chain, exits or {}
        self.constants: Constants = {}
        self._asides: dict[tuple[object, ...], tuple[str, str]] = {}
        # What parts with a name are, by its letter: for each call the name, a formula and numbers.
        self.told: dict[str, list[tuple[Term, Term, Term]]] = {}
        return self

    def name(self, value: Value) -> Name:
        text = self.survey.name(value)
        return name(self.short.get(text, text), value.data)

    def is_step(self, value: Value) -> bool:
        """Say whether a value is called by its step, not by its place in a model."""
        return id(value) in self._states and not value.label and "⁽" not in self.survey.name(value)

    def begins(self) -> list[Value]:
        """Return what stands for the states of repeats before their first step."""
        letters = {self.name(value).text[0] for value in self.survey.values if self.is_step(value)}
        pairs = zip(self.survey.values, self.survey.given_names)
        return [v for v, given in pairs if not (v.operands or v.label) and given[:1] in letters]

    def is_known(self, value: Value) -> bool:
        return bool(self.survey.given_names[self.survey.position[id(value)]])

    def exits(self, depth: int) -> dict[int, str]:
        """Return by its id each value that leaves a region, opened to that depth: the region."""
        found, levels = dict[int, str](), list[int]()
        for call in self.survey.calls:  # the outer ones first
            levels.append(levels[call.outer] + 1 if call.outer >= 0 else 0)
            if levels[-1] <= depth:
                found |= {id(self.survey.values[i]): call.path for i in call.outputs}
        return found

    def symbol(self, factor: Factor) -> formulas.Derivative:
        upper, lower = self.name(factor.upper), self.name(factor.lower)
        return formulas.Derivative(upper, lower, number=factor.number)

    def goal(self) -> Term:
        """Return the symbol of the whole derivative, which must not look like a part of it."""
        output, wrt = self.chain.output, self.chain.wrt
        below = self.chain.below[id(output)]
        direct = any(factor.lower is wrt for factor in below) and len(below) > 1
        return formulas.Derivative(self.name(output), self.name(wrt), direct)

    def defined(self, value: Value) -> Line:
        steps: tuple[Term, ...] = (Number(value.data),)
        if value.partials:
            made = self.definition(value)
            steps = (formulas.clipped(made) if len(TEXT.set(made)) > LONGEST else made, *steps)
        return Line(self.name(value), steps, code=source_of(value))

    def definition(self, value: Value, depth: int = 0) -> Term:
        if id(value) in self._exits:
            given = [factor.lower for factor in self.chain.below[id(value)]]
            return Call(self._exits[id(value)], (*formulas.elided(given, self.name), DOTS))
        if value._rule in SUMS:
            return self._sum(value, depth)
        return notation.written(value._rule, *[self.term(o, depth + 1) for o in value.operands])

    def term(self, value: Value, depth: int = 0) -> Term:
        """Return a value by its name, or else as the operation that made it, or as a number."""
        if self._is_named(value):
            return self.name(value)
        merged = id(value) in self.chain.within
        if value.partials and (merged or depth <= DEEP):
            made = self.definition(value, 0 if merged else depth)
            if len(TEXT.set(made)) <= LONG:
                return made
        return Given(value.data) if value._rule is CONSTANT else self.name(value)

    def _is_named(self, value: Value) -> bool:
        return id(value) in self.chain.below or id(value) in self._exits or self.is_known(value)

    def _sum(self, value: Value, depth: int) -> Term:
        """Return a sum of sums, without the 0 with which Python's sum() begins."""
        parts: list[tuple[Callable[[Term], Term], Value]] = []
        waiting = [(False, value)]
        while waiting:
            sign, part = waiting.pop()
            if part._rule in SUMS and (part is value or not self._is_named(part)):
                signs = (sign, *[sign != (part._rule is SUBTRACT)] * (len(part.operands) - 1))
                waiting.extend(reversed([*zip(signs, part.operands)]))
            elif part._rule is not CONSTANT or part._data != 0.0 or self._is_named(part):
                parts.append((formulas.negated if sign else lambda term: term, part))
        made = lambda pair: pair[0](self.term(pair[1], depth + 1))  # noqa: E731
        return formulas.whole(formulas.elided(parts, made))

    def formula(self, factor: Factor) -> Term | None:
        found = []
        for route in factor.routes():
            symbols = [*filter(None, map(self._partial, route))]
            if len(symbols) < len(route):
                return None
            found.append(formulas.multiplied(symbols or [ONE]))
        return formulas.added(found) if found else None

    def _partial(self, step: Step) -> Term | None:
        value, which = step
        parts, count = (*value.operands, value), len(value.operands)  # the output stands at -1
        term, aside = lambda k: self.term(parts[k]), partial(self._aside, value)
        found = [notation.partial(value._rule, i, term, count, aside) for i in which]
        return None if None in found else formulas.added([*filter(None, found)])

    def _aside(self, value: Value, symbol: Symbol, written: Term) -> Term:
        """Return the name of a part that textbooks have a name for, such as a probability."""
        rule, given = value._rule, value.operands
        letter = symbol.name.rstrip("₀₁₂₃₄₅₆₇₈₉")
        index = symbol.name[len(letter) :]
        if letter == "y" and not isinstance(written, (Given, Number)):
            return written
        data = [operand.data for operand in given]
        known = {OUT: value.data, **dict(zip(operands(rule, len(given)), data))}
        number = substituted(symbol.operands[0], lambda row, *x: float(row(*x)), known)
        key = (letter, *map(id, given))
        if key not in self._asides:
            texts = [term.text for term in map(self.term, given) if isinstance(term, Name)]
            calls = {text[text.rfind("[") :] if text[-1] == "]" else "" for text in texts}
            call = calls.pop() if len(calls) == 1 else ""
            taken = set(self._asides.values())
            free = [c for c in LETTERS[letter] if (c, call) not in taken and c not in self.begun]
            if not free:
                return written
            self._asides[key] = free[0], call
            numbers: Term = Number(number)
            if letter == "p" and rule is not BINARY:
                written = Call("softmax", formulas.elided(given, self.term))
                numbers = formulas.row(shares(tuple(data)))
            told = (Name(free[0] + call), written, numbers)
            self.told.setdefault(free[0], []).extend([told] * (letter != "y"))
        letter, call = self._asides[key]
        return Name(letter + index + call, number)

    def are_fresh(self, factor: Factor) -> bool:
        """Say whether a factor's partials are still those of its values' numbers."""
        try:
            return all(
                tuple(v._rule.partials(v.data, *[o.data for o in v.operands])) == v.partials
                for v, _ in factor.steps()
            )
        except Exception:  # of somebody's own rule, or out of its domain now
            return False
