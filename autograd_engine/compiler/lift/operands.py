"""Operands: where values stand in memory, and how a step reads them.

A step's operand is a view where strides can tell it, a gathered copy where they cannot.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy

from autograd_engine.compiler.lift.arrays import Instruction, Memory, Ref, contiguous, steps_of
from autograd_engine.compiler.lift.waves import BATCHED, CONSTANT, Waves

Array = Any
PIECES = 3  # of a contraction whose factors stand in several places


class Placing:
    """Gives values their slots, and finds views of them."""

    def __init__(self, fixed: int, inputs: int) -> None:
        self.memory = Memory()
        self.taken: list[Instruction] = []  # what has been gathered for the step to come
        self.memory.sizes["v"], self.memory.sizes["V"] = fixed, inputs
        self.home = numpy.full(fixed, -1)  # leaves settle where they are first read
        self.copies: dict[Any, Ref] = {}
        # Where what moves on with the steps of a loop begins and ends: no view goes over that.
        self.bounds: dict[str, list[int]] = {}

    def begin(self, waves: Waves, given: Sequence[int]) -> None:
        """Take a tape; its last inputs are values that stand in these slots."""
        tape, self.kind, self.numbers = waves.tape, waves.kind, waves.numbers
        # Where each value stands in its arena; of constants, which it is.
        self.slot = numpy.arange(tape.size) - tape.first
        own = len(tape.inputs) - len(given)
        self.slot[: tape.first] = [*range(len(self.home)), *range(own), *given]

    def settled(self, places: Array) -> Array:
        """Return where values stand in memory; leaves that are read at last get a place."""
        is_leaf = places < len(self.home)
        if not is_leaf.any():
            return self.slot[places]
        leaves = places[is_leaf]
        new, order = numpy.unique(leaves[self.home[leaves] < 0], return_index=True)
        before = numpy.count_nonzero(self.home >= 0)
        self.home[new[numpy.argsort(order)]] = before + numpy.arange(len(new))
        return numpy.where(is_leaf, self.home[numpy.where(is_leaf, places, 0)], self.slot[places])

    def arena(self, places: Array) -> str:
        return "V" if self.kind[places.flat[0]] == BATCHED else "v"

    def new(self, places: Array, shape: tuple[int, ...]) -> Ref:
        """Give the values of a step their slots."""
        ref = self.memory.new(shape, self.arena(places) == "V")
        self.slot[places] = ref.start + numpy.arange(len(places))
        return ref

    def best_order(self, columns: Sequence[Array]) -> Array:
        """Return the order of values in which most operands are views."""
        slots = [self.slot[places] for places in columns if self.kind[places[0]] != CONSTANT]
        slots = slots or [self.slot[places] for places in columns]
        return numpy.lexsort(sorted(slots, key=lambda found: len(numpy.unique(found))))

    def operand(self, places: Array) -> Ref:
        """Return how a step reads the values at these places: a view, or a gathered copy."""
        slots = self.of_one_arena(places)
        if slots is None or (steps := steps_of(slots)) is None:
            return self.gathered(places)
        return Ref(self.arena(places), int(slots.flat[0]), slots.shape, tuple(steps))

    def of_one_arena(self, places: Array) -> Array | None:
        """Return the slots of values if they stand in one arena, and move on alike in a loop."""
        kinds = self.kind[places]
        if (kinds != kinds.flat[0]).any() or kinds.flat[0] == CONSTANT:
            return None
        slots = self.settled(places)
        parts = self.parts_of_loop(places, slots)
        return slots if (parts == parts.flat[0]).all() else None

    def parts_of_loop(self, places: Array, slots: Array) -> Array:
        """Say of slots between which bounds they are."""
        return numpy.searchsorted(self.bounds.get(self.arena(places), []), slots, "right")

    def cuts(self, *factors: Array) -> list[int]:
        """Return where terms, along the last axis, are better cut so that views tell the pieces,
        of which many short ones are not better; from 0 to the number of terms.
        """
        terms, pieces = factors[0].shape[-1], []
        found = {0, terms}
        for factor in factors:
            if self.kind[factor.flat[0]] != CONSTANT:
                pieces.append(self.settled(factor))
                first = pieces[-1].reshape(-1, terms)[0]
                line, part = first.tolist(), self.parts_of_loop(factor, first).tolist()
                start = 0
                for k in range(1, terms):
                    jump = k > start + 1 and line[k] - line[k - 1] != line[start + 1] - line[start]
                    if jump or part[k] != part[k - 1]:
                        found.add(k)
                        start = k
        cuts = sorted(found)
        views = (steps_of(each[..., i:j]) for each in pieces for i, j in pairwise(cuts))
        return cuts if 2 < len(cuts) <= PIECES + 1 and None not in views else [0, terms]

    def gathered(self, places: Array) -> Ref:
        """Copy values together, the same ones once; constants have a block of their own."""
        kinds, flat = self.kind[places].ravel(), places.ravel()
        if not kinds.any():
            return self.memory.constant(self.numbers[places])
        slots, batched, constant = self.settled(flat), kinds == BATCHED, kinds == CONSTANT
        if constant.any():
            block = self.memory.block(self.numbers[flat[constant]])
            slots[constant] = block + numpy.arange(numpy.count_nonzero(constant))
        key = kinds.tobytes(), slots.tobytes()
        if key not in self.copies:
            ref = self.copies[key] = self.memory.new(flat.shape, batched.any())
            for arena, some in (("v", ~batched), ("V", batched)):
                if some.any():
                    at = None if some.all() else numpy.flatnonzero(some)
                    view = contiguous(arena, 0, (1,))
                    self.taken.append(Instruction("take", ref, (view,), index=slots[some], at=at))
        return self.copies[key].reshaped(places.shape)

    def aligned(self, columns: Sequence[Array]) -> tuple[tuple[Ref, ...], tuple[int, ...]]:
        """Return operands of one element for each value, as views of one shape."""
        told: dict[int, Array] = {}  # the slots of those that are views
        found: tuple[list[int], list[list[int]]] = [len(columns[0])], []
        for i, places in enumerate(columns):
            slots = self.of_one_arena(places)
            more = None if slots is None else axes_of([*told.values(), slots])
            if more:
                told[i], found = slots, more
        shape = tuple(found[0])
        views = {
            i: Ref(self.arena(columns[i]), int(slots[0]), shape, tuple(strides))
            for (i, slots), strides in zip(told.items(), found[1])
        }
        gathered = (views.get(i) or self.gathered(x.reshape(shape)) for i, x in enumerate(columns))
        return tuple(gathered), shape


def axes_of(columns: Sequence[Array], most: int = 4) -> tuple[list[int], list[list[int]]] | None:
    """Return the shape on which strides give each row of slots, and these; None if there is none of
    so few axes.

    >>> axes_of(numpy.array([[3, 4, 5, 13, 14, 15], [0, 0, 0, 7, 7, 7]]))
    ([2, 3], [[10, 1], [7, 0]])
    """
    size, inner = len(columns[0]), []
    ends = numpy.arange(1, size + 1) == size
    for slots in columns:
        steps = numpy.diff(slots)
        ends[:-1] |= steps != steps[:1]
        inner.append(int(steps[0]) if size > 1 else 0)
    run = int(ends.argmax()) + 1
    if run == size:
        return [size], [[step] for step in inner]
    if size % run or run == 1 or most == 1 or ends.reshape(-1, run)[:, :-1].any():
        return None
    if found := axes_of([slots[::run] for slots in columns], most - 1):
        return [*found[0], run], [[*outer, step] for outer, step in zip(found[1], inner)]
    return None
