#!/usr/bin/env bash
# jax 0.10.2: the Hessian of hypot(x, y)**2 / 2 at the origin is finite, symmetric and wrong.
#
# The right one is the identity, there as everywhere. Both jax.hessian and jacrev of jacrev give 1/4
# in all four places: hypot is computed by the larger of the two, a tie of which gives each half.
# With jax.numpy.linalg.norm instead all is NaN.
#
# A good guess would be the identity, or NaN.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q jax==0.10.2 jaxlib==0.10.2
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import jax

jax.config.update("jax_enable_x64", True)
import jax.numpy as jnp


def f(x):
    return 0.5 * jnp.hypot(x[0], x[1]) ** 2


def g(x):
    return 0.5 * jnp.linalg.norm(x) ** 2


origin, away = jnp.zeros(2), jnp.array([3.0, 4.0])
forward, reverse = jax.hessian(f)(origin), jax.jacrev(jax.jacrev(f))(origin)
print("jax", jax.__version__)
print("hypot, hessian:", forward.tolist(), "jacrev of jacrev:", reverse.tolist())
print("norm, hessian:", jax.hessian(g)(origin).tolist())
assert jnp.allclose(jax.hessian(f)(away), jnp.eye(2))
assert jnp.array_equal(forward, jnp.full((2, 2), 0.25))
assert jnp.array_equal(reverse, jnp.full((2, 2), 0.25))
assert jnp.isnan(jax.hessian(g)(origin)).all()
PYTHON
