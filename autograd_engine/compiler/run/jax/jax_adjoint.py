"""What JAX multiplies a partial and an adjoint with: an adjoint of exactly 0 passes nothing on.

Plain multiplication would make NaN of it where the partial is infinite, as that of `sqrt` at 0.
It is linear in the adjoint, and JAX may therefore transpose it, only as a primitive of JAX's
own: no composition of `where` is linear.
"""

from __future__ import annotations

from typing import Any

try:
    import jax
    import jax.numpy as jnp
    from jax.extend.core import Primitive as JaxPrimitive
    from jax.interpreters import ad, batching, mlir
except ImportError as error:
    raise ImportError(
        'to_jax() needs JAX, and it cannot be imported: pip install "autograd_engine[jax]"'
    ) from error

__all__ = ["PASSED", "JaxPrimitive", "ad", "batching", "jax", "jnp", "mlir", "passed", "product"]


def passed(partial: Any, adjoint: Any) -> Any:
    """Return partial * adjoint, of arrays of one shape; 0 where the adjoint is 0.

    >>> float(passed(jnp.inf, jnp.zeros(())))
    0.0
    """
    if isinstance(partial, float):
        if abs(partial) <= _LARGEST:
            return adjoint if partial == 1.0 else partial * adjoint
        partial = jnp.full_like(adjoint, partial)
    if str(jax.typeof(partial)) != str(jax.typeof(adjoint)):
        # One of them alone differs from device to device: inside `shard_map` let both do so.
        partial, adjoint = (jnp.where(first, partial, adjoint) for first in (True, False))
    return PASSED.bind(partial, adjoint)


_LARGEST = 3.4e38  # finite in single precision too
PASSED = JaxPrimitive("passed")


def product(partial: Any, adjoint: Any) -> Any:
    """Return the same in JAX's words, which it does not know to be linear."""
    return jnp.where(adjoint == 0.0, jnp.zeros_like(adjoint), partial * adjoint)


def _shape(partial: Any, adjoint: Any) -> Any:
    return adjoint.update(weak_type=False)


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
PASSED.def_abstract_eval(_shape)
ad.primitive_jvps[PASSED] = _derivative
ad.primitive_transposes[PASSED] = _transposed
batching.primitive_batchers[PASSED] = _batched
mlir.register_lowering(PASSED, mlir.lower_fun(product, multiple_results=False))
