"""Arguments and results of functions to differentiate: numbers in lists, tuples, dicts and arrays.

With this module a derivative has the shape of what it is taken by: a list stays a list, and an
array of NumPy an array, of Values for the function and of floats for who called it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from autograd_engine.engine import Value, as_value
from autograd_engine.real import as_list, is_array, is_number, named

Shape = tuple[int, ...] | None


def map_numbers(function: Callable[[Any], Any], tree: Any) -> Any:
    """Apply the function to each number of nested lists, tuples, dicts and arrays.

    >>> map_numbers(abs, {"a": [-1.0, (-2.0, 3.0)]})
    {'a': [1.0, (2.0, 3.0)]}
    """
    if isinstance(tree, dict):
        return {key: map_numbers(function, item) for key, item in tree.items()}
    if isinstance(tree, (list, tuple)):
        items = [map_numbers(function, item) for item in tree]
        return type(tree)(*items) if hasattr(tree, "_fields") else type(tree)(items)
    if is_array(tree):
        return array_of([function(item) for item in tree.flat], tree.shape)
    return function(tree)


def array_of(items: list[Any], shape: tuple[int, ...]) -> Any:
    """Return an array of floats, or of Values where they are."""
    import numpy

    kind: Any = object if any(isinstance(item, Value) for item in items) else float
    found: Any = numpy.empty(len(items), kind)
    found[:] = items
    return found.reshape(shape)


def fresh(leaf: Any, inputs: list[Value]) -> Value:
    """Return a new value to differentiate by; one of an outer derivative stays linked to it."""
    if not isinstance(leaf, Value) and not is_number(leaf):
        raise TypeError(
            f"expected numbers, or lists, tuples, dicts and arrays of numbers, got {named(leaf)}"
        )
    inputs.append(leaf * 1.0 if isinstance(leaf, Value) else Value(leaf))
    return inputs[-1]


def one_value(output: Any) -> Value:
    """Return what a function gave as one Value; `TypeError` for anything but a number."""
    if getattr(output, "size", 0) == 1:  # an array of one, as SciPy's example functions give
        output = output.item()
    if isinstance(output, Value) or is_number(output):
        return as_value(output)
    raise TypeError(f"the function must return one Value or number, not {type(output).__name__}")


def point_of(name: str, x: Any, taken: str = "") -> tuple[list[Any], Shape]:
    """Return the numbers of a list or of an array, whose shape it is; None for a list."""
    return (list(x.flat), x.shape) if is_array(x) else (as_list(name, x, taken), None)


def shaped(items: list[Any], shape: Shape) -> Any:
    """Return a list of its own, or an array of that shape."""
    return list(items) if shape is None else array_of(items, shape)


def evaluated(
    f: Callable[..., Any], x: list[Any], shape: Shape, more: Sequence[Any] = ()
) -> tuple[list[Value], Any]:
    """Return new values at the point, and what the function gives of them (and more arguments)."""
    inputs = [item * 1.0 if isinstance(item, Value) else Value(item) for item in x]
    return inputs, f(shaped(inputs, shape), *more)


def outputs_of(given: Any) -> tuple[list[Value], Shape]:
    """Return what a function gave as Values, with the shape of several."""
    if isinstance(given, (list, tuple)):
        return list(map(one_value, given)), (len(given),)
    if is_array(given):
        return list(map(one_value, given.flat)), given.shape
    return [one_value(given)], None
