"""diagnose: what is wrong with the gradients of a graph that was recorded."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

from autograd_engine.columns import listed
from autograd_engine.diagnosis.accumulation import accumulated
from autograd_engine.diagnosis.findings import Finding, Findings
from autograd_engine.diagnosis.flow import flow
from autograd_engine.diagnosis.kinks import kinks
from autograd_engine.diagnosis.leaves import changed_leaves, unreached
from autograd_engine.diagnosis.nonfinite import born
from autograd_engine.diagnosis.places import Parameters
from autograd_engine.diagnosis.rates import trial
from autograd_engine.diagnosis.rebinding import computed, shifted
from autograd_engine.diagnosis.units import Units
from autograd_engine.engine import Value
from autograd_engine.real import is_number
from autograd_engine.survey import Survey


def diagnose(
    output: Value, parameters: Iterable[Value], *, lr: float | None = None
) -> list[Finding]:
    """Return what is wrong with the gradients of the output by its parameters, the gravest first.

    The list is empty when all is well. It finds gradients that are a sum over more than one
    backward pass, leaves changed after the forward pass, parameters that the output does not
    depend on or that are no leaves any more, where the first NaN or infinity was born, dead
    ReLUs, saturated tanh and sigmoid, kinks that were hit exactly, gradients that explode or
    vanish from layer to layer or from step to step; with `lr` also whether a step of gradient
    descent by this learning rate overshoots. A unit counts as dead or saturated if it is in all
    the samples that the output is made of. Nothing is changed. Ask after `backward()`, before the
    step or after it.

    Raises `TypeError` for an output or parameters that are no Values, `ValueError` for no
    parameters and for a learning rate that is not positive.

    >>> w, unused = Value(2.0, "w"), Value(1.0, "unused")
    >>> loss = (w - 3.0) ** 2
    >>> loss.backward()
    >>> diagnose(loss, [w])
    []
    >>> [finding.what for finding in diagnose(loss, [w, unused])]
    ["the output does not depend on 'unused'"]
    """
    known = checked(output, parameters)
    number = is_number(lr) and not isinstance(lr, bool)
    if lr is not None and not (number and 0.0 < lr < math.inf):
        raise ValueError(f"lr is a learning rate above 0 and finite, or None; got {lr!r}")
    survey = known.survey = Survey(output)
    return Findings(_all(survey, known, lr))


def checked(output: Any, parameters: Any) -> Parameters:
    """Return the parameters of a diagnosis, refusing what is none."""
    if not isinstance(output, Value):
        hint = ": diagnose one output at a time" if isinstance(output, (list, tuple)) else ""
        raise TypeError(
            f"diagnose needs a Value as its output, not {type(output).__name__}: "
            f"{output!r:.60}{hint}"
        )
    return listed_parameters(parameters)


def listed_parameters(parameters: Any) -> Parameters:
    """Return what was given as parameters, refusing what is none."""
    method = getattr(parameters, "__name__", "") == "parameters"  # not what it returns
    if method or callable(getattr(parameters, "parameters", None)):
        raise TypeError("parameters are a list of Values: write model.parameters(), with brackets")
    values = listed(parameters, "Values")
    if not values:
        raise ValueError("there are no parameters to diagnose: give the leaves that are trained")
    return Parameters(values)


def _all(survey: Survey, parameters: Parameters, lr: float | None) -> Iterator[Finding]:
    yield from computed(parameters)
    yield from shifted(survey, parameters)
    yield from changed_leaves(survey, parameters, swept=True)
    yield from unreached(survey, parameters)
    yield from accumulated(survey, parameters)
    yield from born(survey, parameters)
    yield from kinks(survey)
    units = Units()
    units.add(survey)
    yield from units.findings()
    if not units.blocks():  # that would be reason enough for a gradient to vanish
        yield from flow(survey)
    if lr is not None:
        places = [
            survey.position[id(value)]
            for value in parameters.values
            if id(value) in survey.position
        ]
        step = trial(survey, places, float(lr))
        if step.overshot:
            yield step.finding()
