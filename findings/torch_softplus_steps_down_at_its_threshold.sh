#!/usr/bin/env bash
# torch 2.13.0: in double precision softplus is not monotone: it falls by 2e-9 just above 20.
#
# Above its `threshold` (20 by default, whatever the precision) it gives x itself, though log1p(exp(-x))
# is 2e-9 there, half a million times the spacing of doubles; slope and curvature jump to 1 and 0. In
# single precision the step is below the spacing. threshold=40 cures it.
#
# A good guess would be that the threshold goes with the precision, so that nobody sees it.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q torch==2.13.0 numpy==2.4.6
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import torch
from torch.nn.functional import softplus


def at(x, kind, **options):
    return softplus(torch.tensor(x, dtype=kind), **options).item()


below, above = 20.0, 20.000000001
low, high = at(below, torch.float64), at(above, torch.float64)
print("torch", torch.__version__, f"softplus({below!r}) = {low!r}, softplus({above!r}) = {high!r}")
x = torch.tensor([below, above], dtype=torch.float64, requires_grad=True)
slopes = torch.autograd.grad(softplus(x).sum(), x)[0].tolist()
print("slopes:", slopes)
assert low == 20.000000002061153 and high == above and low > high
assert slopes[0] < slopes[1] == 1.0
assert at(above, torch.float64, threshold=40.0) > at(below, torch.float64, threshold=40.0)
assert at(20.0, torch.float32) <= at(20.000002, torch.float32)
PYTHON
