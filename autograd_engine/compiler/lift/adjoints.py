"""Adjoints: where contributions are added up, and what stands between.

The first contribution to a step's adjoints is written where it belongs, later ones are added;
of an operand that was broadcast it is summed first, of a gathered one scattered.

A contribution is an instruction whose `out` tells but its shape and whether it has a row for each
of the batch: see `blank`.
"""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import Any

import numpy

from autograd_engine.compiler.lift.arrays import (
    ArrayProgram,
    Gathered,
    Instruction,
    Operand,
    Step,
    added,
    blank,
    evaluated,
)
from autograd_engine.compiler.lift.loops import Loop
from autograd_engine.compiler.lift.strides import Ref, contiguous
from autograd_engine.compiler.record.symbols import Expression, Symbol
from autograd_engine.table import NEGATIVE

Array = Any
Shape = tuple[int, ...]
BACK = {"v": "a", "V": "A"}  # the arena of adjoints, by that of values


def adjoint(ref: Ref) -> Ref:
    """Return the place of the adjoints of values."""
    return ref.moved(BACK[ref.arena])


class Adjoints:
    """Adds contributions to adjoints, in the order in which instructions run."""

    def __init__(self, program: ArrayProgram, leaves: int) -> None:
        self.memory, self.steps, self.leaves = program.memory, program.steps, leaves
        sizes = program.memory.sizes
        sizes["a"], sizes["A"] = sizes["v"], sizes["V"]
        self.written = {arena: numpy.zeros(sizes[arena], bool) for arena in "aA"}
        self.region = {arena: numpy.full(sizes[arena], -1) for arena in "aA"}
        self.regions: list[Ref] = []  # what is cleared as one: the adjoints of a step
        self.active: list[bool] = []  # whether a parameter is below
        for step in program.steps:
            for ref in [step.out] if isinstance(step, Step) else step.memory():
                self.number(adjoint(ref), step.active)
        self.to: list[Instruction] = []
        self.used = {"s": 0, "S": 0}
        self.memo: dict[Any, Ref] = {}
        self.loop: Loop | None = None  # whose body is being passed, with what goes in front of it
        self.before: list[Instruction] = []
        self.later: list[tuple[Operand, int, Instruction]] = []  # and behind it

    def number(self, region: Ref, active: bool) -> None:
        """Take the slots of a region for one that is cleared as one."""
        self.active.append(active)
        self.region[region.arena][region.slots()] = len(self.regions)
        self.regions.append(region)

    def contribute(self, operand: Operand, sign: int, found: Instruction) -> None:
        """Append what adds a contribution, or its negative, to an operand's adjoint; in a loop, to
        the adjoint of what all steps read, behind it for all steps at once.
        """
        whole = self.loop and self.loop.summed(operand, found)
        if whole:
            out = blank(found.out.shape, operand.ref.batched)
            self.later.append((operand, sign, replace(whole, out=out)))
            return
        if operand.gathered:
            value = self.made(found)
            for part in operand.gathered:
                if part.active:
                    self.put(part, value, sign)
            return
        target = adjoint(operand.ref)
        axes = enumerate(zip(target.shape, target.strides))
        over = tuple(axis for axis, (length, stride) in axes if length > 1 and stride == 0)
        if over or (found.out.batched and not target.batched):
            copied = found.kind == "copy" and found.ins[0].shape == found.out.shape
            value = found.ins[0] if copied else self.made(found)
            kept = [axis for axis in range(len(target.shape)) if axis not in over]
            target = target.transposed(*kept)
            found = Instruction("sum", target, (value,), over=over)
        found = replace(found, out=target)
        if not target.simple:
            value = self.made(replace(found, out=blank(target.shape, target.batched)))
            self.put(Gathered(operand.ref.arena, target.slots().ravel()), value, sign)
            return
        self.to += added(found, sign, self.clear(target), self.scratch)
        self.written[target.arena][target.slots()] = True

    def put(self, part: Gathered, value: Ref, sign: int = 1) -> None:
        """Append what adds a gathered operand's contribution where it was gathered from."""
        arena = BACK[part.arena]
        self.clear_all(arena, part.slots)
        value = value.reshaped((value.size,))
        if sign < 0:
            value = self.made(Instruction("map", value, (value,), NEGATIVE))
        target = contiguous(arena, 0, (1,))
        self.to.append(Instruction("put", target, (value,), index=part.slots, at=part.at))
        self.written[arena][part.slots] = True

    def clear(self, target: Ref) -> bool:
        """Say whether the first contribution may simply be written; if not, see to zeros."""
        slots = target.slots().ravel()
        written = self.written[target.arena][slots]
        if written.all():
            return False
        if not written.any():
            numbers, counts = numpy.unique(self.region[target.arena][slots], return_counts=True)
            whole = zip(numbers.tolist(), counts.tolist())
            if all(number >= 0 and self.regions[number].size == count for number, count in whole):
                return True
            if target.arena == "a" and (numbers < 0).all():
                return True  # leaves: the others are cleared at the start
        self.clear_all(target.arena, slots)
        return False

    def clear_all(self, arena: str, slots: Array) -> None:
        """Append zeros for the steps' regions that these slots are in, unless written."""
        numbers, written = self.region[arena][slots], self.written[arena]
        for number in set(numbers.tolist()) - {-1}:
            region = self.regions[number]
            if not written[region.slots()].any():
                self.to.append(Instruction("fill", region))
                written[region.slots()] = True
        written[slots[numbers < 0]] = True

    def scratch(self, shape: Shape, batched: bool) -> Ref:
        """Reserve memory until the end of this step's derivative."""
        arena = "S" if batched else "s"
        ref = contiguous(arena, self.used[arena], shape)
        self.used[arena] += ref.size
        self.memory.sizes[arena] = max(self.memory.sizes[arena], self.used[arena])
        return ref

    def made(self, found: Instruction) -> Ref:
        """Return a contiguous view that holds what an instruction makes."""
        ref = self.scratch(found.out.shape, found.out.batched)
        self.to.append(replace(found, out=ref))
        return ref

    def evaluated(self, expression: Expression, known: dict[Any, Any], shape: Shape) -> Ref:
        """Return a view of an expression's value, computing what is not yet there; in a loop, for
        all steps in front.
        """
        loop, memory = self.loop, self.memory
        if loop is None or not isinstance(expression, Symbol) or expression.rule is None:
            return evaluated(expression, known, shape, memory, self.scratch, self.to, self.memo)
        known = {symbol: loop.all_steps(ref) for symbol, ref in known.items()}
        whole = (loop.times, *shape)
        new, to = memory.between, self.before
        found = evaluated(expression, known, whole, memory, new, to, self.memo)
        loop.slopes.append(contiguous(found.arena, found.start, (loop.times, prod(shape))))
        return contiguous(found.arena, found.start, shape)
