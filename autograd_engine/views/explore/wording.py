"""Formulas as people write them: of a primitive, and of its partials, read from its own row.

A formula is a list of texts and of numbers that stand for values: 0 for the output, 1 and 2 for
the operands. The page puts names there, or the values' data.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, TypeAlias

from autograd_engine.compiler.symbols import OUT, Expression, Symbol, X, Y, partials
from autograd_engine.engine import TABLE, Primitive, Value
from autograd_engine.views.scene import readable

Formula: TypeAlias = list["str | int"]

LONGEST = 32
"""So many characters of a name are written in the picture; the panels have all of it."""


def shortened(text: str) -> str:
    """Return a name for one line of a box.

    >>> shortened("a\\nb"), len(shortened("x" * 99))
    ('a b', 32)
    """
    text = " ".join(readable(text).split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def named(values: list[Value]) -> list[str]:
    """Return a name for each value: its label, or v1, v2, ... in topological order.

    A constant is named by its number.
    """
    found = []
    for i, value in enumerate(values, 1):
        number = f"{value.data:.4g}" if not value.operands and value.rule.name == "constant" else ""
        found.append(value.label or number or f"v{i}")
    return found


@lru_cache(maxsize=1024)
def read_partials(rule: Primitive) -> tuple[Expression, ...] | None:
    """Return a primitive's partials as expressions; None where they cannot be read."""
    try:
        return partials(rule)
    except Exception:  # whatever somebody's own rule does not do with a symbol
        return None


def fixed_partials(rule: Primitive) -> list[float | None] | None:
    """Return those partials that are the same number everywhere, such as 1 and 1 of a sum.

    >>> fixed_partials(TABLE["subtract"]), fixed_partials(TABLE["exp"])
    ([1.0, -1.0], [None])
    """
    read = read_partials(rule)
    if read is None:
        return None
    return [None if isinstance(item, Symbol) else float(item) for item in read]


# How tightly a formula holds together: a sum, a product, a power, a name.
SUM, PRODUCT, POWER, NAME = range(4)
Piece: TypeAlias = tuple[Formula, int]


def written_forward(rule: Primitive) -> Formula:
    """Return a primitive's own formula.

    >>> written_forward(TABLE["multiply"]), written_forward(TABLE["tanh"])
    ([1, ' · ', 2], ['tanh(', 1, ')'])
    """
    operands = ([1], NAME), ([2], NAME)
    return _joined(_applied(rule, *operands[: len(rule.domain)])[0])


def written_partials(rule: Primitive) -> list[Formula]:
    """Return the formulas of a primitive's partials, empty ones where they cannot be read.

    >>> written_partials(TABLE["divide"]), written_partials(TABLE["tanh"])
    ([['1 / ', 2], ['−', 0, ' / ', 2]], [['1 − tanh²(', 1, ')']])
    """
    read = read_partials(rule)
    if read is None:
        return [[] for _ in rule.domain]
    return [_joined(_piece(item)[0]) for item in read]


def _joined(formula: Formula) -> Formula:
    """Return the formula with neighbouring texts in one."""
    found: Formula = []
    for part in formula:
        if found and isinstance(part, str) and isinstance(found[-1], str):
            found[-1] += part
        else:
            found.append(part)
    return found


def _piece(expression: Expression) -> Piece:
    if not isinstance(expression, Symbol):
        text = f"{expression:.4g}".replace("-", "−")
        return [text], SUM if text.startswith("−") else NAME
    if expression.rule is None:
        return [{OUT: 0, X: 1, Y: 2}[expression]], NAME
    identity = _tanh_slope(expression)
    if identity is not None:
        return ["1 − tanh²(", *_piece(identity)[0], ")"], SUM
    name, items = expression.rule.name, expression.operands
    if name == "slope" and not isinstance(items[1], Symbol):
        return _slope(_piece(items[0]), float(items[1]))
    if name == "gate":  # 0 where its key is 0, else what it lets through
        return _piece(items[1])
    if name == "bell":  # σ(z) · σ(−z)
        inner = _joined(_piece(items[0])[0])
        return ["σ(", *inner, ") · (1 − σ(", *inner, "))"], PRODUCT
    return _applied(expression.rule, *map(_piece, items))


def _tanh_slope(expression: Symbol) -> Expression | None:
    """Return z where this is 4 · bell(2 · z), which the textbooks write 1 − tanh²(z)."""
    four, bell = expression.operands if len(expression.operands) == 2 else (None, None)
    if expression.rule is TABLE["multiply"] and _is(four, 4.0) and isinstance(bell, Symbol):
        twice = bell.operands[0] if bell.rule is TABLE["bell"] else None
        if isinstance(twice, Symbol) and twice.rule is TABLE["multiply"]:
            return twice.operands[1] if _is(twice.operands[0], 2.0) else None
    return None


def _is(expression: Expression | None, number: float) -> bool:
    return not isinstance(expression, Symbol) and expression == number


def _slope(base: Piece, exponent: float) -> Piece:
    """Write y · x^(y − 1) for a fixed y."""
    if exponent in (0.0, 1.0):
        return [f"{exponent:g}"], NAME
    factor = f"{exponent:.4g}".replace("-", "−")
    return [factor, " · ", *_raised(base, exponent - 1.0)[0]], PRODUCT


def _raised(base: Piece, exponent: float) -> Piece:
    if exponent == 1.0:
        return base
    text = f"{exponent:.4g}"
    if text.lstrip("-").isdigit():
        return [*_held(base, NAME), text.translate(SUPERSCRIPT)], POWER
    return [*_held(base, NAME), f"^({text.replace('-', '−')})"], POWER


SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def _held(piece: Piece, tightness: int) -> Formula:
    """Return the formula, in brackets where it would fall apart."""
    formula, own = piece
    return formula if own >= tightness else ["(", *formula, ")"]


def _applied(rule: Primitive, *given: Piece) -> Piece:
    """Write a primitive of formulas."""
    name = rule.name
    if name.startswith("**"):
        return _raised(given[0], float(name[2:]))
    if name in WRITTEN and (TABLE.get(name) is rule):
        return WRITTEN[name](*given)
    inner: Formula = []
    for i, (formula, _) in enumerate(given):
        inner += [", "] * bool(i) + list(formula)
    return [f"{name}(", *inner, ")"], NAME


def _product(x: Piece, y: Piece) -> Piece:
    if x[0] == ["−1"]:
        return ["−", *_held(y, PRODUCT)], SUM
    return [*(x[0] if x[1] == SUM and len(x[0]) == 1 else _held(x, PRODUCT)), " · ", *_held(y, PRODUCT)], PRODUCT


def _quotient(x: Piece, y: Piece) -> Piece:
    top = x[0] if _is_negated(x) else _held(x, PRODUCT)
    return [*top, " / ", *_held(y, POWER)], PRODUCT


def _is_negated(piece: Piece) -> bool:
    """Say whether this is a minus before something that holds together."""
    formula, own = piece
    return own == SUM and len(formula) <= 2 and str(formula[0]).startswith("−")


def _around(left: str, right: str) -> Any:
    return lambda x: ([left, *x[0], right], NAME)


WRITTEN: dict[str, Any] = {
    "add": lambda x, y: ([*x[0], " + ", *_held(y, PRODUCT)], SUM),
    "subtract": lambda x, y: ([*x[0], " − ", *_held(y, PRODUCT)], SUM),
    "multiply": _product,
    "divide": _quotient,
    "ratio": _quotient,
    "power": lambda x, y: ([*_held(x, NAME), "^", *_held(y, NAME)], POWER),
    "lenient_power": lambda x, y: ([*_held(x, NAME), "^", *_held(y, NAME)], POWER),
    "slope": lambda x, y: (
        [*_held(y, PRODUCT), " · ", *_held(x, NAME), "^(", *y[0], " − 1)"],
        PRODUCT,
    ),
    "power_log": lambda x, y: (
        [*_held(x, NAME), "^", *_held(y, NAME), " · ln(", *x[0], ")"],
        PRODUCT,
    ),
    "negative": lambda x: (["−", *_held(x, PRODUCT)], SUM),
    "absolute": _around("|", "|"),
    "sqrt": _around("√(", ")"),
    "relu": _around("max(0, ", ")"),
    "maximum": lambda x, y: (["max(", *x[0], ", ", *y[0], ")"], NAME),
    "minimum": lambda x, y: (["min(", *x[0], ", ", *y[0], ")"], NAME),
    "sigmoid": _around("σ(", ")"),
    "above": lambda x, y: (["[", *x[0], " > ", *y[0], "]"], NAME),
    "at_least": lambda x, y: (["[", *x[0], " ≥ ", *y[0], "]"], NAME),
    "equals": lambda x, y: (["[", *x[0], " = ", *y[0], "]"], NAME),
    "unit": lambda x, y: ([*_held(x, POWER), " / hypot(", *x[0], ", ", *y[0], ")"], PRODUCT),
    "circle": lambda x: (["√(1 − ", *_held(x, NAME), "²)"], NAME),
    "gauss": lambda x: (["exp(−", *_held(x, NAME), "²)"], NAME),
    "stopped": lambda x: x,
}
"""The rows that have a notation of their own; the others are written name(x, y)."""
