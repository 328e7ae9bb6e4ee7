"""What a model of two inputs predicts all over their plane: on a grid, the class at each point."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from autograd_engine.blocks import no_grad
from autograd_engine.compiler import GuardError, Program, compile
from autograd_engine.history import Recording
from autograd_engine.measures import Judge
from autograd_engine.number import number
from autograd_engine.real import is_number

SIDE = 28  # points a side of the grid where the model is compiled
FARTHEST = 100.0  # how far a class is ahead of others is told up to here, in steps ever wider
POINTS = 300  # samples that are shown, evenly taken
_WORK = 2_000_000  # weights used where the model runs point by point, on a coarser grid


class Plane(NamedTuple):
    """The plane: its grid, classes, samples (x, y, class, whether shown); a byte a point."""

    low: tuple[float, ...]
    high: tuple[float, ...]
    side: int
    classes: list[str]
    levels: int
    samples: list[tuple[float, float, int, int]]

    def ticks(self) -> Iterator[list[float]]:
        """Yield where the columns of the grid are, then where its rows are."""
        for low, high in zip(self.low, self.high):
            yield [low + i * (high - low) / (self.side - 1) for i in range(self.side)]

    def points(self) -> list[tuple[float, float]]:
        xs, ys = self.ticks()
        return [(x, y) for y in ys for x in xs]


def plane_of(samples: Sequence[Any], classes: Sequence[str], side: int, chosen: int = -1) -> Plane:
    """Return the plane around samples of two inputs."""
    columns = [[float(item) for item in column] for column in zip(*(x for x, _ in samples))]
    ends = [(min(column), max(column)) for column in columns]
    lows, highs = zip(*[(a - m, b + m) for a, b in ends for m in (0.1 * (b - a) or 1.0,)])
    points = []
    for i in sorted({*range(0, len(samples), -(-len(samples) // POINTS)), chosen} - {-1}):
        x, y = (float(f"{float(item):.4g}") for item in samples[i][0])
        points.append((x, y, max(int(samples[i][1]), 0), int(i == chosen)))
    return Plane(lows, highs, side, list(classes), 256 // len(classes), points)


def predicted(model: Callable[[Any], Any], x: Any, plane: Plane) -> list[tuple[int, float]]:
    """Return for each point the class that a model of inputs like `x` predicts, and its lead."""
    with no_grad():
        return [_lead(_scores(model(_placed(x, point)))) for point in plane.points()]


class Boundary:
    """Finds the bytes of the plane for a step; `plane` is None where there is no such plane."""

    def __init__(self, recording: Recording, steps: int, sample: int) -> None:
        self.recording = recording
        self.plane: Plane | None = None
        samples = recording.samples
        points = all(hasattr(x, "__len__") and len(x) == 2 for x, _ in samples)
        points = points and all(is_number(item) for x, _ in samples for item in x)
        classes = _classes(recording) if points else []
        if 2 <= len(classes) <= 16:
            self._program = _compiled(recording)
            most = math.isqrt(_WORK // (steps * max(len(recording.parameters), 1)))
            side = SIDE if self._program else min(SIDE, max(8, most))
            self.plane = plane_of(samples, classes, side, sample)

    def cells(self, plane: Plane) -> bytes:
        """Return a byte for each point, with the parameters that the model has at present."""
        found: list[tuple[int, float]] = []
        if self._program:
            with suppress(GuardError):  # this step is not for the program
                rows: Any = self._program(plane.points())
                found = [_lead(row) for row in rows.reshape(len(rows), -1).tolist()]
        found = found or predicted(self.recording.model, self.recording.samples[0][0], plane)
        far = (min(1.0, math.log1p(lead) / math.log1p(FARTHEST)) for _, lead in found)
        top = plane.levels - 1
        return bytes(k * plane.levels + round(top * size) for (k, _), size in zip(found, far))


def _compiled(recording: Recording) -> Program | None:
    try:
        return compile(recording.model, _placed(recording.samples[0][0], (0.0, 0.0)), check=False)
    except Exception:  # no NumPy, or whatever somebody's model says to a Value
        return None


def _classes(recording: Recording) -> list[str]:
    """Return the names of the classes that the model tells apart, as accuracy is counted."""
    right = Judge(list(recording.samples))
    with no_grad():
        count = len(_scores(recording.model(recording.samples[0][0])))
    if not (right.sides if count == 1 else right.positions):
        return []
    names = list(map(str, range(max(count, 2))))
    if count == 1 and any(target == -1 for _, target in recording.samples):
        names[0] = "-1"
    return recording.classes if len(recording.classes) == len(names) else names


def _placed(x: Any, point: tuple[float, float]) -> Any:
    if isinstance(x, tuple):
        return point
    twin = copy.copy(x)
    twin[0], twin[1] = point
    return twin


def _scores(outputs: Any) -> list[float]:
    items = outputs if hasattr(outputs, "__len__") else [outputs]
    return [float(number(item)) for item in items]


def _lead(scores: list[float]) -> tuple[int, float]:
    """Return the class ahead, and how far; one score alone is positive for the second class."""
    scores = [0.0] * (len(scores) == 1) + scores
    first, second = sorted(scores, reverse=True)[:2]
    lead = first - second
    return scores.index(first), 0.0 if math.isnan(lead) else lead
