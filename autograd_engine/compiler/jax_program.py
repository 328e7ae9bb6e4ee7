"""A tape as a pure function of JAX: what `Program.to_jax` gives.

Values of one depth and one primitive are computed together, as one array. What such a wave
reads is taken from the earlier waves it names and from no other, so that the derivative of
each step, which JAX writes, is as small as the step. Deep graphs of narrow waves run value by
value instead (`jax_machine`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy

from autograd_engine.compiler.jax_adjoint import jax, jnp
from autograd_engine.compiler.jax_machine import machine
from autograd_engine.compiler.jax_spelling import primitive_in_jax
from autograd_engine.compiler.tape import Tape
from autograd_engine.engine import Primitive

Places: TypeAlias = Any  # an array of places on the tape, or in a wave


@dataclass(frozen=True)
class Reading:
    """How one operand of a wave is put together: which blocks, and which of their numbers.

    `index` counts through the blocks laid end to end: places, or a range of them, which may be
    of one number that is meant for the whole wave of `count`.
    """

    blocks: tuple[int, ...]
    index: tuple[int, ...] | range
    count: int


@dataclass(frozen=True)
class Wave:
    """Values of one depth and one primitive, and how their operands are read."""

    rule: Primitive
    operands: tuple[Reading, ...]


def tape_to_jax(tape: Tape) -> Callable[..., Any]:
    """Return the pure function `(parameters, inputs) -> outputs` of a tape.

    `parameters` is an array (P,) in the order of `tape.parameters`. `inputs` is (n,), and the
    outputs are (m,); or (B, n), and they are (B, m); a tape without inputs takes none. The
    numbers of all other leaves are those of now. The precision is JAX's: float64 where
    `jax_enable_x64` is on, else float32.

    The function raises `ValueError` for arrays of another shape.

    >>> from autograd_engine import Value
    >>> from autograd_engine.compiler.tape import record
    >>> a, x = Value(3.0), Value(0.0)
    >>> function = tape_to_jax(record([a * x * x], inputs=[x]))
    >>> function(jnp.array([3.0]), jnp.array([[1.0], [2.0]])).tolist()
    [[3.0], [12.0]]
    """
    run = by_value(tape) if is_deep(tape) else by_wave(tape)
    count, width = len(tape.parameters), len(tape.inputs)

    def function(parameters: Any, inputs: Any = None) -> Any:
        parameters = jnp.asarray(parameters, jnp.result_type(float, parameters))
        if parameters.shape != (count,):
            raise ValueError(
                f"the parameters must be an array of shape ({count},), got {parameters.shape}"
            )
        if (inputs is None) != (width == 0):
            what = f"{width} input(s): pass them too" if width else "no inputs: pass None"
            raise ValueError(f"this program has {what}")
        inputs = jnp.asarray(() if inputs is None else inputs, parameters.dtype)
        if inputs.shape[-1:] != (width,) or inputs.ndim > 2:
            raise ValueError(
                f"the inputs must be an array of shape ({width},) or (rows, {width}), "
                f"got {inputs.shape}"
            )
        return run(parameters, inputs)

    return function


def is_deep(tape: Tape) -> bool:
    """Say whether a tape has so many waves, so narrow, that writing them out would not pay.

    Written out, 1,000 waves of a value or two compile for about 10 s, run value by value for
    less than 1 s; and they also run slower.
    """
    waves = len(numpy.unique(depths(tape) * len(tape.rules) + numpy.array(tape.op, numpy.int64)))
    return waves > 50 and len(tape.op) < 16 * waves


def by_value(tape: Tape) -> Callable[[Any, Any], Any]:
    """Return the function of parameters and inputs that runs a tape value by value."""
    values = machine(tape)
    others, constants = numbers(tape)
    outputs = numpy.array(tape.outputs)

    def run(parameters: Any, inputs: Any) -> Any:
        batch = inputs.shape[:-1]
        blocks = [jnp.asarray(block, parameters.dtype) for block in (others, constants)]
        first, second, last = (
            jnp.broadcast_to(block.reshape(-1, *(1 for _ in batch)), (len(block), *batch))
            for block in (parameters, *blocks)
        )
        leaves = jnp.concatenate([first, second, jnp.moveaxis(inputs, -1, 0), last])
        return jnp.moveaxis(values(leaves)[outputs], 0, -1)

    return run


def by_wave(tape: Tape) -> Callable[[Any, Any], Any]:
    """Return the function of parameters and inputs with each wave of a tape written out."""
    waves, outputs = scheduled(tape)
    others, constants = numbers(tape)

    def one_row(parameters: Any, inputs: Any) -> Any:
        kind = parameters.dtype
        blocks = [parameters, jnp.asarray(others, kind), inputs, jnp.asarray(constants, kind)]
        known: dict[Reading, Any] = {}  # what is read alike is read once, and its adjoints added
        for wave in waves:
            for operand in wave.operands:
                if operand not in known:
                    known[operand] = read(blocks, operand)
            operands = [known[operand] for operand in wave.operands]
            blocks.append(primitive_in_jax(wave.rule)(*operands))
        return read(blocks, outputs)

    def run(parameters: Any, inputs: Any) -> Any:
        if inputs.ndim == 1:
            return one_row(parameters, inputs)
        return jax.vmap(one_row, in_axes=(None, 0))(parameters, inputs)

    return run


def numbers(tape: Tape) -> tuple[Places, Places]:
    """Return the numbers of the leaves that are neither parameters nor inputs, as of now."""
    return numpy.array([leaf.data for leaf in tape.others]), numpy.array(tape.constants)


def read(blocks: list[Any], reading: Reading) -> Any:
    """Return the numbers that a wave reads as one operand."""
    pieces = [blocks[block] for block in reading.blocks]
    joined = pieces[0] if len(pieces) == 1 else jnp.concatenate(pieces)
    if not isinstance(reading.index, range):
        return joined.at[numpy.array(reading.index)].get(mode="promise_in_bounds")
    if len(reading.index) < len(joined):
        joined = joined[reading.index.start : reading.index.stop]
    return joined if len(joined) == reading.count else jnp.broadcast_to(joined, (reading.count,))


def scheduled(tape: Tape) -> tuple[list[Wave], Reading]:
    """Return the waves of a tape, and how the outputs are read from them.

    Blocks are counted from 0: parameters, others, inputs, constants, then the waves.
    """
    sizes = [len(tape.parameters), len(tape.others), len(tape.inputs), len(tape.constants)]
    starts = numpy.cumsum([0, *sizes[:-1]])
    block = numpy.searchsorted(starts, numpy.arange(tape.size), side="right") - 1
    within = numpy.arange(tape.size) - starts[block]
    op, x, y = (numpy.array(column, numpy.int64) for column in (tape.op, tape.x, tape.y))
    depth = depths(tape)
    # `lexsort` is stable: in a wave the order of the tape remains.
    order = numpy.lexsort((op, depth))
    steps = numpy.flatnonzero(numpy.diff(depth[order]) | numpy.diff(op[order])) + 1
    waves = []
    for number, members in enumerate(numpy.split(order, steps) if len(order) else []):
        rule = tape.rules[op[members[0]]]
        operands = (x[members], y[members])[: len(rule.domain)]
        readings = [reading_of(places, block, within, sizes) for places in operands]
        waves.append(Wave(rule, tuple(readings)))
        sizes.append(len(members))
        block[tape.start + members] = 4 + number
        within[tape.start + members] = numpy.arange(len(members))
    return waves, reading_of(numpy.array(tape.outputs), block, within, sizes)


def depths(tape: Tape) -> Places:
    """Return the depth of each computed value: one more than its deeper operand's."""
    depth = [0] * tape.size
    for place, (_, x, y) in enumerate(tape.instructions(), tape.start):
        depth[place] = 1 + (depth[x] if y < 0 else max(depth[x], depth[y]))
    return numpy.array(depth[tape.start :], numpy.int64)


def reading_of(places: Places, block: Places, within: Places, sizes: list[int]) -> Reading:
    """Return how the numbers at these places are read, given where each stands."""
    blocks = numpy.unique(block[places])
    before = numpy.zeros(blocks[-1] + 1, numpy.int64)
    before[blocks[1:]] = numpy.cumsum([sizes[i] for i in blocks[:-1]])
    index = before[block[places]] + within[places]
    first, count = int(index[0]), len(index)
    if (index == first).all():
        return Reading(tuple(blocks), range(first, first + 1), count)
    if (numpy.diff(index) == 1).all():
        return Reading(tuple(blocks), range(first, first + count), count)
    return Reading(tuple(blocks), tuple(index.tolist()), count)
