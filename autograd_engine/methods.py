"""The functions of the table as methods. Written by `.ci/rows.py`: change the table, and run it."""

# fmt: off
from __future__ import annotations

from typing import Any

from autograd_engine.build import mypyc_attr
from autograd_engine.number import OPERATORS, Number
from autograd_engine.primitives import Primitive
from autograd_engine.table import (
    acos, acosh, asin, asinh, atan, atan2, atanh, cbrt, cos, cosh, erf, erfc, exp, exp2, expm1,
    hypot, log, log1p, log2, log10, logaddexp, maximum, minimum, relu, sigmoid, sin, sinh,
    softplus, sqrt, tan, tanh,
)


@mypyc_attr(acyclic=True)
class Methods(Number):
    """A number x with the functions of the package as methods."""

    __slots__ = ()

    # What a primitive gives of this number, and of another.
    def _one(self, rule: Primitive) -> Any: raise NotImplementedError
    def _two(self, rule: Primitive, other: object) -> Any: raise NotImplementedError

    def exp(self) -> Any: """Return e to the power of x."""; return self._one(exp)
    def exp2(self) -> Any: """Return 2 to the power of x."""; return self._one(exp2)
    def expm1(self) -> Any: """Return e**x - 1, with all digits near 0."""; return self._one(expm1)
    def log(self) -> Any: """Return the natural logarithm."""; return self._one(log)
    def log1p(self) -> Any: """Return the natural logarithm of 1 + x, with all digits near 0."""; return self._one(log1p)
    def log2(self) -> Any: """Return the logarithm to base 2."""; return self._one(log2)
    def log10(self) -> Any: """Return the logarithm to base 10."""; return self._one(log10)
    def sqrt(self) -> Any: """Return the square root; its derivative at 0 is inf."""; return self._one(sqrt)
    def cbrt(self) -> Any: """Return the cube root, also of negative numbers; its derivative at 0 is inf."""; return self._one(cbrt)
    def sin(self) -> Any: """Return the sine of an angle in radians."""; return self._one(sin)
    def cos(self) -> Any: """Return the cosine of an angle in radians."""; return self._one(cos)
    def tan(self) -> Any: """Return the tangent of an angle in radians."""; return self._one(tan)
    def asin(self) -> Any: """Return the angle from -pi/2 to pi/2 with that sine; its derivative at -1 and 1 is inf."""; return self._one(asin)
    def acos(self) -> Any: """Return the angle from 0 to pi with that cosine; its derivative at -1 and 1 is -inf."""; return self._one(acos)
    def atan(self) -> Any: """Return the angle from -pi/2 to pi/2 with that tangent."""; return self._one(atan)
    def atan2(self, other: object) -> Any: """Return the angle of the point (x, y), called with y first, from -pi to pi; at the origin the derivatives are 0 and 0."""; return self._two(atan2, other)
    def sinh(self) -> Any: """Return the hyperbolic sine."""; return self._one(sinh)
    def cosh(self) -> Any: """Return the hyperbolic cosine."""; return self._one(cosh)
    def tanh(self) -> Any: """Return the hyperbolic tangent, which squashes into (-1, 1)."""; return self._one(tanh)
    def asinh(self) -> Any: """Return the inverse hyperbolic sine."""; return self._one(asinh)
    def acosh(self) -> Any: """Return the inverse hyperbolic cosine; its derivative at 1 is inf."""; return self._one(acosh)
    def atanh(self) -> Any: """Return the inverse hyperbolic tangent."""; return self._one(atanh)
    def erf(self) -> Any: """Return the error function."""; return self._one(erf)
    def erfc(self) -> Any: """Return 1 - erf(x), with all digits far out."""; return self._one(erfc)
    def sigmoid(self) -> Any: """Return 1 / (1 + e**-x), which squashes into (0, 1)."""; return self._one(sigmoid)
    def softplus(self) -> Any: """Return ln(1 + e**x), a smooth relu."""; return self._one(softplus)
    def relu(self) -> Any: """Return x where it is positive, else 0; its derivative at 0 is 0."""; return self._one(relu)
    def maximum(self, other: object) -> Any: """Return the larger of two numbers; of equal ones the derivatives are 0.5 and 0.5."""; return self._two(maximum, other)
    def minimum(self, other: object) -> Any: """Return the smaller of two numbers; of equal ones the derivatives are 0.5 and 0.5."""; return self._two(minimum, other)
    def hypot(self, other: object) -> Any: """Return the length of the vector (x, y); at the origin the derivatives are 0 and 0."""; return self._two(hypot, other)
    def logaddexp(self, other: object) -> Any: """Return ln(e**x + e**y), a smooth maximum; of two -inf the derivatives are 0."""; return self._two(logaddexp, other)

    # NumPy's spellings, which its ufuncs call on objects.
    def arcsin(self) -> Any: """Return the angle from -pi/2 to pi/2 with that sine; its derivative at -1 and 1 is inf."""; return self._one(asin)
    def arccos(self) -> Any: """Return the angle from 0 to pi with that cosine; its derivative at -1 and 1 is -inf."""; return self._one(acos)
    def arctan(self) -> Any: """Return the angle from -pi/2 to pi/2 with that tangent."""; return self._one(atan)
    def arctan2(self, other: object) -> Any: """Return the angle of the point (x, y), called with y first, from -pi to pi; at the origin the derivatives are 0 and 0."""; return self._two(atan2, other)
    def arcsinh(self) -> Any: """Return the inverse hyperbolic sine."""; return self._one(asinh)
    def arccosh(self) -> Any: """Return the inverse hyperbolic cosine; its derivative at 1 is inf."""; return self._one(acosh)
    def arctanh(self) -> Any: """Return the inverse hyperbolic tangent."""; return self._one(atanh)
    def fabs(self) -> Any: """Return the number without its sign."""; return OPERATORS["fabs"](self)
    def conjugate(self) -> Any: """Return this number, which is real."""; return OPERATORS["conjugate"](self)
    def deg2rad(self) -> Any: """Return an angle of degrees in radians."""; return OPERATORS["deg2rad"](self)
    def rad2deg(self) -> Any: """Return an angle of radians in degrees."""; return OPERATORS["rad2deg"](self)
    def radians(self) -> Any: """Return an angle of degrees in radians."""; return OPERATORS["radians"](self)
    def degrees(self) -> Any: """Return an angle of radians in degrees."""; return OPERATORS["degrees"](self)
