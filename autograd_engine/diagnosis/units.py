"""Units that pass no gradient: dead ReLUs, saturated tanh and sigmoid; and scores squashed twice.

A unit is one neuron over all samples. Its uses are told by the region of the neuron and the
leaf that its input begins with, so that the samples of a batch, or of several backward passes,
are tallied together.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final

from autograd_engine.diagnosis.findings import AGAIN, Case, Finding, layer_of, listed, neurons_code
from autograd_engine.engine import Value
from autograd_engine.survey import Survey
from autograd_engine.table import ADD, CONSTANT, DOT, LEAF, SUBTRACT, SUM, relu, sigmoid, tanh
from autograd_engine.words import counted

SATURATED: Final = 1e-4
"""A slope below which a tanh or sigmoid counts as saturated."""

SUMS: Final = (ADD, SUBTRACT, SUM)

LONG: Final = 32
"""After so many samples without a slope a unit that once had one counts as dead."""


@dataclass
class Unit:
    """What was seen of one unit: how many samples, and its inputs since it last had a slope."""

    op: str
    home: str
    leaf: Value  # held, so that its id stays its own
    place: str = ""
    samples: int = 0
    since: int = 0
    low: float = math.inf
    high: float = -math.inf

    def asleep(self) -> bool:
        """Say whether it had no slope in any sample, or for so long that it must have died."""
        died = self.since >= LONG and 2 * self.since >= self.samples
        return (self.since == self.samples or died) and (self.op != relu.name or self.low < 0.0)


class Units:
    """A tally of units over one or more backward passes."""

    def __init__(self) -> None:
        self._units: dict[tuple[str, str, int], Unit] = {}

    def add(self, case: Case) -> None:
        """Add what the units of a graph did."""
        survey, seen, first = case.survey, dict[tuple[str, str, int], list[int]](), list[int]()
        for i, node in enumerate(survey.values):
            if node._rule not in (relu, tanh, sigmoid) or survey.uses[survey.operands[i][0]] > 1:
                continue  # a second use goes round it, as in leaky_relu and silu
            if node._rule is relu and _is_margin(survey, survey.operands[i][0]):
                continue
            first = first or _first_leaves(survey)
            if first[i] < 0:
                continue
            leaf = survey.values[first[i]]
            key = node._rule.name, survey.homes[i], id(leaf)
            self._units.setdefault(key, Unit(node._rule.name, survey.homes[i], leaf))
            seen.setdefault(key, []).append(i)
        for key, places in seen.items():
            unit, nodes = self._units[key], [survey.values[i] for i in places]
            inputs = [survey.values[survey.operands[i][0]]._data for i in places]
            unit.samples += len(inputs)
            # Not a number is somebody else's finding.
            if any(x != x or _passes(node) for x, node in zip(inputs, nodes)):
                unit.since, unit.low, unit.high = 0, math.inf, -math.inf
            else:
                unit.place = unit.place if unit.since else case.place(nodes[0])
                unit.since += len(inputs)
                unit.low, unit.high = min(unit.low, *inputs), max(unit.high, *inputs)

    def blocks(self) -> bool:
        """Say whether there is a layer of which no unit passes a gradient."""
        return any(all(unit.asleep() for unit in units) for units in self._layers().values())

    def _layers(self) -> dict[tuple[bool, str], list[Unit]]:
        layers: dict[tuple[bool, str], list[Unit]] = {}
        for unit in self._units.values():
            layers.setdefault((unit.op == relu.name, layer_of(unit.home)), []).append(unit)
        return layers

    def findings(self) -> Iterator[Finding]:
        """Yield one finding for each layer in which units pass no gradient."""
        for (dead, layer), units in self._layers().items():
            asleep = [unit for unit in units if unit.asleep()]
            if dead and layer and len(asleep) < len(units):
                # One sample alone switches half of a layer off: no reason to worry.
                asleep = [unit for unit in asleep if unit.samples > 1]
            if asleep:
                yield (_dead if dead else _saturated)(layer, asleep, len(units))


def _passes(node: Value) -> bool:
    """Say whether a unit passes a gradient."""
    return node._dx != 0.0 if node._rule is relu else abs(node._dx) >= SATURATED


def _dead(layer: str, units: list[Unit], of: int) -> Finding:
    samples = max(unit.since for unit in units)
    seen = f"in all of {samples:,} samples" if samples > 1 else "in the one sample seen"
    if any(unit.since < unit.samples for unit in units):
        seen = f"in the last {samples:,} samples"
    neurons = neurons_code(units[0].home)
    fix = "relu = ag.leaky_relu  # in place of ag.relu and .relu(): below 0 its slope is 0.01"
    if neurons:
        leaky = 'neuron.activation = "leaky_relu"  # below 0 its slope is 0.01 instead of 0'
        fix = f"for neuron in {neurons}:\n    {leaky}"
    return Finding(
        "dead unit",
        _so_many(layer, units, of, "ReLU", "dead"),
        _places(layer, units),
        f"The input of a dead ReLU is below 0 {seen} (the highest was "
        f"{max(unit.high for unit in units):.6g}). There its slope is 0, no gradient passes, and "
        "the weights before it stay as they are. Too large a step, or a large negative bias, "
        "brings that about.",
        f"{fix}\n{AGAIN}  # and a lower learning rate keeps units from dying",
    )


def _saturated(layer: str, units: list[Unit], of: int) -> Finding:
    op = units[0].op if len({unit.op for unit in units}) == 1 else "tanh and sigmoid"
    size = max(max(abs(unit.low), abs(unit.high)) for unit in units)
    neurons = neurons_code(units[0].home)
    loop = "for parameter in parameters:\n"
    if neurons:
        loop = f"for neuron in {neurons}:\n    for parameter in neuron.parameters():\n    "
    return Finding(
        "saturated unit",
        _so_many(layer, units, of, op, "saturated"),
        _places(layer, units),
        f"The input is so far from 0 (up to {size:.6g}) that the curve is flat: the slope is below "
        f"{SATURATED:g}, and hardly any gradient passes. Large weights or inputs that were not "
        "scaled bring that about.",
        f"{loop}    parameter.data *= {1.0 / size:.2g}  # inputs of about 1 again; "
        f"or scale the data\n{AGAIN}",
    )


def _so_many(layer: str, units: list[Unit], of: int, op: str, state: str) -> str:
    some = f"{len(units):,} of " if len(units) < of else "all " if of > 1 else ""
    verb = "is" if len(units) == 1 else "are"
    return f"{some}{counted(of, f'{op} unit')} {verb} {state}{f' in {layer}' if layer else ''}"


def _places(layer: str, units: list[Unit]) -> str:
    if len(units) == 1:
        return units[0].place
    if all(".neurons." in f".{unit.home}" for unit in units):
        return f"{layer}: neurons {listed(unit.home.rpartition('.')[2] for unit in units)}"
    return f"{layer}: {listed(unit.place for unit in units)}".removeprefix(": ")


def _is_margin(survey: Survey, i: int) -> bool:
    """Say whether this is 1 - y * score, as a hinge loss has it: at 0 the sample is right."""
    rule, operands = survey.values[i]._rule, survey.operands[i]
    added = operands if rule in SUMS else operands[: len(operands) % 2] if rule is DOT else ()
    ends = [survey.values[j] for j in added]
    return any(end._rule is CONSTANT and end._data == 1.0 for end in ends)


def _first_leaves(survey: Survey) -> list[int]:
    """Return, for each value, the leaf that its formula begins with: a unit's bias, or a weight.

    A bias is also found at the end of the sum. -1 where no leaf is met.
    """
    first: list[int] = []
    for i, node in enumerate(survey.values):
        operands = survey.operands[i]
        added = operands[:0:-1] if node._rule in SUMS else ()
        biases = (j for j in added if survey.values[j]._rule is LEAF)
        begins = (first[j] for j in operands if first[j] >= 0)
        first.append(next(chain(biases, begins), i if node._rule is LEAF else -1))
    return first


SQUASHERS: Final = ("sigmoid", "softmax")


def squashed(case: Case) -> Iterator[Finding]:
    """Yield a finding where a loss of scores gets what sigmoid or softmax made of them."""
    survey = case.survey
    found: dict[tuple[str, str], list[int]] = {}  # by loss and function: what was squashed
    for node, operands in zip(survey.values, survey.operands):
        if node.op in ("binary_cross_entropy", "cross_entropy"):
            scores = operands[:1] if node.op.startswith("binary") else operands
            op = survey.values[scores[0]].op
            if op in SQUASHERS and all(survey.values[j].op == op for j in scores):
                found.setdefault((node.op, op), []).extend(scores)
    for (loss, op), places in found.items():
        by = "sigmoid" if loss.startswith("binary") else "softmax"
        neurons = neurons_code(survey.homes[places[0]])
        fix = f"{op} = lambda score: score  # in place of ag.{op}: the loss has its own"
        if neurons:
            fix = f"for neuron in {neurons}:\n    neuron.nonlin = False  # the score itself"
        yield Finding(
            "squashed score",
            f"{loss} takes scores, and got what {op} made of them",
            listed((case.place(survey.values[i]) for i in places), 2),
            f"The loss applies {by} itself, since it is more precise on scores of any size. Of "
            "numbers between 0 and 1 it makes probabilities that are never near 0 or 1: the loss "
            "stays high, however right the model is, and its gradient small.",
            f"{fix}\n{AGAIN}  # the probability is for whoever reads it, not for the loss",
        )
