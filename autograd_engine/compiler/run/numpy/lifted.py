"""The NumPy back end: a tape as an array program, bound to memory and ready to run.

Every instruction becomes one call of a NumPy function on views that exist already, with the
result written in place: running allocates next to nothing. A batch runs in tiles that fit the
cache. Where the native core can carry out all instructions, the program is one call of that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from math import prod
from typing import Any

import numpy
from numpy.lib.stride_tricks import as_strided

from autograd_engine.compiler.lift.arrays import Array, ArrayProgram, Backward, Instruction
from autograd_engine.compiler.lift.loops import Loop, lifted
from autograd_engine.compiler.lift.pieces import Plan, planned
from autograd_engine.compiler.lift.reverse import differentiate
from autograd_engine.compiler.record.tape import Tape
from autograd_engine.compiler.run.native import nests
from autograd_engine.compiler.run.native.core import aligned, core
from autograd_engine.compiler.run.native.nests import NONE, WEIGHT, Axis, merged
from autograd_engine.compiler.run.translated import spelled
from autograd_engine.table import MULTIPLY

Call = tuple[Callable[..., Any], tuple[Any, ...]]
ITEM = 8  # bytes
KEPT = 8  # workspaces
CACHE = 1 << 19  # bytes of memory that a tile may take


class Lifted:
    """A tape as an array program, run by the core or by NumPy; two threads may run it at once."""

    def __init__(self, tape: Tape, plan: Plan | None = None, native: bool = True) -> None:
        self.native = native  # the core, if it is there, runs the program where it can
        plan, self.program = lifted(plan or planned(tape))
        self.tape = plan.tape
        self.parameters = len(tape.parameters)
        self.backward = differentiate(self.program)
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
        outputs = numpy.empty((count, len(self.program.outputs)))
        slopes = numpy.zeros(self.parameters) if gradient else None
        tile = min(count, self.tile)
        whole = count - count % tile
        for first, last, size in ((0, whole, tile), (whole, count, count - whole)):
            if size:
                given = None if rows is None else rows[first:last]
                bound = self.taken(size)
                bound.run(leaves, given, outputs[first:], slopes, last - first, count)
                if size in self._free or len(self._free) < KEPT:
                    self._free.setdefault(size, []).append(bound)
        return outputs, slopes

    def taken(self, rows: int) -> Bound:
        """Return a free workspace for so many rows, or a new one."""
        try:
            return self._free[rows].pop()
        except (KeyError, IndexError):
            return Bound(self.program, self.backward, rows, self.native, self.parameters)


ByNumPy = partial(Lifted, native=False)


class Bound:
    """An array program on memory of its own, for so many rows; not for two threads at once.

    It runs `count` of a batch's `total` rows, tile by tile, and backwards where there is a
    gradient to add to.
    """

    def __init__(
        self, program: ArrayProgram, backward: Backward, rows: int, native: Any, parameters: int = 0
    ) -> None:
        sizes = program.memory.sizes
        self.rows = rows
        self.places, size = nests.offsets(sizes, rows)
        self.memory = aligned(size)
        self.arenas = {}  # small letters: a number in a slot; capitals: one for each row
        for name, count in sizes.items():
            shape, start = (count, rows)[: 1 + name.isupper()], self.places[name]
            self.arenas[name] = self.memory[start : start + prod(shape)].reshape(shape)
        for start, numbers in program.memory.constants:
            self.arenas["v"][start : start + len(numbers)] = numbers
        self.memory[nests.ONE] = 1.0
        self.leaves = self.places["v"] + program.home
        self.slopes = self.places["a"] + program.home[:parameters]
        parts = [
            [*program.forward(False), *program.forward(True)],
            [*backward.body, *backward.rest],
        ]
        module = core() if native else None
        self.run: Callable[..., None] = self.by_numpy
        if module:
            with suppress(NotImplementedError):
                self.run = partial(module.program, self.plan(program, parts))
                return
        self.adjoints = self.arenas["a"][: len(program.home)]
        self.inputs = self.arenas["V"][: program.inputs]
        self.outputs = [self.arenas[r.arena][r.start : r.start + 1] for r in program.outputs]
        self.forward, self.backward = (
            [call for instruction in part for call in self.bound(instruction)] for part in parts
        )

    def plan(self, program: ArrayProgram, parts: list[Any]) -> Array:
        """Return the whole program as one call of the core reads it: see `struct plan`."""
        outputs = [
            (self.places[ref.arena] + ref.start * (self.rows if ref.batched else 1), ref.batched)
            for ref in program.outputs
        ]
        address, codes = self.memory.ctypes.data, []
        for part in parts:
            code = [i for each in part for i in nests.encoded(each, self.places, self.rows)]
            codes.append([address, 2 + len(code), *code])
        head = [address, self.rows, self.places["V"], program.inputs, self.places["a"]]
        head += [len(self.leaves), len(outputs), len(self.slopes), *map(len, codes)]
        found = [head, self.leaves, numpy.ravel(outputs), self.slopes, *codes]
        # No floats: an address may have more bits than they.
        return numpy.concatenate([numpy.array(part, numpy.int64) for part in found])

    def by_numpy(self, *given: Any) -> None:
        leaves, rows, outputs, gradient, count, total = given
        with numpy.errstate(all="ignore"):
            self.memory[self.leaves] = leaves
            self.memory[WEIGHT], self.memory[nests.SHARE] = 1.0 / total, self.rows / total
            for first in range(0, count, self.rows):
                if rows is not None:
                    numpy.copyto(self.inputs, rows[first : first + self.rows].T)
                run(self.forward)
                for place, view in enumerate(self.outputs):
                    outputs[first : first + self.rows, place] = view
                if gradient is not None:
                    self.adjoints.fill(0.0)
                    run(self.backward)
                    gradient += self.memory[self.slopes]

    def bound(self, instruction: Instruction) -> list[Call]:
        kind, rule, out = instruction.kind, instruction.rule, instruction.out
        if (loop := instruction.loop) is not None:
            order = range(loop.times)[:: -1 if instruction.over else 1]
            body = (loop.moved(each, t) for t in order for each in instruction.body)
            return [call for each in body for call in self.bound(each)]
        if kind in ("take", "put"):
            pairs = nests.pairs(instruction, self.places, self.rows).T[..., None]
            batched = out.batched, instruction.ins[0].batched
            both = [at + range(self.rows if rows else 1) for at, rows in zip(pairs, batched)]
            return [(moved, (self.memory, *both, kind == "put"))]
        *_, nest = nests.nests(instruction, self.places, self.rows)
        kept, over = merged(nest.kept), merged(nest.summed)

        def view(which: int, axes: Sequence[Axis], back: int = 0) -> Array:
            strides = [axis.strides[which] * ITEM for axis in axes]
            first = self.memory[nest.starts[which] - back :]
            return as_strided(first, [axis.length for axis in axes], strides)

        for length, steps in nest.chain:
            axes = [*kept, Axis(length + 1, steps)]
            scan = getattr(numpy, nest.name).accumulate
            return [(scan, (view(2, axes, steps[2]), len(kept), None, view(1, axes)))]
        if over and kind == "contract":
            return contraction(kept, over, view)
        target = view(0, kept)
        views = tuple(view(i, [*over, *kept]) for i in range(1, len(nest.starts)))
        if over:
            return [(numpy.add.reduce, (*views, (*range(len(over)),), None, target))]
        if nest.name == nests.COPY and kind != "map":
            return [(numpy.copyto, (target, *views))]
        function: Any = choose if kind == "choose" else spelled(rule or MULTIPLY)
        if isinstance(function, numpy.ufunc):  # which takes `out` fastest by position
            return [(function, (*views, target))]
        return [(partial(function, out=target), views)]


def contraction(kept: list[Axis], over: list[Axis], view: Callable[..., Array]) -> list[Call]:
    """Return the calls that carry out a contraction: a matrix product where each factor has an axis
    of its own, and both one that is summed; not where rows of a batch stand side by side in all.
    """
    left = [axis for axis in kept if not axis.strides[2]] or [NONE]
    right = [axis for axis in kept if axis.strides[2] and not axis.strides[1]] or [NONE]
    side_by_side = any(axis.strides == (1, 1, 1) for axis in kept)
    if side_by_side or not all(all(axis.strides[1:]) for axis in over):
        a, b = (view(i, [*over, *kept]) for i in (1, 2))
        held = numpy.empty(a.shape)
        add = numpy.add.reduce, (held, (*range(len(over)),), None, view(0, kept))
        return [(numpy.multiply, (a, b, held)), add]
    row, column, inner = left[-1], right[-1], max(over)
    around = [axis for axis in over if axis is not inner]
    stack = [axis for axis in kept if axis not in (row, column)]
    o = view(0, [*stack, row, column])
    a, b = view(1, [*around, *stack, row, inner]), view(2, [*around, *stack, inner, column])
    held = numpy.empty((*a.shape[:-1], b.shape[-1])) if around else o
    add = numpy.add.reduce, (held, (*range(len(around)),), None, o)
    return [(numpy.matmul, (a, b, held)), *[add] * bool(around)]


def moved(memory: Array, here: Array, there: Array, add: bool) -> None:
    """Copy or add numbers to places, some of which may come several times; of rows the sum."""
    found = memory[there]
    found = found if here.shape[1] >= there.shape[1] else found.sum(-1, keepdims=True)
    if add:
        numpy.add.at(memory, here, found)
    else:
        memory[here] = found


def choose(x: Array, y: Array, z: Array, out: Array) -> None:
    """Write z where x > y, else 0 times z."""
    numpy.copyto(out, numpy.where(x > y, z, 0.0 * z))


def run(calls: list[Call]) -> None:
    for function, arguments in calls:
        function(*arguments)
