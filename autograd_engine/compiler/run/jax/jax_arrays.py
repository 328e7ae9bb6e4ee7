"""A lifted tape inside JAX: every step one array, matrix products and sums as XLA knows them.

Nothing is written in place there: a view of memory becomes slices, transpositions and
broadcasts of the arrays that stand where it looks, and what strides cannot tell is gathered.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from functools import lru_cache
from typing import Any

import numpy

from autograd_engine.compiler.lift.arrays import VALUES, ArrayProgram, Loop, Part, Step
from autograd_engine.compiler.lift.strides import Pattern, Ref, pattern
from autograd_engine.compiler.record.symbols import OUT, X, Y, slopes, substituted
from autograd_engine.compiler.run.jax.jax_adjoint import jax, jnp, passed
from autograd_engine.compiler.run.jax.jax_primitives import applied, applied_outer, primitive_in_jax
from autograd_engine.primitives import Primitive
from autograd_engine.table import ADD, NEGATIVE, SUBTRACT

lax = jax.lax
Array = Any
DEEPEST = 6  # axes
Places = list[tuple[str, int]]  # arenas and slots


def sliced(flat: Array, where: Array) -> Array:
    """Return the numbers at these places, in the shape of the places: slices where they can be.

    XLA knows how to fuse slices, transpositions and broadcasts with what is computed from them,
    and their derivatives are as plain; a gather's is a scatter, one number at a time.

    >>> sliced(jnp.arange(12), numpy.array([[1, 5, 9], [2, 6, 10]])).tolist()
    [[1, 5, 9], [2, 6, 10]]
    """
    if isinstance(flat, numpy.ndarray):
        return flat[where]
    axes = pattern(where.ravel(), DEEPEST)
    if axes == [(len(flat), 1)]:  # the whole of it
        return flat.reshape(where.shape)
    found = None if axes is None else by_axes(flat, int(where.flat[0]), axes)
    if found is None:
        found = flat.at[where].get(mode="promise_in_bounds")
    return found.reshape(where.shape)


def by_axes(flat: Array, start: int, axes: Pattern) -> Array | None:
    """Return the view with these lengths and strides, the fastest axis first.

    None where slices cannot make it: where rows overlap, or the last is cut off.
    """
    lengths = [length for length, _ in axes]
    strides = [abs(stride) for _, stride in axes]
    start += sum((length - 1) * min(stride, 0) for length, stride in axes)
    order = sorted((i for i in range(len(axes)) if strides[i]), key=lambda i: -strides[i])
    for depth, i in enumerate(order[:-1], 1):  # cut into rows: the axes inside see some columns
        reach = sum((lengths[j] - 1) * strides[j] for j in order[depth:])
        width, room = strides[i], flat.shape[-1] - lengths[i] * strides[i]
        bases = (start - start % width, start, room)
        base = next((b for b in bases if 0 <= b <= room and 0 <= start - b < width - reach), None)
        if base is None:
            return None
        flat = lax.slice_in_dim(flat, base, base + lengths[i] * width, axis=-1)
        flat = flat.reshape(*flat.shape[:-1], lengths[i], width)
        start -= base
    length, stride = (lengths[order[-1]], strides[order[-1]]) if order else (1, 1)
    flat = lax.slice_in_dim(flat, start, start + (length - 1) * stride + 1, stride, axis=-1)
    flat = flat.reshape([lengths[i] for i in order])
    if any(stride < 0 for _, stride in axes):
        flat = lax.rev(flat, [place for place, i in enumerate(order) if axes[i][1] < 0])
    flat = flat.transpose(sorted(range(len(order)), key=lambda place: -order[place]))
    shape = [length if stride else 1 for length, stride in reversed(axes)]
    return jnp.broadcast_to(flat.reshape(shape), lengths[::-1])


HIGHEST = 6  # elementwise steps on top of one another that XLA may make one of


class Arrays:
    """An array program as a function of JAX: (parameters (P,), inputs (n,)) -> outputs (m,).

    `others` are the numbers of the leaves behind the parameters.

    >>> from autograd_engine import Value
    >>> from autograd_engine.compiler.run.numpy.lifted import Lifted
    >>> from autograd_engine.compiler.record.tape import record
    >>> a, x = Value(2.0), Value(0.0)
    >>> program = Lifted(record([a * x + a], inputs=[x])).program
    >>> Arrays(program, numpy.array([]))(jnp.array([3.0]), jnp.array([5.0])).tolist()
    [18.0]
    """

    def __init__(self, program: ArrayProgram, others: Array, outer: bool = False) -> None:
        self.program = program
        self.applied = applied_outer if outer else applied
        sizes, parameters = program.memory.sizes, len(program.home) - len(others)
        # For each slot, which array its number stands in, and where. The arrays: parameters,
        # inputs, numbers known now, then what the steps compute.
        self.which = {arena: numpy.full(sizes[arena], -1) for arena in VALUES}
        self.where = {arena: numpy.full(sizes[arena], -1) for arena in VALUES}
        self.heights: list[int] = []  # of elementwise steps since the last that was fenced off
        self.fenced: set[int] = set()
        self.settle("v", program.home[:parameters])
        self.settle("V", numpy.arange(program.inputs))
        self.settle("v", program.home[parameters:])
        for start, numbers in program.memory.constants:
            self.settle("v", start + numpy.arange(len(numbers)))
        self.numbers = [others, *(numbers for _, numbers in program.memory.constants)]
        self.scans: dict[int, Scan] = {}  # by number of the array that they make
        self.place(program.steps)

    def place(self, steps: Sequence[Step | Loop]) -> None:
        """Find out where the results of steps will stand."""
        for step in steps:
            self.take(step)
            if isinstance(step, Loop):
                scan = self.scans[len(self.heights)] = Scan(self, step)
                self.settle_all(scan.made)
                continue
            height = self.height(step)
            if height == HIGHEST:
                self.fenced.add(len(self.heights))
            self.settle(step.out.arena, step.out.slots().ravel(), height % HIGHEST)

    def settle_all(self, places: Places) -> None:
        """Say that the next array holds the numbers of slots of several arenas."""
        for at, (arena, slot) in enumerate(places):
            self.which[arena][slot], self.where[arena][slot] = len(self.heights), at
        self.heights.append(0)

    def settle(self, arena: str, slots: Array, height: int = 0) -> None:
        """Say that the next array holds the numbers of these slots."""
        self.which[arena][slots] = len(self.heights)
        self.where[arena][slots] = numpy.arange(len(slots))
        self.heights.append(height)

    def take(self, step: Step | Loop) -> None:
        """Let the slots of gathered copies stand for what would be copied to them."""
        for taken in step.forward:
            if taken.kind == "take":
                to = taken.out.slots().ravel()[slice(None) if taken.at is None else taken.at]
                for told in (self.which, self.where):
                    told[taken.out.arena][to] = told[taken.ins[0].arena][taken.index]

    def height(self, step: Step) -> Any:
        """Return how many elementwise steps lie on top of one another here."""
        if step.kind == "scan" or any(part.axes not in ("", "map") for part in step.parts):
            return 0
        operands = [o for part in step.parts for o in (part.left, part.right) if o is not None]
        refs = [operand.ref for operand in operands + step.operands]
        below = numpy.unique(numpy.concatenate([self.found(ref)[0].ravel() for ref in refs]))
        return max(self.heights[number] for number in below) + 1

    def found(self, ref: Ref) -> tuple[Array, Array]:
        """Return for each element of a view, which array it stands in, and where."""
        slots = ref.slots()
        return self.which[ref.arena][slots], self.where[ref.arena][slots]

    def found_all(self, places: Places) -> tuple[Array, Array]:
        """Return the same for slots of several arenas."""
        found = [(self.which[arena][slot], self.where[arena][slot]) for arena, slot in places]
        which, where = numpy.array(found, int).reshape(-1, 2).T
        return which, where

    def __call__(self, parameters: Array, inputs: Array) -> Array:
        """Return the outputs; numbers known now take the precision of the parameters."""
        arrays = [parameters, inputs, *(known.astype(parameters.dtype) for known in self.numbers)]
        arrays = self.run(self.program.steps, arrays)
        outputs = [
            numpy.concatenate(found) for found in zip(*map(self.found, self.program.outputs))
        ]
        return read_at(arrays, *outputs)

    def run(self, steps: Sequence[Step | Loop], arrays: Sequence[Array]) -> list[Array]:
        """Return the arrays with those behind them that the steps make."""
        arrays = list(arrays)
        one = lax.optimization_barrier(jnp.ones((), arrays[0].dtype))
        seen: dict[Ref, Array] = {}  # what is read alike is read once, and its adjoints added

        def read(ref: Ref) -> Array:
            if ref not in seen:
                seen[ref] = read_at(arrays, *self.found(unspread(ref)))
            return seen[ref]

        for step in steps:
            if isinstance(step, Loop):
                arrays.append(self.scans[len(arrays)](arrays))
                continue
            result = computed(step, read, self.applied).ravel()
            if len(arrays) in self.fenced:
                # XLA computes cheap operands again for each use, and theirs for each of those:
                # without end. A division, though by 1, it does but once.
                result = result / one
            arrays.append(result)
        return arrays


class Scan:
    """A loop: `lax.scan` over its steps, which carries what the next ones read."""

    def __init__(self, outside: Arrays, loop: Loop) -> None:
        self.loop, self.inside = loop, copy(outside)
        rows = [
            (arena, block.start + i)
            for arena, block in loop.blocks.items()
            for i in range(block.shape[1])
        ]
        self.rows = outside.found_all(self.steps(rows))
        self.first = outside.found_all(loop.carried)
        self.inside.which = {arena: found.copy() for arena, found in outside.which.items()}
        self.inside.where = {arena: found.copy() for arena, found in outside.where.items()}
        self.inside.heights, self.inside.fenced = [*outside.heights], {*outside.fenced}
        self.inside.settle_all(loop.carried)
        self.inside.settle_all(rows)
        self.inside.place(loop.steps)
        self.next = self.inside.found_all(self.steps(loop.carried, 1, 2))
        self.kept = self.inside.found_all(loop.kept)
        self.made = self.steps(loop.kept)

    def steps(self, places: Places, first: int = 0, end: int | None = None) -> Places:
        """Return slots of the first step as they are from one step to another."""
        by = [int(self.loop.advance(arena, numpy.array(slot))) for arena, slot in places]
        times = range(self.loop.times)[first:end]
        return [(a, slot + t * step) for t in times for (a, slot), step in zip(places, by)]

    def __call__(self, arrays: Sequence[Array]) -> Array:
        """Return what is kept of all steps."""

        def step(carry: Array, row: Array) -> tuple[Array, Array]:
            found = self.inside.run(self.loop.steps, [*arrays, carry, row])
            return read_at(found, *self.next), read_at(found, *self.kept)

        rows = read_at(arrays, *self.rows) if self.rows[0].size else jnp.zeros(0, arrays[0].dtype)
        rows = rows.reshape(self.loop.times, -1)
        return lax.scan(step, read_at(arrays, *self.first), rows)[1].ravel()


Reader = Callable[[Ref], Array]


def unspread(ref: Ref) -> Ref:
    """Return the view with length 1 on the axes along which it sees the same again and again."""
    shape = tuple(n if stride else 1 for n, stride in zip(ref.shape, ref.strides))
    return Ref(ref.arena, ref.start, shape, ref.strides)


def read_at(arrays: Sequence[Array], which: Array, where: Array) -> Array:
    """Return the numbers that stand in these arrays, at these places."""
    if (which == which.flat[0]).all():
        return sliced(arrays[which.flat[0]], where)
    pieces, before, where = [], 0, where.copy()
    for number in numpy.unique(which):
        here = which == number
        first, last = int(where[here].min()), int(where[here].max()) + 1
        pieces.append(arrays[number][first:last])
        where[here] += before - first
        before += last - first
    return sliced(jnp.concatenate(pieces), where)


# Steps.


def computed(step: Step, read: Reader, applied: Callable[..., Array]) -> Array:
    """Return what a step computes; an operand is read once where it is the same along an axis."""
    if step.kind == "sum":
        total: Array = None
        for part in step.parts:
            here = term(part, read).reshape(step.out.shape)
            if total is None:
                total = here if part.sign > 0 else applied(NEGATIVE, here)
            else:
                total = applied(ADD if part.sign > 0 else SUBTRACT, total, here)
        return total
    operands = [read(operand.ref) for operand in step.operands]
    if step.kind == "scan":
        return folded(step.rule)(jnp.broadcast_to(operands[0], step.operands[0].ref.shape))
    return jnp.broadcast_to(applied(step.rule, *operands), step.out.shape)


def term(part: Part, read: Reader) -> Array:
    """Return one column of a sum: a contraction, a sum along rows, products or plain terms."""
    left, shape = read(part.left.ref), part.left.ref.shape
    if part.right is None:
        left = jnp.broadcast_to(left, shape)
        return left.sum(1) if part.axes == "sum" else left
    right = read(part.right.ref)
    if part.axes == "map":
        return jnp.broadcast_to(left * right, shape)
    left = jnp.broadcast_to(left, (*left.shape[:-1], shape[-1]))  # its last axis is summed
    found = jnp.einsum(part.axes, left, right, precision=lax.Precision.HIGHEST)
    lengths = dict(zip(part.axes, (*shape, 0, *part.right.ref.shape)))  # by letter
    return jnp.broadcast_to(found, [lengths[c] for c in part.axes.split("->")[1]])


@lru_cache(maxsize=64)
def folded(rule: Primitive) -> Any:
    """Return the function from (rows, terms) to the last link of each row's chain of a primitive.

    Its derivative is that of the chain: of three equal, `maximum` passes on 1/4, 1/4 and 1/2.

    >>> from autograd_engine.primitives import TABLE
    >>> jax.grad(lambda x: folded(TABLE["maximum"])(x)[0])(jnp.ones((1, 3))).tolist()
    [[0.25, 0.25, 0.5]]
    """

    def links(x: Array) -> Array:
        return lax.associative_scan(primitive_in_jax(rule), x, axis=1)

    def derivative(operands: Any, tangents: Any) -> Any:
        (x,), (tangent,) = operands, tangents
        whole = links(x)
        known: dict[Any, Any] = {OUT: whole[:, 1:], X: whole[:, :-1], Y: x[:, 1:]}
        by_link, by_term = (
            jnp.broadcast_to(substituted(partial, applied_outer, known), known[OUT].shape)
            for partial in slopes(rule)
        )
        one = jnp.ones_like(x[:, :1])
        to_last = jnp.concatenate([lax.cumprod(by_link, 1, reverse=True), one], 1)
        by_terms = to_last * jnp.concatenate([one, by_term], 1)
        return whole[:, -1], passed(by_terms, tangent).sum(1)

    last = jax.custom_jvp(lambda x: links(x)[:, -1])
    last.defjvp(derivative)
    return last
