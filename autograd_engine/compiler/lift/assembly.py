"""Assembly: from the pieces of a tape to an array program, in which a body is lifted but once.

A body is lifted as if it ran once. It reads its states in the frames before its own, where the
steps before have left them: since it is not known where before it is lifted, it is lifted again
until it leaves them where it reads them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, groupby
from operator import itemgetter
from typing import Any

import numpy

from autograd_engine.compiler.lift.arrays import VALUES, ArrayProgram, Gathered, Instruction, Step
from autograd_engine.compiler.lift.lifting import Lifting
from autograd_engine.compiler.lift.loops import Loop
from autograd_engine.compiler.lift.pieces import Piece, Plan, planned
from autograd_engine.compiler.lift.strides import Ref, contiguous
from autograd_engine.compiler.record.tape import Tape
from autograd_engine.repeats import INPUT, Repeat

Array = Any
TRIES = 6
At = tuple[str, int, bool]  # arena and slot of a value, and whether a parameter is below


class Unlike(Exception):
    """Says that the steps of a repeat do not stand alike in memory."""


def lifted(plan: Plan) -> tuple[Plan, ArrayProgram]:
    """Return the array program of a plan; of one without loops where they are none in memory."""
    try:
        return plan, _Program(plan.tape).program(plan)
    except Unlike:
        plan = planned(plan.tape, loops=False)
        return plan, _Program(plan.tape).program(plan)


class _Program(Lifting):
    def __init__(self, tape: Tape) -> None:
        super().__init__(len(tape.parameters) + len(tape.others), len(tape.inputs))
        self.tape = tape
        self.where: dict[int, At] = {}  # of what other pieces read

    def program(self, plan: Plan) -> ArrayProgram:
        steps: list[Step | Loop] = []
        for piece in plan.pieces:
            if piece.repeat is None:
                made = self.piece(piece, list(map(self.source, piece.given)))
                self.where.update(zip(piece.made, made))
                steps += self.steps
            else:
                steps.append(self.loop(piece, piece.repeat))
        tops = list(map(self.source, plan.outputs))
        self.settled(numpy.arange(len(self.home)))
        outputs = [Ref(arena, slot, (1,), (0,)) for arena, slot, _ in tops]
        return ArrayProgram(steps, self.memory, outputs, self.home, len(self.tape.inputs))

    def source(self, place: int) -> At:
        """Return where a value of the whole tape stands."""
        tape, fixed = self.tape, len(self.home)
        if place in self.where:
            return self.where[place]
        if place < fixed:
            slot = self.settled(numpy.array([place]))[0]
            return "v", int(slot), place < len(tape.parameters)
        if place < tape.first:
            return "V", place - fixed, False
        number = tape.constants[place - tape.first]
        return "v", self.memory.block(numpy.array([number])), False

    def piece(self, piece: Piece, given: Sequence[At]) -> list[At]:
        """Lift a piece; return where its outputs stand."""
        if any(arena != at[0] for arena, at in zip(piece.arenas, given)):
            raise Unlike
        tops = self.lifted(piece.waves, [slot for _, slot, _ in given])
        return [(top.ref.arena, top.ref.start, top.active) for top in tops]

    def loop(self, piece: Piece, repeat: Repeat) -> Loop:
        """Return the loop of a body."""
        times, made = repeat.steps, [p for _, p, _ in piece.made]
        most = max(repeat.states.values())
        known = dict(zip(piece.given, zip(piece.arenas, [active for _, active in piece.known])))
        outside = {key: self.source(key) for key in known if not isinstance(key, tuple)}
        inputs = [key for key in known if key not in outside and key[0] == INPUT]
        fed = {a: [key for key in inputs if known[key][0] == a] for a in VALUES}
        blocks = {a: self.memory.new(a, (times, len(fed[a]))) for a in VALUES if fed[a]}
        row = {key: blocks[a].start + i for a in VALUES for i, key in enumerate(fed[a])}
        before, constants = self.state(), list[Array]()
        size, slot = dict.fromkeys(VALUES, 0), {p: i for i, p in enumerate(made)}
        first = dict.fromkeys(VALUES, 0)

        def given(key: Any) -> At:
            arena, active = known[key]
            if key in outside:
                return outside[key]
            if key in row:
                return arena, row[key], active
            _, p, lag = key
            return arena, first[arena] + slot[p] - lag * size[arena], active

        for _ in range(TRIES):
            vars(self).update(before)
            before = self.state()
            for numbers in constants:
                self.memory.block(numbers)
            count, begin = len(self.memory.constants), dict(self.memory.sizes)
            first = {a: begin[a] + most * size[a] for a in VALUES}
            self.memory.sizes.update(first)
            ends = {a: [block.start, block.start + block.size] for a, block in blocks.items()}
            self.bounds = {a: [*ends.get(a, []), begin[a]] for a in VALUES}
            tops = self.piece(piece, list(map(given, known)))
            assumed = size, slot
            size = {a: self.memory.sizes[a] - first[a] for a in VALUES}
            slot = {p: at - first[arena] for p, (arena, at, _) in zip(made, tops)}
            new = [numbers for _, numbers in self.memory.constants[count:]]
            if assumed == (size, slot) and not new:
                break
            constants += new
        else:
            raise Unlike
        where = dict(zip(made, tops))
        if not all(0 <= slot[p] < size[arena] for p, (arena, _, _) in where.items()):
            raise Unlike  # such as a sum of one term, which is nothing new
        self.copies, self.bounds = before["copies"], {}
        loop = Loop(
            self.steps,
            times,
            areas={a: contiguous(a, begin[a], (most + times, size[a])) for a in VALUES if size[a]},
            blocks=blocks,
            carried=[(a := where[p][0], where[p][1] - lag * size[a]) for p, lag in repeat.init],
            kept=[(arena, slot) for arena, slot, _ in tops],
            shared=self.shared(piece, list(outside.values())),
        )
        for a, area in loop.areas.items():
            self.memory.sizes[a] = area.start + area.size
            starts = zip(loop.carried, repeat.init.values())
            self.feed(loop, area, [(at - begin[a], of) for (b, at), of in starts if a == b])
        for a, block in blocks.items():
            rows = zip(*[repeat.inputs[i] for _, i, _ in fed[a]])
            self.feed(loop, block, [*enumerate(chain.from_iterable(rows))])
        for t, places in enumerate(repeat.places):
            for p, (arena, at, moved) in where.items():
                self.where[places[p]] = arena, at + t * size[arena], moved
        return loop

    def shared(self, piece: Piece, given: Sequence[At]) -> dict[str, Array]:
        """Return the slots that all steps read of what a parameter is below, by arena."""
        read = set(chain.from_iterable(piece.waves.sums.tape.operands()))
        found = [("v", int(self.home[i])) for i in read if i < len(self.tape.parameters)]
        found += [(arena, slot) for arena, slot, active in given if active]
        return {a: numpy.array([slot for b, slot in found if a == b], int) for a in VALUES}

    def feed(self, loop: Loop, target: Ref, found: Sequence[tuple[int, int]]) -> None:
        """Let values of the whole tape stand at places of an area or a block."""
        first, last = self.tape.first, self.tape.start
        numbers = [self.tape.constants[of - first] for _, of in found if first <= of < last]
        if len(numbers) == target.size and not target.batched:
            self.memory.constants.append((target.start, numpy.array(numbers)))
            return
        rows = sorted((*self.source(of), at) for at, of in found)
        out = contiguous(target.arena, target.start, (target.size,))
        for arena, group in groupby(rows, itemgetter(0)):
            _, slots, active, at = map(numpy.array, zip(*group))
            view = contiguous(arena, 0, (1,))
            loop.forward.append(Instruction("take", out, (view,), index=slots, at=at))
            loop.gathered.append((Gathered(arena, slots, at, bool(active.any())), out))
