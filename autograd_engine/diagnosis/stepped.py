"""Leaves that a training step moved after the backward pass, as it should.

An optimiser knows from where it moved them, and by which gradients. A step of gradient descent
by hand is known by its result: all parameters moved against their gradient, at one rate.
"""

from __future__ import annotations

import math

from autograd_engine.diagnosis.places import Parameters
from autograd_engine.diagnosis.rates import plain_rate
from autograd_engine.diagnosis.survey import Survey
from autograd_engine.engine import LEAF, MULTIPLY, Value
from autograd_engine.optim.living import living
from autograd_engine.optim.optimizer import Optimizer


def stepped(survey: Survey, changed: list[int], parameters: Parameters) -> bool:
    """Say whether the changed leaves were moved by one step, after a pass through the output."""
    if not survey.output.grad or any(survey.values[i].rule is not LEAF for i in changed):
        return False
    before = _known(survey)
    if before.keys() >= set(changed):
        return survey.at(before) == survey.output.data
    return _by_hand(survey, changed, parameters)


def _known(survey: Survey) -> dict[int, float]:
    """Return the numbers from which optimisers moved leaves by the gradients they have."""
    before: dict[int, float] = {}
    for optimizer in living(Optimizer):
        for value, *step in zip(optimizer.parameters, *optimizer._latest):
            number, gradient = step
            if value.grad in (gradient, 0.0) and id(value) in survey.position:
                before[survey.position[id(value)]] = number
    return before


def _by_hand(survey: Survey, changed: list[int], parameters: Parameters) -> bool:
    before = _recovered(survey, set(changed))
    if before.keys() != set(changed):
        return False
    places = [survey.position.get(id(value), -1) for value in parameters.values]
    leaves = sorted({*changed, *places} - {-1})
    held = [survey.values[i].grad for i in leaves]
    slopes = held if any(held) else [survey.adjoints[i] for i in leaves]
    moves = [survey.values[i].data - before.get(i, survey.values[i].data) for i in leaves]
    then = survey.at(before)
    return plain_rate(slopes, moves) > 0.0 and math.isclose(then, survey.output.data, rel_tol=1e-9)


def _recovered(survey: Survey, changed: set[int]) -> dict[int, float]:
    """Return the numbers with which leaves were recorded, as far as what was computed tells."""
    found: dict[int, float] = {}
    for i, x in enumerate(survey.x):
        if x >= 0 and survey.values[i].rule is MULTIPLY:  # whose partials are the old numbers
            node = survey.values[i]
            found.update({j: n for j, n in ((survey.y[i], node.dx), (x, node.dy)) if j in changed})
    for i in range(len(survey.values)):
        moved = [k for k, j in enumerate(survey.operands(i)) if j in changed]
        if len(moved) == 1 and (j := survey.operands(i)[moved[0]]) not in found:
            number = _solved(survey.values[i], moved[0])
            if number is not None:
                found[j] = number
    return found


def _solved(node: Value, k: int) -> float | None:
    """Return the number of an operand that gives the node's, by Newton's method."""
    numbers = [operand._data for operand in node.operands]
    try:
        for _ in range(30):
            data = node.rule.forward(*numbers)
            step = (data - node._data) / node.rule.partials(data, *numbers)[k]
            numbers[k] -= step
            if abs(step) <= 1e-12 * abs(numbers[k]):
                return numbers[k]
    except (ArithmeticError, ValueError):
        pass
    return None
