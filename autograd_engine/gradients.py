"""Derivatives of recorded outputs: `gradient`, backwards through a graph, and tangents, forwards.

With this module you can ask for the derivatives of an output by any values of its graph,
without touching a `grad`, as numbers or as Values that can be differentiated again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograd_engine.engine import (
    CONSTANT,
    LEAF,
    Dot,
    Value,
    as_value,
    constant,
    honest,
    number,
    ordered,
    stopped,
    topological_order,
)
from autograd_engine.floats import azmul
from autograd_engine.real import as_list
from autograd_engine.state import WATCHED, alone, told
from autograd_engine.zeros import Known, chained, meets


def gradient(output: Value, inputs: Sequence[Value], create_graph: bool = False) -> list[Any]:
    """Return the derivatives of the output by each input: floats, in the order of `inputs`.

    An input is any value of the graph; the derivative by one that the output does not
    depend on is 0. No `grad` is touched. With `create_graph` the derivatives are Values
    of a graph of their own, which can be differentiated again; then a leaf changed since
    the forward pass raises `RuntimeError` naming it. (A change by which neither the values
    nor the partials that use the leaf become others cannot be seen, and does no harm.)

    >>> x = Value(2.0)
    >>> slope, = gradient(x**3, [x], create_graph=True)
    >>> slope.data, gradient(slope, [x])
    (12.0, [12.0])
    """
    inputs = as_list("gradient", inputs, "a list of inputs: write gradient(output, [x])")
    if not isinstance(output, Value):
        raise TypeError(f"gradient needs a Value as its output, not {type(output).__name__}")
    for value in inputs:
        if not isinstance(value, Value):
            raise TypeError(f"gradient needs Values as its inputs, not {type(value).__name__}")
    if WATCHED and not create_graph:
        told("sweep", output, 1.0)
    wanted = {id(value) for value in inputs}
    if create_graph:
        recorded = _recorded_adjoints(output, wanted)
        return [as_value(recorded.get(id(value), 0.0)) for value in inputs]
    try:
        adjoints = alone(_adjoints, output)
    except _Met:  # only recorded derivatives tell whether the 0 is immovable
        try:
            adjoints = _recorded_adjoints(output, wanted)
        except RuntimeError:  # for the numbers of then, which some leaf has no more
            adjoints = alone(_adjoints, output, True)
    return [number(adjoints.get(id(value), 0.0)) for value in inputs]


class _Met(ArithmeticError):
    """A 0 met an infinite slope in a graph that holds derivatives."""


def _adjoints(output: Value, honestly: bool = False) -> dict[int, Any]:
    """Return the derivative of the output by each value, by id.

    Raises `_Met`, unless 0 and infinity are to be multiplied `honestly`.
    """
    adjoints: dict[int, Any] = {id(output): 1.0}
    runs: list[int] = []
    known: list[bool] = []
    order = ordered((output,), False, runs)
    for node in reversed(order):
        passed = None
        if node.y is None and isinstance(node.rule, Dot):
            end, begin = runs.pop(), runs.pop()
            passed = node.rule.passed(begin, end)
        adjoint = adjoints.get(id(node))
        if adjoint is None:
            continue
        for operand, partial in passed or zip(node.operands, node._slopes()):
            contribution = adjoint * partial
            if contribution != contribution and not honestly and operand.rule is not CONSTANT:
                if honest(order, known) and (meets(adjoint, partial) or meets(partial, adjoint)):
                    raise _Met
                contribution = azmul(adjoint, partial)  # as in backward
            adjoints[id(operand)] = adjoints.get(id(operand), 0.0) + contribution
    return adjoints


def _recorded_adjoints(output: Value, wanted: set[int]) -> dict[int, Any]:
    """Return the derivatives as Values of a graph of their own; those by constants if wanted."""
    adjoints: dict[int, Any] = {id(output): constant(1.0)}
    order = topological_order(output)
    outer, known = honest(order, []), Known()
    for node in reversed(order):
        adjoint = adjoints.get(id(node))
        if adjoint is None or node.rule is stopped:
            continue
        for operand, partial in zip(node.operands, recorded_partials(node)):
            if operand.rule is CONSTANT and id(operand) not in wanted:
                continue
            contribution = chained(adjoint, partial, outer, known)
            before = adjoints.get(id(operand))
            adjoints[id(operand)] = contribution if before is None else before + contribution
    return adjoints


def recorded_partials(node: Value) -> tuple[Any, ...]:
    """Return the node's partials as Values, recorded by its rule on its operands.

    Raises `RuntimeError` naming the leaf that was changed since the forward pass.
    """
    operands = node.operands
    numbers = [operand._data for operand in operands]
    partials = node.rule.partials(node, *operands)
    recorded = map(number, partials)
    try:
        unchanged = _same(node.rule.forward(*numbers), node._data)
    except (ArithmeticError, ValueError):
        unchanged = False
    if not unchanged or not all(map(_same, recorded, node._slopes())):
        leaves = [value for value in operands if value.rule is LEAF]
        told = [repr(value.label) if value.label else repr(value) for value in leaves or operands]
        names = " or ".join(dict.fromkeys(told))
        raise RuntimeError(
            f"{names} was changed after the forward pass: "
            f"compute the output again before asking for create_graph"
        )
    return tuple(partials)


def _same(x: float, y: float) -> bool:
    return x == y or (x != x and y != y)


def tangents(outputs: list[Value], given: dict[int, Any], record: bool) -> dict[int, Any]:
    """Return the derivative of each value along the direction given, by id, where there is one."""
    order = topological_order(*outputs)
    outer, known = honest(order, []), Known()
    record = record or outer
    given = given if record else {place: number(item) for place, item in given.items()}
    found = {place: item for place, item in given.items() if isinstance(item, Value) or item}
    for node in order:
        if id(node) in given or node.rule is stopped:
            continue
        partials: tuple[Any, ...] = recorded_partials(node) if record else node._slopes()
        for operand, partial in zip(node.operands, partials):
            if id(operand) not in found:
                continue
            tangent = found[id(operand)]
            moved = chained(partial, tangent, outer, known) if record else azmul(partial, tangent)  # type: ignore[arg-type]
            before = found.get(id(node))
            found[id(node)] = moved if before is None else before + moved
    return found
