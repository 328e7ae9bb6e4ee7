"""Faults: what a back end gave that cannot be trusted is computed once more, slowly.

A back end rounds otherwise, computes in another order than the engine, and does not stop an
adjoint of 0 before an infinite partial; so what is as it should be when computed as the engine does
is given as that. Else the first value that is not finite is named.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy

from autograd_engine.compiler.record.tape import Tape
from autograd_engine.compiler.run.exact.interpreter import Interpreter
from autograd_engine.engine import constant
from autograd_engine.graph import nodes
from autograd_engine.primitives import Primitive, refused
from autograd_engine.table import CONSTANT

if TYPE_CHECKING:
    from autograd_engine.compiler.call.program import Program


def trusted(owner: Program, found: Any, slopes: Any, leaves: Any, rows: Any) -> tuple[Any, Any]:
    """Return outputs (B, m) and gradient, rows and gradients that are not finite as the engine
    computes them; of a program without `check` those that are NaN.

    Raises `GuardError` for a guard that does not hold, `FloatingPointError` naming the first value
    that is not finite, or the parameter whose gradient is not.
    """
    guards, count, check = owner._guards, owner._count, owner._check
    odd = numpy.isnan if not check else lambda numbers: ~numpy.isfinite(numbers)
    outputs, exact = found[:, :count].copy(), Interpreter(owner._tape)
    lost = odd(outputs).any(1)
    for i in range(len(found)):
        if not lost[i] and found[i, count:].tobytes() == guards.bits:
            continue
        where = f" in row {i}" if len(found) > 1 else ""
        values = exact.values(leaves.tolist() + ([] if rows is None else rows[i].tolist()))
        guards.check(values, where)
        if lost[i]:
            outputs[i] = [values[place] for place in owner._tape.outputs[:count]]
        which = numpy.flatnonzero(odd(outputs[i])).tolist()
        if which and check:
            name = f"output {which[0]}" if count > 1 else "the output"
            told = _birth(owner, exact.graph(values), which[0])
            raise FloatingPointError(f"{name}{where} is {outputs[i][which[0]]}: {told:.400}")
    if slopes is None or not (lost.any() or odd(slopes).any()):
        return outputs, slopes
    _, gradient = exact.run(leaves, rows, True)
    for name, slope in zip(owner._feed.names, gradient.tolist()):
        if check and not isfinite(slope):
            cure = "ag.diagnose tells where on the way back it was lost"
            raise FloatingPointError(f"the gradient by {name} is {slope}: {cure}")
    return outputs, gradient


def computed(
    tape: Tape, leaves: Iterable[Any], inputs: Iterable[Any], applied: Any = Primitive.__call__
) -> list[Any]:
    """Return all values of a tape computed with whatever its leaves are given as."""
    at = [*leaves, *inputs, *map(constant, tape.constants)]
    for rule, places in tape.instructions():
        at.append(applied(rule, *[at[place] for place in places]))
    return at


def _birth(owner: Program, at: list[Any], which: int) -> str:
    """Say which value of those that an output was computed from was not finite first."""
    for place, label in owner._tape.names.items():
        at[place].label = label
    cone = set(map(id, nodes(at[owner._tape.outputs[which]])))
    odd = [value for value in at if id(value) in cone and not isfinite(value._data)]
    first = next((value for value in odd if value._rule is not CONSTANT), odd[0])
    rule, operands = first._rule, first.operands
    if not operands:
        names = {id(leaf): name for leaf, name in zip(at, owner._feed.names)}
        return f"{names.get(id(first), 'a constant')} is {first._data!r}"
    error: Exception = OverflowError()
    try:
        rule.forward(*[operand._data for operand in operands])
    except (ArithmeticError, ValueError) as raised:
        error = raised
    label = f"{first.label!r} = " if first.label else ""
    return f"{label}{refused(rule, error, *operands)}"
