"""What the page holds: for each run its losses, its graph over the steps, and its plane.

The recorded steps are run again: the engine computes every number anew, from the parameters as
they were.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from autograd_engine import graph
from autograd_engine.blocks import enable_grad
from autograd_engine.columns import data_of, set_data
from autograd_engine.engine import Value, as_value
from autograd_engine.history import History, Recording, Step
from autograd_engine.real import is_number, is_whole
from autograd_engine.survey import Survey
from autograd_engine.table import CONSTANT
from autograd_engine.titles import LOWERED
from autograd_engine.views.explore.page import packed, page_graph
from autograd_engine.views.network.on_page import Rules, responses
from autograd_engine.views.replay.boundary import FARTHEST, Boundary
from autograd_engine.views.steps.sweep import Steps

ROOM = 1_200_000
"""So many characters the numbers of one run take at most: of a large graph, fewer steps."""

_EACH = 25
"""A value takes about so many characters a step: its data, gradient and partials in base64."""


def recording_of(history: History, sample: int, called: str = "the history") -> Recording:
    """Return the recording of a history, or raise what is wrong with it or with the sample."""
    if not isinstance(history, History):
        raise TypeError(f"{called} must be what fit returns, not {history!r:.60}")
    if history.recording is None:
        raise ValueError(
            f"{called} has no recording: train with fit(..., record=True), "
            "for at least one epoch more than a checkpoint has"
        )
    count = len(history.recording.samples)
    if not is_whole(sample):
        raise TypeError(f"sample must be the position of a sample, got {sample!r:.60}")
    if not 0 <= sample < count:
        raise ValueError(f"sample must be from 0 to {count - 1}, got {sample}")
    return history.recording


def frames(recording: Recording, steps: Sequence[Step], sample: int) -> Iterator[Value]:
    """Yield the sample's loss at each step.

    Until the next one the model has the step's parameters; afterwards everything is as it was.
    """
    before = data_of(recording.parameters)
    x, target = recording.samples[sample]
    try:
        for step in steps:
            set_data(recording.parameters, step.parameters)
            with enable_grad():
                loss = recording.loss(recording.model(_inputs(x, recording.names)), target)
            if not isinstance(loss, Value):
                raise TypeError(
                    f"the loss of sample {sample} is no Value but {type(loss).__name__}"
                )
            if loss.operands and not loss.label:
                loss.label = "loss"
            yield loss
    finally:
        set_data(recording.parameters, before)


def _inputs(x: Any, names: Sequence[str]) -> Any:
    """Return the inputs as constants with names, where they are a list of numbers."""
    if type(x) is not list or not all(map(is_number, x)):
        return x
    inputs = [as_value(number) for number in x]
    for i, value in enumerate(inputs):
        value.label = names[i] if len(names) == len(x) else f"x{i}".translate(LOWERED)
    return inputs


class Take:
    """The frames in which a graph has one shape; `graph` is what the page needs to draw it."""

    def __init__(self, survey: Survey, parameters: list[Value], rules: Rules) -> None:
        self.survey = survey
        self.graph, _ = page_graph(survey, {id(v): i for i, v in enumerate(parameters, 1)})
        if network := self.graph["network"]:
            network["responses"] = responses(network, survey, rules)
        self.frames: list[int] = []
        self.rows: list[list[float]] = []

    def add(self, frame: int, sweep: Steps) -> None:
        """Take down the numbers of a frame; nobody asks for the gradient of a constant."""
        values = sweep.survey.values
        gradients = [0.0 if v._rule is CONSTANT else sweep.gradient(v) for v in values]
        partials = [partial for value in values for partial in value.partials]
        self.frames.append(frame)
        self.rows.append([*(value.data for value in values), *gradients, *partials])

    def told(self) -> dict[str, Any]:
        """Return all this as the page reads it."""
        numbers = packed(self.survey, self.rows, "data", "gradients")
        return {"graph": self.graph, "frames": self.frames, **numbers}


def run_contents(name: str, history: History, sample: int, rules: Rules) -> dict[str, Any]:
    """Return the data of one run, as the page reads them.

    Of each step: its number, its epoch, the loss of its batch. Of each epoch: the number of its
    last step, and what the history says. To `rules` come those that the page computes by.
    """
    recording = recording_of(history, sample, f"the history of {name!r}" if name else "the history")
    kept, (loss,) = recording.steps, frames(recording, recording.steps[-1:], sample)
    last = (
        min(len(kept), max(3, ROOM // (_EACH * graph.size(loss)))) - 1
    )  # as many as there is room
    steps = [kept[round(i * (len(kept) - 1) / max(last, 1))] for i in range(last + 1)]
    boundary = Boundary(recording, len(steps), sample)
    takes: dict[Any, Take] = {}  # by shape: one, unless the model branches
    cells = []
    for frame, loss in enumerate(frames(recording, steps, sample)):
        sweep = Steps(loss)
        survey = sweep.survey
        shape = (*(value._rule for value in survey.values), *survey.operands)
        if shape not in takes:
            takes[shape] = Take(survey, recording.parameters, rules)
        takes[shape].add(frame, sweep)
        if boundary.plane is not None:
            cells.append(boundary.cells())
    told = {"loss": "loss", "accuracy": "accuracy", "validation": "validation_loss"}
    return {
        "name": name,
        "sample": sample,
        "last": kept[-1].number,
        "steps": [step.number for step in steps],
        "epochs": [step.epoch for step in steps],
        "losses": [[step.number, _finite(step.loss)] for step in kept],
        "batch": [_finite(step.loss) for step in steps],
        "each": recording.batches,
        "history": {k: list(map(_finite, getattr(history, name))) for k, name in told.items()},
        "takes": [take.told() for take in takes.values()],
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
