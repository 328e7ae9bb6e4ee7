"""Where the first NaN or infinity was born: in the forward pass, or in the backward pass; and
where there was none because an adjoint of 0 passes nothing on, not even to an infinite slope.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from heapq import nlargest
from typing import Final

from autograd_engine.diagnosis.case import AGAIN, SHOWN, Case
from autograd_engine.diagnosis.findings import Finding, listed
from autograd_engine.engine import Value
from autograd_engine.gradients import Known, gradient, immovable
from autograd_engine.survey import Survey
from autograd_engine.table import CONSTANT, LEAF, POWER
from autograd_engine.words import counted

SHRINK: Final = (
    "for parameter in parameters:\n"
    "    parameter.data /= max(1.0, abs(parameter.data))  # numbers of at most 1 again\n"
    f"{AGAIN}  # and a lower learning rate, or scaled inputs"
)

INWARD: Final = ("asin", "acos", "atanh", "acosh", "circle")
"""Functions whose slope is infinite at the end of their domain."""


def born(case: Case) -> Iterator[Finding]:
    """Yield a finding where a value, or else an adjoint, first became NaN or infinite.

    An infinite constant, such as a mask, is let pass as long as the output is finite.
    """
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
            f"{_away(node)}{AGAIN}  # or write the formula without it: sqrt(x)**2 is x",
        )


def _of_value(case: Case, i: int) -> Finding:
    node = case.survey.values[i]
    title, kind = case.title(node), _kind(node._data)
    if node.operands:
        what = f"{title} gave the first {kind} of the forward pass"
        why = (
            f"Its operands are still finite ({_numbers(case.survey, i)}); what was computed from "
            "it is spoilt. A result above 1.8e308 does not fit into a float."
        )
        fix = SHRINK
    else:
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
    if math.isfinite(partial) or _too_steep(node):
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
        guard = "# or guard the operation itself: ag.sqrt(x + 1e-12)\n"
        fix = f"{_away(node)}{guard if node._rule.name == 'sqrt' else ''}{AGAIN}"
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
    place = "# away from the place without a slope"
    return f"for parameter in parameters:\n    parameter.data {change}  {place}\n"


def _too_steep(node: Value) -> bool:
    """Say whether a slope is too large for a float: a step away from there, it is too."""
    inward = node._rule.name in INWARD
    numbers = [x._data * (1 - 1e-9) if inward else x._data + 1e-9 for x in node.operands]
    try:
        slopes = node._rule.partials(node._rule.forward(*numbers), *numbers)
    except (ArithmeticError, ValueError):
        return False
    return not all(map(math.isfinite, slopes))


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
