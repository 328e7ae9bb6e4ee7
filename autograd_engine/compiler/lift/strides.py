"""Which places in memory an operand stands at, told by a few strides where possible.

Memory is a few *arenas*, flat arrays of slots; in a batched arena every slot holds one number
for each row of the batch. A `Ref` is a strided view of slots, as NumPy's arrays are views of
bytes: `start + i*strides[0] + j*strides[1] + ...` for every i, j, ... below `shape`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import Any

import numpy

Array = Any


@dataclass(frozen=True)
class Ref:
    """A strided view of the slots of one arena."""

    arena: str
    start: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    @property
    def batched(self) -> bool:
        """Whether each slot holds a number for every row of the batch."""
        return self.arena.isupper()

    @property
    def size(self) -> int:
        """The number of elements, those of a batch not counted."""
        return prod(self.shape)

    @property
    def simple(self) -> bool:
        """Whether the strides tell that no slot is seen twice: each steps over all smaller ones."""
        seen = 1
        for stride, length in sorted((abs(s), n) for s, n in zip(self.strides, self.shape)):
            if length > 1:
                if stride < seen:
                    return False
                seen = stride * (length - 1) + seen
        return True

    def slots(self) -> Array:
        """Return the slot of each element, in an array of the view's shape."""
        found = numpy.full(self.shape, self.start, numpy.int64)
        for axis, (length, stride) in enumerate(zip(self.shape, self.strides)):
            steps = numpy.arange(length) * stride
            found += steps.reshape([-1 if i == axis else 1 for i in range(len(self.shape))])
        return found

    def moved(self, arena: str) -> Ref:
        """Return the same view of another arena."""
        return Ref(arena, self.start, self.shape, self.strides)

    def reshaped(self, shape: Sequence[int]) -> Ref:
        """Return a contiguous view in another shape."""
        return contiguous(self.arena, self.start, shape)

    def transposed(self, *axes: int) -> Ref:
        """Return the view with its axes in another order."""
        shape, strides = (tuple(t[axis] for axis in axes) for t in (self.shape, self.strides))
        return Ref(self.arena, self.start, shape, strides)


def contiguous(arena: str, start: int, shape: Sequence[int]) -> Ref:
    """Return the view of slots one behind the other, the last axis running fastest."""
    strides, step = [], 1
    for length in reversed(shape):
        strides.append(step)
        step *= length
    return Ref(arena, start, tuple(shape), tuple(reversed(strides)))


Pattern = list[tuple[int, int]]  # lengths and strides, the fastest axis first


def pattern(slots: Array, deepest: int = 4) -> Pattern | None:
    """Return the axes whose strides give these slots, None if more than `deepest` are needed: of
    3, 4, 5, 13, 14, 15 they are (3, 1), (2, 10).
    """
    if len(slots) == 1:
        return []
    steps = slots[1:] - slots[:-1]
    stride = int(steps[0])
    breaks = steps != stride
    first = int(breaks.argmax())
    if not breaks[first]:
        return [(len(slots), stride)]
    run = first + 1
    if len(slots) % run or deepest == 1:
        return None
    if run > 1:
        inner = breaks[: len(slots) // run * run - 1]
        allowed = numpy.zeros(len(inner), bool)
        allowed[run - 1 :: run] = True
        if (inner & ~allowed).any():
            return None
    outer = pattern(slots[::run], deepest - 1) if run > 1 else None
    return None if outer is None else [(run, stride), *outer]


def common(patterns: Sequence[Pattern], size: int) -> list[int] | None:
    """Return the lengths of axes, fastest first, on which all patterns can be told; or None."""
    cuts = {1, size}
    for axes in patterns:
        reached = 1
        for length, _ in axes:
            reached *= length
            cuts.add(reached)
    ordered = sorted(cuts)
    if any(large % small for small, large in pairwise(ordered)):
        return None
    return [large // small for small, large in pairwise(ordered)]


def strides(axes: Pattern, lengths: Sequence[int]) -> tuple[int, ...]:
    """Return the pattern's strides on finer axes (slowest first, as in a shape)."""
    found, reached, left = [], 1, list(axes)
    for length in lengths:
        total, stride = left[0] if left else (1, 0)
        found.append(stride * reached)
        reached *= length
        if reached == total:
            del left[:1]
            reached = 1
    return tuple(reversed(found))


def steps_of(places: Array) -> list[int] | None:
    """Return the step along each axis, 0 where its length is 1; None if they vary.

    >>> steps_of(numpy.array([[2, 3, 4], [12, 13, 14]])), steps_of(numpy.array([1, 2, 4]))
    ([10, 1], None)
    """
    start, steps = int(places.flat[0]), []
    for axis, length in enumerate(places.shape):
        line = places[(0,) * axis + (slice(2),) + (0,) * (places.ndim - axis - 1)]
        steps.append(int(line[-1]) - start if length > 1 else 0)
    told = Ref("", start, places.shape, tuple(steps)).slots()
    return steps if (told == places).all() else None
