"""Adam and, with decoupled weight decay, AdamW."""

from __future__ import annotations

import math
from collections.abc import Iterable

from autograd_engine.engine import Value
from autograd_engine.optim.optimizer import Optimizer
from autograd_engine.optim.rule import Arithmetic, Column, Rule, lerp
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

        def rule(numbers: Column, slopes: Column, *memories: Column) -> tuple[Column, ...]:
            means, squares, *peaks = memories
            means = lerp(means, slopes, share1)
            spreads = squares = [
                beta2 * square + share2 * slope * slope for square, slope in zip(squares, slopes)
            ]
            if peaks:  # in this order NaN stays NaN
                spreads = peaks[0] = list(map(maximum, squares, peaks[0]))
            numbers = [
                number - stride * ratio(mean, sqrt(spread) / correction + eps)
                for number, mean, spread in zip(numbers, means, spreads)
            ]
            return numbers, means, squares, *peaks

        return rule


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
        return lambda numbers, *more: rule([number * kept for number in numbers], *more)

    def _slopes(self, numbers: Column, gradients: Column) -> Column:
        return [-gradient for gradient in gradients] if self.maximize else gradients


def _beta(beta: float) -> float:
    """Return a decay rate; `ValueError` unless it is in [0, 1)."""
    if finite("beta", beta, 0.0, 1.0) == 1.0:
        raise ValueError(f"beta must be below 1, got {beta!r}")
    return beta
