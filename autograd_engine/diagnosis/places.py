"""Where something is, in words and in code: labels, regions, source lines."""

from __future__ import annotations

import keyword
import re
from collections.abc import Sequence
from typing import Final

from autograd_engine.engine import Value
from autograd_engine.sources import source_of
from autograd_engine.survey import Survey
from autograd_engine.table import LEAF

SHOWN: Final = 6
"""So many operands of an operation are told one by one."""


class Parameters:
    """The parameters of a diagnosis, each once, and what they are called."""

    def __init__(self, values: Sequence[Value]) -> None:
        self._index: dict[int, int] = {}
        for i, value in enumerate(values):
            self._index.setdefault(id(value), i)
        self.values = [values[i] for i in self._index.values()]

    def __contains__(self, value: Value) -> bool:
        return id(value) in self._index

    def code(self, value: Value, label: str = "") -> str:
        """Return how the fix's code calls a value: by its label, or its place in the list."""
        label = label or value.label
        if is_name(label):
            return label
        return self.entry(value) if value in self else "w"

    def entry(self, value: Value) -> str:
        """Return how the fix's code calls the place of a parameter in the list."""
        return f"parameters[{self._index[id(value)]}]"

    def title(self, value: Value) -> str:
        """Return what a sentence calls a value."""
        if not value.label and value in self:
            return self.entry(value)
        return title(value)


def title(value: Value) -> str:
    """Return what a sentence calls a value: its label, or how it was computed.

    >>> w = Value(2.0, "w")
    >>> title(w), title((w - 5.0).relu())
    ("'w'", 'ReLU(-3)')
    """
    if value.label:
        return repr(value.label)
    if value._rule is LEAF or not value.operands:
        return f"the {'leaf' if value._rule is LEAF else 'constant'} {value.data:.6g}"
    numbers = [
        repr(operand.label) if operand.label else f"{operand.data:.6g}"
        for operand in value.operands[:SHOWN]
    ]
    if len(value.operands) > SHOWN:
        numbers[SHOWN // 2 :] = [f"and {len(value.operands) - SHOWN // 2:,} more"]
    if value.op[:2] == "**" and numbers[0].startswith("-"):
        numbers[0] = f"({numbers[0]})"
    if value.op in ("+", "-", "*", "/", "**"):
        return f" {value.op} ".join(numbers)
    if value.op.startswith("**"):
        return f"{numbers[0]}{value.op}"
    return f"{value.op}({', '.join(numbers)})"


def place(survey: Survey, i: int, name: str = "") -> str:
    """Return where a value is: what it is called, its region, and its source line if known."""
    value = survey.values[i]
    home, line = survey.homes[i], source_of(value)
    region = f"in {home}" if home else ""
    return ", ".join(filter(None, [name or title(value), region, line]))


def is_name(label: str) -> bool:
    """Say whether a label reads as a variable, or an item of one, in code.

    >>> is_name("w"), is_name("weights[0]"), is_name("class"), is_name("my weight")
    (True, True, False, False)
    """
    match = re.fullmatch(r"([A-Za-z_]\w*)(\[\d+\])*", label, re.ASCII)
    return bool(match) and not keyword.iskeyword(label)


def layer_of(region: str) -> str:
    """Return the layer in which a neuron stands, by the name of the neuron's region.

    >>> layer_of("layers.0.neurons.3"), layer_of("neurons.3"), layer_of("neuron")
    ('layers.0', 'layer', 'neuron')
    """
    layer, found = re.subn(r"(^|\.)neurons\.\d+$", "", region)
    return (layer or "layer") if found else region


def neurons_code(region: str) -> str:
    """Return how code calls the neurons of the layer in which a neuron stands, "" if in none.

    >>> neurons_code("layers.0.neurons.3"), neurons_code("hidden.neurons.3")
    ('model.layers[0].neurons', 'model.hidden.neurons')
    >>> neurons_code("neurons.3"), neurons_code("neuron"), neurons_code("encoder")
    ('layer.neurons', '[neuron]', '')
    """
    if region == "neuron":
        return "[neuron]"
    if not re.fullmatch(r"([A-Za-z_]\w*(\.\w+)*\.)?neurons\.\d+", region, re.ASCII):
        return ""
    layer = layer_of(region)
    if layer == "layer":
        return "layer.neurons"
    parts = [f"[{part}]" if part.isdigit() else f".{part}" for part in layer.split(".")]
    return f"model{''.join(parts)}.neurons"
