"""Each primitive as NumPy's functions are: called `f(x, out=view)` or `f(x, y, out=view)`.

Operands are arrays of floats, strided or broadcast as they like, or numbers; `out` may be an
operand. Nothing raises: what is undefined is NaN, an overflow is infinite. NumPy notes such
floating-point errors, so the caller stands inside `numpy.errstate(all="ignore")`.

Where NumPy has the function it is NumPy's own. The rest is the function of `floats`, translated to
arrays, or one of `math`, called number by number. The native core is faster, where it is there.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import numpy

from autograd_engine.compiler.plain import named
from autograd_engine.compiler.symbols import Expression, formula
from autograd_engine.compiler.translated import Translator
from autograd_engine.primitives import TABLE, Primitive

_MINUS, _ZERO, _HALF, _ONE, _FAR = map(numpy.array, (-1.0, 0.0, 0.5, 1.0, 1000.0))


def of_numpy(rule: Primitive) -> Callable[..., Any] | None:
    """Return NumPy's function of a row's name, which may be the longer one, as `arcsin` of `asin`.

    >>> of_numpy(TABLE["asin"]), of_numpy(TABLE["relu"])
    (<ufunc 'arcsin'>, None)
    """
    for name in (f"arc{rule.name[1:]}", rule.name):
        found = getattr(numpy, name, None)
        if isinstance(found, numpy.ufunc) and found.nin == rule.arity:
            return found  # type: ignore[no-any-return]
    return None


NUMPY: dict[str, Callable[..., Any]] = {
    **{name: found for name, rule in TABLE.items() if (found := of_numpy(rule)) is not None},
    "ratio": numpy.divide,
    "lenient_power": numpy.power,
    "negative": partial(numpy.multiply, _MINUS),  # NumPy's own errs on some strides before 2.5
    "ln": numpy.log,
    "stopped": numpy.positive,
}
"""The rows that are functions of NumPy."""
# These are too, but leave the sign of zero to chance.
del NUMPY["maximum"], NUMPY["minimum"], NUMPY["sign"]


@lru_cache(maxsize=1024)
def spelled(rule: Primitive) -> Callable[..., Any] | None:
    """Return the function `f(x, out=view)` or `f(x, y, out=view)` of a primitive.

    None for a primitive that is to be spelled by its formula (`expanded`). Somebody's own that has
    none is called number by number, and NaN where it raises `ArithmeticError` or `ValueError`.

    >>> out = numpy.empty(3)
    >>> spelled(TABLE["above"])(numpy.array([-1.0, 0.0, 2.0]), 0.0, out=out)
    array([0., 0., 1.])
    """
    if rule.name.startswith("**"):
        return lambda x, out: numpy.power(x, float(rule.name[2:]), out=out)
    if expanded(rule) is not None:
        return None
    if TABLE.get(rule.name) is not rule:
        return called(rule)
    found = NUMPY.get(rule.name) or SPELLINGS.get(rule.name)
    return found or (by_exponent if rule.name == "slope" else lambda function: function)(
        in_numpy(rule)
    )


@lru_cache(maxsize=1024)
def expanded(rule: Primitive) -> Expression | None:
    """Return the formula by which a primitive is spelled, where nothing else spells it."""
    built_in = TABLE.get(rule.name) is rule
    return None if built_in and (rule.name in NUMPY or named(rule)) else formula(rule)


IN_NUMPY = Translator(numpy)


def in_numpy(rule: Primitive) -> Callable[..., Any]:
    """Return the primitive's forward function on arrays."""
    function = IN_NUMPY.function(named(rule))
    if function is None:
        return called(rule)

    def translated(*operands: Any, out: Any) -> Any:
        found = function(*numpy.broadcast_arrays(*operands))
        numpy.copyto(out, found.reshape(out.shape) if found.size == out.size else found)
        return out

    return translated


def called(rule: Primitive, count: int = 0) -> Callable[..., Any]:
    """Return a function that calls the primitive's forward function for each number; with
    so many operands, where it takes any number of them.
    """

    def one(*operands: float) -> float:
        try:
            return float(rule.forward(*operands))
        except (ArithmeticError, ValueError):
            return math.nan

    each = numpy.frompyfunc(one, count or len(rule.domain), 1)
    return lambda *operands, out: each(*operands, out=out, casting="unsafe")


def by_exponent(any_exponent: Callable[..., Any]) -> Callable[..., Any]:
    """Return the slope of x**y, ten times as fast where y is one number, as in x**2."""

    def slope(x: Any, y: Any, out: Any) -> Any:
        if numpy.size(y) > 1 or not float(numpy.ravel(y)[0]) >= 0.5:
            return any_exponent(x, y, out=out)
        exponent = float(numpy.ravel(y)[0])  # a copy: `out` may be y
        numpy.power(x, exponent - 1.0, out=out)
        return numpy.multiply(out, exponent, out=out)

    return slope


# Three rows made of exponentials, with a single scratch array; `out` is written when x is no longer
# needed, since it may be x.


def _sigmoid(x: Any, out: Any) -> Any:
    # h / (h + 1/h) with h = e**(x/2): exact at both ends, where e**x over- or underflows first.
    numpy.minimum(x, _FAR, out=out)
    numpy.multiply(out, _HALF, out=out)
    numpy.exp(out, out=out)
    total = numpy.reciprocal(out)
    numpy.add(total, out, out=total)
    return numpy.divide(out, total, out=out)


def _bell(x: Any, out: Any) -> Any:
    numpy.copysign(x, _MINUS, out=out)
    numpy.exp(out, out=out)
    total = numpy.add(out, _ONE)
    numpy.multiply(total, total, out=total)
    return numpy.divide(out, total, out=out)


def _softplus(x: Any, out: Any) -> Any:
    tail = numpy.copysign(x, _MINUS)
    numpy.exp(tail, out=tail)
    numpy.log1p(tail, out=tail)
    numpy.maximum(x, _ZERO, out=out)
    return numpy.add(out, tail, out=out)


SPELLINGS = {"sigmoid": _sigmoid, "bell": _bell, "softplus": _softplus}
