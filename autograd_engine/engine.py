"""The engine: how a value is recorded, how a graph is put in order, how it is swept backwards.

An operation computes its number at once, and beside it the partial derivatives by its operands;
the value it returns keeps both, and so is a node of a graph. `backward` goes through the nodes
below an output, each before its operands, and adds partial times adjoint to each operand's `grad`:
so the derivative of the output gets to the leaves. What an operation computes stands in its row of
the `table`. One of n operands, such as a dot product, is one node with n partials, not n products
and sums. Inside `no_grad` the results are constants: nodes without operands, where a sweep ends. A
derivative can be differentiated again, since a rule is written with the package's own operations:
given Values instead of numbers it returns partials that are nodes themselves (see `gradients`).
"""

from __future__ import annotations

import itertools
from typing import Any, Final

from autograd_engine.notes import NAMELESS, described
from autograd_engine.number import Number, mypyc_attr
from autograd_engine.primitives import Opaque, Primitive, check_partials, computed, refused, result, slopes  # fmt: skip
from autograd_engine.real import as_float, is_number
from autograd_engine.state import ANSWERS, LISTENING, PAUSED, WATCHED, alone, announced, told
from autograd_engine.table import ABSOLUTE, ADD, CONSTANT, DIVIDE, LEAF, MULTIPLY, NEGATIVE, POWER, SUBTRACT, power_of, relu, stopped  # fmt: skip

COMPILED: Final = not __file__.endswith(".py")  # by mypyc


@mypyc_attr(acyclic=True)
class Value(Number):
    """A number that remembers how it was computed; `TypeError` for anything else.

    `data` is the number, `grad` the derivative that `backward()` found by this value. `label`,
    which may come second, names it in pictures and errors; `_children` and `_op` are micrograd's.

    >>> x = Value(3.0, "x")
    >>> y = x * x + 1
    >>> y.backward()
    >>> y.data, x.grad
    (10.0, 6.0)
    """

    # Operands x, y and the partial derivatives dx, dy by them are slots, no tuple and no closure: a
    # node is one object, and reference counting alone frees a graph. x is None where nobody computed
    # the value. An operation of several has all of them in `many`, in one tuple, each operand before
    # its partial; in x the first operand, and in dx NaN if a partial is not finite, else 0.
    __slots__ = ("_x", "_y", "_dx", "_dy", "_rule", "_mark", "_many")

    _x: Value | None
    _y: Value | None
    _dx: float
    _dy: float
    _rule: Primitive
    _mark: int  # the number of the last traversal that came by
    _many: tuple[Any, ...]  # present just where the rule takes several operands

    def __init__(self, data: object, _children: object = NAMELESS, _op: object = "", label: Any = NAMELESS) -> None:  # fmt: skip
        self._data = data if type(data) is float else as_float(data)
        self._grad = self._dx = self._dy = 0.0
        self._x = self._y = None
        self._rule = LEAF
        self._mark = 0
        if _children is not NAMELESS or label is not NAMELESS:
            described(self, _children, _op, label)

    @property
    def operands(self) -> tuple[Value, ...]:
        """The values this one was computed from, in order, repeats kept."""
        if self._x is None:
            return self._rule.operands if isinstance(self._rule, Opaque) else ()
        if self._y is not None:
            return self._x, self._y
        return self._many[::2] if self._rule.several else (self._x,)

    @property
    def partials(self) -> tuple[float, ...]:
        """The derivatives of this value by each operand, as of the forward pass."""
        if WATCHED:  # a function is being compiled, and is to know which numbers are read
            for operand in self.operands:
                told("data", operand, operand._data)
        return self._slopes()

    def _slopes(self) -> tuple[float, ...]:
        """Return the partials, and tell nobody."""
        if self._x is None:
            return ()
        if self._y is not None:
            return self._dx, self._dy
        return self._many[1::2] if self._rule.several else (self._dx,)

    @property
    def op(self) -> str:
        """The symbol of the operation that made this value; "" for a leaf or constant."""
        return self._rule.symbol

    def backward(self, seed: object = 1.0) -> None:
        """Add the derivatives of this value, times `seed`, to the `grad` of its leaves.

        Values in between hold the gradient of the latest call alone. The derivatives are those of
        the forward pass, whatever happened to a leaf's `data` since. An adjoint of exactly 0 passes
        nothing on, not even to an infinite partial, unless the graph holds derivatives.

        Raises `RuntimeError` where this value was made with operands but no partials.
        """
        start = as_float(seed)
        check_partials(self)
        if WATCHED or LISTENING:
            announced(self, start)
        alone(sweep, self, start)  # of several threads, one after another

    # The operators. The partials of these stand here for speed; a test holds them to the table.
    # fmt: off
    def __add__(self, other: object) -> Any:
        if isinstance(other, Value):
            return record(ADD, self._data + other._data, self, other, 1.0, 1.0)
        return self.__add__(constant(other)) if is_number(other) else NotImplemented
    def __sub__(self, other: object) -> Any:
        if isinstance(other, Value):
            return record(SUBTRACT, self._data - other._data, self, other, 1.0, -1.0)
        return self.__sub__(constant(other)) if is_number(other) else NotImplemented
    def __mul__(self, other: object) -> Any:
        if isinstance(other, Value):
            return record(MULTIPLY, self._data * other._data, self, other, other._data, self._data)
        return self.__mul__(constant(other)) if is_number(other) else NotImplemented
    def __truediv__(self, other: object) -> Any:
        if not isinstance(other, Value):
            return self.__truediv__(constant(other)) if is_number(other) else NotImplemented
        if not other._data:
            raise refused(DIVIDE, ZeroDivisionError(), self, other)
        quotient = self._data / other._data
        return record(DIVIDE, quotient, self, other, 1.0 / other._data, -quotient / other._data)
    def __pow__(self, other: object) -> Any:
        if isinstance(other, Value):
            return apply(POWER, self, other)
        exponent = other if isinstance(other, (float, int)) or not is_number(other) else as_float(other)
        return apply(power_of(exponent), self) if is_number(other) else NotImplemented
    def __radd__(self, other: object) -> Any: return constant(other).__add__(self) if is_number(other) else NotImplemented
    def __rsub__(self, other: object) -> Any: return constant(other).__sub__(self) if is_number(other) else NotImplemented
    def __rmul__(self, other: object) -> Any: return constant(other).__mul__(self) if is_number(other) else NotImplemented
    def __rtruediv__(self, other: object) -> Any: return constant(other).__truediv__(self) if is_number(other) else NotImplemented
    def __rpow__(self, other: object) -> Any: return constant(other) ** self if is_number(other) else NotImplemented
    def __neg__(self) -> Value: return apply(NEGATIVE, self)
    def __pos__(self) -> Value: return self
    def __abs__(self) -> Value: return apply(ABSOLUTE, self)
    def relu(self) -> Value: return record(relu, 0.0 if self._data < 0.0 else self._data, self, None, 1.0 if self._data > 0.0 else 0.0, 0.0)
    def _one(self, rule: Primitive) -> Value: return apply(rule, self)
    def _two(self, rule: Primitive, other: object) -> Value: return apply(rule, self, as_value(other))
    def __primitive__(self, rule: Primitive, operands: tuple[Any, ...]) -> Value:
        if len(operands) == 1 and not rule.several:
            return apply(rule, self)
        values = tuple([as_value(operand) for operand in operands])
        return record_several(rule, *computed(rule, values)) if rule.several else apply(rule, *values)
    # fmt: on


_traversals = itertools.count(1)
blank = object.__new__
ZERO: Final[object] = float("0")  # not a literal, which the compiler would make anew each time


def record(rule: Primitive, data: float, x: Value, y: Value | None, dx: float, dy: float) -> Value:
    """Return the value of an operation on x (and y), with its partials."""
    # Past `__init__`, for speed; so it has no `_grad` until a traversal clears it.
    out = Value(ZERO) if COMPILED else blank(Value)
    out._data = data
    out._x = x
    out._y = y
    out._dx = dx
    out._dy = dy
    out._rule = rule
    out._mark = 0
    # Inside `no_grad` `blocks` gives a constant of the same number instead. `ANSWERS` holds, by name,
    # what modules that come later in reading order do for this one.
    return ANSWERS["aside"](out) if PAUSED else out


def record_several(rule: Primitive, data: float, many: tuple[Any, ...], zero: float) -> Value:
    """Return the value of an operation of several; `zero` is NaN if a partial is not finite."""
    out = Value(ZERO) if COMPILED else blank(Value)
    out._data, out._x, out._y, out._dx, out._dy, out._rule, out._mark, out._many = data, many[0], None, zero, 0.0, rule, 0, many  # fmt: skip
    return ANSWERS["aside"](out) if PAUSED else out


def apply(rule: Primitive, x: Value, y: Value | None = None) -> Value:
    """Return the value of any primitive at x (and y)."""
    try:
        if y is None:
            found = rule.forward(x._data)
            data = found if type(found) is float else result(rule, found)
            partials = rule.partials(data, x._data)
        else:
            found = rule.forward(x._data, y._data)
            data = found if type(found) is float else result(rule, found)
            partials = rule.partials(data, x._data, y._data)
    except (ArithmeticError, ValueError) as error:
        raise refused(rule, error, x, y) from None
    if type(partials) is not tuple or len(partials) != (1 if y is None else 2) or type(partials[0]) is not float or type(partials[-1]) is not float:  # fmt: skip
        partials = slopes(rule, partials, 1 if y is None else 2)
    return record(rule, data, x, y, partials[0], 0.0 if y is None else partials[1])


def constant(data: object) -> Value:
    """Return a value that is no leaf to be trained: a number that met a Value."""
    out = Value(data)
    out._rule = CONSTANT
    return out


def as_value(operand: object) -> Value:
    """Return the operand itself, or the constant of a number."""
    return operand if isinstance(operand, Value) else constant(operand)


def sweep(output: Value, start: float) -> None:
    """Add the output's derivatives to the gradients, while no other thread sweeps."""
    known: list[bool] = []
    order = ordered((output,), True)
    output._grad += start
    for node in reversed(order):
        adjoint, y = node._grad, node._y
        x: Value = node._x  # type: ignore[assignment]  # who has none is not in the order
        if not adjoint:  # which counts where it meets an infinite slope of a derivative
            infinite = node._dx - node._dx or node._dy - node._dy  # inf - inf is NaN
            if not infinite or not ANSWERS["honest"](order, known):
                continue
        if y is not None:
            x._grad += node._dx * adjoint
            y._grad += node._dy * adjoint  # x itself in x * x: both shares add up
        elif node._rule.several:
            many = node._many
            if COMPILED:
                for i in range(0, len(many), 2):
                    x = many[i]
                    partial: float = many[i + 1]
                    x._grad += partial * adjoint
            else:
                pairs = iter(many)
                for operand, partial in zip(pairs, pairs):
                    operand._grad += partial * adjoint
        elif node._rule is not stopped:  # behind which not even an infinite adjoint is let
            x._grad += node._dx * adjoint


def topological_order(*outputs: Value) -> list[Value]:
    """Return the computed values below the outputs, every operand before its uses."""
    return alone(ordered, outputs, False)  # type: ignore[no-any-return]


def ordered(outputs: tuple[Value, ...], clear: bool) -> list[Value]:
    """Return the topological order, while no other thread looks through a graph.

    Depth-first and iterative: a graph may be ten million operations deep. Each value is marked with
    the number of this traversal, which no other has: one that was interrupted cannot mislead the
    next. With `clear` it sets the values' gradients to 0 in passing.
    """
    mark = next(_traversals)
    order: list[Value] = []
    for output in outputs:
        path: list[Value | None] = [None]  # values whose later operands have not been looked at
        wide: list[Value] = []  # those that are operations of several,
        rest: list[Value] = []  # the operands of all these that may not have been looked at,
        ends: list[int] = []  # and where each one's begin
        node: Value | None = output if output._mark != mark else None
        while node is not None:
            x = node._x
            if x is None:
                break  # a leaf as output
            node._mark = mark
            if clear:
                node._grad = 0.0
            if x._x is not None and x._mark != mark:  # computed, and not met before
                path.append(node)
                node = x
                continue
            while True:
                y = node._y
                if y is None and node._rule.several:
                    if not wide or wide[-1] is not node:
                        wide.append(node)
                        ends.append(len(rest))
                        many = node._many
                        for i in range(len(many) - 2, -1, -2):
                            operand: Value = many[i]
                            if operand._x is not None and operand._mark != mark:
                                rest.append(operand)
                    if len(rest) > ends[-1]:
                        y = rest.pop()
                        if y._mark == mark:
                            continue
                    else:
                        wide.pop()
                        ends.pop()
                if y is not None and y._x is not None and y._mark != mark:
                    path.append(node)
                    node = y
                    break
                order.append(node)
                node = path.pop()
                if node is None:
                    break
    return order
