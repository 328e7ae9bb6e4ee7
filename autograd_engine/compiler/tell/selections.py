"""Selections: how to write which elements of an array are meant, as NumPy would.

Places of elements, counted through an array row by row, become slices, reshapes and
transposes of it: what a listing shows instead of numbers of slots.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy

from autograd_engine.compiler.lift.strides import steps_of

Array = Any
Axes = list[tuple[int, int]]  # length and step of each


def selected(name: str, shape: Sequence[int], places: Array) -> str | None:
    """Return an expression for these elements of an array; None if no slices give them.

    Axes along which nothing changes are left for broadcasting: missing in front, else None.

    >>> places = numpy.arange(12).reshape(3, 4)
    >>> selected("v", (3, 4), places.T), selected("v", (3, 4), places[:, 1:3])
    ('v.T', 'v[:, 1:3]')
    >>> selected("v", (12,), places[:, :1]), selected("v", (12,), places[:, 1:])
    ('v[0:9:4, None]', 'v.reshape(3, 4)[:, 1:]')
    """
    start, steps = int(places.flat[0]), steps_of(places)
    if steps is None:
        return None
    kept = [bool(step) for step in steps]
    if not any(kept):
        return name + _index([str(i) for i in numpy.unravel_index(start, shape)])
    kept = kept[kept.index(True) :]  # in front, axes are added by themselves
    axes = [(length, step) for length, step in zip(places.shape, steps) if step]
    return _sliced(name, tuple(shape), start, axes, kept)


def _sliced(
    name: str, shape: tuple[int, ...], start: int, axes: Axes, kept: Sequence[bool]
) -> str | None:
    """Write one slice for each axis, of the array in a shape that has all of them."""
    lowest = start + sum((length - 1) * step for length, step in axes if step < 0)
    order = sorted(range(len(axes)), key=lambda i: -abs(axes[i][1]))
    length, step = axes[order[0]]
    size, span = prod(shape), length * abs(step)
    if len(shape) == len(axes) == 1:
        index = [_slice(lowest, length, abs(step), size, step < 0)]
        return name + _index(_with_new(index, kept))
    if (len(shape) == 1 and span < size) or size % step:
        first = min(lowest, size - span)
        if first < 0:
            return None
        name += f"{'' if len(shape) == 1 else '.ravel()'}[{first}:{first + span}]"
        shape, size, lowest = (span,), span, lowest - first
    own = [abs(step) for _, step in axes]
    strides = {prod(shape[axis:]) for axis in range(1, len(shape) + 1)}
    for cuts in ({*own, *strides}, {*own, 1}):
        found = _fitted(size, sorted(cuts, reverse=True), lowest, dict(zip(own, axes)))
        if found is not None and len(set(own)) == len(own):
            lengths, index = found
            reshaped = "" if lengths == shape else f".reshape{bracketed(lengths)}"
            if order == sorted(order):
                return name + reshaped + _index(_with_new(index, kept))
            turned = tuple(order.index(i) for i in range(len(order)))
            moved = ".T" if len(turned) == 2 else f".transpose{bracketed(turned)}"
            new = _with_new([":"] * len(turned), kept)
            return name + reshaped + _index(index) + moved + _index(new)
    return None


def _fitted(
    size: int, cuts: list[int], start: int, axes: dict[int, tuple[int, int]]
) -> tuple[tuple[int, ...], list[str]] | None:
    """Return the shape whose strides are the cuts, and a slice or a number for each axis."""
    lengths, index = [], []
    for above, cut in zip([size, *cuts], cuts):
        if above % cut:
            return None
        first, start = divmod(start, cut)
        lengths.append(above // cut)
        if cut in axes:
            length, step = axes[cut]
            if first + length > above // cut:
                return None
            index.append(_slice(first, length, 1, above // cut, step < 0))
        else:
            index.append(str(first))
    return tuple(lengths), index


def _slice(first: int, length: int, step: int, size: int, backwards: bool) -> str:
    last = first + (length - 1) * step
    if backwards:
        return f"{last if last < size - 1 else ''}:{first - 1 if first else ''}:-{step}"
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


def _index(index: Sequence[str]) -> str:
    """Return the index in brackets, or nothing where it would change nothing."""
    last = max((i for i, text in enumerate(index, 1) if text != ":"), default=0)
    return f"[{', '.join(index[:last])}]" if last else ""


def bracketed(numbers: Sequence[int]) -> str:
    """Return numbers in brackets, a single one without a comma."""
    return f"({', '.join(map(str, numbers))})"
