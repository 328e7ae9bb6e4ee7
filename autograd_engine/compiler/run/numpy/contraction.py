"""How NumPy contracts: as a matrix product wherever the views allow one; and what is done in
Python, since it is about one number and costs less than a call of NumPy.

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
from autograd_engine.table import ADD, MULTIPLY, SUBTRACT

View = Callable[[Ref], Array]
Call = tuple[Callable[..., Any], tuple[Any, ...]]


def contraction(view: View, instruction: Instruction) -> list[Call]:
    """Return the calls that carry out a contraction."""
    factors, result = instruction.axes.split("->")
    first, second = factors.split(",")
    (x, y), out = instruction.ins, instruction.out
    if first == "nk" or "t" in first:  # over all steps of a loop
        return [_einsum(view, instruction)]
    (summed,) = set(first) & set(second) - set(result)
    m, n = (next(c for c in f if c not in "h" + summed) for f in (first, second))
    a = view(x.transposed(*map(first.index, ("h", m, summed))))
    b = view(y.transposed(*map(second.index, ("h", summed, n))))
    o = view(out.transposed(*map(result.index, ("h", m, n))))
    if not x.batched and not y.batched:
        return [_product(a, b, o)]
    if out.batched and not y.batched:  # (n, c) @ (c, rows), for each block and m
        return [_product(b.transpose(0, 2, 1)[:, None], a, o)]
    if out.batched and not x.batched:
        return [_product(a[:, None], b.transpose(0, 2, 1, 3), o.transpose(0, 2, 1, 3))]
    if not out.batched and x.batched and y.batched:
        if a.shape[2] == 1:
            return [_product(a[:, :, 0], b[:, 0].transpose(0, 2, 1), o)]
        held = numpy.empty((a.shape[0], a.shape[2], a.shape[1], b.shape[2]))
        return [
            _product(a.transpose(0, 2, 1, 3), b.transpose(0, 1, 3, 2), held),
            (numpy.add.reduce, (held, 1, None, o)),
        ]
    return [_einsum(view, instruction)]


def _product(a: Array, b: Array, out: Array) -> Call:
    """Return the matrix product; where its summed axis has length 1, the product of elements."""
    if a.shape[-1] == 1:
        return numpy.multiply, on_few_axes(a, b, out)
    axes = tuple(i for i in range(out.ndim - 2) if out.shape[i] == 1)
    a, b, out = (
        array.squeeze(tuple(i for i in axes if array.shape[i] == 1)) for array in (a, b, out)
    )
    if out.ndim == 2 and out.strides[-1] != out.itemsize and out.strides[-2] == out.itemsize:
        a, b, out = b.T, a.T, out.T
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


def _einsum(view: View, instruction: Instruction) -> Call:
    factors, result = instruction.axes.split("->")
    letters = [
        axes + "b" * ref.batched
        for axes, ref in zip(
            (*factors.split(","), result), (*instruction.ins, instruction.out), strict=True
        )
    ]
    axes = f"{letters[0]},{letters[1]}->{letters[2]}"
    a, b = map(view, instruction.ins)
    out = view(instruction.out)
    return lambda: numpy.einsum(axes, a, b, out=out), ()


FEW = 3  # products


def single(instruction: Instruction, arenas: dict[str, Array]) -> Callable[[], None] | None:
    """Return what carries out an instruction whose result is one number, if it is a simple one."""
    out, ins = instruction.out, instruction.ins
    if out.size != 1 or out.batched or any(ref.batched for ref in ins):
        return None
    to: Any = memoryview(arenas[out.arena])
    places: list[Any] = [memoryview(arenas[ref.arena]) for ref in ins]
    if instruction.kind == "map" and instruction.rule in (ADD, SUBTRACT, MULTIPLY):
        a, b = places
        return _operation(instruction.rule, to, out.start, a, b, ins[0].start, ins[1].start)
    if instruction.kind == "contract" and ins[0].size == ins[1].size <= FEW:
        a, b = places
        return _products(to, out.start, a, b, _slots(ins[0]), _slots(ins[1]))
    return None


def _operation(rule: Any, to: Any, at: int, a: Any, b: Any, i: int, j: int) -> Callable[[], None]:
    def add() -> None:
        to[at] = a[i] + b[j]

    def subtract() -> None:
        to[at] = a[i] - b[j]

    def multiply() -> None:
        to[at] = a[i] * b[j]

    return {ADD: add, SUBTRACT: subtract, MULTIPLY: multiply}[rule]


def _products(to: Any, at: int, a: Any, b: Any, xs: list[int], ys: list[int]) -> Callable[[], None]:
    pairs = list(zip(xs, ys, strict=True))

    def contract() -> None:
        total = 0.0
        for x, y in pairs:
            total += a[x] * b[y]
        to[at] = total

    return contract


def _slots(ref: Ref) -> list[int]:
    return ref.slots().ravel().tolist()  # type: ignore[no-any-return]
