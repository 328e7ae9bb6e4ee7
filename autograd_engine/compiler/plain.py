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
from autograd_engine.primitives import Primitive

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
    return {
        name: f"@njit(**PART)\n{text}" if text.startswith("def") else text
        for name, (_, text) in _definitions().items()
    }


def named(rule: Primitive) -> str:
    """Return what a row's forward function is called in plain source, "" where that has no name.

    >>> from autograd_engine.table import ADD, erf, log, relu
    >>> [named(rule) for rule in (erf, log, relu, ADD)]
    ['math.erf', 'log', 'relu', '']
    """
    name = getattr(rule.forward, "__name__", "")
    if name in texts() or name == "abs":
        return name
    return f"math.{name}" if hasattr(math, name) else ""


@lru_cache(maxsize=1)
def _definitions() -> dict[str, tuple[int, str]]:
    """Return line number and text of what `floats` defines, by name."""
    data = pkgutil.get_data("autograd_engine", "floats.py")
    assert data is not None
    text = data.decode()
    found: dict[str, tuple[int, str]] = {}
    for node in ast.parse(text).body:
        lines = ast.get_source_segment(text, node) or ""
        if isinstance(node, ast.Assign):
            found[lines.split(" ")[0]] = node.lineno, lines
        elif isinstance(node, ast.FunctionDef):
            operands = ", ".join(argument.arg for argument in node.args.args)
            simple = f"def {node.name}({operands}):\n    return {IEEE.get(node.name)}"
            found[node.name] = node.lineno, simple if node.name in IEEE else lines
    return found


@lru_cache(maxsize=1)
def functions() -> dict[str, Callable[..., float]]:
    """Return every function of `floats` by name, made known to Numba."""
    from numba.extending import register_jitable

    known: dict[str, Any] = {"__name__": floats.__name__, "math": math}
    file = Path(floats.__file__).with_name("floats.py")  # beside which Numba keeps its cache
    for line, text in _definitions().values():
        # Where it stands in that file, of which Numba reads the lines that a function says are its.
        exec(compile("\n" * (line - 1) + text, str(file), "exec"), known)
    found: dict[str, Callable[..., float]]
    found = {name: item for name, item in known.items() if isinstance(item, FunctionType)}
    known.update({name: register_jitable(error_model="numpy")(f) for name, f in found.items()})
    return found
