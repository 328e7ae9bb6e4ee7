"""Notation: how primitives are written on paper, and what a rule of the table says, as a formula.

>>> from autograd_engine.primitives import TABLE
>>> from autograd_engine.views.explain.typesetting import TEXT
>>> TEXT.set(rule(TABLE["tanh"], 0)), TEXT.set(rule(TABLE["divide"], 1))
('∂tanh(u)/∂u = 1 − tanh(u)²', '∂(u/v)/∂v = −u/v²')
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache

from autograd_engine.compiler.record.symbols import OUT, Expression, Symbol, formula, operands
from autograd_engine.primitives import Primitive, is_built_in
from autograd_engine.views.explain import formulas
from autograd_engine.views.explain.formulas import Call, Indicator, Name, Number, Power, Term
from autograd_engine.views.explain.names import lowered, name
from autograd_engine.views.explain.textbook import CALLED, entry, is_long, rewritten, textbook

_ONE, _TWO = Number(1.0), Number(2.0)
_CONSTANTS: dict[float, Term] = {
    2.0 / math.sqrt(math.pi): formulas.Fraction(_TWO, Call("sqrt", (Name("π"),))),
    math.log(2.0): Call("ln", (_TWO,)),
    1.0 / math.log(2.0): formulas.Fraction(_ONE, Call("ln", (_TWO,))),
    1.0 / math.log(10.0): formulas.Fraction(_ONE, Call("ln", (Number(10.0),))),
}


def _multiplied(left: Term, right: Term) -> Term:
    if left == right and isinstance(left, formulas.Sum):
        return Power(left, _TWO)
    sides = (
        side.factors if isinstance(side, formulas.Product) else (side,) for side in (left, right)
    )
    return formulas.Product(tuple(factor for side in sides for factor in side))


def _dot(*xs: Term) -> Term:
    start = len(xs) % 2
    return formulas.added([*xs[:start], *map(_multiplied, xs[start::2], xs[start + 1 :: 2])])


def _over_count(parts: Sequence[Term]) -> Term:
    return formulas.over(formulas.added(parts), Number(float(len(parts))))


_WRITTEN: dict[str, Callable[..., Term]] = {
    "add": formulas.plus,
    "subtract": formulas.minus,
    "multiply": formulas.times,
    "divide": formulas.over,
    "negative": formulas.negated,
    "power": formulas.power,
    "above": lambda x, y: Indicator(x, ">", y),
    "at_least": lambda x, y: Indicator(x, "≥", y),
    "equals": lambda x, y: Indicator(x, "=", y),
    "gate": lambda key, x: formulas.times(Indicator(key, "≠", Number(0.0)), x),
    "sum": lambda *xs: formulas.added(xs),
    "mean": lambda *xs: _over_count(xs),
    "prod": lambda *xs: (
        formulas.Product(formulas.elided(xs, lambda x: x)) if len(xs) > 1 else xs[0]
    ),
    "dot": _dot,
    "mse": lambda *xs: _over_count(
        [Power(formulas.minus(*xs[i : i + 2]), _TWO) for i in range(0, len(xs), 2)]
    ),
}
_LITERAL = {**_WRITTEN, "negative": formulas.Minus, "divide": formulas.Fraction}
_LITERAL |= {"multiply": _multiplied, "power": Power}
"""The same for an operation as the user wrote it, which nothing is left out of."""

_CALLED = {"log": "ln", "relu": "ReLU", "maximum": "max", "minimum": "min", "absolute": "abs"}
_CALLED |= {"azmul": "multiply", "ratio": "divide", "lenient_power": "power", "gap": "subtract"}
_CALLED |= {"sign": "sgn"}


def written(rule: Primitive, *operands: Term) -> Term:
    """Return a primitive applied to terms, as one writes it.

    >>> from autograd_engine.table import tanh
    >>> written(tanh, Number(2.0))
    Call(function='tanh', operands=(Number(value=2.0),))
    """
    if rule.name.startswith("**"):
        return Power(operands[0], Number(float(rule.name[2:])))
    return _spelled(_LITERAL, rule, operands)


def spoken(rule: Primitive) -> str:
    """Return the name of an operation, as an explanation calls it."""
    return "power" if rule.name[:2] == "**" else rule.symbol if rule.several else rule.name


Aside = Callable[[Symbol, Callable[[Symbol], Term]], "Term | None"]


def partial(
    rule: Primitive,
    which: int,
    term: Callable[[int], Term],
    count: int = 0,
    aside: Aside = lambda symbol, names: None,
) -> Term | None:
    """Return the derivative by one operand as a formula; None if its rule cannot be read.

    `term` is called with the place of an operand, or with -1 for the output, where the rule
    mentions it. `count` is the number of operands of a rule that takes any number of them. `aside`
    may give a name to a part that has one in textbooks, which otherwise is written out.
    """
    found = textbook(rule, which, count)
    return None if found is None else read(found, _placed(operands(rule, count), term), aside)


@lru_cache(maxsize=1024)
def rule(
    primitive: Primitive, which: int, names: tuple[str, ...] = ("u", "v"), count: int = 0
) -> Term:
    """Return a primitive's own rule: its derivative by one operand."""
    given = _named(primitive, names, count)
    out = written(primitive, *given)
    found = partial(primitive, which, lambda i: out if i < 0 else given[i], count)
    upper = formulas.Derivative(out, given[which])
    return upper if found is None else formulas.Equal(upper, found)


def meaning(primitive: Primitive, names: tuple[str, ...], count: int = 0) -> Term:
    """Return a primitive, and what its forward function makes of the operands if it tells."""
    given = _named(primitive, names, count)
    out, found = written(primitive, *given), formula(primitive, count)
    if found is None or is_long(found):
        return out
    known = _placed(operands(primitive, count), lambda i: given[i])
    term = read(rewritten(found), known)
    return out if term == out else formulas.Equal(out, term)


def _named(primitive: Primitive, names: tuple[str, ...], count: int) -> tuple[Name, ...]:
    count = count or len(primitive.domain)
    if count > len(names):
        names = tuple([f"{names[0]}{lowered(str(i))}" for i in range(count)])
    return tuple(map(name, names[:count]))


def _placed(symbols: tuple[Symbol, ...], term: Callable[[int], Term]) -> Callable[[Symbol], Term]:
    places = {OUT: -1, **{symbol: i for i, symbol in enumerate(symbols)}}
    return lambda symbol: term(places[symbol])


def read(
    expression: Expression,
    names: Callable[[Symbol], Term],
    aside: Aside = lambda symbol, names: None,
) -> Term:
    """Return an expression as a formula, of the names of its symbols."""
    if not isinstance(expression, Symbol):
        constant = _CONSTANTS.get(abs(expression), Number(abs(expression)))
        return formulas.negated(constant) if expression < 0.0 else constant
    if expression.rule is None:
        return names(expression)
    if expression.rule is CALLED:
        return aside(expression, names) or read(expression.operands[0], names)
    operands = tuple(read(operand, names, aside) for operand in expression.operands)
    last = expression.operands[-1]
    if operands[-1] == Number(0.0) and isinstance(last, Symbol) and last.rule is CALLED:
        return operands[0]  # p − 0 of a class
    return _spelled(_WRITTEN, expression.rule, operands)


def _spelled(
    spellings: dict[str, Callable[..., Term]], rule: Primitive, operands: tuple[Term, ...]
) -> Term:
    called = rule.name
    if is_built_in(rule):
        called = _CALLED.get(called, called)
        if called in spellings:
            return spellings[called](*operands)
        if called.endswith("]"):  # softmax₁ for softmax[1]
            called = rule.symbol + lowered(str(entry(rule)))
    return Call(called, formulas.elided(operands, lambda operand: operand))
