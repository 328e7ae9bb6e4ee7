"""The native core: C that carries out array instructions and scalar programs, if it is there.

It is built with the package where there is a C compiler; else, and with AUTOGRAD_ENGINE_PURE=1,
NumPy and plain Python run the same programs.
"""

from __future__ import annotations

import os
import warnings
from functools import lru_cache
from importlib import import_module
from types import ModuleType
from typing import Final

import numpy

from autograd_engine.compiler.lift.arrays import Array
from autograd_engine.compiler.run.native.c_table import digest

HEADER: Final = 2  # what code begins with: the address of the memory, its own length
PADDING: Final = 16  # numbers that vectors may touch behind the end of the memory


@lru_cache(maxsize=1)
def core() -> ModuleType | None:
    """Return the native core, or None; where it is missing, a warning says so once."""
    if os.environ.get("AUTOGRAD_ENGINE_PURE", "") not in ("", "0"):
        return None
    try:
        _core = import_module("autograd_engine.compiler.run.native._core")
        if _core.sources != digest():
            raise ImportError("it was built from other sources")
    except ImportError as error:
        warnings.warn(
            f"autograd_engine's native core is missing ({error}): NumPy and plain Python run the "
            f"same programs, slower. Install the package where there is a C compiler (gcc, clang)",
            RuntimeWarning,
            stacklevel=2,
        )
        return None
    return _core


@lru_cache(maxsize=2)
def codes(what: str) -> dict[str, int]:
    """Return the codes of the core's "maps" over arrays, or "kinds" of scalar instructions."""
    return {name: code for code, name in enumerate(getattr(core(), what, "").split("|"))}


def aligned(size: int) -> Array:
    """Return so many zeros that begin where vectors do."""
    memory = numpy.zeros(size + 8 + PADDING)
    first = -memory.ctypes.data // memory.itemsize % 8
    return memory[first : first + size]
