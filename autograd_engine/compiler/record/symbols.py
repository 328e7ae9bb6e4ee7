"""Symbols: what a rule, or somebody's own function, is read with to learn its formula.

A primitive's `partials` are written with primitives. Called with symbols instead of numbers
they give expressions, which a back end spells in its own language: so a derivative written
once is differentiated, drawn, vectorised and compiled.

>>> from autograd_engine.primitives import TABLE
>>> partials(TABLE["tanh"]), partials(TABLE["dot"], 4)
((multiply(4.0, bell(multiply(2.0, x))),), (x1, x0, x3, x2))
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial, wraps
from typing import Any, TypeAlias, TypeVar

from autograd_engine.primitives import REAL, TABLE, Primitive
from autograd_engine.real import as_float
from autograd_engine.table import ABSOLUTE, ADD, DIVIDE, MULTIPLY, NEGATIVE, POWER, SUBTRACT, ours

Expression: TypeAlias = "Symbol | float"


class Symbol:
    """An unknown number, or a primitive applied to such.

    It takes part in arithmetic and in the package's primitives; a branch on it raises `TypeError`.
    """

    __slots__ = ("name", "operands", "rule")

    def __init__(
        self, name: str = "", rule: Primitive | None = None, operands: tuple[Expression, ...] = ()
    ) -> None:
        self.name, self.rule, self.operands = name, rule, operands

    def __primitive__(self, rule: Primitive, operands: tuple[Any, ...]) -> Expression:
        items = [item if isinstance(item, Symbol) else as_float(item) for item in operands]
        if rule is MULTIPLY and [item for item in items if not isinstance(item, Symbol)] == [1.0]:
            return next(item for item in items if isinstance(item, Symbol))
        return Symbol("", rule, tuple(items))

    def __repr__(self) -> str:
        if self.rule is None:
            return self.name
        return f"{self.rule.name}({', '.join(map(repr, self.operands))})"

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        """Answer the NumPy functions that are operators or primitives."""
        found = ours(ufunc)
        if found is None or method != "__call__" or options:
            return NotImplemented
        return found(*[item if isinstance(item, Symbol) else as_float(item) for item in inputs])

    # fmt: off
    def __add__(self, other: Any) -> Any: return self.__primitive__(ADD, (self, other))
    def __radd__(self, other: Any) -> Any: return self.__primitive__(ADD, (other, self))
    def __sub__(self, other: Any) -> Any: return self.__primitive__(SUBTRACT, (self, other))
    def __rsub__(self, other: Any) -> Any: return self.__primitive__(SUBTRACT, (other, self))
    def __mul__(self, other: Any) -> Any: return self.__primitive__(MULTIPLY, (self, other))
    def __rmul__(self, other: Any) -> Any: return self.__primitive__(MULTIPLY, (other, self))
    def __truediv__(self, other: Any) -> Any: return self.__primitive__(DIVIDE, (self, other))
    def __rtruediv__(self, other: Any) -> Any: return self.__primitive__(DIVIDE, (other, self))
    def __pow__(self, other: Any) -> Any: return self.__primitive__(POWER, (self, other))
    def __rpow__(self, other: Any) -> Any: return self.__primitive__(POWER, (other, self))
    def __neg__(self) -> Any: return self.__primitive__(NEGATIVE, (self,))
    def __pos__(self) -> Any: return self
    def __abs__(self) -> Any: return self.__primitive__(ABSOLUTE, (self,))

    def __bool__(self, *_: Any) -> bool: raise TypeError("a symbol stands for any number")
    __lt__ = __le__ = __gt__ = __ge__ = __eq__ = __ne__ = __bool__
    # fmt: on

    __hash__ = object.__hash__


OUT, X, Y, Z = Symbol("out"), Symbol("x"), Symbol("y"), Symbol("z")

INCLINE = Primitive("incline", lambda x, s: -0.0, lambda out, x, s: (s, 0.0), None, (REAL, REAL))
"""What adds nothing to a value but a slope by its first operand, the second."""


@lru_cache(maxsize=256)
def unknowns(count: int) -> tuple[Symbol, ...]:
    return (X, Y)[:count] if count < 3 else tuple([Symbol(f"x{i}") for i in range(count)])


OWN: dict[Any, Any] = {}  # known of primitives of one's own until the next recording

Known = TypeVar("Known", bound=Callable[..., Any])


def remembered(function: Known) -> Known:
    cached: dict[Any, Any] = {}

    @wraps(function)
    def found(rule: Primitive, *rest: Any) -> Any:
        known = cached if TABLE.get(rule.name) is rule else OWN
        key = function, rule, *rest
        try:
            return known[key]
        except KeyError:
            return known.setdefault(key, function(rule, *rest))

    return found  # type: ignore[return-value]


def operands(rule: Primitive, count: int = 0) -> tuple[Symbol, ...]:
    """Return the symbols of a primitive's operands, of which some take any number: `count`."""
    return unknowns(count or len(rule.domain))


@remembered
def partials(rule: Primitive, count: int = 0) -> tuple[Expression, ...]:
    """Return a primitive's derivatives by each operand, of the symbols `OUT` and `operands`."""
    given = rule.partials(OUT, *operands(rule, count))
    return tuple(item if isinstance(item, Symbol) else as_float(item) for item in given)


@remembered
def slopes(rule: Primitive, count: int = 0) -> tuple[Expression, ...]:
    """Return a primitive's partials. Where its rule branches, or calls functions of `math`, each is
    a primitive without a formula, that can only be called.

    >>> kinked = Primitive("kinked", abs, lambda out, x: (1.0 if x > 0.0 else -1.0,))
    >>> slopes(kinked)
    (slope_of_kinked(x),)
    """
    try:
        return partials(rule, count)
    except Exception:  # whatever somebody's function does not do with a symbol
        if not rule.symbol:  # such a primitive itself
            raise
        given = operands(rule, count)

    def forward(which: int, *numbers: float) -> float:
        return float(rule.partials(rule.forward(*numbers), *numbers)[which])

    def unknown(*numbers: Any) -> tuple[float, ...]:
        raise TypeError(
            f"the partials of {rule.name} branch, or call functions of math: they can be called, "
            f"but not differentiated; write them with functions of the package"
        )

    rest = unknown, "", rule.domain, rule.several
    called = (partial(forward, which) for which in range(len(given)))
    return tuple(Symbol("", Primitive(f"slope_of_{rule.name}", f, *rest), given) for f in called)


@remembered
def formula(rule: Primitive, count: int = 0) -> Expression | None:
    """Return a primitive's own forward function as an expression, None where it cannot be read."""
    try:
        found = rule.forward(*operands(rule, count))
    except Exception:  # whatever somebody's function does not do with a symbol
        return None
    return found if isinstance(found, (Symbol, float, int)) else None


def substituted(expression: Expression, make: Callable[..., Any], known: dict[Symbol, Any]) -> Any:
    """Return what `make(rule, *operands)` makes of an expression, each shared part once."""
    if not isinstance(expression, Symbol):
        return expression
    if expression not in known:
        assert expression.rule is not None
        parts = [substituted(operand, make, known) for operand in expression.operands]
        known[expression] = make(expression.rule, *parts)
    return known[expression]
