"""RMSprop."""

from __future__ import annotations

import math
from collections.abc import Iterable

from autograd_engine.engine import Value
from autograd_engine.floats import ratio
from autograd_engine.optim.optimizer import Optimizer, lerp
from autograd_engine.optim.settings import finite


class RMSprop(Optimizer):
    """RMSprop (Hinton 2012): steps divided by a running root mean square of the gradient.

    `centered` subtracts the running mean first. Raises `ValueError` for negative settings
    and for an alpha outside [0, 1].

    >>> w = Value(1.0)
    >>> w.grad = 20.0
    >>> RMSprop([w], lr=0.01).step()
    >>> round(w.data, 6)
    0.9
    """

    _settings = ("lr", "alpha", "eps", "weight_decay", "momentum", "centered", "maximize")

    def __init__(
        self,
        params: Iterable[Value],
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, weight_decay, maximize)
        self.alpha = finite("alpha", alpha, 0.0, 1.0)
        self.eps = finite("eps", eps)
        self.momentum = finite("momentum", momentum)
        self.centered = bool(centered)

    def _update(self) -> None:
        squares = self._buffer("square_avg")
        means = self._buffer("grad_avg") if self.centered else []
        velocity = self._buffer("momentum_buffer") if self.momentum else []
        for i, parameter in enumerate(self.parameters):
            slope = self._slope(parameter)
            squares[i] = self.alpha * squares[i] + (1.0 - self.alpha) * slope * slope
            spread = squares[i]
            if self.centered:
                means[i] = lerp(means[i], slope, 1.0 - self.alpha)
                # Rounding may leave a variance of 0 just below it; NaN stays NaN.
                spread = max(spread - means[i] * means[i], 0.0)
            move = ratio(slope, math.sqrt(spread) + self.eps)
            if self.momentum:
                move = velocity[i] = self.momentum * velocity[i] + move
            parameter.data -= self.lr * move
