"""Names for values by the variables that hold them, so that pictures read without `label=`."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from autograd_engine.blocks import parts_of
from autograd_engine.engine import Value
from autograd_engine.modules import Module


def name_values(names: Mapping[str, object]) -> int:
    """Label values by the variables that hold them, and return how many got a label.

    Call it with `locals()` or `globals()`. Values in lists, tuples, dicts and NumPy arrays are
    called w[0], w[1], ..., the parameters of a module by their dotted names, behind the
    variable's where there are several modules. A value that has a label keeps it; variables
    that begin with an underscore are passed over. Raises `TypeError` for anything but a mapping.

    >>> a, weights = Value(1.0), [Value(2.0), Value(3.0)]
    >>> name_values({"a": a, "weights": weights}), weights[1].label
    (3, 'weights[1]')
    """
    if not isinstance(names, Mapping):
        raise TypeError(f"name_values needs locals() or globals(), not {type(names).__name__}")
    return _label(names, ())


class named:
    """Label the values that this block makes known to the variables around it.

    It labels at the end of the block, as `name_values(locals())` does, but only what was not
    to be found in the variables when the block began.

    >>> old = Value(1.0)
    >>> with named():
    ...     new = old * 2.0
    >>> old.label, new.label
    ('', 'new')
    """

    def __init__(self) -> None:
        self._before: list[list[Value]] = []

    def __enter__(self) -> None:
        items = list(sys._getframe(1).f_locals.items())
        self._before.append([value for item in items for _, value in _held(*item)])

    def __exit__(self, *error: Any) -> None:
        _label(sys._getframe(1).f_locals, set(map(id, self._before.pop())))


def _label(names: Mapping[str, object], before: Collection[int]) -> int:
    """Label what the variables hold and `before` does not; return how many."""
    # A notebook keeps what it has shown in a variable too.
    passed = ("In", "Out") if "get_ipython" in names else ()
    names = {k: v for k, v in names.items() if not str(k).startswith("_") and k not in passed}
    modules = {name: held for name, held in names.items() if isinstance(held, Module)}
    several = len(set(map(id, modules.values()))) > 1
    found: list[tuple[str, Value]] = []  # the best label first
    for name, module in modules.items():
        found += _held(name, module) if several else module.named_parameters()
    found += [(name, held) for name, held in names.items() if isinstance(held, Value)]
    for name, held in names.items():
        found += _held(name, held)
    given = {}
    for label, value in found:
        if not value.label and id(value) not in before:
            given[id(value)] = value.label = label
    return len(given)


def _held(name: str, held: object, outer: tuple[int, ...] = ()) -> Iterator[tuple[str, Value]]:
    """Yield the values in a variable, each with the expression that reaches it."""
    if isinstance(held, Value):
        yield name, held
    elif isinstance(held, Module):
        yield from ((f"{name}.{path}", value) for path, value in held.named_parameters())
    elif id(held) not in outer:
        for key, part in [*parts_of(held)]:
            yield from _held(f"{name}[{key!r}]", part, (*outer, id(held)))
