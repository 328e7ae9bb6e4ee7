"""Adoption: graphs of objects that are like micrograd's, as Values, for whoever looks at them.

Such an object has `data`, `grad`, `_prev` and `_op`. Its operands are a set: which is which, and
whether one is used twice, is found out by computing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import permutations
from typing import Any

from autograd_engine.engine import Value
from autograd_engine.primitives import TABLE, Primitive
from autograd_engine.table import power_of

_SYMBOLS = {
    "+": "add",
    "-": "subtract",
    "*": "multiply",
    "/": "divide",
    "**": "power",
    "ReLU": "relu",
}


def adopted(*items: Any) -> tuple[Any, ...]:
    """Return each object that is like micrograd's as a Value, on one graph; others as they are.

    Where no operation of that symbol gives the object's number, the value has no partials.

    >>> class Like:
    ...     def __init__(self, data, children=(), op=""):
    ...         self.data, self.grad, self._prev, self._op = data, 0.0, set(children), op
    >>> x = Like(3.0)
    >>> square, other = adopted(Like(9.0, (x,), "*"), "other")
    >>> square.op, square.partials, other
    ('*', (3.0, 3.0), 'other')
    """
    known: dict[int, Value] = {}
    for item in items:
        for node in _ordered(item) if is_like(item) else ():
            if id(node) not in known:
                known[id(node)] = _made(node, [known[id(part)] for part in node._prev])
    return tuple([known.get(id(item), item) for item in items])


def is_like(item: Any) -> bool:
    """Say whether something is like micrograd's values, and none of ours."""
    return not isinstance(item, Value) and all(
        hasattr(item, name) for name in ("data", "grad", "_prev", "_op")
    )


def _ordered(output: Any) -> list[Any]:
    """Return the objects behind one, every operand before its uses, each once."""
    order: list[Any] = []
    seen = {id(output)}
    path: list[tuple[Any, Iterator[Any]]] = [(output, iter(output._prev))]
    while path:
        node, rest = path[-1]
        below = next((part for part in rest if id(part) not in seen), None)
        if below is None:
            order.append(node)
            path.pop()
        else:
            seen.add(id(below))
            path.append((below, iter(below._prev)))
    return order


def _made(node: Any, parts: list[Value]) -> Value:
    value = _computed(node, parts) if parts else Value(node.data)
    value.label = str(getattr(node, "label", "") or "")
    value.grad = node.grad
    return value


def _computed(node: Any, parts: list[Value]) -> Value:
    """Return the value of the operation on these parts, in the order that gives its number."""
    rule = _rule(str(node._op))
    orders = [*permutations(parts), (*parts, *parts)] if len(parts) < 3 else [tuple(parts)]
    for operands in orders if rule else ():
        if rule and (rule.several or len(operands) == rule.arity):
            try:
                found: Value = rule(*operands)
            except (ArithmeticError, TypeError, ValueError):
                continue
            if found._data == node.data or math.isclose(found._data, node.data, rel_tol=1e-9):
                return found
    return Value(node.data, tuple(parts), str(node._op))


def _rule(symbol: str) -> Primitive | None:
    try:
        number = float(symbol[2:]) if symbol[:2] == "**" else math.nan
    except ValueError:
        number = math.nan
    if math.isnan(number):
        return TABLE.get(_SYMBOLS.get(symbol, symbol))
    return power_of(int(number) if number.is_integer() and "." not in symbol else number)
