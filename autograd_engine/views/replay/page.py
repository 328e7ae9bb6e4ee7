"""`replay`: a training as a page to scrub through, alone or beside another."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, TypeAlias

from autograd_engine.history import History
from autograd_engine.views.explore.javascript import written
from autograd_engine.views.explore.page import Page, filled, page_path
from autograd_engine.views.network.stacks import Rules
from autograd_engine.views.notebooks import image
from autograd_engine.views.replay.contents import recording_of, run_contents
from autograd_engine.words import counted

Runs: TypeAlias = "History | Sequence[History] | Mapping[str, History]"

CURVES = """<svg xmlns="http://www.w3.org/2000/svg" width="640" height="260" viewBox="0 0 640 260"
 font-family="Courier,monospace" font-size="13" fill="#333333">
<rect width="640" height="260" fill="white"/>
<path d="M60 30V230H620" fill="none" stroke="#777777"/>
<text x="54" y="34" text-anchor="end">{high:.3g}</text>
<text x="54" y="234" text-anchor="end">{low:.3g}</text>
<text x="60" y="250" text-anchor="middle">0</text>
<text x="620" y="250" text-anchor="end">{last:,.0f} steps</text>
{drawn}</svg>"""
CURVE = """<g fill="none" stroke-width="2.2" {look}>
<polyline points="{points}"/><path d="M{x} 14h26"/></g>
<text x="{beside}" y="18">{name}</text>
"""
LOOKS = ('stroke="#1453c0"', 'stroke="#a33c06" stroke-dasharray="7 4"')


class Replay(Page):
    """A training to scrub through: shown by notebooks, saved by `save`, as text in `html`."""

    def __repr__(self) -> str:
        return f"<Replay: {self.description}>"


def replay(
    histories: Runs, path: str | os.PathLike[str] | None = None, *, sample: int = 0
) -> Replay:
    """Return a page with a slider over the steps of one training, or of two beside each other.

    It shows the graph of one sample's loss with the values and gradients of each step, the
    loss curve and, for two inputs and classes, the decision boundary. `histories` is what
    `fit(..., record=True)` returned; to compare two runs, a list of two, or a dict of two with
    their names. `sample` is the position of the sample in the data.

    The page is one HTML file that needs no network. With a `path` it is written there too;
    without, let a notebook show what is returned. All numbers are computed by running the
    model with the parameters of each step; it has its own again afterwards.

    Raises `TypeError` for anything but histories, `ValueError` for one without a recording, for
    more than two, for a sample that is not there and for a path that does not end in .html,
    and `FileNotFoundError` for a folder that does not exist.

    >>> from autograd_engine import datasets, fit, losses, nn, optim
    >>> model = nn.MLP(2, [2, 1], activation="tanh")
    >>> optimizer = optim.SGD(model.parameters(), lr=0.1)
    >>> history = fit(model, datasets.xor(8), losses.binary_cross_entropy, optimizer, epochs=3,
    ...               record=True, progress=False)
    >>> replay(history)
    <Replay: 3 steps>
    """
    named = _named(histories)
    if path is not None:
        page_path(path)  # before the work
    for name, history in named:
        recording_of(history, sample, f"the history of {name!r}" if name else "the history")
    rules: Rules = {}
    runs = [run_contents(name, history, sample, rules) for name, history in named]
    description = ", ".join(map(_described, runs))
    data, still = {"description": description, "runs": runs}, _loss_curves(runs)
    script = written(rules) if rules else ""
    text = filled("replay/replay.html", f"Replay: {description}", data, script, still)
    shown = image("image/svg+xml", still.encode(), f"loss of {description}")
    page = Replay(text, description, lambda: shown)
    if path is not None:
        page.save(path)
    return page


def _named(histories: Runs) -> list[tuple[str, History]]:
    """Return the runs with their names."""
    if isinstance(histories, History):
        return [("", histories)]
    if isinstance(histories, (list, tuple)):
        histories = {f"run {i}": history for i, history in enumerate(histories, 1)}
    if not isinstance(histories, Mapping):
        raise TypeError(
            f"a replay needs what fit returns, not {histories!r:.60}: write replay(history, path)"
        )
    if len(histories) not in (1, 2):
        raise ValueError(f"a replay shows one run, or compares two; got {len(histories)}")
    return [(str(name), history) for name, history in histories.items()]


def _described(run: Mapping[str, Any]) -> str:
    shown = len(run["steps"]) - 1
    made = run["last"] - run["steps"][0]
    steps = counted(made, "step") if shown == made else f"{shown:,} of {counted(made, 'step')}"
    return f"{run['name']}: {steps}" if run["name"] else steps


def _loss_curves(runs: Sequence[Mapping[str, Any]]) -> str:
    """Return the loss of each run over its steps as a still picture, for where no script runs."""
    curves = list(map(_points, runs))
    steps, losses = zip(*[(0.0, 0.0), *(point for points in curves for point in points)])
    last, low, high = max(steps) or 1.0, min(losses), max(losses)
    drawn = ""
    for place, (run, points) in enumerate(zip(runs, curves)):
        scaled = ((560.0 * x / last, 200.0 * (y - low) / (high - low or 1.0)) for x, y in points)
        xy = " ".join(f"{60.0 + u:.1f},{230.0 - v:.1f}" for u, v in scaled)
        x, name = 72 + 280 * place, escape(f"loss {run['name']}".rstrip(), quote=False)
        drawn += CURVE.format(look=LOOKS[place], points=xy, x=x, beside=x + 34, name=name)
    return CURVES.format(high=high, low=low, last=last, drawn=drawn)


def _points(run: Mapping[str, Any]) -> list[tuple[float, float]]:
    """Return steps and losses: of epochs, or of batches where no epoch was finished twice."""
    epochs = [(run["each"] * (i + 1), y) for i, y in enumerate(run["history"]["loss"])]
    found = [(float(x), float(y)) for x, y in epochs if y is not None]
    return found if len(found) > 1 else [(x, y) for x, y in run["losses"] if y is not None]
