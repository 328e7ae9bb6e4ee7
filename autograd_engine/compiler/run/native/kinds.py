"""The kinds of scalar instructions, spelled in Python: what each computes, and its derivatives.

The derivatives are read from the table's own rules.

>>> found = {kind.key: kind for kind in kinds()}
>>> found["tanh by 1"].value, found["tanh by 1"].partials
('math.tanh(x)', ('4.0 * bell(2.0 * x)',))
>>> found["subtract of a product by 3"].partials
('1.0', '-1.0 * z', '-1.0 * y')
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, NamedTuple

from autograd_engine.compiler.record.symbols import (
    INCLINE,
    OUT,
    Expression,
    Symbol,
    X,
    Y,
    Z,
    applied,
    formula,
    partials,
    substituted,
)
from autograd_engine.compiler.run.plain import named
from autograd_engine.primitives import TABLE, Primitive
from autograd_engine.table import ADD, CONSTANT, DIVIDE, LEAF, MULTIPLY, NEGATIVE, POWER, SUBTRACT


class Kind(NamedTuple):
    """A kind of instruction, on the operands x, y and z, as Python expressions."""

    key: str
    value: str
    partials: tuple[str, ...]


def key(rule: Primitive, wanted: int, fused: bool = False) -> str:
    """Return what tells a kind from others: the primitive, of how many of its operands, the first
    ones, the partials are computed, and whether its second operand is the product y * z.
    """
    return f"{rule.name}{' of a product' * fused} by {wanted}"


@lru_cache(maxsize=1)
def kinds() -> list[Kind]:
    """Return every kind of instruction of the scalar machine.

    They are the rows of the table; those whose second operand is often a plain number once more,
    without the partial by that; and sums with a product.
    """
    rules = [
        rule for rule in TABLE.values() if rule not in (LEAF, CONSTANT) and rule.written_out is None
    ]
    found = [_kind(rule, len(rule.domain)) for rule in (*rules, INCLINE)]
    found += [_kind(rule, 1) for rule in (ADD, SUBTRACT, MULTIPLY, DIVIDE, POWER, INCLINE)]
    return found + [_fused(rule, wanted) for rule in (ADD, SUBTRACT) for wanted in (3, 2)]


def _kind(rule: Primitive, wanted: int) -> Kind:
    slopes = tuple(map(spelled, partials(rule)[:wanted]))
    return Kind(key(rule, wanted), spelled(applied(rule, *(X, Y)[: len(rule.domain)])), slopes)


def _fused(outer: Primitive, wanted: int) -> Kind:
    """Return the kind of x + y * z, or x - y * z: one instruction where two were recorded.

    Both operations round as before. The partials follow by the chain rule.
    """
    product = applied(MULTIPLY, Y, Z)
    by_x, by_product = (
        substituted(slope, applied, {X: X, Y: product, OUT: OUT}) for slope in partials(outer)
    )
    inner = [
        substituted(slope, applied, {X: Y, Y: Z, OUT: product}) for slope in partials(MULTIPLY)
    ]
    slopes = [by_x, *(applied(MULTIPLY, by_product, slope) for slope in inner)]
    value = spelled(applied(outer, X, product))
    return Kind(key(outer, wanted, True), value, tuple(map(spelled, slopes[:wanted])))


class Sum(str):
    """Source text of a sum or difference."""

    __slots__ = ()


class Product(str):
    """Source text of a product, quotient or negative."""

    __slots__ = ()


def spelled(expression: Expression) -> str:
    """Return the Python text of an expression.

    Raises `ValueError` naming a primitive of somebody's own that has no formula.

    >>> spelled(X * (Y + 2.0) / abs(X))
    'x * (y + 2.0) / abs(x)'
    """
    names: dict[Symbol, Any] = {symbol: symbol.name for symbol in (OUT, X, Y, Z)}
    return _text(substituted(expression, _spelled, names))


def _spelled(rule: Primitive, *operands: Any) -> str:
    texts = [_text(operand) for operand in operands]
    if rule in (ADD, SUBTRACT):
        return Sum(f"{texts[0]} {rule.symbol} {_grouped(texts[1], Sum)}")
    if rule in (MULTIPLY, DIVIDE):
        return Product(f"{_grouped(texts[0], Sum)} {rule.symbol} {_grouped(texts[1])}")
    if rule is NEGATIVE:
        return Product(f"-{_grouped(texts[0])}")
    if TABLE.get(rule.name) is rule and named(rule):
        return f"{named(rule)}({', '.join(texts)})"
    if rule.name.startswith("**"):
        return _spelled(POWER, *operands, float(rule.name[2:]))
    known = dict(zip((X, Y), operands))
    found = formula(rule)
    if found is None:
        raise ValueError(
            f"{rule.name!r} has no formula: its forward function branches, or calls functions "
            f"that are not of this package"
        )
    return _text(substituted(found, _spelled, known))


def _grouped(text: str, kinds: type | tuple[type, ...] = (Sum, Product)) -> str:
    return f"({text})" if isinstance(text, kinds) else text


def _text(part: Any) -> str:
    """Return a part's text: its own, or that of a number."""
    if isinstance(part, str):
        return part
    if math.isfinite(part):
        return repr(float(part))
    return "math.nan" if part != part else "math.inf" if part > 0.0 else "-math.inf"
