"""Stochastic gradient descent: SGD."""

from __future__ import annotations

import math
from collections.abc import Iterable

from autograd_engine.engine import Value
from autograd_engine.optim.optimizer import Optimizer
from autograd_engine.optim.settings import finite


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum and weight decay where asked for.

    Raises `ValueError` for negative settings and for `nesterov` without momentum or with
    dampening.

    >>> w = Value(1.0)
    >>> w.grad = 0.5
    >>> SGD([w], lr=0.1, momentum=0.9).step()
    >>> w.data
    0.95
    """

    _settings = ("lr", "momentum", "dampening", "weight_decay", "nesterov", "maximize")

    def __init__(
        self,
        params: Iterable[Value],
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, weight_decay, maximize)
        self.momentum = finite("momentum", momentum)
        self.dampening = finite("dampening", dampening, -math.inf, math.inf)
        self.nesterov = bool(nesterov)
        if nesterov and (momentum == 0.0 or dampening != 0.0):
            raise ValueError("nesterov needs a momentum above 0 and a dampening of 0")

    def _update(self) -> None:
        started = "momentum_buffer" in self._buffers
        velocity = self._buffer("momentum_buffer") if self.momentum else []
        for i, parameter in enumerate(self.parameters):
            slope = self._slope(parameter)
            if self.momentum:
                if started:
                    velocity[i] = self.momentum * velocity[i] + (1.0 - self.dampening) * slope
                else:  # the first gradient enters whole, whatever the dampening
                    velocity[i] = slope
                slope = slope + self.momentum * velocity[i] if self.nesterov else velocity[i]
            parameter.data -= self.lr * slope
