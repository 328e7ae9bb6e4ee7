"""Expressions typed as text, turned into graphs: names, numbers and functions of the package.

The text is parsed, never executed: what is not arithmetic, a comparison, a list or a call of
one of `FUNCTIONS` is refused by name.
"""

from autograd_engine.expressions.advice import FUNCTIONS
from autograd_engine.expressions.walk import evaluate

__all__ = ["FUNCTIONS", "evaluate"]
