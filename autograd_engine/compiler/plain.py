"""The functions of `floats` as Numba needs them: plain Python source, callable from one another.

In the compiled build `floats` is machine code that Numba cannot read, so the source beside it
is loaded a second time, under a name of its own. Whoever compiles for Numba takes a function
from here with `plain(name)`; the functions it calls then compile with it, and nothing raises:
a division by zero is an infinity.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from numba.extending import overload, register_jitable

from autograd_engine import floats

# Numba knows no `except ValueError`. What these two do beyond x**y is what IEEE 754 says of it,
# or raise.
_POWERS = ("power", "lenient_power")


def plain(name: str) -> Callable[..., float]:
    """Return the function of `floats` of that name, ready for Numba; `KeyError` if none is."""
    return functions()[name]


@lru_cache(maxsize=1)
def functions() -> dict[str, Callable[..., float]]:
    """Return every function of `floats` by name, made known to Numba."""
    found: dict[str, Callable[..., float]] = {}
    for name, function in vars(source()).items():
        if not isinstance(function, FunctionType):
            continue
        if name in _POWERS:
            overload(function, jit_options=_IEEE)(_power)
            found[name] = raised
        else:
            register_jitable(**_IEEE)(function)
            found[name] = function
    return found


def source() -> ModuleType:
    """Return the module `floats`, interpreted."""
    path = Path(floats.__file__)
    if path.suffix == ".py":
        return floats
    name = "autograd_engine.compiler.interpreted_floats"
    spec = importlib.util.spec_from_file_location(name, path.with_name("floats.py"))
    assert spec is not None and spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def raised(x: Any, y: Any) -> Any:
    """Return x**y, which Numba computes by IEEE 754."""
    return x**y


def _power(x: Any, y: Any) -> Callable[..., Any]:  # called with types
    return raised


_IEEE: Any = {"error_model": "numpy"}
