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

from collections.abc import Callable, Iterator
from dataclasses import dataclass

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


@dataclass(frozen=True, eq=False)
class Factor:
    """The derivative of one variable by another, through what is merged between them."""

    upper: Value
    lower: Value
    number: float
    users: dict[int, list[tuple[Value, int]]]  # of each merged value and of the lower variable

    def steps(self) -> list[Step]:
        """Return the operations it goes through, from the upper variable down."""
        links = self._links()
        return [(value, which) for value, below in links for _, which in below]

    def routes(self) -> list[list[Step]]:
        """Return each way through what is merged; sums, which multiply by 1, are passed over.

        None where nobody would read them.
        """
        below = {id(value): operands for value, operands in self._links()}
        found = []
        waiting: list[tuple[Value, list[Step]]] = [(self.upper, [])]
        while waiting:
            value, route = waiting.pop()
            if value is self.lower:
                found.append(route)
                continue
            if len(found) + len(waiting) > 2 * WIDEST or len(route) > 2 * LARGEST:
                return []
            for operand, which in reversed(below[id(value)]):
                passed = value._rule in SUMS and value.partials[which[-1]] == len(which)
                waiting.append((operand, route if passed else [*route, (value, which)]))
        return found

    def _links(self) -> list[tuple[Value, list[Step]]]:
        """Return the values that lead to the lower variable, each with its operands that do."""
        below: dict[int, tuple[Value, list[Step]]] = {}
        seen = {id(self.lower)}
        waiting = [self.lower]
        for operand in waiting:  # which grows meanwhile
            by_user: dict[int, tuple[Value, list[int]]] = {}
            for user, i in self.users[id(operand)]:
                by_user.setdefault(id(user), (user, []))[1].append(i)
            for user, which in by_user.values():
                below.setdefault(id(user), (user, []))[1].append((operand, tuple(which)))
                if user is not self.upper and id(user) not in seen:
                    seen.add(id(user))
                    waiting.append(user)
        for _, operands in below.values():
            operands.sort(key=lambda step: step[1])
        return list(reversed(below.values()))


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
        self.adjoints = self._swept()
        self.variables = self._chosen(merging, named, whole)
        self._factors: dict[int, list[Factor]] = {}
        self.connected = id(output) in self._inside  # the output depends on the value at all
        self.gradient = self.adjoints.get(id(wrt), 0.0)  # as a backward pass finds it

    def is_variable(self, value: Value) -> bool:
        return id(value) in self._variable

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
            self._factors[id(variable)] = [] if variable is self.wrt else self._merged(variable)
        return self._factors[id(variable)]

    def count_paths(self) -> tuple[int, int]:
        """Return the number of paths from variable to variable, and that of all their factors.

        Neither counts further than `MANY`.
        """
        return self._counted(self.variables, lambda v: [factor.lower for factor in self.below(v)])

    def count_ways(self) -> int:
        """Return the number of paths from operand to operand, `MANY` if there are more."""
        return self._counted(self.within, lambda v: [o for o, _ in self._links(v)])[0]

    def _counted(
        self, values: list[Value], below: Callable[[Value], list[Value]]
    ) -> tuple[int, int]:
        counts = {id(self.wrt): (1, 0)}
        for value in values:
            if value is not self.wrt:
                parts = [counts.get(id(lower), (0, 0)) for lower in below(value)]
                paths = sum(count for count, _ in parts)
                factors = sum(length + count for count, length in parts)
                counts[id(value)] = min(paths, MANY), min(factors, MANY)
        return counts.get(id(self.output), (0, 0))

    def paths(self) -> list[list[Factor]]:
        """Return every path as its factors: only for chains of few."""
        found = []
        waiting: list[list[Factor]] = [[factor] for factor in reversed(self.below(self.output))]
        while waiting:
            path = waiting.pop()
            lower = path[-1].lower
            if lower is self.wrt:
                found.append(path)
            waiting.extend([*path, factor] for factor in reversed(self.below(lower)))
        return found

    def product(self, path: list[Factor]) -> float:
        """Return the product along a path; an adjoint of exactly 0 passes on what backward does."""
        found = 1.0
        for factor in path:
            found = factor.number * found if found or self.honest else found
        return found

    def is_faithful(self) -> bool:
        """Say whether the factors give what the backward pass gives, rounding apart.

        Where an infinity meets an adjoint of exactly 0, merging may lose it.
        """
        found = {id(self.output): (1.0, 1.0)}  # the adjoint, and the same with no sign
        for variable in reversed(self.variables):
            adjoint, size = found.get(id(variable), (0.0, 0.0))
            exact = self.adjoints.get(id(variable), 0.0)
            if not (adjoint == exact or abs(adjoint - exact) <= 1e-9 * size or exact != exact):
                return False
            for factor in self.below(variable):
                if adjoint or self.honest:
                    key, part = id(factor.lower), factor.number * adjoint
                    before, large = found.get(key, (0.0, 0.0))
                    found[key] = before + part, large + abs(part)
        return True

    def _depending(self) -> list[Value]:
        """Return the values between output and value, both included, operands before uses."""
        self._inside = {id(self.wrt)} if id(self.wrt) in self._place else set()
        found = [self.wrt] if self._inside else []
        for value in self.values:
            if value is not self.wrt and self._links(value):
                self._inside.add(id(value))
                found.append(value)
        return found

    def _swept(self) -> dict[int, float]:
        """Return the adjoints within, added up in the order of `Value.backward`."""
        found = {id(self.output): 1.0}
        for value in reversed(self.within):
            adjoint = found.get(id(value), 0.0)
            if (adjoint or self.honest) and value is not self.wrt:
                for operand, partial in self._links(value):
                    found[id(operand)] = found.get(id(operand), 0.0) + partial * adjoint
        return found

    def _chosen(
        self, merging: tuple[Primitive, ...], named: Callable[[Value], bool], whole: bool
    ) -> list[Value]:
        ends = {id(self.output), id(self.wrt)}
        between = [value for value in self.within if id(value) not in ends]
        known = {id(value) for value in between if named(value)}
        self._variable = ends | known
        uses = self._uses() if merging and not whole else {}
        if known and merging and not whole:
            self._open_large(between, uses)
        elif not whole:
            self._variable |= {id(v) for v in between if not _is_middle(v, uses, merging)}
        return [value for value in self.within if id(value) in self._variable]

    def _uses(self) -> dict[int, list[Value]]:
        uses: dict[int, list[Value]] = {}
        for value in self.within:
            for operand in value.operands if value.partials else ():
                uses.setdefault(id(operand), []).append(value)
        return uses

    def _open_large(self, between: list[Value], uses: dict[int, list[Value]]) -> None:
        """Make variables of what would be merged into factors too large to read."""
        sizes: dict[int, tuple[int, int]] = {}  # operations on one way, and ways, to variables
        for value in between:
            if id(value) in self._variable:
                continue
            parts = [sizes.get(id(operand), (0, 1)) for operand, _ in self._links(value)]
            operations, ways = map(sum, zip(*parts))
            if value._rule in SUMS:
                operations = max(size for size, _ in parts)
            else:
                operations += 1
            # The middle of a sum is no place to cut it.
            large = operations > LARGEST or ways > WIDEST
            if large and not _is_middle(value, uses, SUMS):
                self._variable.add(id(value))
            else:
                sizes[id(value)] = operations, ways

    def _merged(self, upper: Value) -> list[Factor]:
        """Return the factors below a variable, by a sweep through what is merged under it."""
        adjoints = {id(upper): 1.0}
        users: dict[int, list[tuple[Value, int]]] = {}
        lowers: dict[int, Value] = {}
        for value in self._segment(upper):
            adjoint = adjoints[id(value)]
            for i, (operand, partial) in enumerate(zip(value.operands, value.partials)):
                if id(operand) in self._inside:
                    passed = partial * adjoint if adjoint or self.honest else 0.0
                    adjoints[id(operand)] = adjoints.get(id(operand), 0.0) + passed
                    users.setdefault(id(operand), []).append((value, i))
                    if self.is_variable(operand):
                        lowers[id(operand)] = operand
        order = sorted(lowers, key=self._place.__getitem__)
        return [Factor(upper, lowers[key], adjoints[key], users) for key in order]

    def _segment(self, upper: Value) -> list[Value]:
        """Return a variable and what is merged under it, uses before operands."""
        found = {id(upper): upper}
        waiting = [upper]
        while waiting:
            for operand, _ in self._links(waiting.pop()):
                if not self.is_variable(operand) and id(operand) not in found:
                    found[id(operand)] = operand
                    waiting.append(operand)
        return sorted(found.values(), key=lambda value: -self._place[id(value)])

    def _links(self, value: Value) -> list[tuple[Value, float]]:
        """Return the operands to which the chain goes on, each with its partial."""
        pairs = zip(value.operands, value.partials)
        return [(operand, partial) for operand, partial in pairs if id(operand) in self._inside]


def _is_middle(value: Value, uses: dict[int, list[Value]], merging: tuple[Primitive, ...]) -> bool:
    """Say whether this stands in a longer sum, and is used by nothing else."""
    users = uses.get(id(value), [])
    return len(users) == 1 and value._rule in merging and users[0]._rule in SUMS
