"""The network in a graph: the calls of its neurons, joined to layers, and these to each other."""

from __future__ import annotations

from collections import Counter
from typing import Any

from autograd_engine.survey import Survey
from autograd_engine.table import LEAF
from autograd_engine.views.network.stacks import Network, Stage, Unit, unit_index
from autograd_engine.words import counted


class _Fed:
    """One call of a layer: what it was fed, and the call that this came from as it is."""

    def __init__(self, path: str, inputs: tuple[int, ...]) -> None:
        self.stage = Stage(path, "", [])
        self.inputs = inputs
        self.before: _Fed | None = None
        self.feeds = False

    def chain(self) -> list[_Fed]:
        """Return the calls from the first to this one."""
        return [*(self.before.chain() if self.before else ()), self]

    def kind(self) -> tuple[Any, ...]:
        """Return what the calls of one layer have in common."""
        weights = [w for unit in self.stage.units for w in [*unit.weights, unit.bias]]
        return self.stage.path, *(id(w) for w in weights if w is not None and w._rule is LEAF)


def of_output(survey: Survey) -> Network:
    """Return the network behind an output; `ValueError` where there are several, or none."""
    chains: dict[tuple[Any, ...], list[list[_Fed]]] = {}
    for call in _layers(survey):
        if not call.feeds:
            chain = call.chain()
            chains.setdefault(tuple(fed.kind() for fed in chain), []).append(chain)
    kinds = [kind for kind in chains if not any(_inside(kind, other) for other in chains)]
    if not kinds:
        raise ValueError(
            "there is no network in this graph: style='network' draws the neurons of ag.nn that "
            "computed it. Draw its values: ag.draw(output)"
        )
    if len(kinds) > 1:
        listed = ", ".join(" to ".join(path or "neuron" for path, *_ in k) for k in kinds[:4])
        raise ValueError(
            f"there are {len(kinds)} networks in this graph, none fed by another alone: {listed}. "
            "Draw each by itself, ag.draw(model), or what connects them, "
            "ag.draw(output, style='folded')"
        )
    first, *others = chains[kinds[0]]
    stages = [fed.stage for fed in first]
    parts = [part for stage in stages for unit in stage.units for part in unit.parts()]
    named = {id(part): (survey.full(part), part) for part in parts if part._rule is LEAF}
    sizes = ", ".join(str(len(stage.units)) for stage in stages)
    inputs = [survey.values[i] for i in first[0].inputs]
    title = f"the network behind {survey.output.label or 'the output'}: {len(inputs)} → {sizes}"
    title += f"; {counted(len(named), 'parameter')}"
    called = dict(zip(map(id, survey.values), survey.names))
    note = f"the values are those of the first of {len(others) + 1:,} calls" if others else ""
    return Network(title, [stages], list(named.values()), inputs, called, note)


def _inside(kind: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    """Say whether a chain is a part of a longer one, as each step of a recurrence may be."""
    spans = range(len(other) - len(kind) + 1)
    return len(kind) < len(other) and any(other[i : i + len(kind)] == kind for i in spans)


def _layers(survey: Survey) -> list[_Fed]:
    """Return the calls of layers, each with the one before it."""
    values = survey.values
    found: dict[tuple[Any, ...], _Fed] = {}
    turns: Counter[tuple[Any, ...]] = Counter()
    for call in survey.calls:
        if call.dot < 0:
            continue
        path, index = unit_index(call.path)
        key = call.outer, path, call.inputs
        turn = turns[key, index] = turns[key, index] + 1  # another of that name, fed the same
        fed = found.setdefault((turn, *key), _Fed(path, call.inputs))
        operands = [values[i] for i in survey.operands[call.dot]]
        odd = len(operands) % 2
        given = operands[odd::2], operands[0] if odd else None
        unit_path = "" if call.path == "neuron" else call.path
        made = values[call.dot], values[call.outputs[-1]]
        fed.stage.units.append(Unit(unit_path, index, *given, *made))
        # Of several operations behind the sum nobody knows the name.
        after = [i for i in call.members if survey.operands[i] and i != call.dot]
        how = values[after[0]]._rule.name if len(after) == 1 else "" if after else "linear"
        fed.stage.activation = how
    makers = {}
    for fed in found.values():
        fed.stage.units.sort(key=lambda unit: unit.index)
        makers[tuple(survey.position[id(unit.output)] for unit in fed.stage.units)] = fed
    for fed in found.values():
        fed.before = makers.get(fed.inputs)
        if fed.before:
            fed.before.feeds = True
    return list(found.values())
