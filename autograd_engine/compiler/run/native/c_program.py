"""A program as one text in C: what `Program.to_c` gives.

Nests become statements: loops, where that is shorter. What they read stands in the arguments, in
constants, or in static memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from math import isfinite, prod
from textwrap import fill, indent
from typing import Any, Final

import numpy

from autograd_engine.compiler.lift.arrays import (
    ArrayProgram,
    Backward,
    Instruction,
    contiguous,
    steps_of,
)
from autograd_engine.compiler.lift.loops import Loop, lifted
from autograd_engine.compiler.lift.pieces import planned
from autograd_engine.compiler.lift.reverse import differentiate
from autograd_engine.compiler.record.rewriting import Unwritable, written_out
from autograd_engine.compiler.record.tape import Tape, turned
from autograd_engine.compiler.run.native import nests
from autograd_engine.compiler.run.native.c_table import InC
from autograd_engine.compiler.run.native.nests import COPY, Axis, merged
from autograd_engine.compiler.run.translation import braced
from autograd_engine.table import azmul

Array = Any
Program = Any
View = tuple[str, int, tuple[int, ...]]
"""What is formatted with an index, where that begins, and its steps: that of a loop first."""
FEW, TERMS = 4, 4  # statements, and terms of a sum, that are written out
NAMES: Final = "ijklmnpq"  # of indices
V, A, S, PARAMETERS, INPUTS, OUTPUTS, GRADIENT, CONSTANTS = range(8)
LARGER: Final = "static inline double larger(double x, double y) { return y > x ? y : x; }"


def to_c(owner: Program, name: str) -> str:
    """Return the text of a program; `ValueError` for a name that is none, and without formulas."""
    if type(name) is not str or not re.fullmatch("[A-Za-z][A-Za-z0-9_]*", name):
        needed = "letters, digits and _, a letter first"
        raise ValueError(f"the name must be one in C: {needed}; got {name!r:.60}")
    tape, by = owner._tape, "parameters"
    if owner._example is not None and not owner.parameters:
        tape, by = turned(tape), "inputs"  # the gradient is that by these
    try:
        tape = written_out(tape, own=True)
    except Unwritable as error:
        raise ValueError(f"to_c needs formulas: {error}") from error
    _, program = lifted(planned(tape))
    backward = None
    if owner._count == 1 and tape.parameters:
        backward = differentiate(program)
    first = Writer(tape, program, by, owner._count)
    bodies(first, owner, backward)  # which finds out what is used
    writer = Writer(tape, program, by, owner._count, first.used)
    return text(writer, name, owner, bodies(writer, owner, backward))


def bodies(writer: Writer, owner: Program, backward: Backward | None) -> list[str]:
    """Return the bodies of the functions: values, outputs and, if there is one, the gradient."""
    count, guards = owner._count, owner._guards
    forward = [writer.statements(writer.program.forward(batched)) for batched in (False, True)]
    places = numpy.array([writer.offsets[ref.arena] + ref.start for ref in writer.program.outputs])
    tops = [writer.element(place) for place in places[:, None]]
    written = [writer.function(COPY, [writer.outputs[None], places[None, :count]], [count])]
    unheld = [
        "!" + held(top, guard.expected, computed)
        for top, guard, computed in zip(tops[count:], guards.kept, guards.computed())
    ]
    found = [forward, written]
    if backward:
        every = looped([Axis(len(writer.tape.parameters), ())], "gradient[i] = 0.0;")
        found.append([every, writer.statements([*backward.body, *backward.rest])])
    if unheld:
        other = f"if ({' || '.join(unheld)}) "
        written.append(other + braced(looped([Axis(count, ())], "outputs[i] = NAN;")))
    if unheld and backward:
        found[2].append(other + braced(every.replace("0.0", "NAN") + "\nreturn NAN;"))
    if backward:
        found[2].append(f"return {tops[0]};")
    return ["\n".join(filter(None, parts)) for parts in found]


def held(text: str, expected: float, computed: bool) -> str:
    """Return whether a number is what a guard expects, but for rounding if computed."""
    number = InC().number(expected)
    if expected != expected:
        return f"({text} != {text})"
    if computed and isfinite(expected):
        return f"(fabs({text} - ({number})) <= {abs(expected) * 2.0**-40!r})"
    return f"({text} == {number})"


def text(writer: Writer, name: str, owner: Program, found: Sequence[str]) -> str:
    """Return the whole text."""
    by, leaves, sizes = writer.names[PARAMETERS], writer.tape.parameters, writer.sizes
    number, code = writer.language.number, "".join(found)
    fed = {what: of for what, of in ((by, leaves), ("inputs", writer.tape.inputs)) if of}
    given = [f"const double {what}[{len(of)}]" for what, of in fed.items()]
    outputs, gradient = f"double outputs[{owner._count}]", f"double gradient[{len(leaves)}]"
    heads = [
        f"static void {name}_values({', '.join(given)})",
        f"void {name}_outputs({', '.join([*given, outputs])})",
        f"double {name}_gradient({', '.join([*given, gradient])})",
    ]
    notes = [f"{name}: a program of autograd_engine, in C99.", f"{heads[1]}\nwrites the outputs."]
    if len(found) > 2:
        notes.append(f"{heads[2]}\nreturns the output and writes its derivatives by the {by}.")
    parts = ["#include <math.h>"]
    if leaves and by == "parameters":
        notes.append(f"{name}_parameters holds the numbers of the parameters as they were.")
        numbers = [number(leaf.data) for leaf in leaves]
        parts.append(array_of(f"const double {name}_parameters[{len(leaves)}]", numbers))
    for what, of in fed.items():
        labels = [f"{what}[{i}] {leaf.label[:60]!r}" for i, leaf in enumerate(of) if leaf.label]
        notes += [f"Labels: {', '.join(labels)}"] if labels else []
    if owner._guards.kept:
        notes.append("Where a comparison comes out otherwise than recorded, results are NaN.")
    more = f", {sizes[A] + sizes[S]} more for the gradient" if len(found) > 2 else ""
    static = f"{sizes[V]} doubles of memory are static{more}"
    notes.append(f"Nothing is allocated. {static}: two threads must not share them.")
    notes.append(f"What is computed:\n{owner.source}")
    about = "\n\n".join(fill(n, 92) if "\n" not in n else n for n in notes)
    for risky in ("*/", "/*", "??"):  # what ends a comment, or makes a compiler warn
        about = about.replace(risky, risky[0] + " " + risky[1])
    if "constants[" in code:
        parts.append(array_of("static const double constants[]", map(number, writer.constants)))
    for table, called in writer.tables.items():
        if f"[{called}[" in code:
            parts.append(array_of(f"static const int {called}[]", table.split()))
    arrays = [f"static double {writer.names[i]}[{sizes[i]}];" for i in (V, A, S) if sizes[i]]
    functions = "\n\n".join(writer.language.lines.values()).replace("INLINE", "static inline")
    parts += ["\n".join(arrays), LARGER if "larger(" in code + functions else "", functions]
    call = f"{name}_values({', '.join(fed)});\n" if found[0] else ""
    for head, body in zip(heads, [found[0], *(call + body for body in found[1:])]):
        unused = [f"(void){what};" for what in fed if not re.search(rf"\b{what}\b", body)]
        parts += [f"{head} {braced(chr(10).join([body, *unused]))}"] if body else []
    return f"/* {indent(about, '   ').strip()} */\n\n" + "\n\n".join(filter(None, parts)) + "\n"


def array_of(declared: str, items: Iterable[str]) -> str:
    return f"{declared} = {braced(fill(', '.join(items), 96))};"


class Writer:
    """Writes what a program computes, with only what is `used` of the memory, if that is known.

    Of each place in the flat memory it has the array and the index there, and the number if that
    is a constant; places behind the memory are those of the outputs.
    """

    def __init__(
        self, tape: Tape, program: ArrayProgram, by: str, count: int, used: Array = True
    ) -> None:
        self.tape, self.program, self.language = tape, program, InC()
        self.names = ("v", "a", "s", by, "inputs", "outputs", "gradient", "constants")
        self.tables: dict[str, str] = {}
        self.absolute = azmul not in tape.rules  # then a sweep is honest, see `gradients`
        self.offsets, size = nests.offsets(program.memory.sizes, 1)
        begins, leaves = [self.offsets[arena] for arena in "vas"], len(tape.parameters)
        every = numpy.arange(size + count)
        self.array = numpy.searchsorted(begins, every, "right") - 1
        self.index, self.number, self.outputs = every.copy(), numpy.zeros(len(every)), every[size:]
        self.used, self.adjoint = numpy.zeros((2, len(every)), bool)
        self.array[: nests.FIRST] = CONSTANTS
        self.number[[nests.WEIGHT, nests.ONE]] = 1.0
        known = [(at, [leaf.data]) for at, leaf in zip(program.home[leaves:], tape.others)]
        for at, numbers in [*known, *program.memory.constants]:
            places = slice(begins[V] + at, begins[V] + at + len(numbers))
            self.array[places], self.number[places] = CONSTANTS, numbers
        backwards = program.memory.sizes["a"] > 0
        own = [begins[n] + program.home[: leaves * there] for n, there in ((V, 1), (A, backwards))]
        inputs = self.offsets["V"] + numpy.arange(program.inputs)
        for array, places in enumerate((own[0], inputs, self.outputs, own[1]), PARAMETERS):
            self.array[places], self.index[places] = array, numpy.arange(len(places))
        kept = {n: numpy.flatnonzero((self.array == n) & used) for n in (V, A, S, CONSTANTS)}
        for places in kept.values():
            self.index[places] = numpy.arange(len(places))
        self.sizes = {array: len(places) for array, places in kept.items()}
        self.constants = self.number[kept[CONSTANTS]]

    def element(self, places: Array) -> str:
        """Return what stands at a place, at each step of a loop."""
        return at(self.view(places) or ("", 0, ()), "")

    def of(self, name: str, operands: Sequence[str]) -> str:
        """Return what a row of the table makes of its operands."""
        found = operands[0]
        if name != COPY:
            found = self.language.applied(self.language.row(name), [*operands])
        return found[1:-1] if found[0] == "(" else found

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
            return [(nest.name, *nest.places()) for nest in nests.nests(found, self.offsets, 1)]
        here, there = nests.pairs(found, self.offsets, 1).T
        if found.kind == "take":
            return [(COPY, [len(here)], 0, [here, there])]
        return [("add", [len(here)], 0, [here, here, there])]

    def function(self, name: str, slots: list[Array], lengths: Sequence[int], over: int = 0) -> str:
        """Return what writes a function of the other views to the first, summed over the last axes;
        given the places of each, (steps, ...).
        """
        carried = [bool(self.adjoint[operand].any()) for operand in slots[1:]]
        self.adjoint[slots[0]] = any(carried) or self.array[slots[0].flat[0]] in (A, GRADIENT)
        if name == "multiply" and carried[0] and self.absolute:
            name = azmul.name
        views, kept = [*map(self.view, slots)], len(lengths) - over
        if None in views or (prod(lengths[:kept]) <= FEW and prod(lengths[kept:]) <= TERMS):
            slots, written = [numpy.broadcast_to(x, (len(x), *lengths)) for x in slots], []
            for i in numpy.ndindex(*lengths[:kept]):
                terms = []
                for j in numpy.ndindex(*lengths[kept:]):
                    to, *operands = (self.element(x[(slice(None), *i, *j)]) for x in slots)
                    terms.append(self.of(name, operands))
                written.append(f"{to} = {' + '.join(terms)};")
            return "\n".join(written)
        forms, starts, strides = zip(*views)
        axes = [Axis(*axis) for axis in zip(lengths, zip(*(steps[1:] for steps in strides)))]
        outer, inner = merged(axes[:kept]), merged(axes[kept:])
        rows = [[steps[0] for steps in strides], *(axis.strides for axis in (*outer, *inner))]
        to, *operands = map(at, zip(forms, starts, zip(*rows)))
        body = f"{to} = {self.of(name, operands)};"
        if inner:
            body = looped(inner, f"sum += {self.of(name, operands)};", len(outer))
            body = f"double sum = 0.0;\n{body}\n{to} = sum;"
            body = body if outer else braced(body)
        return looped(outer, body)

    def view(self, slots: Array) -> View | None:
        """Return how places, (steps, ...), are read as one, by a table if need be; None if not."""
        index, array = self.index[slots], int(self.array[slots.flat[0]])
        if (self.array[slots] != array).any():
            return None
        numbers, steps, name = self.number[slots], steps_of(index), self.names[array]
        if array == CONSTANTS and len(set(numbers.view(numpy.int64).flat)) == 1:
            number = self.language.number(numbers.flat[0])
            return f"({number})" if number[0] == "-" else number, 0, (0,) * slots.ndim
        if steps is not None:
            between = slice(slots.min(), slots.max() + 1)
            self.used[between] |= self.array[between] == array
            return f"{name}[{{}}]", int(index.flat[0]), tuple(steps)
        self.used[slots] = True
        times, moves = len(index), ""
        by = (int(index[-1].flat[0]) - int(index.flat[0])) // max(times - 1, 1)
        still = index - numpy.multiply.outer(numpy.arange(times) * by, numpy.ones_like(index[0]))
        if (still == still[:1]).all():
            index, moves = still[:1], f" + {by} * t" if by else ""
        told = " ".join(map(str, index.ravel().tolist()))
        table = self.tables.setdefault(told, f"t{len(self.tables) + 1}")
        whole = contiguous("", 0, index.shape)
        steps = [step * (length > 1) for step, length in zip(whole.strides, whole.shape)]
        return f"{name}[{table}[{{}}]{moves}]", 0, tuple(steps)


def at(view: View, names: str = NAMES) -> str:
    """Return the element of a view at indices of these names."""
    form, start, steps = view
    named = [(step, name) for step, name in zip(steps, "t" + names) if step]
    terms = [name if step == 1 else f"{step} * {name}" for step, name in named]
    terms += [str(start)] if start or not terms else []
    return form.format(" + ".join(terms).replace("+ -", "- "))


def looped(axes: Sequence[Axis], body: str, first: int = 0) -> str:
    """Return loops over these axes around a body, their indices named from a first name on."""
    for (length, _), name in reversed([*zip(axes, NAMES[first:])]):
        several = "\n" in body and not body.startswith("for ")
        inner = f" {braced(body)}" if several else f"\n{indent(body, '  ')}"
        body = f"for (int {name} = 0; {name} < {length}; ++{name}){inner}"
    return body
