"""What an expression may contain: functions by name, and operators."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

from autograd_engine import engine, functions

# fmt: off
_COMPOSITIONS = (
    functions.where, functions.leaky_relu, functions.elu, functions.gelu, functions.silu,
    functions.clip, functions.sum, functions.mean, functions.prod, functions.dot, functions.norm,
    functions.variance, functions.logsumexp, functions.softmax, functions.log_softmax,
)
# fmt: on

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": engine.ABSOLUTE,
    **{name: rule for name, rule in engine.TABLE.items() if hasattr(engine.Value, name)},
    **{function.__name__: function for function in _COMPOSITIONS},
}
"""Every function that an expression may call, by name."""

LISTS = ("sum", "mean", "prod", "norm", "variance", "logsumexp", "softmax", "log_softmax")
"""Functions of one list."""

PARAMETERS = {
    "where": ("condition", "x", "y"),
    "leaky_relu": ("x", "slope=0.01"),
    "elu": ("x", "alpha=1.0"),
    "gelu": ("x",),
    "silu": ("x",),
    "clip": ("x", "low", "high"),
}
"""What the compositions of single values take, since compiled functions do not tell it."""

OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: engine.ADD,
    ast.Sub: engine.SUBTRACT,
    ast.Mult: engine.MULTIPLY,
    ast.Div: engine.DIVIDE,
    ast.UAdd: operator.pos,
    ast.USub: engine.NEGATIVE,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
