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
            raise TypeError(
                f"this program has {counted(n, 'input')}: call it with a vector of them"
            )
        array = floats(x, name, self.inputs)
        if array.ndim == 0 and n == 1:
            array = array[None]
        if array.ndim in (1, 2) and array.size and array.shape[-1] == n:
            return (array, True) if array.ndim == 2 else (array[None], False)
        rows = f"a vector of {counted(n, 'input')} or a batch (B, {n}) of such rows"
        lacks = self.inputs[array.shape[-1] :][:1] if array.ndim and array.size else ()
        missing = "".join(f": {lacking} is missing" for lacking in lacks)
        raise ValueError(f"{name} must be {rows}, not an array of shape {array.shape}{missing}")

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
            vector = f"one vector of {counted(*self._shape, 'number')}"
            raise ValueError(f"parameters must be {vector}, not an array of shape {array.shape}")
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
    try:
        array = numpy.asarray(given)
    except TypeError as error:
        jax = f"{what} is what JAX traces: use program.to_jax(), a function of its arrays"
        raise TypeError(jax) if "Tracer" in type(error).__name__ else error from None
    except ValueError:
        fits = [hasattr(row, "__len__") and len(row) == len(names) for row in given]
        i = fits.index(False) if False in fits else 0
        needed = f"a vector or rows of one length, {counted(len(names), 'number')} each"
        raise ValueError(f"{what} must be {needed}: item {i} is {given[i]!r:.60}") from None
    if array.dtype.kind == "O":
        items, array = numpy.ndenumerate(array), numpy.empty(array.shape)
        for place, item in items:
            try:
                array[place] = as_float(item)
            except TypeError as error:
                name = names[place[-1]] if place and place[-1] < len(names) else "x"
                raise TypeError(f"{name}: {error}") from None
    elif array.dtype.kind not in "biuf":
        raise TypeError(f"a program is fed with real numbers, not an array of {array.dtype}")
    return numpy.ascontiguousarray(array, _float64).reshape(array.shape)


def by_python(values: Sequence[Value], found: Array, first: int, name: str) -> None:
    """Write an attribute of Values into an array, from a place on."""
    found[first : first + len(values)] = [getattr(value, name) for value in values]
