"""Traces: what a function refers to, such as a counter, a setting or random numbers to be drawn.

A compiled function runs once, so one that counts its calls must not be compiled, and one whose
settings have changed must be compiled anew. `Traces` takes down what can be reached by variables
and attributes; later it says what has changed, and puts it back.

>>> seen = []
>>> traces = Traces(lambda x: seen.append(x))
>>> seen.append(3)
>>> traces.changed()
'seen'
>>> traces.restore()
>>> seen
[]
"""

from __future__ import annotations

import pickle
import random
import sys
import types
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, partial
from itertools import zip_longest
from struct import calcsize
from typing import Any

import numpy

from autograd_engine.engine import Value
from autograd_engine.primitives import Primitive
from autograd_engine.sources import is_own
from autograd_engine.table import CONSTANT, LEAF

Parts = list[tuple[str, Any]]  # what a thing refers to, by name; a state of its own as bytes
Way = tuple[Callable[[], Parts], Callable[[], object] | None]  # how to look, and to put it back
Place = tuple[str, Callable[[], Any], Callable[[Any], object]]  # name, look, put

_ATOMS = (
    int, float, complex, str, bytes, type(None), Primitive, range, types.CodeType, types.ModuleType,
    types.BuiltinFunctionType, types.GetSetDescriptorType, types.MemberDescriptorType,
    numpy.generic, numpy.ufunc, numpy.dtype,
)  # fmt: skip
_WRAPPERS = types.MethodType, partial, property, staticmethod, classmethod, type(lru_cache(abs))
_WRAPPED = "__self__", "__func__", "func", "args", "keywords", "fget", "__wrapped__"
_STATES: tuple[tuple[type, Callable[[Any], Any], Callable[[Any, Any], object]], ...] = (
    (Value, lambda x: x._data, lambda x, state: setattr(x, "_data", state)),
    (numpy.ndarray, lambda x: x.copy(), numpy.copyto),
    (random.Random, lambda x: x.getstate(), lambda x, state: x.setstate(state)),
    (numpy.random.RandomState, lambda x: x.get_state(), lambda x, state: x.set_state(state)),
    (numpy.random.BitGenerator, lambda x: x.state, lambda x, state: setattr(x, "state", state)),
)
_CONTAINERS = dict, list, deque, set, tuple, frozenset
_FIXED = {*sys.stdlib_module_names, "autograd_engine", "numpy"}  # modules that nobody changes
_MOST = 50_000  # things looked at: whoever refers to more is looked at in part
_LARGEST = 10_000_000  # bytes of an array that is looked at
_STATEMENT = 1 << 9  # the flag of a class that a `class` statement made
_EMPTY = object()


class Traces:
    """The state of everything that some functions or objects refer to, as it is now."""

    def __init__(self, *roots: Any) -> None:
        self.lasting = ""
        """The name of an iterator, which a call would move on for good; "" if there is none."""
        self.whole = True
        """Whether everything could be looked at."""
        self.computed: dict[int, str] = {}
        """The names of Values that were computed before, by their ids."""
        self._notes: list[tuple[Way, Parts]] = []
        self._known: dict[int, Any] = {}  # keeps them alive: an id is one thing's only meanwhile
        waiting = [
            ("the random numbers of random", getattr(random.seed, "__self__", None)),
            ("the random numbers of numpy.random", getattr(numpy.random.seed, "__self__", None)),
            *(("it", root) for root in roots),
        ]
        while waiting and len(self._known) < _MOST:
            name, thing = waiting.pop()
            try:
                if id(thing) not in self._known and not isinstance(thing, _ATOMS):
                    self._known[id(thing)] = thing
                    for way in self._ways(name, thing):
                        found = way[0]()
                        waiting += found
                        self._notes += [(way, found)] if way[1] else []
            except Exception:  # such as a reference to what is no more
                self.whole = False
        self.whole &= not waiting

    def changed(self) -> str | None:
        """Return the name of what is not as it was; None if everything is."""
        return next((name for way, before in self._notes for name in _other(way, before)), None)

    def restore(self) -> None:
        """Put everything back."""
        for way, before in self._notes:
            if way[1] and any(_other(way, before)):
                way[1]()

    def _ways(self, name: str, thing: Any) -> Iterable[Way]:
        """Return how to look at a thing, of whatever kind."""
        if isinstance(thing, Value):
            if thing._rule is LEAF:
                return []
            if thing._rule is not CONSTANT:
                self.computed[id(thing)] = name
        elif isinstance(thing, types.FunctionType):
            return _function(thing)
        elif isinstance(thing, _WRAPPERS):
            parts = [(name, getattr(thing, key)) for key in _WRAPPED if hasattr(thing, key)]
            return [(lambda: parts, None)]
        elif isinstance(thing, type):
            made = thing.__flags__ & _STATEMENT and not _is_fixed(thing.__module__)
            bases = [(name, base) for base in thing.__mro__]
            ways = [_entries(vars(thing), partial(_reset, thing)), (lambda: bases, None)]
            return ways if made else []
        elif isinstance(thing, numpy.random.Generator):
            return [(lambda: [(name, thing.bit_generator)], None)]
        elif isinstance(thing, numpy.ndarray) and thing.nbytes > _LARGEST:
            self.whole = False
            return []
        elif isinstance(thing, numpy.ndarray) and thing.dtype == object:
            back = partial(numpy.copyto, thing, thing.copy())
            return [(lambda: [(name, item) for item in thing.flat], back)]
        for kind, get, put in _STATES:
            if isinstance(thing, kind):
                return [_state(name, partial(get, thing), partial(put, thing))]
        if hasattr(type(thing), "__next__"):
            self.lasting = name
            return []
        return self._object(name, thing)

    def _object(self, name: str, thing: Any) -> Iterator[Way]:
        """Yield how to look at a container, at attributes, and at what its class holds."""
        if isinstance(thing, dict):
            yield _entries(thing, None, name)
        elif isinstance(thing, (list, deque, set)):
            fill, before = thing.update if isinstance(thing, set) else thing.extend, list(thing)
            yield lambda: [(name, item) for item in thing], lambda: (thing.clear(), fill(before))
        elif isinstance(thing, (tuple, frozenset)):
            yield lambda: [(name, item) for item in thing], None
        kind = type(thing)
        if kind in _CONTAINERS:
            return
        own = [each for each in kind.__mro__ if not _is_fixed(each.__module__)]
        slots = [
            (f"the attribute {key}", partial(getattr, thing, key), partial(setattr, thing, key))
            for each in own
            for key, part in vars(each).items()
            if isinstance(part, types.MemberDescriptorType) and hasattr(thing, key)
        ]
        yield _places(*slots)
        if isinstance(getattr(thing, "__dict__", None), dict):
            yield _entries(vars(thing))
        yield lambda: [(name, kind)], None
        # What takes more memory than its attributes holds something else.
        most = object.__basicsize__ + calcsize("P") * (2 + len(slots))
        known = isinstance(thing, _CONTAINERS) or kind.__module__.startswith("autograd_engine.")
        self.whole &= known or kind.__basicsize__ <= most


def _function(thing: Any) -> Iterator[Way]:
    """Yield how to look at what a function refers to."""
    if is_own(thing.__code__.co_filename):
        inner = getattr(thing, "__wrapped__", None)  # see `entered`
        yield lambda: [("what it calls", inner)], None
        return
    cells = zip(thing.__code__.co_freevars, thing.__closure__ or ())
    settings = "__defaults__", "__kwdefaults__", "__code__"
    yield _places(
        *(
            (n, partial(_content, cell), partial(setattr, cell, "cell_contents"))
            for n, cell in cells
        ),
        *_looked_up(_names(thing.__code__), thing.__globals__, []),
        *(("a default", partial(getattr, thing, n), partial(setattr, thing, n)) for n in settings),
    )
    yield _entries(vars(thing))


def _looked_up(names: set[str], world: dict[str, Any], seen: list[Any]) -> Iterator[Place]:
    """Yield the places where these names stand, in a module and in those that it refers to.

    What an installed package calls is its own affair.
    """
    installed = seen and "site-packages" in str(world.get("__file__"))
    for name in sorted(names & world.keys()):
        item = world[name]
        if not (installed and callable(item)):
            yield name, partial(world.get, name), partial(world.__setitem__, name)
        if isinstance(item, types.ModuleType) and not _is_fixed(item.__name__) and item not in seen:
            seen.append(item)
            yield from _looked_up(names, vars(item), seen)


def _names(code: types.CodeType) -> set[str]:
    """Return every name that a function and those defined in it may look up."""
    inner = (_names(part) for part in code.co_consts if isinstance(part, types.CodeType))
    return set(code.co_names).union(*inner)


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not assigned yet
        return _EMPTY


def _state(name: str, get: Callable[[], Any], put: Callable[[Any], object]) -> Way:
    return lambda: [(name, pickle.dumps(get()))], partial(put, get())


def _places(*places: Place) -> Way:
    before = [get() for _, get, _ in places]

    def back() -> None:
        for (_, get, put), item in zip(places, before):
            if item is not _EMPTY and get() is not item:
                put(item)

    return lambda: [(name, get()) for name, get, _ in places], back


def _entries(thing: Any, back: Callable[[Any], object] | None = None, name: str = "") -> Way:
    """Return how to look at a dict of this name, or at attributes."""
    before = dict(thing)

    def refill(before: dict[Any, Any]) -> None:
        thing.clear()
        thing.update(before)

    def parts() -> Parts:
        named = [(name or f"the attribute {key}", key, item) for key, item in thing.items()]
        return [(told, part) for told, key, item in named for part in (key, item)]

    return parts, partial(back or refill, before)


def _reset(kind: type, before: dict[str, Any]) -> None:
    """Give a class back the attributes that it had."""
    for name in {**before, **vars(kind)}:
        if name not in before:
            delattr(kind, name)
        elif vars(kind).get(name) is not before[name]:
            setattr(kind, name, before[name])


def _other(way: Way, before: Parts) -> Iterator[str]:
    """Yield the names of what is not as before."""
    for (name, x), (new, y) in zip_longest(before, way[0](), fillvalue=("", _EMPTY)):
        if x is not y and not (type(x) is bytes and x == y):
            yield name or new


def _is_fixed(module: str) -> bool:
    return module.partition(".")[0] in _FIXED
