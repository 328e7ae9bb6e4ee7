#!/usr/bin/env bash
# torch 2.13.0: two ways to one Hessian, two answers, and the finite one is wrong.
#
# f(x) = |x|**2 / 2 has the identity as its Hessian everywhere. Written with
# torch.linalg.vector_norm and asked for at the origin, torch.autograd.functional.hessian gives NaN,
# which is honest, and torch.func.hessian gives zeros: its forward sweep takes the subgradient 0 of
# the norm, and the derivative of that.
#
# A good guess would be that both give NaN, or both the identity.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q torch==2.13.0 numpy==2.4.6
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import torch


def f(x):
    return 0.5 * torch.linalg.vector_norm(x) ** 2


origin = torch.zeros(2, dtype=torch.float64)
reverse = torch.autograd.functional.hessian(f, origin)
mixed = torch.func.hessian(f)(origin)
print("torch", torch.__version__)
print("autograd.functional.hessian:", reverse.tolist())
print("func.hessian:", mixed.tolist())
away = torch.tensor([3.0, 4.0], dtype=torch.float64)
assert torch.allclose(torch.func.hessian(f)(away), torch.eye(2, dtype=torch.float64))
assert reverse.isnan().all()
assert mixed.tolist() == [[0.0, 0.0], [0.0, 0.0]]
PYTHON
