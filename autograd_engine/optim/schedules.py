"""Learning-rate schedules: one `step()` an epoch sets the optimiser's learning rate."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from autograd_engine.engine import Value  # noqa: F401 (examples)
from autograd_engine.optim.optimizer import Optimizer, Stateful, finite, setting, share, whole
from autograd_engine.optim.rules import SGD  # noqa: F401 (examples)

counting = partial(whole, low=1)


@dataclass(repr=False, eq=False)
class Schedule(Stateful):
    """What all learning-rate schedules share: each `step()` sets `optimizer.lr` once.

    Call `step()` after each epoch. As in PyTorch, the new rate is made from the present one, so
    several schedules multiply; `fit` keeps them in its checkpoint. A subclass gives
    `_next_lr(lr, epoch)`, and names in `_settings` the attributes that it is to have again.

    >>> class Halving(Schedule):
    ...     def _next_lr(self, lr, epoch):
    ...         return lr / 2.0
    """

    optimizer: Optimizer

    _kind = "schedule"
    _progress: ClassVar = {"base_lr": finite, "last_epoch": whole}

    def __post_init__(self) -> None:
        optimizer = self.optimizer
        if not hasattr(optimizer, "initial_lr"):
            such = "SGD(model.parameters(), lr=0.1)"
            raise TypeError(f"a schedule needs an optimizer, such as {such}, got {optimizer!r:.80}")
        if optimizer.initial_lr is None:
            optimizer.initial_lr = optimizer.lr
        self.base_lr = optimizer.initial_lr
        self.last_epoch = 0

    def step(self) -> None:
        """Go on to the next epoch."""
        lr = self._next_lr(self.optimizer.lr, self.last_epoch + 1)
        self.last_epoch, self.optimizer.lr = self.last_epoch + 1, lr

    def _next_lr(self, lr: float, epoch: int) -> float:
        raise NotImplementedError(f"{type(self).__name__} must define _next_lr()")

    def __repr__(self) -> str:
        epochs = [f"last_epoch={self.last_epoch}"] if self.last_epoch else []
        return self._shown(type(self.optimizer).__name__, *epochs)


def schedules_of(optimizer: Any) -> list[Schedule]:
    """Return the schedules that were made on an optimiser and are still held by somebody."""
    made = [one for ref in Stateful._made.valuerefs() if isinstance(one := ref(), Schedule)]
    return [one for one in made if getattr(one, "optimizer", None) is optimizer]


@dataclass(repr=False, eq=False)
class StepLR(Schedule):
    """Multiply the learning rate by `gamma` every `step_size` epochs.

    >>> optimizer = SGD([Value(0.0)], lr=1.0)
    >>> schedule = StepLR(optimizer, step_size=2, gamma=0.5)
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


def _start(name: str, factor: float) -> float:
    if not share(name, factor):
        raise ValueError(f"{name} must be above 0: each rate is made from the one before")
    return float(factor)


@dataclass(repr=False, eq=False)
class LinearLR(Schedule):
    """Warm up: from `start_factor` times the learning rate to `end_factor` times, linearly.

    Raises `ValueError` for a start outside (0, 1], an end outside [0, 1], and no iterations.

    >>> optimizer = SGD([Value(0.0)], lr=1.0)
    >>> schedule = LinearLR(optimizer, start_factor=0.5, total_iters=2)
    >>> [optimizer.lr] + [(schedule.step(), optimizer.lr)[1] for _ in range(3)]
    [0.5, 0.75, 1.0, 1.0]
    """

    start_factor: float = setting(1.0 / 3.0, _start)
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

    >>> optimizer = SGD([Value(0.0)], lr=1.0)
    >>> schedule = CosineAnnealingLR(optimizer, T_max=4)
    >>> [(schedule.step(), round(optimizer.lr, 3))[1] for _ in range(4)]
    [0.854, 0.5, 0.146, 0.0]
    """

    T_max: int = setting(check=counting)
    eta_min: float = setting(0.0)

    def _next_lr(self, lr: float, epoch: int) -> float:
        before, after = (
            (1.0 + math.cos(math.pi * t / self.T_max)) / 2.0 for t in (epoch - 1, epoch)
        )
        if (epoch - 1) % (2 * self.T_max) == self.T_max:  # at the bottom there is no ratio
            return lr + (self.base_lr - self.eta_min) * after
        return after / before * (lr - self.eta_min) + self.eta_min
