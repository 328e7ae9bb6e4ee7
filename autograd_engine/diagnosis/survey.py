"""Survey: a graph as flat lists, which every check reads; and its output at other numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property

from autograd_engine.engine import Value, topological_order
from autograd_engine.graph import region
from autograd_engine.table import LEAF


class Survey:
    """A recorded graph as lists, every operand before its uses; the output is the last value.

    `operands` holds the positions of the operands of each value, in order, repeats kept; none of
    a value that nobody computed. `uses` is how often each value is an operand.
    """

    def __init__(self, output: Value) -> None:
        self.output = output
        self.values: list[Value] = []
        self.operands: list[tuple[int, ...]] = []
        self.position: dict[int, int] = {}
        for node in topological_order(output) or [output]:
            below = () if node._x is None else node.operands
            self._add(node, tuple([self._place(operand) for operand in below]))
        self.uses = [0] * len(self.values)
        for operands in self.operands:
            for i in operands:
                self.uses[i] += 1

    def _place(self, operand: Value) -> int:
        i = self.position.get(id(operand))
        return self._add(operand, ()) if i is None else i

    def _add(self, value: Value, operands: tuple[int, ...]) -> int:
        i = self.position[id(value)] = len(self.values)
        self.values.append(value)
        self.operands.append(operands)
        return i

    @cached_property
    def leaves(self) -> list[int]:
        """The positions of the leaves, constants left out."""
        return [i for i, value in enumerate(self.values) if value._rule is LEAF]

    @cached_property
    def adjoints(self) -> list[float]:
        """The derivative of the output by each value, from the partials as recorded."""
        adjoints = [0.0] * len(self.values)
        adjoints[-1] = 1.0
        for i in range(len(self.values) - 1, -1, -1):
            adjoint = adjoints[i]
            if adjoint:
                for j, partial in zip(self.operands[i], self.values[i]._slopes()):
                    adjoints[j] += partial * adjoint
        return adjoints

    @cached_property
    def homes(self) -> list[str]:
        """The name of the region in which each value stands, "" where it stands in none."""
        homes = [""] * len(self.values)
        for i in range(len(self.values) - 1, -1, -1):
            homes[i] = home = region(self.values[i]) or homes[i]
            for j in self.operands[i]:
                homes[j] = homes[j] or home
        return homes

    def at(self, numbers: Mapping[int, float]) -> float:
        """Return the output with other numbers in the leaves at some positions.

        It is NaN where an operation on the way there has no result.
        """
        found = [value._data for value in self.values]
        for i, number in numbers.items():
            found[i] = number
        try:
            for i, operands in enumerate(self.operands):
                if operands:
                    found[i] = self.values[i]._rule.forward(*[found[j] for j in operands])
        except (ArithmeticError, ValueError):
            return math.nan
        return found[-1]
