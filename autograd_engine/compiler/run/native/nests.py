"""Nests: array instructions as loops over views of one flat memory.

The core reads them as integers (`encoding`), NumPy runs them as they are (`lifted`), and `to_c`
writes them out (`c_program`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from string import ascii_letters
from typing import Final, NamedTuple

import numpy

from autograd_engine.compiler.lift.arrays import Array, Instruction, Ref

WEIGHT, ONE, ZERO, FIRST = 0, 1, 2, 8
"""The places in memory of the weight of a row, of 1.0 and 0.0, and of the first arena."""
AROUND = 8  # numbers that a vector holds: each arena begins where one does
COPY: Final = "stopped"  # the name of what copies
BATCH: Final = "B"  # the name of the axis of rows, beside letters


class Axis(NamedTuple):
    """An axis of a nest: its length, and the stride of each view, the result's first."""

    length: int
    strides: tuple[int, ...]


class Nest(NamedTuple):
    """What writes a function of views, each given by its start, to the first of them."""

    name: str
    starts: Sequence[int]
    kept: Sequence[Axis]
    summed: Sequence[Axis] = ()  # over which the function is summed
    chain: Sequence[Axis] = ()  # along which one result needs the one before


def offsets(sizes: Mapping[str, int], rows: int) -> tuple[dict[str, int], int]:
    """Return where in the flat memory each arena begins, and the size of the memory."""
    found, end = {}, FIRST
    for arena, size in sizes.items():
        found[arena] = end
        end += -(-size * (rows if arena.isupper() else 1) // AROUND) * AROUND
    return found, end


def nests(instruction: Instruction, offsets: Mapping[str, int], rows: int) -> list[Nest]:
    """Return the nests of an instruction that is neither a loop nor one of slots."""
    kind, out, rule = instruction.kind, instruction.out, instruction.rule
    number = {"fill": ZERO, "seed": WEIGHT if out.batched else ONE}.get(kind)
    if number is not None:
        instruction = replace(instruction, ins=(Ref("", number, (), ()),))
    refs, letters = (out, *instruction.ins), lettered(instruction)
    starts = [offsets.get(r.arena, 0) + r.start * (rows if r.batched else 1) for r in refs]
    axes = shared_axes(refs, letters, rows)
    if kind == "scan":
        assert rule is not None
        chain = axes.pop(letters[0].strip(BATCH)[-1])
        steps = [-stride if instruction.over else stride for stride in chain.strides]
        if instruction.over:
            starts = [at - step * (chain.length - 1) for at, step in zip(starts, steps)]
        first = Nest(COPY, starts, [*axes.values()])
        links = [Axis(chain.length - 1, (steps[0], *steps))]
        after = [Axis(axis.length, (axis.strides[0], *axis.strides)) for axis in axes.values()]
        places = [starts[0] + steps[0], starts[0], starts[1] + steps[1]]
        return [first, Nest(rule.name, places, after, chain=links)][: chain.length]
    kept, summed = (
        [axis for name, axis in axes.items() if (name in letters[0]) is inside]
        for inside in (True, False)
    )
    name = {"choose": "choose", "contract": "multiply"}.get(kind, COPY)
    return [Nest(rule.name if rule else name, starts, kept, summed)]


def lettered(instruction: Instruction) -> list[str]:
    """Return a letter for each axis of each view, the result's first, which they share."""
    sums, refs = instruction.kind == "sum", instruction.ins
    whole = ascii_letters[: len((refs[0] if sums else instruction.out).shape)]
    kept = "".join(name for i, name in enumerate(whole) if not (sums and i in instruction.over))
    found = [kept, *(whole[len(whole) - len(ref.shape) :] for ref in refs)]
    if instruction.kind == "contract":
        found = re.split(",|->", instruction.axes)
        found.insert(0, found.pop())
    return [name + BATCH * ref.batched for name, ref in zip(found, (instruction.out, *refs))]


def shared_axes(refs: Sequence[Ref], letters: Sequence[str], rows: int) -> dict[str, Axis]:
    """Return the axes of several views by name, repeated where one is shorter, as NumPy does it."""
    views = []
    for ref, names in zip(refs, letters):
        step = rows if ref.batched else 1
        steps = (*(stride * step for stride in ref.strides), 1)
        views.append(dict(zip(names, zip((*ref.shape, rows), steps))))
    found = {}
    for name in dict.fromkeys("".join(letters)):
        lengths, strides = zip(*(view.get(name, (1, 0)) for view in views))
        steps = tuple(s if length > 1 else 0 for length, s in zip(lengths, strides))
        found[name] = Axis(max(lengths), steps)
    return found


def pairs(instruction: Instruction, offsets: Mapping[str, int], rows: int) -> Array:
    """Return to which places in memory numbers are copied or added ("take", "put"), and whence."""
    out, source, index, at = instruction.out, instruction.ins[0], instruction.index, instruction.at
    if instruction.kind == "take":
        here, there = out.start + (numpy.arange(len(index)) if at is None else at), index
    else:
        here, there = index, source.slots().ravel()[slice(None) if at is None else at]
    both = zip((out.arena, source.arena), (here, there))
    columns = [offsets[arena] + slots * (rows if arena.isupper() else 1) for arena, slots in both]
    return numpy.stack(columns, 1)


def merged(axes: Sequence[Axis]) -> list[Axis]:
    """Return axes without those of length 1, and one for two of them where that does."""
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
