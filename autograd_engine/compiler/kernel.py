"""The kernel: machine code that carries out a row of array instructions in one call.

A small program spends most of its time in calling NumPy, not in NumPy. With this module the
same instructions, on the same memory, are integers that one compiled loop reads. It is
compiled once on a computer, not for each program; from then on it is only loaded.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Sequence
from functools import lru_cache
from threading import Lock
from typing import Any, Final

import numpy

from autograd_engine.compiler.arrays import Array

Call = tuple[Callable[..., Any], tuple[Any, ...]]
HEADER: Final = 2  # what code begins with: the address of the memory, its own length


def aligned(size: int) -> Array:
    """Return so many zeros that begin where vectors do.

    >>> aligned(10).ctypes.data % 64
    0
    """
    memory = numpy.zeros(size + 8)
    first = -memory.ctypes.data // memory.itemsize % 8
    return memory[first : first + size]


class Address(ctypes.c_void_p):
    """The address of an array, which holds on to that and to what it tells of."""

    def __init__(self, array: Array, *others: Array) -> None:
        super().__init__(array.ctypes.data)
        self.arrays = array, *others


class Kernel:
    """The compiled loop, called with code."""

    def __init__(self, entry: Any) -> None:
        self._owner = entry
        # With one address as its only argument a call is three times as fast.
        address = ctypes.cast(entry, ctypes.c_void_p).value or 0
        self._entry = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(address)

    def call(self, code: Sequence[int], memory: Array) -> Call:
        """Return the call that carries out encoded instructions on the flat memory."""
        whole = numpy.array([memory.ctypes.data, HEADER + len(code), *code], numpy.int64)
        return self._entry, (Address(whole, memory),)


@lru_cache(maxsize=1)
def kernel() -> Kernel | None:
    """Return the kernel, compiled or loaded at the first call; None where it cannot be had."""
    if os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"):
        return None
    with _LOADING:
        try:
            from autograd_engine.compiler.kernel_source import source
            from autograd_engine.compiler.machine_object import machine_code

            return Kernel(machine_code(source()))
        except Exception:  # no Numba, or one that lacks something: NumPy goes on by itself
            return None


def ready() -> bool:
    """Say whether the kernel has been compiled on this computer, and need only be loaded."""
    from autograd_engine.compiler.kernel_source import source
    from autograd_engine.compiler.machine_object import kept

    path = kept(source())
    return path is not None and path.is_file()


_LOADING = Lock()
