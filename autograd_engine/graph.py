"""Looking at a graph: its values and leaves, its depth, its regions; graphs of anybody's objects.

A *region*, such as a layer, is all behind a value marked by `mark_region`, up to the next mark.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from contextlib import suppress
from operator import attrgetter
from typing import Any

from autograd_engine.engine import Value, topological_order
from autograd_engine.notes import as_label, mark, noted
from autograd_engine.primitives import TABLE, Opaque, find_primitive
from autograd_engine.real import kind_of
from autograd_engine.table import CONSTANT, LEAF, NEGATIVE


def nodes(*outputs: Value) -> list[Value]:
    """Return every value below the outputs, each once, every operand before its uses.

    Raises `TypeError`, as do all functions here, for what is no Value.

    >>> x = Value(2.0, "x")
    >>> [node.op or node.label for node in nodes(x * x + x)], leaves(x * x) == [x], depth(x * x)
    (['x', '*', '+'], True, 1)
    """
    return _numbered(*outputs)[0]


def _numbered(
    *outputs: Value, order: Sequence[Value] = ()
) -> tuple[list[Value], dict[int, int], list[tuple[int, ...]]]:
    """Return the nodes, the position of each by its id, and the positions of its operands."""
    for output in outputs:
        _check(output)
    values: list[Value] = []
    operands: list[tuple[int, ...]] = []
    place: dict[int, int] = {}

    def add(value: Value, below: tuple[Value, ...] = ()) -> None:
        operands.append(tuple([place[id(operand)] for operand in below]))
        place[id(value)] = len(values)
        values.append(value)

    for node in (*(order or topological_order(*outputs)), *outputs):
        if id(node) not in place:
            below = node.operands
            for operand in below:
                if id(operand) not in place:  # what nobody computed stands before its first use
                    add(operand)
            add(node, below)
    if not order and Opaque in set(map(type, map(attrgetter("_rule"), values))):
        # No sweep gets below these, but a look does.
        return _numbered(*outputs, order=_postorder(outputs, lambda node: node.operands))
    return values, place, operands


def _postorder(outputs: Iterable[Any], below: Callable[[Any], Iterable[Any]]) -> list[Any]:
    """Return what stands below the outputs, each once, behind all that is below it."""
    order: list[Any] = []
    seen: set[int] = set()
    path: list[tuple[Any, Iterator[Any]]] = [(None, iter(outputs))]
    while path:
        node, rest = path[-1]
        part = next((part for part in rest if id(part) not in seen), None)
        if part is not None:
            seen.add(id(part))
            path.append((part, iter(below(part))))
        else:
            order.append(node)
            path.pop()
    return order[:-1]


def _check(value: object) -> None:
    if not isinstance(value, Value):
        kind = f"{kind_of(value)}: {value!r:.60}"
        raise TypeError(f"a graph is that of Values, nodes(a) or nodes(a, b), not of {kind}")


def leaves(*outputs: Value) -> list[Value]:
    """Return the leaves below the outputs: values nobody computed, constants left out."""
    return [node for node in nodes(*outputs) if node._rule is LEAF]


def is_constant(value: Value) -> bool:
    """Say whether this is a constant: a number that met a Value, or a detached value."""
    _check(value)
    return value._rule is CONSTANT


def size(*outputs: Value) -> int:
    """Return the number of values in the graph."""
    return len(nodes(*outputs))


def depth(*outputs: Value) -> int:
    """Return the number of operations on the longest path from a leaf to an output."""
    depths: dict[Value, int] = {}
    for node in nodes(*outputs):
        depths[node] = max([depths[operand] + 1 for operand in node.operands], default=0)
    return max([depths[output] for output in outputs], default=0)


def mark_region(output: Value, name: str) -> None:
    """Mark an output: what stands behind it, up to the next mark, is the region `name`."""
    as_label(name, "the name of a region")
    _check(output)
    mark(output, region=name, ended=None)


def region(value: Value) -> str:
    """Return the name with which this value is marked as a region's output; "" if it is not."""
    _check(value)
    return noted(value).region


def _adopted(*items: Any, by: str = "") -> tuple[Any, ...]:
    """Return each object that is like micrograd's as a Value, on one graph; others as they are.

    Such an object has `data`, `grad`, `_prev` and `_op`, perhaps a `label`. Its partials come from
    its symbol and the numbers of its operands, where their order is told or does not matter; else
    it has none, and with `by`, the name of whoever needs them, that raises `ValueError`. Raises
    `TypeError` for operands that are neither such nor numbers.
    """
    known: dict[int, Value] = {}
    alike = [item for item in items if _is_alike(item)]
    for node in _postorder(alike, _below):
        if not _is_alike(node):
            known[id(node)] = node if isinstance(node, Value) else Value(node).detach()
            continue
        if any(id(part) not in known for part in _below(node)):
            raise ValueError(f"a node cannot be among its own operands, by its _prev: {node!r:.80}")
        parts = [known[id(part)] for part in _below(node)]
        value, made = _computed(node, parts) if parts else (Value(node.data), None)
        if value is None:
            if by:
                why = (
                    "its symbol and operands do not tell them: write one of + - * / **2 neg exp "
                    "tanh ReLU ... and a tuple of operands"
                ) if made is None else (
                    f"of its operands it is {made}: they were changed since, or its forward pass "
                    "is wrong; build the graph again"
                )  # fmt: skip
                what = f"{by} needs the partials of {node._op!r} (data {node.data}), and "
                raise ValueError(f"{what}{why}; ag.draw shows this graph without them")
            value = Value(node.data, tuple(parts), str(node._op or ""))
        known[id(node)] = value
        value.label, value.grad = str(getattr(node, "label", "") or ""), node.grad or 0.0
    return tuple([known.get(id(item), item) for item in items])


def _is_alike(item: Any) -> bool:
    names = "data", "grad", "_prev", "_op"
    return not isinstance(item, Value) and all(hasattr(item, name) for name in names)


def _below(node: Any) -> Iterable[Any]:
    """Return an object's operands, those of a set in the order of their labels and numbers."""
    if not _is_alike(node):
        return ()
    if not isinstance(node._prev, (Iterable, type(None))):
        raise TypeError(f"_prev must hold the operands of a node, not {node._prev!r:.60}")
    if isinstance(node._prev, Set):
        key: Any = lambda x: (str(getattr(x, "label", "")), getattr(x, "data", x))  # noqa: E731
        return sorted(node._prev, key=key)
    return node._prev or ()


def _computed(node: Any, parts: Sequence[Value]) -> tuple[Value | None, float | None]:
    """Return what the operation makes of its operands; None where that cannot be told, or is, as
    the second says, another number.
    """
    name = str(node._op or "").lower()
    rules: list[Any] = [rule for rule in TABLE.values() if name in (rule.symbol.lower(), rule.name)]
    if name == "-" and len(parts) == 1:
        rules.insert(0, NEGATIVE)
    if name[:2] == "**":
        with suppress(ValueError):
            rules.insert(0, find_primitive(name))
    told = set[float | None]()  # what the operation may be
    in_order = not isinstance(node._prev, Set) or len(parts) == 1
    for rule in rules:
        # One operand may have been two.
        for operands in (parts, [*parts, *parts])[: 1 + (len(parts) == 1)]:
            with suppress(ArithmeticError, TypeError, ValueError):
                made: Value = rule(*operands)
                if not (in_order and operands is parts):
                    back = rule(*operands[::-1])
                    if (made.data, made.partials) != (back.data, back.partials[::-1]):
                        told.add(None)
                        continue
                if math.isclose(made.data, node.data, rel_tol=1e-9) or made.data != made.data:
                    return made, None
                told.add(made.data)
    return None, told.pop() if len(told) == 1 else None
