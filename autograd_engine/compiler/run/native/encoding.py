"""Encoding: an array instruction as the integers that the native core reads.

All arenas stand in one flat memory; a view is the place of its first number and a stride for
each axis. Axes are left out, merged and ordered so that the innermost one is long and runs
through memory number by number, which is what the core's loops are fast at.

Sums of products have three forms. A *panel* computes results that stand side by side, *dots* sum
products that stand side by side, the *plain* form does with any strides. Each has rows and
columns of results, two summed axes, and two axes around all of these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import permutations
from typing import Final

import numpy

from autograd_engine.compiler.lift.arrays import Instruction
from autograd_engine.compiler.run.native import nests
from autograd_engine.compiler.run.native.core import codes
from autograd_engine.compiler.run.native.nests import COPY, ONE, ZERO, Axis, Nest, merged
from autograd_engine.primitives import TABLE

Code = list[int]
MAP, CONTRACT, ROWS, LOOP = range(4)  # kinds of instructions, as the core knows them
PANEL, DOTS, PLAIN = range(3)
DEPTH, SUMMED = 4, 2  # axes of a result, axes that are summed
SHORT: Final = 4  # an innermost axis below this gives way to the longest
NONE: Final = Axis(1, (0, 0, 0, 0))


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
        both, sums = nests.pairs(instruction, offsets, rows), source.batched and not to.batched
        code = [codes("maps")[name], len(both), rows if to.batched or sums else 1, 1]
        code += [int(source.batched), int(name == "add"), 0, int(sums)]
        return coded(ROWS, *code, *both.ravel().tolist())
    if rule and (TABLE.get(rule.name) is not rule or rule.name not in codes("maps")):
        return None
    return joined(map(packed, nests.nests(instruction, offsets, rows)))


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
