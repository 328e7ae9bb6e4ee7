"""A lifted tape inside JAX: every step one array, matrix products and sums as XLA knows them.

Nothing is written in place there, so a view of memory becomes slices, transpositions and
broadcasts of the arrays that stand where it looks; what no strides tell is gathered.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy

from autograd_engine.compiler.arrays import VALUES, ArrayProgram, Part, Step
from autograd_engine.compiler.jax_adjoint import jax, jnp, passed
from autograd_engine.compiler.jax_spelling import applied, primitive_in_jax
from autograd_engine.compiler.symbols import OUT, X, Y, partials, substituted
from autograd_engine.compiler.views import Pattern, Ref, pattern
from autograd_engine.engine import ADD, NEGATIVE, SUBTRACT, Primitive

lax = jax.lax
Array = Any
Reader = Callable[[Ref], Array]
import os
HIGHEST=int(os.environ.get('HI','8'))
DEEPEST = 6  # axes of a view


class Arrays:
    """An array program as a function of JAX: (parameters (P,), inputs (n,)) -> outputs (m,).

    `others` are the numbers of the leaves behind the parameters.

    >>> from autograd_engine import Value
    >>> from autograd_engine.compiler.lifted import Lifted
    >>> from autograd_engine.compiler.tape import record
    >>> a, x = Value(2.0), Value(0.0)
    >>> program = Lifted(record([a * x + a], inputs=[x])).program
    >>> Arrays(program, numpy.array([]))(jnp.array([3.0]), jnp.array([5.0])).tolist()
    [18.0]
    """

    def __init__(self, program: ArrayProgram, others: Array) -> None:
        self.program = program
        # The array in which the number of each slot stands, and where: first the parameters,
        # then the inputs, numbers known now, and what the steps compute.
        self.numbers = [others]
        self.count = 0
        sizes = program.memory.sizes
        self.which = {arena: numpy.full(sizes[arena], -1) for arena in VALUES}
        self.where = {arena: numpy.full(sizes[arena], -1) for arena in VALUES}
        parameters = len(program.home) - len(others)
        self.settle("v", program.home[:parameters])
        self.settle("V", numpy.arange(program.inputs))
        self.settle("v", program.home[parameters:])
        for start, numbers in program.memory.constants:
            self.numbers.append(numbers)
            self.settle("v", start + numpy.arange(len(numbers)))
        self.fenced = []
        height = numpy.zeros(self.count + len(program.steps), int)
        for step in program.steps:
            for taken in step.forward:
                if taken.kind == "take":  # no copy is made: its slots mean what is copied
                    to = slice(None) if taken.at is None else taken.at
                    for told in (self.which, self.where):
                        told[taken.out.arena][taken.out.slots().ravel()[to]] = told[
                            taken.ins[0].arena
                        ][taken.index]
            reads = [o for part in step.parts for o in (part.left, part.right) if o] + step.operands
            below = max(int(height[self.which[o.ref.arena][o.ref.slots()]].max()) for o in reads)
            plain = step.kind == "map" or all(part.axes in ("", "map") for part in step.parts)
            height[self.count] = (below + 1) if plain and step.kind != "scan" else 0
            if height[self.count] >= HIGHEST:
                height[self.count] = 0
                self.fenced.append(True)
            else:
                self.fenced.append(False)
            self.settle(step.out.arena, step.out.slots().ravel())

    def settle(self, arena: str, slots: Array) -> None:
        """Say that the next array holds the numbers of these slots."""
        self.which[arena][slots] = self.count
        self.where[arena][slots] = numpy.arange(len(slots))
        self.count += 1

    def __call__(self, parameters: Array, inputs: Array) -> Array:
        """Return the outputs; numbers known now take the precision of the parameters."""
        arrays = [parameters, inputs, *(known.astype(parameters.dtype) for known in self.numbers)]
        seen: dict[Ref, Array] = {}  # what is read alike is read once, and its adjoints added

        def read(ref: Ref) -> Array:
            if ref not in seen:
                seen[ref] = self.read(arrays, [unspread(ref)])[0]
            return seen[ref]

        for step, fenced in zip(self.program.steps, self.fenced):
            arrays.append(computed(step, read).ravel())
            if fenced:
                arrays[-1] = arrays[-1] / lax.optimization_barrier(jnp.ones((), parameters.dtype))
        return self.read(arrays, self.program.outputs).ravel()

    def read(self, arrays: Sequence[Array], refs: Sequence[Ref]) -> Array:
        """Return the numbers that views of one shape look at, one view behind the other."""
        which = numpy.stack([self.which[ref.arena][ref.slots()] for ref in refs])
        where = numpy.stack([self.where[ref.arena][ref.slots()] for ref in refs])
        if (which == which.flat[0]).all():
            return viewed(arrays[which.flat[0]], where)
        pieces, before = [], 0
        for number in numpy.unique(which):
            here = which == number
            first, last = int(where[here].min()), int(where[here].max()) + 1
            pieces.append(arrays[number][first:last])
            where[here] += before - first
            before += last - first
        return viewed(jnp.concatenate(pieces), where)


def unspread(ref: Ref) -> Ref:
    """Return the view with length 1 on the axes along which it sees the same again and again."""
    shape = tuple(n if stride else 1 for n, stride in zip(ref.shape, ref.strides))
    return Ref(ref.arena, ref.start, shape, ref.strides)


def viewed(flat: Array, where: Array) -> Array:
    """Return the numbers at these positions, as slices of the array if strides tell them."""
    if isinstance(flat, numpy.ndarray):
        return flat[where]
    axes = pattern(where.ravel(), DEEPEST)
    found = None if axes is None else sliced(flat, int(where.flat[0]), axes)
    if found is None:
        found = flat.at[where].get(mode="promise_in_bounds")
    return found.reshape(where.shape)


def sliced(flat: Array, start: int, axes: Pattern) -> Array | None:
    """Return the view with these lengths and strides, the fastest axis first, made of slices.

    None where none can: where rows overlap, or the last is cut off.

    >>> sliced(jnp.arange(12), 1, [(2, 4), (3, 1)]).tolist()
    [[1, 5], [2, 6], [3, 7]]
    """
    lengths = [length for length, _ in axes]
    order = sorted((i for i in range(len(axes)) if axes[i][1]), key=lambda i: -abs(axes[i][1]))
    start += sum((length - 1) * min(stride, 0) for length, stride in axes)
    reach = 1 + sum((length - 1) * abs(stride) for length, stride in axes)
    for i in order[:-1]:  # cut into rows, of which the other axes see some columns
        length, stride = lengths[i], abs(axes[i][1])
        reach -= (length - 1) * stride
        room = flat.shape[-1] - length * stride
        fits = (b for b in (start - start % stride, start, room) if start - stride + reach <= b)
        base = next((b for b in fits if 0 <= b <= min(start, room)), None)
        if base is None:
            return None
        flat = lax.slice_in_dim(flat, base, base + length * stride, axis=-1)
        flat = flat.reshape(*flat.shape[:-1], length, stride)
        start -= base
    stride = abs(axes[order[-1]][1]) if order else 1
    flat = lax.slice_in_dim(flat, start, start + reach, stride, axis=-1)
    flat = flat.reshape([lengths[i] for i in order])
    flat = lax.rev(flat, [place for place, i in enumerate(order) if axes[i][1] < 0])
    flat = flat.transpose(sorted(range(len(order)), key=lambda place: -order[place]))
    shape = [length if stride else 1 for length, stride in reversed(axes)]
    return jnp.broadcast_to(flat.reshape(shape), lengths[::-1])


# Steps.


def computed(step: Step, read: Reader) -> Array:
    """Return what a step computes, in the shape of its result."""
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
    if part.right is not None and part.axes != "map":
        return contracted(part.axes, (left, read(part.right.ref)), (shape, part.right.ref.shape))
    if part.right is not None:
        left = left * read(part.right.ref)
    left = jnp.broadcast_to(left, shape)
    return left.sum(1) if part.axes == "sum" else left


def contracted(axes: str, factors: Sequence[Array], shapes: Sequence[tuple[int, ...]]) -> Array:
    """Return a contraction; on axes along which both factors are the same, it is broadcast."""
    given, result = axes.split("->")
    names, lengths = given.split(","), {}
    for name, shape in zip(names, shapes):
        lengths.update(zip(name, shape))
    kept = ["".join(c for c, n in zip(*pair) if n > 1) for pair in zip(names, map(numpy.shape, factors))]
    left, right = (f.reshape([n for n in f.shape if n > 1]) for f in factors)
    shown = "".join(c for c in result if c in kept[0] + kept[1])
    found = jnp.einsum(f"{kept[0]},{kept[1]}->{shown}", left, right, precision=lax.Precision.HIGHEST)
    for c in lengths.keys() - set(kept[0] + kept[1] + result):
        found = found * lengths[c]
    found = found.reshape([lengths[c] if c in shown else 1 for c in result])
    return jnp.broadcast_to(found, [lengths[c] for c in result])


@lru_cache(maxsize=64)
def folded(rule: Primitive) -> Callable[[Array], Array]:
    """Return the function from (rows, terms) to the last link of each row's chain of a primitive.

    Its derivative is that of the chain: a tie of three in `maximum` gives 1/4, 1/4 and 1/2.

    >>> jax.grad(lambda x: folded(TABLE["maximum"])(x)[0])(jnp.ones((1, 3))).tolist()
    [[0.25, 0.25, 0.5]]
    """

    def links(x: Array) -> Array:
        return lax.associative_scan(primitive_in_jax(rule), x, axis=1)

    def derivative(operands: Any, tangents: Any) -> Any:
        (x,), (tangent,) = operands, tangents
        whole = links(x)
        before, after, entering = whole[:, :-1], whole[:, 1:], x[:, 1:]
        known: dict[Any, Any] = {OUT: after, X: before, Y: entering}
        by_link, by_term = (
            jnp.broadcast_to(jnp.asarray(substituted(p, applied, known), x.dtype), after.shape)
            for p in partials(rule)
        )
        one = jnp.ones_like(x[:, :1])
        to_last = jnp.concatenate([lax.cumprod(by_link, 1, reverse=True), one], 1)
        slopes = to_last * jnp.concatenate([one, by_term], 1)
        return whole[:, -1], passed(slopes, tangent).sum(1)

    last = jax.custom_jvp(lambda x: links(x)[:, -1])
    last.defjvp(derivative)
    return last
