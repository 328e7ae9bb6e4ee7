"""The tape: a recorded graph as flat arrays, parameters first, every operand before its uses.

With this module a graph of Values becomes plain numbers that no back end has to walk: the
primitive of each value, and where its operands stand.

>>> from autograd_engine.engine import Value
>>> a, b = Value(2.0, "a"), Value(3.0, "b")
>>> tape = record([a * b + 1.0], inputs=[b])
>>> tape.parameters, tape.constants, tape.outputs
([Value(data=2.0, grad=0.0, label='a')], [1.0], [4])
>>> [(rule.name, places) for rule, places in tape.instructions()]
[('multiply', (0, 1)), ('add', (3, 2))]
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from typing import Any

import numpy

from autograd_engine.engine import Value, topological_order
from autograd_engine.notes import NOTHING
from autograd_engine.primitives import Primitive
from autograd_engine.table import CONSTANT, LEAF


@dataclass
class Tape:
    """A graph as numbers. Places on the tape are counted from 0, in this order:

    `parameters`, `others` (leaves that are neither), `inputs`, `constants`, then the computed
    values. Computed value k stands at place `start + k`; it is the primitive `rules[op[k]]` of
    the values at the places `x[k]` and, if not -1, `y[k]`. One of several operands has them at
    the places `many[-2 - y[k]]`. `names` holds the labels given.
    """

    parameters: list[Value]
    others: list[Value]
    inputs: list[Value]
    constants: list[float]
    rules: list[Primitive]
    op: array[int]
    x: array[int]
    y: array[int]
    outputs: list[int]
    names: dict[int, str] = field(default_factory=dict)
    many: tuple[tuple[int, ...], ...] = ()  # which tapes in pickles of version 0.1.0 do not have

    @property
    def start(self) -> int:
        """The place of the first computed value."""
        return len(self.parameters) + len(self.others) + len(self.inputs) + len(self.constants)

    @property
    def size(self) -> int:
        """The number of values on the tape."""
        return self.start + len(self.op)

    def instructions(self) -> Iterator[tuple[Primitive, tuple[int, ...]]]:
        """Yield each computed value's primitive and the places of its operands."""
        for op, x, y in zip(self.op, self.x, self.y):
            yield self.rules[op], (x, y) if y >= 0 else (x,) if y == -1 else self.many[-2 - y]


def turned(tape: Tape) -> Tape:
    """Return the tape with its inputs as parameters, and the parameters among the other leaves."""
    fixed, width = len(tape.parameters) + len(tape.others), len(tape.inputs)
    moved = numpy.arange(tape.size + 1, dtype=numpy.int32)
    moved[:fixed] += width
    moved[fixed : fixed + width] -= fixed
    return replace(
        tape,
        parameters=tape.inputs,
        others=[*tape.parameters, *tape.others],
        inputs=[],
        **_moved(moved, tape.x, tape.y, tape.many),
        outputs=moved[tape.outputs].tolist(),
        names={int(moved[place]): name for place, name in tape.names.items()},
    )


def _moved(to: Any, x: array[int], y: array[int], many: Sequence[Sequence[int]]) -> dict[str, Any]:
    """Return the operands of a tape, from the places in which they were given."""
    xs, ys = numpy.frombuffer(x, numpy.int32), numpy.frombuffer(y, numpy.int32)
    flat = numpy.fromiter(chain.from_iterable(many), numpy.int32)
    places = iter(to[flat].tolist())
    return {
        "x": array("i", to[xs].tobytes()),
        "y": array("i", numpy.where(ys < 0, ys, to[ys]).tobytes()),
        "many": tuple([tuple(islice(places, len(operands))) for operands in many]),
    }


def record(
    outputs: Sequence[Value],
    inputs: Sequence[Value] = (),
    parameters: Sequence[Value] | None = None,
) -> Tape:
    """Return the tape of the graph below the outputs, in time and memory linear in its size.

    Without `parameters`, every leaf that is no input is one, in topological order. What has
    constants only for operands becomes a constant.
    A value made without partials is taken as it is at each call, like a leaf.
    """
    order = topological_order(*outputs)
    place: dict[int, int] = {}  # of each value, by id: first in the order in which it is met
    kinds = bytearray()  # of each place: _PARAMETER, ...
    leaves: list[Value] = []
    numbers: list[float] = []
    names: dict[int, str] = {}
    rules: dict[Primitive, int] = {}
    op, xs, ys = array("i"), array("i"), array("i")

    def meet(value: Value) -> int:
        """Give a leaf or constant a place."""
        found = place[id(value)] = len(kinds)
        if value._rule is CONSTANT:
            kinds.append(_CONSTANT)
            numbers.append(value.data)
        else:
            kinds.append(_PARAMETER if parameters is None and value._rule is LEAF else _OTHER)
            leaves.append(value)
        if value.label:
            names[found] = value.label
        return found

    for kind, given in ((_PARAMETER, parameters or ()), (_INPUT, inputs)):
        for value in given:
            kinds[meet(value)] = kind

    many: list[list[int]] = []
    for node in order:
        rule, j = node._rule, -1
        if rule.several:
            operands = node.operands
            places: list[Any] = list(map(place.get, map(id, operands)))
            if None in places:
                places = [place[id(v)] if id(v) in place else meet(v) for v in operands]
            i, j = places[0], -2 - len(many)
            fixed = kinds[i] == _CONSTANT and all(kinds[found] == _CONSTANT for found in places)
        else:
            x, y = node._x, node._y
            i = place.get(id(x), -1)
            if i < 0:
                i = meet(x)  # type: ignore[arg-type]
            if y is not None:
                j = place.get(id(y), -1)
                if j < 0:
                    j = meet(y)
            fixed = kinds[i] == _CONSTANT and (j < 0 or kinds[j] == _CONSTANT)
        here = place[id(node)] = len(kinds)
        if fixed:
            kinds.append(_CONSTANT)
            numbers.append(node._data)
            continue
        if rule.several:
            many.append(places)
        kinds.append(_COMPUTED)
        op.append(rules.setdefault(rule, len(rules)))
        xs.append(i)
        ys.append(j)
        note = getattr(node, "_note", NOTHING)  # as `noted`, without a call
        if note.label:
            names[here] = note.label
    tops = [place[id(v)] if id(v) in place else meet(v) for v in outputs]

    # From the order in which they were met to that of the tape.
    by_kind = numpy.argsort(numpy.frombuffer(kinds, numpy.uint8), kind="stable")
    moved = numpy.empty(len(kinds) + 1, numpy.int32)  # one more, to be read where there is none
    moved[by_kind] = numpy.arange(len(kinds), dtype=numpy.int32)
    by_place = sorted(leaves, key=lambda leaf: moved[place[id(leaf)]])
    kind_of = {id(leaf): kinds[place[id(leaf)]] for leaf in leaves}
    of = [[leaf for leaf in by_place if kind_of[id(leaf)] == kind] for kind in range(_CONSTANT)]
    return Tape(
        parameters=of[_PARAMETER],
        others=of[_OTHER],
        inputs=of[_INPUT],
        constants=numbers,
        rules=list(rules),
        op=op,
        **_moved(moved, xs, ys, many),
        outputs=moved[tops].tolist(),
        names={int(moved[i]): name for i, name in names.items()},
    )


_PARAMETER, _OTHER, _INPUT, _CONSTANT, _COMPUTED = range(5)
