"""Adam and, with decoupled weight decay, AdamW."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from autograd_engine.engine import Value
from autograd_engine.optim.optimizer import Optimizer
from autograd_engine.optim.rule import Arithmetic, Rule, lerp
from autograd_engine.optim.settings import finite
from autograd_engine.real import flag


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
    _always = ("exp_avg", "exp_avg_sq")
    _squares = ("exp_avg_sq", "max_exp_avg_sq")

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
        if not hasattr(betas, "__len__"):
            raise TypeError(f"betas are two numbers, got {betas!r:.60}")
        if len(betas) != 2:
            raise ValueError(f"betas are two numbers, got {betas!r}")
        self.betas = (_beta(betas[0]), _beta(betas[1]))
        self.eps = finite("eps", eps)
        self.amsgrad = flag("amsgrad", amsgrad)

    def _memory(self) -> tuple[str, ...]:
        return ("exp_avg", "exp_avg_sq", *(("max_exp_avg_sq",) if self.amsgrad else ()))

    def _rule(self, arithmetic: Arithmetic, step: int) -> Rule:
        sqrt, ratio, maximum = arithmetic
        (beta1, beta2), eps = self.betas, self.eps
        # The running means start at 0: these corrections undo that bias.
        stride = self.lr / (1.0 - beta1**step)
        correction = math.sqrt(1.0 - beta2**step)
        share1, share2 = 1.0 - beta1, 1.0 - beta2

        def rule(number: Any, slope: Any, mean: Any, square: Any) -> tuple[Any, ...]:
            mean = lerp(mean, slope, share1)
            square = beta2 * square + share2 * slope * slope
            return moved(number, mean, square), mean, square

        def moved(number: Any, mean: Any, square: Any) -> Any:
            return number - stride * ratio(mean, sqrt(square) / correction + eps)

        def peaked(number: Any, slope: Any, mean: Any, square: Any, peak: Any) -> tuple[Any, ...]:
            _, mean, square = rule(number, slope, mean, square)
            peak = maximum(square, peak)  # in this order NaN stays NaN
            return moved(number, mean, peak), mean, square, peak

        return peaked if self.amsgrad else rule


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

    def _rule(self, arithmetic: Arithmetic, step: int) -> Rule:
        rule, kept = super()._rule(arithmetic, step), 1.0 - self.lr * self.weight_decay
        return lambda number, slope, *memory: rule(number * kept, slope, *memory)

    def _slope(self, number: Any, gradient: Any) -> Any:
        return -gradient if self.maximize else gradient


def _beta(beta: float) -> float:
    """Return a decay rate; `ValueError` unless it is in [0, 1)."""
    if finite("beta", beta, 0.0, 1.0) == 1.0:
        raise ValueError(f"beta must be below 1, got {beta!r}")
    return beta
