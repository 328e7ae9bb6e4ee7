"""Releasing a deep graph in a small stack, where CPython itself cannot: 3.13, interpreted.

CPython 3.13 follows a chain of plain objects 10,000 C calls deep before it pauses; in a
thread with a stack of 512 KiB that crashes the process. There, each dying value hands its
operands to a list that the outermost release empties. Building and `backward` cost nothing
more; releasing does, which is why other versions and the compiled build go without.
"""

from __future__ import annotations

import sys
from typing import Any

from autograd_engine.build import COMPILED
from autograd_engine.engine import Value

_waiting: list[Value | None] = []
_emptying: list[bool] = []  # holds one item while the list is being emptied


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


if not COMPILED and sys.version_info[:2] == (3, 13):
    Value.__del__ = _release  # type: ignore[attr-defined]
