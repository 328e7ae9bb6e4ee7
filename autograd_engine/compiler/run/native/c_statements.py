"""Nests as statements in C: loops, where that is shorter.

What they read stands in the arguments, in constants, or in static memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from math import prod
from textwrap import indent
from typing import Any, Final, NamedTuple

import numpy

from autograd_engine.compiler.lift.arrays import ArrayProgram, Instruction
from autograd_engine.compiler.lift.loops import Loop
from autograd_engine.compiler.lift.strides import contiguous, steps_of
from autograd_engine.compiler.record.tape import Tape
from autograd_engine.compiler.run.native.c_table import InC
from autograd_engine.compiler.run.native.nests import (
    COPY,
    FIRST,
    ONE,
    WEIGHT,
    Axis,
    merged,
    nests,
    offsets,
    pairs,
)
from autograd_engine.compiler.run.translation import braced
from autograd_engine.table import azmul

Array = Any
FEW, TERMS = 4, 4  # statements, and terms of a sum, that are written out
NAMES: Final = "ijklmnpq"  # of indices
V, A, S, PARAMETERS, INPUTS, OUTPUTS, GRADIENT, CONSTANTS = range(8)
TIMES: Final = """/* An adjoint of 0 passes nothing on, whatever it meets. */
static inline double times(double adjoint, double slope) {
  return adjoint != 0.0 ? adjoint * slope : 0.0;
}"""


class View(NamedTuple):
    """Elements of an array: what stands before and behind an index, which is affine."""

    before: str
    behind: str = ""  # nothing: it is one number
    start: int = 0
    strides: tuple[int, ...] = ()  # that from step to step of a loop first

    def at(self, indices: Sequence[Any]) -> str:
        """Return the element at these names, or numbers, of indices."""
        start, terms = self.start, []
        for stride, index in zip(self.strides, ("t", *indices)):
            if not isinstance(index, str):
                start += stride * index
            elif stride:
                terms.append(index if stride == 1 else f"{stride} * {index}")
        text = " + ".join([*terms, *[str(start)] * (start != 0 or not terms)]).replace("+ -", "- ")
        return f"{self.before}{text}{self.behind}" if self.behind else self.before


class Language(InC):
    """C that needs nothing but <math.h>."""

    def definition(self, name: str, node: Any) -> str:
        return super().definition(name, node).replace("INLINE", "static inline")

    def of(self, name: str, *given: str) -> str:
        """Return what a row of the table makes of its operands."""
        parts = [f"({text})" if text[0] == "-" else text for text in given]
        found = self.applied(self.row(name), parts)
        return found[1:-1] if found[0] == "(" else found  # as what a lambda gives is

    def times(self, adjoint: str, slope: str) -> str:
        self.lines["times"] = TIMES
        return f"times({adjoint}, {slope})"


class Writer:
    """Writes what a program computes, with only what is `used` of each array, if that is known.

    Of each place in the flat memory it has the array and the index there, and the number if that
    is a constant; places behind the memory are those of the outputs.
    """

    def __init__(
        self, tape: Tape, program: ArrayProgram, by: str, count: int, used: Array = None
    ) -> None:
        self.tape, self.program, self.language = tape, program, Language()
        self.names = ("v", "a", "s", by, "inputs", "outputs", "gradient", "constants")
        self.tables: dict[str, str] = {}
        self.absolute = azmul not in tape.rules  # then a sweep is honest, see `gradients`
        sizes, leaves = program.memory.sizes, len(tape.parameters)
        self.offsets, size = offsets(sizes, 1)
        v, a = self.offsets["v"], self.offsets["a"]
        known = [(place, [float(place in (WEIGHT, ONE))]) for place in range(FIRST)]
        known += [(v + at, [leaf.data]) for at, leaf in zip(program.home[leaves:], tape.others)]
        known += [(v + start, numbers) for start, numbers in program.memory.constants]
        every = numpy.arange(size + count)
        self.array = numpy.searchsorted([self.offsets[name] for name in "vas"], every, "right") - 1
        self.outputs = every[size:]
        self.index, self.number = every.copy(), numpy.zeros(len(every))
        for start, numbers in known:
            places = slice(start, start + len(numbers))
            self.array[places], self.number[places] = CONSTANTS, numbers
        adjoints = a + program.home[: leaves if sizes["a"] else 0]
        apart = {PARAMETERS: v + program.home[:leaves], GRADIENT: adjoints, OUTPUTS: self.outputs}
        apart[INPUTS] = self.offsets["V"] + numpy.arange(program.inputs)
        for array, places in apart.items():
            self.array[places], self.index[places] = array, numpy.arange(len(places))
        self.sizes = []
        for array in (V, A, S, CONSTANTS):
            kept = (self.array == array) & (True if used is None else used)
            self.index[kept] = numpy.arange(kept.sum())
            self.sizes.append(int(kept.sum()))
        self.constants = self.number[kept]
        self.used = numpy.zeros(len(every), bool)
        self.adjoint = numpy.zeros(len(every), bool)
        self.adjoint[a : self.offsets["s"]] = True

    def element(self, place: int) -> str:
        """Return what stands at a place."""
        return self.view(numpy.array([place])).at(())  # type: ignore[union-attr]

    def statements(self, instructions: Iterable[Instruction], loop: Loop | None = None) -> str:
        return "\n".join(self.statement(found, loop) for found in instructions)

    def statement(self, found: Instruction, loop: Loop | None) -> str:
        if found.loop is not None:
            times, body = found.loop.times, braced(self.statements(found.body, found.loop))
            last = f"int t = {times - 1}; t >= 0; --t"
            return f"for ({last if found.over else f'int t = 0; t < {times}; ++t'}) {body}"
        steps, written = numpy.arange(loop.times if loop else 1), []
        moved = [found] if loop is None else [loop.moved(found, step) for step in (0, 1)]
        for both in zip(*map(self.placed, moved)):
            (name, lengths, over, first), (*_, second) = both[0], both[-1]
            places = [x + numpy.multiply.outer(steps, y - x) for x, y in zip(first, second)]
            written.append(self.function(name, places, lengths, over))
        return "\n".join(written)

    def placed(self, found: Instruction) -> list[tuple[str, list[int], int, list[Array]]]:
        """Return functions, the lengths of axes, how many are summed, the places of each view."""
        if found.kind not in ("take", "put"):
            return [(nest.name, *nest.places()) for nest in nests(found, self.offsets, 1)]
        here, there = pairs(found, self.offsets, 1).T
        if found.kind == "take":
            return [(COPY, [len(here)], 0, [here, there])]
        return [("add", [len(here)], 0, [here, here, there])]

    def function(self, name: str, slots: list[Array], lengths: Sequence[int], over: int = 0) -> str:
        """Return what writes a function of the other views to the first, summed over the last axes;
        given the places of each, (steps, ...).
        """
        carried = [bool(self.adjoint[operand].any()) for operand in slots[1:]]
        own = self.array[slots[0].flat[0]] in (A, GRADIENT)
        self.adjoint[slots[0]] = own or any(carried)
        text: Callable[..., str] = partial(self.language.of, name)
        if name == "multiply" and carried[0] and self.absolute:
            text = self.language.times
        views: list[Any] = [*map(self.view, slots)]
        kept = len(lengths) - over
        singly = None in views or (prod(lengths[:kept]) <= FEW and prod(lengths[kept:]) <= TERMS)
        if singly:
            slots, written = [numpy.broadcast_to(x, (len(x), *lengths)) for x in slots], []
            for at in numpy.ndindex(*lengths[:kept]):
                to, *operands = (
                    [
                        self.view(x[(slice(None), *at, *more)]).at(())
                        for more in numpy.ndindex(*lengths[kept:])
                    ]
                    for x in slots
                )
                written.append(f"{to[0]} = {' + '.join(map(text, *operands))};")
            return "\n".join(written)
        strides = [view.strides[1:] for view in views]
        axes = [Axis(*axis) for axis in zip(lengths, zip(*strides))]
        outer, inner = merged(axes[:kept]), merged(axes[kept:])
        names = NAMES[: len(outer)], NAMES[len(outer) : len(outer) + len(inner)]
        for n, view in enumerate(views):
            steps = [axis.strides[n] for axis in (*outer, *inner)]
            views[n] = view._replace(strides=(*view.strides[:1], *steps)).at("".join(names))
        body = f"{views[0]} = {text(*views[1:])};"
        if inner:
            loop = looped([axis.length for axis in inner], names[1], f"sum += {text(*views[1:])};")
            body = f"double sum = 0.0;\n{loop}\n{views[0]} = sum;"
            body = body if outer else braced(body)
        return looped([axis.length for axis in outer], names[0], body)

    def view(self, slots: Array) -> View | None:
        """Return how places, (steps, ...), are read as one, by a table if need be; None if not."""
        arrays, at = self.array[slots], self.index[slots]
        array = int(arrays.flat[0])
        if (arrays != array).any():
            return None
        steps, name = steps_of(at), self.names[array]
        if array == CONSTANTS:
            bits = self.number[slots].view(numpy.int64)
            if (bits == bits.flat[0]).all():
                number = self.language.number(self.number[slots.flat[0]])
                return View(number, strides=(0,) * slots.ndim)
        if steps is not None:
            between = slice(slots.min(), slots.max() + 1)
            self.used[between] |= self.array[between] == array
            return View(f"{name}[", "]", int(at.flat[0]), tuple(steps))
        self.used[slots] = True
        by = int(at[-1].flat[0] - at.flat[0]) // max(len(at) - 1, 1)
        still = at - numpy.arange(len(at)).reshape(-1, *[1] * (at.ndim - 1)) * by
        if (still == still[:1]).all():
            at, moves = still[:1], f" + {by} * t" if by else ""
        else:
            moves = ""
        told = " ".join(map(str, at.ravel().tolist()))
        name = f"{name}[{self.tables.setdefault(told, f't{len(self.tables) + 1}')}["
        strides = contiguous("", 0, at.shape).strides
        return View(name, f"]{moves}]", 0, tuple(s * (n > 1) for s, n in zip(strides, at.shape)))


def looped(lengths: Sequence[int], names: Sequence[str], body: str) -> str:
    """Return loops of these lengths around a body."""
    for length, name in reversed([*zip(lengths, names)]):
        several = "\n" in body and not body.startswith("for ")
        inner = f" {braced(body)}" if several else f"\n{indent(body, '  ')}"
        body = f"for (int {name} = 0; {name} < {length}; ++{name}){inner}"
    return body
