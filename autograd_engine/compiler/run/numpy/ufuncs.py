"""Each primitive as NumPy's functions are: called `f(x, out=view)` or `f(x, y, out=view)`.

Operands are arrays of floats, strided or broadcast as they like, or numbers; `out` may be an
operand. Nothing raises: what is undefined is NaN, an overflow is infinite. NumPy notes such
floating-point errors, so the caller stands inside `numpy.errstate(all="ignore")`.

What is neither NumPy's own nor translated to arrays is called number by number.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy

from autograd_engine.compiler.record.symbols import formula
from autograd_engine.compiler.run.translated import OnArrays
from autograd_engine.primitives import TABLE, Primitive

IN_NUMPY = OnArrays(numpy)


@lru_cache(maxsize=1024)
def spelled(rule: Primitive) -> Callable[..., Any] | None:
    """Return the function `f(x, out=view)` or `f(x, y, out=view)` of a primitive.

    None for a primitive that is to be spelled by its formula. Somebody's own that has
    none is called number by number, and NaN where it raises `ArithmeticError` or `ValueError`.

    >>> out = numpy.empty(3)
    >>> spelled(TABLE["above"])(numpy.array([-1.0, 0.0, 2.0]), 0.0, out=out)
    array([0., 0., 1.])
    """
    function = IN_NUMPY.spelled(rule)
    if function is None:
        own = TABLE.get(rule.name) is not rule
        return None if own and formula(rule) is not None else called(rule)
    if isinstance(function, numpy.ufunc):
        return function  # type: ignore[no-any-return]

    def translated(*operands: Any, out: Any) -> Any:
        out[...] = function(*numpy.broadcast_arrays(*operands))
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
