"""Contracting: a sum of products as the core's instruction, in the form that runs fastest.

The core has three forms. A *panel* computes results that stand side by side, *dots* sum
products that stand side by side, the *plain* form does with any strides. Each has rows and
columns of results, two summed axes, and two axes around all of these.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import permutations
from typing import Final

from autograd_engine.compiler.run.native.nests import Axis, Code, counted, merged, unrolled

CONTRACT: Final = 1
PANEL, DOTS, PLAIN = range(3)
OUTER, SUMMED = 2, 2  # axes around rows and columns, axes that are summed
NONE: Final = Axis(1, (0, 0, 0))


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
