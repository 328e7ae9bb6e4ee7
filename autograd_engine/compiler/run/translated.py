"""The functions of `floats` and `math` on arrays of NumPy or of JAX, read from their source.

A branch cannot be taken for some numbers and not for others: both sides are computed, and of each
number the right one is chosen. What is assigned is the operand of a function of what follows.

NumPy notes floating-point errors: the caller stands inside `numpy.errstate(all="ignore")`.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from typing import Any, ClassVar

import numpy

from autograd_engine.compiler.record.symbols import formula, remembered
from autograd_engine.compiler.run.translation import IEEE, Expressions, Untranslatable
from autograd_engine.primitives import TABLE, Primitive

ONE_EXPONENTIAL = """
def sigmoid(x):
    tail = math.exp(-abs(x))
    return (tail if x < 0.0 else 1.0) / (1.0 + tail)
def bell(x):
    tail = math.exp(-abs(x))
    return tail / ((1.0 + tail) * (1.0 + tail))
def softplus(x): return max(x, 0.0) + math.log1p(math.exp(-abs(x)))
"""  # where `floats` has one for each sign
UNSIGNED = ("maximum", "minimum", "sign", "negative")  # of libraries: the sign of a 0 is chance


class OnArrays(Expressions):
    """Translates to arrays of a library as `numpy`; others may have functions of `math` too."""

    LANGUAGE = "an expression of arrays"
    OWN = IEEE + ONE_EXPONENTIAL
    SPELLED: ClassVar[dict[Any, str]] = Expressions.SPELLED | {
        ast.USub: "-1.0 * {}",  # NumPy's own negative errs on some strides before 2.5
        ast.Pow: "{} ** {}", ast.And: "logical_and({}, {})", ast.Or: "logical_or({}, {})",
        ast.Not: "logical_not({})", ast.IfExp: "where({}, {}, {})",
    }  # fmt: skip

    def __init__(self, library: Any, *others: Any) -> None:
        super().__init__()
        self.library = library
        self.words = {"abs": abs, "max": library.maximum, "min": library.minimum}
        for name in ("logical_and", "logical_or", "logical_not", "where"):
            self.words[name] = getattr(library, name)
        for name, value in vars(math).items():
            found = [getattr(x, y, None) for x in (library, *others) for y in longer(name)]
            found += [value] * isinstance(value, float)
            self.words |= {f"math_{name}": one for one in found[::-1] if one is not None}

    def spelled(self, rule: Primitive) -> Callable[..., Any] | None:
        """Return a row of the table, or a fixed power, as a function of arrays; None if none is.

        It is the library's own, which may have the longer name, as `arcsin` of `asin`; else it
        is translated.
        """
        if rule.name.startswith("**"):
            return lambda x: self.library.power(x, float(rule.name[2:]))
        if TABLE.get(rule.name) is not rule or not rule.arity:
            return None
        name = {"ratio": "divide", "lenient_power": "power", "ln": "log"}.get(rule.name, rule.name)
        for word in longer(name) if name not in UNSIGNED else ():
            if getattr(getattr(numpy, word, None), "nin", 0) == rule.arity:
                return getattr(self.library, word)  # type: ignore[no-any-return]
        return self.on_arrays(f"M.{name}")

    def on_arrays(self, name: str) -> Callable[..., Any] | None:
        """Return a function of the modules by name, as `floats.relu`; None where it cannot be."""
        try:
            function = self.words[self.named(name)]
        except Untranslatable:
            return None

        def broadcast(x: Any, *others: Any) -> Any:
            found = self.library.asarray(function(x, *others), x.dtype)
            return self.library.broadcast_to(found, x.shape)

        return broadcast

    def known(self, name: str) -> str:
        word = self.called(name)
        return word if word in self.words else super().known(name)

    def called(self, name: str) -> str:
        return name.replace(".", "_")

    def definition(self, name: str, node: Any) -> str:
        text = self.function(node)
        self.words[name] = eval(text, self.words)
        return f"{name} = {text}"

    def written(self, operands: list[str], names: list[str], body: str) -> str:
        return f"lambda {', '.join(operands)}: {body}"

    def let(self, target: Any, value: Any, rest: list[Any]) -> str:
        names, values = (self.all(getattr(side, "elts", [side])) for side in (target, value))
        return f"(lambda {names}: {self.block(rest)})({values})"


def longer(name: str) -> tuple[str, str]:
    return f"arc{name[1:]}", name


IN_NUMPY = OnArrays(numpy)


@remembered
def spelled(rule: Primitive) -> Callable[..., Any] | None:
    """Return a primitive as NumPy's functions are: `f(x, out=view)` or `f(x, y, out=view)`.

    Operands are arrays of floats, strided or broadcast as they like, or numbers; `out` may be
    one of them. None for a primitive that is to be spelled by its formula.
    """
    function = IN_NUMPY.spelled(rule)
    if function is None:
        own = TABLE.get(rule.name) is not rule
        return None if own and formula(rule) is not None else called(rule)
    if isinstance(function, numpy.ufunc):
        return function  # type: ignore[no-any-return]

    def translated(*operands: Any, out: Any) -> Any:
        out[...] = function(*numpy.broadcast_arrays(*operands))
        return out

    return translated


def called(rule: Primitive, count: int = 0) -> Callable[..., Any]:
    """Return what calls the primitive's forward function for each number, of so many operands
    if it takes any number; NaN where that raises `ArithmeticError` or `ValueError`.
    """

    def one(*operands: float) -> float:
        try:
            return float(rule.forward(*operands))
        except (ArithmeticError, ValueError):
            return math.nan

    each = numpy.frompyfunc(one, count or len(rule.domain), 1)
    return lambda *operands, out: each(*operands, out=out, casting="unsafe")
