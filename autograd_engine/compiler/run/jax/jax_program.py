"""A tape as a pure function of JAX: what `Program.to_jax` gives.

A tape is lifted and run as its listing says, line by line; deep graphs of narrow waves run value
by value instead. Each way gives a function of parameters and one row of inputs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy
from jax import lax

from autograd_engine.compiler.lift.pieces import Plan, planned
from autograd_engine.compiler.record.elementary import Unwritable, written_out
from autograd_engine.compiler.record.simplify import lowered
from autograd_engine.compiler.record.tape import Tape
from autograd_engine.compiler.run.jax.jax_lines import by_lines
from autograd_engine.compiler.run.jax.jax_primitives import primitive_in_jax
from autograd_engine.table import azmul

Way = Callable[[Any, Any], Any]


def tape_to_jax(tape: Tape) -> Callable[..., Any]:
    """Return a tape as `Program.to_jax` does; the outputs of a row are (m,).

    >>> from autograd_engine import Value
    >>> from autograd_engine.compiler.record.tape import record
    >>> a, x = Value(3.0), Value(0.0)
    >>> tape_to_jax(record([a * x * x], inputs=[x]))([3.0], [[1.0], [2.0]]).tolist()
    [[3.0], [12.0]]
    """
    outer = azmul in tape.rules
    try:
        # With absolute products where plain ones give NaN.
        ways = [written(each, outer) for each in (lowered(tape), tape)[: 1 + outer]]
    except Unwritable:
        ways = [by_value(tape, outer)]
    count, width = len(tape.parameters), len(tape.inputs)

    def function(parameters: Any, inputs: Any = None) -> Any:
        parameters = array("parameters", parameters)
        if parameters.shape != (count,):
            raise ValueError(
                f"the parameters must be an array of shape ({count},), got {parameters.shape}"
            )
        if (inputs is None) != (width == 0):
            what = f"{width} input(s): pass them too" if width else "no inputs: pass None"
            raise ValueError(f"this program has {what}")
        inputs = array("inputs", () if inputs is None else inputs, parameters.dtype)
        if inputs.shape[-1:] != (width,) or inputs.ndim > 2:
            raise ValueError(
                f"the inputs must be an array of shape ({width},) or (rows, {width}), "
                f"got {inputs.shape}"
            )
        # For XLA the rows are one more axis, also of the matrix products.
        rowwise = [jax.vmap(way, (None, 0)) if inputs.ndim == 2 else way for way in ways]
        found = rowwise[0](parameters, inputs)
        if not outer:
            return found
        absolute = lambda: rowwise[-1](parameters, inputs)  # noqa: E731
        return lax.cond(jnp.isnan(found).any(), absolute, lambda: found)

    return function


def array(name: str, given: Any, dtype: Any = None) -> Any:
    """Return numbers, in an array or in lists, as an array of JAX; of floats, as they are."""
    try:
        known = () if isinstance(given, (list, tuple)) else (given,)  # JAX does not tell of lists
        return jnp.asarray(given, dtype or jnp.result_type(float, *known))
    except (TypeError, ValueError) as error:
        if "Value(data=" in repr(given):
            raise TypeError(f"the {name} must be real numbers: pass the .data of Values") from None
        raise TypeError(
            f"the {name} must be real numbers in an array or in lists, "
            f"rows of one length; got {given!r:.60}"
        ) from error


def is_deep(plan: Plan) -> bool:
    """Say whether a tape has so many waves, so narrow, that writing them out would not pay.

    XLA takes a second to compile 50 steps, and time that grows with their square; value by
    value takes 0.2 s, whatever the length.
    """
    waves = sum(len(piece.waves) for piece in plan.pieces)
    nodes = sum(len(piece.waves.sums.tape.op) for piece in plan.pieces)
    return waves > 50 and 4 * nodes < waves**2


def written(tape: Tape, outer: bool) -> Way:
    """Return the way that suits a tape."""
    plan = planned(tape)
    return by_value(tape, outer) if is_deep(plan) else by_lines(tape, plan, outer)


def by_value(tape: Tape, outer: bool = False) -> Way:
    """Return the way that computes one value in each step of a loop, whatever its operation."""
    tape = written_out(tape, strict=False)
    known = [leaf.data for leaf in tape.others], tape.constants
    steps = list(tape.instructions())
    kinds = list(dict.fromkeys((rule, len(places)) for rule, places in steps))
    branches = [
        lambda given, rule=rule, count=count: primitive_in_jax(rule, outer)(*given[:count])
        for rule, count in kinds
    ]
    width = max((count for _, count in kinds), default=0)
    table = [  # what is missing is read at some place, and not used
        [place, kinds.index((rule, len(places))), *places, *[0] * (width - len(places))]
        for place, (rule, places) in enumerate(steps, tape.start)
    ]
    table, outputs = numpy.array(table, numpy.int32), numpy.array(tape.outputs)

    def step(values: Any, at: Any) -> Any:
        found = lax.switch(at[1], branches, values[at[2:]])
        return values.at[at[0]].set(found), None

    def run(parameters: Any, row: Any) -> Any:
        others, constants = (jnp.asarray(numbers, parameters.dtype) for numbers in known)
        values = jnp.pad(jnp.concatenate([parameters, others, row, constants]), (0, len(steps)))
        return (lax.scan(step, values, table)[0] if steps else values)[outputs]

    return run
