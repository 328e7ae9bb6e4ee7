"""What the page holds: for each run its losses, its graph over the steps, and its plane."""

from __future__ import annotations

import base64
import math
from typing import Any

from autograd_engine import graph
from autograd_engine.history import History
from autograd_engine.views.replay.boundary import FARTHEST, Boundary
from autograd_engine.views.replay.columns import Takes
from autograd_engine.views.replay.frames import frames, recording_of, spread

ROOM = 1_200_000
"""So many characters the numbers of one run take at most: of a large graph, fewer steps."""

_EACH = 25
"""A value takes about so many characters a step: its data, gradient and partials in base64."""


def run_contents(name: str, history: History, sample: int) -> dict[str, Any]:
    """Return the data of one run, as the page reads them.

    Of each step: its number, its epoch, the loss of its batch. Of each epoch: the number of its
    last step, and what the history says.
    """
    recording = recording_of(history, sample)
    steps = spread(recording.steps, _most(history, sample))
    boundary = Boundary(recording, len(steps), sample)
    takes = Takes()
    cells = []
    for _, output in frames(recording, steps, sample):
        takes.add(output)
        if boundary.plane is not None:
            cells.append(boundary.cells())
    return {
        "name": name,
        "sample": sample,
        "last": recording.steps[-1].number,
        "steps": [step.number for step in steps],
        "epochs": [step.epoch for step in steps],
        "losses": [[step.number, _finite(step.loss)] for step in recording.steps],
        "batch": [_finite(step.loss) for step in steps],
        "each": recording.batches,
        "history": {
            "loss": _all(history.loss),
            "accuracy": _all(history.accuracy),
            "validation": _all(history.validation_loss),
        },
        "takes": [take.numbers() for take in takes],
        "plane": _plane(boundary, cells),
    }


def _most(history: History, sample: int) -> int:
    """Return how many steps there is room for."""
    recording = recording_of(history, sample)
    for _, output in frames(recording, recording.steps[-1:], sample):
        return max(3, ROOM // (_EACH * graph.size(output)))
    return 0


def _plane(boundary: Boundary, cells: list[bytes]) -> dict[str, Any] | None:
    plane = boundary.plane
    if plane is None:
        return None
    names = boundary.recording.names
    return {
        "low": plane.low,
        "high": plane.high,
        "side": plane.side,
        "levels": plane.levels,
        "farthest": FARTHEST,
        "classes": plane.classes,
        "axes": names if len(names) == 2 else ["x0", "x1"],
        "samples": plane.samples,
        "cells": base64.b64encode(b"".join(cells)).decode(),
    }


def _finite(number: float) -> float | None:
    """Return a number short enough for a curve; None where there is none."""
    return float(f"{number:.8g}") if math.isfinite(number) else None


def _all(numbers: list[float]) -> list[float | None]:
    return list(map(_finite, numbers))
