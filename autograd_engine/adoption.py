"""Adoption: graphs of anybody's objects that are like micrograd's, as Values, for the views.

Such an object has `data`, `grad`, `_prev` and `_op`, perhaps a `label`. Its partials come from its
symbol and the numbers of its operands, where these stand in order or their order does not matter.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence, Set
from contextlib import suppress
from typing import Any

from autograd_engine.engine import Value
from autograd_engine.graph import _postorder
from autograd_engine.primitives import TABLE, find_primitive
from autograd_engine.table import NEGATIVE

_LIKE = "data", "grad", "_prev", "_op"
_SPELLINGS = {
    "add": "+", "sub": "-", "mul": "*", "div": "/", "truediv": "/", "pow": "**",
    "−": "-", "×": "*", "·": "*", "÷": "/", "^": "**", "σ": "sigmoid",
}  # fmt: skip


def adopted(*items: Any, by: str = "") -> tuple[Any, ...]:
    """Return each object that is like micrograd's as a Value, on one graph; others as they are.

    Where partials cannot be told the value has none; with `by`, the name of whoever needs them,
    that raises `ValueError`. Raises `TypeError` for operands that are neither such nor numbers.
    """
    known: dict[int, Value] = {}
    alike = [item for item in items if _is_alike(item)]
    for node in _postorder(alike, _below):
        if _is_alike(node):
            known[id(node)] = _made(node, [known[id(part)] for part in _below(node)], by)
        else:
            known[id(node)] = node if isinstance(node, Value) else Value(node).detach()
    return tuple([known.get(id(item), item) for item in items])


def _is_alike(item: Any) -> bool:
    return not isinstance(item, Value) and all(hasattr(item, name) for name in _LIKE)


def _below(node: Any) -> Iterable[Any]:
    """Return an object's operands, those of a set in the order of their labels and numbers."""
    if not _is_alike(node):
        return ()
    if isinstance(node._prev, Set):
        key: Any = lambda x: (str(getattr(x, "label", "")), getattr(x, "data", x))  # noqa: E731
        return sorted(node._prev, key=key)
    return node._prev  # type: ignore[no-any-return]


def _made(node: Any, parts: list[Value], by: str) -> Value:
    """Return an object as a Value with these operands, with partials if they can be told."""
    value = Value(node.data)
    if parts:
        symbol = str(node._op or "")
        found = _computed(node, symbol.strip("_").lower(), parts)
        if by and isinstance(found, str):
            needed = f"{by} needs the partials of {symbol!r} (data {value.data})"
            raise ValueError(f"{needed}, and {found}; ag.draw shows this graph without them")
        value = Value(node.data, tuple(parts), symbol) if isinstance(found, str) else found
    value.label, value.grad = str(getattr(node, "label", "") or ""), node.grad or 0.0
    return value


def _computed(node: Any, symbol: str, parts: Sequence[Value]) -> Value | str:
    """Return what the operation makes of its operands, or why that cannot be told."""
    name = _SPELLINGS.get(symbol, symbol)
    if name == "**" and len(parts) == 1:
        return "its exponent is not told: write it as **2"
    why = "no operation is written so: write one of + - * / **2 neg exp tanh ReLU ..."
    rules: list[Any] = [rule for rule in TABLE.values() if name in (rule.symbol.lower(), rule.name)]
    if name == "-" and len(parts) == 1:
        rules.insert(0, NEGATIVE)
    if name[:2] == "**" and len(name) > 2:
        with suppress(ValueError):
            rules.insert(0, find_primitive(name))
    in_order = not isinstance(node._prev, Set) or len(parts) == 1
    for rule in rules:
        # One operand may have been two.
        for operands in (parts, [*parts, *parts])[: 1 + (len(parts) == 1)]:
            with suppress(ArithmeticError, TypeError, ValueError):
                made: Value = rule(*operands)
                if not (in_order and operands is parts):
                    back = rule(*operands[::-1])
                    if (made.data, made.partials) != (back.data, back.partials[::-1]):
                        why = "a set does not tell which of its operands is which: use a tuple"
                        continue
                if math.isclose(made.data, node.data, rel_tol=1e-9) or made.data != made.data:
                    return made
                why = f"of its operands it would be {made.data}: compute it anew"
    return why
