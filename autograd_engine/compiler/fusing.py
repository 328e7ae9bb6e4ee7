"""Fusing: which instructions the kernel carries out, and what a program takes with and without.

Most instructions are faster in the kernel, since a call of NumPy costs more than they do. A
large matrix product, or a long array of a function that NumPy computes with vectors and the
kernel number by number, is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from autograd_engine.compiler.arrays import Instruction
from autograd_engine.compiler.costs import KERNEL_CALL, kernel_cost, numpy_cost
from autograd_engine.compiler.encoding import Code, pieces


def fused(instruction: Instruction, places: Mapping[str, int], rows: int) -> Code | None:
    """Return the kernel's code of an instruction; None where NumPy is faster, or must do it."""
    found = pieces(instruction, places, rows)
    if found is None:
        return None
    mine = sum(map(kernel_cost, found))
    if mine > numpy_cost(instruction, rows) + KERNEL_CALL:
        return None
    return [number for piece in found for number in piece]


def seconds(instructions: Iterable[Instruction], rows: int, kernel: bool) -> float:
    """Return about how long instructions take on so many rows, with or without the kernel."""
    total, running = 0.0, False
    sizes: dict[str, int] = dict.fromkeys("vVaAsS", 0)
    for instruction in instructions:
        own = numpy_cost(instruction, rows)
        found = pieces(instruction, sizes, rows) if kernel else None
        mine = None if found is None else sum(map(kernel_cost, found))
        if mine is not None and mine <= own + KERNEL_CALL:
            total += mine + (0.0 if running else KERNEL_CALL)
            running = True
        else:
            total += own
            running = False
    return total * 1e-9
