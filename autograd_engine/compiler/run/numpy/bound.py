"""The NumPy back end: an array program bound to memory, ready to run.

Every instruction becomes one call of a NumPy function on views that exist already, with the
result written in place: running allocates nothing. A batch runs in tiles that fit the cache.
With the native core, instructions that stand together become one call of that instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from math import prod
from typing import Any

import numpy
from numpy.lib.stride_tricks import as_strided

from autograd_engine.compiler.lift.arrays import Array, ArrayProgram, Instruction
from autograd_engine.compiler.lift.reverse import Backward
from autograd_engine.compiler.lift.strides import Ref
from autograd_engine.compiler.run.native.core import HEADER, aligned, core
from autograd_engine.compiler.run.native.nests import ONE, WEIGHT, offsets
from autograd_engine.compiler.run.numpy.contraction import contraction, on_few_axes, single
from autograd_engine.compiler.run.numpy.ufuncs import spelled

Call = tuple[Callable[..., Any], tuple[Any, ...]]
SCANS = {
    "maximum": numpy.maximum,
    "minimum": numpy.minimum,
    "hypot": numpy.hypot,
    "multiply": numpy.multiply,
}
ITEM = 8  # bytes
CACHE = 1 << 19  # bytes of memory that a tile may take


class Bound:
    """An array program on memory of its own, for one number of rows; run by the core, if `native`.

    Not for two threads at once.
    """

    def __init__(
        self,
        program: ArrayProgram,
        backward: Backward,
        rows: int,
        native: bool = False,
        parameters: int = 0,
    ) -> None:
        sizes = program.memory.sizes
        self.rows, self.native = rows, native
        self.places, size = offsets(sizes, rows)
        self.memory = aligned(size)
        self.arenas = {arena: self.arena(arena, count) for arena, count in sizes.items()}
        for start, numbers in program.memory.constants:
            self.arenas["v"][start : start + len(numbers)] = numbers
        self.memory[ONE] = 1.0
        self.weight = self.memory[WEIGHT : WEIGHT + 1].reshape(())  # of a row in the mean
        self.weight.fill(1.0)
        leaves = len(program.home)
        self.leaves = self.arenas["v"][:leaves]
        self.slopes = self.arenas["a"][:leaves]
        self.inputs = self.arenas["V"][: program.inputs]
        parts = [list(program.forward(batched)) for batched in (False, True)]
        parts += [backward.body, backward.rest]
        codes = [self.code(part) for part in parts] if native else [None]
        self.plan: Array | None = None
        if None not in codes:
            self.plan = self.planned(program, backward, codes, parameters)
        else:
            self.fixed, self.forward, self.body, self.rest = map(self.calls, parts)
        self.shared = [self.view(ref) for ref in backward.shared]
        self.outputs = [self.view(ref) for ref in program.outputs]

    def code(self, instructions: Iterable[Instruction]) -> list[int] | None:
        """Return instructions as the core reads them; None where it cannot carry out one."""
        from autograd_engine.compiler.run.native.encoding import encoded

        found: list[int] = []
        for instruction in instructions:
            more = encoded(instruction, self.places, self.rows)
            if more is None:
                return None
            found += more
        return [self.memory.ctypes.data, HEADER + len(found), *found]

    def planned(
        self, program: ArrayProgram, backward: Backward, codes: list[Any], parameters: int
    ) -> Array:
        """Return the whole program as one call of the core reads it: see `struct plan`."""
        leaves = self.places["v"] + program.home
        slopes = self.places["a"] + program.home[:parameters]
        shared = [self.places["a"] + ref.slots().ravel() for ref in backward.shared]
        outputs = [
            number
            for ref in program.outputs
            for number in (
                self.places[ref.arena] + ref.start * (self.rows if ref.batched else 1),
                int(ref.batched),
            )
        ]
        slots = [
            leaves,
            outputs,
            slopes,
            numpy.array([slot for slots in shared for slot in slots], numpy.int64),
        ]
        self.sums = len(slots[-1])  # of adjoints that tiles share
        head = [self.memory.ctypes.data, self.rows, self.places["V"], program.inputs, WEIGHT]
        head += [self.places["a"], len(leaves)]
        head += [len(leaves), len(program.outputs), len(slopes), len(slots[-1]), *map(len, codes)]
        parts = [head, *slots, *codes]  # no floats: an address may have more bits than they
        return numpy.concatenate([numpy.array(part, numpy.int64) for part in parts])

    def arena(self, name: str, size: int) -> Array:
        """Return an arena's slots, shape (size,), or (size, rows) of one that is batched."""
        shape = (size, self.rows) if name.isupper() else (size,)
        start = self.places[name]
        return self.memory[start : start + prod(shape)].reshape(shape)

    def view(self, ref: Ref, beside: bool = False) -> Array:
        """Return the array that a Ref views; `beside` a batched one it gets an axis of one."""
        arena = self.arenas[ref.arena]
        if ref.batched:
            shape = (*ref.shape, self.rows)
            strides = (*(stride * self.rows * ITEM for stride in ref.strides), ITEM)
            return as_strided(arena[ref.start :], shape, strides)
        shape, strides = ref.shape, tuple(stride * ITEM for stride in ref.strides)
        if beside:
            shape, strides = (*shape, 1), (*strides, 0)
        return as_strided(arena[ref.start :], shape, strides)

    def calls(self, instructions: Iterable[Instruction]) -> list[Call]:
        """Return the calls that carry out instructions, those of the core taken together."""
        found: list[Call] = []
        together: list[Instruction] = []
        for instruction in instructions:
            if self.native and self.code([instruction]) is not None:
                together.append(instruction)
                continue
            found += self.together(together) + self.bound(instruction)
            together = []
        return found + self.together(together)

    def together(self, instructions: list[Instruction]) -> list[Call]:
        if not instructions:
            return []
        module = core()
        assert module is not None
        return [(module.arrays, (numpy.array(self.code(instructions), numpy.int64),))]

    def bound(self, instruction: Instruction) -> list[Call]:
        """Return the calls that carry out one instruction."""
        kind, out, ins = instruction.kind, instruction.out, instruction.ins
        if kind == "loop":
            return [call for step in instruction.rounds() for call in self.calls(step)]
        simple = single(instruction, self.arenas)
        if simple is not None:
            return [(simple, ())]
        batched = out.batched or any(ref.batched for ref in ins)
        if kind == "contract":
            return contraction(self.view, instruction)
        if kind == "take":
            return [self.take(instruction)]
        if kind == "put":
            return [self.put(instruction)]
        views = [self.view(ref, batched) for ref in ins]
        target = self.view(out, out.batched)
        if kind == "map":
            assert instruction.rule is not None
            function = spelled(instruction.rule)
            assert function is not None  # formulas have been spelled out
            return map_calls(function, on_few_axes(*views, target))
        if kind == "choose":
            return map_calls(choose, on_few_axes(*views, target))
        if kind == "copy":
            return [(numpy.copyto, (target, views[0]))]
        if kind == "fill":
            return [(target.fill, (0.0,))]
        if kind == "seed":
            return [(numpy.copyto, (target, self.weight if out.batched else 1.0))]
        if kind == "sum":
            over = instruction.over
            if batched and not out.batched:
                over = (*over, len(ins[0].shape))
            return [summation(views[0], over, target)]
        assert kind == "scan" and instruction.rule is not None
        axis = len(out.shape) - 1
        accumulate = SCANS[instruction.rule.name].accumulate
        if instruction.over:
            backwards = (slice(None),) * axis + (slice(None, None, -1),)
            target, views = target[backwards], [views[0][backwards]]
        return [(accumulate, (views[0], axis, None, target))]

    def take(self, instruction: Instruction) -> Call:
        source = self.arenas[instruction.ins[0].arena]
        out, index, at = instruction.out, instruction.index, instruction.at
        whole = self.arenas[out.arena][out.start : out.start + out.size]
        if at is None:
            return source.take, (index, 0, whole, "clip")
        beside = out.batched and not instruction.ins[0].batched

        def scatter() -> None:
            taken = source.take(index, 0)
            whole[at] = taken[:, None] if beside else taken

        return scatter, ()

    def put(self, instruction: Instruction) -> Call:
        """Return the call that adds values to slots, some of which may come several times."""
        target, value = self.arenas[instruction.out.arena], self.view(instruction.ins[0])
        index, at = instruction.index, instruction.at
        summed = instruction.ins[0].batched and not instruction.out.batched
        order = numpy.argsort(index, kind="stable")
        slots, starts = numpy.unique(index[order], return_index=True)
        rows = order if at is None else at[order]
        plain = len(slots) == len(index)

        def scatter() -> None:
            values = value.sum(-1) if summed else value
            values = values[rows]
            target[slots] += values if plain else numpy.add.reduceat(values, starts, 0)

        return scatter, ()


def map_calls(function: Callable[..., Any], arrays: tuple[Array, ...]) -> list[Call]:
    """Return the calls that map a function over arrays, the last of which is its result."""
    *views, target = arrays
    if isinstance(function, partial):  # of a ufunc, to its first operand
        views, function = [*function.args, *views], function.func
    if isinstance(function, numpy.ufunc):  # which takes `out` fastest by position
        return [(function, (*views, target))]
    return [(partial(function, out=target), tuple(views))]


def choose(x: Array, y: Array, z: Array, out: Array) -> None:
    """Write z where x > y, else 0."""
    numpy.copyto(out, numpy.where(x > y, z, 0.0))


def summation(array: Array, over: tuple[int, ...], out: Array) -> Call:
    """Return the call that sums over axes: a product with ones where that is faster."""
    if array.ndim == 2 and out.ndim == 1 and array.size > 64:
        ones = numpy.ones(array.shape[over[0]])
        if over == (0,):
            return numpy.matmul, (ones, array, out)
        return numpy.matmul, (array, ones, out)
    return numpy.add.reduce, (array, over, None, out)


def run(calls: list[Call]) -> None:
    """Carry out the calls, one after the other."""
    for function, arguments in calls:
        function(*arguments)
