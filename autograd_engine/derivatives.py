"""Derivatives of functions, to any order: of arguments of any shape (`grad`, `value_and_grad`), or
of one list or array (`jacobian`, `hessian`, `hvp`, `jvp`).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import Any

from autograd_engine import arguments
from autograd_engine.arguments import Shape, array_of, evaluated, map_numbers, one_value, shaped
from autograd_engine.blocks import differentiating
from autograd_engine.engine import Value, as_value
from autograd_engine.functions import dot
from autograd_engine.gradients import gradient, tangents
from autograd_engine.number import number
from autograd_engine.real import as_float, check_call, check_function, is_array, is_whole
from autograd_engine.state import WATCHED, told
from autograd_engine.words import counted


def grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """Return the function that gives the derivative of f by one argument, or a tuple by several.

    Arguments are numbers, NumPy arrays, or nested lists, tuples and dicts of them; the derivative
    has their shape. For f an array is one of Values. Inside an outer derivative all is made of
    Values. The result pickles if f does.

    >>> grad(grad(lambda x: x**4))(2.0)
    48.0
    """
    return derived(_slope, f, _positions(f, argnums))


def value_and_grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """Return the function that gives the pair (value of f, derivative of f); see `grad`.

    >>> value_and_grad(lambda w: w["a"] * w["b"])({"a": 2.0, "b": 3.0})
    (6.0, {'a': 3.0, 'b': 2.0})
    """
    return derived(_value_and_slope, f, _positions(f, argnums))


def _positions(f: object, argnums: Any) -> Any:
    check_function(f)
    positions = tuple(argnums) if isinstance(argnums, Iterable) else argnums
    if not all(map(is_whole, positions if isinstance(positions, tuple) else (positions,))):
        raise TypeError(f"argnums must be a position such as 0, or several; got {argnums!r:.60}")
    return positions


def _slope(f: Callable[..., Any], argnums: Any, /, *args: Any, **kwargs: Any) -> Any:
    """Return the derivative of f at these arguments."""
    return _value_and_slope(f, argnums, *args, **kwargs)[1]


def _value_and_slope(
    f: Callable[..., Any], argnums: Any, /, *args: Any, **kwargs: Any
) -> tuple[Any, Any]:
    """Return the value of f at these arguments, and its derivative."""
    positions = argnums if isinstance(argnums, tuple) else (argnums,)
    for position in positions:
        if not -len(args) <= position < len(args):
            count = counted(len(args), "argument")
            raise ValueError(f"argnums {position} is out of range: f was given {count}")
    if len({position % len(args) for position in positions}) < len(positions):
        raise ValueError(f"argnums {argnums} has an argument twice: name each once")
    with differentiating() as nested:
        inputs: list[Value] = []
        given = list(args)
        for position in positions:
            given[position] = map_numbers(
                lambda leaf: arguments.fresh(leaf, inputs), args[position]
            )
        output = one_value(f(*given, **kwargs))
        slopes = iter(gradient(output, inputs, create_graph=nested))
        found = tuple(
            map_numbers(lambda leaf: next(slopes), args[position]) for position in positions
        )
    value = output if nested else output._data
    return value, found if isinstance(argnums, tuple) else found[0]


def derived(way: Callable[..., Any], f: Callable[..., Any], *settings: Any) -> Callable[..., Any]:
    """Return the function that is called as f and gives its derivative."""
    made: Any = functools.partial(way, f, *settings)
    made.__doc__ = way.__doc__
    made.__wrapped__ = f  # its signature
    return made  # type: ignore[no-any-return]


def jacobian(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return the function that gives the matrix of derivatives: a row for each output of f.

    f is called with one list, and with further arguments as they are; where it returns one value,
    the matrix is its one row, a list. Of an array it is an array, of the shape of what f returns
    and then the argument's.

    >>> jacobian(lambda x: [x[0] * x[1], x[0] + x[1]])([2.0, 3.0])
    [[3.0, 2.0], [1.0, 1.0]]
    """
    check_function(f)
    return derived(_jacobian, f)


def _jacobian(f: Callable[..., Any], /, *points: Any, **named: Any) -> Any:
    """Return the matrix of derivatives at this point."""
    return _matrix("jacobian", functools.partial(f, **named), points, False)


def hessian(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return the function that gives the matrix of second derivatives of f, called with one list.

    Further arguments reach f. Of an array it is an array, of the argument's shape twice.

    >>> hessian(lambda x: x[0] ** 2 * x[1])([2.0, 3.0])
    [[6.0, 4.0], [4.0, 0.0]]
    """
    check_function(f)
    return derived(_hessian, f)


def _hessian(f: Callable[..., Any], /, *points: Any, **named: Any) -> Any:
    """Return the matrix of second derivatives at this point."""
    return _matrix("hessian", functools.partial(f, **named), points, True)


def _matrix(name: str, f: Callable[..., Any], points: tuple[Any, ...], second: bool) -> Any:
    """Return the Jacobian of f or of its gradient by the first argument, others as they are."""
    more = points[1:] if points and hasattr(points[0], "__iter__") else ()
    check_call(name, f, "the point", more)
    if len(points) != 1 + len(more):
        raise TypeError(f"{name}(f) takes one list: {name}(f)([a, b]); got {len(points)} arguments")
    x, shape = arguments.point_of(f"{name}(f)", points[0])
    with differentiating() as nested:
        inputs, given = evaluated(f, x, shape, more)
        if second:
            given = shaped(gradient(one_value(given), inputs, create_graph=True), shape)
        outputs, outer = arguments.outputs_of(given)
        rows = [gradient(output, inputs, nested) for output in outputs]
    if second and not nested:
        rows = agreed(rows)
    if shape is None and not is_array(given):
        return rows[0] if outer is None else rows
    found = array_of(list(chain(*rows)), (*(outer or ()), *(shape or (len(x),))))
    return found.tolist() if shape is None else found


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
        values, outer = arguments.outputs_of(given)
        for value in values if WATCHED and not nested else ():
            told("sweep", value, 1.0)
        along = tangents(values, dict(zip(map(id, inputs), direction)), nested)
        found = [along.get(id(value), 0.0) for value in values]
        found = list(map(as_value if nested else number, found))
        return found[0] if outer is None else shaped(found, outer if is_array(given) else None)


def _vectors(name: str, f: Any, x: Any, v: Any) -> tuple[list[Any], list[Any], Shape]:
    check_call(name, f, "the point")
    taken = f"two lists: {name}(f, [a, b], [c, d])"
    point, shape = arguments.point_of(name, x, taken)
    along, other = arguments.point_of(name, v, taken)
    if len(along) != len(point):
        raise ValueError(f"x and v must have one length, got {len(point)} and {len(along)}")
    if shape and other and shape != other:
        raise ValueError(f"x and v must have one shape, got {shape} and {other}")
    return point, [item if isinstance(item, Value) else as_float(item) for item in along], shape


def agreed(matrix: list[list[float]]) -> list[list[float]]:
    """Return a Hessian with NaN in both places where only one order of differentiation gives it."""
    return [
        [number if matrix[j][i] == matrix[j][i] else math.nan for j, number in enumerate(row)]
        for i, row in enumerate(matrix)
    ]
