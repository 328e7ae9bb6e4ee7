"""trace_source: where in your program each value was made; off, as by default, it costs nothing."""

from __future__ import annotations

import linecache
import sys
from pathlib import Path

from autograd_engine.blocks import Blocks
from autograd_engine.engine import Value
from autograd_engine.notes import noted

_PACKAGE = str(Path(__file__).parent / "_")[:-1], "autograd_engine/"
"""What its files begin with, the second those of the compiled build in a traceback."""


class trace_source(Blocks):
    """Note with each value that is made in this block the source line that made it.

    It holds for the thread or asyncio task that opened it. Explanations show the line; lines
    inside the package are passed over for the one that called it.

    >>> from autograd_engine.engine import Value
    >>> with trace_source():
    ...     y = Value(2.0) + 1.0
    >>> source_of(y).endswith(": y = Value(2.0) + 1.0")
    True
    """

    def __enter__(self) -> None:
        self._begin("traced", _note)


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
