"""The layers of a model as they stand in a picture: units, and what connects them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from autograd_engine.engine import Value
from autograd_engine.entries import parts_of
from autograd_engine.modules import Module, traits_of
from autograd_engine.nn import Layer, Neuron
from autograd_engine.words import counted, printable


@dataclass
class Unit:
    """One neuron: its weights and bias, values or numbers in their place; None for no bias.

    `sum` and `output` are what it computed, where a graph says that.
    """

    path: str
    index: int
    weights: list[Any]
    bias: Any
    sum: Value | None = None
    output: Value | None = None

    def parts(self) -> list[Any]:
        """Return its weights, and its bias if there is one."""
        return self.weights if self.bias is None else [*self.weights, self.bias]


@dataclass
class Stage:
    """Units fed the same inputs: a layer; `row` is the list that it was found in, or 0."""

    path: str
    activation: str
    units: list[Unit]
    row: int = 0

    @property
    def inputs(self) -> int:
        """Return the number of inputs."""
        return max(len(unit.weights) for unit in self.units)


@dataclass
class Network:
    """Stacks of layers, each layer fed by the one before it, and the parameters in their order.

    Of a graph: the `inputs` of its one stack, and what values are `called`, by their ids. `note`
    is what the reader is to know.
    """

    title: str
    stacks: list[list[Stage]]
    named: list[tuple[str, Value]]
    inputs: list[Value] = field(default_factory=list)
    called: dict[int, str] = field(default_factory=dict)
    note: str = ""

    def __post_init__(self) -> None:
        self.places = {id(value): place for place, (_, value) in enumerate(self.named, 1)}

    def units(self) -> list[Unit]:
        """Return the units of all layers."""
        return [unit for stack in self.stacks for stage in stack for unit in stage.units]


def of_model(model: Module) -> Network:
    """Return the layers of a model; `ValueError` where it has none."""
    named = model.named_parameters()
    stages = [stage for stage in _stages(model, "", set(), 0) if stage.inputs]
    kind = type(model).__name__
    if not stages:
        listed = ", ".join(printable(name) for name, _ in named[:5]) or "none"
        raise ValueError(
            f"{kind} holds no Neuron, Layer or MLP of ag.nn, whose units would be the circles of "
            f"its picture (its parameters: {listed}). Draw what it computes: ag.draw(output) with "
            f"output = model(x)"
        )
    stacks, guessed = _joined(stages)
    notes = [f"layers joined in the order in which {kind} lists them"] if guessed else []
    network = Network(printable(repr(model), 100), stacks, named)
    drawn = {id(part) for unit in network.units() for part in unit.parts()}
    rest = [f"{name} = {short(value.data)}" for name, value in named if id(value) not in drawn]
    if rest:
        more = [f"{len(rest) - 6:,} more"] if len(rest) > 6 else []
        notes.append("beside the units: " + ", ".join(rest[:6] + more))
    if type(model).__repr__ is not Module.__repr__:  # that of a neuron has no count
        network.title += f", {counted(len(named), 'parameter')}"
    network.note = "; ".join(notes)
    return network


def short(number: float) -> str:
    """Return a number as a picture has it.

    >>> short(-0.123456)
    '−0.1235'
    """
    return f"{number:.4g}".replace("-", "−")


def _stages(item: Any, path: str, seen: set[int], row: int) -> Iterator[Stage]:
    """Yield the layers in an attribute; one that a list holds twice is used twice."""
    if isinstance(item, Module) and id(item) in seen:
        return
    seen.add(id(item))
    held = getattr(item, "neurons", ()) if isinstance(item, Layer) else item
    inner = f"{path}.neurons" if isinstance(item, Layer) else path
    parts = [(f"{inner}.{name}", part) for name, part in parts_of(held)]
    parts = [(path, item)] if isinstance(item, Neuron) else parts
    listed = isinstance(held, (list, tuple))
    alike = parts and all(isinstance(part, Neuron) for _, part in parts)
    if alike and (listed or isinstance(item, Neuron)):
        units = [_unit(name[1:], i, part) for i, (name, part) in enumerate(parts)]
        how = [traits[2] for _, part in parts if (traits := traits_of(part))]
        yield Stage(path[1:], "/".join(dict.fromkeys(how)), units, row)
        return
    for name, part in parts:
        known = set(seen) if listed else seen
        yield from _stages(part, name, known, id(item) if listed else 0)
    seen.update(id(part) for _, part in parts)


def _unit(path: str, index: int, neuron: Any) -> Unit:
    weights = getattr(neuron, "w", ())
    weights = list(weights) if hasattr(weights, "__iter__") else []
    return Unit(path, index, weights, getattr(neuron, "b", None))


def _joined(stages: Iterable[Stage]) -> tuple[list[list[Stage]], bool]:
    """Return the layers in stacks, and whether anything but their sizes says that they are.

    In one list each feeds the next where it fits. Elsewhere so does one with other inputs than
    the next, which hence are not two that are fed the same, such as queries and keys.
    """
    stacks: list[list[Stage]] = []
    guessed = False
    for stage in stages:
        last = stacks[-1][-1] if stacks else stage
        listed = last.row == stage.row != 0
        fits = last is not stage and len(last.units) == stage.inputs
        if fits and (listed or last.inputs != stage.inputs):
            stacks[-1].append(stage)
            guessed |= not listed
        else:
            stacks.append([stage])
    return stacks, guessed


def unit_index(path: str) -> tuple[str, int]:
    """Return the path of a neuron's layer, and its place in it.

    >>> unit_index("layers.0.neurons.3"), unit_index("neurons.1"), unit_index("neuron")
    (('layers.0', 3), ('', 1), ('', 0))
    """
    found = re.fullmatch(r"(?:(.*)\.)?neurons\.(\d+)", path)
    if found:
        return found[1] or "", int(found[2])
    return "" if path == "neuron" else path, 0
