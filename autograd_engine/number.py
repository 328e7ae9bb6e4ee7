"""What one can ask a number that takes part in primitives: its data, gradient and label, its
comparisons, what it answers NumPy. Nothing here knows of operands or derivatives.
"""

from __future__ import annotations

import math
import operator
import sys
from collections.abc import Callable
from typing import Any, ClassVar, Final

from autograd_engine import words
from autograd_engine.build import mypyc_attr
from autograd_engine.notes import Note, as_label, mark, noted
from autograd_engine.primitives import elementwise
from autograd_engine.real import LEAVING, STAYING, as_float, is_number, named
from autograd_engine.state import ANSWERS, WATCHED, told, watcher
from autograd_engine.table import PUBLIC


@mypyc_attr(acyclic=True)
class Number:
    """A real number `data`, the derivative `grad` by it, and a `label`."""

    __slots__ = ("_data", "_grad", "_note", "__weakref__")

    _data: float
    _grad: float
    _note: Note  # absent until there is something to note

    _op_priority: ClassVar[float] = 20.0  # SymPy's numbers ask no other for its answer

    def __init__(self, data: object) -> None:
        self._data = data if type(data) is float else as_float(data)
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
    def __dir__(self) -> list[str]: return [name for name in object.__dir__(self) if name not in OPERATORS]  # NumPy's
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
    def __divmod__(self, other: object) -> Any: return no_operation("divmod", other)
    def __rdivmod__(self, other: object) -> Any: return no_operation("divmod", other)
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
    def __complex__(self) -> complex: raise TypeError(LEAVING)
    def __round__(self, digits: int | None = None) -> float: raise TypeError(LEAVING)
    def __trunc__(self) -> int: raise TypeError(LEAVING)
    # fmt: on

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        """Answer the NumPy functions that are an operator or a method here, and no others."""
        lists = (list, tuple, sys.modules["numpy"].ndarray)
        spread = [isinstance(operand, lists) for operand in inputs]
        if not all(many or is_comparable(operand) for many, operand in zip(spread, inputs)):
            return NotImplemented  # its own class may know what to do
        function = own_function(ufunc)
        out = options.pop("out", None)
        if function is None or method != "__call__" or options:
            raise no_function(ufunc)
        if not any(spread):
            return function(*map(plain, inputs))
        found = elementwise(lambda *items: function(*map(plain, items)), inputs)
        if out is not None:
            out[0][...] = found
        return found if out is None else out[0]

    def __array_function__(self, function: Any, types: Any, given: Any, options: Any) -> Any:
        """Answer any other function of NumPy as an array of no dimension does, or refuse it."""
        kinds = (Number, sys.modules["numpy"].ndarray)
        if not all(issubclass(kind, kinds) for kind in types):
            return NotImplemented
        try:
            itself = getattr(function, "_implementation", function)  # which asks nobody again
            found = itself(*boxed([*given]), **dict(zip(options, boxed([*options.values()]))))
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            raise no_function(function, error) from error
        return found[()] if isinstance(found, kinds[1]) else found


# fmt: off
OPERATORS: Final[dict[str, Callable[..., Any]]] = {
    "add": operator.add, "subtract": operator.sub, "multiply": operator.mul,
    "divide": operator.truediv, "power": operator.pow, "float_power": operator.pow,
    "negative": operator.neg, "positive": operator.pos, "absolute": operator.abs,
    "fabs": operator.abs, "square": lambda x: x * x, "reciprocal": lambda x: 1.0 / x,
    "conjugate": operator.pos, "deg2rad": lambda x: x * (math.pi / 180.0),
    "rad2deg": lambda x: x * (180.0 / math.pi), "radians": lambda x: x * (math.pi / 180.0),
    "degrees": lambda x: x * (180.0 / math.pi),
    "less": operator.lt, "less_equal": operator.le, "greater": operator.gt,
    "greater_equal": operator.ge, "equal": operator.eq, "not_equal": operator.ne,
}
# fmt: on
"""The operators under the names of NumPy's functions."""


def own_function(ufunc: Any) -> Callable[..., Any] | None:
    """Return what records a ufunc of NumPy or SciPy itself; None for any other, whatever its name."""
    name = ufunc.__name__
    homes = map(sys.modules.get, ("numpy", "scipy.special"))
    if not any(getattr(home, name, None) is ufunc for home in homes):
        return None
    found = "sigmoid" if name == "expit" else name.replace("arc", "a")  # NumPy's arcsin
    return OPERATORS.get(name) or PUBLIC.get(found)


def boxed(given: Any) -> Any:
    """Return what a function of NumPy was given, each Value in it as an array of no dimension."""
    if isinstance(given, Number):
        return sys.modules["numpy"].array(given, dtype=object)
    return type(given)(map(boxed, given)) if type(given) in (list, tuple) else given


def no_function(function: Any, error: object = None) -> Exception:
    """Return the error of a function of NumPy that there is none of for a Value."""
    why = f" ({error})" if isinstance(error, ValueError) else ""
    what = f"{function.__name__} is no operation on Values{why}"
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
    holds = bool(OPERATORS[name](x._data, number(other)))
    watch = watcher()
    if watch is not None:
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


def plain(operand: Any) -> Any:
    """Return a Value itself, any other number as a float: NumPy's would ask again."""
    return operand if isinstance(operand, Number) else as_float(operand)
