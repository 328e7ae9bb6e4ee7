"""The recorded steps, run again: the graph of one sample's loss at each of them.

The engine computes every number anew, from the parameters as they were.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from autograd_engine import graph
from autograd_engine.blocks import enable_grad
from autograd_engine.columns import data_of, set_data
from autograd_engine.engine import Value, as_value
from autograd_engine.history import History, Recording, Step
from autograd_engine.real import is_number, is_whole
from autograd_engine.titles import LOWERED


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
    """Return at most so many of the steps, evenly spread, with the first and the last.

    >>> steps = [Step(i, 1, (), 0.0) for i in range(0, 100, 10)]
    >>> [step.number for step in spread(steps, 4)]
    [0, 30, 60, 90]
    """
    if len(steps) <= most:
        return list(steps)
    last = max(most, 2) - 1
    return [steps[round(i * (len(steps) - 1) / last)] for i in range(last + 1)]


def frames(
    recording: Recording, steps: Sequence[Step], sample: int
) -> Iterator[tuple[Step, Value]]:
    """Yield each step with the sample's loss, whose graph has the gradients of it alone.

    Until the next one the model has the step's parameters; afterwards everything is as it was.
    Raises `TypeError` where the loss is no Value.
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
    named = names if len(names) == len(x) else [f"x{i}".translate(LOWERED) for i in range(len(x))]
    for value, name in zip(inputs, named):
        value.label = name
    return inputs
