"""Guards: what a function asked of its Values while it was compiled must come out the same again.

A program holds only the branch that was taken, and what was made of a number that was read. So
each comparison becomes a value of the graph like any other, an output that the program computes
along and holds against how it came out then; so does each Value whose number was read.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from math import isfinite
from struct import pack
from typing import Any

from autograd_engine.blocks import Blocks, enable_grad, is_own, place
from autograd_engine.engine import Value, as_value, record
from autograd_engine.graph import nodes
from autograd_engine.number import grad_of
from autograd_engine.primitives import Primitive, refused
from autograd_engine.real import called
from autograd_engine.table import CONSTANT, above, at_least, equals, stopped

# How each comparison is written, the row that decides it, and whether on swapped operands.
COMPARISONS: dict[str, tuple[str, Primitive, bool]] = {
    "less": ("<", above, True),
    "less_equal": ("<=", at_least, True),
    "greater": (">", above, False),
    "greater_equal": (">=", at_least, False),
    "equal": ("==", equals, False),
    "not_equal": ("!=", equals, False),
}


class GuardError(RuntimeError):
    """A comparison, or a number that was read, came out otherwise than when it was compiled.

    >>> import autograd_engine as ag
    >>> program = ag.compile(lambda x: x * 2.0 if x > 1.0 else x, 2.0)
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
        said = f"The number {found!r}{label}{row} leaves the graph here; it was {x!r}"
        cure = "stay in the graph: use the Value itself, or its detach() to let no gradient flow"
        if self.name in COMPARISONS:
            symbol, _, swapped = COMPARISONS[self.name]
            a, b = operands[::-1] if swapped else operands
            holds = self.expected != (self.name == "not_equal")
            said = f"The comparison {a!r}{label} {symbol} {b!r}{row} is {not holds}"
            said += f"; it was {x!r} {symbol} {y!r}, {holds},"
            cure = "choose without a branch: with ag.maximum, ag.minimum, ag.relu, ag.clip"
        compiled = "when this program was compiled. Compile another for such numbers"
        return f"{self.place}\n{said} {compiled}, or {cure}."


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

    def restore(self) -> None:
        """Begin anew: give the Values back the numbers and gradients that were set."""
        for value, data, grad in self._before.values():
            value._data, value._grad = data, grad
        for noted in (self._before, self._found, self._swept):
            noted.clear()

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
    """Holds what a back end gives to the guards of a tape, whose values are its outputs from
    `count` on, and to be finite, if to `check`; `names` are those of the leaves.
    """

    def __init__(
        self, tape: Any, count: int, guards: list[Guard], names: list[str], check: bool
    ) -> None:
        pairs = zip(guards, tape.outputs[count:])
        self._tape, self._pairs = tape, [pair for pair in pairs if pair[1] >= tape.start]
        tape.outputs[count:] = [place for _, place in self._pairs]  # others are constants
        self._count, self._names, self._check = count, names, check
        self.kept = [guard for guard, _ in self._pairs]
        self.bits = pack(f"{len(self.kept)}d", *[guard.expected for guard in self.kept])

    def trusted(self, found: Any, slopes: Any, leaves: Any, rows: Any) -> tuple[Any, Any]:
        """Return outputs (B, m) and gradient, rows and gradients that are not finite as the engine
        computes them: a back end rounds otherwise, computes in another order, and does not stop an
        adjoint of 0 before an infinite partial. Without `check` those that are NaN.

        Raises `GuardError` for a guard that does not hold, `FloatingPointError` naming the first
        value that is not finite, or the operation on whose way back a gradient was lost.
        """
        import numpy

        from autograd_engine.compiler.run.exact.interpreter import Interpreter

        count, check, exact = self._count, self._check, Interpreter(self._tape)
        odd = numpy.isnan if not check else lambda numbers: ~numpy.isfinite(numbers)
        outputs, fixed, known = found[:, :count].copy(), leaves.tolist(), {self.bits}
        lost = odd(outputs).any(1)

        def row(i: int) -> tuple[str, list[float]]:
            where = f" in row {i}" if len(found) > 1 else ""
            return where, exact.values(fixed + ([] if rows is None else rows[i].tolist()))

        for i in range(len(found)):
            if not lost[i] and found[i, count:].tobytes() in known:
                continue
            where, values = row(i)
            for guard, at in self._pairs:
                x, y = values[at], guard.expected
                if pack("d", x) != pack("d", y) and (x == x or y == y):
                    places = [*self._tape.operands()][at - self._tape.start]
                    raise GuardError(guard.told(x, [values[place] for place in places], where))
            pairs = zip(self.kept, found[i, count:].tolist())
            if all(x == guard.expected for guard, x in pairs if guard.name in COMPARISONS):
                known.add(found[i, count:].tobytes())  # numbers that were only rounded otherwise
            if lost[i]:
                outputs[i] = [values[place] for place in self._tape.outputs[:count]]
            which = numpy.flatnonzero(odd(outputs[i])).tolist()
            if which and check:
                name = f"output {which[0]}" if count > 1 else "the output"
                told = self._birth(exact.graph(values), which[0])
                raise FloatingPointError(f"{name}{where} is {outputs[i][which[0]]}: {told}")
        if slopes is None or not (lost.any() or odd(slopes).any()):
            return outputs, slopes
        _, gradient = exact.run(leaves, rows, True)
        if not check or numpy.isfinite(gradient).all():
            return outputs, gradient
        for i in range(len(found)):
            where, values = row(i)
            for name, slope in zip(self._names, exact.adjoints(values)[: len(gradient)]):
                if not isfinite(slope):
                    told = self._slope(exact.graph(values), len(gradient))
                    raise FloatingPointError(f"the gradient by {name}{where} is {slope}: {told}")
        raise FloatingPointError("the gradient is not finite: the sum over all rows is too large")

    def _birth(self, at: list[Value], which: int) -> str:
        """Say which value that is not finite, first of those that made an output so."""
        cone, births = {id(at[self._tape.outputs[which]])}, []
        for i, node in reversed([*enumerate(at)]):
            if id(node) in cone:
                odd = {id(v) for v in node.operands if not isfinite(v._data)}
                births += [] if odd else [i]
                cone |= odd
        i = min(reversed(births), key=lambda i: at[i]._rule is CONSTANT)
        first, rule, operands = at[i], at[i]._rule, at[i].operands
        if not operands:
            return f"{[*self._names, 'a constant'][min(i, len(self._names))]} is {first._data!r}"
        try:
            rule.forward(*[operand._data for operand in operands])
        except (ArithmeticError, ValueError) as error:  # the engine has words for it
            label = f"{first.label!r} = " if first.label else ""
            return f"{label}{refused(rule, error, *operands)!s:.400}"
        return f"{_written(first)} is {first._data!r}"

    def _slope(self, at: list[Value], count: int) -> str:
        """Say where on the way back to the first leaves a number stopped being finite."""
        leads = set(map(id, at[:count]))
        leads.update(id(v) for v in at if not leads.isdisjoint(map(id, v.operands)))
        at[self._tape.outputs[0]].backward()
        for node in reversed(at):
            for which, (operand, partial) in enumerate(zip(node.operands, node._slopes()), 1):
                if node.grad and id(operand) in leads and not isfinite(partial * node.grad):
                    by = f"the partial of {_written(node)} by operand {which}"
                    return f"{by} is {partial!r}, times an adjoint of {node.grad!r}"
        return "contributions that are finite add up to what is not"


def _written(node: Value) -> str:
    """Return an operation with its numbers, as one would write it, and the labels."""
    rule, operands = node._rule, node.operands
    text = called(rule.name, rule.symbol, [repr(operand._data) for operand in operands])
    named = {f"{value.label!r} is {value._data!r}": None for value in operands if value.label}
    label = f"{node.label!r} = " if node.label else ""
    return f"{label}{text:.400}" + f" ({', '.join(named):.400})" * bool(named)
