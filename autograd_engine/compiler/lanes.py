"""How many floats the processor computes at once, and how many results it can hold meanwhile."""

from __future__ import annotations

from typing import Final

import llvmlite.binding as llvm

_WIDE = bool(dict(llvm.get_host_cpu_features()).get("avx512f"))

WIDTH: Final = 8 if _WIDE else 4
"""Numbers in a vector."""

ROWS: Final = 4
COLUMNS: Final = 4 if _WIDE else 2
"""A block of a product that is computed in registers: rows of so many vectors."""
