"""The array program: what lifting makes of a tape, still in no language.

A *step* computes one wave of values as arrays. It is told as *instructions*, each one array
operation on views of memory; `reverse` adds the instructions of its derivative. A back end
turns instructions into calls of its own, and knows nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy

from autograd_engine.compiler.lift.strides import Ref, contiguous
from autograd_engine.compiler.record.symbols import Expression, X, Y, formula, substituted
from autograd_engine.primitives import TABLE, Primitive
from autograd_engine.table import ADD, NEGATIVE, SUBTRACT

if TYPE_CHECKING:
    from autograd_engine.compiler.lift.loops import Loop

Array = Any
New = Callable[[tuple[int, ...], bool], Ref]  # reserves memory

# Arenas: small letters hold one number in a slot, capitals one for each row of the batch.
VALUES, ADJOINTS, SCRATCH = "vV", "aA", "sS"


@dataclass(frozen=True)
class Instruction:
    """One array operation.

    `kind` is one of

    - "map": out = rule(*ins), element by element;
    - "choose": out = ins[2] where ins[0] > ins[1], else 0 times that;
    - "contract": with the `axes` "hsk,hjk->hsj", out[h, s, j] is the sum over k of
      ins[0][h, s, k] * ins[1][h, j, k]; with "nk,nk->n", out[n] that of ins[0][n, k] *
      ins[1][n, k]; also summed over the batch if out is not batched;
    - "sum": out = ins[0] summed over the axes in `over`, and over the batch if out is not;
    - "scan": out[..., k] = rule(out[..., k - 1], ins[0][..., k]) along the last axis, backwards
      where `over` holds -1;
    - "take": out = the slots `index` of the arena that ins[0] views, put where `at` says;
    - "put": the slots `index` of the arena that out views += ins[0];
    - "copy": out = ins[0]; "fill": out = 0;
    - "seed": out = 1, the output's own adjoint, or in a batch each row's weight in the mean;
    - "loop": the instructions of `body` for each step of a `loop`, the last step first where
      `over` holds -1.
    """

    kind: str
    out: Ref
    ins: tuple[Ref, ...] = ()
    rule: Primitive | None = None
    axes: str = ""
    over: tuple[int, ...] = ()
    index: Array = None
    at: Array = None
    body: tuple[Instruction, ...] = ()
    loop: Loop | None = None

    def rounds(self) -> Iterator[tuple[Instruction, ...]]:
        """Yield the instructions of each step of a loop, in the order in which they run."""
        assert self.loop is not None
        steps = range(self.loop.times)
        for t in reversed(steps) if self.over else steps:
            yield tuple(self.loop.moved(instruction, t) for instruction in self.body)


@dataclass
class Gathered:
    """Slots of an arena that no view reaches, put where `at` says in their copy."""

    arena: str
    slots: Array
    at: Array = None
    active: bool = True


@dataclass
class Operand:
    """What a step reads: a view, of a copy if it was `gathered`."""

    ref: Ref
    active: bool = True
    gathered: tuple[Gathered, ...] = ()


@dataclass
class Part:
    """One column of a sum: plain terms or a contraction of rows and columns."""

    sign: int
    axes: str
    left: Operand
    right: Operand | None = None


@dataclass
class Step:
    """One wave of values as arrays: "map", "sum" or "scan"."""

    kind: str
    rule: Primitive
    out: Ref
    operands: list[Operand] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    active: bool = True
    whole: Ref | None = None  # of a scan: every link, of which `out` is the last column
    forward: list[Instruction] = field(default_factory=list)

    def run(self, batched: bool) -> Iterator[Instruction]:
        """Yield the instructions that depend on the inputs, or those that do not."""
        return (found for found in self.forward if found.out.batched == batched)


@dataclass
class Memory:
    """How many slots each arena has, and the numbers that stand in it from the beginning."""

    sizes: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(VALUES + ADJOINTS + SCRATCH, 0)
    )
    constants: list[tuple[int, Array]] = field(default_factory=list)
    known: dict[bytes, int] = field(default_factory=dict)

    def new(self, arena: str, shape: tuple[int, ...]) -> Ref:
        """Reserve slots for an array."""
        ref = contiguous(arena, self.sizes[arena], shape)
        self.sizes[arena] += ref.size
        return ref

    def between(self, shape: tuple[int, ...], batched: bool) -> Ref:
        """Reserve slots for values that stand between those of the tape."""
        return self.new("V" if batched else "v", shape)

    def constant(self, numbers: Array) -> Ref:
        """Return a view of constants: one slot, seen again and again, where all are one."""
        flat = numpy.asarray(numbers, float).ravel()
        if (flat.view(numpy.int64) == flat[:1].view(numpy.int64)).all():
            return Ref("v", self.block(flat[:1]), numbers.shape, (0,) * numbers.ndim)
        return contiguous("v", self.block(flat), numbers.shape)

    def block(self, numbers: Array) -> int:
        """Return where constants stand one behind the other."""
        key = numbers.tobytes()
        if key not in self.known:
            self.known[key] = self.new("v", numbers.shape).start
            self.constants.append((self.known[key], numbers.copy()))
        return self.known[key]


def blank(shape: tuple[int, ...], batched: bool) -> Ref:
    """Return what stands for a place that is not yet known."""
    return contiguous("S" if batched else "s", 0, shape)


def added(found: Instruction, sign: int, first: bool, new: New) -> list[Instruction]:
    """Return what writes an array, or its negative, or adds it to what stands there already.

    `found` makes the array in the place where it belongs; `new(shape, batched)` reserves memory.
    """
    out, plain = found.out, found.kind == "copy"
    batched = out.batched and any(ref.batched for ref in found.ins)
    made: list[Instruction] = []
    if first and sign > 0 and (plain or batched == out.batched):
        return [found]
    if plain and (first or found.ins[0].shape == out.shape):
        value = found.ins[0]
    elif first and batched == out.batched:
        value, made = out, [found]
    else:
        value = new(out.shape, batched)
        made = [replace(found, out=value)]
    if not first:
        made.append(Instruction("map", out, (out, value), ADD if sign > 0 else SUBTRACT))
    elif sign > 0:
        made.append(Instruction("copy", out, (value,)))
    else:
        made.append(Instruction("map", out, (value,), NEGATIVE))
    return made


def map_instructions(
    rule: Primitive, out: Ref, ins: tuple[Ref, ...], memory: Memory, new: New
) -> list[Instruction]:
    """Return what computes a primitive element by element; one that nothing spells is told by its
    formula, where it has one.
    """
    expression = None if TABLE.get(rule.name) is rule else formula(rule)
    if expression is None:
        return [Instruction("map", out, ins, rule)]
    found: list[Instruction] = []
    last = evaluated(expression, dict(zip((X, Y), ins)), out.shape, memory, new, found, {})
    if not found:
        return [Instruction("copy", out, (last,))]
    return [*found[:-1], replace(found[-1], out=out)]


def evaluated(
    expression: Expression,
    known: dict[Any, Any],
    shape: tuple[int, ...],
    memory: Memory,
    new: New,
    to: list[Instruction],
    memo: dict[Any, Ref],
) -> Ref:
    """Return a view of an expression's value; append `to` it what computes that, each part once."""

    def ref(part: Any) -> Ref:
        return part if isinstance(part, Ref) else memory.constant(numpy.full(shape, part))

    def make(rule: Primitive, *parts: Any) -> Ref:
        refs = tuple(map(ref, parts))
        if (rule, refs) not in memo:
            memo[rule, refs] = made = new(shape, any(ref.batched for ref in refs))
            to.extend(map_instructions(rule, made, refs, memory, new))
        return memo[rule, refs]

    return ref(substituted(expression, make, known))


@dataclass
class ArrayProgram:
    """The lifted tape: steps in order, the memory they need, where the outputs stand."""

    steps: list[Step | Loop]
    memory: Memory
    outputs: list[Ref]
    home: Array  # the slot of each leaf, parameters first
    inputs: int  # slots at the beginning of "V"

    def forward(self, batched: bool) -> Iterator[Instruction]:
        """Yield the instructions that depend on the inputs, or those that do not."""
        for step in self.steps:
            yield from step.run(batched)
