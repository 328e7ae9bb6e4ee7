"""play: both passes through a graph in a terminal, one step at a time."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from autograd_engine.engine import Value
from autograd_engine.views.explain.typesetting import plain
from autograd_engine.views.steps.sweep import Steps, number, steps, typed

INDENT = " " * 6
HELP = "n or Enter: next   b: back   r: run to the end   q: quit"

_NEXT, _BACK, _RUN, _QUIT = "nbrq"
_SAME = {"": _NEXT, " ": _NEXT, "\r": _NEXT, "\n": _NEXT, "\x03": _QUIT, "\x04": _QUIT}
_SAME |= {"next": _NEXT, "back": _BACK, "run": _RUN, "quit": _QUIT}


def play(output: Value, source: TextIO | None = None, screen: TextIO | None = None) -> None:
    """Show the forward pass and then the backward pass of a value, one step at a time, by keys.

    Where `source` is no terminal, its lines are read, and without any all steps are shown.
    """
    found = steps(output)
    source, screen = source or sys.stdin, screen or sys.stdout
    width = shutil.get_terminal_size().columns
    encoding = getattr(screen, "encoding", None) or "utf-8"
    names = map(found.text, found.survey.values)
    kept = [plain(typed(name), encoding) for name in names if " " in name]

    def show(text: str) -> None:
        rows = plain(text, encoding).split("\n")
        print("\n".join(wrapped(row, width, kept) for row in rows), file=screen, flush=True)

    with _keys(source) as keys:
        show("\n".join([HELP, *found.long]))
        _walk(_rows(found), keys, show)


def _rows(found: Steps) -> list[str]:
    rows = [f"forward   {computation}" for computation in found.forward]
    rows.append(f"backward  δ({found.text(found.output)}) = 1")
    rows += [f"backward  {step}" + f"\n{INDENT}{step.rule}" * bool(step.rule) for step in found]
    leaves = [found.survey.values[i] for i in found.survey.leaves]
    gradients = [f"{found.text(v)} {number(found.gradient(v))}" for v in leaves]
    rows[-1] += f"\ngradients: {', '.join(gradients) or 'there are no leaves'}"
    if quiet := ", ".join(map(found.text, found.silent)):
        rows[-1] += f"\nnothing passes on from {quiet}: an adjoint of exactly 0"
    return [typed(f"[{i}/{len(rows)}] {row}") for i, row in enumerate(rows, 1)]


def wrapped(row: str, width: int, names: Iterable[str] = ()) -> str:
    """Return a row in lines of that width, broken in no number and no name."""
    kept = map(re.escape, sorted(names, key=len, reverse=True))
    atom = re.compile(rf"(?:{'|'.join([*kept, '[^ ·]'])})*·? *")
    lines = [""]
    for part in re.split("(?<= )(?== )", row):
        for i, piece in enumerate(atom.findall(part)):
            whole = piece if i or part[0] != "=" else part  # an equals sign begins a line
            if lines[-1].strip() and len((lines[-1] + whole).rstrip()) > width:
                lines.append(INDENT)
            lines[-1] += piece
    return "\n".join(line.rstrip() for line in lines)


def _walk(rows: list[str], keys: Iterator[str], show: Callable[[str], None]) -> None:
    place, key = -1, None
    for key in keys:
        shown = rows[place + 1 :] if key == _RUN else rows[place + 1 : place + 2]
        if key == _QUIT:
            break
        if key == _BACK and place > 0:
            place -= 1
            show(rows[place])
        elif key not in (_NEXT, _RUN):
            show("this is the beginning; " * (key == _BACK) + HELP)
        else:
            place += len(shown)
            show("\n".join(shown) or "this is the end; b: back   q: quit")
    if key is None:  # nobody is there to press keys: a notebook's cell, a pipe
        show("\n".join(rows))


@contextmanager
def _keys(source: Any) -> Iterator[Iterator[str]]:
    """Yield the keys that are pressed: single keys of a terminal, else whole lines."""
    if not source.isatty():
        words = (line.strip().lower() for line in iter(source.readline, ""))
        yield (_SAME.get(word, word) for word in words)
    elif sys.platform == "win32":
        import msvcrt

        yield (_SAME.get(key, key.lower()) for key in iter(msvcrt.getwch, ""))
    else:
        import termios
        import tty

        before = termios.tcgetattr(source)
        try:
            tty.setcbreak(source, termios.TCSADRAIN)
            yield (_SAME.get(key, key.lower()) for key in iter(lambda: source.read(1), ""))
        finally:
            termios.tcsetattr(source, termios.TCSADRAIN, before)
