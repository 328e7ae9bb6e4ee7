"""Leaves changed after the forward pass, and parameters that the output does not depend on."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from autograd_engine.diagnosis.findings import Finding, listed
from autograd_engine.diagnosis.places import Parameters, place, title
from autograd_engine.diagnosis.rates import plain_rate
from autograd_engine.engine import Value
from autograd_engine.gradients import same
from autograd_engine.graph import nodes
from autograd_engine.optim.optimizer import Optimizer
from autograd_engine.optim.settings import living
from autograd_engine.primitives import Opaque
from autograd_engine.several import crossed
from autograd_engine.survey import Survey
from autograd_engine.table import CONSTANT, DOT, LEAF, MULTIPLY
from autograd_engine.words import counted

FEW = 64
"""Of so many leaves it is tried which one explains an operation that does not hold."""

AGAIN = "output = forward()"

ZEROED = (
    "for parameter in parameters:\n    parameter.grad = 0.0  # optimizer.zero_grad() does it too"
)


def changed_leaves(
    survey: Survey, parameters: Parameters, swept: bool = False
) -> Iterator[Finding]:
    """Yield a finding where values are no longer what the forward pass computed with.

    Where the output may be `swept` already, a step after that is as it should be.
    """
    changed = changes(survey)
    if not changed or (swept and stepped(survey, list(changed), parameters)):
        return
    sure = [i for i in changed if changed[i]]
    told = sure or list(changed)
    names = listed(parameters.title(survey.values[i]) for i in told)
    names = names if sure or len(told) == 1 else f"one or more of {names}"
    now = survey.at({i: survey.values[i].data for i in changed})
    yield Finding(
        "changed leaf",
        f"{names} got another number after the forward pass",
        place(survey, told[0], names),
        "The output and the partials were recorded with the old number, and `backward()` goes by "
        f"what was recorded. The output is {survey.output.data:.9g}; with the numbers of now it "
        f"would be {now:.9g}. (After an optimiser's step that is as it should be, as long as the "
        "output is computed again before the next `backward()`.)",
        f"{AGAIN}  # compute the output again from the new numbers\n{ZEROED}\noutput.backward()",
    )


def changes(survey: Survey) -> dict[int, bool]:
    """Return the positions of the values whose number is not the one recorded with; are they sure?

    An operation computed again from its operands' numbers must give the same bits. Where it
    does not, the operand is to blame that no other operation speaks for.
    """
    wrong = []
    cleared = set()
    for i, operands in enumerate(survey.operands):
        if survey.values[i]._x is None:
            continue
        leaf = not all(survey.operands[j] for j in operands)
        if not _holds(survey.values[i], leaf):
            wrong.append(i)
        elif leaf:  # an operation with a slope by a leaf would have noticed its change
            partials = survey.values[i]._slopes()
            cleared |= {j for j, partial in zip(operands, partials) if partial}
    by_hand = {j: True for i in wrong for j in _set_by_hand(survey, i)}
    blamed = [_blamed(survey, i, cleared) for i in wrong if i not in by_hand]
    doubtful = {j: False for suspects, sure in blamed for j in suspects}
    return by_hand | doubtful | {j: True for suspects, sure in blamed for j in suspects if sure}


def _holds(node: Value, with_partials: bool) -> bool:
    """Say whether a node is what its operation gives for its operands' numbers."""
    numbers = [operand._data for operand in node.operands]
    try:
        data = node._rule.forward(*numbers)
        if not same(data, node._data):
            return False
        if not with_partials:
            return True
        partials = node._rule.partials(data, *numbers)
    except (ArithmeticError, ValueError):
        return False
    return all(map(same, partials, node._slopes()))


def _set_by_hand(survey: Survey, i: int) -> list[int]:
    """Return the computed values to blame for a node that does not hold: a leaf's fault is not.

    A node on a changed leaf keeps its own number, so that what uses it holds.
    """
    operands = survey.operands[i]
    if not all(survey.operands[j] for j in operands):
        return []
    return [j for j in operands if not _holds(survey.values[j], False)] or [i]


def _blamed(survey: Survey, i: int, cleared: set[int]) -> tuple[list[int], bool]:
    """Return which operands of a node that does not hold may have been changed; are they sure?

    The partials of products are the old numbers. Else it is the one leaf that explains all by
    another number; if there is none, or there are several, each may be to blame.
    """
    node, operands = survey.values[i], survey.operands[i]
    numbers = [survey.values[j]._data for j in operands]
    if node._rule in (MULTIPLY, DOT):
        odd = len(operands) % 2
        old = [*numbers[:odd], *crossed(node._slopes())[odd:]]
        moved = [j for j, then, now in zip(operands, old, numbers) if not same(then, now)]
        holds = same(node._rule.forward(*old), node._data)
        return (moved if holds else [*operands[:odd], *moved] or [i]), True
    leaves = [j for j in operands if survey.values[j]._rule is LEAF]
    leaves = leaves or [j for j in operands if not survey.operands[j]]
    suspects = list(dict.fromkeys(j for j in leaves if j not in cleared)) or leaves
    alone = [j for j in suspects[:FEW] if _explains(node, [float(j == k) for k in operands])]
    found = len(alone) == 1 and len(suspects) <= FEW
    return (alone if found else suspects), found or len(suspects) == 1


def _explains(node: Value, direction: list[float]) -> bool:
    """Say whether a node holds once its operands are moved along a direction."""
    _, partials = _moved(node, direction)
    same_slopes = (math.isclose(*pair, rel_tol=1e-9) for pair in zip(partials, node._slopes()))
    return bool(partials) and all(same_slopes)


def _moved(node: Value, direction: list[float]) -> tuple[float, Sequence[float]]:
    """Return how far along a direction the operands give the node's number, and its partials.

    By a method of Newton's with the mean of the slopes at both ends, exact for squares as for
    sums; no partials where it finds nothing.
    """
    numbers, then, way = [x._data for x in node.operands], node._slopes(), 0.0
    try:
        for _ in range(30):
            places = [x + way * d for x, d in zip(numbers, direction)]
            data = node._rule.forward(*places)
            partials = node._rule.partials(data, *places)
            slope = sum(0.5 * (p + q) * d for p, q, d in zip(partials, then, direction) if d)
            step = (node._data - data) / slope
            if max(abs(step * d) for d in direction) <= 1e-12 * max(map(abs, places)):
                return way, partials
            way += step
    except (ArithmeticError, ValueError):
        pass
    return 0.0, ()


def stepped(survey: Survey, changed: list[int], parameters: Parameters) -> bool:
    """Say whether the changed leaves were moved by one step, after a pass through the output.

    An optimiser knows from where it moved them, and by which gradients. A step of gradient descent
    by hand is known by its result: all parameters moved against their gradient, at one rate.
    """
    if not survey.output.grad or any(survey.values[i]._rule is not LEAF for i in changed):
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
    """Say whether all leaves moved against their gradient at one rate, at which the output held.

    The rate is read from the operation that a step moves most.
    """
    places = {survey.position.get(id(value), -1) for value in parameters.values}
    leaves = sorted({*changed, *places} - {-1})
    held = [survey.values[i].grad for i in leaves]
    slopes = held if any(held) else [survey.adjoints[i] for i in leaves]
    down = {i: slope for i, slope in zip(leaves, slopes) if i in changed}

    def moves(i: int) -> float:
        """Return by how much a node moves, measured by its operands."""
        edges = list(zip(survey.operands[i], survey.values[i]._slopes()))
        size = sum(abs(partial * survey.values[j]._data) for j, partial in edges)
        move = abs(sum(partial * down[j] for j, partial in edges if j in down))
        return move / size if 0.0 < move < math.inf and size else 0.0

    most = max(range(len(survey.values)), key=moves)
    rate, _ = _moved(survey.values[most], [down.get(j, 0.0) for j in survey.operands[most]])
    before = {i: survey.values[i].data + rate * slope for i, slope in down.items()}
    moved = [survey.values[i].data - before.get(i, survey.values[i].data) for i in leaves]
    then = survey.at(before)
    return plain_rate(slopes, moved) > 0.0 and math.isclose(then, survey.output.data, rel_tol=1e-9)


def unreached(survey: Survey, parameters: Parameters) -> Iterator[Finding]:
    """Yield a finding where the output does not depend on parameters."""
    cut = [i for i, value in enumerate(survey.values) if isinstance(value._rule, Opaque)]
    cut = [i for i in cut if survey.values[i].operands]
    if cut:
        yield _without_partials(survey, cut)
    elif not survey.operands[-1] and survey.output not in parameters:
        yield _nothing_recorded(survey)
        return
    below = {id(node) for i in cut for node in nodes(survey.values[i])}
    lost = [
        value
        for value in parameters.values
        if value._rule is LEAF and id(value) not in below and id(value) not in survey.position
    ]
    if not lost:
        return
    names = listed(map(parameters.title, lost))
    yield Finding(
        "unreached parameter",
        f"the output does not depend on {names}",
        f"{counted(len(lost), 'parameter')}: {names}",
        "No path leads from the output back to there, so the gradient is 0 and training never "
        "changes it. Usually it is not used at all, or the path was cut: by `.data` in a "
        "formula, by `detach()`, inside `no_grad()`, or by a new Value made of an old number.",
        "reached = {id(leaf) for leaf in ag.graph.leaves(output)}\n"
        "parameters = [p for p in parameters if id(p) in reached]  # or use it in forward()",
    )


def _without_partials(survey: Survey, cut: list[int]) -> Finding:
    names = listed(title(survey.values[i], survey) for i in cut)
    return Finding(
        "unreached parameter",
        f"{names}: operands but no partials, so no gradient gets below",
        place(survey, cut[0], names),
        "A Value made with operands, as micrograd's constructor takes them, knows nothing of how "
        "it was computed: `backward()` stops there.",
        "out = a * b  # computed from the operands, instead of Value(a.data * b.data, (a, b), '*')",
    )


def _nothing_recorded(survey: Survey) -> Finding:
    kind = "constant" if survey.output._rule is CONSTANT else "leaf"
    return Finding(
        "unreached parameter",
        f"the output is a {kind}: it has no operands, so it depends on no parameter",
        place(survey, 0),
        "Nothing was recorded between the parameters and the output. Usually it was computed "
        "inside `no_grad()`, from numbers (`.data`), detached, or wrapped into a new Value.",
        f"{AGAIN}  # outside no_grad(), from the parameters themselves instead of their .data",
    )
