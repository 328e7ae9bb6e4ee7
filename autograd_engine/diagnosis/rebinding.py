"""Parameters that became computed values: `w += ...` and `w = w - lr * w.grad` give a new value.

A name was rebound where the parameter given is no leaf; where a graph uses a leaf only after
constants were added to it; and, from one backward pass to the next, where it did not before.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from autograd_engine.diagnosis.findings import Finding, listed
from autograd_engine.diagnosis.places import Parameters, place
from autograd_engine.engine import Value
from autograd_engine.survey import Survey
from autograd_engine.table import ADD, CONSTANT, LEAF, SUBTRACT
from autograd_engine.words import counted


class Rebound(NamedTuple):
    """A computed value that stands for a parameter, and the leaf it came from by so many steps."""

    value: Value
    origin: Value
    steps: int


def computed(parameters: Parameters) -> Iterator[Finding]:
    """Yield a finding where parameters are no leaves."""
    found = [_traced(value) for value in parameters.values if value._rule is not LEAF]
    if found:
        yield _finding(found, parameters)


def shifted(survey: Survey, parameters: Parameters) -> Iterator[Finding]:
    """Yield a finding where the output uses parameters only after steps by their gradients.

    A formula may add a constant to a parameter. It is a rebound name if several parameters had
    their gradient subtracted with one learning rate, or one parameter three constants in a row.
    """
    followers = only_uses(survey)
    found: list[tuple[Rebound, float]] = []
    for origin in parameters.values:
        i = survey.position.get(id(origin), -1)
        steps, rate = 0, math.nan
        while (after := followers.get(i, -1)) >= 0:
            node = survey.values[after]
            if shift_of(node) is not survey.values[i]:
                break
            if not steps and origin.grad:
                rate = (origin.data - node.data) / origin.grad
            i, steps = after, steps + 1
        if steps and origin._rule is LEAF:
            found.append((Rebound(survey.values[i], origin, steps), rate))
    rates = [rate for _, rate in found]
    sure = [
        rebound
        for rebound, rate in found
        if rebound.steps > 2 or sum(math.isclose(rate, one, rel_tol=1e-6) for one in rates) > 1
    ]
    if sure:
        yield _finding(sure, parameters)


def grown(before: Survey, after: Survey, parameters: Parameters) -> Iterator[Finding]:
    """Yield a finding where a graph is that of the pass before, grown by steps of parameters."""
    followers = only_uses(after)
    found = []
    for j, i in followers.items():
        value, node = after.values[j], after.values[i]
        known = before.position.get(id(value), -1)
        # The graph before used it otherwise, since it did not know this step.
        if known >= 0 and shift_of(node) is value and id(node) not in before.position:
            found.append(_traced(node))
    if found and len(after.values) == len(before.values) + 2 * len(found):
        yield _finding(found, parameters)


def only_uses(survey: Survey) -> dict[int, int]:
    """Return, for each value with one use, the position of that use."""
    return {
        j: i for i in range(len(survey.values)) for j in survey.operands[i] if survey.uses[j] == 1
    }


def shift_of(value: Value) -> Value | None:
    """Return what a constant was added to, or subtracted from, to get this value."""
    x, y = value._x, value._y
    if value._rule not in (ADD, SUBTRACT) or x is None or y is None:
        return None
    return x if y._rule is CONSTANT else None


def _traced(value: Value) -> Rebound:
    """Return the value with the leaf that it came from by adding constants, if from one."""
    origin, steps = value, 0
    while (before := shift_of(origin)) is not None:
        origin, steps = before, steps + 1
    return Rebound(value, origin, steps) if origin._rule is LEAF else Rebound(value, value, 0)


def _finding(found: list[Rebound], parameters: Parameters) -> Finding:
    titles = [
        repr(one.origin.label) if one.origin.label else parameters.title(one.value) for one in found
    ]
    names, several = listed(titles), len(found) > 1
    value, origin, steps = found[0]
    what = f"{names} {'are' if several else 'is'} no {'leaves' if several else 'leaf'} any more"
    if value._rule is CONSTANT:
        why = "A constant is left out of the gradient: no backward pass reaches it."
    elif not steps:
        why = (
            f"{titles[0]} was computed. A parameter is a leaf, of which a step changes the number."
        )
    else:
        sign = "-" if value._rule is SUBTRACT else "+"
        why = (
            f"{titles[0]} was computed from {origin.data:.6g} in {counted(steps, 'step')}. "
            f"`w {sign}= ...` and `w = w {sign} ...` do not change a leaf: they record an "
            "operation and give its result the old name. The graph grows with every step, and an "
            "optimiser, or a list of parameters, goes on holding the old leaf, which is never "
            "changed."
        )
    return Finding(
        "rebound parameter", what, place(Survey(value), -1, names), why, _fix(found, parameters)
    )


def _fix(found: list[Rebound], parameters: Parameters) -> str:
    """Return code that makes leaves of the values, and says how to change them from now on."""
    name, lines = "parameter", ["# leaves once more:" if len(found) > 1 else "# a leaf once more:"]
    if len(found) > 3:
        lines.append("for i, parameter in enumerate(parameters):")
        lines.append("    parameters[i] = ag.Value(parameter.data)")
    else:
        for value, origin, _ in reversed(found):
            name = parameters.code(value, origin.label)
            entry = parameters.entry(value) if value in parameters else name
            label = f", label={origin.label!r}" if origin.label else ""
            names = name if entry == name else f"{name} = {entry}"
            lines.insert(1, f"{names} = ag.Value({value.data!r}{label})")
    lines.append("output = forward()")
    lines.append("# from now on a step changes the number of a leaf:")
    lines.append(f"#     {name}.data -= lr * {name}.grad")
    return "\n".join(lines)
