"""What all optimisers share: Optimizer."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from itertools import count
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from autograd_engine.columns import data_of, grads_of, listed, set_data, set_grads, zero_grads
from autograd_engine.engine import Value
from autograd_engine.optim.rule import FLOATS, Arithmetic, Column, Rule
from autograd_engine.optim.settings import (
    described,
    finite,
    refusing,
    remembered,
    unlike_default,
    whole,
)
from autograd_engine.real import flag
from autograd_engine.table import LEAF
from autograd_engine.words import counted

Kind = TypeVar("Kind", bound="Living")

_NUMBERS = count()
_LIVING: WeakValueDictionary[int, Living] = WeakValueDictionary()


class Living:
    """What is found by `living` as long as anybody holds it, copies and unpickled ones too.

    So a checkpoint has the schedules of an optimiser, and a diagnosis the step that moved a leaf,
    and neither an optimiser nor a Value has to point back at them.
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        self = super().__new__(cls)
        _LIVING[next(_NUMBERS)] = self
        return self


def living(kind: type[Kind]) -> list[Kind]:
    """Return all that there are of a kind, in the order in which they were made."""
    found = (reference() for reference in _LIVING.valuerefs())
    return [one for one in found if isinstance(one, kind)]


class Optimizer(Living):
    """What all optimisers share: their parameters, learning rate, `step()`, `zero_grad()`.

    A subclass gives `_rule()`, by which the parameters move, or `_update()`, which moves them
    all by one step. Raises `ValueError` for a negative learning rate, and for parameters that
    are none, repeated or no leaves; `TypeError` for settings that are no numbers or switches,
    and for parameters that are no list of Values.

    >>> Optimizer([Value(1.0), Value(2.0)], lr=0.1)
    Optimizer(2 parameters, lr=0.1)
    """

    _settings: tuple[str, ...] = ("lr", "weight_decay", "maximize")
    _blank: float | None = 0.0
    """What a rule finds in its memory before the first step."""
    _always: tuple[str, ...] = ()
    """Which buffers there are after every step, whatever the settings."""
    _squares: tuple[str, ...] = ()
    """Which buffers hold means of squares, and so nothing below 0."""

    def __init__(
        self,
        params: Iterable[Value],
        lr: float,
        weight_decay: float = 0.0,
        maximize: bool = False,
    ) -> None:
        self.parameters = _trainable(params)
        self.lr = lr
        self.weight_decay = finite("weight_decay", weight_decay)
        self.maximize = flag("maximize", maximize)
        self.initial_lr: float | None = None  # that of the first schedule's start
        self.steps = 0
        self._buffers: dict[str, list[Any]] = {}
        self._latest: tuple[list[float], list[float]] = [], []  # numbers, gradients of a step

    @property
    def lr(self) -> float:
        """The learning rate."""
        return self._lr

    @lr.setter
    def lr(self, lr: float) -> None:
        self._lr = finite("learning rate", lr)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Move the parameters once; a closure is called first, and what it returns is returned."""
        if closure is not None and not callable(closure):
            raise TypeError(
                f"closure must be a function without arguments, or nothing; got {closure!r:.60}"
            )
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

    def _memory(self) -> tuple[str, ...]:
        """Return the names of the buffers that the rule remembers from step to step."""
        return ()

    def _update(self) -> None:
        names = self._memory()
        blank = [self._blank] * len(self.parameters)
        memories = [self._buffers.get(name, blank) for name in names]
        self._latest = numbers, slopes = data_of(self.parameters), grads_of(self.parameters)
        slopes = self._slopes(numbers, slopes)
        numbers, *memories = self._rule(FLOATS, self.steps)(numbers, slopes, *memories)
        set_data(self.parameters, numbers)
        self._buffers.update(zip(names, memories))

    def _slopes(self, numbers: Column, gradients: Column) -> Column:
        """Return the gradients to step against, with those of the weight decay."""
        decay, slopes = self.weight_decay, gradients
        if self.maximize:
            slopes = [-gradient for gradient in gradients]
        if decay:
            slopes = [slope + decay * number for number, slope in zip(numbers, slopes)]
        return slopes

    def state_dict(self) -> dict[str, Any]:
        """Return settings, step count and buffers as plain lists, dicts and numbers."""
        return {
            **described("optimizer", self),
            "initial_lr": self.initial_lr,
            "steps": self.steps,
            "buffers": {name: list(buffer) for name, buffer in self._buffers.items()},
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict()` of the same optimiser returned.

        Raises `ValueError` where it does not fit, and then changes nothing.
        """
        with refusing("optimizer", self, state):
            fresh = type(self)(self.parameters, **state["settings"])
            fresh.steps = whole("steps", state["steps"])
            if state["initial_lr"] is not None:
                fresh.initial_lr = finite("initial_lr", state["initial_lr"])
            for name, buffer in state["buffers"].items():
                if len(buffer) != len(self.parameters):
                    raise ValueError(
                        f"the optimizer has {len(self.parameters)} parameters, "
                        f"but the state's buffer {name!r:.80} is for {len(buffer)}"
                    )
                low = 0.0 if name in self._squares else -math.inf
                fresh._buffers[name] = [remembered(name, item, low) for item in buffer]
            if fresh.steps and (missing := set(self._always) - set(fresh._buffers)):
                raise KeyError(*missing)
        vars(self).update(vars(fresh))

    def __repr__(self) -> str:
        held = counted(len(self.parameters), "parameter")
        return f"{type(self).__name__}({', '.join([held, *unlike_default(self, 'lr')])})"


def _trainable(parameters: Iterable[Value]) -> list[Value]:
    """Return the parameters as a list, refusing what cannot be trained."""
    found = listed(parameters)
    if not found:
        raise ValueError("there are no parameters to train")
    for i, parameter in enumerate(found):
        if parameter._rule is not LEAF:
            raise ValueError(
                f"parameter {i} ({parameter!r}) is no leaf: it was computed, or is a constant; "
                "give the values it was made from"
            )
    if len({id(parameter) for parameter in found}) < len(found):
        raise ValueError("a parameter is listed more than once, and would be moved as often")
    return found


def clip_gradients(parameters: Iterable[Value], max_norm: float) -> float:
    """Scale the gradients down to a Euclidean norm of at most `max_norm`; return the norm before.

    With `math.inf` it only measures. Raises `ValueError` for a negative `max_norm`, and
    `TypeError` for parameters that are no Values.

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
