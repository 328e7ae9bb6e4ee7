"""Where a value or a slope is not finite, and kinks, where a function has two slopes."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from heapq import nlargest
from typing import Final

from autograd_engine.diagnosis.findings import AGAIN, SHOWN, Case, Finding, each, listed
from autograd_engine.engine import Value
from autograd_engine.gradients import Known, gradient, immovable
from autograd_engine.primitives import TABLE
from autograd_engine.survey import Survey
from autograd_engine.table import CONSTANT, LEAF, POWER, PROD, expm1, gate
from autograd_engine.words import counted

SHRINK: Final = each("/= max(1.0, abs(parameter.data))  # numbers of at most 1 again")
INWARD: Final = ("asin", "acos", "atanh", "acosh", "circle")  # no slope at the domain's end


def born(case: Case) -> Iterator[Finding]:
    """Yield a finding where a value, or else an adjoint, first became NaN or infinite."""
    survey = case.survey
    masked = math.isfinite(survey.output._data)
    for i, node in enumerate(survey.values):
        if not math.isfinite(node._data) and not (masked and node._rule is CONSTANT):
            yield _of_value(case, i)
            return
    birth = _first_adjoint(survey)
    if birth is not None:
        yield _of_adjoint(case, *birth)
    met = _zeros(survey)
    if met:
        node, title = survey.values[met[0]], case.title(survey.values[met[0]])
        yield Finding(
            "zero times infinity",
            f"an adjoint of 0 met an infinite slope at {counted(len(met), 'place')}: "
            f"{title} passed nothing on",
            listed((case.place(survey.values[i]) for i in met), 2),
            f"The slope of {title} is not finite there ({_numbers(survey, met[0])}), and 0 times "
            "infinity may be any number. The engine takes 0, so the gradients below may be wrong: "
            "that of sqrt(x)**2 at 0 is given as 0, and is 1.",
            f"{_away(node)}  # or write the formula without it: sqrt(x)**2 is x",
        )


def _of_value(case: Case, i: int) -> Finding:
    node = case.survey.values[i]
    title, kind = case.title(node), _kind(node._data)
    what, fix = f"{title} gave the first {kind} of the forward pass", SHRINK
    why = (
        f"Its operands are still finite ({_numbers(case.survey, i)}); what was computed from it is "
        "spoilt. A result above 1.8e308 does not fit into a float."
    )
    if not node.operands:
        what = f"{title} is {kind} from the beginning"
        why = (
            "Every value computed from it is spoilt. A parameter becomes so by a step along a "
            "gradient that is not finite, an input by what was read."
        )
        fix = f"{case.code(node)}.data = 0.0  # a finite number\n{AGAIN}"
        if node._rule is not LEAF:
            fix = f"{AGAIN}  # from finite numbers: look at the data before"
    return Finding("not finite", what, case.place(node, title), why, fix)


def _first_adjoint(survey: Survey) -> tuple[int, int, float] | None:
    """Return the node that first passed on what is not finite, its operand, and the partial."""
    if all(map(math.isfinite, survey.adjoints)):
        return None
    adjoints = [*[0.0] * (len(survey.values) - 1), 1.0]
    for i in range(len(survey.values) - 1, -1, -1):
        if adjoints[i]:  # an adjoint of 0 passes nothing on
            for j, partial in zip(survey.operands[i], survey.values[i]._slopes()):
                adjoints[j] += partial * adjoints[i]
                if not math.isfinite(adjoints[j]):
                    return i, j, partial
    return None


def _zeros(survey: Survey) -> list[int]:
    """Return the nodes at which an adjoint of 0 met an infinite slope, and need not be 0 nearby."""
    met = [
        i
        for i, node in enumerate(survey.values)
        if not survey.adjoints[i]
        for j, partial in zip(survey.operands[i], node._slopes())
        if not math.isfinite(partial) and survey.values[j]._rule is not CONSTANT
    ]
    try:
        found = gradient(survey.output, [survey.values[i] for i in met], create_graph=True)
    except RuntimeError:  # a leaf was changed, which is a finding of its own
        return []
    known = Known()
    return [i for i, adjoint in zip(met, found) if not immovable(adjoint, known)]


def _of_adjoint(case: Case, i: int, j: int, partial: float) -> Finding:
    survey, node, operands = case.survey, case.survey.values[i], case.survey.operands[i]
    title, fix = case.title(node), SHRINK
    if math.isfinite(partial) or node._rule is PROD:
        why = (
            f"The partial {partial:.6g} times the adjoint {survey.adjoints[i]:.6g} that arrived, "
            "added up, is above 1.8e308 and does not fit into a float: the gradient exploded."
        )
    elif node._rule is POWER and j == operands[1] and survey.values[operands[0]]._data < 0.0:
        why = (
            f"{title} is a power of a negative number, which has a value at whole exponents alone: "
            "between them it has none, and so no slope by its exponent."
        )
        fix = f"{AGAIN}  # with a plain number as exponent: x ** 2.0, or a base above 0"
    else:
        why = (
            f"The partial of {title} by {case.title(survey.values[j])} is {_kind(partial)} there "
            f"({_numbers(survey, i)}): the function is defined, but has no finite slope. "
            "Everything below it is spoilt."
        )
        guard = "  # or guard the operation itself: ag.sqrt(x + 1e-12)"
        fix = f"{_away(node)}{guard if node._rule.name == 'sqrt' else ''}"
    return Finding(
        "not finite",
        f"{title} passed on the first {_kind(survey.adjoints[j])} of the backward pass",
        case.place(node),
        why,
        fix,
    )


def _away(node: Value) -> str:
    """Return the code that takes parameters away from the place without a slope."""
    change = "*= 1 - 1e-9" if node._rule.name in INWARD else "+= 1e-9"
    return each(f"{change}  # away from the place without a slope")


def _kind(number: float) -> str:
    return "NaN" if number != number else "infinity"


def _numbers(survey: Survey, i: int) -> str:
    """Return the operands of a value as numbers; of many the largest, with what they are called."""
    operands = survey.operands[i]
    if len(operands) <= SHOWN:
        return ", ".join(f"{survey.values[j]._data:.6g}" for j in operands)
    largest = nlargest(3, operands, lambda j: abs(survey.values[j]._data))
    named = (survey.given_names[j] and f"{survey.given_names[j]!r} = " for j in largest)
    numbers = (f"{name}{survey.values[j]._data:.6g}" for name, j in zip(named, largest))
    return f"{len(operands):,} of them, the largest {', '.join(numbers)}"


TAKEN: Final = {
    "relu": "ReLU at 0: its slope jumps from 0 to 1, the engine takes 0",
    "absolute": "abs at 0: its slope jumps from -1 to 1, the engine takes 0",
    "maximum": "a tie of maximum: the engine gives each operand half of the gradient",
    "minimum": "a tie of minimum: the engine gives each operand half of the gradient",
    "hypot": "hypot at the origin: it has no slope there, the engine takes 0",
    "norm": "norm at the origin: it has no slope there, the engine takes 0",
    "above": "a bound, or a switch, met exactly: the slopes on its two sides differ",
}
"""What a kink is, by the name of its primitive, and how the engine decides there."""

THRESHOLDS: Final = ("relu", "above")  # which leaky_relu is made of


def kinks(case: Case) -> Iterator[Finding]:
    """Yield a finding for each operation of which a kink was hit where a gradient arrives."""
    survey = case.survey
    found: dict[tuple[int, bool], int] = {}  # by what is on which kink: where first
    # What an elu is computed from: its two slopes at 0 are the same.
    smooth = {
        survey.operands[operands[0]][1]
        for node, operands in zip(survey.values, survey.operands)
        if node._rule is expm1 and survey.values[operands[0]]._rule is gate
    }
    for i, node in enumerate(survey.values):
        name, operands = node._rule.name, survey.operands[i]
        if name in TAKEN and TABLE.get(name) is node._rule and _hit(survey, i):
            of = next((j for j in operands if survey.values[j]._rule is not CONSTANT), operands[0])
            if name not in THRESHOLDS or of not in smooth:
                found.setdefault((of, name in THRESHOLDS), i)
    if not found:
        return
    arriving = defaultdict(list, {len(survey.values) - 1: [1.0]})
    for node, operands, adjoint in zip(survey.values, survey.operands, survey.adjoints):
        for j, partial in zip(operands, node._slopes()):
            arriving[j].append(partial * adjoint)
    places: dict[str, list[int]] = {}
    for (of, _), i in found.items():
        name = survey.values[i]._rule.name
        sent = arriving[of if name == "above" else i]
        # Where what arrives cancels, as at the peak in softmax, the choice is harmless.
        if abs(sum(sent)) > 1e-9 * sum(map(abs, sent)):
            places.setdefault(name, []).append(i)
    for name, hit in places.items():
        yield Finding(
            "kink",
            f"{counted(len(hit), 'kink was', 'kinks were')} hit exactly: "
            f"{TAKEN[name].partition(':')[0]}",
            listed((case.place(survey.values[i]) for i in hit), 2),
            f"{TAKEN[name][:1].upper()}{TAKEN[name][1:]}. Any number between the two "
            "slopes could stand for it, and difference quotients disagree with it. Equal weights, "
            "or inputs and biases of 0, bring that about.",
            "import random\n\n" + each("+= random.uniform(-1e-6, 1e-6)  # a step off the kink"),
        )


def _hit(survey: Survey, i: int) -> bool:
    ends = [survey.values[j] for j in survey.operands[i]]
    if survey.values[i]._rule.name in ("relu", "absolute", "hypot", "norm"):
        return not any(end._data for end in ends)
    x, y = ends
    return x._data == y._data and not (x._rule is y._rule is CONSTANT) and x is not y
