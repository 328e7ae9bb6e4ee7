"""The reference: what a row of the table says, as text for `help` and for the pages.

Nothing of it is written by hand: the formulas are read from the rule with symbols; the ends of the
domain and the kinks are found by trying the row there.

>>> from autograd_engine.engine import TABLE
>>> print(describe(TABLE["acosh"]))
    ∂acosh(u)/∂u = 1/√(u² - 1)
<BLANKLINE>
Defined for 1 ≤ u. At u = 1 the derivative is inf.
"""

from __future__ import annotations

import math

from autograd_engine.engine import TABLE, Primitive
from autograd_engine.views import notation
from autograd_engine.views.formulas import Equal
from autograd_engine.views.typesetting import TEXT

_NAMES = ("u", "v")  # of the operands, as in `notation.rule`
_NEAR = 1e-6
_JUMP = 1e-3  # between places that near, a smooth rule changes by about as little


def describe(rule: Primitive) -> str:
    """Return what a primitive is: its formulas, its domain, its kinks."""
    read = [notation.meaning(rule), *(notation.rule(rule, i) for i in range(len(rule.domain)))]
    formulas = "\n".join(f"    {TEXT.set(term)}" for term in read if isinstance(term, Equal))
    known = TABLE.get(rule.name) is rule  # somebody's own does not say where it is defined
    where = [f"Defined for {domain(rule) or 'all numbers'}."] if known else []
    facts = " ".join(where + kinks(rule))
    return "\n\n".join(filter(None, [getattr(rule, "doc", ""), formulas, facts]))


def domain(rule: Primitive) -> str:
    """Return where a primitive is defined, nothing if everywhere; an end may belong to it or not.

    >>> domain(TABLE["log"]), domain(TABLE["asin"]), domain(TABLE["divide"])
    ('0 < u', '-1 ≤ u ≤ 1', 'v ≠ 0')
    """
    found = []
    for which, (low, high) in enumerate(rule.domain):
        name, point = _NAMES[which], [1.0] * len(rule.domain)
        holds = {}
        for point[which] in (low, 0.0, high):
            holds[point[which]] = bool(_slopes(rule, point))
        text = f"{low:g} {'≤' if holds[low] else '<'} " * math.isfinite(low) + name
        text += f" {'≤' if holds[high] else '<'} {high:g}" * math.isfinite(high)
        if not holds[0.0] and low < 0.0 < high:
            text = f"{name} ≠ 0"
        found += [text] * (text != name)
    return " and ".join(found)


def kinks(rule: Primitive) -> list[str]:
    """Return a sentence for each place where the derivative jumps or is infinite.

    >>> kinks(TABLE["relu"]), kinks(TABLE["minimum"])
    (['At u = 0 the derivative is 0.'], ['At u = v the derivatives are 0.5 and 0.5.'])
    """
    if len(rule.domain) == 1:
        numbers = sorted({0.0, *filter(math.isfinite, rule.domain[0])})
        found = [_kink(rule, f"u = {number:g}", [number]) for number in numbers]
        return list(filter(None, found))
    tie = _kink(rule, "u = v", [1.0, 1.0]) or _kink(rule, "u = v = 0", [0.0, 0.0])
    return [tie] if tie else []


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
