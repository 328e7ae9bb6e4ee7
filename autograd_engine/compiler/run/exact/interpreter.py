"""The exact back end: the tape run value by value, with the same bits as the engine.

Forward functions and partials are those of the table, and adjoints are added up in the order of
`Value.backward`. A batch is run row by row.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
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

Places = tuple[int, ...]
Step = tuple[Primitive, Callable[..., float], Callable[..., tuple[float, ...]], int, int, Places]
OPERATORS = {ADD: operator.add, SUBTRACT: operator.sub, MULTIPLY: operator.mul}


class Interpreter:
    """Runs a tape in plain Python; where a primitive raises, its result is the limit, or NaN."""

    def __init__(self, tape: Tape, reason: str = "exact: asked for") -> None:
        self._tape = tape
        self._reason = reason
        self._steps: list[Step] = []
        for rule, places in tape.instructions():
            x, y = (-1, -1) if rule.several else (*places, -1)[:2]
            self._steps.append((rule, *_functions(rule), x, y, places))

    @property
    def steps(self) -> int:
        """The number of operations."""
        return len(self._steps)

    def plan(self) -> str:
        """Say why it is this that runs the tape."""
        return self._reason

    def rule(self, place: int) -> Primitive:
        """Return the primitive that computes the value at a place."""
        return self._steps[place - self._tape.start][0]

    def operands(self, place: int) -> tuple[int, ...]:
        """Return the places of a value's operands."""
        return self._steps[place - self._tape.start][-1] if place >= self._tape.start else ()

    def partials(self, place: int, values: list[float]) -> tuple[float, ...]:
        """Return the derivatives of a computed value by its operands; NaN where it has none."""
        _, _, partials, _, _, places = self._steps[place - self._tape.start]
        try:
            return partials(values[place], *[values[i] for i in places])
        except (ArithmeticError, ValueError):
            return (math.nan,) * len(places)

    def run(self, leaves: Any, rows: Any, gradient: bool) -> tuple[Any, Any]:
        """Return the outputs (B, m) and, if wanted, the gradient of output 0's mean, else None."""
        outputs: list[list[float]] = []
        total: list[float] = []
        for row in [[]] if rows is None else rows.tolist():
            values = self.values(leaves.tolist() + row)
            outputs.append([values[place] for place in self._tape.outputs])
            if gradient:
                slopes = self.adjoints(values)[: len(self._tape.parameters)]
                total = list(map(operator.add, total, slopes)) if len(outputs) > 1 else slopes
        mean = numpy.array([number / len(outputs) for number in total])
        return numpy.array(outputs), mean if gradient else None

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
        if azmul in self._tape.rules:
            return self._sweep_of_the_engine(values)
        adjoints = [0.0] * len(values)
        adjoints[self._tape.outputs[0]] += 1.0
        out = len(values)
        for rule, _, partials, x, y, places in reversed(self._steps):
            out -= 1
            adjoint = adjoints[out]
            if not adjoint or rule is stopped:  # not even an infinite adjoint times 0
                continue
            try:
                if y >= 0:
                    dx, dy = partials(values[out], values[x], values[y])
                    adjoints[x] += dx * adjoint
                    adjoints[y] += dy * adjoint
                elif x >= 0:
                    (dx,) = partials(values[out], values[x])
                    adjoints[x] += dx * adjoint
                else:
                    slopes = partials(values[out], *[values[i] for i in places])
                    for operand, slope in zip(places, slopes):
                        adjoints[operand] += slope * adjoint
            except (ArithmeticError, ValueError):
                for operand in places:
                    adjoints[operand] = math.nan
        return adjoints

    def _sweep_of_the_engine(self, values: list[float]) -> list[float]:
        """Return the same of a tape that holds derivatives, where a 0 meets an infinite slope."""
        nodes = self.graph(values)
        return gradient(nodes[self._tape.outputs[0]], nodes)

    def graph(self, values: list[float]) -> list[Value]:
        """Return all values on the tape as a graph of these numbers, refused by no primitive."""
        start = self._tape.start
        fixed = start - len(self._tape.constants)
        nodes = [*map(Value, values[:fixed]), *map(constant, values[fixed:start])]
        for place, (rule, *_, places) in enumerate(self._steps, start):
            operands, slopes = tuple([nodes[i] for i in places]), self.partials(place, values)
            with enable_grad():
                if rule.several:
                    many = paired(operands, slopes)
                    nodes.append(record_several(rule, values[place], many, sum(slopes) * 0.0))
                    continue
                x, y, *_ = *operands, None
                nodes.append(record(rule, values[place], x, y, *(*slopes, 0.0)[:2]))
        return nodes


def mean(numbers: list[float]) -> float:
    """Return the mean, added up from left to right (`sum` compensates on newer Pythons)."""
    return reduce(operator.add, numbers) / len(numbers)


def limit(rule: Primitive, *operands: float) -> float:
    """Return what a primitive tends to where it raises: an infinity, or NaN."""
    of_arrays = None if rule.several else spelled(rule)
    with numpy.errstate(all="ignore"):
        function = of_arrays or called(rule, len(operands))
        return float(function(*operands, out=numpy.empty(())))


def _functions(rule: Primitive) -> tuple[Callable[..., float], Callable[..., tuple[float, ...]]]:
    """Return a primitive's forward function and partials, which give floats."""
    if is_built_in(rule):
        return OPERATORS.get(rule, rule.forward), rule.partials
    # Somebody's own may give integers, or NumPy's numbers.
    return (
        lambda *operands: float(rule.forward(*operands)),
        lambda *numbers: tuple(map(float, rule.partials(*numbers))),
    )
