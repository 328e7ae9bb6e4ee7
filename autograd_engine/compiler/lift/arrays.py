"""The array program: what lifting makes of a tape, still in no language.

A *step* computes one wave of values as arrays. It is told as *instructions*, each one array
operation on views of memory; `reverse` adds the instructions of its derivative. A back end
turns instructions into calls of its own, and knows nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy

from autograd_engine.compiler.lift.strides import Ref, contiguous
from autograd_engine.compiler.record.symbols import Symbol, X, Y, formula, substituted
from autograd_engine.primitives import TABLE, Primitive
from autograd_engine.table import MULTIPLY

Array = Any

# Arenas: small letters hold one number in a slot, capitals one for each row of the batch.
VALUES, ADJOINTS, SCRATCH = "vV", "aA", "sS"


@dataclass(frozen=True)
class Instruction:
    """One array operation.

    `kind` is one of

    - "map": out = rule(*ins), element by element;
    - "choose": out = ins[2] where ins[0] > ins[1], else 0;
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
class Operand:
    """What a step reads: a view, and, where it had to be gathered, where its slots stand."""

    ref: Ref
    source: Array = None  # slots of the values' arena; None if `ref` views them itself
    at: Array = None
    active: bool = True
    parts: tuple[Operand, ...] = ()  # of a mixed operand: what was gathered from each arena


@dataclass
class Part:
    """One column of a sum: plain terms or a contraction of rows and columns."""

    sign: int
    left: Operand
    right: Operand | None = None
    axes: str = ""


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
class Loop:
    """Steps that run again and again, given as they are at the first time.

    What a step computes stands in a *frame*; the frames stand one behind the other in an area of
    each arena, behind those that the first step reads. What differs by step, but is not computed
    in it, is a row for each step of a `block`. So all that the body reads or writes moves on by
    as much at each step, or stays where it is.
    """

    steps: list[Step]
    times: int
    areas: dict[str, Ref]  # by arena, of shape (frames, slots of a frame)
    blocks: dict[str, Ref]  # of shape (times, slots of a row)
    carried: list[tuple[str, int]]  # arenas and slots that the first step reads of those before
    kept: list[tuple[str, int]]  # slots of the first frame that later steps or others read
    shared: dict[str, Array]  # slots that all steps read and a parameter is below, by arena
    forward: list[Instruction] = field(default_factory=list)  # what goes in front
    operands: list[tuple[Operand, Ref]] = field(default_factory=list)  # and where it comes from
    slopes: list[Ref] = field(default_factory=list)  # blocks too, computed in front of the way back

    def run(self, batched: bool) -> Iterator[Instruction]:
        """Yield the instructions that depend on the inputs, or those that do not."""
        yield from (found for found in self.forward if found.out.batched == batched)
        body = [found for step in self.steps for found in step.run(batched)]
        if body:
            yield Instruction("loop", body[0].out, body=tuple(body), loop=self)

    def memory(self) -> list[Ref]:
        """Return all areas and blocks."""
        return [*self.areas.values(), *self.blocks.values()]

    @property
    def active(self) -> bool:
        """Whether a parameter is below."""
        return any(step.active for step in self.steps)

    def first(self, area: Ref) -> slice:
        """Return the slots of an area in which the frame of the first step is."""
        frames, size = area.shape
        start = area.start + (frames - self.times) * size
        return slice(start, start + size)

    def states(self) -> Iterator[tuple[str, Array]]:
        """Yield what the first step reads of those before it, by the step that computes it."""
        for arena, area in self.areas.items():
            size = area.shape[1]
            owner = numpy.full(size, -1)
            for number, step in enumerate(self.steps):
                if step.out.arena == arena:
                    owner[step.out.slots() - self.first(area).start] = number
            slots = numpy.array([slot for own, slot in self.carried if own == arena], int)
            key = (slots - area.start) // size * len(self.steps) + owner[
                (slots - area.start) % size
            ]
            for one in numpy.unique(key):
                yield arena, numpy.sort(slots[key == one])

    def advance(self, arena: str, slots: Array) -> Array:
        """Return by how much slots move on from one step to the next."""
        found = numpy.zeros(numpy.shape(slots), numpy.int64)
        if arena not in SCRATCH:
            for ref in (*self.memory(), *self.slopes):
                if ref.batched == arena.isupper():
                    found[(slots >= ref.start) & (slots < ref.start + ref.size)] = ref.shape[1]
        return found

    def stride(self, ref: Ref) -> int:
        """Return by how much a view moves on from one step to the next."""
        return int(self.advance(ref.arena, numpy.array(ref.start)))

    def moved(self, instruction: Instruction, step: int) -> Instruction:
        """Return an instruction of the body as it is at this step."""

        def moved(ref: Ref) -> Ref:
            by = self.stride(ref)
            return Ref(ref.arena, ref.start + step * by, ref.shape, ref.strides) if by else ref

        out, ins, index = instruction.out, instruction.ins, instruction.index
        if index is not None:
            arena = (ins[0] if instruction.kind == "take" else out).arena
            index = index + step * self.advance(arena, index)
        return replace(instruction, out=moved(out), ins=tuple(map(moved, ins)), index=index)

    def all_steps(self, ref: Ref, last: bool = False) -> Ref:
        """Return the view of all steps at once, on one more axis: the first, or the last."""
        lengths, strides = (self.times,), (self.stride(ref),)
        if last:
            return Ref(ref.arena, ref.start, (*ref.shape, *lengths), (*ref.strides, *strides))
        return Ref(ref.arena, ref.start, (*lengths, *ref.shape), (*strides, *ref.strides))

    def summed(self, to: Operand, found: Instruction) -> Instruction | None:
        """Return an instruction summed over all steps, if it gives a contribution to what stays
        where it is, and reads only what is kept of all steps.
        """
        refs, shape, axes = found.ins, found.out.shape, found.axes
        if to.parts or to.source is not None or self.stride(to.ref):
            return None
        if any(ref.arena in SCRATCH for ref in refs) or not any(map(self.stride, refs)):
            return None
        whole = tuple(self.all_steps(ref, last=True) for ref in refs)
        if found.kind == "copy":
            return replace(found, kind="sum", ins=whole, over=(len(shape),))
        if (
            found.kind == "map"
            and found.rule is MULTIPLY
            and refs[0].shape == refs[1].shape == shape
        ):
            letters = "defgh"[: len(shape)]
            axes = f"{letters},{letters}->{letters}"
        elif found.kind != "contract":
            return None
        first, second, result = re.split(",|->", axes)
        lengths = dict(zip(first + second, refs[0].shape + refs[1].shape))
        over_rows = any(ref.batched for ref in refs) and not to.ref.batched
        if sum(lengths[c] > 1 for c in {*first, *second} - {*result}) + over_rows > 1:
            return None  # the core sums over two axes
        axes = f"{first}t,{second}t->{result}"
        return Instruction("contract", found.out, whole, axes=axes)


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
        numbers = numpy.asarray(numbers, numpy.float64)
        bits = numbers.ravel().view(numpy.int64)
        if (bits == bits[0]).all():
            start = self.block(numbers.ravel()[:1])
            return Ref("v", start, numbers.shape, (0,) * numbers.ndim)
        return contiguous("v", self.block(numbers.ravel()), numbers.shape)

    def block(self, numbers: Array) -> int:
        """Return where constants stand one behind the other."""
        key = numbers.tobytes()
        if key not in self.known:
            self.known[key] = self.new("v", numbers.shape).start
            self.constants.append((self.known[key], numbers.copy()))
        return self.known[key]


def map_instructions(
    rule: Primitive,
    out: Ref,
    ins: tuple[Ref, ...],
    memory: Memory,
    new: Callable[[tuple[int, ...], bool], Ref],
) -> list[Instruction]:
    """Return what computes a primitive element by element.

    One that nothing spells is told by its formula, where it has one: `new(shape, batched)`
    reserves memory for what stands between.
    """
    expression = None if TABLE.get(rule.name) is rule else formula(rule)
    if expression is None:
        return [Instruction("map", out, ins, rule)]
    known = dict(zip((X, Y), ins))
    if not isinstance(expression, Symbol):
        return [Instruction("copy", out, (memory.constant(numpy.full(out.shape, expression)),))]
    if expression.rule is None:
        return [Instruction("copy", out, (known[expression],))]
    found: list[Instruction] = []

    def make(inner: Primitive, *parts: Any) -> Ref:
        refs = tuple(
            part if isinstance(part, Ref) else memory.constant(numpy.full(out.shape, part))
            for part in parts
        )
        to = new(out.shape, any(ref.batched for ref in refs))
        found.extend(map_instructions(inner, to, refs, memory, new))
        return to

    substituted(expression, make, known)
    found[-1] = replace(found[-1], out=out)
    return found


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
