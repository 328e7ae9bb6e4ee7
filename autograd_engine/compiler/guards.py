"""Guards: what a function asked of its Values while it was compiled must come out the same again.

A program holds only the branch that was taken. So each comparison becomes a value of the
graph like any other, an output that the program computes along and holds against how it came
out then.

>>> from autograd_engine.engine import Value
>>> x = Value(2.0)
>>> with Watch() as watch:
...     y = x * 2.0 if x > 1.0 else x
>>> [(guard.value.op, guard.holds) for guard in watch.guards]
[('>', True)]
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autograd_engine.engine import CONSTANT, Primitive, Value, above, at_least, equals
from autograd_engine.recording import Blocks, recording
from autograd_engine.sources import place

if TYPE_CHECKING:  # a GuardError can be caught where there is no NumPy
    from autograd_engine.compiler.tape import Tape

COMPARISONS: dict[str, tuple[str, Primitive, bool]] = {
    "less": ("<", above, True),
    "less_equal": ("<=", at_least, True),
    "greater": (">", above, False),
    "greater_equal": (">=", at_least, False),
    "equal": ("==", equals, False),
    "not_equal": ("!=", equals, False),
}
"""How each comparison is written, the row that decides it, and whether on swapped operands."""


class GuardError(RuntimeError):
    """A comparison came out otherwise than when the function was compiled."""


@dataclass(frozen=True)
class Guard:
    """A comparison that a function made: of what, how it came out, and the value that decides it.

    `label` is that of the first operand, `numbers` are those of both at the time.
    """

    name: str
    label: str
    numbers: tuple[float, float]
    holds: bool
    value: Value
    file: str
    line: int
    text: str

    @property
    def place(self) -> str:
        """File, line number and, where it can be read, the line."""
        return f"{self.file}, line {self.line}" + (f": {self.text}" if self.text else "")


class Watch(Blocks):
    """Inside this block each comparison of Values that is made here is noted in `guards`, once.

    Comparisons of constants alone come out the same for ever, and are not.
    """

    def __init__(self) -> None:
        super().__init__()
        self._found: dict[tuple[Any, ...], Guard] = {}

    @property
    def guards(self) -> list[Guard]:
        """The comparisons, in the order in which they were first made."""
        return list(self._found.values())

    def __enter__(self) -> Watch:
        self._begin("watched", self._note)
        return self

    def __exit__(self, *error: object) -> None:
        self._end()

    def _note(self, name: str, x: Value, y: Value, holds: bool) -> None:
        if x.rule is CONSTANT and y.rule is CONSTANT:
            return
        file, line, text = place("numpy")  # which compares for `array.max()`
        key = (name, _identity(x), _identity(y), file, line)
        if key not in self._found:
            _, rule, swapped = COMPARISONS[name]
            with recording():
                value = rule(y, x) if swapped else rule(x, y)
            self._found[key] = Guard(
                name, x.label, (x.data, y.data), holds, value, file, line, text
            )


def _identity(value: Value) -> object:
    return value.data.hex() if value.rule is CONSTANT else id(value)


class Guards:
    """The guards of a tape, whose values are its outputs from `first` on."""

    def __init__(self, tape: Tape, first: int, guards: list[Guard]) -> None:
        # One that no leaf has a part in has become a constant.
        kept = [
            (guard, place)
            for guard, place in zip(guards, tape.outputs[first:])
            if place >= tape.start
        ]
        tape.outputs[first:] = [place for _, place in kept]
        self._tape = tape
        self._first = first
        self.kept = [guard for guard, _ in kept]
        self.expected = [guard.value.data for guard in self.kept]

    def __len__(self) -> int:
        return len(self.kept)

    def check(self, outputs: Any, leaves: Any, rows: Any) -> None:
        """Raise `GuardError` for the first guard in the first row that came out otherwise."""
        expected = self.expected
        for i, found in enumerate(outputs[:, self._first :].tolist()):
            if found != expected:
                which = next(k for k, number in enumerate(found) if number != expected[k])
                given = leaves.tolist() + ([] if rows is None else rows[i].tolist())
                where = f" in row {i}" if rows is not None and len(rows) > 1 else ""
                raise GuardError(self._message(which, given, where))

    def _message(self, which: int, given: list[float], where: str) -> str:
        from autograd_engine.compiler.exact import Interpreter

        guard, tape = self.kept[which], self._tape
        symbol, _, swapped = COMPARISONS[guard.name]
        values = Interpreter(tape).values(given)
        k = tape.outputs[self._first + which] - tape.start
        x, y = tape.y[k] if swapped else tape.x[k], tape.x[k] if swapped else tape.y[k]
        label = f" ({guard.label!r})" if guard.label else ""
        before, than = guard.numbers
        return (
            f"{guard.place}\n"
            f"The comparison {values[x]!r}{label} {symbol} {values[y]!r}{where} is "
            f"{not guard.holds}; it was {before!r} {symbol} {than!r}, "
            f"{guard.holds}, when this program was compiled, which holds only the branch "
            f"taken then. Compile another program for such numbers, or choose without a "
            f"branch: with ag.maximum, ag.minimum, ag.relu, ag.clip."
        )
