"""Where something is, in words and in code: labels, regions, source lines."""

from __future__ import annotations

import keyword
import re
from collections.abc import Sequence
from typing import Final

from autograd_engine.engine import Value
from autograd_engine.sources import source_of
from autograd_engine.survey import Survey
from autograd_engine.table import CONSTANT

SHOWN: Final = 6
"""So many operands of an operation are told one by one."""


class Parameters:
    """The parameters of a diagnosis, each once, and what they are called."""

    def __init__(self, values: Sequence[Value]) -> None:
        self._index: dict[int, int] = {}
        for i, value in enumerate(values):
            self._index.setdefault(id(value), i)
        self.values = [values[i] for i in self._index.values()]
        self.survey: Survey | None = None  # of the latest graph, which has names for them

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
        known = _given(value, self.survey)
        if not known and value in self:
            return self.entry(value)
        return title(value, self.survey)


def _given(value: Value, survey: Survey | None) -> str:
    """Return the name of a value that has one by its label or its place in a model, else ""."""
    if survey is None or id(value) not in survey.position:
        return value.label
    return survey.given_names[survey.position[id(value)]]


def title(value: Value, survey: Survey | None = None) -> str:
    """Return what a sentence calls a value: its name in a graph, or how it was computed.

    >>> w = Value(2.0, "w")
    >>> title(w), title((w - 5.0).relu())
    ("'w'", 'ReLU(-3)')
    """
    known = _given(value, survey)
    if known:
        return repr(known)
    if value._rule is CONSTANT or not value.operands:
        leaf = f"leaf {survey.name(value)} =" if survey and id(value) in survey.position else "leaf"
        return f"the {'constant' if value._rule is CONSTANT else leaf} {value.data:.6g}"
    names = [_given(operand, survey) for operand in value.operands[:SHOWN]]
    numbers = [
        repr(name) if name else f"{operand.data:.6g}"
        for name, operand in zip(names, value.operands)
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
    return ", ".join(filter(None, [name or title(value, survey), region, line]))


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
