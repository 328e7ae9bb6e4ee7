"""Derivatives of outputs and of functions, to any order.

With this module you can ask for the gradient of a recorded output by any of its values
(`gradient`) and turn a function of one list or array into its derivative (`jacobian`,
`hessian`, `hvp`, `jvp`).
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any

from autograd_engine.arguments import (
    Shape,
    array_of,
    derived,
    evaluated,
    one_value,
    outputs_of,
    point_of,
    shaped,
)
from autograd_engine.engine import LEAF, Dot, Value, as_value, constant, number, topological_order
from autograd_engine.functions import dot
from autograd_engine.real import (
    as_float,
    as_list,
    check_call,
    is_array,
)
from autograd_engine.recording import recording


def gradient(output: Value, inputs: Sequence[Value], create_graph: bool = False) -> list[Any]:
    """Return the derivatives of the output by each input: floats, in the order of `inputs`.

    An input is any value of the graph; the derivative by one that the output does not
    depend on is 0. No `grad` is touched. With `create_graph` the derivatives are Values
    of a graph of their own, which can be differentiated again; then a leaf changed since
    the forward pass raises `RuntimeError` naming it. (A change by which neither the values
    nor the partials that use the leaf become others cannot be seen, and does no harm.)

    >>> x = Value(2.0)
    >>> slope, = gradient(x**3, [x], create_graph=True)
    >>> slope.data, gradient(slope, [x])
    (12.0, [12.0])
    """
    inputs = as_list("gradient", inputs, "a list of inputs: write gradient(output, [x])")
    if not isinstance(output, Value):
        raise TypeError(f"gradient needs a Value as its output, not {type(output).__name__}")
    for value in inputs:
        if not isinstance(value, Value):
            raise TypeError(f"gradient needs Values as its inputs, not {type(value).__name__}")
    partials = recorded_partials if create_graph else _partials
    adjoints: dict[int, Any] = {id(output): constant(1.0) if create_graph else 1.0}
    runs: list[int] = []
    for node in reversed(topological_order(output, runs=None if create_graph else runs)):
        passed = None
        if node.y is None and isinstance(node.rule, Dot):
            end, begin = runs.pop(), runs.pop()
            passed = node.rule.passed(begin, end)
        adjoint = adjoints.get(id(node))
        if adjoint is None or (not create_graph and not adjoint):
            continue
        for operand, partial in passed or zip(node.operands, partials(node)):
            if not number(adjoint) and not math.isfinite(number(partial)):
                continue  # as in backward: an adjoint of 0 passes nothing on to an infinite slope
            contribution = _times(adjoint, partial)
            known = adjoints.get(id(operand))
            adjoints[id(operand)] = contribution if known is None else known + contribution
    return [
        as_value(adjoints.get(id(value), 0.0)) if create_graph else adjoints.get(id(value), 0.0)
        for value in inputs
    ]


def _partials(node: Value) -> tuple[float, ...]:
    return node.partials


def _times(adjoint: Any, partial: Any) -> Any:
    """Return the product; a constant factor of 1 or 0 is left out of the recorded graph."""
    if isinstance(partial, Value) or not isinstance(adjoint, Value):
        return adjoint * partial
    return adjoint if partial == 1.0 else adjoint * partial


def recorded_partials(node: Value) -> tuple[Any, ...]:
    """Return the node's partials as Values, recorded by its rule on its operands.

    Raises `RuntimeError` naming the leaf that was changed since the forward pass.
    """
    operands = node.operands
    numbers = [operand.data for operand in operands]
    partials = node.rule.partials(node, *operands)
    recorded = [partial.data if isinstance(partial, Value) else partial for partial in partials]
    try:
        unchanged = _same(node.rule.forward(*numbers), node.data)
    except (ArithmeticError, ValueError):
        unchanged = False
    if not unchanged or not all(map(_same, recorded, node.partials)):
        leaves = [value for value in operands if value.rule is LEAF]
        names = " or ".join(
            (value.label and repr(value.label)) or repr(value) for value in leaves or operands
        )
        raise RuntimeError(
            f"{names} was changed after the forward pass: "
            f"compute the output again before asking for create_graph"
        )
    return tuple(partials)


def _same(x: float, y: float) -> bool:
    return x == y or (x != x and y != y)


# Derivatives of functions.

_nesting = threading.local()


@contextmanager
def differentiating() -> Iterator[bool]:
    """Say whether an outer derivative of this thread is being computed around this one.

    >>> with differentiating() as outer, differentiating() as inner:
    ...     outer, inner
    (False, True)
    """
    depth = getattr(_nesting, "depth", 0)
    _nesting.depth = depth + 1
    try:
        with recording():
            yield depth > 0
    finally:
        _nesting.depth = depth


# Derivatives of functions of one list, or of one array.


def jacobian(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return the function that gives the matrix of derivatives: a row for each output of f.

    f is called with one list and returns a list; where it returns one value, the matrix
    is its one row, as a list of numbers. Of an array it is an array, of the shape of what f
    returns and then that of the argument.

    >>> jacobian(lambda x: [x[0] * x[1], x[0] + x[1]])([2.0, 3.0])
    [[3.0, 2.0], [1.0, 1.0]]
    """
    check_call("jacobian", f, "the point")
    return derived(_jacobian, f)


def _jacobian(f: Callable[[Any], Any], /, *points: Any) -> Any:
    """Return the matrix of derivatives at this point."""
    x, shape = _only("jacobian", points)
    with differentiating() as nested:
        inputs, given = evaluated(f, x, shape)
        outputs, outer = outputs_of(given)
        rows = [gradient(output, inputs, nested) for output in outputs]
    if shape is None and not is_array(given):
        return rows[0] if outer is None else rows
    found = array_of(list(chain(*rows)), (*(outer or ()), *(shape or (len(x),))))
    return found.tolist() if shape is None else found


def hessian(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return the function that gives the matrix of second derivatives of f, called with one list.

    Of an array it is an array, of the argument's shape twice.

    >>> hessian(lambda x: x[0] ** 2 * x[1])([2.0, 3.0])
    [[6.0, 4.0], [4.0, 0.0]]
    """
    check_call("hessian", f, "the point")
    return derived(_hessian, f)


def _hessian(f: Callable[[Any], Any], /, *points: Any) -> Any:
    """Return the matrix of second derivatives at this point."""
    x, shape = _only("hessian", points)
    with differentiating() as nested:
        inputs, output = evaluated(f, x, shape)
        slopes = gradient(one_value(output), inputs, create_graph=True)
        rows = [gradient(slope, inputs, nested) for slope in slopes]
    return rows if shape is None else array_of(list(chain(*rows)), shape + shape)


def _only(name: str, points: tuple[Any, ...]) -> tuple[list[Any], Shape]:
    """Return the one point that a derivative was called with."""
    if len(points) != 1:
        raise TypeError(f"{name}(f) takes one list: {name}(f)([a, b]); got {len(points)} arguments")
    return point_of(f"{name}(f)", points[0])


def hvp(f: Callable[[Any], Any], x: Any, v: Any) -> Any:
    """Return the Hessian of f at x times the vector v, without building the Hessian.

    >>> hvp(lambda x: x[0] ** 2 * x[1], [2.0, 3.0], [1.0, 0.0])
    [6.0, 4.0]
    """
    point, direction, shape = _vectors("hvp", f, x, v)
    with differentiating() as nested:
        inputs, output = evaluated(f, point, shape)
        slopes = gradient(one_value(output), inputs, create_graph=True)
        return shaped(gradient(one_value(dot(slopes, direction)), inputs, nested), shape)


def jvp(f: Callable[[Any], Any], x: Any, v: Any) -> Any:
    """Return the derivative of f at x along the vector v: one number, or what f returns of them.

    One pass forward through the recorded graph, for all outputs at once.

    >>> jvp(lambda x: [x[0] * x[1], x[0]], [2.0, 3.0], [1.0, 10.0])
    [23.0, 1.0]
    """
    point, direction, shape = _vectors("jvp", f, x, v)
    with differentiating() as nested:
        inputs, given = evaluated(f, point, shape)
        values, outer = outputs_of(given)
        tangents: dict[int, Any] = dict(zip(map(id, inputs), direction))
        partials = recorded_partials if nested else _partials
        for node in topological_order(*values):
            if id(node) not in tangents:
                moving = [
                    partial * tangents[id(operand)]
                    for operand, partial in zip(node.operands, partials(node))
                    if id(operand) in tangents
                    and (number(partial) or math.isfinite(number(tangents[id(operand)])))
                ]
                if moving:
                    tangents[id(node)] = moving[0] if len(moving) == 1 else moving[0] + moving[1]
        zero: Any = constant(0.0) if nested else 0.0
        found = [tangents.get(id(value), zero) for value in values]
        return found[0] if outer is None else shaped(found, outer if is_array(given) else None)


def _vectors(name: str, f: Any, x: Any, v: Any) -> tuple[list[Any], list[Any], Shape]:
    """Return point and direction as lists of one length, and the shape of the point."""
    check_call(name, f, "the point")
    taken = f"two lists: {name}(f, [a, b], [c, d])"
    point, shape = point_of(name, x, taken)
    along, other = point_of(name, v, taken)
    if len(along) != len(point):
        raise ValueError(f"x and v must have one length, got {len(point)} and {len(along)}")
    if shape and other and shape != other:
        raise ValueError(f"x and v must have one shape, got {shape} and {other}")
    return point, [item if isinstance(item, Value) else as_float(item) for item in along], shape
