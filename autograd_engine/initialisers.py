"""Initialisers: how the weights of a neuron are drawn."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import Any

Initialiser = Callable[[int, int, Any], float]  # (nin, nout, rng) -> one weight
Init = str | Initialiser | None


def _uniform(nin: int, nout: int, rng: Any) -> float:
    return float(rng.uniform(-1, 1))


def _he(nin: int, nout: int, rng: Any) -> float:
    """He et al. 2015: keeps the variance of signals through relu layers."""
    return float(rng.gauss(0.0, sqrt(2.0 / nin)))


def _xavier(nin: int, nout: int, rng: Any) -> float:
    """Glorot and Bengio 2010: keeps the variance of signals and of gradients."""
    bound = sqrt(6.0 / (nin + nout))
    return float(rng.uniform(-bound, bound))


INITIALISERS: dict[str | None, Initialiser] = {
    None: _uniform,
    "uniform": _uniform,
    "he": _he,
    "xavier": _xavier,
    "glorot": _xavier,
}


def initialiser(init: Init) -> Initialiser:
    """Return the function that draws one weight; `ValueError` for a name it does not know.

    >>> initialiser(None) is initialiser("uniform")
    True
    """
    if callable(init):
        return init
    if not isinstance(init, str | None) or init not in INITIALISERS:
        names = ", ".join(map(repr, INITIALISERS))
        raise ValueError(f"there is no init {init!r}; known are {names}, or write a function")
    return INITIALISERS[init]
