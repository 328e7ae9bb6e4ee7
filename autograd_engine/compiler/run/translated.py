"""The functions of `floats` and `math` on arrays of NumPy or of JAX, read from their source.

A branch cannot be taken for some numbers and not for others: both sides are computed, and of each
number the right one is chosen. So a function is walked through with arrays in the places of floats.

>>> import numpy
>>> Translator(numpy).function("maximum")(numpy.array([1.0, 3.0]), numpy.array(2.0)).tolist()
[2.0, 3.0]
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Sequence
from functools import partial, reduce
from types import SimpleNamespace
from typing import Any, Final

import numpy

from autograd_engine.compiler.run.plain import named, texts
from autograd_engine.primitives import TABLE, Primitive

# fmt: off
OPERATORS: Final[dict[type[ast.AST], Callable[..., Any]]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Pow: operator.pow, ast.USub: operator.neg,
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.Eq: operator.eq, ast.NotEq: operator.ne,
}
READ: Final = (
    ast.Module, ast.FunctionDef, ast.arguments, ast.arg, ast.expr_context, ast.If, ast.Return,
    ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.Constant, ast.Name, ast.Attribute,
    ast.Call, ast.Tuple, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Not,
    ast.And, ast.Or, *OPERATORS,
)
# fmt: on


class Translator:
    """Translates to arrays of a library as `numpy`; others may have functions of `math` too."""

    def __init__(self, library: Any, *others: Any) -> None:
        self.library = library
        self.operators = OPERATORS | {
            ast.Not: library.logical_not, ast.And: library.logical_and, ast.Or: library.logical_or
        }  # fmt: skip
        self.math = SimpleNamespace(inf=math.inf, nan=math.nan, pi=math.pi, e=math.e)
        for name in vars(math):
            for place in (library, *others):
                for called in (f"arc{name[1:]}", name):
                    if name not in vars(self.math) and callable(getattr(place, called, None)):
                        setattr(self.math, name, getattr(place, called))

    def spelled(self, rule: Primitive) -> Callable[..., Any] | None:
        """Return a row of the table, or a fixed power, as a function of arrays; None if none is.

        It is the library's own, which may have the longer name, as `arcsin` of `asin`; else it
        is translated. The library leaves the sign of a zero to chance in `maximum` and `sign`.

        >>> import numpy
        >>> Translator(numpy).spelled(TABLE["asin"])
        <ufunc 'arcsin'>
        """
        if rule.name.startswith("**"):
            return lambda x: self.library.power(x, float(rule.name[2:]))
        if TABLE.get(rule.name) is not rule:
            return None
        name = {"ratio": "divide", "lenient_power": "power", "ln": "log"}.get(rule.name, rule.name)
        if name in ("negative", "sigmoid", "bell", "softplus"):
            return partial(getattr(self, name))
        for called in () if name in ("maximum", "minimum", "sign") else (f"arc{name[1:]}", name):
            if getattr(getattr(numpy, called, None), "nin", 0) == rule.arity:
                return getattr(self.library, called)  # type: ignore[no-any-return]
        return self.function(named(rule))

    # Rows that are made of one exponential here, where `floats` has one for each sign.

    def negative(self, x: Any) -> Any:
        return -1.0 * x  # NumPy's own errs on some strides before 2.5

    def sigmoid(self, x: Any) -> Any:
        tail = self.library.exp(-abs(x))
        return self.library.where(x < 0.0, tail, 1.0) / (1.0 + tail)

    def bell(self, x: Any) -> Any:
        tail = self.library.exp(-abs(x))
        return tail / ((1.0 + tail) * (1.0 + tail))

    def softplus(self, x: Any) -> Any:
        return self.library.maximum(x, 0.0) + self.library.log1p(self.library.exp(-abs(x)))

    def function(self, name: str) -> Callable[..., Any] | None:
        """Return a function, named as in the source of `floats`; None where it is no such."""
        if name.startswith("math."):
            return vars(self.math).get(name[5:])
        text = texts().get(name, "")
        tree = ast.parse(text)
        if not text.startswith("def") or not all(isinstance(n, READ) for n in ast.walk(tree)):
            return None
        (function,) = tree.body
        assert isinstance(function, ast.FunctionDef)
        names = [argument.arg for argument in function.args.args]

        def on_arrays(*operands: Any) -> Any:
            found = self.run(function.body, dict(zip(names, operands)))
            return self.library.broadcast_to(
                self.library.asarray(found, operands[0].dtype), operands[0].shape
            )

        return on_arrays

    def run(self, body: Sequence[ast.stmt], names: dict[str, Any]) -> Any:
        """Return what statements return, given what their names stand for."""
        for place, statement in enumerate(body):
            match statement:
                case ast.Return(value):
                    return self.value(value, names)
                case ast.Assign([ast.Tuple(targets)], value):
                    names.update(zip(map(ast.unparse, targets), self.value(value, names)))
                case ast.Assign([ast.Name(name)], value) | ast.AnnAssign(
                    ast.Name(name), value=value
                ):
                    names[name] = self.value(value, names)
                case ast.AugAssign(ast.Name(name), op, value):
                    names[name] = self.operators[type(op)](names[name], self.value(value, names))
                case ast.If(test, then, other):
                    rest = body[place + 1 :]
                    sides = [self.run([*side, *rest], dict(names)) for side in (then, other)]
                    return self.chosen(self.value(test, names), *sides)
        raise NotImplementedError("a function that returns nothing")

    def value(self, node: Any, names: dict[str, Any]) -> Any:
        """Return the value of an expression."""

        def values(nodes: Sequence[Any]) -> list[Any]:
            return [self.value(item, names) for item in nodes]

        match node:
            case ast.Constant(value):
                return value
            case ast.Name(name):
                return names[name] if name in names else self.known(name)
            case ast.Attribute(ast.Name("math"), name):
                return getattr(self.math, name)
            case ast.Tuple(items):
                return tuple(values(items))
            case ast.BinOp(left, op, right):
                return self.operators[type(op)](*values((left, right)))
            case ast.UnaryOp(op, operand):
                return self.operators[type(op)](*values((operand,)))
            case ast.BoolOp(op, parts):
                return reduce(self.operators[type(op)], values(parts))
            case ast.Compare(left, ops, others):
                parts = values((left, *others))
                held = [OPERATORS[type(op)](*pair) for op, *pair in zip(ops, parts, parts[1:])]
                return reduce(self.library.logical_and, held)
            case ast.IfExp(test, then, other):
                return self.chosen(*values((test, then, other)))
            case ast.Call(function, operands):
                return self.value(function, names)(*values(operands))
        raise NotImplementedError(ast.unparse(node))

    def known(self, name: str) -> Any:
        """Return what a name of the module stands for: a function, or a number as `_SPLIT`."""
        built_in = {"abs": abs, "max": self.library.maximum, "min": self.library.minimum}.get(name)
        if built_in is not None:
            return built_in
        text = texts()[name]
        if text.startswith("def"):
            return self.function(name)
        return ast.literal_eval(text.split(" ")[2])

    def chosen(self, test: Any, one: Any, other: Any) -> Any:
        """Return one thing where a test holds, else the other, part by part of a tuple."""
        if isinstance(one, tuple):
            return tuple(self.library.where(test, *pair) for pair in zip(one, other))
        return self.library.where(test, one, other)
