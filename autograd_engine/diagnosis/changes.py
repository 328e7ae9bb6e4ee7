"""Values that got another number after the forward pass."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence, Set

from autograd_engine.diagnosis.findings import AGAIN, ZEROED, Case, Finding
from autograd_engine.diagnosis.passes import plain_rate
from autograd_engine.engine import Value
from autograd_engine.gradients import same
from autograd_engine.optim.optimizer import Optimizer
from autograd_engine.optim.settings import living
from autograd_engine.several import crossed
from autograd_engine.survey import Survey
from autograd_engine.table import DOT, LEAF, MULTIPLY

FEW = 64  # leaves of which it is tried which one explains an operation that does not hold


def changed_leaves(case: Case) -> Iterator[Finding]:
    """Yield a finding where values are no longer what the forward pass computed with."""
    survey, changed = case.survey, changes(case.survey)
    if not changed or (case.swept and _stepped(case, changed.keys())):
        return
    sure = [i for i in changed if changed[i]]
    told = sure or list(changed)
    names = case.titles(told) if sure or len(told) == 1 else f"one or more of {case.titles(told)}"
    now = survey.at({i: survey.values[i].data for i in changed})
    yield Finding(
        "changed leaf",
        f"{names} got another number after the forward pass",
        case.place(survey.values[told[0]], names),
        "The output and the partials were recorded with the old number, and `backward()` goes by "
        f"what was recorded. The output is {survey.output.data:.9g}; with the numbers of now it "
        f"would be {now:.9g}. (After an optimiser's step that is as it should be, as long as the "
        "output is computed again before the next `backward()`.)",
        f"{AGAIN}  # compute the output again from the new numbers\n{ZEROED}\noutput.backward()",
    )


def changes(survey: Survey) -> dict[int, bool]:
    """Return the values that are no longer what was recorded with, and whether that is sure."""
    wrong, cleared = [], set()
    for i, operands in enumerate(survey.operands):
        node = survey.values[i]
        on_leaf = not all(survey.operands[j] for j in operands)
        if node._x is not None and not _holds(node, on_leaf):
            wrong.append(i)
        elif on_leaf:  # an operation with a slope by a leaf would have noticed its change
            cleared |= {j for j, partial in zip(operands, node._slopes()) if partial}
    found: dict[int, bool] = {}
    for i in reversed(wrong):
        if i not in found:  # else it was set by hand, whatever its operands are
            suspects, sure = _blamed(survey, i, cleared)
            found |= {j: sure or found.get(j, False) for j in suspects}
    return dict(sorted(found.items()))


def _holds(node: Value, with_partials: bool) -> bool:
    """Say whether a node is what its operation gives for its operands' numbers."""
    numbers = [operand._data for operand in node.operands]
    try:
        data = node._rule.forward(*numbers)
        partials = node._rule.partials(data, *numbers) if with_partials else ()
    except (ArithmeticError, ValueError):
        return False
    return same(data, node._data) and all(map(same, partials, node._slopes()))


def _blamed(survey: Survey, i: int, cleared: set[int]) -> tuple[Sequence[int], bool]:
    """Return which operands of a node that does not hold may have been changed; are they sure?

    Of computed operands one that does not hold itself; of a product those that are not the old
    numbers, its partials; else the one leaf that explains all by another number, or each.
    """
    node, operands = survey.values[i], survey.operands[i]
    if all(survey.operands[j] for j in operands):
        return [j for j in operands if not _holds(survey.values[j], False)] or [i], True
    if node._rule in (MULTIPLY, DOT):
        numbers, odd = [survey.values[j]._data for j in operands], len(operands) % 2
        old = [*numbers[:odd], *crossed(node._slopes())[odd:]]
        moved = [j for j, then, now in zip(operands, old, numbers) if not same(then, now)]
        holds = same(node._rule.forward(*old), node._data)
        return (moved if holds else [*operands[:odd], *moved] or [i]), True
    leaves = [j for j in operands if survey.values[j]._rule is LEAF]
    leaves = leaves or [j for j in operands if not survey.operands[j]]
    suspects = list(dict.fromkeys(j for j in leaves if j not in cleared)) or leaves
    few = suspects if len(suspects) <= FEW else []
    alone = [j for j in few if _moved(node, [float(j == k) for k in operands])]
    return (alone, True) if len(alone) == 1 else (suspects, len(suspects) == 1)


def _moved(node: Value, direction: list[float]) -> float:
    """Return how far along a direction a node's number and slopes hold, 0 if nowhere."""
    numbers, then, way = [x._data for x in node.operands], node._slopes(), 0.0
    try:
        for _ in range(30):
            places = [x + way * d for x, d in zip(numbers, direction)]
            data = node._rule.forward(*places)
            partials = node._rule.partials(data, *places)
            slope = sum(0.5 * (p + q) * d for p, q, d in zip(partials, then, direction) if d)
            step = (node._data - data) / slope
            if max(abs(step * d) for d in direction) <= 1e-12 * max(map(abs, places)):
                same_slopes = (math.isclose(*pair, rel_tol=1e-9) for pair in zip(partials, then))
                return way if all(same_slopes) else 0.0
            way += step
    except (ArithmeticError, ValueError):
        pass
    return 0.0


def _stepped(case: Case, changed: Set[int]) -> bool:
    """Say whether the changed leaves were moved by one step, after a pass through the output.

    An optimiser knows from where. A step by hand is known by its result: all parameters moved
    against their gradient at one rate, the median of those by which the operations hold.
    """
    survey = case.survey
    if any(survey.values[i]._rule is not LEAF for i in changed):
        return False
    before: dict[int, float] = {}
    for optimizer in living(Optimizer):
        for value, number, gradient in zip(optimizer.parameters, *optimizer._latest):
            if value.grad in (gradient, 0.0) and id(value) in survey.position:
                before[survey.position[id(value)]] = number
    if before.keys() >= changed:
        return survey.at(before) == survey.output.data

    places = {survey.position.get(id(value), -1) for value in case.parameters}
    leaves = sorted({*changed, *places} - {-1})
    held = [survey.values[i].grad for i in leaves]
    slopes = held if any(held) else [survey.adjoints[i] for i in leaves]
    down = {i: slope for i, slope in zip(leaves, slopes) if i in changed}

    moved = (
        _moved(survey.values[i], [down.get(j, 0.0) for j in operands])
        for i, operands in enumerate(survey.operands)
        if down.keys() & set(operands)
    )
    rates = sorted(rate for rate in moved if rate > 0.0)
    rate = rates[len(rates) // 2] if rates else 0.0
    before = {i: survey.values[i].data + rate * slope for i, slope in down.items()}
    steps = [-rate * down.get(i, 0.0) for i in leaves]
    then = survey.at(before)
    return plain_rate(slopes, steps) > 0.0 and math.isclose(then, survey.output.data, rel_tol=1e-9)
