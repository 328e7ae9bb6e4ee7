"""Unknowns: a tape differentiated without numbers.

Products are honest: where 0 meets an infinite slope they are NaN, never a wrong number.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from autograd_engine.compiler.record.symbols import Symbol
from autograd_engine.compiler.record.tape import Tape
from autograd_engine.engine import Value, constant, record, record_several
from autograd_engine.partials import checked, paired
from autograd_engine.primitives import Primitive
from autograd_engine.table import CONSTANT, MULTIPLY, gate, slope, stopped

Formula = Any  # an Unknown, or a float
Row = dict[int, Formula]  # derivatives by the number of their direction, where not 0


class Unknown(Symbol):
    """A value without a number, to be computed with; what is made of it is `written` down."""

    __slots__ = ("value", "written")

    def __init__(self, value: Any, written: list[Value]) -> None:
        super().__init__()
        self.value, self.written = value, written

    def __primitive__(self, rule: Primitive, operands: tuple[Any, ...]) -> Formula:
        first, last = operands[0], operands[-1]
        if rule is MULTIPLY:
            return times(first, last)
        if rule is gate and moves(first) and not isinstance(first, Unknown):
            return last
        if rule is slope and not isinstance(last, Unknown) and last in (1.0, 2.0, 3.0):
            return times(last, (1.0, first, times(first, first))[int(last) - 1])
        return self.applied(rule, *operands)

    def applied(self, rule: Primitive, *operands: Formula) -> Unknown:
        """Write an operation down as it is."""
        values = tuple([v.value if isinstance(v, Unknown) else constant(v) for v in operands])
        if rule.several:
            made = record_several(rule, 0.0, paired(values, (0.0,) * len(values)), 0.0)
        else:
            made = record(rule, 0.0, values[0], (*values, None)[1], 0.0, 0.0)
        self.written.append(made)
        return Unknown(made, self.written)

    def parted(self) -> tuple[float, Unknown]:
        """Return the constant factor of a product, and what it multiplies."""
        node = self.value
        if node._rule is MULTIPLY and node._y._rule is CONSTANT:
            return node._y._data, Unknown(node._x, self.written)
        return 1.0, self


def moves(number: Formula) -> bool:
    """Say whether a formula is anything but the number 0."""
    return isinstance(number, Unknown) or number != 0.0


def times(x: Formula, y: Formula) -> Formula:
    """Return a product, constant factors gathered at its end where that loses nothing."""
    if not (moves(x) and moves(y)):
        return 0.0
    if not isinstance(x, Unknown):
        x, y = y, x
    if not isinstance(x, Unknown):
        return x * y
    (a, left), (b, right) = x.parted(), y.parted() if isinstance(y, Unknown) else (y, None)
    if not 1e-100 < abs(a * b) < 1e100:
        return x.applied(MULTIPLY, x, y)
    left = left if right is None else left.applied(MULTIPLY, left, right)
    return left if a * b == 1.0 else left.applied(MULTIPLY, left, a * b)


def plus(x: Formula, y: Formula) -> Formula:
    return y if not moves(x) else x + y if moves(y) else x


class Formulas:
    """The values of a tape, and whatever is made of them, in topological order."""

    def __init__(self, tape: Tape) -> None:
        self.written: list[Value] = []
        self.inputs = list(map(self.unknown, tape.inputs))
        self.outputs = computed(
            tape, map(self.unknown, [*tape.parameters, *tape.others]), self.inputs
        )
        self.moving = set(map(id, tape.inputs))
        for node in self.written:
            if not self.moving.isdisjoint(map(id, node.operands)):
                self.moving.add(id(node))

    def unknown(self, value: Value) -> Unknown:
        return Unknown(value, self.written)

    def partials(self, node: Value) -> Iterable[tuple[int, Formula]]:
        """Return the ids of a value's operands, and its derivatives by them."""
        if node._rule is stopped:
            return ()
        given = [v.data if v._rule is CONSTANT else self.unknown(v) for v in node.operands]
        found = node._rule.partials(self.unknown(node), *given)
        return zip(map(id, node.operands), checked(node._rule, found, len(given)))

    def gradient(self, output: Formula) -> list[Formula]:
        """Return the derivatives of an output by the inputs."""
        adjoints: Row = {id(output.value): 1.0} if isinstance(output, Unknown) else {}
        for node in reversed(self.written[:]):
            adjoint = adjoints.get(id(node), 0.0)
            for operand, partial in self.partials(node) if moves(adjoint) else ():
                if operand in self.moving:
                    before = adjoints.get(operand, 0.0)
                    adjoints[operand] = plus(before, times(partial, adjoint))
        return [adjoints.get(id(x.value), 0.0) for x in self.inputs]

    def along(self, tops: list[Formula], seeds: list[Row], most: float) -> list[Row] | None:
        """Return the derivatives of some values along directions, given those of the inputs;
        None where these take more than `most` operations.
        """
        rows = {id(x.value): row for x, row in zip(self.inputs, seeds)}
        values = self.written[:]
        for node in values:
            row: Row = {}
            moved = not rows.keys().isdisjoint(map(id, node.operands))
            for operand, partial in self.partials(node) if moved else ():
                for which, tangent in rows.get(operand, {}).items():
                    row[which] = plus(row.get(which, 0.0), times(partial, tangent))
            if row:
                rows[id(node)] = row
            if len(self.written) - len(values) > most:
                self.written[:] = values
                return None
        return [rows.get(id(top.value), {}) if isinstance(top, Unknown) else {} for top in tops]


def computed(tape: Tape, leaves: Iterable[Any], inputs: Iterable[Any]) -> list[Any]:
    """Return the outputs of a tape computed with whatever its leaves are given as."""
    at = [*leaves, *inputs, *tape.constants]
    for rule, places in tape.instructions():
        at.append(rule(*[at[place] for place in places]))
    return [at[place] for place in tape.outputs]
