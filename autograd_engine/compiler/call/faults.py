"""Faults: why a result is not finite. The tape is run once more, slowly, to name the first value.

Nothing here is on the way of a program whose results are finite. A back end computes in
another order than the engine, and does not stop an adjoint of 0 before an infinite partial;
so what is finite when computed as the engine does is given as that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isfinite
from typing import Any

import numpy

from autograd_engine.blocks import enable_grad
from autograd_engine.compiler.record.tape import Tape
from autograd_engine.compiler.run.exact.interpreter import Interpreter
from autograd_engine.engine import Value, constant
from autograd_engine.graph import nodes
from autograd_engine.primitives import Primitive
from autograd_engine.real import called
from autograd_engine.table import CONSTANT

_SHOWN = 8  # operands


class Faults:
    """Finds the value of a tape that stopped being finite first.

    `names` are what its leaves are called; of a call, `leaves` are the numbers of the tape's
    parameters and others, `rows` its inputs or None.
    """

    def __init__(self, tape: Tape, names: Sequence[str]) -> None:
        self._tape, self._names = tape, names
        self._exact = Interpreter(tape)

    def outputs(self, found: Any, leaves: Any, rows: Any, check: bool = True) -> Any:
        """Return the outputs (B, m), some of them not finite, as the engine computes them.

        With `check` raises `FloatingPointError` naming the first value that is not finite, and
        its row; without, only what is NaN is looked at.
        """
        mended = found.copy()
        spoilt = ~numpy.isfinite(found) if check else numpy.isnan(found)
        for i in numpy.flatnonzero(spoilt.any(axis=1)).tolist():
            numbers = given(leaves, rows, i)
            values = self._exact.values(numbers)
            for j, place in enumerate(self._tape.outputs[: found.shape[1]]):
                mended[i, j] = values[place]
                if check and not isfinite(values[place]):
                    which = f"output {j}" if found.shape[1] > 1 else "the output"
                    what = f"{which}{row(rows, i)} is {values[place]!r}"
                    raise FloatingPointError(f"{what}: {self._told(numbers, j, self._birth)}")
        return mended

    def gradient(self, leaves: Any, rows: Any, check: bool = True) -> Any:
        """Return the gradient as the engine computes it.

        With `check` raises `FloatingPointError` naming the first parameter whose derivative is
        not finite, the operation whose partial or adjoint was not first, and its row.
        """
        total: Any = -0.0  # which adds nothing, not even a sign
        batch = 1 if rows is None else len(rows)
        for i in range(batch):
            numbers = given(leaves, rows, i)
            slopes = self._exact.adjoints(self._exact.values(numbers))
            slopes = slopes[: len(self._tape.parameters)]
            for name, slope in zip(self._names, slopes):
                if check and not isfinite(slope):
                    what = f"the gradient by {name}{row(rows, i)} is {slope!r}"
                    raise FloatingPointError(f"{what}: {self._told(numbers, 0, self._slope)}")
            with numpy.errstate(all="ignore"):
                total = total + numpy.array(slopes) / batch
        return total

    def _told(self, numbers: list[float], which: int, tell: Any) -> str:
        """Return what there is to tell of an output that the engine computes, or its refusal."""
        labels = self._tape.names
        self._leaves = [Value(number, labels.get(i, "")) for i, number in enumerate(numbers)]
        try:
            with enable_grad():
                top = computed(self._tape, self._leaves, (), labelled=True)[which]
            return str(tell(top, nodes(top)))
        except (ArithmeticError, ValueError) as error:
            return str(error)

    def _birth(self, top: Value, order: list[Value]) -> str:
        """Say which value made the output not finite."""
        cone = {id(top)}  # those that are not finite and lead to it through such
        births = []
        for node in reversed(order):
            if id(node) in cone:
                odd = {id(v) for v in node.operands if not isfinite(v._data)}
                births += [] if odd else [node]
                cone |= odd
        first = next((v for v in reversed(births) if v._rule is not CONSTANT), births[-1])
        if first.operands:
            label = f"{first.label!r} = " if first.label else ""
            return f"{label}{_written(first)} is {first._data!r}"
        names = {id(leaf): name for leaf, name in zip(self._leaves, self._names)}
        return f"{names.get(id(first), 'a constant')} is {first._data!r}"

    def _slope(self, top: Value, order: list[Value]) -> str:
        """Say where on the way back, on a path to a parameter, a number stopped being finite."""
        leads = set(map(id, self._leaves[: len(self._tape.parameters)]))
        for node in order:
            if not leads.isdisjoint(map(id, node.operands)):
                leads.add(id(node))
        top.backward()
        for node in reversed(order):
            for which, (operand, partial) in enumerate(zip(node.operands, node._slopes())):
                adjoint = node.grad
                if adjoint and id(operand) in leads and not isfinite(partial * adjoint):
                    place = "" if len(set(map(id, node.operands))) == 1 else f" {which + 1}"
                    return (
                        f"the partial of {_written(node)} by its operand{place} is {partial!r}, "
                        f"times an adjoint of {adjoint!r}"
                    )
        return "contributions that are finite add up to what is not"


def computed(
    tape: Tape,
    leaves: Iterable[Any],
    inputs: Iterable[Any],
    applied: Any = Primitive.__call__,
    labelled: bool = False,
) -> list[Any]:
    """Return the outputs of a tape computed with whatever its leaves are given as."""
    at = [*leaves, *inputs, *map(constant, tape.constants)]
    for rule, places in tape.instructions():
        made = applied(rule, *[at[place] for place in places])
        if labelled and len(at) in tape.names:
            made.label = tape.names[len(at)]
        at.append(made)
    return [at[place] for place in tape.outputs]


def given(leaves: Any, rows: Any, i: int) -> list[float]:
    """Return the numbers of all leaves in a row, inputs last."""
    return leaves.tolist() + ([] if rows is None else rows[i].tolist())  # type: ignore[no-any-return]


def row(rows: Any, i: int) -> str:
    """Return what to call a row, where there are several."""
    return f" in row {i}" if rows is not None and len(rows) > 1 else ""


def _written(node: Value) -> str:
    """Return an operation with its numbers, of many the largest, as one would write it."""
    rule, operands = node._rule, list(node.operands)
    text = called(rule.name, rule.symbol, [repr(operand._data) for operand in operands])
    if len(operands) > _SHOWN:
        largest = max(operands, key=lambda value: abs(value._data))
        text = f"{rule.name} of {len(operands)} numbers, {largest._data!r} the largest of them,"
        operands = [largest]
    named = {f"{value.label!r} is {value._data!r}": None for value in operands if value.label}
    return text + (f" ({', '.join(named)})" if named else "")
