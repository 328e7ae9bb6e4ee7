"""What units, weights and biases are called, and what is said of them on hover."""

from __future__ import annotations

import math
from typing import Any

from autograd_engine.engine import Value
from autograd_engine.views.network.stacks import Network, Stage, Unit, short

_BELOW = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_ABOVE = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def symbol(letter: str, *indices: int, layer: int = -1) -> str:
    """Return a name by its place; `layer` -1 for the only layer.

    >>> symbol("w", 1, 2, layer=0), symbol("w", 10, 2), symbol("b")
    ('w₁₂⁽⁰⁾', 'w₁₀,₂', 'b')
    """
    apart = "," if any(index > 9 for index in indices) else ""
    text = letter + apart.join(str(index).translate(_BELOW) for index in indices)
    return text if layer < 0 else f"{text}⁽{str(layer).translate(_ABOVE)}⁾"


class Telling:
    """The words of one network; `graded` says whether any gradient is other than 0."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.graded = any(value.grad for _, value in network.named)

    def weight(self, stack: list[Stage], k: int, unit: Unit, i: int) -> str:
        """Return what is said of the weight of a unit for its input i."""
        places = (i,) if len(stack[k].units) == 1 else (unit.index, i)
        return self.parameter(unit.weights[i], "w", symbol("w", *places, layer=_layer(stack, k)))

    def bias(self, stack: list[Stage], k: int, unit: Unit) -> str:
        """Return what is said of the bias of a unit."""
        return self.parameter(unit.bias, "b", self.name("b", stack, k, unit))

    def name(self, letter: str, stack: list[Stage], k: int, unit: Unit) -> str:
        """Return the name of something of which each unit has one."""
        places = () if len(stack[k].units) == 1 else (unit.index,)
        return symbol(letter, *places, layer=_layer(stack, k))

    def parameter(self, item: Any, letter: str, name: str) -> str:
        """Return name, number, gradient, full name and place in the gradient."""
        said = f"{getattr(item, 'label', '') or name} = {short(data_of(item))}"
        place = self.network.places.get(id(item))
        if place is None:
            return f"{said}, a number that is not trained"
        grad = f", ∂L/∂{letter} = {short(item.grad)}" if self.graded else ""
        full = self.network.names[id(item)]
        count = len(self.network.named)
        return f"{said}{grad}, {full}, entry {place:,} of {count:,} in the gradient"

    def unit(self, stack: list[Stage], k: int, unit: Unit) -> str:
        """Return what is said of a unit: its activation, with numbers where a graph has them."""
        where = unit.path or "the neuron"
        how = stack[k].activation
        a, z = self.name("a", stack, k, unit), self.name("z", stack, k, unit)
        if unit.output is None or unit.sum is None:
            made = f"{a} = {z}" if how == "linear" else f"{a} = {how}({z})"
            return f"{made}, {where}"
        said = f"{unit.output.label or a} = {short(unit.output.data)}"
        if unit.output is not unit.sum:
            inner = f"{z} = {short(unit.sum.data)}"
            said += f" = {how}({inner})" if how else f", {inner}"
        if self.graded:
            said += f", ∂L/∂a = {short(unit.output.grad)}"
        return f"{said}, {where}"

    def input(self, i: int) -> tuple[str, str]:
        """Return the name of an input, and what is known of it."""
        known = self.network.inputs[i] if i < len(self.network.inputs) else None
        name = symbol("x", i)
        if known is None:
            return name, f"{name}, an input"
        said = f"{known.label or name} = {short(known.data)}"
        return name, said


def data_of(item: Any) -> float:
    """Return the number of a value, or of a number in its place."""
    return float(item.data if isinstance(item, Value) else item)


def shown_of(item: Any, show: str) -> float:
    """Return the number that is shown of a parameter: its own or its gradient."""
    if show == "weight":
        return data_of(item)
    return item.grad if isinstance(item, Value) else math.nan


def _layer(stack: list[Stage], k: int) -> int:
    return k if len(stack) > 1 else -1
