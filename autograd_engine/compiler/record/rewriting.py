"""Rewriting: a tape of other operations, or of fewer, that computes the same numbers.

An operation of several operands is written out in those of one and two as its row says, of which
arrays can be made, `x**number` as a power of two operands. Somebody's own is read as a formula: its
forward function for the value, its partials for the derivatives.

What is computed twice is computed once. A rewrite must be exact for every number, with NaN,
infinities and signed zeros: so x * 1.0 is x, but x * 0.0 and x + 0.0 stay what they are.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial, reduce
from math import copysign
from typing import Any

from autograd_engine.compiler.record.symbols import INCLINE, Symbol, remembered
from autograd_engine.compiler.record.tape import COMPUTED, NUMBER, Draft, Tape
from autograd_engine.primitives import TABLE, Primitive, checked
from autograd_engine.real import as_float
from autograd_engine.table import ADD, DIVIDE, DOT, MULTIPLY, POWER, SUBTRACT, SUM, azmul, stopped

_COMMUTING = (ADD, MULTIPLY)
# Second operands, with their signs, that leave the first as it was: x + -0.0, x - 0.0, x * 1.0, ...
_SAME = {(ADD, 0.0): -1.0, (SUBTRACT, 0.0): 1.0}
_SAME |= {(rule, 1.0): 1.0 for rule in (MULTIPLY, DIVIDE, POWER)}


class Unwritable(ValueError):
    """Names a primitive of several operands that is no formula, and so cannot be written out."""


def written_out(tape: Tape, own: bool = False, kept: Sequence[Primitive] = ()) -> Tape:
    """Return the tape with all its operations elementary: of one operand or of two; with `own`,
    none but those of the table. Those to be `kept` stay as they are.

    Where that cannot be raises `Unwritable`.
    """
    long = {rule for rule in tape.rules if rule not in kept and is_long(rule, own)}
    if long or any(rule.name.startswith("**") for rule in tape.rules):
        return _Writer(tape, own, long).tape()
    return tape


def is_long(rule: Primitive, own: bool) -> bool:
    """Say whether an operation has to be written out; with `own`, also somebody's own."""
    if rule.several or rule.written_out is not None:
        return True
    known = TABLE.get(rule.name) is rule or rule is INCLINE or rule.name.startswith("**")
    return own and not known


class _Writer:
    def __init__(self, tape: Tape, own: bool, long: set[Primitive]) -> None:
        self.old, self.own, self.long = tape, own, long
        self.draft = Draft(tape)
        self.seen: dict[tuple[Any, ...], int] = {}  # as entries of one softmax have in common

    def tape(self) -> Tape:
        tape, start, number = self.old, self.old.start, self.draft.number
        at = [*range(tape.first), *map(self.place, tape.constants)]
        for rule, below in tape.instructions():
            places = [at[place] for place in below]
            if rule not in self.long:
                at.append(self.append(rule, *places))
            elif rule is SUM or rule is DOT:
                at.append(self.chained(rule, places))
            else:
                given = [number[p] if p in number else _Placed(p, self) for p in places]
                at.append(self.place(self.applied(rule, given)))
        computed = self.draft.kinds
        names = {
            at[place]: name
            for place, name in tape.names.items()
            if place < start or computed[at[place]] > NUMBER  # not a sum of one: its operand
        }
        return self.draft.tape([at[place] for place in tape.outputs], names)

    def append(self, rule: Primitive, *places: int) -> int:
        """Append an operation; return the place of its result, of constants a constant."""
        number = self.draft.number
        if rule in _COMMUTING and all(place in number for place in places):
            return self.place(rule.forward(*[number[place] for place in places]))
        if rule.name.startswith("**") and not rule.several:
            rule, places = POWER, (*places, self.place(float(rule.name[2:])))
        return self.draft.computed(rule, places)

    def chained(self, rule: Primitive, places: Sequence[int]) -> int:
        """Write out a sum or a dot product, as `applied` does, but without a symbol for each."""
        terms = [*places]
        if rule is DOT:
            odd = len(places) % 2
            pairs = zip(places[odd::2], places[odd + 1 :: 2])
            terms = [*places[:odd], *[self.append(MULTIPLY, x, y) for x, y in pairs]]
        return reduce(partial(self.append, ADD), terms)

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
        except Exception as error:  # whatever somebody's function does not do with a symbol
            raise Unwritable(
                f"{rule.name!r} has no formula: its forward function or its partials branch, or "
                f"call functions that are not of this package: {error}"
            ) from error
        return total

    def place(self, item: Any) -> int:
        """Return the place of what was written, or give a number one."""
        return item.place if isinstance(item, _Placed) else self.draft.constant(as_float(item))


class _Placed(Symbol):
    """A place on the tape, to be computed with."""

    __slots__ = ("place", "writer")

    def __init__(self, place: int, writer: _Writer) -> None:
        super().__init__()
        self.place, self.writer = place, writer

    def __primitive__(self, rule: Primitive, operands: tuple[Any, ...]) -> Any:
        return self.writer.applied(rule, operands)


def common(tape: Tape) -> Tape:
    """Return a tape of the same outputs, leaves and inputs in which nothing is computed twice.

    Values agree to the last digit, but x**2.0, as x * x, rounds but once. Gradients agree up to
    the order in which they are summed.
    """
    tape = written_out(tape)
    draft = Draft(tape)
    number, kinds, rules = draft.number, draft.kinds, [*tape.rules, MULTIPLY]
    places = [*range(tape.first), *map(draft.constant, tape.constants)]
    append, commuting = places.append, [rule in _COMMUTING for rule in rules]
    seen: dict[tuple[int, int, int], int] = {}
    for op, first, second in zip(tape.op, tape.x, tape.y):
        x = places[first]
        y = places[second] if second >= 0 else x
        if commuting[op] and (kinds[x] == NUMBER or (y < x and kinds[y] != NUMBER)):
            x, y = y, x
        if kinds[y] == NUMBER:
            if copysign(1.0, number[y]) == _SAME.get((rules[op], number[y])):
                append(x)
                continue
            if rules[op] is POWER and number[y] == 2.0:
                op, y = rules.index(MULTIPLY), x
        place = seen.setdefault((op, x, y), len(kinds))
        if place == len(kinds):
            kinds.append(COMPUTED)  # as `computed`, without a call
            draft.op.append(draft.rules.setdefault(rules[op], len(draft.rules)))
            draft.x.append(x)
            draft.y.append(-1 if second < 0 else y)
        append(place)
    names: dict[int, str] = {}
    for place, name in tape.names.items():
        names.setdefault(places[place], name)
    return draft.tape([places[place] for place in tape.outputs], names)


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
    op, hidden = array("i", tape.op), bytearray(tape.size)
    number = dict(enumerate(tape.constants, tape.first)).get
    for k in range(len(op) - 1, -1, -1):
        x, y, place = tape.x[k], tape.y[k], tape.start + k
        if op[k] == absolute and not hidden[place]:
            op[k] = plain
        hidden[x] |= hidden[place] or _hides(rules[op[k]], 0, number(y))
        if y >= 0:
            hidden[y] |= hidden[place] or _hides(rules[op[k]], 1, number(x))
    return replace(tape, rules=rules, op=op)


@remembered
def _hides(rule: Primitive, which: int, other: float | None) -> bool:
    """Say whether a result can be a number where one operand is NaN, the other, if known, this."""
    for probe in (0.0, 1.0, -1.0, math.inf, -math.inf) if other is None else (other,):
        operands = [probe] * len(rule.domain)
        operands[which] = math.nan
        with suppress(Exception):  # which back ends give as NaN
            if not math.isnan(rule.forward(*operands)):
                return True
    return False
