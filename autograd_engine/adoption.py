"""Adoption: graphs of objects that are like micrograd's, as Values, for whoever looks at them.

Such an object has `data`, `grad`, `_prev` and `_op`. Its operands are a set: which is which, and
whether one is used twice, is found out by computing.
"""

from __future__ import annotations

import math
from contextlib import suppress
from itertools import permutations
from typing import Any

from autograd_engine.engine import Value
from autograd_engine.graph import _postorder
from autograd_engine.primitives import TABLE, Primitive
from autograd_engine.table import power_of


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
    alike = [
        item
        for item in items
        if not isinstance(item, Value)
        and all(hasattr(item, name) for name in ("data", "grad", "_prev", "_op"))
    ]
    for node in _postorder(alike, lambda node: node._prev):
        known[id(node)] = _made(node, [known[id(part)] for part in node._prev])
    return tuple([known.get(id(item), item) for item in items])


def _made(node: Any, parts: list[Value]) -> Value:
    """Return the value of the operation on these parts, in the order that gives its number."""
    symbol = str(node._op)
    value = Value(node.data, tuple(parts), symbol) if parts else Value(node.data)
    orders = [*permutations(parts), (*parts, *parts)] if len(parts) < 3 else [tuple(parts)]
    rule = _rule(symbol) if parts else None
    for operands in orders if rule else ():
        if rule and (rule.several or len(operands) == rule.arity):
            with suppress(ArithmeticError, TypeError, ValueError):
                found: Value = rule(*operands)
                if found._data == node.data or math.isclose(found._data, node.data, rel_tol=1e-9):
                    value = found
                    break
    value.label, value.grad = str(getattr(node, "label", "") or ""), node.grad
    return value


def _rule(symbol: str) -> Primitive | None:
    with suppress(ValueError):
        if symbol[:2] == "**":
            exponent = float(symbol[2:])
            whole = exponent.is_integer() and "." not in symbol
            return power_of(int(exponent) if whole else exponent)
    return next((rule for rule in TABLE.values() if symbol in (rule.symbol, rule.name)), None)
