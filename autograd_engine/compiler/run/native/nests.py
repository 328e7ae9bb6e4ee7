"""Nests: views in one flat memory, and the loops that run over several of them at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy

from autograd_engine.compiler.lift.strides import Ref

WEIGHT, ONE, ZERO, FIRST = 0, 1, 2, 8
"""The places in memory of the weight of a row, of 1.0 and 0.0, and of the first arena."""
AROUND = 8  # numbers that a vector holds: each arena begins where one does
SHORT, LONG = 4, 16  # an innermost axis below the one gives way to one from the other on


class Axis(NamedTuple):
    """An axis of a nest: its length, and the stride of each view, the result's first."""

    length: int
    strides: tuple[int, ...]

    def swapped(self) -> Axis:
        """Return the axis with the two operands exchanged."""
        out, first, second = self.strides
        return Axis(self.length, (out, second, first))


class Place(NamedTuple):
    """A view in the flat memory: where it begins, and a stride for each axis."""

    start: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def fitted(self, shape: Sequence[int]) -> tuple[int, ...]:
        """Return the strides of this view repeated to a larger shape, as NumPy does it."""
        missing = len(shape) - len(self.shape)
        own = (
            0 if length == 1 else stride
            for length, stride in zip(self.shape, self.strides, strict=True)
        )
        return (0,) * missing + tuple(own)


def offsets(sizes: Mapping[str, int], rows: int) -> tuple[dict[str, int], int]:
    """Return where in the flat memory each arena begins, and the size of the memory.

    >>> offsets({"v": 3, "V": 5}, 2)
    ({'v': 8, 'V': 16}, 32)
    """
    found, end = {}, FIRST
    for arena, size in sizes.items():
        found[arena] = end
        end += -(-size * (rows if arena.isupper() else 1) // AROUND) * AROUND
    return found, end


def placed(ref: Ref, offsets: Mapping[str, int], rows: int, batched: bool) -> Place:
    """Return where a view stands; `batched` with an axis of rows, last."""
    step = rows if ref.batched else 1
    start = offsets[ref.arena] + ref.start * step
    strides = tuple(stride * step for stride in ref.strides)
    if batched:
        return Place(start, (*ref.shape, rows if ref.batched else 1), (*strides, int(ref.batched)))
    return Place(start, ref.shape, strides)


def merged(axes: Sequence[Axis]) -> list[Axis]:
    """Return axes without those of length 1, and one for two of them where that does.

    >>> merged([Axis(3, (4, 4)), Axis(1, (0, 0)), Axis(4, (1, 1))])
    [Axis(length=12, strides=(1, 1))]
    """
    ordered = sorted(
        (axis for axis in axes if axis.length > 1),
        key=lambda axis: [-abs(stride) for stride in axis.strides],
    )
    found: list[Axis] = []
    for axis in ordered:
        if found and all(
            outer == inner * axis.length
            for outer, inner in zip(found[-1].strides, axis.strides, strict=True)
        ):
            found[-1] = Axis(found[-1].length * axis.length, axis.strides)
        else:
            found.append(axis)
    return found


def nested(axes: Sequence[Axis]) -> list[Axis]:
    """Return merged axes in the order of loops, one that is worth a loop innermost."""
    found = merged(axes)
    if found and found[-1].length < SHORT:
        longest = max(found, key=lambda axis: axis.length)
        if longest.length >= LONG:
            found.remove(longest)
            found.append(longest)
    return found


def clash(out: Ref, ref: Ref) -> bool:
    """Whether a result shares slots with an operand, at other elements than the same."""
    if out.arena != ref.arena or out == ref:
        return False
    if _last(out) < _first(ref) or _last(ref) < _first(out):
        return False
    shape = numpy.broadcast_shapes(out.shape, ref.shape)
    mine, other = (numpy.broadcast_to(view.slots(), shape).ravel() for view in (out, ref))
    if (mine == other).all():
        return False
    return bool(numpy.isin(mine, other).any())


def _first(ref: Ref) -> int:
    return ref.start + sum(
        min(stride, 0) * (length - 1) for stride, length in zip(ref.strides, ref.shape, strict=True)
    )


def _last(ref: Ref) -> int:
    return ref.start + sum(
        max(stride, 0) * (length - 1) for stride, length in zip(ref.strides, ref.shape, strict=True)
    )


def shared(out: Ref, ref: Ref) -> bool:
    """Whether two views share slots."""
    if out.arena != ref.arena or _last(out) < _first(ref) or _last(ref) < _first(out):
        return False
    return bool(numpy.isin(out.slots(), ref.slots()).any())
