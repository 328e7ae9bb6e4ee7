"""Leaves and what should be one: changed after the forward pass, unreached, rebound."""

from __future__ import annotations

import math
from collections.abc import Iterator

from autograd_engine.diagnosis.findings import Finding, counted, listed
from autograd_engine.diagnosis.places import Parameters, place
from autograd_engine.diagnosis.survey import Survey
from autograd_engine.engine import ADD, CONSTANT, LEAF, SUBTRACT, Opaque, Value

AGAIN = "output = forward()"


def changed_leaves(survey: Survey, parameters: Parameters) -> Iterator[Finding]:
    """Yield a finding where values are no longer what the forward pass computed with."""
    changed = changes(survey)
    if not changed:
        return
    names = [parameters.title(survey.values[i]) for i in changed]
    now = survey.at({i: survey.values[i].data for i in changed})
    yield Finding(
        "changed leaf",
        f"{listed(names)} got another number after the forward pass",
        place(survey, changed[0], listed(names)),
        "The output and the partials were recorded with the old number, and `backward()` goes by "
        f"what was recorded. The output is {survey.output.data:.6g}; with the numbers of now it "
        f"would be {now:.6g}. (After an optimiser's step that is as it should be, as long as the "
        "output is computed again before the next `backward()`.)",
        f"{AGAIN}  # compute the output again from the new numbers\noutput.backward()",
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
    blamed = {j: None for i in wrong for j in _blamed(survey, i, cleared)}
    return list(blamed)


def _holds(node: Value, with_partials: bool) -> bool:
    """Say whether a node is what its operation gives for its operands' numbers."""
    numbers = [operand._data for operand in node.operands]
    try:
        data = node.rule.forward(*numbers)
        if data != node._data and not (data != data and node._data != node._data):
            return False
        if not with_partials:
            return True
        partials = node.rule.partials(data, *numbers)
    except (ArithmeticError, ValueError):
        return False
    return all(
        now == then or (now != now and then != then) for now, then in zip(partials, node.partials)
    )


def _blamed(survey: Survey, i: int, cleared: set[int]) -> list[int]:
    """Return which operands of a node that does not hold were changed."""
    operands = survey.operands(i)
    leaves = [j for j in operands if survey.values[j].rule is LEAF]
    leaves = leaves or [j for j in operands if survey.x[j] < 0]
    if not leaves:  # a computed value was set by hand: the node itself, unless its operand was
        own = [j for j in operands if not _holds(survey.values[j], False)]
        return own or [i]
    node = survey.values[i]
    suspects = [j for j in leaves if j not in cleared] or leaves
    if len(set(suspects)) == 2 and node.rule.name == "multiply":
        x, y = (survey.values[j]._data for j in operands)  # whose partials are the old numbers
        suspects = [j for j, old, now in zip(operands, node.partials, (y, x)) if old != now]
        suspects = [operands[1 - operands.index(j)] for j in suspects]
    return list(dict.fromkeys(suspects))


def unreached(survey: Survey, parameters: Parameters) -> Iterator[Finding]:
    """Yield a finding where the output does not depend on parameters."""
    if survey.x[-1] < 0 and survey.output not in parameters:
        yield _nothing_recorded(survey)
        return
    lost = [
        value
        for value in parameters.values
        if id(value) not in survey.position and value.rule is LEAF
    ]
    if not lost:
        return
    names = listed(map(parameters.title, lost))
    opaque = any(isinstance(value.rule, Opaque) for value in survey.values)
    yield Finding(
        "unreached parameter",
        f"the output does not depend on {names}",
        f"{counted(len(lost), 'parameter')}: {names}",
        "No path leads from the output back to there, so the gradient is 0 and training never "
        "changes it. Usually it is not used at all, or the path was cut: by `.data` in a "
        "formula, by `detach()`, inside `no_grad()`, or by a new Value made of an old number."
        + (" Values made with operands, as micrograd's constructor does, have no partials: they "
           "cut it too." if opaque else ""),
        "reached = {id(leaf) for leaf in ag.graph.leaves(output)}\n"
        "parameters = [p for p in parameters if id(p) in reached]  # or use it in forward()",
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


def computed_parameters(parameters: Parameters) -> Iterator[Finding]:
    """Yield a finding for each parameter that is no leaf."""
    for value in parameters.values:
        if value.rule is not LEAF:
            yield rebound(parameters, value, *_origin(value))


def _origin(value: Value) -> tuple[Value, int]:
    """Return the leaf from which a value came by adding constants, and in how many steps."""
    origin, steps = value, 0
    while (before := _shifted(origin)) is not None:
        origin, steps = before, steps + 1
    return (origin, steps) if origin.rule is LEAF else (value, 0)


def _shifted(value: Value) -> Value | None:
    """Return what a constant was added to, or subtracted from, to get this value."""
    x, y = value.x, value.y
    if value.rule not in (ADD, SUBTRACT) or x is None or y is None:
        return None
    return x if y.rule is CONSTANT else None


def rebound(parameters: Parameters, value: Value, origin: Value, steps: int) -> Finding:
    """Return the finding that a parameter is a computed value, `steps` away from a leaf."""
    name = parameters.code(value, origin.label)
    entry = f" = {parameters.entry(value)}" if value in parameters else ""
    entry = "" if entry == f" = {name}" else entry
    label = f", label={origin.label!r}" if origin.label else ""
    if value.rule is CONSTANT:
        what, why = "is a constant", "A constant is left out of the gradient: nothing moves it."
    else:
        sign = "-" if value.rule is SUBTRACT else "+"
        what = f"was computed, as {'...' if steps > 1 else origin.data} {sign} a number"
        what = what if steps else "is a computed value"
        why = (
            f"`w {sign}= ...` and `w = w {sign} ...` do not change the leaf: they record an "
            "operation and give its result the old name. So the graph grows with each step, and "
            "the gradient that a leaf keeps stays with the old one; what stands in between "
            "holds that of the latest `backward()` alone."
        )
        if not steps:
            why = "A parameter is a leaf. What is computed from it has no place in an optimiser."
    shown = origin.label and repr(origin.label)
    return Finding(
        "rebound parameter",
        f"{shown or parameters.title(value)} {what}: it is no leaf any more",
        place(Survey(value), -1, shown or parameters.title(value)),
        why,
        f"{name}{entry} = ag.Value({value.data!r}{label})  # a leaf once more; from now on\n"
        f"# {name}.data -= lr * {name}.grad                changes the number, keeps the leaf\n"
        f"{AGAIN}",
    )


def shifted_parameters(survey: Survey, parameters: Parameters) -> Iterator[Finding]:
    """Yield a finding for each parameter that the output uses only after steps by its gradient.

    A formula may add a constant to a parameter. It is a rebound name if several parameters had
    their gradient subtracted with one learning rate, or one parameter three constants in a row.
    """
    for value, origin, steps in _rebindings(survey, parameters):
        yield rebound(parameters, value, origin, steps)


def _rebindings(survey: Survey, parameters: Parameters) -> list[tuple[Value, Value, int]]:
    followers = only_uses(survey)
    found: list[tuple[Value, Value, int, float]] = []
    for origin in parameters.values:
        i = survey.position.get(id(origin), -1)
        steps, rate = 0, math.nan
        while (after := followers.get(i, -1)) >= 0:
            node = survey.values[after]
            if _shifted(node) is not survey.values[i]:
                break
            if not steps and origin.grad and node.y is not None:
                rate = node.dy * -node.y.data / origin.grad
            i, steps = after, steps + 1
        if steps:
            found.append((survey.values[i], origin, steps, rate))
    rates = [rate for *_, rate in found]
    return [
        (value, origin, steps)
        for value, origin, steps, rate in found
        if steps > 2 or sum(math.isclose(rate, other, rel_tol=1e-9) for other in rates) > 1
    ]


def only_uses(survey: Survey) -> dict[int, int]:
    """Return, for each value with one use, the position of that use."""
    return {
        j: i
        for i in range(len(survey.values))
        for j in survey.operands(i)
        if survey.uses[j] == 1
    }
