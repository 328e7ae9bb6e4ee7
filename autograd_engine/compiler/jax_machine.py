"""A tape run value by value inside JAX: for deep graphs, which have few values to a wave.

The compiled program is one small loop whatever the length of the tape, where a program
written out wave by wave would take XLA seconds to compile, and hours for a long recurrence.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy

from autograd_engine.compiler.jax_adjoint import jax, jnp
from autograd_engine.compiler.jax_spelling import applied, primitive_in_jax
from autograd_engine.compiler.jax_sweep import Links, links, sweep
from autograd_engine.compiler.symbols import OUT, X, Y, partials, substituted
from autograd_engine.compiler.tape import Tape
from autograd_engine.engine import Primitive


def machine(tape: Tape) -> Callable[[Any], Any]:
    """Return the function from a tape's leaves to all of its values, places first.

    The leaves may have axes of a batch behind the first.

    >>> from autograd_engine import Value
    >>> from autograd_engine.compiler.tape import record
    >>> a, b = Value(2.0), Value(3.0)
    >>> machine(record([a * b + a]))(jnp.array([2.0, 3.0])).tolist()
    [2.0, 3.0, 6.0, 8.0]
    """
    wires = links(tape)
    operations = numpy.array(tape.op, numpy.int32)
    spare = numpy.minimum(wires.y, tape.size - 1)  # read, and not used, by one-operand rules
    branches = [branch(rule) for rule in tape.rules]

    def forward(leaves: Any) -> Any:
        op, x, y = map(jnp.asarray, (operations, wires.x, spare))

        def step(k: Any, found: Any) -> Any:
            here = jax.lax.switch(op[k], branches, found[x[k]], found[y[k]])
            return found.at[wires.start + k].set(here)

        blank = jnp.zeros((wires.count, *leaves.shape[1:]), leaves.dtype)
        return jax.lax.fori_loop(0, wires.count, step, jnp.concatenate([leaves, blank]))

    def derivative(operands: Any, tangents: Any) -> Any:
        found, (tangent,) = values(*operands), tangents
        dx, dy = slopes(tape, operations, wires, found)
        blank = jnp.zeros((wires.count + 1, *tangent.shape[1:]), tangent.dtype)
        return found, sweep(dx, dy, jnp.concatenate([tangent, blank]), wires)[:-1]

    values = jax.custom_jvp(forward)
    values.defjvp(derivative)
    return values if wires.count else lambda leaves: leaves


def branch(rule: Primitive) -> Callable[[Any, Any], Any]:
    """Return a primitive as a function of two operands, whether it takes the second or not."""
    function = primitive_in_jax(rule)
    return function if len(rule.domain) == 2 else lambda x, y: function(x)


def slopes(tape: Tape, operations: Any, wires: Links, found: Any) -> tuple[Any, Any]:
    """Return the partials of each computed value by x and by y, each primitive's at once."""
    dx, dy, order = [], [], []
    for number, rule in enumerate(tape.rules):
        members = numpy.flatnonzero(operations == number)
        out, x = found[wires.start + members], found[wires.x[members]]
        known: dict[Any, Any] = {OUT: out, X: x}
        if len(rule.domain) == 2:
            known[Y] = found[wires.y[members]]
        given = [
            jnp.broadcast_to(jnp.asarray(substituted(partial, applied, known), x.dtype), x.shape)
            for partial in partials(rule)
        ]
        dx.append(given[0])
        dy.append(given[-1] if len(given) == 2 else jnp.zeros_like(x))
        order.append(members)
    back = numpy.argsort(numpy.concatenate(order))
    return jnp.concatenate(dx)[back], jnp.concatenate(dy)[back]
