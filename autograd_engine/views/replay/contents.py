"""What the page holds: for each run its losses, its graph over the steps, and its plane.

The recorded steps are run again: the engine computes every number anew, from the parameters as
they were.
"""

from __future__ import annotations

import base64
import math
import sys
from array import array
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
from autograd_engine.titles import LOWERED
from autograd_engine.views.explore.page import page_graph
from autograd_engine.views.network.stacks import Rules, page_network, responses
from autograd_engine.views.replay.boundary import FARTHEST, Boundary

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


def spread(steps: Sequence[Step], most: int) -> list[Step]:
    """Return at most so many of the steps, evenly spread, with the first and the last."""
    if len(steps) <= most:
        return list(steps)
    last = max(most, 2) - 1
    return [steps[round(i * (len(steps) - 1) / last)] for i in range(last + 1)]


def frames(
    recording: Recording, steps: Sequence[Step], sample: int
) -> Iterator[tuple[Step, Value]]:
    """Yield each step with the sample's loss, whose graph has the gradients of it alone.

    Until the next one the model has the step's parameters; afterwards everything is as it was.
    """
    parameters = recording.parameters
    before = data_of(parameters)
    try:
        for step in steps:
            set_data(parameters, step.parameters)
            with enable_grad():
                output = _loss(recording, sample)
            leaves = graph.leaves(output)
            gradients = [leaf.grad for leaf in leaves]
            try:
                for leaf in leaves:
                    leaf.grad = 0.0
                output.backward()
                yield step, output
            finally:
                for leaf, gradient in zip(leaves, gradients):
                    leaf.grad = gradient
    finally:
        set_data(parameters, before)


def _loss(recording: Recording, sample: int) -> Value:
    """Return the loss of the sample, labelled, as are the inputs where they are numbers."""
    x, target = recording.samples[sample]
    loss = recording.loss(recording.model(_inputs(x, recording.names)), target)
    if not isinstance(loss, Value):
        raise TypeError(f"the loss of sample {sample} is no Value but {type(loss).__name__}")
    if loss.operands and not loss.label:
        loss.label = "loss"
    return loss


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
    told = {"loss": "loss", "accuracy": "accuracy", "validation": "validation_loss"}
    return {
        "name": name,
        "sample": sample,
        "last": recording.steps[-1].number,
        "steps": [step.number for step in steps],
        "epochs": [step.epoch for step in steps],
        "losses": [[step.number, _finite(step.loss)] for step in recording.steps],
        "batch": [_finite(step.loss) for step in steps],
        "each": recording.batches,
        "history": {k: list(map(_finite, getattr(history, name))) for k, name in told.items()},
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
