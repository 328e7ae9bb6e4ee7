"""The functions of `floats` and `math` on arrays of JAX, read from their source.

A branch cannot be taken for some numbers and not for others: both sides are computed, and of each
number the right one is chosen. So a function is walked through with arrays in the places of floats.

>>> translated("maximum")(jnp.array([1.0, 3.0]), jnp.array([2.0, 2.0])).tolist()
[2.0, 3.0]
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Sequence
from functools import lru_cache, reduce
from types import SimpleNamespace
from typing import Any, Final

from autograd_engine.compiler.jax_adjoint import jax, jnp
from autograd_engine.compiler.plain import texts

# fmt: off
OPERATORS: Final[dict[type[ast.AST], Callable[..., Any]]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Pow: operator.pow, ast.USub: operator.neg, ast.Not: jnp.logical_not,
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.And: jnp.logical_and, ast.Or: jnp.logical_or,
}
READ: Final = (
    ast.Module, ast.FunctionDef, ast.arguments, ast.arg, ast.expr_context, ast.If, ast.Return,
    ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.Constant, ast.Name, ast.Attribute,
    ast.Call, ast.Tuple, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, *OPERATORS,
)
# fmt: on


@lru_cache(maxsize=256)
def translated(name: str) -> Callable[..., Any] | None:
    """Return a function, named as in the source of `floats`; None where it is not to be read."""
    if name.startswith("math."):
        return vars(of_math()).get(name[5:])
    text = texts().get(name, "").partition("\n")[2]
    if not text or not all(isinstance(node, READ) for node in ast.walk(ast.parse(text))):
        return None
    (function,) = ast.parse(text).body
    assert isinstance(function, ast.FunctionDef)
    names = [argument.arg for argument in function.args.args]

    def on_arrays(*operands: Any) -> Any:
        found = run(function.body, dict(zip(names, operands)))
        return jnp.broadcast_to(jnp.asarray(found, operands[0].dtype), operands[0].shape)

    return on_arrays


@lru_cache(maxsize=1)
def of_math() -> SimpleNamespace:
    """Return the functions and numbers of `math` that JAX has."""
    known: dict[str, Any] = {"inf": math.inf, "nan": math.nan, "pi": math.pi, "e": math.e}
    for name in vars(math):
        for place, called in ((jnp, f"arc{name[1:]}"), (jnp, name), (jax.scipy.special, name)):
            if name not in known and callable(getattr(place, called, None)):
                known[name] = getattr(place, called)
    return SimpleNamespace(**known)


def run(body: Sequence[ast.stmt], names: dict[str, Any]) -> Any:
    """Return what statements return, given what their names stand for."""
    for place, statement in enumerate(body):
        match statement:
            case ast.Return(value):
                return evaluated(value, names)
            case ast.Assign([ast.Tuple(targets)], value):
                names.update(zip(map(ast.unparse, targets), evaluated(value, names)))
            case ast.Assign([ast.Name(name)], value) | ast.AnnAssign(ast.Name(name), value=value):
                names[name] = evaluated(value, names)
            case ast.AugAssign(ast.Name(name), op, value):
                names[name] = OPERATORS[type(op)](names[name], evaluated(value, names))
            case ast.If(test, then, other):
                rest = body[place + 1 :]
                sides = [run([*side, *rest], dict(names)) for side in (then, other)]
                return chosen(evaluated(test, names), *sides)
    raise NotImplementedError("a function that returns nothing")


def evaluated(node: Any, names: dict[str, Any]) -> Any:
    """Return the value of an expression."""
    match node:
        case ast.Constant(value):
            return value
        case ast.Name(name):
            return names[name] if name in names else known(name)
        case ast.Attribute(ast.Name("math"), name):
            return getattr(of_math(), name)
        case ast.Tuple(items):
            return tuple(evaluated(item, names) for item in items)
        case ast.BinOp(left, op, right):
            return OPERATORS[type(op)](evaluated(left, names), evaluated(right, names))
        case ast.UnaryOp(op, operand):
            return OPERATORS[type(op)](evaluated(operand, names))
        case ast.BoolOp(op, parts):
            return reduce(OPERATORS[type(op)], [evaluated(part, names) for part in parts])
        case ast.Compare(left, ops, others):
            parts = [evaluated(part, names) for part in (left, *others)]
            held = [OPERATORS[type(op)](*pair) for op, *pair in zip(ops, parts, parts[1:])]
            return reduce(jnp.logical_and, held)
        case ast.IfExp(test, then, other):
            return chosen(*[evaluated(part, names) for part in (test, then, other)])
        case ast.Call(function, operands):
            return evaluated(function, names)(*[evaluated(item, names) for item in operands])
    raise NotImplementedError(ast.unparse(node))


def known(name: str) -> Any:
    """Return what a name of the module stands for: a function, or a number such as `_SPLIT`."""
    built_in = {"abs": abs, "max": jnp.maximum, "min": jnp.minimum}.get(name)
    if built_in is not None:
        return built_in
    text = texts()[name]
    return translated(name) if text.startswith("@") else ast.literal_eval(text.split(" ")[2])


def chosen(test: Any, one: Any, other: Any) -> Any:
    """Return one thing where a test holds, else the other, part by part of a tuple."""
    if isinstance(one, tuple):
        return tuple(jnp.where(test, *pair) for pair in zip(one, other))
    return jnp.where(test, one, other)
