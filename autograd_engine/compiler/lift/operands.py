"""Operands: where values stand in memory, and how a step reads them.

A step's operand is a view where strides can tell it, a gathered copy where they cannot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy

from autograd_engine.compiler.lift.arrays import Gathered, Instruction, Memory, Operand
from autograd_engine.compiler.lift.strides import (
    Pattern,
    Ref,
    common,
    contiguous,
    pattern,
    steps_of,
    strides,
)
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

    def state(self) -> dict[str, Any]:
        """Return a copy of what is settled so far."""
        memory = self.memory
        return {
            "memory": Memory(dict(memory.sizes), [*memory.constants], dict(memory.known)),
            "home": self.home.copy(),
            "copies": dict(self.copies),
        }

    def begin(self, waves: Waves, given: Sequence[int]) -> None:
        """Take a tape; its last inputs are values that stand in these slots."""
        tape, self.known = waves.sums.tape, waves.sums
        self.numbers = numpy.zeros(tape.size)
        self.numbers[tape.first : tape.start] = tape.constants
        # Where each value stands in its arena; of constants, which of those of equal bits it is.
        self.slot = numpy.zeros(tape.size, numpy.int64)
        own = len(tape.inputs) - len(given)
        self.slot[: tape.first] = [*range(len(self.home)), *range(own), *given]
        seen: dict[int, int] = {}
        bits = self.numbers[tape.first : tape.start].view(numpy.int64).tolist()
        self.slot[tape.first : tape.start] = [seen.setdefault(b, len(seen)) for b in bits]

    def settled(self, places: Array) -> Array:
        """Return where values stand in memory; leaves that are read at last get a place."""
        is_leaf = places < len(self.home)
        if not is_leaf.any():
            return self.slot[places]
        leaves = places[is_leaf]
        new, order = numpy.unique(leaves[self.home[leaves] < 0], return_index=True)
        if len(new):
            before = numpy.count_nonzero(self.home >= 0)
            self.home[new[numpy.argsort(order)]] = before + numpy.arange(len(new))
        return numpy.where(is_leaf, self.home[numpy.where(is_leaf, places, 0)], self.slot[places])

    def arena(self, places: Array) -> str:
        return "V" if self.known.kind[places.flat[0]] == BATCHED else "v"

    def new(self, places: Array, shape: tuple[int, ...]) -> Ref:
        """Give the values of a step their slots."""
        ref = self.memory.new(self.arena(places), shape)
        self.slot[places] = ref.start + numpy.arange(len(places))
        return ref

    def best_order(self, columns: Sequence[Array]) -> Array:
        """Return the order of values in which most operands are views."""
        slots = [self.slot[places] for places in columns if self.known.kind[places[0]] != CONSTANT]
        slots = slots or [self.slot[places] for places in columns]
        return numpy.lexsort(sorted(slots, key=lambda found: len(numpy.unique(found))))

    def operand(self, places: Array) -> Operand:
        """Return how a step reads the values at these places: a view, or a gathered copy."""
        slots = self.of_one_arena(places)
        steps = None if slots is None else steps_of(slots)
        if slots is None or steps is None:
            return self.gathered(places)
        ref = Ref(self.arena(places), int(slots.flat[0]), slots.shape, tuple(steps))
        return Operand(ref, self.active(places))

    def active(self, places: Array) -> bool:
        """Say whether a parameter is below one of these."""
        return bool(self.known.active[places].any())

    def of_one_arena(self, places: Array) -> Array | None:
        """Return the slots of values if they stand in one arena, and move on alike in a loop."""
        kinds = self.known.kind[places]
        if (kinds != kinds.flat[0]).any() or kinds.flat[0] == CONSTANT:
            return None
        slots = self.settled(places)
        parts = numpy.searchsorted(self.bounds.get(self.arena(places), []), slots, "right")
        return slots if (parts == parts.flat[0]).all() else None

    def cuts(self, *factors: Array) -> list[int]:
        """Return where terms, along the last axis, are better cut so that views tell the pieces,
        of which many short ones are not better; from 0 to the number of terms.
        """
        terms = factors[0].shape[-1]
        found = {0, terms}
        factors = tuple(f for f in factors if self.known.kind[f.flat[0]] != CONSTANT)
        slots = [self.settled(factor) for factor in factors]
        for each, factor in zip(slots, factors):
            line, start = each.reshape(-1, terms)[0].tolist(), 0
            bounds = self.bounds.get(self.arena(factor), [])
            part = numpy.searchsorted(bounds, line, "right").tolist()
            for k in range(1, terms):
                if part[k] != part[k - 1] or (
                    k > start + 1 and line[k] - line[k - 1] != line[start + 1] - line[start]
                ):
                    found.add(k)
                    start = k
        cuts = sorted(found)
        pieces = (each[..., i:j] for each in slots for i, j in pairwise(cuts))
        better = 2 < len(cuts) <= PIECES + 1 and None not in map(steps_of, pieces)
        return cuts if better else [0, terms]

    def gathered(self, places: Array) -> Operand:
        """Copy values together, the same ones once; constants have a block of their own."""
        kinds = self.known.kind[places].ravel()
        if not kinds.any():
            return Operand(self.memory.constant(self.numbers[places]), active=False)
        parts = []
        for kind in numpy.unique(kinds).tolist():
            at = numpy.flatnonzero(kinds == kind)
            some, every = places.ravel()[at], len(at) == len(kinds)
            if kind == CONSTANT:
                arena, slots = "v", self.memory.block(self.numbers[some]) + numpy.arange(len(at))
            else:
                arena, slots = self.arena(some), self.settled(some)
            active = kind != CONSTANT and self.active(some)
            parts.append(Gathered(arena, slots, None if every else at, active))
        own = "V" if (kinds == BATCHED).any() else "v"
        key = (places.shape, kinds.tobytes(), *[part.slots.tobytes() for part in parts])
        if key not in self.copies:
            ref = self.copies[key] = self.memory.new(own, places.shape)
            for part in parts:
                view = contiguous(part.arena, 0, (1,))
                self.taken.append(Instruction("take", ref, (view,), index=part.slots, at=part.at))
        return Operand(self.copies[key], any(part.active for part in parts), tuple(parts))

    def aligned(self, columns: Sequence[Array]) -> tuple[list[Operand], tuple[int, ...]]:
        """Return operands of one element for each value, as views of one shape."""
        size = len(columns[0])
        told: list[tuple[Array, Pattern | None]] = []  # of each its slots and their axes
        axes: list[Pattern] = []
        for places in columns:
            slots = self.of_one_arena(places)
            found = None if slots is None else pattern(slots)
            if found is not None and common([*axes, found], size) is None:
                found = None  # not on the axes of those before it
            axes += [found] if found is not None else []
            told.append((slots, found))
        lengths = common(axes, size) or [1]
        shape = tuple(reversed(lengths))
        operands = []
        for places, (slots, found) in zip(columns, told):
            if found is None:
                whole = self.gathered(places)
                operands.append(replace(whole, ref=_in_shape(whole.ref, shape)))
            else:
                ref = Ref(self.arena(places), int(slots[0]), shape, strides(found, lengths))
                operands.append(Operand(ref, self.active(places)))
        return operands, shape


def _in_shape(ref: Ref, shape: tuple[int, ...]) -> Ref:
    """Return a contiguous view, or one of a single slot seen again and again, in a shape."""
    if ref.size > 1 and not any(ref.strides):
        return Ref(ref.arena, ref.start, shape, (0,) * len(shape))
    return ref.reshaped(shape)
