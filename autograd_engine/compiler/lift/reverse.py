"""The derivative of an array program: adjoints of arrays, step by step backwards.

What an elementary operation contributes is read from the table of primitives with symbols.
A sum passes its adjoint on to each of its terms, a contraction to each factor times the other,
a copy to where it comes from.

A contribution is an instruction whose `out` is `blank`. The first of a step's is written, others
are added; of an operand that was broadcast it is summed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import prod
from typing import Any

import numpy

from autograd_engine.compiler.lift.arrays import (
    BACK,
    Array,
    ArrayProgram,
    Backward,
    Instruction,
    Ref,
    Shape,
    Step,
    added,
    blank,
    contiguous,
    evaluated,
    made,
)
from autograd_engine.compiler.lift.loops import Loop
from autograd_engine.compiler.record.symbols import OUT, Expression, Symbol, X, Y, slopes
from autograd_engine.table import ADD, MULTIPLY, above


def differentiate(program: ArrayProgram) -> Backward:
    """Return the derivative of a program's output 0 by its leaves, the first slots of "v"."""
    reverse, found, output = _Reverse(program), Backward(), program.outputs[0]
    seed = output.adjoint
    if not reverse.is_active(output):
        return found
    reverse.to = found.body if output.batched else found.rest
    reverse.clear(seed)
    reverse.to.append(Instruction("seed", seed))
    seed.within(reverse.written[seed.arena])[...] = True
    for batched, reverse.to in ((True, found.body), (False, found.rest)):
        for step in reversed(program.steps):
            if isinstance(step, Loop):
                reverse.pass_on_loop(step, batched)
            else:
                reverse.pass_on(step, batched)
    return found


class _Reverse:
    def __init__(self, program: ArrayProgram) -> None:
        self.memory, sizes = program.memory, program.memory.sizes
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
        for region in [ref.adjoint for ref in regions]:
            region.within(self.region[region.arena])[...] = len(self.regions)
            self.regions.append(region)

    def is_written(self, ref: Ref) -> bool:
        return bool(ref.within(self.written[ref.arena]).any())

    def contribute(self, operand: Ref, sign: int, found: Instruction) -> None:
        """Append what adds a contribution, or its negative, to an operand's adjoint; in a loop, to
        the adjoint of what all steps read, behind it for all steps at once.
        """
        if self.loop and (whole := self.loop.summed(operand, found)):
            out = blank(found.out.shape, operand.batched)
            self.later.append((operand, sign, replace(whole, out=out)))
            return
        target = operand.adjoint
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
        """Return a view of an expression's value; in a loop, it is computed in front of that."""
        loop, memory = self.loop, self.memory
        if loop is None or not isinstance(expression, Symbol) or expression.rule is None:
            return evaluated(expression, known, shape, memory, self.scratch, self.to, self.memo)
        known = {symbol: loop.all_steps(ref) for symbol, ref in known.items()}
        whole = (loop.times, *shape)
        found = evaluated(expression, known, whole, memory, memory.new, self.before, self.memo)
        loop.slopes.append(contiguous(found.arena, found.start, (loop.times, prod(shape))))
        return contiguous(found.arena, found.start, shape)

    def pass_on_loop(self, loop: Loop, batched: bool) -> None:
        """Append what goes back through the steps of a loop, the last one first."""
        arena = "V" if batched else "v"
        written = self.written[BACK[arena]]
        mine = [ref.adjoint for ref in loop.memory() if ref.arena == arena]
        if not any(map(self.is_written, mine)):
            return
        for ref in loop.memory():  # what comes from later steps is added to what others gave
            self.clear_all(BACK[ref.arena], ref.slots().ravel())
        self.loop, self.before, self.later = loop, [], []
        inside = [each for step in loop.steps for each in made(step)]
        for ref, index in ((ref, index) for _, refs, index in inside for ref in refs):
            if self.is_active(ref, index=index):
                self.clear_all(BACK[ref.arena], self.slots(ref, index))
        if arena in loop.areas and (batched or not any(step.out.batched for step in loop.steps)):
            # Nothing has been added to what stands only inside of a step.
            area, size = loop.areas[arena], loop.areas[arena].shape[1]
            first = area.start + area.size - loop.times * size
            written[first : first + size] = False
            written[loop.kept[arena]] = True
            self.number(out for out, *_ in inside if out.arena == arena)
        outside, self.to = self.to, []
        for step in reversed(loop.steps):
            self.pass_on(step, batched)
        body, self.to, self.loop = tuple(self.to), outside, None
        self.to += self.before
        if body:
            self.to.append(Instruction("loop", body[0].out, body=body, loop=loop, over=(-1,)))
        for contribution in self.later:
            self.contribute(*contribution)
        for ref in mine:
            ref.within(written)[...] = True
        self.pass_on_copies(loop, batched)

    def pass_on(self, step: Step, batched: bool) -> None:
        """Append what a step's adjoint contributes to the adjoints of its operands."""
        target = step.out.adjoint
        self.used, self.memo = {"s": 0, "S": 0}, {}
        if step.out.batched == batched and self.is_active(step.out) and self.is_written(target):
            pass_on = self.pass_on_scan if step.kind == "scan" else self.pass_on_part
            for sign, part in step.parts:
                pass_on(part, sign, target)
        self.pass_on_copies(step, batched)

    def pass_on_copies(self, step: Step | Loop, batched: bool) -> None:
        """Append what adds the adjoints of copies where they come from."""
        for found in step.forward:
            out = found.out.adjoint
            ready = found.kind == "take" and found.out.batched == batched and self.is_written(out)
            if ready and self.is_active(*found.ins, index=found.index):
                self.put(found.ins[0].arena, found.index, out, at=found.at)

    def times(self, out: Ref, slope: Expression, known: dict[Any, Any]) -> Instruction:
        """Return what makes adjoint times partial, of -1 but the adjoint."""
        if isinstance(slope, float) and abs(slope) == 1.0:
            return Instruction("copy", out, (out,))
        chosen = slope.operands if isinstance(slope, Symbol) and slope.rule is above else ()
        ins = tuple(self.evaluated(part, known, out.shape) for part in chosen or (slope,))
        made = blank(out.shape, any(ref.batched for ref in (out, *ins)))
        if chosen:  # where the slope is 1 or 0, as relu's, the adjoint is not multiplied
            return Instruction("choose", made, (*ins, out))
        return Instruction("map", made, (out, *ins), MULTIPLY)

    def pass_on_scan(self, part: Instruction, sign: int, out: Ref) -> None:
        """Pass the adjoint down the chain: each link's is the one above times its partial."""
        assert part.rule is not None
        (operand,), whole, (rows, terms) = part.ins, part.out, part.out.shape
        before, after = whole.columns(0, terms - 1), whole.columns(1, terms)
        known = {OUT: after, X: before, Y: operand.columns(1, terms)}
        chain = self.scratch(whole.shape, whole.batched)
        links, last = chain.columns(1, terms), chain.columns(terms - 1, terms)
        down, side = (
            self.evaluated(slope, dict(known), (rows, terms - 1)) for slope in slopes(part.rule)
        )
        self.to += [
            Instruction("copy", chain.columns(0, terms - 1), (down,)),
            Instruction("copy", replace(last, shape=(rows,), strides=(terms,)), (out,)),
            Instruction("scan", chain, (chain,), MULTIPLY, over=(-1,)),
            Instruction("map", links, (links, side), MULTIPLY),
        ]
        self.contribute(operand, sign, Instruction("copy", chain, (chain,)))

    def pass_on_part(self, part: Instruction, sign: int, out: Ref) -> None:
        factors, left, right = part.ins, part.ins[0], part.ins[-1]
        known = dict(zip((OUT, X, Y), (part.out, *factors)))
        rule = part.rule or (MULTIPLY if part.kind == "contract" else ADD)
        if out.batched and not (left.batched or right.batched) and self.is_active(*factors):
            out = self.made(Instruction("sum", blank(out.shape, False), (out,)))
        if rule is MULTIPLY and left == right and out.size == 1:  # a sum of squares
            two = self.memory.constant(numpy.full(out.shape, 2.0))
            out, factors = self.made(Instruction("map", out, (out, two), MULTIPLY)), (left,)
        if part.axes == "hsk,hjk->hsj":  # a contraction sums over the batch by itself
            for this, other, axes in zip(factors, (right, left), ("hsj,hjk->hsk", "hsj,hsk->hjk")):
                if self.is_active(this):
                    found = Instruction("contract", this, (out, other), axes=axes)
                    self.contribute(this, sign, found)
            return
        wide = part.kind in ("sum", "contract")
        out = replace(out, shape=left.shape, strides=(1, 0)) if wide else out.reshaped(left.shape)
        for operand, slope in zip(factors, slopes(rule)):
            number = slope if isinstance(slope, float) else None
            if number != 0.0 and self.is_active(operand):
                sign_of = -sign if number == -1.0 else sign
                self.contribute(operand, sign_of, self.times(out, slope, known))
