"""A program as one text in C: what `Program.to_c` gives.

Nests become loops over one static memory, `m`, to which the arguments are copied.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import accumulate
from math import isfinite
from textwrap import fill, indent
from typing import Any, Final

import numpy

from autograd_engine.compiler.call.guards import Guard
from autograd_engine.compiler.lift.arrays import Array, ArrayProgram, Instruction, steps_of
from autograd_engine.compiler.lift.loops import Loop, lifted
from autograd_engine.compiler.lift.pieces import planned
from autograd_engine.compiler.lift.reverse import differentiate
from autograd_engine.compiler.record.rewriting import Unwritable, written_out
from autograd_engine.compiler.record.tape import Tape, turned
from autograd_engine.compiler.run.native import nests
from autograd_engine.compiler.run.native.c_table import InC
from autograd_engine.compiler.run.native.nests import COPY, FIRST, Axis, Nest, merged
from autograd_engine.compiler.run.translation import braced
from autograd_engine.table import LEAF, azmul, stopped

Program = Any
HELD: Final = 4  # the place of 1.0, or NaN where a guard does not hold
NAMES: Final = "tijklnopq"  # of indices, that of a loop first
LARGER: Final = "static inline double larger(double x, double y) { return y > x ? y : x; }"


def to_c(owner: Program, name: str) -> str:
    """Return the text of a program; `ValueError` for a name that is none, and without formulas."""
    if type(name) is not str or not re.fullmatch("[A-Za-z][A-Za-z0-9_]*", name):
        needed = "letters, digits and _, a letter first"
        raise ValueError(f"the name must be one in C: {needed}; got {name!r:.60}")
    tape, by, count = owner._tape, "parameters", owner._count
    if owner._example is not None and not owner.parameters:
        tape, by = turned(tape), "inputs"  # the gradient is that by these
    try:
        tape = written_out(tape, own=True)
    except Unwritable as error:
        raise ValueError(f"to_c needs formulas: {error}") from error
    _, program = lifted(planned(tape))
    backward = differentiate(program) if count == 1 and tape.parameters else None
    writer, leaves = Writer(tape, program), [leaf.data for leaf in tape.parameters]
    begins, home = writer.offsets, program.home[: len(leaves)]
    outputs = numpy.array([begins[ref.arena] + ref.start for ref in program.outputs])
    given = (by, begins["v"] + home), ("inputs", begins["V"] + numpy.arange(program.inputs))
    fed = {what: places for what, places in given if len(places)}
    values = [writer.copied(what, places, into=True) for what, places in fed.items()]
    values += [writer.statements(program.forward(batched)) for batched in (False, True)]
    guarded = zip(outputs[count:].tolist(), owner._guards.kept)
    holds = " && ".join(held(at, guard) for at, guard in guarded)
    factor = f" * m[{HELD}]" if holds else ""
    values += [f"m[{HELD}] = {holds} ? 1.0 : NAN;"] if holds else []
    arguments = [f"const double {what}[{len(places)}]" for what, places in fed.items()]
    call = f"{name}_values({', '.join(fed)});"
    heads = [
        f"static void {name}_values({', '.join(arguments)})",
        f"void {name}_outputs({', '.join([*arguments, f'double outputs[{count}]'])})",
    ]
    bodies = [values, [call, writer.copied("outputs", outputs[:count], factor)]]
    notes = [f"{name}: a program of autograd_engine, in C99.", f"{heads[1]}\nwrites the outputs."]
    if backward:
        sloped = ", ".join([*arguments, f"double gradient[{len(leaves)}]"])
        heads.append(f"double {name}_gradient({sloped})")
        notes.append(f"{heads[2]}\nreturns the output and writes its derivatives by the {by}.")
        clear = looped([Axis(len(program.home), ())], f"m[i + {begins['a']}] = 0.0;")
        back = writer.statements([*backward.body, *backward.rest])
        last = writer.copied("gradient", begins["a"] + home, factor)
        bodies.append([call, clear, back, last, f"return m[{outputs[0]}]{factor};"])
    notes += [
        "Where a comparison comes out otherwise than recorded, results are NaN, and where a number "
        "that was read differs, one that is computed by more than 2**-40 of it.",
        f"Nothing is allocated: m has {writer.size} doubles, which two threads must not share.",
        f"What is computed:\n{owner.source}",
    ]
    about = "\n\n".join(fill(n, 92) if "\n" not in n else n for n in notes)
    for risky in ("*/", "/*", "??"):  # what ends a comment, or makes a compiler warn
        about = about.replace(risky, risky[0] + " " + risky[1])
    number = writer.language.number
    known = [f"[{place}] = {number(value)}" for place, value in writer.numbers.items()]
    parts = ["#include <math.h>", LARGER, array_of(f"static double m[{writer.size}]", known)]
    if "parameters" in fed:
        declared = f"const double {name}_parameters[{len(leaves)}]"
        parts.append(
            f"/* The parameters as they were. */\n{array_of(declared, map(number, leaves))}"
        )
    for table, called in writer.tables.items():
        parts.append(array_of(f"static const int {called}[]", map(str, table)))
    parts += [x.replace("INLINE", "static inline") for x in writer.language.lines.values()]
    parts += [
        f"{head} {braced(chr(10).join(filter(None, body)))}" for head, body in zip(heads, bodies)
    ]
    return f"/* {indent(about, '   ').strip()} */\n\n" + "\n\n".join(parts) + "\n"


def held(place: int, guard: Guard) -> str:
    """Return whether a number is what a guard expects, but for rounding if it is computed."""
    expected, value = guard.expected, guard.value
    number, text = InC().number(expected), f"m[{place}]"
    if expected != expected:
        return f"({text} != {text})"
    if isfinite(expected) and not (value._rule is stopped and value.operands[0]._rule is LEAF):
        return f"(fabs({text} - ({number})) <= {abs(expected) * 2.0**-40!r})"
    return f"({text} == {number})"


def array_of(declared: str, items: Iterable[str]) -> str:
    return f"{declared} = {braced(fill(', '.join(items), 96))};"


class Writer:
    """Writes array instructions for one row of a batch, as statements on the memory."""

    def __init__(self, tape: Tape, program: ArrayProgram) -> None:
        sizes, leaves = program.memory.sizes, len(tape.parameters)
        *begins, self.size = accumulate(sizes.values(), initial=FIRST)
        self.offsets, self.language = dict(zip(sizes, begins)), InC()
        self.tables: dict[tuple[int, ...], str] = {}
        self.absolute = azmul not in tape.rules  # then a sweep is honest, see `gradients`
        self.carrying = numpy.zeros(self.size, bool)  # what is an adjoint, times slopes
        self.carrying[self.offsets["a"] : self.offsets["s"]] = True
        self.numbers = {nests.WEIGHT: 1.0, nests.SHARE: 1.0, nests.ONE: 1.0, nests.ZERO: 0.0}
        known = [(at, [leaf.data]) for at, leaf in zip(program.home[leaves:], tape.others)]
        for at, numbers in [*known, *program.memory.constants]:
            self.numbers.update(enumerate(numbers, self.offsets["v"] + at))

    def copied(self, array: str, places: Array, factor: str = "", into: bool = False) -> str:
        mine, other = f"m[{self.along(places)}]", f"{array}[i]"
        text = f"{mine} = {other};" if into else f"{other} = {mine}{factor};"
        return looped([Axis(len(places), ())], text)

    def along(self, numbers: Array) -> str:
        """Return numbers as a text of their index i, which reads a table if need be."""
        steps = steps_of(numbers)
        if steps is not None:
            return index(numbers[0], (0, *steps))
        return f"{self.tables.setdefault((*numbers.tolist(),), f't{len(self.tables) + 1}')}[i]"

    def statements(self, instructions: Iterable[Instruction], loop: Loop | None = None) -> str:
        return "\n".join(self.statement(found, loop) for found in instructions)

    def statement(self, found: Instruction, loop: Loop | None) -> str:
        if found.loop is not None:
            times, body = found.loop.times, braced(self.statements(found.body, found.loop))
            last = f"int t = {times - 1}; t >= 0; --t"
            return f"for ({last if found.over else f'int t = 0; t < {times}; ++t'}) {body}"
        # As it is at the first step, and at the next.
        both = [loop.moved(found, step) if loop else found for step in (0, 1)]
        if found.kind in ("take", "put"):
            ends = []
            for first, second in zip(*(nests.pairs(each, self.offsets, 1).T for each in both)):
                moves = f" + ({self.along(second - first)}) * t" if (first != second).any() else ""
                ends.append(f"m[{self.along(first)}{moves}]")
            sign = " += " if found.kind == "put" else " = "
            return looped([Axis(len(first), ())], f"{sign.join(ends)};")
        return "\n".join(map(self.nest, *(nests.nests(each, self.offsets, 1) for each in both)))

    def nest(self, nest: Nest, second: Nest) -> str:
        outer, inner = [*nest.chain, *merged(nest.kept)], merged(nest.summed)
        views, carried = [], []
        for view, start in enumerate(nest.starts):
            steps = [axis.strides[view] for axis in (*outer, *inner)]
            far = [(axis.length - 1) * step for axis, step in zip((*outer, *inner), steps)]
            low, high = (start + sum(choose(0, end) for end in far) for choose in (min, max))
            carried.append(slice(low, high + 1))
            steps = [second.starts[view] - start, *steps]
            number = self.numbers.get(start) if not any(steps) else None
            form = f"m[{index(start, steps)}]" if number is None else self.language.number(number)
            views.append(f"({form})" if form[0] == "-" else form)
        to, *operands = views
        of_adjoints = [bool(self.carrying[places].any()) for places in carried[1:]]
        if nest.starts[0] >= self.offsets["s"]:
            self.carrying[carried[0]] = any(of_adjoints)
        name, found = nest.name, operands[0]
        if name == "multiply" and of_adjoints[0] and self.absolute:
            name = azmul.name
        if name != COPY:
            found = self.language.applied(self.language.row(name), operands)
        found = found[1:-1] if found[0] == "(" else found
        body = f"{to} = {found};"
        if inner:
            body = looped(inner, f"sum += {found};", len(outer))
            body = f"double sum = 0.0;\n{body}\n{to} = sum;"
            body = body if outer else braced(body)
        return looped(outer, body)


def index(start: int, steps: Sequence[int]) -> str:
    """Return a place as a text of the indices by which it moves."""
    terms = [name if step == 1 else f"{step} * {name}" for step, name in zip(steps, NAMES) if step]
    terms += [str(start)] if start or not terms else []
    return " + ".join(terms).replace("+ -", "- ")


def looped(axes: Sequence[Axis], body: str, first: int = 0) -> str:
    """Return loops over these axes around a body, their indices named from a first name on."""
    for (length, _), name in reversed([*zip(axes, NAMES[1 + first :])]):
        several = "\n" in body and not body.startswith("for ")
        inner = f" {braced(body)}" if several else f"\n{indent(body, '  ')}"
        body = f"for (int {name} = 0; {name} < {length}; ++{name}){inner}"
    return body
