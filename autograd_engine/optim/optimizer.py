"""What optimisers share: settings that are checked, shown and saved; the step; clipping."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from dataclasses import MISSING, field
from functools import partial
from itertools import count
from operator import index
from typing import Any, ClassVar, NamedTuple
from weakref import WeakValueDictionary

from autograd_engine import floats
from autograd_engine.columns import data_of, grads_of, listed, set_data, set_grads
from autograd_engine.engine import Value
from autograd_engine.real import finite, flag, is_whole
from autograd_engine.table import LEAF
from autograd_engine.words import counted, printable


def setting(default: Any = MISSING, check: Callable[..., Any] | None = None, **more: Any) -> Any:
    """Return a field of a dataclass that is checked whenever it is set, as a number from 0 on."""
    return field(default=default, metadata={"check": check or finite}, **more)


def whole(name: str, number: int, low: int = 0) -> int:
    if not is_whole(number) or not low <= number < 2**53:  # above that floats leave some out
        raise ValueError(f"{name} must be an integer, at least {low}; got {number!r:.80}")
    return index(number)


share, LARGEST = partial(finite, high=1.0), sys.float_info.max


class Stateful:
    """An optimiser or schedule: what has settings and a state."""

    _kind = ""
    _made: ClassVar[WeakValueDictionary[int, Stateful]] = WeakValueDictionary()  # by their turn
    _turns = count()
    _settings: tuple[str, ...] = ()  # names of attributes
    _checks: ClassVar[dict[str, Callable[..., Any]]] = {}  # of a setting, whenever it is set
    _progress: ClassVar[dict[str, Callable[..., Any]]] = {}  # what changes, and its check

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        known = {**getattr(cls, "__dataclass_fields__", {}), **vars(cls)}
        checks = {n: f.metadata["check"] for n, f in known.items() if getattr(f, "metadata", None)}
        if checks and "_settings" not in vars(cls):
            cls._settings = tuple(checks)
        cls._checks = {**cls._checks, **checks}

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        cls._made[next(cls._turns)] = self = super().__new__(cls)
        return self

    def __setattr__(self, name: str, given: Any) -> None:
        check = self._checks.get(name)
        super().__setattr__(name, check(name, given) if check else given)

    def state_dict(self) -> dict[str, Any]:
        """Return settings and progress as plain lists, dicts and numbers."""
        settings = {name: getattr(self, name) for name in self._settings}
        settings = {n: list(x) if isinstance(x, tuple) else x for n, x in settings.items()}
        progress = {name: getattr(self, name) for name in self._progress}
        return {self._kind: type(self).__name__, "settings": settings, **progress}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict()` returned; `ValueError`, and no change, where it misfits."""
        kind, name = self._kind, type(self).__name__
        was = state.get(kind) if isinstance(state, Mapping) else None
        if not isinstance(was, str):
            raise ValueError(f"expected the state of the {kind} {name}, got {state!r:.80}")
        if was != name:
            raise ValueError(f"the state was written with the {kind} {printable(was)}, not {name}")
        try:
            if unlike := set(state["settings"]) ^ set(self._settings):
                raise KeyError(*unlike)
            vars(self).update(vars(self._loaded(state)))
        except (AttributeError, KeyError, OverflowError, TypeError) as error:
            raise ValueError(
                f"the state of the {kind} {name} is damaged: {error!r:.200}"
            ) from error

    def _loaded(self, state: Mapping[str, Any]) -> Any:
        """Return another one in that state: a copy, since a subclass may be made otherwise."""
        loaded = copy(self)
        for name, given in state["settings"].items():
            setattr(loaded, name, given)
        for name, check in self._progress.items():
            setattr(loaded, name, check(name, state[name]))
        return loaded

    def _shown(self, first: str) -> str:
        told = [f"{n}={x!r:.40}" for n in self._settings if (x := getattr(self, n)) or n == "lr"]
        return f"{type(self).__name__}({', '.join([first, *told])})"


# (number, slope, *memories) -> (number, *memories): a step of a float, or of a whole array.
Rule = Callable[..., tuple[Any, ...]]


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

    _kind, _settings = "optimizer", ("lr", "weight_decay", "maximize")
    _checks: ClassVar = {"lr": finite, "weight_decay": finite, "maximize": flag}
    _progress: ClassVar = {
        "initial_lr": lambda name, lr: None if lr is None else finite(name, lr), "steps": whole,
    }  # fmt: skip
    # What the rule remembers from step to step, and the setting that asks for it ("": always).
    _buffer_names: tuple[tuple[str, str], ...] = ()
    _rule: ClassVar[Callable[[Any, Arithmetic, int], Rule]]
    _blank: float | None = 0.0  # what a rule finds in its memory before the first step

    def __init__(
        self, params: Iterable[Value], lr: float, weight_decay: float = 0.0, maximize: bool = False
    ) -> None:
        self.lr, self.weight_decay, self.maximize = lr, weight_decay, maximize
        self.__post_init__(params)

    def __post_init__(self, params: Iterable[Value]) -> None:
        self.parameters = found = listed(params)
        if not found:
            raise ValueError("there are no parameters to train")
        for i, parameter in enumerate(found):
            if parameter._rule is not LEAF:
                why = "is no leaf: it was computed, or is a constant"
                raise ValueError(f"parameter {i} ({parameter!r}) {why}")
        if len(set(map(id, found))) < len(found):
            raise ValueError("a parameter is listed more than once, and would be moved as often")
        self.initial_lr: float | None = None  # that of the first schedule's start
        self.steps = 0
        self._buffers: dict[str, list[Any]] = {}

    def __setstate__(self, state: dict[str, Any]) -> None:
        # Version 0.1.0 wrote the learning rate as "_lr".
        vars(self).update({"lr" if name == "_lr" else name: it for name, it in state.items()})

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Move the parameters once; a closure is called first, and what it returns is returned."""
        loss = closure and closure()
        self.steps += 1
        self._update()
        return loss

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Set the gradient of every parameter to 0, also where PyTorch would set it to None."""
        set_grads(self.parameters, [0.0] * len(self.parameters))

    def _slope(self, number: Any, gradient: Any) -> Any:
        """Return the gradient to step against, with that of the weight decay."""
        slope = -gradient if self.maximize else gradient
        return slope + self.weight_decay * number if self.weight_decay else slope

    def _memory(self) -> tuple[str, ...]:
        return tuple(name for name, by in self._buffer_names if not by or getattr(self, by))

    def _update(self) -> None:
        names, blank = self._memory(), [self._blank] * len(self.parameters)
        numbers, slopes = data_of(self.parameters), grads_of(self.parameters)
        if self.maximize or self.weight_decay:
            slopes = list(map(self._slope, numbers, slopes))
        memories = [self._buffers.get(name, blank) for name in names]
        moved = map(self._rule(FLOATS, self.steps), numbers, slopes, *memories)
        numbers, *memories = map(list, zip(*moved))
        set_data(self.parameters, numbers)
        self._buffers.update(zip(names, memories))

    def state_dict(self) -> dict[str, Any]:
        """Return settings, steps and memories as plain lists, dicts and numbers."""
        buffers = {name: list(buffer) for name, buffer in self._buffers.items()}
        return {**super().state_dict(), "buffers": buffers}

    def _loaded(self, state: Mapping[str, Any]) -> Optimizer:
        loaded: Optimizer = super()._loaded(state)
        loaded._buffers, had = {}, len(self.parameters)
        for name, buffer in state["buffers"].items():
            # A mean of squares may be infinite, and is not negative.
            low, high = (0.0, math.inf) if "sq" in name else (-LARGEST, LARGEST)
            if [low <= x <= high and not isinstance(x, bool) for x in buffer] != [True] * had:
                raise ValueError(
                    f"{name!r:.80} is no list of {had} numbers that fit: {buffer!r:.60}"
                )
            loaded._buffers[name] = list(map(float, buffer))
        for name, asked in self._buffer_names:
            if loaded.steps and not asked and name not in loaded._buffers:
                raise KeyError(name)
        return loaded

    def __repr__(self) -> str:
        return self._shown(counted(len(self.parameters), "parameter"))


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
