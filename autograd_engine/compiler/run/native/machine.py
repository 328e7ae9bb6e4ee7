"""The scalar machine: a tape run value by value by the native core, without any regularity.

A processor guesses what comes next, and a wrong guess costs more than an addition. The order
of instructions is free as long as operands come first, so those of one kind and depth stand
together: the next one is then nearly always of the kind of the last.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy

from autograd_engine.compiler.record.rewriting import Unwritable, common, is_long, written_out
from autograd_engine.compiler.record.tape import Tape
from autograd_engine.compiler.run.native.c_table import key
from autograd_engine.compiler.run.native.core import PADDING, core, kinds
from autograd_engine.table import ADD, MULTIPLY, SUBTRACT, azmul

Array = Any
START = 65536  # in a code: the first of a group
_SLOPED, _FED = 1, 2  # what a value depends on: a parameter, an input


class Machine:
    """Runs a tape instruction by instruction; two threads may run it at once.

    Raises `ValueError` where `fits` says why it cannot.

    >>> from autograd_engine.compiler.record.tape import record
    >>> from autograd_engine.engine import Value
    >>> w, x = Value(2.0), Value(3.0)
    >>> machine = Machine(record([w * x * x], inputs=[x]))
    >>> outputs, gradient = machine.run(numpy.array([2.0]), numpy.array([[3.0], [5.0]]), True)
    >>> outputs.tolist(), gradient.tolist()
    ([[18.0], [50.0]], [17.0])
    """

    def __init__(self, tape: Tape) -> None:
        reason, found = fits(tape), core()
        if reason is not None or found is None:
            raise ValueError(reason)
        self._sweep = 2 if azmul in tape.rules else 1  # 2: honest, see `gradients`
        self._scalars = found.scalars
        simple, grouped = common(written_out(tape, own=True)), [*map(int, found.grouped.split())]
        self._header, self._program = assembled(simple, kinds(), grouped)
        self._constants, self._parameters = simple.constants, len(tape.parameters)
        self._free: list[tuple[Array, Array]] = []

    def run(self, leaves: Array, rows: Array | None, gradient: bool) -> tuple[Array, Array | None]:
        """Return the outputs (B, m) and, if wanted, the gradient of output 0's mean, else None.

        `leaves` holds the numbers of the tape's parameters, then of its others; `rows` the
        inputs (B, n), or None where there are none. Nothing is raised for a number.
        """
        header = self._header
        try:
            values, adjoints = self._free.pop()
        except IndexError:
            values, adjoints = numpy.zeros(header.size + PADDING), numpy.zeros(header.size)
            values[header.inputs + header.width : header.start] = self._constants
        values[: header.inputs] = leaves
        given = numpy.empty((1, 0)) if rows is None else numpy.ascontiguousarray(rows, float)
        outputs = numpy.empty((len(given), header.outputs))
        wanted = gradient * self._sweep
        self._scalars(self._program, given, values, adjoints, outputs, len(given), wanted)
        slopes = adjoints[: self._parameters].copy() if gradient else None
        self._free.append((values, adjoints))
        return outputs, slopes

    @property
    def steps(self) -> int:
        """The number of instructions."""
        return self._header.size - self._header.start


def fits(tape: Tape) -> str | None:
    """Return why the machine cannot run this tape; None if it can.

    A primitive of somebody's own is read as a formula of the package's primitives.
    """
    if core() is None:
        return "the native core is missing"
    try:
        if any(rule.written_out is None and is_long(rule, True) for rule in tape.rules):
            written_out(tape, own=True)
    except Unwritable as error:
        return str(error)
    return None


class Header(NamedTuple):
    """The first numbers of a program. After them come the places of the outputs, then four
    numbers for each instruction: its code and the places of x, y and z (x again for none).
    """

    inputs: int  # the place of the first input,
    width: int  # and their number
    start: int  # the place of the first instruction
    slopes: int  # of the first that depends on a parameter, and on no input
    each: int  # of the first that depends on an input, and on no parameter
    both: int  # of the first that depends on both
    size: int  # the number of places
    outputs: int  # the number of outputs


class Operations(NamedTuple):
    """What a tape computes, one number each: the rule, the operands, the place of the result.

    A rule is a position in `tape.rules`, plus their number where the second operand is a
    product y * z. An operand that is missing is x again.
    """

    rule: Array
    x: Array
    y: Array
    z: Array
    place: Array


def assembled(tape: Tape, codes: Mapping[str, int], grouped: Sequence[int]) -> tuple[Header, Array]:
    """Return the program of a tape, given the codes of the kinds of instructions: int32, with its
    header in front.

    Those that are `grouped` are computed several at once, if they are of one depth.
    """
    operations = fused(tape)
    depends, depth = levels(tape, operations)
    kinds = chosen(tape, operations, depends, codes)
    depends, depth = depends[operations.place], depth[operations.place]
    order = numpy.argsort(
        (depends.astype(numpy.int64) * (tape.size + 1) + depth) * len(codes) + kinds.rule,
        kind="stable",
    )
    place = numpy.arange(tape.size, dtype=numpy.int32)
    start = tape.start
    place[kinds.place[order]] = numpy.arange(start, start + len(order), dtype=numpy.int32)
    body = numpy.empty((len(order), 4), numpy.int32)
    body[:, 0] = kinds.rule[order]
    for column, operand in enumerate((kinds.x, kinds.y, kinds.z), 1):
        body[:, column] = place[operand[order]]
    keys = numpy.stack([depends[order], depth[order], body[:, 0]])
    begins = numpy.ones(len(order), bool)
    begins[1:] = (keys[:, 1:] != keys[:, :-1]).any(0)
    body[:, 0] += START * (begins & numpy.isin(body[:, 0], grouped))
    bounds = numpy.searchsorted(depends[order], [_SLOPED, _FED, _SLOPED | _FED]).tolist()
    slopes, each, both = (start + bound for bound in bounds)
    outputs = place[tape.outputs]
    header = Header(
        inputs=len(tape.parameters) + len(tape.others),
        width=len(tape.inputs),
        start=start,
        slopes=slopes,
        each=each,
        both=both,
        size=start + len(order),
        outputs=len(outputs),
    )
    return header, numpy.concatenate([numpy.array(header, numpy.int32), outputs, body.ravel()])


def fused(tape: Tape) -> Operations:
    """Return what the tape computes, each product that one sum alone uses made part of that."""
    rule, x, y = (numpy.array(column) for column in (tape.op, tape.x, tape.y))
    uses = numpy.bincount(x, minlength=tape.size) + numpy.bincount(y[y >= 0], minlength=tape.size)
    uses[tape.outputs] += 2  # these are needed for themselves
    y = numpy.where(y < 0, x, y)
    z = x.copy()
    product = numpy.zeros(tape.size, bool)
    product[tape.start :] = (rule == _position(tape, MULTIPLY)) & (uses[tape.start :] == 1)
    add = rule == _position(tape, ADD)
    right = (add | (rule == _position(tape, SUBTRACT))) & product[y]
    left = add & ~right & product[x]
    sums = left | right
    gone = numpy.where(right, y, x)[sums] - tape.start
    x[left] = y[left]
    y[sums], z[sums] = x[gone], y[gone]
    rule[sums] += len(tape.rules)
    kept = numpy.ones(len(rule), bool)
    kept[gone] = False
    place = numpy.flatnonzero(kept).astype(numpy.int32) + tape.start
    return Operations(rule[kept], x[kept], y[kept], z[kept], place)


def levels(tape: Tape, operations: Operations) -> tuple[Array, Array]:
    """Return what each place depends on, and its depth: one more than its deepest operand."""
    depends = bytearray(tape.size)
    sloped, others = len(tape.parameters), len(tape.others)
    depends[:sloped] = bytes([_SLOPED]) * sloped
    inputs = slice(sloped + others, sloped + others + len(tape.inputs))
    depends[inputs] = bytes([_FED]) * len(tape.inputs)
    depth = array("i", bytes(4 * tape.size))
    columns = (operations.place, operations.x, operations.y, operations.z)
    for place, x, y, z in zip(*(memoryview(column) for column in columns)):
        depends[place] = depends[x] | depends[y] | depends[z]
        deepest = depth[x]
        if depth[y] > deepest:
            deepest = depth[y]
        if depth[z] > deepest:
            deepest = depth[z]
        depth[place] = deepest + 1
    return numpy.frombuffer(depends, numpy.uint8), numpy.frombuffer(depth, numpy.int32)


def chosen(
    tape: Tape, operations: Operations, depends: Array, codes: Mapping[str, int]
) -> Operations:
    """Return the operations with the codes of their kinds instead of rules.

    Where no parameter stands behind the last operand, a kind without the partial by that is
    taken, if there is one; factors and terms are swapped if need be.
    """
    rule, x, y, z, place = operations
    sloped = (depends & _SLOPED).astype(bool)
    count = len(tape.rules)
    swapped = sloped[y] & ~sloped[x] & _among(tape, rule, ADD, MULTIPLY)
    x, y = numpy.where(swapped, y, x), numpy.where(swapped, x, y)
    products = rule >= count
    swapped = products & sloped[z] & ~sloped[y]
    y, z = numpy.where(swapped, z, y), numpy.where(swapped, y, z)
    full, fewer = numpy.empty(2 * count, numpy.int32), numpy.empty(2 * count, numpy.int32)
    for i, primitive in enumerate(tape.rules):
        wanted = len(primitive.domain)
        full[i] = codes[key(primitive, wanted)]
        fewer[i] = codes.get(key(primitive, wanted - 1), full[i])
        full[count + i] = codes.get(key(primitive, 3, True), -1)
        fewer[count + i] = codes.get(key(primitive, 2, True), -1)
    last = numpy.where(products, z, y)
    kind = numpy.where(sloped[last], full[rule], fewer[rule])
    return Operations(kind, x, y, z, place)


def _position(tape: Tape, rule: Any) -> int:
    return tape.rules.index(rule) if rule in tape.rules else -1


def _among(tape: Tape, rule: Array, *rules: Any) -> Array:
    return numpy.isin(rule, [_position(tape, item) for item in rules])
