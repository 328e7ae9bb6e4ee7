"""Formulas as people write them: of a primitive, and of its partials, read from its own row.

A formula is a list of texts and of numbers that stand for values: 0 for the output, from 1 on for
the operands. The page puts names there, or the values' data.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, TypeAlias

from autograd_engine.compiler.record.symbols import OUT, Symbol, operands
from autograd_engine.primitives import Primitive, is_built_in
from autograd_engine.views.explain import notation
from autograd_engine.views.explain.formulas import Name, Term
from autograd_engine.views.explain.typesetting import TEXT
from autograd_engine.views.explore.javascript import read
from autograd_engine.views.explore.translation import Untranslatable
from autograd_engine.views.layout.scene import readable

Formula: TypeAlias = list["str | int"]

LONGEST = 20
"""So many characters of a name are written in the picture; the panels have all of it."""


def shortened(text: str) -> str:
    """Return a name for one line of a box.

    >>> shortened("a\\nb"), len(shortened("x" * 99))
    ('a b', 20)
    """
    text = " ".join(readable(text).split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


@lru_cache(maxsize=1024)
def fixed_partials(rule: Primitive, count: int) -> list[float | None]:
    """Return those partials that are the same number everywhere, such as 1 and -1 of a - b.

    >>> from autograd_engine.primitives import TABLE
    >>> fixed_partials(TABLE["subtract"], 2), fixed_partials(TABLE["exp"], 1)
    ([1.0, -1.0], [None])
    """
    try:
        found = read(rule.partials, OUT, *operands(rule, count))
    except Untranslatable:
        return [None] * count
    return [None if isinstance(item, Symbol) else item for item in found]


def written_forward(rule: Primitive, count: int) -> Formula:
    """Return the formula of a primitive of so many operands.

    >>> from autograd_engine.primitives import TABLE
    >>> written_forward(TABLE["multiply"], 2), written_forward(TABLE["tanh"], 1)
    ([1, ' · ', 2], ['tanh(', 1, ')'])
    """
    return _with_holes(notation.written(rule, *map(_hole, range(1, count + 1))))


def written_partials(rule: Primitive, count: int) -> list[Formula]:
    """Return the formulas of a primitive's partials, empty ones where they cannot be read.

    >>> from autograd_engine.primitives import TABLE
    >>> written_partials(TABLE["divide"], 2)
    [['1/', 2], ['−', 0, '/', 2]]
    """
    terms = [notation.partial(rule, k, lambda i: _hole(i + 1), count) for k in range(count)]
    return [[] if term is None else _with_holes(term) for term in terms]


def _hole(number: int) -> Name:
    """Return what is typeset in place of a value: a character that nobody writes."""
    return Name(chr(0xE000 + number))


def _with_holes(term: Term) -> Formula:
    text = re.sub("(?<! )·(?! )", " · ", TEXT.set(term).replace("-", "−"))
    parts = re.split("([\ue000-\uf8ff])", text)
    return [ord(part) - 0xE000 if "\ue000" <= part <= "\uf8ff" else part for part in parts if part]


def described_rule(rule: Primitive, count: int) -> dict[str, Any]:
    """Return what the page says of a primitive: name, symbol, formula, formulas of its partials."""
    return {
        "name": rule.name,
        "symbol": rule.symbol,
        "own": not is_built_in(rule),
        "formula": written_forward(rule, count),
        "partials": written_partials(rule, count),
    }
