"""What optimisers and schedules share: settings that are checked, shown, saved and loaded."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import MISSING, field
from functools import partial
from inspect import signature
from itertools import count
from operator import index
from typing import Any, ClassVar
from weakref import WeakValueDictionary

from autograd_engine.real import is_number, is_whole
from autograd_engine.words import printable

_NUMBERS = count()
MADE: WeakValueDictionary[int, Stateful] = WeakValueDictionary()  # while somebody holds them


class Stateful:
    """What has settings and a state."""

    _kind = ""
    _settings: tuple[str, ...] = ()  # names of attributes
    _checks: ClassVar[dict[str, Callable[..., Any]]] = {}  # of a setting, whenever it is set
    _progress: ClassVar[dict[str, Callable[..., Any]]] = {}  # what changes, and its check

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        known = {**getattr(cls, "__dataclass_fields__", {}), **vars(cls)}
        checks = {
            n: it.metadata["check"] for n, it in known.items() if getattr(it, "metadata", None)
        }
        if checks and "_settings" not in vars(cls):
            cls._settings = tuple(checks)
        cls._checks = {**cls._checks, **checks}

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        MADE[next(_NUMBERS)] = self = super().__new__(cls)
        return self

    def __setattr__(self, name: str, given: Any) -> None:
        check = self._checks.get(name)
        super().__setattr__(name, check(name, given) if check else given)

    def state_dict(self) -> dict[str, Any]:
        """Return settings and progress as plain lists, dicts and numbers."""
        settings = {name: getattr(self, name) for name in self._settings}
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
            damage = f"the state of the {kind} {name} is damaged: {error!r:.200}"
            raise ValueError(damage) from error

    def _loaded(self, state: Mapping[str, Any]) -> Any:
        """Return another one in that state: a copy, since a subclass may be made otherwise."""
        loaded = copy(self)
        for name, given in state["settings"].items():
            setattr(loaded, name, given)
        for name, check in self._progress.items():
            setattr(loaded, name, check(name, state[name]))
        return loaded

    def _shown(self, first: str, *more: str) -> str:
        known, told = signature(type(self)).parameters, [first]
        for name in self._settings:
            given = getattr(self, name)
            if name == "lr" or (name in known and given != known[name].default):
                told.append(f"{name}={_spelt(given)}")
        return f"{type(self).__name__}({', '.join([*told, *more])})"


def _spelt(setting: Any) -> str:
    if isinstance(setting, tuple):
        return f"({', '.join(map(_spelt, setting))})"
    return f"{setting:.6g}" if isinstance(setting, float) else f"{setting!r:.40}"


def setting(default: Any = MISSING, check: Callable[..., Any] | None = None, **more: Any) -> Any:
    """Return a field of a dataclass that is checked whenever it is set, as a number from 0 on."""
    return field(default=default, metadata={"check": check or finite}, **more)


def finite(name: str, number: float, low: float = 0.0, high: float = math.inf) -> float:
    """Return a setting as a float if it is a finite number between the bounds, else refuse it."""
    name = "learning rate" if name == "lr" else name
    if not is_number(number) or isinstance(number, bool):
        raise TypeError(f"{name} must be a number, got {number!r:.80}")
    if not low <= number <= high or math.isinf(number):
        bounds = f"at least {low:g}" if math.isinf(high) else f"from {low:g} to {high:g}"
        raise ValueError(f"{name} must be a finite number, {bounds}; got {number!r:.80}")
    return float(number)


def whole(name: str, number: int, low: int = 0) -> int:
    """Return a setting as an int if it is one and not below `low`; else `ValueError`."""
    if not is_whole(number) or not low <= number < 2**53:  # above that floats leave some out
        raise ValueError(f"{name} must be an integer, at least {low}; got {number!r:.80}")
    return index(number)


share = partial(finite, high=1.0)
counting = partial(whole, low=1)
