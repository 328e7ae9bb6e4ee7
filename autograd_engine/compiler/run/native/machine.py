"""The scalar machine: a tape run value by value by the native core, without any regularity."""

from __future__ import annotations

from typing import Any

import numpy

from autograd_engine.compiler.record.elementary import Unwritable, is_long, written_out
from autograd_engine.compiler.record.simplify import common
from autograd_engine.compiler.record.tape import Tape
from autograd_engine.compiler.run.native.core import PADDING, core, kinds
from autograd_engine.compiler.run.native.machine_code import assembled
from autograd_engine.table import azmul

Array = Any


class Machine:
    """Runs a tape instruction by instruction; two threads may run it at once.

    Raises `ValueError` where `fits` says why it cannot.

    >>> from autograd_engine.compiler.record.tape import record
    >>> from autograd_engine.engine import Value
    >>> w, x = Value(2.0), Value(3.0)
    >>> machine = Machine(record([w * x * x], inputs=[x]))
    >>> outputs, gradient = machine.run(numpy.array([2.0]), numpy.array([[3.0], [5.0]]), True)
    >>> outputs.tolist(), gradient.tolist()
    ([[18.0], [50.0]], [17.0])
    """

    def __init__(self, tape: Tape) -> None:
        reason, found = fits(tape), core()
        if reason is not None or found is None:
            raise ValueError(reason)
        self._sweep = 2 if azmul in tape.rules else 1  # 2: honest, see `gradients`
        self._scalars = found.scalars
        self._code = assembled(
            common(written_out(tape, own=True)), kinds(), [*map(int, found.grouped.split())]
        )
        self._parameters = len(tape.parameters)
        self._free: list[tuple[Array, Array]] = []

    def run(self, leaves: Array, rows: Array | None, gradient: bool) -> tuple[Array, Array | None]:
        """Return the outputs (B, m) and, if wanted, the gradient of output 0's mean, else None.

        `leaves` holds the numbers of the tape's parameters, then of its others; `rows` the
        inputs (B, n), or None where there are none. Nothing is raised for a number.
        """
        header = self._code.header
        try:
            values, adjoints = self._free.pop()
        except IndexError:
            values, adjoints = numpy.zeros(header.size + PADDING), numpy.zeros(header.size)
            last = header.inputs + header.width
            values[last : last + len(self._code.constants)] = self._code.constants
        values[: header.inputs] = leaves
        given = numpy.empty((1, 0)) if rows is None else numpy.ascontiguousarray(rows, float)
        outputs = numpy.empty((len(given), header.outputs))
        wanted = gradient * self._sweep
        self._scalars(self._code.program, given, values, adjoints, outputs, len(given), wanted)
        slopes = adjoints[: self._parameters].copy() if gradient else None
        self._free.append((values, adjoints))
        return outputs, slopes

    @property
    def steps(self) -> int:
        """The number of instructions."""
        return self._code.header.size - self._code.header.start

    @property
    def runs(self) -> int:
        """The number of stretches of instructions of one kind: the fewer, the faster."""
        return self._code.runs


def fits(tape: Tape) -> str | None:
    """Return why the machine cannot run this tape; None if it can.

    A primitive of somebody's own is read as a formula of the package's primitives.
    """
    if core() is None:
        return "the native core is missing"
    try:
        if any(rule.written_out is None and is_long(rule, True) for rule in tape.rules):
            written_out(tape, own=True)
    except Unwritable as error:
        return str(error)
    return None
