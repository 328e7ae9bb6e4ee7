"""Parameters that are not what they were: changed, rebound to a computed value, or not reached."""

from __future__ import annotations

from collections.abc import Iterator

from autograd_engine.diagnosis.findings import AGAIN, ZEROED, Case, Finding, listed
from autograd_engine.engine import Value
from autograd_engine.floats import crossed
from autograd_engine.gradients import holds, same
from autograd_engine.primitives import Opaque
from autograd_engine.survey import Survey
from autograd_engine.table import ADD, CONSTANT, DOT, LEAF, MULTIPLY, SUBTRACT
from autograd_engine.words import counted


def changed_leaves(case: Case) -> Iterator[Finding]:
    """Yield a finding where values are no longer what the forward pass computed with."""
    survey, changed = case.survey, changes(case.survey)
    trained = {i for i in case.reached if survey.adjoints[i]}
    stepped = case.swept and changed.keys() >= trained  # a step moves all that have a gradient
    if not changed or (stepped and all(survey.values[i]._rule is LEAF for i in changed)):
        return
    sure = [i for i in changed if changed[i]]
    told = sure or list(changed)
    names = case.titles(told) if sure else f"one or more of {case.titles(told)}"
    now = survey.at({i: survey.values[i].data for i in changed})
    yield Finding(
        "changed leaf",
        f"{names} got another number after the forward pass",
        case.place(survey.values[told[0]], names),
        "`backward()` goes by what was recorded, the output and partials of the old number. The "
        f"output is {survey.output.data:.9g}; with the numbers of now it would be {now:.9g}. After "
        "a step that is as it should be: compute the output again before the next `backward()`.",
        f"{AGAIN}  # compute the output again from the new numbers\n{ZEROED}\noutput.backward()",
    )


def changes(survey: Survey) -> dict[int, bool]:
    """Return the values that are no longer what was recorded with, and whether that is sure."""
    found: dict[int, bool] = {}
    for i in reversed(range(len(survey.values))):
        node, on_leaf = survey.values[i], not all(survey.operands[j] for j in survey.operands[i])
        # What is found already was set by hand, whatever its operands are.
        if node._x is not None and i not in found and not holds(node, None if on_leaf else ()):
            suspects = _blamed(survey, i)
            sure = len(suspects) == 1 or node._rule in (MULTIPLY, DOT)
            found |= {j: sure or found.get(j, False) for j in suspects}
    return dict(sorted(found.items()))


def _blamed(survey: Survey, i: int) -> list[int]:
    """Return which operands of a node that does not hold may have been changed: of a product those
    that are not its partials, of computed ones those that do not hold themselves, else each leaf.
    """
    node, operands = survey.values[i], survey.operands[i]
    if all(survey.operands[j] for j in operands):
        return [j for j in operands if not holds(survey.values[j], ())] or [i]
    if node._rule in (MULTIPLY, DOT):
        numbers, odd = [survey.values[j]._data for j in operands], len(operands) % 2
        old = [*numbers[:odd], *crossed(node._slopes())[odd:]]
        moved = [j for j, then, now in zip(operands, old, numbers) if not same(then, now)]
        right = same(node._rule.forward(*old), node._data)
        return moved if right else [*operands[:odd], *moved] or [i]
    leaves = [j for j in operands if survey.values[j]._rule is LEAF]
    return list(dict.fromkeys(leaves or [j for j in operands if not survey.operands[j]]))


Rebound = tuple[Value, Value, int]  # what stands for a parameter, its leaf, and steps from that


def rebound(case: Case) -> Iterator[Finding]:
    """Yield a finding where parameters are no leaves, or stand behind steps from them.

    A step is a constant that was added to what nothing else uses. A formula may do that, but not
    three times, nor be all that is new since the pass before, downhill from leaves that stayed.
    """
    values, steps = case.survey.values, dict[int, tuple[int, int]]()  # of each: its leaf, how many
    for i, below in enumerate(case.survey.operands):
        if values[i]._rule in (ADD, SUBTRACT) and values[below[1]]._rule is CONSTANT:
            x = below[0]
            if case.survey.uses[x] == 1 and (x in steps or values[x]._rule is LEAF):
                leaf, before = steps.pop(x, (x, 0))
                steps[i] = leaf, before + 1
    found: dict[int, Rebound] = {id(x): (x, x, 0) for x in case.parameters if x._rule is not LEAF}
    size, then = case.before
    after = {id(values[leaf]): (0, values[leaf]._data) for leaf in case.survey.leaves}
    grown = set[int]()
    for i, (leaf, count) in steps.items():
        origin = values[leaf]
        after[id(origin)] = count, origin._data
        was, at = then.get(id(origin), (count, origin._data))
        size += 2 * (count - was)  # each with its constant
        if was < count and at == origin._data and (values[i]._data - at) * origin.grad <= 0.0:
            grown.add(i)
    case.before = len(values), after
    for i, (leaf, count) in steps.items():
        new = count > 2 or (i in grown and size == len(values))
        if id(values[i]) in found or (new and leaf in case.reached):
            found[id(values[i])] = values[i], values[leaf], count
    if found:
        yield _no_leaves(case, list(found.values()))


def _no_leaves(case: Case, found: list[Rebound]) -> Finding:
    """Return the finding that values are no leaves any more; its fix makes leaves of them."""
    titles = [repr(leaf.label) if leaf.label else case.title(value) for value, leaf, _ in found]
    names, (value, origin, steps) = listed(titles), found[0]
    if value._rule is CONSTANT:
        why = "A constant is left out of the gradient: no backward pass reaches it."
    elif not steps:
        why = f"{titles[0]} was computed. A parameter is a leaf, whose number a step changes."
    else:
        sign = "-" if value._rule is SUBTRACT else "+"
        why = (
            f"{titles[0]} was computed from {origin.data:.6g} in {counted(steps, 'step')}. "
            f"`w {sign}= ...` and `w = w {sign} ...` record an operation and give its result the "
            "old name. The graph grows with every step, and an optimiser, or a list of parameters, "
            "goes on holding the old leaf."
        )
    name, fix = "parameter", "for i, parameter in enumerate(parameters):\n    parameters[i] = "
    fix += "ag.Value(parameter.data)\n"
    if len(found) < 4:
        fix = ""
        for value, origin, _ in found:
            name = case.code(value, origin.label)
            both = " = ".join(dict.fromkeys([name, case.entry(value, name)]))
            label = f", label={origin.label!r}" if origin.label else ""
            fix += f"{both} = ag.Value({value.data!r}{label})\n"
    are, a, leaf = ("are", "", "leaves") if len(found) > 1 else ("is", "a ", "leaf")
    return Finding(
        "rebound parameter",
        f"{names} {are} no {leaf} any more",
        case.place(found[0][0], names),
        why,
        f"# {a}{leaf} once more:\n{fix}{AGAIN}\n# from now on a step changes the number of a "
        f"leaf:\n#     {name}.data -= lr * {name}.grad",
    )


def unreached(case: Case) -> Iterator[Finding]:
    """Yield a finding where the output does not depend on parameters."""
    values, output = case.survey.values, case.survey.output
    cut = [x for x in values if isinstance(x._rule, Opaque) and x.operands]
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
        fix = f"{AGAIN}  # outside no_grad(), from the parameters instead of their .data"
        if output.operands:
            fix = (
                "reached = {id(leaf) for leaf in ag.graph.leaves(output)}\n"
                "parameters = [p for p in parameters if id(p) in reached]  # or use it in forward()"
            )
        yield Finding(
            "unreached parameter",
            f"the output {'' if output.operands else 'has no operands: it '}does not depend on "
            f"{names}",
            f"{counted(len(case.lost), 'parameter')}: {names}",
            "No path leads from the output back to there, so the gradient is 0 and training never "
            "changes it. It is not used, or the path was cut: by `.data` in a formula, by "
            "`detach()`, inside `no_grad()`, or by a new Value made of an old number.",
            fix,
        )
