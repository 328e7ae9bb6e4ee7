"""Lifting: from waves of scalars to steps on arrays.

Neuron j on sample s is the sum over k of w[j, k] * x[s, k]; where each of the vectors w[j] meets
each x[s] exactly once, the sums are a matrix product, where the vectors fall into blocks of which
that is true, such as the heads of an attention, a stack of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy

from autograd_engine.compiler.lift.arrays import Instruction, Ref, Step, added, evaluated
from autograd_engine.compiler.lift.operands import Placing
from autograd_engine.compiler.lift.waves import Column, Wave, Waves, of_rows, scattered
from autograd_engine.compiler.record.symbols import X, Y, formula
from autograd_engine.primitives import TABLE
from autograd_engine.table import ADD, MULTIPLY, NEGATIVE, SUBTRACT

Array = Any
Grid = tuple[int, int, int]  # blocks, rows and columns of the values of a sum, in this order
FEW = 4  # terms: so many are added one by one, more are summed along an axis


class Lifting(Placing):
    """Makes steps of waves."""

    def lifted(self, waves: Waves, given: Sequence[int] = ()) -> list[Ref]:
        """Make the steps of a tape whose last inputs stand in given slots; return its outputs."""
        self.steps: list[Step] = []
        self.begin(waves, given)
        for wave in waves:
            self.add(wave)
        return [self.operand(numpy.array([place])) for place in waves.tape.outputs]

    def add(self, wave: Wave) -> None:
        """Compute equal values once, the others in a step or several."""
        self.taken = []
        unique, twins = self.unique(wave)
        operation = spelled_out(unique) if wave.kind == "sum" else None
        if wave.kind == "map" or operation:
            self.add_map(operation or unique)
        elif wave.kind == "scan":
            self.add_scan(unique)
        else:
            for grid, part in grids(unique, self.slot):
                self.taken = []
                self.add_sum(part, grid)
        self.slot[wave.places] = self.slot[twins]

    def unique(self, wave: Wave) -> tuple[Wave, Array]:
        """Return the wave with one of each of its equal values, and of each value that one."""
        key = numpy.zeros(len(wave.places), numpy.uint64)
        for column in wave.columns:
            for places in column.factors:
                key = scattered(key ^ of_rows(self.slot[places] * 4 + self.kind[places]))
        ordered = numpy.sort(key)
        if (ordered[1:] != ordered[:-1]).all():
            return wave, wave.places
        _, first, back = numpy.unique(key, return_index=True, return_inverse=True)
        return wave.chosen(numpy.sort(first)), wave.places[first][back]

    def add_map(self, wave: Wave) -> None:
        wave = wave.chosen(self.best_order([column.factors[0][:, 0] for column in wave.columns]))
        operands, shape = self.aligned([column.factors[0][:, 0] for column in wave.columns])
        out = self.new(wave.places, shape)
        whole, memory = Instruction("map", out, operands, wave.rule), self.memory
        forward = self.taken
        self.steps.append(Step("map", wave.rule, out, forward, [(1, whole)]))
        own = None if TABLE.get(wave.rule.name) is wave.rule else formula(wave.rule)
        if own is not None:
            known = dict(zip((X, Y), operands))
            last = evaluated(own, known, shape, memory, memory.new, forward, {})
            whole = Instruction("copy", out, (last,))
        forward.append(whole)

    def add_scan(self, wave: Wave) -> None:
        wave = wave.chosen(self.best_order([wave.columns[0].factors[0][:, 0]]))
        places, arena = wave.columns[0].factors[0], self.arena(wave.places)
        operand, (rows, terms) = self.operand(places), places.shape
        whole = self.memory.new((rows, terms), arena == "V")
        self.slot[wave.places] = whole.start + numpy.arange(rows) * terms + terms - 1
        made = Instruction("scan", whole, (operand,), wave.rule)
        last = Ref(arena, whole.start + terms - 1, (rows,), (terms,))
        self.steps.append(Step("scan", wave.rule, last, [*self.taken, made], [(1, made)]))

    def add_sum(self, wave: Wave, grid: Grid | None) -> None:
        if grid is None:
            firsts = [places[:, 0] for column in wave.columns for places in column.factors]
            wave = wave.chosen(self.best_order(firsts))
        out = self.new(wave.places, grid or (len(wave.places),))
        step = Step("sum", ADD, out, self.taken)
        self.steps.append(step)
        # What is added first, of that products and long ones: it is computed where the sum stands.
        for column in sorted(
            wave.columns,
            key=lambda column: (-column.sign, -len(column.factors), -column.factors[0].shape[1]),
        ):
            for part in self.parts(column, out, grid):
                step.parts.append((column.sign, part))
                step.forward += added(part, column.sign, len(step.parts) == 1, self.memory.new)

    def parts(self, column: Column, out: Ref, grid: Grid | None) -> Iterator[Instruction]:
        """Yield what makes a column's terms: one by one, summed along an axis or contracted."""
        factors, (rows, terms) = column.factors, column.factors[0].shape
        plain = len(factors) == 1
        if terms == 1 or (plain and terms <= FEW):
            for i in range(terms):
                ins, shape = self.aligned([places[:, i] for places in factors])
                kind, rule = ("copy", None) if plain else ("map", MULTIPLY)
                yield Instruction(kind, out.reshaped(shape), ins, rule)
            return
        if rows == 1 or plain:  # the terms may have any order: that of their slots
            order = numpy.argsort(self.settled(factors[0]), axis=1, kind="stable")
            factors = [numpy.take_along_axis(places, order, 1) for places in factors]
        if grid is not None and not plain:
            at, stacked = self.slot, [places.reshape(*grid, terms) for places in factors]
            for a, b in (stacked, stacked[::-1]):
                if (at[a] == at[a[:, :, :1]]).all() and (at[b] == at[b[:, :1]]).all():
                    a, b = a[:, :, 0], b[:, 0]
                    for i, j in pairwise(self.cuts(a, b)):
                        pair = self.operand(a[..., i:j]), self.operand(b[..., i:j])
                        yield Instruction("contract", out, pair, axes="hsk,hjk->hsj")
                    return
        out, ins = out.reshaped((rows,)), tuple(map(self.operand, factors))
        row = Instruction("sum", out, ins, over=(1,))
        yield row if plain else Instruction("contract", out, ins, axes="nk,nk->n")


def spelled_out(wave: Wave) -> Wave | None:
    """Return the sum as the operation that it is where it has but one or two plain terms."""
    terms, signs = [], list[int]()
    for column in sorted(wave.columns, key=lambda column: -column.sign):
        terms += [Column(1, [places[:, None]]) for places in column.factors[0].T[:3]]
        signs += [column.sign * len(column.factors)] * len(column.factors[0].T)  # of a product 2
    rule = {(-1,): NEGATIVE, (1, 1): ADD, (1, -1): SUBTRACT}.get(tuple(signs))
    return None if rule is None else Wave("map", rule, wave.places, terms)


def grids(wave: Wave, slot: Array) -> Iterator[tuple[Grid | None, Wave]]:
    """Yield the wave's values grid by grid, ordered; last what is in none, with None."""
    products = [column.factors for column in wave.columns if len(column.factors) == 2]
    main = max(products, key=lambda factors: factors[0].shape[1], default=[])
    if not main or main[0].shape[1] == 1:
        yield None, wave
        return
    column, row = (_vectors(slot[places]) for places in main)
    if column.max() < row.max():  # the longer axis runs fastest, as NumPy likes it
        column, row = row, column
    block = _blocks(row, column)
    rest = []
    by_shape: dict[tuple[int, int], list[Array]] = {}
    order = numpy.lexsort((column, row, block))
    cuts = numpy.flatnonzero(numpy.diff(block[order])) + 1
    for members in numpy.split(order, cuts) if len(cuts) < len(order) // 2 else [order]:
        shape = len(numpy.unique(row[members])), len(numpy.unique(column[members]))
        if len(members) == shape[0] * shape[1]:
            by_shape.setdefault(shape, []).append(members)
        else:
            rest.append(members)
    for shape, blocks in by_shape.items():
        yield (len(blocks), *shape), wave.chosen(numpy.concatenate(blocks))
    if rest:
        yield None, wave.chosen(numpy.concatenate(rest))


def _vectors(slots: Array) -> Array:
    """Number the different rows, in the order of the slots they begin with."""
    _, first, back = numpy.unique(of_rows(slots), return_index=True, return_inverse=True)
    rank = numpy.empty(len(first), numpy.int64)
    rank[numpy.lexsort(slots[first, :2].T[::-1])] = numpy.arange(len(first))
    return rank[back]


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
