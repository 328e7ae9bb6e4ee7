"""The runner of lifted programs: record, lift, differentiate, bind, run."""

from __future__ import annotations

from typing import Any

import numpy

from autograd_engine.compiler.lift.assembly import lifted
from autograd_engine.compiler.lift.loops import Loop
from autograd_engine.compiler.lift.pieces import Plan, planned
from autograd_engine.compiler.lift.reverse import differentiate
from autograd_engine.compiler.record.tape import Tape
from autograd_engine.compiler.run.native.core import core
from autograd_engine.compiler.run.numpy.bound import CACHE, ITEM, Bound, run

Array = Any
KEPT = 8  # workspaces


class Lifted:
    """A tape as an array program, run by the core or by NumPy; two threads may run it at once.

    >>> from autograd_engine.compiler.record.tape import record
    >>> from autograd_engine.engine import Value
    >>> w, x = Value(2.0), Value(3.0)
    >>> program = Lifted(record([(w * x).tanh()], inputs=[x]))
    >>> outputs, gradient = program.run(numpy.array([2.0]), numpy.array([[0.0], [0.5]]), True)
    >>> outputs.shape, gradient.shape
    ((2, 1), (1,))
    """

    native: Any = True
    """The native core, if it is there, runs the program where it can."""

    def __init__(self, tape: Tape, plan: Plan | None = None) -> None:
        plan, self.program = lifted(plan or planned(tape))
        self.tape = plan.tape
        self.parameters = len(tape.parameters)
        self.backward = differentiate(self.program, len(self.program.home))
        home = self.program.home
        self.moved = None if (home == numpy.arange(len(home))).all() else numpy.argsort(home)
        self.back = home[: self.parameters]
        sizes = self.program.memory.sizes
        row = sum(sizes[arena] for arena in "VAS") * ITEM
        self.tile = max(16, CACHE // max(row, 1) // 8 * 8)  # vectors have up to eight numbers
        self.native = core() if self.native else None
        self._free: dict[int, list[Bound]] = {}

    @property
    def steps(self) -> int:
        """The number of array steps of the forward pass, those of a loop's body counted once."""
        return sum(len(step.steps) if isinstance(step, Loop) else 1 for step in self.program.steps)

    def run(self, leaves: Array, rows: Array | None, gradient: bool) -> tuple[Array, Array | None]:
        """Return the outputs, shape (rows, outputs), and the gradient of the first one's mean."""
        count = 1 if rows is None else len(rows)
        size = min(count, self.tile)
        left = count % size
        bound = self.taken(size)
        last = self.taken(left) if left and bound.plan is not None else None
        outputs = numpy.empty((count, len(self.program.outputs)))
        if bound.plan is None or (last and last.plan is None):
            found = self.by_calls(bound, leaves, rows, gradient, outputs)
        else:
            found = numpy.empty(self.parameters) if gradient else None
            sums = numpy.zeros(bound.sums) if gradient and count > size else None
            run, whole = self.native.program, count - left
            if rows is None or last is None:
                run(bound.plan, leaves, rows, outputs, found, sums, count, count, gradient)
            else:
                run(bound.plan, leaves, rows, outputs, None, sums, whole, count, gradient)
                rest = rows[whole:], outputs[whole:]
                run(last.plan, leaves, *rest, found, sums, left, count, gradient)
        self.give_back(bound)
        if last is not None:
            self.give_back(last)
        return outputs, found

    def by_calls(
        self, bound: Bound, leaves: Array, rows: Array | None, gradient: bool, outputs: Array
    ) -> Array | None:
        """Run what the core does not run whole; return the gradient."""
        with numpy.errstate(all="ignore"):
            if self.moved is None:
                numpy.copyto(bound.leaves, leaves)
            else:
                leaves.take(self.moved, None, bound.leaves, "clip")
            run(bound.fixed)
            self.tiles(bound, rows, gradient, outputs)
            if not gradient:
                return None
            run(bound.rest)
            return bound.slopes.take(self.back)

    def tiles(self, bound: Bound, rows: Array | None, gradient: bool, outputs: Array) -> None:
        """Run all rows, tile by tile; leave the sum of their shared adjoints in `bound`."""
        count = len(outputs)
        bound.weight.fill(1.0 / count)
        if rows is None or count <= bound.rows:
            self.one_tile(bound, rows, gradient, outputs)
            return
        kept: list[Array] = []
        for first in range(0, count, bound.rows):
            last = min(first + bound.rows, count)
            here = bound
            if last - first < bound.rows:
                here = self.taken(last - first)
                numpy.copyto(here.arenas["v"], bound.arenas["v"])
                here.weight.fill(1.0 / count)
            self.one_tile(here, rows[first:last], gradient, outputs[first:last])
            if gradient:
                if not kept:
                    kept = [view.copy() for view in here.shared]
                else:
                    for total, view in zip(kept, here.shared):
                        total += view
            if here is not bound:
                self.give_back(here)
        for total, view in zip(kept, bound.shared):
            view[...] = total

    def one_tile(self, bound: Bound, rows: Array | None, gradient: bool, outputs: Array) -> None:
        if rows is not None:
            numpy.copyto(bound.inputs, rows.T)
        run(bound.forward)
        for place, view in enumerate(bound.outputs):
            outputs[:, place] = view
        if gradient:
            bound.slopes.fill(0.0)
            run(bound.body)

    def taken(self, rows: int) -> Bound:
        """Return a free workspace for so many rows, or a new one."""
        try:
            return self._free[rows].pop()
        except (KeyError, IndexError):
            native = self.native is not None
            return Bound(self.program, self.backward, rows, native, self.parameters)

    def give_back(self, bound: Bound) -> None:
        if bound.rows in self._free or len(self._free) < KEPT:
            self._free.setdefault(bound.rows, []).append(bound)


class ByNumPy(Lifted):
    """The same, run by NumPy alone."""

    native = None
