"""Derivatives of functions whose arguments have any shape: `grad` and `value_and_grad`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from autograd_engine.arguments import derived, fresh, map_numbers, one_value
from autograd_engine.engine import Value
from autograd_engine.gradients import gradient
from autograd_engine.real import check_function, is_whole
from autograd_engine.recording import differentiating


def grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """Return the function that gives the derivative of f by one argument, or a tuple by several.

    Arguments are numbers, arrays of NumPy, or lists, tuples and dicts of them, nested as you
    like; the derivative has their shape. For f an array is one of Values; its derivative is one
    of floats. Inside an outer derivative all is made of Values. The result pickles if f does.

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
    """Return the positions of the arguments to differentiate by, as they were given."""
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
            raise ValueError(
                f"argnums {position} is out of range: f was given {len(args)} argument(s)"
            )
    if len({position % len(args) for position in positions}) < len(positions):
        raise ValueError(f"argnums {argnums} has an argument twice: name each once")
    with differentiating() as nested:
        inputs: list[Value] = []
        given = list(args)
        for position in positions:
            given[position] = map_numbers(lambda leaf: fresh(leaf, inputs), args[position])
        output = one_value(f(*given, **kwargs))
        slopes = iter(gradient(output, inputs, create_graph=nested))
        found = tuple(
            map_numbers(lambda leaf: next(slopes), args[position]) for position in positions
        )
    value = output if nested else output._data
    return value, found if isinstance(argnums, tuple) else found[0]
