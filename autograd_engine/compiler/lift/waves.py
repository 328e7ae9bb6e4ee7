"""Waves: values of one operation at one depth, which can be computed together.

Chains of additions are seen as one: `b + w1*x1 + w2*x2` is recorded as four values or, by `dot`, as
one; either way it is one *sum* of three terms, of which two are products. So are other operations
in a row: `max(max(max(a, b), c), d)` is one *scan* of four. Only links that nothing else uses are
taken into the sum behind them; products are, whoever uses them.

A *wave* holds the places of its values and, for each, those of its terms in columns that mean the
same in every row: operands of an operation or of a scan, or the terms of a sum.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import pairwise
from operator import or_
from typing import Any

import numpy

from autograd_engine.compiler.record.tape import Tape
from autograd_engine.primitives import TABLE, Primitive
from autograd_engine.table import ADD, DOT, MULTIPLY, NEGATIVE, POWER, SUBTRACT, SUM

CONSTANT, FIXED, BATCHED = 0, 1, 2  # what a value depends on: nothing, leaves, or inputs too
_BITS = (0, 1, 3)  # the same so that what depends on two has the bits of both
LINEAR = (ADD, SUBTRACT, NEGATIVE, SUM, DOT)
SCANNED = (TABLE["maximum"], TABLE["minimum"], TABLE["hypot"], MULTIPLY)
SHORTEST = 4  # operands: fewer are as fast one by one

Array = Any


@dataclass
class Column:
    """Terms that mean the same in each value of a wave: places of shape (values, terms), of
    products two such; `sign` is -1 where they are subtracted.
    """

    sign: int
    factors: list[Array]


@dataclass
class Wave:
    """Values computed together: `kind` is "map", "sum" or "scan"."""

    kind: str
    rule: Primitive
    places: Array
    columns: list[Column]

    def chosen(self, rows: Array) -> Wave:
        some = [Column(c.sign, [places[rows] for places in c.factors]) for c in self.columns]
        return Wave(self.kind, self.rule, self.places[rows], some)


class Waves:
    """A tape with its sums and scans found; x**2 counts as x * x.

    Arrays are indexed by place: `x`, `y` and `rule` are as on the tape (-1: not computed),
    `numbers` has the constants, `linear` marks sums, `scan` links of scans, `product` what can be a
    term of a sum. What `absorbed` marks lives only as a link of the value behind it, what `needed`
    marks is read as such by somebody. The terms are arrays, too: the value `root` is the sum, or
    the scan, of `left` times `right` (-1: nothing), subtracted where `negative`.
    """

    def __init__(self, tape: Tape) -> None:
        rules = [*tape.rules, *[MULTIPLY][MULTIPLY in tape.rules :]]
        self.tape = tape = replace(tape, rules=rules)
        start, size = tape.start, tape.size
        self.rule, self.x, self.y = (numpy.full(size, -1, numpy.int32) for _ in range(3))
        self.rule[start:], self.x[start:], self.y[start:] = tape.op, tape.x, tape.y
        powers, self.numbers = numpy.flatnonzero(self.are(POWER)), numpy.zeros(size)
        self.numbers[tape.first : start] = tape.constants
        squares = powers[self.numbers[self.y[powers]] == 2.0]
        self.rule[squares], self.y[squares] = rules.index(MULTIPLY), self.x[squares]
        self.linear = self.are(*LINEAR)
        many, heads = numpy.array(tape.many, numpy.int32), -2 - self.y[self.y < -1]
        lengths, flat = many[heads], numpy.delete(many, heads)
        few = self.y >= -1
        few[:start] = False
        uses = numpy.bincount(
            numpy.concatenate([self.x[few], self.y[self.y >= 0], flat]), minlength=size
        )
        uses[tape.outputs] += 2  # an output is read by the caller too
        self.scan, links = self._scans(uses == 1)
        self.product = self.are(MULTIPLY) & ~self.scan
        chained = self.linear | self.scan
        owner, left, right, second = self._operands(few & chained, flat, lengths)
        linear, plain = self.linear[owner], right < 0
        negative = self.are(NEGATIVE)[owner] | (self.are(SUBTRACT)[owner] & second)
        product = plain & linear & self.product[left]
        link = plain & linear & self.linear[left] & (uses[left] == 1)
        root, flipped = numpy.arange(size), numpy.zeros(size, bool)
        root[left[link]], flipped[left[link]] = owner[link], negative[link]
        root[self.x[links]] = links
        self.absorbed = root != numpy.arange(size)
        self.needed, others = numpy.zeros(size, bool), few & ~chained
        reads = [self.x[others], self.y[others & (self.y >= 0)], right[~plain], left[~product]]
        for read in (*reads, tape.outputs):
            self.needed[read] = True
        self.needed &= ~self.absorbed
        while not ((further := root[root]) == root).all():  # to the ends, with doubled strides
            flipped, root = flipped ^ flipped[root], further
        outside = ~self.absorbed[left] | ~plain
        owner, left, product = owner[outside], left[outside], product[outside]
        self.root, self.negative = root[owner], negative[outside] ^ flipped[owner]
        self.right = numpy.where(product, self.y[left], right[outside])
        self.left = numpy.where(product, self.x[left], left)

    def measured(self, given: Sequence[int] = ()) -> Waves:
        """Find the depth and kind of each value, given kinds of the last inputs; return itself."""
        tape, start = self.tape, self.tape.start
        # Of each place what it depends on in bits, and above them its depth.
        fixed, fed = len(tape.parameters) + len(tape.others), len(tape.inputs) - len(given)
        kinds = [FIXED] * fixed + [BATCHED] * fed + [*given] + [CONSTANT] * len(tape.constants)
        known = [_BITS[kind] for kind in kinds]
        seen, added = known.copy(), known.copy()  # as others read it, and as a sum does
        # What is taken into the value behind it adds no depth.
        columns = (tape.op, self.x, self.y, self.linear, self.absorbed, self.product)
        adds_all = tape.rules.index(SUM) if SUM in tape.rules else -1
        for op, x, y, linear, absorbed, product in zip(
            *[column[start:].tolist() if i else column for i, column in enumerate(columns)]
        ):
            read = added if linear else seen
            if y >= 0:
                a, b = read[x], read[y]
                here = ((a if a > b else b) | 3) + 1 + ((a | b) & 3)
            elif y == -1:
                here = read[x] + 4
            else:
                read = added if op == adds_all else seen
                bits = set(map(read.__getitem__, tape.several(y)))
                here = (max(bits) | 3) + 1 + (reduce(or_, bits) & 3)
            known.append(here)
            seen.append(here - 4 if absorbed else here)
            added.append(here - 4 if absorbed or product else here)
        found = numpy.array(known)
        self.depth, self.kind = found >> 2, (found & 1) + (found >> 1 & 1)
        return self

    def are(self, *rules: Primitive) -> Array:
        chosen = numpy.array([given in rules for given in self.tape.rules] + [False])
        return chosen[self.rule]  # -1, of what is not computed, is the last

    def _operands(self, few: Array, flat: Array, lengths: Array) -> tuple[Array, ...]:
        """Return what is added, as recorded: whose it is, its factors, whether it is the second."""
        places, several = numpy.flatnonzero(few), numpy.flatnonzero(self.y < -1)
        pairs = numpy.stack([self.x[places], self.y[places]], 1).ravel()
        two = numpy.flatnonzero(pairs >= 0)
        # Factors are counted from the first of a dot product; what is summed has a number below 0.
        first = numpy.cumsum(lengths) - lengths
        first += numpy.where(self.are(DOT)[several], lengths % 2, lengths)
        factor = numpy.arange(len(flat)) - numpy.repeat(first, lengths)
        right = numpy.where(factor < 0, -1, numpy.append(flat[1:], -1))
        kept = numpy.flatnonzero((factor < 0) | (factor % 2 == 0))
        return (
            numpy.append(places[two // 2], numpy.repeat(several, lengths)[kept]),
            numpy.append(pairs[two], flat[kept]),
            numpy.append(numpy.full(len(two), -1), right[kept]),
            numpy.append(two % 2 > 0, kept < 0),
        )

    def _scans(self, single: Array) -> tuple[Array, Array]:
        """Mark the links of long chains op(op(op(a, b), c), d); return those with one behind."""
        candidate = self.are(*SCANNED)
        links = numpy.flatnonzero(candidate)
        behind = self.x[links]
        chained = candidate[behind] & single[behind] & (self.rule[behind] == self.rule[links])
        before = dict(zip(links[chained].tolist(), behind[chained].tolist()))
        found = numpy.zeros(self.tape.size, bool)
        for last in before.keys() - set(before.values()):
            row = [last]
            while row[-1] in before:
                row.append(before[row[-1]])
            found[row] = len(row) + 1 >= SHORTEST
        return found, links[chained & found[links]]

    def cut(self) -> Waves:
        """Find the waves, by depth, of the values that somebody needs; return itself."""
        left, right, kind = self.left, self.right, self.kind
        product, scan = right >= 0, self.scan[self.root]
        # On whichever side they were written: what depends on less, then leaves, then parameters.
        leaf = numpy.arange(len(kind)) < len(self.tape.parameters)
        rank = 4 * kind + 2 * (self.depth > 0) + ~leaf
        swapped = product & (rank[left] > rank[right])
        self.left, self.right = numpy.where(swapped, [right, left], [left, right])
        code = self.negative + 2 * product + 4 * kind[self.left]
        code += 16 * numpy.where(product, kind[self.right], 0)
        code[scan] = 64  # the operands of a scan keep their order
        places = numpy.flatnonzero(self.needed[self.tape.start :]) + self.tape.start
        key = self._keys(code, places)
        order = numpy.lexsort((places, key, self.depth[places]))
        self.places, key = places[order], key[order]
        depth = self.depth[self.places]
        cuts = numpy.flatnonzero((key[1:] != key[:-1]) | (depth[1:] != depth[:-1])) + 1
        self.bounds = [0, *cuts.tolist(), len(places)] if len(places) else [0]
        rank = numpy.full(self.tape.size, -1)
        rank[self.places] = numpy.arange(len(places))
        rank = rank[self.root]
        order = numpy.argsort(rank * 128 + code, kind="stable")
        self.left, self.right, self.code = self.left[order], self.right[order], code[order]
        self.ends = numpy.searchsorted(rank[order], numpy.arange(len(places) + 1))
        return self

    def __len__(self) -> int:
        return len(self.bounds) - 1

    def __iter__(self) -> Iterator[Wave]:
        for first, last in pairwise(self.bounds):
            places = self.places[first:last]
            top = int(places[0])
            rule = self.tape.rules[self.rule[top]]
            if self.linear[top] or self.scan[top]:
                columns = self._columns(slice(*self.ends[[first, last]]), len(places))
                yield Wave("sum" if self.linear[top] else "scan", rule, places, columns)
            else:
                operands = [self.x, self.y][: 1 + (self.y[top] >= 0)]
                columns = [Column(1, [operand[places][:, None]]) for operand in operands]
                yield Wave("map", rule, places, columns)

    def _columns(self, terms: slice, rows: int) -> list[Column]:
        """Return the terms of one wave as columns, those of one code together."""
        columns = (self.left, self.right, self.code)
        left, right, (codes, *_) = (column[terms].reshape(rows, -1) for column in columns)
        cuts = [0, *(numpy.flatnonzero(codes[1:] != codes[:-1]) + 1).tolist(), len(codes)]
        found = []
        for i, j in pairwise(cuts):
            factors = [each[:, i:j] for each in (left, right) if each[0, i] >= 0]
            found.append(Column(-1 if codes[i] % 2 else 1, factors))
        return found

    def _keys(self, terms: Array, places: Array) -> Array:
        """Return a number for each place: equal for what can be computed together at one depth."""
        kind = self.kind
        key = numpy.zeros(self.tape.size, numpy.uint64)
        y, linear, scan = self.y[places], self.linear[places], self.scan[places]
        operands = kind[self.x[places]] * 4 + numpy.where(y >= 0, kind[numpy.maximum(y, 0)], 3)
        code = self.rule[places] * 16 + numpy.where(scan, kind[places], operands) + 128
        key[places] = scattered(numpy.where(linear, 0, code))
        # A sum's key is made of its terms' codes, whatever their order.
        numpy.add.at(key, self.root, scattered(terms + 1))
        return key[places]


def scattered(numbers: Array) -> Array:
    """Return 64 bits for each whole number (Steele, Lea and Flood's SplitMix64).

    Sums of these tell numbers apart but for a chance of one in 10**19 for two of them.
    """
    key = numpy.asarray(numbers).astype(numpy.uint64) * numpy.uint64(0x9E3779B97F4A7C15)
    key = (key ^ (key >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
    key = (key ^ (key >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
    return key ^ (key >> numpy.uint64(31))


def of_rows(numbers: Array) -> Array:
    """Return the same for each row of whole numbers, of shape (rows, columns)."""
    weights = scattered(numpy.arange(1, numbers.shape[1] + 1)) | numpy.uint64(1)
    return ((numbers.astype(numpy.uint64) + numpy.uint64(1)) * weights).sum(1, dtype=numpy.uint64)
