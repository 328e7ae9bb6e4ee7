"""Derivatives of functions, to any order: of arguments of any shape (`grad`, `value_and_grad`), or
of one list or array (`jacobian`, `hessian`, `hvp`, `jvp`).

A derivative has the shape of what it is taken by: a list stays a list, and an array of NumPy an
array, of Values for the function and of floats for who called it.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import Any

from autograd_engine.blocks import differentiating
from autograd_engine.engine import Value, as_value
from autograd_engine.functions import dot
from autograd_engine.gradients import gradient, tangents
from autograd_engine.number import number
from autograd_engine.real import (
    as_list,
    check_call,
    check_function,
    is_array,
    is_number,
    is_several,
    is_whole,
    kind_of,
    owned,
    plain,
)
from autograd_engine.state import WATCHED, told
from autograd_engine.words import counted

Shape = tuple[int, ...] | None
SUMMED = ": of several it is ag.jacobian(f), or return their sum; second derivatives: ag.hessian(f)"


def map_numbers(function: Callable[[Any], Any], tree: Any) -> Any:
    """Apply the function to each number of nested lists, tuples, dicts and arrays."""
    if isinstance(tree, dict):
        return {key: map_numbers(function, item) for key, item in tree.items()}
    if isinstance(tree, (list, tuple)):
        items = [map_numbers(function, item) for item in tree]
        return type(tree)(*items) if hasattr(tree, "_fields") else type(tree)(items)
    tree = owned(tree)
    return shaped(list(map(function, tree.flat)), tree.shape) if is_array(tree) else function(tree)


def shaped(items: Iterable[Any], shape: Shape) -> Any:
    """Return a list, or an array of that shape: of floats, or of Values where they are."""
    items = list(items)
    if shape is None:
        return items
    import numpy

    kind: Any = object if any(isinstance(item, Value) for item in items) else float
    found: Any = numpy.empty(len(items), kind)
    found[:] = items
    return found.reshape(shape)


def fresh(leaf: Any) -> Value:
    """Return a new value to differentiate by; one of an outer derivative stays linked to it."""
    return leaf * 1.0 if isinstance(leaf, Value) else Value(leaf)


def one_value(output: Any, several: str = SUMMED) -> Value:
    """Return what a function gave as one Value; `TypeError` for anything but a number."""
    if getattr(output, "size", 0) == 1:  # an array of one, as SciPy's example functions give
        output = output.item()
    if isinstance(output, Value) or is_number(output):
        return as_value(output)
    found = kind_of(output) + (several if is_several(output) else "")
    raise TypeError(f"the function must return one Value or number, not {found}")


def outputs_of(given: Any) -> tuple[list[Value], Shape]:
    """Return what a function gave as Values, with the shape of several."""
    if is_array(given):
        return list(map(one_value, given.flat)), given.shape
    items = given if (several := isinstance(given, (list, tuple))) else [given]
    return [one_value(item, "") for item in items], (len(given),) if several else None


def point_of(name: str, x: Any, taken: str = "") -> tuple[list[Any], Shape]:
    """Return the numbers of a list or of an array, whose shape it is; None for a list."""
    x = owned(x)
    return (list(x.flat), x.shape) if is_array(x) else (as_list(name, x, taken), None)


def grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """Return the function that gives the derivative of f by one argument, or a tuple by several.

    Arguments are numbers, NumPy arrays, or nested lists, tuples and dicts of them; the derivative
    has their shape. For f an array is one of Values. Inside an outer derivative all is made of
    Values. The result pickles if f does.

    >>> grad(grad(lambda x: x**4))(2.0)
    48.0
    """
    return derived(_slope, f, _positions(argnums), False)


def value_and_grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """Return the function that gives the pair (value of f, derivative of f); see `grad`.

    >>> value_and_grad(lambda w: w["a"] * w["b"])({"a": 2.0, "b": 3.0})
    (6.0, {'a': 3.0, 'b': 2.0})
    """
    return derived(_slope, f, _positions(argnums), True)


def _positions(argnums: Any) -> Any:
    positions = tuple(argnums) if isinstance(argnums, Iterable) else argnums
    if not all(map(is_whole, positions if isinstance(positions, tuple) else (positions,))):
        raise TypeError(f"argnums must be a position such as 0, or several; got {argnums!r:.60}")
    return positions


def _slope(f: Callable[..., Any], argnums: Any, both: bool, /, *args: Any, **kwargs: Any) -> Any:
    """Return the derivative of f at these arguments, behind its value if `both`."""
    positions = argnums if isinstance(argnums, tuple) else (argnums,)
    n = len(args)
    out = any(not -n <= position < n for position in positions)
    if out or len({position % n for position in positions}) < len(positions):
        told = f"is out of range, or has one twice: f was given {counted(n, 'argument')}"
        raise ValueError(f"argnums {argnums} {told}")
    inputs: list[Value] = []

    def new(leaf: Any) -> Value:
        inputs.append(fresh(leaf))
        return inputs[-1]

    with differentiating() as nested:
        given = list(args)
        for position in positions:
            given[position] = map_numbers(new, args[position])
        output = one_value(f(*given, **kwargs))
        slopes = iter(gradient(output, inputs, create_graph=nested))
        found = tuple([map_numbers(lambda leaf: next(slopes), args[i]) for i in positions])
    slope = found if isinstance(argnums, tuple) else found[0]
    return (output if nested else output._data, slope) if both else slope


def derived(way: Callable[..., Any], f: Callable[..., Any], *settings: Any) -> Callable[..., Any]:
    """Return the function that is called as f and gives its derivative."""
    check_function(f)
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
    return derived(_matrix, f, "jacobian")


def hessian(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return the function that gives the matrix of second derivatives of f, called with one list.

    Further arguments reach f. Of an array it is an array, of the argument's shape twice.

    >>> hessian(lambda x: x[0] ** 2 * x[1])([2.0, 3.0])
    [[6.0, 4.0], [4.0, 0.0]]
    """
    return derived(_matrix, f, "hessian")


def _matrix(f: Callable[..., Any], name: str, /, *points: Any, **keywords: Any) -> Any:
    """Return the matrix of derivatives at this point, with further arguments as they are."""
    second = name == "hessian"
    more = points[1:] if points and hasattr(points[0], "__iter__") else ()
    f = functools.partial(f, **keywords)
    check_call(name, f, "the point", more)
    if len(points) != 1 + len(more):
        raise TypeError(f"{name}(f) takes one list: {name}(f)([a, b]); got {len(points)} arguments")
    x, shape = point_of(f"{name}(f)", points[0])
    with differentiating() as nested:
        inputs = list(map(fresh, x))
        given = f(shaped(inputs, shape), *more)
        if second:
            given = shaped(gradient(one_value(given), inputs, create_graph=True), shape)
        outputs, outer = outputs_of(given)
        rows = [gradient(output, inputs, nested) for output in outputs]
    if second and not nested:  # NaN in both places where only one order of differentiation gives it
        pairs = [[*zip(row, column)] for row, column in zip(rows, zip(*rows))]
        rows = [[x if y == y else math.nan for x, y in row] for row in pairs]
    if shape is None and not is_array(given):
        return rows[0] if outer is None else rows
    found = shaped(chain(*rows), (*(outer or ()), *(shape or (len(x),))))
    return found.tolist() if shape is None else found


def hvp(f: Callable[[Any], Any], x: Any, v: Any) -> Any:
    """Return the Hessian of f at x times the vector v, without building the Hessian.

    >>> hvp(lambda x: x[0] ** 2 * x[1], [2.0, 3.0], [1.0, 0.0])
    [6.0, 4.0]
    """
    point, direction, shape = _vectors("hvp", f, x, v)
    with differentiating() as nested:
        inputs = list(map(fresh, point))
        output = one_value(f(shaped(inputs, shape)))
        slopes = gradient(output, inputs, create_graph=True)
        return shaped(gradient(one_value(dot(slopes, direction)), inputs, nested), shape)


def jvp(f: Callable[[Any], Any], x: Any, v: Any) -> Any:
    """Return the derivative of f at x along the vector v: one number, or what f returns of them.

    One pass forward through the recorded graph, for all outputs at once.

    >>> jvp(lambda x: [x[0] * x[1], x[0]], [2.0, 3.0], [1.0, 10.0])
    [23.0, 1.0]
    """
    point, direction, shape = _vectors("jvp", f, x, v)
    with differentiating() as nested:
        inputs = list(map(fresh, point))
        given = f(shaped(inputs, shape))
        values, outer = outputs_of(given)
        for value in values if WATCHED and not nested else ():
            told("sweep", value, 1.0)
        along = tangents(values, dict(zip(map(id, inputs), direction)), nested)
        way = as_value if nested else number
        found = [way(along.get(id(value), 0.0)) for value in values]
        return found[0] if outer is None else shaped(found, outer if is_array(given) else None)


def _vectors(name: str, f: Any, x: Any, v: Any) -> tuple[list[Any], list[Any], Shape]:
    check_call(name, f, "the point")
    taken = f"two lists: {name}(f, [a, b], [c, d])"
    point, shape = point_of(name, x, taken)
    along, other = point_of(name, v, taken)
    if len(along) != len(point) or (shape and other and shape != other):
        shapes = f"{shape or len(point)} and {other or len(along)}"
        raise ValueError(f"x and v must have one length and shape, got {shapes}")
    return point, list(map(plain, along)), shape
