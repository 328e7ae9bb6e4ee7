"""A training in PNG files, where matplotlib is installed: loss curve, decision boundary."""

from __future__ import annotations

import math
from os import PathLike
from typing import Any

from autograd_engine.blocks import no_grad
from autograd_engine.datasets import Dataset
from autograd_engine.engine import Value
from autograd_engine.history import History
from autograd_engine.measures import Predictor
from autograd_engine.words import printable

MARKERS = "osD^vP*X"
GRID = 60
"""The boundary is found on so many points a side."""


def loss_curve(history: History, path: str | PathLike[str]) -> None:
    """Draw the loss, and the validation loss where there is one, over the epochs.

    Raises `ImportError` saying what to install where matplotlib is missing.
    """
    figure, axes = _figure()
    epochs = range(1, len(history.loss) + 1)
    axes.plot(epochs, history.loss, label="training", marker="." if len(epochs) < 10 else "")
    if history.validation_loss:
        axes.plot(epochs, history.validation_loss, "--", label="validation")
        axes.legend()
    axes.set(xlabel="epoch", ylabel="loss (mean over samples)", title="Loss")
    axes.set_ylim(bottom=0.0)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.grid(alpha=0.3)
    figure.savefig(path, dpi=120)


def decision_boundary(model: Predictor, data: Dataset, path: str | PathLike[str]) -> None:
    """Draw the samples of a dataset of two inputs over the classes that the model predicts.

    Raises `ValueError` for another number of inputs or targets that are no classes, and
    `ImportError` saying what to install where matplotlib is missing.
    """
    if len(data.names) != 2 or not data.classes:
        raise ValueError(f"a decision boundary needs two inputs and classes, not {data!r}")
    figure, axes = _figure()
    xs, ys = (_ticks(list(column)) for column in zip(*data.inputs))
    with no_grad():
        scores = [[_scores(model([x, y])) for x in xs] for y in ys]
    for position in range(len(data.classes)):
        # How far the class is ahead of all others: smooth, unlike the number of the class.
        lead = [[row[position] - max(_without(row, position)) for row in line] for line in scores]
        draw_area(axes, xs, ys, lead, colors=_colour(position))
    for position, name in enumerate(data.classes):
        points = [point for point, target in data if target == position]
        axes.scatter(
            [x for x, _ in points],
            [y for _, y in points],
            s=28,
            marker=MARKERS[position % len(MARKERS)],
            color=_colour(position),
            edgecolors="black",
            linewidths=0.5,
            label=f"class {_plain(name)}",
        )
    axes.set(xlabel=_plain(data.names[0]), ylabel=_plain(data.names[1]), title="Decision boundary")
    axes.legend()
    figure.savefig(path, dpi=120)


def draw_area(
    axes: Any, xs: list[float], ys: list[float], lead: list[list[float]], **look: Any
) -> list[Any]:
    """Draw where a class is ahead of all others, and its edge; return what was drawn."""
    drawn, low, high = [], min(map(min, lead)), max(map(max, lead))
    if high > 0.0:  # the class is predicted somewhere
        drawn.append(axes.contourf(xs, ys, lead, levels=[0.0, math.inf], alpha=0.25, **look))
    if low < 0.0 < high:
        drawn.append(axes.contour(xs, ys, lead, levels=[0.0], colors="black", linewidths=0.8))
    return drawn


def _figure() -> tuple[Any, Any]:
    """Return a figure of its own, which knows no window and leaves no trace in pyplot."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise ImportError('plots need matplotlib: pip install "autograd_engine[plots]"') from None
    figure = Figure(figsize=(6.4, 4.8), layout="constrained")
    return figure, figure.add_subplot()


def _ticks(numbers: list[float]) -> list[float]:
    low, high = min(numbers), max(numbers)
    margin = 0.1 * (high - low) or 1.0
    step = (high - low + 2.0 * margin) / (GRID - 1)
    return [low - margin + i * step for i in range(GRID)]


def _scores(outputs: Any) -> list[float]:
    """Return a score for each class; one output alone is that of class 1 against class 0."""
    if isinstance(outputs, Value):
        return [0.0, outputs.data]
    return [output.data for output in outputs]


def _without(row: list[float], position: int) -> list[float]:
    return row[:position] + row[position + 1 :]


def _plain(name: str) -> str:
    """Return a name as matplotlib shows it: between two dollars it would read a formula."""
    return printable(name, 40).replace("$", r"\$")


def _colour(position: int) -> str:
    return f"C{position}"
