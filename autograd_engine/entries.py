"""Entries: what a call of a module of one's own notes with the values that it returns.

So a graph tells its calls apart, and what stands in each; see `calls`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from typing import Any

from autograd_engine.engine import Value
from autograd_engine.notes import Entry, mark, noted
from autograd_engine.state import WATCHED, Block, latest, owner


def entered(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the method `__call__` of a module, which notes each call."""

    @wraps(function)
    def call(self: Any, *given: Any, **named: Any) -> Any:
        mine = owner()
        outer = latest(mine.placed) if mine.placed else None
        if outer is not None and outer.module == id(self):  # by super(), or by itself
            return function(self, *given, **named)
        if not WATCHED:  # who compiles would see it as a change of the model
            self._settle()
        path = self._region.region or type(self).__name__
        inputs = frozenset(map(id, values_in((*given, *named.values()))))
        entry = Entry(path, id(self), inputs, outer)
        block = Block("called", entry, False, mine)
        try:
            block.enter()
            found = function(self, *given, **named)
        finally:
            block.leave()
        for value in values_in((found,)):
            note = noted(value)
            made = value._x is not None and id(value) not in inputs
            if made and not note.ended and not note.region:
                mark(value, path, entry)
            elif made and note.home is None:  # it came of a call inside, and stands in this
                note = value._note = note.copy()
                note.home = entry
        return found

    return call


def values_in(items: Iterable[Any]) -> Iterator[Value]:
    """Yield the values among items, and in containers among them, but not those of modules."""
    for item in items:
        if isinstance(item, Value):
            yield item
        elif not isinstance(item, (float, int, str)) and not hasattr(item, "named_parameters"):
            yield from values_in([part for _, part in parts_of(item)])


def parts_of(item: Any) -> Iterable[tuple[Any, Any]]:
    """Return the parts of a container, each with its name inside it; of all else nothing."""
    if isinstance(item, (list, tuple)):
        return enumerate(item)
    if hasattr(item, "named_parameters"):  # a module
        return list(vars(item).items())
    if isinstance(item, dict):
        return item.items()
    if getattr(getattr(item, "dtype", None), "hasobject", False) and getattr(item, "shape", ()):
        return enumerate(item.tolist())
    return ()
