"""Gradients that explode or vanish from layer to layer."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from autograd_engine.diagnosis.findings import Finding
from autograd_engine.diagnosis.places import layer_of, neurons_code, place
from autograd_engine.diagnosis.survey import Survey
from autograd_engine.engine import erf, relu, sigmoid, softplus, tanh
from autograd_engine.graph import region

LAYERS: Final = 3
"""So many layers make a trend."""

GROWTH: Final = 1e3
"""How many times larger, or smaller, the adjoints of the first layer may be than the last's."""

ACTIVATIONS: Final = (relu, tanh, sigmoid, softplus, erf)


def flow(survey: Survey) -> Iterator[Finding]:
    """Yield a finding if the mean adjoint of the layers grows or shrinks beyond measure."""
    layers = _by_region(survey)
    if len(layers) < LAYERS:
        layers = _by_activation(survey)
    if len(layers) < LAYERS:
        return
    means = [
        (name, math.fsum(abs(survey.adjoints[i]) / len(places) for i in places), places[0])
        for name, places in layers.items()
        if all(math.isfinite(survey.adjoints[i]) for i in places)
    ]
    means = [(name, mean, i) for name, mean, i in means if mean]  # 0 has a reason of its own
    if len(means) < LAYERS:
        return
    first, last = means[0], means[-1]
    ratio = first[1] / last[1]
    if not 1.0 / GROWTH <= ratio <= GROWTH:
        yield _found(survey, means, ratio)


def _found(survey: Survey, means: list[tuple[str, float, int]], ratio: float) -> Finding:
    first, last, i = means[0][0], means[-1][0], means[0][2]
    kind = "exploding" if ratio > 1.0 else "vanishing"
    steps = len(means) - 1
    each = ratio ** (1.0 / steps)
    shown = means if len(means) < 9 else [*means[:4], ("...", math.nan, 0), *means[-3:]]
    by_layer = ", ".join(f"{name} {mean:.2g}" if mean == mean else name for name, mean, _ in shown)
    return Finding(
        f"{kind} gradient",
        f"the gradient {'grows' if ratio > 1 else 'shrinks'} by a factor of "
        f"{ratio if ratio > 1 else 1 / ratio:.2g} on its way from {last} to {first}",
        f"{first}: {place(survey, i)}",
        f"The mean |adjoint| by layer is {by_layer}: each layer multiplies it by about "
        f"{each:.2g}, so the first layers learn "
        + ("in leaps" if ratio > 1 else "next to nothing")
        + ". Weights should be drawn so that this factor is near 1.",
        _fix(survey, i, each, kind),
    )


def _fix(survey: Survey, i: int, each: float, kind: str) -> str:
    neurons = neurons_code(survey.homes[i])
    if not neurons.startswith("model.layers["):
        more = "  # or ag.optim.clip_gradients(parameters, 1.0)" if kind == "exploding" else ""
        return (
            f"for parameter in parameters:\n    parameter.data *= {1.0 / each:.3g}{more}\n"
            "output = forward()"
        )
    rectified = survey.values[i].rule is relu
    spread = "2.0 / len(neuron.w)" if rectified else "1.0 / len(neuron.w)"
    name = "He" if rectified else "Xavier"
    change = ""
    if survey.values[i].rule is sigmoid:
        change = (
            '        neuron.activation = "tanh"  # whose slope at 0 is 1; a sigmoid\'s is 1/4\n'
        )
    return (
        "import random\n\nfor layer in model.layers:\n    for neuron in layer.neurons:\n"
        f"{change}        for w in neuron.w:\n"
        f"            w.data = random.gauss(0.0, ({spread}) ** 0.5)  # {name}\n"
        "output = forward()"
    )


def _by_region(survey: Survey) -> dict[str, list[int]]:
    """Return the outputs of each layer that is marked as one, the first layer first."""
    layers: dict[str, list[int]] = {}
    for i, node in enumerate(survey.values):
        name = region(node) if survey.x[i] >= 0 else ""
        if name:
            layers.setdefault(layer_of(name), []).append(i)
    return layers


def _by_activation(survey: Survey) -> dict[str, list[int]]:
    """Return the activations by how many others stand before them."""
    levels = [0] * len(survey.values)
    layers: dict[int, list[int]] = {}
    for i, node in enumerate(survey.values):
        if survey.x[i] >= 0:
            active = node.rule in ACTIVATIONS
            levels[i] = max(levels[j] for j in survey.operands(i)) + active
            if active:
                layers.setdefault(levels[i], []).append(i)
    return {f"layer {level}": layers[level] for level in sorted(layers)}
