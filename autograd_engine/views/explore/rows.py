"""Formulas as people write them: of a primitive, and of its partials, read from its own row.

A formula is a list of texts and of numbers that stand for values: 0 for the output, 1 and 2 for
the operands. The page puts names there, or the values' data.

And how the page spells each primitive in JavaScript. The forward functions of the package's
rows stand in mathematics.js, under the rows' names. No derivative does: partials are read from
the row itself and spelled with those functions.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import Any, TypeAlias

from autograd_engine.compiler.symbols import (
    OUT,
    Expression,
    Symbol,
    X,
    Y,
    formula,
    partials,
    substituted,
)
from autograd_engine.engine import Value
from autograd_engine.primitives import TABLE, Opaque, Primitive
from autograd_engine.views import notation
from autograd_engine.views.formulas import Name, Term
from autograd_engine.views.scene import readable
from autograd_engine.views.sweep import steps
from autograd_engine.views.typesetting import TEXT

Formula: TypeAlias = list["str | int"]

LONGEST = 32
"""So many characters of a name are written in the picture; the panels have all of it."""

HOLES = tuple(Name(hole, hole) for hole in "\ue000\ue001\ue002")
"""What is typeset in place of the output and the operands: characters that nobody writes."""


def shortened(text: str) -> str:
    """Return a name for one line of a box.

    >>> shortened("a\\nb"), len(shortened("x" * 99))
    ('a b', 32)
    """
    text = " ".join(readable(text).split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def named(values: list[Value]) -> list[str]:
    """Return a name for each value: its label, or what `steps` calls it."""
    called = steps(values[-1])
    return [value.label or called.name(value) for value in values]


@lru_cache(maxsize=1024)
def read_partials(rule: Primitive) -> tuple[Expression, ...] | None:
    """Return a primitive's partials as expressions; None where they cannot be read."""
    try:
        return partials(rule)
    except Exception:  # whatever somebody's own rule does not do with a symbol
        return None


def fixed_partials(rule: Primitive) -> list[float | None] | None:
    """Return those partials that are the same number everywhere, such as 1 and -1 of a - b.

    >>> from autograd_engine.primitives import TABLE
    >>> fixed_partials(TABLE["subtract"]), fixed_partials(TABLE["exp"])
    ([1.0, -1.0], [None])
    """
    read = read_partials(rule)
    if read is None:
        return None
    return [None if isinstance(item, Symbol) else float(item) for item in read]


def written_forward(rule: Primitive) -> Formula:
    """Return a primitive's own formula.

    >>> from autograd_engine.primitives import TABLE
    >>> written_forward(TABLE["multiply"]), written_forward(TABLE["tanh"])
    ([1, ' · ', 2], ['tanh(', 1, ')'])
    """
    return _with_holes(notation.written(rule, *HOLES[1 : len(rule.domain) + 1]))


def written_partials(rule: Primitive) -> list[Formula]:
    """Return the formulas of a primitive's partials, empty ones where they cannot be read.

    >>> from autograd_engine.primitives import TABLE
    >>> written_partials(TABLE["divide"])
    [['1/', 2], ['−', 0, '/', 2]]
    """
    found = []
    for which in range(len(rule.domain)):
        term = notation.partial(rule, which, lambda place: HOLES[place + 1])
        found.append([] if term is None else _with_holes(term))
    return found


def _with_holes(term: Term) -> Formula:
    text = re.sub("(?<! )·(?! )", " · ", TEXT.set(term).replace("-", "−"))
    parts = re.split("([\ue000-\ue002])", text)
    return [ord(part) - 0xE000 if "\ue000" <= part <= "\ue002" else part for part in parts if part]


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
