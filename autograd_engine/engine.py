"""The heart: what a primitive is, the table of primitives, and `Value`, a node of the graph.

With this module alone you can write a formula on Values, ask the result for `backward()`,
and read the derivative of the result by every leaf in the leaf's `grad`:

>>> a, b = Value(2.0), Value(-3.0)
>>> loss = (a * b + 10.0).tanh()
>>> loss.backward()
>>> a.grad / b.data  # 1 - tanh(4)**2
0.0013409506830258974
"""

from __future__ import annotations

import itertools
import math
import operator
import sys
from collections.abc import Callable
from copy import deepcopy
from functools import lru_cache
from inspect import signature
from typing import Any, ClassVar, Final, TypeAlias

from autograd_engine import floats
from autograd_engine.compiling import COMPILED, mypyc_attr
from autograd_engine.real import LEAVING, as_float, domain_error, is_number
from autograd_engine.recording import recording
from autograd_engine.state import (
    LISTENING,
    PAUSED,
    WATCHED,
    Owner,
    alone,
    latest,
    listeners,
    muted,
    paused,
    told,
    watcher,
)

REAL: Final = (-math.inf, math.inf)
POSITIVE: Final = (0.0, math.inf)


class Primitive:
    """An elementary operation: one row of the table, and the only place that knows it.

    `forward(*floats)` gives a float. `partials(output, *operands)` gives the tuple of the
    derivatives of the output by each operand. It is written with primitives, so that it
    reads floats, Values (then the derivatives can be differentiated again) and whatever
    else takes part in arithmetic. `symbol` is drawn in pictures; `domain` holds, for each
    operand, the interval inside which the operation is defined.
    """

    __slots__ = ("name", "forward", "partials", "symbol", "domain", "__weakref__")

    def __init__(
        self,
        name: str,
        forward: Callable[..., float],
        partials: Callable[..., Any],
        symbol: str | None = None,
        domain: tuple[tuple[float, float], ...] = (REAL,),
    ) -> None:
        self.name = name
        self.forward = forward
        self.partials = partials
        self.symbol = name if symbol is None else symbol
        self.domain = domain

    def __call__(self, *operands: Any) -> Any:
        """Apply to Values (recorded: gives a Value) or to numbers (gives a float).

        >>> exp(0.0), exp(Value(0.0))
        (1.0, Value(data=1.0, grad=0.0))
        """
        for operand in operands:
            if type(operand) is not float:
                return self._dispatch(operands)
        return evaluate(self, operands)

    def _dispatch(self, operands: tuple[Any, ...]) -> Any:
        check_count(self, operands)
        for operand in operands:
            if type(operand) is not Value:
                break
        else:
            return apply(self, *operands)
        if any(
            hasattr(operand, "__array_ufunc__") and hasattr(operand, "__len__")
            for operand in operands
        ):
            return elementwise(self, operands)
        if any(isinstance(operand, Value) for operand in operands):
            return apply(self, *map(as_value, operands))
        for operand in operands:
            trace = getattr(operand, "__primitive__", None)  # what else takes part in primitives
            if trace is not None:
                return trace(self, operands)
        return evaluate(self, tuple(map(as_float, operands)))

    def __reduce__(self) -> tuple[Any, ...]:
        if self.name.startswith("**") or TABLE.get(self.name) is self:
            return find_primitive, (self.name,)
        return Primitive, (self.name, self.forward, self.partials, self.symbol, self.domain)

    @property
    def __name__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"


TABLE: Final[dict[str, Primitive]] = {}
"""Every row of the package, by name."""


def row(
    name: str,
    forward: Callable[..., float],
    partials: Callable[..., Any],
    *domain: tuple[float, float],
    symbol: str | None = None,
) -> Primitive:
    """Add a row to the table."""
    TABLE[name] = Primitive(name, forward, partials, symbol, domain or (REAL,))
    return TABLE[name]


def find_primitive(name: str) -> Primitive:
    """Return the row of that name, `**2` for a fixed exponent; `ValueError` if there is none."""
    if name in TABLE:
        return TABLE[name]
    if name.startswith("**"):
        return power_of(int(name[2:]) if name[2:].lstrip("-").isdigit() else float(name[2:]))
    raise ValueError(f"there is no primitive named {name!r}")


# Rows that rules above them mention.
above: Primitive
azmul: Primitive
bell: Primitive
circle: Primitive
cos: Primitive
cosh: Primitive
gate: Primitive
gauss: Primitive
hypot: Primitive
lenient_power: Primitive
ln: Primitive
power_log: Primitive
ratio: Primitive
sign: Primitive
slope: Primitive
unit: Primitive

# Kinks, decided here: relu'(0) = abs'(0) = 0, a tie of maximum and minimum gives each half,
# d(x**0) = 0, at x = 0 d(x**y)/dy = 0. A rule whose textbook form loses digits somewhere
# calls a row of the last block instead, which does not.
# fmt: off

# The operators. Value states the partials of + - * / (and of relu) itself, for speed; a test
# holds them to the rows.
ADD: Final = row("add",      lambda x, y: x + y, lambda out, x, y: (1.0, 1.0),                    REAL, REAL, symbol="+")
SUBTRACT: Final = row("subtract", lambda x, y: x - y, lambda out, x, y: (1.0, -1.0),                   REAL, REAL, symbol="-")
MULTIPLY: Final = row("multiply", lambda x, y: x * y, lambda out, x, y: (y, x),                        REAL, REAL, symbol="*")
DIVIDE: Final = row("divide",   lambda x, y: x / y, lambda out, x, y: (1.0 / y, -out / y),           REAL, REAL, symbol="/")
POWER: Final = row("power",    floats.power,       lambda out, x, y: (slope(x, y), power_log(x, y)),     POSITIVE, REAL, symbol="**")
NEGATIVE: Final = row("negative", lambda x: -x,       lambda out, x: (-1.0,),                          symbol="neg")
ABSOLUTE: Final = row("absolute", abs,                lambda out, x: (sign(x),),                       symbol="abs")

exp       = row("exp",      math.exp,           lambda out, x: (out,))
expm1     = row("expm1",    math.expm1,         lambda out, x: (exp(x),))
log       = row("log",      floats.log,          lambda out, x: (1.0 / x,),                       POSITIVE)
log1p     = row("log1p",    math.log1p,         lambda out, x: (1.0 / (1.0 + x),),               (-1.0, math.inf))
log2      = row("log2",     math.log2,          lambda out, x: (1.0 / math.log(2.0) / x,),       POSITIVE)
log10     = row("log10",    math.log10,         lambda out, x: (1.0 / math.log(10.0) / x,),      POSITIVE)
sqrt      = row("sqrt",     math.sqrt,          lambda out, x: (ratio(0.5, out),),               POSITIVE)
cbrt      = row("cbrt",     floats.cbrt,        lambda out, x: (ratio(1.0, 3.0 * out * out),))
sin       = row("sin",      math.sin,           lambda out, x: (cos(x),))
cos       = row("cos",      math.cos,           lambda out, x: (-sin(x),))
tan       = row("tan",      math.tan,           lambda out, x: (1.0 + out * out,))
asin      = row("asin",     math.asin,          lambda out, x: (ratio(1.0, circle(x)),),         (-1.0, 1.0))
acos      = row("acos",     math.acos,          lambda out, x: (ratio(-1.0, circle(x)),),        (-1.0, 1.0))
atan      = row("atan",     math.atan,          lambda out, x: (unit(1.0, x) * unit(1.0, x),))
atan2     = row("atan2",    math.atan2,         lambda out, y, x: (gate(hypot(x, y), ratio(unit(x, y), hypot(x, y))), gate(hypot(x, y), ratio(-unit(y, x), hypot(x, y)))), REAL, REAL)
sinh      = row("sinh",     math.sinh,          lambda out, x: (cosh(x),))
cosh      = row("cosh",     math.cosh,          lambda out, x: (sinh(x),))
tanh      = row("tanh",     math.tanh,          lambda out, x: (4.0 * bell(2.0 * x),))
asinh     = row("asinh",    math.asinh,         lambda out, x: (unit(1.0, x),))
acosh     = row("acosh",    math.acosh,         lambda out, x: (ratio(1.0, sqrt(x - 1.0) * sqrt(x + 1.0)),), (1.0, math.inf))
atanh     = row("atanh",    math.atanh,         lambda out, x: (1.0 / (circle(x) * circle(x)),), (-1.0, 1.0))
erf       = row("erf",      math.erf,           lambda out, x: (2.0 / math.sqrt(math.pi) * gauss(x),))
erfc      = row("erfc",     math.erfc,          lambda out, x: (-2.0 / math.sqrt(math.pi) * gauss(x),))
sigmoid   = row("sigmoid",  floats.sigmoid,     lambda out, x: (bell(x),))
softplus  = row("softplus", floats.softplus,    lambda out, x: (sigmoid(x),))
relu      = row("relu",     floats.relu,        lambda out, x: (above(x, 0.0),),                 symbol="ReLU")
maximum   = row("maximum",  floats.maximum,     lambda out, x, y: (0.5 + 0.5 * (above(x, y) - above(y, x)), 0.5 - 0.5 * (above(x, y) - above(y, x))), REAL, REAL)
minimum   = row("minimum",  floats.minimum,     lambda out, x, y: (0.5 - 0.5 * (above(x, y) - above(y, x)), 0.5 + 0.5 * (above(x, y) - above(y, x))), REAL, REAL)
hypot     = row("hypot",    floats.hypot,       lambda out, x, y: (unit(x, y), unit(y, x)),      REAL, REAL)

# The product that a recorded derivative is made of, adjoint times partial; see `gradients`. CppAD
# calls it so: multiplication with an absolute zero.
azmul     = row("azmul",    floats.azmul,       lambda out, x, y: (y, x),                        REAL, REAL, symbol="*")

# What rules are made of. Lenient where a slope is infinite; see `floats` for each.
ratio     = row("ratio",    floats.ratio,       lambda out, x, y: (ratio(1.0, y), ratio(-out, y)), REAL, REAL, symbol="/")
ln        = row("ln",       floats.ln,          lambda out, x: (ratio(1.0, x),),                 POSITIVE)
lenient_power = row("lenient_power", floats.lenient_power, lambda out, x, y: (slope(x, y), power_log(x, y)), POSITIVE, REAL, symbol="**")
slope     = row("slope",    floats.slope,       lambda out, x, y: (gate(y, y * slope(x, y - 1.0)), lenient_power(x, y - 1.0) + out * ln(x)), POSITIVE, REAL)
power_log = row("power_log", floats.power_log,  lambda out, x, y: (lenient_power(x, y - 1.0) + slope(x, y) * ln(x), out * ln(x)), POSITIVE, REAL)
sign      = row("sign",     floats.sign,        lambda out, x: (0.0,))
above     = row("above",    floats.above,       lambda out, x, y: (0.0, 0.0),                    REAL, REAL, symbol=">")
at_least  = row("at_least", floats.at_least,    lambda out, x, y: (0.0, 0.0),                    REAL, REAL, symbol=">=")
equals    = row("equals",   floats.equals,      lambda out, x, y: (0.0, 0.0),                    REAL, REAL, symbol="==")
gap       = row("gap",      floats.gap,         lambda out, x, y: (1.0, -1.0),                   REAL, REAL, symbol="-")
stopped   = row("stopped",  floats.stopped,     lambda out, x: (0.0,))
gate      = row("gate",     floats.gate,        lambda out, key, x: (0.0, gate(key, 1.0)),       REAL, REAL)
unit      = row("unit",     floats.unit,        lambda out, x, y: (ratio(unit(y, x) * unit(y, x), hypot(x, y)), ratio(-out * unit(y, x), hypot(x, y))), REAL, REAL)
circle    = row("circle",   floats.circle,      lambda out, x: (ratio(-x, out),),                (-1.0, 1.0))
gauss     = row("gauss",    floats.gauss,       lambda out, x: (-2.0 * gate(out, x) * out,))
bell      = row("bell",     floats.bell,        lambda out, x: (-out * tanh(0.5 * x),))

# What nobody computed.
LEAF: Final     = row("leaf",     float,          lambda out: (),                                  symbol="")
CONSTANT: Final = row("constant", float,          lambda out: (),                                  symbol="")
# fmt: on


def primitive(
    name: object, forward: Callable[..., float], partials: Callable[..., Any]
) -> Primitive:
    """Return a primitive of your own, as good as the built-in ones.

    `forward(*floats)` gives a float and takes one or two of them; `partials(output,
    *operands)` gives the tuple of the derivatives by each operand, written with the
    package's functions, so that higher derivatives follow by themselves. The name is
    only shown: it may be that of a built-in primitive, and takes nothing from it.

    Raises `ValueError` unless `partials` takes the output and one or two operands, and for
    names that begin with `**`; `TypeError` for a name that is no text, and for what is no function.

    >>> cube = primitive("cube", lambda x: x * x * x, lambda out, x: (3.0 * x * x,))
    >>> x = Value(2.0)
    >>> cube(x).backward()
    >>> cube(2.0), x.grad
    (8.0, 12.0)
    """
    if not isinstance(name, str):
        raise TypeError(f"the name of a primitive is text, not {type(name).__name__}: {name!r:.60}")
    for what, given in (("forward", forward), ("partials", partials)):
        if not callable(given):
            raise TypeError(
                f"the {what} of {name} must be a function, not {given!r:.60}: "
                "write primitive(name, forward, partials)"
            )
    if name.startswith("**"):
        raise ValueError(f"{name!r} is the name of a power: give your primitive another")
    arity = len(signature(partials).parameters) - 1
    if arity not in (1, 2):
        raise ValueError(
            f"a primitive takes one or two operands: the partials of {name} must be a function "
            f"of the output and of each operand, such as lambda out, x: (...,)"
        )
    return Primitive(name, forward, partials, domain=(REAL,) * arity)


class Opaque(Primitive):
    """The origin of a node whose operands are known but whose partials are not."""

    __slots__ = ("operands",)

    def __init__(self, symbol: str, operands: tuple[Value, ...]) -> None:
        super().__init__("opaque", float, lambda out: (), symbol)
        self.operands = operands

    def __reduce__(self) -> tuple[Any, ...]:
        return Opaque, (self.symbol, self.operands)


class Dot(Primitive):
    """The origin of a node that stands for start + xs[0]*ys[0] + xs[1]*ys[1] + ...

    Written out, n terms are 2n nodes, most of which nobody ever looks at. `expand` makes them
    where somebody does; until then this one passes adjoints on in their place, and in their
    order, so that the last digits are the same.
    """

    __slots__ = ("start", "xs", "ys", "offset", "dxs", "dys", "adjoint", "seen")

    def __init__(
        self,
        start: Value,
        xs: tuple[Value, ...],
        ys: tuple[Value, ...],
        dxs: tuple[float, ...],
        dys: tuple[float, ...],
    ) -> None:
        self.name = "dot"  # the rest of a primitive is that of the nodes it stands for
        self.symbol = ADD.symbol
        self.start = start
        self.xs = xs
        self.ys = ys
        self.offset = start._data  # the numbers, as of the forward pass
        self.dxs = dxs
        self.dys = dys
        self.adjoint = 0.0  # of the latest sweep
        self.seen = 0  # how many terms the traversal has been through

    def next_operand(self, mark: int) -> Value | None:
        """Return the next operand that this traversal has not visited, None after the last."""
        xs, ys = self.xs, self.ys
        for i in range(self.seen, len(xs)):
            x, y = xs[i], ys[i]
            if x.x is not None and x.mark != mark:
                self.seen = i
                return x
            if y.x is not None and y.mark != mark:
                self.seen = i
                return y
        self.seen = len(xs)
        return None

    def pass_on(self, adjoint: float, begin: int, end: int) -> None:
        """Add what these terms contribute to the gradients of their operands."""
        self.adjoint = adjoint
        if not adjoint:
            return
        xs, ys, dxs, dys = self.xs, self.ys, self.dxs, self.dys
        for i in range(end - 1, begin - 1, -1):
            if not i:  # the first sum passes it to the start before its product is next
                self.start._grad += adjoint
            xs[i]._grad += dxs[i] * adjoint
            ys[i]._grad += dys[i] * adjoint

    def passed(self, begin: int, end: int) -> list[tuple[Value, float]]:
        """Return the operands of these terms as `pass_on` meets them, each with its partial."""
        found: list[tuple[Value, float]] = []
        for i in range(end - 1, begin - 1, -1):
            if not i:
                found.append((self.start, 1.0))
            found += (self.xs[i], self.dxs[i]), (self.ys[i], self.dys[i])
        return found


@lru_cache(maxsize=256, typed=True)
def power_of(number: Any) -> Primitive:
    """Return the primitive x -> x**number for a fixed number: one operand."""
    exponent = float(number)
    return Primitive(
        f"**{number if type(number) is int else exponent}",
        lambda x: floats.power(x, exponent),
        lambda out, x: (slope(x, exponent),),
        domain=(POSITIVE if exponent % 1.0 else REAL,),
    )


class Note:
    """What is known about a value beside its numbers: its label, its region's name, its source.

    The source is a file, a line number and the line itself, where `trace_source` was on.
    """

    __slots__ = ("label", "region", "source")

    def __init__(
        self, label: str = "", region: str = "", source: tuple[str, int, str] | None = None
    ) -> None:
        self.label = label
        self.region = region
        self.source = source

    def __reduce__(self) -> tuple[Any, ...]:  # the same from both builds
        return Note, (self.label, self.region, self.source)

    def __setstate__(self, state: Any) -> None:  # of version 0.1.0: a dict if it was compiled
        for name, found in (state if isinstance(state, dict) else state[1]).items():
            setattr(self, name, found)


NO_CLOSURE: Final = (
    "a Value keeps no closure _backward: out.backward() does the whole pass, and an operation of "
    "your own is written as ag.primitive(name, forward, partials), such as "
    'cube = ag.primitive("cube", lambda x: x**3, lambda out, x: (3.0 * x**2,))'
)

STEPS: Final = (
    "write v.data // n or v.data % n for a plain number, since a step has no derivative to follow, "
    "and v - n * (v.data // n) for the remainder in the graph"
)
INSTEAD: Final[dict[str, str]] = {
    "//": STEPS,
    "%": STEPS,
    "divmod": STEPS,
    "@": "write v * w, ag.dot(xs, ys) of two lists, or @ of NumPy arrays of Values",
    "^": "write v ** n for a power",
}
"""What to write where there is no such operator."""

NOTHING: Final = Note()
NAMELESS: Final = ""
INTERNAL: Final = frozenset(("x", "y", "dx", "dy", "rule", "mark", "note"))
"""The slots of a Value that nobody else is to see."""


# Any stands for NotImplemented, upon which Python asks the other operand.
Result: TypeAlias = "Value | Any"


@mypyc_attr(acyclic=True)
class Value:
    """A number that remembers how it was computed.

    `data` is the number, `grad` the derivative that `backward()` found by this value.
    `label` names it in pictures, explanations and errors.

    Raises `TypeError` for anything that is not one real number.

    >>> x = Value(3.0, "x")
    >>> y = x * x + 1
    >>> y.backward()
    >>> y.data, x.grad
    (10.0, 6.0)
    """

    # Operands x, y and the partial derivatives dx, dy by them are fixed slots: no tuple, no
    # closure, so that a node is one object and reference counting alone frees a graph.
    __slots__ = ("_data", "_grad", "x", "y", "dx", "dy", "rule", "mark", "note", "__weakref__")

    _data: float
    _grad: float
    x: Value | None
    y: Value | None
    dx: float
    dy: float
    rule: Primitive
    mark: int  # the number of the last traversal that came by
    note: Note  # absent until there is something to note

    _op_priority: ClassVar[float] = 20.0  # SymPy's numbers ask no other for its answer

    def __init__(
        self, data: object, _children: object = NAMELESS, _op: str = "", label: Any = NAMELESS
    ) -> None:
        self._data = data if type(data) is float else as_float(data)
        self._grad = 0.0
        self.x = None
        self.y = None
        self.dx = 0.0
        self.dy = 0.0
        self.rule = LEAF
        self.mark = 0
        if _children is not NAMELESS or label is not NAMELESS:
            if not isinstance(_children, str):  # micrograd's Value(data, children, op, label=...)
                operands = children(_children)
                if operands or _op:  # else it is a leaf, as in micrograd
                    self.rule = Opaque(_op, operands)
            elif _children:
                label = _children
            if label or not isinstance(label, str):
                self.note = Note(as_label(label))

    # What one can ask a value.

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
        """The derivative by this value: a leaf's is the sum over every `backward()` since
        `zero_grad()`, that of a value in between belongs to the latest one.
        """
        if WATCHED:
            told("grad", self, grad_of(self))
        try:
            return self._grad
        except AttributeError:  # interpreted, a computed value has none before a sweep
            return 0.0

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
        self.note = Note(as_label(label), noted(self).region, noted(self).source)

    @property
    def operands(self) -> tuple[Value, ...]:
        """The values this one was computed from, in order, repeats kept."""
        if self.x is None:
            return self.rule.operands if isinstance(self.rule, Opaque) else ()
        expand(self)
        return (self.x,) if self.y is None else (self.x, self.y)

    @property
    def partials(self) -> tuple[float, ...]:
        """The derivatives of this value by each operand, as of the forward pass."""
        if WATCHED:  # they follow from the operands' numbers
            for operand in self.operands:
                told("data", operand, operand._data)
        return self._slopes()

    def _slopes(self) -> tuple[float, ...]:
        """Return the partials, unheard."""
        if self.x is None:
            return ()
        expand(self)
        return (self.dx,) if self.y is None else (self.dx, self.dy)

    @property
    def op(self) -> str:
        """The symbol of the operation that made this value; "" for a leaf or constant."""
        return self.rule.symbol

    @property
    def _prev(self) -> set[Value]:
        return set(self.operands)

    @property
    def _op(self) -> str:
        return self.rule.symbol

    @property
    def _backward(self) -> Any:
        raise AttributeError(NO_CLOSURE)

    @_backward.setter
    def _backward(self, closure: object) -> None:
        raise AttributeError(NO_CLOSURE)

    def __repr__(self) -> str:
        label = f", label={self.label!r}" if self.label else ""
        return f"Value(data={self._data}, grad={grad_of(self)}{label})"

    def __dir__(self) -> list[str]:
        return [name for name in object.__dir__(self) if name not in INTERNAL]

    def __format__(self, spec: str) -> str:
        return format(self._data, spec) if spec else repr(self)

    # Derivatives.

    def backward(self, seed: object = 1.0) -> None:
        """Add the derivatives of this value, times `seed`, to the `grad` of its leaves.

        Values in between hold the gradient of the latest call alone. The derivatives are
        those of the forward pass as recorded, whatever happened to a leaf's `data` since.
        An adjoint of exactly 0 passes nothing on, not even to an infinite partial, unless the
        graph holds derivatives: then their product is NaN.

        Raises `RuntimeError` where this value was made with operands but no partials.
        """
        start = as_float(seed)
        check_partials(self)
        if WATCHED:
            told("sweep", self, start)
        if LISTENING:
            for hear in listeners():
                hear(self, start)
        alone(sweep, self, start)

    def zero_grad(self) -> None:
        """Set this value's gradient to 0."""
        if WATCHED:
            told("set grad", self, 0.0)
        self._grad = 0.0  # by the property, what mypyc makes of it crashes

    def detach(self) -> Value:
        """Return a constant of the same number, cut off from the graph."""
        return unrecorded(stopped, self._data, self, None, 0.0, 0.0)

    # Operators.

    def __add__(self, other: object) -> Result:
        if not isinstance(other, Value):
            if not is_number(other):
                return NotImplemented
            other = constant(other)
        return record(ADD, self._data + other._data, self, other, 1.0, 1.0)

    def __sub__(self, other: object) -> Result:
        if not isinstance(other, Value):
            if not is_number(other):
                return NotImplemented
            other = constant(other)
        return record(SUBTRACT, self._data - other._data, self, other, 1.0, -1.0)

    def __mul__(self, other: object) -> Result:
        if not isinstance(other, Value):
            if not is_number(other):
                return NotImplemented
            other = constant(other)
        return record(MULTIPLY, self._data * other._data, self, other, other._data, self._data)

    def __truediv__(self, other: object) -> Result:
        if not isinstance(other, Value):
            if not is_number(other):
                return NotImplemented
            other = constant(other)
        if not other._data:
            raise refused(DIVIDE, ZeroDivisionError(), self, other)
        quotient = self._data / other._data
        return record(DIVIDE, quotient, self, other, 1.0 / other._data, -quotient / other._data)

    def __pow__(self, other: object) -> Result:
        if isinstance(other, Value):
            return apply(POWER, self, other)
        if not is_number(other):
            return NotImplemented
        return apply(power_of(other if isinstance(other, (float, int)) else as_float(other)), self)

    # fmt: off
    def __radd__(self, other: object) -> Result: return constant(other) + self if is_number(other) else NotImplemented
    def __rsub__(self, other: object) -> Result: return constant(other) - self if is_number(other) else NotImplemented
    def __rmul__(self, other: object) -> Result: return constant(other) * self if is_number(other) else NotImplemented
    def __rtruediv__(self, other: object) -> Result: return constant(other) / self if is_number(other) else NotImplemented
    def __rpow__(self, other: object) -> Result: return constant(other) ** self if is_number(other) else NotImplemented
    # fmt: on

    # fmt: off
    def __floordiv__(self, other: object) -> Result: return no_operation("//", other)
    def __rfloordiv__(self, other: object) -> Result: return no_operation("//", other)
    def __mod__(self, other: object) -> Result: return no_operation("%", other)
    def __rmod__(self, other: object) -> Result: return no_operation("%", other)
    def __divmod__(self, other: object) -> Result: return no_operation("divmod", other)
    def __rdivmod__(self, other: object) -> Result: return no_operation("divmod", other)
    def __matmul__(self, other: object) -> Result: return no_operation("@", other)
    def __rmatmul__(self, other: object) -> Result: return no_operation("@", other)
    def __xor__(self, other: object) -> Result: return no_operation("^", other)
    def __rxor__(self, other: object) -> Result: return no_operation("^", other)
    # fmt: on

    def __neg__(self) -> Value:
        return apply(NEGATIVE, self)

    def __pos__(self) -> Value:
        return self

    def __abs__(self) -> Value:
        return apply(ABSOLUTE, self)

    # Comparisons look at the numbers.

    # fmt: off
    def __lt__(self, other: object) -> bool: return NotImplemented if not is_comparable(other) else watched("less", self, other) if WATCHED else bool(self._data <  number(other))
    def __le__(self, other: object) -> bool: return NotImplemented if not is_comparable(other) else watched("less_equal", self, other) if WATCHED else bool(self._data <= number(other))
    def __gt__(self, other: object) -> bool: return NotImplemented if not is_comparable(other) else watched("greater", self, other) if WATCHED else bool(self._data >  number(other))
    def __ge__(self, other: object) -> bool: return NotImplemented if not is_comparable(other) else watched("greater_equal", self, other) if WATCHED else bool(self._data >= number(other))
    def __eq__(self, other: object) -> bool: return NotImplemented if not is_comparable(other) else watched("equal", self, other) if WATCHED else bool(self._data == number(other))
    def __ne__(self, other: object) -> bool: return NotImplemented if not is_comparable(other) else watched("not_equal", self, other) if WATCHED else bool(self._data != number(other))
    # fmt: on

    def __bool__(self) -> bool:
        return watched("not_equal", self, 0.0) if WATCHED else self._data != 0.0

    def __hash__(self) -> int:
        return id(self) >> 4

    # Copies. (How a graph is pickled stands in `graph`.)

    def __copy__(self) -> Value:
        """Return a value of its own that shares its operands."""
        expand(self)
        return clone(self, self.x, self.y)

    def __deepcopy__(self, memo: dict[int, Any]) -> Value:
        """Return a copy of the whole graph below, each value copied once."""
        order = topological_order(self)
        for leaf in [operand for node in order for operand in node.operands] + [self]:
            if id(leaf) not in memo and leaf.x is None:
                memo[id(leaf)] = twin = clone(leaf, None, None)
                if isinstance(leaf.rule, Opaque):
                    twin.rule = Opaque(leaf.op, deepcopy(leaf.rule.operands, memo))
        for node in order:
            if id(node) not in memo:
                y = None if node.y is None else memo[id(node.y)]
                memo[id(node)] = clone(node, memo[id(node.x)], y)
        return memo[id(self)]  # type: ignore[no-any-return]

    # The way out of the graph is `.data`, never a silent conversion.

    # fmt: off
    def __float__(self) -> float: raise TypeError(LEAVING)
    def __int__(self) -> int: raise TypeError(LEAVING)
    def __complex__(self) -> complex: raise TypeError(LEAVING)
    def __round__(self, digits: int | None = None) -> float: raise TypeError(LEAVING)
    def __trunc__(self) -> int: raise TypeError(LEAVING)
    # fmt: on

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        """Answer the NumPy functions that are an operator or a method here, and no others."""
        lists = (list, tuple, sys.modules["numpy"].ndarray)
        arrays = [operand for operand in inputs if isinstance(operand, lists)]
        if not all(isinstance(operand, lists) or is_comparable(operand) for operand in inputs):
            return NotImplemented  # its own class may know what to do
        function = own_function(ufunc)
        out = options.pop("out", None)
        if function is None or method != "__call__" or options:
            raise TypeError(
                f"{ufunc.__name__} is no operation on Values: write it with functions of the "
                f"package such as ag.exp(v), or make it one with ag.primitive"
            )
        if not arrays:
            return function(*map(as_value, inputs))
        found = elementwise(lambda *items: function(*map(as_value, items)), inputs)
        if out is None:
            return found
        out[0][...] = found
        return out[0]

    # The primitives as methods; then NumPy's spellings, which its ufuncs call on objects.
    # fmt: off
    def exp(self)      -> Value: """Return e to the power of it."""; return apply(exp, self)
    def expm1(self)    -> Value: """Return e to the power of it, less 1, with all digits near 0."""; return apply(expm1, self)
    def log(self)      -> Value: """Return the natural logarithm."""; return apply(log, self)
    def log1p(self)    -> Value: """Return the natural logarithm of 1 more, with all digits near 0."""; return apply(log1p, self)
    def log2(self)     -> Value: """Return the logarithm to base 2."""; return apply(log2, self)
    def log10(self)    -> Value: """Return the logarithm to base 10."""; return apply(log10, self)
    def sqrt(self)     -> Value: """Return the square root."""; return apply(sqrt, self)
    def cbrt(self)     -> Value: """Return the cube root, also of a negative number."""; return apply(cbrt, self)
    def sin(self)      -> Value: """Return the sine."""; return apply(sin, self)
    def cos(self)      -> Value: """Return the cosine."""; return apply(cos, self)
    def tan(self)      -> Value: """Return the tangent."""; return apply(tan, self)
    def asin(self)     -> Value: """Return the angle of this sine."""; return apply(asin, self)
    def acos(self)     -> Value: """Return the angle of this cosine."""; return apply(acos, self)
    def atan(self)     -> Value: """Return the angle of this tangent."""; return apply(atan, self)
    def sinh(self)     -> Value: """Return the hyperbolic sine."""; return apply(sinh, self)
    def cosh(self)     -> Value: """Return the hyperbolic cosine."""; return apply(cosh, self)
    def tanh(self)     -> Value: """Return the hyperbolic tangent."""; return apply(tanh, self)
    def asinh(self)    -> Value: """Return the number of this hyperbolic sine."""; return apply(asinh, self)
    def acosh(self)    -> Value: """Return the number of this hyperbolic cosine."""; return apply(acosh, self)
    def atanh(self)    -> Value: """Return the number of this hyperbolic tangent."""; return apply(atanh, self)
    def erf(self)      -> Value: """Return the error function."""; return apply(erf, self)
    def erfc(self)     -> Value: """Return 1 less the error function, with all digits."""; return apply(erfc, self)
    def sigmoid(self)  -> Value: """Return 1 / (1 + e**-x)."""; return apply(sigmoid, self)
    def softplus(self) -> Value: """Return ln(1 + e**x)."""; return apply(softplus, self)
    def relu(self)     -> Value: """Return it where it is positive, else 0."""; return record(relu, 0.0 if self._data < 0.0 else self._data, self, None, 1.0 if self._data > 0.0 else 0.0, 0.0)

    def atan2(self, x: object)       -> Value: """Return the angle of the point (x, this)."""; return apply(atan2, self, as_value(x))
    def maximum(self, other: object) -> Value: """Return the larger of the two."""; return apply(maximum, self, as_value(other))
    def minimum(self, other: object) -> Value: """Return the smaller of the two."""; return apply(minimum, self, as_value(other))
    def hypot(self, other: object)   -> Value: """Return the length of (this, other)."""; return apply(hypot, self, as_value(other))

    def arcsin(self)  -> Value: """Return the angle of this sine."""; return apply(asin, self)
    def arccos(self)  -> Value: """Return the angle of this cosine."""; return apply(acos, self)
    def arctan(self)  -> Value: """Return the angle of this tangent."""; return apply(atan, self)
    def arcsinh(self) -> Value: """Return the number of this hyperbolic sine."""; return apply(asinh, self)
    def arccosh(self) -> Value: """Return the number of this hyperbolic cosine."""; return apply(acosh, self)
    def arctanh(self) -> Value: """Return the number of this hyperbolic tangent."""; return apply(atanh, self)
    def arctan2(self, x: object) -> Value: """Return the angle of the point (x, this)."""; return apply(atan2, self, as_value(x))
    # fmt: on


OPERATORS: Final[dict[str, Callable[..., Any]]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
    "power": operator.pow,
    "negative": operator.neg,
    "positive": operator.pos,
    "absolute": operator.abs,
    "fabs": operator.abs,
    "float_power": operator.pow,
    "square": lambda x: x * x,
    "reciprocal": lambda x: 1.0 / x,
    "less": operator.lt,
    "less_equal": operator.le,
    "greater": operator.gt,
    "greater_equal": operator.ge,
    "equal": operator.eq,
    "not_equal": operator.ne,
}
"""The operators under the names of NumPy's functions."""


def own_function(ufunc: Any) -> Callable[..., Any] | None:
    """Return what records a ufunc of NumPy or SciPy itself; None for any other, whatever its name.

    >>> import numpy
    >>> own_function(numpy.negative)
    <built-in function neg>
    """
    name = ufunc.__name__
    if not any(
        getattr(sys.modules.get(library), name, None) is ufunc
        for library in ("numpy", "scipy.special")
    ):
        return None
    return OPERATORS.get(name) or getattr(Value, "sigmoid" if name == "expit" else name, None)


# Making values.

blank = object.__new__
ZERO: Final[object] = float("0")  # not a literal, which the compiler would make anew each time


def record(rule: Primitive, data: float, x: Value, y: Value | None, dx: float, dy: float) -> Value:
    """Return the value of an operation on x (and y), with its partials."""
    if PAUSED:
        owner = paused()
        if owner is not None:
            return aside(owner, rule, data, x, y, dx, dy)
    # As in `made`: another call would cost a seventh of the operation, `__init__` a third.
    out = Value(ZERO) if COMPILED else blank(Value)
    out._data = data
    out.x = x
    out.y = y
    out.dx = dx
    out.dy = dy
    out.rule = rule
    out.mark = 0
    return out


def made(rule: Primitive, data: float, x: Value, y: Value | None, dx: float, dy: float) -> Value:
    """Return the value of an operation, whether this thread records or not."""
    out = Value(ZERO) if COMPILED else blank(Value)
    out._data = data
    out.x = x
    out.y = y
    out.dx = dx
    out.dy = dy
    out.rule = rule
    out.mark = 0
    return out


def record_dot(start: Value, xs: tuple[Value, ...], ys: tuple[Value, ...]) -> Value:
    """Return start + xs[0]*ys[0] + ..., of one term at least, as one node; see `Dot`.

    Raises `AttributeError` or `TypeError` where an operand is not a Value.
    """
    lefts = tuple([x._data for x in xs])
    rights = tuple([y._data for y in ys])
    total = start._data
    for left, right in zip(lefts, rights):
        total += left * right
    if type(total) is not float:
        raise TypeError("something else has an attribute of that name")
    # By each x, the product's partial is the number of its y.
    return made(Dot(start, xs, ys, dxs=rights, dys=lefts), total, start, None, 1.0, 0.0)


def expand(node: Value) -> None:
    """Make the products and sums that a node stands for, if its rule is a `Dot`.

    The node becomes the last sum.
    """
    if isinstance(node.rule, Dot):
        if node.y is None:
            alone(_expand, node)
        else:  # the last line is left: that was interrupted
            _expand(node)


def _expand(node: Value) -> None:
    dot = node.rule
    if isinstance(dot, Dot):
        if node.y is None:
            before, product = written_out(dot)
            # Interrupted between any two of these lines, it gives the same gradients.
            node.x = before
            node.dy = 1.0
            node.y = product
        node.rule = ADD


def written_out(dot: Dot) -> tuple[Value, Value]:
    """Return the operands of the last sum of a dot product written out."""
    total, data = dot.start, dot.offset
    grad = dot.adjoint or 0.0  # that of every product and sum
    for x, y, dx, dy in zip(dot.xs, dot.ys, dot.dxs, dot.dys):
        product = made(MULTIPLY, dy * dx, x, y, dx, dy)
        data += product._data
        before, total = total, made(ADD, data, total, product, 1.0, 1.0)
        product._grad = total._grad = grad
    return before, product


def aside(
    owner: Owner, rule: Primitive, data: float, x: Value, y: Value | None, dx: float, dy: float
) -> Value:
    """Return the value of an operation where its owner is silent, or is traced."""
    if muted(owner):
        return constant(data)
    if latest(owner.silent):
        return unrecorded(rule, data, x, y, dx, dy)
    out = made(rule, data, x, y, dx, dy)
    tell = latest(owner.traced)
    if tell is not None:
        tell(out)
    return out


def unrecorded(
    rule: Primitive, data: float, x: Value, y: Value | None, dx: float, dy: float
) -> Value:
    """Return a constant: the result of an operation that no gradient flows through.

    While a function is compiled here, the program must compute it anew at each call: then
    it is recorded all the same, and the gradient stopped behind it.
    """
    if not WATCHED or watcher() is None:
        return constant(data)
    with recording():
        return record(stopped, data, record(rule, data, x, y, dx, dy), None, 0.0, 0.0)


def watched(name: str, x: Value, other: object) -> bool:
    """Return a comparison, by its NumPy name; if a function is compiled here, tell who does it."""
    holds = bool(OPERATORS[name](x._data, number(other)))
    watch = watcher()
    if watch is not None:
        watch(name, x, as_value(other), holds)
    return holds


def read(operand: Any) -> Any:
    """Return the number of a Value for somebody to use, or the number itself."""
    if WATCHED and isinstance(operand, Value):
        told("read", operand, operand._data)
    return number(operand)


def apply(rule: Primitive, x: Value, y: Value | None = None) -> Value:
    """Return the value of any primitive at x (and y)."""
    try:
        if y is None:
            data = float(rule.forward(x._data))
            partials = rule.partials(data, x._data)
        else:
            data = float(rule.forward(x._data, y._data))
            partials = rule.partials(data, x._data, y._data)
    except (ArithmeticError, ValueError) as error:
        raise refused(rule, error, x, y) from None
    if type(partials) is not tuple or len(partials) != (1 if y is None else 2):
        raise TypeError(
            f"the partials of {rule.name} must come as a tuple, one for each operand, "
            f"not {partials!r}"
        )
    return record(rule, data, x, y, float(partials[0]), 0.0 if y is None else float(partials[1]))


def constant(data: object) -> Value:
    """Return a value that is no leaf to be trained: a number that met a Value."""
    out = Value(data)
    out.rule = CONSTANT
    return out


def clone(node: Value, x: Value | None, y: Value | None) -> Value:
    """Return a value like this one, on the operands given."""
    twin = Value(read(node) if x is None else node._data)
    twin._grad = grad_of(node)
    twin.x = x
    twin.y = y
    twin.dx = node.dx
    twin.dy = node.dy
    twin.rule = node.rule
    if noted(node) is not NOTHING:
        twin.note = node.note
    return twin


def grad_of(node: Value) -> float:
    """Return the gradient of a value, unheard."""
    try:
        return node._grad
    except AttributeError:
        return 0.0


def noted(node: Value) -> Note:
    """Return the note of a value, an empty one where it has none."""
    try:
        return node.note
    except AttributeError:
        return NOTHING


def as_label(given: Any) -> str:
    """Return a label as it is, refusing what is no text."""
    if isinstance(given, str):
        return given
    raise TypeError(f"a label is text, not {type(given).__name__}: {given!r}")


def children(given: Any) -> tuple[Value, ...]:
    """Return the operands that micrograd's constructor was given, or say what it takes."""
    several = isinstance(given, (tuple, list, set, frozenset))
    if several and all(isinstance(value, Value) for value in given):
        return tuple(given)
    raise TypeError(f"a label is text, children are a tuple of Values; got {given!r}")


def as_value(operand: object) -> Value:
    """Return the operand itself, or the constant of a number."""
    return operand if isinstance(operand, Value) else constant(operand)


def no_operation(symbol: str, other: object) -> Result:
    """Say what to write instead of an operator; what is no number may answer itself."""
    if not is_comparable(other):
        return NotImplemented
    raise TypeError(f"{symbol} is no operation on Values: {INSTEAD[symbol]}")


def check_partials(output: Value) -> None:
    """Refuse to differentiate what was made with operands but no partials."""
    if isinstance(output.rule, Opaque) and output.rule.operands:
        raise RuntimeError(
            f"{output!r} was made with operands but without its partials, so no derivative by them "
            "is known: compute it from them, such as a + b, or write an operation of your own "
            "with ag.primitive"
        )


def is_comparable(other: object) -> bool:
    """Say whether a Value can be compared with this."""
    return isinstance(other, Value) or is_number(other)


def number(operand: Any) -> Any:
    """Return the number of a Value, or the number itself."""
    if isinstance(operand, Value):
        return operand._data
    # Others would compare by rules of their own: 0.1 == numpy.float32(0.1).
    return operand if isinstance(operand, (float, int)) else as_float(operand)


def evaluate(rule: Primitive, operands: tuple[float, ...]) -> float:
    """Return the primitive's value at plain floats."""
    try:
        return float(rule.forward(*operands))
    except (ArithmeticError, ValueError) as error:
        raise refused(rule, error, *operands) from None
    except TypeError:
        check_count(rule, operands)
        raise


def check_count(rule: Primitive, operands: tuple[Any, ...]) -> None:
    """Refuse another number of operands than the primitive takes."""
    if len(operands) != len(rule.domain):
        raise TypeError(
            f"{rule.name} takes {len(rule.domain)} operand(s), got {len(operands)}"
        ) from None


def elementwise(function: Callable[..., Any], operands: tuple[Any, ...]) -> Any:
    """Return the function applied to each element of NumPy arrays."""
    import numpy

    # As an array, a Value does not ask to be called again.
    arrays = [numpy.array(x, dtype=object) if isinstance(x, Value) else x for x in operands]
    return numpy.frompyfunc(function, len(operands), 1)(*arrays)


def refused(rule: Primitive, error: Exception, *operands: Value | float | None) -> Exception:
    """Return the error of a primitive outside its domain, naming the operands."""
    given = [
        (operand.label if isinstance(operand, Value) else "", number(operand))
        for operand in operands
        if operand is not None
    ]
    own = TABLE.get(rule.name) is not rule and not rule.name.startswith("**")
    if own and str(error):  # somebody's own primitive knows better what is wrong
        return domain_error(rule.name, rule.symbol, error, given, said=str(error))
    return domain_error(rule.name, rule.symbol, error, given, rule.domain)


def honest(order: list[Value], known: list[bool]) -> bool:
    """Say whether this sweep multiplies a 0 by an infinite slope, which gives NaN.

    It does where the graph holds recorded derivatives; see `gradients`. `known` keeps the answer.
    """
    if not known:
        known.append(any(node.rule is azmul for node in order))
    return known[0]


def sweep(output: Value, start: float) -> None:
    """Add the output's derivatives to the gradients; the work of `backward`, done alone."""
    runs: list[int] = []
    known: list[bool] = []
    order = ordered((output,), True, runs)
    output._grad += start
    for node in reversed(order):
        adjoint = node._grad
        x, y = node.x, node.y
        if x is None:
            continue
        if y is not None:
            if adjoint or ((node.dx - node.dx or node.dy - node.dy) and honest(order, known)):
                x._grad += node.dx * adjoint
                y._grad += node.dy * adjoint
        elif isinstance(node.rule, Dot):
            end, begin = runs.pop(), runs.pop()
            node.rule.pass_on(adjoint, begin, end)
        elif node.rule is stopped:
            continue  # not even an infinite adjoint times 0
        elif adjoint or (node.dx - node.dx and honest(order, known)):
            x._grad += node.dx * adjoint


_traversals = itertools.count(1)


def topological_order(*outputs: Value, runs: list[int] | None = None) -> list[Value]:
    """Return the computed values below the outputs, every operand before its uses.

    Leaves and constants are left out. A `Dot` is expanded, unless `runs` is given: see `ordered`.
    """
    if runs is not None:
        return ordered(outputs, False, runs)
    return alone(ordered, outputs, False, None)  # type: ignore[no-any-return]


def ordered(outputs: tuple[Value, ...], clear: bool, runs: list[int] | None) -> list[Value]:
    """Return the topological order; the work of `topological_order`, done alone.

    Depth-first and iterative: a graph may be ten million operations deep. Each value is marked
    with the number of this traversal, which no other has, so that one that was interrupted
    cannot mislead the next.
    With `clear` it sets the values' gradients to 0 in passing.

    Given `runs`, a `Dot` stands in the order once for each run of terms that were seen without
    going elsewhere; `runs` gets where each begins and ends. That holds while one is alone.
    """
    mark = next(_traversals)
    order: list[Value] = []
    for output in outputs:
        path: list[Value | None] = [None]  # values whose later operands have not been looked at
        node: Value | None = output if output.mark != mark else None
        while node is not None:
            if runs is None:
                _expand(node)
            elif node.y is None and isinstance(node.rule, Dot):
                node.rule.seen = 0
            x = node.x
            if x is None:
                break  # a leaf as output
            node.mark = mark
            if clear:
                node._grad = 0.0
            if x.x is not None and x.mark != mark:
                path.append(node)
                node = x
                continue
            while True:
                y = node.y
                if y is None and runs is not None:
                    rule = node.rule
                    if isinstance(rule, Dot):
                        begin = rule.seen
                        y = rule.next_operand(mark)
                        if rule.seen > begin:
                            runs.append(begin)
                            runs.append(rule.seen)
                            if y is not None:
                                order.append(node)
                if y is not None and y.x is not None and y.mark != mark:
                    path.append(node)
                    node = y
                    break
                order.append(node)
                node = path.pop()
                if node is None:
                    break
    return order
