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
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache, partial
from itertools import zip_longest
from operator import is_
from struct import calcsize
from typing import Any, NamedTuple

import numpy

from autograd_engine.engine import Value
from autograd_engine.primitives import Primitive
from autograd_engine.sources import is_own
from autograd_engine.table import CONSTANT, LEAF

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
_ANYTHING = {
    "globals", "locals", "vars", "eval", "exec", "environ", "getenv", "open", "import_module",
    "__import__",
}  # fmt: skip
_BY_NAME = {"getattr", "hasattr"}  # of modules, of which only what is named is looked at


class Way(NamedTuple):
    """How to look at what a thing refers to, and how to put it back, if it can change."""

    name: str | Sequence[str]  # of all, of each, or "" for attributes: all keys, then all items
    look: Callable[[], list[Any]]
    back: Callable[[], object] | None = None

    def called(self, place: int, found: Sequence[Any]) -> str:
        """Return the name of something found."""
        if self.name == "":
            return f"the attribute {found[place % (len(found) // 2)]}"
        return self.name if isinstance(self.name, str) else self.name[place]


Place = tuple[str, Callable[[], Any], Callable[[Any], object]]  # a variable: name, look, put


class Traces:
    """The state of everything that some functions or objects refer to, as it is now."""

    def __init__(self, *roots: Any) -> None:
        self.lasting = ""
        """The name of an iterator, which a call would move on for good; "" if there is none."""
        self.whole = True
        """Whether everything could be looked at."""
        self.computed: dict[int, str] = {}
        """The names of Values that were computed before, by their ids."""
        self._notes: list[tuple[Way, list[Any]]] = []
        self._known: dict[int, Any] = {}  # keeps them alive: an id is one thing's only meanwhile
        waiting = [
            ("the random numbers of random", getattr(random.seed, "__self__", None)),
            ("the random numbers of numpy.random", getattr(numpy.random.seed, "__self__", None)),
            *(("it", root) for root in roots),
        ]
        while waiting and len(self._known) < _MOST:
            name, thing = waiting.pop()
            try:
                if id(thing) in self._known or _is_atom(thing):
                    continue
                self._known[id(thing)] = thing
                for way in self._ways(name, thing):
                    found = way.look()
                    parts = [(i, item) for i, item in enumerate(found) if not _is_atom(item)]
                    waiting += [(way.called(i, found), item) for i, item in parts]
                    self._notes += [(way, found)] if way.back else []
            except Exception:  # such as a reference to what is no more
                self.whole = False
        self.whole &= not waiting

    def changed(self) -> str | None:
        """Return the name of what is not as it was; None if everything is."""
        for way, before in self._notes:
            now = way.look()
            if not _same(before, now):
                pairs = zip_longest(before, now, fillvalue=_EMPTY)
                place = next(i for i, (x, y) in enumerate(pairs) if x is not y)
                return way.called(place, max(before, now, key=len))
        return None

    def restore(self) -> None:
        """Put everything back."""
        for way, before in self._notes:
            if way.back and not _same(before, way.look()):
                way.back()

    def _ways(self, name: str, thing: Any) -> Iterable[Way]:
        """Return how to look at a thing, of whatever kind."""
        if isinstance(thing, Value):
            if thing._rule is not CONSTANT:
                self.computed[id(thing)] = name
        elif isinstance(thing, types.FunctionType):
            return _function(thing)
        elif isinstance(thing, _WRAPPERS):
            return [Way(name, lambda: [getattr(thing, key, None) for key in _WRAPPED])]
        elif isinstance(thing, type):
            made = thing.__flags__ & _STATEMENT and not _is_fixed(thing.__module__)
            ways = [_entries("", vars(thing), partial(_reset, thing))]
            return [*ways, _places(*_parts(thing, "__bases__", "__class__"))] if made else []
        elif isinstance(thing, numpy.random.Generator):
            return [Way(name, lambda: [thing.bit_generator])]
        elif isinstance(thing, numpy.ndarray) and thing.nbytes > _LARGEST:
            self.whole = False
            return []
        elif isinstance(thing, numpy.ndarray) and thing.dtype == object:
            back = partial(numpy.copyto, thing, thing.copy())
            return [Way(name, lambda: [*thing.flat], back)]
        for kind, get, put in _STATES:
            if isinstance(thing, kind):
                return [_state(name, partial(get, thing), partial(put, thing))]
        if hasattr(type(thing), "__next__"):
            self.lasting = name
            return []
        return self._object(name, thing)

    def _object(self, name: str, thing: Any) -> Iterator[Way]:
        """Yield how to look at a container, at attributes, and at what its class holds."""
        kind = type(thing)
        if isinstance(thing, dict):
            yield _entries(name, thing)
        elif isinstance(thing, (list, deque, set)):
            fill, before = thing.update if isinstance(thing, set) else thing.extend, list(thing)
            yield Way(name, lambda: [*thing], lambda: (thing.clear(), fill(before)))
        elif isinstance(thing, (tuple, frozenset)):
            yield Way(name, lambda: [*thing])
        if kind in _CONTAINERS:
            return
        slots = [
            key
            for each in kind.__mro__
            for key, part in ({} if _is_fixed(each.__module__) else vars(each)).items()
            if isinstance(part, types.MemberDescriptorType) and hasattr(thing, key)
        ]
        yield _places(*_parts(thing, *slots, "__class__"))
        if isinstance(getattr(thing, "__dict__", None), dict):
            yield _entries("", vars(thing))
        # What takes more memory than its attributes holds something else.
        usual = 2 if kind.__flags__ & _STATEMENT else 0
        most = object.__basicsize__ + calcsize("P") * (usual + len(slots))
        known = isinstance(thing, _CONTAINERS) or kind.__module__.startswith("autograd_engine.")
        self.whole &= known or kind.__basicsize__ <= most


def _is_atom(thing: Any) -> bool:
    try:
        if type(thing) is Value:
            return thing._rule is LEAF
        return isinstance(thing, _ATOMS) and not (
            isinstance(thing, (int, float, str)) and hasattr(thing, "__dict__")
        )
    except ReferenceError:  # a proxy of what is no more
        return True


def _same(before: list[Any], now: list[Any]) -> bool:
    return len(before) == len(now) and all(map(is_, before, now))


def _function(thing: Any) -> Iterator[Way]:
    """Yield how to look at what a function refers to."""
    if is_own(thing.__code__.co_filename):
        yield Way("what it calls", lambda: [getattr(thing, "__wrapped__", None)])  # see `entered`
        return
    cells = zip(thing.__code__.co_freevars, thing.__closure__ or ())
    names, modules = _names(thing.__code__), list[Any]()
    yield _places(
        *((n, partial(_content, at), partial(setattr, at, "cell_contents")) for n, at in cells),
        *_looked_up(names, thing.__globals__, modules),
        *_parts(thing, "__defaults__", "__kwdefaults__", "__code__"),
    )
    yield _entries("", vars(thing))
    if names & _ANYTHING or (modules and names & _BY_NAME):
        raise LookupError("it may look up anything")


def _looked_up(names: set[str], world: dict[str, Any], seen: list[Any]) -> Iterator[Place]:
    """Yield the places where these names stand, in a module and in those that it refers to.

    What an installed package calls is its own affair.
    """
    installed = seen and "site-packages" in str(world.get("__file__"))
    yield "a name", lambda: len(names & world.keys()), lambda count: None  # a new one hides another
    for name in sorted(names):
        item = world.get(name, sys.modules.get(name, _EMPTY))
        if name in world and not (installed and callable(item)):
            yield name, partial(world.get, name), partial(world.__setitem__, name)
        if isinstance(item, types.ModuleType) and not _is_fixed(item.__name__) and item not in seen:
            seen.append(item)
            yield from _looked_up(names, vars(item), seen)


def _names(code: types.CodeType) -> set[str]:
    """Return every name that a function and those defined in it may look up."""
    inner = (_names(part) for part in code.co_consts if isinstance(part, types.CodeType))
    return set(code.co_names).union(*inner)


def _parts(thing: Any, *names: str) -> Iterator[Place]:
    """Yield attributes as places."""
    for name in names:
        yield f"the attribute {name}", partial(getattr, thing, name), partial(setattr, thing, name)


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not assigned yet
        return _EMPTY


def _state(name: str, get: Callable[[], Any], put: Callable[[Any], object]) -> Way:
    before = get()
    bits = pickle.dumps(before)

    def look() -> list[Any]:
        now = pickle.dumps(get())
        return [bits if now == bits else now]

    return Way(name, look, partial(put, before))


def _places(*places: Place) -> Way:
    names, looks, puts = zip(*places) if places else ((), (), ())
    before = [look() for look in looks]

    def back() -> None:
        for item, look, put in zip(before, looks, puts):
            if item is not _EMPTY and look() is not item:
                put(item)

    return Way(names, lambda: [look() for look in looks], back)


def _entries(name: str, thing: Any, back: Callable[[Any], object] | None = None) -> Way:
    """Return how to look at a dict of this name, or at attributes."""
    before = dict(thing)

    def refill(before: dict[Any, Any]) -> None:
        thing.clear()
        thing.update(before)

    return Way(name, lambda: [*thing.keys(), *thing.values()], partial(back or refill, before))


def _reset(kind: type, before: dict[str, Any]) -> None:
    """Give a class back the attributes that it had."""
    for name in {**before, **vars(kind)}:
        if name not in before:
            delattr(kind, name)
        elif vars(kind).get(name) is not before[name]:
            setattr(kind, name, before[name])


def _is_fixed(module: str) -> bool:
    return module.partition(".")[0] in _FIXED
