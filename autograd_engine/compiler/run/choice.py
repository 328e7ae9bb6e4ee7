"""The choice of a back end, by what a call would cost on each.

Arrays win where many values are computed alike: each step costs a few calls of NumPy, however
many values it has. The machine wins where few are: each value costs some nanoseconds for each
row. So a program with inputs may run few rows one way and many the other.
"""

from __future__ import annotations

from typing import Any

from autograd_engine.compiler.lift.pieces import planned
from autograd_engine.compiler.record.tape import Tape
from autograd_engine.compiler.run.exact.interpreter import Interpreter
from autograd_engine.compiler.run.native import machine
from autograd_engine.compiler.run.native.core import core
from autograd_engine.compiler.run.numpy.lifted import Lifted
from autograd_engine.words import counted

# Seconds, for a value and its gradient; measured, and good to a factor of two.
STEP = 4e-6  # of NumPy for a step: about four calls
AGAIN = 1.5e-7  # of the core, for a step of a loop
NODE = 2.5e-9  # of the machine, for a value and row
LINE = 1e-6  # of plain Python, for a value and row
MOST = 10_000  # rows: arrays that need more than so many to win are not made


class Chosen:
    """Runs few rows one value after the other and many as arrays, each where it is faster.

    What is not needed is not made.
    """

    def __init__(self, tape: Tape, recorded: Tape | None = None) -> None:
        self.tape = tape
        self._recorded = recorded or tape  # not lowered, as plain Python needs it
        self.hindrance = machine.fits(tape)
        self.nodes = max(len(tape.op) + sum(map(len, tape.many)) - len(tape.many), 1)
        plan = planned(tape)
        self.waves = plan.waves
        again = self.waves - sum(len(piece.waves) for piece in plan.pieces)
        self.row = self.nodes * (NODE if self.hindrance is None else LINE)
        """The seconds of a row, computed value by value."""
        self.arrays_cost = STEP * (self.waves - again) + (STEP if core() is None else AGAIN) * again
        self.crossing = self.arrays_cost / self.row
        """The number of rows from which on arrays win."""
        self._plan = plan if self.crossing <= MOST else None
        self._arrays: Lifted | None = None
        self._single: Any = None

    def run(self, leaves: Any, rows: Any, gradient: bool) -> tuple[Any, Any]:
        """Run as the faster of the two does."""
        count = 1 if rows is None else len(rows)
        if count < self.crossing:
            return self.single.run(leaves, rows, gradient)  # type: ignore[no-any-return]
        return self.arrays.run(leaves, rows, gradient)

    @property
    def arrays(self) -> Lifted:
        """The lifted program."""
        if self._arrays is None:
            self._arrays, self._plan = Lifted(self.tape, self._plan), None
        return self._arrays

    @property
    def single(self) -> Any:
        """What computes one value after the other."""
        if self._single is None:
            fits = self.hindrance is None
            self._single = machine.Machine(self.tape) if fits else Interpreter(self._recorded)
        return self._single

    @property
    def steps(self) -> int:
        """The number of steps of the arrays, where they are ever made; else of instructions."""
        lifted = self.crossing <= (MOST if self.tape.inputs else 1)
        return int((self.arrays if lifted else self.single).steps)

    def plan(self) -> str:
        """Say which way the program runs, and why."""
        if not self.waves:
            return "Nothing is computed: the outputs are leaves or constants."
        way = "the scalar machine" if self.hindrance is None else "plain Python"
        said = (
            f"{counted(self.nodes, 'value')} in {counted(self.waves, 'wave')} of one operation "
            f"at one depth, {self.nodes / self.waves:,.1f} in each. A call costs about "
            f"{_time(self.arrays_cost)} as arrays, and {_time(self.row)} a row on {way}"
        )
        if self.hindrance is not None:
            said += f" (not on the scalar machine: {self.hindrance})"
        if self.crossing <= 1:
            return f"{said}. It runs as arrays (numpy)."
        if not self.tape.inputs or self.crossing > MOST:
            return f"{said}. It runs on {way}."
        rows = f"{self.crossing:,.0f} rows"
        return f"{said}. Below {rows} it runs on {way}, from there on as arrays (numpy)."


def _time(seconds: float) -> str:
    if seconds < 1e-7:
        return f"{seconds * 1e9:,.1f} ns"
    return f"{seconds * 1e6:,.1f} us" if seconds < 1e-3 else f"{seconds * 1e3:,.1f} ms"
