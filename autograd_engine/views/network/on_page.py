"""The network behind an output as a page draws it: positions of values, layer by layer."""

from __future__ import annotations

from typing import Any

from autograd_engine import graph
from autograd_engine.engine import Value
from autograd_engine.primitives import Primitive
from autograd_engine.views.network.wiring import of_output

Rules = dict[tuple[Primitive, int], int]


def page_network(values: list[Value], places: dict[int, int] | None = None) -> dict[str, Any] | None:
    """Return the one network of a graph, None where there is none or are several.

    `inputs`: positions; `layers`: path, activation and units, each its index, output, bias (-1:
    none) and weights; `order`: the parameters as the gradient lists them. `places` are
    those of the model, by the ids of its parameters.
    """
    try:
        network = of_output(values[-1])
    except ValueError:
        return None
    position = {id(value): i for i, value in enumerate(values)}
    places = places or network.places
    order = [0] * len(places)
    for key, place in places.items():
        order[place - 1] = position.get(key, -1)
    layers = [
        {
            "path": stage.path,
            "activation": stage.activation,
            "units": [
                [
                    unit.index,
                    position[id(unit.output)],
                    position.get(id(unit.bias), -1),
                    [position[id(weight)] for weight in unit.weights],
                ]
                for unit in stage.units
            ],
        }
        for stage in network.stacks[0]
    ]
    inputs = [position[id(value)] for value in network.inputs]
    return {"inputs": inputs, "layers": layers, "order": order, "calls": network.calls}


def responses(network: dict[str, Any], values: list[Value], rules: Rules) -> list[list[int]]:
    """Return what the page computes for a point of the plane: each value and its rule's number.

    The rules are added to those known; nothing where the network has not two inputs of its own.
    """
    inputs = network["inputs"]
    if len(inputs) != 2 or any(values[i].operands for i in inputs):
        return []
    position = {id(value): i for i, value in enumerate(values)}
    wanted = {unit[1] for layer in network["layers"] for unit in layer["units"]}
    moved, found = set(inputs), []
    last = max(wanted)
    for i, value in enumerate(values[: last + 1]):
        if any(position[id(operand)] in moved for operand in value.operands):
            moved.add(i)
            kind = value._rule, len(value.operands)
            found.append([i, rules.setdefault(kind, len(rules))])
    return found if graph.size(values[last]) else []
