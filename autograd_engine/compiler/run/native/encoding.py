"""Encoding: an array instruction as the integers that the native core reads.

All arenas stand in one flat memory; a view is the place of its first number and a stride for
each axis. Axes are left out, merged and ordered so that the innermost one is long and runs
through memory number by number, which is what the core's loops are fast at.

Sums of products have three forms. A *panel* computes results that stand side by side, *dots* sum
products that stand side by side, the *plain* form does with any strides. Each has rows and
columns of results, two summed axes, and two axes around all of these.

>>> from autograd_engine.table import ADD
>>> a, b = Ref("v", 0, (3, 4), (4, 1)), Ref("v", 12, (3, 4), (4, 1))
>>> code = encoded(Instruction("map", b, (a, b), ADD), {"v": 8}, 1)
>>> code[3:7], code[7:12], code[12:17]  # the lengths of four axes; the result; x
([1, 1, 1, 12], [20, 0, 0, 0, 1], [8, 0, 0, 0, 1])
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations
from string import ascii_letters
from typing import Final

import numpy

from autograd_engine.compiler.lift.arrays import Array, Instruction, Ref
from autograd_engine.compiler.run.native.core import maps
from autograd_engine.compiler.run.native.nests import (
    ONE,
    WEIGHT,
    ZERO,
    Axis,
    Code,
    clash,
    counted,
    merged,
    nested,
    unrolled,
)
from autograd_engine.primitives import TABLE

MAP, CONTRACT, ROWS, LOOP = range(4)  # kinds of instructions, as the core knows them
DEPTH: Final = 4  # axes of a map
COPY: Final = "stopped"
PANEL, DOTS, PLAIN = range(3)
OUTER, SUMMED = 2, 2  # axes around rows and columns, axes that are summed
NONE: Final = Axis(1, (0, 0, 0))
BATCH: Final = "rows"  # the name of the axis of rows, beside letters


def encoded(instruction: Instruction, offsets: Mapping[str, int], rows: int) -> Code | None:
    """Return an instruction as integers; None where the core has no loop for it.

    `offsets` says where in memory each arena begins; a batched one holds `rows` numbers in
    each slot.
    """
    kind, out, ins, rule = instruction.kind, instruction.out, instruction.ins, instruction.rule
    if kind == "loop":
        return looped(instruction, offsets, rows)
    if kind in ("take", "put"):
        return moved(instruction, offsets, rows)
    sums = kind in ("contract", "sum")
    if any(clash(out, ref, sums) for ref in ins):
        return None
    if rule and kind == "map" and (TABLE.get(rule.name) is not rule or rule.name not in maps()):
        return None
    letters = lettered(instruction)
    starts = [offsets[ref.arena] + ref.start * (rows if ref.batched else 1) for ref in (out, *ins)]
    axes = shared_axes((out, *ins), letters, rows)
    if kind == "scan":
        assert rule is not None
        return scan(rule.name, starts, axes, axes.pop(letters[0][-1]), bool(instruction.over))
    number = {"sum": ONE, "fill": ZERO, "seed": WEIGHT if out.batched else ONE}.get(kind)
    if number is not None:
        starts.append(number)
        axes = {name: Axis(axis.length, (*axis.strides, 0)) for name, axis in axes.items()}
    inside = {*letters[0]} | ({BATCH} if out.batched else set())
    summed = [axis for name, axis in axes.items() if name not in inside and axis.length > 1]
    mine = [axis for name, axis in axes.items() if name in inside]
    if summed:
        return contracted(starts, mine, summed)
    name = rule.name if rule else "choose" if kind == "choose" else "multiply" if sums else COPY
    return mapped(name, starts, mine)


def lettered(instruction: Instruction) -> list[str]:
    """Return a letter for each axis of each view, the result's first, which they share."""
    if instruction.kind == "contract":
        first, second, result = re.split(",|->", instruction.axes)
        return [result, first, second]
    sums, refs = instruction.kind == "sum", instruction.ins
    whole = ascii_letters[: len((refs[0] if sums else instruction.out).shape)]
    kept = "".join(name for i, name in enumerate(whole) if not (sums and i in instruction.over))
    return [kept, *(whole[len(whole) - len(ref.shape) :] for ref in refs)]


def shared_axes(refs: Sequence[Ref], letters: Sequence[str], rows: int) -> dict[str, Axis]:
    """Return the axes of several views by name, repeated where one is shorter, as NumPy does it."""
    lengths: dict[str, int] = {}
    found: list[dict[str, int]] = []
    for ref, names in zip(refs, letters):
        step = rows if ref.batched else 1
        own = [*zip(names, ref.shape, (stride * step for stride in ref.strides))]
        own += [(BATCH, rows, 1)] if ref.batched else []
        found.append({name: stride for name, length, stride in own if length > 1})
        for name, length, _ in own:
            lengths[name] = max(length, lengths.get(name, 1))
    return {
        name: Axis(length, tuple(strides.get(name, 0) for strides in found))
        for name, length in lengths.items()
    }


def looped(instruction: Instruction, offsets: Mapping[str, int], rows: int) -> Code | None:
    """Return a loop: its body as it is first, then which numbers of it move on, and by how much.

    These are found by encoding the body as it is at two steps, and checked at the last one.
    """
    loop, last = instruction.loop, -1 if instruction.over else 1
    assert loop is not None
    steps = range(loop.times)[::last]
    codes = []
    for step in (steps[0], steps[1], steps[-1]):
        found = [encoded(loop.moved(inner, step), offsets, rows) for inner in instruction.body]
        if None in found:
            return None
        codes.append(numpy.concatenate(found))
    first, second, end = codes
    if not len(first) == len(second) == len(end):
        return None
    by = second - first
    if (first + (loop.times - 1) * by != end).any():
        return None
    moves = [number for at in numpy.flatnonzero(by) for number in (int(at), int(by[at]))]
    return counted([LOOP, 0, loop.times, len(first), len(moves), *first.tolist(), *moves])


def scan(
    name: str, starts: Sequence[int], axes: Mapping[str, Axis], chain: Axis, back: bool
) -> Code | None:
    """Return the copy of what is first, and what goes on from there, one after the other."""
    steps = [-stride if back else stride for stride in chain.strides]
    if back:
        starts = [start - step * (chain.length - 1) for start, step in zip(starts, steps)]
    inner = [Axis(a.length, (a.strides[0], *a.strides)) for a in nested([*axes.values()])]
    copies = mapped(COPY, starts, [*axes.values()])
    if copies is None or len(inner) >= DEPTH:
        return None
    if chain.length == 1:
        return copies
    links = Axis(chain.length - 1, (steps[0], *steps))
    places = [starts[0] + steps[0], starts[0], starts[1] + steps[1]]
    return copies + _map(name, places, [links, *_filled(inner, DEPTH - 1, 3)])


def moved(instruction: Instruction, offsets: Mapping[str, int], rows: int) -> Code:
    """Return what copies rows from here and there, or adds them, maybe their sums, to such."""
    out, (source,), at = instruction.out, instruction.ins, instruction.at

    def places(arena: str, slots: Array) -> Array:
        return offsets[arena] + slots * (rows if arena.isupper() else 1)

    if instruction.kind == "take":
        to = numpy.arange(len(instruction.index)) if at is None else at
        name, here, there = COPY, places(out.arena, out.start + to), instruction.index
    else:
        slots = source.slots().ravel()
        name, here, there = "add", places(out.arena, instruction.index), slots
        there = slots if at is None else slots[at]
    pairs = numpy.stack([here, places(source.arena, there)], 1)
    summed = source.batched and not out.batched
    code = [ROWS, 0, maps()[name], len(pairs), rows if out.batched or summed else 1]
    code += [1, int(source.batched), int(name == "add"), 0, int(summed)]
    return counted(code + pairs.ravel().tolist())


def mapped(name: str, starts: Sequence[int], axes: Sequence[Axis]) -> Code | None:
    """Return the instructions that map a function; None if they would be too many."""
    inner = nested(axes)
    if len(inner) > DEPTH:
        return unrolled(starts, inner, DEPTH, lambda at, others: mapped(name, at, others))
    return _map(name, starts, _filled(inner, DEPTH, len(starts)))


def _filled(axes: Sequence[Axis], count: int, views: int) -> list[Axis]:
    return [Axis(1, (0,) * views)] * (count - len(axes)) + [*axes]


def _map(name: str, starts: Sequence[int], axes: Sequence[Axis]) -> Code:
    code = [MAP, 0, maps()[name], *(axis.length for axis in axes)]
    for view, start in enumerate(starts):
        code += [start, *(axis.strides[view] for axis in axes)]
    return counted(code + [ZERO, 0, 0, 0, 0] * (4 - len(starts)))  # a missing operand is a number


def contracted(starts: Sequence[int], kept: Sequence[Axis], summed: Sequence[Axis]) -> Code | None:
    """Return the instructions that contract two views; None if they would be too many.

    `starts` are the places of the result and the two factors; `kept` their common axes and
    those of the result with one of them, `summed` the others.
    """
    kept, summed = merged(kept), merged(summed)
    if len(summed) > SUMMED:
        return None
    if len(kept) > OUTER + 2:
        return unrolled(starts, kept, OUTER + 2, lambda at, others: contracted(at, others, summed))
    return min(_forms(starts, kept, summed), key=cost)


def _forms(starts: Sequence[int], kept: Sequence[Axis], summed: Sequence[Axis]) -> Iterator[Code]:
    """Yield the instruction in each form and order of axes."""
    for order in ((0, 1, 2), (0, 2, 1)):
        at = [starts[i] for i in order]
        left, over = (
            [Axis(axis.length, tuple(axis.strides[i] for i in order)) for axis in axes]
            for axes in (kept, summed)
        )
        for rows, columns in dict.fromkeys(permutations([*left, NONE, NONE], 2)):
            outer = [axis for axis in left if axis not in (rows, columns)]
            if len(outer) > OUTER:
                continue
            for inner in over:
                form = PLAIN
                if columns.length > 1 and columns.strides[0] == 1 and columns.strides[2] != 0:
                    form = PANEL
                elif inner.strides[1:] in ((1, 1), (0, 1), (1, 0)):
                    form = DOTS
                others = [axis for axis in over if axis is not inner]
                around = [NONE] * (OUTER - len(outer)) + outer
                deep = [NONE] * (SUMMED - 1 - len(others)) + others
                yield _code(form, at, [*around, rows, columns, *deep, inner])


def _code(form: int, starts: Sequence[int], axes: Sequence[Axis]) -> Code:
    code = [CONTRACT, 0, form, *(axis.length for axis in axes)]
    for view, start in enumerate(starts):
        shown = axes if view else axes[:-SUMMED]  # the result has no summed axes
        code += [start, *(axis.strides[view] for axis in shown)]
    return counted(code)


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
