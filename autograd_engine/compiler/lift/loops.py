"""Loops: steps of an array program that run again and again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy

from autograd_engine.compiler.lift.arrays import SCRATCH, Array, Instruction, Ref, Step
from autograd_engine.table import MULTIPLY


@dataclass
class Loop:
    """Steps that run again and again, given as they are at the first time.

    What a step computes stands in a *frame*; the frames stand one behind the other in an area of
    each arena, behind those that the first step reads. What differs by step, but is not computed
    in it, is a row of a `block`. So all of it moves on by as much at each step, or stays.
    """

    steps: list[Step]
    times: int
    areas: dict[str, Ref]  # by arena, of shape (frames, slots of a frame)
    blocks: dict[str, Ref]  # of shape (times, slots of a row)
    carried: list[tuple[str, int]]  # arenas and slots that the first step reads of those before
    kept: list[tuple[str, int]]  # slots of the first frame that later steps or others read
    forward: list[Instruction] = field(default_factory=list)  # what goes in front
    slopes: list[Ref] = field(default_factory=list)  # blocks too, computed in front of the way back

    def run(self, batched: bool) -> Iterator[Instruction]:
        """Yield the instructions that depend on the inputs, or those that do not."""
        yield from (found for found in self.forward if found.out.batched == batched)
        body = [found for step in self.steps for found in step.run(batched)]
        if body:
            yield Instruction("loop", body[0].out, body=tuple(body), loop=self)

    def memory(self) -> list[Ref]:
        """Return all areas and blocks."""
        return [*self.areas.values(), *self.blocks.values()]

    def first(self, area: Ref) -> slice:
        """Return the slots of an area in which the frame of the first step is."""
        frames, size = area.shape
        start = area.start + (frames - self.times) * size
        return slice(start, start + size)

    def states(self) -> Iterator[tuple[str, Array]]:
        """Yield what the first step reads of those before it, by the step that computes it."""
        for arena, area in self.areas.items():
            size = area.shape[1]
            owner = numpy.full(size, -1)
            for number, step in enumerate(self.steps):
                if step.out.arena == arena:
                    owner[step.out.slots() - self.first(area).start] = number
            slots = numpy.array([slot for own, slot in self.carried if own == arena], int)
            frame, within = numpy.divmod(slots - area.start, size)
            key = frame * len(self.steps) + owner[within]
            for one in numpy.unique(key):
                yield arena, numpy.sort(slots[key == one])

    def advance(self, arena: str, slots: Array) -> Array:
        """Return by how much slots move on from one step to the next."""
        found = numpy.zeros(numpy.shape(slots), numpy.int64)
        if arena not in SCRATCH:
            for ref in (*self.memory(), *self.slopes):
                if ref.batched == arena.isupper():
                    found[(slots >= ref.start) & (slots < ref.start + ref.size)] = ref.shape[1]
        return found

    def in_all_steps(self, arena: str, slots: Array) -> Array:
        """Return slots, moved on to each step."""
        return slots + numpy.arange(self.times)[:, None] * self.advance(arena, slots)

    def stride(self, ref: Ref) -> int:
        """Return by how much a view moves on from one step to the next."""
        return int(self.advance(ref.arena, numpy.array(ref.start)))

    def moved(self, instruction: Instruction, step: int) -> Instruction:
        """Return an instruction of the body as it is at this step."""

        def moved(ref: Ref) -> Ref:
            by = self.stride(ref)
            return Ref(ref.arena, ref.start + step * by, ref.shape, ref.strides) if by else ref

        out, ins, index = instruction.out, instruction.ins, instruction.index
        if index is not None:
            arena = (ins[0] if instruction.kind == "take" else out).arena
            index = index + step * self.advance(arena, index)
        return replace(instruction, out=moved(out), ins=tuple(map(moved, ins)), index=index)

    def all_steps(self, ref: Ref, last: bool = False) -> Ref:
        """Return the view of all steps at once, on one more axis: the first, or the last."""
        lengths, strides = (self.times,), (self.stride(ref),)
        if last:
            return Ref(ref.arena, ref.start, (*ref.shape, *lengths), (*ref.strides, *strides))
        return Ref(ref.arena, ref.start, (*lengths, *ref.shape), (*strides, *ref.strides))

    def summed(self, to: Ref, found: Instruction) -> Instruction | None:
        """Return an instruction summed over all steps, if it gives a contribution to what stays
        where it is, and reads only what is kept of all steps.
        """
        refs, shape, axes = found.ins, found.out.shape, found.axes
        moving = any(map(self.stride, refs)) and not any(ref.arena in SCRATCH for ref in refs)
        if self.stride(to) or not moving:
            return None
        whole = tuple(self.all_steps(ref, last=True) for ref in refs)
        if found.kind == "copy":
            return replace(found, kind="sum", ins=whole, over=(len(shape),))
        if found.rule is MULTIPLY and found.kind == "map" and {r.shape for r in refs} == {shape}:
            letters = "defgh"[: len(shape)]
            axes = f"{letters},{letters}->{letters}"
        elif found.kind != "contract":
            return None
        first, second, result = re.split(",|->", axes)
        lengths = dict(zip(first + second, refs[0].shape + refs[1].shape))
        over_rows = any(ref.batched for ref in refs) and not to.batched
        if sum(lengths[c] > 1 for c in {*first, *second} - {*result}) + over_rows > 1:
            return None  # the core sums over two axes
        axes = f"{first}t,{second}t->{result}"
        return Instruction("contract", found.out, whole, axes=axes)
