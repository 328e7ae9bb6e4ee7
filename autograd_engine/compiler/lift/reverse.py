"""The derivative of an array program: adjoints of arrays, step by step backwards.

What an elementary operation contributes is read from the table of primitives with symbols.
A sum passes its adjoint on to each of its terms, a contraction to each factor times the other.
The first contribution to a step's adjoints is written where it belongs, later ones are added;
of an operand that was broadcast it is summed first. What copies get goes where they come from.

A contribution is an instruction whose `out` tells but its shape and whether it has a row for each
of the batch: see `blank`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

import numpy

from autograd_engine.compiler.lift.arrays import (
    ArrayProgram,
    Instruction,
    Part,
    Ref,
    Step,
    added,
    blank,
    contiguous,
    evaluated,
)
from autograd_engine.compiler.lift.loops import Loop
from autograd_engine.compiler.record.symbols import OUT, Expression, Symbol, X, Y, slopes
from autograd_engine.table import MULTIPLY, NEGATIVE, above

Array = Any
Shape = tuple[int, ...]
BACK = {"v": "a", "V": "A"}  # the arena of adjoints, by that of values


def adjoint(ref: Ref) -> Ref:
    """Return the place of the adjoints of values."""
    return ref.moved(BACK[ref.arena])


@dataclass
class Backward:
    """The instructions of the derivative of output 0.

    `body` runs for each tile of the batch, after the steps that depend on the inputs; `rest`
    once, after all tiles. `shared` are the adjoints that the body writes and whose sum over
    the tiles the rest reads.
    """

    body: list[Instruction] = field(default_factory=list)
    rest: list[Instruction] = field(default_factory=list)
    shared: list[Ref] = field(default_factory=list)


def differentiate(program: ArrayProgram) -> Backward:
    """Return the derivative of a program's output 0 by its leaves, the first slots of "v"."""
    return _Reverse(program).result(program.outputs[0])


class _Reverse:
    def __init__(self, program: ArrayProgram) -> None:
        self.memory, self.steps = program.memory, program.steps
        sizes, self.leaves = program.memory.sizes, len(program.home)
        sizes["a"], sizes["A"] = sizes["v"], sizes["V"]
        self.written = {arena: numpy.zeros(sizes[arena], bool) for arena in "aA"}
        self.region = {arena: numpy.full(sizes[arena], -1) for arena in "aA"}
        self.regions: list[Ref] = []  # what is cleared as one: the adjoints of a step, of a copy
        self.active = {arena: numpy.zeros(sizes[arena], bool) for arena in "vV"}
        self.active["v"][program.home[: program.parameters]] = True
        for batched in (False, True):
            self.mark(program.forward(batched))
        for step in program.steps:
            self.number(step.memory() if isinstance(step, Loop) else made(step))
        self.to: list[Instruction] = []
        self.used = {"s": 0, "S": 0}
        self.memo: dict[Any, Ref] = {}
        self.loop: Loop | None = None  # whose body is being passed, with what goes in front of it
        self.before: list[Instruction] = []
        self.later: list[tuple[Ref, int, Instruction]] = []  # and behind it

    def mark(self, instructions: Iterable[Instruction], loop: Loop | None = None) -> bool:
        """Say of values whether a parameter is below; return whether there are more of these."""
        more = False
        for found in instructions:
            if found.loop:
                while self.mark(found.body, found.loop):
                    pass
            elif any(self.active[arena][slots].any() for arena, slots in reads(found, loop)):
                out = loop.all_steps(found.out) if loop else found.out
                active, slots = self.active[out.arena], out.slots()
                more |= not active[slots].all()
                active[slots] = True
        return more

    def number(self, regions: Iterable[Ref]) -> None:
        """Take the adjoints of these for something that is cleared as one."""
        for region in map(adjoint, regions):
            self.region[region.arena][region.slots()] = len(self.regions)
            self.regions.append(region)

    def result(self, output: Ref) -> Backward:
        found, seed, outside = Backward(), adjoint(output), len(self.regions)
        if not self.is_active(output):
            return found
        self.to = found.body if output.batched else found.rest
        self.clear(seed)
        self.to.append(Instruction("seed", seed))
        self.written[seed.arena][seed.slots()] = True
        for batched, self.to in ((True, found.body), (False, found.rest)):
            for step in reversed(self.steps):
                if isinstance(step, Loop):
                    self.pass_on_loop(step, batched)
                else:
                    self.pass_on(step, batched)
            if batched:
                fixed = [ref for ref in self.regions[:outside] if ref.arena == "a"]
                fixed.insert(0, contiguous("a", 0, (self.leaves,)))
                found.shared = [ref for ref in fixed if self.written["a"][ref.slots()].any()]
        return found

    def is_active(self, ref: Ref) -> bool:
        """Say whether a parameter is below some of these values, in a loop at some step."""
        ref = self.loop.all_steps(ref) if self.loop else ref
        return bool(self.active[ref.arena][ref.slots()].any())

    def pass_on_loop(self, loop: Loop, batched: bool) -> None:
        """Append what goes back through the steps of a loop, the last one first.

        What comes from later steps is added to what others gave, so that is cleared before.
        """
        arena = "V" if batched else "v"
        written = self.written[BACK[arena]]
        mine = [ref for ref in loop.memory() if ref.arena == arena]
        if not any(written[ref.slots()].any() for ref in mine):
            return
        for ref in map(adjoint, loop.memory()):
            self.clear_all(ref.arena, ref.slots().ravel())
        forward = [found for step in loop.steps for found in step.forward]
        for own, slots in (read for found in forward for read in reads(found, loop)):
            if self.active[own][slots].any():
                self.clear_all(BACK[own], slots.ravel())
        if arena in loop.areas and (batched or not any(step.out.batched for step in loop.steps)):
            # Nothing has been added to what stands only inside of a step.
            written[loop.first(loop.areas[arena])] = False
            written[[slot for own, slot in loop.kept if own == arena]] = True
            self.number(ref for step in loop.steps for ref in made(step) if ref.arena == arena)
        outside, self.to = self.to, []
        self.loop, self.before, self.later = loop, [], []
        for step in reversed(loop.steps):
            self.pass_on(step, batched)
        body, self.to, self.loop = tuple(self.to), outside, None
        self.to += self.before
        if body:
            self.to.append(Instruction("loop", body[0].out, body=body, loop=loop, over=(-1,)))
        for contribution in self.later:
            self.used = {"s": 0, "S": 0}
            self.contribute(*contribution)
        for ref in mine:
            written[ref.slots()] = True
        self.pass_on_copies(loop, batched)

    def pass_on(self, step: Step, batched: bool) -> None:
        """Append what a step's adjoint contributes to the adjoints of its operands."""
        target = adjoint(step.out)
        self.used, self.memo = {"s": 0, "S": 0}, {}
        if step.out.batched == batched and self.is_active(step.out) and self.is_written(target):
            if step.kind == "map":
                self.pass_on_map(step, target)
            elif step.kind == "scan":
                self.pass_on_scan(step, target)
            else:
                for part in step.parts:
                    self.pass_on_part(part, target)
        self.pass_on_copies(step, batched)

    def is_written(self, ref: Ref) -> bool:
        return bool(self.written[ref.arena][ref.slots()].any())

    def pass_on_copies(self, step: Step | Loop, batched: bool) -> None:
        """Append what adds the adjoints of copies where they come from."""
        for found in step.forward:
            if found.kind == "take" and found.out.batched == batched:
                ((arena, slots),) = reads(found, self.loop)
                if self.active[arena][slots].any() and self.is_written(adjoint(found.out)):
                    self.put(arena, found.index, adjoint(found.out), at=found.at)

    def pass_on_map(self, step: Step, out: Ref) -> None:
        known = dict(zip((OUT, X, Y), (step.out, *step.operands)))
        for operand, slope in zip(step.operands, slopes(step.rule)):
            number = slope if isinstance(slope, float) else None
            if number != 0.0 and self.is_active(operand):
                sign = -1 if number == -1.0 else 1
                self.contribute(operand, sign, self.times(out, slope, known))

    def times(self, out: Ref, slope: Expression, known: dict[Any, Any]) -> Instruction:
        """Return what makes adjoint times partial, of -1 but the adjoint."""
        if isinstance(slope, float) and abs(slope) == 1.0:
            return Instruction("copy", out, (out,))
        if isinstance(slope, Symbol) and slope.rule is above:
            # Where the slope is 1 or 0, as relu's, the adjoint is chosen, not multiplied.
            ins = (*(self.evaluated(part, known, out.shape) for part in slope.operands), out)
            return Instruction("choose", _of(ins), ins)
        ins = (out, self.evaluated(slope, known, out.shape))
        return Instruction("map", _of(ins), ins, MULTIPLY)

    def pass_on_scan(self, step: Step, out: Ref) -> None:
        """Pass the adjoint down the chain: each link's is the one above times its partial."""
        assert step.whole is not None
        (operand,), (rows, terms) = step.operands, step.whole.shape
        before, after = _columns(step.whole, 0, terms - 1), _columns(step.whole, 1, terms)
        known = {OUT: after, X: before, Y: _columns(operand, 1, terms)}
        chain = self.scratch(step.whole.shape, step.whole.batched)
        links, last = _columns(chain, 1, terms), _columns(chain, terms - 1, terms)
        down, side = (
            self.evaluated(slope, dict(known), (rows, terms - 1)) for slope in slopes(step.rule)
        )
        self.to += [
            Instruction("copy", _columns(chain, 0, terms - 1), (down,)),
            Instruction("copy", Ref(chain.arena, last.start, (rows,), (terms,)), (out,)),
            Instruction("scan", chain, (chain,), MULTIPLY, over=(-1,)),
            Instruction("map", links, (links, side), MULTIPLY),
        ]
        self.contribute(operand, 1, Instruction("copy", chain, (chain,)))

    def pass_on_part(self, part: Part, out: Ref) -> None:
        factors = [part.left] if part.right is None else [part.left, part.right]
        active = [*map(self.is_active, factors)]
        if not any(active):
            return
        left, right = factors[0], factors[-1]
        if out.batched and not (left.batched or right.batched):
            out = self.made(Instruction("sum", blank(out.shape, False), (out,)))
        if len(factors) == 2 and left == right and out.size == 1:
            # A sum of squares: both factors get the same.
            two = self.memory.constant(numpy.full(out.shape, 2.0))
            out, active = self.made(Instruction("map", out, (out, two), MULTIPLY)), [True, False]
        if part.axes in ("sum", "nk,nk->n"):
            out = Ref(out.arena, out.start, left.shape, (1, 0))
        elif part.axes != "hsk,hjk->hsj":
            out = out.reshaped(left.shape)
        for i in range(len(factors)):
            ins = (out, factors[1 - i]) if part.right else (out,)
            if not part.right:
                found = Instruction("copy", out, ins)
            elif part.axes == "hsk,hjk->hsj":  # and a contraction sums over the batch by itself
                axes = "hsj,hsk->hjk" if i else "hsj,hjk->hsk"
                found = Instruction("contract", factors[i], ins, axes=axes)
            else:
                found = Instruction("map", _of(ins), ins, MULTIPLY)
            if active[i]:
                self.contribute(factors[i], part.sign, found)

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
        axes = enumerate(zip(target.shape, target.strides))
        over = tuple(axis for axis, (length, stride) in axes if length > 1 and stride == 0)
        if over or (found.out.batched and not target.batched):
            copied = found.kind == "copy" and found.ins[0].shape == found.out.shape
            value = found.ins[0] if copied else self.made(found)
            kept = [axis for axis in range(len(target.shape)) if axis not in over]
            target = target.transposed(*kept)
            found = Instruction("sum", target, (value,), over=over)
        if target.simple:
            found = replace(found, out=target)
            self.to += added(found, sign, self.clear(target), self.scratch)
            self.written[target.arena][target.slots()] = True
        else:
            value = self.made(replace(found, out=blank(target.shape, target.batched)))
            self.put(operand.arena, target.slots().ravel(), value, sign)

    def put(self, arena: str, slots: Array, value: Ref, sign: int = 1, at: Array = None) -> None:
        """Append what adds to the adjoints of these values, some of which may come twice."""
        self.clear_all(BACK[arena], slots)
        value = value.reshaped((value.size,))
        if sign < 0:
            value = self.made(Instruction("map", value, (value,), NEGATIVE))
        target = contiguous(BACK[arena], 0, (1,))
        self.to.append(Instruction("put", target, (value,), index=slots, at=at))

    def clear(self, target: Ref) -> bool:
        """Say whether the first contribution may simply be written; if not, see to zeros."""
        slots = target.slots().ravel()
        written = self.written[target.arena][slots]
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
        """Append zeros for the regions that these slots are in, unless written."""
        numbers, written = self.region[arena][slots], self.written[arena]
        for number in set(numbers.tolist()) - {-1}:
            region = self.regions[number]
            if not self.is_written(region):
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
        found = evaluated(
            expression, known, whole, memory, memory.between, self.before, self.memo
        )
        loop.slopes.append(contiguous(found.arena, found.start, (loop.times, prod(shape))))
        return contiguous(found.arena, found.start, shape)


def made(step: Step) -> list[Ref]:
    """Return what a step makes: copies, and its result."""
    return [*(found.out for found in step.forward if found.kind == "take"), step.out]


def reads(found: Instruction, loop: Loop | None) -> Iterator[tuple[str, Array]]:
    """Yield arenas and slots that an instruction reads, in a loop those of all its steps."""
    if found.kind == "take":
        arena, index = found.ins[0].arena, found.index
        yield arena, loop.in_all_steps(arena, index) if loop else index
    else:
        for ref in found.ins:
            yield ref.arena, (loop.all_steps(ref) if loop else ref).slots()


def _of(ins: Sequence[Ref]) -> Ref:
    """Return what stands for the result of an operation on elements of these."""
    return blank(ins[0].shape, any(ref.batched for ref in ins))


def _columns(ref: Ref, first: int, last: int) -> Ref:
    """Return some columns of a view of rows and columns."""
    start = ref.start + first * ref.strides[1]
    return Ref(ref.arena, start, (ref.shape[0], last - first), ref.strides)
