"""Second: what a program gives by its inputs: gradient, Hessian, derivative along a vector.

A Hessian and a derivative along a vector are programs of their own: the engine differentiates
what the tape computes, and records it. Where such a program gives no finite numbers, or somebody's
own primitive branches, the engine computes eagerly what it always gave.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy

from autograd_engine import derivatives
from autograd_engine.blocks import enable_grad
from autograd_engine.compiler.call.guards import Watch
from autograd_engine.compiler.record.rewriting import common
from autograd_engine.compiler.record.tape import Tape, record, turned
from autograd_engine.derivatives import map_numbers
from autograd_engine.engine import Value, as_value, constant
from autograd_engine.gradients import gradient, tangents
from autograd_engine.graph import nodes
from autograd_engine.primitives import REAL, Primitive
from autograd_engine.real import is_number
from autograd_engine.table import CONSTANT, MULTIPLY, azmul, gate, slope

if TYPE_CHECKING:
    from autograd_engine.compiler.call.program import Program

LARGEST = 60_000  # entries of a Hessian, and values below its slopes; more run axis by axis


def by_inputs(owner: Program, leaves: Any, rows: Any, batch: bool) -> tuple[Any, Any]:
    """Return value and gradient by the inputs, of each row."""
    if owner._turned is None:
        settings = {**owner._settings, "single": True, "example": None}
        owner._turned = type(owner)(turned(owner._tape), guards=owner._guards.kept, **settings)
        owner._turned._feed.names[: len(owner.inputs)] = owner._feed.inputs
    values, _ = owner._trusted(leaves, rows, False)  # which also tells what is wrong in which row
    each = numpy.empty((1, 0)) if rows is None else rows
    run = owner._turned._trusted
    slopes = [run(numpy.concatenate([row, leaves]), None, True)[1] for row in each]
    if batch:
        return values[:, 0], numpy.array(slopes)
    example, found = owner._example, slopes[0]
    flat = isinstance(example, (list, tuple)) and all(map(is_number, example))
    if getattr(example, "ndim", 0):
        found = found.reshape(example.shape)
    elif example is not None and not flat:
        numbers = iter(found.tolist())
        found = map_numbers(lambda _: next(numbers), example)
    return values.item(0), found


def hessian(owner: Program, x: Any, parameters: Any) -> Any:
    rows, leaves = fed(owner, "a Hessian", x, parameters)
    found, example = derivative(owner, rows, leaves, None), owner._example
    shape = () if is_number(example) else getattr(example, "shape", rows.shape[1:])
    return found.reshape(shape + shape) if shape else found.item()


def jvp(owner: Program, x: Any, v: Any, parameters: Any) -> Any:
    rows, leaves = fed(owner, "a derivative along a vector", x, parameters)
    direction, batch = owner._rows(v, "v")
    if batch:
        raise ValueError("v must be one vector, as x is, not a batch")
    found = derivative(owner, rows, leaves, direction)
    return found.item() if owner._single else found


def fed(owner: Program, what: str, x: Any, parameters: Any) -> tuple[Any, Any]:
    """Return the one row of inputs, and the numbers of the leaves."""
    if not owner.inputs:
        raise ValueError(f"{what} is by the inputs, and this program has none: give it some")
    rows, batch = owner._rows(x)
    if batch:
        raise ValueError(f"{what} is that at one vector, and x is a batch: ask row by row")
    return rows, owner._leaves(parameters)


def derivative(owner: Program, rows: Any, leaves: Any, direction: Any) -> Any:
    """Return the Hessian of a program at one row, or what it gives along a direction."""
    second, count = direction is None, len(owner.inputs)
    wanted = count if second else owner._count
    if owner._guards.kept:
        owner._trusted(leaves, rows, False)
    if second not in owner._entries:
        owner._entries[second] = None
        if owner._backend != "exact":
            with suppress(Exception):  # somebody's own primitive branches, or is of no back end
                owner._entries[second] = differentiated(owner, second)
    entries = owner._entries[second]
    if entries is not None:
        numbers = numpy.concatenate((rows[0], leaves)) if len(leaves) else rows[0]
        given = numpy.eye(count) if second and entries.inputs else direction
        run = entries._run(numbers, given, False)[0]
        if entries._finite(run):
            return run[:, :wanted].T.ravel() if entries.inputs else run[0, : count * count]
    found = numpy.full(count * wanted if second else wanted, math.nan)
    with suppress(ArithmeticError, ValueError):  # outside of some domain
        found = eagerly(owner, rows[0].tolist(), leaves.tolist(), direction)
    odd = numpy.flatnonzero(~numpy.isfinite(found)).tolist()
    if odd and owner._check:
        owner._trusted(leaves, rows, False)  # which tells of a value that is not finite,
        if owner._count == 1:
            by_inputs(owner, leaves, rows, False)  # or with the gradient
        names = owner._feed.inputs
        what = f"derivative of output {odd[0]} along v"
        if second:
            what = f"second derivative by {names[odd[0] // count]} and {names[odd[0] % count]}"
        raise FloatingPointError(f"the {what} is {found[odd[0]]}: a slope is not finite there")
    return found


def differentiated(owner: Program, second: bool) -> Program:
    """Return a program of the entries of the Hessian, or of the derivatives along a direction.

    All leaves are its parameters, the inputs first; a direction is its input, as those of a large
    Hessian are, which are the axes.
    """
    tape = owner._tape
    # Where no number is known, nothing is recorded that holds for some numbers alone.
    inputs, leaves, along = blank(tape.inputs), blank([*tape.parameters, *tape.others]), []
    with enable_grad(), Watch() as watch:
        at = computed(tape, leaves, inputs)
        tops = [as_value(at[place]) for place in tape.outputs[: owner._count]]
        found = gradient(tops[0], inputs, create_graph=True) if second else tops
        sizes = accumulate(len(inputs) + len(nodes(slope)) for slope in found)
        if second and not any(size > LARGEST for size in sizes):
            found = [each for slope in found for each in gradient(slope, inputs, True)]
        else:
            along = blank(inputs)
            moved = tangents(found, dict(zip(map(id, inputs), along)), True)
            found = [as_value(moved.get(id(value), 0.0)) for value in found]
    if watch.guards:
        raise TypeError("a primitive's partials branch")
    # Outside of a domain slopes can be finite: so the outputs are looked at, too.
    found += tops if any(side != REAL for rule in tape.rules for side in rule.domain) else []
    tape = record(found, along, [*inputs, *leaves])
    leaves, along = blank(tape.parameters), blank(tape.inputs)
    at = computed(tape, leaves, along, simpler)
    tape = common(record([at[place] for place in tape.outputs], along, leaves))
    return type(owner)(tape, single=False, check=False, backend=owner._backend)


def computed(
    tape: Tape, leaves: Iterable[Any], inputs: Iterable[Any], applied: Any = Primitive.__call__
) -> list[Any]:
    """Return all values of a tape computed with whatever its leaves are given as."""
    at = [*leaves, *inputs, *map(constant, tape.constants)]
    for rule, places in tape.instructions():
        at.append(applied(rule, *[at[place] for place in places]))
    return at


def blank(values: Sequence[Value]) -> list[Value]:
    return [Value(math.nan) for _ in values]


def simpler(rule: Primitive, *operands: Value) -> Value:
    """Record an operation of a derivative, the constant factors of products gathered."""
    x, y = operands[0], operands[-1]
    known = y._data if y._rule is CONSTANT else None
    if (rule is gate and x._rule is CONSTANT and x._data) or (rule is slope and known == 1.0):
        return y
    if rule not in (MULTIPLY, azmul) and not (rule is slope and known == 2.0):
        return rule(*operands)  # type: ignore[no-any-return]
    (a, left), (b, right) = factored(x), factored(y)
    if not 1e-100 < abs(a * b) < 1e100:
        return rule(x, y)  # type: ignore[no-any-return]
    parts = [*left, *right]
    found = parts[0] if len(parts) == 1 else rule(*parts) if parts else constant(1.0)
    return found if a * b == 1.0 else MULTIPLY(found, a * b)


def factored(value: Value) -> tuple[float, list[Value]]:
    """Return the constant factor of a product, and what it multiplies."""
    if value._rule is CONSTANT:
        return value._data, []
    x, y = value.operands if value._rule is MULTIPLY else (value, value)
    return (y._data, [x]) if y._rule is CONSTANT else (1.0, [value])


def eagerly(owner: Program, x: list[float], leaves: list[float], direction: Any) -> Any:
    """Return the same as the engine gives it."""

    def outputs(inputs: Any) -> Any:
        at = computed(owner._tape, leaves, inputs)
        found = [at[place] for place in owner._tape.outputs[: owner._count]]
        return found[0] if direction is None else found

    if direction is None:
        return numpy.ravel(derivatives.hessian(outputs)(x))
    return numpy.array(derivatives.jvp(outputs, x, direction[0].tolist()))
