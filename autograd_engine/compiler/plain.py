"""The functions of `floats` as Numba needs them: plain source, callable from one another.

They are read as text, since in the compiled build the module itself is machine code. Nothing
raises: a division by zero is an infinity.
"""

from __future__ import annotations

import ast
import math
import pkgutil
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from types import FunctionType
from typing import Any, Final

from autograd_engine import floats

# What Numba cannot read (`except`, `isinstance`), or what spends its lines on errors that
# machine code does not raise: IEEE 754 says the same in one.
IEEE: Final = {
    "power": "x ** y",
    "lenient_power": "x ** y",
    "ratio": "x / y",
    "ln": "math.log(x)",
}


@lru_cache(maxsize=1)
def texts() -> dict[str, str]:
    """Return the source of what `floats` defines, by name; functions begin with `@njit(**PART)`.

    >>> print(texts()["ln"])
    @njit(**PART)
    def ln(x):
        return math.log(x)
    """
    data = pkgutil.get_data("autograd_engine", "floats.py")
    assert data is not None
    text = data.decode()
    found: dict[str, str] = {}
    for node in ast.parse(text).body:
        lines = ast.get_source_segment(text, node) or ""
        if isinstance(node, ast.Assign):
            found[lines.split(" ")[0]] = lines
        elif isinstance(node, ast.FunctionDef):
            operands = ", ".join(argument.arg for argument in node.args.args)
            simple = f"def {node.name}({operands}):\n    return {IEEE.get(node.name)}"
            found[node.name] = "@njit(**PART)\n" + (simple if node.name in IEEE else lines)
    return found


@lru_cache(maxsize=1)
def functions() -> dict[str, Callable[..., float]]:
    """Return every function of `floats` by name, made known to Numba."""
    from numba.extending import register_jitable

    known: dict[str, Any] = {
        "__name__": floats.__name__,
        "math": math,
        "njit": register_jitable,  # which leaves the functions what they are
        "PART": {"error_model": "numpy"},
    }
    file = Path(floats.__file__).with_name("floats.py")  # beside which Numba keeps its cache
    exec(compile("\n\n\n".join(texts().values()), str(file), "exec"), known)
    return {name: known[name] for name in texts() if isinstance(known[name], FunctionType)}
