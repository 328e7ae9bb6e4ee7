"""Fitting: epochs of mini-batches by a compiled program, as `fit` would run them sample by sample.

Whatever does not go as compiled (a comparison that comes out otherwise, a number that is not
finite) is left to the eager way: it repeats that batch, and says what is wrong in its words.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

import numpy

from autograd_engine.compiler.call.guards import GuardError
from autograd_engine.compiler.fit.lesson import Array, Lesson, Unfit, told
from autograd_engine.optim import Optimizer
from autograd_engine.optim.optimizer import Arithmetic
from autograd_engine.words import counted

Results = tuple[list[float], list[float]]
ARRAYS = Arithmetic(numpy.sqrt, numpy.divide, numpy.maximum)  # what rules need, of arrays
_AT_ONCE = 256  # samples to be measured in one call


class Compiled:
    """Trains by a program of one sample's loss, fed with mini-batches; `eager`, see `training`,
    can take over at any batch.

    The leaves are moved in arrays, by the optimiser's rule: the first are its parameters, the
    others rest, and their gradients add up. An optimiser of which nothing is known but `step` and
    `zero_grad` is given the gradient in the Values.
    """

    def __init__(self, eager: Any, strict: bool) -> None:
        self.eager, self.strict = eager, strict
        self._lesson: Any = None  # while all runs eagerly
        self._prepare()

    def _prepare(self) -> None:
        """Compile, or take the program that is kept, and turn the samples into arrays."""
        eager, kept = self.eager, self.eager.kept
        self._optimizer, self._ruled = eager.optimizer, has_rule(eager.optimizer)
        trained = self._optimizer.parameters if self._ruled else eager.model.parameters()
        judged = eager.right.positions or eager.right.sides
        lesson, kept.lesson = kept.lesson, None
        if not (lesson and lesson.trains(trained) and lesson.again(eager.samples, judged)):
            lesson = Lesson(eager.model, eager.loss, eager.samples, trained, judged)
        if lesson is not self._lesson:
            each = counted(len(lesson.program._tape.op), "operation")
            steps = counted(lesson.program.steps, "step")
            self.ran = f"compiled: {steps} for a batch instead of {each} for a sample"
        self._lesson = kept.lesson = lesson
        self._rows = lesson.data  # its own may be others by then
        self._held_out: Array | None = None
        self._ready = True

    def stands(self) -> bool:
        self._ready = False  # samples may have changed in place
        return self.eager.stands()  # type: ignore[no-any-return]

    def train(self, epoch: int, batches: Iterable[Sequence[int]]) -> Results:
        """Train on the batches of an epoch; return the loss of each sample, and its hit."""
        eager, recorder = self.eager, self.eager.recorder
        if self._lesson and not self._ready:
            try:
                self._prepare()
            except Unfit as reason:
                self._leave("compiled at first", reason)
        if not self._lesson:
            return eager.train(epoch, batches)  # type: ignore[no-any-return]
        batches = iter(batches)
        batch: Sequence[int] = ()
        order: list[int] = []
        found: list[Array] = []
        failed: Exception | None = None
        self._load()
        try:
            with numpy.errstate(all="ignore"):
                for batch in batches:
                    outputs, gradient = self._lesson.run(self._leaves, self._rows[batch], True)
                    self._step(gradient)
                    order += batch
                    found.append(outputs)
                    if recorder is not None and recorder.due():
                        self._store()
                        recorder.keep(outputs[:, 0].tolist(), epoch)
        except Exception as error:  # somebody's own primitive or rule may raise anything
            failed = error
        finally:
            self._store()
        done = results(eager.right, found, self._rows[order, -1])
        if failed is None:
            return done
        self._leave(f"compiled until epoch {epoch + 1}", failed, epoch, [batch])
        rest = eager.train(epoch, chain([batch], batches))
        return done[0] + rest[0], done[1] + rest[1]

    def measure(self) -> Results:
        """Measure the held-out samples, eagerly where they are not for the program."""
        eager, lesson = self.eager, self._lesson
        if lesson:
            try:
                if self._held_out is None:
                    self._held_out = lesson.rows(eager.held_out)
                return measured(lesson, self._held_out, eager.right)
            except Exception as error:
                if self.strict and isinstance(error, GuardError):
                    raise
                if "validation" not in self.ran:
                    self.ran += f", but the validation data eagerly: {told(error)}"
        return eager.measure()  # type: ignore[no-any-return]

    def _leave(self, until: str, reason: Exception, *again: Any) -> None:
        """Go on eagerly; where `strict` raise instead, in words of the eager way tried `again`."""
        if self.strict:
            if isinstance(reason, GuardError):
                raise reason
            if again:
                self.eager.train(*again)
            raise ValueError(f"compile=True, but {told(reason)}") from reason
        self._lesson, self.ran = None, f"{until}, then eager: {told(reason)}"

    def _load(self) -> None:
        """Take numbers, gradients and the optimiser's memory from where they are kept."""
        optimizer, lesson = self._optimizer, self._lesson
        self._leaves = lesson.leaves()
        if self._ruled:
            kept = [optimizer._buffers.get(name) for name in optimizer._memory()]
            memories = [optimizer._blank if item is None else numpy.array(item) for item in kept]
            # Replaced all at once: an interrupt finds the state before a step or after it.
            self._state = self._leaves, lesson.leaves("_grad"), memories, optimizer.steps

    def _step(self, gradient: Array) -> None:
        optimizer, lesson = self._optimizer, self._lesson
        if not self._ruled:
            optimizer.zero_grad()
            for value, slope in zip(lesson.values, gradient.tolist()):
                value._grad += slope
            self.eager.step(lesson.trained)
            self._load()
            return
        every, gathered, memories, steps = self._state
        count = len(optimizer.parameters)
        before = every[:count]
        slopes = optimizer._slope(before, gradient[:count])
        leaves, *memories = optimizer._rule(ARRAYS, steps + 1)(before, slopes, *memories)
        if (
            not math.isfinite(numpy.add.reduce(leaves))
            and (~numpy.isfinite(leaves) & numpy.isfinite(before)).any()
        ):
            raise Unfit("a parameter did not stay finite")
        if count < len(every):
            leaves = numpy.concatenate((leaves, every[count:]))
            gradient = numpy.append(gradient[:count], gradient[count:] + gathered[count:])
        self._state = leaves, gradient, memories, steps + 1
        self._leaves = leaves

    def _store(self) -> None:
        """Write everything back, an interrupt notwithstanding."""
        try:
            self._write()
        except KeyboardInterrupt:
            self._write()
            raise

    def _write(self) -> None:
        optimizer, lesson = self._optimizer, self._lesson
        if not self._ruled or self._state[-1] == optimizer.steps:
            return
        leaves, gradient, memories, steps = self._state
        for value, number in zip(optimizer.parameters, leaves.tolist()):
            value._data = number
        for value, slope in zip(lesson.values, gradient.tolist()):
            value._grad = slope
        for name, item in zip(optimizer._memory(), memories):
            optimizer._buffers[name] = item.tolist()
        optimizer.steps = steps


def has_rule(optimizer: Any) -> bool:
    """Say whether all that a step does is to apply the optimiser's rule."""
    return isinstance(optimizer, Optimizer) and all(
        getattr(type(optimizer), name) is getattr(Optimizer, name) and name not in vars(optimizer)
        for name in ("step", "zero_grad", "_update")
    )


def measured(lesson: Lesson, rows: Array, right: Any) -> Results:
    """Return what a program says of rows, as the judge counts it."""
    leaves, starts = lesson.leaves(), range(0, len(rows), _AT_ONCE)
    with numpy.errstate(all="ignore"):
        found = [lesson.run(leaves, rows[i : i + _AT_ONCE], False)[0] for i in starts]
    return results(right, found, rows[:, -1])


def results(right: Any, found: list[Array], targets: Array) -> Results:
    """Return the losses that a program found, and its hits as the judge counts them."""
    if not found:
        return [], []
    outputs = numpy.concatenate(found)
    losses, said = outputs[:, 0].tolist(), outputs[:, 1:]
    count = said.shape[1]
    if not count or not (right.sides if count == 1 else right.positions):
        return losses, [math.nan] * len(losses)
    said[:, 1:][numpy.isnan(said[:, 1:])] = -math.inf  # never larger than the first
    one = (said[:, 0] > 0.0) == (targets > 0.0)
    hits = one if count == 1 else said.argmax(axis=1) == targets
    return losses, hits.astype(numpy.float64).tolist()
