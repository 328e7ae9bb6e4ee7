"""Copies of values and of graphs; and what an operation of several operands is written out in."""

from __future__ import annotations

import math
from typing import Any

from autograd_engine.blocks import enable_grad
from autograd_engine.engine import Value, ordered
from autograd_engine.graph import _moved, nodes
from autograd_engine.notes import NOTHING, noted
from autograd_engine.number import grad_of, read
from autograd_engine.partials import paired
from autograd_engine.primitives import Opaque
from autograd_engine.several import crossed, dot
from autograd_engine.state import ANSWERS, alone
from autograd_engine.table import DOT


def copied(node: Value) -> Value:
    """Return a value of its own that shares its operands."""
    return clone(node, node.operands)


def clone(node: Value, operands: tuple[Value, ...]) -> Value:
    """Return a value like this one, on the operands given."""
    twin = Value(read(node) if node._x is None else node._data)
    twin._grad, twin._rule = grad_of(node), node._rule
    twin._dx, twin._dy = node._dx, node._dy
    if node._x is not None:
        twin._x = operands[0]
        if node._y is not None:
            twin._y = operands[1]
        elif node._rule.several:
            twin._many = paired(operands, node._slopes())
    elif isinstance(node._rule, Opaque):
        twin._rule = Opaque(node.op, operands)
    note = noted(node)
    if note is not NOTHING:
        if note.opened is not None:  # what it was opened to stands on the other one's operands
            note = note.copy()
            note.opened = None
        twin._note = note
    return twin


def deep_copy(output: Value, memo: dict[int, Any]) -> Value:
    """Return a copy of the whole graph below, each value copied once."""
    order = nodes(output)
    for node in order:
        if id(node) not in memo:
            memo[id(node)] = clone(node, tuple([memo[id(value)] for value in node.operands]))
    places = {id(node): id(memo[id(node)]) for node in order}
    for node in order:
        twin = memo[id(node)]
        if noted(node).home or noted(node).ended:
            twin._note = note = noted(twin).copy()
            note.home, note.ended = (_moved(e, places, memo) for e in (note.home, note.ended))
    return memo[id(output)]  # type: ignore[no-any-return]


def opened(node: Value) -> Value:
    """Return a value as elementary operations give it: itself, unless it is of several operands.

    Then it is the last of the operations that its rule is written out in, with the data and the
    gradients that they would have, the same values at each look; the graph itself is not changed.

    >>> from autograd_engine.functions import dot
    >>> product = opened(dot([Value(2.0)], [Value(3.0)], Value(1.0)))
    >>> product.op, [value.data for value in product.operands]
    ('+', [1.0, 6.0])
    """
    if node._x is None or node._rule.written_out is None:
        return node
    return alone(_opened, node)  # type: ignore[no-any-return]


def _opened(node: Value) -> Value:
    note = noted(node)
    if note.opened is None:
        written, note = _written_out(node), note.copy()
        note.opened = written
        node._note = note
    inner: list[Value] = note.opened
    if not inner:  # nothing is done to a single operand
        return node
    outer = set(map(id, node.operands))
    for operand in [x for part in inner for x in part.operands if id(x) not in outer]:
        operand._grad = 0.0
    inner[-1]._grad = grad_of(node)
    for part in reversed(inner):
        for operand, partial in zip(part.operands, part._slopes()):
            if id(operand) not in outer:
                operand._grad += partial * part._grad
    return inner[-1]


def _written_out(node: Value) -> list[Value]:
    """Return the operations that an operation of several is written out in, in order."""
    operands, slopes = node.operands, node._slopes()
    numbers = [operand._data for operand in operands]
    if node._rule is DOT:  # its slopes are the factors of the forward pass; a leaf may have changed
        odd = len(operands) % 2
        numbers[odd:] = crossed(slopes)[odd:]
        moved = node._data - dot(*numbers)
        if odd and moved and math.isfinite(moved):
            numbers[0] += moved
    stand_ins = [Value(number) for number in numbers]
    with enable_grad():
        top: Value = node._rule.written_out(*stand_ins)  # type: ignore[misc]
    real = {id(stand_in): operand for stand_in, operand in zip(stand_ins, operands)}
    inner = ordered((top,), False)
    for part in inner:
        part._x, part._y = (real.get(id(value), value) for value in (part._x, part._y))
    if inner:
        top._data = node._data  # to the last digit
    return inner


ANSWERS.update({"copy": copied, "deep copy": deep_copy, "opened": opened})
