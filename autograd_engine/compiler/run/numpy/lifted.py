"""The NumPy back end: a tape as an array program, bound to memory and ready to run.

Every instruction becomes one call of a NumPy function on views that exist already, with the
result written in place: running allocates next to nothing. A batch runs in tiles that fit the
cache. Where the native core can carry out all instructions, the program is one call of that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import chain
from math import prod
from typing import Any

import numpy
from numpy.lib.stride_tricks import as_strided

from autograd_engine.compiler.lift.arrays import Array, ArrayProgram, Instruction, Ref
from autograd_engine.compiler.lift.loops import Loop, lifted
from autograd_engine.compiler.lift.pieces import Plan, planned
from autograd_engine.compiler.lift.reverse import Backward, differentiate
from autograd_engine.compiler.record.tape import Tape
from autograd_engine.compiler.run.native.core import HEADER, aligned, core
from autograd_engine.compiler.run.native.encoding import encoded
from autograd_engine.compiler.run.native.nests import BATCH, ONE, WEIGHT, lettered, offsets
from autograd_engine.compiler.run.translated import spelled

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
        size = min(count, self.tile)
        whole = count - count % size
        outputs = numpy.empty((count, len(self.program.outputs)))
        slopes = numpy.empty(self.parameters) if gradient else None
        bound = self.taken(size)
        sums = numpy.zeros(bound.shared) if gradient and count > size else None
        last = slopes if whole == count else None
        bound.run(leaves, rows, outputs, last, sums, whole, count, gradient)
        self.give_back(bound)
        if rows is not None and whole < count:
            bound, rest = self.taken(count - whole), (rows[whole:], outputs[whole:])
            bound.run(leaves, *rest, slopes, sums, count - whole, count, gradient)
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


ByNumPy = partial(Lifted, native=False)


class Bound:
    """An array program on memory of its own, for so many rows; not for two threads at once.

    It runs `count` rows of a batch's `total`, tile by tile, and backwards if wanted; adjoints that
    tiles share are added to `sums`. The last call of a batch has a gradient to write.
    """

    def __init__(
        self, program: ArrayProgram, backward: Backward, rows: int, native: Any, parameters: int = 0
    ) -> None:
        sizes = program.memory.sizes
        self.rows = rows
        self.places, size = offsets(sizes, rows)
        self.memory = aligned(size)
        self.arenas = {}  # small letters: a number in a slot; capitals: one for each row
        for name, count in sizes.items():
            shape, start = (count, rows)[: 1 + name.isupper()], self.places[name]
            self.arenas[name] = self.memory[start : start + prod(shape)].reshape(shape)
        for start, numbers in program.memory.constants:
            self.arenas["v"][start : start + len(numbers)] = numbers
        self.memory[ONE] = self.memory[WEIGHT] = 1.0  # the weight of a row in the mean
        shared = [self.places["a"] + ref.slots().ravel() for ref in backward.shared]
        slots = [self.places["v"] + program.home, self.places["a"] + program.home[:parameters]]
        slots.append(numpy.concatenate([numpy.empty(0, numpy.int64), *shared]))
        self.shared = len(slots[2])
        parts = [[*program.forward(b)] for b in (False, True)] + [backward.body, backward.rest]
        module = core() if native else None
        codes = [self.code(part) for part in parts] if module else [None]
        self.run: Callable[..., None] = self.by_numpy
        if module and None not in codes:
            self.run = partial(module.program, self.plan(program, slots, codes))
            return
        self.leaves, self.slopes, self.sums = slots
        self.adjoints = self.arenas["a"][: len(program.home)]
        self.inputs = self.arenas["V"][: program.inputs]
        self.outputs = [self.view(ref) for ref in program.outputs]
        self.fixed, self.forward, self.body, self.rest = (
            [call for instruction in part for call in self.bound(instruction)] for part in parts
        )

    def code(self, instructions: Iterable[Instruction]) -> list[int] | None:
        """Return instructions as the core reads them; None where it cannot carry out one."""
        codes: list[Any] = [encoded(each, self.places, self.rows) for each in instructions]
        if None in codes:
            return None
        found = [*chain.from_iterable(codes)]
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

    def by_numpy(self, *given: Any) -> None:
        leaves, rows, outputs, gradient, sums, count, total, backwards = given
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

    def view(self, ref: Ref) -> Array:
        """Return the array that a Ref views; the last axis of a batched one are the rows."""
        step, rows = (self.rows * ITEM, (self.rows,)) if ref.batched else (ITEM, ())
        strides = [*(stride * step for stride in ref.strides), *(ITEM for _ in rows)]
        return as_strided(self.arenas[ref.arena][ref.start :], (*ref.shape, *rows), strides)

    def bound(self, instruction: Instruction) -> list[Call]:
        kind, out, ins = instruction.kind, instruction.out, instruction.ins
        if (loop := instruction.loop) is not None:
            order = range(loop.times)[:: -1 if instruction.over else 1]
            body = (loop.moved(each, t) for t in order for each in instruction.body)
            return [call for each in body for call in self.bound(each)]
        target, *views = (self.view(ref) for ref in (out, *ins))
        if kind in ("take", "put"):
            return [(getattr(self, kind), (instruction, views[0]))]
        if kind == "scan":
            axis = len(out.shape) - 1
            if instruction.over:
                target, views[0] = (numpy.flip(array, axis) for array in (target, views[0]))
            scan = getattr(numpy, instruction.rule.name).accumulate  # type: ignore[union-attr]
            return [(scan, (views[0], axis, None, target))]
        names = lettered(instruction)
        arrays = [target, *views]
        lengths = {x: n for one, array in zip(names, arrays) for x, n in zip(one, array.shape)}
        if kind == "contract":
            return contraction(names, arrays, lengths)
        # On as few axes as can be, in the order in which the result lies in memory.
        steps = {x: -abs(s) for x, s in zip(names[0], target.strides) if lengths[x] > 1}
        kept, over = sorted(steps, key=steps.__getitem__), [x for x in lengths if x not in names[0]]
        target = on_axes(target, names[0], kept, lengths)
        views = [on_axes(x, one, [*over, *kept], lengths) for x, one in zip(views, names[1:])]
        if kind in ("copy", "fill", "seed"):
            one = WEIGHT if out.batched else ONE
            views = views or [self.memory[one : one + 1].reshape(()) if kind == "seed" else 0.0]
            return [(numpy.copyto, (target, *views))]
        if kind == "sum":
            return [(numpy.add.reduce, (views[0], (*range(len(over)),), None, target))]
        function: Any = choose if kind == "choose" else spelled(instruction.rule)
        if isinstance(function, numpy.ufunc):  # which takes `out` fastest by position
            return [(function, (*views, target))]
        return [(partial(function, out=target), tuple(views))]

    def take(self, found: Instruction, _: Array) -> None:
        out, at = found.out, slice(None) if found.at is None else found.at
        taken = self.arenas[found.ins[0].arena].take(found.index, 0)
        beside = out.batched and not found.ins[0].batched
        target = self.arenas[out.arena][out.start : out.start + out.size]
        target[at] = taken[:, None] if beside else taken

    def put(self, found: Instruction, values: Array) -> None:
        """Add values to slots, some of which may come several times."""
        out, at = found.out, slice(None) if found.at is None else found.at
        if found.ins[0].batched and not out.batched:
            values = values.sum(-1)
        numpy.add.at(self.arenas[out.arena], found.index, values[at])


def contraction(names: list[str], views: list[Array], lengths: dict[str, int]) -> list[Call]:
    """Return the calls that carry out a contraction: a matrix product where each factor has a
    letter of its own, m and n, and both one that is summed, c. Rows of a batch are a letter too.
    """
    (result, first, second), (o, a, b) = names, views
    if BATCH in first and BATCH not in second:
        first, second, a, b = second, first, b, a
    summed = sorted({*first} & {*second} - {*result}, key=lengths.__getitem__)
    m, n = ([c for c in one if c not in other] for one, other in ((first, second), (second, first)))
    if not (summed and m and n) or not {*m, *n} <= {*result} or BATCH in {*first} & {*result}:
        axes = f"{first},{second}->{result}"
        return [(lambda: numpy.einsum(axes, a, b, out=o), ())]
    c = summed.pop()
    over = [letter for letter in summed if lengths[letter] > 1]
    stack = [*over, *(letter for letter in result if letter not in (m[-1], n[-1]))]
    a = on_axes(a, first, [*stack, m[-1], c], lengths)
    b = on_axes(b, second, [*stack, c, n[-1]], lengths)
    o = on_axes(o, result, [*stack[len(over) :], m[-1], n[-1]], lengths)
    held = numpy.empty((*a.shape[:-1], b.shape[-1])) if over else o
    product = numpy.multiply if lengths[c] == 1 else numpy.matmul
    calls: list[Call] = [(product, (a, b, held))]
    return calls + [(numpy.add.reduce, (held, (*range(len(over)),), None, o))] * bool(over)


def on_axes(array: Array, names: str, wanted: Sequence[str], lengths: dict[str, int]) -> Array:
    """Return a view on these axes, along one that it lacks the same, without those left out."""
    strides = dict(zip(names, array.strides))
    return as_strided(array, [lengths[x] for x in wanted], [strides.get(x, 0) for x in wanted])


def choose(x: Array, y: Array, z: Array, out: Array) -> None:
    """Write z where x > y, else 0 times z."""
    numpy.copyto(out, numpy.where(x > y, z, 0.0 * z))


def run(calls: list[Call]) -> None:
    for function, arguments in calls:
        function(*arguments)
