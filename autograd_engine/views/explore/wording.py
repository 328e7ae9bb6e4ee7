"""Formulas as people write them: of a primitive, and of its partials, read from its own row.

A formula is a list of texts and of numbers that stand for values: 0 for the output, 1 and 2 for
the operands. The page puts names there, or the values' data.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TypeAlias

from autograd_engine.compiler.symbols import Expression, Symbol, partials
from autograd_engine.engine import Primitive, Value
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

    >>> from autograd_engine.engine import TABLE
    >>> fixed_partials(TABLE["subtract"]), fixed_partials(TABLE["exp"])
    ([1.0, -1.0], [None])
    """
    read = read_partials(rule)
    if read is None:
        return None
    return [None if isinstance(item, Symbol) else float(item) for item in read]


def written_forward(rule: Primitive) -> Formula:
    """Return a primitive's own formula.

    >>> from autograd_engine.engine import TABLE
    >>> written_forward(TABLE["multiply"]), written_forward(TABLE["tanh"])
    ([1, ' · ', 2], ['tanh(', 1, ')'])
    """
    return _with_holes(notation.written(rule, *HOLES[1 : len(rule.domain) + 1]))


def written_partials(rule: Primitive) -> list[Formula]:
    """Return the formulas of a primitive's partials, empty ones where they cannot be read.

    >>> from autograd_engine.engine import TABLE
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
