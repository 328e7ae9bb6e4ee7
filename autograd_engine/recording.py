"""The blocks that are open, and whose each is: `no_grad`, `trace_source`, `diagnostics`, and the
compiler's watch on what a function does with Values.

A block belongs to the asyncio task that opened it, outside of one to the thread, and to nothing
that these start: what they run sees it, a generator of somebody else's too. Nothing is restored
when a block ends, it is taken out; so blocks may end in any order, and by anybody's hand.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ContextDecorator, contextmanager
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction
from threading import RLock, local
from typing import Any, Final, TypeVar
from weakref import WeakKeyDictionary

from autograd_engine.compiling import mypyc_attr

# Of each kind the open blocks of all threads and tasks, by id: while there is none, asking for
# one's own costs nothing more than a look at an empty set.
PAUSED: Final[set[int]] = set()
"""What keeps somebody from simply recording: `no_grad` and tracing."""

TRACED: Final[set[int]] = set()
"""What is told of each value that somebody records; see `tracer`."""

WATCHED: Final[set[int]] = set()
"""What is told of each comparison in a function that somebody compiles; see `watcher`."""

LISTENING: Final[set[int]] = set()
"""What is told of each backward pass before it begins; see `listeners`."""

_KINDS: Final[dict[str, tuple[set[int], ...]]] = {
    "silent": (PAUSED,),
    "traced": (PAUSED, TRACED),
    "watched": (WATCHED,),
    "listening": (LISTENING,),
}


# Marks, gradients and what a dot product becomes stand on the nodes, which threads may share.
SWEEPING: Final[Any] = RLock()
if hasattr(os, "register_at_fork"):  # a child begins between two sweeps too
    os.register_at_fork(
        before=SWEEPING.acquire,
        after_in_parent=SWEEPING.release,
        after_in_child=SWEEPING.release,
    )


def alone(work: Callable[..., Any], *given: Any) -> Any:
    """Return work(*given), done while no other thread looks through a graph or sweeps it.

    Raises `RuntimeError` in the midst of such work, where a signal's handler, a finaliser or a
    debugger may get in.
    """
    if SWEEPING._is_owned():
        raise RuntimeError(
            "this thread is in the midst of a backward pass or of looking through a graph, which "
            "another such call would spoil: make it when that has ended"
        )
    # On one line, so that even a debugger's interrupt comes before or after.
    with SWEEPING: return work(*given)  # fmt: skip  # noqa: E701


class Owner:
    """A thread or a task: the open blocks that are its, of each kind, the latest last."""

    def __init__(self) -> None:
        self.silent: list[Block] = []
        self.traced: list[Block] = []
        self.watched: list[Block] = []
        self.listening: list[Block] = []

    def __del__(self) -> None:
        for blocks in (self.silent, self.traced, self.watched, self.listening):
            while blocks:  # the thread ended inside
                blocks[-1].leave()


class Block:
    """A block that one opened: what it holds counts from `enter` to `leave`.

    A later one of its kind that holds nothing hides it. A bare one stands in no `with` statement.
    """

    def __init__(self, kind: str, what: Any, bare: bool = False) -> None:
        self.kind = kind
        self.what = what
        self.bare = bare
        self.owned = _owned(owner(), kind)

    def enter(self) -> None:
        """Begin."""
        self.owned.append(self)
        if self.what:
            for blocks in _KINDS[self.kind]:
                blocks.add(id(self))

    def leave(self) -> None:
        """End, whoever calls this, and however often."""
        for blocks in _KINDS[self.kind]:
            blocks.discard(id(self))
        if self in self.owned:
            self.owned.remove(self)


def _owned(owner: Owner, kind: str) -> list[Block]:
    blocks: list[Block] = getattr(owner, kind)
    return blocks


@mypyc_attr(native_class=False)
class Blocks:
    """What a `with` statement is given: each use of it opens a block."""

    # `self` is of any class: for the compiler mypyc, one that is not compiled is none of these.
    _open: list[Block]

    def __init__(self: Any) -> None:
        self._open = []

    def _begin(self: Any, kind: str, what: Any) -> None:
        block = Block(kind, what)
        try:
            self._open.append(block)
            block.enter()
        except BaseException:  # interrupted, nothing stays open
            block.leave()
            raise

    def _end(self: Any) -> Any:
        """End the latest block opened here; return what it held.

        Where none was, somebody closes a generator that another thread or task was in.
        """
        mine = here()
        own = [block for block in self._open if mine and block.owned is _owned(mine, block.kind)]
        block = (own or self._open)[-1]
        block.leave()
        self._open.remove(block)
        return block.what


_thread = local()
_tasks: Final[WeakKeyDictionary[Any, Owner]] = WeakKeyDictionary()


def here() -> Owner | None:
    """Return the owner of blocks opened here, None if there never were any."""
    task = _task() if "asyncio" in sys.modules else None
    found: Owner | None = getattr(_thread, "owner", None) if task is None else _tasks.get(task)
    return found


def owner() -> Owner:
    """Return the owner of blocks opened here."""
    found = here()
    if found is None:
        found, task = Owner(), _task()
        if task is None:
            _thread.owner = found
        else:
            _tasks[task] = found
    return found


def _task() -> Any:
    """Return the asyncio task that is running here, None outside of one."""
    asyncio: Any = sys.modules.get("asyncio")
    if not hasattr(asyncio, "current_task") or asyncio._get_running_loop() is None:
        return None  # nobody has imported it, or is just about to; or no loop runs in this thread
    return asyncio.current_task()


def latest(blocks: list[Block]) -> Any:
    """Return what the latest of these blocks holds, None if there is none."""
    try:
        return blocks[-1].what if blocks else None
    except IndexError:  # somebody closed it meanwhile
        return latest(blocks)


def paused() -> Owner | None:
    """Return the owner of what runs here if it does not simply record: it is silent or traced."""
    mine = here()
    if mine is None or not (mine.silent or mine.traced):
        return None
    return mine if latest(mine.silent) or latest(mine.traced) else None


def muted(owner: Owner) -> bool:
    """Say whether the owner is silent, and nobody must know all the same what it computes."""
    return not owner.watched and bool(latest(owner.silent))


def watcher() -> Callable[..., None] | None:
    """Return what is told of comparisons made here: NumPy's name, both Values, how it came out."""
    mine = here()
    return None if mine is None else latest(mine.watched)


def listeners() -> list[Callable[..., None]]:
    """Return all that is told of backward passes begun here: of the output and the seed."""
    mine = here()
    return [] if mine is None else [block.what for block in mine.listening]


Function = TypeVar("Function", bound=Callable[..., Any])


@mypyc_attr(native_class=False)
class no_grad(Blocks, ContextDecorator):
    """Record nothing inside this block: results are constants.

    It holds for the thread or asyncio task that opened it. `@no_grad()` before a function does
    the same for each call; it raises `TypeError` for one whose body runs after the call, a
    generator's or a coroutine's.

    >>> from autograd_engine import Value
    >>> x = Value(2.0)
    >>> with no_grad():
    ...     y = x * x
    >>> y.data, y.operands
    (4.0, ())
    """

    silent = True

    def __enter__(self: Any) -> None:
        self._begin("silent", self.silent)

    def __exit__(self: Any, *error: Any) -> None:
        self._end()

    def __call__(self: Any, function: Function) -> Function:
        if any(late(function) for late in _LATE):
            name, block = getattr(function, "__name__", function), type(self).__name__
            raise TypeError(
                f"@{block}() ends when the call of {name} returns, and its body runs only after "
                f"that: write `with {block}():` inside {name}"
            )
        return super().__call__(function)


_LATE: Final = (isgeneratorfunction, iscoroutinefunction, isasyncgenfunction)


@mypyc_attr(native_class=False)
class recording(no_grad):
    """Record inside this block even where `no_grad` stands around it, as a derivative must."""

    silent = False

    def __enter__(self: Any) -> None:
        if PAUSED:
            super().__enter__()

    def __exit__(self: Any, *error: Any) -> None:
        if self._open:
            super().__exit__()


@contextmanager
def differentiating() -> Iterator[bool]:
    """Say whether an outer derivative of this thread is being computed around this one.

    A task that f runs is asked by nobody else, and so is inside it too.

    >>> with differentiating() as outer, differentiating() as inner:
    ...     outer, inner
    (False, True)
    """
    depth = getattr(_thread, "depth", 0)
    block: Any = recording()
    _thread.depth = depth + 1
    try:
        with block:
            yield depth > 0
    finally:
        _thread.depth = depth
