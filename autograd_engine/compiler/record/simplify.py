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
from array import array
from dataclasses import replace
from functools import lru_cache
from itertools import compress
from math import copysign
from typing import Any

import numpy

from autograd_engine.compiler.record.elementary import written_out
from autograd_engine.compiler.record.tape import COMPUTED, NUMBER, Draft, Tape
from autograd_engine.primitives import Primitive
from autograd_engine.table import ADD, DIVIDE, MULTIPLY, POWER, SUBTRACT, azmul

_COMMUTING = (ADD, MULTIPLY)


def common(tape: Tape) -> Tape:
    """Return a tape of the same outputs, leaves and inputs in which nothing is computed twice.

    Values agree to the last digit, but x**2.0 and x**-1.0, as x * x and 1.0 / x, round but once.
    Gradients agree up to the order in which they are summed.
    """
    return _needed(_merged(written_out(tape)))


def lowered(tape: Tape) -> Tape:
    """Return the tape with absolute products as plain ones, of which grids are matrix products;
    one that has some in elementary operations. Its rules still name `azmul`.

    The two differ where 0 meets what is not finite: there a plain product is NaN, and a result that
    is NaN is computed once more as the engine does. A product is left as it is where something
    behind it could hide the NaN, as a comparison does.
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
    """Say whether a result can be a number where one operand is NaN, the other, if known, this."""
    for probe in (0.0, 1.0, -1.0, math.inf, -math.inf) if other is None else (other,):
        operands = [probe] * len(rule.domain)
        operands[which] = math.nan
        try:
            if not math.isnan(rule.forward(*operands)):
                return True
        except Exception as error:  # of arithmetic: which back ends give as NaN
            if not isinstance(error, (ArithmeticError, ValueError)):
                return True
    return False


def _merged(tape: Tape) -> Tape:
    """Return the tape with what is computed twice, or of constants only, computed once."""
    draft = Draft(tape)
    kinds, rules = draft.kinds, draft.rules
    rules.update({rule: i for i, rule in enumerate(tape.rules)})
    places = array("i", [*range(tape.first), *map(draft.constant, tape.constants)])
    append = places.append
    commuting = [rule in _COMMUTING for rule in tape.rules]
    seen: dict[int, int] = {}
    wide = 2 * tape.size + 4  # so that no two operations have the same key
    for op, x, y in zip(tape.op, tape.x, tape.y):
        alone, x = y < 0, places[x]
        y = x if alone else places[y]
        if kinds[x] == NUMBER or kinds[y] == NUMBER:
            found = _simplified(draft, tape.rules[op], x, None if alone else y)
            if isinstance(found, int):
                append(found)
                continue
            rule, x, y = found
            op = rules.setdefault(rule, len(rules))
        elif y < x and commuting[op]:
            x, y = y, x
        place = seen.setdefault((op * wide + x) * wide + y, len(kinds))
        if place == len(kinds):
            kinds.append(COMPUTED)
            draft.op.append(op)
            draft.x.append(x)
            draft.y.append(-1 if alone else y)
        append(place)
    names: dict[int, str] = {}
    for place, name in tape.names.items():
        names.setdefault(places[place], name)
    return draft.tape([places[place] for place in tape.outputs], names)


def _simplified(
    draft: Draft, rule: Primitive, x: int, y: int | None
) -> int | tuple[Primitive, int, int]:
    """Return the place of an operation with a constant operand, or a simpler operation."""
    number = draft.number
    places = (x,) if y is None else (x, y)
    if all(place in number for place in places):
        try:
            return draft.constant(float(rule.forward(*map(number.__getitem__, places))))
        except (ArithmeticError, ValueError):  # left to those who run the tape
            return rule, x, places[-1]
    assert y is not None
    if rule in _COMMUTING and x in number:
        x, y = y, x
    if y not in number:
        return rule, x, y
    if copysign(1.0, number[y]) == _SAME.get((rule, number[y])):
        return x
    if rule is POWER and number[y] == 2.0:
        return MULTIPLY, x, x
    if rule is POWER and number[y] == -1.0:
        return DIVIDE, draft.constant(1.0), x
    return rule, x, y


def _needed(tape: Tape) -> Tape:
    """Return the tape without the constants and computed values that no output stands on."""
    marks = bytearray(tape.size + 1)  # one more, for an operand that is missing
    for place in tape.outputs:
        marks[place] = 1
    for place, x, y in zip(range(tape.size - 1, -1, -1), reversed(tape.x), reversed(tape.y)):
        if marks[place]:
            marks[x] = marks[y] = 1
    kept = numpy.frombuffer(marks, numpy.uint8)[:-1] > 0
    kept[: tape.first] = True
    computed = kept[tape.start :]
    to = numpy.append(numpy.cumsum(kept, dtype=numpy.int32) - 1, numpy.int32(-1))

    def column(given: array[int]) -> Any:
        return numpy.frombuffer(given, numpy.int32)[computed]

    return replace(
        tape,
        constants=[*compress(tape.constants, kept[tape.first :].tolist())],
        op=array("i", column(tape.op).tobytes()),
        x=array("i", to[column(tape.x)].tobytes()),
        y=array("i", to[column(tape.y)].tobytes()),
        outputs=to[tape.outputs].tolist(),
        names={int(to[place]): name for place, name in tape.names.items() if kept[place]},
    )


# Second operands, with their signs, that leave the first as it was: x + -0.0, x - 0.0, x * 1.0, ...
_SAME = {
    (ADD, 0.0): -1.0,
    (SUBTRACT, 0.0): 1.0,
    (MULTIPLY, 1.0): 1.0,
    (DIVIDE, 1.0): 1.0,
    (POWER, 1.0): 1.0,
}
