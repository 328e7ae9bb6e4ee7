"""What units, weights and biases are called, and what is said of them on hover."""

from __future__ import annotations

from typing import Any

from autograd_engine.calls import Call
from autograd_engine.engine import Value
from autograd_engine.titles import Places
from autograd_engine.views.layout.scene import readable
from autograd_engine.views.network.stacks import Network, Stage, Unit, short


class Telling:
    """The words of one network; `graded` says whether any gradient is other than 0."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.graded = any(value.grad for _, value in network.named)
        operands: list[tuple[int, ...]] = []  # as if each unit had been called once
        calls = []
        for unit in network.units():
            begin = len(operands)
            dot = begin + (unit.bias is not None) + 2 * len(unit.weights)
            operands += [()] * (dot - begin) + [tuple(range(begin, dot))]
            calls.append(Call(unit.path or "neuron", key=id(unit), outputs=[dot], dot=dot))
        self._titles = {full: title for _, title, full in Places(operands, calls).titles()}

    def name(self, unit: Unit, item: Any, what: str) -> str:
        """Return the label of a value, what its graph calls it, or its name by its place."""
        known = getattr(item, "label", "") or self.network.called.get(id(item))
        return readable(known or self._titles[f"{unit.path}.{what}" if unit.path else what])

    def _said(self, unit: Unit, item: Any, what: str) -> str:
        """Return the name, and the number where it is known."""
        name = self.name(unit, item, what)
        return name if item is None else f"{name} = {short(data_of(item))}"

    def parameter(self, unit: Unit, item: Any, what: str) -> str:
        """Return name, number, gradient, full name and place in the gradient."""
        said = self._said(unit, item, what)
        place = self.network.places.get(id(item))
        if place is None:
            return f"{said}, a number that is not trained"
        grad = f", ∂L/∂{what[0]} = {short(item.grad)}" if self.graded else ""
        full, count = self.network.named[place - 1][0], len(self.network.named)
        return f"{said}{grad}, {full}, entry {place:,} of {count:,} in the gradient"

    def unit(self, stage: Stage, unit: Unit) -> str:
        """Return what is said of a unit: its activation, with numbers where a graph has them."""
        how, output, made = stage.activation, unit.output, self._said(unit, unit.sum, "z")
        if how != "linear":
            a = self._said(unit, output, "a")
            made = f"{a} = {how}({made})" if how else f"{a}, {made}"
        if self.graded and output is not None:
            made += f", ∂L/∂a = {short(output.grad)}"
        return f"{made}, {unit.path or 'the neuron'}"


def data_of(item: Any) -> float:
    """Return the number of a value, or of a number in its place."""
    return float(item.data if isinstance(item, Value) else item)


def shown_of(item: Any, show: str) -> float:
    """Return the number that is shown of a parameter: its own or its gradient."""
    return data_of(item) if show == "weight" else float(getattr(item, "grad", 0.0))
