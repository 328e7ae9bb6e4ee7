"""Living: optimisers and schedules can be found as long as anybody holds them.

So a checkpoint has the schedules of an optimiser, and a diagnosis the step that moved a leaf,
and neither an optimiser nor a Value has to point back at them.
"""

from __future__ import annotations

from itertools import count
from typing import Any, TypeVar
from weakref import WeakValueDictionary

Kind = TypeVar("Kind", bound="Living")

_NUMBERS = count()
_LIVING: WeakValueDictionary[int, Living] = WeakValueDictionary()


class Living:
    """What is found by `living`, copies and unpickled ones too."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        self = super().__new__(cls)
        _LIVING[next(_NUMBERS)] = self
        return self


def living(kind: type[Kind]) -> list[Kind]:
    """Return all that there are of a kind, in the order in which they were made."""
    found = (reference() for reference in _LIVING.valuerefs())
    return [one for one in found if isinstance(one, kind)]
