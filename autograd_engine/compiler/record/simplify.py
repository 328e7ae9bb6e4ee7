"""Simplify: a tape of fewer values that computes the same numbers.

What is computed twice is computed once, what has constants only for operands is a constant,
what no output needs is left out. A rewrite must be exact for every number, with NaN,
infinities and signed zeros: so x * 1.0 is x, but x * 0.0 and x + 0.0 stay what they are.

>>> from autograd_engine.compiler.record.tape import record
>>> from autograd_engine.engine import Value
>>> a, b = Value(2.0), Value(3.0)
>>> [(rule.name, places) for rule, places in common(record([a * b + b * a * 1.0])).instructions()]
[('multiply', (0, 1)), ('add', (2, 2))]
"""

from __future__ import annotations

import math
import struct
from array import array
from dataclasses import replace
from functools import lru_cache
from math import copysign
from typing import Any

import numpy

from autograd_engine.compiler.record.elementary import written_out
from autograd_engine.compiler.record.tape import Tape
from autograd_engine.primitives import Primitive
from autograd_engine.table import ADD, DIVIDE, MULTIPLY, POWER, SUBTRACT, azmul

_COMMUTING = (ADD, MULTIPLY)


def common(tape: Tape) -> Tape:
    """Return a tape of the same outputs, leaves and inputs in which nothing is computed twice.

    Linear in time and memory. Values agree to the last digit, apart from x**2.0 and x**-1.0,
    which become x * x and 1.0 / x: these round once, `pow` within one unit in the last place.
    Gradients agree up to the order in which they are summed.
    """
    return _Simplifier(written_out(tape)).tape()


def lowered(tape: Tape) -> Tape:
    """Return the tape with absolute products as plain ones, of which grids are matrix products;
    one that has some in elementary operations.

    Its rules still name `azmul`, by which one knows that it holds derivatives. The two differ
    where 0 meets what is not finite: there a plain product is NaN, so is all that is computed
    from it, and a result that is NaN is computed once more as the engine does. A product is
    left as it is where something behind it could hide the NaN, as a comparison does.
    """
    if azmul not in tape.rules:
        return tape
    tape = written_out(tape)
    rules = tape.rules if MULTIPLY in tape.rules else [*tape.rules, MULTIPLY]
    absolute, plain = rules.index(azmul), rules.index(MULTIPLY)
    op, fixed = array("i", tape.op), tape.start - len(tape.constants)
    hidden = bytearray(tape.size)

    def number(place: int) -> float | None:
        return tape.constants[place - fixed] if fixed <= place < tape.start else None

    for place in range(tape.size - 1, tape.start - 1, -1):
        k = place - tape.start
        x, y, rule = tape.x[k], tape.y[k], rules[op[k]]
        if op[k] == absolute and not hidden[place]:
            op[k], rule = plain, MULTIPLY
        hidden[x] |= hidden[place] or _hides(rule, 0, None if y < 0 else number(y))
        if y >= 0:
            hidden[y] |= hidden[place] or _hides(rule, 1, number(x))
    return replace(tape, rules=rules, op=op)


@lru_cache(maxsize=1024)
def _hides(rule: Primitive, which: int, other: float | None) -> bool:
    """Say whether a result can be a number where one operand is NaN and the other, if known, is
    this number.

    >>> _hides(MULTIPLY, 0, None), _hides(POWER, 0, None), _hides(POWER, 0, 2.0)
    (False, True, False)
    """
    for probe in (0.0, 1.0, -1.0, math.inf, -math.inf) if other is None else (other,):
        operands = [probe] * len(rule.domain)
        operands[which] = math.nan
        try:
            if not math.isnan(rule.forward(*operands)):
                return True
        except (ArithmeticError, ValueError):  # which back ends give as NaN
            continue
        except Exception:  # whatever somebody's own function does with NaN
            return True
    return False


class _Simplifier:
    """The tape that is being built.

    The place of a constant on it is negative until all are known, -1 for the first. A missing
    operand is the first one once more.
    """

    def __init__(self, tape: Tape) -> None:
        self.old = tape
        self.leaves = tape.start - len(tape.constants)
        self.constants: dict[bytes, int] = {}  # by their bits: 0.0 is not -0.0, and NaN is NaN
        self.numbers: list[float] = []
        self.rules: dict[Primitive, int] = {rule: i for i, rule in enumerate(tape.rules)}
        self.op, self.x, self.y = array("i"), array("i"), array("i")

    def tape(self) -> Tape:
        places = array("i", range(self.leaves))
        places.extend(self.constant(number) for number in self.old.constants)
        self.merge(places)
        return self.finished(places)

    def constant(self, number: float) -> int:
        """Return the place of a constant, new or not."""
        found = self.constants.setdefault(struct.pack("d", number), len(self.numbers))
        if found == len(self.numbers):
            self.numbers.append(number)
        return -1 - found

    def merge(self, places: array[int]) -> None:
        """Append the place of each value that the old tape computes."""
        rules, append = self.old.rules, places.append
        commuting = [rule in _COMMUTING for rule in rules]
        seen: dict[int, int] = {}
        wide = 2 * self.old.size + 4  # so that no two operations have the same key
        for op, x, y in zip(self.old.op, self.old.x, self.old.y):
            x = places[x]
            y = x if y < 0 else places[y]
            if x < 0 or y < 0:
                found = self.simplified(rules[op], x, y)
                if isinstance(found, int):
                    append(found)
                    continue
                rule, x, y = found
                op = self.rules.setdefault(rule, len(self.rules))
            elif y < x and commuting[op]:
                x, y = y, x
            place = seen.setdefault((op * wide + x) * wide + y, self.leaves + len(self.op))
            if place == self.leaves + len(self.op):
                self.op.append(op)
                self.x.append(x)
                self.y.append(y)
            append(place)

    def simplified(self, rule: Primitive, x: int, y: int) -> int | tuple[Primitive, int, int]:
        """Return the place of an operation with a constant operand, or a simpler operation."""
        if x < 0 and y < 0:
            operands = [self.numbers[-1 - place] for place in (x, y)][: len(rule.domain)]
            try:
                return self.constant(float(rule.forward(*operands)))
            except (ArithmeticError, ValueError):  # left to those who run the tape
                return rule, x, y
        if rule in _COMMUTING and x < 0:
            x, y = y, x
        if y >= 0:
            return rule, x, y
        number = self.numbers[-1 - y]
        if copysign(1.0, number) == _SAME.get((rule, number)):
            return x
        if rule is POWER and number == 2.0:
            return MULTIPLY, x, x
        if rule is POWER and number == -1.0:
            return DIVIDE, self.constant(1.0), x
        return rule, x, y

    def finished(self, places: array[int]) -> Tape:
        """Return the new tape: what no output needs is dropped, and constants get their places."""
        outputs = [places[place] for place in self.old.outputs]
        needed, numbers = self.needed(outputs)
        start = self.leaves + int(numbers.sum())
        moved = numpy.full(self.leaves + len(needed) + len(numbers), -1, numpy.int32)
        moved[: self.leaves] = numpy.arange(self.leaves)
        moved[self.leaves : self.leaves + len(needed)] = start - 1 + numpy.cumsum(needed)
        constants = self.leaves - 1 + numpy.cumsum(numbers)
        moved[len(moved) - len(numbers) :] = constants[::-1]  # a negative place counts from the end
        op, x, y = (
            numpy.array(column, numpy.int32)[needed] for column in (self.op, self.x, self.y)
        )
        rules = list(self.rules)
        unary = numpy.array([len(rule.domain) == 1 for rule in rules], bool)[op]
        names: dict[int, str] = {}
        for place, name in self.old.names.items():
            if self.kept(places[place], needed, numbers):
                names.setdefault(int(moved[places[place]]), name)
        return Tape(
            parameters=self.old.parameters,
            others=self.old.others,
            inputs=self.old.inputs,
            constants=[number for number, kept in zip(self.numbers, numbers.tolist()) if kept],
            rules=rules,
            op=_column(op),
            x=_column(moved[x]),
            y=_column(numpy.where(unary, -1, moved[y])),
            outputs=moved[outputs].tolist(),
            names=names,
        )

    def needed(self, outputs: list[int]) -> tuple[Any, Any]:
        """Return which computed values and which constants an output stands on."""
        size = self.leaves + len(self.op)
        marks = bytearray(size + len(self.numbers))
        for place in outputs:
            marks[place] = 1
        columns = zip(range(size - 1, -1, -1), reversed(self.x), reversed(self.y))
        for place, x, y in columns:
            if marks[place]:
                marks[x] = marks[y] = 1
        found = numpy.frombuffer(marks, numpy.uint8).astype(bool)
        return found[self.leaves : size], found[size:][::-1]

    def kept(self, place: int, needed: Any, numbers: Any) -> bool:
        if place < 0:
            return bool(numbers[-1 - place])
        return place < self.leaves or bool(needed[place - self.leaves])


# Second operands, with their signs, that leave the first as it was: x + -0.0, x - 0.0, x * 1.0, ...
_SAME = {
    (ADD, 0.0): -1.0,
    (SUBTRACT, 0.0): 1.0,
    (MULTIPLY, 1.0): 1.0,
    (DIVIDE, 1.0): 1.0,
    (POWER, 1.0): 1.0,
}


def _column(numbers: Any) -> array[int]:
    return array("i", numbers.astype(numpy.int32).tobytes())
