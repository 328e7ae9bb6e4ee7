"""How the page spells each primitive in JavaScript: its forward function, and its partials.

The forward functions of the package's rows stand in mathematics.js, under the rows' names.
No derivative does: partials are read from the row itself and spelled with those functions.
"""

from __future__ import annotations

import math
from typing import Any

from autograd_engine.compiler.symbols import OUT, Expression, X, Y, formula, substituted
from autograd_engine.engine import TABLE, Opaque, Primitive
from autograd_engine.views.explore.wording import (
    read_partials,
    written_forward,
    written_partials,
)


def spelled_rule(rule: Primitive) -> str:
    """Return a primitive as an object of JavaScript; `null` where it cannot be spelled.

    >>> print(spelled_rule(TABLE["sin"]))
    {forward: M.sin, partials: [(out, x, y) => M.cos(x)]}
    """
    forward = None if isinstance(rule, Opaque) else _spelled_forward(rule)
    read = read_partials(rule)
    if forward is None or read is None or not all(map(_is_known, read)):
        return "null"
    return f"{{forward: {forward}, partials: [{', '.join(map(_spelled, read))}]}}"


def described_rule(rule: Primitive) -> dict[str, Any]:
    """Return what the page says of a primitive: name, symbol, formula, formulas of its partials."""
    return {
        "name": rule.name,
        "symbol": rule.symbol,
        "own": is_own(rule),
        "formula": written_forward(rule),
        "partials": written_partials(rule),
    }


def _is_known(expression: Expression) -> bool:
    """Say whether every primitive in an expression can be spelled."""
    known: list[bool] = []

    def make(rule: Primitive, *parts: Any) -> str:
        known.append(_spelled_forward(rule) is not None)
        return ""

    substituted(expression, make, {OUT: "", X: "", Y: ""})
    return all(known)


def is_own(rule: Primitive) -> bool:
    """Say whether this is somebody's own primitive, not a row of the package."""
    return TABLE.get(rule.name) is not rule and not rule.name.startswith("**")


def _call(rule: Primitive, items: str) -> str:
    if rule.name.startswith("**"):
        return f"M.power({items}, {_number(float(rule.name[2:]))})"
    return f"M.{rule.name}({items})"


def _spelled_forward(rule: Primitive) -> str | None:
    if rule.name.startswith("**"):
        return f"(x) => {_call(rule, 'x')}"
    if not is_own(rule):
        return f"M.{rule.name}"
    found = formula(rule)
    return None if found is None else _spelled(found, "(x, y)")


def _spelled(expression: Expression, given: str = "(out, x, y)") -> str:
    """Return an arrow function of what is given; shared parts are computed once."""
    lines: list[str] = []

    def make(rule: Primitive, *parts: Any) -> str:
        items = ", ".join(part if isinstance(part, str) else _number(part) for part in parts)
        lines.append(f"({_spelled_forward(rule)})({items})" if is_own(rule) else _call(rule, items))
        return f"t{len(lines) - 1}"

    last = substituted(expression, make, {OUT: "out", X: "x", Y: "y"})
    result = last if isinstance(last, str) else _number(last)
    if len(lines) == 1 and result == "t0":
        return f"{given} => {lines[0]}"
    if not lines:
        return f"{given} => {result}"
    steps = " ".join(f"const t{i} = {line};" for i, line in enumerate(lines))
    return f"{given} => {{ {steps} return {result}; }}"


def _number(number: float) -> str:
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0.0 else "-Infinity"
    return repr(float(number))
