"""Notation: how primitives are written on paper, and what a rule of the table says, as a formula.

A rule is read with symbols. Where it calls a row that keeps digits, such as `bell`, it is put
into the words of a textbook by an identity of `IDENTITIES`; none of them is a derivative, and a
test holds each rule's formula to the numbers of its row.

>>> from autograd_engine.primitives import TABLE
>>> from autograd_engine.views.typesetting import TEXT
>>> TEXT.set(rule(TABLE["tanh"], 0)), TEXT.set(rule(TABLE["divide"], 1))
('∂tanh(u)/∂u = 1 - tanh(u)²', '∂(u/v)/∂v = -u/v²')
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from autograd_engine.compiler.symbols import OUT, Expression, Symbol, X, Y, formula, partials
from autograd_engine.primitives import Primitive
from autograd_engine.table import (
    above,
    bell,
    circle,
    equals,
    exp,
    gate,
    gauss,
    hypot,
    lenient_power,
    ln,
    portion,
    power_log,
    ratio,
    sigmoid,
    slope,
    sqrt,
    tanh,
    unit,
)
from autograd_engine.views import formulas
from autograd_engine.views.formulas import (
    Call,
    Derivative,
    Equal,
    Indicator,
    Name,
    Number,
    Product,
    Term,
)

A, B, C = Symbol("A"), Symbol("B"), Symbol("C")
_HOLES = (A, B, C)

IDENTITIES: tuple[tuple[Any, Any], ...] = (
    (4.0 * bell(2.0 * A), 1.0 - tanh(A) ** 2.0),
    (bell(A), sigmoid(A) * (1.0 - sigmoid(A))),
    (unit(1.0, A) * unit(1.0, A), 1.0 / (1.0 + A**2.0)),
    (unit(1.0, A), 1.0 / sqrt(1.0 + A**2.0)),
    (ratio(unit(A, B), hypot(A, B)), A / (A**2.0 + B**2.0)),
    (ratio(-unit(A, B), hypot(B, A)), -A / (B**2.0 + A**2.0)),
    (unit(A, B), A / sqrt(A**2.0 + B**2.0)),
    (gate(hypot(A, B), C), C),
    (circle(A) * circle(A), 1.0 - A**2.0),
    (circle(A), sqrt(1.0 - A**2.0)),
    (sqrt(A - 1.0) * sqrt(A + 1.0), sqrt(A**2.0 - 1.0)),
    (gauss(A), exp(-(A**2.0))),
    (portion(A, B), sigmoid(A - B)),
    (slope(A, B), B * lenient_power(A, B - 1.0)),
    (power_log(A, B), A**B * ln(A)),
    (0.5 + 0.5 * (above(A, B) - above(B, A)), above(A, B) + 0.5 * equals(A, B)),
    (0.5 - 0.5 * (above(A, B) - above(B, A)), above(B, A) + 0.5 * equals(A, B)),
    (ratio(0.5, A), 1.0 / (2.0 * A)),
    (A * A * A, A**3.0),
    (B * A * A, B * A**2.0),
    (A * A, A**2.0),
)
"""What stands in rules for the digits' sake, and the same in the words of a textbook."""

_CONSTANTS: dict[float, Term] = {
    2.0 / math.sqrt(math.pi): formulas.over(Number(2.0), Call("sqrt", (Name("π", r"\pi"),))),
    math.log(2.0): Call("ln", (Number(2.0),)),
    1.0 / math.log(2.0): formulas.over(Number(1.0), Call("ln", (Number(2.0),))),
    1.0 / math.log(10.0): formulas.over(Number(1.0), Call("ln", (Number(10.0),))),
}

_WRITTEN: dict[str, Callable[..., Term]] = {
    "add": formulas.plus,
    "subtract": formulas.minus,
    "multiply": formulas.times,
    "azmul": formulas.times,
    "divide": formulas.over,
    "negative": formulas.negated,
    "power": formulas.power,
    "lenient_power": formulas.power,
    "ratio": formulas.over,
    "above": lambda x, y: Indicator(x, ">", y),
    "at_least": lambda x, y: Indicator(x, "≥", y),
    "equals": lambda x, y: Indicator(x, "=", y),
    "gap": formulas.minus,
    "gate": lambda key, x: formulas.times(Indicator(key, "≠", Number(0.0)), x),
    "absolute": lambda x: Call("abs", (x,)),
}
_LITERAL: dict[str, Callable[..., Term]] = {
    **_WRITTEN,
    "multiply": lambda x, y: Product((*_flat(x), *_flat(y))),
    "azmul": lambda x, y: Product((*_flat(x), *_flat(y))),
    "divide": formulas.Fraction,
    "ratio": formulas.Fraction,
    "negative": formulas.Minus,
    "power": formulas.Power,
    "lenient_power": formulas.Power,
    "gate": lambda key, x: Product((Indicator(key, "≠", Number(0.0)), x)),
}
"""The same for an operation as the user wrote it, which nothing is left out of."""

_SPOKEN = {"log": "ln", "relu": "ReLU", "maximum": "max", "minimum": "min", "sign": "sgn"}


def written(rule: Primitive, *operands: Term) -> Term:
    """Return a primitive applied to terms, as one writes it.

    >>> written(tanh, Number(2.0))
    Call(function='tanh', operands=(Number(value=2.0),))
    """
    if rule.name.startswith("**"):
        return formulas.Power(operands[0], Number(float(rule.name[2:])))
    return _spelled(_LITERAL, rule, operands)


def spoken(rule: Primitive) -> str:
    """Return the name of an operation, as an explanation calls it."""
    return "power" if rule.name.startswith("**") else rule.name


def partial(rule: Primitive, which: int, term: Callable[[int], Term]) -> Term | None:
    """Return the derivative by one operand as a formula; None if its rule cannot be read.

    `term` is called with the place of an operand, or with -1 for the output, where the rule
    mentions it.
    """
    expression = textbook(rule, which)
    if expression is None:
        return None
    return _term(expression, lambda symbol: term(-1 if symbol is OUT else int(symbol is Y)))


@lru_cache(maxsize=1024)
def rule(primitive: Primitive, which: int, names: tuple[str, ...] = ("u", "v")) -> Term:
    """Return a primitive's own rule: its derivative by one operand."""
    operands = _operands(primitive, names)
    out = written(primitive, *operands)
    found = partial(primitive, which, lambda place: out if place < 0 else operands[place])
    upper = Derivative(out, operands[which])
    return upper if found is None else Equal(upper, found)


def meaning(primitive: Primitive, names: tuple[str, ...]) -> Term:
    """Return a primitive, and what its forward function makes of the operands if it tells."""
    operands = _operands(primitive, names)
    out, found = written(primitive, *operands), formula(primitive)
    if found is None:
        return out
    term = _term(_rewritten(found, IDENTITIES), lambda symbol: operands[symbol is Y])
    return out if term == out else Equal(out, term)


def _operands(primitive: Primitive, names: tuple[str, ...]) -> tuple[Name, ...]:
    return tuple(Name(name, name) for name in names[: len(primitive.domain)])


@lru_cache(maxsize=1024)
def textbook(primitive: Primitive, which: int) -> Expression | None:
    """Return a rule's expression in the words of a textbook; None if it cannot be read."""
    try:
        found = partials(primitive)[which]
    except Exception:  # whatever somebody's own rule does not do with a symbol
        return None
    own = (X, Y)[: len(primitive.domain)]
    # The primitive itself, of its own operands, is its output.
    return _rewritten(found, (*IDENTITIES, (primitive(*own), OUT)))


def _rewritten(expression: Expression, identities: tuple[tuple[Any, Any], ...]) -> Expression:
    if not isinstance(expression, Symbol) or expression.rule is None:
        return expression
    for pattern, meaning in identities:
        found: dict[Symbol, Expression] = {}
        if _matches(pattern, expression, found):
            same = _filled(meaning, found)
            # A meaning may hold its pattern, as A ** 2 does not: only its parts are looked at.
            return _rewritten(same, identities)
    operands = tuple(_rewritten(operand, identities) for operand in expression.operands)
    changed = any(new is not old for new, old in zip(operands, expression.operands))
    if not changed:
        return expression
    return _rewritten(Symbol("", expression.rule, operands), identities)


def _matches(pattern: Expression, expression: Expression, found: dict[Symbol, Expression]) -> bool:
    if isinstance(pattern, Symbol) and any(pattern is hole for hole in _HOLES):
        return _same(found.setdefault(pattern, expression), expression)
    if not isinstance(pattern, Symbol) or not isinstance(expression, Symbol):
        return _same(pattern, expression)
    if pattern.rule is not expression.rule or pattern.rule is None:
        return pattern is expression
    return all(map(_matches, pattern.operands, expression.operands, [found] * 2))


def _same(one: Expression, other: Expression) -> bool:
    if not isinstance(one, Symbol) or not isinstance(other, Symbol):
        return not isinstance(one, Symbol) and not isinstance(other, Symbol) and one == other
    if one is other:
        return True
    same = one.rule is not None and one.rule is other.rule
    return same and all(map(_same, one.operands, other.operands))


def _filled(meaning: Expression, found: dict[Symbol, Expression]) -> Expression:
    if not isinstance(meaning, Symbol):
        return meaning
    if meaning.rule is None:
        return found.get(meaning, meaning)
    result = meaning.rule(*(_filled(operand, found) for operand in meaning.operands))
    return result if isinstance(result, Symbol) else float(result)


def _term(expression: Expression, names: Callable[[Symbol], Term]) -> Term:
    if not isinstance(expression, Symbol):
        constant = _CONSTANTS.get(abs(expression), Number(abs(expression)))
        return formulas.negated(constant) if expression < 0.0 else constant
    if expression.rule is None:
        return names(expression)
    operands = tuple(_term(operand, names) for operand in expression.operands)
    return _spelled(_WRITTEN, expression.rule, operands)


def _spelled(
    spellings: dict[str, Callable[..., Term]], rule: Primitive, operands: tuple[Term, ...]
) -> Term:
    make = spellings.get(rule.name)
    return make(*operands) if make else Call(_SPOKEN.get(rule.name, rule.name), operands)


def _flat(term: Term) -> tuple[Term, ...]:
    return term.factors if isinstance(term, Product) else (term,)
