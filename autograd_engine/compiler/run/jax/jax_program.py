"""A tape as a pure function of JAX: what `Program.to_jax` gives.

A tape is lifted and written out step by step (`jax_lines`); deep graphs of narrow waves run
value by value instead (`jax_machine`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy

from autograd_engine.compiler.lift.assembly import lifted
from autograd_engine.compiler.lift.pieces import Plan, planned
from autograd_engine.compiler.record.elementary import Unwritable, written_out
from autograd_engine.compiler.record.simplify import lowered
from autograd_engine.compiler.record.tape import Tape
from autograd_engine.compiler.run.jax.jax_adjoint import jax, jnp
from autograd_engine.compiler.run.jax.jax_lines import by_lines
from autograd_engine.compiler.run.jax.jax_machine import machine
from autograd_engine.compiler.run.jax.jax_primitives import applied, applied_outer
from autograd_engine.engine import Value
from autograd_engine.table import azmul


def tape_to_jax(tape: Tape) -> Callable[..., Any]:
    """Return the pure function `(parameters, inputs) -> outputs` of a tape.

    `parameters` is an array (P,) in the order of `tape.parameters`. `inputs` is (n,), and the
    outputs are (m,); or (B, n), and they are (B, m); a tape without inputs takes none. Lists do
    for arrays. The numbers of all other leaves are those of now. The precision is JAX's: float64
    where `jax_enable_x64` is on, else float32.

    The function raises `ValueError` for arrays of another shape, `TypeError` for what is no
    array of real numbers.

    >>> from autograd_engine import Value
    >>> from autograd_engine.compiler.record.tape import record
    >>> a, x = Value(3.0), Value(0.0)
    >>> function = tape_to_jax(record([a * x * x], inputs=[x]))
    >>> function(jnp.array([3.0]), jnp.array([[1.0], [2.0]])).tolist()
    [[3.0], [12.0]]
    """
    outer = azmul in tape.rules
    try:
        run = written(lowered(tape), outer)
        if outer:
            run = mended(run, written(tape, outer))
    except Unwritable:
        run = one_by_one(written_out(tape, strict=False), outer)
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
        return run(parameters, inputs)

    return function


def array(name: str, given: Any, dtype: Any = None) -> Any:
    """Return numbers, in an array or in lists, as an array of JAX.

    Without a `dtype` an array of floats keeps its own. Raises `TypeError` for what is no number.

    >>> array("inputs", [[1, 2], [3, 4]]).shape
    (2, 2)
    """
    try:
        if dtype is None:  # which JAX does not tell of lists
            known = () if isinstance(given, (list, tuple)) else (given,)
            dtype = jnp.result_type(float, *known)
        return jnp.asarray(given, dtype)
    except (TypeError, ValueError) as error:
        if has_values(given):
            raise TypeError(f"the {name} must be real numbers: pass the .data of Values") from None
        raise TypeError(
            f"the {name} must be real numbers in an array or in lists, "
            f"rows of one length; got {given!r:.60}"
        ) from error


def has_values(given: Any) -> bool:
    """Say whether this is a Value, or lists that hold one."""
    if isinstance(given, (list, tuple)):
        return any(map(has_values, given))
    return isinstance(given, Value)


def is_deep(plan: Plan) -> bool:
    """Say whether a tape has so many waves, so narrow, that writing them out would not pay.

    XLA takes a second to compile 50 steps, and time that grows with their square; value by
    value takes 0.2 s, whatever the length, and runs at 20 ns a value for value and gradient.
    """
    waves = sum(len(piece.waves) for piece in plan.pieces)
    nodes = sum(len(piece.waves.sums.tape.op) for piece in plan.pieces)
    return waves > 50 and 4 * nodes < waves**2


def written(tape: Tape, outer: bool) -> Callable[[Any, Any], Any]:
    """Return the function of parameters and inputs that runs a tape, one way or the other."""
    plan = planned(tape)
    return by_value(tape) if is_deep(plan) else by_step(tape, plan, outer)


def mended(run: Callable[..., Any], absolute: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function that runs the second of two where the first gives NaN."""

    def either(parameters: Any, inputs: Any) -> Any:
        found = run(parameters, inputs)
        nan = jnp.isnan(found).any()
        return jax.lax.cond(nan, lambda: absolute(parameters, inputs), lambda: found)

    return either


def one_by_one(tape: Tape, outer: bool) -> Callable[[Any, Any], Any]:
    """Return the function of parameters and inputs with each operation of a tape written out.

    Some may be of several operands. XLA takes long to compile many.
    """
    apply = applied_outer if outer else applied

    def run(parameters: Any, inputs: Any) -> Any:
        first, last = (jnp.asarray(x, parameters.dtype) for x in (now(tape), tape.constants))

        def outputs(row: Any) -> Any:
            values = [*parameters, *first, *row, *last]
            for rule, places in tape.instructions():
                values.append(apply(rule, *[values[place] for place in places]))
            return jnp.stack([values[place] for place in tape.outputs])

        return outputs(inputs) if inputs.ndim == 1 else jax.vmap(outputs)(inputs)

    return run


def by_value(tape: Tape) -> Callable[[Any, Any], Any]:
    """Return the function of parameters and inputs that runs a tape value by value."""
    tape = written_out(tape)
    values, outputs = machine(tape), numpy.array(tape.outputs)
    others, constants = now(tape), numpy.array(tape.constants)

    def run(parameters: Any, inputs: Any) -> Any:
        first, last = (numbers.astype(parameters.dtype) for numbers in (others, constants))

        def leaves(row: Any) -> Any:
            return jnp.concatenate([parameters, first, row, last])

        if inputs.ndim == 1:
            return values(leaves(inputs))[outputs]
        return values(jax.vmap(leaves, out_axes=1)(inputs))[outputs].T

    return run


def by_step(tape: Tape, plan: Plan | None = None, outer: bool = False) -> Callable[[Any, Any], Any]:
    """Return the function of parameters and inputs with each step of a lifted tape written out."""
    plan, program = lifted(plan or planned(tape))
    arrays = by_lines(program, plan.tape, now(tape), outer)

    def run(parameters: Any, inputs: Any) -> Any:
        if inputs.ndim == 1:
            return arrays(parameters, inputs)
        # For XLA the rows are one more axis, also of the matrix products.
        return jax.vmap(arrays, in_axes=(None, 0))(parameters, inputs)

    return run


def now(tape: Tape) -> Any:
    """Return the numbers of the leaves that are neither parameters nor inputs, as of now."""
    return numpy.array([leaf.data for leaf in tape.others])
