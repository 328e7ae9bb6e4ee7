#!/usr/bin/env bash
# casadi 3.8.2: float() of a scalar symbol of type SX is NaN, in silence; of type MX it raises.
#
# So code that asks an object for its number by __float__, as numpy, math and most libraries do,
# takes an SX symbol for the number NaN: math.exp of one is NaN without a word.
#
# A good guess would be a TypeError from both.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q casadi==3.8.2 numpy==2.4.6
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import math

import casadi

print("casadi", casadi.__version__)
found = float(casadi.SX.sym("x"))
print("float(SX symbol):", found)
assert math.isnan(found) and math.isnan(math.exp(casadi.SX.sym("x")))
try:
    float(casadi.MX.sym("x"))
    raise SystemExit("float(MX symbol) gave a number")
except RuntimeError as error:
    print("float(MX symbol):", type(error).__name__)
PYTHON
