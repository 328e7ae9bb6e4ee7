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
    epochs = range(1, len(history.loss) + 1)
    axes.plot(epochs, history.loss, label="training", marker="." if len(epochs) < 10 else "")
    if history.validation_loss:
        axes.plot(epochs, history.validation_loss, "--", label="test")
    axes.legend(loc="upper right")
    axes.set(xlabel="epoch", ylabel="loss (mean over samples)", title=_plain(title))
    axes.set_ylim(bottom=0.0)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.grid(alpha=0.3)
    figure.savefig(path, dpi=120, metadata={"Title": title}, pil_kwargs=QUICK)


def decision_boundary(
    model: Predictor, data: Dataset, path: str | PathLike[str], title: str = "decision boundary"
) -> None:
    """Draw the samples of a dataset of two inputs over the classes that the model predicts.

    Raises `ValueError` for other datasets, and `ImportError` as `loss_curve` does.
    """
    if len(data.names) != 2 or not data.classes:
        raise ValueError(f"a decision boundary needs two inputs and classes, not {data!r}")
    from autograd_engine.views.replay.boundary import plane_of, predicted

    figure, axes = _figure()
    plane = plane_of(data, data.classes, GRID)
    (xs, ys), found = plane.ticks(), predicted(model, [0.0, 0.0], plane)
    for position, name in enumerate(data.classes):
        colour = f"C{position}"
        # How far the class is ahead of all others: smooth, unlike the number of the class.
        ahead = [lead if best == position else -lead for best, lead in found]
        rows = [ahead[start : start + GRID] for start in range(0, len(ahead), GRID)]
        if max(ahead) > 0.0:  # the class is predicted somewhere
            axes.contourf(xs, ys, rows, levels=[0.0, math.inf], alpha=0.25, colors=colour)
        if min(ahead) < 0.0 < max(ahead):
            axes.contour(xs, ys, rows, levels=[0.0], colors="black", linewidths=0.8)
        look = {"color": colour, "edgecolors": "black", "linewidths": 0.5, "s": 28}
        points = [point for point, target in data if target == position]
        across, up = ([point[axis] for point in points] for axis in (0, 1))
        marker = MARKERS[position % len(MARKERS)]
        axes.scatter(across, up, marker=marker, label=f"class {_plain(name)}", **look)
    axes.set(xlabel=_plain(data.names[0]), ylabel=_plain(data.names[1]), title=_plain(title))
    axes.legend()
    figure.savefig(path, dpi=120, metadata={"Title": title}, pil_kwargs=QUICK)


def _figure() -> tuple[Any, Any]:
    try:
        from matplotlib import artist
    except ImportError:
        raise ImportError('plots need matplotlib: pip install "autograd_engine[plots]"') from None
    # Lists of properties for its docstrings, which nobody reads here, take a fifth of its import.
    written, artist.kwdoc = artist.kwdoc, lambda kind: ""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise ImportError('plots need matplotlib: pip install "autograd_engine[plots]"') from None
    finally:
        artist.kwdoc = written
    figure = Figure(figsize=(6.4, 4.8))
    return figure, figure.add_subplot()


def _plain(name: str) -> str:
    """Return a name as matplotlib shows it: between two dollars it would read a formula."""
    return printable(name, 100).replace("$", r"\$")
