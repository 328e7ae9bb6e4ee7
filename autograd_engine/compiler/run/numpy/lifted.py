"""The runner of lifted programs: record, lift, differentiate, bind, run."""

from __future__ import annotations

from typing import Any

import numpy

from autograd_engine.compiler.lift.assembly import lifted
from autograd_engine.compiler.lift.loops import Loop
from autograd_engine.compiler.lift.pieces import Plan, planned
from autograd_engine.compiler.lift.reverse import differentiate
from autograd_engine.compiler.record.tape import Tape
from autograd_engine.compiler.run.numpy.bound import ITEM, Bound

Array = Any
KEPT = 8  # workspaces
CACHE = 1 << 19  # bytes of memory that a tile may take


class Lifted:
    """A tape as an array program, run by the core or by NumPy; two threads may run it at once."""

    native = True  # the core, if it is there, runs the program where it can

    def __init__(self, tape: Tape, plan: Plan | None = None) -> None:
        plan, self.program = lifted(plan or planned(tape))
        self.tape = plan.tape
        self.parameters = len(tape.parameters)
        self.backward = differentiate(self.program, len(self.program.home))
        sizes = self.program.memory.sizes
        row = sum(sizes[arena] for arena in "VAS") * ITEM
        self.tile = max(16, CACHE // max(row, 1) // 8 * 8)  # vectors have up to eight numbers
        self._free: dict[int, list[Bound]] = {}

    @property
    def steps(self) -> int:
        """The number of array steps of the forward pass, those of a loop's body counted once."""
        return sum(len(step.steps) if isinstance(step, Loop) else 1 for step in self.program.steps)

    def run(self, leaves: Array, rows: Array | None, gradient: bool) -> tuple[Array, Array | None]:
        """Return the outputs, shape (rows, outputs), and the gradient of the first one's mean."""
        count = 1 if rows is None else len(rows)
        size = min(count, self.tile)
        whole = count - count % size
        outputs = numpy.empty((count, len(self.program.outputs)))
        slopes = numpy.empty(self.parameters) if gradient else None
        bound = self.taken(size)
        sums = numpy.zeros(bound.shared) if gradient and count > size else None
        if rows is None or whole == count:
            bound.run(leaves, rows, outputs, slopes, sums, count, count, gradient)
        else:
            bound.run(leaves, rows, outputs, None, sums, whole, count, gradient)
            last, rest = self.taken(count - whole), (rows[whole:], outputs[whole:])
            last.run(leaves, *rest, slopes, sums, count - whole, count, gradient)
            self.give_back(last)
        self.give_back(bound)
        return outputs, slopes

    def taken(self, rows: int) -> Bound:
        """Return a free workspace for so many rows, or a new one."""
        try:
            return self._free[rows].pop()
        except (KeyError, IndexError):
            return Bound(self.program, self.backward, rows, self.native, self.parameters)

    def give_back(self, bound: Bound) -> None:
        if bound.rows in self._free or len(self._free) < KEPT:
            self._free.setdefault(bound.rows, []).append(bound)


class ByNumPy(Lifted):
    """The same, run by NumPy alone."""

    native = False
