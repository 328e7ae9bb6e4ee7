"""The derivative of an array program: adjoints of arrays, step by step backwards.

What an elementary operation contributes is read from the table of primitives with symbols.
A sum passes its adjoint on to each of its terms, a contraction to each factor times the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy

from autograd_engine.compiler.lift.adjoints import BACK, Adjoints, adjoint
from autograd_engine.compiler.lift.arrays import ArrayProgram, Instruction, Part, Step, blank
from autograd_engine.compiler.lift.loops import Loop
from autograd_engine.compiler.lift.strides import Ref, contiguous
from autograd_engine.compiler.record.symbols import OUT, Expression, Symbol, X, Y, slopes
from autograd_engine.table import MULTIPLY, above

Array = Any


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


def differentiate(program: ArrayProgram, leaves: int) -> Backward:
    """Return the derivative of a program's output 0 by its leaves, the first slots of "v"."""
    return _Reverse(program, leaves).result(program.outputs[0])


class _Reverse(Adjoints):
    def result(self, output: Ref) -> Backward:
        found, seed, outside = Backward(), adjoint(output), len(self.regions)
        number = int(self.region[seed.arena][seed.start])
        leaf = seed.arena == "a" and seed.start < self.leaves
        if not (self.active[number] if number >= 0 else leaf):
            return found  # no parameter is below
        self.to = found.body if output.batched else found.rest
        self.clear(seed)
        self.to.append(Instruction("seed", seed))
        self.written[seed.arena][seed.slots()] = True
        for batched, self.to in ((True, found.body), (False, found.rest)):
            for step in reversed(self.steps):
                if isinstance(step, Loop):
                    self.pass_on_loop(step, batched)
                elif step.out.batched == batched:
                    self.pass_on(step)
            if batched:
                fixed = [ref for ref in self.regions[:outside] if ref.arena == "a"]
                fixed.insert(0, contiguous("a", 0, (self.leaves,)))
                found.shared = [ref for ref in fixed if self.written["a"][ref.slots()].any()]
        return found

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
        for own, slots in loop.shared.items():
            self.clear_all(BACK[own], slots)
        steps = [step for step in loop.steps if step.out.batched == batched]
        if arena in loop.areas and (batched or len(steps) == len(loop.steps)):
            # Nothing has been added to what stands only inside of a step.
            written[loop.first(loop.areas[arena])] = False
            written[[slot for own, slot in loop.kept if own == arena]] = True
            for step in steps:
                self.number(adjoint(step.out), step.active)
        outside, self.to = self.to, []
        self.loop, self.before, self.later = loop, [], []
        for step in reversed(steps):
            self.pass_on(step)
        body, self.to, self.loop = tuple(self.to), outside, None
        self.to += self.before
        if body:
            self.to.append(Instruction("loop", body[0].out, body=body, loop=loop, over=(-1,)))
        for contribution in self.later:
            self.used = {"s": 0, "S": 0}
            self.contribute(*contribution)
        for ref in mine:
            written[ref.slots()] = True
        for part, ref in loop.gathered:
            if part.active and ref.arena == arena:
                self.put(part, adjoint(ref))

    def pass_on(self, step: Step) -> None:
        """Append what a step's adjoint contributes to the adjoints of its operands."""
        target = adjoint(step.out)
        if not step.active or not self.written[target.arena][target.slots()].any():
            return
        self.used = {"s": 0, "S": 0}
        self.memo = {}
        if step.kind == "map":
            self.pass_on_map(step, target)
        elif step.kind == "scan":
            self.pass_on_scan(step, target)
        else:
            for part in step.parts:
                self.pass_on_part(part, target)

    def pass_on_map(self, step: Step, out: Ref) -> None:
        known = dict(zip((OUT, X, Y), (step.out, *(operand.ref for operand in step.operands))))
        for operand, slope in zip(step.operands, slopes(step.rule)):
            number = slope if isinstance(slope, float) else None
            if operand.active and number != 0.0:
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
        (operand,) = step.operands
        rows, terms = step.whole.shape
        before, after = _columns(step.whole, 0, terms - 1), _columns(step.whole, 1, terms)
        known = {OUT: after, X: before, Y: _columns(operand.ref, 1, terms)}
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
        left, right, sign = part.left, part.right, part.sign
        factors = [left] if right is None else [left, right]
        if out.batched and not any(factor.ref.batched for factor in factors):
            if not any(factor.active for factor in factors):
                return
            out = self.made(Instruction("sum", blank(out.shape, False), (out,)))
        if right and left.ref == right.ref and out.size == 1 and left.active and not left.gathered:
            # A sum of squares: both factors get the same.
            two = self.memory.constant(numpy.full(out.shape, 2.0))
            out = self.made(Instruction("map", out, (out, two), MULTIPLY))
            right = replace(right, active=False)
        if part.axes in ("sum", "nk,nk->n"):
            out = Ref(out.arena, out.start, left.ref.shape, (1, 0))
        elif part.axes != "hsk,hjk->hsj":
            out = out.reshaped(left.ref.shape)
        if right is None:
            if left.active:
                self.contribute(left, sign, Instruction("copy", out, (out,)))
            return
        for this, other in ((left, right), (right, left)):
            if not this.active:
                continue
            ins = (out, other.ref)
            if part.axes == "hsk,hjk->hsj":  # and a contraction sums over the batch by itself
                axes = "hsj,hjk->hsk" if this is left else "hsj,hsk->hjk"
                found = Instruction("contract", this.ref, ins, axes=axes)
            else:
                found = Instruction("map", _of(ins), ins, MULTIPLY)
            self.contribute(this, sign, found)


def _of(ins: Sequence[Ref]) -> Ref:
    """Return what stands for the result of an operation on elements of these."""
    return blank(ins[0].shape, any(ref.batched for ref in ins))


def _columns(ref: Ref, first: int, last: int) -> Ref:
    """Return some columns of a view of rows and columns."""
    start = ref.start + first * ref.strides[1]
    return Ref(ref.arena, start, (ref.shape[0], last - first), ref.strides)
