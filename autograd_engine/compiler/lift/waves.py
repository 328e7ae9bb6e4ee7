"""Waves: values of one operation at one depth, which can be computed together.

A *wave* holds the places of its values and, for each, the places of its terms in columns
that mean the same in every row: operands x and y of an operation, the operands of a scan,
or the terms of a sum, where a column of products has a left and a right factor.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy

from autograd_engine.compiler.lift.sums import Array, Sums, is_one_of
from autograd_engine.primitives import Primitive
from autograd_engine.table import MULTIPLY, NEGATIVE, SUBTRACT

CONSTANT, FIXED, BATCHED = 0, 1, 2  # what a value depends on: nothing, leaves, or inputs too
_FIXED, _BATCHED, _ACTIVE = 1, 3, 4


@dataclass
class Column:
    """Terms that mean the same in each value of a wave: places of shape (values, terms).

    `right` is None except for products; `sign` is -1 where the terms are subtracted.
    """

    left: Array
    right: Array | None = None
    sign: int = 1


@dataclass
class Wave:
    """Values computed together: `kind` is "map", "sum" or "scan"."""

    kind: str
    rule: Primitive
    places: Array
    columns: list[Column]


def chosen(wave: Wave, rows: Array) -> Wave:
    """Return some values of a wave, in an order of their own."""
    columns = [
        Column(column.left[rows], None if column.right is None else column.right[rows], column.sign)
        for column in wave.columns
    ]
    return Wave(wave.kind, wave.rule, wave.places[rows], columns)


@dataclass
class Dependence:
    """For each place, its depth, what it depends on, and whether a parameter is below it."""

    depth: Array
    kind: Array
    active: Array


def dependence(sums: Sums, given: Sequence[tuple[int, bool]] = ()) -> Dependence:
    """Return what each value depends on, in one pass over the tape.

    Its last inputs are `given` by other pieces: what they depend on, whether they are active.
    """
    tape = sums.tape
    fixed, inputs = len(tape.parameters) + len(tape.others), len(tape.inputs) - len(given)
    depth = [0] * tape.start
    # What it depends on as bits, so that of two operands it is one operation.
    below = [_FIXED | _ACTIVE * (i < len(tape.parameters)) for i in range(fixed)]
    below += [_BATCHED] * inputs
    below += [(0, _FIXED, _BATCHED)[kind] | _ACTIVE * active for kind, active in given]
    below += [0] * len(tape.constants)
    start = tape.start
    x, y = sums.x[start:], sums.y[start:]
    product = _products(sums)
    # What is taken into the value behind it adds no depth.
    inside = sums.absorbed | product
    flat_x = inside[x] & (sums.linear[start:] | sums.absorbed[x])
    flat_y = inside[y] & (sums.linear[start:] | sums.absorbed[y]) & (y >= 0)
    for i, j, flat_i, flat_j in zip(x.tolist(), y.tolist(), flat_x.tolist(), flat_y.tolist()):
        level, bits = depth[i] - flat_i, below[i]
        if j >= 0:
            bits |= below[j]
            if depth[j] - flat_j > level:
                level = depth[j] - flat_j
        depth.append(level + 1)
        below.append(bits)
    known = numpy.array(below, numpy.int8)
    kind = (known & 1) + (known >> 1 & 1)
    return Dependence(numpy.array(depth, numpy.int32), kind, known & _ACTIVE != 0)


def _products(sums: Sums) -> Array:
    """Mark the multiplications that can be terms of a sum."""
    return is_one_of(sums.tape, sums.rule, [MULTIPLY]) & ~sums.scan


class Waves:
    """The waves of the values that somebody needs, by depth."""

    def __init__(self, sums: Sums, known: Dependence) -> None:
        self.sums, self.known = sums, known
        places = sums.tape.start + numpy.flatnonzero(sums.needed[sums.tape.start :])
        terms = _terms(sums, known)
        key = _keys(sums, known, terms, places)
        order = numpy.lexsort((places, key[places], known.depth[places]))
        self.places = places = places[order]
        key, depth = key[places], known.depth[places]
        cuts = numpy.flatnonzero((key[1:] != key[:-1]) | (depth[1:] != depth[:-1])) + 1
        self.bounds = [0, *cuts.tolist(), len(places)] if len(places) else [0]
        rank = numpy.full(len(sums.rule), -1, numpy.int32)
        rank[places] = numpy.arange(len(places), dtype=numpy.int32)
        self.terms = terms.taken(numpy.lexsort((terms.order, terms.code, rank[terms.root])))
        self.ends = numpy.searchsorted(rank[self.terms.root], numpy.arange(len(places) + 1))

    def __len__(self) -> int:
        return len(self.bounds) - 1

    def __iter__(self) -> Iterator[Wave]:
        sums = self.sums
        for first, last in zip(self.bounds, self.bounds[1:]):
            places = self.places[first:last]
            top = int(places[0])
            rule = sums.tape.rules[sums.rule[top]]
            if sums.linear[top] or sums.scan[top]:
                part = self.terms.taken(slice(int(self.ends[first]), int(self.ends[last])))
                kind = "sum" if sums.linear[top] else "scan"
                yield Wave(kind, rule, places, part.columns(len(places)))
                continue
            columns = [Column(sums.x[places][:, None])]
            if sums.y[top] >= 0:
                columns.append(Column(sums.y[places][:, None]))
            yield Wave("map", rule, places, columns)


def _keys(sums: Sums, known: Dependence, terms: _Terms, places: Array) -> Array:
    """Return a number for each place: equal for what can be computed together at one depth."""
    key = numpy.zeros(len(sums.rule), numpy.uint64)
    alone = places[~(sums.linear[places] | sums.scan[places])]
    kinds = known.kind.astype(numpy.int64)
    second = numpy.where(sums.y[alone] >= 0, kinds[sums.y[alone]], 3)
    key[alone] = scattered(sums.rule[alone] * 16 + kinds[sums.x[alone]] * 4 + second + 128)
    scans = places[sums.scan[places]]
    key[scans] = sums.rule[scans] * 4 + kinds[scans]
    # A sum's key is made of its terms' codes, whatever their order.
    numpy.add.at(key, terms.root, scattered(terms.code + 1))
    return key


@dataclass
class _Terms:
    """The terms of every sum and scan: root, left and right factor, code of what they are."""

    root: Array
    left: Array
    right: Array
    code: Array
    order: Array

    def taken(self, chosen: Any) -> _Terms:
        return _Terms(
            self.root[chosen],
            self.left[chosen],
            self.right[chosen],
            self.code[chosen],
            self.order[chosen],
        )

    def columns(self, rows: int) -> list[Column]:
        """Return the terms of one wave as columns, those of one code together."""
        left, right = self.left.reshape(rows, -1), self.right.reshape(rows, -1)
        codes = self.code.reshape(rows, -1)[0]
        found = []
        for code in dict.fromkeys(codes.tolist()):
            chosen = numpy.flatnonzero(codes == code)
            span = slice(int(chosen[0]), int(chosen[-1]) + 1)
            product = right[0, span.start] >= 0
            found.append(
                Column(left[:, span], right[:, span] if product else None, -1 if code % 2 else 1)
            )
        return found


def _terms(sums: Sums, known: Dependence) -> _Terms:
    """Return the operands that enter each sum or scan from outside."""
    inside = numpy.flatnonzero(sums.linear | sums.scan)
    subtract = _subtracting(sums)
    roots, nodes, signs, orders = [], [], [], []
    for operand, second in ((sums.x, 0), (sums.y, 1)):
        chosen = inside[operand[inside] >= 0]
        node = operand[chosen]
        outside = ~(sums.absorbed[node] & (sums.root[node] == sums.root[chosen]))
        chosen, node = chosen[outside], node[outside]
        negative = (sums.sign[chosen] < 0) ^ subtract[second][chosen]
        roots.append(sums.root[chosen])
        nodes.append(node)
        signs.append(negative)
        orders.append(chosen.astype(numpy.int64) * 2 + second)
    root, node = numpy.concatenate(roots), numpy.concatenate(nodes)
    negative, order = numpy.concatenate(signs), numpy.concatenate(orders)
    product = _products(sums)[node] & sums.linear[root]
    left = numpy.where(product, sums.x[node], node)
    right = numpy.where(product, sums.y[node], -1)
    # On whichever side they were written: what depends on less, then leaves, then parameters.
    rank = 4 * known.kind.astype(numpy.int64) + 2 * (known.depth > 0) + ~known.active
    swapped = product & (rank[left] > rank[right])
    left, right = numpy.where(swapped, right, left), numpy.where(swapped, left, right)
    code = negative + 2 * product + 4 * known.kind[left].astype(numpy.int64)
    code += 16 * numpy.where(product, known.kind[right], 0)
    code[sums.scan[root]] = 64  # the operands of a scan keep their order
    return _Terms(root, left, right, code, order)


def _subtracting(sums: Sums) -> tuple[Array, Array]:
    """Mark the values that subtract their first operand, and those that do so their second."""
    return is_one_of(sums.tape, sums.rule, [NEGATIVE]), is_one_of(sums.tape, sums.rule, [SUBTRACT])


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
