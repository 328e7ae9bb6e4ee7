"""The part of a graph that the chain rule goes through, from an output down to one value.

What lies between two of its *variables* is merged into one factor, the derivative of the upper by
the lower with the other variables held fixed.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from autograd_engine import table
from autograd_engine.compiler.record.symbols import OUT, Symbol, operands, substituted
from autograd_engine.engine import Value
from autograd_engine.primitives import Primitive
from autograd_engine.survey import Survey
from autograd_engine.views.explain import formulas, notation
from autograd_engine.views.explain.formulas import DOTS, ONE, Call, Given, Name, Number, Term, name
from autograd_engine.views.explain.typesetting import TEXT

SUMS = (table.ADD, table.SUBTRACT, table.SUM)
LINEAR = (*SUMS, table.MULTIPLY, table.azmul, table.DOT, table.MEAN)

LARGEST = 5  # So many operations, sums not counted, are merged into one factor at most.
WIDEST = 16  # So many ways lead through it at most, but for those into a longer sum.
MANY = 1_000_000_000  # Paths are counted up to this number.

DEEP = 1  # So many operations deep a value off the chain is written out.
LONG = 60  # It has so many characters at most; else it has a name.

# What a part that textbooks have a name for is called, if that is not yet taken.
LETTERS = {"p": "pqr", "mean": ("mean", "mean′", "mean″"), "y": "yt"}

Merged = dict[int, dict[int, "Factor"]]  # by what is above, then by the variable below
Step = tuple[Value, tuple[int, ...]]  # through an operation: its result, which of its operands


@dataclass(eq=False)
class Factor:
    """The derivative of one variable by another, along ways through operations but sums."""

    upper: Value
    lower: Value
    number: float = 0.0
    ways: list[list[Step]] = field(default_factory=list)

    def routes(self) -> list[list[Step]]:
        """Return the ways, none of them where nobody would read them."""
        many = len(self.ways) > 2 * WIDEST or max(map(len, self.ways)) > 2 * LARGEST
        return [] if many else self.ways

    def steps(self) -> dict[Step, None]:
        return dict.fromkeys(step for route in self.routes() for step in route)


class Chain:
    """The variables between an output and a value, and the factors between variables.

    What has a name is one. Where nothing has, each operation's result is one, but for those that a
    sum alone uses and one of the primitives `merging` made. With a depth, only what leaves regions
    opened to that depth is one, and what has a name outside of regions.
    """

    def __init__(
        self, survey: Survey, wrt: Value, merging: tuple[Primitive, ...], depth: int | None = None
    ) -> None:
        self.survey, self.output, self.wrt, self.values = survey, survey.output, wrt, survey.values
        self._merging, self._whole = merging, depth is not None
        self.exits = {} if depth is None else self._exits(depth)  # with the regions that they leave
        told = zip(self.values, survey.given_names, survey.homes)
        self._named = {id(v) for v, given, home in told if given and not (self._whole and home)}
        self.within: dict[int, Value] = {}  # what the chain goes through, by id
        for value in self.values:
            if value is wrt or self._links(value):
                self.within[id(value)] = value
        self.connected = id(self.output) in self.within  # the output depends on the value at all
        self.below: dict[int, list[Factor]] = {}  # by the variable above, in operands' order
        self.variables = [*self._chosen()]
        self._known = {id(v) for v, given in zip(self.values, survey.given_names) if given}
        self._known |= self.below.keys() | self.exits.keys()
        self.begun = {re.split(r"[\W\d₀-₉]", text)[0] for text in survey.names}
        self.constants: formulas.Constants = {}
        self._asides: dict[tuple[object, ...], tuple[str, str]] = {}
        # What parts with a name are, by its letter: for each call the name, a formula and numbers.
        self.told: dict[str, list[tuple[Term, Term, Term]]] = {}

    def _exits(self, depth: int) -> dict[int, str]:
        found, levels = dict[int, str](), list[int]()
        for call in self.survey.calls:  # the outer ones first
            levels.append(levels[call.outer] + 1 if call.outer >= 0 else 0)
            if levels[-1] <= depth:
                found |= {id(self.values[i]): call.path for i in call.outputs}
        return found

    def adjoint(self, value: Value) -> float:
        return self.survey.adjoints[self.survey.position[id(value)]]

    def factors(self) -> Iterator[Factor]:
        return (factor for value in reversed(self.variables) for factor in self.below[id(value)])

    def count_ways(self) -> int:
        """Return the number of paths from operand to operand, `MANY` if there are more."""
        counts = {id(self.wrt): 1}
        for key, value in self.within.items():
            if value is not self.wrt:
                counts[key] = min(sum(counts[id(o)] for o, _ in self._links(value)), MANY)
        return counts[id(self.output)]

    def paths(self, start: Value | None = None) -> Iterator[list[Factor]]:
        """Yield every path as its factors: only for chains of few variables."""
        for factor in self.below[id(self.output if start is None else start)]:
            rests = [[]] if factor.lower is self.wrt else self.paths(factor.lower)
            yield from ([factor, *rest] for rest in rests)

    def _links(self, value: Value) -> list[tuple[Value, float]]:
        """Return the operands to which the chain goes on, each with its partial."""
        return [p for p in zip(value.operands, value.partials) if id(p[0]) in self.within]

    def _chosen(self) -> Iterator[Value]:
        """Yield the variables, operands before uses, and find what is below each."""
        within = self.within.values()
        uses = Counter(id(o) for value in within for o, _ in self._links(value))
        into_sums = {id(o) for v in within if v._rule in SUMS for o, _ in self._links(v)}
        ends, named = {id(self.output), id(self.wrt)}, self._named | self.exits.keys()
        known = not (named - ends).isdisjoint(self.within)
        middles = SUMS if known else self._merging  # that stand in a longer sum: no place to cut it
        sizes: dict[int, tuple[int, int]] = {}  # operations on one way, and ways, to variables
        merged: Merged = {}
        for key, value in self.within.items():
            parts = [sizes.get(id(operand), (0, 1)) for operand, _ in self._links(value)]
            operations, ways = ([*column] for column in zip((0, 0), *parts))
            size = max(operations) if value._rule in SUMS else sum(operations) + 1
            large = not known or size > LARGEST or sum(ways) > WIDEST
            middle = uses[key] == 1 and value._rule in middles and key in into_sums
            found = self._merged(value, merged, uses)
            # An infinity merged into a factor would meet an adjoint of 0 that passes nothing on.
            told = key in named | ends or not all(map(math.isfinite, value.partials))
            if told or (large and not (middle or self._whole)):
                place = self.survey.position
                self.below[key] = sorted(found.values(), key=lambda f: place[id(f.lower)])
                for factor in found.values():
                    factor.upper = value
                yield value
            else:
                sizes[key], merged[key] = (size, sum(ways)), found

    def _merged(self, value: Value, merged: Merged, uses: Counter[int]) -> dict[int, Factor]:
        """Return the factors from a value to the variables below it, by these."""
        found: dict[int, Factor] = {}
        places: dict[int, list[int]] = {}
        for i, operand in enumerate(value.operands):
            if id(operand) in self.within:
                places.setdefault(id(operand), []).append(i)
        # The sum so far of a long one comes first, and is taken over.
        for key in sorted(places, key=lambda key: len(merged.get(key, ())) > WIDEST, reverse=True):
            which = places[key]
            operand, partial = value.operands[which[0]], sum(value.partials[i] for i in which)
            passes = value._rule in SUMS and partial == 1.0
            if passes and uses[key] == 1 and not found and key in merged:
                found = merged.pop(key)
                continue
            for lower, part in merged.get(key, {key: Factor(value, operand, 1.0, [[]])}).items():
                into = found.setdefault(lower, Factor(value, part.lower))
                into.number += partial * part.number if partial or self.survey.honest else 0.0
                for way in part.ways[: 2 * WIDEST + 1 - len(into.ways)]:
                    longer = passes or len(way) > 2 * LARGEST
                    into.ways.append(way if longer else [(value, tuple(which)), *way])
        return found

    def name(self, value: Value) -> Name:
        text = self.survey.name(value)
        return name(self.survey.short.get(text, text), value.data)

    def symbol(self, factor: Factor) -> formulas.Derivative:
        upper, lower = self.name(factor.upper), self.name(factor.lower)
        return formulas.Derivative(upper, lower, number=factor.number)

    def goal(self) -> Term:
        """Return the symbol of the whole derivative, which must not look like a part of it."""
        below = self.below[id(self.output)]
        direct = any(factor.lower is self.wrt for factor in below) and len(below) > 1
        return formulas.Derivative(self.name(self.output), self.name(self.wrt), direct)

    def definition(self, value: Value, depth: int = 0) -> Term:
        if id(value) in self.exits:
            given = [factor.lower for factor in self.below[id(value)]]
            return Call(self.exits[id(value)], (*formulas.elided(given, self.name), DOTS))
        if value._rule in SUMS:
            return self._sum(value, depth)
        return notation.written(value._rule, *[self.term(o, depth + 1) for o in value.operands])

    def term(self, value: Value, depth: int = 0) -> Term:
        """Return a value by its name, or else as the operation that made it, or as a number."""
        if id(value) in self._known:
            return self.name(value)
        merged = id(value) in self.within
        if value.partials and (merged or depth <= DEEP):
            made = self.definition(value, 0 if merged else depth)
            if len(TEXT.set(made)) <= LONG:
                return made
        return Given(value.data) if value._rule is table.CONSTANT else self.name(value)

    def _sum(self, value: Value, depth: int) -> Term:
        """Return a sum of sums, without the 0 with which Python's sum() begins."""
        parts: list[tuple[Callable[[Term], Term], Value]] = []
        waiting = [(False, value)]
        while waiting:
            sign, part = waiting.pop()
            if part._rule in SUMS and (part is value or id(part) not in self._known):
                signs = (sign, *[sign != (part._rule is table.SUBTRACT)] * (len(part.operands) - 1))
                waiting.extend(reversed([*zip(signs, part.operands)]))
            elif part._rule is not table.CONSTANT or part._data != 0.0 or id(part) in self._known:
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
            if letter == "p" and rule is not table.BINARY:
                written = Call("softmax", formulas.elided(given, self.term))
                numbers = formulas.row(table.shares(tuple(data)))
            told = (Name(free[0] + call), written, numbers)
            self.told.setdefault(free[0], []).extend([told] * (letter != "y"))
        letter, call = self._asides[key]
        return Name(letter + index + call, number)
