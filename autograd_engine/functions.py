"""Functions composed of primitives: on Values they record, on plain numbers they give numbers.

Each is written for its digits and limits. Apart from `where`, none looks at a number to decide
what to do, so a compiled program of them holds for every input.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable
from typing import Any

from autograd_engine.engine import COMPILED, Value, as_value, record_several
from autograd_engine.notes import Note, noted
from autograd_engine.number import is_comparable, number
from autograd_engine.primitives import paired
from autograd_engine.real import as_float, as_list, kind_of, plain
from autograd_engine.table import (
    DOT, LOGSUMEXP, MEAN, NORM, PROD, SUM, VARIANCE, WIDEST, above, erfc, expm1, gate, log_shares,
    log_softmax_of, relu, share_slopes, shares, sigmoid, softmax_of,
)  # fmt: skip


def numbers(name: str, values: Iterable[Any]) -> list[Any]:
    """Return what a function of a list was given, as Values and floats, or refuse it."""
    items = as_list(name, values)
    return [x if type(x) is float or isinstance(x, Value) else _one(name, x) for x in items]


def _one(name: str, x: Any) -> Any:
    if getattr(x, "ndim", 0):
        row, flat = ("row, y", "x.ravel(), y.ravel()") if name == "dot" else ("row", "x.ravel()")
        advice = f"write [{name}({row}) for row in x], or {name}({flat}) for all of it"
        raise ValueError(f"{name} takes lists of numbers, not an array of several rows: {advice}")
    return x if hasattr(x, "__primitive__") else as_float(x, name)


def where(condition: Any, x: Any, y: Any) -> Any:
    """Return x if the condition holds, else y; the other one leaves no trace.

    >>> where(2.0 > 1.0, Value(5.0), Value(7.0))
    Value(data=5.0, grad=0.0)
    """
    if not is_comparable(condition):
        cure = "of several write [where(c, x, y) for ...] or numpy.where(c, x, y)"
        raise TypeError(f"where takes one condition, not {kind_of(condition)}; {cure}")
    kind = as_value if isinstance(x, Value) or isinstance(y, Value) else as_float
    return kind(x if condition else y)


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
    return 0.5 * x * erfc(-(0.5**0.5) * x)


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
    for bound, is_high in ((low, False), (high, True)):
        if bound is not None:  # maximum and minimum would pass half of the gradient there
            beyond = above(x, bound) if is_high else above(bound, x)
            x = gate(1.0 - beyond, x) + gate(beyond, bound)
    return x


def sum(values: Iterable[Any]) -> Any:
    """Return the sum from left to right, 0.0 of nothing; `TypeError` for what is no list.

    >>> sum([Value(1.0), Value(2.0), 3.0])
    Value(data=6.0, grad=0.0)
    """
    items = numbers("sum", values)
    return SUM(*items) if items else 0.0


def mean(values: Iterable[Any]) -> Any:
    """Return the arithmetic mean; `ValueError` of nothing.

    >>> mean([1.0, 2.0, 6.0])
    3.0
    """
    return MEAN(*numbers("mean", values))


def prod(values: Iterable[Any]) -> Any:
    """Return the product from left to right; 1.0 of nothing.

    >>> prod([2.0, 3.0, 4.0])
    24.0
    """
    items = numbers("prod", values)
    return PROD(*items) if items else 1.0


def dot(xs: Iterable[Any], ys: Iterable[Any], start: Any = None) -> Any:
    """Return start + xs[0]*ys[0] + xs[1]*ys[1] + ..., from left to right.

    Of Values it is one node, whose operands are the start, if any, and the factors in pairs.
    Raises `ValueError` naming both lengths where they differ.

    >>> dot([1.0, 2.0], [3.0, 4.0])
    11.0
    """
    lefts, rights = (tuple(as_list("dot", x, "two lists: dot([a, b], [c, d])")) for x in (xs, ys))
    if len(lefts) != len(rights):
        raise ValueError(f"dot needs two vectors of one length, got {len(lefts)} and {len(rights)}")
    try:
        return recorded_dots([start], [lefts], rights)[0]
    except (AttributeError, LookupError, TypeError):  # numbers among them, or nothing at all
        factors = numbers("dot", [item for pair in zip(lefts, rights) for item in pair])
    if start is not None:
        factors = [*numbers("dot", [start]), *factors]
    return DOT(*factors) if factors else 0.0


def recorded_dots(starts: list[Any], rows: list[Any], ys: tuple[Value, ...]) -> list[Value]:
    """Return each row's dot product with ys, as `DOT` does, for speed; all must be Values."""
    rights: list[Any] = [y._data for y in ys]
    many: list[Any] = [1.0] * (2 + 4 * len(ys))
    many[3::4], many[4::4] = rights, ys  # the same in each row
    found: list[Value] = []
    for start, row in zip(starts, rows):
        many[0], total = start, -0.0 if start is None else start._data  # -0.0 + x is x
        if COMPILED:  # the same, and each number is made an object once
            xs: tuple[Value, ...] = tuple(row)
            for i in range(len(xs)):
                x = xs[i]
                total += x._data * ys[i]._data
                many[4 * i + 2] = x
                many[4 * i + 5] = x._data
        else:
            lefts = [x._data for x in row]
            for left, right in zip(lefts, rights):
                total += left * right
            many[2::4], many[5::4] = row, lefts
        if type(total) is not float:
            raise TypeError("something else has an attribute of that name")
        several = many if start is not None else many[2:]
        # A factor that is not finite makes the total such a number.
        found.append(record_several(DOT, total, tuple(several), total * 0.0))
    return found


def norm(values: Iterable[Any]) -> Any:
    """Return the Euclidean length; 0.0 of nothing. The derivative at 0 is 0.

    >>> norm([5e200, 12e200])
    1.3e+201
    """
    items = numbers("norm", values)
    return NORM(*items) if items else 0.0


def variance(values: Iterable[Any]) -> Any:
    """Return the population variance (divided by n); `ValueError` of nothing.

    >>> variance([1.0, 2.0, 3.0, 4.0])
    1.25
    """
    return VARIANCE(*numbers("variance", values))


def logsumexp(values: Iterable[Any]) -> Any:
    """Return ln(e**x1 + e**x2 + ...); `ValueError` of nothing.

    Of only -inf it is -inf with the gradient 0; several inf share the gradient equally.

    >>> logsumexp([1000.0, 1000.0]) - 1000.0  # ln 2
    0.6931471805598903
    """
    return LOGSUMEXP(*numbers("logsumexp", values))


def softmax(values: Iterable[Any]) -> list[Any]:
    """Return e**xi / (e**x1 + e**x2 + ...) for each i; `ValueError` of nothing.

    Each entry is one node of all the values; of more than 16, it is elementary operations.

    >>> softmax([1000.0, 1000.0])
    [0.5, 0.5]
    """
    items = tuple(numbers("softmax", values))
    if many := _many("softmax", items, shares):
        return many
    rules = [softmax_of(i) for i in range(len(items))]
    if {*map(type, items)} != {Value}:
        return [rule(*items) for rule in rules]
    parts = shares(tuple([item._data for item in items]))  # the exponentials once for all
    slopes = [share_slopes(i, part, parts) for i, part in enumerate(parts)]
    return [
        record_several(rule, part, paired(items, by), builtins.sum(by) * 0.0)
        for rule, part, by in zip(rules, parts, slopes)
    ]


def log_softmax(values: Iterable[Any]) -> list[Any]:
    """Return ln softmax for each i, finite where softmax is 0; `ValueError` of nothing.

    >>> log_softmax([0.0, 1000.0])
    [-1000.0, 0.0]
    """
    items = tuple(numbers("log_softmax", values))
    many = _many("log_softmax", items, log_shares)
    return many or [log_softmax_of(i)(*items) for i in range(len(items))]


def _many(name: str, items: tuple[Any, ...], entries: Any) -> list[Any]:
    """Return the entries of many items, written out and marked; nothing of a few."""
    if not items:
        raise ValueError(f"{name} of nothing: it needs at least one value")
    found: list[Any] = entries(items) if len(items) > WIDEST else []
    for entry in found:
        if isinstance(entry, Value):
            entry._note = Note("", name, noted(entry).source)
    return found
