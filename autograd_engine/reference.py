"""The reference: what a row of the table says, as text."""

from __future__ import annotations

from autograd_engine.engine import Primitive
from autograd_engine.views import notation
from autograd_engine.views.typesetting import TEXT


def describe(rule: Primitive) -> str:
    """Return what a primitive is: its derivatives and its domain."""
    formulas = [f"    {TEXT.set(notation.rule(rule, i))}" for i in range(len(rule.domain))]
    domain = " and ".join(f"[{low:g}, {high:g}]" for low, high in rule.domain)
    return "\n".join([*formulas, "", f"Defined in {domain}."])
