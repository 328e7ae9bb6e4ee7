"""Columns: the numbers of many Values, read and set in one loop.

What `data` and `grad` do for one value, these do for a list; a function that is being compiled is
told of each value all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from autograd_engine.engine import Value
from autograd_engine.number import grad_of
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
    found: list[Any] = list(parameters)  # which the compiled build would check in its own words
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
    return [value._data for value in list(values)]


def grads_of(values: Iterable[Value]) -> list[float]:
    """Return the gradients."""
    if WATCHED:
        return [value.grad for value in values]
    found = list(values)
    try:
        return [value._grad for value in found]
    except AttributeError:  # interpreted, a computed value has none before a sweep
        return [grad_of(value) for value in found]


def set_data(values: Iterable[Value], numbers: Iterable[Any]) -> None:
    """Set the numbers, all or none."""
    found = list(values)
    for value, number in zip(found, _announced("set", found, numbers)):
        value._data = number


def set_grads(values: Iterable[Value], grads: Iterable[Any]) -> None:
    """Set the gradients, all or none."""
    found = list(values)
    for value, grad in zip(found, _announced("set grad", found, grads)):
        value._grad = grad


def zero_grads(values: Iterable[Value]) -> None:
    """Set the gradients to 0."""
    found = list(values)
    if WATCHED:
        set_grads(found, [0.0] * len(found))
    for value in found:
        value._grad = 0.0


def _announced(name: str, values: list[Value], numbers: Iterable[Any]) -> list[float]:
    """Return the numbers as floats; a function that is being compiled has been told of them."""
    found: list[Any] = list(numbers)
    for number in found:
        if type(number) is not float:
            found = list(map(as_float, found))
            break
    if WATCHED:
        for value, number in zip(values, found):
            told(name, value, number)
    return found
