"""Layers that pass no gradient on, or one that explodes or vanishes.

A unit is one neuron over all samples, told by its region and the leaf that its input begins with.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, pairwise
from typing import Final

from autograd_engine.diagnosis.findings import AGAIN, Case, Finding, code_of, each, layer_of, listed
from autograd_engine.engine import Value
from autograd_engine.primitives import TABLE
from autograd_engine.recurrences import SUMS
from autograd_engine.survey import Survey
from autograd_engine.table import CONSTANT, DOT, LEAF, relu, sigmoid, tanh
from autograd_engine.words import counted

SATURATED: Final = 1e-4  # a slope up to which a tanh or sigmoid counts as saturated
FLAT: Final = {relu: 0.0, tanh: SATURATED, sigmoid: SATURATED}
ACTIVATIONS: Final = {TABLE[name] for name in ("relu", "tanh", "sigmoid", "softplus", "erf")}
LONG: Final = 32  # samples without a slope after which a unit that once had one counts as dead
LAYERS: Final = 3  # make a trend
LIMIT: Final = math.log(1e3)  # times which the first layer's adjoints may be those of the last
SINGLE: Final = 2  # products of a chain may do what they like: a mean, a unit, a small error


@dataclass
class Unit:
    """What was seen of one unit: how many samples, and its inputs since it last had a slope."""

    op: str
    home: str
    leaf: Value  # held, so that its id stays its own
    place: str = ""
    samples: int = 0
    inputs: list[float] = field(default_factory=list)

    def asleep(self) -> bool:
        """Say whether it had no slope in any sample, or for so long that it must have died."""
        since, low = len(self.inputs), min(self.inputs, default=0.0)
        died = since >= LONG and 2 * since >= self.samples
        return (since == self.samples or died) and (self.op != relu.name or low < 0.0)


class Units:
    """A tally of units over one or more backward passes."""

    def __init__(self) -> None:
        self._units: dict[tuple[str, str, int], Unit] = {}

    def add(self, case: Case) -> None:
        """Add what the units of a graph did."""
        seen, first = defaultdict[tuple[str, str, int], list[Value]](list), _first_leaves(case)
        for i, node in enumerate(case.values):
            if node._rule not in FLAT or case.uses[case.operands[i][0]] > 1:
                continue  # a second use goes round it, as in leaky_relu and silu
            if node._rule is relu and _is_margin(case, case.operands[i][0]):
                continue
            if first[i] >= 0:
                key = node._rule.name, case.homes[i], id(case.values[first[i]])
                self._units.setdefault(key, Unit(*key[:2], case.values[first[i]]))
                seen[key].append(node)
        for key, nodes in seen.items():
            unit = self._units[key]
            inputs = [node.operands[0]._data for node in nodes]
            unit.samples += len(inputs)
            flat = all(abs(node._dx) <= FLAT[node._rule] for node in nodes)
            if flat and not any(map(math.isnan, inputs)):  # that is somebody else's finding
                unit.place = unit.place if unit.inputs else case.place(nodes[0])
                unit.inputs += inputs
            else:
                unit.inputs.clear()

    def asleep(self) -> Iterator[tuple[Finding, bool]]:
        """Yield a finding for each layer in which units pass no gradient, and whether all do so."""
        layers = defaultdict[tuple[bool, str], list[Unit]](list)
        for unit in self._units.values():
            layers[unit.op == relu.name, layer_of(unit.home)].append(unit)
        for (dead, layer), units in layers.items():
            asleep = [unit for unit in units if unit.asleep()]
            if dead and layer and len(asleep) < len(units):
                # One sample alone switches half of a layer off: no reason to worry.
                asleep = [unit for unit in asleep if unit.samples > 1]
            if asleep:
                yield _asleep(dead, layer, asleep, len(units)), len(asleep) == len(units)


def _asleep(dead: bool, layer: str, units: list[Unit], of: int) -> Finding:
    inputs, neurons = [x for unit in units for x in unit.inputs], code_of(units[0].home)
    if dead:
        kind, op, samples = "dead", "ReLU", max(len(unit.inputs) for unit in units)
        why = (
            f"The input of a dead ReLU was below 0 in the last {counted(samples, 'sample')} (at "
            f"most {max(inputs):.6g}), where its slope is 0: no gradient passes, and the weights "
            "before it stay as they are. Too large a step or negative bias brings that about."
        )
        fix = "relu = ag.leaky_relu  # in place of ag.relu and .relu(): below 0 its slope is 0.01"
        if neurons:
            fix = f'for neuron in {neurons}:\n    neuron.activation = "leaky_relu"  # never flat'
        fix += f"\n{AGAIN}  # and a lower learning rate keeps units from dying"
    else:
        kind, op, size = "saturated", " and ".join({u.op: 0 for u in units}), max(map(abs, inputs))
        why = (
            f"The input is so far from 0 (up to {size:.6g}) that the slope is below {SATURATED:g}: "
            "hardly any gradient passes. Large weights, or inputs that were not scaled, do that."
        )
        its = f"[p for n in {neurons} for p in n.parameters()]" if neurons else "parameters"
        fix = each(f"*= {1.0 / size:.2g}  # inputs of about 1 again; or scale the data", its)
    some = f"{len(units):,} of " if len(units) < of else "all " if of > 1 else ""
    what = f"{some}{counted(of, f'{op} unit')} {'is' if len(units) == 1 else 'are'} {kind}"
    where = listed(unit.place for unit in units)
    return Finding(f"{kind} unit", f"{what}{layer and f' in {layer}'}", where, why, fix)


def _is_margin(survey: Survey, i: int) -> bool:
    """Say whether this is 1 - y * score, as a hinge loss has it: at 0 the sample is right."""
    rule, operands = survey.values[i]._rule, survey.operands[i]
    added = operands if rule in SUMS else operands[: len(operands) % 2] if rule is DOT else ()
    ends = [survey.values[j] for j in added]
    return any(end._rule is CONSTANT and end._data == 1.0 for end in ends)


def _first_leaves(survey: Survey) -> list[int]:
    """Return, for each value, the leaf its formula begins with, a bias if it has one, or -1."""
    first: list[int] = []
    for i, operands in enumerate(survey.operands):
        leaves = (j for j in operands if survey.values[j]._rule is LEAF)
        begins = (first[j] for j in operands if first[j] >= 0)
        first.append(next(chain(leaves, begins), i if survey.values[i]._rule is LEAF else -1))
    return first


def flow(case: Case) -> Iterator[Finding]:
    """A mean adjoint that grows or shrinks beyond measure along a graph."""
    for of, groups in _along(case):
        spared = SINGLE if of == "product" else 0
        means = {
            name: math.fsum(abs(case.adjoints[i]) / len(places) for i in places)
            for name, places in groups.items()
            if all(math.isfinite(case.adjoints[i]) for i in places)
        }
        means = {name: mean for name, mean in means.items() if mean}  # 0 has a reason of its own
        if len(means) < LAYERS + spared:
            continue
        logs = [math.log(mean) for mean in means.values()]
        rises = sorted(before - after for before, after in pairwise(logs))
        grown, shrunk = sum(rises[: len(rises) - spared]), sum(rises[spared:])
        side = 1.0 if logs[0] > logs[-1] else -1.0
        ends = (math.log(abs(case.adjoints[i]) or 5e-324) for i in case.leaves)
        # A leaf's gradient is as far off, unlike in Newton's method, which forgets where it began.
        far = not spared or any(side * (end - logs[-1]) > LIMIT for end in ends)
        if far and (grown > LIMIT or shrunk < -LIMIT):
            yield _trend(case, of, means, groups)
            return


def _trend(case: Case, kind: str, means: dict[str, float], groups: dict[str, list[int]]) -> Finding:
    (first, *_, last), sizes, i = means, list(means.values()), groups[next(iter(means))][0]
    of, rule = "layer" if kind == "layer" else "step", case.values[i]._rule
    change = max(-700.0, min(700.0, math.log(sizes[0]) - math.log(sizes[-1])))
    factor, size = math.exp(change / (len(means) - 1)), math.exp(abs(change))
    grows, verb = ("exploding", "grows") if change > 0.0 else ("vanishing", "shrinks")
    shown = listed((f"{name} {size:.2g}" for name, size in means.items()), 8)
    more = "  # or ag.optim.clip_gradients(parameters, 1.0)" if change > 0.0 else ""
    fix = each(f"*= {1.0 / factor:.3g}{more}")
    if rule is sigmoid and code_of(case.homes[i]):
        each_neuron = "for layer in model.layers:\n    for neuron in layer.neurons:\n"
        fix = f'{each_neuron}        neuron.activation = "tanh"  # steeper at 0\n{AGAIN}'
    recurrence = f" of a recurrence of {len(groups)} steps" if kind == "step" else ""
    return Finding(
        f"{grows} gradient",
        f"the gradient {verb} by a factor of {size:.2g} from {last} to {first}{recurrence}",
        f"{first}: {case.place(case.values[i])}",
        f"The mean |adjoint| by {of} is {shown}: each {of} multiplies it by about {factor:.2g}. "
        "Weights should be drawn so that this factor is near 1.",
        fix,
    )


def _along(survey: Survey) -> Iterator[tuple[str, dict[str, list[int]]]]:
    """Yield what a gradient passes one after the other, the first in the graph first: the states
    of the largest recurrences that use weights in all, the outputs of layers that are regions, and
    all results but of sums by how many others stand before them.
    """
    steps, layers, products = (defaultdict[str, list[int]](list) for _ in range(3))
    for repeat in survey.repeats:
        weights = any(survey.values[i]._rule is not CONSTANT for i in repeat.shared)
        reads = repeat.inputs or not ACTIVATIONS.isdisjoint(repeat.rules)
        if weights and reads and len(steps) in (0, repeat.steps):  # sequences as one
            for t, row in enumerate(survey.states(repeat), 1):
                steps[f"step {t}"] += row
    yield "step", steps
    for i, note in enumerate(survey.notes):
        if note.region and survey.operands[i]:
            layers[layer_of(note.region)].append(i)
    yield "layer", layers
    levels: list[int] = []
    for i, operands in enumerate(survey.operands):
        counts = bool(operands) and survey.values[i]._rule not in SUMS
        levels.append(max((levels[j] for j in operands), default=0) + counts)
        if counts:
            products[f"step {levels[i]}"].append(i)
    yield "product", dict(sorted(products.items(), key=lambda item: int(item[0][5:])))
