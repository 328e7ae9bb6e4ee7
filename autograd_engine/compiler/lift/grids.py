"""Grids: sums of products in which every left vector meets every right one.

Neuron j on sample s is the sum over k of w[j, k] * x[s, k]. Where each of the vectors w[j]
meets each of the vectors x[s] exactly once, the sums are a matrix product; where the vectors
fall into blocks of which that is true, such as the heads of an attention, a stack of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy

from autograd_engine.compiler.lift.waves import Wave, of_rows

Array = Any


@dataclass
class Grid:
    """The values of a sum in the order (block, row, column), of shape (blocks, rows, columns)."""

    shape: tuple[int, int, int]

    def depends(self, places: Array, slot: Array, axis: int) -> bool:
        """Whether vectors of places (block, row, column, term) are the same all along an axis."""
        slots = slot[places]
        return bool((slots == slots.take([0], axis)).all())


def grids(wave: Wave, slot: Array) -> Iterator[tuple[Grid | None, Wave]]:
    """Yield the wave's values grid by grid, ordered; last what is in none, with None."""
    products = [c for c in wave.columns if c.right is not None and c.left.shape[1] > 1]
    if not products:
        yield None, wave
        return
    main = max(products, key=lambda column: column.left.shape[1])
    column, row = _vectors(slot[main.left]), _vectors(slot[main.right])
    if column.max() < row.max():  # the longer axis runs fastest, as NumPy likes it
        column, row = row, column
    column = _distinct(row, column)
    block = _blocks(row, column)
    rest = []
    by_shape: dict[tuple[int, int], list[Array]] = {}
    order = numpy.lexsort((column, row, block))
    cuts = numpy.flatnonzero(numpy.diff(block[order])) + 1
    for members in numpy.split(order, cuts) if len(cuts) < len(order) // 2 else [order]:
        rows, columns = len(numpy.unique(row[members])), len(numpy.unique(column[members]))
        pairs = numpy.unique(row[members] * (column.max() + 1) + column[members])
        if len(members) == rows * columns == len(pairs):
            by_shape.setdefault((rows, columns), []).append(members)
        else:
            rest.append(members)
    for (rows, columns), blocks in by_shape.items():
        found = wave.chosen(numpy.concatenate(blocks))
        yield Grid((len(blocks), rows, columns)), found
    if rest:
        yield None, wave.chosen(numpy.concatenate(rest))


def _vectors(slots: Array) -> Array:
    """Number the different rows, in the order of the slots they begin with."""
    _, first, back = numpy.unique(of_rows(slots), return_index=True, return_inverse=True)
    rank = numpy.empty(len(first), numpy.int64)
    rank[numpy.lexsort(slots[first, :2].T[::-1])] = numpy.arange(len(first))
    return rank[back]


def _distinct(row: Array, column: Array) -> Array:
    """Number columns anew where pairs come twice, as of a sample that does: each time another."""
    order = numpy.lexsort((column, row))
    pairs = row[order] * (column.max() + 1) + column[order]
    first = numpy.flatnonzero(numpy.r_[True, pairs[1:] != pairs[:-1]])
    if len(first) == len(pairs):
        return column
    time = numpy.empty(len(pairs), numpy.int64)
    time[order] = numpy.arange(len(pairs)) - numpy.repeat(first, numpy.diff([*first, len(pairs)]))
    return numpy.unique(column * (time.max() + 1) + time, return_inverse=True)[1]


def _blocks(row: Array, column: Array) -> Array:
    """Number each pair by the smallest row that can be reached from it over shared vectors."""
    label = numpy.arange(row.max() + 1)
    while True:
        of_column = numpy.full(column.max() + 1, len(label))
        numpy.minimum.at(of_column, column, label[row])
        spread = label.copy()
        numpy.minimum.at(spread, row, of_column[column])
        if (spread == label).all():
            return label[row]
        label = spread
