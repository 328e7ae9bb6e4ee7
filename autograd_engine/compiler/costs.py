"""Costs: how long an array instruction takes, in the kernel and as a call of NumPy.

All in nanoseconds, measured on one core of a processor with vectors of eight floats: good to
a factor of two there, and elsewhere what matters is which of two is the smaller one.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Final

from autograd_engine.compiler.arrays import Instruction
from autograd_engine.compiler.kernel_source import VECTORS, codes
from autograd_engine.compiler.lanes import COLUMNS, ROWS, WIDTH

LONG: Final = 16  # numbers in a long vector
FMA: Final = 0.035 * WIDTH  # of a vector
KERNEL_CALL: Final = 200.0
NUMPY_CALL: Final = 300.0
BROKEN: Final = 80.0  # for each row of a call of NumPy that does not run through its operands

# What an element costs, with NumPy and in the kernel; beside these both take about CHEAP.
CHEAP: Final = 0.3, 0.2
# fmt: off
ELEMENTS: Final = {
    "divide":  (0.5, 0.4), "ratio":     (0.5, 0.4), "sqrt":    (1.3, 0.6), "circle":   (0.8, 0.6),
    "exp":     (0.9, 0.9), "log":       (0.9, 1.1), "ln":      (0.9, 1.1), "log1p":    (1.1, 1.3),
    "tanh":    (1.8, 0.9), "sigmoid":   (4.5, 1.0), "bell":    (3.8, 1.0), "softplus": (4.9, 1.9),
    "gauss":   (4.6, 1.3), "power":     (2.4, 11.), "expm1":   (2.4, 5.0), "log2":     (0.9, 4.4),
    "log10":   (1.0, 7.0), "cbrt":      (1.1, 19.), "sin":     (8.0, 8.5), "cos":      (8.0, 8.5),
    "tan":     (1.5, 9.2), "asin":      (1.4, 6.2), "acos":    (1.5, 6.0), "atan":     (1.4, 8.3),
    "atan2":   (2.4, 12.), "sinh":      (1.3, 9.5), "cosh":    (1.2, 6.3), "asinh":    (2.2, 11.),
    "acosh":   (2.3, 9.0), "atanh":     (1.7, 9.8), "erf":     (3.3, 3.5), "erfc":     (3.5, 3.7),
    "hypot":   (6.7, 5.5), "lenient_power": (2.4, 11.), "slope": (12., 12.),
    "power_log": (16., 17.), "unit":    (7.6, 7.5),
}
# fmt: on
NAMES: Final = tuple(codes())


def kernel_cost(code: Sequence[int]) -> float:
    """Return what the kernel takes for one instruction of its own."""
    return (_map, _product, _rows)[code[0]](code)


def _map(code: Sequence[int]) -> float:
    name = NAMES[code[2]]
    count, (out, *steps) = code[6], [code[11 + 5 * view] for view in range(4)]
    _, each = ELEMENTS.get(name, CHEAP)
    rows = prod(code[3:6])
    if name in VECTORS and out == 1 and all(0 <= step <= 1 for step in steps):
        return 10.0 + rows * (5.0 + each * -(-count // LONG) * LONG)
    return 10.0 + rows * (3.0 + max(each, 1.2) * count)


def _rows(code: Sequence[int]) -> float:
    return 10.0 + code[3] * (4.0 + 0.3 * code[4])


def _product(code: Sequence[int]) -> float:
    form, rows, columns, k1, k2 = code[2], *code[5:9]
    (an, _, a2), (bm, bn, _, b2) = code[18:21], code[24:28]
    terms, blocks = k1 * k2, -(-rows // ROWS)
    shared = rows >= ROWS and an == 0 and bm == 0
    if form == 0:
        steps = FMA * ROWS * COLUMNS
        wide, narrow = divmod(columns, COLUMNS * WIDTH) if bn == 1 else (0, columns)
        edges = -(-narrow // WIDTH)
        if shared:
            edge = 10.0 + terms * (1.4 if bn == 1 else 2.5)
            each = blocks * (wide * (15.0 + terms * steps) + edges * edge)
        else:
            longs, narrow = divmod(columns, LONG) if bn == 1 and 0 <= an <= 1 else (0, columns)
            each = rows * (4.0 + longs * (4 + 2.2 * terms) + -(-narrow // WIDTH) * (4 + 2 * terms))
    elif form == 1:
        strides = -(-k2 // WIDTH) * k1
        if shared and a2 == b2 == 1:
            wide, narrow = divmod(columns, COLUMNS)
            block = 10.0 + strides * FMA * 1.2 * ROWS * COLUMNS
            each = blocks * (wide * block + narrow * (5.0 + strides * 2.3))
        else:
            each = rows * columns * (4.0 + k1 * (k2 // LONG * 2.2 + (k2 % LONG + 7) // 8 * 1.5))
    else:
        each = rows * (6.0 + columns * (1.0 + terms * 0.9))
    return 10.0 + code[3] * code[4] * (5.0 + each)


def numpy_cost(instruction: Instruction, rows: int) -> float:
    """Return what the calls of NumPy take for an instruction on so many rows."""
    kind, out, ins = instruction.kind, instruction.out, instruction.ins
    batched = out.batched or any(ref.batched for ref in ins)
    many = rows if batched else 1
    elements = many * max(ref.size for ref in (out, *ins))
    if kind == "contract":
        return _contraction(instruction, rows)
    if kind == "sum":
        return 800.0 + 0.3 * elements
    if kind == "scan":
        return 1500.0 + 3.0 * elements
    if kind == "take":
        return 800.0 + len(instruction.index) * (2.0 + 0.2 * many)
    if kind == "put":
        return 5000.0 + len(instruction.index) * (10.0 + many)
    if kind != "map" or instruction.rule is None:
        return NUMPY_CALL + 0.3 * elements
    each, _ = ELEMENTS.get(instruction.rule.name, CHEAP)
    mixed = batched and not all(ref.batched for ref in ins)
    ragged = len(out.shape) > 1 and not batched and out.size > 1
    if mixed or (ragged and any(0 in ref.strides for ref in ins)):
        return 2 * NUMPY_CALL + each * elements + BROKEN * out.shape[0]
    return NUMPY_CALL + each * elements


def _contraction(instruction: Instruction, rows: int) -> float:
    """Return what a matrix product takes; where NumPy has none, what `einsum` does."""
    factors, result = instruction.axes.split("->")
    refs = (*instruction.ins, instruction.out)
    lengths: dict[str, int] = {}
    for names, ref in zip((*factors.split(","), result), refs, strict=True):
        lengths.update((n, m) for n, m in zip(names, ref.shape, strict=True) if m > 1)
    batched = [ref.batched for ref in refs]
    work = prod(lengths.values()) * (rows if any(batched) else 1)
    if factors.startswith("nk") or all(batched):
        return 3000.0 + 1.5 * work
    blocks = lengths.get("h", 1)
    return 700.0 + 300.0 * blocks + work / (26.0 + 14.0 * min(1.0, work / 2e6))
