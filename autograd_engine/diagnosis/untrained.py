"""Parameters that no training changes: rebound names, and what the output does not depend on."""

from __future__ import annotations

import math
from collections.abc import Iterator

from autograd_engine.diagnosis.findings import AGAIN, Case, Finding, listed
from autograd_engine.engine import Value
from autograd_engine.primitives import Opaque
from autograd_engine.table import ADD, CONSTANT, LEAF, SUBTRACT
from autograd_engine.words import counted

Rebound = tuple[Value, Value, int]  # what stands for a parameter, its leaf, and steps from that


def rebound(case: Case) -> Iterator[Finding]:
    """Yield a finding where parameters are no leaves, or are used only after steps from them.

    A formula may add a constant; several that follow the gradient by one rate, or three, are steps,
    and so are those that alone are new since the backward pass before.
    """
    survey, found = case.survey, [_traced(x) for x in case.parameters if x._rule is not LEAF]
    shifts: dict[int, Value] = {}  # what stands for a value that nothing else uses
    for node in survey.values:
        x = _unshifted(node)
        if x is not None and survey.uses[survey.position[id(x)]] == 1:
            shifts[id(x)] = node
    ours = shifts.keys() & set(map(id, case.parameters))
    ends = [_traced(node) for node in shifts.values() if id(node) not in shifts]
    ends = [one for one in ends if id(one[1]) in ours]
    was = case.before.position if case.before else {}
    grown = bool(was) and len(survey.values) == len(was) + 2 * len(ends)  # each with its constant
    moves = [leaf.data - shifts[id(leaf)].data for _, leaf, _ in ends]
    rates = [move / (one[1].grad or math.nan) for one, move in zip(ends, moves)]
    for one, move, rate in zip(ends, moves, rates):
        alike = (math.isclose(rate, r, rel_tol=1e-6) and m != move for m, r in zip(moves, rates))
        new = grown and id(one[0]) not in was and id(_unshifted(one[0])) in was
        if new or one[2] > 2 or any(alike):  # a formula may subtract one number of several
            found.append(one)
    if found:
        yield _finding(case, found)


def _unshifted(value: Value) -> Value | None:
    """Return what a constant was added to, or subtracted from, to get this value."""
    x, y = value._x, value._y
    added = value._rule in (ADD, SUBTRACT) and y is not None and y._rule is CONSTANT
    return x if added else None


def _traced(value: Value) -> Rebound:
    """Return the value with the leaf that it came from by adding constants, if from one."""
    origin, steps = value, 0
    while (before := _unshifted(origin)) is not None:
        origin, steps = before, steps + 1
    return (value, origin, steps) if origin._rule is LEAF else (value, value, 0)


def _finding(case: Case, found: list[Rebound]) -> Finding:
    """Return the finding that values are no leaves any more; its fix makes leaves of them."""
    titles = [
        repr(origin.label) if origin.label else case.title(value) for value, origin, _ in found
    ]
    names, (value, origin, steps) = listed(titles), found[0]
    if value._rule is CONSTANT:
        why = "A constant is left out of the gradient: no backward pass reaches it."
    elif not steps:
        why = f"{titles[0]} was computed. A parameter is a leaf, whose number a step changes."
    else:
        sign = "-" if value._rule is SUBTRACT else "+"
        why = (
            f"{titles[0]} was computed from {origin.data:.6g} in {counted(steps, 'step')}. "
            f"`w {sign}= ...` and `w = w {sign} ...` do not change a leaf: they record an "
            "operation and give its result the old name. The graph grows with every step, and an "
            "optimiser, or a list of parameters, goes on holding the old leaf, which is never "
            "changed."
        )
    name = "parameter"
    fix = "for i, parameter in enumerate(parameters):\n    parameters[i] = ag.Value(parameter.data)"
    if len(found) < 4:
        lines = []
        for value, origin, _ in found:
            name = case.code(value, origin.label)
            both = " = ".join(dict.fromkeys([name, case.entry(value, name)]))
            label = f", label={origin.label!r}" if origin.label else ""
            lines.append(f"{both} = ag.Value({value.data!r}{label})")
        fix = "\n".join(lines)
    several = len(found) > 1
    return Finding(
        "rebound parameter",
        f"{names} {'are' if several else 'is'} no {'leaves' if several else 'leaf'} any more",
        case.place(found[0][0], names),
        why,
        f"# {'leaves' if several else 'a leaf'} once more:\n{fix}\n{AGAIN}\n"
        "# from now on a step changes the number of a leaf:\n"
        f"#     {name}.data -= lr * {name}.grad",
    )


def unreached(case: Case) -> Iterator[Finding]:
    """Yield a finding where the output does not depend on parameters."""
    survey, output = case.survey, case.survey.output
    cut = [value for value in survey.values if isinstance(value._rule, Opaque) and value.operands]
    if cut:
        names = listed(map(case.title, cut))
        yield Finding(
            "unreached parameter",
            f"{names}: operands but no partials, so no gradient gets below",
            case.place(cut[0], names),
            "A Value made with operands, as micrograd's constructor takes them, knows nothing of "
            "how it was computed: `backward()` stops there.",
            "out = a * b  # computed from the operands, instead of "
            "Value(a.data * b.data, (a, b), '*')",
        )
    lost = [x for x in case.parameters if x._rule is LEAF and id(x) not in survey.position]
    if lost:
        alone = "" if output.operands else "has no operands: it "
        names = listed(map(case.title, lost))
        yield Finding(
            "unreached parameter",
            f"the output {alone}does not depend on {names}",
            f"{counted(len(lost), 'parameter')}: {names}",
            "No path leads from the output back to there, so the gradient is 0 and training never "
            "changes it. Usually it is not used at all, or the path was cut: by `.data` in a "
            "formula, by `detach()`, inside `no_grad()`, or by a new Value made of an old number.",
            "reached = {id(leaf) for leaf in ag.graph.leaves(output)}\n"
            "parameters = [p for p in parameters if id(p) in reached]  # or use it in forward()"
            if output.operands
            else f"{AGAIN}  # outside no_grad(), from the parameters instead of their .data",
        )
