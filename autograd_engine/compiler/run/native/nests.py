"""Nests: views in one flat memory, and the loops that run over several of them at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

import numpy

from autograd_engine.compiler.lift.arrays import Ref

Code = list[int]
WEIGHT, ONE, ZERO, FIRST = 0, 1, 2, 8
"""The places in memory of the weight of a row, of 1.0 and 0.0, and of the first arena."""
AROUND = 8  # numbers that a vector holds: each arena begins where one does
SHORT, LONG = 4, 16  # an innermost axis below the one gives way to one from the other on
MOST: Final = 64  # instructions that one becomes, where it has more axes


class Axis(NamedTuple):
    """An axis of a nest: its length, and the stride of each view, the result's first."""

    length: int
    strides: tuple[int, ...]


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
        if found and found[-1].strides == tuple(step * axis.length for step in axis.strides):
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


def unrolled(
    starts: Sequence[int],
    axes: Sequence[Axis],
    depth: int,
    make: Callable[[list[int], list[Axis]], Code | None],
) -> Code | None:
    """Return one instruction behind the other along the shortest axis; None if they would be too
    many, or have more than `depth` axes.
    """
    shortest = min(axes, key=lambda axis: axis.length)
    if shortest.length > MOST or len(axes) > depth + 1:
        return None
    others = [axis for axis in axes if axis is not shortest]
    found: Code = []
    for i in range(shortest.length):
        found += make([at + i * step for at, step in zip(starts, shortest.strides)], others) or []
    return found


def counted(code: Code) -> Code:
    """Return an instruction, whose second number is its length."""
    code[1] = len(code)
    return code


def clash(out: Ref, ref: Ref, sums: bool) -> bool:
    """Whether a result shares slots with an operand, at other elements than the same if none is
    summed.
    """
    if out.arena != ref.arena or (out == ref and not sums):
        return False
    (first, last), (low, high) = map(_ends, (out, ref))
    if last < low or high < first:
        return False
    mine, other = out.slots(), ref.slots()
    if not sums:
        mine, other = numpy.broadcast_arrays(mine, other)
        if (mine == other).all():
            return False
    return bool(numpy.isin(mine, other).any())


def _ends(ref: Ref) -> tuple[int, int]:
    steps = [stride * (length - 1) for stride, length in zip(ref.strides, ref.shape)]
    return ref.start + sum(min(x, 0) for x in steps), ref.start + sum(max(x, 0) for x in steps)
