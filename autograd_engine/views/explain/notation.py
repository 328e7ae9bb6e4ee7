"""Notation: how primitives are written on paper, and what a rule of the table says, as a formula.

A rule is read with symbols, or said in the words of a textbook, by `RULES`, where it is written
another way for the digits' sake. A test holds all to the numbers of the rows.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from autograd_engine import table
from autograd_engine.compiler.record import symbols
from autograd_engine.compiler.record.symbols import OUT, Expression, Symbol, operands
from autograd_engine.primitives import Primitive, is_built_in
from autograd_engine.views.explain import formulas
from autograd_engine.views.explain.formulas import Call, Number, Power, Term, lowered, name

CALLED = Primitive("called", lambda x: x, lambda out, x: (1.0,))  # marks what has a name

LONGEST = 64  # So many operations a formula has at most; of more, its number alone is told.


def _power_rule(rule: Primitive, i: int, x: Any, y: Any = None) -> Any:
    y = float(rule.name[2:]) if y is None else y
    return x**y * table.ln(x) if i else y * table.lenient_power(x, y - 1.0)


# fmt: off
def unfolded(rule: Primitive, *numbers: float) -> Symbol:     return Symbol("", rule, numbers)
def called(name: str, expression: Expression) -> Symbol:      return Symbol(name, CALLED, (expression,))
def chance(i: int, xs: tuple[Any, ...]) -> Symbol:            return called(f"p{lowered(str(i))}", table.softmax_of(i)(*xs))
def entry(rule: Primitive) -> int:                            return int(rule.name.rstrip("]").rpartition("[")[2])


RULES: dict[str, Callable[..., Any]] = {  # the derivative by operand i
    "power":         _power_rule,
    "lenient_power": _power_rule,
    "sqrt":          lambda rule, i, x: 1.0 / (2.0 * OUT),
    "asin":          lambda rule, i, x: 1.0 / table.sqrt(1.0 - x**2.0),
    "acos":          lambda rule, i, x: -1.0 / table.sqrt(1.0 - x**2.0),
    "atan":          lambda rule, i, x: 1.0 / (1.0 + x**2.0),
    "atan2":         lambda rule, i, y, x: (-y if i else x) / (x**2.0 + y**2.0),
    "tanh":          lambda rule, i, x: 1.0 - OUT**2.0,
    "asinh":         lambda rule, i, x: 1.0 / table.sqrt(1.0 + x**2.0),
    "acosh":         lambda rule, i, x: 1.0 / table.sqrt(x**2.0 - 1.0),
    "atanh":         lambda rule, i, x: 1.0 / (1.0 - x**2.0),
    "erf":           lambda rule, i, x: 2.0 * table.exp(-(x**2.0)) / unfolded(table.sqrt, math.pi),
    "erfc":          lambda rule, i, x: -2.0 * table.exp(-(x**2.0)) / unfolded(table.sqrt, math.pi),
    "log2":          lambda rule, i, x: 1.0 / (unfolded(table.log, 2.0) * x),
    "log10":         lambda rule, i, x: 1.0 / (unfolded(table.log, 10.0) * x),
    "sigmoid":       lambda rule, i, x: OUT * (1.0 - OUT),
    "maximum":       lambda rule, i, *xs: table.above(xs[i], xs[1 - i]) + 0.5 * table.equals(*xs),
    "minimum":       lambda rule, i, *xs: table.above(xs[1 - i], xs[i]) + 0.5 * table.equals(*xs),
    "hypot":         lambda rule, i, *xs: xs[i] / table.sqrt(xs[i] ** 2.0 + xs[1 - i] ** 2.0),
    "mean":          lambda rule, i, *xs: unfolded(table.DIVIDE, 1.0, len(xs)),
    "prod":          lambda rule, i, *xs: table.PROD(*xs[:i], *xs[i + 1 :]) if xs[1:] else 1.0,
    "norm":          lambda rule, i, *xs: xs[i] / OUT,
    "variance":      lambda rule, i, *xs: unfolded(table.DIVIDE, 2.0, len(xs)) * (xs[i] - called("mean", table.MEAN(*xs))),
    "mse":           lambda rule, i, *xs: unfolded(table.DIVIDE, 2.0, len(xs) // 2) * (xs[i] - xs[i ^ 1]),
    "logsumexp":     lambda rule, i, *xs: chance(i, xs),
    "softmax":       lambda rule, i, *xs: chance(i, xs) * (1.0 - chance(i, xs)) if i == entry(rule) else -(chance(entry(rule), xs) * chance(i, xs)),
    "log_softmax":   lambda rule, i, *xs: 1.0 - chance(i, xs) if i == entry(rule) else -chance(i, xs),
    "cross_entropy": lambda rule, i, *xs: chance(i, xs) - called(f"y{lowered(str(i))}", float(i == entry(rule))),
    "binary_cross_entropy": lambda rule, i, z, y: -z if i else called("p", table.sigmoid(z)) - called("y", y),
}
# fmt: on


@lru_cache(maxsize=1024)
def textbook(primitive: Primitive, which: int, count: int = 0) -> Expression | None:
    """Return a derivative in the words of a textbook, of -1 the primitive; None: unreadable."""
    called = spoken(primitive)
    if which >= 0 and is_built_in(primitive) and called in RULES:
        return RULES[called](primitive, which, *operands(primitive, count))  # type: ignore[no-any-return]
    try:
        partials = symbols.partials(primitive, count) if which >= 0 else ()
        found = partials[which] if partials else symbols.formula(primitive, count)
    except Exception:  # whatever somebody's own rule does not do with a symbol
        return None
    if isinstance(found, Symbol) and found.rule is table.portion:
        return table.sigmoid(found.operands[0] - found.operands[1])  # type: ignore[no-any-return]
    return None if is_long(found) else found


def is_long(expression: Expression | None) -> bool:
    """Say whether nobody would read this: a loop over many operands, written out."""
    parts = [expression]
    for part in parts:  # it grows meanwhile
        if isinstance(part, Symbol) and len(parts) <= LONGEST:
            parts += [item for item in part.operands if isinstance(item, Symbol) and item.rule]
    return len(parts) > LONGEST


Aside = Callable[[Symbol, Term], Term] | None  # what to write for a part that has a name
Names = tuple[str, ...]
Spellings = dict[str, Callable[..., Term]]
_TWO = Number(2.0)
_CONSTANTS: dict[float, Term] = {math.pi: name("π"), math.log(2.0): Call("ln", (_TWO,))}


def _multiplied(left: Term, right: Term) -> Term:
    if left == right and isinstance(left, formulas.Sum):
        return Power(left, _TWO)
    sides = [getattr(side, "factors", (side,)) for side in (left, right)]
    return formulas.Product(sides[0] + sides[1])


# fmt: off
_WRITTEN: Spellings = {
    "add":      formulas.plus,
    "subtract": formulas.minus,
    "multiply": formulas.times,
    "divide":   formulas.over,
    "negative": formulas.negated,
    "power":    formulas.power,
    "above":    lambda x, y: formulas.Indicator(x, ">", y),
    "at_least": lambda x, y: formulas.Indicator(x, "≥", y),
    "equals":   lambda x, y: formulas.Indicator(x, "=", y),
    "gate":     lambda key, x: formulas.times(formulas.Indicator(key, "≠", Number(0.0)), x),
    "sum":      lambda *xs: formulas.added(xs),
    "mean":     lambda *xs: formulas.over(formulas.added(xs), Number(float(len(xs)))),
    "prod":     lambda *xs: formulas.Product(formulas.elided(xs)) if xs[1:] else xs[0],
    "dot":      lambda *xs: formulas.added([*xs[: len(xs) % 2], *map(_multiplied, xs[len(xs) % 2 :: 2], xs[len(xs) % 2 + 1 :: 2])]),
    "mse":      lambda *xs: formulas.over(formulas.added([Power(formulas.minus(*pair), _TWO) for pair in zip(xs[::2], xs[1::2])]), Number(len(xs) / 2)),
}
# fmt: on
_LITERAL = _WRITTEN | {"negative": formulas.Minus, "divide": formulas.Fraction}
_LITERAL |= {"multiply": _multiplied, "power": Power}  # as the user wrote it: all of it

_CALLED = {"log": "ln", "relu": "ReLU", "maximum": "max", "minimum": "min", "absolute": "abs"}
_CALLED |= {"azmul": "multiply", "ratio": "divide", "lenient_power": "power", "gap": "subtract"}
_CALLED |= {"sign": "sgn"}


def written(rule: Primitive, *operands: Term) -> Term:
    if rule.name.startswith("**"):
        return Power(operands[0], Number(float(rule.name[2:])))
    return _spelled(_LITERAL, rule, operands)


def spoken(rule: Primitive) -> str:
    return "power" if rule.name[:2] == "**" else rule.symbol if rule.several else rule.name


def partial(
    rule: Primitive, which: int, term: Callable[[int], Term], count: int = 0, aside: Aside = None
) -> Term | None:
    """Return the derivative by one operand, of terms at places (-1: the output); None: unreadable."""
    places = {OUT: -1, **{symbol: i for i, symbol in enumerate(operands(rule, count))}}
    found = textbook(rule, which, count)
    return None if found is None else read(found, lambda symbol: term(places[symbol]), aside)


@lru_cache(maxsize=1024)
def rule(primitive: Primitive, which: int, names: Names = ("u", "v"), count: int = 0) -> Term:
    """Return a primitive's own rule, its derivative by one operand, or of -1 what it computes."""
    count = count or len(primitive.domain)
    if count > len(names):
        names = tuple([f"{names[0]}{lowered(str(i))}" for i in range(count)])
    given = list(map(name, names[:count]))
    terms = [*given, written(primitive, *given)]
    found = partial(primitive, which, terms.__getitem__, count)
    upper = terms[-1] if which < 0 else formulas.Derivative(terms[-1], terms[which])
    return upper if found in (None, upper) else formulas.Equal(upper, found)


def read(expression: Expression, names: Callable[[Symbol], Term], aside: Aside = None) -> Term:
    if not isinstance(expression, Symbol):
        return _CONSTANTS.get(expression, Number(float(expression)))
    if expression.rule is None:
        return names(expression)
    if expression.rule is CALLED:
        term = read(expression.operands[0], names)
        return aside(expression, term) if aside else term
    operands = tuple(read(operand, names, aside) for operand in expression.operands)
    last = expression.operands[-1]
    if operands[-1] == Number(0.0) and isinstance(last, Symbol) and last.rule is CALLED:
        return operands[0]  # p − 0 of a class
    return _spelled(_WRITTEN, expression.rule, operands)


def _spelled(spellings: Spellings, rule: Primitive, operands: tuple[Term, ...]) -> Term:
    called = rule.name
    if is_built_in(rule):
        called = _CALLED.get(called, called)
        if called in spellings:
            return spellings[called](*operands)
        if called.endswith("]"):  # softmax₁ for softmax[1]
            called = rule.symbol + lowered(str(entry(rule)))
    return Call(called, formulas.elided(operands))
