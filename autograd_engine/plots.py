"""A training in PNG files, where matplotlib is installed: loss curve, decision boundary."""

from __future__ import annotations

import math
import sys
from importlib.util import find_spec
from os import PathLike
from typing import Any

from autograd_engine.datasets import Dataset
from autograd_engine.history import History
from autograd_engine.measures import Predictor
from autograd_engine.words import printable

MARKERS = "osD^vP*X"
QUICK = {"compress_level": 1}  # a larger file, in a third of the time
WIDTH, HEIGHT = 768, 576
GRID = 60  # points a side, on which the boundary is found


def loss_curve(history: History, path: str | PathLike[str], title: str = "loss") -> None:
    """Draw the losses over the epochs; `ImportError` saying what to install without matplotlib.

    Pillow, which matplotlib stands on, draws it: it is imported in a tenth of the time.
    """
    _require("matplotlib.figure", "PIL.Image")
    from PIL import Image, ImageDraw, ImageFont
    from PIL.PngImagePlugin import PngInfo

    highest = max(history.loss + history.validation_loss) or 1.0
    count, most = len(history.loss), 1.05 * min(max(highest, 1e-300), 1e300)
    # Drawn twice as large, and so smoothed.
    image = Image.new("RGB", (2 * WIDTH, 2 * HEIGHT), "white")
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(26)
    left, top, right, bottom = 150, 130, 2 * WIDTH - 50, 2 * HEIGHT - 110

    def at(epoch: float, loss: float) -> tuple[float, float]:
        across = (epoch - 1) / (count - 1) if count > 1 else 0.5
        return left + (right - left) * across, bottom - (bottom - top) * loss / most

    def text(x: float, y: float, words: str, anchor: str) -> None:
        pen.text((x, y), words, "black", font, anchor)

    for loss in _ticks(most, 0.0):
        y = at(1, loss)[1]
        pen.line([left, y, right, y], "#dddddd", 2)
        text(left - 14, y, f"{loss:g}", "rm")
    for epoch in _ticks(count, 1.0):
        x = at(epoch, 0.0)[0]
        pen.line([x, bottom, x, bottom + 10], "black", 2)
        text(x, bottom + 18, f"{epoch:g}", "mt")
    pen.rectangle([left, top, right, bottom], outline="black", width=2)
    curves = ("training", history.loss, "#1f77b4"), ("test", history.validation_loss, "#d95f02")
    for row, (name, losses, colour) in zip((top + 40, top + 84), curves):
        if points := [at(i, loss) for i, loss in enumerate(losses, 1)]:
            pen.line(points, colour, 6, "curve")
            for x, y in points if count < 10 else []:
                pen.ellipse([x - 8, y - 8, x + 8, y + 8], colour)
            pen.line([right - 230, row, right - 170, row], colour, 6)
            text(right - 155, row, name, "lm")
    pen.text((WIDTH, 40), printable(title, 100), "black", ImageFont.load_default(32), "mm")
    text(left, top - 16, "loss (mean over samples)", "ls")
    text((left + right) / 2, 2 * HEIGHT - 24, "epoch", "mb")
    info = PngInfo()
    info.add_text("Title", title)
    image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS).save(path, "PNG", pnginfo=info)


def _ticks(most: float, least: float) -> list[float]:
    """Return about five round numbers up to `most`; from 1 on whole ones."""
    size = 10.0 ** math.floor(math.log10(most / 5.0))
    step = max(least, next(size * n for n in (1, 2, 5, 10) if size * n * 5.0 >= most))
    return [step * n for n in range(int(least), int(most / step) + 1)]


def decision_boundary(
    model: Predictor, data: Dataset, path: str | PathLike[str], title: str = "decision boundary"
) -> None:
    """Draw the samples of a dataset of two inputs over the classes that the model predicts.

    Raises `ValueError` for other datasets, and `ImportError` as `loss_curve` does.
    """
    if len(data.names) != 2 or not data.classes:
        raise ValueError(f"a decision boundary needs two inputs and classes, not {data!r}")
    _require("matplotlib.figure")
    from matplotlib.figure import Figure

    from autograd_engine.views.replay.boundary import plane_of, predicted

    figure = Figure(figsize=(6.4, 4.8))
    axes, plane = figure.add_subplot(), plane_of(data, data.classes, GRID)
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
    axes.set(xlabel=_plain(data.names[0]), ylabel=_plain(data.names[1]), title=_plain(title))
    axes.legend()
    figure.savefig(path, dpi=120, metadata={"Title": title}, pil_kwargs=QUICK)


def _require(*names: str) -> None:
    for name in names:
        if sys.modules.get(name, name) is None or find_spec(name.split(".")[0]) is None:
            raise ImportError('plots need matplotlib: pip install "autograd_engine[plots]"')


def _plain(name: str) -> str:
    """Return a name as matplotlib shows it: between two dollars it would read a formula."""
    return printable(name, 100).replace("$", r"\$")
