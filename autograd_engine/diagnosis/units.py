"""Units that pass no gradient: dead ReLUs, saturated tanh and sigmoid; and scores squashed twice.

A unit is one neuron over all samples, told by its region and the leaf that its input begins with.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from autograd_engine.diagnosis.findings import AGAIN, Case, Finding, code_of, each, layer_of, listed
from autograd_engine.engine import Value
from autograd_engine.survey import Survey
from autograd_engine.table import ADD, CONSTANT, DOT, LEAF, SUBTRACT, SUM, relu, sigmoid, tanh
from autograd_engine.words import counted

SATURATED: Final = 1e-4  # a slope up to which a tanh or sigmoid counts as saturated
FLAT: Final = {relu: 0.0, tanh: SATURATED, sigmoid: SATURATED}
SUMS: Final = (ADD, SUBTRACT, SUM)
LONG: Final = 32  # samples without a slope after which a unit that once had one counts as dead


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
        survey, seen, first = case.survey, dict[tuple[str, str, int], list[int]](), list[int]()
        for i, node in enumerate(survey.values):
            if node._rule not in FLAT or survey.uses[survey.operands[i][0]] > 1:
                continue  # a second use goes round it, as in leaky_relu and silu
            if node._rule is relu and _is_margin(survey, survey.operands[i][0]):
                continue
            first = first or _first_leaves(survey)
            if first[i] >= 0:
                leaf = survey.values[first[i]]
                key = node._rule.name, survey.homes[i], id(leaf)
                self._units.setdefault(key, Unit(node._rule.name, survey.homes[i], leaf))
                seen.setdefault(key, []).append(i)
        for key, places in seen.items():
            unit, nodes = self._units[key], [survey.values[i] for i in places]
            inputs = [survey.values[survey.operands[i][0]]._data for i in places]
            unit.samples += len(inputs)
            flat = all(abs(node._dx) <= FLAT[node._rule] for node in nodes)
            if flat and not any(map(math.isnan, inputs)):  # that is somebody else's finding
                unit.place = unit.place if unit.inputs else case.place(nodes[0])
                unit.inputs += inputs
            else:
                unit.inputs.clear()

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
                yield _finding(dead, layer, asleep, len(units))


def _finding(dead: bool, layer: str, units: list[Unit], of: int) -> Finding:
    inputs, neurons = [x for unit in units for x in unit.inputs], code_of(units[0].home)
    if dead:
        kind, op, samples = "dead", "ReLU", max(len(unit.inputs) for unit in units)
        seen = f"in all of {samples:,} samples" if samples > 1 else "in the one sample seen"
        if any(len(unit.inputs) < unit.samples for unit in units):
            seen = f"in the last {samples:,} samples"
        why = (
            f"The input of a dead ReLU is below 0 {seen} (the highest was {max(inputs):.6g}). "
            "There its slope is 0, no gradient passes, and the weights before it stay as they are. "
            "Too large a step, or a large negative bias, brings that about."
        )
        fix = "relu = ag.leaky_relu  # in place of ag.relu and .relu(): below 0 its slope is 0.01"
        if neurons:
            fix = f'for neuron in {neurons}:\n    neuron.activation = "leaky_relu"  # never flat'
        fix += f"\n{AGAIN}  # and a lower learning rate keeps units from dying"
    else:
        kind, op, size = "saturated", " and ".join({u.op: 0 for u in units}), max(map(abs, inputs))
        why = (
            f"The input is so far from 0 (up to {size:.6g}) that the curve is flat: the slope is "
            f"below {SATURATED:g}, and hardly any gradient passes. Large weights or inputs that "
            "were not scaled bring that about."
        )
        its = f"[p for neuron in {neurons} for p in neuron.parameters()]" if neurons else ""
        fix = each(f"*= {1.0 / size:.2g}  # inputs of about 1 again; or scale the data", its)
    some = f"{len(units):,} of " if len(units) < of else "all " if of > 1 else ""
    verb, where = "is" if len(units) == 1 else "are", f" in {layer}" if layer else ""
    return Finding(
        f"{kind} unit",
        f"{some}{counted(of, f'{op} unit')} {verb} {kind}{where}",
        _places(layer, units),
        why,
        fix,
    )


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
    """Return, for each value, the leaf its formula begins with, a bias if it has one, or -1."""
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
        neurons = code_of(survey.homes[places[0]])
        fix = f"{op} = lambda score: score  # in place of ag.{op}: the loss has its own"
        if neurons:
            fix = f"for neuron in {neurons}:\n    neuron.nonlin = False  # the score itself"
        yield Finding(
            "squashed score",
            f"{loss} takes scores, and got what {op} made of them",
            listed((case.place(survey.values[i]) for i in places), 2),
            f"The loss applies {by} itself. Of numbers between 0 and 1 it makes probabilities that "
            "are never near 0 or 1: the loss stays high, however right the model is, and its "
            "gradient small.",
            f"{fix}\n{AGAIN}  # the probability is for whoever reads it, not for the loss",
        )
