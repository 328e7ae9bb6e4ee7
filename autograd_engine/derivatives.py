"""Derivatives of outputs and of functions, to any order.

With this module you can ask for the gradient of a recorded output by any of its values
(`gradient`) and turn a function of numbers into its derivative (`grad`, `jacobian`,
`hessian`, `hvp`, `jvp`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from autograd_engine.engine import LEAF, Dot, Value, as_value, constant, number, topological_order
from autograd_engine.functions import dot
from autograd_engine.real import as_float, as_list, check_function, is_number, is_whole
from autograd_engine.recording import differentiating
from autograd_engine.state import alone


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
    if create_graph:  # which runs rules, and those of anybody
        return _gradient(output, inputs, True)
    return alone(_gradient, output, inputs, False)  # type: ignore[no-any-return]


def _gradient(output: Value, inputs: Sequence[Value], create_graph: bool) -> list[Any]:
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


def grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """Return the function that gives the derivative of f by one argument, or a tuple by several.

    Arguments are numbers, or lists, tuples and dicts of numbers, nested as you like; the
    derivative has their shape. Inside an outer derivative it is made of Values.

    >>> grad(grad(lambda x: x**4))(2.0)
    48.0
    """
    both = value_and_grad(f, argnums)
    return lambda *args, **kwargs: both(*args, **kwargs)[1]


def value_and_grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """Return the function that gives the pair (value of f, derivative of f); see `grad`.

    >>> value_and_grad(lambda w: w["a"] * w["b"])({"a": 2.0, "b": 3.0})
    (6.0, {'a': 3.0, 'b': 2.0})
    """
    check_function(f)
    positions = tuple(argnums) if isinstance(argnums, Iterable) else (argnums,)
    if not all(map(is_whole, positions)):
        raise TypeError(f"argnums must be a position such as 0, or several; got {argnums!r:.60}")

    def derivative(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        for position in positions:
            if not -len(args) <= position < len(args):
                raise ValueError(
                    f"argnums {position} is out of range: f was given {len(args)} arguments"
                )
        with differentiating() as nested:
            inputs: list[Value] = []
            fresh = list(args)
            for position in positions:
                fresh[position] = map_numbers(lambda leaf: _fresh(leaf, inputs), args[position])
            output = one_value(f(*fresh, **kwargs))
            slopes = iter(gradient(output, inputs, create_graph=nested))
            shaped = tuple(
                map_numbers(lambda leaf: next(slopes), args[position]) for position in positions
            )
        value = output if nested else output.data
        return value, shaped if isinstance(argnums, Iterable) else shaped[0]

    return derivative


def map_numbers(function: Callable[[Any], Any], tree: Any) -> Any:
    """Apply the function to each number of nested lists, tuples and dicts.

    >>> map_numbers(abs, {"a": [-1.0, (-2.0, 3.0)]})
    {'a': [1.0, (2.0, 3.0)]}
    """
    if isinstance(tree, dict):
        return {key: map_numbers(function, item) for key, item in tree.items()}
    if isinstance(tree, (list, tuple)):
        items = [map_numbers(function, item) for item in tree]
        return type(tree)(*items) if hasattr(tree, "_fields") else type(tree)(items)
    return function(tree)


def _fresh(leaf: Any, inputs: list[Value]) -> Value:
    """Return a new value to differentiate by; one of an outer derivative stays linked to it."""
    if not isinstance(leaf, Value) and not is_number(leaf):
        raise TypeError(
            f"expected numbers, or lists, tuples and dicts of numbers, got {type(leaf).__name__}"
        )
    inputs.append(leaf * 1.0 if isinstance(leaf, Value) else Value(leaf))
    return inputs[-1]


def one_value(output: Any) -> Value:
    """Return what a function gave as one Value; `TypeError` for anything but a number."""
    if isinstance(output, Value) or is_number(output):
        return as_value(output)
    raise TypeError(f"the function must return one Value or number, not {type(output).__name__}")


def _evaluate(f: Callable[[list[Value]], Any], x: list[Any]) -> tuple[list[Value], Any]:
    inputs = [item * 1.0 if isinstance(item, Value) else Value(item) for item in x]
    return inputs, f(list(inputs))


def jacobian(f: Callable[[list[Value]], Any]) -> Callable[[Sequence[float]], list[Any]]:
    """Return the function that gives the matrix of derivatives: a row for each output of f.

    f is called with one list and returns a list; where it returns one value, the matrix
    is its one row, as a list of numbers.

    >>> jacobian(lambda x: [x[0] * x[1], x[0] + x[1]])([2.0, 3.0])
    [[3.0, 2.0], [1.0, 1.0]]
    """

    check_function(f)

    def matrix(x: Sequence[float]) -> list[Any]:
        with differentiating() as nested:
            inputs, outputs = _evaluate(f, as_list("jacobian(f)", x))
            if isinstance(outputs, (list, tuple)):
                return [gradient(one_value(output), inputs, nested) for output in outputs]
            return gradient(one_value(outputs), inputs, nested)

    return matrix


def hessian(f: Callable[[list[Value]], Any]) -> Callable[[Sequence[float]], list[list[Any]]]:
    """Return the function that gives the matrix of second derivatives of f, called with one list.

    >>> hessian(lambda x: x[0] ** 2 * x[1])([2.0, 3.0])
    [[6.0, 4.0], [4.0, 0.0]]
    """

    check_function(f)

    def matrix(x: Sequence[float]) -> list[list[Any]]:
        with differentiating() as nested:
            inputs, output = _evaluate(f, as_list("hessian(f)", x))
            slopes = gradient(one_value(output), inputs, create_graph=True)
            return [gradient(slope, inputs, nested) for slope in slopes]

    return matrix


def hvp(f: Callable[[list[Value]], Any], x: Sequence[float], v: Sequence[float]) -> list[Any]:
    """Return the Hessian of f at x times the vector v, without building the Hessian.

    >>> hvp(lambda x: x[0] ** 2 * x[1], [2.0, 3.0], [1.0, 0.0])
    [6.0, 4.0]
    """
    point, direction = _vectors("hvp", f, x, v)
    with differentiating() as nested:
        inputs, output = _evaluate(f, point)
        slopes = gradient(one_value(output), inputs, create_graph=True)
        return gradient(one_value(dot(slopes, direction)), inputs, nested)


def jvp(f: Callable[[list[Value]], Any], x: Sequence[float], v: Sequence[float]) -> Any:
    """Return the derivative of f at x along the vector v: one number, or a list as f returns.

    One pass forward through the recorded graph, for all outputs at once.

    >>> jvp(lambda x: [x[0] * x[1], x[0]], [2.0, 3.0], [1.0, 10.0])
    [23.0, 1.0]
    """
    point, direction = _vectors("jvp", f, x, v)
    with differentiating() as nested:
        inputs, outputs = _evaluate(f, point)
        several = isinstance(outputs, (list, tuple))
        values = [one_value(output) for output in (outputs if several else [outputs])]
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
        return found if several else found[0]


def _vectors(name: str, f: object, x: Any, v: Any) -> tuple[list[Any], list[Any]]:
    """Return point and direction as lists of one length."""
    check_function(f)
    point, along = (as_list(name, of, f"two lists: {name}(f, [a, b], [c, d])") for of in (x, v))
    if len(along) != len(point):
        raise ValueError(f"x and v must have one length, got {len(point)} and {len(along)}")
    return point, [item if isinstance(item, Value) else as_float(item) for item in along]
