"""Adjoints: where contributions are added up, the first of a step's being written.

A contribution is an instruction whose `out` tells but its shape and whether it has a row for each
of the batch: see `blank`. Of an operand that was broadcast it is summed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from math import prod
from typing import Any

import numpy

from autograd_engine.compiler.lift.arrays import (
    Array,
    ArrayProgram,
    Instruction,
    Ref,
    Shape,
    Step,
    added,
    blank,
    contiguous,
    evaluated,
)
from autograd_engine.compiler.lift.loops import Loop
from autograd_engine.compiler.record.symbols import Expression, Symbol

BACK = {"v": "a", "V": "A"}  # the arena of adjoints, by that of values


def adjoint(ref: Ref) -> Ref:
    """Return the place of the adjoints of values."""
    return Ref(BACK[ref.arena], ref.start, ref.shape, ref.strides)


class Adjoints:
    """Adds contributions to adjoints, in the order in which instructions run."""

    def __init__(self, program: ArrayProgram) -> None:
        self.memory, self.steps = program.memory, program.steps
        sizes, self.leaves = program.memory.sizes, contiguous("a", 0, (len(program.home),))
        sizes["a"], sizes["A"] = sizes["v"], sizes["V"]
        self.written = {arena: numpy.zeros(sizes[arena], bool) for arena in "aA"}
        self.region = {arena: numpy.full(sizes[arena], -1) for arena in "aA"}
        self.regions: list[Ref] = []  # what is cleared as one: the adjoints of a step, of a copy
        self.active = {arena: numpy.zeros(sizes[arena], bool) for arena in "vV"}
        self.loop: Loop | None = None  # whose body is being passed, with what goes in front of it
        self.active["v"][program.home[: program.parameters]] = True
        self.mark(program.steps)
        for step in program.steps:
            whole = step.memory() if isinstance(step, Loop) else [out for out, *_ in made(step)]
            self.number(whole)
        self.to: list[Instruction] = []
        self.used = {"s": 0, "S": 0}
        self.memo: dict[Any, Ref] = {}
        self.before: list[Instruction] = []
        self.later: list[tuple[Ref, int, Instruction]] = []  # and behind it

    def mark(self, steps: Sequence[Step | Loop]) -> bool:
        """Say of values whether a parameter is below; return whether there are more of these."""
        more = False
        for step in steps:
            for out, refs, index in made(step):
                if self.is_active(*refs, index=index):
                    active, slots = self.active[out.arena], self.slots(out)
                    more |= not active[slots].all()
                    active[slots] = True
            if isinstance(step, Loop):
                self.loop = step
                while self.mark(step.steps):
                    pass
                self.loop = None
        return more

    def is_active(self, *refs: Ref, index: Array = None) -> bool:
        """Say whether a parameter is below some of these values, in a loop at some step."""
        return any(self.active[ref.arena][self.slots(ref, index)].any() for ref in refs)

    def slots(self, ref: Ref, index: Array = None) -> Array:
        """Return the slots of a view, or these of its arena, in a loop those of all steps."""
        index = ref.slots() if index is None else index
        return (self.loop.in_all_steps(ref.arena, index.ravel()) if self.loop else index).ravel()

    def number(self, regions: Iterable[Ref]) -> None:
        """Take the adjoints of these for something that is cleared as one."""
        for region in map(adjoint, regions):
            region.within(self.region[region.arena])[...] = len(self.regions)
            self.regions.append(region)

    def is_written(self, ref: Ref) -> bool:
        return bool(ref.within(self.written[ref.arena]).any())

    def contribute(self, operand: Ref, sign: int, found: Instruction) -> None:
        """Append what adds a contribution, or its negative, to an operand's adjoint; in a loop, to
        the adjoint of what all steps read, behind it for all steps at once.
        """
        whole = self.loop and self.loop.summed(operand, found)
        if whole:
            out = blank(found.out.shape, operand.batched)
            self.later.append((operand, sign, replace(whole, out=out)))
            return
        target = adjoint(operand)
        axes = [*zip(target.shape, target.strides)]
        over = tuple(i for i, (length, stride) in enumerate(axes) if length > 1 and stride == 0)
        if over or (found.out.batched and not target.batched):
            copied = found.kind == "copy" and found.ins[0].shape == found.out.shape
            value = found.ins[0] if copied else self.made(found)
            kept = [axis for i, axis in enumerate(axes) if i not in over]
            shape, strides = (tuple(axis[i] for axis in kept) for i in (0, 1))
            target = Ref(target.arena, target.start, shape, strides)
            found = Instruction("sum", target, (value,), over=over)
        slots = target.slots().ravel()
        if len(numpy.unique(slots)) == len(slots):
            found = replace(found, out=target)
            self.to += added(found, sign, self.clear(target), self.scratch)
            target.within(self.written[target.arena])[...] = True
        else:
            value = self.scratch(target.shape, target.batched)
            self.to += added(replace(found, out=value), sign, True, self.scratch)
            self.put(operand.arena, slots, value)

    def put(self, arena: str, slots: Array, value: Ref, at: Array = None) -> None:
        """Append what adds to the adjoints of these values, some of which may come twice."""
        self.clear_all(BACK[arena], slots)
        target = contiguous(BACK[arena], 0, (1,))
        value = value.reshaped((value.size,))
        self.to.append(Instruction("put", target, (value,), index=slots, at=at))

    def clear(self, target: Ref) -> bool:
        """Say whether the first contribution may simply be written; if not, see to zeros."""
        if not self.is_written(target):
            numbers = target.within(self.region[target.arena])
            each, counts = numpy.unique(numbers, return_counts=True)
            whole = (i >= 0 and self.regions[i].size == n for i, n in zip(each.tolist(), counts))
            if each[-1] < 0 or all(whole):  # below 0 are leaves, which are cleared at the start
                return True
        self.clear_all(target.arena, target.slots().ravel())
        return False

    def clear_all(self, arena: str, slots: Array) -> None:
        """Append zeros for the regions that these slots are in, unless written."""
        numbers, written = self.region[arena][slots], self.written[arena]
        for number in set(numbers.tolist()) - {-1}:
            region = self.regions[number]
            if not self.is_written(region):
                self.to.append(Instruction("fill", region))
                region.within(written)[...] = True
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
        found = evaluated(expression, known, whole, memory, memory.new, self.before, self.memo)
        loop.slopes.append(contiguous(found.arena, found.start, (loop.times, prod(shape))))
        return contiguous(found.arena, found.start, shape)


def made(step: Step | Loop) -> Iterator[tuple[Ref, Sequence[Ref], Array]]:
    """Yield what a step makes, copies and a result, what of, and the slots of copies."""
    for found in step.forward:
        if found.kind == "take":
            yield found.out, found.ins, found.index
    if isinstance(step, Step):
        yield step.out, [ref for _, part in step.parts for ref in part.ins], None
