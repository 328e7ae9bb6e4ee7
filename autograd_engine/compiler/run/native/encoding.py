"""Encoding: an array instruction as the integers that the native core reads.

All arenas stand in one flat memory; a view is the place of its first number and a stride for
each axis. Axes are left out, merged and ordered so that the innermost one is long and runs
through memory number by number, which is what the core's loops are fast at.

>>> from autograd_engine.table import ADD
>>> a, b = Ref("v", 0, (3, 4), (4, 1)), Ref("v", 12, (3, 4), (4, 1))
>>> code = encoded(Instruction("map", b, (a, b), ADD), {"v": 8}, 1)
>>> code[3:7], code[7:12], code[12:17]  # the lengths of four axes; the result; x
([1, 1, 1, 12], [20, 0, 0, 0, 1], [8, 0, 0, 0, 1])
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy

from autograd_engine.compiler.lift.arrays import Array, Instruction
from autograd_engine.compiler.lift.strides import Ref
from autograd_engine.compiler.run.native.contracting import MOST, contracted
from autograd_engine.compiler.run.native.core import maps
from autograd_engine.compiler.run.native.nests import (
    ONE,
    WEIGHT,
    ZERO,
    Axis,
    Place,
    clash,
    nested,
    placed,
    shared,
)
from autograd_engine.primitives import TABLE

MAP, ROWS, LOOP = 0, 2, 3  # kinds of instructions, as the core knows them
DEPTH: Final = 4  # axes of a map
COPY: Final = "stopped"

Code = list[int]
Codes = list[Code] | None


def encoded(instruction: Instruction, offsets: Mapping[str, int], rows: int) -> Code | None:
    """Return an instruction as integers; None where the core has no loop for it.

    `offsets` says where in memory each arena begins; a batched one holds `rows` numbers in
    each slot.
    """
    found = pieces(instruction, offsets, rows)
    return None if found is None else [number for piece in found for number in piece]


def pieces(instruction: Instruction, offsets: Mapping[str, int], rows: int) -> Codes:
    """Return the instructions of the core that together carry out one; None if none do."""
    kind, out = instruction.kind, instruction.out
    if kind == "loop":
        return looped(instruction, offsets, rows)
    if kind == "scan":
        return Encoder(offsets, rows, instruction).scan()
    if kind in ("contract", "sum"):
        if any(shared(out, ref) for ref in instruction.ins):
            return None
        encoder = Encoder(offsets, rows, instruction)
        return encoder.contraction() if kind == "contract" else encoder.sum()
    if kind == "take":
        return Encoder(offsets, rows, instruction).take()
    if kind == "put":
        return Encoder(offsets, rows, instruction).put()
    if any(clash(out, ref) for ref in instruction.ins):
        return None
    return Encoder(offsets, rows, instruction).map()


def looped(instruction: Instruction, offsets: Mapping[str, int], rows: int) -> Codes:
    """Return a loop: its body as it is first, then which numbers of it move on, and by how much.

    These are found by encoding the body as it is at two steps, and checked at the last one.
    """
    loop, last = instruction.loop, -1 if instruction.over else 1
    assert loop is not None
    steps = range(loop.times)[::last]
    codes = []
    for step in (steps[0], steps[1], steps[-1]):
        found: Code = []
        for inner in instruction.body:
            more = encoded(loop.moved(inner, step), offsets, rows)
            if more is None:
                return None
            found += more
        codes.append(numpy.array(found))
    first, second, end = codes
    if not len(first) == len(second) == len(end):
        return None
    by = second - first
    if (first + (loop.times - 1) * by != end).any():
        return None
    moves = [number for at in numpy.flatnonzero(by) for number in (int(at), int(by[at]))]
    code = [LOOP, 0, loop.times, len(first), len(moves), *first.tolist(), *moves]
    code[1] = len(code)
    return [code]


class Encoder:
    """Encodes one instruction."""

    def __init__(self, offsets: Mapping[str, int], rows: int, instruction: Instruction) -> None:
        self.offsets, self.rows, self.instruction = offsets, rows, instruction
        refs = (instruction.out, *instruction.ins)
        self.batched = any(ref.batched for ref in refs)
        self.out = self.placed(instruction.out)
        self.ins = [self.placed(ref) for ref in instruction.ins]

    def placed(self, ref: Ref) -> Place:
        return placed(ref, self.offsets, self.rows, self.batched)

    # Element by element.

    def map(self) -> Codes:
        instruction, out, ins = self.instruction, self.out, self.ins
        number = {"fill": ZERO, "seed": WEIGHT if instruction.out.batched else ONE}
        name = "choose" if instruction.kind == "choose" else COPY
        if instruction.kind in number:
            ins = [Place(number[instruction.kind], (), ())]
        elif instruction.kind == "map":
            assert instruction.rule is not None
            name = instruction.rule.name
            if TABLE.get(name) is not instruction.rule or name not in maps():
                return None
        strides = zip(out.strides, *(place.fitted(out.shape) for place in ins), strict=True)
        axes = [Axis(*axis) for axis in zip(out.shape, strides, strict=True)]
        return map_codes(name, [place.start for place in (out, *ins)], axes)

    def scan(self) -> Codes:
        """Return the copy of what is first, and what goes on from there, one after the other."""
        instruction, out, (source,) = self.instruction, self.out, self.ins
        assert instruction.rule is not None
        if clash(instruction.out, instruction.ins[0]):
            return None
        last = len(instruction.out.shape) - 1
        step, entering = out.strides[last], source.strides[last]
        terms = out.shape[last]
        first, begin = out.start, source.start
        if instruction.over:
            first, begin = first + step * (terms - 1), begin + entering * (terms - 1)
            step, entering = -step, -entering
        sides = [
            Axis(out.shape[axis], (out.strides[axis], out.strides[axis], source.strides[axis]))
            for axis in range(len(out.shape))
            if axis != last
        ]
        starts = [Axis(axis.length, (axis.strides[0], axis.strides[2])) for axis in sides]
        copies = map_codes(COPY, (first, begin), starts)
        inner = nested(sides)
        if copies is None or len(inner) >= DEPTH:
            return None
        chain = Axis(terms - 1, (step, step, entering))
        axes = [chain, *[Axis(1, (0, 0, 0))] * (DEPTH - 1 - len(inner)), *inner]
        places = (first + step, first, begin + entering)
        rest = [_map(instruction.rule.name, places, axes)] if terms > 1 else []
        return copies + rest

    # Sums.

    def contraction(self) -> Codes:
        factors, result = self.instruction.axes.split("->")
        letters = [*factors.split(","), result]
        lengths: dict[str, int] = {}
        strides: list[dict[str, int]] = []
        for names, place in zip(letters, (*self.ins, self.out), strict=True):
            named = names + "b" * self.batched
            strides.append(dict(zip(named, place.fitted(place.shape), strict=True)))
            for name, length in zip(named, place.shape, strict=True):
                lengths[name] = max(length, lengths.get(name, 1))
        first, second, out = strides
        axes = {
            name: Axis(length, (out.get(name, 0), first.get(name, 0), second.get(name, 0)))
            for name, length in lengths.items()
        }
        kept = set(result) | ({"b"} if self.instruction.out.batched else set())
        return self.contracted(axes, kept, self.ins[1].start)

    def sum(self) -> Codes:
        out, (source,) = self.out, self.ins
        over, steps = set(self.instruction.over), out.strides
        if self.batched and not self.instruction.out.batched:
            over.add(len(source.shape) - 1)
            steps = steps[:-1]
        kept = [axis for axis in range(len(source.shape)) if axis not in over]
        to = dict(zip(kept, steps, strict=True))
        axes = {
            str(axis): Axis(length, (to.get(axis, 0), source.strides[axis], 0))
            for axis, length in enumerate(source.shape)
        }
        return self.contracted(axes, {str(axis) for axis in kept}, ONE)

    def contracted(self, axes: Mapping[str, Axis], kept: set[str], second: int) -> Codes:
        """Return a contraction; where nothing is summed, the product."""
        starts = self.out.start, self.ins[0].start, second
        mine = [axis for name, axis in axes.items() if name in kept]
        summed = [axis for name, axis in axes.items() if name not in kept and axis.length > 1]
        if summed:
            return contracted(starts, mine, summed)
        return map_codes("multiply", starts, mine)

    # Here and there.

    def take(self) -> Codes:
        """Return what copies slots."""
        instruction, (source,) = self.instruction, self.instruction.ins
        out, index, at = instruction.out, instruction.index, instruction.at
        to = numpy.arange(len(index)) if at is None else at
        here = self.place(out.arena, out.start + to)
        there = self.place(source.arena, index)
        count = self.rows if out.batched else 1
        step = int(source.batched)
        return [_rows(COPY, count, (1, step, 0), False, here, there)]

    def put(self) -> Codes:
        """Return what adds values to slots, some of which may come several times."""
        instruction, (source,) = self.instruction, self.instruction.ins
        out, index, at = instruction.out, instruction.index, instruction.at
        slots = source.slots().ravel()
        here = self.place(out.arena, index)
        there = self.place(source.arena, slots if at is None else slots[at])
        summed = source.batched and not out.batched
        count = self.rows if self.batched else 1
        step = int(source.batched)
        return [_rows("add", count, (1, step, 1), summed, here, there)]

    def place(self, arena: str, slots: Array) -> list[int]:
        step = self.rows if arena.isupper() else 1
        return (self.offsets[arena] + slots * step).tolist()  # type: ignore[no-any-return]


def map_codes(name: str, starts: Sequence[int], axes: Sequence[Axis]) -> Codes:
    """Return the instructions that map a function; None if they would be too many."""
    inner = nested(axes)
    if len(inner) <= DEPTH:
        filled = [Axis(1, (0,) * len(starts))] * (DEPTH - len(inner)) + inner
        return [_map(name, starts, filled)]
    shortest = min(inner, key=lambda axis: axis.length)
    if shortest.length > MOST:
        return None
    found: list[Code] = []
    others = [axis for axis in inner if axis is not shortest]
    for i in range(shortest.length):
        at = [start + i * step for start, step in zip(starts, shortest.strides, strict=True)]
        more = map_codes(name, at, others)
        if more is None:
            return None
        found += more
    return found if len(found) <= MOST else None


def _map(name: str, starts: Sequence[int], axes: Sequence[Axis]) -> Code:
    code = [MAP, 0, maps()[name], *(axis.length for axis in axes)]
    for view in range(4):  # the result, x, y, z: a missing operand is one number
        if view < len(starts):
            code += [starts[view], *(axis.strides[view] for axis in axes)]
        else:
            code += [ZERO, 0, 0, 0, 0]
    code[1] = len(code)
    return code


def _rows(
    name: str,
    count: int,
    strides: tuple[int, int, int],
    summed: bool,
    here: Sequence[int],
    there: Sequence[int],
) -> Code:
    """Return what maps rows of numbers: of `there`, and of the result's own."""
    code = [ROWS, 0, maps()[name], len(here), count, *strides, 0, int(summed)]
    for pair in zip(here, there, strict=True):
        code += pair
    code[1] = len(code)
    return code
