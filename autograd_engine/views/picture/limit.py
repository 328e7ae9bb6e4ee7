"""The classes of the package graphviz, whose runs of Graphviz end after a few seconds.

Its layout of some ordinary graphs takes minutes, or does not end. Only `dot.py` imports this,
where it draws: a computer may have no package graphviz.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import graphviz
from graphviz.backend import dot_command, rendering

from autograd_engine.views.picture.dot import GraphvizSlow

SECONDS = 5.0
"""So long Graphviz may take for one picture; of 600 nodes it needs about one."""


def run(command: list[Any], given: bytes, quiet: bool = False, folder: Path | None = None) -> bytes:
    """Return what Graphviz writes of what it is given; its errors are those of graphviz.

    Raises `GraphvizSlow` where it was stopped, with all that it started.
    """
    how: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    how |= {"cwd": folder, "start_new_session": True}
    how |= {"creationflags": getattr(subprocess, "CREATE_NO_WINDOW", 0)}
    try:
        with subprocess.Popen(command, **how) as process:
            try:
                made, said = process.communicate(given, SECONDS)
            except BaseException:  # an interrupt too must leave nothing running
                _stop(process)
                raise
    except FileNotFoundError:
        raise graphviz.ExecutableNotFound(command) from None
    except subprocess.TimeoutExpired:
        raise GraphvizSlow(
            f"Graphviz was stopped: its program `{command[0]}` took more than {SECONDS:g} s for "
            f"this picture. ag.draw(output) lays it out without, ag.draw(output, style='folded') "
            f"draws less"
        ) from None
    if process.returncode:
        raise graphviz.CalledProcessError(process.returncode, command, made, said)
    if said and not quiet:
        sys.stderr.write(said.decode(errors="replace"))
    return bytes(made)


def _stop(process: subprocess.Popen[bytes]) -> None:
    with suppress(OSError):  # it may have ended just now
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()


def _piped(
    engine: str, format: str, lines: Iterable[str], *, input_encoding: str, quiet: bool, **how: Any
) -> bytes:
    command = dot_command.command(engine, format, **how)
    return run(command, "".join(lines).encode(input_encoding), quiet)


def _piped_string(*given: Any, encoding: str, **how: Any) -> str:
    return _piped(*given, input_encoding=encoding, **how).decode(encoding)


def _rendered(
    engine: str,
    format: str,
    filepath: str,
    *,
    outfile: str | os.PathLike[str] | None,
    raise_if_result_exists: bool,
    overwrite_filepath: bool,
    quiet: bool,
    neato_no_op: Any = None,
    **how: Any,
) -> str:
    """Write the picture of a file beside it, as graphviz does; nothing where it takes too long."""
    source = Path(filepath)
    made = Path(outfile or rendering.get_outfile(source, format=format, **how))
    if not overwrite_filepath and made.resolve() == source.resolve():
        raise ValueError(f"outfile {made.name!r} must be different from the file it is drawn from")
    if raise_if_result_exists and made.exists():
        raise graphviz.FileExistsError(f"output file exists: {os.fspath(made)!r}")
    command = dot_command.command(engine, format, neato_no_op=neato_no_op, **how)
    made.write_bytes(run(command, source.read_bytes(), quiet, source.parent))
    return os.fspath(made)


class Limited:
    """What of graphviz's classes starts Graphviz: they call what these return."""

    _pipe_lines = staticmethod(_piped)
    _pipe_lines_string = staticmethod(_piped_string)
    _render = staticmethod(_rendered)


class Source(Limited, graphviz.Source):  # type: ignore[misc]
    """A picture in DOT."""


class Digraph(Limited, graphviz.Digraph):  # type: ignore[misc]
    """What `draw_dot` returns."""

    def unflatten(self, **how: Any) -> Source:
        found: Source = super().unflatten(**how)
        found.__class__ = Source
        return found
