"""What all optimisers share: parameters, the step by a rule, gradients that are clipped."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, NamedTuple

from autograd_engine import floats
from autograd_engine.columns import data_of, grads_of, listed, set_data, set_grads, zero_grads
from autograd_engine.engine import Value
from autograd_engine.optim.settings import Stateful, finite, whole
from autograd_engine.real import flag, is_number
from autograd_engine.table import LEAF
from autograd_engine.words import counted

Rule = Callable[..., tuple[Any, ...]]
"""`(number, slope, *memories) -> (number, *memories)`: a step of a float, or of a whole array."""


class Arithmetic(NamedTuple):
    """What a rule needs beside + - * and /, for one kind of numbers."""

    sqrt: Callable[[Any], Any]
    ratio: Callable[[Any, Any], Any]  # lenient: x / 0 is an infinity, 0 / 0 is NaN
    maximum: Callable[[Any, Any], Any]  # of a NaN first it is NaN


FLOATS = Arithmetic(math.sqrt, floats.ratio, max)


class Optimizer(Stateful):
    """What all optimisers share: their parameters, learning rate, `step()`, `zero_grad()`.

    A subclass gives `_rule()`, by which a parameter moves, or `_update()`, which moves them all.
    Raises `ValueError` for a negative learning rate, and for parameters that are none, repeated or
    no leaves; `TypeError` for settings that are no numbers, and parameters that are no Values.

    >>> Optimizer([Value(1.0), Value(2.0)], lr=0.1)
    Optimizer(2 parameters, lr=0.1)
    """

    _kind = "optimizer"
    _settings = ("lr", "weight_decay", "maximize")
    _checks: ClassVar = {"lr": finite, "weight_decay": finite, "maximize": flag}
    _progress: ClassVar = {
        "initial_lr": lambda name, lr: None if lr is None else finite(name, lr), "steps": whole,
    }  # fmt: skip
    # What the rule remembers from step to step, and the setting that asks for it ("": always).
    _buffer_names: tuple[tuple[str, str], ...] = ()
    _blank: float | None = 0.0  # what a rule finds in its memory before the first step

    def __init__(
        self, params: Iterable[Value], lr: float, weight_decay: float = 0.0, maximize: bool = False
    ) -> None:
        self.lr, self.weight_decay, self.maximize = lr, weight_decay, maximize
        self.__post_init__(params)

    def __post_init__(self, params: Iterable[Value]) -> None:
        self.parameters = _trainable(params)
        self.initial_lr: float | None = None  # that of the first schedule's start
        self.steps = 0
        self._buffers: dict[str, list[Any]] = {}

    def __setstate__(self, state: dict[str, Any]) -> None:
        # Version 0.1.0 wrote the learning rate as "_lr".
        vars(self).update({"lr" if name == "_lr" else name: it for name, it in state.items()})

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Move the parameters once; a closure is called first, and what it returns is returned."""
        if closure is not None and not callable(closure):
            raise TypeError(f"closure must be a function without arguments; got {closure!r:.60}")
        loss = None if closure is None else closure()
        self.steps += 1
        self._update()
        return loss

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Set the gradient of every parameter to 0, also where PyTorch would set it to None."""
        zero_grads(self.parameters)

    def _rule(self, arithmetic: Arithmetic, step: int) -> Rule:
        """Return by what rule parameters move in the step of that number, counted from 1."""
        raise NotImplementedError(f"{type(self).__name__} must define _rule() or _update()")

    def _slope(self, number: Any, gradient: Any) -> Any:
        """Return the gradient to step against, with that of the weight decay."""
        slope = -gradient if self.maximize else gradient
        return slope + self.weight_decay * number if self.weight_decay else slope

    def _memory(self) -> tuple[str, ...]:
        return tuple(name for name, by in self._buffer_names if not by or getattr(self, by))

    def _update(self) -> None:
        names = self._memory()
        blank = [self._blank] * len(self.parameters)
        memories = [self._buffers.get(name, blank) for name in names]
        numbers, slopes = data_of(self.parameters), grads_of(self.parameters)
        if self.maximize or self.weight_decay:
            slopes = list(map(self._slope, numbers, slopes))
        numbers, *memories = self._moved(numbers, slopes, *memories)
        set_data(self.parameters, numbers)
        self._buffers.update(zip(names, memories))

    def _moved(self, *columns: list[Any]) -> Iterable[list[Any]]:
        """Return what the rule makes of columns of numbers, slopes and memories."""
        return map(list, zip(*map(self._rule(FLOATS, self.steps), *columns)))

    def state_dict(self) -> dict[str, Any]:
        """Return settings, steps and memories as plain lists, dicts and numbers."""
        buffers = {name: list(buffer) for name, buffer in self._buffers.items()}
        return {**super().state_dict(), "buffers": buffers}

    def _loaded(self, state: Mapping[str, Any]) -> Optimizer:
        loaded: Optimizer = super()._loaded(state)
        loaded.parameters, loaded._buffers = _trainable(self.parameters), {}
        for name, buffer in state["buffers"].items():
            if len(buffer) != len(self.parameters):
                given = f"but the state's buffer {name!r:.80} is for {len(buffer)}"
                raise ValueError(f"the optimizer has {len(self.parameters)} parameters, {given}")
            loaded._buffers[name] = [_remembered(name, item) for item in buffer]
        for name, asked in self._buffer_names:
            if loaded.steps and not asked and name not in loaded._buffers:
                raise KeyError(name)
        return loaded

    def __repr__(self) -> str:
        return self._shown(counted(len(self.parameters), "parameter"))


def _remembered(name: str, number: Any) -> float:
    """Return a number of a buffer; a mean of squares may be infinite, and is not negative."""
    fits = is_number(number) and not isinstance(number, bool)
    if not fits or not (number >= 0.0 if "sq" in name else -math.inf < number < math.inf):
        raise TypeError(f"{name} holds {number!r:.60}")
    return float(number)


def _trainable(parameters: Iterable[Value]) -> list[Value]:
    if not (found := listed(parameters)):
        raise ValueError("there are no parameters to train")
    for i, parameter in enumerate(found):
        if parameter._rule is not LEAF:
            why = "it was computed, or is a constant; give the values it was made from"
            raise ValueError(f"parameter {i} ({parameter!r}) is no leaf: {why}")
    if len(set(map(id, found))) < len(found):
        raise ValueError("a parameter is listed more than once, and would be moved as often")
    return found


def clip_gradients(parameters: Iterable[Value], max_norm: float) -> float:
    """Scale the gradients down to a Euclidean norm of at most `max_norm`; return the norm before.

    With `math.inf` it only measures. Raises `ValueError` for a negative `max_norm`.

    >>> w = Value(0.0)
    >>> w.grad = 8.0
    >>> clip_gradients([w], max_norm=2.0), round(w.grad, 4)
    (8.0, 2.0)
    """
    parameters = listed(parameters)
    if max_norm != math.inf:
        max_norm = finite("max_norm", max_norm)
    grads = grads_of(parameters)
    norm = math.hypot(*grads)
    factor = max_norm / (norm + 1e-6)  # PyTorch's guard against a norm of 0
    if max_norm < math.inf and not factor >= 1.0:
        set_grads(parameters, [grad * factor for grad in grads])
    return norm
