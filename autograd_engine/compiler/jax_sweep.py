"""The chain rule over a whole tape as one linear operation of JAX, forwards or backwards.

Tangents run forwards: each computed value's is its source, plus its partials times its
operands' tangents. Adjoints run backwards along the same links. Each is the transpose of the
other, and the derivative of either by a partial is another sweep: so JAX can differentiate
a swept program as often as it likes, in time and memory linear in its size.

Arrays have the places of the tape on their first axis and any axes of a batch behind it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy

from autograd_engine.compiler.jax_adjoint import (
    JaxPrimitive,
    ad,
    batching,
    jax,
    jnp,
    mlir,
    passed,
)
from autograd_engine.compiler.tape import Tape


@dataclass(frozen=True, eq=False)
class Links:
    """Where the operands of each computed value stand; a missing one at a place of its own.

    That place is the last, behind those of the tape: what is counted towards it is not used.
    """

    start: int
    count: int
    x: Any
    y: Any


def links(tape: Tape) -> Links:
    """Return the links of a tape."""
    x, y = (numpy.array(column, numpy.int32) for column in (tape.x, tape.y))
    return Links(tape.start, len(x), x, numpy.where(y < 0, tape.size, y).astype(numpy.int32))


def sweep(dx: Any, dy: Any, start: Any, wires: Links, backwards: bool = False) -> Any:
    """Return every place's tangent, or backwards its adjoint, given what each starts with.

    `dx` and `dy` are the partials of each computed value by its operands.
    """
    return SWEEP.bind(dx, dy, start, wires=wires, backwards=backwards)


SWEEP = JaxPrimitive("sweep")


def _value(dx: Any, dy: Any, start: Any, *, wires: Links, backwards: bool) -> Any:
    return (_adjoints if backwards else _tangents)(dx, dy, start, wires)


def _tangents(dx: Any, dy: Any, start: Any, wires: Links) -> Any:
    x, y = jnp.asarray(wires.x), jnp.asarray(wires.y)

    def step(k: Any, found: Any) -> Any:
        along_x, along_y = found[x[k]], found[y[k]]
        here = found[wires.start + k] + _times(dx[k], along_x) + _times(dy[k], along_y)
        return found.at[wires.start + k].set(here)

    return jax.lax.fori_loop(0, wires.count, step, start)


def _adjoints(dx: Any, dy: Any, start: Any, wires: Links) -> Any:
    # Half a value a step, so that each reads and writes one operand: with two, XLA would copy
    # the whole array between them.
    operands = jnp.stack([jnp.asarray(wires.x), jnp.asarray(wires.y)], axis=1).ravel()
    partials = jnp.stack([dx, dy], axis=1).reshape(-1, *dx.shape[1:])

    def step(done: Any, found: Any) -> Any:
        half = 2 * wires.count - 1 - done
        adjoint, place = found[wires.start + half // 2], operands[half]
        return found.at[place].set(found[place] + _times(partials[half], adjoint))

    return jax.lax.fori_loop(0, 2 * wires.count, step, start)


def _times(partial: Any, adjoint: Any) -> Any:
    return jnp.where(adjoint == 0.0, 0.0, partial * adjoint)


def _shape(dx: Any, dy: Any, start: Any, **_: Any) -> Any:
    return jax.core.ShapedArray(start.shape, start.dtype)


def _derivative(operands: Any, tangents: Any, *, wires: Links, backwards: bool) -> Any:
    dx, dy, start = operands
    found = sweep(dx, dy, start, wires, backwards)
    computed = slice(wires.start, wires.start + wires.count)
    source = None if isinstance(tangents[2], ad.Zero) else tangents[2]
    for change, places in zip(tangents, (wires.x, wires.y)):
        if isinstance(change, ad.Zero):
            continue
        source = jnp.zeros_like(found) if source is None else source
        if backwards:
            source = source.at[places].add(passed(found[computed], change))
        else:
            source = source.at[computed].add(passed(found[places], change))
    return found, sweep(dx, dy, source, wires, backwards)


def _transposed(cotangent: Any, dx: Any, dy: Any, _: Any, *, wires: Links, backwards: bool) -> Any:
    if isinstance(cotangent, ad.Zero):
        return None, None, cotangent
    return None, None, sweep(dx, dy, cotangent, wires, not backwards)


def _batched(operands: Any, axes: Any, **options: Any) -> Any:
    size = next(x.shape[axis] for x, axis in zip(operands, axes) if axis is not None)
    rows = [batching.bdim_at_front(x, axis, size) for x, axis in zip(operands, axes)]
    dx, dy, start = (jnp.moveaxis(x, 0, -1) for x in rows)
    return sweep(dx, dy, start, **options), start.ndim - 1


SWEEP.def_impl(jax.jit(_value, static_argnames=("wires", "backwards")))
SWEEP.def_abstract_eval(_shape)
ad.primitive_jvps[SWEEP] = _derivative
ad.primitive_transposes[SWEEP] = _transposed
batching.primitive_batchers[SWEEP] = _batched
mlir.register_lowering(SWEEP, mlir.lower_fun(_value, multiple_results=False))
