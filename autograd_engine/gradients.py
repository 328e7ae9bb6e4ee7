"""Derivatives of recorded outputs: `gradient`, backwards through a graph, and tangents, forwards.

An adjoint of exactly 0 passes nothing on to an infinite slope, so that what has no influence never
turns a gradient into NaN. Where the derivative is recorded, that is an operation, `azmul`: a graph
recorded where the adjoint was 0 gives the right number where it is not.

The derivative of a derivative cannot go by that rule: that of norm(x)**2 at 0 is 0 times what
changes infinitely fast, and 2 is right. So a sweep through such a graph multiplies honestly, which
gives NaN, unless the 0 is *immovable*, as behind the dead side of a relu.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from autograd_engine import floats
from autograd_engine.engine import Value, as_value, constant, record, topological_order
from autograd_engine.graph import _postorder
from autograd_engine.number import number
from autograd_engine.primitives import TABLE, check_partials
from autograd_engine.real import as_list, kind_of
from autograd_engine.state import ANSWERS, WATCHED, told
from autograd_engine.table import CONSTANT, LEAF, azmul, gate, stopped

DEEPEST = 3  # slopes of slopes are looked at to find out whether a 0 is immovable
STEPS = [TABLE[name] for name in ("above", "at_least", "equals")]
Known = dict[int, tuple[Value, bool]]  # by id whether a value is immovable, and it, for its id


def honest(order: list[Value], known: list[bool]) -> bool:
    """Say whether the graph holds recorded derivatives, so that 0 times infinity is NaN."""
    if not known:
        known.append(any(node._rule is azmul for node in order))
    return known[0]


ANSWERS["honest"] = honest


def gradient(output: Value, inputs: Sequence[Value], create_graph: bool = False) -> list[Any]:
    """Return the derivatives of the output by each input: floats, in the order of `inputs`.

    An input is any value of the graph; by one that the output does not depend on it is 0. No
    `grad` is touched. An output made with operands but no partials raises `RuntimeError`. With
    `create_graph` the derivatives are Values that can be differentiated again; then a leaf changed
    since the forward pass raises `RuntimeError` naming it.

    >>> x = Value(2.0)
    >>> slope, = gradient(x**3, [x], create_graph=True)
    >>> slope.data, gradient(slope, [x])
    (12.0, [12.0])
    """
    inputs = as_list("gradient", inputs, "a list of inputs: write gradient(output, [x])")
    for value in (output, *inputs):
        if not isinstance(value, Value):
            raise TypeError(f"gradient needs Values, not {kind_of(value)}: {value!r:.60}")
    check_partials(output)
    if WATCHED and not create_graph:
        told("sweep", output, 1.0)
    wanted = {id(value) for value in inputs}
    try:
        adjoints = adjoints_of(output, wanted if create_graph else None)
    except FloatingPointError:  # only recorded derivatives tell whether the 0 is immovable
        try:
            adjoints = adjoints_of(output, wanted)
        except RuntimeError:  # for the numbers of then, which some leaf has no more
            adjoints = adjoints_of(output, honestly=True)
    way = as_value if create_graph else number
    return [way(adjoints.get(id(value), 0.0)) for value in inputs]


def adjoints_of(
    output: Value, wanted: set[int] | None = None, honestly: bool = False
) -> dict[int, Any]:
    """Return the derivative by each value, by id: floats, or `FloatingPointError` unless 0 is taken
    `honestly`; or Values of a graph of their own, those by constants if `wanted`.
    """
    order, known, again = topological_order(output), Known(), wanted is not None
    outer: list[bool] = []
    adjoints: dict[int, Any] = {id(output): constant(1.0) if again else 1.0}
    for node in reversed(order):
        adjoint = adjoints.get(id(node))
        if adjoint is None or node._rule is stopped:
            continue
        partials: tuple[Any, ...] = recorded_partials(node) if again else node._slopes()
        for operand, partial in zip(node.operands, partials):
            if wanted is not None:
                if operand._rule is not CONSTANT or id(operand) in wanted:
                    found = chained(adjoint, partial, honest(order, outer), known)
                    before = adjoints.get(id(operand))
                    adjoints[id(operand)] = found if before is None else before + found
                continue
            found = adjoint * partial
            if found != found and not honestly:
                zero = meets(adjoint, partial) or meets(partial, adjoint)
                if zero and operand._rule is not CONSTANT and honest(order, outer):
                    raise FloatingPointError("a 0 met an infinite slope")
                found = floats.azmul(adjoint, partial)  # as in backward
            adjoints[id(operand)] = adjoints.get(id(operand), 0.0) + found
    return adjoints


def recorded_partials(node: Value) -> tuple[Any, ...]:
    """Return the node's partials as Values; `RuntimeError` naming a leaf that was changed since."""
    operands = node.operands
    partials: tuple[Any, ...] = node._rule.partials(node, *operands)
    if not holds(node, partials):
        leaves = [value for value in operands if value._rule is LEAF] or operands
        names = " or ".join({repr(value.label or value): None for value in leaves})
        advice = "compute the output again before asking for create_graph"
        raise RuntimeError(f"{names} was changed after the forward pass: {advice}")
    return partials


def holds(node: Value, partials: Iterable[Any] | None = None) -> bool:
    """Say whether a node and its partials are what its rule gives for its operands' numbers."""
    numbers = [operand._data for operand in node.operands]
    try:
        data = node._rule.forward(*numbers)
        given = node._rule.partials(data, *numbers) if partials is None else partials
    except (ArithmeticError, ValueError):
        return False
    return same(data, node._data) and all(map(same, map(number, given), node._slopes()))


def same(x: float, y: float) -> bool:
    return x == y or (x != x and y != y)


def tangents(outputs: list[Value], given: dict[int, Any], again: bool) -> dict[int, Any]:
    """Return the derivative of each value along the direction given, by id, where there is one."""
    order = topological_order(*outputs)
    outer, known = honest(order, []), Known()
    again = again or outer
    given = given if again else {place: number(item) for place, item in given.items()}
    found = {place: item for place, item in given.items() if isinstance(item, Value) or item}
    for node in order:
        if id(node) in given or node._rule is stopped:
            continue
        partials: tuple[Any, ...] = recorded_partials(node) if again else node._slopes()
        for operand, partial in zip(node.operands, partials):
            if id(operand) not in found:
                continue
            tangent = found[id(operand)]
            if again:
                moved = chained(partial, tangent, outer, known)
            else:
                moved = floats.azmul(partial, tangent)  # type: ignore[arg-type]
            before = found.get(id(node))
            found[id(node)] = moved if before is None else before + moved
    return found


def meets(first: Any, second: Any) -> bool:
    """Say whether a factor of exactly 0 comes first and one without a finite number second."""
    return not number(first) and not math.isfinite(number(second))


def chained(first: Any, second: Any, outer: bool, known: Known) -> Any:
    """Return adjoint times partial as a Value, or partial times tangent: the `first` is that whose
    0 passes nothing on. `outer` tells that the graph holds derivatives already.
    """
    if not isinstance(first, Value) and not first:
        return 0.0
    for one, other in ((first, second), (second, first)):
        if not isinstance(other, Value) and math.isfinite(other):
            return one if other == 1.0 else one * other
    if not outer or (meets(first, second) and immovable(first, known)):
        return _absolute(as_value(first), as_value(second))
    if meets(second, first) and immovable(second, known):
        return _absolute(as_value(second), as_value(first))
    return first * second


def _absolute(x: Value, y: Value) -> Value:
    """Return azmul(x, y), recorded without asking what x and y are."""
    return record(azmul, floats.azmul(x._data, y._data), x, y, y._data, x._data)


def immovable(value: Any, known: Known, depth: int = 0) -> bool:
    """Say whether nothing that the leaves do, as long as it is little, changes this number: each
    operand is immovable, or has a slope that is an immovable 0.
    """
    if not isinstance(value, Value):
        return True
    new = lambda node: [operand for operand in node.operands if id(operand) not in known]  # noqa: E731
    for node in _postorder([value], new):
        if id(node) not in known:
            known[id(node)] = node, False  # for now: its slope may be the node itself, as exp's
            known[id(node)] = node, _held(node, known, depth)
    return known[id(value)][1]


def _held(node: Value, known: Known, depth: int) -> bool:
    """Say whether a value is immovable whose operands are known."""
    if not node.operands or node._rule is stopped:
        return node._rule in (CONSTANT, stopped)
    moving = [i for i, operand in enumerate(node.operands) if not known[id(operand)][1]]
    if any(node._slopes()[i] for i in moving):
        return False
    if not moving:
        return True
    if depth == DEEPEST or (moving[0] == 0 and _steps(node)):
        return False
    slopes = node._rule.partials(node, *node.operands)
    return all(immovable(slopes[i], known, depth + 1) for i in moving)


def _steps(node: Value) -> bool:
    """Say whether a step function stands right at its step, where its slope of 0 says nothing."""
    x, *others = (operand._data for operand in node.operands)
    if node._rule in STEPS:
        return x in others
    return node._rule in (TABLE["sign"], gate) and not x
