"""`replay`: a training as a page to scrub through, each recorded step computed anew.

For a model of two inputs it holds what the model predicts all over their plane, on a grid.
"""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from os import PathLike
from typing import Any, NamedTuple, TypeAlias

from autograd_engine import graph
from autograd_engine.blocks import enable_grad, no_grad
from autograd_engine.columns import data_of, set_data
from autograd_engine.compiler import GuardError, Program, compile
from autograd_engine.engine import Value, as_value
from autograd_engine.history import History, Recording, Step
from autograd_engine.measures import Judge
from autograd_engine.number import number
from autograd_engine.real import is_number
from autograd_engine.survey import LOWERED, Survey
from autograd_engine.table import CONSTANT
from autograd_engine.views.explore.javascript import written
from autograd_engine.views.explore.page import Page, filled, packed, page_graph
from autograd_engine.views.network.stacks import Rules, responses
from autograd_engine.views.notebooks import image
from autograd_engine.views.picture.markup import chart
from autograd_engine.words import counted

SIDE = 28  # points a side of the grid where the model is compiled
FARTHEST = 100.0  # how far a class is ahead of others is told up to here, in steps ever wider
POINTS = 300  # samples that are shown, evenly taken
_WORK = 2_000_000  # weights used where the model runs point by point, on a coarser grid
ROOM = 1_200_000  # characters for the numbers of one run: of a large graph, fewer steps
_EACH = 25  # characters that a value takes a step: its data, gradient and partials in base64

Runs: TypeAlias = "History | Sequence[History] | Mapping[str, History]"


def replay(
    histories: Runs,
    path: str | PathLike[str] | None = None,
    *,
    sample: int = 0,
    lang: str | None = None,
) -> Page:
    """Return a page with a slider over the steps of one training, or of two beside each other.

    It shows the graph of one `sample`'s loss at each step, the loss curve and, for two inputs and
    classes, the decision boundary. `histories` is what `fit(..., record=True)` returned, or two of
    these in a list, or in a dict with their names. `path` and `lang` are as in `explore`. The model
    runs with the parameters of each step and has its own again afterwards.

    Raises `TypeError` for anything but histories, `ValueError` for one without a recording, for
    more than two, for a sample that is not there and for a path that does not end in .html,
    and `FileNotFoundError` for a folder that does not exist.

    >>> from autograd_engine import datasets, fit, losses, nn, optim
    >>> model = nn.MLP(2, [2, 1], activation="tanh")
    >>> optimizer = optim.SGD(model.parameters(), lr=0.1)
    >>> history = fit(model, datasets.xor(8), losses.binary_cross_entropy, optimizer, epochs=3,
    ...               record=True, progress=False)
    >>> replay(history)
    <Page: 3 steps>
    """
    recorded, rules = [*_recorded(histories, sample)], Rules()
    runs = [_contents(*run, sample, rules) for run in recorded]
    told = []
    for run in runs:
        shown, made = len(run["steps"]) - 1, run["last"] - run["steps"][0]
        steps = f"{shown:,} of " * (shown != made) + counted(made, "step")
        told.append(f"{run['name']}: {steps}" if run["name"] else steps)
    description = ", ".join(told)
    still = _loss_curves(runs)
    data, script = {"description": description, "runs": runs}, written(rules) if rules else ""
    text = filled("replay/replay.html", f"Replay: {description}", data, script, still, lang)
    picture = image("image/svg+xml", still.encode(), f"loss of {description}")
    return Page(text, description, picture, path)


def _recorded(histories: Runs, sample: int) -> Iterator[tuple[str, History]]:
    if isinstance(histories, (list, tuple)):
        histories = {f"run {i}": history for i, history in enumerate(histories, 1)}
    runs: Any = histories if isinstance(histories, Mapping) else {"": histories}
    for history in runs.values():
        if not isinstance(history, History):
            raise TypeError(
                f"a replay needs what fit returns, not {history!r:.60}: write replay(history, path)"
            )
    if len(runs) not in (1, 2):
        raise ValueError(f"a replay shows one run, or compares two; got {len(runs)}")
    for name, history in runs.items():
        if history.recording is None:
            raise ValueError(
                f"the history{f' of {name!r}' if name else ''} has no recording: train with "
                "fit(..., record=True), for at least one epoch more than a checkpoint has"
            )
        count = len(history.recording.samples)
        if sample not in range(count):
            raise ValueError(f"sample must be from 0 to {count - 1}, got {sample!r:.60}")
        yield str(name), history


def frames(recording: Recording, steps: Sequence[Step], sample: int) -> Iterator[Value]:
    """Yield the sample's loss at each step, whose parameters the model has until the next one."""
    before = data_of(recording.parameters)
    x, target = recording.samples[sample]
    try:
        for step in steps:
            set_data(recording.parameters, step.parameters)
            with enable_grad():
                loss = recording.loss(recording.model(_inputs(x, recording.names)), target)
            if loss.operands and not loss.label:
                loss.label = "loss"
            yield loss
    finally:
        set_data(recording.parameters, before)


def _inputs(x: Any, names: Sequence[str]) -> Any:
    if type(x) is not list or not all(map(is_number, x)):
        return x
    inputs = list(map(as_value, x))
    for i, value in enumerate(inputs):
        value.label = names[i] if len(names) == len(x) else f"x{i}".translate(LOWERED)
    return inputs


def _contents(name: str, history: History, sample: int, rules: Rules) -> dict[str, Any]:
    """Return the data of one run, as the page reads them; to `rules` come those it computes by."""
    recording: Any = history.recording
    kept, (loss,) = recording.steps, frames(recording, recording.steps[-1:], sample)
    count = min(len(kept), max(3, ROOM // (_EACH * graph.size(loss))))
    steps = [kept[i * (len(kept) - 1) // max(count - 1, 1)] for i in range(count)]
    boundary = Boundary(recording, count, sample)
    takes: dict[Any, tuple[Survey, dict[int, list[float]]]] = {}  # one, unless the model branches
    cells = []
    for frame, loss in enumerate(frames(recording, steps, sample)):
        survey = Survey(loss)
        values = survey.values
        row = [value.data for value in values]  # nobody asks for the gradient of a constant
        row += [0.0 if v._rule is CONSTANT else d for v, d in zip(values, survey.adjoints)]
        row += [partial for value in values for partial in value.partials]
        shape = (*(value._rule for value in values), *survey.operands)
        takes.setdefault(shape, (survey, {}))[1][frame] = row
        if boundary.plane:
            cells.append(boundary.cells(boundary.plane))
    told = ("loss", "accuracy", "validation_loss")
    found = []
    for survey, rows in takes.values():  # the frames in which a graph has one shape
        drawn, _ = page_graph(survey, recording.parameters)
        if network := drawn["network"]:
            network["responses"] = responses(network, survey, rules)
        numbers = packed(survey, list(rows.values()), "data", "gradients")
        found.append({"graph": drawn, "frames": list(rows), **numbers})
    return {
        "name": name,
        "sample": sample,
        "last": kept[-1].number,
        "steps": [step.number for step in steps],
        "epochs": [step.epoch for step in steps],
        "losses": [[step.number, _finite(step.loss)] for step in kept],
        "batch": [_finite(step.loss) for step in steps],
        "each": recording.batches,
        "history": {name: list(map(_finite, getattr(history, name))) for name in told},
        "takes": found,
        "plane": boundary.plane
        and boundary.plane._asdict()
        | {"axes": recording.names if len(recording.names) == 2 else ["x₀", "x₁"]}
        | {"farthest": FARTHEST, "cells": b64encode(b"".join(cells)).decode()},
    }


def _finite(number: float) -> float | None:
    return float(f"{number:.8g}") if math.isfinite(number) else None


def loss_curve(losses: Sequence[float]) -> str:
    """Return the loss over the epochs as a picture, which is what notebooks show of a history."""
    told = list(map(_finite, losses))
    run = {"name": "", "each": 1, "history": {"loss": told}, "losses": list(enumerate(told, 1))}
    return image("image/svg+xml", _loss_curves([run], "epochs").encode(), "the loss of a training")


def _loss_curves(runs: Sequence[Mapping[str, Any]], unit: str = "steps") -> str:
    """Return the loss of each run over its steps as a still picture, for where no script runs."""
    curves = []
    for run in runs:  # of epochs, or of batches where there is but one epoch
        epochs = [(run["each"] * t, y) for t, y in enumerate(run["history"]["loss"], 1)]
        points = epochs if len(epochs) > 1 else run["losses"]
        curves.append((f"loss {run['name']}".rstrip(), [p for p in points if p[1] is not None]))
    steps, losses = zip(*[(0.0, 0.0), *(point for _, points in curves for point in points)])
    last, low, high = max(steps) or 1.0, min(losses), max(losses)
    over = high - low or 1.0
    scaled = [(name, [(x / last, (y - low) / over) for x, y in points]) for name, points in curves]
    ends = {"high": f"{high:.3g}", "low": f"{low:.3g}", "first": "0", "last": f"{last:,.0f} {unit}"}
    return chart("loss", scaled, **ends)


class Plane(NamedTuple):  # all over which the model of two inputs is asked, on a grid
    low: tuple[float, ...]
    high: tuple[float, ...]
    side: int
    classes: list[str]
    levels: int  # that a byte has for how far a class is ahead
    samples: list[tuple[float, float, int, int]]  # x, y, class, whether the page shows its loss

    def ticks(self) -> Iterator[list[float]]:
        for low, high in zip(self.low, self.high):  # of the columns of the grid, then of its rows
            yield [low + i * (high - low) / (self.side - 1) for i in range(self.side)]

    def points(self) -> list[tuple[float, float]]:
        xs, ys = self.ticks()
        return [(x, y) for y in ys for x in xs]


def plane_of(samples: Sequence[Any], classes: Sequence[str], side: int, chosen: int = -1) -> Plane:
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
    twin, found = x.copy() if hasattr(x, "copy") else list(x), []
    with no_grad():
        for point in plane.points():
            twin[:] = point
            found.append(_lead(_scores(model(twin))))
    return found


class Boundary:
    """Finds the bytes of the plane for a step; `plane` is None where there is no such plane."""

    def __init__(self, recording: Recording, steps: int, sample: int) -> None:
        self.recording, samples = recording, recording.samples
        self.plane: Plane | None = None
        points = all(hasattr(x, "__len__") and len(x) == 2 for x, _ in samples)
        points = points and all(is_number(item) for x, _ in samples for item in x)
        classes = _classes(recording) if points else []
        self._program: Program | None = None
        if 2 <= len(classes) <= 16:
            with suppress(Exception):  # no NumPy, or whatever somebody's model says to a Value
                self._program = compile(recording.model, samples[0][0], check=False)
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
        n = plane.levels
        return bytes(k * n + round((n - 1) * size) for (k, _), size in zip(found, far))


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


def _scores(outputs: Any) -> list[float]:
    items = outputs if hasattr(outputs, "__len__") else [outputs]
    return [float(number(item)) for item in items]


def _lead(scores: list[float]) -> tuple[int, float]:
    """Return the class ahead, and how far; one score alone is positive for the second class."""
    scores = [0.0] * (len(scores) == 1) + scores
    first, second = sorted(scores, reverse=True)[:2]
    return scores.index(first), first - second if first > second else 0.0
