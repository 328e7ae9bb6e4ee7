"""Sums: chains of additions, and of other operations in a row, seen as one.

`b + w1*x1 + w2*x2` is recorded as four values. Here it becomes one *sum* of three terms, of
which two are products; `max(max(max(a, b), c), d)` becomes one *scan* of four. Only links
that nothing else uses are taken into the sum behind them; products are, whoever else uses them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy

from autograd_engine.compiler.record.elementary import written_out
from autograd_engine.compiler.record.tape import Tape
from autograd_engine.primitives import TABLE, Primitive
from autograd_engine.table import ADD, MULTIPLY, NEGATIVE, POWER, SUBTRACT

LINEAR = (ADD, SUBTRACT, NEGATIVE)
SCANNED = (TABLE["maximum"], TABLE["minimum"], TABLE["hypot"], MULTIPLY)
SHORTEST = 4  # operands: fewer are as fast one by one

Array = Any


@dataclass
class Sums:
    """The tape with its sums and scans found. All arrays are indexed by place on the tape.

    `x`, `y` are operands (-1: none), `rule` the index into `tape.rules` (-1: not computed),
    `linear` marks sums and `scan` links of scans. A value that `absorbed` marks lives only as
    a link inside `root[place]`; `sign` is -1 where it enters its root negatively.
    """

    tape: Tape
    rule: Array
    x: Array
    y: Array
    linear: Array
    scan: Array
    absorbed: Array
    root: Array
    sign: Array
    needed: Array  # values that somebody reads as such, not only as a product inside a sum


def find(tape: Tape) -> Sums:
    """Return the tape's sums and scans; x**2 counts as x * x.

    That is a part of what `simplify` does; the rest merges values that lifting finds in rows.
    """
    tape = written_out(tape)
    tape = replace(tape, rules=[*tape.rules, MULTIPLY]) if MULTIPLY not in tape.rules else tape
    start, size = tape.start, tape.size
    rule = numpy.full(size, -1, numpy.int32)
    x, y = numpy.full(size, -1, numpy.int32), numpy.full(size, -1, numpy.int32)
    rule[start:], x[start:], y[start:] = tape.op, tape.x, tape.y
    squares = _squares(tape, rule, y)
    rule[squares], y[squares] = _index(tape, MULTIPLY), x[squares]
    linear = is_one_of(tape, rule, LINEAR)
    uses, user = numpy.zeros(size, numpy.int64), numpy.full(size, -1, numpy.int32)
    places = numpy.arange(size, dtype=numpy.int32)
    for operand in (x, y):
        users = places[operand >= 0]
        user[operand[users]] = users
        uses += numpy.bincount(operand[users], minlength=size)
    uses[tape.outputs] += 2  # an output is read by the caller too
    single = uses == 1
    absorbed = linear & single & linear[user]
    scan = _scans(tape, rule, x, single, user)
    absorbed |= scan & single & scan[user] & (rule == rule[user]) & (x[user] == places)
    hangs_negative = (y[user] == places) & (rule[user] == _index(tape, SUBTRACT))
    hangs_negative |= rule[user] == _index(tape, NEGATIVE)
    root, sign = _roots(places, absorbed, user, hangs_negative)
    product = rule == _index(tape, MULTIPLY)
    needed = numpy.zeros(size, bool)
    for operand in (x, y):
        read = operand[(operand >= 0) & ~linear]
        needed[read] = True
        read = operand[(operand >= 0) & linear]
        needed[read[~product[read] | scan[read]]] = True
    needed[tape.outputs] = True
    needed &= ~absorbed
    return Sums(tape, rule, x, y, linear, scan, absorbed, root, sign, needed)


def _index(tape: Tape, rule: Any) -> int:
    return tape.rules.index(rule) if rule in tape.rules else -2


def _squares(tape: Tape, rule: Array, y: Array) -> Array:
    """Return the places of powers with the exponent 2."""
    powers = numpy.flatnonzero(rule == _index(tape, POWER))
    first = tape.start - len(tape.constants)
    numbers = numpy.array([*tape.constants, 0.0])
    constant = (y[powers] >= first) & (y[powers] < tape.start)
    return powers[constant & (numbers[numpy.where(constant, y[powers] - first, -1)] == 2.0)]


def is_one_of(tape: Tape, rule: Array, rules: Sequence[Primitive]) -> Array:
    """Mark the places that one of these primitives computes."""
    chosen = numpy.array([given in rules for given in tape.rules] + [False])
    return chosen[rule]  # -1, of what is not computed, is the last


def _scans(tape: Tape, rule: Array, x: Array, single: Array, user: Array) -> Array:
    """Mark the links of chains op(op(op(a, b), c), d) that are long enough."""
    candidate = is_one_of(tape, rule, SCANNED)
    links = numpy.flatnonzero(candidate)
    behind = x[links]
    chained = candidate[behind] & single[behind] & (rule[behind] == rule[links])
    before = dict(zip(links[chained].tolist(), behind[chained].tolist()))
    length: dict[int, int] = {}
    for place, first in before.items():
        length[place] = length.get(first, 2) + 1
    found = numpy.zeros(len(rule), bool)
    for place in length.keys() - set(before.values()):
        if length[place] >= SHORTEST:
            while place in before:
                found[place] = True
                place = before[place]
            found[place] = True
    return found


def _roots(places: Array, absorbed: Array, user: Array, negative: Array) -> tuple[Array, Array]:
    """Follow every link to the end of its chain, all at once, doubling the stride each time."""
    root = numpy.where(absorbed, user, places)
    flipped = absorbed & negative
    while True:
        further = root[root]
        if (further == root).all():
            return root, numpy.where(flipped, -1, 1).astype(numpy.int8)
        flipped = flipped ^ flipped[root]
        root = further
