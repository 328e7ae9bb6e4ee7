"""The tape: a recorded graph as flat arrays, parameters first, every operand before its uses.

>>> from autograd_engine.engine import Value
>>> a, b = Value(2.0, "a"), Value(3.0, "b")
>>> tape = record([a * b + 1.0], inputs=[b])
>>> tape.parameters, tape.constants, tape.outputs
([Value(data=2.0, grad=0.0, label='a')], [1.0], [4])
>>> [(rule.name, places) for rule, places in tape.instructions()]
[('multiply', (0, 1)), ('add', (3, 2))]
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy

from autograd_engine.compiler.record.symbols import OWN
from autograd_engine.engine import Value, topological_order
from autograd_engine.notes import NOTHING
from autograd_engine.primitives import Primitive
from autograd_engine.table import CONSTANT, LEAF


@dataclass
class Tape:
    """A graph as numbers. Places on the tape are counted from 0, in this order:

    `parameters`, `others` (leaves that are neither), `inputs`, `constants`, then the computed
    values. Computed value k stands at place `start + k`; it is the primitive `rules[op[k]]` of
    the values at the places `x[k]` and, if not -1, `y[k]`. Of one of several operands `many` tells
    from `-2 - y[k]` on how many it has, and their places. `names` holds the labels given.
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
    many: Sequence[int] = ()  # which tapes in pickles of version 0.1.0 do not have

    @property
    def first(self) -> int:
        """The place of the first constant."""
        return len(self.parameters) + len(self.others) + len(self.inputs)

    @property
    def start(self) -> int:
        """The place of the first computed value."""
        return self.first + len(self.constants)

    @property
    def size(self) -> int:
        return self.start + len(self.op)

    def operands(self) -> Iterator[Any]:
        for x, y in zip(self.x, self.y):
            yield (x, y) if y >= 0 else (x,) if y == -1 else self.several(y)

    def several(self, y: int) -> Sequence[int]:
        """Return the places of several operands, by what stands for them."""
        return self.many[-1 - y : -1 - y + self.many[-2 - y]]

    def instructions(self) -> Iterator[tuple[Primitive, Any]]:
        """Yield each computed value's primitive and the places of its operands."""
        return zip(map(self.rules.__getitem__, self.op), self.operands())


PARAMETER, OTHER, INPUT, NUMBER, COMPUTED = range(5)
bits = struct.Struct("d").pack


class Draft:
    """A tape that is being written: places count what it has in the order in which it came, of
    `kinds` PARAMETER, ...; it begins with the leaves of a tape that is given.
    """

    def __init__(self, old: Tape | None = None) -> None:
        self.kinds = bytearray()
        self.leaves: list[Value] = []
        self.number: dict[int, float] = {}  # the constants, by place
        self.known: dict[bytes, int] = {}  # by their bits: 0.0 is not -0.0
        self.rules: dict[Primitive, int] = {}
        self.op, self.x, self.y = array("i"), array("i"), array("i")
        self.many: list[int] = []
        if old is not None:
            for kind, leaves in enumerate((old.parameters, old.others, old.inputs)):
                self.kinds += bytes([kind]) * len(leaves)
                self.leaves += leaves

    def leaf(self, value: Value, kind: int) -> int:
        self.kinds.append(kind)
        self.leaves.append(value)
        return len(self.kinds) - 1

    def constant(self, number: float) -> int:
        """Return the place of a constant, new or not."""
        found = self.known.setdefault(bits(number), len(self.kinds))
        if found == len(self.kinds):
            self.kinds.append(NUMBER)
            self.number[found] = number
        return found

    def computed(self, rule: Primitive, places: Sequence[int]) -> int:
        """Append an operation; return the place of its result."""
        self.op.append(self.rules.setdefault(rule, len(self.rules)))
        self.x.append(places[0])
        if rule.several:
            self.y.append(-2 - len(self.many))
            self.many.append(len(places))
            self.many.extend(places)
        else:
            self.y.append(places[1] if len(places) == 2 else -1)
        self.kinds.append(COMPUTED)
        return len(self.kinds) - 1

    def tape(self, outputs: Sequence[int], names: Mapping[int, str]) -> Tape:
        """Return the tape, from the order in which things came to its own."""
        kinds = numpy.frombuffer(self.kinds, numpy.uint8)
        moved = numpy.empty(len(kinds), numpy.int32)
        moved[numpy.argsort(kinds, kind="stable")] = numpy.arange(len(kinds), dtype=numpy.int32)
        leaves: list[list[Value]] = [[], [], []]
        for leaf, kind in zip(self.leaves, kinds[kinds < NUMBER].tolist()):
            leaves[kind].append(leaf)
        x, y, many = (numpy.array(each, numpy.int32) for each in (self.x, self.y, self.many))
        places = numpy.delete(numpy.arange(len(many)), -2 - y[y < -1])
        many[places] = moved[many[places]]
        y[y >= 0] = moved[y[y >= 0]]
        return Tape(
            parameters=leaves[PARAMETER],
            others=leaves[OTHER],
            inputs=leaves[INPUT],
            constants=list(self.number.values()),
            rules=list(self.rules),
            op=self.op,
            x=array("i", moved[x].tobytes()),
            y=array("i", y.tobytes()),
            outputs=moved[list(outputs)].tolist(),
            names={int(moved[place]): name for place, name in names.items()},
            many=array("i", many.tobytes()),
        )


def turned(tape: Tape) -> Tape:
    """Return the tape with its inputs as parameters, and the parameters among the other leaves."""
    draft = Draft(tape)
    draft.kinds[:] = bytes([PARAMETER if kind == INPUT else OTHER for kind in draft.kinds])
    draft.kinds += bytes([NUMBER]) * len(tape.constants) + bytes([COMPUTED]) * len(tape.op)
    draft.number = dict(enumerate(tape.constants, tape.first))
    draft.rules = {rule: i for i, rule in enumerate(tape.rules)}
    draft.op, draft.x, draft.y, draft.many = tape.op, tape.x, tape.y, [*tape.many]
    return draft.tape(tape.outputs, tape.names)


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
    OWN.clear()
    draft = Draft()
    kinds, rules, many = draft.kinds, draft.rules, draft.many
    op, xs, ys = draft.op.append, draft.x.append, draft.y.append
    place: dict[int, int] = {}  # of each value, by id
    labelled: list[Value] = []

    def met(value: Value) -> int:
        """Return the place of a value; of a leaf or a constant that is new, give it one."""
        if id(value) in place:
            return place[id(value)]
        if value._rule is CONSTANT:
            found = draft.constant(value._data)
        else:
            is_parameter = parameters is None and value._rule is LEAF
            found = draft.leaf(value, PARAMETER if is_parameter else OTHER)
        place[id(value)] = found
        if getattr(value, "_note", NOTHING).label:  # as `noted`, without a call
            labelled.append(value)
        return found

    for kind, given in ((PARAMETER, parameters or ()), (INPUT, inputs)):
        for value in given:
            kinds[met(value)] = kind
    at = place.__getitem__
    for node in topological_order(*outputs):
        rule, x, y = node._rule, node._x, node._y
        try:
            if rule.several:
                places = list(map(at, map(id, node._many[::2])))
            else:
                places = [place[id(x)]] if y is None else [place[id(x)], place[id(y)]]
        except KeyError:
            places = [place[id(v)] if id(v) in place else met(v) for v in node.operands]
        if kinds[places[0]] == NUMBER and all(kinds[found] == NUMBER for found in places):
            place[id(node)] = draft.constant(node._data)
            continue
        place[id(node)] = len(kinds)  # as `computed`, without a call
        kinds.append(COMPUTED)
        op(rules.setdefault(rule, len(rules)))
        xs(places[0])
        if rule.several:
            ys(-2 - len(many))
            many.append(len(places))
            many += places
        else:
            ys(-1 if y is None else places[1])
        if getattr(node, "_note", NOTHING).label:
            labelled.append(node)
    tops = list(map(met, outputs))
    return draft.tape(tops, {place[id(value)]: value._note.label for value in labelled})
