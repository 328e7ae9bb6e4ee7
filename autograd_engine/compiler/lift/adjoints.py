"""Adjoints: where contributions are added up, and what stands between.

The first contribution to a step's adjoints is written where it belongs, later ones are added;
of an operand that was broadcast it is summed first, of a gathered one scattered.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy

from autograd_engine.compiler.lift.arrays import (
    ArrayProgram,
    Instruction,
    Operand,
    Step,
    map_instructions,
)
from autograd_engine.compiler.lift.strides import Ref, contiguous
from autograd_engine.compiler.record.symbols import Expression, substituted
from autograd_engine.primitives import Primitive
from autograd_engine.table import ADD, NEGATIVE, SUBTRACT

Array = Any
BACK = {"v": "a", "V": "A"}  # the arena of adjoints, by that of values
Make = Callable[[Ref], Instruction]
New = Callable[[tuple[int, ...], bool], Ref]  # reserves memory


class Adjoints:
    """Adds contributions to adjoints, in the order in which instructions run."""

    def __init__(self, program: ArrayProgram, leaves: int) -> None:
        self.memory, self.leaves = program.memory, leaves
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

    def number(self, region: Ref, active: bool) -> None:
        """Take the slots of a region for one that is cleared as one."""
        self.active.append(active)
        self.region[region.arena][region.slots()] = len(self.regions)
        self.regions.append(region)

    def contribute(self, operand: Operand, contribution: Any, shape: tuple[int, ...]) -> None:
        """Append what adds a contribution to an operand's adjoint.

        `contribution` is (sign, whether it has a row for each of the batch, what makes the
        instruction that writes it to a place).
        """
        if contribution is None:
            return
        sign, batched, make = contribution
        if operand.parts or operand.source is not None:
            value = self.made(make, shape, batched)
            for part in operand.parts or (operand,):
                if part.active:
                    self.put(part, value, sign, operand.ref)
            return
        target = adjoint(operand.ref)
        over = tuple(
            axis
            for axis, (length, stride) in enumerate(zip(target.shape, target.strides))
            if length > 1 and stride == 0
        )
        summed = bool(over) or (batched and not target.batched)
        if summed:
            value = self.held(make, target, shape, batched)
            target = _without(target, over)
            make = lambda to: Instruction("sum", to, (value,), over=over)  # noqa: E731
        if not target.simple:
            value = self.made(make, target.shape, target.batched)
            slots = target.slots().ravel()
            self.put(Operand(target, slots), value, sign, target)
            return
        first = self.clear(target)
        if first:
            self.to.append(make(target))
            if sign < 0:
                self.to.append(Instruction("map", target, (target,), NEGATIVE))
        else:
            value = self.held(make, target, target.shape, target.batched)
            rule = ADD if sign > 0 else SUBTRACT
            self.to.append(Instruction("map", target, (target, value), rule))
        self.written[target.arena][target.slots()] = True

    def put(self, part: Operand, value: Ref, sign: float, view: Ref) -> None:
        """Append what adds a gathered operand's contribution where it was gathered from."""
        arena = adjoint(part.ref).arena if part.ref.arena in "vV" else part.ref.arena
        self.clear_all(arena, part.source)
        value = value.reshaped((value.size,)) if len(value.shape) != 1 else value
        target = contiguous(arena, 0, (1,))
        if sign < 0:
            value = self.made(
                lambda to: Instruction("map", to, (value,), NEGATIVE), value.shape, value.batched
            )
        self.to.append(Instruction("put", target, (value,), index=part.source, at=part.at))
        self.written[arena][part.source] = True

    def clear(self, target: Ref) -> bool:
        """Say whether the first contribution may simply be written; if not, see to zeros."""
        slots = target.slots().ravel()
        written = self.written[target.arena][slots]
        if written.all():
            return False
        numbers = self.region[target.arena][slots]
        whole = not written.any() and all(
            (numbers == number).sum() == self.regions[number].size
            for number in set(numbers.tolist())
            if number >= 0
        )
        if whole and (numbers >= 0).all():
            return True
        if not written.any() and (numbers < 0).all() and target.arena == "a":
            return True  # leaves: the others are cleared at the start
        self.clear_all(target.arena, slots)
        return False

    def clear_all(self, arena: str, slots: Array) -> None:
        """Append zeros for the steps' regions that these slots are in, unless written."""
        for number in set(self.region[arena][slots].tolist()) - {-1}:
            region = self.regions[number]
            if not self.written[arena][region.slots()].any():
                self.to.append(Instruction("fill", region))
                self.written[arena][region.slots()] = True
        loose = numpy.asarray(slots)[self.region[arena][slots] < 0]
        self.written[arena][loose] = True

    # Scratch memory.

    def scratch(self, shape: tuple[int, ...], batched: bool) -> Ref:
        """Reserve memory until the end of this step's derivative."""
        arena = "S" if batched else "s"
        ref = contiguous(arena, self.used[arena], shape)
        self.used[arena] += ref.size
        self.memory.sizes[arena] = max(self.memory.sizes[arena], self.used[arena])
        return ref

    def made(self, make: Make, shape: tuple[int, ...], batched: bool) -> Ref:
        """Return a contiguous view that holds the contribution."""
        ref = self.scratch(shape, batched)
        self.to.append(make(ref))
        return ref

    def held(self, make: Make, to: Ref, shape: tuple[int, ...], batched: bool) -> Ref:
        """Return a view that holds the contribution, where it stands if it would be copied."""
        instruction = make(to)
        if instruction.kind == "copy" and instruction.ins[0].shape == shape:
            return instruction.ins[0]
        return self.made(make, shape, batched)

    def evaluated(
        self,
        expression: Expression,
        known: dict[Any, Any],
        shape: tuple[int, ...],
        new: New | None = None,
    ) -> Ref:
        """Return a view of an expression's value, computing what is not yet there."""
        new = new or self.scratch

        def make(rule: Primitive, *parts: Any) -> Any:
            refs = tuple(self.as_ref(part, shape) for part in parts)
            key = (rule, refs, shape)
            if key not in self.memo:
                batched = any(ref.batched for ref in refs)
                self.memo[key] = to = new(shape, batched)
                self.to += map_instructions(rule, to, refs, self.memory, new)
            return self.memo[key]

        return self.as_ref(substituted(expression, make, known), shape)

    def as_ref(self, part: Any, shape: tuple[int, ...]) -> Ref:
        if isinstance(part, Ref):
            return part
        return self.memory.constant(numpy.full(shape, part))


def adjoint(ref: Ref) -> Ref:
    """Return the place of the adjoints of values."""
    return ref.moved(BACK[ref.arena])


def _without(ref: Ref, axes: Sequence[int]) -> Ref:
    kept = [axis for axis in range(len(ref.shape)) if axis not in axes]
    return ref.transposed(*kept)
