"""Numbers to predict, moved to where networks learn best, and the network moved back afterwards."""

from __future__ import annotations

from typing import NamedTuple

from autograd_engine.datasets.dataset import Dataset, Scaling
from autograd_engine.nn import MLP


class Goal(NamedTuple):
    """Mean and deviation of the numbers to predict; 0 and 1 where they are classes."""

    shift: float
    scale: float


def goal_of(data: Dataset) -> Goal:
    """Return mean and deviation of the targets."""
    if data.classes:
        return Goal(0.0, 1.0)
    column = Dataset([[target] for target in data.targets], data.targets, ["target"])
    shift, scale = column.scaling()
    return Goal(shift[0], scale[0])


def centred(data: Dataset, goal: Goal) -> Dataset:
    """Return the dataset with targets of mean 0 and deviation 1, if they are no classes."""
    if data.classes:
        return data
    targets = [(target - goal.shift) / goal.scale for target in data.targets]
    return Dataset(data.inputs, targets, data.names)


def absorb(model: MLP, scaling: Scaling, goal: Goal) -> None:
    """Move the scaling of inputs and target into the network, so that it takes raw numbers.

    w * (x - shift) / scale + b is (w / scale) * x + (b - w * shift / scale).
    """
    for neuron in model.layers[0].neurons:
        assert neuron.b is not None
        for w, shift, scale in zip(neuron.w, *scaling):
            w.data /= scale
            neuron.b.data -= w.data * shift
    for neuron in model.layers[-1].neurons:
        assert neuron.b is not None
        for w in neuron.w:
            w.data *= goal.scale
        neuron.b.data = neuron.b.data * goal.scale + goal.shift
