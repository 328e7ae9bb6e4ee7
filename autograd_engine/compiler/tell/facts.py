"""Facts: how much work an array program is, counted from its instructions.

Counted for one row of the batch, as if each operation on two numbers, or each function of
one, took the same time.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from autograd_engine.compiler.lift.arrays import ArrayProgram, Instruction
from autograd_engine.compiler.lift.reverse import Backward

ITEM = 8  # bytes of a number


class Facts(NamedTuple):
    """Matrix products of the forward pass; operations and bytes of a value with its gradient."""

    products: int
    flops: int
    bytes: int


def facts(program: ArrayProgram, backward: Backward) -> Facts:
    """Return the number of matrix products, of floating-point operations, of bytes in buffers.

    >>> from autograd_engine.compiler.run.numpy.lifted import Lifted
    >>> from autograd_engine.compiler.record.tape import record
    >>> from autograd_engine.engine import Value
    >>> w, x = Value(2.0), Value(3.0)
    >>> lifted = Lifted(record([(w * x).tanh()], inputs=[x]))
    >>> facts(lifted.program, lifted.backward).products
    0
    """
    forward = [*program.forward(False), *program.forward(True)]
    everything = [*forward, *backward.body, *backward.rest]
    return Facts(
        products(forward),
        sum(map(flops, everything)),
        ITEM * sum(program.memory.sizes.values()),
    )


def products(instructions: Iterable[Instruction]) -> int:
    """Count the matrix products: contractions of which a factor has rows that share the other.

    A matrix times a vector is one, too, and so is a stack of them; a dot product is none.
    """
    return sum(
        products(found.body) if found.body else _is_product(found) for found in instructions
    )


def _is_product(instruction: Instruction) -> bool:
    if instruction.kind != "contract":
        return False
    length = lengths(instruction)
    factors, result = instruction.axes.split("->")
    first, second = map(set, factors.split(","))
    summed = any(length[letter] > 1 for letter in first & second - set(result))
    over_rows = all(ref.batched for ref in instruction.ins) and not instruction.out.batched
    return (summed or over_rows) and any(length[letter] > 1 for letter in first ^ second)


def flops(instruction: Instruction) -> int:
    """Count the floating-point operations of one instruction.

    >>> from autograd_engine.compiler.lift.strides import contiguous
    >>> a, b, c = (contiguous("v", 0, shape) for shape in ((1, 2, 3), (1, 4, 3), (1, 2, 4)))
    >>> flops(Instruction("contract", c, (a, b), axes="hsk,hjk->hsj"))
    48
    """
    kind = instruction.kind
    if instruction.loop is not None:
        return instruction.loop.times * sum(map(flops, instruction.body))
    if kind == "contract":
        count = 2  # a multiplication and an addition
        for length in lengths(instruction).values():
            count *= length
        return count
    if kind in ("map", "scan", "choose"):
        return instruction.out.size
    return instruction.ins[0].size if kind in ("sum", "put") else 0


def lengths(instruction: Instruction) -> dict[str, int]:
    """Return the length of each letter of a contraction's axes."""
    factors = instruction.axes.split("->")[0].split(",")
    return {
        letter: length
        for letters, ref in zip(factors, instruction.ins)
        for letter, length in zip(letters, ref.shape)
    }
