"""Storage: what stands at each place in the memory of an array program, and how to say it.

With this module a view of memory becomes words, as NumPy would write it: `parameters[0:48]`,
`v3.T`, `stack(v8, v2)`: slices, reshapes and transposes instead of numbers of slots.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import prod
from typing import Any

import numpy

from autograd_engine.compiler.lift.arrays import ArrayProgram, Ref, Step, contiguous, steps_of
from autograd_engine.compiler.lift.loops import Loop
from autograd_engine.compiler.lift.operands import axes_of
from autograd_engine.compiler.record.tape import Tape

Array = Any
Shape = tuple[int, ...]
CONSTANT = ""  # the name of what has none before it is read
FEW, SEVERAL = 4, 8  # so many numbers, so many arrays are written out


class Storage:
    """The arrays of a program, by name: what is read first, then a new one for each step.

    `given` holds the numbers of the constants k1, k2, ... and of the tables g1, g2, ... of
    places that no slices give.
    """

    def __init__(self, program: ArrayProgram, tape: Tape) -> None:
        self.program = program
        self.given: dict[str, Array] = {}
        self.arrays: list[tuple[str, Shape]] = []
        self.names = [tape.names.get(place, "") for place in range(tape.first)]
        sizes, home, count = program.memory.sizes, program.home, len(tape.parameters)
        self.base = {"v": 0, "V": sizes["v"]}
        total = sizes["v"] + sizes["V"]
        # Of each place in memory: where it was gathered from, its array, its place therein.
        self.source = numpy.arange(total)
        self.owner, self.within = numpy.full(total, -1), numpy.zeros(total, numpy.int64)
        self.number = numpy.full(total, numpy.nan)  # of constants
        self.own("parameters", (count,), home[:count])
        self.own("others", (len(home) - count,), home[count:])
        self.own("inputs", (program.inputs,), self.base["V"] + numpy.arange(program.inputs))
        for start, numbers in program.memory.constants:
            places = start + numpy.arange(len(numbers))
            self.number[places] = numbers
            self.own(CONSTANT, numbers.shape, places)

    def own(self, name: str, shape: Shape, places: Array) -> None:
        """Say which array stands at these places from now on, its elements row by row."""
        self.source[places] = places
        self.owner[places] = len(self.arrays)
        self.within[places] = numpy.arange(len(places))
        self.arrays.append((name, shape))

    def gather(self, step: Step | Loop) -> None:
        """Note where the copies that a step makes come from."""
        for taken in step.forward:
            if taken.kind == "take":
                at = numpy.arange(len(taken.index)) if taken.at is None else taken.at
                out, read = (self.base[ref.arena] for ref in (taken.out, taken.ins[0]))
                self.source[out + taken.out.start + at] = self.source[read + taken.index]

    def places(self, ref: Ref) -> Array:
        """Return the places in memory of what a view holds, of copies where they come from."""
        return self.source[self.base[ref.arena] + ref.slots()]

    def together(self, operands: Sequence[Array]) -> list[str]:
        """Tell operands that are broadcast against each other, to all of their shape."""
        missing = any(map(all, zip(*map(_same, operands))))  # an axis that nobody has
        return [self.told(places, missing and not i) for i, places in enumerate(operands)]

    def told(self, places: Array, exact: bool = False) -> str:
        """Return an expression for what stands at these places.

        Axes along which nothing changes may be missing unless it is to be `exact`.
        """
        same = _same(places)
        core = places[tuple(slice(0, 1) if alike else slice(None) for alike in same)]
        owners = numpy.unique(self.owner[core]).tolist()
        text = self._several(core, owners) if owners[1:] else self._one(core, *owners)
        missing = any(same) or places.shape[:1] == (1,)
        return f"full({places.shape}, {text})" if exact and missing else text

    def _one(self, places: Array, owner: int) -> str:
        """Tell what stands in one array."""
        name, shape = self.arrays[owner]
        if name == CONSTANT:
            if places.ndim == 2 and 1 not in places.shape and places[-1, 0] < places[0, -1]:
                return f"{self._numbers(self.number[places.T])}.T"  # as they stand in memory
            return self._numbers(self.number[places])
        return self._selected(name, shape, self.within[places])

    def _several(self, places: Array, all_owners: list[int]) -> str:
        """Tell what stands in several arrays: one behind the other, or gathered from all."""
        for axis in range(places.ndim):
            along = numpy.moveaxis(places, axis, 0)
            owners = self.owner[along].reshape(len(along), -1)
            cuts = numpy.flatnonzero(numpy.diff(owners[:, 0])) + 1
            if len(cuts) >= SEVERAL or (owners != owners[:, :1]).any():
                continue
            alone = len(cuts) == len(along) - 1
            parts = list(along) if alone else numpy.split(places, cuts, axis)
            # Numbers may stand in a row.
            told = [self.told(part, exact=alone or part.shape != (1,)) for part in parts]
            told += [f"axis={axis}"] * bool(axis)
            return f"{'stack' if alone else 'concat'}({', '.join(told)})"
        names, size, within = [], 0, self.within[places]
        for owner in all_owners:
            name, shape = self.arrays[owner]
            names.append(name or self._numbers(self.number[self.owner == owner]))
            within[self.owner[places] == owner] += size
            size += prod(shape)
        return self._selected(f"joined({', '.join(names)})", (size,), within)

    def _selected(self, name: str, shape: Shape, within: Array) -> str:
        """Tell places in an array: as slices, perhaps in another shape, or by a table."""
        text, found = selected(name, shape, within), axes_of(within.reshape(1, -1))
        if text is None and found:
            refined = within.reshape(found[0])
            text = selected(name, shape, refined)
            if text is not None:
                text = f"full({refined.shape}, {text})" if any(_same(refined)) else text
                text += f".reshape{within.shape}"
        return f"{name}.take({self._given('g', within)})" if text is None else text

    def _numbers(self, numbers: Array) -> str:
        """Tell constants by what they are."""
        if numbers.size == 1:
            return repr(float(numbers.flat[0]))
        numbers = numbers.reshape(numbers.shape[[n > 1 for n in numbers.shape].index(True) :])
        return f"array({numbers.tolist()})" if numbers.size <= FEW else self._given("k", numbers)

    def _given(self, letter: str, numbers: Array) -> str:
        """Return the name of a constant or table, of which each is given once."""
        known = [name for name in self.given if name[0] == letter]
        same = (name for name in known if numpy.array_equal(self.given[name], numbers))
        name = next(same, f"{letter}{1 + len(known)}")
        self.given[name] = numbers
        return name


def _same(places: Array) -> list[bool]:
    same = (bool((places == places.take([0], axis)).all()) for axis in range(places.ndim))
    return [length > 1 and alike for length, alike in zip(places.shape, same)]


def squeezed(shape: Shape) -> Shape:
    return tuple(length for length in shape if length > 1)


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
    axes: list[Axis] = []
    for length, step in zip(places.shape, steps):
        if step:
            axes.append((length, step, ""))
        elif axes:  # in front, they are added by themselves
            axes[-1] = (*axes[-1][:2], axes[-1][2] + ", None")
    for begun, lengths, start in _shapes(tuple(shape), int(places.flat[0]), axes):
        index = _index(lengths, start, axes)
        if index is not None:
            return name + begun + index
    return None


Axis = tuple[int, int, str]  # its length, its step, and what adds axes of length 1 behind it


def _shapes(shape: Shape, start: int, axes: Sequence[Axis]) -> Iterator[tuple[str, Shape, int]]:
    """Yield shapes of an array, or of a part of it, with how to write them and its first place."""
    yield "", shape, start
    size, text, own = prod(shape), "", {step: length for length, step, _ in axes}
    step = max(own, default=1)
    span = own.get(step, 1) * step
    if (len(shape) == 1 and span < size) or size % step:
        first = min(start, size - span)
        if first < 0 or start >= first + span:
            return
        text = f"{'.ravel()' * (len(shape) > 1)}[{first}:{first + span}]"
        shape, size, start = (span,), span, start - first
    cuts = [size, *sorted({*own, 1}, reverse=True)]
    lengths = tuple(above // cut for above, cut in pairwise(cuts))
    if prod(lengths) == size:  # not where an axis runs backwards
        yield text + f".reshape{lengths}" * (lengths != shape), lengths, start


def _index(lengths: Shape, start: int, axes: Sequence[Axis]) -> str | None:
    """Return what selects these axes of an array; None if no slices do."""
    strides, order = contiguous("", 0, lengths).strides, list[int]()
    first = [int(i) for i in numpy.unravel_index(start, lengths)]
    index = list(map(str, first))
    for length, step, _ in axes:
        fitting = (i for i, stride in enumerate(strides) if step % stride == 0 and i not in order)
        i = next(fitting, None)
        if i is None or not 0 <= first[i] + (length - 1) * (step // strides[i]) < lengths[i]:
            return None
        order.append(i)
        index[i] = _slice(first[i], length, step // strides[i], lengths[i])
    if order == sorted(order):
        for i, (_, _, new) in zip(order, axes):
            index[i] += new
        return _bracketed(index)
    turned = tuple(sorted(order).index(i) for i in order)
    turn = ".T" if len(order) == 2 else f".transpose{turned}"
    return _bracketed(index) + turn + _bracketed([f":{new}" for _, _, new in axes])


def _slice(first: int, length: int, step: int, size: int) -> str:
    last = first + (length - 1) * step
    if step < 0:
        return f"{first if first < size - 1 else ''}:{last - 1 if last else ''}:{step}"
    if step > 1:
        return f"{first}:{last + 1}:{step}"
    return f"{first or ''}:{last + 1 if last + 1 < size else ''}"


def _bracketed(index: Sequence[str]) -> str:
    """Return the index in brackets, or nothing where it would change nothing."""
    last = max((i for i, text in enumerate(index, 1) if text != ":"), default=0)
    return f"[{', '.join(index[:last])}]" if last else ""
