"""The array program: what lifting makes of a tape, still in no language.

A *step* computes one wave of values as arrays. It is told as *instructions*, each one array
operation on views of memory; `reverse` adds the instructions of its derivative. A back end
turns instructions into calls of its own, and knows nothing else.

Memory is a few *arenas*, flat arrays of slots; in a batched arena every slot holds one number
for each row of the batch. A `Ref` is a strided view of slots, as NumPy's arrays are views of
bytes: `start + i*strides[0] + j*strides[1] + ...` for every i, j, ... below `shape`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import TYPE_CHECKING, Any

import numpy

from autograd_engine.compiler.record.symbols import Expression, X, Y, formula, substituted
from autograd_engine.primitives import TABLE, Primitive
from autograd_engine.table import ADD, NEGATIVE, SUBTRACT

if TYPE_CHECKING:
    from autograd_engine.compiler.lift.loops import Loop

Array = Any
Shape = tuple[int, ...]
New = Callable[[Shape, bool], "Ref"]  # reserves memory

# Arenas: v and V of values, a and A of adjoints, s and S of scratch; small letters hold one number
# in a slot, capitals one for each row of the batch.
BACK = {"v": "a", "V": "A"}


@dataclass(frozen=True)
class Ref:
    """A strided view of the slots of one arena."""

    arena: str
    start: int
    shape: Shape
    strides: Shape

    @property
    def batched(self) -> bool:
        """Whether each slot holds a number for every row of the batch."""
        return self.arena.isupper()

    @property
    def size(self) -> int:
        """The number of elements, those of a batch not counted."""
        return prod(self.shape)

    def slots(self) -> Array:
        """Return the slot of each element, in an array of the view's shape."""
        found = numpy.array(self.start)
        for length, stride in zip(self.shape, self.strides):
            found = numpy.add.outer(found, numpy.arange(length) * stride)
        return found

    def within(self, arena: Array) -> Array:
        """Return the view of an array of one element for each slot of the arena."""
        size = arena.itemsize
        strides = [stride * size for stride in self.strides]
        return numpy.ndarray(self.shape, arena.dtype, arena, self.start * size, strides)

    def reshaped(self, shape: Sequence[int]) -> Ref:
        return contiguous(self.arena, self.start, shape)

    def columns(self, first: int, last: int) -> Ref:
        start = self.start + first * self.strides[1]
        return Ref(self.arena, start, (self.shape[0], last - first), self.strides)

    @property
    def adjoint(self) -> Ref:
        return replace(self, arena=BACK[self.arena])


def contiguous(arena: str, start: int, shape: Sequence[int]) -> Ref:
    """Return the view of slots one behind the other, the last axis running fastest."""
    strides, step = [], 1
    for length in reversed(shape):
        strides.append(step)
        step *= length
    return Ref(arena, start, tuple(shape), tuple(reversed(strides)))


def steps_of(places: Array) -> list[int] | None:
    """Return the step along each axis, 0 where its length is 1; None if they vary.

    >>> steps_of(numpy.array([[2, 3, 4], [12, 13, 14]])), steps_of(numpy.array([1, 2, 4]))
    ([10, 1], None)
    """
    start, steps = int(places.flat[0]), []
    for axis, length in enumerate(places.shape):
        line = places[(0,) * axis + (slice(2),) + (0,) * (places.ndim - axis - 1)]
        steps.append(int(line[-1]) - start if length > 1 else 0)
    told = Ref("", start, places.shape, tuple(steps)).slots()
    return steps if (told == places).all() else None


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
    - "seed": out = 1, the output's own adjoint, or in a batch each row's weight in the mean, and
      of what has no rows that of the tile of the batch that is run;
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


@dataclass
class Step:
    """One wave of values as arrays: "map", "sum" or "scan".

    The `parts` say what it is: with a sign, what makes each column of a sum, else the whole, of a
    scan with every link. `forward` is how that is computed.
    """

    kind: str
    rule: Primitive
    out: Ref
    forward: list[Instruction]
    parts: list[tuple[int, Instruction]] = field(default_factory=list)

    def run(self, batched: bool) -> Iterator[Instruction]:
        """Yield the instructions that depend on the inputs, or those that do not."""
        return (found for found in self.forward if found.out.batched == batched)


@dataclass
class Memory:
    """How many slots each arena has, and the numbers that stand in it from the beginning."""

    sizes: dict[str, int] = field(default_factory=lambda: dict.fromkeys("vVaAsS", 0))
    constants: list[tuple[int, Array]] = field(default_factory=list)
    known: dict[bytes, int] = field(default_factory=dict)

    def new(self, shape: Shape, batched: bool) -> Ref:
        arena = "V" if batched else "v"
        ref = contiguous(arena, self.sizes[arena], shape)
        self.sizes[arena] += ref.size
        return ref

    def constant(self, numbers: Array) -> Ref:
        """Return a view of constants: one slot, seen again and again, where all are one."""
        flat = numbers.astype(float).ravel()
        if (flat.view(numpy.int64) == flat[:1].view(numpy.int64)).all():
            return Ref("v", self.block(flat[:1]), numbers.shape, (0,) * numbers.ndim)
        return contiguous("v", self.block(flat), numbers.shape)

    def block(self, numbers: Array) -> int:
        """Return where constants stand one behind the other."""
        key = numbers.tobytes()
        if key not in self.known:
            self.known[key] = self.new(numbers.shape, False).start
            self.constants.append((self.known[key], numbers.copy()))
        return self.known[key]


def blank(shape: Shape, batched: bool) -> Ref:
    """Return what stands for a place that is not yet known."""
    return contiguous("S" if batched else "s", 0, shape)


def added(found: Instruction, sign: int, first: bool, new: New) -> list[Instruction]:
    """Return what writes an array, or its negative, or adds it to what stands there already.

    `found` makes the array in the place where it belongs; `new(shape, batched)` reserves memory.
    """
    out = found.out
    batched = out.batched and any(ref.batched for ref in found.ins)
    fits, plain = first and batched == out.batched, found.kind == "copy"
    if first and sign > 0 and (plain or fits):
        return [found]
    if plain and (first or found.ins[0].shape == out.shape):
        value, made = found.ins[0], []
    else:
        value = out if fits else new(out.shape, batched)
        made = [replace(found, out=value)]
    if first:
        last = Instruction("copy", out, (value,))
        return [*made, last if sign > 0 else replace(last, kind="map", rule=NEGATIVE)]
    return [*made, Instruction("map", out, (out, value), ADD if sign > 0 else SUBTRACT)]


def evaluated(
    expression: Expression, known: Any, shape: Shape, memory: Memory, new: New, to: Any, memo: Any
) -> Ref:
    """Return a view of an expression's value; append `to` it what computes that, each part once.
    A primitive that nothing spells is told by its formula, where it has one.
    """

    def ref(part: Any) -> Ref:
        return part if isinstance(part, Ref) else memory.constant(numpy.full(shape, part))

    def make(rule: Primitive, *parts: Any) -> Any:
        refs = tuple(map(ref, parts))
        if (rule, refs) not in memo:
            own = None if TABLE.get(rule.name) is rule else formula(rule)
            if own is None:
                made = new(shape, any(ref.batched for ref in refs))
                to.append(Instruction("map", made, refs, rule))
            else:
                made = evaluated(own, dict(zip((X, Y), refs)), shape, memory, new, to, {})
            memo[rule, refs] = made
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
    parameters: int = 0

    def forward(self, batched: bool) -> Iterator[Instruction]:
        for step in self.steps:
            yield from step.run(batched)


@dataclass
class Backward:
    """The instructions of the derivative of output 0: `body` where there is a number for each row
    of a batch, and `rest` behind it.
    """

    body: list[Instruction] = field(default_factory=list)
    rest: list[Instruction] = field(default_factory=list)


def made(step: Step | Loop) -> Iterator[tuple[Ref, Sequence[Ref], Array]]:
    """Yield what a step makes, copies and a result, what of, and the slots of copies."""
    for found in step.forward:
        if found.kind == "take":
            yield found.out, found.ins, found.index
    if isinstance(step, Step):
        yield step.out, [ref for _, part in step.parts for ref in part.ins], None
