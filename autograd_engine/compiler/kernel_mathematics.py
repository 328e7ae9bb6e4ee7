"""Mathematics of the kernel, as text: functions of vectors that processors do not have.

Their relative error is a few units in the last place, except where results are so small that
floats have fewer digits.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import factorial
from typing import Final


def _polynomial(x: str, coefficients: Iterable[str]) -> str:
    """Return the lines that compute p, the polynomial of x with these, the highest first."""
    first, second, *others = coefficients
    lines = [f"    p = fma(alike({x}, {first}), {x}, {second})"]
    return "\n".join([*lines, *(f"    p = fma(p, {x}, {other})" for other in others)])


_EXPM1 = _polynomial("r", [*(f"1.0 / {factorial(n)}.0" for n in range(13, 2, -1)), "0.5"])
_LOG = _polynomial("z", [f"2.0 / {n}.0" for n in range(23, 2, -2)])

MATHEMATICS: Final = f'''\
@njit(**PART)
def logarithms_of_two(x):
    """Return the whole number k nearest to x / ln 2, and x - k ln 2."""
    k = (x * 1.4426950408889634 + 6755399441055744.0) - 6755399441055744.0
    # ln 2 in two parts: k times the first one is exact.
    return k, fma(k, -1.9082149292705877e-10, fma(k, -0.6931471803691238, x))


@njit(**PART)
def small_expm1(r):
    """Return e**r - 1 for |r| < 0.35, by its series."""
{_EXPM1}
    return fma(r * r, p, r)


@njit(**PART)
def v_exp(x):
    x = if_less(x, -1000.0, -1000.0, if_less(1000.0, x, 1000.0, x))
    k, r = logarithms_of_two(x)
    # In two steps, since 2**k may be out of range where the result is not.
    half = (k * 0.5 + 6755399441055744.0) - 6755399441055744.0
    return (small_expm1(r) + 1.0) * two_to(half) * two_to(k - half)


@njit(**PART)
def v_tanh(x):
    k, r = logarithms_of_two(-2.0 * if_less(25.0, size(x), 25.0, size(x)))
    scale = two_to(k)
    e = fma(scale, small_expm1(r), scale - 1.0)
    return signed(e / (e + 2.0), x)


@njit(**PART)
def v_sigmoid(x):
    e = v_exp(-size(x))
    return if_less(x, 0.0, e, 1.0) / (1.0 + e)


@njit(**PART)
def v_bell(x):
    e = v_exp(-size(x))
    return e / ((1.0 + e) * (1.0 + e))


@njit(**PART)
def positive_log(x):
    """Return ln x for positive normal numbers."""
    k, f = exponent(x), fraction(x)
    s = (f - 1.0) / (f + 1.0)
    z = s * s
{_LOG}
    small = fma(s * z, p, 2.0 * s)
    return fma(k, 0.6931471803691238, fma(k, 1.9082149292705877e-10, small))


@njit(**PART)
def v_log(x):
    tiny = 2.2250738585072014e-308
    result = positive_log(if_less(x, tiny, x * 18014398509481984.0, x))
    result = if_less(x, tiny, result - 37.42994775023705, result)
    result = if_less(0.0, x, result, if_equal(x, 0.0, -math.inf, math.nan))
    return if_equal(x, math.inf, math.inf, result)


@njit(**PART)
def small_log1p(x):
    """Return ln(1 + x), which is ln u and what u lost of x, for finite x > -1."""
    u = 1.0 + x
    return positive_log(u) + (x - (u - 1.0)) / u


@njit(**PART)
def v_log1p(x):
    result = if_less(-1.0, x, small_log1p(x), if_equal(x, -1.0, -math.inf, math.nan))
    return if_equal(x, math.inf, math.inf, result)


@njit(**PART)
def v_softplus(x):
    return if_less(x, 0.0, 0.0, x) + small_log1p(v_exp(-size(x)))


@njit(**PART)
def v_gauss(x):
    square = x * x
    big = 134217729.0 * x
    high = big - (big - x)
    low = x - high
    error = ((high * high - square) + 2.0 * high * low) + low * low
    return if_less(750.0, square, 0.0, v_exp(-square) * (1.0 - error))'''
