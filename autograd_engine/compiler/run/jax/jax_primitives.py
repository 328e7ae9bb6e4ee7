"""Each primitive as a function of JAX, differentiated by the table's own rule.

`primitive_in_jax(rule)` is a function of JAX arrays that works under `jit`, `vmap`, `grad` and
any mixture and order of them. Its derivative is what the row says, kinks included: relu'(0) is
0, a tie of `maximum` gives each half. Numbers are of JAX's precision: float64 where
`jax_enable_x64` is on, else float32. Nothing here switches it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy
from jax.extend.core import Primitive as JaxPrimitive
from jax.interpreters import ad, batching, mlir

from autograd_engine.compiler.record.symbols import OUT, formula, slopes, substituted, unknowns
from autograd_engine.compiler.run.translated import OnArrays, called
from autograd_engine.primitives import TABLE, Primitive

SymbolicZero = jax.custom_derivatives.SymbolicZero
IN_JAX = OnArrays(jnp, jax.scipy.special)
SAME = {"add", "subtract", "multiply", "negative"}
LARGEST = 3.4e38  # finite in single precision too
PASSED = JaxPrimitive("passed")


@lru_cache(maxsize=1024)
def primitive_in_jax(rule: Primitive, outer: bool = False) -> Callable[..., Any]:
    """Return a primitive as a function of JAX arrays or numbers; `outer` where it is part of a
    derivative, whose own derivative multiplies honestly (see `gradients`).
    """
    forward = spelled(rule)
    if TABLE.get(rule.name) is rule and rule.name in SAME:
        return lambda *operands: forward(*floating(*operands))  # JAX's derivative is the row's

    function = jax.custom_jvp(forward)

    def derivative(operands: Any, tangents: Any) -> Any:
        out = function(*operands)
        known: dict[Any, Any] = {OUT: out, **dict(zip(unknowns(len(operands)), operands))}
        terms = []
        for partial, tangent in zip(slopes(rule, len(operands)), tangents):
            if type(tangent) is not SymbolicZero:
                found = substituted(partial, applied, known)
                terms.append(found * tangent if outer else passed(found, tangent))
        return out, sum(terms[1:], terms[0]) if terms else jnp.zeros_like(out)

    function.defjvp(derivative, symbolic_zeros=True)
    return lambda *operands: function(*jnp.broadcast_arrays(*floating(*operands)))


def applied(rule: Primitive, *operands: Any) -> Any:
    """Return a primitive in a derivative, applied to arrays of JAX and numbers."""
    return primitive_in_jax(rule, True)(*operands)


def floating(*operands: Any) -> list[Any]:
    """Return numbers and arrays as floating-point arrays of one precision."""
    kind = jnp.result_type(float, *operands)
    return [jnp.asarray(x, kind) for x in operands]


def spelled(rule: Primitive) -> Callable[..., Any]:
    """Return the primitive's forward function in JAX's words; as somebody's own, its formula, or
    what calls it back, and is NaN where it raises `ArithmeticError` or `ValueError`.
    """

    def own(*operands: Any) -> Any:
        expression, first = formula(rule, len(operands)), operands[0]
        if expression is None:
            shape = jax.ShapeDtypeStruct(first.shape, first.dtype)
            return jax.pure_callback(called_back, shape, *operands, vmap_method="broadcast_all")
        found = substituted(expression, applied, dict(zip(unknowns(len(operands)), operands)))
        return jnp.broadcast_to(jnp.asarray(found, first.dtype), first.shape)

    def called_back(*operands: Any) -> Any:
        given = [numpy.asarray(x, numpy.float64) for x in operands]
        with numpy.errstate(all="ignore"):
            out = called(rule, len(given))(*given, out=numpy.empty(given[0].shape))
        return numpy.asarray(out, operands[0].dtype)

    return IN_JAX.spelled(rule) or own


# An adjoint of exactly 0 passes nothing on, where plain multiplication would make NaN of it beside
# an infinite partial, as that of `sqrt` at 0. Such a product is linear in the adjoint, so that JAX
# may transpose it, only as a primitive of JAX's own: no composition of `where` is.


def passed(partial: Any, adjoint: Any) -> Any:
    """Return partial * adjoint, of arrays of one shape; 0 where the adjoint is 0."""
    if isinstance(partial, float):
        if abs(partial) <= LARGEST:
            return adjoint if partial == 1.0 else partial * adjoint
        partial = jnp.full_like(adjoint, partial)
    if str(jax.typeof(partial)) != str(jax.typeof(adjoint)):
        # One of them alone differs from device to device: inside `shard_map` let both do so.
        partial, adjoint = (jnp.where(first, partial, adjoint) for first in (True, False))
    return PASSED.bind(partial, adjoint)


def product(partial: Any, adjoint: Any) -> Any:
    """Return the same in JAX's words, which it does not know to be linear."""
    return jnp.where(adjoint == 0.0, jnp.zeros_like(adjoint), partial * adjoint)


def _derivative(operands: Any, tangents: Any) -> Any:
    partial, adjoint = operands
    terms = [
        other * tangent  # where derivatives are differentiated, a 0 hides nothing: see `gradients`
        for other, tangent in zip((adjoint, partial), tangents)
        if not isinstance(tangent, ad.Zero)
    ]
    return passed(partial, adjoint), sum(terms[1:], terms[0])


def _transposed(cotangent: Any, partial: Any, adjoint: Any) -> Any:
    if isinstance(cotangent, ad.Zero):
        return None, cotangent
    return None, passed(partial, cotangent)


def _batched(operands: Any, axes: Any) -> Any:
    size = next(x.shape[axis] for x, axis in zip(operands, axes) if axis is not None)
    rows = [batching.bdim_at_front(x, axis, size) for x, axis in zip(operands, axes)]
    return passed(*rows), 0


PASSED.def_impl(jax.jit(product))
PASSED.def_abstract_eval(lambda partial, adjoint: adjoint.update(weak_type=False))
ad.primitive_jvps[PASSED] = _derivative
ad.primitive_transposes[PASSED] = _transposed
batching.primitive_batchers[PASSED] = _batched
mlir.register_lowering(PASSED, mlir.lower_fun(product, multiple_results=False))
