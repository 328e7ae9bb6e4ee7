"""Whether operations are recorded: they are, unless this thread stands inside `no_grad`.

And whether somebody watches what a function does with Values, as the compiler must, or is told
of each value recorded, as `trace_source` is.
"""

from __future__ import annotations

from contextlib import ContextDecorator
from threading import get_ident
from typing import Any, Final

PAUSED: Final[set[int]] = set()
"""The threads that do not simply record at present: they are silent or traced."""

SILENT: Final[set[int]] = set()
"""The threads that record nothing at present."""

TRACED: Final[dict[int, Any]] = {}
"""The threads that are traced at present, and what is called with each value they record."""

WATCHED: Final[dict[int, Any]] = {}
"""The threads that compile a function at present, and what is called with each comparison that
the function makes: its NumPy name, the two Values, and how it came out; see also `told`."""

LISTENING: Final[dict[int, Any]] = {}
"""The threads in which `diagnostics` listens at present, and what is called before each backward
pass: with the output and the seed."""


def told(name: str, x: Any, number: float) -> None:
    """If this thread compiles a function, tell of a number that leaves the graph, or enters it.

    The name says how: by "data" (also by package code, which may hand it on or not) or "grad",
    both properties; "read" by somebody in another way; from outside by "set" and "set grad";
    or as gradients by a "sweep", told of its output and seed before it begins.
    """
    watch = WATCHED.get(get_ident())
    if watch is not None:
        watch(name, x, number, True)


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
        self._before.append(get_ident() not in SILENT)
        _record(self.recorded)

    def __exit__(self, *error: Any) -> None:
        _record(self._before.pop())


class recording(no_grad):
    """Record inside this block even where `no_grad` stands around it, as a derivative must."""

    recorded = True


def trace(tell: Any) -> None:
    """Call `tell` with each value that this thread records from now on; None ends that."""
    if tell is None:
        TRACED.pop(get_ident(), None)
    else:
        TRACED[get_ident()] = tell
    _settle()


def _record(wanted: bool) -> None:
    if wanted:
        SILENT.discard(get_ident())
    else:
        SILENT.add(get_ident())
    _settle()


def _settle() -> None:
    # One set for both, so that neither costs anything where a value is recorded.
    thread = get_ident()
    if thread in SILENT or thread in TRACED:
        PAUSED.add(thread)
    else:
        PAUSED.discard(thread)
