"""What `step` on the command line does: both passes through an expression, step by step."""

from __future__ import annotations

from argparse import Namespace

from autograd_engine.engine import Value
from autograd_engine.expressions import evaluate
from autograd_engine.views.player import play


def step(options: Namespace) -> None:
    """Evaluate an expression on the values given, and play the passes through its graph.

    Raises `ValueError` and `ArithmeticError` for what cannot be done.
    """
    values: dict[str, Value] = {}
    for name, number in options.values:
        if name in values:
            raise ValueError(f"{name!r:.80} is given twice")
        values[name] = Value(number, name)
    play(evaluate(options.expression, values))
