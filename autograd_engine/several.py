"""Functions of any number of operands, in order: of floats, and of what is recorded.

The first ones are operations written out in sums and products of two; at the end stands what the
rules in the table are written with.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from autograd_engine import floats


def total(*xs: Any) -> Any:
    """Return the sum from left to right."""
    # Not Python's own sum, which rounds floats, but not Values, in a way of its own from 3.12 on.
    found = xs[0]
    for x in xs[1:]:
        found = found + x
    return found


def mean(*xs: Any) -> Any:
    """Return the arithmetic mean."""
    return total(*xs) / len(xs)


def product(*xs: Any) -> Any:
    """Return the product from left to right."""
    found = xs[0]
    for x in xs[1:]:
        found = found * x
    return found


def dot(*xs: Any) -> Any:
    """Return start + x*y + x*y + ... of the pairs; an even number of operands has no start."""
    i = 1 if len(xs) % 2 else 2
    found = xs[0] if i == 1 else xs[0] * xs[1]
    for k in range(i, len(xs), 2):
        found = found + xs[k] * xs[k + 1]
    return found


def variance(*xs: Any) -> Any:
    """Return the population variance, around the mean: squares less a square would cancel."""
    centre = mean(*xs)
    deviations = [x - centre for x in xs]
    return mean(*[deviation * deviation for deviation in deviations])


def mse(*xs: Any) -> Any:
    """Return the mean of the squared differences of the pairs."""
    # Not ** 2, which raises where a product is inf: a diverging training is to show it.
    differences = [xs[i] - xs[i + 1] for i in range(0, len(xs), 2)]
    return mean(*[difference * difference for difference in differences])


def are_floats(xs: tuple[Any, ...]) -> bool:
    """Say whether all are plain floats."""
    return all(type(x) is float for x in xs)


def shifted(xs: tuple[float, ...]) -> tuple[float, list[float], list[float], float]:
    """Return the largest, each less it, the exponentials of these and their sum, at least 0.5."""
    peak = xs[0]
    for x in xs:
        peak = floats.maximum(peak, x)
    below = [floats.gap(x, peak) for x in xs]
    exponentials = [math.exp(x) for x in below]
    found = exponentials[0]
    for x in exponentials[1:]:
        found += x
    return peak, below, exponentials, floats.maximum(found, 0.5)


# What rules are written with.


def of_others(xs: tuple[Any, ...], rule: Callable[..., Any], start: float) -> tuple[Any, ...]:
    """Return for each operand what all others give together, without it being taken out again."""
    before: list[Any] = [start]  # said, since mypyc would take it for a list of floats
    after: list[Any] = [start]
    for i in range(len(xs) - 1):
        before.append(rule(before[i], xs[i]))
        after.append(rule(after[i], xs[-1 - i]))
    return tuple([rule(before[i], after[-1 - i]) for i in range(len(xs))])


def crossed(xs: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the partials of a dot product: each factor's is its other factor, the start's 1."""
    odd = len(xs) % 2
    found: list[Any] = [1.0] * len(xs)
    found[odd::2], found[odd + 1 :: 2] = xs[odd + 1 :: 2], xs[odd::2]
    return tuple(found)


def around(centre: Any, xs: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the partials of the variance."""
    return tuple([2.0 / len(xs) * (x - centre) for x in xs])


def toward(xs: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the partials of the mean squared difference, of outputs and targets by turns."""
    found: list[Any] = []
    for i in range(0, len(xs), 2):
        slope = 4.0 / len(xs) * (xs[i] - xs[i + 1])
        found += slope, -slope
    return tuple(found)


def all_but(i: int, parts: list[Any]) -> Any:
    """Return the sum of the others: 1 less the part would cancel."""
    return total(*parts[:i], *parts[i + 1 :]) if len(parts) > 1 else 0.0
