"""What units, weights and biases are called, and what is said of them on hover."""

from __future__ import annotations

import re
from typing import Any

from autograd_engine.engine import Value
from autograd_engine.titles import LOWERED, RAISED
from autograd_engine.views.layout.scene import readable
from autograd_engine.views.network.stacks import Network, Stage, Unit, short


def symbol(letter: str, *indices: int) -> str:
    """Return a name by its place in a layer.

    >>> symbol("w", 1, 2), symbol("w", 10, 2), symbol("b")
    ('w₁₂', 'w₁₀,₂', 'b')
    """
    joint = "," if any(index > 9 for index in indices) else ""
    return letter + joint.join(map(str, indices)).translate(LOWERED)


class Telling:
    """The words of one network; `graded` says whether any gradient is other than 0."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.graded = any(value.grad for _, value in network.named)
        paths = {stage.path for stack in network.stacks for stage in stack}
        split = {path: re.fullmatch(r"(?:(.*)\.)?layers\.(\d+)", path) for path in paths}
        around = {path: found[1] or "" if found else path for path, found in split.items()}
        several = len(set(around.values())) > 1
        self._before = {p: f"{a}." if several and a else "" for p, a in around.items()}
        self._above = {
            path: f"⁽{found[2].translate(RAISED)}⁾" if found and len(paths) > 1 else ""
            for path, found in split.items()
        }

    def name(self, stage: Stage, item: Any, letter: str, *indices: int) -> str:
        """Return the label of a value, what its graph calls it, or its name by its place."""
        known = getattr(item, "label", "") or self.network.called.get(id(item))
        if not known:
            indices = indices if len(stage.units) > 1 else indices[1:]
            known = f"{self._before[stage.path]}{symbol(letter, *indices)}{self._above[stage.path]}"
        return readable(known)

    def parameter(self, stage: Stage, item: Any, letter: str, *indices: int) -> str:
        """Return name, number, gradient, full name and place in the gradient."""
        said = f"{self.name(stage, item, letter, *indices)} = {short(data_of(item))}"
        place = self.network.places.get(id(item))
        if place is None:
            return f"{said}, a number that is not trained"
        grad = f", ∂L/∂{letter} = {short(item.grad)}" if self.graded else ""
        full, count = self.network.named[place - 1][0], len(self.network.named)
        return f"{said}{grad}, {full}, entry {place:,} of {count:,} in the gradient"

    def unit(self, stage: Stage, unit: Unit) -> str:
        """Return what is said of a unit: its activation, with numbers where a graph has them."""
        how, (total, output) = stage.activation, (unit.sum, unit.output)
        a, z = (self.name(stage, v, x, unit.index) for v, x in ((output, "a"), (total, "z")))
        if output is not None and total is not None:
            a, z = f"{a} = {short(output.data)}", f"{z} = {short(total.data)}"
        made = a if output is total is not None else f"{a} = {how}({z})" if how else f"{a}, {z}"
        if how == "linear" and output is None:
            made = f"{a} = {z}"
        if self.graded and output is not None:
            made += f", ∂L/∂a = {short(output.grad)}"
        return f"{made}, {unit.path or 'the neuron'}"


def data_of(item: Any) -> float:
    """Return the number of a value, or of a number in its place."""
    return float(item.data if isinstance(item, Value) else item)


def shown_of(item: Any, show: str) -> float:
    """Return the number that is shown of a parameter: its own or its gradient."""
    return data_of(item) if show == "weight" else float(getattr(item, "grad", 0.0))
