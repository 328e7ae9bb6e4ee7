"""The functions of `floats` as plain source, of which other languages are written.

They are read as text, since in the compiled build the module itself is machine code. Nothing
raises: a division by zero is an infinity.
"""

from __future__ import annotations

import ast
import hashlib
import math
import pkgutil
from functools import lru_cache
from typing import Final

from autograd_engine.primitives import Primitive

# What only Python can read (`except`, `isinstance`), or what spends its lines on errors that
# machine code does not raise: IEEE 754 says the same in one.
IEEE: Final = {
    "power": "x ** y",
    "lenient_power": "x ** y",
    "ratio": "x / y",
    "ln": "math.log(x)",
}


@lru_cache(maxsize=1)
def texts() -> dict[str, str]:
    """Return the source of what `floats` defines, by name; nothing in it raises.

    >>> print(texts()["ln"])
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
            found[node.name] = simple if node.name in IEEE else lines
    return found


def digest() -> str:
    """Return what changes when one of the files does that the native core is made of."""
    names = ["table.py", "floats.py"]
    names += [
        f"compiler/run/native/{name}" for name in ("core.c", "module.c", "c_table.py", "kinds.py")
    ]
    found = [pkgutil.get_data("autograd_engine", name) or b"" for name in names]
    return hashlib.sha256(b"".join(found)).hexdigest()[:16]


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
