"""The lines that a derivation consists of, before they are written."""

from __future__ import annotations

from dataclasses import dataclass

from autograd_engine.engine import Value
from autograd_engine.sources import source_of
from autograd_engine.views.explain.chain_formulas import Wording
from autograd_engine.views.explain.formulas import Number, Term, clipped
from autograd_engine.views.explain.typesetting import TEXT

LONG = 150  # Of what is longer only the ends are written.


@dataclass(frozen=True)
class Line:
    """An equation with what it comes to, step by step; or words, perhaps with a curve."""

    left: Term | None = None
    rights: tuple[Term, ...] = ()
    words: tuple[str | Term, ...] = ()
    code: tuple[str, ...] = ()
    level: int = 0
    note: str = ""
    curve: tuple[float, ...] = ()


def defined(variable: Value, wording: Wording) -> Line:
    """Return how a variable came about, and at which line of the source."""
    steps: tuple[Term, ...] = (Number(variable.data),)
    if variable.partials:
        made = wording.definition(variable)
        steps = (clipped(made) if len(TEXT.set(made)) > LONG else made, *steps)
    code = source_of(variable)
    return Line(wording.name(variable), steps, code=(code,) if code else ())
