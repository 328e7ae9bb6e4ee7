"""Sums: chains of additions, and of other operations in a row, seen as one.

`b + w1*x1 + w2*x2` is recorded as four values or, by `dot`, as one. Either way it is one *sum* of
three terms, of which two are products; `max(max(max(a, b), c), d)` is one *scan* of four. Only
links that nothing else uses are taken into the sum behind them; products are, whoever uses them.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import Any

import numpy

from autograd_engine.compiler.record.elementary import written_out
from autograd_engine.compiler.record.tape import Tape
from autograd_engine.primitives import TABLE, Primitive
from autograd_engine.table import ADD, DOT, MULTIPLY, NEGATIVE, POWER, SUBTRACT, SUM

LINEAR = (ADD, SUBTRACT, NEGATIVE, SUM, DOT)
SCANNED = (TABLE["maximum"], TABLE["minimum"], TABLE["hypot"], MULTIPLY)
SHORTEST = 4  # operands: fewer are as fast one by one

Array = Any


class Sums:
    """A tape with its sums and scans found; x**2 counts as x * x.

    Arrays are indexed by place: `x` and `y` are operands as on the tape,
    `rule` the index into `tape.rules` (-1: not computed), `linear` marks sums, `scan` links of
    scans and `product` what can be a term of a sum. What `absorbed` marks lives only as a link of
    the value behind it, what `needed` marks is read as such by somebody.

    The terms are arrays, too: the value `root` is the sum, or the scan, of `left` times `right`
    (-1: nothing), subtracted where `negative`; they stand in the order in which they were recorded.
    """

    def __init__(self, tape: Tape) -> None:
        tape = written_out(tape, kept=(SUM, DOT))
        rules = [*tape.rules, *[MULTIPLY][MULTIPLY in tape.rules :]]
        self.tape = tape = replace(tape, rules=rules)
        start, size = tape.start, tape.size
        self.rule, self.x, self.y = (numpy.full(size, -1, numpy.int32) for _ in range(3))
        self.rule[start:], self.x[start:], self.y[start:] = tape.op, tape.x, tape.y
        squares = self._squares()
        self.rule[squares], self.y[squares] = rules.index(MULTIPLY), self.x[squares]
        self.linear, multiply = self.are(*LINEAR), self.are(MULTIPLY)
        owner, left, right, second = self._operands()
        negative = self.are(NEGATIVE)[owner] | (self.are(SUBTRACT)[owner] & second)

        plain, others = right < 0, ~self.linear
        reads = [self.x[start:][others[start:]], self.y[others & (self.y >= 0)]]
        reads += [left[~plain], right[~plain]]
        uses = numpy.bincount(numpy.concatenate([*reads, left[plain]]), minlength=size)
        uses[tape.outputs] += 2  # an output is read by the caller too
        self.scan, links = self._scans(uses == 1)
        self.product = multiply & ~self.scan
        link = plain & self.linear[left] & (uses[left] == 1)
        root, flipped = numpy.arange(size), numpy.zeros(size, bool)
        root[left[link]], flipped[left[link]] = owner[link], negative[link]
        root[self.x[links]] = links
        self.absorbed = root != numpy.arange(size)
        self.needed = numpy.zeros(size, bool)
        for read in (*reads, left[plain & ~self.product[left]], tape.outputs):
            self.needed[read] = True
        self.needed &= ~self.absorbed
        while not ((further := root[root]) == root).all():  # to the ends, with doubled strides
            flipped, root = flipped ^ flipped[root], further

        chained = numpy.repeat(numpy.flatnonzero(self.scan), 2)
        ends = numpy.where(numpy.arange(len(chained)) % 2, self.y[chained], self.x[chained])
        owner, left = numpy.append(owner, chained), numpy.append(left, ends)
        negative = numpy.append(negative, numpy.zeros(len(ends), bool))
        right = numpy.append(right, numpy.full(len(ends), -1))
        outside = ~self.absorbed[left] | (right >= 0)
        owner, left, right = owner[outside], left[outside], right[outside]
        self.root, self.negative = root[owner], negative[outside] ^ flipped[owner]
        product = self.product[left] & self.linear[owner] & (right < 0)
        self.right = numpy.where(product, self.y[left], right)
        self.left = numpy.where(product, self.x[left], left)

    def are(self, *rules: Primitive) -> Array:
        """Mark the places that one of these primitives computes."""
        chosen = numpy.array([given in rules for given in self.tape.rules] + [False])
        return chosen[self.rule]  # -1, of what is not computed, is the last

    def _operands(self) -> tuple[Array, Array, Array, Array]:
        """Return what is added, as recorded: whose it is, its factors, whether it is the second."""
        few = numpy.flatnonzero(self.linear & (self.y >= -1))
        pairs = numpy.stack([self.x[few], self.y[few]], 1)
        two = numpy.flatnonzero(pairs.ravel() >= 0)
        several, many = numpy.flatnonzero(self.y < -1), self.tape.many
        lengths = numpy.fromiter(map(len, many), numpy.int64, len(many))
        flat = numpy.fromiter(chain.from_iterable(many), numpy.int32)
        # Factors are counted from the first of a dot product; what is summed has a number below 0.
        first = numpy.cumsum(lengths) - lengths
        first += numpy.where(self.are(DOT)[several], lengths % 2, lengths)
        factor = numpy.arange(len(flat)) - numpy.repeat(first, lengths)
        right = numpy.where(factor < 0, -1, numpy.append(flat[1:], -1))
        kept = numpy.flatnonzero((factor < 0) | (factor % 2 == 0))
        alone = numpy.zeros(len(kept), bool)
        return (
            numpy.append(few[two // 2], numpy.repeat(several, lengths)[kept]),
            numpy.append(pairs.ravel()[two], flat[kept]),
            numpy.append(numpy.full(len(two), -1), right[kept]),
            numpy.append(two % 2 > 0, alone),
        )

    def _squares(self) -> Array:
        """Return the places of powers with the exponent 2."""
        first, start = self.tape.first, self.tape.start
        powers = numpy.flatnonzero(self.are(POWER))
        numbers = numpy.zeros(self.tape.size)
        numbers[first:start] = self.tape.constants
        return powers[numbers[self.y[powers]] == 2.0]

    def _scans(self, single: Array) -> tuple[Array, Array]:
        """Mark the links of chains op(op(op(a, b), c), d) that are long enough; return those that
        have another behind them, too.
        """
        candidate = self.are(*SCANNED)
        links = numpy.flatnonzero(candidate)
        behind = self.x[links]
        chained = candidate[behind] & single[behind] & (self.rule[behind] == self.rule[links])
        before = dict(zip(links[chained].tolist(), behind[chained].tolist()))
        length: dict[int, int] = {}
        for place, first in before.items():
            length[place] = length.get(first, 2) + 1
        found = numpy.zeros(self.tape.size, bool)
        for place in length.keys() - set(before.values()):
            if length[place] >= SHORTEST:
                while place in before:
                    found[place] = True
                    place = before[place]
                found[place] = True
        links = links[chained]
        return found, links[found[links]]
