"""The Numba back end: a virtual machine for graphs that do not become arrays.

With this module a tape runs without Python and without any regularity: a long recurrence, a
tangled graph. The machine's source is written from the table of primitives, compiled by Numba
once on a computer, and then runs every tape.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Sequence
from functools import lru_cache
from threading import Lock
from typing import Any

import numpy

from autograd_engine.compiler.elementary import written_out
from autograd_engine.compiler.emit import Key, kinds, source
from autograd_engine.compiler.machine_code import Code, assembled
from autograd_engine.compiler.machine_object import machine_code
from autograd_engine.compiler.simplify import common
from autograd_engine.compiler.tape import Tape
from autograd_engine.primitives import TABLE, Primitive
from autograd_engine.table import azmul

Array = Any


class Machine:
    """Runs a tape instruction by instruction, in machine code; two threads may run it at once.

    Raises `ValueError` where `fits` says why it cannot.

    >>> from autograd_engine.compiler.tape import record
    >>> from autograd_engine.engine import Value
    >>> w, x = Value(2.0), Value(3.0)
    >>> machine = Machine(record([w * x * x], inputs=[x]))
    >>> outputs, gradient = machine.run(numpy.array([2.0]), numpy.array([[3.0], [5.0]]), True)
    >>> outputs.tolist(), gradient.tolist()
    ([[18.0], [50.0]], [17.0])
    """

    products = 0

    def __init__(self, tape: Tape) -> None:
        reason = fits(tape)
        if reason is not None:
            raise ValueError(reason)
        self._sweep = 2 if azmul in tape.rules else 1  # 2: honest, see `gradients`
        tape = common(tape)
        extra = extras(tape)
        self._call = machine(extra)
        self._code = assembled(tape, codes(extra))
        self._parameters = len(tape.parameters)
        self._free: list[Workspace] = []

    def run(self, leaves: Array, rows: Array | None, gradient: bool) -> tuple[Array, Array | None]:
        """Return the outputs (B, m) and, if wanted, the gradient of output 0's mean, else None.

        `leaves` holds the numbers of the tape's parameters, then of its others; `rows` the
        inputs (B, n), or None where there are none. Nothing is raised for a number.
        """
        try:
            space = self._free.pop()
        except IndexError:
            space = Workspace(self._code, self._parameters)
        space.leaves[...] = leaves
        if rows is None or len(rows) == 1:
            if rows is not None:
                space.inputs[...] = rows
            self._call(space.numbers, space.program, 1, gradient * self._sweep)
            outputs = space.outputs.copy()
        else:
            outputs = space.batch(self._call, rows, gradient * self._sweep)
        slopes = space.slopes.copy() if gradient else None
        self._free.append(space)
        return outputs, slopes

    @property
    def steps(self) -> int:
        """The number of instructions."""
        return self._code.header.size - self._code.header.start

    flops = steps

    @property
    def runs(self) -> int:
        """The number of stretches of instructions of one kind: the fewer, the faster."""
        return self._code.runs

    @property
    def bytes(self) -> int:
        """The memory that the program and the numbers of one run take."""
        return int(self._code.program.nbytes) + 16 * self._code.header.size


class Workspace:
    """The numbers of one run, where they stand in memory."""

    def __init__(self, code: Code, parameters: int) -> None:
        header = code.header
        values, adjoints = numpy.zeros(header.size), numpy.zeros(header.size)
        last = header.inputs + header.width
        values[last : last + len(code.constants)] = code.constants
        self.leaves = values[: header.inputs]
        self.inputs = values[None, header.inputs : last]
        self.outputs = numpy.empty((1, header.outputs))
        self.slopes = adjoints[:parameters]
        self._kept = values, adjoints, code.program  # as long as their addresses are used
        self._addresses = _addresses(values, adjoints, self.inputs, self.outputs)
        self.numbers = ctypes.addressof(self._addresses)
        self.program = int(code.program.ctypes.data)

    def batch(self, call: Callable[..., None], rows: Array, gradient: int) -> Array:
        """Run several rows; return their outputs (B, m)."""
        rows = numpy.ascontiguousarray(rows, numpy.float64)
        outputs = numpy.empty((len(rows), self.outputs.shape[1]))
        addresses = _addresses(*self._kept[:2], rows, outputs)
        call(ctypes.addressof(addresses), self.program, len(rows), gradient)
        return outputs


def _addresses(*arrays: Array) -> ctypes.Array[ctypes.c_void_p]:
    return (ctypes.c_void_p * 4)(*(array.ctypes.data for array in arrays))


def fits(tape: Tape) -> str | None:
    """Return why the machine cannot run this tape; None if it can.

    A primitive of somebody's own can be compiled if its functions are formulas of the
    package's primitives.
    """
    if os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"):
        return "Numba is switched off by the environment variable NUMBA_DISABLE_JIT"
    try:
        codes(extras(written_out(tape)))
    except ValueError as error:
        return str(error)
    return None


def extras(tape: Tape) -> tuple[Primitive, ...]:
    """Return the primitives of a tape that the table does not have, in the order of names."""
    found = [rule for rule in tape.rules if TABLE.get(rule.name) is not rule]
    return tuple(sorted(found, key=lambda rule: rule.name))


@lru_cache(maxsize=64)
def codes(extra: Sequence[Primitive]) -> dict[Key, int]:
    """Return the code of each kind of instruction."""
    return {kind.key: code for code, kind in enumerate(kinds(extra))}


@lru_cache(maxsize=64)
def machine(extra: Sequence[Primitive]) -> Callable[..., None]:
    """Return the machine for the table's primitives and others."""
    with _LOADING:
        return machine_code(source(extra))


_LOADING = Lock()
