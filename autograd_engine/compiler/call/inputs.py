"""What a program is fed with: rows of inputs, and the numbers of its leaves.

Both are float64 arrays, checked once here, so that no back end has to. What needs no
conversion is passed on as it is; no back end writes into it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy

from autograd_engine.compiler.run.native.core import core
from autograd_engine.engine import Value
from autograd_engine.number import read
from autograd_engine.real import as_float
from autograd_engine.state import WATCHED
from autograd_engine.words import counted

Array = Any
_ndarray, _float64 = numpy.ndarray, numpy.dtype(numpy.float64)


class Inputs:
    """The rows that a program of these inputs can be fed.

    >>> Inputs([Value(0.0, "a"), Value(0.0, "b")]).rows([1, 2])
    (array([[1., 2.]]), False)
    """

    def __init__(self, inputs: Sequence[Value]) -> None:
        self._count = len(inputs)
        self._needed = counted(self._count, "input")
        self._vector = (self._count,)
        self.names = named("input", inputs)

    def rows(self, x: Any, name: str = "x") -> tuple[Array, bool]:
        """Return x as rows (B, n) of float64, and whether it was a batch; None without inputs.

        Raises `ValueError` for a wrong length, a batch of zero rows or more than two
        dimensions, `TypeError` for what is not made of real numbers.
        """
        if type(x) is _ndarray and x.dtype is _float64 and x.flags.c_contiguous:
            shape = x.shape
            if shape == self._vector and shape[0]:
                return x[None], False
            if len(shape) == 2 and shape[1] == self._count and shape[0] and shape[1]:
                return x, True
        elif x is None and not self._count:
            return None, False
        return self._checked(x, name)

    def _checked(self, x: Any, name: str) -> tuple[Array, bool]:
        n = self._count
        if not n:
            raise ValueError("this program has no inputs: call it without x")
        if x is None:
            raise TypeError(f"this program has {self._needed}: call it with a vector of them")
        array = floats(x, self.names, lambda x: self._uneven(x, name))
        if array.ndim == 0 and n == 1:
            array = array[None]
        if array.ndim not in (1, 2):
            raise ValueError(
                f"{name} must be a vector of {self._needed} or a batch (B, {n}) of such rows, "
                f"not an array of {array.ndim} dimensions"
            )
        if not array.size:
            raise ValueError(
                f"{name} is empty: a vector of {self._needed}, or at least one row, is needed"
            )
        if array.shape[-1] != n:
            what, hint = f"{name} has" if array.ndim == 1 else f"each row of {name} has", ""
            if array.size == n:
                hint = f"; write {name}.ravel()"
            elif array.ndim == 1 and n == 1:
                hint = "; a batch of one input has the shape (B, 1)"
            raise ValueError(
                f"{what} {array.shape[-1]} numbers, but this program has "
                f"{self._needed}{self._missing(array.shape[-1])}{hint}"
            )
        return (array, True) if array.ndim == 2 else (array[None], False)

    def _missing(self, length: int) -> str:
        return f" ({self.names[length]} is missing)" if length < self._count else ""

    def _uneven(self, x: Any, name: str) -> str:
        """Say what keeps x, which is nested lists, from being rows of one length."""
        n, rows = self._count, list(x) if _is_row(x) else []
        needed = f"{name} must be a vector or rows of one length, {counted(n, 'number')} each: "
        kinds = [_is_row(row) for row in rows]
        if {*kinds} == {True, False}:
            places = sorted((kinds.index(True), kinds.index(False)))
            return needed + ", but ".join(f"item {i} is {_kind(rows[i])}" for i in places)
        for i, row in enumerate(rows if True in kinds else ()):
            if len(row) != n:
                found = counted(len(row), "number") + self._missing(len(row))
                return f"{needed}row {i} has {found}"
        for i, row in enumerate(rows if True in kinds else ()):
            for j, item in enumerate(row):
                if _is_row(item):
                    return f"{needed}number {j} of row {i} is {_kind(item)}: {item!r:.60}"
        return f"{needed}got {x!r:.60}"


class Leaves:
    """The numbers of a program's leaves that are not inputs: its parameters, then the others."""

    def __init__(self, parameters: Sequence[Value], others: Sequence[Value]) -> None:
        self._values = [*parameters, *others]
        self._others = list(others)
        self._count = len(parameters)
        self._shape = (self._count,)
        native = core()
        self._read = by_python if native is None else native.data
        self._names = named("parameter", parameters)

    def numbers(self, parameters: Any = None) -> Array:
        """Return the leaves' numbers now, the given ones instead of the parameters' own.

        Raises `ValueError` for a wrong length, `TypeError` for what is not real numbers.
        """
        if WATCHED:  # who calls a program while another is recorded reads these numbers
            for value in self._values if parameters is None else self._others:
                read(value)
        if parameters is None:
            found = numpy.empty(len(self._values))
            self._read(self._values, found, 0, "_data")
            return found
        if not (
            type(parameters) is _ndarray
            and parameters.dtype is _float64
            and parameters.shape == self._shape
            and parameters.flags.c_contiguous
        ):
            parameters = self._checked(parameters)
        if not self._others:
            return parameters
        found = numpy.empty(len(self._values))
        found[: self._count] = parameters
        self._read(self._others, found, self._count, "_data")
        return found

    def _checked(self, parameters: Any) -> Array:
        one = f"parameters must be one vector of {counted(self._count, 'number')}, in the order of "
        needed = f"{one}program.parameters, not "
        array = floats(parameters, self._names, lambda _: f"{needed}rows of several lengths")
        if array.shape != self._shape:
            raise ValueError(f"{needed}an array of shape {array.shape}")
        return array


def named(kind: str, values: Sequence[Value]) -> list[str]:
    return [
        f"{kind} {value.label!r}" if value.label else f"{kind} {i}"
        for i, value in enumerate(values)
    ]


def floats(given: Any, names: Sequence[str], uneven: Callable[[Any], str]) -> Array:
    """Return an array of float64 in one piece; `names` are those along its last axis.

    `uneven` says in words what is wrong with rows of different lengths.

    Raises `TypeError` naming what is not a real number, `ValueError` for rows of different
    lengths.
    """
    if isinstance(given, Value):
        raise TypeError(f"{_FED} a Value: pass the .data of Values")
    try:
        array = numpy.asarray(given)
    except ValueError:
        raise ValueError(uneven(given)) from None
    if array.dtype.kind == "O":
        array = _converted(array, names)
    elif array.dtype.kind not in "biuf":
        text = " (text)" if array.dtype.kind in "US" else ""
        raise TypeError(f"{_FED} an array of {array.dtype}{text}")
    return numpy.ascontiguousarray(array, _float64).reshape(array.shape)


def by_python(values: Sequence[Value], found: Array, first: int, name: str) -> None:
    """Write the data of Values into an array, from a place on."""
    found[first : first + len(values)] = [value._data for value in values]


def finite(numbers: Array) -> bool:
    """Say whether all numbers of an array are finite."""
    return bool(numpy.isfinite(numbers).all())


def _converted(array: Array, names: Sequence[str]) -> Array:
    """Return an array of objects as floats, if each is a real number."""
    found = numpy.empty(array.shape)
    items: Any = numpy.ndenumerate(array)
    for place, item in items:
        try:
            found[place] = as_float(item)
        except TypeError as error:
            name = names[place[-1]] if place and place[-1] < len(names) else "x"
            raise TypeError(f"{name}: {error}") from None
    return found


def _is_row(item: Any) -> bool:
    sized = hasattr(item, "__len__") and getattr(item, "ndim", 1) > 0
    return sized and not isinstance(item, (str, bytes, dict, set, frozenset))


def _kind(item: Any) -> str:
    if not _is_row(item):
        return f"{item!r:.60}"
    return "an array" if hasattr(item, "ndim") else f"a {type(item).__name__}"


_FED = "a program is fed with real numbers, not"
