#!/usr/bin/env bash
# jax 0.10.2: at (inf, inf) the partials of logaddexp are 1 and 1, which add up to 2.
#
# At every finite place they add up to 1, for logaddexp(x + t, y + t) is logaddexp(x, y) + t, and the
# limit along x = y is a half each. nn.logsumexp of the same two numbers has NaN for both.
#
# A good guess would be a half each, or NaN.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q jax==0.10.2 jaxlib==0.10.2
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import jax

jax.config.update("jax_enable_x64", True)
import jax.numpy as jnp

two = jax.grad(jnp.logaddexp, (0, 1))
found = {place: [float(slope) for slope in two(place, place)] for place in (3.0, 400.0, jnp.inf)}
whole = jax.grad(jax.nn.logsumexp)(jnp.array([jnp.inf, jnp.inf]))
print("jax", jax.__version__, "logaddexp:", found, "logsumexp:", whole.tolist())
for place in (3.0, 400.0):
    assert all(abs(slope - 0.5) < 1e-12 for slope in found[place])
assert found[jnp.inf] == [1.0, 1.0]
assert jnp.isnan(whole).all()
PYTHON
