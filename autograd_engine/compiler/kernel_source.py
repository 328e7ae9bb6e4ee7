"""The source of the kernel: a loop over array instructions, emitted from the table of primitives.

One kernel runs every program, on one flat memory. What an instruction is made of stands in
`encoding`; here is what carries it out. Most of the time goes into a few loops, which are
written with vectors: the elementary operations that are cheap or that neural networks are made
of, and products of matrices, a small block of the result in registers at a time.
"""

from __future__ import annotations

import hashlib
import pkgutil
from functools import lru_cache
from typing import Final

from autograd_engine.compiler.emit import spelled
from autograd_engine.compiler.kernel_loops import LOOPS
from autograd_engine.compiler.kernel_mathematics import MATHEMATICS
from autograd_engine.compiler.lanes import COLUMNS, ROWS, WIDTH
from autograd_engine.compiler.plain import texts
from autograd_engine.compiler.symbols import X, Y, applied
from autograd_engine.primitives import TABLE
from autograd_engine.table import CONSTANT, LEAF

CHOOSE: Final = "choose"

VECTORS: Final = {
    "stopped": "x",
    "add": "x + y",
    "subtract": "x - y",
    "multiply": "x * y",
    "divide": "x / y",
    "ratio": "x / y",
    "negative": "-x",
    "absolute": "size(x)",
    "sqrt": "root(x)",
    "circle": "root((1.0 - x) * (1.0 + x))",
    "relu": "if_less(x, 0.0, 0.0, x)",
    "maximum": "if_less(x, y, y, if_equal(y, y, x, y))",
    "minimum": "if_less(y, x, y, if_equal(y, y, x, y))",
    "above": "if_less(y, x, 1.0, 0.0)",
    "at_least": "if_less(y, x, 1.0, if_equal(x, y, 1.0, 0.0))",
    "equals": "if_equal(x, y, 1.0, 0.0)",
    "sign": "if_less(x, 0.0, -1.0, if_less(0.0, x, 1.0, x))",
    "azmul": "if_equal(x, 0.0, if_equal(x * y, x * y, x * y, 0.0), x * y)",
    "gap": "if_equal(x, y, if_less(-math.inf, x, 0.0, x), x - y)",
    "gate": "if_equal(x, 0.0, 0.0, y)",
    CHOOSE: "if_less(y, x, z, 0.0)",
    "exp": "v_exp(x)",
    "log": "v_log(x)",
    "ln": "v_log(x)",
    "log1p": "v_log1p(x)",
    "tanh": "v_tanh(x)",
    "sigmoid": "v_sigmoid(x)",
    "bell": "v_bell(x)",
    "softplus": "v_softplus(x)",
    "gauss": "v_gauss(x)",
}
"""How a row of the table is spelled with vectors; the other rows are computed number by number."""

# x**2 is too frequent to be computed as powers are.
SQUARED: Final = {
    name: f"@njit(**PART)\ndef {name}(x, y):\n    return x * x if y == 2.0 else x ** y"
    for name in ("power", "lenient_power")
}


@lru_cache(maxsize=1)
def codes() -> dict[str, int]:
    """Return the number of each function that the kernel maps over arrays, by name."""
    others = [
        name for name, rule in TABLE.items() if name not in VECTORS and rule.written_out is None
    ]
    names = [*VECTORS, *(name for name in others if TABLE[name] not in (LEAF, CONSTANT))]
    return {name: code for code, name in enumerate(names)}


@lru_cache(maxsize=1)
def source() -> str:
    """Return the source of the kernel, whose function `run` is called with code and memory."""
    parts = [HEAD.format(digest=_digest("vectors.py", "vector_memory.py"))]
    parts += [*{**texts(), **SQUARED}.values(), MATHEMATICS]
    parts.append(_switch("vectors", list(VECTORS.items())))
    parts.append(_switch("value", [(name, _scalar(name)) for name in codes()]))
    parts += [f"{name.upper()} = {codes()[name]}" for name in ("multiply", "power", "slope")]
    parts.append(f"VECTORS = {len(VECTORS)}  # codes below have a spelling with vectors")
    parts += [_panel("panel", COLUMNS), _panel("edge", 1), _dots("dots", COLUMNS), _dots("file", 1)]
    parts.append(LOOPS.format(rows=ROWS, columns=COLUMNS))
    return "\n\n\n".join(parts) + "\n"


def _digest(*names: str) -> str:
    """Return what changes when one of the files does that the source imports."""
    texts = [pkgutil.get_data("autograd_engine.compiler", name) or b"" for name in names]
    return hashlib.sha256(b"".join(texts)).hexdigest()[:16]


def _scalar(name: str) -> str:
    if name == CHOOSE:
        return "z if x > y else 0.0"
    rule = TABLE[name]
    return spelled(applied(rule, *(X, Y)[: len(rule.domain)]))


def _switch(name: str, cases: list[tuple[str, str]]) -> str:
    """Return the function that computes what its first argument, a code, says."""
    lines = ["@njit(forceinline=True, **PART)", f"def {name}(code, x, y, z):"]
    for title, text in cases[:-1]:
        lines += [f"    if code == {codes()[title]}:  # {title}", f"        return {text}"]
    return "\n".join([*lines, f"    return {cases[-1][1]}  # {cases[-1][0]}"])


def _panel(name: str, columns: int) -> str:
    """Return the function of a block of a product: numbers of a times vectors of b.

    A block of one vector's width may have fewer numbers, and b any stride.
    """
    last = columns == 1
    lines = [
        "@njit(**PART)",
        f"def {name}(m, o, om, a, am, a1, a2, b, bn, b1, b2, k1, k2, count):",
        *(f"    t{i}{j} = spread(0.0)" for i in range(ROWS) for j in range(columns)),
        "    for p in range(k1):",
        "        x, y = a + p * a1, b + p * b1",
        "        for q in range(k2):",
    ]
    if last:
        lines += [
            "            if bn == 1:",
            "                y0 = load_first(m, y, count)",
            "            elif count == WIDTH:",
            "                y0 = gather(m, y, bn)",
            "            else:",
            "                y0 = gather_first(m, y, bn, count)",
        ]
    else:
        lines += [f"            y{j} = load(m, y + {j} * WIDTH)" for j in range(columns)]
    for i in range(ROWS):
        lines.append(f"            s = spread(m[x + {i} * am])")
        lines += [f"            t{i}{j} = fma(s, y{j}, t{i}{j})" for j in range(columns)]
    lines += ["            x += a2", "            y += b2"]
    for i in range(ROWS):
        if last:
            lines.append(f"    store_first(m, o + {i} * om, t{i}0, count)")
        else:
            lines += [f"    store(m, o + {i} * om + {j} * WIDTH, t{i}{j})" for j in range(columns)]
    return "\n".join(lines)


def _dots(name: str, columns: int) -> str:
    """Return the function of a block of scalar products of rows of a and of b."""
    both = [(i, j) for i in range(ROWS) for j in range(columns)]
    lines = [
        "@njit(**PART)",
        f"def {name}(m, o, om, on, a, am, a1, b, bn, b1, k1, k2):",
        *(f"    t{i}{j} = spread(0.0)" for i, j in both),
        "    for p in range(k1):",
        "        x, y, left = a + p * a1, b + p * b1, k2",
        "        while left >= WIDTH:",
        *(f"            y{j} = load(m, y + {j} * bn)" for j in range(columns)),
    ]
    for i in range(ROWS):
        lines.append(f"            s = load(m, x + {i} * am)")
        lines += [f"            t{i}{j} = fma(s, y{j}, t{i}{j})" for j in range(columns)]
    lines += ["            x, y, left = x + WIDTH, y + WIDTH, left - WIDTH", "        if left:"]
    lines += [f"            y{j} = load_first(m, y + {j} * bn, left)" for j in range(columns)]
    for i in range(ROWS):
        lines.append(f"            s = load_first(m, x + {i} * am, left)")
        lines += [f"            t{i}{j} = fma(s, y{j}, t{i}{j})" for j in range(columns)]
    return "\n".join([*lines, *_totals(both)])


def _totals(places: list[tuple[int, int]]) -> list[str]:
    """Return the lines that sum each of several vectors, as many together as have one's width."""
    lines = []
    for first in range(0, len(places), WIDTH):
        some = places[first : first + WIDTH]
        names = [f"t{i}{j}" for i, j in some]
        for _ in range(WIDTH.bit_length() - 1):
            names += names[-1:] * (len(names) % 2)
            for place in range(0, len(names), 2):
                pair = ", ".join(names[place : place + 2])
                lines.append(f"    {names[place]} = paired({pair})")
            names = names[::2]
        lines += [
            f"    m[o + {i} * om + {j} * on] = lane({names[0]}, {number})"
            for number, (i, j) in enumerate(some)
        ]
    return lines


HEAD: Final = '''\
"""A kernel for array programs, emitted from the table of primitives.

With vectors of the library {digest}.
"""

import math

from numba import cfunc, njit

from autograd_engine.compiler.lanes import WIDTH
from autograd_engine.compiler.vector_memory import (
    behind,
    floats_at,
    gather,
    gather_first,
    lane,
    load,
    load_first,
    load_long,
    load_long_first,
    paired,
    spread,
    spread_first,
    spread_long,
    store,
    store_first,
    store_long,
    store_long_first,
    total,
)
from autograd_engine.compiler.vectors import (
    LONG,
    alike,
    exponent,
    fma,
    fraction,
    if_equal,
    if_less,
    root,
    signed,
    size,
    two_to,
    unoptimised,
)

IEEE = {{"error_model": "numpy", "nogil": True}}
PART = {{**IEEE, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}}'''
