"""Clipping gradients by their common norm."""

from __future__ import annotations

import math
from collections.abc import Iterable

from autograd_engine.engine import Value
from autograd_engine.optim.optimizer import listed
from autograd_engine.optim.settings import finite


def clip_gradients(parameters: Iterable[Value], max_norm: float) -> float:
    """Scale the gradients down to a Euclidean norm of at most `max_norm`; return the norm before.

    With `math.inf` it only measures. Raises `ValueError` for a negative `max_norm`, and
    `TypeError` for parameters that are no Values.

    >>> w = Value(0.0)
    >>> w.grad = 8.0
    >>> clip_gradients([w], max_norm=2.0), round(w.grad, 4)
    (8.0, 2.0)
    """
    parameters = listed(parameters)
    if max_norm != math.inf:
        max_norm = finite("max_norm", max_norm)
    norm = math.hypot(*(parameter.grad for parameter in parameters))
    factor = max_norm / (norm + 1e-6)  # PyTorch's guard against a norm of 0
    if max_norm < math.inf and not factor >= 1.0:
        for parameter in parameters:
            parameter.grad *= factor
    return norm
