"""What a program is fed with: rows of inputs, and the numbers of its leaves.

Both are float64 arrays, checked once here, so that no back end has to. What needs no
conversion is passed on as it is; no back end writes into it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy

from autograd_engine.compiler.record.tape import Tape
from autograd_engine.compiler.run.native.core import core
from autograd_engine.engine import Value
from autograd_engine.number import read
from autograd_engine.real import as_float
from autograd_engine.state import WATCHED
from autograd_engine.words import counted

Array = Any
_ndarray, _float64 = numpy.ndarray, numpy.dtype(numpy.float64)


class Feed:
    """What a program of a tape can be fed with; `names` says what each leaf is called."""

    def __init__(self, tape: Tape) -> None:
        self._vector, self._shape = (len(tape.inputs),), (len(tape.parameters),)
        self._others, self._values = tape.others, [*tape.parameters, *tape.others]
        self.read = getattr(core(), "data", by_python)
        kinds = ("parameter", tape.parameters), ("leaf", tape.others), ("input", tape.inputs)
        self.parameters, others, self.inputs = (
            [f"{kind} {repr(value.label) if value.label else i}" for i, value in enumerate(values)]
            for kind, values in kinds
        )
        self.names = [*self.parameters, *others, *self.inputs]

    def rows(self, x: Any, name: str = "x") -> tuple[Array, bool]:
        """Return x as rows (B, n) of float64, and whether it was a batch; None without inputs.
        Raises `ValueError` for another shape, `TypeError` for what is not made of real numbers.
        """
        (n,) = self._vector
        if type(x) is _ndarray and x.dtype is _float64 and x.flags.c_contiguous:
            shape = x.shape
            if shape == self._vector and n:
                return x[None], False
            if len(shape) == 2 and shape[1] == n and shape[0] and n:
                return x, True
        if not n:
            if x is None:
                return None, False
            raise ValueError("this program has no inputs: call it without x")
        if x is None:
            needed = counted(n, "input")
            raise TypeError(f"this program has {needed}: call it with a vector of them")
        array = floats(x, name, self.inputs)
        if array.ndim == 0 and n == 1:
            array = array[None]
        if array.ndim in (1, 2) and array.size and array.shape[-1] == n:
            return (array, True) if array.ndim == 2 else (array[None], False)
        raise ValueError(misfit(array, name, self.inputs))

    def leaves(self, parameters: Any = None) -> Array:
        """Return the leaves' numbers now, the given ones instead of the parameters' own."""
        if WATCHED:  # who calls a program while another is recorded reads these numbers
            for value in self._values if parameters is None else self._others:
                read(value)
        if parameters is None:
            found = numpy.empty(len(self._values))
            self.read(self._values, found, 0, "_data")
            return found
        array = floats(parameters, "parameters", self.parameters)
        if array.shape != self._shape:
            found = f"an array of shape {array.shape}"
            raise ValueError(_ONE_VECTOR.format(counted(len(self.parameters), "number"), found))
        if not self._others:
            return array
        found = numpy.empty(len(self._values))
        found[: len(array)] = array
        self.read(self._others, found, len(array), "_data")
        return found


def floats(given: Any, what: str, names: Sequence[str]) -> Array:
    """Return an array of float64 in one piece; `names` are those along its last axis. Raises
    `TypeError` naming what is not a real number, `ValueError` for rows of different lengths.
    """
    if type(given) is _ndarray and given.dtype is _float64 and given.flags.c_contiguous:
        return given
    fed = "a program is fed with real numbers, not"
    if isinstance(given, Value):
        raise TypeError(f"{fed} a Value: pass the .data of Values")
    try:
        array = numpy.asarray(given)
    except ValueError:
        raise ValueError(uneven(given, what, names)) from None
    if array.dtype.kind == "O":
        items, array = numpy.ndenumerate(array), numpy.empty(array.shape)
        for place, item in items:
            try:
                array[place] = as_float(item)
            except TypeError as error:
                name = names[place[-1]] if place and place[-1] < len(names) else "x"
                raise TypeError(f"{name}: {error}") from None
    elif array.dtype.kind not in "biuf":
        text = " (text)" if array.dtype.kind in "US" else ""
        raise TypeError(f"{fed} an array of {array.dtype}{text}")
    return numpy.ascontiguousarray(array, _float64).reshape(array.shape)


def misfit(array: Array, what: str, names: Sequence[str]) -> str:
    """Say why an array is neither a vector of the inputs nor rows of them."""
    n, needed = len(names), counted(len(names), "input")
    if array.ndim not in (1, 2):
        rows = f"a vector of {needed} or a batch (B, {n}) of such rows"
        return f"{what} must be {rows}, not an array of {array.ndim} dimensions"
    if not array.size:
        return f"{what} is empty: a vector of {needed}, or at least one row, is needed"
    length, which, hint = array.shape[-1], what if array.ndim == 1 else f"each row of {what}", ""
    if array.size == n:
        hint = f"; write {what}.ravel()"
    elif array.ndim == 1 and n == 1:
        hint = "; a batch of one input has the shape (B, 1)"
    missing = f" ({names[length]} is missing)" if length < n else ""
    return f"{which} has {length} numbers, but this program has {needed}{missing}{hint}"


def uneven(x: Any, what: str, names: Sequence[str]) -> str:
    """Say what keeps nested lists from being rows of one length."""
    count = counted(len(names), "number")
    if what == "parameters":
        return _ONE_VECTOR.format(count, "rows of several lengths")
    needed = f"{what} must be a vector or rows of one length, {count} each: "
    rows = list(x) if _is_row(x) else []
    lists = [_is_row(row) for row in rows]
    if {*lists} == {True, False}:
        places = sorted((lists.index(True), lists.index(False)))
        return needed + ", but ".join(f"item {i} is {_kind(rows[i])}" for i in places)
    for i, row in enumerate(rows if all(lists) else ()):
        if len(row) != len(names):
            missing = f" ({names[len(row)]} is missing)" if len(row) < len(names) else ""
            return f"{needed}row {i} has {counted(len(row), 'number')}{missing}"
        for j, item in enumerate(row):
            if _is_row(item):
                return f"{needed}number {j} of row {i} is {_kind(item)}: {item!r:.60}"
    return f"{needed}got {x!r:.60}"


def _is_row(item: Any) -> bool:
    sized = hasattr(item, "__len__") and getattr(item, "ndim", 1) > 0
    return sized and not isinstance(item, (str, bytes, dict, set, frozenset))


def _kind(item: Any) -> str:
    if not _is_row(item):
        return f"{item!r:.60}"
    return "an array" if hasattr(item, "ndim") else f"a {type(item).__name__}"


def by_python(values: Sequence[Value], found: Array, first: int, name: str) -> None:
    """Write an attribute of Values into an array, from a place on."""
    found[first : first + len(values)] = [getattr(value, name) for value in values]


def finite(numbers: Array) -> bool:
    """Say whether all numbers of an array are finite."""
    return bool(numpy.isfinite(numbers).all())


_ONE_VECTOR = "parameters must be one vector of {}, in the order of program.parameters, not {}"
