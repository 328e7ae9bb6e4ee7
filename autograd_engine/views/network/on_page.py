"""The network behind an output as a page draws it: positions of values, layer by layer."""

from __future__ import annotations

from typing import Any

from autograd_engine.primitives import Primitive
from autograd_engine.survey import Survey
from autograd_engine.views.network.stacks import Part, Unit, of_output

Rules = dict[tuple[Primitive, int], int]


def page_network(survey: Survey, places: dict[int, int] | None = None) -> dict[str, Any] | None:
    """Return the one network of a graph, None where there is none or are several.

    `inputs`: positions; `layers`: path and units, each its index, output, bias (-1:
    none) and weights; `order`: the parameters as the gradient lists them. `places` are
    those of the model, by the ids of its parameters.
    """
    try:
        network = of_output(survey)
    except ValueError:
        return None

    def at(parts: list[Part]) -> list[int]:
        return [survey.position[id(item)] for _, item in parts]

    def row(unit: Unit) -> list[Any]:
        return [unit.index, *at([unit.output]), *(at(unit.bias) or [-1]), at(unit.weights)]

    inputs, *stages = network.stacks[0]
    layers = [{"path": stage.path, "units": list(map(row, stage.units))} for stage in stages]
    known = places or {id(value): place for place, (_, value) in enumerate(network.named)}
    order = [survey.position.get(key, -1) for key in sorted(known, key=known.__getitem__)]
    taken = at([unit.output for unit in inputs.units])
    return {"inputs": taken, "layers": layers, "order": order}


def responses(network: dict[str, Any], survey: Survey, rules: Rules) -> list[list[int]]:
    """Return what the page computes for a point of the plane: each value and its rule's number.

    The rules are added to those known; nothing where the network has not two inputs of its own.
    """
    inputs, operands = network["inputs"], survey.operands
    if len(inputs) != 2 or any(operands[i] for i in inputs):
        return []
    wanted = {unit[1] for layer in network["layers"] for unit in layer["units"]}
    moved, found = set(inputs), []
    for i in range(max(wanted) + 1):
        if not moved.isdisjoint(operands[i]):
            moved.add(i)
            kind = survey.values[i]._rule, len(operands[i])
            found.append([i, rules.setdefault(kind, len(rules))])
    return found
