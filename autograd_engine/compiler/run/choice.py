"""The choice of a back end: arrays where many values are computed alike, else one by one.

A wave of arrays costs about as much as 100 values of the scalar machine, of which each costs
as much again for each row. So a program with inputs may run few rows one way and many the other.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy

from autograd_engine.compiler.lift.pieces import planned
from autograd_engine.compiler.record.tape import Tape
from autograd_engine.compiler.run.exact.interpreter import Interpreter
from autograd_engine.compiler.run.native import core
from autograd_engine.compiler.run.numpy.lifted import Lifted
from autograd_engine.words import counted

WIDE = 100  # values that the scalar machine computes while the core does a wave
IN_PYTHON = 4  # values that plain Python computes while NumPy does a wave
MANY = 100  # waves, which take seconds to lift: for one row at a time it does not pay
MOST = 10_000  # rows: arrays that need more than so many to win are not made


class Chosen:
    """Runs few rows one value after the other and many as arrays; makes what is needed."""

    def __init__(self, tape: Tape, recorded: Tape | None = None) -> None:
        self.tape = tape
        self._recorded = recorded or tape  # not lowered, as plain Python needs it
        self.hindrance = core.fits(tape)
        plan = planned(tape)
        self.waves, lifted = plan.waves, sum(len(piece.waves) for piece in plan.pieces)
        several = numpy.count_nonzero(numpy.less(tape.y, -1))
        self.nodes = max(len(tape.op) + len(tape.many) - 2 * several, 1)
        crossing = (WIDE if self.hindrance is None else IN_PYTHON) * self.waves / self.nodes
        self.crossing = max(crossing, 1.5) if lifted > MANY else crossing
        """The number of rows from which on arrays win."""
        self._plan = plan if self.crossing <= MOST else None

    def run(self, leaves: Any, rows: Any, gradient: bool) -> tuple[Any, Any]:
        few = (1 if rows is None else len(rows)) < self.crossing
        return (self.single if few else self.arrays).run(leaves, rows, gradient)

    @cached_property
    def arrays(self) -> Lifted:
        return Lifted(self.tape, self.__dict__.pop("_plan", None))

    @cached_property
    def single(self) -> Any:
        return Interpreter(self._recorded) if self.hindrance else core.Machine(self.tape)

    @property
    def steps(self) -> int:
        """The number of steps of the arrays, where they are ever made; else of instructions."""
        lifted = self.crossing <= (MOST if self.tape.inputs else 1)
        return int((self.arrays if lifted else self.single).steps)

    def plan(self) -> str:
        """Say which way the program runs, and why."""
        if not self.waves:
            return "Nothing is computed: the outputs are leaves or constants."
        where = "on the scalar machine"
        where = f"in plain Python (not {where}: {self.hindrance})" if self.hindrance else where
        how = f"it runs value by value {where}"
        if self.tape.inputs and 1 < self.crossing <= MOST:
            how = f"Below {self.crossing:,.0f} rows {how}, from there on as arrays."
        else:
            how = "It runs as arrays." if self.crossing <= 1 else f"I{how[1:]}."
        return (
            f"{counted(self.nodes, 'value')} in {counted(self.waves, 'wave')} of one operation "
            f"at one depth, {self.nodes / self.waves:,.1f} in each. {how}"
        )
