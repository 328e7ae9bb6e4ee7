"""Stochastic gradient descent: SGD."""

from __future__ import annotations

import math
from collections.abc import Iterable

from autograd_engine.engine import Value
from autograd_engine.optim.optimizer import Optimizer
from autograd_engine.optim.rule import Arithmetic, Column, Rule
from autograd_engine.optim.settings import finite
from autograd_engine.real import flag


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
    _blank = None  # the first gradient enters whole, whatever the dampening

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
        self.nesterov = flag("nesterov", nesterov)
        if nesterov and (momentum == 0.0 or dampening != 0.0):
            raise ValueError("nesterov needs a momentum above 0 and a dampening of 0")

    def _memory(self) -> tuple[str, ...]:
        return ("momentum_buffer",) if self.momentum else ()

    def _rule(self, arithmetic: Arithmetic, step: int) -> Rule:
        lr, momentum, nesterov = self.lr, self.momentum, self.nesterov
        share = 1.0 - self.dampening

        def plain(numbers: Column, slopes: Column) -> tuple[Column, ...]:
            return ([number - lr * slope for number, slope in zip(numbers, slopes)],)

        def heavy(numbers: Column, slopes: Column, velocities: Column) -> tuple[Column, ...]:
            moves = velocities = [
                slope if velocity is None else momentum * velocity + share * slope
                for slope, velocity in zip(slopes, velocities)
            ]
            if nesterov:
                moves = [slope + momentum * move for slope, move in zip(slopes, moves)]
            return *plain(numbers, moves), velocities

        return heavy if momentum else plain
