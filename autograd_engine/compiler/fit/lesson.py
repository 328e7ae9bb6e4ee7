"""Lesson: the loss of one sample, and what the model says of it, as a program of its numbers."""

from __future__ import annotations

import math
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import chain
from operator import is_
from types import MethodType
from typing import Any

import numpy

from autograd_engine.blocks import enable_grad, is_own
from autograd_engine.compiler.call.guards import COMPARISONS, Guard, GuardError, Watch
from autograd_engine.compiler.call.inputs import floats
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
Graph = tuple[list[Value], list[Value], list[Guard]]  # values in order, outputs, guards

_TRIALS = 4  # classes on a sample of which the model is tried
_TRIED = 200_000  # values to compute in trying the loss on every target
_CLASSES = 50  # targets for each of which a loss is recorded


class Unfit(ValueError):
    """Says why samples, model, loss or optimizer are not for a program; nothing is changed yet."""


def rows_like(first: Any, samples: Sequence[Any]) -> Array:
    """Return the numbers of all samples, a row each; `Unfit` where one is not like the first."""
    found = []
    for what, items, form in zip(("inputs", "targets"), zip(*samples), first):
        rows = None
        with suppress(TypeError, ValueError):
            rows = floats(items, what, ())
        if rows is None or rows.shape[1:] != numpy.shape(form):
            raise Unfit(f"the {what} are not all numbers, or lists, tuples or arrays of one shape")
        found.append(rows.reshape(len(items), -1))
    return numpy.ascontiguousarray(numpy.concatenate(found, axis=1))


class Lesson:
    """The program of one sample: its loss, then, if asked for, the model's outputs.

    `trained` are the leaves to be trained, `values` they and every other that it meets, `data` the
    rows of the samples. `run(leaves, rows, gradient)` gives the outputs and the gradient of the
    mean loss by all `values`. Raises `Unfit` where no program does what model and loss do.
    """

    def __init__(
        self, model: Any, loss: Any, samples: Sequence[Any], trained: Sequence[Value], outputs: bool
    ) -> None:
        self._model, self._loss, self._outputs = model, loss, outputs
        self._given, self._first = list(trained), samples[0]
        self.trained = list({id(value): value for value in trained}.values())  # each once
        self._traces, self._watch = Traces(model, loss), Watch()
        self._targets: dict[float, Any] = {}
        self._take(samples, rows_like(self._first, samples))
        self._inputs = list(map(Value, self.data[0].tolist()))
        self._known = set(map(id, (*self.trained, *self._inputs)))
        if self._traces.lasting:
            raise Unfit(f"a trial would move on {self._traces.lasting}, an iterator")
        self._watched(self._make)

    def stands(self, model: Any, loss: Any) -> bool:
        """Say whether this is still the program of that model with that loss, by recording anew."""
        same = self._loss is loss or (isinstance(loss, MethodType) and bool(self._loss == loss))
        same = same and all(value._data.hex() == number for value, number in self._constants)
        if same and self._model is model and not self._traces.changed():
            with suppress(Unfit):
                return alike(self._graph, self._watched(self._recorded), self._known)
        return False

    def trains(self, values: Sequence[Value]) -> bool:
        return len(values) == len(self._given) and all(map(is_, values, self._given))

    def again(self, samples: Sequence[Any], outputs: bool) -> bool:
        """Take these samples, and say whether the program is one for them too."""
        columns = [*map(list, zip(*samples))]
        with suppress(ValueError):  # a new one will say why
            if not (set(map(type, columns[0])) <= {list, tuple} and columns == self._copies):
                rows = self.rows(samples)
                if rows.tobytes() != self.data.tobytes():
                    self._take(samples, rows)
                    self._watched(self._try)
            return outputs == self._outputs
        return False

    def leaves(self, name: str = "_data") -> Array:
        found = numpy.empty(len(self.values))
        self.program._feed.read(self.values, found, 0, name)
        return found

    def run(self, leaves: Array, rows: Array, gradient: bool) -> tuple[Array, Array]:
        outputs, slopes = self.program._trusted(leaves, rows, gradient)
        losses = outputs[:, 0]
        if not (math.isfinite(numpy.add.reduce(losses)) or numpy.isfinite(losses).all()):
            raise Unfit("the loss of a sample is not finite")
        return outputs, slopes

    def rows(self, samples: Sequence[Any]) -> Array:
        """Return the numbers of other samples; `Unfit` where the program is not for them."""
        rows = rows_like(self._first, samples)
        if self._targets and not set(rows[:, -1].tolist()) <= self._targets.keys():
            raise Unfit("there are classes that the program was not compiled for")
        return rows

    def _take(self, samples: Sequence[Any], rows: Array) -> None:
        """Keep samples, to be known again where they hold lists of plain numbers."""
        self.data, self._samples = rows, samples
        xs, targets = map(list, zip(*samples))
        plain = set(map(type, xs)) <= {list, tuple}
        plain = plain and set(map(type, chain(targets, *xs))) <= {float, int, bool}
        self._copies = [[x[:] for x in xs], targets] if plain else None
        firsts = numpy.unique(rows[:, -1], return_index=True)[1].tolist()
        self._classes = sorted(firsts) if is_number(self._first[1]) else []  # each first met there

    def _watched(self, trial: Callable[[], Any]) -> Any:
        """Try something, and put everything back; `Unfit` where model or loss are not for it."""
        failure: Exception | None = None
        try:
            with enable_grad(), seldom_collected(), self._watch:
                found = trial()
        except Exception as error:  # whatever somebody's code says to a Value
            failure = error
        finally:
            changed = self._traces.changed(back=True)
            read = self._read()
            self._watch.restore()
        if read:
            raise Unfit(read)
        if changed:
            raise Unfit(f"the model or the loss changes {changed} when it is called")
        if failure:
            raise Unfit(told(failure)) from failure
        return found

    def _make(self) -> None:
        """Compile with a target that is a Value; where it is an index, with each class as it is."""
        try:
            self._compile()
        except Exception:
            if not 0 < len(self._classes) <= _CLASSES:
                raise
            self._targets = {self.data[i, -1].item(): self._samples[i][1] for i in self._classes}
            self._compile()

    def _compile(self) -> None:
        self._graph = _, wanted, guards = self._recorded()
        met = nodes(*wanted)
        for old in filter(None, (self._traces.computed.get(id(v)) for v in met)):
            raise Unfit(f"{old} was computed before, and a program would compute it at each step")
        self._constants = [(v, v._data.hex()) for v in met if v._rule is CONSTANT]
        others = [v for v in met if v._rule is LEAF and id(v) not in self._known]
        self.values = self.trained + others
        tape = record(wanted, self._inputs, self.values)
        self.program = Program(tape, single=False, guards=guards, check=False)
        self._try()

    def _recorded(self) -> Graph:
        """Return what becomes of inputs like the first sample."""
        self._watch.restore()
        rest = iter(self._inputs)
        x, target = map_numbers(lambda _: next(rest), [*self._first])
        said = self._model(x)
        value = self._by_class(said, target) if self._targets else self._loss(said, target)
        if read := self._read():
            raise Unfit(read)
        if not isinstance(value, Value):
            raise Unfit(f"the loss of a sample is no Value but {type(value).__name__}")
        guards = self._watch.guards
        outputs = map(as_value, outputs_of(said)[0]) if self._outputs else ()
        wanted = [value, *outputs, *(guard.value for guard in guards)]
        return topological_order(*wanted), wanted, guards

    def _read(self) -> str:
        """Return the line where a number left the graph or was set, and why that is unfit."""
        what = "reads or sets a number of a Value, and a program would stay with that of one sample"
        read = [guard.place for guard in self._watch.guards if guard.name not in COMPARISONS]
        return f"{read[0]} ({what}; detach() stops a gradient in the graph)" if read else ""

    def _by_class(self, said: Any, target: Value) -> Any:
        found = [(each, self._loss(said, given)) for each, given in self._targets.items()]
        if all(isinstance(value, Value) for _, value in found):
            return sum(gate(equals(target, each), value) for each, value in found)
        return found[0][1]  # whatever it is, it is no loss

    def _try(self) -> None:
        """Hold the program against model and loss themselves on some samples, the loss on every
        class: recording does not find code that looks at types, or refuses a target.
        """
        rows, samples = self.data, self._samples
        most = max(_CLASSES, _TRIED // max(len(self.program._tape.op), 1))
        tried = sorted({0, len(rows) // 2, len(rows) - 1, *self._classes[:_TRIALS]})
        pairs = [(i, k) for i in tried for k in ([i] if i else [0, *self._classes[:most]])]
        said = {i: self._model(samples[i][0]) for i in tried}
        losses = [number(self._loss(said[i], samples[k][1])) for i, k in pairs]
        inputs = numpy.size(self._first[0])
        numbers = rows[[i for i, _ in pairs]]
        numbers[:, inputs:] = rows[[k for _, k in pairs], inputs:]
        found = self.program._trusted(self.leaves(), numbers, False)[0][:, 0]
        for (i, _), here, there in zip(pairs, found.tolist(), losses):
            if not (math.isclose(here, there, rel_tol=1e-9, abs_tol=1e-12) or here != here):
                raise Unfit(f"compiled, the loss of sample {i} would be {here}, not {there}")


def alike(kept: Graph, now: Graph, known: set[int]) -> bool:
    """Say whether two recordings are of the same operations on the same leaves. One that is not
    `known` by its id may be another of the same number, such as a model makes anew.
    """
    twin: dict[int, Value] = {}  # of what was recorded now
    asked = [[(guard.name, guard.expected.hex()) for guard in graph[2]] for graph in (kept, now)]

    def free(x: Value, y: Value) -> bool:
        unknown = x._x is None and y._x is None and known.isdisjoint((id(x), id(y)))
        return unknown and x._rule is y._rule and x._data.hex() == y._data.hex()

    def same(xs: Sequence[Value], ys: Sequence[Value]) -> bool:
        if len(xs) != len(ys) or all(map(is_, xs, ys)):
            return len(xs) == len(ys)
        ys = [*map(twin.get, map(id, ys), ys)]
        return all(map(is_, xs, ys)) or all(x is y or free(x, y) for x, y in zip(xs, ys))

    for x, y in zip(kept[0], now[0]):
        if x._rule is not y._rule or not same(x.operands, y.operands):
            return False
        twin[id(y)] = x
    return len(kept[0]) == len(now[0]) and same(kept[1], now[1]) and asked[0] == asked[1]


def told(error: Exception) -> str:
    """Return what an error says, and the line outside the package that led to it."""
    if isinstance(error, GuardError):
        return f"{str(error).splitlines()[0]} (another sample takes another branch)"
    if isinstance(error, Unfit):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    outside = [f"{f.filename}, line {f.lineno}: {f.line}" for f in frames if not is_own(f.filename)]
    text = f"{type(error).__name__}: {error}"
    return f"{outside[-1]} ({text})" if outside else text
