"""Adam and, with decoupled weight decay, AdamW."""

from __future__ import annotations

import math
from collections.abc import Iterable

from autograd_engine.engine import Value
from autograd_engine.floats import ratio
from autograd_engine.optim.optimizer import Optimizer, lerp
from autograd_engine.optim.settings import finite


class Adam(Optimizer):
    """Adam (Kingma and Ba 2015): steps scaled by running means of gradient and square.

    `weight_decay` is added to the gradient. Raises `ValueError` for negative settings and
    for betas outside [0, 1).

    >>> w = Value(1.0)
    >>> w.grad = 20.0
    >>> Adam([w], lr=0.1).step()
    >>> round(w.data, 6)
    0.9
    """

    _settings = ("lr", "betas", "eps", "weight_decay", "amsgrad", "maximize")

    def __init__(
        self,
        params: Iterable[Value],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, weight_decay, maximize)
        if len(betas) != 2:
            raise ValueError(f"betas are two numbers, got {betas!r}")
        self.betas = (_beta(betas[0]), _beta(betas[1]))
        self.eps = finite("eps", eps)
        self.amsgrad = bool(amsgrad)

    def _update(self) -> None:
        beta1, beta2 = self.betas
        means, squares = self._buffer("exp_avg"), self._buffer("exp_avg_sq")
        peaks = self._buffer("max_exp_avg_sq") if self.amsgrad else squares
        # The running means start at 0: these corrections undo that bias.
        stride = self.lr / (1.0 - beta1**self.steps)
        correction = math.sqrt(1.0 - beta2**self.steps)
        for i, parameter in enumerate(self.parameters):
            slope = self._slope(parameter)
            means[i] = lerp(means[i], slope, 1.0 - beta1)
            squares[i] = beta2 * squares[i] + (1.0 - beta2) * slope * slope
            if self.amsgrad:
                peaks[i] = max(squares[i], peaks[i])  # in this order NaN stays NaN
            size = math.sqrt(peaks[i]) / correction + self.eps
            parameter.data -= stride * ratio(means[i], size)


class AdamW(Adam):
    """Adam whose weight decay shrinks the parameters themselves (Loshchilov and Hutter 2019).

    >>> w = Value(1.0)
    >>> AdamW([w], lr=0.1, weight_decay=0.5).step()
    >>> w.data
    0.95
    """

    def __init__(
        self,
        params: Iterable[Value],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize)

    def _update(self) -> None:
        for parameter in self.parameters:
            parameter.data *= 1.0 - self.lr * self.weight_decay
        super()._update()

    def _slope(self, parameter: Value) -> float:
        return -parameter.grad if self.maximize else parameter.grad


def _beta(beta: float) -> float:
    """Return a decay rate; `ValueError` unless it is in [0, 1)."""
    if finite("beta", beta, 0.0, 1.0) == 1.0:
        raise ValueError(f"beta must be below 1, got {beta!r}")
    return beta
