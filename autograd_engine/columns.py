"""The inner loops of a network and its training, and so compiled: the numbers of many Values read
and set, which a function that is being compiled is told of, and what neurons and layers compute.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from autograd_engine.engine import Value, as_value
from autograd_engine.functions import dot, elu, gelu, leaky_relu, recorded_dots, silu
from autograd_engine.notes import FIRED, mark
from autograd_engine.real import as_float, as_list, is_foreign, is_number, is_several, named
from autograd_engine.state import TRACED, WATCHED, told
from autograd_engine.words import counted, printable


def listed(parameters: Iterable[Value], what: str = "values to train") -> list[Value]:
    """Return the parameters as a list; `TypeError` for what is no list of Values."""
    if isinstance(parameters, Value):
        raise TypeError(
            f"expected a list of {what}: write [{parameters.label or 'w'}] for a single one"
        )
    if not isinstance(parameters, Iterable) or isinstance(parameters, (str, Mapping)):
        such = f"such as model.parameters(), with brackets; got {parameters!r:.80}"
        raise TypeError(f"expected a list of {what}, {such}")
    found: list[Any] = list(parameters)  # which the compiled build would check in its own words
    for i, parameter in enumerate(found):
        if not isinstance(parameter, Value):
            raise TypeError(f"parameter {i} is no Value but {named(parameter)}")
    return found


def data_of(values: Iterable[Value]) -> list[float]:
    if WATCHED:
        return [value.data for value in values]
    return [value._data for value in list(values)]


def grads_of(values: Iterable[Value]) -> list[float]:
    if WATCHED:
        return [value.grad for value in values]
    found = list(values)
    try:
        return [value._grad for value in found]
    except AttributeError:  # interpreted, a computed value has none before a sweep
        return [value.grad for value in found]


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


def _announced(name: str, values: list[Value], numbers: Iterable[Any]) -> list[float]:
    """Return the numbers as floats; a function that is being compiled has been told of them."""
    found: list[Any] = list(numbers)
    if set(map(type, found)) != {float}:
        found = list(map(as_float, found))
    if WATCHED:
        for value, number in zip(values, found):
            told(name, value, number)
    return found


ACTIVATIONS: dict[str, Callable[[Any], Any]] = {  # those that have a name
    "relu": Value.relu, "tanh": Value.tanh, "sigmoid": Value.sigmoid, "gelu": gelu, "silu": silu,
    "elu": elu, "leaky_relu": leaky_relu, "softplus": Value.softplus, "linear": Value.__pos__,
}  # fmt: skip


def fire(neurons: list[Any], x: Any, own: Any = None) -> Any:
    """Return the outputs of neurons, of one its value; if `own` is the method that fires."""
    inputs = _values(x)  # numbers become constants here, so that the neurons share them
    outputs: list[Any]
    if own is not None and {type(neuron).__call__ for neuron in neurons} != {own}:
        outputs = [neuron(list(inputs)) for neuron in neurons]
        return outputs[0] if len(outputs) == 1 else outputs
    rows = [neuron.w for neuron in neurons]
    for weights in rows:
        if len(weights) != len(inputs):
            given = counted(len(inputs), "input")
            raise ValueError(f"the neuron has {len(weights)} weights but was given {given}")
    try:
        outputs = recorded_dots([neuron.b for neuron in neurons], rows, inputs)
    except (AttributeError, TypeError):  # numbers among the weights
        outputs = [dot(neuron.w, inputs, neuron.b) for neuron in neurons]
    outputs = [_activated(neuron, output) for neuron, output in zip(neurons, outputs)]
    return outputs[0] if len(outputs) == 1 else outputs


def _activated(neuron: Any, output: Any) -> Any:
    marked = bool(TRACED)
    if neuron.nonlin:
        activate = neuron.activation
        if isinstance(activate, str):
            output = ACTIVATIONS[activate](output)
        else:
            output = as_value(activate(output))  # a step function may return plain numbers
            marked = hasattr(output, "_note")  # a label that it gave
    if marked:
        mark(output, region=neuron._region.region, ended=FIRED)
    else:  # the same, without an object for each call
        output._note = neuron._region
    return output


def _values(x: Any) -> tuple[Value, ...]:
    """Return inputs as values; a single value or number is the one input."""
    items = [x] if isinstance(x, Value) or is_number(x) else x
    try:
        if type(items) is not list:
            items = as_list("a network", x, "one sample, a list of numbers or values")
        return tuple([item if isinstance(item, Value) else as_value(item) for item in items])
    except TypeError:
        if hasattr(x, "__iter__") and not any(map(is_several, items)):
            raise
        if is_foreign(x):
            as_float(x)  # says whose it is
        given = f"a network takes one sample, a list of numbers or values, got {printable(repr(x))}"
        raise TypeError(f"{given}: of several samples write [model(x) for x in xs]") from None
