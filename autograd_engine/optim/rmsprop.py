"""RMSprop."""

from __future__ import annotations

from collections.abc import Iterable

from autograd_engine.engine import Value
from autograd_engine.optim.optimizer import Optimizer
from autograd_engine.optim.rule import Arithmetic, Column, Rule, lerp
from autograd_engine.optim.settings import finite
from autograd_engine.real import flag


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
    _always = _squares = ("square_avg",)

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
        self.centered = flag("centered", centered)

    def _memory(self) -> tuple[str, ...]:
        asked = (("grad_avg", self.centered), ("momentum_buffer", self.momentum))
        return ("square_avg", *(name for name, wanted in asked if wanted))

    def _rule(self, arithmetic: Arithmetic, step: int) -> Rule:
        sqrt, ratio, maximum = arithmetic
        lr, alpha, eps, momentum = self.lr, self.alpha, self.eps, self.momentum
        centered, share = self.centered, 1.0 - self.alpha

        def rule(numbers: Column, slopes: Column, *memories: Column) -> tuple[Column, ...]:
            spreads = squares = [
                alpha * square + share * slope * slope for square, slope in zip(memories[0], slopes)
            ]
            kept = [squares]
            if centered:
                means = lerp(memories[1], slopes, share)
                # Rounding may leave a variance of 0 just below it; NaN stays NaN.
                spreads = [
                    maximum(square - mean * mean, 0.0) for square, mean in zip(squares, means)
                ]
                kept.append(means)
            moves = [ratio(slope, sqrt(spread) + eps) for slope, spread in zip(slopes, spreads)]
            if momentum:
                moves = [momentum * old + move for old, move in zip(memories[-1], moves)]
                kept.append(moves)
            return [number - lr * move for number, move in zip(numbers, moves)], *kept

        return rule
