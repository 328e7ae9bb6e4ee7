"""Traces: what a call leaves behind besides its result, such as a counter or drawn random numbers.

A compiled function runs once, so one that counts its calls or draws random numbers must not be
compiled. Before a trial call, `Traces` takes down what the function can reach by its variables
and attributes; afterwards it says what has changed, and puts it back.

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
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from types import CodeType, FunctionType, MemberDescriptorType, MethodType, ModuleType
from typing import Any

import numpy

from autograd_engine.engine import Value
from autograd_engine.primitives import Primitive
from autograd_engine.sources import is_own

Named = Iterator[tuple[str, Any]]

_ATOMS = (int, float, complex, str, bytes, type(None), Value, Primitive, type, ModuleType)
_MOST = 50_000  # things looked at: whoever refers to more is looked at in part
_LARGEST = 10_000_000  # bytes of an array that is looked at
_EMPTY = object()


class Traces:
    """The state of everything that some functions or objects refer to, as it is now."""

    def __init__(self, *roots: Any) -> None:
        # Of each state: what of it has changed, and how to put it back.
        self._notes: list[tuple[Callable[[], str | None], Callable[[], object]]] = []
        self._known: dict[int, Any] = {}  # keeps them alive: an id is one thing's only meanwhile
        self.lasting = ""
        """The name of an iterator, which a call would move on for good; "" if there is none."""
        waiting = [
            ("the random numbers of random", getattr(random.seed, "__self__", None)),
            ("the random numbers of numpy.random", getattr(numpy.random.seed, "__self__", None)),
            *(("it", root) for root in roots),
        ]
        while waiting and len(self._known) < _MOST:
            name, thing = waiting.pop()
            with suppress(Exception):  # such as a reference to what is no more
                if not isinstance(thing, _ATOMS) and id(thing) not in self._known:
                    self._known[id(thing)] = thing
                    waiting.extend(self._look(name, thing))

    def changed(self) -> str | None:
        """Return the name of what is not as it was; None if everything is."""
        return next(filter(None, (changed() for changed, _ in self._notes)), None)

    def restore(self) -> None:
        """Put everything back."""
        for changed, back in self._notes:
            if changed():
                back()

    def _look(self, name: str, thing: Any) -> Named:
        """Take down the state of one thing, and yield what it refers to."""
        if isinstance(thing, (list, tuple, set, frozenset, deque)):
            return self._items(name, thing)
        if isinstance(thing, dict):
            return self._entries(thing, lambda key: name)
        if isinstance(thing, numpy.ndarray):
            return self._numbers(name, thing)
        if isinstance(thing, random.Random):
            return self._state(name, thing.getstate, thing.setstate)
        if isinstance(thing, numpy.random.RandomState):
            return self._state(name, thing.get_state, thing.set_state)
        if isinstance(thing, numpy.random.Generator):
            bits = thing.bit_generator
            return self._state(
                name, lambda: bits.state, lambda state: setattr(bits, "state", state)
            )
        if isinstance(thing, MethodType):
            return iter([(name, thing.__self__), (name, thing.__func__)])
        if isinstance(thing, partial):
            return iter([(name, part) for part in (thing.func, thing.args, thing.keywords)])
        if isinstance(thing, FunctionType):
            return self._function(thing)
        if hasattr(type(thing), "__next__"):
            self.lasting = name
            return iter(())
        return self._object(thing)

    def _items(self, name: str, thing: Any) -> Named:
        before = list(thing)

        def back() -> None:
            thing.clear()
            (thing.update if isinstance(thing, set) else thing.extend)(before)

        if isinstance(thing, (list, deque, set)):
            self._notes.append((lambda: None if _same(before, thing) else name, back))
        yield from ((name, item) for item in before)

    def _entries(
        self,
        thing: Mapping[Any, Any],
        named: Callable[[Any], str],
        back: Callable[[dict[Any, Any]], object] | None = None,
    ) -> Named:
        before = dict(thing)

        def changed() -> str | None:
            if _same(before.values(), thing.values()) and _same(before, thing):
                return None
            keys = {**before, **thing}
            odd = (k for k in keys if before.get(k, _EMPTY) is not thing.get(k, _EMPTY))
            return named(next(odd, None))

        def refill(before: dict[Any, Any]) -> None:
            thing.clear()  # type: ignore[attr-defined]
            thing.update(before)  # type: ignore[attr-defined]

        self._notes.append((changed, partial(back or refill, before)))
        yield from ((named(key), item) for key, item in before.items())

    def _numbers(self, name: str, thing: Any) -> Named:
        if thing.dtype != object and thing.nbytes <= _LARGEST:
            before = thing.copy()
            yield from self._state(name, thing.tobytes, lambda _: numpy.copyto(thing, before))

    def _state(self, name: str, state: Callable[[], Any], back: Callable[[Any], object]) -> Named:
        before = state()
        bits = pickle.dumps(before)
        self._notes.append(
            (lambda: None if pickle.dumps(state()) == bits else name, lambda: back(before))
        )
        return iter(())

    def _binding(
        self, name: str, content: Callable[[], Any], back: Callable[[Any], object]
    ) -> Named:
        before = content()
        self._notes.append((lambda: None if content() is before else name, lambda: back(before)))
        yield name, before

    def _function(self, thing: Any) -> Named:
        if is_own(thing.__code__.co_filename):
            yield "what it calls", getattr(thing, "__wrapped__", None)  # see `entered`
            return
        for name, cell in zip(thing.__code__.co_freevars, thing.__closure__ or ()):
            yield from self._binding(
                name, partial(_content, cell), partial(setattr, cell, "cell_contents")
            )
        world = thing.__globals__
        for name in sorted(_names(thing.__code__) & world.keys()):
            yield from self._binding(
                name, partial(world.get, name), partial(world.__setitem__, name)
            )
        yield "a default", thing.__defaults__
        yield "a default", thing.__kwdefaults__
        yield from self._entries(vars(thing), str)

    def _object(self, thing: Any) -> Named:
        def named(key: Any) -> str:
            return f"the attribute {key}"

        if isinstance(getattr(thing, "__dict__", None), dict):
            yield from self._entries(vars(thing), named)
        for kind in type(thing).__mro__:
            if kind.__module__.startswith(("autograd_engine.", "builtins")):
                continue
            for name, part in list(vars(kind).items()):
                if isinstance(part, MemberDescriptorType) and hasattr(thing, name):  # a slot
                    yield from self._binding(
                        named(name), partial(getattr, thing, name), partial(setattr, thing, name)
                    )
            if id(kind) not in self._known:
                self._known[id(kind)] = kind
                yield from self._entries(vars(kind), named, partial(_reset, kind))


def _reset(kind: type, before: dict[str, Any]) -> None:
    """Give a class back the attributes that it had."""
    for name in {**before, **vars(kind)}:
        if name not in before:
            delattr(kind, name)
        elif vars(kind).get(name) is not before[name]:
            setattr(kind, name, before[name])


def _same(before: Iterable[Any], after: Iterable[Any]) -> bool:
    """Say whether both hold the same objects, in the same order."""
    items = list(after)
    before = list(before)
    return len(before) == len(items) and all(x is y for x, y in zip(before, items))


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not assigned yet
        return _EMPTY


def _names(code: CodeType) -> set[str]:
    """Return every name that a function and those defined in it may look up among globals."""
    inner = (_names(part) for part in code.co_consts if isinstance(part, CodeType))
    return set(code.co_names).union(*inner)
