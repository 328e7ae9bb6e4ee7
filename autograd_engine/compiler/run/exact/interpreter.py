"""The exact back end: the tape run value by value, with the same bits as the engine.

Forward functions and partials are those of the table, and adjoints are added up in the order of
`Value.backward`. A batch is run row by row.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import numpy

from autograd_engine.blocks import enable_grad
from autograd_engine.compiler.record.tape import Tape
from autograd_engine.compiler.run.translated import called, spelled
from autograd_engine.engine import Value, constant, record, record_several
from autograd_engine.gradients import gradient
from autograd_engine.primitives import Primitive, is_built_in, paired
from autograd_engine.table import ADD, MULTIPLY, SUBTRACT, azmul, stopped

Rule = Callable[..., Any]
OPERATORS = {ADD: operator.add, SUBTRACT: operator.sub, MULTIPLY: operator.mul}


class Interpreter:
    """Runs a tape in plain Python; where a primitive raises, its result is the limit, or NaN."""

    def __init__(self, tape: Tape, reason: str = "exact: asked for") -> None:
        self._tape = tape
        self._steps = [
            (rule, *_functions(rule), *((-1, -1) if rule.several else (*places, -1)[:2]), places)
            for rule, places in tape.instructions()
        ]
        self.steps, self.plan = len(self._steps), lambda: reason

    def run(self, leaves: Any, rows: Any, gradient: bool) -> tuple[Any, Any]:
        """Return the outputs (B, m) and, if wanted, the gradient of output 0's mean, else None."""
        outputs, slopes = [], []
        for row in [[]] if rows is None else rows.tolist():
            values = self.values(leaves.tolist() + row)
            outputs.append([values[place] for place in self._tape.outputs])
            if gradient:
                slopes.append(self.adjoints(values)[: len(self._tape.parameters)])
        return numpy.array(outputs), numpy.array([*map(mean, zip(*slopes))]) if gradient else None

    def values(self, given: list[float]) -> list[float]:
        """Return the numbers of all values on the tape, from those of the leaves and inputs."""
        values = given + self._tape.constants
        append = values.append
        for rule, forward, _, x, y, places in self._steps:
            try:
                if y >= 0:
                    append(forward(values[x], values[y]))
                else:
                    append(forward(values[x]) if x >= 0 else forward(*[values[i] for i in places]))
            except (ArithmeticError, ValueError):
                append(limit(rule, *[values[i] for i in places]))
        return values

    def adjoints(self, values: list[float]) -> list[float]:
        """Return the derivatives of the first output by all values on the tape."""
        if azmul in self._tape.rules:  # it holds derivatives, where a 0 meets an infinite slope
            nodes = self.graph(values)
            return gradient(nodes[self._tape.outputs[0]], nodes)
        adjoints, place = [0.0] * len(values), len(values)
        adjoints[self._tape.outputs[0]] += 1.0
        for rule, _, partials, x, y, places in reversed(self._steps):
            place -= 1
            adjoint = adjoints[place]
            if not adjoint or rule is stopped:  # not even an infinite adjoint times 0
                continue
            try:
                if y >= 0:
                    dx, dy = partials(values[place], values[x], values[y])
                    adjoints[x] += dx * adjoint
                    adjoints[y] += dy * adjoint
                elif x >= 0:
                    adjoints[x] += partials(values[place], values[x])[0] * adjoint
                else:
                    slopes = partials(values[place], *[values[i] for i in places])
                    for operand, slope in zip(places, slopes):
                        adjoints[operand] += slope * adjoint
            except (ArithmeticError, ValueError):
                for operand in places:
                    adjoints[operand] = math.nan
        return adjoints

    def graph(self, values: list[float]) -> list[Value]:
        """Return all values on the tape as a graph of these numbers, refused by no primitive."""
        first, start = self._tape.first, self._tape.start
        nodes = [*map(Value, values[:first]), *map(constant, values[first:start])]
        for number, (rule, _, partials, _, _, places) in zip(values[start:], self._steps):
            operands = [nodes[i] for i in places]
            try:
                slopes = partials(number, *[values[i] for i in places])
            except (ArithmeticError, ValueError):
                slopes = (math.nan,) * len(places)
            with enable_grad():
                if rule.several:
                    many = paired(tuple(operands), slopes)
                    nodes.append(record_several(rule, number, many, sum(slopes) * 0.0))
                else:
                    pair = (*operands, None)[:2]
                    nodes.append(record(rule, number, *pair, *(*slopes, 0.0)[:2]))
        for i, label in self._tape.names.items():
            nodes[i].label = label
        return nodes


def mean(numbers: Sequence[float]) -> float:
    """Return the mean, added up from left to right (`sum` compensates on newer Pythons)."""
    return reduce(operator.add, numbers) / len(numbers)


def limit(rule: Primitive, *operands: float) -> float:
    """Return what a primitive tends to where it raises: an infinity, or NaN."""
    of_arrays = None if rule.several else spelled(rule)
    with numpy.errstate(all="ignore"):
        function = of_arrays or called(rule, len(operands))
        return float(function(*operands, out=numpy.empty(())))


def _functions(rule: Primitive) -> tuple[Rule, Rule]:
    """Return a primitive's forward function and partials, which give floats."""
    if is_built_in(rule):
        return OPERATORS.get(rule, rule.forward), rule.partials
    # Somebody's own may give integers, or NumPy's numbers.
    return (
        lambda *operands: float(rule.forward(*operands)),
        lambda *numbers: tuple(map(float, rule.partials(*numbers))),
    )
