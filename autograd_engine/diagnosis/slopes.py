"""Where a value or a slope is not finite, and kinks, where a function has two slopes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from heapq import nlargest
from typing import Final

from autograd_engine.diagnosis.findings import AGAIN, SHOWN, Case, Finding, each
from autograd_engine.engine import Value
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
    for i in reversed(range(len(survey.values))):
        if not math.isfinite(survey.adjoints[i]):
            yield _of_adjoint(case, i)
            break


def _of_value(case: Case, i: int) -> Finding:
    """Return the finding that a value is the first that is not finite."""
    node = case.survey.values[i]
    title, kind = case.title(node), _kind(node._data)
    if node.operands:
        what, fix = f"{title} gave the first {kind} of the forward pass", SHRINK
        why = (
            f"Its operands are still finite ({_numbers(case.survey, i)}); what was computed from "
            "it is spoilt. A result above 1.8e308 does not fit into a float."
        )
    else:
        what, fix = f"{title} is {kind} from the beginning", f"{AGAIN}  # from finite numbers"
        why = (
            "Every value computed from it is spoilt. A parameter becomes so by a step along a "
            "gradient that is not finite, an input by what was read."
        )
        if node._rule is LEAF:
            fix = f"{case.code(node)}.data = 0.0  # a finite number\n{AGAIN}"
    return Finding("not finite", what, case.place(node, title), why, fix)


def _of_adjoint(case: Case, j: int) -> Finding:
    """Return the finding that an adjoint is the first that is not finite, by what passed it on."""
    survey, fix = case.survey, SHRINK
    uses = [
        (
            not math.isfinite(partial * survey.adjoints[i]),
            abs(partial * survey.adjoints[i]),
            i,
            partial,
        )
        for i in range(j + 1, len(survey.values))
        for k, partial in zip(survey.operands[i], survey.values[i]._slopes())
        if k == j and survey.adjoints[i]
    ]
    _, _, i, partial = max(uses, key=lambda use: use[:2])
    node, operands = survey.values[i], survey.operands[i]
    title = case.title(node)
    if math.isfinite(partial) or node._rule is PROD:
        why = (
            f"The partial {partial:.6g} times the adjoint {survey.adjoints[i]:.6g} that arrived, "
            "added up, is above 1.8e308 and does not fit into a float: the gradient exploded."
        )
    elif node._rule is POWER and j == operands[1] and survey.values[operands[0]]._data < 0.0:
        why = (
            f"{title} is a power of a negative number, which has a value at whole exponents alone, "
            "and so no slope by its exponent."
        )
        fix = f"{AGAIN}  # with a plain number as exponent: x ** 2.0, or a base above 0"
    else:
        why = (
            f"The partial of {title} by {case.title(survey.values[j])} is {_kind(partial)} there "
            f"({_numbers(survey, i)}): the function is defined, but has no finite slope."
        )
        guard = "  # or guard the operation itself: ag.sqrt(x + 1e-12)"
        fix = f"{_away(node)}{guard if node._rule.name == 'sqrt' else ''}"
    what = f"{title} passed on the first {_kind(survey.adjoints[j])} of the backward pass"
    return Finding("not finite", what, case.place(node), why, fix)


def _away(node: Value) -> str:
    """Return the code that takes parameters away from the place without a slope."""
    change = "*= 1 - 1e-9" if node._rule.name in INWARD else "+= 1e-9"
    return each(f"{change}  # away from the place without a slope")


def _kind(number: float) -> str:
    return "NaN" if number != number else "infinity"


def _numbers(survey: Survey, i: int) -> str:
    """Return the operands of a value as numbers, of many the largest."""
    numbers = [survey.values[j]._data for j in survey.operands[i]]
    few = numbers if len(numbers) <= SHOWN else nlargest(3, numbers, abs)
    told = ", ".join(f"{number:.6g}" for number in few)
    return told if few is numbers else f"{len(numbers):,} of them, the largest {told}"


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

TIES: Final = ("maximum", "minimum", "above")
THRESHOLDS: Final = ("relu", "above")  # which leaky_relu is made of


def kinks(case: Case) -> Iterator[Finding]:
    """Yield a finding for each operation of which a kink was hit where a gradient arrives."""
    survey = case.survey
    hit: dict[tuple[int, bool], int] = {}  # by what is on which kink: where first
    smooth = set()  # what an elu is computed from: its two slopes at 0 are the same
    for i, (node, operands) in enumerate(zip(survey.values, survey.operands)):
        name = node._rule.name
        if node._rule is expm1 and survey.values[operands[0]]._rule is gate:
            smooth.add(survey.operands[operands[0]][1])
        if name in TAKEN and TABLE.get(name) is node._rule and _hit(node):
            of = next((j for j in operands if survey.values[j]._rule is not CONSTANT), operands[0])
            hit.setdefault((of, name in THRESHOLDS), i)
    places: dict[str, list[int]] = {}
    for (of, threshold), i in hit.items():
        name = survey.values[i]._rule.name
        at = of if name == "above" else i
        # Where what arrives cancels, as at the peak in softmax, the choice is harmless.
        if abs(survey.adjoints[at]) > 1e-12 and not (threshold and of in smooth):
            places.setdefault(name, []).append(i)
    for name, found in places.items():
        yield Finding(
            "kink",
            f"{counted(len(found), 'kink was', 'kinks were')} hit exactly: "
            f"{TAKEN[name].partition(':')[0]}",
            case.where(found),
            f"{TAKEN[name][:1].upper()}{TAKEN[name][1:]}. Any number between the two slopes could "
            "stand for it. Equal weights, or inputs and biases of 0, bring that about.",
            "import random\n\n" + each("+= random.uniform(-1e-6, 1e-6)  # a step off the kink"),
        )


def _hit(node: Value) -> bool:
    """Say whether the operands of what has a kink are right on it."""
    if node._rule.name not in TIES:
        return not any(operand._data for operand in node.operands)
    x, y = node.operands
    return x._data == y._data and not (x._rule is y._rule is CONSTANT) and x is not y
