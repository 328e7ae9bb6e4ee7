"""What all optimisers share: Optimizer; what some share: lerp."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from autograd_engine.engine import LEAF, Value
from autograd_engine.optim.settings import described, finite, refusing, whole
from autograd_engine.real import as_float


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
        self.weight_decay = finite("weight_decay", weight_decay)
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
        self._lr = finite("learning rate", lr)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Move the parameters once; a closure is called first, and what it returns is returned."""
        loss = None if closure is None else closure()
        self.steps += 1
        self._update()
        return loss

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Set the gradient of every parameter to 0, also where PyTorch would set it to None."""
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
                        f"but the state's buffer {name!r} is for {len(buffer)}"
                    )
                fresh._buffers[name] = [as_float(item) for item in buffer]
        vars(self).update(vars(fresh))


def lerp(start: float, end: float, weight: float) -> float:
    """Return the number that lies that share of the way from start to end.

    Written like PyTorch's, from the nearer side: else an end far below the start is lost.

    >>> lerp(1e20, 3.0, 1.0)
    3.0
    """
    way = end - start
    return start + weight * way if weight < 0.5 else end - way * (1.0 - weight)


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
