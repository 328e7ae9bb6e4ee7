"""The native core: C that carries out array instructions and scalar programs, if it is there.

It is built with the package where there is a C compiler; else, and with AUTOGRAD_ENGINE_PURE=1,
NumPy and plain Python run the same programs.

Its scalar machine runs a tape value by value, without any regularity. A processor guesses what
comes next, and a wrong guess costs more than an addition. The order of instructions is free as long
as operands come first, so those of one kind and depth stand together: the next one is then nearly
always of the kind of the last.
"""

from __future__ import annotations

import os
import warnings
from array import array
from functools import lru_cache
from importlib import import_module
from types import ModuleType
from typing import Any, Final

import numpy

from autograd_engine.compiler.record.rewriting import Unwritable, common, is_long, written_out
from autograd_engine.compiler.record.tape import Tape
from autograd_engine.compiler.run.native.c_table import digest, key
from autograd_engine.table import ADD, MULTIPLY, POWER, SUBTRACT, azmul

Array = Any
PADDING: Final = 16  # numbers that vectors may touch behind the end of the memory
START = 65536  # in a code: the first of a group
_SLOPED, _FED = 1, 2  # what a value depends on: a parameter, an input


@lru_cache(maxsize=1)
def core() -> ModuleType | None:
    """Return the native core, or None; where it is missing, a warning says so once."""
    if os.environ.get("AUTOGRAD_ENGINE_PURE", "") not in ("", "0"):
        return None
    try:
        _core = import_module("autograd_engine.compiler.run.native._core")
        if _core.sources != digest():
            raise ImportError("it was built from other sources")
    except ImportError as error:
        warnings.warn(
            f"autograd_engine's native core is missing ({error}): NumPy and plain Python run the "
            f"same programs, slower. Install the package where there is a C compiler (gcc, clang)",
            RuntimeWarning,
            stacklevel=2,
        )
        return None
    return _core


@lru_cache(maxsize=2)
def codes(what: str) -> dict[str, int]:
    """Return the codes of the core's "maps" over arrays, or "kinds" of scalar instructions."""
    return {name: code for code, name in enumerate(getattr(core(), what, "").split("|"))}


def aligned(size: int) -> Array:
    """Return so many zeros that begin where vectors do."""
    memory = numpy.zeros(size + 8 + PADDING)
    first = -memory.ctypes.data // memory.itemsize % 8
    return memory[first : first + size]


class Machine:
    """Runs a tape that `fits` instruction by instruction; two threads may run it at once."""

    def __init__(self, tape: Tape) -> None:
        found: Any = core()
        self._scalars, self._sweep = found.scalars, 2 if azmul in tape.rules else 1
        self._tape = simple = common(written_out(tape, own=True))  # 2: honest, see `gradients`
        self._program = assembled(simple, [*map(int, found.grouped.split("|"))])
        self._size, self._outputs = self._program[6:8].tolist()
        self.steps = self._size - simple.start  # instructions
        self._free: list[tuple[Array, Array]] = []

    def run(self, leaves: Array, rows: Array | None, gradient: bool) -> tuple[Array, Array | None]:
        """Return the outputs (B, m) and, if wanted, the gradient of output 0's mean, else None.

        `leaves` holds the numbers of the tape's parameters, then of its others; `rows` the
        inputs (B, n), or None where there are none. Nothing is raised for a number.
        """
        try:
            values, adjoints = self._free.pop()
        except IndexError:
            values, adjoints = numpy.zeros(self._size + PADDING), numpy.zeros(self._size)
            values[self._tape.first : self._tape.start] = self._tape.constants
        values[: len(leaves)] = leaves
        given = numpy.empty((1, 0)) if rows is None else numpy.ascontiguousarray(rows, float)
        outputs = numpy.empty((len(given), self._outputs))
        wanted = gradient * self._sweep
        self._scalars(self._program, given, values, adjoints, outputs, len(given), wanted)
        slopes = adjoints[: len(self._tape.parameters)].copy() if gradient else None
        self._free.append((values, adjoints))
        return outputs, slopes


def fits(tape: Tape) -> str | None:
    """Return why the machine cannot run this tape, which it reads as formulas; None if it can."""
    if core() is None:
        return "the native core is missing"
    try:
        if any(rule.written_out is None and is_long(rule, True) for rule in tape.rules):
            written_out(tape, own=True)
    except Unwritable as error:
        return str(error)
    return None


def assembled(tape: Tape, grouped: list[int]) -> Array:
    """Return the program of a tape, int32; kinds that are `grouped` are computed several at once,
    if they are of one depth.

    It begins with the numbers of leaves and inputs, the places of the first instruction and of
    those that are first to depend on a parameter, on an input, on both, and the numbers of places
    and outputs. Then come the places of the outputs, then of each instruction its code and the
    places of x, y and z (x again for none).
    """
    rule, operands, place = fused(tape)
    depends, depth = levels(tape, operands, place)
    known, rules = codes("kinds"), tape.rules
    named = [key(each, len(each.domain)) for each in rules] + [key(each, 3, True) for each in rules]
    kind = numpy.array([known.get(name, -1) for name in named], numpy.int32)[rule]
    fixed = (depends[operands[1]] & _SLOPED) == 0  # whose partial by that is a logarithm too many
    kind[_among(tape, rule, POWER) & fixed] = known[key(POWER, 1)]
    depends = depends[place].astype(numpy.int64)
    alike = (depends * (tape.size + 1) + depth[place]) * len(codes("kinds")) + kind
    order = numpy.argsort(alike, kind="stable")
    end = tape.start + len(order)
    moved = numpy.arange(tape.size, dtype=numpy.int32)
    moved[place[order]] = numpy.arange(tape.start, end, dtype=numpy.int32)
    body = numpy.stack([kind, *moved[operands]], 1)[order]
    begins = numpy.diff(alike[order], prepend=-1) != 0
    body[:, 0] += START * (begins & numpy.isin(body[:, 0], grouped))
    bounds = numpy.searchsorted(depends[order], [_SLOPED, _FED, _SLOPED | _FED]) + tape.start
    leaves, width = len(tape.parameters) + len(tape.others), len(tape.inputs)
    head = [leaves, width, tape.start, *bounds, end, len(tape.outputs), *moved[tape.outputs]]
    return numpy.concatenate([numpy.array(head), body.ravel()]).astype(numpy.int32)


def fused(tape: Tape) -> tuple[Array, Array, Array]:
    """Return the rule of each operation, the operands x, y, z, the place of the result; a product
    that one sum alone uses is made part of that.

    A rule is a position in `tape.rules`, plus their number where the second operand is a
    product y * z. An operand that is missing is x again.
    """
    rule, x, y = (numpy.array(column) for column in (tape.op, tape.x, tape.y))
    uses = numpy.bincount(x, minlength=tape.size) + numpy.bincount(y[y >= 0], minlength=tape.size)
    uses[tape.outputs] += 2  # these are needed for themselves
    y = numpy.where(y < 0, x, y)
    z = x.copy()
    product = numpy.zeros(tape.size, bool)
    product[tape.start :] = _among(tape, rule, MULTIPLY) & (uses[tape.start :] == 1)
    right = _among(tape, rule, ADD, SUBTRACT) & product[y]
    left = _among(tape, rule, ADD) & ~right & product[x]
    sums = left | right
    gone = numpy.where(right, y, x)[sums] - tape.start
    x[left] = y[left]
    y[sums], z[sums] = x[gone], y[gone]
    rule[sums] += len(tape.rules)
    kept = numpy.ones(len(rule), bool)
    kept[gone] = False
    place = numpy.flatnonzero(kept).astype(numpy.int32) + tape.start
    return rule[kept], numpy.stack([x, y, z])[:, kept], place


def levels(tape: Tape, operands: Array, places: Array) -> tuple[Array, Array]:
    """Return what each place depends on, and its depth: one more than its deepest operand."""
    sloped, others = len(tape.parameters), len(tape.others)
    depends = bytearray([_SLOPED] * sloped + [0] * others + [_FED] * len(tape.inputs))
    depends += bytes(tape.size - len(depends))
    depth = array("i", bytes(4 * tape.size))
    for place, x, y, z in zip(*(memoryview(column) for column in (places, *operands))):
        depends[place] = depends[x] | depends[y] | depends[z]
        depth[place] = max(depth[x], depth[y], depth[z]) + 1
    return numpy.frombuffer(depends, numpy.uint8), numpy.frombuffer(depth, numpy.int32)


def _among(tape: Tape, rule: Array, *rules: Any) -> Array:
    return numpy.isin(rule, [tape.rules.index(item) for item in rules if item in tape.rules])
