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

from autograd_engine.compiler.record.symbols import formula
from autograd_engine.compiler.run.plain import named
from autograd_engine.compiler.run.translated import Translator
from autograd_engine.primitives import TABLE, Primitive


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
    "negative": partial(numpy.multiply, -1.0),  # NumPy's own errs on some strides before 2.5
    "ln": numpy.log,
    "stopped": numpy.positive,
}
"""The rows that are functions of NumPy."""
# These are too, but leave the sign of zero to chance.
del NUMPY["maximum"], NUMPY["minimum"], NUMPY["sign"]


@lru_cache(maxsize=1024)
def spelled(rule: Primitive) -> Callable[..., Any] | None:
    """Return the function `f(x, out=view)` or `f(x, y, out=view)` of a primitive.

    None for a primitive that is to be spelled by its formula . Somebody's own that has
    none is called number by number, and NaN where it raises `ArithmeticError` or `ValueError`.

    >>> out = numpy.empty(3)
    >>> spelled(TABLE["above"])(numpy.array([-1.0, 0.0, 2.0]), 0.0, out=out)
    array([0., 0., 1.])
    """
    if rule.name.startswith("**"):
        return lambda x, out: numpy.power(x, float(rule.name[2:]), out=out)
    if TABLE.get(rule.name) is not rule:
        return called(rule) if formula(rule) is None else None
    if rule.name in NUMPY:
        return NUMPY[rule.name]
    function = SPELLINGS.get(rule.name) or IN_NUMPY.function(named(rule))
    if function is None:
        return called(rule)

    def translated(*operands: Any, out: Any) -> Any:
        out[...] = function(*numpy.broadcast_arrays(*operands))
        return out

    return by_exponent(translated) if rule.name == "slope" else translated


IN_NUMPY = Translator(numpy)


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


# Three rows made of exponentials, exact at both ends, where e**x over- or underflows first.


def _sigmoid(x: Any) -> Any:
    half = numpy.exp(0.5 * numpy.minimum(x, 1000.0))
    return half / (half + 1.0 / half)


def _bell(x: Any) -> Any:
    tail = numpy.exp(-abs(x))
    return tail / ((1.0 + tail) * (1.0 + tail))


def _softplus(x: Any) -> Any:
    return numpy.maximum(x, 0.0) + numpy.log1p(numpy.exp(-abs(x)))


SPELLINGS = {"sigmoid": _sigmoid, "bell": _bell, "softplus": _softplus}
