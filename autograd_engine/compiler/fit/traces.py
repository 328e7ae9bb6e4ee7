"""Traces: what calls of a function change beside their result, such as a counter or random numbers.

A compiled function is not called again, so one that counts its calls must not be compiled. `Traces`
takes down what the function refers to by variables, attributes and containers; later it puts back
what has changed, and says what that is.
"""

from __future__ import annotations

import gc
import pickle
import random
import sys
from array import array
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import lru_cache, partial
from itertools import zip_longest
from operator import is_
from types import CellType, CodeType, FunctionType, MemberDescriptorType, MethodType, ModuleType
from typing import Any

import numpy

from autograd_engine.blocks import is_own
from autograd_engine.engine import Value
from autograd_engine.notes import Note
from autograd_engine.primitives import Primitive

Way = tuple[str, Callable[[], list[Any]], Callable[[], object] | None]
"""How to look at what a thing refers to, and how to put it back, if it can change. What is found
has one name; where that has {} in it, names are found, then their things."""

_ATOMS = (
    int, float, complex, str, bytes, type(None), Note, CodeType,
    numpy.generic, numpy.ufunc, numpy.dtype,
)  # fmt: skip
_CONTAINERS = dict, list, deque, set
_DRAWN = random.Random, numpy.random.RandomState, numpy.random.BitGenerator
_CACHE = type(lru_cache(abs))
_FIXED = {*sys.stdlib_module_names, "autograd_engine", "numpy"}  # modules that nobody changes
_MOST = 50_000  # things looked at: whoever refers to more is looked at in part
_LARGEST = 10_000_000  # bytes of an array that is looked at


class Traces:
    """The state of everything that some functions or objects refer to, as it is now.

    `lasting` is the name of an iterator, which a call would move on for good, or "". `computed` are
    the names of Values that were computed before, by their ids.
    """

    def __init__(self, *roots: Any) -> None:
        self.lasting, self.computed = "", dict[int, str]()
        self._notes: list[tuple[Way, list[Any]]] = []
        known: dict[int, Any] = {}  # keeps them alive: an id is one thing's only meanwhile
        waiting = [("it", root) for root in roots]
        for draw, module in ((random.seed, "random"), (numpy.random.rand, "numpy.random")):
            waiting.append((f"the random numbers of {module}", getattr(draw, "__self__", None)))
        while waiting and len(known) < _MOST:
            name, thing = waiting.pop()
            if id(thing) in known or _is_atom(thing):
                continue
            known[id(thing)] = thing
            with suppress(Exception):  # such as a reference to what is no more
                for way in self._ways(name, thing):
                    found = way[1]()
                    parts = [(i, item) for i, item in enumerate(found) if not _is_atom(item)]
                    waiting += [(_called(way, i, found), item) for i, item in parts]
                    self._notes += [(way, found)] if way[2] else []

    def changed(self, back: bool = False) -> str:
        """Return the name of the first that is not as it was, or ""; put all `back`, if wanted."""
        changed = ""
        for way, before in self._notes:
            now = way[1]()
            if len(before) != len(now) or not all(map(is_, before, now)):
                pairs = zip_longest(before, now, fillvalue=self)
                place = next(i for i, (x, y) in enumerate(pairs) if x is not y)
                changed = changed or _called(way, place, max(before, now, key=len))
                if back:
                    way[2]()  # type: ignore[misc]
        return changed

    def _ways(self, name: str, thing: Any) -> Iterator[Way]:
        kind = type(thing)
        if kind is Value:
            self.computed[id(thing)] = name
        elif hasattr(kind, "__next__"):
            self.lasting = name
        elif kind is ModuleType:
            if not _is_fixed(thing.__name__) and "site-packages" not in str(thing):
                yield _attributes(thing)
        elif kind is FunctionType:
            yield _attributes(thing)
            if not is_own(thing.__code__.co_filename):
                cells = [*thing.__code__.co_freevars, *(thing.__closure__ or ())]
                yield "{}", lambda: cells, None
                yield "a default", lambda: [thing.__defaults__, thing.__kwdefaults__], None
                world = thing.__globals__
                kept = {key: world[key] for key in _mentioned(thing.__code__) & world.keys()}
                yield "{}", lambda: [*kept, *map(world.get, kept)], partial(world.update, kept)
        elif issubclass(kind, type):
            if not _is_fixed(thing.__module__):
                yield _attributes(thing)
                yield name, lambda: [*thing.__bases__, kind], None
        elif kind is CellType:
            full = gc.get_referents(thing)  # nothing, of a variable that is not set
            back = partial(setattr if full else delattr, thing, "cell_contents", *full)
            yield name, partial(gc.get_referents, thing), back
        elif kind is _CACHE:  # whether it is filled changes no result
            yield name, lambda: [thing.__wrapped__], None
        else:
            base: Any = next((base for base in _CONTAINERS if issubclass(kind, base)), None)
            if issubclass(kind, numpy.ndarray) and thing.dtype.hasobject:
                yield name, lambda: [*thing.flat], partial(numpy.copyto, thing, thing.copy())
            elif issubclass(kind, numpy.ndarray) and thing.nbytes <= _LARGEST:
                yield _state(name, thing.copy, partial(numpy.copyto, thing))
            elif issubclass(kind, (array, bytearray)):
                yield _state(name, lambda: thing[:], partial(thing.__setitem__, slice(None)))
            elif issubclass(kind, _DRAWN):
                yield _state(name, lambda: thing.__reduce__()[2], thing.__setstate__)
            elif base:
                items, fill = base.copy(thing), getattr(base, "extend", None) or base.update
                values = partial(base.values, thing) if base is dict else tuple
                refill = lambda: (base.clear(thing), fill(thing, items))  # noqa: E731
                yield name, lambda: [*base.__iter__(thing), *values()], refill
            ours = kind.__module__.startswith("autograd_engine.") and kind is not Primitive
            if not (ours or kind in _CONTAINERS or issubclass(kind, (numpy.ndarray, *_DRAWN))):
                yield name, partial(gc.get_referents, thing), None
            if kind not in (*_CONTAINERS, numpy.ndarray, tuple, MethodType):
                yield _attributes(thing)  # the last is named first


def _is_atom(thing: Any) -> bool:
    kind = type(thing)
    return issubclass(kind, _ATOMS) or (kind is Value and not thing.operands)


def _is_fixed(module: str) -> bool:
    return module.partition(".")[0] in _FIXED


def _called(way: Way, place: int, found: list[Any]) -> str:
    name = str(found[place % max(len(found) // 2, 1)]) if "{}" in way[0] else ""
    return way[0].replace("{}", name)


def _state(name: str, get: Callable[[], Any], put: Callable[[Any], object]) -> Way:
    """Return how to look at the numbers in a thing."""
    before = get()
    bits = pickle.dumps(before)
    back = partial(put, before)
    return name, lambda: [bits if (now := pickle.dumps(get())) == bits else now], back


def _attributes(thing: Any) -> Way:
    """Return how to look at the attributes of an object, a module, a function or a class."""
    kind: Any = type(thing)
    slots = _slots(kind)

    def now() -> dict[str, Any]:
        found: dict[str, Any] = getattr(thing, "__dict__", {})
        more = {key: getattr(thing, key) for key in slots if hasattr(thing, key)} if slots else {}
        return {**found, **more} if slots else found

    def back() -> None:  # past a __setattr__ of its own, which may refuse
        plain = type if isinstance(thing, type) else object
        for key, item in {**before, **now()}.items():
            if key not in before:
                plain.__delattr__(thing, key)
            elif item is not before[key] or key not in now():
                with suppress(AttributeError):  # some can only be read
                    plain.__setattr__(thing, key, before[key])

    before = dict(now())
    return "the attribute {}", lambda: [*(found := now()), *found.values()], back


@lru_cache
def _slots(kind: type) -> list[str]:
    kinds = [vars(each) for each in kind.__mro__ if not _is_fixed(each.__module__)]
    return [key for each in kinds for key in each if type(each[key]) is MemberDescriptorType]


def _mentioned(code: CodeType) -> set[str]:
    """Return every name that a function and those defined in it may look up."""
    inner = (_mentioned(part) for part in code.co_consts if isinstance(part, CodeType))
    return set(code.co_names).union(*inner)
