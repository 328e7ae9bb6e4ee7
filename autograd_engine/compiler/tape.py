"""The tape: a recorded graph as flat arrays, parameters first, every operand before its uses.

With this module a graph of Values becomes plain numbers that no back end has to walk: the
primitive of each value, and where its operands stand.

>>> from autograd_engine.engine import Value
>>> a, b = Value(2.0, "a"), Value(3.0, "b")
>>> tape = record([a * b + 1.0], inputs=[b])
>>> tape.parameters, tape.constants, tape.outputs
([Value(data=2.0, grad=0.0, label='a')], [1.0], [4])
>>> [(rule.name, x, y) for rule, x, y in tape.instructions()]
[('multiply', 0, 1), ('add', 3, 2)]
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy

from autograd_engine.compiler.symbols import Symbol
from autograd_engine.engine import Value, topological_order
from autograd_engine.notes import noted
from autograd_engine.primitives import Primitive
from autograd_engine.table import CONSTANT, LEAF, POWER


@dataclass
class Tape:
    """A graph as numbers. Places on the tape are counted from 0, in this order:

    `parameters`, `others` (leaves that are neither), `inputs`, `constants`, then the computed
    values. Computed value k stands at place `start + k`; it is the primitive `rules[op[k]]` of
    the values at the places `x[k]` and, if not -1, `y[k]`. `names` holds the labels given.
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

    @property
    def start(self) -> int:
        """The place of the first computed value."""
        return len(self.parameters) + len(self.others) + len(self.inputs) + len(self.constants)

    @property
    def size(self) -> int:
        """The number of values on the tape."""
        return self.start + len(self.op)

    def instructions(self) -> Iterator[tuple[Primitive, int, int]]:
        """Yield each computed value's primitive and the places of its operands."""
        rules = self.rules
        for op, x, y in zip(self.op, self.x, self.y):
            yield rules[op], x, y


def turned(tape: Tape) -> Tape:
    """Return the tape with its inputs as parameters, and the parameters among the other leaves."""
    fixed, width = len(tape.parameters) + len(tape.others), len(tape.inputs)
    moved = numpy.arange(tape.size + 1, dtype=numpy.int32)
    moved[:fixed] += width
    moved[fixed : fixed + width] -= fixed
    moved[-1] = -1  # no operand stays none
    return replace(
        tape,
        parameters=tape.inputs,
        others=[*tape.parameters, *tape.others],
        inputs=[],
        x=array("i", moved[numpy.frombuffer(tape.x, numpy.int32)].tobytes()),
        y=array("i", moved[numpy.frombuffer(tape.y, numpy.int32)].tobytes()),
        outputs=moved[tape.outputs].tolist(),
        names={int(moved[place]): name for place, name in tape.names.items()},
    )


def record(
    outputs: Sequence[Value],
    inputs: Sequence[Value] = (),
    parameters: Sequence[Value] | None = None,
) -> Tape:
    """Return the tape of the graph below the outputs, in time and memory linear in its size.

    Without `parameters`, every leaf that is no input is one, in topological order. What has
    constants only for operands becomes a constant; `x**number` is a power of two operands.
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
        if value.rule is CONSTANT:
            kinds.append(_CONSTANT)
            numbers.append(value.data)
        else:
            kinds.append(_PARAMETER if parameters is None and value.rule is LEAF else _OTHER)
            leaves.append(value)
        if value.label:
            names[found] = value.label
        return found

    for kind, given in ((_PARAMETER, parameters or ()), (_INPUT, inputs)):
        for value in given:
            kinds[meet(value)] = kind

    def exponent(rule: Primitive) -> int:
        """Give the exponent of `x**number` a place."""
        if rule not in exponents:
            exponents[rule] = len(kinds)
            kinds.append(_CONSTANT)
            numbers.append(float(rule.name[2:]))
        return exponents[rule]

    exponents: dict[Primitive, int] = {}

    def found(value: Value) -> int:
        """Return the place of an operand."""
        here = place.get(id(value), -1)
        return meet(value) if here < 0 else here

    def emit(rule: Primitive, i: int, j: int, data: float) -> int:
        """Append an operation, whose value now is `data`, and return its place."""
        here = len(kinds)
        if kinds[i] == _CONSTANT and (j < 0 or kinds[j] == _CONSTANT):
            kinds.append(_CONSTANT)
            numbers.append(data)
            return here
        kinds.append(_COMPUTED)
        op.append(rules.setdefault(rule, len(rules)))
        xs.append(i)
        ys.append(j)
        return here

    def placed(item: Any) -> int:
        """Return the place of what stands on the tape already, or give a number one."""
        if isinstance(item, _Placed):
            return item.place
        kinds.append(_CONSTANT)
        numbers.append(float(item))
        return len(kinds) - 1

    def written(rule: Primitive, operands: tuple[Any, ...]) -> Any:
        """Append an operation of those that another is written out in."""
        if rule.written_out is not None:
            return rule.written_out(*operands)
        places = [placed(item) for item in operands]
        return _Placed(emit(rule, *places, *[-1] * (2 - len(places)), math.nan), written)

    def operand_of(value: Value) -> Any:
        """Return an operand to write out with: a constant as its number, on which it may branch."""
        if value.rule is CONSTANT or kinds[found(value)] == _CONSTANT:
            return value._data
        return _Placed(found(value), written)

    for node in order:
        x, y, rule = node.x, node.y, node.rule
        if rule.written_out is not None:
            here = placed(written(rule, tuple(map(operand_of, node.operands))))
        else:
            i, j = found(x), -1  # type: ignore[arg-type]
            if y is not None:
                j = found(y)
            elif rule.name.startswith("**"):
                j, rule = exponent(rule), POWER
            here = emit(rule, i, j, node._data)
        place[id(node)] = here
        if kinds[here] == _COMPUTED and noted(node).label:
            names[here] = noted(node).label
    tops = [place[id(v)] if id(v) in place else meet(v) for v in outputs]

    # From the order in which they were met to that of the tape.
    by_kind = numpy.argsort(numpy.frombuffer(kinds, numpy.uint8), kind="stable")
    moved = numpy.empty(len(kinds) + 1, numpy.int32)
    moved[by_kind] = numpy.arange(len(kinds), dtype=numpy.int32)
    moved[-1] = -1  # no operand stays none
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
        x=array("i", moved[numpy.frombuffer(xs, numpy.int32)].tobytes()),
        y=array("i", moved[numpy.frombuffer(ys, numpy.int32)].tobytes()),
        outputs=moved[tops].tolist(),
        names={int(moved[i]): name for i, name in names.items()},
    )


class _Placed(Symbol):
    """A place on the tape, to be computed with."""

    __slots__ = ("place", "append")

    def __init__(self, place: int, append: Callable[..., Any]) -> None:
        super().__init__()
        self.place = place
        self.append = append

    def __primitive__(self, rule: Primitive, operands: tuple[Any, ...]) -> Any:
        return self.append(rule, operands)


_PARAMETER, _OTHER, _INPUT, _CONSTANT, _COMPUTED = range(5)
