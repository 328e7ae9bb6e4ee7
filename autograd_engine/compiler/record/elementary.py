"""Elementary: a tape of operations of one operand and of two, of which arrays can be made.

An operation of several operands is written out as its row says, `x**number` as a power of two
operands. Somebody's own is read as a formula: its forward function for the value, its partials
for the derivatives.

>>> from autograd_engine import Value, dot
>>> from autograd_engine.compiler.record.tape import record
>>> tape = record([dot([Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)])])
>>> [(rule.name, places) for rule, places in written_out(tape).instructions()]
[('multiply', (0, 1)), ('multiply', (2, 3)), ('add', (4, 5))]
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy

from autograd_engine.compiler.record.symbols import INCLINE, Symbol
from autograd_engine.compiler.record.tape import Tape
from autograd_engine.partials import checked
from autograd_engine.primitives import TABLE, Primitive
from autograd_engine.real import as_float
from autograd_engine.table import ADD, DOT, MULTIPLY, POWER, SUM, stopped


class Unwritable(ValueError):
    """Names a primitive of several operands that is no formula, and so cannot be written out."""


def written_out(tape: Tape, strict: bool = True, own: bool = False) -> Tape:
    """Return the tape with all its operations elementary: of one operand or of two; with `own`,
    none but those of the table.

    Where that cannot be raises `Unwritable`; if not `strict`, leaves the operation as it is.
    """
    if any(is_long(rule, own) or rule.name.startswith("**") for rule in tape.rules):
        return _Writer(tape, strict, own).result()
    return tape


def is_long(rule: Primitive, own: bool) -> bool:
    """Say whether an operation has to be written out; with `own`, also somebody's own."""
    if rule.several or rule.written_out is not None:
        return True
    known = TABLE.get(rule.name) is rule or rule is INCLINE or rule.name.startswith("**")
    return own and not known


Array = Any
BASE = 1 << 30
"""Added to the places of what is computed, until it is known how many constants stand before."""


class _Writer:
    """The tape that is being written."""

    def __init__(self, tape: Tape, strict: bool, own: bool) -> None:
        self.old, self.strict, self.own = tape, strict, own
        self.first = tape.start - len(tape.constants)  # where constants stand, up to BASE
        self.numbers = list(tape.constants)
        self.known = {number.hex(): self.first + i for i, number in enumerate(self.numbers)}
        self.rules: dict[Primitive, int] = {}
        self.op, self.x, self.y = array("i"), array("i"), array("i")
        self.many: list[tuple[int, ...]] = []
        self.shared: dict[tuple[int, ...], dict[tuple[Any, ...], int]] = {}
        self.seen: dict[tuple[Any, ...], int] = {}

    def result(self) -> Tape:
        tape, start = self.old, self.old.start
        at = list(range(start))  # the place of each old one
        long = [is_long(rule, self.own) for rule in tape.rules]
        chains = [rule in (DOT, SUM) for rule in tape.rules]
        later: dict[tuple[Primitive, int], list[tuple[int, tuple[int, ...]]]] = {}
        for number, (rule, places) in zip(tape.op, tape.instructions()):
            count = len(places) - 1
            if not long[number]:
                at.append(self.append(rule, *[at[place] for place in places]))
            elif chains[number] and count and not self.folds(rule, places):
                later.setdefault((rule, len(places)), []).append((len(self.op), places))
                for column in (self.op, self.x, self.y):
                    column.frombytes(bytes(4 * count))
                at.append(BASE + len(self.op) - 1)
            else:
                at.append(self.write(rule, *[at[place] for place in places]))
        known = numpy.array(at, numpy.int32)
        for (rule, _), found in later.items():
            self.fill(
                rule,
                numpy.array([begin for begin, _ in found], numpy.int32),
                known[numpy.array([places for _, places in found])],
            )
        shift = self.first + len(self.numbers) - BASE

        def final(places: Sequence[int]) -> Any:
            found = numpy.array(places, numpy.int32)
            return numpy.where(found >= BASE, found + shift, found)

        places = final(at).tolist()
        names: dict[int, str] = {}
        for place, name in tape.names.items():
            if place < start or at[place] >= BASE:  # not a sum of one, which is its operand
                names[places[place]] = name
        return replace(
            tape,
            constants=self.numbers,
            rules=list(self.rules),
            op=self.op,
            x=array("i", final(self.x).tobytes()),
            y=array("i", final(self.y).tobytes()),
            outputs=[places[place] for place in tape.outputs],
            names=names,
            many=tuple([tuple(final(operands).tolist()) for operands in self.many]),
        )

    def append(self, rule: Primitive, x: int, y: int = -1) -> int:
        """Append an operation; return the place of its result."""
        if y == -1 and rule.name.startswith("**"):
            rule, y = POWER, self.place(float(rule.name[2:]))
        self.op.append(self.rules.setdefault(rule, len(self.rules)))
        self.x.append(x)
        self.y.append(y)
        return BASE + len(self.op) - 1

    def write(self, rule: Primitive, *places: int) -> int:
        """Write out an operation; return the place of its result."""
        constant = [self.first <= place < BASE for place in places]
        operands = [
            self.numbers[place - self.first] if is_number else _Placed(place, self)
            for place, is_number in zip(places, constant)
        ]
        # Entries of one softmax are made of the same exponentials and their sum.
        self.seen = self.shared.setdefault(places, {}) if "softmax[" in rule.name else {}
        try:
            return self.place(self.applied(rule, operands))
        except Unwritable:
            if self.strict:
                raise
            self.many.append(places)
            return self.append(rule, places[0], -1 - len(self.many))

    def folds(self, rule: Primitive, places: tuple[int, ...]) -> bool:
        """Say whether a sum, or a product in a dot product, has constants only."""
        first, last = self.first, self.old.start
        if rule is SUM:
            return first <= places[0] < last and first <= places[1] < last
        odd = len(places) % 2
        pairs = zip(places[odd::2], places[odd + 1 :: 2])
        return any(first <= x < last and first <= y < last for x, y in pairs)

    def fill(self, rule: Primitive, begin: Array, operands: Array) -> None:
        """Write out sums or dot products of one length, all at once: from where each begins."""
        add, multiply = (self.rules.setdefault(found, len(self.rules)) for found in (ADD, MULTIPLY))
        op, x, y = (numpy.frombuffer(column, numpy.int32) for column in (self.op, self.x, self.y))
        total, terms = operands[:, :1], operands[:, 1:]
        sums = begin[:, None] + numpy.arange(terms.shape[1], dtype=numpy.int32)
        if rule is DOT:
            if operands.shape[1] % 2 == 0:
                op[begin], x[begin], y[begin] = multiply, operands[:, 0], operands[:, 1]
                total, terms, sums = BASE + begin[:, None], operands[:, 2:], sums[:, 1:]
            products, sums = sums[:, ::2], sums[:, 1::2]
            op[products], x[products], y[products] = multiply, terms[:, ::2], terms[:, 1::2]
            terms = BASE + products
        op[sums], y[sums] = add, terms
        x[sums] = numpy.hstack([total, BASE + sums])[:, : sums.shape[1]]

    def applied(self, rule: Primitive, operands: Sequence[Any]) -> Any:
        """Append whatever an operation on places and numbers is made of; return its result."""
        if rule.written_out is not None:
            return rule.written_out(*operands)
        if is_long(rule, self.own):
            return self.read(rule, operands)
        key: tuple[Any, ...] = (rule, *map(self.place, operands))
        if key not in self.seen:
            self.seen[key] = self.append(*key)
        return _Placed(self.seen[key], self)

    def read(self, rule: Primitive, operands: Sequence[Any]) -> Any:
        """Return what somebody's own primitive computes, with the slopes that it says.

        Where these are made of the output, their own slopes are made of the formula's.
        """
        try:
            out = rule.forward(*operands)
            slopes = checked(rule, rule.partials(out, *operands), len(operands))
            total = stopped(out)
            for operand, slope in zip(operands, slopes):
                if isinstance(operand, _Placed):
                    total = total + INCLINE(operand, slope)
        except Unwritable:
            raise
        except Exception as error:  # whatever somebody's function does not do with a symbol
            raise Unwritable(
                f"{rule.name!r} has no formula: its forward function or its partials branch, or "
                f"call functions that are not of this package: {error}"
            ) from error
        return total

    def place(self, item: Any) -> int:
        """Return the place of what was written, or give a number one."""
        if isinstance(item, _Placed):
            return item.place
        number = as_float(item)
        found = self.known.setdefault(number.hex(), self.first + len(self.numbers))
        if found == self.first + len(self.numbers):
            self.numbers.append(number)
        return found


class _Placed(Symbol):
    """A place on the tape, to be computed with."""

    __slots__ = ("place", "writer")

    def __init__(self, place: int, writer: _Writer) -> None:
        super().__init__()
        self.place = place
        self.writer = writer

    def __primitive__(self, rule: Primitive, operands: tuple[Any, ...]) -> Any:
        return self.writer.applied(rule, operands)
