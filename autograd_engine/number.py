"""What one can ask a number that takes part in primitives: its data, gradient and label, its
comparisons, what it answers NumPy. Nothing here knows of operands or derivatives.
"""

from __future__ import annotations

import sys
from typing import Any, ClassVar

from autograd_engine import words
from autograd_engine.notes import Note, as_label, mark, noted
from autograd_engine.primitives import Primitive, elementwise
from autograd_engine.real import LEAVING, STAYING, as_float, is_number, named, plain
from autograd_engine.state import ANSWERS, WATCHED, told, watcher
from autograd_engine.table import (
    acos, acosh, asin, asinh, atan, atan2, atanh, cbrt, cos, cosh, erf, erfc, exp, exp2, expm1,
    hypot, log, log1p, log2, log10, logaddexp, maximum, minimum, relu, sigmoid, sin, sinh,
    softplus, sqrt, tan, tanh,
)  # fmt: skip
from autograd_engine.table import BESIDE, ours

try:
    from mypy_extensions import mypyc_attr as mypyc_attr
except ImportError:  # interpreted without it, a class is what it is

    def mypyc_attr(**flags):  # type: ignore[no-untyped-def, misc]
        return lambda cls: cls


@mypyc_attr(acyclic=True)
class Number:
    """A real number `data`, the derivative `grad` by it, and a `label`."""

    __slots__ = ("_data", "_grad", "_note", "__weakref__")

    _data: float
    _grad: float
    _note: Note  # absent until there is something to note

    _op_priority: ClassVar[float] = 10.0005  # above SymPy's numbers, below its matrices

    def __init__(self, data: object) -> None:  # compiled, weak references rely on it
        self._data = as_float(data)
        self._grad = 0.0

    @property
    def data(self) -> float:
        """The number."""
        if WATCHED:
            told("data", self, self._data)
        return self._data

    @data.setter
    def data(self, data: Any) -> None:
        number = as_float(data)
        if WATCHED:
            told("set", self, number)
        self._data = number

    @property
    def grad(self) -> float:
        """The derivative: a leaf's sums up since `zero_grad()`, others have that of the latest."""
        if WATCHED:
            told("grad", self, grad_of(self))
        return grad_of(self)

    @grad.setter
    def grad(self, grad: Any) -> None:
        number = as_float(grad)
        if WATCHED:
            told("set grad", self, number)
        self._grad = number

    @property
    def label(self) -> str:
        """The name shown in pictures, explanations and errors."""
        return noted(self).label

    @label.setter
    def label(self, label: Any) -> None:
        mark(self, label=as_label(label))

    def zero_grad(self) -> None:
        """Set this value's gradient to 0."""
        if WATCHED:
            told("set grad", self, 0.0)
        self._grad = 0.0  # by the property, what mypyc makes of it crashes

    def detach(self) -> Any:
        """Return a constant of the same number, cut off from the graph."""
        return ANSWERS["detached"](self)

    # micrograd's view of a node: an operation of several operands written out in elementary ones.
    # fmt: off
    @property
    def _prev(self) -> set[Any]: return set(ANSWERS["opened"](self).operands)
    @property
    def _op(self) -> Any: return ANSWERS["opened"](self).op
    def __copy__(self) -> Any: return ANSWERS["copy"](self)
    def __deepcopy__(self, memo: dict[int, Any]) -> Any: return ANSWERS["deep copy"](self, memo)
    @property
    def _backward(self) -> Any: raise AttributeError(words.CLOSURE)
    @_backward.setter
    def _backward(self, closure: object) -> None: raise AttributeError(words.CLOSURE)
    def __dir__(self) -> list[str]: return [name for name in object.__dir__(self) if name not in BESIDE]  # NumPy's
    # fmt: on

    def __repr__(self) -> str:
        label = f", label={self.label!r}" if self.label else ""
        return f"Value(data={self._data}, grad={grad_of(self)}{label})"

    def __format__(self, spec: str) -> str:
        return format(self._data, spec) if spec else repr(self)

    # fmt: off
    def __floordiv__(self, other: object) -> Any: return no_operation("//", other)
    def __rfloordiv__(self, other: object) -> Any: return no_operation("//", other)
    def __mod__(self, other: object) -> Any: return no_operation("%", other)
    def __rmod__(self, other: object) -> Any: return no_operation("%", other)
    def __matmul__(self, other: object) -> Any: return no_operation("@", other)
    def __rmatmul__(self, other: object) -> Any: return no_operation("@", other)
    def __xor__(self, other: object) -> Any: return no_operation("^", other)
    def __rxor__(self, other: object) -> Any: return no_operation("^", other)

    # Comparisons look at the numbers.
    def __lt__(self, other: object) -> bool: return NotImplemented if not is_comparable(other) else watched("less", self, other) if WATCHED else bool(self._data <  number(other))
    def __le__(self, other: object) -> bool: return NotImplemented if not is_comparable(other) else watched("less_equal", self, other) if WATCHED else bool(self._data <= number(other))
    def __gt__(self, other: object) -> bool: return NotImplemented if not is_comparable(other) else watched("greater", self, other) if WATCHED else bool(self._data >  number(other))
    def __ge__(self, other: object) -> bool: return NotImplemented if not is_comparable(other) else watched("greater_equal", self, other) if WATCHED else bool(self._data >= number(other))
    def __eq__(self, other: object) -> bool: return answered("__eq__", self, other) if not is_comparable(other) else watched("equal", self, other) if WATCHED else bool(self._data == number(other))
    def __ne__(self, other: object) -> bool: return answered("__ne__", self, other) if not is_comparable(other) else watched("not_equal", self, other) if WATCHED else bool(self._data != number(other))
    def __bool__(self) -> bool: return watched("not_equal", self, 0.0) if WATCHED else self._data != 0.0
    def __hash__(self) -> int: return id(self) >> 4

    # The way out of the graph is `.data`, never a silent conversion.
    def __float__(self) -> float: raise TypeError(LEAVING)
    def __int__(self) -> int: raise TypeError(LEAVING)
    def __round__(self, digits: int | None = None) -> float: raise TypeError(LEAVING)
    def __trunc__(self) -> int: raise TypeError(LEAVING)
    # fmt: on

    # fmt: off
    # What a primitive gives of this number, and of another; the lines below are written by
    # `.ci/rows.py`: change the table, and run it.
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
    def fabs(self) -> Any: """Return the number without its sign."""; return BESIDE["fabs"](self)
    def conjugate(self) -> Any: """Return this number, which is real."""; return BESIDE["conjugate"](self)
    def deg2rad(self) -> Any: """Return an angle of degrees in radians."""; return BESIDE["deg2rad"](self)
    def rad2deg(self) -> Any: """Return an angle of radians in degrees."""; return BESIDE["rad2deg"](self)
    def radians(self) -> Any: """Return an angle of degrees in radians."""; return BESIDE["radians"](self)
    def degrees(self) -> Any: """Return an angle of radians in degrees."""; return BESIDE["degrees"](self)
    # fmt: on

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        """Answer the NumPy functions that are an operator or a method here, and no others."""
        lists = (list, tuple, sys.modules["numpy"].ndarray)
        spread = [isinstance(operand, lists) for operand in inputs]
        if not all(many or is_comparable(operand) for many, operand in zip(spread, inputs)):
            return NotImplemented  # its own class may know what to do
        function, out = ours(ufunc), options.pop("out", None)
        if function is None or method != "__call__" or options:
            raise no_function(ufunc)
        if not any(spread):
            return function(*map(plain, inputs))  # NumPy's own numbers would ask again
        kind = bool if "dd->?" in ufunc.types else float
        array = elementwise(lambda *items: function(*map(plain, items)), inputs, kind)
        if out is not None:
            out[0][...] = array
        return array if out is None else out[0]

    def __array_function__(self, function: Any, types: Any, given: Any, options: Any) -> Any:
        """Answer any other function of NumPy as an array of no dimension does, or refuse it."""
        kinds = (Number, sys.modules["numpy"].ndarray)
        if not all(issubclass(kind, kinds) for kind in types):
            return NotImplemented
        try:
            itself = getattr(function, "_implementation", function)  # which asks nobody again
            found = itself(*boxed([*given]), **dict(zip(options, boxed([*options.values()]))))
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            raise no_function(function) from error
        return found[()] if isinstance(found, kinds[1]) else found


def boxed(given: Any) -> Any:
    """Return what a function of NumPy was given, each Value in it as an array of no dimension."""
    if isinstance(given, Number):
        return sys.modules["numpy"].array(given, dtype=object)
    return type(given)(map(boxed, given)) if type(given) in (list, tuple) else given


def no_function(function: Any) -> Exception:
    """Return the error of a function of NumPy that there is none of for a Value."""
    what = f"{function.__name__} is no operation on Values"
    if sign := {"matmul": "@", "floor_divide": "//", "remainder": "%"}.get(function.__name__):
        return TypeError(f"{what}: {words.OPERATORS[sign]}")
    return TypeError(f"{what}: {STAYING}, or make it one with ag.primitive")


def answered(name: str, x: Number, other: object) -> Any:
    """Return what an array of another library says of a comparison; no answer is no False."""
    arrays = hasattr(other, "shape") and hasattr(other, "__len__") and not isinstance(other, str)
    found = getattr(type(other), name)(other, x) if arrays else NotImplemented
    if arrays and found is NotImplemented:
        raise TypeError(f"a Value is compared with one number, not with {named(other)}")
    return found


def watched(name: str, x: Number, other: object) -> bool:
    """Return a comparison, by its NumPy name; if a function is compiled here, tell who does it."""
    holds = bool(BESIDE[name](x._data, number(other)))
    if (watch := watcher()) is not None:
        watch(name, x, other, holds)
    return holds


def read(operand: Any) -> Any:
    """Return the number of a Value for somebody to use, or the number itself."""
    if WATCHED and isinstance(operand, Number):
        told("read", operand, operand._data)
    return number(operand)


def grad_of(node: Number) -> float:
    """Return the gradient of a value, unheard."""
    try:
        return node._grad
    except AttributeError:  # interpreted, a computed value has none before a sweep
        return 0.0


def no_operation(symbol: str, other: object) -> Any:
    """Say what to write instead of an operator; what is no number may answer itself."""
    if not is_comparable(other):
        return NotImplemented
    raise TypeError(f"{symbol} is no operation on Values: {words.OPERATORS[symbol]}")


def is_comparable(other: object) -> bool:
    return isinstance(other, Number) or is_number(other)


def number(operand: Any) -> Any:
    """Return the number of a Value, or the number itself."""
    if isinstance(operand, Number):
        return operand._data
    # Others would compare by rules of their own: 0.1 == numpy.float32(0.1).
    return operand if isinstance(operand, (float, int)) else as_float(operand)
