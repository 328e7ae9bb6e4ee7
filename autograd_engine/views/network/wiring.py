"""The network in a graph: the calls of its neurons, joined to layers, and these to each other."""

from __future__ import annotations

from collections import Counter
from typing import Any

from autograd_engine.survey import Survey
from autograd_engine.table import LEAF
from autograd_engine.views.network.stacks import Network, Stage, Unit, unit_index
from autograd_engine.words import counted


def of_output(survey: Survey) -> Network:
    """Return the network behind an output; `ValueError` where there are several, or none."""
    stages = _layers(survey)
    chains: dict[tuple[Any, ...], list[list[Stage]]] = {}
    feeding = {id(stage.before) for stage in stages}
    for stage in stages:
        if id(stage) not in feeding:
            chain = [stage]
            while before := chain[-1].before:
                chain.append(before)
            chain.reverse()
            chains.setdefault(tuple(map(_kind, chain)), []).append(chain)
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
    parts = [part for stage in first for unit in stage.units for _, part in unit.parts()]
    named = {id(part): (survey.full(part), part) for part in parts if part._rule is LEAF}
    inputs = [(survey.names[i], survey.values[i]) for i in first[0].fed]
    sizes = ", ".join(str(len(stage.units)) for stage in first)
    title = f"the network behind {survey.output.label or 'the output'}: {len(inputs)} → {sizes}"
    title += f"; {counted(len(named), 'parameter')}"
    note = f"the values are those of the first of {len(others) + 1:,} calls" if others else ""
    return Network(title, [first], list(named.values()), inputs, note)


def _kind(stage: Stage) -> tuple[Any, ...]:
    """Return what the calls of one layer have in common."""
    parts = [part for unit in stage.units for _, part in unit.parts()]
    return stage.path, *(id(part) for part in parts if part._rule is LEAF)


def _inside(kind: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    """Say whether a chain is a part of a longer one, as each step of a recurrence may be."""
    spans = range(len(other) - len(kind) + 1)
    return len(kind) < len(other) and any(other[i : i + len(kind)] == kind for i in spans)


def _layers(survey: Survey) -> list[Stage]:
    """Return the calls of layers, each with the one that it was fed by."""
    found: dict[tuple[Any, ...], Stage] = {}
    turns: Counter[tuple[Any, ...]] = Counter()
    parts = list(zip(survey.names, survey.values))
    for call in survey.calls:
        if call.dot < 0:
            continue
        path, index = unit_index(call.path)
        key = call.outer, path, call.inputs
        turn = turns[key, index] = turns[key, index] + 1  # another of that name, fed the same
        operands = [parts[i] for i in survey.operands[call.dot]]
        odd = len(operands) % 2
        # Of several operations behind the sum nobody knows the name.
        after = [i for i in call.members if survey.operands[i] and i != call.dot]
        how = parts[after[0]][1]._rule.name if len(after) == 1 else "" if after else "linear"
        stage = found.setdefault((turn, *key), Stage(path, how, [], call.inputs))
        given = operands[odd::2], operands[:odd]
        unit_path = "" if call.path == "neuron" else call.path
        made = parts[call.dot], parts[call.outputs[-1]]
        stage.units.append(Unit(unit_path, index, *given, *made))
    makers = {}
    for stage in found.values():
        stage.units.sort(key=lambda unit: unit.index)
        makers[tuple(survey.position[id(unit.output[1])] for unit in stage.units)] = stage
    for stage in found.values():
        stage.before = makers.get(stage.fed)
    return list(found.values())
