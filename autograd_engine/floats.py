"""Functions of plain floats that `math` lacks, or gives with an error where a rule needs a limit;
and functions of any number of operands.

Each keeps every digit that its arguments allow. The strict ones raise as `math` does, the ones
marked *lenient* follow IEEE 754, since a slope may be infinite where the function is not.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

_SPLIT = 134217729.0  # 2**27 + 1: cuts a float into two halves of 26 bits (Dekker 1971)


def cbrt(x: float) -> float:
    """Return the cube root, also of a negative number (`math.cbrt` needs Python 3.11)."""
    if x == 0.0 or math.isinf(x) or math.isnan(x):
        return x
    # A tiny number is scaled by 2**180 first, so that the correction does not lose its digits.
    scale, size = 1.0, abs(x)
    if size < 1e-200:
        scale, size = 2.0**60, size * 2.0**180
    root = size ** (1.0 / 3.0)
    root -= (root - size / root / root) / 3.0  # one Newton step repairs the rounded exponent
    return math.copysign(root / scale, x)


def power(x: float, y: float) -> float:
    """Return x**y; a negative base under a non-integer exponent raises `ValueError`."""
    result: float | complex = x**y
    if isinstance(result, complex):
        raise ValueError("negative base, non-integer exponent")
    return result


def sigmoid(x: float) -> float:
    """Return 1 / (1 + e**-x), written for each sign so that nothing overflows or cancels."""
    if x >= 0.0:
        return 1.0 / (1.0 + math.exp(-x))
    e = math.exp(x)
    return e / (1.0 + e)


def softplus(x: float) -> float:
    """Return ln(1 + e**x) without overflow."""
    if x > 0.0:
        return x + math.log1p(math.exp(-x))
    return math.log1p(math.exp(x))


def bell(x: float) -> float:
    """Return sigmoid(x) * sigmoid(-x), the slope of the sigmoid: no digit is lost far out."""
    return sigmoid(x) * sigmoid(-x)


def maximum(x: float, y: float) -> float:
    """Return the larger; NaN if either is NaN."""
    return y if y > x or y != y else x


def gap(x: float, y: float) -> float:
    """Return x - y, how far x lies below a largest y; of equal infinities 0 for inf, else -inf."""
    if x != y:
        return x - y
    return x if x == -math.inf else 0.0


def portion(x: float, y: float) -> float:
    """Return e**x / (e**x + e**y); of two inf it is 0.5, of two -inf 0."""
    # Far out the exponential magnifies what x - y lost in rounding, which is put back.
    below = gap(x, y)
    found = sigmoid(below)
    if not -800.0 < below < 0.0:
        return found
    back = below - x
    return found + found * ((x - (below - back)) - (y + back))


def azmul(x: float, y: float) -> float:
    """Return x * y, but 0 where x is 0, even if y is NaN or infinite there."""
    product = x * y
    return product if x or product == product else 0.0


def ratio(x: float, y: float) -> float:
    """Return x / y, *lenient*: x / 0 is an infinity, 0 / 0 is NaN."""
    if y:
        return x / y
    if x != x or not x:
        return math.nan
    return math.copysign(math.inf, x) * math.copysign(1.0, y)


def ln(x: float) -> float:
    """Return the natural logarithm, *lenient*: -inf at 0, NaN below."""
    if x > 0.0:
        return math.log(x)
    return math.nan if x else -math.inf


def lenient_power(x: float, y: float) -> float:
    """Return x**y, *lenient*: an infinity where it is too large or divides by zero, or NaN."""
    try:
        return power(x, y)
    except ValueError:
        return math.nan
    except ArithmeticError:
        if x < 0.0 and math.fmod(y, 1.0):
            return math.nan
        odd = abs(math.fmod(y, 2.0)) == 1.0  # exact, where y % 2.0 rounds
        return -math.inf if odd and math.copysign(1.0, x) < 0.0 else math.inf


def power_log(x: float, y: float) -> float:
    """Return x**y * ln x, *lenient*; 0 at x = 0. A subnormal x**y is not let in: it lost digits."""
    if not x:
        return 0.0
    result = lenient_power(x, y)
    if abs(result) < 1e-300 and x > 0.0:
        half = lenient_power(x, 0.5 * y)
        return half * ln(x) * half
    return result * ln(x)


def slope(x: float, y: float) -> float:
    """Return y * x**(y - 1), *lenient* at x = 0; 0 for y = 0."""
    if not y:
        return 0.0
    if y >= 0.5:  # below that y - 1 would round, and ln x magnify it
        return y * lenient_power(x, y - 1.0)
    if not x:
        return math.copysign(math.inf, y)
    return ratio(y * lenient_power(x, y), x)


def unit(x: float, y: float) -> float:
    """Return x / hypot(x, y), the cosine of the angle of (x, y); 0 at the origin."""
    if x == 0.0 and y == 0.0:
        return 0.0
    largest = max(abs(x), abs(y))
    if largest < 1e-290:  # subnormal numbers have few digits: scale them up first
        x, y = x * 2.0**100, y * 2.0**100
    elif largest > 1e300 and not math.isinf(largest):  # so that the hypotenuse stays finite
        x, y = x * 0.5**10, y * 0.5**10
    return x / math.hypot(x, y)


def gauss(x: float) -> float:
    """Return e**(-x*x): the rounding error of x*x, up to 300 ulp in the result, is put back."""
    square = x * x
    if square > 750.0:
        return 0.0
    big = _SPLIT * x
    high = big - (big - x)
    low = x - high
    error = ((high * high - square) + 2.0 * high * low) + low * low
    return math.exp(-square) * (1.0 - error)


# Of any number of operands, in order: of floats, and of what is recorded. The first ones are
# operations written out in sums and products of two.


def total(*xs: Any) -> Any:
    """Return the sum from left to right."""
    # Not Python's own sum, which rounds floats, but not Values, in a way of its own from 3.12 on.
    found = xs[0]
    for x in xs[1:]:
        found = found + x
    return found


def mean(*xs: Any) -> Any:
    return total(*xs) / len(xs)


def product(*xs: Any) -> Any:
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
    return all(type(x) is float for x in xs)


def shifted(xs: tuple[float, ...]) -> tuple[float, list[float], list[float], float]:
    """Return the largest, each less it, the exponentials of these and their sum, at least 0.5."""
    peak = xs[0]
    for x in xs:
        peak = maximum(peak, x)
    below = [gap(x, peak) for x in xs]
    exponentials = [math.exp(x) for x in below]
    found = exponentials[0]
    for x in exponentials[1:]:
        found += x
    return peak, below, exponentials, maximum(found, 0.5)


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
