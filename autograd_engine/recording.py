"""Whether operations are recorded: they are, unless this thread stands inside `no_grad`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import get_ident
from typing import Final

PAUSED: Final[set[int]] = set()
"""The threads that record nothing at present."""


@contextmanager
def no_grad() -> Iterator[None]:
    """Record nothing inside this block, in this thread: results are constants.

    >>> from autograd_engine import Value
    >>> x = Value(2.0)
    >>> with no_grad():
    ...     y = x * x
    >>> y.data, y.operands
    (4.0, ())
    """
    thread = get_ident()
    outermost = thread not in PAUSED
    PAUSED.add(thread)
    try:
        yield
    finally:
        if outermost:
            PAUSED.discard(thread)
