"""Encoding: an array instruction as the integers that the kernel reads.

All arenas stand in one flat memory; a view is the place of its first number and a stride for
each axis. Axes are left out, merged and ordered so that the innermost one is long and runs
through memory number by number, which is what the kernel's loops are fast at.

>>> from autograd_engine.engine import ADD
>>> a, b = Ref("v", 0, (3, 4), (4, 1)), Ref("v", 12, (3, 4), (4, 1))
>>> instruction = Instruction("map", b, (a, b), ADD)
>>> code = encoded(instruction, {"v": 8}, 1)
>>> code[3:7], code[7:12], code[12:17]  # the lengths of four axes; where the result is; x
([1, 1, 1, 12], [20, 0, 0, 0, 1], [8, 0, 0, 0, 1])
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Final, NamedTuple

import numpy

from autograd_engine.compiler.arrays import Array, Instruction
from autograd_engine.compiler.contracting import contracted
from autograd_engine.compiler.kernel_source import CHOOSE, codes
from autograd_engine.compiler.views import Ref
from autograd_engine.engine import ADD, MULTIPLY, TABLE, Primitive

WEIGHT, ONE, ZERO, FIRST = 0, 1, 2, 8
"""The places in memory of the weight of a row, of 1.0 and 0.0, and of the first arena."""

MAP, CONTRACT, ROWS = range(3)  # the kinds of instructions, as the kernel knows them
DEPTH: Final = 4  # axes of a map
MOST: Final = 64  # instructions that one becomes, where it has more axes

Code = list[int]


class Axis(NamedTuple):
    """An axis of several views: its length, and the stride of each."""

    length: int
    strides: tuple[int, ...]


class Place(NamedTuple):
    """A view in the flat memory."""

    start: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def encoded(instruction: Instruction, offsets: Mapping[str, int], rows: int) -> Code | None:
    """Return an instruction as integers; None where the kernel has no loop for it.

    `offsets` says where in memory each arena begins; a batched one holds `rows` numbers in
    each slot.
    """
    return Encoder(offsets, rows).encoded(instruction)
