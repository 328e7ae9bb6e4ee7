"""Operands: where values stand in memory, and how a step reads them.

A step's operand is a view where strides can tell it, a gathered copy where they cannot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy

from autograd_engine.compiler.lift.arrays import Instruction, Memory, Operand
from autograd_engine.compiler.lift.strides import (
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
        self.settled_leaves = 0
        self.copies: dict[tuple[str, tuple[int, ...], bytes], Ref] = {}
        # Where what moves on with the steps of a loop begins and ends: no view goes over that.
        self.bounds: dict[str, list[int]] = {}

    def state(self) -> dict[str, Any]:
        """Return a copy of what is settled so far."""
        memory = self.memory
        return {
            "memory": Memory(dict(memory.sizes), [*memory.constants], dict(memory.known)),
            "home": self.home.copy(),
            "settled_leaves": self.settled_leaves,
            "copies": dict(self.copies),
        }

    def begin(self, waves: Waves, given: Sequence[int]) -> None:
        """Take a tape; its last inputs are values that stand in these slots."""
        self.known = waves.known
        tape, fixed = waves.sums.tape, len(self.home)
        self.first = fixed + len(tape.inputs)  # the place of the first constant
        inputs = self.first - len(given)
        # Where each value stands in its arena; of constants, which number it is.
        self.slot = numpy.zeros(tape.size, numpy.int64)
        self.slot[:fixed] = numpy.arange(fixed)
        self.slot[fixed:inputs] = numpy.arange(inputs - fixed)
        self.slot[inputs : self.first] = given
        self.numbers = numpy.array(tape.constants, numpy.float64)
        seen: dict[int, int] = {}
        bits = self.numbers.view(numpy.int64).tolist()
        self.slot[self.first : tape.start] = [seen.setdefault(b, len(seen)) for b in bits]

    def settle(self, leaves: Array) -> None:
        """Give leaves that are read at last a place."""
        leaves = leaves[self.home[leaves] < 0]
        leaves = leaves[numpy.sort(numpy.unique(leaves, return_index=True)[1])]
        self.home[leaves] = self.settled_leaves + numpy.arange(len(leaves))
        self.settled_leaves += len(leaves)

    def settled(self, places: Array) -> Array:
        """Return where values stand in memory."""
        is_leaf = places < len(self.home)
        if not is_leaf.any():
            return self.slot[places]
        self.settle(places[is_leaf])
        return numpy.where(is_leaf, self.home[numpy.where(is_leaf, places, 0)], self.slot[places])

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
        ref = affine(arena, slots) if self.moves_as_one(arena, slots) else None
        return Operand(ref, active=active) if ref else self.gathered(arena, slots, active)

    def moves_as_one(self, arena: str, slots: Array) -> bool:
        """Say whether slots move on by as much at each step of a loop."""
        bounds = self.bounds.get(arena)
        if not bounds:
            return True
        parts = numpy.searchsorted(bounds, slots, "right")
        return bool((parts == parts.flat[0]).all())

    def cuts(self, *factors: Array) -> list[int]:
        """Return where terms, along the last axis, are better cut so that views tell the pieces.

        The first and last are 0 and the number of terms. Many short pieces are not better.
        """
        terms = factors[0].shape[-1]
        whole = [0, terms]
        factors = tuple(f for f in factors if self.known.kind[f.flat[0]] != CONSTANT)
        slots = [self.settled(factor) for factor in factors]
        found = set(whole)
        for each, factor in zip(slots, factors):
            line, start = each.reshape(-1, terms)[0], 0
            bounds = self.bounds.get(self.arena(factor), [])
            part = numpy.searchsorted(bounds, line, "right")
            for k in range(1, terms):
                if part[k] != part[k - 1] or (
                    k > start + 1 and line[k] - line[k - 1] != line[start + 1] - line[start]
                ):
                    found.add(k)
                    start = k
        if not 2 < len(found) <= PIECES + 1:
            return whole
        cuts = sorted(found)
        pieces = (each[..., i:j] for each in slots for i, j in pairwise(cuts))
        return cuts if all(affine("", piece) for piece in pieces) else whole

    def gathered(self, arena: str, slots: Array, active: bool) -> Operand:
        """Copy slots that no view reaches, the same ones once."""
        flat = slots.ravel()
        key = arena, slots.shape, flat.tobytes()
        if key in self.copies:
            return Operand(self.copies[key], flat, active=active)
        ref = self.copies[key] = self.memory.new(arena, slots.shape)
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
                start = self.memory.block(self.numbers[some - self.first])
                arena, slots = "v", start + numpy.arange(len(at))
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
            if not self.of_one_arena(places):
                patterns.append([(size, 1)])
                continue
            slots = self.settled(places)
            found = pattern(slots) if self.moves_as_one(self.arena(places), slots) else None
            if found is not None and common([*filter(None, patterns), found], size) is None:
                found = None  # not on the axes of those before it
            patterns.append(found)
        lengths = common([found for found in patterns if found], size) or []
        lengths = lengths or [1]
        shape = tuple(reversed(lengths))
        operands = []
        for places, found in zip(columns, patterns):
            active = bool(self.known.active[places].any())
            if found is None:
                copied = self.gathered(self.arena(places), self.settled(places), active)
                operands.append(replace(copied, ref=copied.ref.reshaped(shape)))
            elif self.of_one_arena(places):
                start = int(self.settled(places[:1])[0])
                ref = Ref(self.arena(places), start, shape, strides(found, lengths))
                operands.append(Operand(ref, active=active))
            else:
                whole = self.operand(places)
                operands.append(replace(whole, ref=_in_shape(whole.ref, shape)))
        return operands, shape

    def of_one_arena(self, places: Array) -> bool:
        """Whether values stand in one arena, none of them a constant."""
        kinds = self.known.kind[places]
        return kinds[0] != CONSTANT and bool((kinds == kinds[0]).all())


def _in_shape(ref: Ref, shape: tuple[int, ...]) -> Ref:
    """Return a contiguous view, or one of a single slot seen again and again, in a shape."""
    if ref.size > 1 and not any(ref.strides):
        return Ref(ref.arena, ref.start, shape, (0,) * len(shape))
    return ref.reshaped(shape)


def affine(arena: str, slots: Array) -> Ref | None:
    """Return the view of these slots on just these axes, if there is one."""
    steps = steps_of(slots)
    return Ref(arena, int(slots.flat[0]), slots.shape, tuple(steps)) if steps is not None else None
