"""The NumPy back end: an array program bound to memory, ready to run.

Every instruction becomes one call of a NumPy function on views that exist already, with the
result written in place: running allocates next to nothing. A batch runs in tiles that fit the
cache. Where the native core can carry out all instructions, the program is one call of that.
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
from autograd_engine.compiler.run.native.encoding import encoded
from autograd_engine.compiler.run.native.nests import ONE, WEIGHT, offsets
from autograd_engine.compiler.run.numpy.ufuncs import spelled

Call = tuple[Callable[..., Any], tuple[Any, ...]]
ITEM = 8  # bytes


class Bound:
    """An array program on memory of its own, for one number of rows; run by the core, if `native`.

    `run(leaves, rows, outputs, gradient, sums, count, total, backwards)` runs `count` rows of a
    batch's `total`, tile by tile, and backwards if wanted; adjoints that tiles share are added to
    `sums`, of which there are `shared`. The last call of a batch has a gradient to write. Not for
    two threads at once.
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
        self.rows = rows
        self.places, size = offsets(sizes, rows)
        self.memory = aligned(size)
        self.arenas = {arena: self.arena(arena, count) for arena, count in sizes.items()}
        for start, numbers in program.memory.constants:
            self.arenas["v"][start : start + len(numbers)] = numbers
        self.memory[ONE] = self.memory[WEIGHT] = 1.0  # the weight of a row in the mean
        shared = [self.places["a"] + ref.slots().ravel() for ref in backward.shared]
        slots = [
            self.places["v"] + program.home,
            self.places["a"] + program.home[:parameters],
            numpy.concatenate([numpy.empty(0, numpy.int64), *shared]),
        ]
        self.shared = len(slots[2])
        parts = [*map(list, map(program.forward, (False, True))), backward.body, backward.rest]
        module = core() if native else None
        codes = [self.code(part) for part in parts] if module else [None]
        self.run: Callable[..., None] = self.by_numpy
        if module and None not in codes:
            self.run = partial(module.program, self.plan(program, slots, codes))
            return
        self.leaves, self.slopes, self.sums = map(span, slots)
        self.adjoints = self.arenas["a"][: len(program.home)]
        self.inputs = self.arenas["V"][: program.inputs]
        self.outputs = [self.view(ref) for ref in program.outputs]
        self.fixed, self.forward, self.body, self.rest = (
            [call for instruction in part for call in self.bound(instruction)] for part in parts
        )

    def code(self, instructions: Iterable[Instruction]) -> list[int] | None:
        """Return instructions as the core reads them; None where it cannot carry out one."""
        found: list[int] = []
        for instruction in instructions:
            more = encoded(instruction, self.places, self.rows)
            if more is None:
                return None
            found += more
        return [self.memory.ctypes.data, HEADER + len(found), *found]

    def plan(self, program: ArrayProgram, slots: list[Array], codes: list[Any]) -> Array:
        """Return the whole program as one call of the core reads it: see `struct plan`."""
        outputs = [
            (self.places[ref.arena] + ref.start * (self.rows if ref.batched else 1), ref.batched)
            for ref in program.outputs
        ]
        leaves, slopes, sums = slots
        head = [self.memory.ctypes.data, self.rows, self.places["V"], program.inputs, WEIGHT]
        head += [self.places["a"], len(leaves), len(leaves), len(outputs), len(slopes), len(sums)]
        parts = [[*head, *map(len, codes)], leaves, numpy.ravel(outputs), slopes, sums, *codes]
        # No floats: an address may have more bits than they.
        return numpy.concatenate([numpy.array(part, numpy.int64) for part in parts])

    def by_numpy(
        self,
        leaves: Array,
        rows: Array | None,
        outputs: Array,
        gradient: Array | None,
        sums: Array | None,
        count: int,
        total: int,
        backwards: bool,
    ) -> None:
        """Do what the core does."""
        with numpy.errstate(all="ignore"):
            self.memory[self.leaves] = leaves
            self.memory[WEIGHT] = 1.0 / total
            run(self.fixed)
            for first in range(0, count, self.rows):
                if rows is not None:
                    numpy.copyto(self.inputs, rows[first : first + self.rows].T)
                run(self.forward)
                for place, view in enumerate(self.outputs):
                    outputs[first : first + self.rows, place] = view
                if backwards:
                    self.adjoints.fill(0.0)
                    run(self.body)
                    if sums is not None:
                        sums += self.memory[self.sums]
            if gradient is not None:
                if sums is not None:
                    self.memory[self.sums] = sums
                run(self.rest)
                gradient[:] = self.memory[self.slopes]

    def arena(self, name: str, size: int) -> Array:
        """Return an arena's slots, shape (size,), or (size, rows) of one that is batched."""
        shape = (size, self.rows) if name.isupper() else (size,)
        start = self.places[name]
        return self.memory[start : start + prod(shape)].reshape(shape)

    def view(self, ref: Ref, beside: bool = False) -> Array:
        """Return the array that a Ref views; `beside` a batched one it gets an axis of one."""
        step = self.rows * ITEM if ref.batched else ITEM
        shape, strides = ref.shape, tuple(stride * step for stride in ref.strides)
        if ref.batched or beside:
            shape = (*shape, self.rows if ref.batched else 1)
            strides = (*strides, ITEM)
        return as_strided(self.arenas[ref.arena][ref.start :], shape, strides)

    def bound(self, instruction: Instruction) -> list[Call]:
        """Return the calls that carry out one instruction."""
        kind, out, ins = instruction.kind, instruction.out, instruction.ins
        if kind == "loop":
            return [
                call for step in instruction.rounds() for each in step for call in self.bound(each)
            ]
        if kind == "contract":
            return contraction(self.view, instruction)
        if kind in ("take", "put"):
            return [(getattr(self, kind)(instruction), ())]
        batched = any(ref.batched for ref in (out, *ins))
        target, views = self.view(out), [self.view(ref, batched) for ref in ins]
        if kind == "copy":
            return [(numpy.copyto, (target, views[0]))]
        if kind == "fill":
            return [(target.fill, (0.0,))]
        if kind == "seed":
            place = WEIGHT if out.batched else ONE
            return [(numpy.copyto, (target, self.memory[place : place + 1].reshape(())))]
        if kind == "sum":
            rows = (len(ins[0].shape),) if batched and not out.batched else ()
            return [(numpy.add.reduce, (views[0], (*instruction.over, *rows), None, target))]
        if kind == "scan":
            axis = len(out.shape) - 1
            if instruction.over:
                target, views[0] = (numpy.flip(array, axis) for array in (target, views[0]))
            scan = getattr(numpy, instruction.rule.name).accumulate  # type: ignore[union-attr]
            return [(scan, (views[0], axis, None, target))]
        function: Any = choose if kind == "choose" else spelled(instruction.rule)
        *views, target = on_few_axes(*views, target)
        if isinstance(function, numpy.ufunc):  # which takes `out` fastest by position
            return [(function, (*views, target))]
        return [(partial(function, out=target), tuple(views))]

    def take(self, instruction: Instruction) -> Callable[[], None]:
        source, out = instruction.ins[0], instruction.out
        arena, index = self.arenas[source.arena], instruction.index
        target = self.arenas[out.arena][out.start : out.start + out.size]
        at = slice(None) if instruction.at is None else instruction.at
        beside = out.batched and not source.batched

        def gather() -> None:
            taken = arena.take(index, 0)
            target[at] = taken[:, None] if beside else taken

        return gather

    def put(self, instruction: Instruction) -> Callable[[], None]:
        """Return what adds values to slots, some of which may come several times."""
        target, value = self.arenas[instruction.out.arena], self.view(instruction.ins[0])
        index = instruction.index
        at = slice(None) if instruction.at is None else instruction.at
        summed = instruction.ins[0].batched and not instruction.out.batched

        def scatter() -> None:
            values = value.sum(-1) if summed else value
            numpy.add.at(target, index, values[at])

        return scatter


def contraction(view: Callable[[Ref], Array], instruction: Instruction) -> list[Call]:
    """Return the calls that carry out a contraction: a matrix product where views allow one.

    Beside the blocks h it has one letter in both factors that is summed (c), one in the first
    factor only (m), one in the second only (n); a batched operand also has the rows (b), last.
    """
    factors, result = instruction.axes.split("->")
    (first, second), (x, y), out = factors.split(","), instruction.ins, instruction.out
    if y.batched and not x.batched:
        first, second, x, y = second, first, y, x
    if first == "nk" or "t" in first or (x.batched and y.batched is out.batched):
        letters = (first + "b" * x.batched, second + "b" * y.batched, result + "b" * out.batched)
        axes = "{},{}->{}".format(*letters)
        a, b, o = view(x), view(y), view(out)
        return [(lambda: numpy.einsum(axes, a, b, out=o), ())]
    (c,) = set(first) & set(second) - set(result)
    m, n = (next(letter for letter in f if letter not in "h" + c) for f in (first, second))
    a = view(x.transposed(*map(first.index, ("h", m, c))))
    b = view(y.transposed(*map(second.index, ("h", c, n))))
    o = view(out.transposed(*map(result.index, ("h", m, n))))
    if not x.batched:
        return [_product(a, b, o)]
    if out.batched:  # (n, c) @ (c, rows), for each block and m
        return [_product(b.transpose(0, 2, 1)[:, None], a, o)]
    if a.shape[2] == 1:
        return [_product(a[:, :, 0], b[:, 0].transpose(0, 2, 1), o)]
    held = numpy.empty((a.shape[0], a.shape[2], a.shape[1], b.shape[2]))
    each = _product(a.transpose(0, 2, 1, 3), b.transpose(0, 1, 3, 2), held)
    return [each, (numpy.add.reduce, (held, 1, None, o))]


def _product(a: Array, b: Array, out: Array) -> Call:
    """Return the matrix product; where its summed axis has length 1, the product of elements."""
    if a.shape[-1] == 1:
        return numpy.multiply, on_few_axes(a, b, out)
    return numpy.matmul, (a, b, out)


def on_few_axes(*arrays: Array) -> tuple[Array, ...]:
    """Return views for a function of elements, the last its result, on as few axes as can be.

    Axes of length 1 are left out and the others ordered as the result lies in memory.
    """
    out = arrays[-1]
    order = sorted(range(out.ndim), key=lambda axis: -abs(out.strides[axis]))
    kept = [axis for axis in order if out.shape[axis] > 1] or order[:1]
    left = tuple(axis for axis in range(out.ndim) if axis not in kept)
    ranks = [sorted(kept).index(axis) for axis in kept]
    views = [numpy.broadcast_to(array, out.shape) for array in arrays[:-1]]
    return tuple(array.squeeze(left).transpose(ranks) for array in (*views, out))


def choose(x: Array, y: Array, z: Array, out: Array) -> None:
    """Write z where x > y, else 0 times z."""
    numpy.copyto(out, numpy.where(x > y, z, 0.0 * z))


def span(places: Array) -> Any:
    """Return places as a slice, where they stand one behind the other."""
    start = int(places[0]) if len(places) else 0
    together = (places == start + numpy.arange(len(places))).all()
    return slice(start, start + len(places)) if together else places


def run(calls: list[Call]) -> None:
    """Carry out the calls, one after the other."""
    for function, arguments in calls:
        function(*arguments)
