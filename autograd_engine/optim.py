"""Optimisers and learning-rate schedules: the names, defaults and numbers of `torch.optim`.

An optimiser changes the `data` of its parameters by their `grad`:

>>> w = Value(3.0)
>>> optimizer = SGD([w], lr=0.1)
>>> for _ in range(3):
...     optimizer.zero_grad()
...     (w * w).backward()
...     optimizer.step()
>>> round(w.data, 6)
1.536

All parameters form one group: `optimizer.lr` is the one learning rate, to be read and set.
A parameter that the loss did not reach has gradient 0 here (in PyTorch it has none), so
that momentum and weight decay still move it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from operator import index
from typing import Any

from autograd_engine.engine import LEAF, Value
from autograd_engine.real import as_float, is_number


class Optimizer:
    """What all optimisers share: their parameters, learning rate, `step()`, `zero_grad()`.

    A subclass gives `_update()`, which moves the parameters by one step. Raises `ValueError`
    for a negative learning rate, and for parameters that are none, repeated or no leaves.
    """

    _settings: tuple[str, ...] = ("lr", "weight_decay", "maximize")

    def __init__(
        self,
        params: Iterable[Value],
        lr: float,
        weight_decay: float = 0.0,
        maximize: bool = False,
    ) -> None:
        self.parameters = _trainable(params)
        self.lr = lr
        self.weight_decay = _in_range("weight_decay", weight_decay, 0.0, math.inf)
        self.maximize = bool(maximize)
        self.initial_lr: float | None = None  # that of the first schedule's start
        self.steps = 0
        self._buffers: dict[str, list[float]] = {}

    @property
    def lr(self) -> float:
        """The learning rate."""
        return self._lr

    @lr.setter
    def lr(self, lr: float) -> None:
        self._lr = _in_range("learning rate", lr, 0.0, math.inf)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Move the parameters once; a closure is called first, and what it returns is returned."""
        loss = None if closure is None else closure()
        self.steps += 1
        self._update()
        return loss

    def zero_grad(self) -> None:
        """Set the gradient of every parameter to 0."""
        for parameter in self.parameters:
            parameter.grad = 0.0

    def _update(self) -> None:
        raise NotImplementedError(f"{type(self).__name__} must define _update()")

    def _slope(self, parameter: Value) -> float:
        """Return the gradient to step against, with that of the weight decay."""
        slope = -parameter.grad if self.maximize else parameter.grad
        return slope + self.weight_decay * parameter.data if self.weight_decay else slope

    def _buffer(self, name: str) -> list[float]:
        """Return the list of that name, one number for each parameter, at first zeros."""
        return self._buffers.setdefault(name, [0.0] * len(self.parameters))

    def state_dict(self) -> dict[str, Any]:
        """Return settings, step count and buffers as plain lists, dicts and numbers."""
        return {
            "optimizer": type(self).__name__,
            "settings": {name: getattr(self, name) for name in self._settings},
            "initial_lr": self.initial_lr,
            "steps": self.steps,
            "buffers": {name: list(buffer) for name, buffer in self._buffers.items()},
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict()` of the same optimiser returned.

        Raises `ValueError` where it does not fit, and then changes nothing.
        """
        with _refusing(self, "optimizer", state):
            fresh = type(self)(self.parameters, **state["settings"])
            fresh.steps = _whole("steps", state["steps"])
            if state["initial_lr"] is not None:
                fresh.initial_lr = _in_range("initial_lr", state["initial_lr"], 0.0, math.inf)
            for name, buffer in state["buffers"].items():
                if len(buffer) != len(self.parameters):
                    raise ValueError(
                        f"the optimizer has {len(self.parameters)} parameters, "
                        f"but the state's buffer {name!r} is for {len(buffer)}"
                    )
                fresh._buffers[name] = [as_float(item) for item in buffer]
        vars(self).update(vars(fresh))


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
        self.momentum = _in_range("momentum", momentum, 0.0, math.inf)
        self.dampening = _in_range("dampening", dampening, -math.inf, math.inf)
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
        if len(betas) != 2:
            raise ValueError(f"betas are two numbers, got {betas!r}")
        self.betas = (_beta(betas[0]), _beta(betas[1]))
        self.eps = _in_range("eps", eps, 0.0, math.inf)
        self.amsgrad = bool(amsgrad)

    def _update(self) -> None:
        beta1, beta2 = self.betas
        means, squares = self._buffer("exp_avg"), self._buffer("exp_avg_sq")
        peaks = self._buffer("max_exp_avg_sq") if self.amsgrad else squares
        # The running means start at 0: these corrections undo that bias.
        stride = self.lr / (1.0 - beta1**self.steps)
        correction = math.sqrt(1.0 - beta2**self.steps)
        for i, parameter in enumerate(self.parameters):
            slope = self._slope(parameter)
            means[i] += (1.0 - beta1) * (slope - means[i])
            squares[i] = beta2 * squares[i] + (1.0 - beta2) * slope * slope
            if self.amsgrad:
                peaks[i] = max(squares[i], peaks[i])  # in this order NaN stays NaN
            size = math.sqrt(peaks[i]) / correction + self.eps
            parameter.data -= stride * _quotient(means[i], size)


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

    def _update(self) -> None:
        for parameter in self.parameters:
            parameter.data *= 1.0 - self.lr * self.weight_decay
        super()._update()

    def _slope(self, parameter: Value) -> float:
        return -parameter.grad if self.maximize else parameter.grad


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
        self.alpha = _in_range("alpha", alpha, 0.0, 1.0)
        self.eps = _in_range("eps", eps, 0.0, math.inf)
        self.momentum = _in_range("momentum", momentum, 0.0, math.inf)
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
                means[i] += (1.0 - self.alpha) * (slope - means[i])
                # Rounding may leave a variance of 0 just below it; NaN stays NaN.
                spread = max(spread - means[i] * means[i], 0.0)
            move = _quotient(slope, math.sqrt(spread) + self.eps)
            if self.momentum:
                move = velocity[i] = self.momentum * velocity[i] + move
            parameter.data -= self.lr * move


class Schedule:
    """What all learning-rate schedules share: each `step()` sets `optimizer.lr` once.

    Call `step()` after each epoch. As in PyTorch, the new rate is made from the present one,
    so that several schedules of one optimiser multiply. A subclass gives `_next_lr()`.
    """

    _settings: tuple[str, ...] = ()

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer = optimizer
        if optimizer.initial_lr is None:
            optimizer.initial_lr = optimizer.lr
        self.base_lr = optimizer.initial_lr
        self.last_epoch = 0

    def step(self) -> None:
        """Go on to the next epoch."""
        self.last_epoch += 1
        self.optimizer.lr = self._next_lr(self.optimizer.lr, self.last_epoch)

    def _next_lr(self, lr: float, epoch: int) -> float:
        raise NotImplementedError(f"{type(self).__name__} must define _next_lr()")

    def state_dict(self) -> dict[str, Any]:
        """Return settings, epoch and starting rate as plain numbers."""
        return {
            "schedule": type(self).__name__,
            "settings": {name: getattr(self, name) for name in self._settings},
            "base_lr": self.base_lr,
            "last_epoch": self.last_epoch,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict()` of the same schedule returned.

        The present learning rate is part of the optimiser's state. Raises `ValueError`
        where the state does not fit, and then changes nothing.
        """
        with _refusing(self, "schedule", state):
            fresh = type(self)(SGD([Value(0.0)]), **state["settings"])
            fresh.base_lr = _in_range("base_lr", state["base_lr"], 0.0, math.inf)
            fresh.last_epoch = _whole("last_epoch", state["last_epoch"])
        fresh.optimizer = self.optimizer
        vars(self).update(vars(fresh))


class StepLR(Schedule):
    """Multiply the learning rate by `gamma` every `step_size` epochs.

    >>> optimizer = SGD([Value(0.0)], lr=1.0)
    >>> schedule = StepLR(optimizer, step_size=2, gamma=0.5)
    >>> [(schedule.step(), optimizer.lr)[1] for _ in range(4)]
    [1.0, 0.5, 0.5, 0.25]
    """

    _settings = ("step_size", "gamma")

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1) -> None:
        self.step_size = _whole("step_size", step_size, 1)
        self.gamma = _in_range("gamma", gamma, 0.0, math.inf)
        super().__init__(optimizer)

    def _next_lr(self, lr: float, epoch: int) -> float:
        return lr if epoch % self.step_size else lr * self.gamma


class ExponentialLR(Schedule):
    """Multiply the learning rate by `gamma` every epoch.

    >>> optimizer = SGD([Value(0.0)], lr=1.0)
    >>> ExponentialLR(optimizer, gamma=0.5).step()
    >>> optimizer.lr
    0.5
    """

    _settings = ("gamma",)

    def __init__(self, optimizer: Optimizer, gamma: float) -> None:
        self.gamma = _in_range("gamma", gamma, 0.0, math.inf)
        super().__init__(optimizer)

    def _next_lr(self, lr: float, epoch: int) -> float:
        return lr * self.gamma


class LinearLR(Schedule):
    """Warm up: from `start_factor` times the learning rate to `end_factor` times, linearly.

    Raises `ValueError` for a start outside (0, 1], an end outside [0, 1], no iterations.

    >>> optimizer = SGD([Value(0.0)], lr=1.0)
    >>> schedule = LinearLR(optimizer, start_factor=0.5, total_iters=2)
    >>> [optimizer.lr] + [(schedule.step(), optimizer.lr)[1] for _ in range(3)]
    [0.5, 0.75, 1.0, 1.0]
    """

    _settings = ("start_factor", "end_factor", "total_iters")

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1.0 / 3.0,
        end_factor: float = 1.0,
        total_iters: int = 5,
    ) -> None:
        self.start_factor = _in_range("start_factor", start_factor, 0.0, 1.0)
        if not start_factor:
            raise ValueError("start_factor must be above 0: each rate is made from the one before")
        self.end_factor = _in_range("end_factor", end_factor, 0.0, 1.0)
        self.total_iters = _whole("total_iters", total_iters, 1)
        super().__init__(optimizer)
        optimizer.lr *= start_factor

    def _next_lr(self, lr: float, epoch: int) -> float:
        if epoch > self.total_iters:
            return lr
        rise = self.end_factor - self.start_factor
        return lr * (1.0 + rise / (self.total_iters * self.start_factor + (epoch - 1) * rise))


class CosineAnnealingLR(Schedule):
    """From the starting rate to `eta_min` along half a cosine of `T_max` epochs, then back.

    >>> optimizer = SGD([Value(0.0)], lr=1.0)
    >>> schedule = CosineAnnealingLR(optimizer, T_max=4)
    >>> [(schedule.step(), round(optimizer.lr, 3))[1] for _ in range(4)]
    [0.854, 0.5, 0.146, 0.0]
    """

    _settings = ("T_max", "eta_min")

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0) -> None:
        self.T_max = _whole("T_max", T_max, 1)
        self.eta_min = _in_range("eta_min", eta_min, 0.0, math.inf)
        super().__init__(optimizer)

    def _next_lr(self, lr: float, epoch: int) -> float:
        if (epoch - 1) % (2 * self.T_max) == self.T_max:  # at the bottom there is no ratio
            return lr + (self.base_lr - self.eta_min) * self._height(self.T_max - 1)
        ratio = self._height(epoch) / self._height(epoch - 1)
        return ratio * (lr - self.eta_min) + self.eta_min

    def _height(self, epoch: int) -> float:
        return (1.0 + math.cos(math.pi * epoch / self.T_max)) / 2.0


def clip_gradients(parameters: Iterable[Value], max_norm: float) -> float:
    """Scale the gradients down to a Euclidean norm of at most `max_norm`; return the norm before.

    Raises `ValueError` for a negative `max_norm`.

    >>> w = Value(0.0)
    >>> w.grad = 8.0
    >>> clip_gradients([w], max_norm=2.0), round(w.grad, 4)
    (8.0, 2.0)
    """
    parameters = list(parameters)
    max_norm = _in_range("max_norm", max_norm, 0.0, math.inf)
    norm = math.hypot(*(parameter.grad for parameter in parameters))
    factor = max_norm / (norm + 1e-6)  # PyTorch's guard against a norm of 0
    if not factor >= 1.0:
        for parameter in parameters:
            parameter.grad *= factor
    return norm


def _trainable(parameters: Iterable[Value]) -> list[Value]:
    """Return the parameters as a list, refusing what cannot be trained."""
    if not isinstance(parameters, Iterable) or isinstance(parameters, (str, Mapping)):
        raise TypeError(f"expected values to train, such as model.parameters(); got {parameters!r}")
    found = list(parameters)
    if not found:
        raise ValueError("there are no parameters to train")
    for i, parameter in enumerate(found):
        if not isinstance(parameter, Value):
            raise TypeError(f"parameter {i} is no Value but {type(parameter).__name__}")
        if parameter.rule is not LEAF:
            raise ValueError(
                f"parameter {i} ({parameter!r}) is no leaf: it was computed, or is a constant; "
                "give the values it was made from"
            )
    if len({id(parameter) for parameter in found}) < len(found):
        raise ValueError("a parameter is listed more than once, and would be moved as often")
    return found


def _quotient(x: float, y: float) -> float:
    """Return x / y, by 0 as IEEE 754 has it: with eps = 0 a gradient of 0 meets a root of 0."""
    return x / y if y else math.copysign(math.inf, x) if x else math.nan


def _in_range(name: str, number: float, low: float, high: float) -> float:
    """Return a setting as a float if it is a finite number between the bounds."""
    if not is_number(number):
        raise TypeError(f"{name} must be a number, got {number!r}")
    if not low <= number <= high or math.isinf(number):
        bounds = f"at least {low:g}" if math.isinf(high) else f"from {low:g} to {high:g}"
        raise ValueError(f"{name} must be a finite number, {bounds}; got {number!r}")
    return float(number)


def _beta(beta: float) -> float:
    if _in_range("beta", beta, 0.0, 1.0) == 1.0:
        raise ValueError(f"beta must be below 1, got {beta!r}")
    return beta


def _whole(name: str, number: int, low: int = 0) -> int:
    if not hasattr(number, "__index__") or isinstance(number, bool) or number < low:
        raise ValueError(f"{name} must be an integer, at least {low}; got {number!r}")
    return index(number)


@contextmanager
def _refusing(owner: Optimizer | Schedule, kind: str, state: Mapping[str, Any]) -> Iterator[None]:
    """Turn whatever is wrong with the owner's new state into a `ValueError`."""
    name = type(owner).__name__
    if not isinstance(state, Mapping) or state.get(kind) != name:
        raise ValueError(f"expected the state of the {kind} {name}, got {state!r:.80}")
    try:
        if set(state["settings"]) != set(owner._settings):
            raise KeyError(*set(state["settings"]) ^ set(owner._settings))
        yield
    except (AttributeError, KeyError, OverflowError, TypeError) as error:
        raise ValueError(f"the state of the {kind} {name} is damaged: {error!r}") from error
