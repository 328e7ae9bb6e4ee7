"""Whether operations are recorded: they are, unless this thread stands inside `no_grad`.

And whether somebody watches what a function does with Values, as the compiler must.
"""

from __future__ import annotations

from contextlib import ContextDecorator
from threading import get_ident
from typing import Any, Final

PAUSED: Final[set[int]] = set()
"""The threads that record nothing at present."""

WATCHED: Final[dict[int, Any]] = {}
"""The threads that compile a function at present, and what is called with each comparison that
the function makes: its NumPy name, the two Values, and how it came out."""


class no_grad(ContextDecorator):
    """Record nothing inside this block, in this thread: results are constants.

    >>> from autograd_engine import Value
    >>> x = Value(2.0)
    >>> with no_grad():
    ...     y = x * x
    >>> y.data, y.operands
    (4.0, ())
    """

    recorded = False

    def __init__(self) -> None:
        self._before: list[bool] = []

    def __enter__(self) -> None:
        self._before.append(get_ident() not in PAUSED)
        _record(self.recorded)

    def __exit__(self, *error: Any) -> None:
        _record(self._before.pop())


class recording(no_grad):
    """Record inside this block even where `no_grad` stands around it, as a derivative must."""

    recorded = True


def _record(wanted: bool) -> None:
    if wanted:
        PAUSED.discard(get_ident())
    else:
        PAUSED.add(get_ident())
