"""The network in a graph: the marked outputs of neurons, back to their weights and inputs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from autograd_engine import graph
from autograd_engine.engine import Value
from autograd_engine.table import DOT
from autograd_engine.views.network.stacks import Network, Stage, Unit
from autograd_engine.words import counted


class _Call:
    """One call of a layer: its units, the values that they were fed, the call before it."""

    def __init__(self, path: str, inputs: list[Value]) -> None:
        self.stage = Stage(path, "", [])
        self.inputs = inputs
        self.before: _Call | None = None
        self.feeds = False

    def chain(self) -> list[_Call]:
        """Return the calls from the first to this one."""
        found = [self]
        while found[-1].before:
            found.append(found[-1].before)
        return found[::-1]

    def kind(self) -> tuple[Any, ...]:
        """Return what other calls of the same layer have in common with this one."""
        leaves = [id(w) for unit in self.stage.units for w in unit.weights if graph.leaves(w)]
        return self.stage.path, *leaves


def of_output(output: Value) -> Network:
    """Return the network behind an output; `ValueError` where there are several, or none."""
    values = graph.nodes(output)
    calls = _calls(values)
    chains: dict[tuple[Any, ...], list[list[_Call]]] = {}
    for call in calls:
        if not call.feeds:
            chain = call.chain()
            chains.setdefault(tuple(link.kind() for link in chain), []).append(chain)
    kinds = [kind for kind in chains if not any(_inside(kind, other) for other in chains)]
    if not kinds:
        raise ValueError(
            "there is no network in this graph: style='network' draws the neurons of ag.nn that "
            "computed it. Draw its values: ag.draw(output)"
        )
    if len(kinds) > 1:
        listed = ", ".join(" to ".join(dict.fromkeys(p or "a layer" for p, *_ in k)) for k in kinds[:4])
        raise ValueError(
            f"there are {len(kinds)} networks in this graph, and none feeds the others: {listed}. "
            "Draw each by itself, ag.draw(model), or what connects them, "
            "ag.draw(output, style='folded')"
        )
    same = chains[kinds[0]]
    stages = [call.stage for call in same[0]]
    named: dict[int, tuple[str, Value]] = {}
    for stage in stages:
        for unit in stage.units:
            within = f"{unit.path}." if unit.path else ""
            for i, weight in enumerate(unit.weights):
                named.setdefault(id(weight), (f"{within}w.{i}", weight))
            if unit.bias is not None:
                named.setdefault(id(unit.bias), (f"{within}b", unit.bias))
    parameters = [(name, value) for name, value in named.values() if graph.leaves(value)]
    title = f"the network behind {output.label or 'the output'}"
    note = f"the values of the first of {len(same):,} calls" if len(same) > 1 else ""
    sizes = ", ".join(str(len(stage.units)) for stage in stages)
    title += f": {stages[0].inputs}, {sizes}; {counted(len(parameters), 'parameter')}"
    return Network(title, [stages], parameters, same[0][0].inputs, len(same), note)


def _inside(kind: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    """Say whether a chain is a part of a longer one, as each step of a recurrence may be."""
    spans = range(len(other) - len(kind) + 1)
    return len(kind) < len(other) and any(other[i : i + len(kind)] == kind for i in spans)


def _calls(values: list[Value]) -> list[_Call]:
    """Return the calls of layers, those that feed others first."""
    found: dict[tuple[Any, ...], _Call] = {}
    turns: Counter[Any] = Counter()
    for value in values:
        name = graph.region(value)
        total = _sum(value) if name else None
        if total is None:
            continue
        odd = len(total.operands) % 2
        bias = total.operands[0] if odd else None
        weights, inputs = list(total.operands[odd::2]), list(total.operands[odd + 1 :: 2])
        place = re.fullmatch(r"(?:(.*)\.)?neurons\.(\d+)|(.*)", name)
        assert place
        path, index = place[1] or place[3] or "", int(place[2] or 0)
        key = path, *map(id, inputs)
        turn = turns[key, index] = turns[key, index] + 1  # called on the same values again
        call = found.setdefault((turn, *key), _Call(path, inputs))
        name = "" if name == "neuron" else name
        call.stage.units.append(Unit(name, index, weights, bias, total, value))
    made = {}
    for call in found.values():
        call.stage.units.sort(key=lambda unit: unit.index)
        call.stage.path = "" if call.stage.path == "neuron" else call.stage.path
        call.stage.activation = "/".join(dict.fromkeys(map(_activation, call.stage.units)))
        for unit in call.stage.units:
            made[id(unit.output)] = call
    for call in found.values():
        before = made.get(id(call.inputs[0])) if call.inputs else None
        if before and [id(u.output) for u in before.stage.units] == [*map(id, call.inputs)]:
            call.before, before.feeds = before, True
    return list(found.values())


def _sum(output: Value) -> Value | None:
    """Return the weighted sum of leaves or numbers behind the output of a neuron."""
    for value in _behind(output, lambda value: value._rule is DOT):
        odd = len(value.operands) % 2
        if value._rule is DOT and not any(w.operands for w in value.operands[odd::2]):
            return value
    return None


def _behind(output: Value, last: Callable[[Value], bool]) -> Iterator[Value]:
    """Yield the values of an output's region, down to the last ones."""
    pending, seen = [output], {id(output)}
    while pending:
        value = pending.pop()
        yield value
        for operand in () if last(value) else value.operands:
            if id(operand) not in seen and not graph.region(operand):
                seen.add(id(operand))
                pending.append(operand)


def _activation(unit: Unit) -> str:
    """Return the one operation after the sum; of several nobody knows the name."""
    assert unit.output is not None and unit.sum is not None
    after = [v for v in _behind(unit.output, lambda v: v is unit.sum) if v.operands][:-1]
    return "linear" if unit.output is unit.sum else after[0]._rule.name if len(after) == 1 else ""
