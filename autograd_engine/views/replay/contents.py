"""What the page holds: for each run its losses, its graph over the steps, and its plane."""

from __future__ import annotations

import base64
import math
import sys
from array import array
from dataclasses import asdict
from typing import Any

from autograd_engine import graph
from autograd_engine.engine import Value
from autograd_engine.history import History
from autograd_engine.survey import Survey
from autograd_engine.views.explore.page import page_graph
from autograd_engine.views.network.on_page import Rules, page_network, responses
from autograd_engine.views.replay.boundary import FARTHEST, Boundary
from autograd_engine.views.replay.frames import frames, recording_of, spread


class Take:
    """The frames in which a graph has one shape; `graph` is what the page needs to draw it."""

    def __init__(self, values: list[Value], parameters: list[Value], rules: Rules) -> None:
        self._partials = [len(value.partials) for value in values]
        survey = Survey(values[-1])
        self.graph, _ = page_graph(survey)
        places = {id(value): place for place, value in enumerate(parameters, 1)}
        network = self.graph["network"] = page_network(survey, places)
        if network:
            network["responses"] = responses(network, survey, rules)
        self.frames: list[int] = []
        self.rows: list[list[float]] = []

    def add(self, frame: int, values: list[Value]) -> None:
        """Take down the numbers of a frame."""
        self.frames.append(frame)
        gradients = [0.0 if graph.is_constant(value) else value.grad for value in values]
        partials = [partial for value in values for partial in value.partials]
        self.rows.append([*(value.data for value in values), *gradients, *partials])

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
        count = len(self._partials)
        rest = iter(places[2 * count :])
        return {
            "graph": self.graph,
            "frames": self.frames,
            "columns": base64.b64encode(b"".join(known)).decode(),
            "data": places[:count],
            "gradients": places[count : 2 * count],
            "partials": [[next(rest) for _ in range(n)] for n in self._partials],
        }


ROOM = 1_200_000
"""So many characters the numbers of one run take at most: of a large graph, fewer steps."""

_EACH = 25
"""A value takes about so many characters a step: its data, gradient and partials in base64."""


def run_contents(name: str, history: History, sample: int, rules: Rules) -> dict[str, Any]:
    """Return the data of one run, as the page reads them.

    Of each step: its number, its epoch, the loss of its batch. Of each epoch: the number of its
    last step, and what the history says. To `rules` come those that the page computes by.
    """
    recording = recording_of(history, sample)
    (_, last), *_ = frames(recording, recording.steps[-1:], sample)
    steps = spread(recording.steps, max(3, ROOM // (_EACH * graph.size(last))))
    boundary = Boundary(recording, len(steps), sample)
    takes: dict[Any, Take] = {}  # by shape: one, unless the model branches
    cells = []
    for frame, (_, output) in enumerate(frames(recording, steps, sample)):
        values = graph.nodes(output)
        position = {id(value): i for i, value in enumerate(values)}
        shape = tuple((v._rule, *(position[id(o)] for o in v.operands)) for v in values)
        if shape not in takes:
            takes[shape] = Take(values, recording.parameters, rules)
        takes[shape].add(frame, values)
        if boundary.plane is not None:
            cells.append(boundary.cells())
    told = {"loss": history.loss, "accuracy": history.accuracy}
    told["validation"] = history.validation_loss
    return {
        "name": name,
        "sample": sample,
        "last": recording.steps[-1].number,
        "steps": [step.number for step in steps],
        "epochs": [step.epoch for step in steps],
        "losses": [[step.number, _finite(step.loss)] for step in recording.steps],
        "batch": [_finite(step.loss) for step in steps],
        "each": recording.batches,
        "history": {name: list(map(_finite, numbers)) for name, numbers in told.items()},
        "takes": [take.numbers() for take in takes.values()],
        "plane": _plane(boundary, cells),
    }


def _plane(boundary: Boundary, cells: list[bytes]) -> dict[str, Any] | None:
    plane = boundary.plane
    if plane is None:
        return None
    names = boundary.recording.names
    return asdict(plane) | {
        "levels": plane.levels,
        "farthest": FARTHEST,
        "axes": names if len(names) == 2 else ["x₀", "x₁"],
        "cells": base64.b64encode(b"".join(cells)).decode(),
    }


def _finite(number: float) -> float | None:
    """Return a number short enough for a curve; None where there is none."""
    return float(f"{number:.8g}") if math.isfinite(number) else None
