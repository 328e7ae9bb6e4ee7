"""The optimisers, each by its rule: SGD, Adam, AdamW, RMSprop; schedules of their learning rate."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import InitVar, dataclass
from functools import partial
from typing import Any, ClassVar

from autograd_engine.engine import Value
from autograd_engine.optim.optimizer import (
    Arithmetic, Optimizer, Rule, Stateful, setting, share, whole,
)  # fmt: skip
from autograd_engine.real import finite, flag

counting = partial(whole, low=1)
BELOW_1 = math.nextafter(1.0, 0.0)


@dataclass(repr=False, eq=False)
class SGD(Optimizer):
    """Stochastic gradient descent, with momentum and weight decay where asked for.

    Raises `ValueError` for negative settings, and `nesterov` without momentum or with dampening.

    >>> SGD([Value(1.0)], lr=0.1, momentum=0.9)
    SGD(1 parameter, lr=0.1, momentum=0.9)
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


def _two_betas(name: str, betas: Any) -> Any:
    if not hasattr(betas, "__len__") or len(betas) != 2:
        raise ValueError(f"betas are two numbers, got {betas!r:.60}")
    return tuple(finite("beta, below 1,", beta, high=BELOW_1) for beta in betas)


@dataclass(repr=False, eq=False)
class Adam(Optimizer):
    """Adam (Kingma and Ba 2015): steps scaled by running means of gradient and square.

    `weight_decay` is added to the gradient. Raises `ValueError` for negative settings and betas
    outside [0, 1).

    >>> Adam([Value(1.0)], lr=0.1, betas=(0.8, 0.99))
    Adam(1 parameter, lr=0.1, betas=(0.8, 0.99), eps=1e-08)
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
    AdamW(1 parameter, lr=0.001, betas=(0.9, 0.999), eps=1e-08, weight_decay=0.5)
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

    `centered` subtracts the running mean first. Raises `ValueError` for an alpha outside [0, 1].

    >>> RMSprop([Value(1.0)], lr=0.01, centered=True)
    RMSprop(1 parameter, lr=0.01, alpha=0.99, eps=1e-08, centered=True)
    """

    params: InitVar[Iterable[Value]]
    lr: float = setting(1e-2)
    alpha: float = setting(0.99, share)
    eps: float = setting(1e-8)
    weight_decay: float = setting(0.0)
    momentum: float = setting(0.0)
    centered: bool = setting(False, flag)
    maximize: bool = setting(False, flag, kw_only=True)

    _buffer_names = ("square_avg", ""), ("grad_avg", "centered"), ("momentum_buffer", "momentum")

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


@dataclass(repr=False, eq=False)
class Schedule(Stateful):
    """What all learning-rate schedules share: each `step()`, one an epoch, sets `optimizer.lr`.

    The new rate is made from the present one, so several schedules multiply. A subclass gives
    `_next_lr(lr, epoch)`, and names in `_settings` the attributes that it is to have again.

    >>> class Halving(Schedule):
    ...     def _next_lr(self, lr, epoch):
    ...         return lr / 2.0
    """

    optimizer: Optimizer

    _kind = "schedule"
    _progress: ClassVar = {"base_lr": finite, "last_epoch": whole}
    _next_lr: ClassVar[Callable[[Any, float, int], float]]

    def __post_init__(self) -> None:
        if not hasattr(optimizer := self.optimizer, "initial_lr"):
            raise TypeError(f"a schedule needs an optimizer such as an SGD, got {optimizer!r:.80}")
        if optimizer.initial_lr is None:
            optimizer.initial_lr = optimizer.lr
        self.base_lr, self.last_epoch = optimizer.initial_lr, 0

    def step(self) -> None:
        """Go on to the next epoch."""
        lr = self._next_lr(self.optimizer.lr, self.last_epoch + 1)
        self.last_epoch, self.optimizer.lr = self.last_epoch + 1, lr

    def __repr__(self) -> str:
        return self._shown(type(self.optimizer).__name__)


def schedules_of(optimizer: Any) -> list[Schedule]:
    """Return the schedules that were made on an optimiser and are still held by somebody."""
    made = [one for ref in Stateful._made.valuerefs() if isinstance(one := ref(), Schedule)]
    return [one for one in made if getattr(one, "optimizer", None) is optimizer]


@dataclass(repr=False, eq=False)
class StepLR(Schedule):
    """Multiply the learning rate by `gamma` every `step_size` epochs.

    >>> schedule = StepLR(optimizer := SGD([Value(0.0)], lr=1.0), step_size=2, gamma=0.5)
    >>> [(schedule.step(), optimizer.lr)[1] for _ in range(4)]
    [1.0, 0.5, 0.5, 0.25]
    """

    step_size: int = setting(check=counting)
    gamma: float = setting(0.1)

    def _next_lr(self, lr: float, epoch: int) -> float:
        return lr if epoch % self.step_size else lr * self.gamma


@dataclass(repr=False, eq=False)
class ExponentialLR(Schedule):
    """Multiply the learning rate by `gamma` every epoch.

    >>> ExponentialLR(SGD([Value(0.0)]), gamma=0.5)
    ExponentialLR(SGD, gamma=0.5)
    """

    gamma: float = setting()

    def _next_lr(self, lr: float, epoch: int) -> float:
        return lr * self.gamma


@dataclass(repr=False, eq=False)
class LinearLR(Schedule):
    """Warm up: from `start_factor` times the learning rate to `end_factor` times, linearly.

    Raises `ValueError` for a start outside [1e-12, 1], an end outside [0, 1], and no iterations.

    >>> LinearLR(SGD([Value(0.0)]), start_factor=0.5, total_iters=2)
    LinearLR(SGD, start_factor=0.5, end_factor=1.0, total_iters=2)
    """

    start_factor: float = setting(1.0 / 3.0, partial(finite, low=1e-12, high=1.0))
    end_factor: float = setting(1.0, share)
    total_iters: int = setting(5, counting)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.optimizer.lr *= self.start_factor

    def _next_lr(self, lr: float, epoch: int) -> float:
        if epoch > self.total_iters:
            return lr
        rise = self.end_factor - self.start_factor
        return lr * (1.0 + rise / (self.total_iters * self.start_factor + (epoch - 1) * rise))


@dataclass(repr=False, eq=False)
class CosineAnnealingLR(Schedule):
    """From the starting rate to `eta_min` along half a cosine of `T_max` epochs, then back.

    >>> schedule = CosineAnnealingLR(optimizer := SGD([Value(0.0)], lr=1.0), T_max=4)
    >>> [(schedule.step(), round(optimizer.lr, 3))[1] for _ in range(4)]
    [0.854, 0.5, 0.146, 0.0]
    """

    T_max: int = setting(check=counting)
    eta_min: float = setting(0.0)

    def _next_lr(self, lr: float, epoch: int) -> float:
        before, after = ((1 + math.cos(math.pi * t / self.T_max)) / 2 for t in (epoch - 1, epoch))
        if (epoch - 1) % (2 * self.T_max) == self.T_max:  # at the bottom there is no ratio
            return lr + (self.base_lr - self.eta_min) * after
        return after / before * (lr - self.eta_min) + self.eta_min
