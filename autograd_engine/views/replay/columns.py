"""Every number of a graph over the steps, each course of numbers once, in base64."""

from __future__ import annotations

import base64
import sys
from array import array
from collections.abc import Sequence
from typing import Any

from autograd_engine import graph
from autograd_engine.engine import Value

Shape = tuple[tuple[int, ...], ...]


class Take:
    """The frames in which a graph has one shape; `output` is that of the first of them."""

    def __init__(self, output: Value) -> None:
        self.output = output
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
        values = graph.nodes(self.output)
        data, gradients, rest = _split(places, len(values))
        found = iter(rest)
        return {
            "frames": self.frames,
            "columns": base64.b64encode(b"".join(known)).decode(),
            "data": data,
            "gradients": gradients,
            "partials": [[next(found) for _ in value.partials] for value in values],
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
        take = self._known.setdefault(shape, Take(output))
        take.frames.append(self._count)
        take.rows.append(
            [
                *(value.data for value in values),
                *(0.0 if graph.is_constant(value) else value.grad for value in values),
                *(partial for value in values for partial in value.partials),
            ]
        )
        self._count += 1

    def __iter__(self) -> Any:
        return iter(self._known.values())


def _split(items: Sequence[int], count: int) -> tuple[list[int], list[int], list[int]]:
    return list(items[:count]), list(items[count : 2 * count]), list(items[2 * count :])
