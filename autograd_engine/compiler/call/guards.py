"""Guards: what a function asked of its Values while it was compiled must come out the same again.

A program holds only the branch that was taken, and what was made of a number that was read. So
each comparison becomes a value of the graph like any other, an output that the program computes
along and holds against how it came out then; so does each Value whose number was read.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from struct import pack
from typing import Any

from autograd_engine.blocks import Blocks, enable_grad, is_own, place
from autograd_engine.engine import Value, as_value, record
from autograd_engine.graph import nodes
from autograd_engine.number import grad_of
from autograd_engine.primitives import Primitive
from autograd_engine.table import CONSTANT, above, at_least, equals, stopped

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
    """A comparison, or a number that was read, came out otherwise than when it was compiled.

    >>> import autograd_engine as ag
    >>> program = ag.compile(lambda x: x * 2.0 if x > 1.0 else x, 2.0)
    >>> program([3.0])
    6.0
    >>> program([0.0])
    Traceback (most recent call last):
      ...
    autograd_engine.compiler.call.guards.GuardError: ...
    """

    def __init__(self, message: str) -> None:  # an exception has no signature by itself
        super().__init__(message)


@dataclass(frozen=True)
class Guard:
    """What a function asked: a comparison, or a number read or set in a way that `name` tells.

    `numbers` are those of both operands at the time (of one that was read or set, its own twice).
    `value` decides it: it must be the number `expected`.
    """

    name: str
    label: str
    numbers: tuple[float, float]
    value: Value
    expected: float
    file: str
    line: int
    text: str

    def __setstate__(self, state: dict[str, Any]) -> None:
        # In pickles of version 0.1.0 the number of `value` is what is expected.
        self.__dict__.update({"expected": state["value"]._data, **state})

    @property
    def place(self) -> str:
        """File, line number and, where it can be read, the line."""
        return f"{self.file}, line {self.line}" + (f": {self.text}" if self.text else "")

    def told(self, found: float, operands: list[float], row: str) -> str:
        """Say what came out otherwise, found from operands in some row."""
        label, (x, y) = f" ({self.label!r})" if self.label else "", self.numbers
        said, was = f"The number {found!r}{label}{row} leaves the graph here", repr(x)
        held = "what was made of that number"
        cure = "stay in the graph: use the Value itself, or its detach() to let no gradient flow"
        if self.name in COMPARISONS:
            symbol, _, swapped = COMPARISONS[self.name]
            a, b = operands[::-1] if swapped else operands
            holds = self.expected != (self.name == "not_equal")
            said = f"The comparison {a!r}{label} {symbol} {b!r}{row} is {not holds}"
            was, held = f"{x!r} {symbol} {y!r}, {holds},", "only the branch taken then"
            cure = "choose without a branch: with ag.maximum, ag.minimum, ag.relu, ag.clip"
        return (
            f"{self.place}\n{said}; it was {was} when this program was compiled, which holds "
            f"{held}. Compile another program for such numbers, or {cure}."
        )


class Watch(Blocks):
    """Inside this block each comparison of Values that is made here is noted in `guards`, once,
    and each number that leaves the graph, or is set.

    Not so with constants, nor with what the package reads for itself, such as for a picture.
    """

    def __init__(self) -> None:
        super().__init__()
        self._found: dict[tuple[Any, ...], Guard] = {}
        self._before: dict[int, tuple[Value, float, float]] = {}
        self._swept: dict[int, Value] = {}

    @property
    def guards(self) -> list[Guard]:
        return list(self._found.values())

    def clear(self) -> None:
        self._found.clear()
        self._swept.clear()

    def restore(self) -> None:
        """Give the Values back the numbers and gradients that were set in this block."""
        for value, data, grad in self._before.values():
            value._data, value._grad = data, grad
        self._before.clear()
        self.clear()

    def __enter__(self) -> Watch:
        self._begin("watched", self._note)
        return self

    def _note(self, name: str, x: Value, y: Any, holds: bool) -> None:
        below = nodes(x) if name == "sweep" else [x] if name in ("set", "set grad") else []
        for value in below:
            self._before.setdefault(id(value), (value, value._data, grad_of(value)))
        if name in COMPARISONS:
            self._compared(name, x, as_value(y))
        elif name not in ("read", "set") and (name == "set grad" or _own()):
            return
        elif name == "sweep":  # its gradients follow from these numbers
            self._swept.update((id(value), value) for value in below)
            for value in below:
                if value._x is None:
                    self._number(name, value, value._data)
        elif name != "grad" or id(x) not in self._swept:
            self._number(name, x, y)

    def _compared(self, name: str, x: Value, y: Value) -> None:
        ids = [v._data.hex() if v._rule is CONSTANT else id(v) for v in (x, y)]
        where = place("numpy")  # which compares for `array.max()`
        key = (name, *ids, *where[:2])
        if key not in self._found and not x._rule is y._rule is CONSTANT:
            _, rule, swapped = COMPARISONS[name]
            with enable_grad():
                value = rule(y, x) if swapped else rule(x, y)
            numbers = x._data, y._data
            self._found[key] = Guard(name, x.label, numbers, value, value._data, *where)

    def _number(self, name: str, x: Value, number: float) -> None:
        key = (name == "grad", id(x), number.hex())
        if x._rule is not CONSTANT and key not in self._found:
            where = place("numpy", "copy")
            with enable_grad():  # no gradient comes through, not even a 0 to an infinite slope
                value = record(stopped, x._data, x, None, 0.0, 0.0)
            self._found[key] = Guard(name, x.label, (number, number), value, number, *where)


def _own() -> bool:
    """Say whether it is the package itself that reads, beside what it computes for others."""
    frame = sys._getframe(2)
    while frame.f_back and frame.f_globals.get("__name__") in _TELLING:
        frame = frame.f_back
    return is_own(frame.f_code.co_filename)


_HEART = "state number engine copies blocks gradients arguments derivatives"
_TELLING = {f"autograd_engine.{name}" for name in _HEART.split()}


class Guards:
    """The guards of a tape, whose values are its outputs from `first` on."""

    def __init__(self, tape: Any, first: int, guards: list[Guard]) -> None:
        pairs = zip(guards, tape.outputs[first:])
        self._tape, self._pairs = tape, [pair for pair in pairs if pair[1] >= tape.start]
        tape.outputs[first:] = [place for _, place in self._pairs]  # others are constants
        self.kept = [guard for guard, _ in self._pairs]
        self.bits = pack(f"{len(self.kept)}d", *[guard.expected for guard in self.kept])
        """Those of the values where all is as it was."""

    def check(self, values: list[float], where: str) -> None:
        """Raise `GuardError` for the first that came out otherwise in what the engine computes."""
        for guard, at in self._pairs:
            x, y = values[at], guard.expected
            if pack("d", x) != pack("d", y) and (x == x or y == y):
                places = [*self._tape.operands()][at - self._tape.start]
                raise GuardError(guard.told(x, [values[place] for place in places], where))
