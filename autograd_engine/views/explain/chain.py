"""The part of a graph that the chain rule goes through, from an output down to one value.

What lies between two of its *variables* is merged into one factor, the derivative of the upper by
the lower with the other variables held fixed.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from autograd_engine.engine import Value
from autograd_engine.primitives import Primitive
from autograd_engine.survey import Survey
from autograd_engine.table import ADD, DOT, MEAN, MULTIPLY, SUBTRACT, SUM, azmul

SUMS = (ADD, SUBTRACT, SUM)
LINEAR = (*SUMS, MULTIPLY, azmul, DOT, MEAN)

LARGEST = 5  # So many operations, sums not counted, are merged into one factor at most.
WIDEST = 16  # So many ways lead through it at most, but for those into a longer sum.
MANY = 1_000_000_000  # Paths are counted up to this number.

Rules = tuple[Primitive, ...]
Named = Callable[[Value], bool]
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

    What is `named` is one, with `whole` nothing else. Where none is, each operation's result is
    one, but for those that a sum alone uses and one of the primitives `merging` made.
    """

    def __init__(
        self, survey: Survey, wrt: Value, merging: Rules, named: Named, whole: bool = False
    ) -> None:
        self.survey, self.output, self.wrt, self.values = survey, survey.output, wrt, survey.values
        self.within: dict[int, Value] = {}  # what the chain goes through, by id
        for value in self.values:
            if value is wrt or self._links(value):
                self.within[id(value)] = value
        self.connected = id(self.output) in self.within  # the output depends on the value at all
        self.below: dict[int, list[Factor]] = {}  # by the variable above, in operands' order
        self.variables = [*self._chosen(merging, named, whole)]

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

    def _chosen(self, merging: Rules, named: Named, whole: bool) -> Iterator[Value]:
        """Yield the variables, operands before uses, and find what is below each."""
        within = self.within.values()
        uses = Counter(id(o) for value in within for o, _ in self._links(value))
        into_sums = {id(o) for v in within if v._rule in SUMS for o, _ in self._links(v)}
        ends = (id(self.output), id(self.wrt))
        known = any(named(v) for v in within if id(v) not in ends)
        middles = SUMS if known else merging  # that stand in a longer sum: no place to cut it
        sizes: dict[int, tuple[int, int]] = {}  # operations on one way, and ways, to variables
        merged: Merged = {}
        for value in within:
            parts = [sizes.get(id(operand), (0, 1)) for operand, _ in self._links(value)]
            operations, ways = ([*column] for column in zip((0, 0), *parts))
            size = max(operations) if value._rule in SUMS else sum(operations) + 1
            large = not known or size > LARGEST or sum(ways) > WIDEST
            middle = uses[id(value)] == 1 and value._rule in middles and id(value) in into_sums
            found = self._merged(value, merged, uses)
            # An infinity merged into a factor would meet an adjoint of 0 that passes nothing on.
            told = id(value) in ends or named(value) or not all(map(math.isfinite, value.partials))
            if told or (large and not (middle or whole)):
                place = self.survey.position
                self.below[id(value)] = sorted(found.values(), key=lambda f: place[id(f.lower)])
                for factor in found.values():
                    factor.upper = value
                yield value
            else:
                sizes[id(value)], merged[id(value)] = (size, sum(ways)), found

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
