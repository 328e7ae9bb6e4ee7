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
from collections.abc import Callable
from functools import lru_cache, partial, reduce
from types import SimpleNamespace
from typing import Any

import numpy

from autograd_engine.compiler.run.plain import named, texts
from autograd_engine.primitives import TABLE, Primitive

# Rows that are made of one exponential here, where `floats` has one for each sign.


def _sigmoid(library: Any, x: Any) -> Any:
    tail = library.exp(-abs(x))
    return library.where(x < 0.0, tail, 1.0) / (1.0 + tail)


def _bell(library: Any, x: Any) -> Any:
    tail = library.exp(-abs(x))
    return tail / ((1.0 + tail) * (1.0 + tail))


MADE: dict[str, Callable[..., Any]] = {
    "sigmoid": _sigmoid,
    "bell": _bell,
    "softplus": lambda np, x: np.maximum(x, 0.0) + np.log1p(np.exp(-abs(x))),
    "negative": lambda _, x: -1.0 * x,  # NumPy's own errs on some strides before 2.5
}

# What can be read: statements without loops or exceptions.
READ = (ast.FunctionDef, ast.If, ast.Return, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr)


class Translator:
    """Translates to arrays of a library as `numpy`; others may have functions of `math` too."""

    def __init__(self, library: Any, *others: Any) -> None:
        self.library = library
        self.math = SimpleNamespace(inf=math.inf, nan=math.nan, pi=math.pi, e=math.e)
        for name in vars(math):
            for place in (library, *others):
                for called in (f"arc{name[1:]}", name):
                    if name not in vars(self.math) and callable(getattr(place, called, None)):
                        setattr(self.math, name, getattr(place, called))
        self.words = {word: getattr(library, word) for word in CHOICES.values()}
        self.words |= {"math": self.math, "where": self.chosen}
        self.words |= {"max": library.maximum, "min": library.minimum}

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
        if name in MADE:
            return partial(MADE[name], self.library)
        for called in () if name in ("maximum", "minimum", "sign") else (f"arc{name[1:]}", name):
            if getattr(getattr(numpy, called, None), "nin", 0) == rule.arity:
                return getattr(self.library, called)  # type: ignore[no-any-return]
        return self.function(named(rule))

    def function(self, name: str) -> Callable[..., Any] | None:
        """Return a function, named as in the source of `floats`; None where it is no such."""
        if name.startswith("math."):
            return vars(self.math).get(name[5:])
        text = texts().get(name, "")
        tree: Any = ast.parse(text)
        statements = [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]
        if not text.startswith("def") or not all(isinstance(node, READ) for node in statements):
            return None
        (function,) = Choices().visit(tree).body
        names = [argument.arg for argument in function.args.args]

        def on_arrays(*operands: Any) -> Any:
            found = self.run(function.body, Names(self, zip(names, operands)))
            return self.library.broadcast_to(
                self.library.asarray(found, operands[0].dtype), operands[0].shape
            )

        return on_arrays

    def run(self, body: list[Any], names: Names) -> Any:
        """Return what statements return, given what their names stand for."""
        for place, statement in enumerate(body):
            if isinstance(statement, ast.Return):
                return eval(code(statement.value), self.words, names)
            if isinstance(statement, ast.If):
                sides, rest = (statement.body, statement.orelse), body[place + 1 :]
                found = [self.run([*side, *rest], Names(self, names)) for side in sides]
                return self.chosen(eval(code(statement.test), self.words, names), *found)
            exec(code(statement), self.words, names)
        raise NotImplementedError("a function that returns nothing")

    def chosen(self, test: Any, one: Any, other: Any) -> Any:
        """Return one thing where a test holds, else the other, part by part of a tuple."""
        if isinstance(one, tuple):
            return tuple(self.library.where(test, *pair) for pair in zip(one, other))
        return self.library.where(test, one, other)


class Names(dict[str, Any]):
    """What the names in a function stand for; those of the module are other functions, or numbers
    as `_SPLIT`.
    """

    def __init__(self, translator: Translator, known: Any) -> None:
        super().__init__(known)
        self.translator = translator

    def __missing__(self, name: str) -> Any:
        text = texts()[name]
        if text.startswith("def"):
            return self.translator.function(name)
        return ast.literal_eval(text.split(" ")[2])


CHOICES = {ast.And: "logical_and", ast.Or: "logical_or", ast.Not: "logical_not"}


class Choices(ast.NodeTransformer):
    """Writes choices as functions, which arrays have of them."""

    def visit(self, node: Any) -> Any:
        self.generic_visit(node)
        match node:
            case ast.IfExp(test, body, orelse):
                return call("where", test, body, orelse)
            case ast.UnaryOp(ast.Not(), operand):
                return call("logical_not", operand)
            case ast.BoolOp(op, parts):
                return reduce(partial(call, CHOICES[type(op)]), parts)
            case ast.Compare(left, ops, others) if len(ops) > 1:
                sides = zip([left, *others], ops, others)
                pairs = [ast.Compare(x, [op], [y]) for x, op, y in sides]
                return reduce(partial(call, "logical_and"), pairs)
        return node


def call(name: str, *operands: Any) -> Any:
    """Return the call of a function as a tree."""
    return ast.Call(ast.Name(name, ast.Load()), list(operands), [])


@lru_cache(maxsize=1024)
def code(node: Any) -> Any:
    """Return an expression or a statement, compiled."""
    whole = ast.Expression(node) if isinstance(node, ast.expr) else ast.Module([node], [])
    mode = "eval" if isinstance(node, ast.expr) else "exec"
    return compile(ast.fix_missing_locations(whole), "<floats>", mode)
