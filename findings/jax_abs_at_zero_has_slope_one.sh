#!/usr/bin/env bash
# jax 0.10.2: the derivative of abs at 0 is 1 in either mode; that of sign(x)*x and of relu is 0.
#
# Which side a kink takes is not one rule in one library: relu gives 0 at 0, leaky_relu 1, maximum(x, -x)
# has both halves, which make 0; only abs goes with the right side. torch and HIPS autograd give 0.
#
# A good guess would be sign(0), which is 0 there as well.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q jax==0.10.2 jaxlib==0.10.2
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import jax
import jax.numpy as jnp

ways = {
    "abs": jnp.abs,
    "sign(x)*x": lambda x: jnp.sign(x) * x,
    "maximum(x, -x)": lambda x: jnp.maximum(x, -x),
    "relu": jax.nn.relu,
    "leaky_relu": jax.nn.leaky_relu,
}
found = {name: float(jax.grad(f)(0.0)) for name, f in ways.items()}
forward = float(jax.jvp(jnp.abs, (0.0,), (1.0,))[1])
print("jax", jax.__version__, found, "abs, forwards:", forward, "sign(0):", float(jnp.sign(0.0)))
assert list(found.values()) == [1.0, 0.0, 0.0, 0.0, 1.0]
assert forward == 1.0 and float(jnp.sign(0.0)) == 0.0
assert float(jax.grad(jnp.abs)(-0.0)) == 1.0
PYTHON
