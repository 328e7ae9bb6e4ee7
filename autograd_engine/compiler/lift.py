"""Lifting: from waves of scalars to steps on arrays.

Values get their slots in an order that makes operands views, and products under a sum whose
left and right vectors form a full grid become a contraction: a matrix product.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy

from autograd_engine.compiler.arrays import (
    ArrayProgram,
    Instruction,
    Memory,
    Operand,
    Part,
    Step,
    mapped,
)
from autograd_engine.compiler.grids import Grid, grids
from autograd_engine.compiler.views import Ref, common, contiguous, pattern, strides
from autograd_engine.compiler.waves import (
    BATCHED,
    CONSTANT,
    Column,
    Wave,
    Waves,
    chosen,
)
from autograd_engine.engine import ADD, MULTIPLY, NEGATIVE, SUBTRACT

Array = Any
FEW = 4  # terms: so many are added one by one, more are summed along an axis


def lift(waves: Waves) -> ArrayProgram:
    """Return the array program of a tape's waves."""
    return _Lifting(waves).program()


class _Lifting:
    def __init__(self, waves: Waves) -> None:
        self.waves, self.known = waves, waves.known
        self.tape = tape = waves.sums.tape
        self.memory = Memory()
        self.steps: list[Step] = []
        self.taken: list[Instruction] = []
        # Where each value stands in its arena; of constants, which number it is.
        self.slot = numpy.zeros(tape.size, numpy.int64)
        fixed, inputs = len(tape.parameters) + len(tape.others), len(tape.inputs)
        self.slot[:fixed] = numpy.arange(fixed)
        self.slot[fixed : fixed + inputs] = numpy.arange(inputs)
        self.home = numpy.full(fixed, -1)  # leaves settle where they are first read
        self.settled_leaves = 0
        self.memory.sizes["v"], self.memory.sizes["V"] = fixed, inputs
        self.numbers = numpy.array(tape.constants, numpy.float64)
        self.first = fixed + inputs
        bits, seen = self.numbers.view(numpy.int64), {}  # type: ignore[var-annotated]
        ids = [seen.setdefault(number, len(seen)) for number in bits.tolist()]
        self.slot[self.first : tape.start] = ids

    def program(self) -> ArrayProgram:
        for wave in self.waves:
            self.add(wave)
        outputs = [self.operand(numpy.array([place])).ref for place in self.tape.outputs]
        self.settled(numpy.arange(len(self.home)))
        return ArrayProgram(self.steps, self.memory, outputs, self.home, len(self.tape.inputs))

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
        mixed = iter(_MIX)
        for column in wave.columns:
            for places in (column.left, column.right):
                if places is not None:
                    slots = self.slot[places] * 4 + self.known.kind[places]
                    for term in slots.astype(numpy.uint64).T if len(slots.T) < 64 else ():
                        key = (key ^ term) * next(mixed, _MIX[0])
                        key ^= key >> numpy.uint64(29)
                    if len(slots.T) >= 64:
                        weights = numpy.resize(_MIX, len(slots.T))
                        key = (key ^ (slots.astype(numpy.uint64) * weights).sum(1)) * next(mixed)
        _, first, back = numpy.unique(key, return_index=True, return_inverse=True)
        if len(first) == len(key):
            return wave, []
        twin = wave.places[first][back]
        kept = numpy.sort(first)
        others = wave.places != twin
        return chosen(wave, kept), [(wave.places[others], twin[others])]

    # Steps.

    def add_map(self, wave: Wave) -> None:
        self.taken = []
        wave = chosen(wave, self.best_order([column.left[:, 0] for column in wave.columns]))
        operands, shape = self.aligned([column.left[:, 0] for column in wave.columns])
        step = self.step("map", wave.rule, self.new(wave.places, shape), wave.places)
        step.operands = operands
        refs = tuple(operand.ref for operand in operands)
        new = self.memory.between
        step.forward += mapped(wave.rule, step.out, refs, self.memory, new)

    def add_scan(self, wave: Wave) -> None:
        self.taken = []
        places = wave.columns[0].left
        wave = chosen(wave, self.best_order([places[:, 0]]))
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
            wave = chosen(wave, self.best_order(first_terms(wave.columns)))
        shape = (len(wave.places),) if grid is None else grid.shape
        out = self.new(wave.places, shape)
        step = self.step("sum", ADD, out, wave.places)
        # A positive part first: it is computed right where the sum stands.
        for column in sorted(wave.columns, key=first_of_all):
            if column.right is not None and column.left.shape[1] > 1:
                self.add_products(step, column, grid)
            elif column.right is not None:
                operands, lengths = self.aligned([column.left[:, 0], column.right[:, 0]])
                self.add_product(step, column.sign, operands, lengths)
            elif column.left.shape[1] <= FEW:
                for i in range(column.left.shape[1]):
                    (operand,), lengths = self.aligned([column.left[:, i]])
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
                    rows, columns = self.operand(a[:, :, 0]), self.operand(b[:, 0])
                    self.add_part(step, Part(column.sign, rows, columns, "hsk,hjk->hsj"))
                    return
        rows, columns = self.operand(column.left), self.operand(column.right)
        self.add_part(step, Part(column.sign, rows, columns, "nk,nk->n"))

    def add_product(
        self, step: Step, sign: int, operands: Sequence[Operand], lengths: tuple[int, ...]
    ) -> None:
        self.add_part(step, Part(sign, operands[0], operands[1], "map"))

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
        copied = step.forward.pop()
        places = [step.parts[0].left, part.left]
        rule = ADD if part.sign > 0 else SUBTRACT
        if copied.ins[0].shape == part.left.ref.shape:
            out = step.out.reshaped(part.left.ref.shape)
            step.forward.append(Instruction("map", out, tuple(p.ref for p in places), rule))
            return
        out = step.out.reshaped(part.left.ref.shape)
        step.forward += [copied, Instruction("map", out, (out, part.left.ref), rule)]

    def step(self, kind: str, rule: Any, out: Ref, places: Array) -> Step:
        made = Step(kind, rule, out, active=bool(self.known.active[places].any()))
        made.forward = self.taken  # what is gathered from now on belongs to this step, too
        self.steps.append(made)
        return made

    # Slots.

    def settled(self, places: Array) -> Array:
        """Return where values stand in memory, giving leaves that are read at last a place."""
        flat = places.ravel()
        leaves = flat[flat < len(self.home)]
        if len(leaves):
            leaves = leaves[self.home[leaves] < 0]
            leaves = leaves[numpy.sort(numpy.unique(leaves, return_index=True)[1])]
            self.home[leaves] = self.settled_leaves + numpy.arange(len(leaves))
            self.settled_leaves += len(leaves)
            is_leaf = places < len(self.home)
            return numpy.where(
                is_leaf, self.home[numpy.where(is_leaf, places, 0)], self.slot[places]
            )
        return self.slot[places]

    def arena(self, places: Array) -> str:
        return "V" if self.known.kind[places.flat[0]] == BATCHED else "v"

    def new(self, places: Array, shape: tuple[int, ...]) -> Ref:
        """Give the values of a step their slots."""
        ref = self.memory.new(self.arena(places), shape)
        self.slot[places] = ref.start + numpy.arange(len(places))
        return ref

    def by_slot(self, *factors: Array) -> list[Array]:
        """Return the terms of each row in the order of their slots: a sum has none of its own."""
        order = numpy.argsort(self.settled(factors[0]), axis=1, kind="stable")
        return [numpy.take_along_axis(places, order, 1) for places in factors]

    def best_order(self, columns: Sequence[Array]) -> Array:
        """Return the order of values in which most operands are views."""
        slots = [self.slot[places] for places in columns if self.known.kind[places[0]] != CONSTANT]
        slots = slots or [self.slot[places] for places in columns]
        ranked = sorted(slots, key=lambda found: len(numpy.unique(found)))
        return numpy.lexsort(ranked)

    def operand(self, places: Array) -> Operand:
        """Return how a step reads the values at these places: a view, or a gathered copy."""
        kinds = self.known.kind[places]
        kind = int(kinds.flat[0])
        if not (kinds == kind).all():
            return self.mixed(places, kinds)
        if kind == CONSTANT:
            return Operand(self.memory.constant(self.numbers[places - self.first]), active=False)
        slots, arena = self.settled(places), self.arena(places)
        active = bool(self.known.active[places].any())
        ref = affine(arena, slots)
        return Operand(ref, active=active) if ref else self.gathered(arena, slots, active)

    def gathered(self, arena: str, slots: Array, active: bool) -> Operand:
        """Copy slots that no view reaches."""
        ref = self.memory.new(arena, slots.shape)
        flat = slots.ravel()
        self.taken.append(Instruction("take", ref, (contiguous(arena, 0, (1,)),), index=flat))
        return Operand(ref, flat, active=active)

    def mixed(self, places: Array, kinds: Array) -> Operand:
        """Copy values together that stand in several arenas."""
        ref = self.memory.new("V" if (kinds == BATCHED).any() else "v", places.shape)
        parts = []
        for kind in numpy.unique(kinds):
            at = numpy.flatnonzero(kinds.ravel() == kind)
            some = places.ravel()[at]
            if kind == CONSTANT:
                source = self.memory.new("v", (len(at),))
                self.memory.constants.append((source.start, self.numbers[some - self.first]))
                arena, slots = "v", source.slots()
            else:
                arena, slots = self.arena(some), self.settled(some)
            view = contiguous(arena, 0, (1,))
            self.taken.append(Instruction("take", ref, (view,), index=slots, at=at))
            active = kind != CONSTANT and bool(self.known.active[some].any())
            parts.append(Operand(view, slots, at, active))
        return Operand(ref, None, None, any(part.active for part in parts), tuple(parts))

    def aligned(self, columns: Sequence[Array]) -> tuple[list[Operand], tuple[int, ...]]:
        """Return operands of one element for each value, as views of one shape."""
        size = len(columns[0])
        patterns: list[Any] = []
        for places in columns:
            kinds = self.known.kind[places]
            if kinds[0] == CONSTANT or not (kinds == kinds[0]).all():
                patterns.append([(size, 1)])
                continue
            found = pattern(self.settled(places))
            fits = found is not None and common([*filter(None, patterns), found], size)
            patterns.append(found if fits is not None and fits is not False else None)
        lengths = common([found for found in patterns if found], size) or []
        lengths = lengths or [1]
        shape = tuple(reversed(lengths))
        operands = []
        for places, found in zip(columns, patterns):
            kinds = self.known.kind[places]
            if found is None or kinds[0] == CONSTANT or not (kinds == kinds[0]).all():
                if found is None:
                    active = bool(self.known.active[places].any())
                    operand = self.gathered(self.arena(places), self.settled(places), active)
                else:
                    operand = self.operand(places)
                flat = operand.ref
                zero = all(stride == 0 for stride in flat.strides)
                ref = (
                    Ref(flat.arena, flat.start, shape, (0,) * len(shape))
                    if zero and size > 1
                    else flat.reshaped(shape)
                )
                operands.append(
                    Operand(ref, operand.source, operand.at, operand.active, operand.parts)
                )
            else:
                start = int(self.settled(places[:1])[0])
                ref = Ref(self.arena(places), start, shape, strides(found, lengths))
                operands.append(Operand(ref, active=bool(self.known.active[places].any())))
        return operands, shape


_MIX = numpy.random.default_rng(21).integers(1, 2**63, 256, dtype=numpy.uint64) * 2 + 1


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


def affine(arena: str, slots: Array) -> Ref | None:
    """Return the view of these slots on just these axes, if there is one."""
    start = int(slots.flat[0])
    steps = []
    for axis in range(slots.ndim):
        second = [0] * slots.ndim
        second[axis] = min(1, slots.shape[axis] - 1)
        steps.append(int(slots[tuple(second)]) - start)
    ref = Ref(arena, start, slots.shape, tuple(steps))
    return ref if (ref.slots() == slots).all() else None
