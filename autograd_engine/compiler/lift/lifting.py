"""Lifting: from waves of scalars to steps on arrays.

Values get their slots in an order that makes operands views, and products under a sum whose
left and right vectors form a full grid become a contraction: a matrix product.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy

from autograd_engine.compiler.lift.arrays import (
    Instruction,
    Operand,
    Part,
    Step,
    map_instructions,
)
from autograd_engine.compiler.lift.grids import Grid, grids
from autograd_engine.compiler.lift.operands import Placing
from autograd_engine.compiler.lift.strides import Ref
from autograd_engine.compiler.lift.waves import Column, Wave, Waves, of_rows, scattered
from autograd_engine.table import ADD, MULTIPLY, NEGATIVE, SUBTRACT

Array = Any
FEW = 4  # terms: so many are added one by one, more are summed along an axis


class Lifting(Placing):
    """Makes steps of waves."""

    def __init__(self, fixed: int, inputs: int) -> None:
        super().__init__(fixed, inputs)
        self.steps: list[Step] = []

    def lifted(self, waves: Waves, given: Sequence[int] = ()) -> list[Operand]:
        """Make the steps of a tape whose last inputs stand in given slots; return its outputs."""
        self.steps = []
        self.begin(waves, given)
        for wave in waves:
            self.add(wave)
        return [self.operand(numpy.array([place])) for place in waves.sums.tape.outputs]

    def add(self, wave: Wave) -> None:
        """Compute equal values once, the others in a step or several."""
        unique, twins = self.unique(wave)
        operation = spelled_out(unique) if wave.kind == "sum" else None
        if wave.kind == "map" or operation:
            self.add_map(operation or unique)
        elif wave.kind == "scan":
            self.add_scan(unique)
        else:
            for grid, part in grids(unique, self.slot):
                self.add_sum(part, grid)
        for places, twin in twins:
            self.slot[places] = self.slot[twin]

    def unique(self, wave: Wave) -> tuple[Wave, list[tuple[Array, Array]]]:
        """Return the wave with one of each of its equal values, and who equals whom."""
        if len(wave.places) == 1:
            return wave, []
        key = numpy.zeros(len(wave.places), numpy.uint64)
        for column in wave.columns:
            for places in (column.left, column.right):
                if places is not None:
                    slots = self.slot[places] * 4 + self.known.kind[places]
                    key = scattered(key ^ of_rows(slots))
        ordered = numpy.sort(key)
        if (ordered[1:] != ordered[:-1]).all():
            return wave, []
        _, first, back = numpy.unique(key, return_index=True, return_inverse=True)
        twin = wave.places[first][back]
        kept = numpy.sort(first)
        others = wave.places != twin
        return wave.chosen(kept), [(wave.places[others], twin[others])]

    # Steps.

    def add_map(self, wave: Wave) -> None:
        self.taken = []
        wave = wave.chosen(self.best_order([column.left[:, 0] for column in wave.columns]))
        operands, shape = self.aligned([column.left[:, 0] for column in wave.columns])
        step = self.step("map", wave.rule, self.new(wave.places, shape), wave.places)
        step.operands = operands
        refs = tuple(operand.ref for operand in operands)
        new = self.memory.between
        step.forward += map_instructions(wave.rule, step.out, refs, self.memory, new)

    def add_scan(self, wave: Wave) -> None:
        self.taken = []
        places = wave.columns[0].left
        wave = wave.chosen(self.best_order([places[:, 0]]))
        operand = self.operand(wave.columns[0].left)
        rows, terms = wave.columns[0].left.shape
        arena = self.arena(wave.places)
        whole = self.memory.new(arena, (rows, terms))
        self.slot[wave.places] = whole.start + numpy.arange(rows) * terms + terms - 1
        last = Ref(arena, whole.start + terms - 1, (rows,), (terms,))
        step = self.step("scan", wave.rule, last, wave.places)
        step.operands, step.whole = [operand], whole
        step.forward.append(Instruction("scan", whole, (operand.ref,), wave.rule))

    def add_sum(self, wave: Wave, grid: Grid | None) -> None:
        self.taken = []
        if grid is None:
            wave = wave.chosen(self.best_order(first_terms(wave.columns)))
        shape = (len(wave.places),) if grid is None else grid.shape
        out = self.new(wave.places, shape)
        step = self.step("sum", ADD, out, wave.places)
        # A positive part first: it is computed right where the sum stands.
        for column in sorted(wave.columns, key=first_of_all):
            if column.right is not None and column.left.shape[1] > 1:
                self.add_products(step, column, grid)
            elif column.right is not None:
                (left, right), _ = self.aligned([column.left[:, 0], column.right[:, 0]])
                self.add_part(step, Part(column.sign, left, right, "map"))
            elif column.left.shape[1] <= FEW:
                for i in range(column.left.shape[1]):
                    (operand,), _ = self.aligned([column.left[:, i]])
                    self.add_part(step, Part(column.sign, operand))
            else:
                operand = self.operand(self.by_slot(column.left)[0])
                self.add_part(step, Part(column.sign, operand, axes="sum"))

    def add_products(self, step: Step, column: Column, grid: Grid | None) -> None:
        """Add a column of several products: a contraction."""
        assert column.right is not None
        n, terms = column.left.shape
        if n == 1:  # a single row may have its terms in any order
            first, second = self.by_slot(column.left, column.right)
            column = Column(first, second, column.sign)
        assert column.right is not None
        if grid is not None:
            h, s, j = grid.shape
            factors = [column.left.reshape(h, s, j, terms), column.right.reshape(h, s, j, terms)]
            for a, b in (factors, factors[::-1]):
                if grid.depends(a, self.slot, 2) and grid.depends(b, self.slot, 1):
                    cuts = self.cuts(a[:, :, 0], b[:, 0])
                    for first, last in pairwise(cuts):
                        rows = self.operand(a[:, :, 0, first:last])
                        columns = self.operand(b[:, 0, :, first:last])
                        self.add_part(step, Part(column.sign, rows, columns, "hsk,hjk->hsj"))
                    return
        rows, columns = self.operand(column.left), self.operand(column.right)
        self.add_part(step, Part(column.sign, rows, columns, "nk,nk->n"))

    def add_part(self, step: Step, part: Part) -> None:
        """Append what adds one part to the sum."""
        out, first = step.out, not step.parts
        step.parts.append(part)
        left = part.left.ref
        right = None if part.right is None else part.right.ref
        if right is None and part.axes != "sum":
            out = out.reshaped(left.shape)
            if first and part.sign > 0:
                step.forward.append(Instruction("copy", out, (left,)))
            elif first:
                step.forward.append(Instruction("map", out, (left,), NEGATIVE))
            elif len(step.forward) == 1 and step.forward[0].kind == "copy":
                self.add_to_copy(step, part)
            else:
                rule = ADD if part.sign > 0 else SUBTRACT
                step.forward.append(Instruction("map", out, (out, left), rule))
            return
        if part.axes == "map":
            out = out.reshaped(left.shape)
        elif part.axes != "hsk,hjk->hsj":
            out = out.reshaped((out.size,))
        batched = left.batched or (right is not None and right.batched)
        direct = first and batched == out.batched
        target = out if direct else self.memory.new("V" if batched else "v", out.shape)
        if right is None:
            step.forward.append(Instruction("sum", target, (left,), over=(1,)))
        elif part.axes == "map":
            step.forward.append(Instruction("map", target, (left, right), MULTIPLY))
        else:
            step.forward.append(Instruction("contract", target, (left, right), axes=part.axes))
        if not first:
            rule = ADD if part.sign > 0 else SUBTRACT
            step.forward.append(Instruction("map", out, (out, target), rule))
        elif part.sign < 0:
            step.forward.append(Instruction("map", out, (target,), NEGATIVE))
        elif not direct:
            step.forward.append(Instruction("copy", out, (target,)))

    def add_to_copy(self, step: Step, part: Part) -> None:
        """Make one addition of a copy and what is added to it."""
        (copied,), added = step.forward[0].ins, part.left.ref
        rule = ADD if part.sign > 0 else SUBTRACT
        out = step.out.reshaped(added.shape)
        if copied.shape == added.shape:
            step.forward[:] = [Instruction("map", out, (copied, added), rule)]
        else:
            step.forward.append(Instruction("map", out, (out, added), rule))

    def step(self, kind: str, rule: Any, out: Ref, places: Array) -> Step:
        made = Step(kind, rule, out, active=bool(self.known.active[places].any()))
        made.forward = self.taken  # what is gathered from now on belongs to this step, too
        self.steps.append(made)
        return made


def spelled_out(wave: Wave) -> Wave | None:
    """Return the sum as the operation that it is where it has but one or two plain terms."""
    terms = [
        Column(column.left[:, i : i + 1], None, column.sign)
        for column in sorted(wave.columns, key=lambda column: -column.sign)
        if column.right is None
        for i in range(column.left.shape[1])
    ]
    signs = [term.sign for term in terms]
    rule = {(-1,): NEGATIVE, (1, 1): ADD, (1, -1): SUBTRACT}.get(tuple(signs))
    if rule is None or any(column.right is not None for column in wave.columns):
        return None
    return Wave("map", rule, wave.places, terms)


def first_terms(columns: Sequence[Column]) -> list[Array]:
    """Return the first term of each column, of products both factors."""
    return [
        places[:, 0]
        for column in columns
        for places in (column.left, column.right)
        if places is not None
    ]


def first_of_all(column: Column) -> tuple[int, bool, int]:
    """Rank columns: what is added before what is subtracted, products and long ones first."""
    return -column.sign, column.right is None, -column.left.shape[1]
