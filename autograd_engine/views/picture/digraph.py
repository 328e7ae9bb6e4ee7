"""The class of the package graphviz, with a limit of time. A computer may have no such package."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import graphviz
from graphviz.backend import dot_command

from autograd_engine.views.picture.dot import run_dot


class Digraph(graphviz.Digraph):  # type: ignore[misc]
    """What `draw_dot` returns: graphviz's own, which starts Graphviz by `run_dot`."""

    @staticmethod
    def _pipe_lines(
        engine: str, format: str, lines: Iterable[str], *, input_encoding: str, **how: Any
    ) -> bytes:
        how.pop("quiet")
        _, *options = dot_command.command(engine, format, **how)
        return run_dot("".join(lines).encode(input_encoding), *options)

    @staticmethod
    def _pipe_lines_string(*given: Any, encoding: str, **how: Any) -> str:
        return Digraph._pipe_lines(*given, input_encoding=encoding, **how).decode(encoding)

    def render(self, *given: Any, **how: Any) -> str:
        """Render as graphviz does, after a try that is stopped where it takes too long."""
        self.pipe("dot", engine=how.get("engine"))
        return str(super().render(*given, **how))
