"""The layers of a model as they stand in a picture: units, and what connects them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from autograd_engine.calls import Call
from autograd_engine.engine import Value
from autograd_engine.entries import parts_of
from autograd_engine.modules import Module
from autograd_engine.nn import Neuron
from autograd_engine.summary import traits_of
from autograd_engine.titles import Places
from autograd_engine.words import printable

Part = tuple[str, Any]
"""The name of a value, and the value, or a number in its place, or None where it is not known."""


@dataclass
class Unit:
    """One neuron: its weights, the bias if it has one, its sum and its output."""

    path: str
    index: int
    weights: list[Part]
    bias: list[Part]
    sum: Part
    output: Part

    def parts(self) -> list[Part]:
        """Return its weights and its bias."""
        return [*self.weights, *self.bias]


@dataclass
class Stage:
    """Units fed the same inputs: a layer. In a graph, where these stand and what they came of."""

    path: str
    activation: str
    units: list[Unit]
    fed: tuple[int, ...] = ()
    before: Stage | None = None

    @property
    def inputs(self) -> int:
        """Return the number of inputs."""
        return max(len(unit.weights) for unit in self.units)


@dataclass
class Network:
    """Stacks of layers, each layer fed by the one before it, and the parameters in their order.

    Of a graph: the `inputs` of its one stack. `note` is what the reader is to know.
    """

    title: str
    stacks: list[list[Stage]]
    named: list[tuple[str, Value]]
    inputs: list[Part] = field(default_factory=list)
    note: str = ""

    def __post_init__(self) -> None:
        self.places = {id(value): place for place, (_, value) in enumerate(self.named, 1)}
        self.units = [unit for stack in self.stacks for stage in stack for unit in stage.units]


def of_model(model: Module) -> Network:
    """Return the layers of a model; `ValueError` where it has none."""
    named, kind = model.named_parameters(), type(model).__name__
    neurons = [(path[1:], neuron) for path, neuron in _neurons(model, "", set()) if neuron.w]
    if not neurons:
        listed = ", ".join(printable(name) for name, _ in named[:5]) or "none"
        raise ValueError(
            f"{kind} holds no Neuron, Layer or MLP of ag.nn, whose units would be the circles of "
            f"its picture (its parameters: {listed}). Draw what it computes: ag.draw(output) with "
            f"output = model(x)"
        )
    titles, stages = _titles(neurons), dict[str, Stage]()
    for path, neuron in neurons:
        unit, (_, _, how) = _unit(path, neuron, titles), traits_of(neuron) or ("", "", "")
        layer = unit_index(path)[0]
        stage = stages.setdefault(layer, Stage(layer, how, []))
        stage.units.append(unit)
        if how not in stage.activation.split("/"):
            stage.activation += f"/{how}"
    stacks, guessed = _joined(stages.values())
    network = Network(printable(repr(model), 100), stacks, named)
    notes = [f"layers joined in the order in which {kind} lists them"] if guessed else []
    drawn = {id(item) for unit in network.units for _, item in unit.parts()}
    rest = [f"{name} = {short(value.data)}" for name, value in named if id(value) not in drawn]
    if rest:
        notes.append("beside the units: " + ", ".join(rest[:6] + ["…"] * (len(rest) > 6)))
    network.note = "; ".join(notes)
    return network


def short(number: float) -> str:
    """Return a number as a picture has it.

    >>> short(-0.123456)
    '−0.1235'
    """
    return f"{number:.4g}".replace("-", "−")


def unit_index(path: str) -> tuple[str, int]:
    """Return the path of a neuron's layer, or of the list that it stands in, and its place in it.

    >>> unit_index("layers.0.neurons.3"), unit_index("neurons.1"), unit_index("neuron")
    (('layers.0', 3), ('', 1), ('', 0))
    """
    found = re.fullmatch(r"(?:(.*?)\.)??(?:neurons\.)?(\d+)", path)
    if found:
        return found[1] or "", int(found[2])
    return "" if path == "neuron" else path, 0


def _neurons(item: Any, path: str, seen: set[int]) -> Iterator[tuple[str, Any]]:
    """Yield the neurons in an attribute; one that a list holds twice is used twice."""
    if isinstance(item, Module):
        if id(item) in seen:
            return
        seen.add(id(item))
    if isinstance(item, Neuron):
        yield path, item
        return
    parts = list(parts_of(item))
    for name, part in parts:
        inner = set(seen) if isinstance(item, (list, tuple)) else seen
        yield from _neurons(part, f"{path}.{name}", inner)
    seen.update(id(part) for _, part in parts)


def _unit(path: str, neuron: Any, titles: dict[str, str]) -> Unit:
    def part(what: str, item: Any = None) -> Part:
        return getattr(item, "label", "") or titles[f"{path}.{what}" if path else what], item

    weights = [part(f"w.{k}", w) for k, w in enumerate(neuron.w)]
    bias = [] if neuron.b is None else [part("b", neuron.b)]
    return Unit(path, unit_index(path)[1], weights, bias, part("z"), part("a"))


def _titles(neurons: list[tuple[str, Any]]) -> dict[str, str]:
    """Return the names of all in neurons, as if each had been called once, by their full names."""
    operands: list[tuple[int, ...]] = []
    calls: list[Call] = []
    for path, neuron in neurons:
        begin = len(operands)
        dot = begin + (neuron.b is not None) + 2 * len(neuron.w)
        operands += [()] * (dot - begin) + [tuple(range(begin, dot))]
        calls.append(Call(path or "neuron", key=len(calls), outputs=[dot], dot=dot))
    return {full: title for _, title, full in Places(operands, calls).titles()}


def _joined(stages: Iterable[Stage]) -> tuple[list[list[Stage]], bool]:
    """Return the layers in stacks, and whether anything but their sizes says that they are.

    In one list each feeds the next where it fits. Elsewhere so does one with other inputs than
    the next, which hence are not two that are fed the same, such as queries and keys.
    """
    stacks: list[list[Stage]] = []
    guessed = False
    for stage in stages:
        last = stacks[-1][-1] if stacks else stage
        row, other = (re.sub(r"\.\d+$", ".", x.path) for x in (last, stage))
        listed = row == other and row.endswith(".")
        fits = last is not stage and len(last.units) == stage.inputs
        if fits and (listed or last.inputs != stage.inputs):
            stacks[-1].append(stage)
            guessed |= not listed
        else:
            stacks.append([stage])
    return stacks, guessed
