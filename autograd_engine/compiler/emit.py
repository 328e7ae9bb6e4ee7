"""Emit: the Python source of the virtual machine, written from the table of primitives.

A virtual machine runs a list of instructions: a code, which says what to compute, and the
places of its operands. With this module the table becomes the source of such a machine, a
plain Python module that Numba compiles. `value` gives what each code computes, `partial_1`,
`partials_2` and `partials_3` its derivatives by one, two or three operands, read from the
table's own rules; `run` takes a whole program through them. One machine runs every graph.

>>> names = {kind.name: kind for kind in kinds()}
>>> names["tanh"].value, names["tanh"].partials
('math.tanh(x)', ('4.0 * bell(2.0 * x)',))
>>> names["x - y * z"].partials
('1.0', '-1.0 * z', '-1.0 * y')
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from autograd_engine.compiler.machine_loop import HEAD, LOOP
from autograd_engine.compiler.plain import texts
from autograd_engine.compiler.symbols import (
    OUT,
    Expression,
    Symbol,
    X,
    Y,
    applied,
    formula,
    partials,
    substituted,
)
from autograd_engine.primitives import TABLE, Primitive
from autograd_engine.table import ADD, CONSTANT, DIVIDE, LEAF, MULTIPLY, NEGATIVE, POWER, SUBTRACT

Z = Symbol("z")


class Key(NamedTuple):
    """What tells a kind of instruction from the others."""

    rule: Primitive
    wanted: int  # the partials are by so many of its operands, the first ones
    fused: bool = False  # whether its second operand is the product y * z


class Kind(NamedTuple):
    """A kind of instruction, on the operands x, y and z, as Python expressions."""

    key: Key
    name: str
    value: str
    partials: tuple[str, ...]


def kinds(extra: Sequence[Primitive] = ()) -> list[Kind]:
    """Return every kind of instruction of a machine, those with the fewest partials first.

    They are the rows of the table and the extra primitives; those whose second operand is
    often a plain number once more, without the partial by that; and sums with a product.

    Raises `ValueError` naming an extra primitive that cannot be spelled.
    """
    rules = [
        rule for rule in TABLE.values() if rule not in (LEAF, CONSTANT) and rule.written_out is None
    ]
    found = [_kind(rule, len(rule.domain)) for rule in (*rules, *extra)]
    found += [_kind(rule, 1) for rule in (ADD, SUBTRACT, MULTIPLY, DIVIDE, POWER)]
    found += [_fused(rule, wanted) for rule in (ADD, SUBTRACT) for wanted in (3, 2)]
    return sorted(found, key=lambda kind: len(kind.partials))


def source(extra: Sequence[Primitive] = ()) -> str:
    """Return the source of the machine of these kinds: a kind's code is its position.

    Raises `ValueError` naming an extra primitive that cannot be spelled.
    """
    cases = list(enumerate(kinds(extra)))
    sizes = [len(kind.partials) for _, kind in cases]
    values = [(code, kind, kind.value) for code, kind in cases]
    parts = [HEAD, *texts().values(), _switch("value(code, x, y, z)", VALUE, values)]
    for count, name in enumerate(("partial_1", "partials_2", "partials_3"), 1):
        slopes = [
            (code, kind, ", ".join(kind.partials)) for code, kind in cases if sizes[code] == count
        ]
        parts.append(_switch(f"{name}(code, out, x, y, z)", PARTIALS, slopes))
    first = f"{sizes.index(2)}, {sizes.index(3)}"
    parts.append(f"TWO, THREE = {first}  # the first codes of two and of three partials")
    return "\n\n\n".join([*parts, LOOP]) + "\n"


VALUE: Final = "Return what the instruction of a code computes from its operands."
PARTIALS: Final = "Return the derivatives of that by its operands, or by the first of them."


def _switch(signature: str, summary: str, cases: Sequence[tuple[int, Kind, str]]) -> str:
    """Return a function that returns the text of the case whose code it is given."""
    lines = ["@njit(**PART, forceinline=True)", f"def {signature}:", f'    """{summary}"""']
    for code, kind, text in cases[:-1]:
        lines += [f"    if code == {code}:  # {kind.name}", f"        return {text}"]
    _, kind, text = cases[-1]
    return "\n".join([*lines, f"    return {text}  # {kind.name}"])


def _kind(rule: Primitive, wanted: int) -> Kind:
    """Return the kind of a primitive."""
    operands = (X, Y)[: len(rule.domain)]
    name = rule.name if rule.name.isidentifier() else repr(rule.name)
    try:
        found = partials(rule)
    except Exception as error:  # whatever somebody's function does not do with a symbol
        raise ValueError(f"the partials of {name} have no formula: {error}") from error
    slopes = tuple(spelled(slope) for slope in found[:wanted])
    value = spelled(applied(rule, *operands))
    return Kind(Key(rule, wanted), _titled(name, operands, wanted), value, slopes)


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
    name = _titled(value, (X, Y, Z), wanted)
    return Kind(Key(outer, wanted, True), name, value, tuple(map(spelled, slopes[:wanted])))


def _titled(name: str, operands: tuple[Symbol, ...], wanted: int) -> str:
    return name if wanted == len(operands) else f"{name}, {operands[-1]!r} without a partial"


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
    if TABLE.get(rule.name) is rule:
        return f"{_function(rule)}({', '.join(texts)})"
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


def _function(rule: Primitive) -> str:
    """Return what a row's forward function is called in the source."""
    if rule.name in texts():
        return rule.name
    name = rule.forward.__name__
    return f"math.{name}" if hasattr(math, name) else name


def _grouped(text: str, kinds: type | tuple[type, ...] = (Sum, Product)) -> str:
    return f"({text})" if isinstance(text, kinds) else text


def _text(part: Any) -> str:
    """Return a part's text: its own, or that of a number."""
    if isinstance(part, str):
        return part
    if math.isfinite(part):
        return repr(float(part))
    return "math.nan" if part != part else "math.inf" if part > 0.0 else "-math.inf"
