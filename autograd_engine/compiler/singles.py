"""Instructions on one number: done in Python, they cost less than a call of NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd_engine.compiler.arrays import Array, Instruction
from autograd_engine.compiler.views import Ref
from autograd_engine.engine import ADD, MULTIPLY, SUBTRACT

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
