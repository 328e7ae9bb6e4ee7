"""The reference: what a row of the table says, as text for `help` and for the pages.

Nothing of it is written by hand: the formulas are read from the rule with symbols; the ends of the
domain and the kinks are found by trying the row there.

>>> from autograd_engine.primitives import TABLE
>>> print(describe(TABLE["acosh"], ["x"]))
acosh is the inverse hyperbolic cosine.
<BLANKLINE>
    ∂acosh(x)/∂x = 1/√(x² − 1)
<BLANKLINE>
Defined for 1 ≤ x. At x = 1 the derivative is inf.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from inspect import signature

from autograd_engine.primitives import TABLE, Primitive
from autograd_engine.views.explain import notation
from autograd_engine.views.explain.formulas import Equal
from autograd_engine.views.explain.typesetting import TEXT

_NEAR = 1e-6
_JUMP = 1e-3  # between places that near, a smooth rule changes by about as little


def describe(rule: Primitive, names: Sequence[str] = ()) -> str:
    """Return what a primitive is: its formulas, its domain, its kinks.

    `names` are those of its operands; by default as its signature has them, or else u and v.
    Of a primitive of any number of operands the derivative by the first of four is told.
    """
    if not rule.arity:
        read = [notation.rule(rule, 0, tuple(names or "x"), 4)]
    else:
        names = tuple(names or _names(rule))
        derivatives = [notation.rule(rule, which, names) for which in range(rule.arity)]
        read = [notation.meaning(rule, names), *derivatives]
    formulas = "\n".join(f"    {TEXT.set(term)}" for term in read if isinstance(term, Equal))
    # Somebody's own does not say where it is defined.
    known = rule.arity and TABLE.get(rule.name) is rule
    where = [f"Defined for {domain(rule, names) or 'all numbers'}."] if known else []
    facts = " ".join([*where, *(kinks(rule, names) if rule.arity else ())])
    doc = getattr(rule, "doc", "")
    return "\n\n".join(filter(None, [doc and f"{rule.name} is {doc}.", formulas, facts]))


def _names(rule: Primitive) -> tuple[str, ...]:
    try:
        names = tuple(signature(rule).parameters)
    except ValueError:  # compiled, it may have none
        names = ()
    return names if len(names) == len(rule.domain) else ("u", "v")


def domain(rule: Primitive, names: Sequence[str]) -> str:
    """Return where a primitive is defined, nothing if everywhere; an end may belong to it or not.

    >>> domain(TABLE["log"], "x"), domain(TABLE["asin"], "x"), domain(TABLE["divide"], "xy")
    ('0 < x', '-1 ≤ x ≤ 1', 'y ≠ 0')
    """
    found = []
    for which, (low, high) in enumerate(rule.domain):
        name, point = names[which], [1.0] * len(rule.domain)
        holds = {}
        for point[which] in (low, 0.0, high):
            holds[point[which]] = bool(_slopes(rule, point))
        text = f"{low:g} {'≤' if holds[low] else '<'} " * math.isfinite(low) + name
        text += f" {'≤' if holds[high] else '<'} {high:g}" * math.isfinite(high)
        if not holds[0.0] and low < 0.0 < high:
            text = f"{name} ≠ 0"
        found += [text] * (text != name)
    return " and ".join(found)


def kinks(rule: Primitive, names: Sequence[str]) -> list[str]:
    """Return a sentence for each place where the derivative jumps or is infinite.

    >>> kinks(TABLE["relu"], "x"), kinks(TABLE["minimum"], "xy")
    (['At x = 0 the derivative is 0.'], ['At x = y the derivatives are 0.5 and 0.5.'])
    """
    if len(rule.domain) == 1:
        numbers = sorted({0.0, *filter(math.isfinite, rule.domain[0])})
        found = [_kink(rule, f"{names[0]} = {number:g}", [number]) for number in numbers]
    else:
        tie = " = ".join(names)
        found = [_kink(rule, tie, [1.0, 1.0]) or _kink(rule, f"{tie} = 0", [0.0, 0.0])]
    return list(filter(None, found))


def _kink(rule: Primitive, place: str, point: list[float]) -> str:
    """Return what is to be said about the derivative at a point, nothing where it is smooth."""
    here = _slopes(rule, point)
    pairs = []
    for which, number in enumerate(point):
        for side in (number - _NEAR, number + _NEAR):
            beside = _slopes(rule, [*point[:which], side, *point[which + 1 :]])
            pairs += list(zip(here, beside))
    if not any(math.isinf(at) or abs(at - near) > _JUMP for at, near in pairs):
        return ""
    told = "derivative is" if len(here) == 1 else "derivatives are"
    return f"At {place} the {told} {' and '.join(f'{slope + 0.0:g}' for slope in here)}."


def _slopes(rule: Primitive, point: list[float]) -> tuple[float, ...]:
    """Return a rule's partials at a point, none where it is not defined."""
    try:
        return tuple(map(float, rule.partials(rule.forward(*point), *point)))
    except Exception:  # domain errors, and whatever somebody's own rule does
        return ()
