"""The engines' names in the tables, and the libraries that they need."""

from __future__ import annotations

from importlib.util import find_spec

OURS, VALUES = "autograd_engine", "autograd_engine, numbers in Values"
NUMPY, JAX, CASADI = "NumPy by hand", "JAX, jitted", "CasADi, SX function"
SCAN = "JAX, jitted lax.scan"
TORCH, TORCH32 = "PyTorch, float64", "PyTorch, float32"

LIBRARIES = {
    OURS: "numpy",
    VALUES: "numpy",
    NUMPY: "numpy",
    JAX: "jax",
    SCAN: "jax",
    CASADI: "casadi",
    TORCH: "torch",
    TORCH32: "torch",
}

Seconds = dict[str, float | None]
"""Of one call of each engine; None where its library is not installed."""


def installed(name: str) -> bool:
    return find_spec(LIBRARIES[name]) is not None
