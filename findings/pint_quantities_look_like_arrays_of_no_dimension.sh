#!/usr/bin/env bash
# pint 0.25.3: a quantity of a plain number answers like an array of no dimension, and its item() is
# no number but a quantity again.
#
# `ndim == 0` and a method `item` are what code asks to tell a scalar of NumPy, or a tensor of one
# number, from an array, and item() is the usual way to its number. A length of 3 metres passes both
# questions and keeps its unit, while float() of it raises.
#
# A good guess would be an AttributeError for ndim, since the magnitude is an int.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q pint==0.25.3 numpy==2.4.6
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import pint

length = pint.UnitRegistry().Quantity(3, "metre")
print("pint", pint.__version__, "ndim", length.ndim, "item()", repr(length.item()))
assert length.ndim == 0
assert isinstance(length.item(), pint.Quantity)
try:
    float(length)
    raise SystemExit("a length became a number")
except pint.DimensionalityError as error:
    print("float():", error)
PYTHON
