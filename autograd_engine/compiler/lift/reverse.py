"""The derivative of an array program: adjoints of arrays, step by step backwards.

What an elementary operation contributes is read from the table of primitives with symbols.
A sum passes its adjoint on to each of its terms, a contraction to each factor times the other,
a copy to where it comes from.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from autograd_engine.compiler.lift.adjoints import BACK, Adjoints, adjoint, made
from autograd_engine.compiler.lift.arrays import ArrayProgram, Instruction, Ref, Step, blank
from autograd_engine.compiler.lift.loops import Loop
from autograd_engine.compiler.record.symbols import OUT, Expression, Symbol, X, Y, slopes
from autograd_engine.table import ADD, MULTIPLY, above


@dataclass
class Backward:
    """The instructions of the derivative of output 0: `body` for each tile of a batch, `rest`
    once at the end. `shared` are the adjoints that the body writes, the rest reads their sum.
    """

    body: list[Instruction] = field(default_factory=list)
    rest: list[Instruction] = field(default_factory=list)
    shared: list[Ref] = field(default_factory=list)


def differentiate(program: ArrayProgram) -> Backward:
    """Return the derivative of a program's output 0 by its leaves, the first slots of "v"."""
    return _Reverse(program).result(program.outputs[0])


class _Reverse(Adjoints):
    def result(self, output: Ref) -> Backward:
        found, seed, outside = Backward(), adjoint(output), len(self.regions)
        if not self.is_active(output):
            return found
        self.to = found.body if output.batched else found.rest
        self.clear(seed)
        self.to.append(Instruction("seed", seed))
        seed.within(self.written[seed.arena])[...] = True
        for batched, self.to in ((True, found.body), (False, found.rest)):
            for step in reversed(self.steps):
                if isinstance(step, Loop):
                    self.pass_on_loop(step, batched)
                else:
                    self.pass_on(step, batched)
            if batched:
                fixed = [ref for ref in self.regions[:outside] if ref.arena == "a"]
                found.shared = [*filter(self.is_written, [self.leaves, *fixed])]
        return found

    def pass_on_loop(self, loop: Loop, batched: bool) -> None:
        """Append what goes back through the steps of a loop, the last one first.

        What comes from later steps is added to what others gave, so that is cleared before.
        """
        arena = "V" if batched else "v"
        written = self.written[BACK[arena]]
        mine = [adjoint(ref) for ref in loop.memory() if ref.arena == arena]
        if not any(map(self.is_written, mine)):
            return
        for ref in map(adjoint, loop.memory()):
            self.clear_all(ref.arena, ref.slots().ravel())
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
            self.used = {"s": 0, "S": 0}
            self.contribute(*contribution)
        for ref in mine:
            ref.within(written)[...] = True
        self.pass_on_copies(loop, batched)

    def pass_on(self, step: Step, batched: bool) -> None:
        """Append what a step's adjoint contributes to the adjoints of its operands."""
        target = adjoint(step.out)
        self.used, self.memo = {"s": 0, "S": 0}, {}
        if step.out.batched == batched and self.is_active(step.out) and self.is_written(target):
            for sign, part in step.parts:
                if part.kind == "scan":
                    self.pass_on_scan(part, target)
                else:
                    self.pass_on_part(part, sign, target)
        self.pass_on_copies(step, batched)

    def pass_on_copies(self, step: Step | Loop, batched: bool) -> None:
        """Append what adds the adjoints of copies where they come from."""
        for found in step.forward:
            out = adjoint(found.out)
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

    def pass_on_scan(self, part: Instruction, out: Ref) -> None:
        """Pass the adjoint down the chain: each link's is the one above times its partial."""
        assert part.rule is not None
        (operand,), whole, (rows, terms) = part.ins, part.out, part.out.shape
        before, after = _columns(whole, 0, terms - 1), _columns(whole, 1, terms)
        known = {OUT: after, X: before, Y: _columns(operand, 1, terms)}
        chain = self.scratch(whole.shape, whole.batched)
        links, last = _columns(chain, 1, terms), _columns(chain, terms - 1, terms)
        down, side = (
            self.evaluated(slope, dict(known), (rows, terms - 1)) for slope in slopes(part.rule)
        )
        self.to += [
            Instruction("copy", _columns(chain, 0, terms - 1), (down,)),
            Instruction("copy", replace(last, shape=(rows,), strides=(terms,)), (out,)),
            Instruction("scan", chain, (chain,), MULTIPLY, over=(-1,)),
            Instruction("map", links, (links, side), MULTIPLY),
        ]
        self.contribute(operand, 1, Instruction("copy", chain, (chain,)))

    def pass_on_part(self, part: Instruction, sign: int, out: Ref) -> None:
        factors, left, right = part.ins, part.ins[0], part.ins[-1]
        if not any(map(self.is_active, factors)):
            return
        known = dict(zip((OUT, X, Y), (part.out, *factors)))
        rule = part.rule or (MULTIPLY if part.kind == "contract" else ADD)
        if out.batched and not (left.batched or right.batched):
            out = self.made(Instruction("sum", blank(out.shape, False), (out,)))
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
                found = self.times(out, slope, known)
                self.contribute(operand, -sign if number == -1.0 else sign, found)


def _columns(ref: Ref, first: int, last: int) -> Ref:
    """Return some columns of a view of rows and columns."""
    start = ref.start + first * ref.strides[1]
    return Ref(ref.arena, start, (ref.shape[0], last - first), ref.strides)
