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
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import permutations
from string import ascii_letters
from typing import Final, NamedTuple

import numpy

from autograd_engine.compiler.lift.arrays import Array, Instruction, Ref
from autograd_engine.compiler.run.native.core import codes
from autograd_engine.primitives import TABLE

WEIGHT, ONE, ZERO, FIRST = 0, 1, 2, 8
"""The places in memory of the weight of a row, of 1.0 and 0.0, and of the first arena."""
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


def encoded(instruction: Instruction, offsets: Mapping[str, int], rows: int) -> Code | None:
    """Return an instruction as integers; None where the core has no loop for it.

    `offsets` says where in memory each arena begins; a batched one holds `rows` numbers in
    each slot. A result shares no memory with an operand, or stands where that stands.
    """
    kind, rule, loop = instruction.kind, instruction.rule, instruction.loop
    if loop is not None:
        body, steps = instruction.body, range(loop.times)[:: -1 if instruction.over else 1]
        return repeated(
            loop.times,
            lambda t: joined(encoded(loop.moved(each, steps[t]), offsets, rows) for each in body),
        )
    if kind in ("take", "put"):
        to, source, name = instruction.out, instruction.ins[0], COPY if kind == "take" else "add"
        both, sums = pairs(instruction, offsets, rows), source.batched and not to.batched
        code = [codes("maps")[name], len(both), rows if to.batched or sums else 1, 1]
        code += [int(source.batched), int(name == "add"), 0, int(sums)]
        return coded(ROWS, *code, *both.ravel().tolist())
    if rule and (TABLE.get(rule.name) is not rule or rule.name not in codes("maps")):
        return None
    return joined(map(packed, nests(instruction, offsets, rows)))


def joined(codes: Iterable[Code | None]) -> Code | None:
    """Return one code behind the other; None if one of them is."""
    found = [*codes]
    return None if None in found else [number for code in found for number in code or ()]


def repeated(times: int, body: Callable[[int], Code | None]) -> Code | None:
    """Return a loop: its body as it is first, then which numbers of it move on, and by how much,
    which is the same at each step.
    """
    codes = [body(0), body(1)]
    if None in codes:
        return None
    first, second = map(numpy.array, codes)
    by = second - first
    moves = [number for at in numpy.flatnonzero(by) for number in (int(at), int(by[at]))]
    return coded(LOOP, times, len(first), len(moves), *first.tolist(), *moves)


def packed(nest: Nest) -> Code | None:
    """Return a nest as an instruction, in a loop where it has more axes than the core; None where
    more of them are summed.
    """
    kept, summed = merged(nest.kept), merged(nest.summed)
    if not summed and kept and kept[-1].length < SHORT:
        kept.append(kept.pop(kept.index(max(kept))))  # the longest innermost
    kept = [*nest.chain, *kept]
    if len(summed) > SUMMED:
        return None
    if len(kept) > DEPTH:
        outer, *rest = kept
        name, moves = nest.name, [*zip(nest.starts, outer.strides)]
        return repeated(
            outer.length,
            lambda t: packed(Nest(name, [at + t * step for at, step in moves], rest, summed)),
        )
    # A missing operand is a number.
    missing = (3 if summed else 4) - len(nest.starts)
    starts = [*nest.starts, *[ONE if summed else ZERO] * missing]
    kept, summed = (
        [Axis(axis.length, axis.strides + (0,) * missing) for axis in axes]
        for axes in (kept, summed)
    )
    if summed:
        return min(forms(starts, kept, summed), key=cost)
    kept[len(nest.chain) : len(nest.chain)] = [NONE] * (DEPTH - len(kept))
    return viewed(MAP, codes("maps")[nest.name], starts, kept)


def forms(starts: Sequence[int], kept: Sequence[Axis], summed: Sequence[Axis]) -> Iterator[Code]:
    """Yield a contraction of two views in each form and order of axes."""
    for order in ((0, 1, 2), (0, 2, 1)):
        at = [starts[i] for i in order]
        left, over = (
            [Axis(axis.length, tuple(axis.strides[i] for i in order)) for axis in axes]
            for axes in (kept, summed)
        )
        for rows, columns in dict.fromkeys(permutations([*left, NONE, NONE], 2)):
            outer = [axis for axis in left if axis not in (rows, columns)]
            if len(outer) > DEPTH - 2:
                continue
            for inner in over:
                form = PLAIN
                if columns.length > 1 and columns.strides[0] == 1 and columns.strides[2] != 0:
                    form = PANEL
                elif inner.strides[1:] in ((1, 1), (0, 1), (1, 0)):
                    form = DOTS
                around = [NONE] * (DEPTH - 2 - len(outer)) + outer
                deep = [NONE] * (SUMMED - len(over)) + [axis for axis in over if axis is not inner]
                yield viewed(CONTRACT, form, at, [*around, rows, columns, *deep, inner], SUMMED)


def viewed(
    kind: int, what: int, starts: Sequence[int], axes: Sequence[Axis], summed: int = 0
) -> Code:
    """Return an instruction that has axes, of which the result lacks those that are summed."""
    code = [what, *(axis.length for axis in axes)]
    for view, start in enumerate(starts):
        shown = axes if view else axes[: len(axes) - summed]
        code += [start, *(axis.strides[view] for axis in shown)]
    return coded(kind, *code)


def coded(kind: int, *numbers: int) -> Code:
    return [kind, len(numbers) + 2, *numbers]


def cost(code: Sequence[int]) -> int:
    """Return about how many steps of a vector an instruction takes: which of two takes fewer."""
    form, outer, (rows, columns, k1, k2) = code[2], code[3] * code[4], code[5:9]
    (an, _, a2), (bm, bn, _, b2) = code[18:21], code[24:28]
    if form == PLAIN:
        return outer * (8 + rows * columns * k1 * k2)
    beside = (bn == 1 and an <= 1) if form == PANEL else a2 == b2 == 1
    blocked = rows >= 4 and not an and not bm and (form == PANEL or beside)
    side, others = (columns, k1 * k2) if form == PANEL else (k2, columns * k1)
    steps = -(-side // 8) * (1 if beside else 3) * others
    steps *= 2 * -(-rows // 4) if blocked else rows
    return outer * (8 + steps + (rows * columns if form == DOTS else 0))
