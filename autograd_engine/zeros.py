"""What a 0 does in the chain rule where it meets an infinite slope, or one that is NaN.

Numbers first: an adjoint of exactly 0 passes nothing on, so that what has no influence never
turns a gradient into NaN. Where the derivative is recorded, that is an operation, `azmul`: a
graph recorded where the adjoint was 0 holds the product all the same, and gives the right
number where it is not.

The derivative of a derivative cannot go by that rule. At 0 the derivative of norm(x)**2 is
norm(x) times a slope; the first is 0 and the second changes infinitely fast, and what their
product does is more than either tells: leaving it out would give 0 where 2 is right. So a sweep
through a graph that holds recorded derivatives multiplies honestly, which gives NaN, unless the
0 is *immovable*: nothing that the leaves do changes it, as behind the dead side of a relu.
"""

from __future__ import annotations

import math
from typing import Any

from autograd_engine import floats
from autograd_engine.engine import (
    CONSTANT,
    Value,
    above,
    as_value,
    at_least,
    azmul,
    equals,
    gate,
    number,
    record,
    sign,
    stopped,
)

DEEPEST = 3
"""So many slopes of slopes are looked at to find out whether a 0 is immovable."""

Known = dict[int, tuple[Value, bool]]
"""Whether a value is immovable, by id; with the value, so that the id stays its own."""


def meets(first: Any, second: Any) -> bool:
    """Say whether a factor of exactly 0 comes first and one without a finite number second.

    >>> meets(0.0, math.inf), meets(math.inf, 0.0)
    (True, False)
    """
    return not number(first) and not math.isfinite(number(second))


def chained(first: Any, second: Any, outer: bool, known: Known) -> Any:
    """Return adjoint times partial as a Value, or partial times tangent: the `first` is that whose
    0 passes nothing on. `outer` tells that the graph holds derivatives already.
    """
    if not isinstance(first, Value) and not first:
        return 0.0
    for one, other in ((first, second), (second, first)):
        if not isinstance(other, Value) and math.isfinite(other):
            return one if other == 1.0 else one * other
    if not outer or (meets(first, second) and immovable(first, known)):
        return _absolute(as_value(first), as_value(second))
    if meets(second, first) and immovable(second, known):
        return _absolute(as_value(second), as_value(first))
    return first * second


def _absolute(x: Value, y: Value) -> Value:
    """Return azmul(x, y), recorded without asking what x and y are."""
    return record(azmul, floats.azmul(x._data, y._data), x, y, y._data, x._data)


def agreed(matrix: list[list[float]]) -> list[list[float]]:
    """Return a Hessian with NaN in both places where only one order of differentiation gives it.

    >>> agreed([[1.0, math.nan], [math.inf, 2.0]])
    [[1.0, nan], [nan, 2.0]]
    """
    return [
        [number if matrix[j][i] == matrix[j][i] else math.nan for j, number in enumerate(row)]
        for i, row in enumerate(matrix)
    ]


def immovable(value: Any, known: Known, depth: int = 0) -> bool:
    """Say whether nothing that the leaves do, as long as it is little, changes this number.

    A constant is immovable, and what has for each operand an immovable one or a slope that is
    an immovable 0.
    """
    if not isinstance(value, Value):
        return True
    pending = [value]
    while pending:
        node = pending[-1]
        waiting = [operand for operand in node.operands if id(operand) not in known]
        if id(node) not in known and waiting:
            pending += waiting
            continue
        pending.pop()
        if id(node) not in known:
            known[id(node)] = node, False  # for now: its slope may be the node itself, as exp's
            known[id(node)] = node, _held(node, known, depth)
    return known[id(value)][1]


def _held(node: Value, known: Known, depth: int) -> bool:
    """Say whether a value is immovable whose operands are known."""
    if not node.operands or node.rule is stopped:
        return node.rule in (CONSTANT, stopped)
    moving = [i for i, operand in enumerate(node.operands) if not known[id(operand)][1]]
    if any(node._slopes()[i] for i in moving):
        return False
    if not moving:
        return True
    if depth == DEEPEST or (moving[0] == 0 and _steps(node)):
        return False
    slopes = node.rule.partials(node, *node.operands)
    return all(immovable(slopes[i], known, depth + 1) for i in moving)


def _steps(node: Value) -> bool:
    """Say whether a step function stands right at its step, where its slope of 0 says nothing."""
    x, *others = (operand._data for operand in node.operands)
    if node.rule in (above, at_least, equals):
        return x in others
    return node.rule in (sign, gate) and not x
