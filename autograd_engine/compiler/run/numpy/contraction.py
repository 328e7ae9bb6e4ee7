"""How NumPy contracts: as a matrix product wherever the views allow one.

A contraction has, beside the blocks h, one letter in both factors that is summed (c), one in
the first factor only (m), and one in the second only (n); a batched operand also has the rows
of the batch (b), last.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy

from autograd_engine.compiler.lift.arrays import Array, Instruction
from autograd_engine.compiler.lift.strides import Ref

View = Callable[[Ref], Array]
Call = tuple[Callable[..., Any], tuple[Any, ...]]


def contraction(view: View, instruction: Instruction) -> list[Call]:
    """Return the calls that carry out a contraction."""
    factors, result = instruction.axes.split("->")
    (first, second), (x, y), out = factors.split(","), instruction.ins, instruction.out
    if y.batched and not x.batched:
        first, second, x, y = second, first, y, x
    if first == "nk" or (x.batched and y.batched is out.batched):
        letters = (first + "b" * x.batched, second + "b" * y.batched, result + "b" * out.batched)
        axes = "{},{}->{}".format(*letters)
        a, b, o = view(x), view(y), view(out)
        return [(lambda: numpy.einsum(axes, a, b, out=o), ())]
    (c,) = set(first) & set(second) - set(result)
    m, n = (next(letter for letter in f if letter not in "h" + c) for f in (first, second))
    a = view(x.transposed(*map(first.index, ("h", m, c))))
    b = view(y.transposed(*map(second.index, ("h", c, n))))
    o = view(out.transposed(*map(result.index, ("h", m, n))))
    if not x.batched:
        return [_product(a, b, o)]
    if out.batched:  # (n, c) @ (c, rows), for each block and m
        return [_product(b.transpose(0, 2, 1)[:, None], a, o)]
    if a.shape[2] == 1:
        return [_product(a[:, :, 0], b[:, 0].transpose(0, 2, 1), o)]
    held = numpy.empty((a.shape[0], a.shape[2], a.shape[1], b.shape[2]))
    each = _product(a.transpose(0, 2, 1, 3), b.transpose(0, 1, 3, 2), held)
    return [each, (numpy.add.reduce, (held, 1, None, o))]


def _product(a: Array, b: Array, out: Array) -> Call:
    """Return the matrix product; where its summed axis has length 1, the product of elements."""
    if a.shape[-1] == 1:
        return numpy.multiply, on_few_axes(a, b, out)
    return numpy.matmul, (a, b, out)


def on_few_axes(*arrays: Array) -> tuple[Array, ...]:
    """Return views for a function of elements, the last its result, on as few axes as can be.

    Axes of length 1 are left out and the others ordered as the result lies in memory.
    """
    out = arrays[-1]
    order = sorted(range(out.ndim), key=lambda axis: -abs(out.strides[axis]))
    kept = [axis for axis in order if out.shape[axis] > 1] or order[:1]
    left = tuple(axis for axis in range(out.ndim) if axis not in kept)
    ranks = [sorted(kept).index(axis) for axis in kept]
    views = [numpy.broadcast_to(array, out.shape) for array in arrays[:-1]]
    return tuple(array.squeeze(left).transpose(ranks) for array in (*views, out))
