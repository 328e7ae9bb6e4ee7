"""The optimisers, each by its rule: SGD, Adam, AdamW, RMSprop."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import InitVar, dataclass
from functools import partial
from typing import Any

from autograd_engine.engine import Value
from autograd_engine.optim.optimizer import Arithmetic, Optimizer, Rule, finite, setting, share
from autograd_engine.real import flag


@dataclass(repr=False, eq=False)
class SGD(Optimizer):
    """Stochastic gradient descent, with momentum and weight decay where asked for.

    Raises `ValueError` for negative settings, and `nesterov` without momentum or with dampening.

    >>> w = Value(1.0)
    >>> w.grad = 0.5
    >>> SGD([w], lr=0.1, momentum=0.9).step()
    >>> w.data
    0.95
    """

    params: InitVar[Iterable[Value]]
    lr: float = setting(1e-3)
    momentum: float = setting(0.0)
    dampening: float = setting(0.0, partial(finite, low=-math.inf))
    weight_decay: float = setting(0.0)
    nesterov: bool = setting(False, flag)
    maximize: bool = setting(False, flag, kw_only=True)

    _buffer_names = (("momentum_buffer", "momentum"),)
    _blank = None  # the first gradient enters whole, whatever the dampening

    def __post_init__(self, params: Iterable[Value]) -> None:
        super().__post_init__(params)
        if self.nesterov and (self.momentum == 0.0 or self.dampening != 0.0):
            raise ValueError("nesterov needs a momentum above 0 and a dampening of 0")

    def _rule(self, arithmetic: Arithmetic, step: int) -> Rule:
        lr, momentum, nesterov = self.lr, self.momentum, self.nesterov
        share = 1.0 - self.dampening

        def heavy(number: Any, slope: Any, velocity: Any) -> tuple[Any, ...]:
            velocity = slope if velocity is None else momentum * velocity + share * slope
            move = slope + momentum * velocity if nesterov else velocity
            return number - lr * move, velocity

        return heavy if momentum else lambda number, slope: (number - lr * slope,)


def _two_betas(name: str, betas: Any) -> tuple[float, float]:
    sized = hasattr(betas, "__len__")
    if not sized or len(betas) != 2:
        raise (ValueError if sized else TypeError)(f"betas are two numbers, got {betas!r:.60}")
    if 1.0 in betas:
        raise ValueError(f"beta must be below 1, got {betas!r:.60}")
    return finite("beta", betas[0], high=1.0), finite("beta", betas[1], high=1.0)


@dataclass(repr=False, eq=False)
class Adam(Optimizer):
    """Adam (Kingma and Ba 2015): steps scaled by running means of gradient and square.

    `weight_decay` is added to the gradient. Raises `ValueError` for negative settings and betas
    outside [0, 1).

    >>> Adam([Value(1.0)], lr=0.1, betas=(0.8, 0.99))
    Adam(1 parameter, lr=0.1, betas=(0.8, 0.99))
    """

    params: InitVar[Iterable[Value]]
    lr: float = setting(1e-3)
    betas: tuple[float, float] = setting((0.9, 0.999), _two_betas)
    eps: float = setting(1e-8)
    weight_decay: float = setting(0.0)
    amsgrad: bool = setting(False, flag)
    maximize: bool = setting(False, flag, kw_only=True)

    _buffer_names = (("exp_avg", ""), ("exp_avg_sq", ""), ("max_exp_avg_sq", "amsgrad"))

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


@dataclass(repr=False, eq=False)
class AdamW(Adam):
    """Adam whose weight decay shrinks the parameters themselves (Loshchilov and Hutter 2019).

    >>> AdamW([Value(1.0)], weight_decay=0.5)
    AdamW(1 parameter, lr=0.001, weight_decay=0.5)
    """

    weight_decay: float = setting(1e-2)

    def _rule(self, arithmetic: Arithmetic, step: int) -> Rule:
        rule, kept = super()._rule(arithmetic, step), 1.0 - self.lr * self.weight_decay
        return lambda number, *more: rule(number * kept, *more)

    def _slope(self, number: Any, gradient: Any) -> Any:
        return -gradient if self.maximize else gradient


@dataclass(repr=False, eq=False)
class RMSprop(Optimizer):
    """RMSprop (Hinton 2012): steps divided by a running root mean square of the gradient.

    `centered` subtracts the running mean first. Raises `ValueError` for negative settings
    and for an alpha outside [0, 1].

    >>> RMSprop([Value(1.0)], lr=0.01, centered=True)
    RMSprop(1 parameter, lr=0.01, centered=True)
    """

    params: InitVar[Iterable[Value]]
    lr: float = setting(1e-2)
    alpha: float = setting(0.99, share)
    eps: float = setting(1e-8)
    weight_decay: float = setting(0.0)
    momentum: float = setting(0.0)
    centered: bool = setting(False, flag)
    maximize: bool = setting(False, flag, kw_only=True)

    _buffer_names = (
        ("square_avg", ""), ("grad_avg", "centered"), ("momentum_buffer", "momentum"),
    )  # fmt: skip

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
    """Return what lies that share of the way from start to end, from the nearer side as PyTorch."""
    step = end - start
    return start + weight * step if weight < 0.5 else end - step * (1.0 - weight)


for _kind in (SGD, Adam, AdamW, RMSprop):  # in a signature `InitVar` tells a caller nothing
    _kind.__init__.__annotations__["params"] = "Iterable[Value]"
