"""A tape run value by value inside JAX: for deep graphs, which have few values to a wave.

The compiled program is one small loop whatever the length of the tape, where a program
written out step by step would take XLA minutes to compile for a long recurrence.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy
from jax import lax

from autograd_engine.compiler.record.elementary import written_out
from autograd_engine.compiler.record.symbols import OUT, X, Y, slopes, substituted
from autograd_engine.compiler.record.tape import Tape
from autograd_engine.compiler.run.jax.jax_primitives import (
    applied_outer,
    passed,
    primitive_in_jax,
    product,
)

Array = Any


def by_value(tape: Tape) -> Callable[[Array, Array], Array]:
    """Return a tape as a function of JAX: (parameters (P,), inputs (n,)) -> outputs (m,)."""
    tape = written_out(tape)
    values, outputs = machine(tape), numpy.array(tape.outputs)
    known = [leaf.data for leaf in tape.others], tape.constants

    def run(parameters: Array, row: Array) -> Array:
        first, last = (jnp.asarray(x, parameters.dtype) for x in known)
        return values(jnp.concatenate([parameters, first, row, last]))[outputs]

    return run


def machine(tape: Tape) -> Callable[[Array], Array]:
    """Return the function from a tape's leaves to all of its values.

    >>> from autograd_engine import Value
    >>> from autograd_engine.compiler.record.tape import record
    >>> a, b = Value(2.0), Value(3.0)
    >>> machine(record([a * b + a]))(jnp.array([2.0, 3.0])).tolist()
    [2.0, 3.0, 6.0, 8.0]
    """
    rules = numpy.array(tape.op, numpy.int32)
    first, second = (numpy.array(column, numpy.int32) for column in (tape.x, tape.y))
    # A second operand that is missing is read at some place, and not used.
    branches = [
        lambda x, y, rule=rule: primitive_in_jax(rule)(*(x, y)[: len(rule.domain)])
        for rule in tape.rules
    ]

    def forward(leaves: Array) -> Array:
        op, x, y = map(jnp.asarray, (rules, first, numpy.maximum(second, 0)))

        def step(k: Array, found: Array) -> Array:
            here = lax.switch(op[k], branches, found[x[k]], found[y[k]])
            return found.at[tape.start + k].set(here)

        blank = jnp.zeros(len(rules), leaves.dtype)
        return lax.fori_loop(0, len(rules), step, jnp.concatenate([leaves, blank]))

    def derivative(operands: Any, tangents: Any) -> Any:
        found, (tangent,) = values(*operands), tangents
        by_x, by_y = by_operands(tape, rules, first, second, found)
        return found, spread(tangent, by_x, by_y, first, second)

    values = jax.custom_jvp(forward)
    values.defjvp(derivative)
    return values if len(rules) else lambda leaves: leaves


def by_operands(tape: Tape, rules: Array, x: Array, y: Array, found: Array) -> tuple[Array, Array]:
    """Return the partials of each computed value by x and by y, each primitive's at once."""
    given, order = [], []
    for number, rule in enumerate(tape.rules):
        members = numpy.flatnonzero(rules == number)
        places = (tape.start + members, x[members], y[members])[: 1 + len(rule.domain)]
        known: dict[Any, Any] = {name: found[at] for name, at in zip((OUT, X, Y), places)}
        shape = known[OUT].shape
        terms = [substituted(partial, applied_outer, known) for partial in (*slopes(rule), 0.0)[:2]]
        given.append([jnp.broadcast_to(jnp.asarray(term, found.dtype), shape) for term in terms])
        order.append(members)
    back = numpy.argsort(numpy.concatenate(order))
    by_x, by_y = (jnp.concatenate(column)[back] for column in zip(*given))
    return by_x, by_y


def spread(leaves: Array, by_x: Array, by_y: Array, x: Array, y: Array) -> Array:
    """Return the tangent of every value, given those of the leaves.

    They are the solution of a triangular system of equations, tangent - partials * operands'
    tangents = 0. Told so, JAX finds the adjoints, which solve the transposed system, and
    higher derivatives by itself, in time and memory linear in the length of the tape.
    """
    start, count = len(leaves), len(x)
    y = numpy.where(y < 0, start + count, y)  # a missing operand: a place of its own, the last
    computed = slice(start, start + count)

    def left_side(tangents: Array) -> Array:
        terms = passed(by_x, tangents[x]) + passed(by_y, tangents[y])
        return tangents.at[computed].add(-terms)

    def tangents(_: Any, source: Array) -> Array:
        operands = jnp.asarray(numpy.stack([x, y]))

        def step(k: Array, found: Array) -> Array:
            along_x, along_y = found[operands[0, k]], found[operands[1, k]]
            here = found[start + k] + product(by_x[k], along_x) + product(by_y[k], along_y)
            return found.at[start + k].set(here)

        return lax.fori_loop(0, count, step, source)

    def adjoints(_: Any, source: Array) -> Array:
        # Half a value a step, so that each reads and writes one operand: with two, XLA would
        # copy the whole array between them.
        operands = jnp.asarray(numpy.stack([x, y], 1).ravel())
        both = jnp.stack([by_x, by_y], 1).ravel()

        def step(done: Array, found: Array) -> Array:
            half = 2 * count - 1 - done
            adjoint, place = found[start + half // 2], operands[half]
            return found.at[place].set(found[place] + product(both[half], adjoint))

        return lax.fori_loop(0, 2 * count, step, source)

    source = jnp.concatenate([leaves, jnp.zeros(count + 1, leaves.dtype)])
    return lax.custom_linear_solve(left_side, source, tangents, adjoints)[:-1]
