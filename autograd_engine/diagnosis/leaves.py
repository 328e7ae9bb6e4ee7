"""Leaves changed after the forward pass, and parameters that the output does not depend on."""

from __future__ import annotations

import math
from collections.abc import Iterator

from autograd_engine.diagnosis.findings import Finding, listed
from autograd_engine.diagnosis.places import Parameters, place, title
from autograd_engine.diagnosis.rates import plain_rate
from autograd_engine.diagnosis.survey import Survey
from autograd_engine.engine import Value
from autograd_engine.gradients import same
from autograd_engine.graph import nodes
from autograd_engine.optim.optimizer import Optimizer, living
from autograd_engine.primitives import Opaque
from autograd_engine.table import CONSTANT, LEAF, MULTIPLY
from autograd_engine.words import counted

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
    if not changed or (swept and stepped(survey, changed, parameters)):
        return
    names = [parameters.title(survey.values[i]) for i in changed]
    now = survey.at({i: survey.values[i].data for i in changed})
    yield Finding(
        "changed leaf",
        f"{listed(names)} got another number after the forward pass",
        place(survey, changed[0], listed(names)),
        "The output and the partials were recorded with the old number, and `backward()` goes by "
        f"what was recorded. The output is {survey.output.data:.9g}; with the numbers of now it "
        f"would be {now:.9g}. (After an optimiser's step that is as it should be, as long as the "
        "output is computed again before the next `backward()`.)",
        f"{AGAIN}  # compute the output again from the new numbers\n{ZEROED}\noutput.backward()",
    )


def changes(survey: Survey) -> list[int]:
    """Return the positions of the values whose number is not the one recorded with.

    An operation computed again from its operands' numbers must give the same bits. Where it
    does not, the operand is to blame that no other operation speaks for.
    """
    wrong = []
    cleared = set()
    for i, x in enumerate(survey.x):
        if x < 0:
            continue
        node, y = survey.values[i], survey.y[i]
        leaf = survey.x[x] < 0 or (y >= 0 and survey.x[y] < 0)
        if not _holds(node, leaf):
            wrong.append(i)
        elif leaf:  # an operation with a slope by a leaf would have noticed its change
            cleared |= {j for j, partial in ((x, node.dx), (y, node.dy)) if partial}
    by_hand = {j for i in wrong for j in _set_by_hand(survey, i)}
    blamed = [j for i in wrong if i not in by_hand for j in _blamed(survey, i, cleared)]
    return list(dict.fromkeys([*by_hand, *blamed]))


def _holds(node: Value, with_partials: bool) -> bool:
    """Say whether a node is what its operation gives for its operands' numbers."""
    numbers = [operand._data for operand in node.operands]
    try:
        data = node.rule.forward(*numbers)
        if not same(data, node._data):
            return False
        if not with_partials:
            return True
        partials = node.rule.partials(data, *numbers)
    except (ArithmeticError, ValueError):
        return False
    return all(map(same, partials, node.partials))


def _set_by_hand(survey: Survey, i: int) -> list[int]:
    """Return the computed values to blame for a node that does not hold: a leaf's fault is not.

    A node on a changed leaf keeps its own number, so that what uses it holds.
    """
    operands = survey.operands(i)
    if any(survey.x[j] < 0 for j in operands):
        return []
    return [j for j in operands if not _holds(survey.values[j], False)] or [i]


def _blamed(survey: Survey, i: int, cleared: set[int]) -> list[int]:
    """Return which leaves of a node that does not hold were changed."""
    operands, node = survey.operands(i), survey.values[i]
    leaves = [j for j in operands if survey.values[j].rule is LEAF]
    leaves = leaves or [j for j in operands if survey.x[j] < 0]
    suspects = [j for j in leaves if j not in cleared] or leaves
    if len(set(suspects)) == 2 and node.rule is MULTIPLY:  # whose partials are the old numbers
        x, y = operands
        moved = ((x, node.dy), (y, node.dx))
        suspects = [j for j, old in moved if survey.values[j]._data != old]
    return suspects


def stepped(survey: Survey, changed: list[int], parameters: Parameters) -> bool:
    """Say whether the changed leaves were moved by one step, after a pass through the output.

    An optimiser knows from where it moved them, and by which gradients. A step of gradient descent
    by hand is known by its result: all parameters moved against their gradient, at one rate.
    """
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


def unreached(survey: Survey, parameters: Parameters) -> Iterator[Finding]:
    """Yield a finding where the output does not depend on parameters."""
    cut = [i for i, value in enumerate(survey.values) if isinstance(value.rule, Opaque)]
    cut = [i for i in cut if survey.values[i].operands]
    if cut:
        yield _without_partials(survey, cut)
    elif survey.x[-1] < 0 and survey.output not in parameters:
        yield _nothing_recorded(survey)
        return
    below = {id(node) for i in cut for node in nodes(survey.values[i])}
    lost = [
        value
        for value in parameters.values
        if value.rule is LEAF and id(value) not in below and id(value) not in survey.position
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
    names = listed(title(survey.values[i]) for i in cut)
    return Finding(
        "unreached parameter",
        f"{names}: operands but no partials, so no gradient gets below",
        place(survey, cut[0], names),
        "A Value made with operands, as micrograd's constructor takes them, knows nothing of how "
        "it was computed: `backward()` stops there.",
        "out = a * b  # computed from the operands, instead of Value(a.data * b.data, (a, b), '*')",
    )


def _nothing_recorded(survey: Survey) -> Finding:
    kind = "constant" if survey.output.rule is CONSTANT else "leaf"
    return Finding(
        "unreached parameter",
        f"the output is a {kind}: it has no operands, so it depends on no parameter",
        place(survey, 0),
        "Nothing was recorded between the parameters and the output. Usually it was computed "
        "inside `no_grad()`, from numbers (`.data`), detached, or wrapped into a new Value.",
        f"{AGAIN}  # outside no_grad(), from the parameters themselves instead of their .data",
    )
