"""The part of a graph that the chain rule goes through, from an output down to one value.

Some values are its *variables*: those with a name, or, where nothing in between has one, the
results of the operations. What lies between two variables is merged into one factor, the
derivative of the upper by the lower with the other variables held fixed.

>>> x = Value(2.0, "x")
>>> square = x * x
>>> square.label = "s"
>>> chain = Chain(square * 3.0, x)
>>> [(factor.upper.data, factor.lower.data, factor.number) for factor in chain.factors()]
[(12.0, 4.0, 3.0), (4.0, 2.0, 4.0)]
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from autograd_engine import graph
from autograd_engine.engine import Value
from autograd_engine.gradients import honest
from autograd_engine.primitives import Primitive
from autograd_engine.table import ADD, DOT, MEAN, MULTIPLY, SUBTRACT, SUM, azmul

SUMS = (ADD, SUBTRACT, SUM)
LINEAR = (*SUMS, MULTIPLY, azmul, DOT, MEAN)

LARGEST = 5  # So many operations, sums not counted, are merged into one factor at most.
WIDEST = 16  # So many ways lead through it at most, but for those into a longer sum.
MANY = 1_000_000_000  # Paths are counted up to this number.

Step = tuple[Value, tuple[int, ...]]  # through an operation: its result, which of its operands
Way = tuple[Any, ...]  # steps from a variable down: () at it, else the way before and a step
Link = tuple[Value, float]  # an operand, and the partial by it


@dataclass(frozen=True, eq=False)
class Factor:
    """The derivative of one variable by another, through what is merged between them."""

    upper: Value
    lower: Value
    number: float
    ways: list[Way]

    def routes(self) -> list[list[Step]]:
        """Return each way through what is merged, in the order of operands; none of too many.

        Sums, which multiply by 1, are passed over.
        """
        found = []
        for way in self.ways:
            route: list[Step] = []
            while way:
                way, step = way
                route.append(step)
            found.append(route[::-1])
        found.sort(key=lambda route: [which for _, which in route])
        found = [[step for step in route if not _passes(*step)] for route in found]
        many = len(found) > 2 * WIDEST or max(map(len, found)) > 2 * LARGEST
        return [] if many else found

    def steps(self) -> dict[Step, None]:
        """Return the operations it goes through, but for sums, each once."""
        return dict.fromkeys(step for route in self.routes() for step in route)


class Chain:
    """The variables between an output and a value, and the factors between variables.

    What is `named` is one, and with `whole` nothing else. Where none is, each operation's result
    is one, but for those that a sum alone uses and one of the primitives `merging` made; with no
    such primitives each is one.
    """

    def __init__(
        self,
        output: Value,
        wrt: Value,
        merging: tuple[Primitive, ...] = SUMS,
        named: Callable[[Value], bool] = lambda value: bool(value.label),
        whole: bool = False,
    ) -> None:
        self.output = output
        self.wrt = wrt
        self.values = graph.nodes(output)
        self._place = {id(value): i for i, value in enumerate(self.values)}
        self.within = self._depending()
        self.honest = honest(self.values, [])
        self.adjoints = self._swept(output, reversed(self.within), self._links)
        self.variables = self._chosen(merging, named, whole)
        self._variable = set(map(id, self.variables))
        self._factors: dict[int, list[Factor]] = {}
        self.connected = self.is_within(output)  # the output depends on the value at all
        self.gradient = self.adjoints.get(id(wrt), 0.0)  # as a backward pass finds it

    def is_within(self, value: Value) -> bool:
        """Whether the chain goes through this value."""
        return id(value) in self._inside

    def factors(self) -> Iterator[Factor]:
        """Yield the factors, from the output down."""
        for variable in reversed(self.variables):
            yield from self.below(variable)

    def below(self, variable: Value) -> list[Factor]:
        """Return the factors whose upper variable this is, in the order of its operands."""
        if id(variable) not in self._factors:
            self._factors[id(variable)] = self._merged(variable)
        return self._factors[id(variable)]

    def count_ways(self) -> int:
        """Return the number of paths from operand to operand, `MANY` if there are more."""
        counts = {id(self.wrt): 1}
        for value in self.within[1:]:
            counts[id(value)] = min(sum(counts[id(o)] for o, _ in self._links(value)), MANY)
        return counts[id(self.output)]

    def paths(self, start: Value | None = None) -> Iterator[list[Factor]]:
        """Yield every path as its factors: only for chains of few variables."""
        for factor in self.below(self.output if start is None else start):
            rests = [[]] if factor.lower is self.wrt else self.paths(factor.lower)
            yield from ([factor, *rest] for rest in rests)

    def product(self, path: list[Factor]) -> float:
        """Return the product along a path; an adjoint of exactly 0 passes on what backward does."""
        found = 1.0
        for factor in path:
            found = factor.number * found if found or self.honest else found
        return found

    def adds_up(self) -> bool:
        """Say whether the products of the paths give what the backward pass gives."""
        products = [self.product(path) for path in self.paths()]
        return _close(sum(products), self.gradient, sum(map(abs, products)))

    def is_faithful(self) -> bool:
        """Say whether the factors give what the backward pass gives, rounding apart.

        Where an infinity meets an adjoint of exactly 0, merging may lose it.
        """
        below = lambda v: [(factor.lower, factor.number) for factor in self.below(v)]  # noqa: E731
        sizes = lambda v: [(lower, abs(number)) for lower, number in below(v)]  # noqa: E731
        found, large = (
            self._swept(self.output, reversed(self.variables), links) for links in (below, sizes)
        )
        keys = map(id, self.variables)
        return all(
            _close(*(at.get(key, 0.0) for at in (found, self.adjoints, large))) for key in keys
        )

    def _depending(self) -> list[Value]:
        """Return the values between output and value, both included, operands before uses."""
        self._inside = {id(self.wrt)} if id(self.wrt) in self._place else set()
        found = [self.wrt] if self._inside else []
        for value in self.values:
            if value is not self.wrt and self._links(value):
                self._inside.add(id(value))
                found.append(value)
        return found

    def _swept(
        self, top: Value, values: Iterable[Value], links: Callable[[Value], list[Link]]
    ) -> dict[int, float]:
        """Return the derivatives of the top by what is below, as `Value.backward` adds them up."""
        found = {id(top): 1.0}
        for value in values:
            adjoint = found.get(id(value), 0.0)
            if adjoint or self.honest:
                for operand, partial in links(value):
                    found[id(operand)] = found.get(id(operand), 0.0) + partial * adjoint
        return found

    def _chosen(
        self, merging: tuple[Primitive, ...], named: Callable[[Value], bool], whole: bool
    ) -> list[Value]:
        users: dict[int, list[Value]] = {}
        for value in self.within:
            for operand, _ in self._links(value):
                users.setdefault(id(operand), []).append(value)
        chosen = {id(value) for value in self.within if named(value)} - {
            id(self.output),
            id(self.wrt),
        }
        known = bool(chosen) and bool(merging)
        chosen |= {id(self.output), id(self.wrt)}
        middles = SUMS if known else merging  # that stand in a longer sum: no place to cut it
        sizes: dict[int, tuple[int, int]] = {}  # operations on one way, and ways, to variables
        found = []
        for value in self.within:
            if id(value) in chosen:
                found.append(value)
                continue
            parts = [sizes.get(id(operand), (0, 1)) for operand, _ in self._links(value)]
            lengths, ways = zip(*parts)
            operations = max(lengths) if value._rule in SUMS else sum(lengths) + 1
            large = not known or operations > LARGEST or sum(ways) > WIDEST
            (*more, user) = users[id(value)]
            middle = not more and value._rule in middles and user._rule in SUMS
            if large and not middle and not whole:
                found.append(value)
            else:
                sizes[id(value)] = operations, sum(ways)
        return found

    def _merged(self, upper: Value) -> list[Factor]:
        """Return the factors below a variable, by a sweep through what is merged under it."""
        if upper is self.wrt:
            return []
        segment = self.segment(upper)
        adjoints = self._swept(upper, segment, self._links)
        ways: dict[int, list[Way]] = {id(upper): [()]}
        lowers: dict[int, Value] = {}
        for value in segment:
            places: dict[int, list[int]] = {}
            for i, operand in enumerate(value.operands):
                if self.is_within(operand) and value.partials:
                    places.setdefault(id(operand), []).append(i)
                    if id(operand) in self._variable:
                        lowers[id(operand)] = operand
            for key, which in places.items():
                more = [(way, (value, tuple(which))) for way in ways[id(value)]]
                ways[key] = [*ways.get(key, ()), *more][: 2 * WIDEST + 1]
        order = sorted(lowers, key=self._place.__getitem__)
        return [Factor(upper, lowers[key], adjoints.get(key, 0.0), ways[key]) for key in order]

    def segment(self, upper: Value) -> list[Value]:
        """Return a variable and what is merged under it, uses before operands."""
        found = {id(upper): upper}
        waiting = [upper]
        for value in waiting:  # which grows meanwhile
            for operand, _ in self._links(value):
                if id(operand) not in self._variable and id(operand) not in found:
                    found[id(operand)] = operand
                    waiting.append(operand)
        return sorted(waiting, key=lambda value: -self._place[id(value)])

    def _links(self, value: Value) -> list[Link]:
        """Return the operands to which the chain goes on, each with its partial."""
        pairs = zip(value.operands, value.partials)
        return [(operand, partial) for operand, partial in pairs if id(operand) in self._inside]


def _passes(value: Value, which: tuple[int, ...]) -> bool:
    """Say whether a step multiplies by 1."""
    return value._rule in SUMS and value.partials[which[-1]] == len(which)


def _close(found: float, exact: float, size: float) -> bool:
    """Say whether a number is the exact one but for rounding, or neither is one."""
    return math.isclose(found, exact, rel_tol=0.0, abs_tol=1e-9 * size) or exact != exact
