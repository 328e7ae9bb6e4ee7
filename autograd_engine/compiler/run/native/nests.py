"""Nests: array instructions as loops over views of one flat memory.

NumPy runs them as they are (`lifted`), `to_c` writes them out (`c_program`), and the core reads
them as integers: a view is the place of its first number and a stride for each axis. For that, axes
are left out, merged and ordered so that the innermost one is long and runs through memory number by
number, which is what the core's loops are fast at.

Sums of products have three forms. A *panel* computes results that stand side by side, *dots* sum
products that stand side by side, the *plain* form does with any strides. Each has rows and
columns of results, two summed axes, and two axes around all of these.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import permutations
from math import prod
from operator import itemgetter
from string import ascii_letters
from typing import Final, NamedTuple

import numpy

from autograd_engine.compiler.lift.arrays import Array, Instruction, Ref
from autograd_engine.compiler.run.native.core import codes
from autograd_engine.primitives import TABLE

WEIGHT, SHARE, ONE, ZERO, FIRST = 0, 1, 2, 3, 8
"""The places in memory of the weights of a row and of all of them in the mean over a batch, of 1.0
and 0.0, and of the first arena."""
AROUND = 8  # numbers that a vector holds: each arena begins where one does
COPY: Final = "stopped"  # the name of what copies
BATCH: Final = "B"  # the name of the axis of rows, beside letters
Code = list[int]
MAP, CONTRACT, ROWS, LOOP = range(4)  # kinds of instructions, as the core knows them
PANEL, DOTS, PLAIN = range(3)
DEPTH, SUMMED = 4, 2  # axes of a result, axes that are summed
SHORT: Final = 4  # an innermost axis below this gives way to the longest


class Axis(NamedTuple):
    """An axis of a nest: its length, and the stride of each view, the result's first."""

    length: int
    strides: tuple[int, ...]


NONE: Final = Axis(1, (0, 0, 0, 0))


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
    number = {"fill": ZERO, "seed": WEIGHT if out.batched else SHARE}.get(kind)
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


def encoded(instruction: Instruction, offsets: Mapping[str, int], rows: int) -> Code:
    """Return an instruction as integers; `NotImplementedError` where the core has no loop for it.

    `offsets` says where in memory each arena begins; a batched one holds `rows` numbers in
    each slot. A result shares no memory with an operand, or stands where that stands.
    """
    kind, rule, loop = instruction.kind, instruction.rule, instruction.loop
    if loop is not None:
        body, steps = instruction.body, range(loop.times)[:: -1 if instruction.over else 1]
        return repeated(
            loop.times,
            lambda t: [x for i in body for x in encoded(loop.moved(i, steps[t]), offsets, rows)],
        )
    if kind in ("take", "put"):
        to, source, name = instruction.out, instruction.ins[0], COPY if kind == "take" else "add"
        both, sums = pairs(instruction, offsets, rows), source.batched and not to.batched
        code = [codes("maps")[name], len(both), rows if to.batched or sums else 1, 1]
        code += [int(source.batched), int(name == "add"), 0, int(sums)]
        return [ROWS, len(code) + both.size + 2, *code, *both.ravel().tolist()]
    if rule and (TABLE.get(rule.name) is not rule or rule.name not in codes("maps")):
        raise NotImplementedError(rule.name)
    return [number for nest in nests(instruction, offsets, rows) for number in packed(nest)]


def repeated(times: int, body: Callable[[int], Code]) -> Code:
    """Return a loop: its body as it is first, then which numbers of it move on, and by how much,
    which is the same at each step.
    """
    first, second = (numpy.array(body(t)) for t in (0, 1))
    at = numpy.flatnonzero(second - first)
    moves = numpy.stack([at, (second - first)[at]], 1)
    code = [times, len(first), moves.size, *first.tolist(), *moves.ravel().tolist()]
    return [LOOP, len(code) + 2, *code]


def packed(nest: Nest) -> Code:
    """Return a nest as an instruction, in a loop where it has more axes than the core;
    `NotImplementedError` where more of them are summed.
    """
    kept, summed = merged(nest.kept), merged(nest.summed)
    if not summed and kept and kept[-1].length < SHORT:
        kept.append(kept.pop(kept.index(max(kept))))  # the longest innermost
    kept = [*nest.chain, *kept]
    if len(summed) > SUMMED:
        raise NotImplementedError("a sum over three axes")
    if len(kept) > DEPTH:
        outer, *rest = kept
        moves = [*zip(nest.starts, outer.strides)]
        return repeated(
            outer.length,
            lambda t: packed(Nest(nest.name, [at + t * by for at, by in moves], rest, summed)),
        )
    # A missing operand is a number.
    missing = (3 if summed else 4) - len(nest.starts)
    starts = [*nest.starts, *[ONE if summed else ZERO] * missing]
    kept, summed = (
        [Axis(axis.length, axis.strides + (0,) * missing) for axis in axes]
        for axes in (kept, summed)
    )
    if summed:
        return contraction(starts, kept, summed)
    kept[len(nest.chain) : len(nest.chain)] = [NONE] * (DEPTH - len(kept))
    return viewed(MAP, codes("maps")[nest.name], starts, kept)


def contraction(starts: Sequence[int], kept: Sequence[Axis], summed: Sequence[Axis]) -> Code:
    """Return a contraction of two views in the form and the order of axes that take about the
    fewest steps of a vector.
    """
    found = []
    for order in ((0, 1, 2), (0, 2, 1)):
        left, over = (
            [Axis(axis.length, tuple(axis.strides[i] for i in order)) for axis in axes]
            for axes in (kept, summed)
        )
        for rows, columns in dict.fromkeys(permutations([*left, NONE, NONE], 2)):
            around = [axis for axis in left if axis not in (rows, columns)]
            around[:0] = [NONE] * (DEPTH - 2 - len(around))
            for inner in over if len(around) == DEPTH - 2 else ():
                deep = [NONE] * (SUMMED - len(over)) + [axis for axis in over if axis is not inner]
                axes = [*around, rows, columns, *deep, inner]
                form, side = PLAIN, NONE
                if columns.length > 1 and columns.strides[0] == 1 and columns.strides[2] != 0:
                    form, side = PANEL, columns
                elif inner.strides[1:] in ((1, 1), (0, 1), (1, 0)):
                    form, side = DOTS, inner
                steps = 1.0 * prod(axis.length for axis in axes)
                if form != PLAIN:
                    beside = side.strides[1:] in ((1, 1), (0, 1))[: 2 - form]
                    steps *= -(-side.length // 8) / side.length * (1 if beside else 3)
                    crossed = columns.strides[1] or rows.strides[2]
                    if rows.length >= 4 and not crossed and (beside or form == PANEL):
                        steps *= 2 * -(-rows.length // 4) / rows.length
                calls = prod(axis.length for axis in around)
                steps += calls * (8 + rows.length * columns.length * (form == DOTS))
                at = [starts[i] for i in order]
                found.append((steps, viewed(CONTRACT, form, at, axes, SUMMED)))
    return min(found, key=itemgetter(0))[1]


def viewed(
    kind: int, what: int, starts: Sequence[int], axes: Sequence[Axis], summed: int = 0
) -> Code:
    """Return an instruction that has axes, of which the result lacks those that are summed."""
    code = [what, *(axis.length for axis in axes)]
    for view, start in enumerate(starts):
        shown = axes if view else axes[: len(axes) - summed]
        code += [start, *(axis.strides[view] for axis in shown)]
    return [kind, len(code) + 2, *code]
