"""Units that pass no gradient: dead ReLUs, saturated tanh and sigmoid.

A unit is one neuron over all samples. Its uses are told by the region of the neuron and the
leaf that its input begins with, so that the samples of a batch, or of several backward passes,
are tallied together.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import chain
from typing import Final

from autograd_engine.diagnosis.findings import Finding, listed
from autograd_engine.diagnosis.places import layer_of, neurons_code, place
from autograd_engine.survey import Survey
from autograd_engine.table import ADD, CONSTANT, DOT, LEAF, SUBTRACT, SUM, relu, sigmoid, tanh
from autograd_engine.words import counted

SATURATED: Final = 1e-4
"""A slope below which a tanh or sigmoid counts as saturated."""

LONG: Final = 32
"""After so many samples without a slope a unit that once had one counts as dead."""


class Unit:
    """What was seen of one unit: how many samples, and its inputs since it last had a slope."""

    def __init__(self, op: str, region: str, leaf: object) -> None:
        self.op = op
        self.region = region
        self.leaf = leaf  # held, so that its id stays its own
        self.samples = 0
        self.reach = 0.0  # how high the input could come with other signs of what feeds it
        self.awake = -1  # the latest pass in which it had a slope
        self.wake()

    def wake(self) -> None:
        """Forget the samples without a slope."""
        self.place = ""
        self.since = 0
        self.low = math.inf
        self.high = -math.inf
        self.steepest = 0.0

    def sleep(self, x: float, slope: float) -> None:
        """Add a sample without a slope."""
        self.since += 1
        self.low, self.high = min(self.low, x), max(self.high, x)
        self.steepest = max(self.steepest, abs(slope))


class Units:
    """A tally of units over one or more backward passes."""

    def __init__(self) -> None:
        self._units: dict[object, Unit] = {}
        self._passes = 0

    def add(self, survey: Survey) -> None:
        """Add what the units of a graph did."""
        first: list[int] | None = None
        for i, node in enumerate(survey.values):
            if node._rule not in (relu, tanh, sigmoid) or survey.uses[survey.operands[i][0]] > 1:
                continue  # a second use goes round it, as in leaky_relu and silu
            if node._rule is relu and _is_margin(survey, survey.operands[i][0]):
                continue
            first = _first_leaves(survey) if first is None else first
            if first[i] >= 0:
                self._see(survey, i, first[i])
        self._passes += 1

    def _see(self, survey: Survey, i: int, leaf: int) -> None:
        node, source, (at,) = survey.values[i], survey.values[leaf], survey.operands[i]
        key = (node._rule.name, survey.homes[i], id(source))
        unit = self._units.get(key)
        if unit is None:
            unit = self._units[key] = Unit(node._rule.name, survey.homes[i], source)
            if node._rule is relu:
                unit.reach = _reach(survey, at)
        x = survey.values[at]._data
        unit.samples += 1
        # Not a number is somebody else's finding.
        if x != x or (node._dx != 0.0 if node._rule is relu else abs(node._dx) >= SATURATED):
            unit.awake = self._passes
            unit.wake()
        elif unit.awake < self._passes:
            unit.sleep(x, node._dx)
            unit.place = unit.place or place(survey, i)

    def blocks(self) -> bool:
        """Say whether there is a layer of which no unit passes a gradient."""
        return any(all(map(_asleep, units)) for units in self._layers().values())

    def _layers(self) -> dict[tuple[bool, str], list[Unit]]:
        layers: dict[tuple[bool, str], list[Unit]] = {}
        for unit in self._units.values():
            kind = unit.op == relu.name
            layers.setdefault((kind, layer_of(unit.region)), []).append(unit)
        return layers

    def findings(self) -> Iterator[Finding]:
        """Yield one finding for each layer in which units pass no gradient."""
        for (dead, layer), units in self._layers().items():
            asleep = [unit for unit in units if _asleep(unit)]
            if dead and layer and len(asleep) < len(units):
                # One sample alone switches half of a layer off: no reason to worry.
                asleep = [unit for unit in asleep if unit.samples > 1 or unit.reach <= 0.0]
            if asleep:
                yield (_dead if dead else _saturated)(layer, asleep, len(units))


def _asleep(unit: Unit) -> bool:
    """Say whether a unit had no slope in any sample, or for so long that it must have died."""
    died = unit.since >= LONG and 2 * unit.since >= unit.samples
    return (unit.since == unit.samples or died) and (unit.op != relu.name or unit.low < 0.0)


def _dead(layer: str, units: list[Unit], of: int) -> Finding:
    highest, samples = max(unit.high for unit in units), max(unit.since for unit in units)
    before = any(unit.since < unit.samples for unit in units)
    neurons = neurons_code(units[0].region)
    fix = (
        f"for neuron in {neurons}:\n"
        '    neuron.activation = "leaky_relu"  # below 0 its slope is 0.01 instead of 0\n'
        if neurons
        else "relu = ag.leaky_relu  # in place of ag.relu and .relu(): below 0 its slope is 0.01\n"
    )
    seen = f"in all of {samples:,} samples" if samples > 1 else "in the one sample seen"
    seen = f"in the last {samples:,} samples" if before else seen
    return Finding(
        "dead unit",
        f"{_so_many(units, of, 'ReLU')} {'is' if len(units) == 1 else 'are'} dead"
        + (f" in {layer}" if layer else ""),
        _places(layer, units),
        f"The input of a dead ReLU is below 0 {seen} (the highest was {highest:.6g}). There its "
        "slope is 0, no gradient passes, and the weights before it stay as they are. Too large a "
        "step, or a large negative bias, brings that about.",
        f"{fix}output = forward()  # and a lower learning rate keeps units from dying",
    )


def _saturated(layer: str, units: list[Unit], of: int) -> Finding:
    op = units[0].op if len({unit.op for unit in units}) == 1 else "tanh and sigmoid"
    size = max(max(abs(unit.low), abs(unit.high)) for unit in units)
    steepest = max(unit.steepest for unit in units)
    neurons = neurons_code(units[0].region)
    loop = (
        f"for neuron in {neurons}:\n    for parameter in neuron.parameters():\n    "
        if neurons
        else "for parameter in parameters:\n"
    )
    return Finding(
        "saturated unit",
        f"{_so_many(units, of, op)} {'is' if len(units) == 1 else 'are'} saturated"
        + (f" in {layer}" if layer else ""),
        _places(layer, units),
        f"The input is so far from 0 (up to {size:.6g}) that the curve is flat: the slope is at "
        f"most {steepest:.2g}, and hardly any gradient passes. Large weights or inputs that were "
        "not scaled bring that about.",
        f"{loop}    parameter.data *= {1.0 / size:.2g}  # inputs of about 1 again; "
        "or scale the data\noutput = forward()",
    )


def _so_many(units: list[Unit], of: int, op: str) -> str:
    some = f"{len(units):,} of " if len(units) < of else "all " if of > 1 else ""
    return f"{some}{counted(of, f'{op} unit')}"


def _places(layer: str, units: list[Unit]) -> str:
    if len(units) == 1:
        return units[0].place
    if all(".neurons." in f".{unit.region}" for unit in units):
        numbers = listed(unit.region.rpartition(".")[2] for unit in units)
        return f"{layer}: neurons {numbers}"
    return f"{layer}: {listed(unit.place for unit in units)}".removeprefix(": ")


def _terms(survey: Survey, i: int) -> list[tuple[int, ...]]:
    """Return the terms that a value is the sum of, each as its factors; none if it is no sum."""
    rule, operands = survey.values[i]._rule, survey.operands[i]
    if rule is DOT:
        odd = len(operands) % 2
        pairs = [operands[k : k + 2] for k in range(odd, len(operands), 2)]
        return [operands[:1], *pairs] if odd else pairs
    return [(j,) for j in operands] if rule in (ADD, SUBTRACT, SUM) else []


def _is_margin(survey: Survey, i: int) -> bool:
    """Say whether this is 1 - y * score, as a hinge loss has it: at 0 the sample is right."""
    terms = _terms(survey, i)
    ends = [survey.values[term[0]] for term in terms if len(term) == 1]
    return len(terms) == 2 and any(end._rule is CONSTANT and end._data == 1.0 for end in ends)


def _first_leaves(survey: Survey) -> list[int]:
    """Return, for each value, the leaf that its formula begins with: a unit's bias, or a weight.

    A bias is also found at the end of the sum. -1 where no leaf is met.
    """
    first: list[int] = []
    for i, node in enumerate(survey.values):
        operands = survey.operands[i]
        added = operands[:0:-1] if node._rule in (ADD, SUBTRACT, SUM) else ()
        biases = (j for j in added if survey.values[j]._rule is LEAF)
        begins = (first[j] for j in operands if first[j] >= 0)
        none = i if node._rule is LEAF else -1
        first.append(next(chain(biases, begins), none))
    return first


def _reach(survey: Survey, i: int) -> float:
    """Return how high a weighted sum would come if no term were negative but the bias."""
    total, pending = 0.0, [(i, 1.0)]
    while pending:
        i, sign = pending.pop()
        node, terms = survey.values[i], _terms(survey, i) if survey.uses[i] == 1 else []
        for k, (j, *factor) in enumerate(terms):
            if factor:
                total += abs(survey.values[j]._data * survey.values[factor[0]]._data)
            else:
                pending.append((j, -sign if k and node._rule is SUBTRACT else sign))
        if not terms:
            total += abs(node._data) if survey.operands[i] else sign * node._data
    return total
