"""What settings and saved states may hold, the errors where they hold something else, and how
settings are shown.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from inspect import signature
from operator import index
from typing import Any

from autograd_engine.real import is_number, is_whole
from autograd_engine.words import printable


def finite(name: str, number: float, low: float = 0.0, high: float = math.inf) -> float:
    """Return a setting as a float if it is a finite number between the bounds.

    Raises `ValueError` naming the bounds where it is not, `TypeError` for what is no number.

    >>> finite("momentum", 1)
    1.0
    """
    if not is_number(number) or isinstance(number, bool):
        raise TypeError(f"{name} must be a number, got {number!r:.80}")
    if not low <= number <= high or math.isinf(number):
        bounds = f"at least {low:g}" if math.isinf(high) else f"from {low:g} to {high:g}"
        raise ValueError(f"{name} must be a finite number, {bounds}; got {number!r:.80}")
    return float(number)


def whole(name: str, number: int, low: int = 0) -> int:
    """Return a setting as an int if it is one and not below `low`; else `ValueError`.

    >>> whole("step_size", 3, 1)
    3
    """
    if not is_whole(number) or not low <= number < 2**53:  # above that floats leave some out
        raise ValueError(f"{name} must be an integer, at least {low}; got {number!r:.80}")
    return index(number)


def remembered(name: str, number: object, low: float) -> float:
    """Return a number of a buffer from `low` on, which may be infinite if that is finite."""
    known = is_number(number) and not isinstance(number, bool)
    if not known or not low <= number or low == -math.inf == -abs(number):  # type: ignore
        raise TypeError(f"{name} holds {number!r:.60}")
    return float(number)  # type: ignore[arg-type]


def unlike_default(owner: Any, *always: str) -> list[str]:
    """Return the settings that differ from their defaults, and those `always` told, as in a call.

    >>> from autograd_engine.optim import Adam
    >>> from autograd_engine.engine import Value
    >>> unlike_default(Adam([Value(0.0)], betas=(0.8, 0.9), amsgrad=True), "lr")
    ['lr=0.001', 'betas=(0.8, 0.9)', 'amsgrad=True']
    """
    known, shown = signature(type(owner)).parameters, []
    for name in owner._settings:
        if name in always or (name in known and getattr(owner, name) != known[name].default):
            shown.append(f"{name}={_spelt(getattr(owner, name))}")
    return shown


def _spelt(setting: Any) -> str:
    if isinstance(setting, tuple):
        return f"({', '.join(map(_spelt, setting))})"
    return f"{setting:.6g}" if isinstance(setting, float) else f"{setting!r:.40}"


def described(kind: str, owner: Any) -> dict[str, Any]:
    """Return the entries of a state that say whose it is: the class name and the settings."""
    settings = {name: getattr(owner, name) for name in owner._settings}
    return {kind: type(owner).__name__, "settings": settings}


@contextmanager
def refusing(kind: str, owner: Any, state: Mapping[str, Any]) -> Iterator[None]:
    """Turn whatever is wrong with the state to be loaded into a `ValueError`."""
    name = type(owner).__name__
    if not isinstance(state, Mapping) or not isinstance(state.get(kind), str):
        raise ValueError(f"expected the state of the {kind} {name}, got {state!r:.80}")
    if state[kind] != name:
        raise ValueError(
            f"the state was written with the {kind} {printable(state[kind])}, not {name}"
        )
    try:
        if unlike := set(state["settings"]) ^ set(owner._settings):
            raise KeyError(*unlike)
        yield
    except (AttributeError, KeyError, OverflowError, TypeError) as error:
        raise ValueError(f"the state of the {kind} {name} is damaged: {error!r:.200}") from error
