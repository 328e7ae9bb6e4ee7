"""Selections: how to write which elements of an array are meant, as NumPy would.

Places of elements, counted through an array row by row, become slices, reshapes and
transposes of it: what a listing shows instead of numbers of slots.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import prod
from typing import Any

import numpy

from autograd_engine.compiler.lift.strides import contiguous, steps_of

Array = Any
Axes = list[tuple[int, int]]  # length and step of each


def selected(name: str, shape: Sequence[int], places: Array) -> str | None:
    """Return an expression for these elements of an array; None if no slices give them.

    Axes along which nothing changes are left for broadcasting: missing in front, else None.

    >>> places = numpy.arange(12).reshape(3, 4)
    >>> selected("v", (3, 4), places[:, 1:3].T), selected("v", (12,), places[:, :1])
    ('v[:, 1:3].T', 'v[0:9:4, None]')
    """
    steps = steps_of(places)
    if steps is None:
        return None
    kept = list(map(bool, steps))
    kept = kept[kept.index(True) :] if any(kept) else []  # in front, axes are added by themselves
    axes = [axis for axis in zip(places.shape, steps) if axis[1]]
    for begun, lengths, start in _shapes(tuple(shape), int(places.flat[0]), axes):
        found = _sliced(lengths, start, axes)
        if found is not None:
            order, index = found
            if order != sorted(order):
                turned = [sorted(order).index(axis) for axis in order]
                begun += _bracketed(index) + (
                    ".T" if len(order) == 2 else f".transpose{in_brackets(turned)}"
                )
                index = [":"] * len(order)
            return name + begun + _bracketed(_with_new(index, kept))
    return None


def _shapes(
    shape: tuple[int, ...], start: int, axes: Axes
) -> Iterator[tuple[str, tuple[int, ...], int]]:
    """Yield shapes of an array, or of a part of it, with how to write them and its first place."""
    yield "", shape, start
    size, text, own = prod(shape), "", {abs(step): length for length, step in axes}
    step = max(own, default=1)
    span = own.get(step, 1) * step
    if (len(shape) == 1 and span < size) or size % step:
        first = min(start + sum((n - 1) * step for n, step in axes if step < 0), size - span)
        if first < 0 or start >= first + span:
            return
        text = f"{'.ravel()' * (len(shape) > 1)}[{first}:{first + span}]"
        shape, size, start = (span,), span, start - first
    for more in (contiguous("", 0, shape).strides, (1,)):
        cuts = [size, *sorted({*own, *more}, reverse=True)]
        lengths = tuple(above // cut for above, cut in pairwise(cuts))
        if prod(lengths) == size:
            yield text + f".reshape{in_brackets(lengths)}" * (lengths != shape), lengths, start


def _sliced(lengths: tuple[int, ...], start: int, axes: Axes) -> tuple[list[int], list[str]] | None:
    """Return the axis of an array that each of these runs along, and a slice or number for all."""
    strides, order = contiguous("", 0, lengths).strides, list[int]()
    first = [int(i) for i in numpy.unravel_index(start, lengths)]
    index = list(map(str, first))
    for length, step in axes:
        fitting = (i for i, stride in enumerate(strides) if step % stride == 0 and i not in order)
        i = next(fitting, None)
        if i is None or not 0 <= first[i] + (length - 1) * (step // strides[i]) < lengths[i]:
            return None
        order.append(i)
        index[i] = _slice(first[i], length, step // strides[i], lengths[i])
    return order, index


def _slice(first: int, length: int, step: int, size: int) -> str:
    last = first + (length - 1) * step
    if step < 0:
        return f"{first if first < size - 1 else ''}:{last - 1 if last else ''}:{step}"
    if step > 1:
        return f"{first}:{last + 1}:{step}"
    return f"{first or ''}:{last + 1 if last + 1 < size else ''}"


def _with_new(index: Sequence[str], kept: Sequence[bool]) -> list[str]:
    """Insert an axis of length 1 wherever one is not kept, the slices being the kept ones."""
    rest, found = iter(index), list[str]()
    for keep in kept:
        found.append("None" if not keep else next(rest))
        while keep and ":" not in found[-1]:
            found.append(next(rest))
    return [*found, *rest]


def _bracketed(index: Sequence[str]) -> str:
    """Return the index in brackets, or nothing where it would change nothing."""
    last = max((i for i, text in enumerate(index, 1) if text != ":"), default=0)
    return f"[{', '.join(index[:last])}]" if last else ""


def in_brackets(numbers: Sequence[int]) -> str:
    """Return numbers in brackets, a single one without a comma."""
    return f"({', '.join(map(str, numbers))})"
