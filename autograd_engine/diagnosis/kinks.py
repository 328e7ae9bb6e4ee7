"""Kinks that were hit exactly, where a function has two slopes and the engine takes one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from autograd_engine.diagnosis.case import AGAIN, Case
from autograd_engine.diagnosis.findings import Finding, listed
from autograd_engine.primitives import TABLE
from autograd_engine.survey import Survey
from autograd_engine.table import CONSTANT, expm1, gate
from autograd_engine.words import counted

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
            "import random\n\nfor parameter in parameters:\n"
            f"    parameter.data += random.uniform(-1e-6, 1e-6)  # a step off the kink\n{AGAIN}",
        )


def _hit(survey: Survey, i: int) -> bool:
    ends = [survey.values[j] for j in survey.operands[i]]
    if survey.values[i]._rule.name in ("relu", "absolute", "hypot", "norm"):
        return not any(end._data for end in ends)
    x, y = ends
    return x._data == y._data and not (x._rule is y._rule is CONSTANT) and x is not y
