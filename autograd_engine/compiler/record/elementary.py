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

from collections.abc import Sequence
from typing import Any

from autograd_engine.compiler.record.symbols import INCLINE, Symbol
from autograd_engine.compiler.record.tape import NUMBER, Draft, Tape
from autograd_engine.primitives import TABLE, Primitive, checked
from autograd_engine.real import as_float
from autograd_engine.table import ADD, DOT, MULTIPLY, POWER, SUM, stopped


class Unwritable(ValueError):
    """Names a primitive of several operands that is no formula, and so cannot be written out."""


def written_out(
    tape: Tape, strict: bool = True, own: bool = False, kept: Sequence[Primitive] = ()
) -> Tape:
    """Return the tape with all its operations elementary: of one operand or of two; with `own`,
    none but those of the table. Those to be `kept` stay as they are.

    Where that cannot be raises `Unwritable`; if not `strict`, leaves the operation as it is.
    """
    long = {rule for rule in tape.rules if rule not in kept and is_long(rule, own)}
    powers = any(rule.name.startswith("**") for rule in tape.rules)
    return _Writer(tape, strict, own, long).tape() if long or powers else tape


def is_long(rule: Primitive, own: bool) -> bool:
    """Say whether an operation has to be written out; with `own`, also somebody's own."""
    if rule.several or rule.written_out is not None:
        return True
    known = TABLE.get(rule.name) is rule or rule is INCLINE or rule.name.startswith("**")
    return own and not known


class _Writer:
    """The tape that is being written."""

    def __init__(self, tape: Tape, strict: bool, own: bool, long: set[Primitive]) -> None:
        self.old, self.strict, self.own, self.long = tape, strict, own, long
        self.draft = Draft(tape)
        self.shared: dict[tuple[int, ...], dict[tuple[Any, ...], int]] = {}
        self.seen: dict[tuple[Any, ...], int] = {}

    def tape(self) -> Tape:
        tape, start = self.old, self.old.start
        at = [*range(tape.first), *map(self.place, tape.constants)]
        for rule, below in tape.instructions():
            places = [at[place] for place in below]
            if rule not in self.long:
                at.append(self.append(rule, *places))
            elif rule is SUM or rule is DOT:
                at.append(self.chained(rule, places))
            else:
                at.append(self.write(rule, places))
        computed = self.draft.kinds
        names = {
            at[place]: name
            for place, name in tape.names.items()
            if place < start or computed[at[place]] > NUMBER  # not a sum of one: its operand
        }
        return self.draft.tape([at[place] for place in tape.outputs], names)

    def append(self, rule: Primitive, *places: int) -> int:
        """Append an operation; return the place of its result."""
        if rule.name.startswith("**") and not rule.several:
            rule, places = POWER, (*places, self.place(float(rule.name[2:])))
        return self.draft.computed(rule, places)

    def chained(self, rule: Primitive, places: Sequence[int]) -> int:
        """Write out a sum or a dot product, as `write` does, but without a symbol for each."""
        if rule is SUM:
            terms: list[int] = [*places]
        else:
            odd = len(places) % 2
            pairs = zip(places[odd::2], places[odd + 1 :: 2])
            terms = [*places[:odd], *[self.folded(MULTIPLY, x, y) for x, y in pairs]]
        found = terms[0]
        for term in terms[1:]:
            found = self.folded(ADD, found, term)
        return found

    def folded(self, rule: Primitive, x: int, y: int) -> int:
        """Return the place of an operation on two, a constant where both are."""
        number = self.draft.number
        if x in number and y in number:
            return self.place(rule.forward(number[x], number[y]))
        return self.draft.computed(rule, (x, y))

    def write(self, rule: Primitive, places: Sequence[int]) -> int:
        """Write out an operation; return the place of its result."""
        number = self.draft.number
        given = [number[p] if p in number else _Placed(p, self) for p in places]
        # Entries of one softmax are made of the same exponentials and their sum.
        entry = "softmax[" in rule.name
        self.seen = self.shared.setdefault(tuple(places), {}) if entry else {}
        try:
            return self.place(self.applied(rule, given))
        except Unwritable:
            if self.strict:
                raise
            return self.append(rule, *places)

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
        return item.place if isinstance(item, _Placed) else self.draft.constant(as_float(item))


class _Placed(Symbol):
    """A place on the tape, to be computed with."""

    __slots__ = ("place", "writer")

    def __init__(self, place: int, writer: _Writer) -> None:
        super().__init__()
        self.place = place
        self.writer = writer

    def __primitive__(self, rule: Primitive, operands: tuple[Any, ...]) -> Any:
        return self.writer.applied(rule, operands)
