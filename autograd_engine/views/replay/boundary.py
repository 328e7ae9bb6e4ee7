"""What a model of two inputs predicts all over their plane: a byte for each point of a grid."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from autograd_engine.blocks import no_grad
from autograd_engine.compiler.call.request import require
from autograd_engine.history import Recording
from autograd_engine.measures import judge
from autograd_engine.number import number
from autograd_engine.real import is_number

SIDE = 28
"""So many points a side the grid has where the model is compiled."""

FARTHEST = 100.0
"""How far one class is ahead of the others is told up to here, in steps ever wider."""

_WORK = 2_000_000
"""About so many weights are used where the model runs sample by sample: the grid is coarser."""

POINTS = 300
"""So many samples are shown, evenly taken."""


@dataclass(frozen=True)
class Plane:
    """The plane: its limits, its grid, its classes, and some of the samples in it.

    `samples` are x, y and the position of the class, then 1 for the one whose graph is shown.
    """

    low: tuple[float, float]
    high: tuple[float, float]
    side: int
    classes: list[str]
    samples: list[tuple[float, float, int, int]]

    @property
    def levels(self) -> int:
        """Return how many levels a byte has for each class: it is class * levels + level."""
        return 256 // len(self.classes)

    def ticks(self) -> Iterator[list[float]]:
        """Yield where the columns of the grid are, then where its rows are."""
        for low, high in zip(self.low, self.high):
            yield [low + i * (high - low) / (self.side - 1) for i in range(self.side)]

    def points(self) -> list[tuple[float, float]]:
        """Return the points of the grid, row by row, the lowest row first."""
        xs, ys = self.ticks()
        return [(x, y) for y in ys for x in xs]

    def leads(self, cells: bytes) -> list[tuple[int, float]]:
        """Return for each point the position of its class, and how far that is ahead."""
        levels, farthest = self.levels, math.log1p(FARTHEST)
        ahead = [math.expm1(level / (levels - 1) * farthest) for level in range(levels)]
        return [(cell // levels, ahead[cell % levels]) for cell in cells]


class Boundary:
    """Finds the bytes of the plane for a step; `plane` is None where there is no such plane."""

    def __init__(self, recording: Recording, steps: int, sample: int) -> None:
        self.recording = recording
        self._lesson = _lesson(recording)
        self.plane = _plane(recording, sample)
        if self.plane is not None and self._compiled(self.plane) is None:
            self._lesson = None
            work = steps * max(len(recording.parameters), 1)
            side = min(SIDE, max(8, math.isqrt(_WORK // work)))
            self.plane = replace(self.plane, side=side)

    def cells(self) -> bytes:
        """Return a byte for each point, with the parameters that the model has at present."""
        plane = self.plane
        assert plane is not None
        rows = self._compiled(plane) or self._eager(plane)
        return bytes(_byte(row, plane.levels) for row in rows)

    def _compiled(self, plane: Plane) -> list[list[float]] | None:
        if self._lesson is None:
            return None
        from autograd_engine.compiler.call.guards import GuardError
        from autograd_engine.compiler.fit.fitting import forward
        from autograd_engine.compiler.fit.samples import Unusual

        lesson, target = self._lesson, self.recording.samples[0][1]
        rows = lesson.rows([(point, target) for point in plane.points()])
        try:
            found = forward(lesson, lesson.leaves(), rows)
        except (GuardError, Unusual):  # this step is for the eager way
            return None
        return [row[1:] for block in found for row in block.tolist()]

    def _eager(self, plane: Plane) -> list[list[float]]:
        x = self.recording.samples[0][0]
        with no_grad():
            return [_scores(self.recording.model(_placed(x, point))) for point in plane.points()]


def _lesson(recording: Recording) -> Any:
    """Return the program of a sample, or None where there can be none."""
    try:
        require()
        from autograd_engine.compiler.fit.lesson import Lesson
        from autograd_engine.compiler.fit.samples import Unfit
    except ImportError:
        return None
    try:
        return Lesson(recording.model, recording.loss, recording.samples, [], outputs=True)
    except Unfit:
        return None


def _plane(recording: Recording, sample: int) -> Plane | None:
    """Return the plane of two inputs and some classes; None for anything else."""
    samples = recording.samples
    if not all(_is_point(x) for x, _ in samples):
        return None
    classes = _classes(recording)
    if not 2 <= len(classes) <= 16:
        return None
    limits = []
    for column in zip(*(x for x, _ in samples)):
        low, high = float(min(column)), float(max(column))
        margin = 0.1 * (high - low) or 1.0
        limits.append((low - margin, high + margin))
    (left, right), (bottom, top) = limits
    stride = -(-len(samples) // POINTS)
    points = []
    for i in sorted({*range(0, len(samples), stride), sample}):
        (x, y), target = samples[i]
        points.append((_short(x), _short(y), max(int(target), 0), int(i == sample)))
    return Plane((left, bottom), (right, top), SIDE, classes, points)


def _classes(recording: Recording) -> list[str]:
    """Return the names of the classes that the model tells apart, as accuracy is counted."""
    right = judge(list(recording.samples))
    with no_grad():
        count = len(_scores(recording.model(recording.samples[0][0])))
    targets = {target for _, target in recording.samples} if right.sides else set()
    if count == 1:
        names, count = ["-1", "1"] if -1 in targets else ["0", "1"], 2 if right.sides else 0
    else:
        names, count = list(map(str, range(count))), count if right.positions else 0
    return recording.classes if len(recording.classes) == count else names[:count]


def _is_point(x: Any) -> bool:
    return hasattr(x, "__len__") and len(x) == 2 and all(map(is_number, x))


def _placed(x: Any, point: tuple[float, float]) -> Any:
    """Return an input like this one at another point."""
    if isinstance(x, tuple):
        return point
    twin = copy.copy(x)
    twin[0], twin[1] = point
    return twin


def _scores(outputs: Any) -> list[float]:
    single = not hasattr(outputs, "__len__")
    return [float(number(item)) for item in ([outputs] if single else outputs)]


def _byte(scores: Sequence[float], levels: int) -> int:
    """Return class and lead in one byte; one score alone is positive for the second class."""
    if len(scores) == 1:
        position, lead = int(scores[0] > 0.0), abs(scores[0])
    else:
        first, second = sorted(scores, reverse=True)[:2]
        position, lead = list(scores).index(first), first - second
    if math.isnan(lead):
        return position * levels
    far = min(1.0, math.log1p(lead) / math.log1p(FARTHEST))
    return position * levels + round((levels - 1) * far)


def _short(number: Any) -> float:
    return float(f"{float(number):.4g}")
