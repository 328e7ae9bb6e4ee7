"""Places in a flat array of JAX, as slices of it where strides can tell them.

XLA knows how to fuse slices, transpositions and broadcasts with what is computed from them,
and their derivatives are as plain; a gather's is a scatter, one number at a time.
"""

from __future__ import annotations

from typing import Any

import numpy

from autograd_engine.compiler.jax_adjoint import jax, jnp
from autograd_engine.compiler.views import Pattern, pattern

lax = jax.lax
Array = Any
DEEPEST = 6  # axes


def sliced(flat: Array, where: Array) -> Array:
    """Return the numbers at these places, in the shape of the places.

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
