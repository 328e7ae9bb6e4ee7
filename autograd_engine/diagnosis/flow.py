"""Gradients that explode or vanish from layer to layer, or from step to step."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from autograd_engine.diagnosis.findings import AGAIN, Case, Finding, code_of, each, layer_of
from autograd_engine.survey import Survey
from autograd_engine.table import ADD, CONSTANT, SUBTRACT, SUM, erf, relu, sigmoid, softplus, tanh

LAYERS: Final = 3  # make a trend
LIMIT: Final = math.log(1e3)  # times which the first layer's adjoints may be those of the last
SINGLE: Final = 2  # products of a chain may do what they like: a mean, a unit, a small error
ACTIVATIONS: Final = (relu, tanh, sigmoid, softplus, erf)
SUMS: Final = (ADD, SUBTRACT, SUM)  # which pass an adjoint on as it is


def flow(case: Case) -> Iterator[Finding]:
    """Yield a finding if the mean adjoint grows or shrinks beyond measure along a graph.

    By steps of a recurrence with the same weights in each, by layers that are regions, or else
    by how many products stand before each.
    """
    survey = case.survey
    steps, layers, products = _by_step(survey), _by_region(survey), _by_level(survey)
    for groups, spared in ((steps, 0), (layers, 0), (products, SINGLE)):
        means = {
            name: math.fsum(abs(survey.adjoints[i]) / len(places) for i in places)
            for name, places in groups.items()
            if all(math.isfinite(survey.adjoints[i]) for i in places)
        }
        means = {name: mean for name, mean in means.items() if mean}  # 0 has a reason of its own
        if len(means) < LAYERS + spared:
            continue
        logs = [math.log(mean) for mean in means.values()]
        rises = sorted(before - after for before, after in pairwise(logs))
        grown, shrunk = sum(rises[: len(rises) - spared]), sum(rises[spared:])
        if (grown > LIMIT or shrunk < -LIMIT) and (not spared or _reaches_leaf(survey, logs)):
            where = groups[next(iter(means))][0]
            yield _found(case, means, where, len(steps) if groups is steps else 0)
            return


def _reaches_leaf(survey: Survey, logs: list[float]) -> bool:
    """Say whether a leaf's gradient is as far off: Newton's method forgets where it began."""
    slopes = [abs(survey.adjoints[i]) for i in survey.leaves]
    ends = [math.log(slope) if slope else -math.inf for slope in slopes]
    return any((end - logs[-1]) * (1.0 if logs[0] > logs[-1] else -1.0) > LIMIT for end in ends)


def _found(case: Case, means: dict[str, float], i: int, recurring: int) -> Finding:
    names, sizes, node = list(means), list(means.values()), case.survey.values[i]
    first, last, of = names[0], names[-1], names[0].partition(" ")[0]
    of = of if of == "step" else "layer"
    ratio = math.exp(max(-700.0, min(700.0, math.log(sizes[0]) - math.log(sizes[-1]))))
    kind, verb = ("exploding", "grows") if ratio > 1.0 else ("vanishing", "shrinks")
    factor = ratio ** (1.0 / (len(means) - 1))
    shown = [f"{name} {size:.2g}" for name, size in means.items()]
    if len(shown) >= 9:
        shown[4:-3] = ["..."]

    neurons, activation = code_of(case.survey.homes[i]), node._rule
    if neurons.startswith("model.layers["):
        gain, rule = (2.0, "He") if activation is relu else (1.0, "Xavier")
        tanh = 'neuron.activation = "tanh"  # whose slope at 0 is 1; a sigmoid\'s is 1/4'
        fix = (
            "import random\n\nfor layer in model.layers:\n    for neuron in layer.neurons:\n"
            + (f"        {tanh}\n" if activation is sigmoid else "")
            + "        for w in neuron.w:\n            w.data = random.gauss(0.0, "
            f"({gain} / len(neuron.w)) ** 0.5)  # {rule}\n{AGAIN}"
        )
    else:
        more = "  # or ag.optim.clip_gradients(parameters, 1.0)" if kind == "exploding" else ""
        fix = each(f"*= {1.0 / factor:.3g}{more}")
    return Finding(
        f"{kind} gradient",
        f"the gradient {verb} by a factor of {max(ratio, 1.0 / ratio):.2g} on its way from {last} "
        f"to {first}{f' of a recurrence of {recurring} steps' if recurring else ''}",
        f"{first}: {case.place(node)}",
        f"The mean |adjoint| {'of the state ' if recurring else ''}by {of} is {', '.join(shown)}: "
        f"each {of} multiplies it by about {factor:.2g}, so the first {of}s learn "
        f"{'in leaps' if ratio > 1.0 else 'next to nothing'}. Weights should be drawn so that this "
        "factor is near 1.",
        fix,
    )


def _by_step(survey: Survey) -> dict[str, list[int]]:
    """Return the state after each step of the largest recurrences that use weights in all."""
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
    for i, note in enumerate(survey.notes):
        if note.region and survey.operands[i]:
            layers.setdefault(layer_of(note.region), []).append(i)
    return layers


def _by_level(survey: Survey) -> dict[str, list[int]]:
    """Return all results but of sums, by how many others stand before them."""
    levels: list[int] = []
    found: dict[int, list[int]] = {}
    for i, operands in enumerate(survey.operands):
        counts = bool(operands) and survey.values[i]._rule not in SUMS
        levels.append(max((levels[j] for j in operands), default=0) + counts)
        if counts:
            found.setdefault(levels[i], []).append(i)
    return {f"step {level}": found[level] for level in sorted(found)}
