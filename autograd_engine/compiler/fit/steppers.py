"""Steppers: how an optimiser moves the leaves of a program.

One whose rule is known keeps parameters and its memory in arrays for an epoch, and writes them
back into the Values at its end. Any other is given the gradient in the Values at each step.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy

from autograd_engine.compiler.fit.lesson import Array, Lesson, Unusual
from autograd_engine.optim import Optimizer
from autograd_engine.optim.optimizer import Arithmetic

ARRAYS = Arithmetic(numpy.sqrt, numpy.divide, numpy.maximum)
"""What rules need, of arrays."""


def has_rule(optimizer: Any) -> bool:
    """Say whether all that a step does is to apply the optimiser's rule."""
    return isinstance(optimizer, Optimizer) and all(
        getattr(type(optimizer), name) is getattr(Optimizer, name) and name not in vars(optimizer)
        for name in ("step", "zero_grad", "_update")
    )


class ThroughValues:
    """Moves the leaves by an optimiser of which nothing is known but `step` and `zero_grad`."""

    def __init__(self, optimizer: Any, lesson: Lesson, step: Callable[[], None]) -> None:
        self._optimizer, self._values, self._read = optimizer, lesson.values, lesson.leaves
        self._step = step

    def load(self) -> None:
        """Read the Values."""
        self.leaves = self._read()

    def step(self, gradient: Array) -> None:
        """Make one step, or raise what the optimiser raises."""
        self._optimizer.zero_grad()
        for value, slope in zip(self._values, gradient.tolist()):
            value._grad += slope
        self._step()
        self.load()

    def store(self) -> None:
        """Everything is in the Values already."""


class State(NamedTuple):
    """What a step replaces, all at once: an interrupt finds the state before it or after it."""

    leaves: Array
    gradient: Array
    memories: list[Any]
    steps: int


class InArrays(ThroughValues):
    """Moves the leaves by the optimiser's rule, in arrays.

    Of the leaves the first are the optimiser's parameters. The others rest, and their gradients
    add up, as they do where nobody sets them to 0.
    """

    def load(self) -> None:
        """Read the Values and the optimiser's memory."""
        optimizer, self.leaves = self._optimizer, self._read()
        self._names = optimizer._memory()
        kept = [optimizer._buffers.get(name) for name in self._names]
        memories = [optimizer._blank if item is None else numpy.array(item) for item in kept]
        slopes = numpy.array([value._grad for value in self._values], numpy.float64)
        self._state = State(self.leaves, slopes, memories, optimizer.steps)

    def step(self, gradient: Array) -> None:
        """Make one step, or raise `Unusual`."""
        state, optimizer, count = self._state, self._optimizer, len(self._optimizer.parameters)
        before = state.leaves[:count]
        try:
            slopes = optimizer._slope(before, gradient[:count])
            rule = optimizer._rule(ARRAYS, state.steps + 1)
            leaves, *memories = rule(before, slopes, *state.memories)
        except Exception as error:  # a rule of somebody's own may not be for arrays
            raise Unusual(f"the optimizer's rule is not for arrays: {error}") from error
        # A sum is not finite if any of its numbers is not.
        if not math.isfinite(numpy.add.reduce(leaves)) and numpy.any(
            numpy.isfinite(before) & ~numpy.isfinite(leaves)
        ):
            raise Unusual("a parameter did not stay finite")
        if count < len(self._values):
            leaves = numpy.concatenate((leaves, state.leaves[count:]))
            gradient = gradient.copy()
            gradient[count:] += state.gradient[count:]
        self._state = State(leaves, gradient, memories, state.steps + 1)
        self.leaves = leaves

    def store(self) -> None:
        """Write everything back, an interrupt notwithstanding."""
        try:
            self._write()
        except KeyboardInterrupt:
            self._write()
            raise

    def _write(self) -> None:
        state, optimizer = self._state, self._optimizer
        if state.steps == optimizer.steps:
            return
        for value, number in zip(optimizer.parameters, state.leaves.tolist()):
            value._data = number
        for value, slope in zip(self._values, state.gradient.tolist()):
            value._grad = slope
        for name, item in zip(self._names, state.memories):
            optimizer._buffers[name] = item.tolist()
        optimizer.steps = state.steps
