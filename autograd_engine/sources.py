"""trace_source: where in your program each value was made; off, as by default, it costs nothing."""

from __future__ import annotations

import linecache
import sys
from pathlib import Path

from autograd_engine.blocks import Blocks
from autograd_engine.engine import Value
from autograd_engine.notes import noted
from autograd_engine.state import Block, owner

_PACKAGE = str(Path(__file__).parent / "_")[:-1], "autograd_engine/"
"""What its files begin with, the second those of the compiled build in a traceback."""


class trace_source(Blocks):
    """Note with each value that is made here the source line that made it.

    It begins at once, and ends with the block of a `with` statement; without one, by
    `trace_source(False)`. It holds for the thread or asyncio task that called it. Explanations
    show the line; lines inside the package are passed over for the one that called it.

    >>> from autograd_engine.engine import Value
    >>> with trace_source():
    ...     y = Value(2.0) + 1.0
    >>> source_of(y).endswith(": y = Value(2.0) + 1.0")
    True
    """

    def __init__(self, on: bool = True) -> None:
        if not isinstance(on, bool):
            raise TypeError(
                f"trace_source needs True or False, as in `with trace_source():`; got {on!r:.60}"
            )
        super().__init__()
        self._tell = _note if on else None
        # A call ends what earlier calls began, unless it turns out to stand in a `with` statement.
        traced = owner().traced
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
    if not number:
        return ""
    return f"{file}:{number}: {text}" if file else f"line {number}: {text}"


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


def _note(value: Value) -> None:
    file, number, text = place()
    # A notebook's cell, or a prompt, is no file that one could look up.
    cell = "ipykernel" in file or file.startswith("<")
    note = value._note = noted(value).copy()
    note.source = "" if cell else Path(file).name, number, text
