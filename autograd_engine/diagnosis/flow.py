"""Gradients that explode or vanish from layer to layer."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Final

from autograd_engine.diagnosis.findings import Finding
from autograd_engine.diagnosis.places import layer_of, neurons_code, place
from autograd_engine.graph import region
from autograd_engine.primitives import Primitive
from autograd_engine.survey import Survey
from autograd_engine.table import ADD, CONSTANT, SUBTRACT, SUM, erf, relu, sigmoid, softplus, tanh

LAYERS: Final = 3
"""So many layers make a trend."""

GROWTH: Final = 1e3
"""How many times larger, or smaller, the adjoints of the first layer may be than the last's."""

LIMIT: Final = math.log(GROWTH)

ACTIVATIONS: Final = (relu, tanh, sigmoid, softplus, erf)

SUMS: Final = (ADD, SUBTRACT, SUM)
"""Operations that pass an adjoint on as it is."""


SINGLE: Final = 2
"""So many products of a chain may do what they like: a mean, a unit, a small error."""


def flow(survey: Survey) -> Iterator[Finding]:
    """Yield a finding if the mean adjoint of the layers grows or shrinks beyond measure.

    Steps are those of a recurrence with the same weights in each. Layers are told by regions,
    else by activations. Where they are well or none, the products are looked at by how many others
    stand before them.
    """
    steps, layers = _by_step(survey), _by_region(survey)
    if len(layers) < LAYERS and not steps:
        layers = _by_level(survey, "layer", lambda rule: rule in ACTIVATIONS)
    products = _by_level(survey, "step", lambda rule: rule not in SUMS)
    for groups, spared in ((steps, 0), (layers, 0), (products, SINGLE)):
        means = [
            (name, math.fsum(abs(survey.adjoints[i]) / len(places) for i in places), places[0])
            for name, places in groups.items()
            if all(math.isfinite(survey.adjoints[i]) for i in places)
        ]
        means = [(name, mean, i) for name, mean, i in means if mean]  # 0 has a reason of its own
        if len(means) < LAYERS + spared:
            continue
        logs = [math.log(mean) for _, mean, _ in means]
        rises = sorted(before - after for before, after in pairwise(logs))
        grown, shrunk = sum(rises[: len(rises) - spared]), sum(rises[spared:])
        if (grown > LIMIT or shrunk < -LIMIT) and (not spared or _reaches_leaf(survey, logs)):
            ratio = math.exp(max(-700.0, min(700.0, logs[0] - logs[-1])))
            yield _found(survey, means, ratio, len(steps) if groups is steps else 0)
            return


def _reaches_leaf(survey: Survey, logs: list[float]) -> bool:
    """Say whether a leaf's own gradient is as far from that of the last step: a chain that
    forgets where it began, as Newton's method does, is well.
    """
    slopes = [abs(survey.adjoints[i]) for i in survey.leaves]
    ends = [math.log(slope) if slope else -math.inf for slope in slopes]
    return any((end - logs[-1]) * (1.0 if logs[0] > logs[-1] else -1.0) > LIMIT for end in ends)


def _found(
    survey: Survey, means: list[tuple[str, float, int]], ratio: float, recurring: int
) -> Finding:
    first, last, i = means[0][0], means[-1][0], means[0][2]
    kind = "exploding" if ratio > 1.0 else "vanishing"
    steps, of = len(means) - 1, "step" if first.startswith("step ") else "layer"
    each = ratio ** (1.0 / steps)
    shown = means if len(means) < 9 else [*means[:4], ("...", math.nan, 0), *means[-3:]]
    by_layer = ", ".join(f"{name} {mean:.2g}" if mean == mean else name for name, mean, _ in shown)
    return Finding(
        f"{kind} gradient",
        f"the gradient {'grows' if ratio > 1 else 'shrinks'} by a factor of "
        f"{ratio if ratio > 1 else 1 / ratio:.2g} on its way from {last} to {first}"
        + (f" of a recurrence of {recurring} steps" if recurring else ""),
        f"{first}: {place(survey, i)}",
        f"The mean |adjoint| {'of the state ' if recurring else ''}by {of} is {by_layer}: each "
        f"{of} multiplies it by about "
        f"{each:.2g}, so the first {of}s learn "
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
    rectified = survey.values[i]._rule is relu
    spread = "2.0 / len(neuron.w)" if rectified else "1.0 / len(neuron.w)"
    name = "He" if rectified else "Xavier"
    change = ""
    if survey.values[i]._rule is sigmoid:
        change = (
            '        neuron.activation = "tanh"  # whose slope at 0 is 1; a sigmoid\'s is 1/4\n'
        )
    return (
        "import random\n\nfor layer in model.layers:\n    for neuron in layer.neurons:\n"
        f"{change}        for w in neuron.w:\n"
        f"            w.data = random.gauss(0.0, ({spread}) ** 0.5)  # {name}\n"
        "output = forward()"
    )


def _by_step(survey: Survey) -> dict[str, list[int]]:
    """Return the state after each step of the largest recurrences with weights used in all steps.

    One that reads nothing on its way, and has no activation, may forget where it began: a root.
    """
    steps: dict[str, list[int]] = {}
    for repeat in survey.repeats:
        weights = [i for i in repeat.shared if survey.values[i]._rule is not CONSTANT]
        reads = repeat.inputs or set(repeat.rules) & set(ACTIVATIONS)
        if weights and reads and len(steps) in (0, repeat.steps):  # sequences as one
            for t, row in enumerate(survey.states(repeat), 1):
                steps.setdefault(f"step {t}", []).extend(row)
    return steps


def _by_region(survey: Survey) -> dict[str, list[int]]:
    """Return the outputs of each layer that is marked as one, the first layer first."""
    layers: dict[str, list[int]] = {}
    for i, node in enumerate(survey.values):
        name = region(node) if survey.operands[i] else ""
        if name:
            layers.setdefault(layer_of(name), []).append(i)
    return layers


def _by_level(survey: Survey, of: str, counts: Callable[[Primitive], bool]) -> dict[str, list[int]]:
    """Return the values whose operation counts, by how many others stand before them."""
    levels = [0] * len(survey.values)
    layers: dict[int, list[int]] = {}
    for i, node in enumerate(survey.values):
        if survey.operands[i]:
            counted = counts(node._rule)
            levels[i] = max(levels[j] for j in survey.operands[i]) + counted
            if counted:
                layers.setdefault(levels[i], []).append(i)
    return {f"{of} {level}": layers[level] for level in sorted(layers)}
