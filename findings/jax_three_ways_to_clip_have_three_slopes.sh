#!/usr/bin/env bash
# jax 0.10.2: at a bound, three functions that clip to [-1, 1] have the slopes 1/2, 0 and 1.
#
# numpy.clip is made of maximum and minimum, a tie of which gives each half; lax.clamp passes nothing
# at its bounds; nn.hard_tanh passes all. The three agree in value everywhere, bit for bit.
#
# A good guess would be one convention for one function.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q jax==0.10.2 jaxlib==0.10.2
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import jax
import jax.numpy as jnp

ways = {
    "numpy.clip": lambda x: jnp.clip(x, -1.0, 1.0),
    "lax.clamp": lambda x: jax.lax.clamp(-1.0, x, 1.0),
    "nn.hard_tanh": jax.nn.hard_tanh,
}
places = jnp.array([-2.0, -1.0, 0.5, 1.0, 2.0])
print("jax", jax.__version__, "at", places.tolist())
slopes = {name: jax.vmap(jax.grad(f))(places).tolist() for name, f in ways.items()}
for name, f in ways.items():
    print(f"{name:13}", slopes[name])
    assert f(places).tolist() == [-1.0, -1.0, 0.5, 1.0, 1.0]
assert slopes["numpy.clip"] == [0.0, 0.5, 1.0, 0.5, 0.0]
assert slopes["lax.clamp"] == [0.0, 0.0, 1.0, 0.0, 0.0]
assert slopes["nn.hard_tanh"][1] == slopes["nn.hard_tanh"][3] == 1.0
PYTHON
