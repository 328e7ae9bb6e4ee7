"""Parameters that are not what they were; numbers and slopes that are not finite; kinks."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from autograd_engine.diagnosis.findings import AGAIN, SHOWN, ZEROED, Case, Finding, each, listed
from autograd_engine.engine import Value
from autograd_engine.floats import crossed
from autograd_engine.gradients import holds, same
from autograd_engine.primitives import TABLE, Opaque
from autograd_engine.survey import Survey
from autograd_engine.table import CONSTANT, DOT, LEAF, MULTIPLY, POWER, PROD, expm1, gate
from autograd_engine.words import counted


def changed(case: Case) -> Iterator[Finding]:
    """Values that are no longer what the forward pass computed with."""
    found = set[int]()
    for i in reversed(range(len(case.values))):
        node, on_leaf = case.values[i], not all(case.operands[j] for j in case.operands[i])
        # What is found already was set by hand, whatever its operands are.
        if node._x is not None and i not in found and not holds(node, None if on_leaf else ()):
            found.update(_blamed(case, i))
    trained = {i for i in case.reached if case.adjoints[i]}
    stepped = case.swept and found >= trained  # a step moves all that have a gradient
    if not found or (stepped and all(case.values[i]._rule is LEAF for i in found)):
        return
    now = case.at({i: case.values[i].data for i in found})
    names = "one or more of " * (len(found) > 1) + case.titles(sorted(found))
    yield Finding(
        "changed leaf",
        f"{names} got another number after the forward pass",
        case.place(case.values[min(found)], names),
        "`backward()` goes by what was recorded, the output and partials of the old number. The "
        f"output is {case.output.data:.9g}; with the numbers of now it would be {now:.9g}. After "
        "a step that is as it should be: compute the output again before the next `backward()`.",
        f"{AGAIN}  # compute the output again from the new numbers\n{ZEROED}\noutput.backward()",
    )


def _blamed(survey: Survey, i: int) -> list[int]:
    """Return which operands of a node that does not hold may have been changed."""
    node, operands = survey.values[i], survey.operands[i]
    if node._rule in (MULTIPLY, DOT):
        numbers, odd = [survey.values[j]._data for j in operands], len(operands) % 2
        old = [*numbers[:odd], *crossed(node._slopes())[odd:]]
        moved = [j for j, then, now in zip(operands, old, numbers) if not same(then, now)]
        right = same(node._rule.forward(*old), node._data)
        return moved if right else [*operands[:odd], *moved] or [i]
    leaves = [j for j in operands if survey.values[j]._rule is LEAF]
    below = (j for j in operands if survey.operands[j])
    return leaves or [j for j in below if not holds(survey.values[j], ())] or [i]


def rebound(case: Case) -> Iterator[Finding]:
    """Parameters that are no leaves, or stand behind steps from them.

    A step is a constant that was added to what nothing else uses. A formula may do that, but not
    three times, nor be all that is new since the pass before, downhill from leaves that stayed.
    """
    values, steps = case.values, dict[int, tuple[int, int]]()  # of each: its leaf, how many
    for i, below in enumerate(case.operands):
        if values[i].op in ("+", "-") and values[below[1]]._rule is CONSTANT:
            x = below[0]
            if case.uses[x] == 1 and (x in steps or values[x]._rule is LEAF):
                leaf, count = steps.pop(x, (x, 0))
                steps[i] = leaf, count + 1
    found = {id(x): (x, x, 0) for x in case.parameters if x._rule is not LEAF}
    size, then = case.before
    now = dict.fromkeys(case.leaves, 0) | dict(steps.values())
    case.before = len(values), {id(values[i]): (now[i], values[i]._data) for i in now}
    new = set[int]()
    for i, (leaf, count) in steps.items():
        node = values[leaf]
        was, at = then.get(id(node), (count, node._data))
        size += 2 * (count - was)  # each with its constant
        if was < count and at == node._data and (values[i]._data - at) * node.grad <= 0.0:
            new.add(i)
    for i, (leaf, count) in steps.items():
        told = (count > 2 or (i in new and size == len(values))) and leaf in case.reached
        if told or id(values[i]) in found:
            found[id(values[i])] = values[i], values[leaf], count
    if found:
        yield _no_leaves(case, list(found.values()))


def _no_leaves(case: Case, found: list[tuple[Value, Value, int]]) -> Finding:
    titles = [repr(leaf.label) if leaf.label else case.title(value) for value, leaf, _ in found]
    names, (value, origin, steps) = listed(titles), found[0]
    how = f" from {origin.data:.6g} in {counted(steps, 'step')}" if steps else ", or is a constant"
    fix = "for i, parameter in enumerate(parameters):\n    parameters[i] = ag.Value(parameter.data)"
    if len(found) < 4:
        fix = "\n".join(
            f"{' = '.join(case.spellings(v, leaf.label))} = ag.Value({v.data!r}, {leaf.label!r})"
            for v, leaf, _ in found
        )
    return Finding(
        "rebound parameter",
        f"{names} {'are no leaves' if len(found) > 1 else 'is no leaf'} any more",
        case.place(value, names),
        f"{titles[0]} was computed{how}. A parameter is a leaf, whose number a step changes: "
        "`w -= ...` and `w = w - ...` record an operation and give its result the old name; an "
        "optimiser, or a list of parameters, still holds the old leaf.",
        f"{fix}\n{AGAIN}\n# a step changes the number of a leaf: w.data -= lr * w.grad",
    )


def unreached(case: Case) -> Iterator[Finding]:
    """Parameters on which the output does not depend."""
    cut = [x for x in case.values if isinstance(x._rule, Opaque) and x.operands]
    if cut:
        names = listed(map(case.title, cut))
        yield Finding(
            "unreached parameter",
            f"{names}: operands but no partials, so no gradient gets below",
            case.place(cut[0], names),
            "A Value made with operands, as micrograd's constructor takes them, knows nothing of "
            "how it was computed: `backward()` stops there.",
            "out = a * b  # computed, instead of Value(a.data * b.data, (a, b), '*')",
        )
    if case.lost:
        names = listed(map(case.title, case.lost))
        yield Finding(
            "unreached parameter",
            f"the output does not depend on {names}",
            f"{counted(len(case.lost), 'parameter')}: {names}",
            "No path leads from the output back to there, so the gradient is 0 and training never "
            "changes it. It is not used, or the path was cut: by `.data` in a formula, by "
            "`detach()`, inside `no_grad()`, or by a new Value made of an old number.",
            "reached = {id(leaf) for leaf in ag.graph.leaves(output)}\n"
            "parameters = [p for p in parameters if id(p) in reached]  # or use it in forward()",
        )


SHRINK: Final = each("/= max(1.0, abs(parameter.data))  # numbers of at most 1 again")
INWARD: Final = ("asin", "acos", "atanh", "acosh", "circle")  # no slope at the domain's end


def born(case: Case) -> Iterator[Finding]:
    """Where a value, or else an adjoint, first became NaN or infinite."""
    masked = math.isfinite(case.output._data)
    odd = (i for i, node in enumerate(case.values) if not math.isfinite(node._data))
    values = [i for i in odd if not (masked and case.values[i]._rule is CONSTANT)]
    adjoints = [i for i, adjoint in enumerate(case.adjoints) if not math.isfinite(adjoint)]
    if values or adjoints:
        yield _of_value(case, values[0]) if values else _of_adjoint(case, adjoints[-1])


def _of_value(case: Case, i: int) -> Finding:
    node = case.values[i]
    title, kind = case.title(node), _kind(node._data)
    what, fix = f"{title} is {kind} from the beginning", f"{AGAIN}  # from finite numbers"
    why = "a parameter becomes so by a step along a gradient that is not finite, an input as read."
    if node._rule is LEAF:
        fix = f"{case.spellings(node)[0]}.data = 0.0  # a finite number\n{AGAIN}"
    elif node.operands:
        what, fix = f"{title} gave the first {kind} of the forward pass", SHRINK
        why = f"of finite operands ({_numbers(case, i)}) comes a result above 1.8e308, too large."
    why = f"What was computed from it is spoilt; {why}"
    return Finding("not finite", what, case.place(node, title), why, fix)


def _of_adjoint(case: Case, j: int) -> Finding:
    passed = [
        (not math.isfinite(partial * adjoint), abs(partial * adjoint), i, partial)
        for i, adjoint in enumerate(case.adjoints)
        for k, partial in zip(case.operands[i], case.values[i]._slopes())
        if k == j and adjoint
    ]
    *_, i, partial = max(passed, key=lambda part: part[:2])
    node, fix = case.values[i], SHRINK
    title = case.title(node)
    if math.isfinite(partial) or node._rule is PROD:
        why = (
            f"The partial {partial:.6g} times the adjoint {case.adjoints[i]:.6g} that arrived, "
            "added up, is above 1.8e308 and does not fit into a float: the gradient exploded."
        )
    else:
        why = (
            f"The partial of {title} by {case.title(case.values[j])} is {_kind(partial)} there "
            f"({_numbers(case, i)}): the function is defined, but has no finite slope."
        )
        change = "*= 1 - 1e-9" if node._rule.name in INWARD else "+= 1e-9"
        fix = each(f"{change}  # away from the place without a slope")
        if node._rule is POWER and j == case.operands[i][1]:
            fix = f"{AGAIN}  # with a plain number as exponent: x ** 2.0, or a base above 0"
    what = f"{title} passed on the first {_kind(case.adjoints[j])} of the backward pass"
    return Finding("not finite", what, case.place(node), why, fix)


def _kind(number: float) -> str:
    return "NaN" if number != number else "infinity"


def _numbers(survey: Survey, i: int) -> str:
    """Return the operands of a value as numbers, the largest first."""
    numbers = sorted((survey.values[j]._data for j in survey.operands[i]), key=abs, reverse=True)
    return listed((f"{number:.6g}" for number in numbers), SHOWN)


TIES: Final = ("maximum", "minimum", "above")  # where operands are equal; the others at 0
KINKS: Final = ("relu", "absolute", "hypot", "norm", *TIES)


def kinks(case: Case) -> Iterator[Finding]:
    """Kinks that were hit, of each operation, where a gradient arrives."""
    hit: dict[int, int] = {}  # by what is on a kink: where first
    smooth = set()  # what an elu is computed from: its two slopes at 0 are the same
    for i, (node, operands) in enumerate(zip(case.values, case.operands)):
        name = node._rule.name
        if node._rule is expm1 and case.values[operands[0]]._rule is gate:
            smooth.add(case.operands[operands[0]][1])
        if name in KINKS and TABLE.get(name) is node._rule:
            numbers = {case.values[j]._data for j in operands}
            of = next((j for j in operands if case.values[j]._rule is not CONSTANT), -1)
            on = len(numbers) < len(set(operands)) if name in TIES else numbers == {0.0}
            if on and of >= 0:
                hit.setdefault(of, i)  # once of leaky_relu, which is made of two
    places = defaultdict[str, list[int]](list)
    for of, i in hit.items():
        name = case.values[i]._rule.name
        # Where what arrives cancels, as at the peak in softmax, the choice is harmless.
        if abs(case.adjoints[of if name == "above" else i]) > 1e-12 and of not in smooth:
            places[name].append(i)
    for name, found in places.items():
        told = "a bound" if name == "above" else name
        yield Finding(
            "kink",
            f"{counted(len(found), 'kink was', 'kinks were')} hit exactly: {told}",
            listed((case.place(case.values[i]) for i in found), 2),
            "The slope jumps there, and any number between could stand for it: the engine takes 0 "
            "for ReLU, abs, hypot and norm at 0, half for each side of a tie, and that of the "
            "inside at a bound. Equal weights, or inputs and biases of 0, bring that about.",
            "import random\n\n" + each("+= random.uniform(-1e-6, 1e-6)  # a step off the kink"),
        )
