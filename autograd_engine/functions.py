"""Functions composed of primitives: on Values they record, on plain numbers they give numbers.

Each is written for its digits and limits, and one line says why it is written so. Apart
from `where`, none looks at a number to decide what to do, so a compiled program of them
holds for every input.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from functools import reduce
from typing import Any

from autograd_engine.engine import (
    Value,
    above,
    as_value,
    constant,
    erfc,
    exp,
    expm1,
    gap,
    gate,
    hypot,
    is_comparable,
    log,
    maximum,
    number,
    record_dot,
    relu,
    sigmoid,
    stopped,
)
from autograd_engine.real import as_float, as_list, is_number
from autograd_engine.state import PAUSED, muted, paused


def plain(x: Any) -> Any:
    """Return a number as a float, an array of numbers as one of floats, anything else as it is.

    So that the same code gives the same bits on numbers as on Values.
    """
    if type(x) is float or isinstance(x, Value):
        return x
    if is_number(x):
        return as_float(x)
    return x.astype(float) if getattr(getattr(x, "dtype", None), "kind", "O") in "biuf" else x


def numbers(name: str, values: Iterable[Any]) -> list[Any]:
    """Return what a function of a list was given, as Values and floats.

    Raises `ValueError` for an array of two dimensions or more, `TypeError` for what is no list
    of numbers.
    """
    return [
        x if type(x) is float or isinstance(x, Value) else _one(name, x)
        for x in as_list(name, values)
    ]


def _one(name: str, x: Any) -> Any:
    if getattr(x, "ndim", 0):
        lists, of_row, of_all = ("one list", "row", "x.ravel()")
        if name == "dot":
            lists, of_row, of_all = ("two lists", "row, y", "x.ravel(), y.ravel()")
        raise ValueError(
            f"{name} takes {lists} of numbers, not an array of several rows: write "
            f"[{name}({of_row}) for row in x], or {name}({of_all}) for all of it"
        )
    return x if hasattr(x, "__primitive__") else as_float(x)


def where(condition: Any, x: Any, y: Any) -> Any:
    """Return x if the condition holds, else y; the other one leaves no trace.

    >>> where(2.0 > 1.0, Value(5.0), Value(7.0))
    Value(data=5.0, grad=0.0)
    """
    chosen = x if condition else y
    either_is_value = isinstance(x, Value) or isinstance(y, Value)
    return as_value(chosen) if either_is_value else as_float(chosen)


def leaky_relu(x: Any, slope: Any = 0.01) -> Any:
    """Return x where it is positive, else slope * x; at 0 the derivative is the slope.

    >>> leaky_relu(-2.0, slope=0.5)
    -1.0
    """
    # The gate keeps an infinite x out of the side that it is not on.
    return relu(x) + plain(slope) * gate(1.0 - above(x, 0.0), x)


def elu(x: Any, alpha: Any = 1.0) -> Any:
    """Return x where it is positive, else alpha * (e**x - 1).

    >>> elu(-1e-20)
    -1e-20
    """
    # expm1 keeps the digits near 0; the gate keeps it from overflowing at large x.
    return relu(x) + plain(alpha) * expm1(gate(1.0 - above(x, 0.0), x))


def gelu(x: Any) -> Any:
    """Return x times the standard normal distribution function of x (the exact GELU).

    >>> gelu(0.0)
    0.0
    """
    # erfc, since 1 + erf would lose every digit below -5.
    x = plain(x)
    return 0.5 * x * erfc(-_SQRT_HALF * x)


def silu(x: Any) -> Any:
    """Return x * sigmoid(x), also called swish.

    >>> silu(0.0)
    0.0
    """
    return plain(x) * sigmoid(x)


def clip(x: Any, low: Any, high: Any) -> Any:
    """Return x moved into [low, high]; the derivative is 1 inside and at the bounds, else 0.

    A bound may be None. Raises `ValueError` if low > high.

    >>> clip(5.0, 0.0, 1.0)
    1.0
    """
    if is_comparable(low) and is_comparable(high) and number(low) > number(high):
        raise ValueError(f"clip needs low <= high, got low = {low} and high = {high}")
    x = plain(x)
    if low is not None:
        x = _replaced(x, above(low, x), low)
    return x if high is None else _replaced(x, above(x, high), high)


def _replaced(x: Any, beyond: Any, bound: Any) -> Any:
    """Return the bound where x is beyond it, else x."""
    # maximum and minimum would pass half of the gradient at a bound.
    return gate(1.0 - beyond, x) + gate(beyond, bound)


def sum(values: Iterable[Any]) -> Any:
    """Return the sum from left to right; 0.0 of nothing.

    Raises `TypeError`, as do all functions of a list, for a single value or number.

    >>> sum([Value(1.0), Value(2.0), 3.0])
    Value(data=6.0, grad=0.0)
    """
    # Not Python's own sum, which rounds floats, but not Values, in a way of its own from 3.12 on.
    return reduce(operator.add, numbers("sum", values) or [0.0])


def mean(values: Iterable[Any]) -> Any:
    """Return the arithmetic mean; `ValueError` of nothing.

    >>> mean([1.0, 2.0, 6.0])
    3.0
    """
    items = some("mean", values)
    return reduce(operator.add, items) / len(items)


def prod(values: Iterable[Any]) -> Any:
    """Return the product from left to right; 1.0 of nothing.

    >>> prod([2.0, 3.0, 4.0])
    24.0
    """
    return reduce(operator.mul, numbers("prod", values) or [1.0])


def dot(xs: Iterable[Any], ys: Iterable[Any], start: Any = None) -> Any:
    """Return start + xs[0]*ys[0] + xs[1]*ys[1] + ..., from left to right.

    Of Values it is recorded as one node, which becomes the products and sums when somebody
    looks at it, and so is faster than the sum written out.

    Raises `ValueError` naming both lengths where they differ.

    >>> dot([1.0, 2.0], [3.0, 4.0])
    11.0
    """
    try:
        lefts, rights = tuple(xs), tuple(ys)
    except TypeError:
        as_list("dot", xs, "two lists: dot([a, b], [c, d])")
        as_list("dot", ys, "two lists: dot([a, b], [c, d])")
        raise
    if len(lefts) != len(rights):
        raise ValueError(f"dot needs two vectors of one length, got {len(lefts)} and {len(rights)}")
    if start is None and lefts:
        x, y = numbers("dot", (lefts[0], rights[0]))
        start, lefts, rights = x * y, lefts[1:], rights[1:]
    elif start is not None and not isinstance(start, Value):
        (start,) = numbers("dot", (start,))
    mine = paused() if PAUSED else None
    if isinstance(start, Value) and lefts and (mine is None or muted(mine)):
        try:
            found = record_dot(start, lefts, rights)
            return found if mine is None else constant(found._data)
        except (AttributeError, TypeError):  # numbers among them: they become constants below
            pass
    if not _EXACT.issuperset(map(type, lefts + rights)):
        lefts, rights = tuple(numbers("dot", lefts)), tuple(numbers("dot", rights))
    for x, y in zip(lefts, rights):
        start = start + x * y
    return 0.0 if start is None else start


def norm(values: Iterable[Any]) -> Any:
    """Return the Euclidean length; 0.0 of nothing. The derivative at 0 is 0.

    >>> norm([5e200, 12e200])
    1.3e+201
    """
    # hypot step by step: squares would overflow, and their root has no derivative at 0.
    # Never abs, whose slope at 0 is 0: it would hide how the length curves there.
    items = numbers("norm", values)
    return reduce(hypot, items[1:] or [0.0], items[0]) if items else 0.0


def variance(values: Iterable[Any]) -> Any:
    """Return the population variance (divided by n); `ValueError` of nothing.

    >>> variance([1.0, 2.0, 3.0, 4.0])
    1.25
    """
    items = some("variance", values)
    centre = mean(items)
    # Around the mean: the mean of squares less the squared mean would cancel.
    deviations = [item - centre for item in items]
    return mean([deviation * deviation for deviation in deviations])


def logsumexp(values: Iterable[Any]) -> Any:
    """Return ln(e**x1 + e**x2 + ...); `ValueError` of nothing.

    Of only -inf it is -inf with the gradient 0; several inf share the gradient equally.

    >>> logsumexp([1000.0, 1000.0]) == 1000.0 + log(2.0)
    True
    """
    peak, _, total = shifted(some("logsumexp", values))
    return peak + log(total)


def softmax(values: Iterable[Any]) -> list[Any]:
    """Return e**xi / (e**x1 + e**x2 + ...) for each i; `ValueError` of nothing.

    It is the gradient of `logsumexp`, also where items are infinite.

    >>> softmax([1000.0, 1000.0])
    [0.5, 0.5]
    """
    _, below, total = shifted(some("softmax", values))
    return [exp(item) / total for item in below]


def log_softmax(values: Iterable[Any]) -> list[Any]:
    """Return ln softmax for each i, finite where softmax is 0; `ValueError` of nothing.

    >>> log_softmax([0.0, 1000.0])
    [-1000.0, 0.0]
    """
    _, below, total = shifted(some("log_softmax", values))
    return [item - log(total) for item in below]


def shifted(items: list[Any]) -> tuple[Any, list[Any], Any]:
    """Return the largest item, each item less it, and the sum of their exponentials.

    The largest exponential is then 1: none overflows, and the sum is at least 1, or 0 where all
    items are -inf, which is kept from the logarithm. No result depends on the shift: its gradient
    is 0, and is stopped because infinite items would make it another.
    """
    peak = items[0]
    for item in items[1:]:
        peak = maximum(peak, item)
    peak = stopped(peak)
    below = [gap(item, peak) for item in items]
    return peak, below, maximum(reduce(operator.add, map(exp, below)), 0.5)


def some(name: str, values: Iterable[Any]) -> list[Any]:
    """Return the values as a list; `ValueError` where there are none."""
    items = numbers(name, values)
    if not items:
        raise ValueError(f"{name} of nothing: it needs at least one value")
    return items


_SQRT_HALF = 0.5**0.5
_EXACT = frozenset((float, Value))
