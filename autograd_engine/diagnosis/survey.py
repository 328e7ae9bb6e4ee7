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

    `x` and `y` hold the positions of the operands of each value, -1 where there is none;
    `uses` how often each value is an operand.
    """

    def __init__(self, output: Value) -> None:
        self.output = output
        self.values: list[Value] = []
        self.x: list[int] = []
        self.y: list[int] = []
        self.position: dict[int, int] = {}
        for node in topological_order(output) or [output]:
            x = -1 if node.x is None else self._place(node.x)
            y = -1 if node.y is None else self._place(node.y)
            self._add(node, x, y)
        self.uses = [0] * len(self.values)
        for operands in (self.x, self.y):
            for i in operands:
                if i >= 0:
                    self.uses[i] += 1

    def _place(self, operand: Value) -> int:
        i = self.position.get(id(operand))
        return self._add(operand, -1, -1) if i is None else i

    def _add(self, value: Value, x: int, y: int) -> int:
        i = self.position[id(value)] = len(self.values)
        self.values.append(value)
        self.x.append(x)
        self.y.append(y)
        return i

    def operands(self, i: int) -> tuple[int, ...]:
        """Return the positions of the operands of a value, repeats kept."""
        x, y = self.x[i], self.y[i]
        return (x, y) if y >= 0 else (x,) if x >= 0 else ()

    @cached_property
    def leaves(self) -> list[int]:
        """The positions of the leaves, constants left out."""
        return [i for i, value in enumerate(self.values) if value.rule is LEAF]

    @cached_property
    def adjoints(self) -> list[float]:
        """The derivative of the output by each value, from the partials as recorded."""
        adjoints = [0.0] * len(self.values)
        adjoints[-1] = 1.0
        for i in range(len(self.values) - 1, -1, -1):
            adjoint, x, y = adjoints[i], self.x[i], self.y[i]
            if adjoint and x >= 0:
                node = self.values[i]
                adjoints[x] += node.dx * adjoint
                if y >= 0:
                    adjoints[y] += node.dy * adjoint
        return adjoints

    @cached_property
    def homes(self) -> list[str]:
        """The name of the region in which each value stands, "" where it stands in none."""
        homes = [""] * len(self.values)
        for i in range(len(self.values) - 1, -1, -1):
            homes[i] = home = region(self.values[i]) or homes[i]
            for j in self.operands(i):
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
            for i, x in enumerate(self.x):
                if x >= 0:
                    y, forward = self.y[i], self.values[i].rule.forward
                    found[i] = forward(found[x]) if y < 0 else forward(found[x], found[y])
        except (ArithmeticError, ValueError):
            return math.nan
        return found[-1]
