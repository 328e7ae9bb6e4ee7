"""Waves: values of one operation at one depth, which can be computed together.

A *wave* holds the places of its values and, for each, the places of its terms in columns
that mean the same in every row: operands x and y of an operation, the operands of a scan,
or the terms of a sum, where a column of products has a left and a right factor.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from operator import or_

import numpy

from autograd_engine.compiler.lift.sums import Array, Sums
from autograd_engine.primitives import Primitive
from autograd_engine.table import SUM

CONSTANT, FIXED, BATCHED = 0, 1, 2  # what a value depends on: nothing, leaves, or inputs too
_BITS = (0, 1, 3)  # the same so that what depends on two has the bits of both
_ACTIVE = 4


@dataclass
class Column:
    """Terms that mean the same in each value of a wave: places of shape (values, terms).

    `right` is None except for products; `sign` is -1 where the terms are subtracted.
    """

    sign: int
    left: Array
    right: Array | None = None

    @property
    def factors(self) -> list[Array]:
        """The left factor and, of products, the right one."""
        return [self.left] if self.right is None else [self.left, self.right]

    def chosen(self, rows: Array) -> Column:
        """Return the terms of some values."""
        return Column(self.sign, *[places[rows] for places in self.factors])


@dataclass
class Wave:
    """Values computed together: `kind` is "map", "sum" or "scan"."""

    kind: str
    rule: Primitive
    places: Array
    columns: list[Column]

    def chosen(self, rows: Array) -> Wave:
        """Return some values, in an order of their own."""
        columns = [column.chosen(rows) for column in self.columns]
        return Wave(self.kind, self.rule, self.places[rows], columns)


@dataclass
class Dependence:
    """For each place, its depth, what it depends on, and whether a parameter is below it."""

    depth: Array
    kind: Array
    active: Array


class Deep(Exception):
    """Says that values stand upon each other in many levels."""


def dependence(sums: Sums, given: Sequence[tuple[int, bool]] = (), deepest: int = 0) -> Dependence:
    """Return what each value depends on, in one pass over the tape.

    Its last inputs are `given` by other pieces: what they depend on, whether they are active.
    Raises `Deep` where a value is deeper than `deepest`, if that is given.
    """
    tape, start = sums.tape, sums.tape.start
    parameters, width = len(tape.parameters), len(tape.inputs)
    # Of each place what it depends on in bits, and above them its depth.
    known = [_BITS[FIXED] | _ACTIVE] * parameters + [_BITS[FIXED]] * len(tape.others)
    known += [_BITS[BATCHED]] * (width - len(given))
    known += [_BITS[kind] | _ACTIVE * active for kind, active in given]
    known += [0] * len(tape.constants)
    seen, added = known.copy(), known.copy()  # as others read it, and as a sum does
    # What is taken into the value behind it adds no depth.
    columns = (tape.op, sums.x, sums.y, sums.linear, sums.absorbed, sums.product)
    adds_all = tape.rules.index(SUM) if SUM in tape.rules else -1
    lowest = 8 * (deepest or tape.size) + 7
    for op, x, y, linear, absorbed, product in zip(
        *[column[start:].tolist() if i else column for i, column in enumerate(columns)]
    ):
        read = added if linear else seen
        if y >= 0:
            a, b = read[x], read[y]
            here = ((a if a > b else b) | 7) + 1 + ((a | b) & 7)
        elif y == -1:
            here = read[x] + 8
        else:
            read = added if op == adds_all else seen
            found = set(map(read.__getitem__, tape.many[-2 - y]))
            here = (max(found) | 7) + 1 + (reduce(or_, found) & 7)
        if here > lowest:
            raise Deep
        known.append(here)
        seen.append(here - 8 if absorbed else here)
        added.append(here - 8 if absorbed or product else here)
    found = numpy.array(known)
    return Dependence(found >> 3, (found & 1) + (found >> 1 & 1), found & _ACTIVE != 0)


class Waves:
    """The waves of the values that somebody needs, by depth."""

    def __init__(self, sums: Sums, known: Dependence) -> None:
        self.sums, self.known = sums, known
        left, right, kind = sums.left, sums.right, known.kind
        product, scan = right >= 0, sums.scan[sums.root]
        # On whichever side they were written: what depends on less, then leaves, then parameters.
        rank = 4 * kind + 2 * (known.depth > 0) + ~known.active
        swapped = product & (rank[left] > rank[right])
        self.left, self.right = numpy.where(swapped, [right, left], [left, right])
        code = sums.negative + 2 * product + 4 * kind[self.left]
        code += 16 * numpy.where(product, kind[self.right], 0)
        code[scan] = 64  # the operands of a scan keep their order
        places = numpy.flatnonzero(sums.needed[sums.tape.start :]) + sums.tape.start
        key = self._keys(code, places)
        order = numpy.lexsort((places, key, known.depth[places]))
        self.places, key = places[order], key[order]
        depth = known.depth[self.places]
        cuts = numpy.flatnonzero((key[1:] != key[:-1]) | (depth[1:] != depth[:-1])) + 1
        self.bounds = [0, *cuts.tolist(), len(places)] if len(places) else [0]
        rank = numpy.full(sums.tape.size, -1)
        rank[self.places] = numpy.arange(len(places))
        rank = rank[sums.root]
        order = numpy.argsort(rank * 128 + code, kind="stable")
        self.left, self.right, self.code = self.left[order], self.right[order], code[order]
        self.ends = numpy.searchsorted(rank[order], numpy.arange(len(places) + 1))

    def __len__(self) -> int:
        return len(self.bounds) - 1

    def __iter__(self) -> Iterator[Wave]:
        sums = self.sums
        for first, last in pairwise(self.bounds):
            places = self.places[first:last]
            top = int(places[0])
            rule = sums.tape.rules[sums.rule[top]]
            if sums.linear[top] or sums.scan[top]:
                columns = self._columns(slice(*self.ends[[first, last]]), len(places))
                yield Wave("sum" if sums.linear[top] else "scan", rule, places, columns)
            else:
                operands = [sums.x, sums.y][: 1 + (sums.y[top] >= 0)]
                columns = [Column(1, operand[places][:, None]) for operand in operands]
                yield Wave("map", rule, places, columns)

    def _columns(self, terms: slice, rows: int) -> list[Column]:
        """Return the terms of one wave as columns, those of one code together."""
        left, right = self.left[terms].reshape(rows, -1), self.right[terms].reshape(rows, -1)
        codes = self.code[terms].reshape(rows, -1)[0]
        cuts = [0, *(numpy.flatnonzero(codes[1:] != codes[:-1]) + 1).tolist(), len(codes)]
        signs = [-1 if code % 2 else 1 for code in codes]
        return [
            Column(signs[i], left[:, i:j], right[:, i:j] if right[0, i] >= 0 else None)
            for i, j in pairwise(cuts)
        ]

    def _keys(self, terms: Array, places: Array) -> Array:
        """Return a number for each place: equal for what can be computed together at one depth."""
        sums, kind = self.sums, self.known.kind
        key = numpy.zeros(sums.tape.size, numpy.uint64)
        y, linear, scan = sums.y[places], sums.linear[places], sums.scan[places]
        operands = kind[sums.x[places]] * 4 + numpy.where(y >= 0, kind[y], 3)
        code = sums.rule[places] * 16 + numpy.where(scan, kind[places], operands) + 128
        key[places] = scattered(numpy.where(linear, 0, code))
        # A sum's key is made of its terms' codes, whatever their order.
        numpy.add.at(key, sums.root, scattered(terms + 1))
        return key[places]


# Keys: 64 bits that stand for a number, or a row of numbers: equal where those are equal.
# Different ones have different keys but for a chance of one in 10**19 for two of them.


def scattered(numbers: Array) -> Array:
    """Return the key of each whole number (Steele, Lea and Flood's SplitMix64).

    >>> scattered([1, 2, 1]).tolist()
    [16294208416658607535, 7960286522194355700, 16294208416658607535]
    """
    key = numpy.asarray(numbers).astype(numpy.uint64) * numpy.uint64(0x9E3779B97F4A7C15)
    key = (key ^ (key >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
    key = (key ^ (key >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
    return key ^ (key >> numpy.uint64(31))


def of_rows(numbers: Array) -> Array:
    """Return the key of each row of whole numbers, of shape (rows, columns).

    >>> first, second, third = of_rows([[1, 2], [2, 1], [1, 2]]).tolist()
    >>> first == third, first == second
    (True, False)
    """
    numbers = numpy.asarray(numbers)
    weights = scattered(numpy.arange(1, numbers.shape[1] + 1)) | numpy.uint64(1)
    return ((numbers.astype(numpy.uint64) + numpy.uint64(1)) * weights).sum(1, dtype=numpy.uint64)
