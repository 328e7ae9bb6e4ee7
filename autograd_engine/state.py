"""The open blocks, and whose each is; and the sweeps, of which there is one at a time.

A block, such as `with no_grad():`, belongs to the asyncio task that opened it, outside of one to
the thread, and to nothing that these start. Nothing is restored when a block ends: it is taken out.
So blocks may end in any order, and by anybody's hand.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from threading import RLock, local
from typing import Any, Final
from weakref import WeakKeyDictionary

# Of each kind the open blocks of all threads and tasks, by id: while there is none, asking for
# one's own costs nothing more than a look at an empty set.
PAUSED: Final[set[int]] = set()  # what keeps somebody from simply recording: `no_grad`, tracing
TRACED: Final[set[int]] = set()  # what is told of each value that is recorded, or where
WATCHED: Final[set[int]] = set()  # what is told of each comparison in a function being compiled
LISTENING: Final[set[int]] = set()  # what is told of each backward pass before it begins

ANSWERS: Final[dict[str, Callable[..., Any]]] = {}  # what modules further down do for the engine

_KINDS: Final[dict[str, tuple[set[int], ...]]] = {
    "silent": (PAUSED,),
    "traced": (PAUSED, TRACED),
    "placed": (PAUSED, TRACED),
    "called": (),  # calls of modules: they stand among the blocks that are placed
    "watched": (WATCHED,),
    "listening": (LISTENING,),
}


# Marks, gradients and what a value was opened to stand on the nodes, which threads may share.
SWEEPING: Final[Any] = RLock()
if hasattr(os, "register_at_fork"):  # a child begins between two sweeps too
    os.register_at_fork(
        before=SWEEPING.acquire, after_in_parent=SWEEPING.release, after_in_child=SWEEPING.release
    )


def alone(work: Callable[..., Any], *given: Any) -> Any:
    """Return work(*given), done while no other thread looks at a graph; `RuntimeError` inside."""
    if SWEEPING._is_owned():
        raise RuntimeError("in the midst of a backward pass or of a look at a graph: call it later")
    # On one line, so that even a debugger's interrupt comes before or after.
    with SWEEPING: return work(*given)  # fmt: skip  # noqa: E701


class Owner:
    """A thread or a task: the open blocks that are its, of each kind, the latest last."""

    def __init__(self) -> None:
        self.open: dict[str, list[Block]] = {kind: [] for kind in _KINDS}
        self.open["called"] = self.open["placed"]

    def __del__(self) -> None:
        for blocks in self.open.values():
            while blocks:  # the thread ended inside
                blocks[-1].leave()


class Block:
    """What one opened: it counts from `enter` to `leave`; a bare one is in no `with` statement."""

    def __init__(self, kind: str, what: Any, mine: Owner | None = None, bare: bool = False) -> None:
        self.kind = kind
        self.what = what
        self.bare = bare
        self.sets = _KINDS[kind]
        self.owned = (mine or owner()).open[kind]

    def enter(self) -> None:
        self.owned.append(self)
        if self.what:
            for blocks in self.sets:
                blocks.add(id(self))

    def leave(self) -> None:
        for blocks in self.sets:
            blocks.discard(id(self))
        if self in self.owned:
            self.owned.remove(self)


_thread = local()
_tasks: Final[WeakKeyDictionary[Any, Owner]] = WeakKeyDictionary()


def here() -> Owner | None:
    """Return the owner of blocks opened here, None if there never were any."""
    task = _task() if "asyncio" in sys.modules else None
    return getattr(_thread, "owner", None) if task is None else _tasks.get(task)


def owner() -> Owner:
    found = here()
    if found is None:
        found, task = Owner(), _task()
        if task is None:
            _thread.owner = found
        else:
            _tasks[task] = found
    return found


def _task() -> Any:
    asyncio: Any = sys.modules.get("asyncio")
    if not hasattr(asyncio, "current_task") or asyncio._get_running_loop() is None:
        return None  # nobody has imported it, or is just about to; or no loop runs in this thread
    return asyncio.current_task()


def latest(mine: Owner | None, kind: str) -> Any:
    """Return what the owner's latest open block of a kind holds, None if there is none."""
    blocks = [] if mine is None else mine.open[kind]
    try:
        return blocks[-1].what if blocks else None
    except IndexError:  # somebody closed it meanwhile
        return latest(mine, kind)


def watcher() -> Callable[..., None] | None:
    """Return what is told of comparisons made here: NumPy's name, both Values, how it came out."""
    # A task's loop runs inside what its thread runs, which may be a function that is compiled.
    for mine in (here(), getattr(_thread, "owner", None)):
        if found := latest(mine, "watched"):
            return found  # type: ignore[no-any-return]
    return None


def told(name: str, x: Any, number: float) -> None:
    """Tell who compiles here of a number: "data", "grad", "read", "set", "set grad", "sweep"."""
    if (watch := watcher()) is not None:
        watch(name, x, number, True)


def listeners() -> list[Callable[..., None]]:
    """Return all that is told of backward passes begun here: of the output and the seed."""
    return [block.what for block in owner().open["listening"]]


def announced(output: Any, seed: float) -> None:
    """Tell whoever listens of a backward pass that begins."""
    told("sweep", output, seed)
    for hear in listeners():
        hear(output, seed)
