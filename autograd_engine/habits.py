"""What people write by habit, and what to write instead."""

from __future__ import annotations

from typing import Final

CLOSURE: Final = (
    "a Value keeps no closure _backward: out.backward() does the whole pass, and an operation of "
    "your own is written as ag.primitive(name, forward, partials), such as "
    'cube = ag.primitive("cube", lambda x: x**3, lambda out, x: (3.0 * x**2,))'
)

STEPS: Final = (
    "write v.data // n or v.data % n for a plain number, since a step has no derivative to follow, "
    "and v - n * (v.data // n) for the remainder in the graph"
)
OPERATORS: Final[dict[str, str]] = {
    **dict.fromkeys(("//", "%", "divmod"), STEPS),
    "@": "write v * w, ag.dot(xs, ys) of two lists, or @ of NumPy arrays of Values",
    "^": "write v ** n for a power",
}
"""What to write where there is no such operator."""

PLAIN: Final = ", a plain number: steps have no derivative to follow"
TIE: Final = "(a, b) shares a tie between both"
FUNCTIONS: Final[dict[str, str]] = {
    "max": f"max(values), which picks the value with the largest number, ag.maximum{TIE}",
    "min": f"min(values), which picks the value with the smallest number, ag.minimum{TIE}",
    "abs": "abs(v)",
    "pow": "v ** n",
    "square": "v ** 2",
    "round": f"round(v.data){PLAIN}",
    "floor": f"math.floor(v.data){PLAIN}",
    "ceil": f"math.ceil(v.data){PLAIN}",
    "matmul": "[ag.dot(row, x) for row in rows]",
    "var": "ag.variance(values)",
    "std": "ag.sqrt(ag.variance(values))",
}
"""What to write where the package has no such function."""
