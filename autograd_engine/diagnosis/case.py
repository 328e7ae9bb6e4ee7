"""Case: a graph under diagnosis, its parameters, and what findings call what is in it."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Sequence
from typing import Final

from autograd_engine.diagnosis.findings import listed
from autograd_engine.engine import Value
from autograd_engine.sources import source_of
from autograd_engine.survey import Survey

SHOWN: Final = 6
"""So many operands of an operation are told one by one."""

AGAIN: Final = "output = forward()"
ZEROED: Final = (
    "for parameter in parameters:\n    parameter.grad = 0.0  # optimizer.zero_grad() does it too"
)


class Case:
    """The survey of a graph, and the parameters that were given, each once; else all leaves.

    >>> w = Value(2.0, "w")
    >>> Case((w - 5.0).relu() * 2.0, [w]).title(w - 5.0)
    "'w' - 5"
    """

    def __init__(self, output: Value, parameters: Sequence[Value] | None) -> None:
        self.survey = survey = Survey(output)
        self._places: dict[int, int] = {}
        for i, value in enumerate(parameters or ()):
            self._places.setdefault(id(value), i)
        given = [survey.values[i] for i in survey.leaves] if parameters is None else parameters
        self.parameters = list({id(value): value for value in given}.values())

    def entry(self, value: Value, otherwise: str) -> str:
        """Return how code calls the place of a parameter in the list."""
        i = self._places.get(id(value))
        return otherwise if i is None else f"parameters[{i}]"

    def code(self, value: Value, label: str = "") -> str:
        """Return how the fix's code calls a value: by its label, or its place in the list."""
        label = label or value.label
        return label if _is_name(label) else self.entry(value, "w")

    def title(self, value: Value) -> str:
        """Return what a sentence calls a value: its name, or how it was computed."""
        name = self.name(value)
        if name or id(value) in self._places:
            return repr(name) if name else self.entry(value, "")
        if not value.operands:
            known = f"leaf {self.survey.name(value)} =" if id(value) in self.survey.position else ""
            kind = "constant" if value._rule.name == "constant" else known or "leaf"
            return f"the {kind} {value.data:.6g}"
        few = value.operands[:SHOWN]
        numbers = [repr(self.name(x)) if self.name(x) else f"{x.data:.6g}" for x in few]
        if len(value.operands) > SHOWN:
            numbers[SHOWN // 2 :] = [f"and {len(value.operands) - SHOWN // 2:,} more"]
        if value.op[:2] == "**" and numbers[0].startswith("-"):
            numbers[0] = f"({numbers[0]})"
        if value.op in ("+", "-", "*", "/", "**"):
            return f" {value.op} ".join(numbers)
        if value.op.startswith("**"):
            return f"{numbers[0]}{value.op}"
        return f"{value.op}({', '.join(numbers)})"

    def name(self, value: Value) -> str:
        """Return the name of a value by its label or its place in a model, "" if it has none."""
        i = self.survey.position.get(id(value))
        return value.label if i is None else self.survey.given_names[i]

    def titles(self, places: Iterable[int]) -> str:
        """Return what a sentence calls the values at these positions."""
        return listed(self.title(self.survey.values[i]) for i in places)

    def place(self, value: Value, title: str = "") -> str:
        """Return where a value is: what it is called, its region, and its source line if known."""
        i = self.survey.position.get(id(value))
        home = "" if i is None else self.survey.homes[i]
        region = f"in {home}" if home else ""
        return ", ".join(filter(None, [title or self.title(value), region, source_of(value)]))


def _is_name(label: str) -> bool:
    """Say whether a label reads as a variable, or an item of one, in code.

    >>> _is_name("w"), _is_name("weights[0]"), _is_name("class"), _is_name("my weight")
    (True, True, False, False)
    """
    match = re.fullmatch(r"([A-Za-z_]\w*)(\[\d+\])*", label, re.ASCII)
    return bool(match) and not keyword.iskeyword(label)


def layer_of(home: str) -> str:
    """Return the layer in which a neuron stands, by the name of the neuron's region.

    >>> layer_of("layers.0.neurons.3"), layer_of("neurons.3"), layer_of("neuron")
    ('layers.0', 'layer', 'neuron')
    """
    return home and (re.sub(r"(^|\.)neurons\.\d+$", "", home) or "layer")


def neurons_code(home: str) -> str:
    """Return how code calls the neurons of the layer in which a neuron stands, "" if in none.

    >>> neurons_code("layers.0.neurons.3"), neurons_code("hidden.neurons.3")
    ('model.layers[0].neurons', 'model.hidden.neurons')
    >>> neurons_code("neurons.3"), neurons_code("neuron"), neurons_code("encoder")
    ('layer.neurons', '[neuron]', '')
    """
    if home == "neuron":
        return "[neuron]"
    if not re.fullmatch(r"([A-Za-z_]\w*(\.\w+)*\.)?neurons\.\d+", home, re.ASCII):
        return ""
    path = re.sub(r"\.(\d+)(?=\.)", r"[\1]", home).rpartition(".")[0]
    return f"model.{path}" if "." in path else f"layer.{path}"
