"""Columns: the numbers of many Values, read and set in one loop.

What `data` and `grad` do for one value, these do for a list; a function that is being compiled is
told of each value all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from typing import Any

from autograd_engine.engine import Value, grad_of
from autograd_engine.real import as_float
from autograd_engine.state import WATCHED, told


def listed(parameters: Iterable[Value], what: str = "values to train") -> list[Value]:
    """Return the parameters as a list; `TypeError` for what is no list of Values."""
    if isinstance(parameters, Value):
        name = parameters.label if parameters.label.isidentifier() else "w"
        raise TypeError(f"expected a list of {what}: write [{name}] for a single one")
    if not isinstance(parameters, Iterable) or isinstance(parameters, (str, Mapping)):
        method = getattr(parameters, "__name__", "") == "parameters"  # not what it returns
        raise TypeError(
            f"expected a list of {what}, such as model.parameters(){', with brackets' * method}; "
            f"got {parameters!r:.80}"
        )
    found = list(parameters)
    for i, parameter in enumerate(found):
        if not isinstance(parameter, Value):
            raise TypeError(
                f"parameter {i} is no Value but {type(parameter).__name__}: {parameter!r:.60}"
            )
    return found


def data_of(values: Iterable[Value]) -> list[float]:
    """Return the numbers."""
    if WATCHED:
        return [value.data for value in values]
    return [value._data for value in values]


def grads_of(values: Sequence[Value]) -> list[float]:
    """Return the gradients."""
    if WATCHED:
        return [value.grad for value in values]
    try:
        return [value._grad for value in values]
    except AttributeError:  # interpreted, a computed value has none before a sweep
        return [grad_of(value) for value in values]


def set_data(values: Sequence[Value], numbers: Iterable[Any]) -> None:
    """Set the numbers, all or none."""
    for value, number in zip(values, _announced("set", values, numbers)):
        value._data = number


def set_grads(values: Sequence[Value], grads: Iterable[Any]) -> None:
    """Set the gradients, all or none."""
    for value, grad in zip(values, _announced("set grad", values, grads)):
        value._grad = grad


def zero_grads(values: Sequence[Value]) -> None:
    """Set the gradients to 0."""
    if WATCHED:
        set_grads(values, repeat(0.0, len(values)))
    for value in values:
        value._grad = 0.0


def _announced(name: str, values: Iterable[Value], numbers: Iterable[Any]) -> list[float]:
    """Return the numbers as floats; a function that is being compiled has been told of them."""
    found = [number if type(number) is float else as_float(number) for number in numbers]
    if WATCHED:
        for value, number in zip(values, found):
            told(name, value, number)
    return found
