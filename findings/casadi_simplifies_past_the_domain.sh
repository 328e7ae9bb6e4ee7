#!/usr/bin/env bash
# casadi 3.8.2: an expression is simplified as it is written, beyond where it is defined.
#
# sqrt(x)**2 at -3 is -3 with slope 1, x/x at 0 is 1, x-x at infinity 0, log(exp(x)) at 1000 is 1000: no
# NaN, as the operations one by one would give, which is what a function of the intermediate value sees.
# Both kinds of symbol, SX and MX, do it, without being asked to simplify.
#
# A good guess would be that a graph computes what was written.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q casadi==3.8.2 numpy==2.4.6
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import math

import casadi

ways = {
    "sqrt(x)**2": (lambda x: casadi.sqrt(x) ** 2, -3.0, [-3.0, 1.0]),
    "x/x": (lambda x: x / x, 0.0, [1.0, 0.0]),
    "x-x": (lambda x: x - x, math.inf, [0.0, 0.0]),
    "log(exp(x))": (lambda x: casadi.log(casadi.exp(x)), 1000.0, [1000.0, 1.0]),
}
print("casadi", casadi.__version__)
for name, (f, place, right) in ways.items():
    for kind in (casadi.SX, casadi.MX):
        x = kind.sym("x")
        found = [float(n) for n in casadi.Function("f", [x], [f(x), casadi.gradient(f(x), x)])(place)]
        print(f"{kind.__name__}: {name} at {place}: {found}")
        assert found == right
x = casadi.SX.sym("x")
assert math.isnan(float(casadi.Function("f", [x], [casadi.sqrt(x)])(-3.0)))
PYTHON
