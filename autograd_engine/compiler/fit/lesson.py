"""Lesson: the loss of one sample, and what the model says of it, as a program of its numbers.

>>> from autograd_engine import losses, nn
>>> model = nn.MLP(2, [1])
>>> samples = [([1.0, 2.0], 3.0), ([0.0, 1.0], 1.0)]
>>> lesson = Lesson(model, losses.mse, samples, model.parameters(), outputs=True)
>>> outputs, gradient = lesson.run(lesson.leaves(), lesson.data, True)
>>> outputs.shape, gradient.shape  # the loss and one output; two weights and a bias
((2, 2), (3,))
"""

from __future__ import annotations

import math
import traceback
from collections.abc import Callable, Sequence
from itertools import chain
from operator import is_
from types import MethodType
from typing import Any

import numpy

from autograd_engine.blocks import enable_grad
from autograd_engine.compiler.call.guards import GuardError, Watch
from autograd_engine.compiler.call.program import Program
from autograd_engine.compiler.fit.samples import Array, Form, Unfit, Unusual
from autograd_engine.compiler.fit.traces import Traces
from autograd_engine.compiler.record.tape import record
from autograd_engine.engine import Value, as_value
from autograd_engine.graph import nodes
from autograd_engine.modules import Module
from autograd_engine.number import number
from autograd_engine.real import is_number
from autograd_engine.sources import is_own
from autograd_engine.table import LEAF, equals, gate

_TRIALS = 4  # classes on a sample of which the model is tried
_TRIED = 200_000  # values to compute in trying the loss on every target
_CLASSES = 50  # targets for each of which a loss is recorded


def lesson_of(eager: Any, trained: Sequence[Value], outputs: bool) -> Lesson:
    """Return the lesson that was kept, if it is one for this training, else a new one."""
    kept, eager.kept, model = eager.kept, None, eager.model
    if kept and kept.again(eager.samples, trained, outputs):
        return kept  # type: ignore[no-any-return]
    lesson = Lesson(model, eager.loss, eager.samples, trained, outputs)
    if isinstance(model, Module):
        object.__setattr__(model, "_lesson", lesson if lesson.traces.whole else None)
    return lesson


class Lesson:
    """The program of one sample: its loss, then, if asked for, the model's outputs.

    `values` are the leaves it reads: those to be trained, then every other that it meets. The
    gradient is by all of them. `data` are the rows of the samples. `traces` tell whether what
    was compiled has changed since. Raises `Unfit` where no program does what model and loss do.
    """

    def __init__(
        self,
        model: Callable[[Any], Any],
        loss: Callable[[Any, Any], Any],
        samples: Sequence[Any],
        trained: Sequence[Value],
        outputs: bool,
    ) -> None:
        self._model, self._loss, self._trained = model, loss, list(trained)
        self._outputs = outputs
        self.form = Form.of(samples[0])
        self.targets: dict[float, Any] = {}
        self.traces = Traces(model, loss)
        self._watch = Watch()
        self._take(samples)
        if self.traces.lasting:
            raise Unfit(
                f"a trial would move on {self.traces.lasting}, an iterator of model or loss"
            )
        self._watched(self._make)

    def stands(self, loss: Any) -> bool:
        """Say whether this is still the program of the model with that loss."""
        same = self._loss is loss or (isinstance(loss, MethodType) and bool(self._loss == loss))
        return same and not self.traces.changed()

    def trains(self, values: Sequence[Value]) -> bool:
        return list(map(id, self._trained)) == list(map(id, values))

    def again(self, samples: Sequence[Any], trained: Sequence[Value], outputs: bool) -> bool:
        """Take these samples, and say whether the program is one for them too."""
        if outputs != self._outputs or not self.trains(trained):
            return False
        pairs = map(chain.from_iterable, (self._samples, samples))
        known = self._copies and len(samples) == len(self._samples) and all(map(is_, *pairs))
        if known and self._copies == [x for x, _ in samples]:
            return True
        try:
            self.rows(samples)
            self._take(samples)
            self._watched(self._try)
        except Unfit:  # a new one will say why
            return False
        return True

    def _take(self, samples: Sequence[Any]) -> None:
        """Turn samples into rows, and know them again where they hold lists of plain numbers."""
        self.data, self._samples = self.form.rows(samples), samples
        xs = [x for x, _ in samples]
        plain = {type(x) for x in xs} <= {list, tuple} and self.form.scalar_target
        plain = plain and set(map(type, chain.from_iterable(xs))) <= {float, int, bool}
        self._copies = [x[:] for x in xs] if plain else None

    def _watched(self, trial: Callable[[], None]) -> None:
        """Try something, and put everything back; `Unfit` where model or loss are not for it."""
        failure: Exception | None = None
        try:
            with enable_grad(), self._watch:
                trial()
        except Exception as error:  # whatever somebody's code says to a Value
            failure = error
        finally:
            read, changed = self._read(), self.traces.changed()
            self.traces.restore()
            self._watch.restore()
        if changed:
            changed = (
                f"the model or the loss changes {changed} when it is called, "
                "which a program would not do again"
            )
        if read or changed:
            raise Unfit(read or changed)
        if failure is not None:
            raise Unfit(told(failure)) from failure

    def leaves(self) -> Array:
        """Return the numbers of the leaves as they are now."""
        return numpy.array([value._data for value in self.values], numpy.float64)

    def run(self, leaves: Array, rows: Array, gradient: bool) -> tuple[Array, Array]:
        """Return the outputs (rows, 1 or more) and the gradient of the mean loss.

        Raises `GuardError` where a comparison comes out otherwise than when it was compiled.
        """
        return self.program._guarded(leaves, rows, gradient)

    def rows(self, samples: Sequence[Sequence[Any]]) -> Array:
        """Return the numbers of other samples; `Unfit` where the program is not for them."""
        rows = self.form.rows(samples)
        if self.targets and not set(rows[:, -1].tolist()) <= self.targets.keys():
            raise Unfit("there are classes that the program was not compiled for")
        return rows

    def _make(self) -> None:
        """Compile and try the program, first with a target that is a Value like the inputs.

        A loss that takes a class for an index, or branches on it, is recorded for each class
        instead, with the target as it is in the samples.
        """
        try:
            self._compile()
            self._try()
        except Exception:
            classes = self._classes()
            if not 0 < len(classes) <= _CLASSES:
                raise
            self.targets = {self.data[i, -1].item(): self._samples[i][1] for i in classes}
            self._compile()
            self._try()

    def _compile(self) -> None:
        self._watch.clear()
        inputs = list(map(Value, self.data[0].tolist()))
        x, target = self.form.filled(inputs)
        said = self._model(x)
        value = self._chosen(said, target) if self.targets else self._loss(said, target)
        guards = self._watch.guards
        if self._read():
            raise Unfit(self._read())
        if not isinstance(value, Value):
            raise Unfit(f"the loss of a sample is no Value but {type(value).__name__}")
        wanted = [value, *(map(as_value, listed(said)) if self._outputs else ())]
        wanted += [guard.value for guard in guards]
        known = {id(item) for item in (*self._trained, *inputs)}
        met = nodes(*wanted)
        for old in filter(None, (self.traces.computed.get(id(v)) for v in met)):
            raise Unfit(f"{old} was computed before, and a program would compute it at each step")
        self.values = self._trained + [v for v in met if v._rule is LEAF and id(v) not in known]
        tape = record(wanted, inputs, self.values)
        self.program = Program(tape, single=False, guards=guards, check=False)

    def _read(self) -> str:
        """Return, naming the line, where a number left the graph or was set; "" if none was."""
        where = next((guard.place for guard in self._watch.guards if not guard.compares), "")
        return where and (
            f"{where} (reads or sets a number of a Value, and a program would stay with that of "
            f"one sample; detach() stops a gradient in the graph)"
        )

    def _chosen(self, said: Any, target: Value) -> Any:
        """Return the loss for the target's class, chosen from those for each class."""
        by_class = [(each, self._loss(said, given)) for each, given in self.targets.items()]
        if not all(isinstance(value, Value) for _, value in by_class):
            return by_class[0][1]  # whatever it is, it is no loss
        return sum(gate(equals(target, each), value) for each, value in by_class)

    def _classes(self) -> list[int]:
        """Return the first sample of each target, where a target is one number."""
        if not self.form.scalar_target:
            return []
        return sorted(numpy.unique(self.data[:, -1], return_index=True)[1].tolist())

    def _try(self) -> None:
        """Hold the program against model and loss themselves, on some samples.

        This finds what recording cannot: code that looks at types, or refuses a target. So the
        loss is tried on every class.
        """
        rows, samples, classes = self.data, self._samples, self._classes()
        most = max(_CLASSES, _TRIED // max(len(self.program._tape.op), 1))
        pairs, losses = [], []
        for i in sorted({0, len(rows) // 2, len(rows) - 1, *classes[:_TRIALS]}):
            said = self._model(samples[i][0])
            for k in [i] if i else [0, *classes[:most]]:
                pairs.append((i, k))
                losses.append(number(self._loss(said, samples[k][1])))
            del said
        if self._read():
            raise Unfit(self._read())
        inputs = numpy.size(self.form.x)
        numbers = rows[[i for i, _ in pairs]]
        numbers[:, inputs:] = rows[[k for _, k in pairs], inputs:]
        found = self.run(self.leaves(), numbers, False)[0][:, 0]
        for (i, _), here, there in zip(pairs, found.tolist(), losses):
            if not (math.isclose(here, there, rel_tol=1e-9, abs_tol=1e-12) or here != here):
                raise Unfit(f"compiled, the loss of sample {i} would be {here}, not {there}")


def listed(outputs: Any) -> list[Any]:
    """Return what a model says as a list of values and numbers; `Unfit` if it is not that."""
    items = [outputs] if isinstance(outputs, Value) or is_number(outputs) else list(outputs)
    for item in items:
        if not isinstance(item, Value) and not is_number(item):
            raise Unfit(f"the model's outputs hold {type(item).__name__}, not values alone")
    return items


def told(error: Exception) -> str:
    """Return what an error says, and the line outside the package that led to it."""
    if isinstance(error, GuardError):
        return f"{str(error).splitlines()[0]} (another sample takes another branch)"
    if isinstance(error, (Unfit, Unusual)):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    outside = [frame for frame in frames if not is_own(frame.filename)]
    text = f"{type(error).__name__}: {error}"
    if not outside:
        return text
    last = outside[-1]
    return f"{last.filename}, line {last.lineno}: {last.line} ({text})"
