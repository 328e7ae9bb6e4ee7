"""Loops: from the pieces of a tape to an array program, in which a body is lifted but once.

A body is lifted as if it ran once. It reads its states in the frames before its own, where the
steps before have left them: since it is not known where before it is lifted, it is lifted again
until it leaves them where it reads them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, groupby
from operator import itemgetter
from typing import Any

import numpy

from autograd_engine.compiler.lift.arrays import ArrayProgram, Instruction, Ref, Step, contiguous
from autograd_engine.compiler.lift.lifting import Lifting
from autograd_engine.compiler.lift.pieces import Piece, Plan, planned
from autograd_engine.repeats import INPUT, STEP, Repeat
from autograd_engine.table import MULTIPLY

TRIES = 6
Array = Any
At = tuple[str, int]  # arena and slot of a value


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
    carried: dict[str, list[int]]  # by arena, slots that the first step reads of those before
    kept: dict[str, list[int]]  # slots of the first frame that later steps or others read
    forward: list[Instruction] = field(default_factory=list)  # what goes in front
    slopes: list[Ref] = field(default_factory=list)  # blocks too, computed in front of the way back

    def run(self, batched: bool) -> Iterator[Instruction]:
        yield from (found for found in self.forward if found.out.batched == batched)
        body = [found for step in self.steps for found in step.run(batched)]
        if body:
            yield Instruction("loop", body[0].out, body=tuple(body), loop=self)

    def memory(self) -> list[Ref]:
        return [*self.areas.values(), *self.blocks.values()]

    def states(self) -> Iterator[tuple[str, Array]]:
        """Yield what the first step reads of those before it, by the step that computes it."""
        for arena, area in self.areas.items():
            frames, size = area.shape
            for back in range(frames - self.times, 0, -1):
                for step in self.steps:
                    slots = numpy.intersect1d(step.out.slots() - back * size, self.carried[arena])
                    if step.out.arena == arena and len(slots):
                        yield arena, slots

    def advance(self, arena: str, slots: Array) -> Array:
        """Return by how much slots move on from one step to the next."""
        found = numpy.zeros(numpy.shape(slots), numpy.int64)
        if arena not in "sS":
            for ref in (*self.memory(), *self.slopes):
                if ref.batched == arena.isupper():
                    found[(slots >= ref.start) & (slots < ref.start + ref.size)] = ref.shape[1]
        return found

    def in_all_steps(self, arena: str, slots: Array) -> Array:
        return slots + numpy.arange(self.times)[:, None] * self.advance(arena, slots)

    def stride(self, ref: Ref) -> int:
        """Return by how much a view moves on from one step to the next."""
        return int(self.advance(ref.arena, numpy.array(ref.start)))

    def moved(self, instruction: Instruction, step: int) -> Instruction:
        """Return an instruction of the body as it is at this step."""
        out, *ins = (
            replace(ref, start=ref.start + step * self.stride(ref))
            for ref in (instruction.out, *instruction.ins)
        )
        index = instruction.index
        if index is not None:
            arena = (ins[0] if instruction.kind == "take" else out).arena
            index = index + step * self.advance(arena, index)
        return replace(instruction, out=out, ins=tuple(ins), index=index)

    def all_steps(self, ref: Ref, last: bool = False) -> Ref:
        """Return the view of all steps at once, on one more axis: the first, or the last."""
        own, more = (ref.shape, ref.strides), ((self.times,), (self.stride(ref),))
        shape, strides = ((*x, *y) for x, y in (zip(own, more) if last else zip(more, own)))
        return Ref(ref.arena, ref.start, shape, strides)

    def summed(self, to: Ref, found: Instruction) -> Instruction | None:
        """Return an instruction summed over all steps, if it gives a contribution to what stays
        where it is, and reads only what is kept of all steps.
        """
        refs, shape, axes = found.ins, found.out.shape, found.axes
        moving = any(map(self.stride, refs)) and not any(ref.arena in "sS" for ref in refs)
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
        axes = f"{first}t,{second}t->{result}"
        return Instruction("contract", found.out, whole, axes=axes)


class Unlike(Exception):
    """Says that the steps of a repeat do not stand alike in memory."""


def lifted(plan: Plan) -> tuple[Plan, ArrayProgram]:
    """Return the array program of a plan; of one without loops where they are none in memory."""
    try:
        return plan, _Program(plan).program()
    except Unlike:
        return lifted(planned(plan.tape, loops=False))


class _Program(Lifting):
    def __init__(self, plan: Plan) -> None:
        self.plan, self.tape = plan, plan.tape
        super().__init__(len(self.tape.parameters) + len(self.tape.others), len(self.tape.inputs))
        self.where: dict[int, At] = {}  # of what other pieces read

    def program(self) -> ArrayProgram:
        steps: list[Step | Loop] = []
        for piece in self.plan.pieces:
            if piece.repeat is None:
                made = self.piece(piece, map(self.source, piece.given))
                self.where.update(zip(piece.made, made))
                steps += self.steps
            else:
                steps.append(self.loop(piece, piece.repeat))
        tops = list(map(self.source, self.plan.outputs))
        self.settled(numpy.arange(len(self.home)))
        outputs = [Ref(arena, slot, (1,), (0,)) for arena, slot in tops]
        sizes = len(self.tape.inputs), len(self.tape.parameters)
        return ArrayProgram(steps, self.memory, outputs, self.home, *sizes)

    def source(self, place: int) -> At:
        """Return where a value of the whole tape stands."""
        tape, fixed = self.tape, len(self.home)
        if place in self.where:
            return self.where[place]
        if place < fixed:
            return "v", int(self.settled(numpy.array([place]))[0])
        if place < tape.first:
            return "V", place - fixed
        return "v", self.memory.block(numpy.array([tape.constants[place - tape.first]]))

    def piece(self, piece: Piece, given: Iterable[At]) -> list[At]:
        """Lift a piece; return where its outputs stand."""
        arenas, slots = zip(*given) if piece.given else ((), ())
        if list(arenas) != piece.arenas:
            raise Unlike
        return [(top.arena, top.start) for top in self.lifted(piece.waves, slots)]

    def loop(self, piece: Piece, repeat: Repeat) -> Loop:
        memory, times, made = self.memory, repeat.steps, [p for _, p, _ in piece.made]
        most, arenas = max(repeat.states.values()), dict(zip(piece.given, piece.arenas))
        fixed = {key: self.source(key) for key in arenas if not isinstance(key, tuple)}
        moving = [(a, *key[:2]) for key, a in arenas.items() if key not in fixed]
        rows = {a: [i for b, kind, i in moving if (b, kind) == (a, INPUT)] for a in "vV"}
        blocks = {a: memory.new((times, len(rows[a])), a == "V") for a in "vV" if rows[a]}
        for a, block in blocks.items():
            fixed.update({(INPUT, i, 0): (a, at) for at, i in enumerate(rows[a], block.start)})
        # Where a node of the body stands in its frame, at first a guess, and the frame's size.
        slot = {p: (a, i) for i, (a, kind, p) in enumerate(moving) if kind != INPUT}
        size, copies, home = dict.fromkeys("vV", 0), self.copies, self.home

        def given(key: Any) -> At:
            if key in fixed:
                return fixed[key]
            a, at = slot[key[1]]
            return a, first[a] + at - key[2] * size[a]

        for _ in range(TRIES):
            begin, assumed, count = dict(memory.sizes), (size, slot), len(memory.constants)
            first = {a: begin[a] + most * size[a] for a in "vV"}
            memory.sizes.update(first)
            self.bounds = {a: [begin[a]] for a in "vV"}
            for a, block in blocks.items():
                self.bounds[a] = [block.start, block.start + block.size, begin[a]]
            self.copies, self.home = dict(copies), home.copy()
            tops = self.piece(piece, map(given, arenas))
            size = {a: memory.sizes[a] - first[a] for a in "vV"}
            slot = {p: (a, at - first[a]) for p, (a, at) in zip(made, tops)}
            # What is outside of the frame is such as a sum of one term, which is nothing new.
            inside = all(0 <= at < size[a] for a, at in slot.values())
            if inside and assumed == (size, slot) and len(memory.constants) == count:
                break
        else:
            raise Unlike
        self.copies, self.bounds = copies, {}
        areas = {a: contiguous(a, begin[a], (most + times, size[a])) for a in "vV" if size[a]}
        starts = [given((STEP, p, lag)) for p, lag in repeat.init]
        carried, kept = ({a: [at for b, at in x if a == b] for a in "vV"} for x in (starts, tops))
        loop = Loop(self.steps, times, areas, blocks, carried, kept)
        for a, area in areas.items():
            memory.sizes[a] = area.start + area.size
            values = zip(starts, repeat.init.values())
            self.feed(loop, area, [(at - begin[a], of) for (b, at), of in values if a == b])
        for a, block in blocks.items():
            steps = zip(*[repeat.inputs[i] for i in rows[a]])
            self.feed(loop, block, [*enumerate(chain.from_iterable(steps))])
        for t, places in enumerate(repeat.places):
            for p, (a, at) in zip(made, tops):
                self.where[places[p]] = a, at + t * size[a]
        return loop

    def feed(self, loop: Loop, target: Ref, found: Sequence[tuple[int, int]]) -> None:
        """Let values of the whole tape stand at places of an area or a block."""
        first, last = self.tape.first, self.tape.start
        numbers = [self.tape.constants[of - first] for _, of in found if first <= of < last]
        if len(numbers) == target.size and not target.batched:
            self.memory.constants.append((target.start, numpy.array(numbers)))
            return
        out = contiguous(target.arena, target.start, (target.size,))
        for arena, group in groupby(
            sorted((*self.source(of), at) for at, of in found), itemgetter(0)
        ):
            _, slots, at = map(numpy.array, zip(*group))
            view = contiguous(arena, 0, (1,))
            loop.forward.append(Instruction("take", out, (view,), index=slots, at=at))
