"""A training in PNG files, where matplotlib is installed: loss curve, decision boundary."""

from __future__ import annotations

import math
from os import PathLike
from typing import Any

from autograd_engine.datasets import Dataset
from autograd_engine.history import History
from autograd_engine.measures import Predictor
from autograd_engine.words import printable

MARKERS = "osD^vP*X"
QUICK = {"compress_level": 1}  # a larger file, in a third of the time
GRID = 60  # points a side, on which the boundary is found


def loss_curve(history: History, path: str | PathLike[str], title: str = "loss") -> None:
    """Draw the losses over the epochs; `ImportError` saying what to install without matplotlib."""
    figure, axes = _figure()
    for name, losses in (("training", history.loss), ("test", history.validation_loss)):
        if losses:
            shown, points = [min(loss, 1e300) for loss in losses], range(1, len(losses) + 1)
            axes.plot(points, shown, "o-" if len(losses) < 10 else "-", label=name)
    axes.set_ylim(0.0, 1.05 * min(max([1e-300, *history.loss, *history.validation_loss]), 1e300))
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set(xlabel="epoch", ylabel="loss (mean over samples)")
    _save(figure, path, title)


def decision_boundary(
    model: Predictor, data: Dataset, path: str | PathLike[str], title: str = "decision boundary"
) -> None:
    """Draw the samples of a dataset of two inputs over the classes that the model predicts.

    Raises `ValueError` for other datasets, and `ImportError` as `loss_curve` does.
    """
    if len(data.names) != 2 or not data.classes:
        raise ValueError(f"a decision boundary needs two inputs and classes, not {data!r}")
    from autograd_engine.views.replay.page import plane_of, predicted

    (figure, axes), plane = _figure(), plane_of(data, data.classes, GRID)
    (xs, ys), found = plane.ticks(), predicted(model, [0.0, 0.0], plane)
    for position, name in enumerate(data.classes):
        look: dict[str, Any] = {"color": f"C{position}", "marker": MARKERS[position % len(MARKERS)]}
        # How far the class is ahead of all others: smooth, unlike the number of the class.
        ahead = [lead if best == position else -lead for best, lead in found]
        rows = [ahead[start : start + GRID] for start in range(0, len(ahead), GRID)]
        if max(ahead) > 0.0:  # the class is predicted somewhere
            axes.contourf(xs, ys, rows, levels=[0.0, math.inf], alpha=0.25, colors=look["color"])
        if min(ahead) < 0.0 < max(ahead):
            axes.contour(xs, ys, rows, levels=[0.0], colors="black", linewidths=0.8)
        points = [point for point, target in data if target == position]
        across, up = ([point[axis] for point in points] for axis in (0, 1))
        look |= {"edgecolors": "black", "linewidths": 0.5, "s": 28}
        axes.scatter(across, up, label=f"class {_plain(name)}", **look)
    axes.set(xlabel=_plain(data.names[0]), ylabel=_plain(data.names[1]))
    _save(figure, path, title)


def _figure() -> tuple[Any, Any]:
    try:
        from matplotlib.figure import Figure
    except ImportError:
        advice = 'plots need matplotlib: pip install "autograd_engine[plots]"'
        raise ImportError(advice, name="matplotlib") from None
    return (figure := Figure(figsize=(6.4, 4.8))), figure.add_subplot()


def _save(figure: Any, path: str | PathLike[str], title: str) -> None:
    figure.axes[0].set_title(_plain(title))
    figure.axes[0].legend()
    figure.savefig(path, dpi=120, metadata={"Title": title}, pil_kwargs=QUICK)


def _plain(name: str) -> str:
    """Return a name as matplotlib shows it: between two dollars it would read a formula."""
    return printable(name, 100).replace("$", r"\$")
