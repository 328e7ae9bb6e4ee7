"""Faults: what a back end gave that cannot be trusted is computed once more, slowly.

A back end rounds otherwise, computes in another order than the engine, and does not stop an
adjoint of 0 before an infinite partial; so what is as it should be when computed as the engine does
is given as that. Else the first value that is not finite is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy

from autograd_engine.compiler.record.tape import Tape
from autograd_engine.compiler.run.exact.interpreter import Interpreter
from autograd_engine.engine import Value, constant
from autograd_engine.graph import nodes
from autograd_engine.primitives import Primitive, refused
from autograd_engine.real import called
from autograd_engine.table import CONSTANT

if TYPE_CHECKING:
    from autograd_engine.compiler.call.program import Program

_SHOWN = 8  # operands


def trusted(owner: Program, found: Any, slopes: Any, leaves: Any, rows: Any) -> tuple[Any, Any]:
    """Return outputs (B, m) and gradient, rows and gradients that are not finite as the engine
    computes them; of a program without `check` those that are NaN.

    Raises `GuardError` for a guard that does not hold, `FloatingPointError` naming the first value
    that is not finite, or the parameter and the operation on whose way its gradient was lost.
    """
    guards, count, check = owner._guards, owner._count, owner._check
    odd = numpy.isnan if not check else lambda numbers: ~numpy.isfinite(numbers)
    outputs, known, exact = found[:, :count].copy(), {guards.bits}, Interpreter(owner._tape)
    lost = odd(outputs).any(1)
    suspect = (i for i in range(len(found)) if lost[i] or found[i, count:].tobytes() not in known)
    for i, where, given in each_row(leaves, rows, suspect):
        values = exact.values(given)
        guards.check(values, where)
        if guards.compared(found[i, count:]):  # only numbers were rounded otherwise
            known.add(found[i, count:].tobytes())
        if lost[i]:
            outputs[i] = [values[place] for place in owner._tape.outputs[:count]]
        which = numpy.flatnonzero(odd(outputs[i])).tolist()
        if which and check:
            name = f"output {which[0]}" if count > 1 else "the output"
            told = _told(owner, given, which[0], _birth)
            raise FloatingPointError(f"{name}{where} is {outputs[i][which[0]]}: {told}")
    if slopes is None or not (lost.any() or odd(slopes).any()):
        return outputs, slopes
    _, gradient = exact.run(leaves, rows, True)
    if check and not numpy.isfinite(gradient).all():
        for _, where, given in each_row(leaves, rows, range(len(found))):
            slopes = exact.adjoints(exact.values(given))[: len(gradient)]
            for name, slope in zip(owner._feed.names, slopes):
                if not isfinite(slope):
                    told = _told(owner, given, 0, _slope)
                    raise FloatingPointError(f"the gradient by {name}{where} is {slope}: {told}")
        raise FloatingPointError("the gradient is not finite: the sum over all rows is too large")
    return outputs, gradient


def computed(
    tape: Tape, leaves: Iterable[Any], inputs: Iterable[Any], applied: Any = Primitive.__call__
) -> list[Any]:
    """Return all values of a tape computed with whatever its leaves are given as."""
    at = [*leaves, *inputs, *map(constant, tape.constants)]
    for rule, places in tape.instructions():
        at.append(applied(rule, *[at[place] for place in places]))
    return at


def each_row(
    leaves: Any, rows: Any, chosen: Iterable[int]
) -> Iterator[tuple[int, str, list[float]]]:
    """Yield the number of each row chosen, what to call it, and the numbers of all leaves in it."""
    several, fixed = rows is not None and len(rows) > 1, leaves.tolist()
    for i in chosen:
        yield i, f" in row {i}" * several, fixed + ([] if rows is None else rows[i].tolist())


def _told(owner: Program, numbers: list[float], which: int, tell: Any) -> str:
    """Return what there is to tell of an output, from the graph of what the engine computes."""
    tape, exact = owner._tape, Interpreter(owner._tape)
    at = exact.graph(exact.values(numbers))
    for place, name in tape.names.items():
        at[place].label = name
    called = {id(leaf): name for leaf, name in zip(at, owner._feed.names)}
    top = at[tape.outputs[which]]
    cone = set(map(id, nodes(top)))
    order = [value for value in at if id(value) in cone]  # as recorded, so that first is first
    return str(tell(top, order, called, at[: len(tape.parameters)]))


def _birth(top: Value, order: list[Value], called: dict[int, str], _: Any) -> str:
    """Say which value made the output not finite."""
    cone = {id(top)}  # those that are not finite and lead to it through such
    births = []
    for node in reversed(order):
        if id(node) in cone:
            odd = {id(v) for v in node.operands if not isfinite(v._data)}
            births += [] if odd else [node]
            cone |= odd
    first = next((v for v in reversed(births) if v._rule is not CONSTANT), births[-1])
    name = called.get(id(first), "a constant")
    if first.operands:
        try:
            first._rule.forward(*[operand._data for operand in first.operands])
        except (ArithmeticError, ValueError) as error:  # the engine has words for it
            return str(refused(first._rule, error, *first.operands))
        name = (f"{first.label!r} = " if first.label else "") + _written(first)
    return f"{name} is {first._data!r}"


def _slope(top: Value, order: list[Value], _: Any, parameters: list[Value]) -> str:
    """Say where on the way back, on a path to a parameter, a number stopped being finite."""
    leads = set(map(id, parameters))
    leads.update(id(v) for v in order if not leads.isdisjoint(map(id, v.operands)))
    top.backward()
    for node in reversed(order):
        for which, (operand, partial) in enumerate(zip(node.operands, node._slopes()), 1):
            if node.grad and id(operand) in leads and not isfinite(partial * node.grad):
                by = f"the partial of {_written(node)} by operand {which}"
                return f"{by} is {partial!r}, times an adjoint of {node.grad!r}"
    return "contributions that are finite add up to what is not"


def _written(node: Value) -> str:
    """Return an operation with its numbers, of many the largest, as one would write it."""
    rule, operands = node._rule, list(node.operands)
    text = called(rule.name, rule.symbol, [repr(operand._data) for operand in operands])
    if len(operands) > _SHOWN:
        operands = [max(operands, key=lambda value: abs(value._data))]
        number = operands[0]._data
        text = f"{rule.name} of {len(node.operands)} numbers, {number!r} the largest of them,"
    named = {f"{value.label!r} is {value._data!r}": None for value in operands if value.label}
    return text + (f" ({', '.join(named)})" if named else "")
