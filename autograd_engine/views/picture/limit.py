"""Running Graphviz, which is stopped after a few seconds, also where `draw_dot` is shown.

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
from typing import Any

import graphviz
from graphviz.backend import dot_command

from autograd_engine.views.picture.dot import GraphvizMissing

SECONDS = 5.0
"""So long Graphviz may take for one picture; of 600 nodes it needs about one."""


def run(command: list[Any], given: bytes, quiet: bool = True) -> bytes:
    """Return what Graphviz writes of what it is given; its errors are those of graphviz.

    Raises `GraphvizMissing` where it was stopped, with all that it started.
    """
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    how: dict[str, Any] = {"creationflags": getattr(subprocess, "CREATE_NO_WINDOW", 0), **pipes}
    try:
        with subprocess.Popen(command, start_new_session=True, **how) as process:
            try:
                made, said = process.communicate(given, SECONDS)
            except BaseException:  # an interrupt too must leave nothing running
                with suppress(OSError):  # it may have ended just now
                    kill = getattr(os, "killpg", lambda *_: process.kill())
                    kill(process.pid, getattr(signal, "SIGKILL", 0))
                raise
    except FileNotFoundError:
        raise graphviz.ExecutableNotFound(command) from None
    except subprocess.TimeoutExpired:
        slow = GraphvizMissing(
            f"Graphviz was stopped: its program `{command[0]}` took more than {SECONDS:g} s for "
            f"this picture. ag.draw(output) lays it out without, ag.draw(output, style='folded') "
            f"draws less"
        )
        slow.slow = True
        raise slow from None
    if process.returncode:
        raise graphviz.CalledProcessError(process.returncode, command, made, said)
    if said and not quiet:
        sys.stderr.write(said.decode(errors="replace"))
    return bytes(made)


class Digraph(graphviz.Digraph):  # type: ignore[misc]
    """What `draw_dot` returns: graphviz's own, with another way to start Graphviz."""

    @staticmethod
    def _pipe_lines(
        engine: str, format: str, lines: Iterable[str], *, input_encoding: str, **how: Any
    ) -> bytes:
        quiet = how.pop("quiet")
        command = dot_command.command(engine, format, **how)
        return run(command, "".join(lines).encode(input_encoding), quiet)

    @staticmethod
    def _pipe_lines_string(*given: Any, encoding: str, **how: Any) -> str:
        return Digraph._pipe_lines(*given, input_encoding=encoding, **how).decode(encoding)

    def render(self, *given: Any, **how: Any) -> str:
        """Render as graphviz does, after a try that is stopped where it takes too long."""
        self.pipe("dot", engine=how.get("engine"), quiet=True)
        return str(super().render(*given, **how))
