"""Faults: why a result is not finite. The tape is run once more, slowly, to name the first value.

Nothing here is on the way of a program whose results are finite. A back end computes in
another order than the engine, and does not stop an adjoint of 0 before an infinite partial;
so what is finite when computed as the engine does is given as that.
"""

from __future__ import annotations

import math
from typing import Any

import numpy

from autograd_engine.compiler.record.tape import Tape
from autograd_engine.compiler.run.exact.interpreter import Interpreter
from autograd_engine.engine import Value
from autograd_engine.primitives import Primitive, refused
from autograd_engine.real import called


class Faults:
    """Finds the value of a tape that stopped being finite first.

    `leaves` are the numbers of the tape's parameters and others, `rows` its inputs or None;
    `called` is what a parameter is to who reads it.
    """

    def __init__(self, tape: Tape, called: str = "parameter") -> None:
        self._tape, self._called = tape, called
        self._exact = Interpreter(tape)

    def outputs(self, found: Any, leaves: Any, rows: Any, check: bool = True) -> Any:
        """Return the outputs (B, m), some of them not finite, as the engine computes them.

        With `check` raises `FloatingPointError` naming the first value that is not finite, and
        its row; without, only what is NaN is looked at.
        """
        mended = found.copy()
        spoilt = ~numpy.isfinite(found) if check else numpy.isnan(found)
        for i in numpy.flatnonzero(spoilt.any(axis=1)).tolist():
            values = self._exact.values(_given(leaves, rows, i))
            for j, place in enumerate(self._tape.outputs[: found.shape[1]]):
                mended[i, j] = values[place]
                if check and not math.isfinite(values[place]):
                    which = f"output {j}" if found.shape[1] > 1 else "the output"
                    what = f"{which}{_row(rows, i)} is {values[place]!r}"
                    raise FloatingPointError(f"{what}: {self._birth(place, values)}")
        return mended

    def gradient(self, leaves: Any, rows: Any, check: bool = True) -> Any:
        """Return the gradient as the engine computes it.

        With `check` raises `FloatingPointError` naming the first parameter whose derivative is
        not finite, the operation whose partial or adjoint was not first, and its row.
        """
        total: Any = -0.0  # which adds nothing, not even a sign
        count = len(self._tape.parameters)
        batch = 1 if rows is None else len(rows)
        for i in range(batch):
            values = self._exact.values(_given(leaves, rows, i))
            slopes = self._exact.adjoints(values)[:count]
            for place, slope in enumerate(slopes):
                if check and not math.isfinite(slope):
                    what = f"the gradient by {self._name(place)}{_row(rows, i)} is {slope!r}"
                    raise FloatingPointError(f"{what}: {self._first_slope(values)}")
            with numpy.errstate(all="ignore"):
                total = total + numpy.array(slopes) / batch
        return total

    def _name(self, place: int) -> str:
        """Return what to call a value: by its label, its position or its number."""
        tape = self._tape
        label, first = repr(tape.names[place]) if place in tape.names else "", 0
        kinds = (self._called, tape.parameters), ("leaf", tape.others), ("input", tape.inputs)
        for kind, leaves in kinds:
            if place < first + len(leaves):
                return f"{kind} {label or place - first}"
            first += len(leaves)
        return label or "a constant"

    def _birth(self, top: int, values: list[float]) -> str:
        """Say which value made that at the place `top` not finite."""
        start = self._tape.start
        constants = range(start - len(self._tape.constants), start)
        cone = {top}  # those that are not finite and lead to it through such
        births = []
        for place in range(top, -1, -1):
            if place in cone:
                odd = {i for i in self._exact.operands(place) if not math.isfinite(values[i])}
                births += [] if odd else [place]
                cone |= odd
        first = min(births, key=lambda place: (place in constants, place))
        if first < start:
            return f"{self._name(first)} is {values[first]!r}"
        return self._verdict(first, values)

    def _verdict(self, place: int, values: list[float]) -> str:
        """Say what is wrong with a computed value, in the engine's words where it has some."""
        rule, operands = self._exact.rule(place), self._labelled(place, values)
        try:
            rule.forward(*[operand.data for operand in operands])
        except (ArithmeticError, ValueError) as error:
            return str(refused(rule, error, *operands))
        label = f"{self._name(place)} = " if place in self._tape.names else ""
        return f"{label}{_written(rule, operands)} is {values[place]!r}"

    def _labelled(self, place: int, values: list[float]) -> list[Value]:
        """Return the operands of a computed value: numbers with labels."""
        names = self._tape.names
        return [Value(values[i], names.get(i, "")) for i in self._exact.operands(place)]

    def _first_slope(self, values: list[float]) -> str:
        """Say where on the way back, on a path to a parameter, a number stopped being finite."""
        exact, size = self._exact, self._tape.size
        leads = set(range(len(self._tape.parameters)))
        leads.update(i for i in range(size) if not leads.isdisjoint(exact.operands(i)))
        adjoints = exact.adjoints(values)
        for place in range(size - 1, self._tape.start - 1, -1):
            operands = exact.operands(place)
            pairs = zip(operands, exact.partials(place, values))
            for operand, partial in pairs if adjoints[place] and place in leads else ():
                if operand in leads and not math.isfinite(partial * adjoints[place]):
                    text = _written(exact.rule(place), self._labelled(place, values))
                    return (
                        f"the partial of {text} by {_ordinal(operands, operand)} is {partial!r}, "
                        f"times an adjoint of {adjoints[place]!r}"
                    )
        return "contributions that are finite add up to what is not"


def _given(leaves: Any, rows: Any, i: int) -> list[float]:
    return leaves.tolist() + ([] if rows is None else rows[i].tolist())  # type: ignore[no-any-return]


def _row(rows: Any, i: int) -> str:
    return f" in row {i}" if rows is not None and len(rows) > 1 else ""


def _ordinal(operands: tuple[int, ...], operand: int) -> str:
    if len(set(operands)) == 1:
        return "its operand"
    place = operands.index(operand)
    if len(operands) > 2:
        return f"its operand {place + 1}"
    return f"its {('first', 'second')[place]} operand"


def _written(rule: Primitive, operands: list[Value]) -> str:
    """Return an operation with its numbers, of many the largest, as one would write it."""
    text = called(rule.name, rule.symbol, [repr(operand.data) for operand in operands])
    if len(operands) > _SHOWN:
        largest = max(operands, key=lambda value: abs(value.data))
        text = f"{rule.name} of {len(operands)} numbers, {largest.data!r} the largest of them,"
        operands = [largest]
    named = {f"{value.label!r} is {value.data!r}": None for value in operands if value.label}
    return text + (f" ({', '.join(named)})" if named else "")


_SHOWN = 8  # operands
