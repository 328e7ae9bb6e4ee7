"""Assembly: from the pieces of a tape to an array program, in which a body is lifted but once.

A body is lifted as if it ran once. It reads its states in the frames before its own, where the
steps before have left them: since it is not known where before it is lifted, it is lifted again
until it leaves them where it reads them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, groupby
from operator import itemgetter
from typing import Any

import numpy

from autograd_engine.compiler.lift.arrays import (
    VALUES,
    ArrayProgram,
    Instruction,
    Ref,
    Step,
    contiguous,
)
from autograd_engine.compiler.lift.lifting import Lifting
from autograd_engine.compiler.lift.loops import Loop
from autograd_engine.compiler.lift.pieces import Piece, Plan, planned
from autograd_engine.repeats import INPUT, Repeat

TRIES = 6
At = tuple[str, int]  # arena and slot of a value


class Unlike(Exception):
    """Says that the steps of a repeat do not stand alike in memory."""


def lifted(plan: Plan) -> tuple[Plan, ArrayProgram]:
    """Return the array program of a plan; of one without loops where they are none in memory."""
    try:
        return plan, _Program(plan).program()
    except Unlike:
        plan = planned(plan.tape, loops=False)
        return plan, _Program(plan).program()


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
        """Return the loop of a body."""
        memory, times, made = self.memory, repeat.steps, [p for _, p, _ in piece.made]
        most, arenas = max(repeat.states.values()), dict(zip(piece.given, piece.arenas))
        fixed = {key: self.source(key) for key in arenas if not isinstance(key, tuple)}
        rows = {
            a: [
                key[1]
                for key in arenas
                if key not in fixed and key[0] == INPUT and arenas[key] == a
            ]
            for a in VALUES
        }
        blocks = {a: memory.new(a, (times, len(rows[a]))) for a in VALUES if rows[a]}
        for a, block in blocks.items():
            fixed.update({(INPUT, i, 0): (a, at) for at, i in enumerate(rows[a], block.start)})
        # Where a node of the body stands in its frame; a guess at first.
        slot = {key[1]: (a, 0) for key, a in arenas.items() if key not in fixed}
        slot = {p: (a, i) for i, (p, (a, _)) in enumerate(slot.items())}
        size, copies, home = dict.fromkeys(VALUES, 0), self.copies, self.home

        def given(key: Any) -> At:
            if key in fixed:
                return fixed[key]
            a, at = slot[key[1]]
            return a, first[a] + at - key[2] * size[a]

        for _ in range(TRIES):
            begin, assumed, count = dict(memory.sizes), (size, slot), len(memory.constants)
            first = {a: begin[a] + most * size[a] for a in VALUES}
            memory.sizes.update(first)
            ends = {a: [block.start, block.start + block.size] for a, block in blocks.items()}
            self.bounds = {a: [*ends.get(a, []), begin[a]] for a in VALUES}
            self.copies, self.home = dict(copies), home.copy()
            tops = self.piece(piece, map(given, arenas))
            size = {a: memory.sizes[a] - first[a] for a in VALUES}
            slot = {p: (a, at - first[a]) for p, (a, at) in zip(made, tops)}
            if assumed == (size, slot) and len(memory.constants) == count:
                break
        else:
            raise Unlike
        if not all(0 <= at < size[a] for a, at in slot.values()):
            raise Unlike  # such as a sum of one term, which is nothing new
        self.copies, self.bounds = copies, {}
        where = dict(zip(made, tops))
        loop = Loop(
            self.steps,
            times,
            areas={a: contiguous(a, begin[a], (most + times, size[a])) for a in VALUES if size[a]},
            blocks=blocks,
            carried=[(a := where[p][0], where[p][1] - lag * size[a]) for p, lag in repeat.init],
            kept=tops,
        )
        for a, area in loop.areas.items():
            memory.sizes[a] = area.start + area.size
            starts = zip(loop.carried, repeat.init.values())
            self.feed(loop, area, [(at - begin[a], of) for (b, at), of in starts if a == b])
        for a, block in blocks.items():
            steps = zip(*[repeat.inputs[i] for i in rows[a]])
            self.feed(loop, block, [*enumerate(chain.from_iterable(steps))])
        for t, places in enumerate(repeat.places):
            for p, (a, at) in where.items():
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
