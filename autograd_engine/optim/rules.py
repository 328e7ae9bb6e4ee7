"""The optimisers, each by its rule: SGD, Adam, AdamW, RMSprop."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from autograd_engine.engine import Value
from autograd_engine.optim.optimizer import Arithmetic, Optimizer, Rule
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
    _buffer_names = (("momentum_buffer", "momentum"),)
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
        self.dampening = finite("dampening", dampening, -math.inf)
        self.nesterov = flag("nesterov", nesterov)
        if nesterov and (momentum == 0.0 or dampening != 0.0):
            raise ValueError("nesterov needs a momentum above 0 and a dampening of 0")

    def _rule(self, arithmetic: Arithmetic, step: int) -> Rule:
        lr, momentum, nesterov = self.lr, self.momentum, self.nesterov
        share = 1.0 - self.dampening

        def heavy(number: Any, slope: Any, velocity: Any) -> tuple[Any, ...]:
            velocity = slope if velocity is None else momentum * velocity + share * slope
            move = slope + momentum * velocity if nesterov else velocity
            return number - lr * move, velocity

        return heavy if momentum else lambda number, slope: (number - lr * slope,)


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
    _buffer_names = (("exp_avg", ""), ("exp_avg_sq", ""), ("max_exp_avg_sq", "amsgrad"))

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
        self.betas = finite("beta", betas[0], 0.0, 1.0), finite("beta", betas[1], 0.0, 1.0)
        if 1.0 in self.betas:
            raise ValueError(f"beta must be below 1, got {betas!r}")
        self.eps = finite("eps", eps)
        self.amsgrad = flag("amsgrad", amsgrad)

    def _rule(self, arithmetic: Arithmetic, step: int) -> Rule:
        sqrt, ratio, maximum = arithmetic
        (beta1, beta2), eps = self.betas, self.eps
        # The running means start at 0: these corrections undo that bias.
        stride = self.lr / (1.0 - beta1**step)
        correction = math.sqrt(1.0 - beta2**step)

        def rule(number: Any, slope: Any, *memories: Any) -> tuple[Any, ...]:
            mean, square, *peak = memories
            mean = _lerp(mean, slope, 1.0 - beta1)
            spread = square = beta2 * square + (1.0 - beta2) * slope * slope
            if peak:  # in this order NaN stays NaN
                spread = peak[0] = maximum(square, peak[0])
            move = ratio(mean, sqrt(spread) / correction + eps)
            return number - stride * move, mean, square, *peak

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
        return lambda number, *more: rule(number * kept, *more)

    def _slope(self, number: Any, gradient: Any) -> Any:
        return -gradient if self.maximize else gradient


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
    _buffer_names = (
        ("square_avg", ""), ("grad_avg", "centered"), ("momentum_buffer", "momentum"),
    )  # fmt: skip

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

    def _rule(self, arithmetic: Arithmetic, step: int) -> Rule:
        sqrt, ratio, maximum = arithmetic
        lr, alpha, eps, momentum = self.lr, self.alpha, self.eps, self.momentum
        centered, share = self.centered, 1.0 - self.alpha

        def rule(number: Any, slope: Any, *memories: Any) -> tuple[Any, ...]:
            spread = square = alpha * memories[0] + share * slope * slope
            kept = [square]
            if centered:
                mean = _lerp(memories[1], slope, share)
                # Rounding may leave a variance of 0 just below it; NaN stays NaN.
                spread = maximum(square - mean * mean, 0.0)
                kept.append(mean)
            move = ratio(slope, sqrt(spread) + eps)
            if momentum:
                move = momentum * memories[-1] + move
                kept.append(move)
            return number - lr * move, *kept

        return rule


def _lerp(start: Any, end: Any, weight: float) -> Any:
    """Return what lies that share of the way from start to end.

    Written like PyTorch's, from the nearer side: else an end far below the start is lost.
    """
    step = end - start
    return start + weight * step if weight < 0.5 else end - step * (1.0 - weight)
