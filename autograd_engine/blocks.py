"""What is open around an operation: blocks of `with` statements, `no_grad` and `region`; calls of
modules, which note with what they return that it came of them; `trace_source`, which notes the line
of your program; and other derivatives.
"""

from __future__ import annotations

import linecache
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ContextDecorator
from functools import wraps
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction
from pathlib import Path
from typing import Any, TypeVar

from autograd_engine import state
from autograd_engine.engine import Value, constant, record
from autograd_engine.notes import Entry, Note, as_label, mark, noted
from autograd_engine.real import flag
from autograd_engine.state import ANSWERS, WATCHED, Block, here, latest, owner
from autograd_engine.table import stopped

Function = TypeVar("Function", bound=Callable[..., Any])


class Blocks(ContextDecorator):
    """What a `with` statement or a decorator is given: each use of it opens a block."""

    def __init__(self) -> None:
        self._open: list[Block] = []

    def __call__(self, function: Function) -> Function:
        kinds = (isgeneratorfunction, iscoroutinefunction, isasyncgenfunction)
        if any(kind(function) for kind in kinds):
            told = f"{getattr(function, '__name__', function)} runs after its end"
            raise TypeError(f"@{type(self).__name__}(...): {told}: write `with ...:` inside")
        return super().__call__(function)

    def _begin(self, kind: str, what: Any) -> None:
        block = Block(kind, what)
        self._open.append(block)
        block.enter()

    def __exit__(self, *error: Any) -> None:
        self._end()

    def _end(self) -> Any:
        """End the latest block opened here; return what it held."""
        # Where none was, somebody closes a generator that another thread or task was in.
        own = [block for block in self._open if block.owned is owner().open[block.kind]]
        block = (own or self._open)[-1]
        block.leave()
        self._open.remove(block)
        return block.what


class no_grad(Blocks):
    """Record nothing inside this block: results are constants.

    It holds for the thread or asyncio task that opened it. `@no_grad()` before a function does
    the same for each call; `TypeError` for a generator's or a coroutine's, which run later.

    >>> from autograd_engine import Value
    >>> x = Value(2.0)
    >>> with no_grad():
    ...     y = x * x
    >>> y.data, y.operands
    (4.0, ())
    """

    silent: bool | None = True

    def __enter__(self) -> None:
        self._begin("silent", self.silent)


class enable_grad(no_grad):
    """Record inside this block even where `no_grad` stands around it, as a derivative must."""

    silent: bool | None = False


class region(Blocks):
    """Everything recorded inside this block is one region: pictures fold it into a box.

    Regions stand inside regions: "encoder.attention" in "encoder". Each time that the block is
    entered is one use. It holds for the thread or asyncio task that opened it. Raises `TypeError`
    for a name that is no text, `ValueError` for an empty one.

    >>> from autograd_engine import Value
    >>> from autograd_engine.survey import Survey
    >>> x = Value(2.0, "x")
    >>> with region("square"):
    ...     y = x * x
    >>> Survey(y + 1.0).homes
    ['square', 'square', '', '']
    """

    def __init__(self, name: str) -> None:
        if not as_label(name, "the name of a region").strip("."):
            raise ValueError(f'a region has a name, as in region("attention"), not {name!r}')
        super().__init__()
        self.name = name

    def __enter__(self) -> None:
        outer = latest(here(), "placed")
        path = f"{outer.path}.{self.name}" if outer and outer.path else self.name
        self._begin("placed", Entry(path, outer=outer))


class differentiating(enable_grad):
    """Say whether an outer derivative is being computed here around this one."""

    silent = None

    def __enter__(self) -> bool:  # type: ignore[override]
        nested = any(block.what is None for block in owner().open["silent"])
        super().__enter__()
        return nested


def aside(out: Value) -> Value:
    """Return the value of an operation as it is where somebody is silent, or noted."""
    mine = here()
    if latest(mine, "silent"):
        return unrecorded(out)
    home = latest(mine, "placed")
    if home is not None:
        out._note = Note(home=home)
    tell = latest(mine, "traced")
    if tell is not None:
        tell(out)
    return out


def unrecorded(out: Value) -> Value:
    """Return a constant; while a function is compiled here, recorded with its gradient stopped."""
    if not WATCHED or state.watcher() is None:
        return constant(out._data)
    with enable_grad():
        return record(stopped, out._data, out, None, 0.0, 0.0)


def entered(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the method `__call__` of a module, which notes each call."""

    @wraps(function)
    def call(self: Any, *given: Any, **named: Any) -> Any:
        mine = owner()
        outer = latest(mine, "placed")
        if outer is not None and outer.module == id(self):  # by super(), or by itself
            return function(self, *given, **named)
        if not WATCHED:  # who compiles would see it as a change of the model
            self._settle()
        path = self._region.region or type(self).__name__
        inputs = frozenset(map(id, values_in((*given, *named.values()))))
        entry = Entry(path, id(self), inputs, outer)
        block = Block("called", entry, mine)
        try:
            block.enter()
            found = function(self, *given, **named)
        finally:
            block.leave()
        for value in values_in((found,)):
            note = noted(value)
            made = value._x is not None and id(value) not in inputs
            if made and not note.ended and not note.region:
                mark(value, region=path, ended=entry)
            elif made and note.home is None:  # it came of a call inside, and stands in this
                mark(value, home=entry)
        return found

    return call


def values_in(items: Iterable[Any]) -> Iterator[Value]:
    """Yield the values among items, and in containers among them, but not those of modules."""
    for item in items:
        if isinstance(item, Value):
            yield item
        elif not hasattr(item, "named_parameters"):
            yield from values_in([part for _, part in parts_of(item)])


def parts_of(item: Any) -> Iterable[tuple[Any, Any]]:
    """Return the parts of a container, each with its name inside it; of all else nothing."""
    if isinstance(item, (list, tuple)):
        return enumerate(item)
    if hasattr(item, "named_parameters"):  # a module
        return list(vars(item).items())
    if isinstance(item, dict):
        return item.items()
    shape = getattr(item, "shape", ())  # a module such as numpy has a function of this name
    if isinstance(shape, tuple) and shape and getattr(item.dtype, "hasobject", False):
        return enumerate(item.tolist())
    return ()


_PACKAGE = str(Path(__file__).parent / "_")[:-1], "autograd_engine/"
"""What its files begin with, the second those of the compiled build in a traceback."""


class trace_source(Blocks):
    """Note with each value that is made here the source line that made it.

    It begins at once, and ends with the block of a `with` statement; without one, by
    `trace_source(False)`. It holds for the thread or asyncio task that called it. Explanations
    show the line; lines inside the package are passed over for the one that called it.

    >>> from autograd_engine import Value
    >>> with trace_source():
    ...     y = Value(2.0) + 1.0
    >>> source_of(y).endswith(": y = Value(2.0) + 1.0")
    True
    """

    def __init__(self, on: bool = True) -> None:
        super().__init__()
        self._tell = _noted_line if flag("trace_source", on) else None
        # A call ends what earlier calls began, unless it turns out to stand in a `with` statement.
        traced = owner().open["traced"]
        self._ended = [block for block in traced if block.bare]
        for block in self._ended:
            block.leave()
        self._call = Block("traced", self._tell, bare=True)
        if on or traced:
            self._call.enter()

    def __enter__(self) -> None:
        self._call.leave()
        while self._ended:
            self._ended.pop().enter()
        self._begin("traced", self._tell)


def source_of(value: Value) -> str:
    """Return the place and text of the line that made a value, "" where it was not traced."""
    file, number, text = noted(value).source or ("", 0, "")
    return f"{file}:{number}: {text}" if file else f"line {number}: {text}" if number else ""


def is_own(file: str) -> bool:
    """Say whether a file of code is one of this package, interpreted or compiled."""
    return file.startswith(_PACKAGE)


def place(*others: str) -> tuple[str, int, str]:
    """Return file, number and text of the line being run outside this and other packages."""
    frame = sys._getframe(1)
    while frame.f_back is not None and (
        is_own(frame.f_code.co_filename)
        or str(frame.f_globals.get("__name__", "")).partition(".")[0] in others
    ):
        frame = frame.f_back
    file, number = frame.f_code.co_filename, frame.f_lineno
    return file, number, linecache.getline(file, number, frame.f_globals).strip()


def _noted_line(value: Value) -> None:
    file, number, text = place()
    # A notebook's cell, or a prompt, is no file that one could look up.
    cell = "ipykernel" in file or file.startswith("<")
    mark(value, source=("" if cell else Path(file).name, number, text))


ANSWERS.update({"aside": aside, "detached": unrecorded})
