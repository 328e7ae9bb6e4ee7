"""Lesson: the loss of one sample, and what the model says of it, as a program of its numbers."""

from __future__ import annotations

import math
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import chain, count, starmap
from operator import is_
from types import MethodType
from typing import Any, NamedTuple

import numpy

from autograd_engine.blocks import enable_grad, is_own
from autograd_engine.compiler.call.guards import Guard, GuardError, Watch
from autograd_engine.compiler.call.program import Program
from autograd_engine.compiler.fit.traces import Traces
from autograd_engine.compiler.record.tape import record
from autograd_engine.copies import seldom_collected
from autograd_engine.derivatives import map_numbers, outputs_of
from autograd_engine.engine import Value, as_value, topological_order
from autograd_engine.graph import nodes
from autograd_engine.number import number
from autograd_engine.real import is_number
from autograd_engine.table import CONSTANT, LEAF, equals, gate

Array = Any
Graph = tuple[list[Value], list[Value], list[Guard]]  # inputs, outputs, guards

_TRIALS = 4  # classes on a sample of which the model is tried
_TRIED = 200_000  # values to compute in trying the loss on every target
_CLASSES = 50  # targets for each of which a loss is recorded


class Unfit(ValueError):
    """Says why samples, a model or a loss cannot be compiled."""


class Unusual(Exception):
    """Says what the eager way is to look into, with nothing changed yet."""


class Form(NamedTuple):
    """How the numbers of a sample are laid out: an input and a target like these.

    >>> Form([1.0, 2.0], 1).rows([([1.0, 2.0], 1), ([3.0, 4.0], 0)]).tolist()
    [[1.0, 2.0, 1.0], [3.0, 4.0, 0.0]]
    """

    x: Any
    target: Any

    def rows(self, samples: Sequence[Any]) -> Array:
        """Return the numbers of all samples, a row each; `Unfit` where one is of another form."""
        found = []
        for what, items, form in zip(("inputs", "targets"), zip(*samples), self):
            rows, shape = None, numpy.shape(form)
            with suppress(ValueError):
                rows = numpy.asarray(items)
            if rows is None or rows.shape[1:] != shape:
                raise Unfit(f"the {what} are not all of one shape")
            if rows.dtype.kind not in "fiub":
                odd = [type(item).__name__ for item in rows.flat if not is_number(item)]
                kind = f"are {odd[0]}, not" if rows.dtype == object else "hold something else than"
                raise Unfit(f"the {what} {kind} numbers, lists, tuples or arrays of them")
            found.append(rows.astype(numpy.float64).reshape(len(items), -1))
        return numpy.ascontiguousarray(numpy.concatenate(found, axis=1))


def lesson_of(eager: Any, trained: Sequence[Value], outputs: bool) -> Lesson:
    """Return the lesson that was kept, if it is one for this training, else a new one."""
    lesson, eager.kept.lesson = eager.kept.lesson, None
    if not (lesson and lesson.trains(trained) and lesson.again(eager.samples, outputs)):
        lesson = Lesson(eager.model, eager.loss, eager.samples, trained, outputs)
    eager.kept.lesson = lesson
    return lesson  # type: ignore[no-any-return]


class Lesson:
    """The program of one sample: its loss, then, if asked for, the model's outputs.

    `values` are the leaves it reads: those to be trained, then every other that it meets.
    `leaves()` are their numbers now, `run(leaves, rows, gradient)` gives the outputs and the
    gradient of the mean loss by all of them. `data` are the rows of the samples. Raises `Unfit`
    where no program does what model and loss do.
    """

    def __init__(
        self, model: Any, loss: Any, samples: Sequence[Any], trained: Sequence[Value], outputs: bool
    ) -> None:
        self._model, self._loss, self._outputs = model, loss, outputs
        self._trained, self.form = list(trained), Form(*samples[0])
        self._single = is_number(self.form.target)  # a class, or a number to predict
        self._targets: dict[float, Any] = {}
        self._traces, self._watch = Traces(model, loss), Watch()
        self._take(samples, self.form.rows(samples))
        self._first = self.data[0].tolist()
        if self._traces.lasting:
            raise Unfit(f"a trial would move on {self._traces.lasting}, an iterator")
        self._watched(self._make)

    def stands(self, model: Any, loss: Any) -> bool:
        """Say whether this is still the program of that model with that loss, by recording anew."""
        same = self._loss is loss or (isinstance(loss, MethodType) and bool(self._loss == loss))
        same = same and all(value._data.hex() == number for value, number in self._constants)
        if same and self._model is model and not self._traces.changed():
            with suppress(Unfit):
                now = self._watched(lambda: signature(self._trained, *self._recorded()))
                met = zip(now[1], self._signature[1])
                return bool(now[0] == self._signature[0] and all(starmap(alike, met)))
        return False

    def trains(self, values: Sequence[Value]) -> bool:
        return len(values) == len(self._trained) and all(map(is_, values, self._trained))

    def again(self, samples: Sequence[Any], outputs: bool) -> bool:
        """Take these samples, and say whether the program is one for them too."""
        pairs = map(chain.from_iterable, (self._samples, samples))
        known = self._copies and len(samples) == len(self._samples) and all(map(is_, *pairs))
        if outputs != self._outputs or (known and self._copies == [x for x, _ in samples]):
            return outputs == self._outputs
        with suppress(Unfit):  # a new one will say why
            self._take(samples, self.rows(samples))
            self._watched(self._try)
            return True
        return False

    def leaves(self, name: str = "_data") -> Array:
        found = numpy.empty(len(self.values))
        self.program._feed.read(self.values, found, 0, name)
        return found

    def rows(self, samples: Sequence[Any]) -> Array:
        """Return the numbers of other samples; `Unfit` where the program is not for them."""
        rows = self.form.rows(samples)
        if self._targets and not set(rows[:, -1].tolist()) <= self._targets.keys():
            raise Unfit("there are classes that the program was not compiled for")
        return rows

    def _take(self, samples: Sequence[Any], rows: Array) -> None:
        """Keep samples, to be known again where they hold lists of plain numbers."""
        self.data, self._samples, xs = rows, samples, [x for x, _ in samples]
        plain = self._single and {type(x) for x in xs} <= {list, tuple}
        plain = plain and set(map(type, chain.from_iterable(xs))) <= {float, int, bool}
        self._copies = [x[:] for x in xs] if plain else None

    def _watched(self, trial: Callable[[], Any]) -> Any:
        """Try something, and put everything back; `Unfit` where model or loss are not for it."""
        found, failure = None, None
        changed: str | None = "something"
        try:
            try:
                with enable_grad(), seldom_collected(), self._watch:
                    found = trial()
            except Exception as error:  # whatever somebody's code says to a Value
                failure = error
            self._unread()
            # Where all is as it was, the calls did what they did then.
            changed = None if found is True else self._traces.changed()
        finally:
            if changed is not None:  # or nobody knows
                self._traces.restore()
            self._watch.restore()
        if changed:
            raise Unfit(f"the model or the loss changes {changed} when it is called")
        if failure is not None:
            raise Unfit(told(failure)) from failure
        return found

    def _make(self) -> None:
        """Compile and try the program with a target that is a Value like the inputs; where the loss
        takes a class for an index, or branches on it, with each class as it is in the samples.
        """
        try:
            self._compile()
            self._try()
        except Exception:
            classes = self._classes()
            if not 0 < len(classes) <= _CLASSES:
                raise
            self._targets = {self.data[i, -1].item(): self._samples[i][1] for i in classes}
            self._compile()
            self._try()

    def _compile(self) -> None:
        inputs, wanted, guards = self._recorded()
        self._signature = signature(self._trained, inputs, wanted, guards)
        known, met = {id(item) for item in (*self._trained, *inputs)}, nodes(*wanted)
        for old in filter(None, (self._traces.computed.get(id(v)) for v in met)):
            raise Unfit(f"{old} was computed before, and a program would compute it at each step")
        self.values = self._trained + [v for v in met if v._rule is LEAF and id(v) not in known]
        self._constants = [(v, v._data.hex()) for v in met if v._rule is CONSTANT]
        tape = record(wanted, inputs, self.values)
        self.program = Program(tape, single=False, guards=guards, check=False)
        self.run = self.program._guarded

    def _recorded(self) -> Graph:
        """Return inputs like the first sample, what becomes of them, and the guards."""
        self._watch.clear()
        inputs = list(map(Value, self._first))
        rest = iter(inputs)
        x, target = map_numbers(lambda _: next(rest), [*self.form])
        said = self._model(x)
        value = self._by_class(said, target) if self._targets else self._loss(said, target)
        self._unread()
        if not isinstance(value, Value):
            raise Unfit(f"the loss of a sample is no Value but {type(value).__name__}")
        wanted = [value, *(map(as_value, outputs_of(said)[0]) if self._outputs else ())]
        guards = self._watch.guards
        return inputs, wanted + [guard.value for guard in guards], guards

    def _unread(self) -> None:
        """Raise `Unfit`, naming the line, where a number left the graph or was set."""
        for guard in self._watch.guards:
            if not guard.compares:
                raise Unfit(
                    f"{guard.place} (reads or sets a number of a Value, and a program would stay "
                    f"with that of one sample; detach() stops a gradient in the graph)"
                )

    def _by_class(self, said: Any, target: Value) -> Any:
        found = [(each, self._loss(said, given)) for each, given in self._targets.items()]
        if not all(isinstance(value, Value) for _, value in found):
            return found[0][1]  # whatever it is, it is no loss
        return sum(gate(equals(target, each), value) for each, value in found)

    def _classes(self) -> list[int]:
        found = numpy.unique(self.data[:, -1], return_index=True)[1] if self._single else []
        return sorted(map(int, found))

    def _try(self) -> None:
        """Hold the program against model and loss themselves on some samples, the loss on every
        class: recording does not find code that looks at types, or refuses a target.
        """
        rows, samples, classes = self.data, self._samples, self._classes()
        most = max(_CLASSES, _TRIED // max(len(self.program._tape.op), 1))
        tried = sorted({0, len(rows) // 2, len(rows) - 1, *classes[:_TRIALS]})
        pairs = [(i, k) for i in tried for k in ([i] if i else [0, *classes[:most]])]
        said = {i: self._model(samples[i][0]) for i in tried}
        losses = [number(self._loss(said[i], samples[k][1])) for i, k in pairs]
        self._unread()
        inputs = numpy.size(self.form.x)
        numbers = rows[[i for i, _ in pairs]]
        numbers[:, inputs:] = rows[[k for _, k in pairs], inputs:]
        found = self.run(self.leaves(), numbers, False)[0][:, 0]
        for (i, _), here, there in zip(pairs, found.tolist(), losses):
            if not (math.isclose(here, there, rel_tol=1e-9, abs_tol=1e-12) or here != here):
                raise Unfit(f"compiled, the loss of sample {i} would be {here}, not {there}")


def signature(
    trained: Sequence[Value], inputs: list[Value], outputs: list[Value], guards: list[Guard]
) -> tuple[list[Any], list[Value]]:
    """Return what is equal for two recordings of the same operations on the same trained leaves,
    and the other leaves and constants that they met, in order.
    """
    places = dict(zip(map(id, chain(trained, inputs)), count()))
    found: list[Any] = [(guard.name, guard.expected.hex()) for guard in guards]
    met: list[Value] = []
    for node in (*topological_order(*outputs), *outputs):
        operands = node.operands if id(node) not in places else (node,)
        at = list(map(places.get, map(id, operands)))
        if None in at:
            met += [operand for operand, place in zip(operands, at) if place is None]
        found += [node._rule, *at]
        places.setdefault(id(node), len(places))
    return found, met


def alike(x: Value, y: Value) -> bool:
    """Say whether leaves are one, or two of the same number, such as a model makes anew."""
    return x is y or (x._rule is y._rule and x._data.hex() == y._data.hex())


def told(error: Exception) -> str:
    """Return what an error says, and the line outside the package that led to it."""
    if isinstance(error, GuardError):
        return f"{str(error).splitlines()[0]} (another sample takes another branch)"
    if isinstance(error, (Unfit, Unusual)):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    outside = [f"{f.filename}, line {f.lineno}: {f.line}" for f in frames if not is_own(f.filename)]
    text = f"{type(error).__name__}: {error}"
    return f"{outside[-1]} ({text})" if outside else text
