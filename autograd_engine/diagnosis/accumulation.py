"""Gradients that are a sum over more than one `backward()`."""

from __future__ import annotations

import math
from collections.abc import Iterator

from autograd_engine.diagnosis.findings import Finding, listed
from autograd_engine.diagnosis.leaves import ZEROED
from autograd_engine.diagnosis.places import Parameters, place
from autograd_engine.survey import Survey
from autograd_engine.table import LEAF
from autograd_engine.words import counted


def accumulated(survey: Survey, parameters: Parameters) -> Iterator[Finding]:
    """Yield a finding where gradients are not those of one `backward()` of the output.

    Gradients that are 0 or were scaled down, as by clipping, are well. Where no backward pass
    came through the output yet, there is nothing to say.
    """
    seed = survey.output.grad
    wrong: list[tuple[int, float]] = []
    slopes = [abs(survey.adjoints[i]) for i in survey.leaves]
    largest = max(filter(math.isfinite, slopes), default=0.0)
    for value in parameters.values:
        i = survey.position.get(id(value))
        if i is None or value._rule is not LEAF or not seed:
            continue
        one, held = seed * survey.adjoints[i], value.grad
        if not (math.isfinite(one) and math.isfinite(held)) or _within(held, one, 1e-12 * largest):
            continue
        wrong.append((i, held / one if one else math.inf))
    if not wrong:
        return
    names = listed(parameters.title(survey.values[i]) for i, _ in wrong)
    i, ratio = wrong[0]
    times = round(ratio) if math.isfinite(ratio) else 0
    same = times > 1 and all(math.isclose(other, times, rel_tol=1e-6) for _, other in wrong)
    yield accumulation(
        f"the gradient of {names} is {f'{times} times' if same else 'not'} that of the output",
        place(survey, i, names),
        f"{parameters.title(survey.values[i])} holds {survey.values[i].grad:.6g}, where one "
        f"`backward()` of this output gives {seed * survey.adjoints[i]:.6g}"
        + (f": as if it had run {times} times" if same else "")
        + f" ({counted(len(wrong), 'parameter')} of {len(parameters.values)} differ)",
    )


def accumulation(what: str, where: str, seen: str) -> Finding:
    """Return the finding that gradients were added up, by what was seen of it."""
    return Finding(
        "accumulated gradient",
        what,
        where,
        f"{seen}. `backward()` adds to what a leaf's `grad` holds, so that batches can be summed "
        "up; whoever does not want that sets it to 0 before.",
        f"{ZEROED}\noutput.backward()",
    )


def _within(held: float, one: float, rounding: float) -> bool:
    """Say whether a gradient lies between 0 and that of one backward pass, rounding allowed."""
    slack = 1e-6 * abs(one) + rounding
    return min(0.0, one) - slack <= held <= max(0.0, one) + slack
