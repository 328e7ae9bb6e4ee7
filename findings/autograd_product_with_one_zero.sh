#!/usr/bin/env bash
# autograd 1.9.1 (HIPS): the gradient of prod([0, 2, 3]) is [nan, 0, 0]; the right one is [6, 0, 0].
#
# It is the product over the entry, 0/0. The product written out, x[0]*x[1]*x[2], has the right
# gradient, and so have torch and jax by their own prod.
#
# A good guess would be the product of the others.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q autograd==1.9.1 numpy==2.4.6
"$work/venv/bin/python" -W ignore - <<'PYTHON'
from importlib.metadata import version

import autograd.numpy as np
from autograd import grad

x = np.array([0.0, 2.0, 3.0])
whole, written = grad(np.prod)(x), grad(lambda x: x[0] * x[1] * x[2])(x)
print("autograd", version("autograd"), "prod:", whole, "written out:", written)
assert np.isnan(whole[0]) and list(whole[1:]) == [0.0, 0.0]
assert list(written) == [6.0, 0.0, 0.0]
assert list(grad(np.prod)(x + 1.0)) == [12.0, 4.0, 3.0]
PYTHON
