"""What an expression may contain, functions by name and operators; and what to write instead."""

from __future__ import annotations

import ast
import difflib
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from autograd_engine import functions
from autograd_engine.table import ABSOLUTE, ADD, DIVIDE, MULTIPLY, NEGATIVE, PUBLIC, SUBTRACT

# fmt: off
_COMPOSITIONS = (
    functions.where, functions.leaky_relu, functions.elu, functions.gelu, functions.silu,
    functions.clip, functions.sum, functions.mean, functions.prod, functions.dot, functions.norm,
    functions.variance, functions.logsumexp, functions.softmax, functions.log_softmax,
)
# fmt: on

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": ABSOLUTE,
    **PUBLIC,
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
    ast.Add: ADD,
    ast.Sub: SUBTRACT,
    ast.Mult: MULTIPLY,
    ast.Div: DIVIDE,
    ast.UAdd: operator.pos,
    ast.USub: NEGATIVE,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


def similar(name: str, known: Mapping[str, Any], cutoff: float = 0.5) -> str:
    close = difflib.get_close_matches(name, known, n=1, cutoff=cutoff)
    return f"; did you mean {close[0]!r:.80}?" if close else ""


CONSTANTS = {
    "pi": (repr(math.pi), ""),
    "e": (repr(math.e), "; e**a is written exp(a)"),
}
_OTHER_NAMES = {"max": "maximum", "min": "minimum", "ln": "log"}


def other_name(name: str) -> str:
    if name == "pow":
        return "; a power is written a ** b"
    other = _OTHER_NAMES.get(name, name.replace("arc", "a", 1))
    if other in FUNCTIONS:
        return f"; did you mean {other!r}?"
    return similar(name, FUNCTIONS, 0.6) or "; there are those of the package, such as tanh(a)"


def advice_on_text(text: str) -> str:
    """Say what to write instead, where text that cannot be read is an assignment or several."""
    try:
        statement, *more = ast.parse(text).body
        assigned = isinstance(statement, ast.Assign | ast.AugAssign)
    except (SyntaxError, ValueError) as error:
        assigned, more = "assign" in str(error) or "'=='" in str(error), []
    if assigned:
        return ": it has a = in it; values are given apart, as in a=2, and compared by =="
    return ": write one expression, without ;" if more else ""


def misused(
    name: str, operands: Sequence[Any], options: Mapping[str, Any], texts: Sequence[str]
) -> str:
    """Say how the function is called, where it is called otherwise; "" where it is not."""
    if name == "dot":
        if not options and [type(operand) for operand in operands] == [list, list]:
            return ""
        return "dot takes two lists: dot([a, b], [c, d])"
    if name in LISTS:
        if not options and [type(operand) for operand in operands] == [list]:
            return ""
        single = not any(isinstance(operand, list) for operand in operands)
        items = ", ".join(texts) if single and len(texts) > 1 else "a, b"
        return f"{name} takes a list: {name}([{items}])"
    if name not in PARAMETERS:
        return f"{name} takes no options by name: {name}(a)" if options else ""
    parameters = PARAMETERS[name]
    names = [parameter.partition("=")[0] for parameter in parameters]
    given = [*names[: len(operands)], *options]
    needed = {parameter for parameter in parameters if "=" not in parameter}
    fits = len(operands) <= len(names) and len(set(given)) == len(given)
    if fits and needed <= set(given) <= set(names):
        return ""
    return f"it is called as {name}({', '.join(parameters)})"


def advice_on(node: ast.expr, text: Callable[[ast.AST], str]) -> str:
    """Say what to write instead, where that is known."""
    match node:
        case ast.BinOp(op=ast.BitXor()):
            return ": a power is written **"
        case ast.BinOp(op=ast.FloorDiv()):
            return ": division is written /, and is never rounded"
        case ast.BinOp(op=ast.Mod()):
            return ": there are no remainders; subtract the multiple yourself, as in a - 3*b"
        case ast.BinOp(op=ast.BitAnd() | ast.BitOr()) | ast.BoolOp():
            return ": conditions are joined by nesting, as in where(a > 0, where(b > 0, 1, 0), 0)"
        case ast.UnaryOp(op=ast.Not()):
            return ": turn the comparison round, as in a <= b for not a > b"
        case ast.IfExp():
            return f": write where({text(node.test)}, {text(node.body)}, {text(node.orelse)})"
        case ast.Attribute():
            return ": functions are called by their bare names, as in tanh(a)"
        case ast.Compare():
            return ": one comparison at a time"
    return ""
