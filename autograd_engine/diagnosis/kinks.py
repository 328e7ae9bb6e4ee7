"""Kinks that were hit exactly, where a function has two slopes and the engine takes one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from autograd_engine.diagnosis.findings import Finding, listed
from autograd_engine.diagnosis.places import place
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


def kinks(survey: Survey) -> Iterator[Finding]:
    """Yield a finding for each operation of which a kink was hit where a gradient arrives."""
    found: dict[tuple[int, bool], tuple[str, int]] = {}  # by what is on which kink: where first
    smooth = _elu_inputs(survey)
    for i, node in enumerate(survey.values):
        built_in = TABLE.get(node._rule.name) is node._rule
        if built_in and node._rule.name in TAKEN and _hit(survey, i):
            operands = survey.operands[i]
            of = next((j for j in operands if survey.values[j]._rule is not CONSTANT), operands[0])
            threshold = node._rule.name in ("relu", "above")  # which leaky_relu is made of
            if not (threshold and of in smooth):
                found.setdefault((of, threshold), (node._rule.name, i))
    watched = [(of if name == "above" else i, name, i) for (of, _), (name, i) in found.items()]
    arriving = _arriving(survey, {at for at, _, _ in watched}) if watched else {}
    by_name: dict[str, list[int]] = {}
    for at, name, i in watched:
        # Where what arrives cancels, as at the peak in softmax, the choice is harmless.
        if abs(sum(arriving[at])) > 1e-9 * sum(map(abs, arriving[at])):
            by_name.setdefault(name, []).append(i)
    for name, places in by_name.items():
        names = listed((place(survey, i) for i in places), 2)
        yield Finding(
            "kink",
            f"{counted(len(places), 'kink was', 'kinks were')} hit exactly: "
            f"{TAKEN[name].partition(':')[0]}",
            names,
            f"{TAKEN[name].capitalize() if name not in ('relu', 'absolute') else TAKEN[name]}. "
            "Any number between the two slopes could stand for it, and differences quotients "
            "disagree with it. Equal weights, or inputs and biases of 0, bring that about.",
            "import random\n\nfor parameter in parameters:\n"
            "    parameter.data += random.uniform(-1e-6, 1e-6)  # a step off the kink\n"
            "output = forward()",
        )


def _hit(survey: Survey, i: int) -> bool:
    ends = [survey.values[j] for j in survey.operands[i]]
    if survey.values[i]._rule.name in ("relu", "absolute", "hypot", "norm"):
        return not any(end._data for end in ends)
    x, y = ends
    return x._data == y._data and not (x._rule is y._rule is CONSTANT) and x is not y


def _elu_inputs(survey: Survey) -> set[int]:
    """Return what an elu is computed from: its two slopes at 0 are the same."""
    return {
        survey.operands[survey.operands[i][0]][1]
        for i, node in enumerate(survey.values)
        if node._rule is expm1 and survey.values[survey.operands[i][0]]._rule is gate
    }


def _arriving(survey: Survey, wanted: set[int]) -> dict[int, list[float]]:
    """Return the contributions to the adjoints of some values, one for each use."""
    found: dict[int, list[float]] = {i: [] for i in wanted}
    for i, node in enumerate(survey.values):
        for j, partial in zip(survey.operands[i], node._slopes()):
            if j in found:
                found[j].append(partial * survey.adjoints[i])
    last = len(survey.values) - 1
    if last in found:
        found[last].append(1.0)
    return found
