"""Releasing graphs: a deep one in a small stack, and the collector, which need not look for them.

Interpreted, CPython 3.13 follows a chain of plain objects 10,000 C calls deep before it pauses,
which crashes a thread with a stack of 512 KiB, and a browser's Python. There, a dying value hands
its operands to a list that the outermost release empties; that costs time, so others go without.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from autograd_engine.build import COMPILED
from autograd_engine.engine import Value

_waiting: list[Value | None] = []
_emptying: list[bool] = []  # holds one item while the list is being emptied
_found: list[tuple[int, int, int]] = []  # the collector's thresholds, one for each block


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Let Python's collector look less often meanwhile: a graph has no cycles to be found.

    It would spend up to half of the time. One that is switched off stays off. Where several
    threads ask, the last sets back what the first found.
    """
    _found.append(gc.get_threshold() if hasattr(gc, "get_threshold") else (0, 0, 0))  # on PyPy
    young, *older = _found[0]
    if young:
        gc.set_threshold(max(young, 1_000_000), *older)
    try:
        yield
    finally:
        before = _found.pop()
        if young and not _found:
            gc.set_threshold(*before)


def _release(
    self: Any,
    waiting: list[Value | None] = _waiting,
    emptying: list[bool] = _emptying,  # as defaults: at its exit Python clears the globals first
) -> None:
    try:
        x, y, rule = self._x, self._y, self._rule
    except AttributeError:  # its making was interrupted
        return
    if x is None:  # a leaf
        return
    waiting.append(x)
    waiting.append(y)
    if y is None and rule.several:
        waiting.extend(self._many[::2])
        del self._many  # whose tuple would release them one inside the other
    x = y = rule = self._x = self._y = None  # the list alone holds them
    while waiting and not emptying:  # once more if another thread added to it meanwhile
        emptying.append(True)
        try:
            while waiting:
                waiting.pop()
        except IndexError:  # another thread was quicker by one
            pass
        finally:
            emptying.pop()


if not COMPILED and (sys.version_info[:2] == (3, 13) or sys.platform == "emscripten"):
    Value.__del__ = _release  # type: ignore[attr-defined]
