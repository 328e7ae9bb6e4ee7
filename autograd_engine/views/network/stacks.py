"""The layers of a model, or those behind an output: units, and what connects them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from autograd_engine.blocks import parts_of
from autograd_engine.calls import Call
from autograd_engine.engine import Value
from autograd_engine.modules import Module, traits_of
from autograd_engine.nn import MLP, Neuron
from autograd_engine.primitives import Primitive
from autograd_engine.survey import Survey, lowered, places
from autograd_engine.table import LEAF
from autograd_engine.words import counted, printable

Part = tuple[str, Any]  # a value's name, and the value, or a number, or None: it is not known
Rules = dict[tuple[Primitive, int], int]
Called = list[tuple[Call, str]]  # neurons, each with the name of its activation


class Unit(NamedTuple):  # a neuron, or an input
    path: str
    number: int  # in its layer
    activation: str  # "" where nobody knows its name
    weights: list[Part]
    bias: list[Part]  # one, or none
    sum: Part
    output: Part


class Stage(NamedTuple):  # units fed the same inputs, a layer
    path: str
    fed: tuple[int, ...]  # where these stand in a graph
    units: list[Unit]

    @property
    def inputs(self) -> int:
        return max(len(unit.weights) for unit in self.units)

    @property
    def parts(self) -> list[Part]:
        return [part for unit in self.units for part in (*unit.weights, *unit.bias)]


class Network(NamedTuple):
    title: str
    stacks: list[list[Stage]]  # of layers, each fed by the one before, the first its inputs
    named: list[tuple[str, Value]]  # parameters
    note: str


def of_model(model: Module) -> Network:
    """Return the layers of a model, as if each neuron had been called once.

    A layer is joined to the one before where it fits, unless both are of one shape, as queries and
    keys are; where only a number tells them apart, these too. `ValueError` for no neuron.
    """
    named, items, operands = model.named_parameters(), list[Any](), list[tuple[int, ...]]()
    calls: Called = []
    for path, neuron in _neurons(model, "", set()):
        given = [neuron.b] * (neuron.b is not None) + [x for w in neuron.w for x in (w, None)]
        start, dot = len(items), len(items) + len(given)
        items += [*given, None, None]
        operands += [*[()] * len(given), tuple(range(start, dot)), (dot,)]
        call = Call(path[1:] or "neuron", key=dot, outputs=[dot + 1], dot=dot)
        calls.append((call, (traits_of(neuron) or ("", "", ""))[2]))
    if not calls:
        kind = type(model).__name__
        raise ValueError(f"{kind} holds no neurons of ag.nn: draw what it makes, ag.draw(model(x))")
    titles = {i: title for i, title, _ in places(operands, [call for call, _ in calls])}
    parts = [(getattr(x, "label", "") or titles.get(i, ""), x) for i, x in enumerate(items)]
    stacks: list[list[Stage]] = []
    for stage in _stages(calls, operands, parts):
        last = stacks[-1][-1] if stacks else stage
        alike = last.path.rstrip("0123456789") == stage.path.rstrip("0123456789")
        square = last.inputs == stage.inputs == len(stage.units)
        fits = len(last.units) == stage.inputs and (alike or not square)
        if last is stage or not fits:
            stacks.append([_inputs([(f"x{lowered(str(k))}", None) for k in range(stage.inputs)])])
        stacks[-1].append(stage)
    guessed, drawn = not isinstance(model, MLP) and max(map(len, stacks)) > 2, set(map(id, items))
    notes = ["layers joined in the order in which the model lists them"] if guessed else []
    rest = [f"{name} = {short(value.data)}" for name, value in named if id(value) not in drawn]
    if rest:
        notes.append("beside the units: " + ", ".join(rest[:6] + ["…"] * (len(rest) > 6)))
    return Network(printable(repr(model), 100), stacks, named, "; ".join(notes))


def of_output(survey: Survey) -> Network:
    """Return the network behind an output; `ValueError` where there are several, or none."""
    calls = [(call, _activation(survey, call)) for call in survey.calls if call.dot >= 0]
    parts = [*zip(survey.names, survey.values)]
    stages = _stages(calls, survey.operands, parts)
    makers = {tuple(survey.position[id(u.output[1])] for u in s.units): s for s in stages}
    feeding = {stage.fed for stage in stages}
    chains: dict[tuple[Any, ...], list[list[Stage]]] = {}
    for made, last in makers.items():
        if made not in feeding:
            chain = [last]
            while before := makers.get(chain[0].fed):
                chain.insert(0, before)
            kind = ((s.path, *(id(v) for _, v in s.parts if v._rule is LEAF)) for s in chain)
            chains.setdefault(tuple(kind), []).append(chain)
    # Each step of a recurrence may be a part of a longer chain.
    kinds = [kind for kind in chains if not any(set(kind) < set(other) for other in chains)]
    if len(kinds) != 1:
        raise ValueError(
            f"style='network' draws the one network, of neurons of ag.nn, behind an output; here "
            f"are {len(kinds)}. Draw each, ag.draw(model), or the values, ag.draw(output)"
        )
    first, *others = chains[kinds[0]]
    values = [value for stage in first for _, value in stage.parts if value._rule is LEAF]
    named = {id(value): (survey.full_names[survey.position[id(value)]], value) for value in values}
    stack = [_inputs([parts[i] for i in first[0].fed]), *first]
    size, *sizes = (str(len(stage.units)) for stage in stack)
    title = f"the network behind {survey.output.label or 'the output'}: {size} → "
    title += f"{', '.join(sizes)}; {counted(len(named), 'parameter')}"
    note = f"the values are those of the first of {len(others) + 1:,} calls" if others else ""
    return Network(title, [stack], list(named.values()), note)


def page_network(survey: Survey, parameters: Iterable[Value] = ()) -> dict[str, Any] | None:
    """Return the one network of a graph as a page draws it, None where there is none or several.

    A unit is its number, output, bias (-1: none) and weights, as positions; `order` has those of
    the parameters as the gradient lists them, a model's as given, or as they are found.
    """
    try:
        network = of_output(survey)
    except ValueError:
        return None
    inputs, *stages = network.stacks[0]

    def at(*parts: Part) -> list[int]:
        return [survey.position[id(item)] for _, item in parts]

    def row(unit: Unit) -> list[Any]:
        return [unit.number, *at(unit.output), *(at(*unit.bias) or [-1]), at(*unit.weights)]

    layers = [{"path": stage.path, "units": [*map(row, stage.units)]} for stage in stages]
    listed = parameters or [value for _, value in network.named]
    order = [survey.position.get(id(value), -1) for value in listed]
    return {"inputs": at(*(u.output for u in inputs.units)), "layers": layers, "order": order}


def responses(network: dict[str, Any], survey: Survey, rules: Rules) -> list[list[int]]:
    """Return what the page computes for a point of the plane: each value and its rule's number."""
    inputs, operands = network["inputs"], survey.operands
    if len(inputs) != 2 or any(operands[i] for i in inputs):
        return []
    moved, found = set(inputs), []
    for i in range(max(unit[1] for unit in network["layers"][-1]["units"]) + 1):
        if not moved.isdisjoint(operands[i]):
            moved.add(i)
            kind = survey.values[i]._rule, len(operands[i])
            found.append([i, rules.setdefault(kind, len(rules))])
    return found


def short(number: float) -> str:
    return f"{number:.4g}".replace("-", "−")


def _neurons(item: Any, path: str, seen: set[int]) -> Iterator[tuple[str, Any]]:
    """Yield the neurons in an attribute; one that a list holds twice is used twice."""
    if id(item) in seen:
        return
    seen.add(id(item))
    if isinstance(item, Neuron):
        yield path, item
        return
    for name, part in parts_of(item):
        yield from _neurons(part, f"{path}.{name}", {*seen} if isinstance(item, list) else seen)


def _inputs(parts: list[Part]) -> Stage:
    units = [Unit("", i, "", [], [], part, part) for i, part in enumerate(parts)]
    return Stage(counted(len(parts), "input"), (), units)


def _stages(calls: Called, operands: list[tuple[int, ...]], parts: list[Part]) -> list[Stage]:
    """Return the layers of neurons that were called, each with the name of its activation."""
    found: dict[tuple[Any, ...], Stage] = {}
    turns: Counter[tuple[Any, ...]] = Counter()
    for call, activation in calls:
        match = re.fullmatch(r"(?:(.*?)\.)??(?:neurons\.)?(\d+)", call.path)
        path = "" if call.path == "neuron" else call.path
        layer, index = (match[1] or "", int(match[2])) if match else (path, 0)
        key = call.outer, layer, call.inputs
        turn = turns[key, index] = turns[key, index] + 1  # another of that name, fed the same
        given = [parts[i] for i in operands[call.dot]]
        odd = len(given) % 2
        made = parts[call.dot], parts[call.outputs[-1]]
        unit = Unit(path, index, activation, given[odd::2], given[:odd], *made)
        found.setdefault((turn, *key), Stage(layer, call.inputs, [])).units.append(unit)
    for stage in found.values():
        stage.units.sort(key=lambda unit: unit.number)
    return [*found.values()]


def _activation(survey: Survey, call: Call) -> str:
    """Return the operation behind the sum of a neuron; "" where there are several."""
    after = [i for i in call.members if survey.operands[i] and i != call.dot]
    return survey.values[after[0]]._rule.name if len(after) == 1 else "" if after else "linear"
