"""Textbook: what a rule of the table says, in the words of a textbook.

A rule is read with symbols. Where it calls a row that keeps digits, such as `bell`, it is put
into other words by an identity of `IDENTITIES`; none of them is a derivative. How the rule of an
operation of many operands reads stands in `RULES`, where a part with a name of its own, such as
the probability p of a logit, is `called` so. A test holds all to the numbers of the rows.

>>> from autograd_engine.primitives import TABLE
>>> textbook(TABLE["sigmoid"], 0), textbook(TABLE["norm"], 2, 3)
(out * (1.0 - out), x2 / out)
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from autograd_engine import table
from autograd_engine.compiler.record import symbols
from autograd_engine.compiler.record.symbols import OUT, Expression, Symbol, operands
from autograd_engine.primitives import Primitive, is_built_in
from autograd_engine.table import above, equals, hypot, ratio, sigmoid, sqrt, tanh, unit
from autograd_engine.views.explain.names import lowered

CALLED = Primitive("called", lambda x: x, lambda out, x: (1.0,))
"""What marks a part of a formula that has a name of its own, that of the symbol."""


def called(name: str, expression: Expression) -> Symbol:
    return Symbol(name, CALLED, (expression,))


def chance(i: int, xs: tuple[Any, ...]) -> Symbol:
    """Return the probability that softmax gives to a class."""
    return called(f"p{lowered(str(i))}", table.softmax_of(i)(*xs))


A, B, C = Symbol("A"), Symbol("B"), Symbol("C")

LONGEST = 64  # So many operations a formula has at most; of more, its number alone is told.

IDENTITIES: tuple[tuple[Any, Any], ...] = (
    (4.0 * table.bell(2.0 * A), 1.0 - tanh(A) ** 2.0),
    (table.bell(A), sigmoid(A) * (1.0 - sigmoid(A))),
    (unit(1.0, A) * unit(1.0, A), 1.0 / (1.0 + A**2.0)),
    (unit(1.0, A), 1.0 / sqrt(1.0 + A**2.0)),
    (ratio(unit(A, B), hypot(A, B)), A / (A**2.0 + B**2.0)),
    (ratio(-unit(A, B), hypot(B, A)), -A / (B**2.0 + A**2.0)),
    (unit(A, B), A / sqrt(A**2.0 + B**2.0)),
    (table.gate(hypot(A, B), C), C),
    (table.circle(A) * table.circle(A), 1.0 - A**2.0),
    (table.circle(A), sqrt(1.0 - A**2.0)),
    (sqrt(A - 1.0) * sqrt(A + 1.0), sqrt(A**2.0 - 1.0)),
    (table.gauss(A), table.exp(-(A**2.0))),
    (table.portion(A, B), sigmoid(A - B)),
    (table.slope(A, B), B * table.lenient_power(A, B - 1.0)),
    (table.power_log(A, B), A**B * table.ln(A)),
    (0.5 + 0.5 * (above(A, B) - above(B, A)), above(A, B) + 0.5 * equals(A, B)),
    (0.5 - 0.5 * (above(A, B) - above(B, A)), above(B, A) + 0.5 * equals(A, B)),
    (ratio(0.5, A), 1.0 / (2.0 * A)),
)
"""What stands in rules for the digits' sake, and the same in the words of a textbook."""


def _of(number: float, count: int) -> Expression:
    return Symbol("", table.DIVIDE, (number, float(count)))


def entry(rule: Primitive) -> int:
    """Return which entry of a list a row of a family gives."""
    return int(rule.name.rstrip("]").rpartition("[")[2])


RULES: dict[str, Callable[[Primitive, int, tuple[Any, ...]], Any]] = {
    "mean": lambda rule, i, xs: _of(1.0, len(xs)),
    "prod": lambda rule, i, xs: table.PROD(*xs[:i], *xs[i + 1 :]) if len(xs) > 1 else 1.0,
    "norm": lambda rule, i, xs: xs[i] / OUT,
    "variance": lambda rule, i, xs: _of(2.0, len(xs)) * (xs[i] - called("mean", table.MEAN(*xs))),
    "logsumexp": lambda rule, i, xs: chance(i, xs),
    "softmax": lambda rule, i, xs: (
        chance(i, xs) * (1.0 - chance(i, xs))
        if i == entry(rule)
        else -(chance(entry(rule), xs) * chance(i, xs))
    ),
    "log_softmax": lambda rule, i, xs: 1.0 - chance(i, xs) if i == entry(rule) else -chance(i, xs),
    "cross_entropy": lambda rule, i, xs: (
        chance(i, xs) - called(f"y{lowered(str(i))}", float(i == entry(rule)))
    ),
    "binary_cross_entropy": lambda rule, i, xs: (
        -xs[0] if i else called("p", sigmoid(xs[0])) - called("y", xs[1])
    ),
    "mse": lambda rule, i, xs: _of(2.0, len(xs) // 2) * (xs[i] - xs[i ^ 1]),
}
"""The derivative by operand i of an operation whose rule is written another way."""


@lru_cache(maxsize=1024)
def textbook(primitive: Primitive, which: int, count: int = 0) -> Expression | None:
    """Return a rule's expression in the words of a textbook; None if it cannot be read."""
    own = operands(primitive, count)
    if is_built_in(primitive) and primitive.symbol in RULES:
        return RULES[primitive.symbol](primitive, which, own)  # type: ignore[no-any-return]
    try:
        found = symbols.partials(primitive, count)[which]
    except Exception:  # whatever somebody's own rule does not do with a symbol
        return None
    if is_long(found):
        return None
    # The primitive itself, of its own operands, is its output.
    return rewritten(found, (*IDENTITIES, (primitive(*own), OUT)))


def is_long(expression: Expression) -> bool:
    """Say whether nobody would read this: a loop over many operands, written out."""
    parts = [expression]
    for part in parts:  # it grows meanwhile
        if isinstance(part, Symbol):
            parts += [item for item in part.operands if isinstance(item, Symbol) and item.rule]
        if len(parts) > LONGEST:
            return True
    return False


def rewritten(
    expression: Expression, identities: tuple[tuple[Any, Any], ...] = IDENTITIES
) -> Expression:
    """Return an expression in which what an identity has other words for is put into these."""
    if not isinstance(expression, Symbol) or expression.rule is None:
        return expression
    for pattern, meaning in identities:
        found: dict[Symbol, Expression] = {OUT: OUT}
        if _matches(pattern, expression, found):
            return rewritten(symbols.substituted(meaning, _made, found), identities)
    operands = tuple(rewritten(operand, identities) for operand in expression.operands)
    if all(new is old for new, old in zip(operands, expression.operands)):
        return expression
    return rewritten(Symbol("", expression.rule, operands), identities)


def _matches(pattern: Expression, expression: Expression, found: dict[Symbol, Expression]) -> bool:
    if isinstance(pattern, Symbol) and any(pattern is hole for hole in (A, B, C)):
        pattern = found.setdefault(pattern, expression)
    if pattern is expression:
        return True
    if not isinstance(pattern, Symbol) or not isinstance(expression, Symbol):
        symbolic = isinstance(pattern, Symbol) or isinstance(expression, Symbol)
        return not symbolic and pattern == expression
    if pattern.rule is not expression.rule or len(pattern.operands) != len(expression.operands):
        return False
    pairs = zip(pattern.operands, expression.operands)
    return pattern.rule is not None and all(_matches(*pair, found) for pair in pairs)


def _made(rule: Primitive, *operands: Expression) -> Expression:
    result = rule(*operands)
    return result if isinstance(result, Symbol) else float(result)
