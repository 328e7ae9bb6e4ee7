"""Fitting: epochs of mini-batches by a compiled program, as `fit` would run them sample by sample.

Whatever does not go as compiled (a comparison that comes out otherwise, a number that is not
finite) is left to the eager way: it repeats that batch, and says what is wrong in its words.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import chain
from typing import Any, Protocol

import numpy

from autograd_engine.compiler.call.guards import GuardError
from autograd_engine.compiler.fit.lesson import Lesson, lesson_of, told
from autograd_engine.compiler.fit.samples import Array, Unfit, Unusual
from autograd_engine.compiler.fit.steppers import InArrays, ThroughValues, has_rule
from autograd_engine.engine import Value

Batches = Iterable[Sequence[int]]
Results = tuple[list[float], list[float]]

_AT_ONCE = 256  # samples to be measured in one call


class Eager(Protocol):
    """The eager way, which can take over at any batch."""

    model: Any
    loss: Callable[[Any, Any], Any]
    optimizer: Any
    right: Any
    samples: Sequence[Any]
    held_out: Sequence[Any]
    recorder: Any
    kept: Any

    def train(self, epoch: int, batches: Batches) -> Results: ...
    def measure(self) -> Results: ...
    def step(self, parameters: Sequence[Value]) -> None: ...


class Compiled:
    """Trains by a program of one sample's loss, fed with mini-batches.

    Raises `Unfit` where there can be no such program. Where `strict`, a comparison that comes
    out otherwise raises `GuardError` later; else the eager way goes on from there.
    """

    def __init__(self, eager: Eager, strict: bool) -> None:
        self.eager = eager
        self.strict = strict
        self.ran = ""
        self._eager_now = False
        self._held_out: Array | None = None
        self._prepare()
        self._fresh = True

    def train(self, epoch: int, batches: Batches) -> Results:
        """Train on the batches of an epoch; return the loss of each sample, and its hit."""
        if not self._ready():
            return self.eager.train(epoch, batches)
        batches = iter(batches)
        order: list[int] = []
        found: list[Array] = []
        failed: Exception | None = None
        batch: Sequence[int] = ()
        recorder = self.eager.recorder
        self._stepper.load()
        try:
            with numpy.errstate(all="ignore"):
                for batch in batches:
                    rows, leaves = self._rows[batch], self._stepper.leaves
                    outputs, gradient = run(self._lesson, leaves, rows, True)
                    self._stepper.step(gradient)
                    order += batch
                    found.append(outputs)
                    if recorder is not None and recorder.due():
                        moved = zip(map(id, self._lesson.values), self._stepper.leaves.tolist())
                        recorder.keep(outputs[:, 0].tolist(), epoch, dict(moved))
        except (GuardError, Unusual) as error:
            failed = error
        finally:
            self._stepper.store()
        done = results(self.eager.right, found, self._rows[order])
        if failed is None:
            return done
        self._refuse(failed, lambda: self.eager.train(epoch, [batch]))
        self._eager_now = True
        self.ran = f"compiled until epoch {epoch + 1}, then eager: {told(failed)}"
        rest = self.eager.train(epoch, chain([batch], batches))
        return done[0] + rest[0], done[1] + rest[1]

    def measure(self) -> Results:
        """Return the loss of each held-out sample, and its hit."""
        if self._eager_now or self._held_out is None:
            return self.eager.measure()
        self._stepper.load()
        try:
            found = forward(self._lesson, self._stepper.leaves, self._held_out)
        except (GuardError, Unusual) as error:
            if isinstance(error, GuardError):
                self._refuse(error, lambda: None)
            self._held_out = None
            self.ran += f", but the validation data eagerly: {told(error)}"
            return self.eager.measure()
        return results(self.eager.right, found, self._held_out)

    def _prepare(self) -> None:
        """Compile, and turn the samples into arrays."""
        eager = self.eager
        arrays = has_rule(eager.optimizer)
        trained = eager.optimizer.parameters if arrays else eager.model.parameters()
        self._trained = list({id(value): value for value in trained}.values())
        outputs = eager.right.positions or eager.right.sides
        lesson = lesson_of(eager, self._trained, outputs)
        self._lesson, self._rows = lesson, lesson.data
        self._moved = self._held()
        self._stepper: InArrays | ThroughValues = (
            InArrays(eager.optimizer, lesson.values)
            if arrays
            else ThroughValues(eager.optimizer, lesson.values, partial(eager.step, self._trained))
        )
        self.ran = f"compiled: the loss of a sample in {lesson.program.steps} steps"
        self._held_out = None
        if eager.held_out:
            try:
                self._held_out = lesson.rows(eager.held_out)
            except Unfit as reason:
                self.ran += f", but the validation data eagerly: {reason}"

    def _ready(self) -> bool:
        """Say whether the program is that of model and loss as they are now; else compile anew."""
        if self._eager_now:
            return False
        fresh, self._fresh = self._fresh, False
        if fresh or (self._moved == self._held() and not self._lesson.traces.changed()):
            return True
        try:
            self._prepare()
        except Unfit as reason:
            self._refuse(reason, lambda: None)
            self._eager_now = True
            self.ran = f"compiled at first, then eager: {reason}"
        return not self._eager_now

    def _held(self) -> list[int]:
        """Return which parameters the optimiser holds, where that matters."""
        optimizer = self.eager.optimizer
        return list(map(id, optimizer.parameters)) if has_rule(optimizer) else []

    def _refuse(self, reason: Exception, repeat: Callable[[], object]) -> None:
        """Where `strict`, raise what went wrong, in the words of the eager way if it has some."""
        if not self.strict:
            return
        if isinstance(reason, GuardError):
            raise reason
        repeat()
        raise ValueError(f"compile=True, but {told(reason)}") from reason


def measured(
    model: Any, samples: Sequence[Any], loss: Callable[[Any, Any], Any], right: Any
) -> Results | None:
    """Return the loss of each sample, and its hit, by a program; None where there is none."""
    try:
        lesson = Lesson(model, loss, samples, [], outputs=True)
        return results(right, forward(lesson, lesson.leaves(), lesson.data), lesson.data)
    except (Unfit, GuardError, Unusual):
        return None


def forward(lesson: Lesson, leaves: Array, rows: Array) -> list[Array]:
    """Return the outputs for all rows, some of them at a time."""
    with numpy.errstate(all="ignore"):
        starts = range(0, len(rows), _AT_ONCE)
        return [run(lesson, leaves, rows[i : i + _AT_ONCE], False)[0] for i in starts]


def run(lesson: Lesson, leaves: Array, rows: Array, gradient: bool) -> tuple[Array, Array]:
    """Run the program; `Unusual` where it fails or a loss is not finite."""
    try:
        outputs, slopes = lesson.run(leaves, rows, gradient)
    except GuardError:
        raise
    except Exception as error:  # a primitive of somebody's own may raise anything
        raise Unusual(f"the program failed: {told(error)}") from error
    losses = outputs[:, 0]
    # A sum is not finite if any of its numbers is not.
    if not math.isfinite(numpy.add.reduce(losses)) and not numpy.isfinite(losses).all():
        raise Unusual("the loss of a sample is not finite")
    return outputs, slopes


def results(right: Any, found: list[Array], rows: Array) -> Results:
    """Return losses and hits of the rows from the program's outputs."""
    if not found:
        return [], []
    outputs = numpy.concatenate(found)
    return outputs[:, 0].tolist(), hits(right, outputs[:, 1:], rows[:, -1]).tolist()


def hits(right: Any, outputs: Array, targets: Array) -> Array:
    """Return what the judge says of each sample: 1.0, 0.0 or NaN.

    >>> from autograd_engine.measures import judge
    >>> right = judge([(None, 0), (None, 2)])
    >>> hits(right, numpy.array([[3.0, 1.0, 2.0], [5.0, 6.0, 5.0]]), numpy.array([0.0, 2.0]))
    array([1., 0.])
    """
    count = outputs.shape[1]
    if not (right.sides if count == 1 else right.positions) or not count:
        return numpy.full(len(outputs), numpy.nan)
    if numpy.isnan(outputs).any():  # the order of NaN is Python's
        return numpy.array([right(*pair) for pair in zip(outputs.tolist(), targets.tolist())])
    found = (outputs[:, 0] > 0.0) == (targets > 0.0)
    if count > 1:
        found = outputs.argmax(axis=1) == targets
    return found.astype(numpy.float64)
