"""Every number of a graph over the steps, each course of numbers once, in base64."""

from __future__ import annotations

import base64
import sys
from array import array
from collections.abc import Iterator
from typing import Any

from autograd_engine import graph
from autograd_engine.engine import Value
from autograd_engine.views.explore.contents import page_contents
from autograd_engine.views.folding import levels


class Take:
    """The frames in which a graph has one shape; `graph` is what the page needs to draw it."""

    def __init__(self, values: list[Value]) -> None:
        output = values[-1]
        self._partials = [len(value.partials) for value in values]
        self.graph = _drawn(output, values)
        self.frames: list[int] = []
        self.rows: list[list[float]] = []

    def numbers(self) -> dict[str, Any]:
        """Return the columns, and for data, gradients and partials which column each is.

        Many are the same: a sum passes its gradient on to both operands as it is.
        """
        known: dict[bytes, int] = {}
        places = []
        for column in zip(*self.rows):
            numbers = array("d", column)
            if sys.byteorder == "big":
                numbers.byteswap()
            places.append(known.setdefault(numbers.tobytes(), len(known)))
        count = len(self._partials)
        rest = iter(places[2 * count :])
        return {
            "graph": self.graph,
            "frames": self.frames,
            "columns": base64.b64encode(b"".join(known)).decode(),
            "data": places[:count],
            "gradients": places[count : 2 * count],
            "partials": [[next(rest) for _ in range(n)] for n in self._partials],
        }


class Takes:
    """The takes of a training: one, unless the model branches."""

    def __init__(self) -> None:
        self._known: dict[Any, Take] = {}
        self._count = 0

    def add(self, output: Value) -> None:
        """Take down the numbers of the next frame."""
        values = graph.nodes(output)
        position = {id(value): i for i, value in enumerate(values)}
        shape = tuple((v.rule, *(position[id(o)] for o in v.operands)) for v in values)
        if shape not in self._known:
            self._known[shape] = Take(values)
        take = self._known[shape]
        take.frames.append(self._count)
        take.rows.append(
            [
                *(value.data for value in values),
                *(0.0 if graph.is_constant(value) else value.grad for value in values),
                *(partial for value in values for partial in value.partials),
            ]
        )
        self._count += 1

    def __iter__(self) -> Iterator[Take]:
        return iter(self._known.values())


def _drawn(output: Value, values: list[Value]) -> dict[str, Any]:
    """Return the graph as the page to explore has it, the outputs of regions named by them."""
    for value in values:
        region = graph.region(value)
        if region and not value.label:
            *around, name = ["", *levels(region)]
            value.label = name.removeprefix(f"{around[-1]}.")
    data, _ = page_contents(output)
    return {name: item for name, item in data.items() if name not in ("data", "partials")}
